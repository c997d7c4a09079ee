//! Storms of the outside services over a whole farm: webhooks lost, doubled, late and reordered; errors and silences
//! before and after the work was done. Orders are late by them; none is lost, and nothing is done twice.
//!
//! SimplyPrint has no part in the main job yet: nothing of an order is asked of it that could fail.

#![expect(clippy::print_stdout, reason = "a fault test shows its time")]

use std::{cell::Cell, path::Path, time::Duration};

use platewright_tests::{
    farm::{Farm, Pace, Printers},
    http::Http,
    operator::each,
    seed::Seed,
    shift::{self, Customers},
    truth, wait,
};
use serde_json::{Value, json};

/// Rounds of further orders for the rest of a storm.
const FURTHER_MAX: u32 = 6;
/// How long the orders of one storm may take: slicing once, then waits of the outbox.
const STORM_MAX: Duration = Duration::from_secs(180);
/// Longest wait for something that is said at once.
const SOON: Duration = Duration::from_secs(20);
/// Longer than the hub waits for an answer (`[outbox] call_s` in runs), ms.
const HANG_MS: u32 = 4_000;

#[tokio::test(flavor = "multi_thread")]
async fn storms_make_orders_late_and_nothing_twice() {
    let mut seed = Seed::from_environment();
    let folder = tempfile::tempdir().unwrap().keep();
    println!("TEST_SEED={} kept in {}", seed.value(), folder.display());
    storms(&folder, &mut seed).await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn storms(folder: &Path, seed: &mut Seed) -> anyhow::Result<()> {
    let mut farm = Farm::start(folder, Printers::SerialAndMqtt, Pace::AT_ONCE).await?;
    let mut customers = Customers::new(farm.shopify.clone(), farm.hub.api()?.base(), seed.child());
    let sendcloud = farm.sendcloud.clone();
    let shopify = farm.shopify.clone();
    for delivery in webhook_faults() {
        customers.order(delivery).await?;
    }
    ride_out(&mut farm, &mut customers, "webhooks").await?;
    unsigned_webhooks_store_nothing(&farm, &mut customers).await?;

    plan(&shopify, shopify_faults()).await?;
    order(&mut customers, 4).await?;
    ride_out(&mut farm, &mut customers, "the shop").await?;

    plan(&sendcloud, sendcloud_faults()).await?;
    order(&mut customers, 4).await?;
    ride_out(&mut farm, &mut customers, "the label service").await?;

    // Everything at once.
    plan(&shopify, shopify_faults()).await?;
    plan(&sendcloud, sendcloud_faults()).await?;
    for delivery in webhook_faults() {
        customers.order(delivery).await?;
    }
    ride_out(&mut farm, &mut customers, "all of them").await
}

/// What becomes of the webhooks of an order.
fn webhook_faults() -> Vec<Value> {
    vec![
        json!({ "lost": true }),
        json!({ "duplicates": 4 }),
        json!({ "reordered": true, "duplicates": 1 }),
        json!({ "late_ms": 1_500, "reordered": true }),
    ]
}

/// Before the work, after the work, beside the answer, and a storm of chance over everything else.
fn shopify_faults() -> Value {
    json!([
        { "on": "HubFulfill", "kind": "http503", "times": 2 },
        { "on": "HubFulfill", "kind": "error-after" },
        { "on": "HubFulfill", "kind": "hang-after", "hang_ms": HANG_MS },
        { "on": "HubFulfill", "kind": "error-beside-data" },
        { "on": "HubFulfill", "kind": "hang-before", "hang_ms": HANG_MS },
        { "on": "HubOrder", "kind": "throttled", "times": 2 },
        { "on": "HubOrderFulfillments", "kind": "http500", "times": 3 },
        { "on": "*", "kind": "http500", "times": 10, "permille": 400 },
    ])
}

fn sendcloud_faults() -> Value {
    json!([
        { "on": "announce", "kind": "http503", "times": 2 },
        { "on": "announce", "kind": "error-after" },
        { "on": "announce", "kind": "hang-after", "hang_ms": HANG_MS },
        { "on": "announce", "kind": "http429" },
        { "on": "announce", "kind": "hang-before", "hang_ms": HANG_MS },
        { "on": "document", "kind": "http500" },
        { "on": "list", "kind": "http503", "times": 2 },
        { "on": "*", "kind": "http500", "times": 6, "permille": 400 },
    ])
}

async fn plan(service: &Http, faults: Value) -> anyhow::Result<()> {
    service.post("/__control/faults", &faults).await.map(drop)
}

async fn order(customers: &mut Customers, orders_n: u32) -> anyhow::Result<()> {
    for _order in 0..orders_n {
        customers.order(json!({})).await?;
    }
    Ok(())
}

/// The operator works until every order is completed, and everything must be true. What of the storm has not come by then,
/// because chance took its calls, comes over further orders.
async fn ride_out(farm: &mut Farm, customers: &mut Customers, what: &str) -> anyhow::Result<()> {
    let begun = tokio::time::Instant::now();
    for _further in 0..FURTHER_MAX {
        complete(farm, customers).await?;
        let truth = truth::check(farm, &customers.placed).await?;
        let left = left(farm).await?;
        if left.is_empty() {
            println!("storm of {what}: {} s, {truth:?}", begun.elapsed().as_secs());
            return Ok(());
        }
        order(customers, 2).await?;
    }
    anyhow::bail!("a part of the storm of {what} never came: {:?}", left(farm).await?)
}

async fn complete(farm: &mut Farm, customers: &mut Customers) -> anyhow::Result<()> {
    let stop = Cell::new(false);
    let (agent_api, hub_api) = (farm.agent.api()?.clone(), farm.hub.api()?.clone());
    let wait = async {
        let done = customers.wait_until_done(&hub_api, STORM_MAX).await;
        stop.set(true);
        done
    };
    tokio::try_join!(wait, shift::work(&mut farm.operator, &agent_api, &stop)).map(|_done| ())
}

/// Planned faults that have not come yet; those of chance need not.
async fn left(farm: &Farm) -> anyhow::Result<Vec<Value>> {
    let mut all = Vec::new();
    for service in [&farm.shopify, &farm.sendcloud] {
        let planned = service.get("/__control/faults").await?;
        all.extend(planned.as_array().into_iter().flatten().cloned());
    }
    all.retain(|fault| fault.get("on") != Some(&json!("*")));
    Ok(all)
}

/// Messages with a wrong signature are refused, and nothing of them is kept. The order itself is found in the shop.
async fn unsigned_webhooks_store_nothing(farm: &Farm, customers: &mut Customers) -> anyhow::Result<()> {
    let stored = || async {
        let all = farm.hub.api()?.get("/api/v1/webhooks").await?;
        anyhow::Ok(each(&all, "/webhooks").count())
    };
    let counters = || async {
        let state = farm.shopify.get("/__control/state").await?;
        let count = |name: &str| state.pointer(&format!("/counters/{name}")).and_then(Value::as_u64);
        anyhow::Ok((count("webhooks_sent_n"), count("webhooks_accepted_n")))
    };
    let (rows, (sent, accepted)) = (stored().await?, counters().await?);
    customers.order(json!({ "wrong_signature": true })).await?;
    wait::until("both messages to be sent again", SOON, || async {
        let (now, _) = counters().await?;
        Ok(if now >= sent.map(|n| n + 4) { Ok(()) } else { Err(now) })
    })
    .await?;
    anyhow::ensure!(counters().await?.1 == accepted, "a message with a wrong signature was accepted");
    anyhow::ensure!(stored().await? == rows, "a message with a wrong signature was stored");
    Ok(())
}
