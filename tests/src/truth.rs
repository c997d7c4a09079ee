//! What must be true of a farm at rest, by the counts of those who cannot be fooled: the printers and the outside
//! services.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::{
    farm::Farm,
    http::text,
    operator::{Diary, each},
};

/// What was found true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truth {
    /// Orders, all of them completed.
    pub orders: usize,
    /// Jobs of these orders, replacements included.
    pub jobs: usize,
    /// Physical starts of all printers.
    pub starts: u64,
}

/// Every order in `names` is completed once, and nothing was printed, bought or told twice.
///
/// # Errors
/// The first thing that is not so, in words.
pub async fn check(farm: &mut Farm, names: &BTreeSet<String>) -> anyhow::Result<Truth> {
    let orders = orders(farm, names).await?;
    let mut jobs = BTreeMap::new();
    for (name, id) in &orders {
        let order = farm.hub.order(id).await?;
        jobs.extend(jobs_of(name, &order)?);
    }
    let (starts, on_occupied) = farm.starts().await?;
    ensure!(on_occupied == 0, "{on_occupied} starts on an occupied bed");
    starts_by_job(&farm.operator.diary, &jobs, starts)?;
    let state = farm.agent.state().await?;
    ensure!(each(&state, "/jobs").count() == 0, "jobs are still open at the agent: {state}");
    fulfilled_once(&farm.shopify.get("/__control/state").await?, names)?;
    labelled_once(&farm.sendcloud.get("/__control/state").await?, names)?;
    farm.check_peers().await?;
    Ok(Truth { orders: orders.len(), jobs: jobs.len(), starts })
}

/// The hub's orders by name: exactly those, each once and completed.
async fn orders(farm: &Farm, names: &BTreeSet<String>) -> anyhow::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for order in farm.hub.orders().await? {
        let name = text(&order, "/name")?.to_owned();
        let state = text(&order, "/state")?;
        ensure!(state == "Completed", "order {name} is {state}: {order}");
        let id = text(&order, "/id")?.to_owned();
        ensure!(found.insert(name.clone(), id).is_none(), "order {name} exists twice");
    }
    let seen: BTreeSet<String> = found.keys().cloned().collect();
    ensure!(seen == *names, "orders lost or invented: {:?}", seen.symmetric_difference(names));
    Ok(found)
}

/// The jobs of a completed order by id, with their state: each ended good, or was replaced exactly once.
fn jobs_of(name: &str, order: &Value) -> anyhow::Result<BTreeMap<String, String>> {
    let mut jobs = BTreeMap::new();
    let mut replaced = BTreeMap::new();
    for job in each(order, "/jobs") {
        jobs.insert(text(job, "/id")?.to_owned(), text(job, "/state")?.to_owned());
        if let Some(old) = job.get("replaces").and_then(Value::as_str) {
            *replaced.entry(old.to_owned()).or_insert(0) += 1;
        }
    }
    for (id, state) in &jobs {
        let by = replaced.get(id).copied().unwrap_or(0);
        let is_right = match state.as_str() {
            "Good" => by == 0,
            "Replaced" | "Failed" => by == 1,
            _open => false,
        };
        ensure!(is_right, "{name}: job {id} is {state} and was replaced {by} times: {order}");
    }
    let wanted: u64 = each(order, "/lines").filter_map(|l| l.get("wanted")?.as_u64()).sum();
    let good = jobs.values().filter(|state| *state == "Good").count();
    ensure!(u64::try_from(good)? == wanted, "{name}: {good} good plates of {wanted}: {order}");
    Ok(jobs)
}

/// Each job was physically started at most once, each good one exactly once, and nothing else was ever started.
fn starts_by_job(diary: &Diary, jobs: &BTreeMap<String, String>, starts: u64) -> anyhow::Result<()> {
    ensure!(diary.starts_of_nobody == 0, "{} physical starts of no attempt", diary.starts_of_nobody);
    let sum: u64 = diary.starts_of.values().sum();
    ensure!(sum == starts, "{starts} physical starts, and {sum} that attempts account for");
    for (job, n) in &diary.starts_of {
        ensure!(*n <= 1, "job {job} was physically started {n} times");
        ensure!(jobs.contains_key(job), "job {job} is unknown to the hub");
    }
    for job in jobs.iter().filter(|(_, state)| *state == "Good").map(|(job, _)| job) {
        ensure!(diary.starts_of.get(job) == Some(&1), "job {job} is good and was never physically started");
    }
    Ok(())
}

fn fulfilled_once(shop: &Value, names: &BTreeSet<String>) -> anyhow::Result<()> {
    ensure!(shop.get("duplicates") == Some(&Value::from(0)), "a fulfilment twice: {shop}");
    let mut seen = BTreeSet::new();
    for order in each(shop, "/orders") {
        let name = text(order, "/name")?;
        let n = each(order, "/fulfillments").count();
        ensure!(n == 1, "order {name} has {n} fulfilments: {order}");
        seen.insert(name.to_owned());
    }
    ensure!(seen == *names, "the shop knows other orders: {:?}", seen.symmetric_difference(names));
    Ok(())
}

fn labelled_once(parcels: &Value, names: &BTreeSet<String>) -> anyhow::Result<()> {
    let mut labels: BTreeMap<&str, u32> = BTreeMap::new();
    for shipment in each(parcels, "/shipments") {
        *labels.entry(text(shipment, "/order_number").context("a shipment of no order")?).or_default() += 1;
    }
    for name in names {
        let n = labels.get(name.as_str()).copied().unwrap_or(0);
        ensure!(n == 1, "order {name} has {n} labels");
    }
    ensure!(labels.len() == names.len(), "labels of other orders: {labels:?}");
    Ok(())
}
