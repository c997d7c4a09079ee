//! A shift on a farm: orders come in all the time and the operator works, whatever has died meanwhile.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    http::{Http, Refused, text},
    operator::{Operator, each},
    seed::Seed,
};

/// Pause between two rounds of the operator.
const ROUND_EVERY: Duration = Duration::from_millis(30);
/// Pause between two looks at the open orders.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// Least time between two pulls of a cable.
const PULL_EVERY: Duration = Duration::from_secs(3);
/// Longest time without a cable, ms.
const PULLED_MS_MAX: u64 = 200;
/// One order of so many is for a grid that was never sliced before.
const NEW_GRID_ONE_IN: u64 = 8;
/// Side of the plate that everybody orders, mm: one cell, a few thousand lines of G-code.
const PLATE_MM: u64 = 42;

/// The shop's customers.
#[derive(Debug)]
pub struct Customers {
    shop: Http,
    /// Where the shop's webhooks go.
    to: String,
    seed: Seed,
    grids: u64,
    /// Every order placed so far, by name.
    pub placed: BTreeSet<String>,
    open: BTreeSet<String>,
}

impl Customers {
    /// Customers of `shop`, whose webhooks go to the hub at `hub`.
    #[must_use]
    pub fn new(shop: Http, hub: &str, seed: Seed) -> Self {
        let to = format!("{hub}/api/v1/webhooks/shopify");
        Self { shop, to, seed, grids: 0, placed: BTreeSet::new(), open: BTreeSet::new() }
    }

    /// Orders one plate; now and then one that nobody ordered before. `delivery` says what becomes of the webhooks.
    ///
    /// # Errors
    /// The shop refuses.
    pub async fn order(&mut self, delivery: Value) -> anyhow::Result<String> {
        let is_new = self.seed.below(NEW_GRID_ONE_IN) == 0;
        self.grids += u64::from(is_new);
        // The next width that no order had: padding makes another plate of it.
        let width = if is_new { PLATE_MM + self.grids } else { PLATE_MM };
        let size = [("Width (mm)", width), ("Height (mm)", PLATE_MM)];
        let mut properties: Vec<_> = size.map(|(name, mm)| json!([name, mm.to_string()])).into();
        properties.push(json!(["Magnets", "No"]));
        let lines = json!([{ "sku": "GRID-CUSTOM", "properties": properties }]);
        let order = json!({ "to": self.to, "lines": lines, "delivery": delivery });
        let placed = self.shop.post("/__control/place-order", &order).await?;
        let name = text(&placed, "/name")?.to_owned();
        self.placed.insert(name.clone());
        self.open.insert(name.clone());
        Ok(name)
    }

    /// Looks which orders are completed. A hub that does not answer says nothing.
    ///
    /// # Errors
    /// The hub refuses.
    pub async fn look(&mut self, hub: &Http) -> anyhow::Result<BTreeMap<String, Value>> {
        let Some(all) = if_there(hub.get("/api/v1/orders").await)? else { return Ok(BTreeMap::new()) };
        let mut seen = BTreeMap::new();
        for order in each(&all, "/orders") {
            let name = text(order, "/name")?;
            if text(order, "/state")? == "Completed" {
                self.open.remove(name);
            }
            seen.insert(name.to_owned(), order.clone());
        }
        Ok(seen)
    }

    /// Orders that are not known to be completed.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Keeps `open_n` orders open until `stop`.
    ///
    /// # Errors
    /// The shop or the hub refuses.
    pub async fn keep_ordering(
        &mut self,
        hub: &Http,
        open_n: usize,
        stop: &Cell<bool>,
    ) -> anyhow::Result<()> {
        while !stop.get() {
            self.look(hub).await?;
            while self.open() < open_n {
                self.order(json!({})).await?;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Waits until every order is completed, at most `most`, and then says what was last seen.
    ///
    /// # Errors
    /// The hub refuses, or the time is over.
    pub async fn wait_until_done(&mut self, hub: &Http, most: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + most;
        loop {
            let seen = self.look(hub).await?;
            if self.open.is_empty() {
                return Ok(());
            }
            let is_late = Instant::now() >= end;
            let open: Vec<_> = self.open.iter().map(|name| (name, seen.get(name))).collect();
            anyhow::ensure!(!is_late, "waited {} s; still open: {open:?}", most.as_secs());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// The operator's rounds until `stop`, whether the agent answers or not.
///
/// # Errors
/// The agent refuses.
pub async fn work(operator: &mut Operator, agent: &Http, stop: &Cell<bool>) -> anyhow::Result<()> {
    while !stop.get() {
        if_there(operator.round(agent).await).context("the operator's round")?;
        tokio::time::sleep(ROUND_EVERY).await;
    }
    Ok(())
}

/// Pulls the cable of a serial printer now and then, and puts it back, until `stop`: prints there become Unknown.
///
/// # Errors
/// The simulated printer refuses.
pub async fn pull_cables(printer: &Http, mut seed: Seed, stop: &Cell<bool>) -> anyhow::Result<()> {
    let mut next = Instant::now() + PULL_EVERY;
    while !stop.get() {
        tokio::time::sleep(LOOK_EVERY).await;
        if Instant::now() < next {
            continue;
        }
        printer.post("/__control/faults", &json!({ "unplug": true })).await?;
        tokio::time::sleep(Duration::from_millis(seed.below(PULLED_MS_MAX))).await;
        printer.post("/__control/faults", &json!({ "replug": true })).await?;
        next = Instant::now() + PULL_EVERY + Duration::from_millis(seed.below(PULLED_MS_MAX * 10));
    }
    Ok(())
}

/// What was answered; nothing where nobody did, or where the answer was cut off.
///
/// # Errors
/// A refusal.
pub fn if_there<T>(answer: anyhow::Result<T>) -> anyhow::Result<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.downcast_ref::<Refused>().is_some() => Err(error),
        Err(error) if error.chain().any(|cause| cause.is::<reqwest::Error>()) => Ok(None),
        Err(error) => Err(error),
    }
}
