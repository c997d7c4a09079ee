//! An order from its webhook to label and fulfilment, and everything that may go wrong on the way, with a real process.

use crate::farm::{Agent, Farm, fault};
use peers::control::FaultKind;
use serde_json::{Value, json};

/// Plates of the demonstration order (450 × 320 mm on 250 × 220 mm).
const PLATES: usize = 4;

async fn all_is_well(farm: &mut Farm) {
    let (shop, labels) = (farm.shop_state().await, farm.label_state().await);
    assert_eq!(shop["violations"], json!([]), "Shopify");
    assert_eq!(labels["violations"], json!([]), "Sendcloud");
    assert_eq!((&shop["duplicates"], &labels["duplicates"]), (&json!(0), &json!(0)));
    assert_eq!(shop["orders"][0]["fulfillments"].as_array().unwrap().len(), 1);
    assert_eq!(labels["shipments"].as_array().unwrap().len(), 1);
    let number = &labels["shipments"][0]["parcels"][0]["tracking_number"];
    assert_eq!(&shop["orders"][0]["fulfillments"][0]["trackingInfo"][0]["number"], number);
    assert_eq!(shop["orders"][0]["notifications"], 0, "nobody is told about a test label");
}

#[tokio::test]
async fn a_signed_order_becomes_plates_a_label_and_a_fulfilment() {
    let mut farm = Farm::new().await;
    let mut agent = Agent::enrol(&farm).await;
    farm.place(json!({})).await;
    agent.make(&farm, PLATES).await;
    farm.until_word("Shipped").await;
    all_is_well(&mut farm).await;
    let detail = farm.detail().await;
    let kinds: Vec<&str> =
        detail["timeline"].as_array().unwrap().iter().rev().map(|m| m["kind"].as_str().unwrap()).collect();
    let expected = [
        "order_received",
        "grid.mapping-ready",
        "order_validated",
        "print_jobs_created",
        "all_jobs_printing",
        "all_jobs_completed",
        "shipping_label_created",
        "fulfillment_created",
        "flow_completed",
    ];
    assert_eq!(kinds, expected);
    let label = detail["shipments"][0]["label_sha256"].as_str().unwrap();
    let path = farm.folder.path().join("data/blobs").join(label.split_at(2).0).join(label);
    assert!(std::fs::read(path).unwrap().starts_with(b"%PDF"));
}

#[tokio::test]
async fn lost_doubled_and_reordered_webhooks_make_one_order() {
    let cases = [
        json!({ "delivery": { "lost": true } }),
        json!({ "delivery": { "duplicates": 3 } }),
        json!({ "delivery": { "reordered": true, "duplicates": 1 } }),
        json!({ "delivery": { "late_ms": 300 } }),
        json!({ "delivery": { "wrong_signature": true } }),
    ];
    for case in cases {
        let mut farm = Farm::new().await;
        let mut agent = Agent::enrol(&farm).await;
        farm.place(case.clone()).await;
        agent.make(&farm, PLATES).await;
        farm.until_word("Shipped").await;
        all_is_well(&mut farm).await;
        let orders = farm.get("/api/v1/orders").await;
        assert_eq!(orders["orders"].as_array().unwrap().len(), 1, "{case}");
        let jobs = farm.get("/api/v1/print-jobs").await;
        assert_eq!(jobs["jobs"].as_array().unwrap().len(), PLATES, "{case}");
    }
}

#[tokio::test]
async fn lost_answers_and_storms_of_5xx_end_in_one_label_and_one_fulfilment() {
    let cases = [
        ("announce", FaultKind::HangAfter, 1),
        ("announce", FaultKind::ErrorAfter, 3),
        ("announce", FaultKind::Http503, 12),
        ("announce", FaultKind::Http429, 3),
        ("HubFulfill", FaultKind::HangAfter, 1),
        ("HubFulfill", FaultKind::ErrorAfter, 2),
        ("HubFulfill", FaultKind::ErrorBesideData, 1),
        ("HubFulfill", FaultKind::Http500, 4),
        ("HubFulfill", FaultKind::Throttled, 2),
        ("HubOrderFulfillments", FaultKind::Http503, 8),
        ("HubOrder", FaultKind::Http500, 6),
        ("*", FaultKind::Http503, 15),
    ];
    // Each case waits for time-outs most of the time: all at once.
    let runs = cases.into_iter().map(async |(on, kind, times)| {
        let mut farm = Farm::new().await;
        let mut agent = Agent::enrol(&farm).await;
        let control = if on == "announce" { &farm.sendcloud } else { &farm.shopify };
        control.plan(fault(on, kind, times));
        farm.place(json!({})).await;
        agent.make(&farm, PLATES).await;
        farm.until_word("Shipped").await;
        println!("{on} {kind:?}: done");
        all_is_well(&mut farm).await;
    });
    futures_util::future::join_all(runs).await;
}

#[tokio::test]
async fn a_hub_killed_during_a_call_finds_out_what_happened_before_it_calls_again() {
    for (service, on) in [("sendcloud", "announce"), ("shopify", "HubFulfill")] {
        for kind in [FaultKind::HangAfter, FaultKind::HangBefore] {
            let mut farm = Farm::new().await;
            let mut agent = Agent::enrol(&farm).await;
            let control = if service == "sendcloud" { farm.sendcloud.clone() } else { farm.shopify.clone() };
            control.plan(fault(on, kind, 1));
            farm.place(json!({})).await;
            agent.make(&farm, PLATES).await;
            let is_flying = |v: &Value| {
                v["effects"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|e| e["service"] == service && e["state"] == "in_flight")
            };
            farm.until("/api/v1/admin/retry-queue", is_flying).await;
            farm.kill();
            farm.start();
            farm.until_word("Shipped").await;
            println!("{on} {kind:?}: done");
            all_is_well(&mut farm).await;
        }
    }
}

#[tokio::test]
async fn edits_and_cancellations_take_back_what_has_not_begun() {
    let mut farm = Farm::new().await;
    let mut agent = Agent::enrol(&farm).await;
    let order = farm.place(json!({ "lines": [{ "sku": "GRID-CUSTOM", "quantity": 2, "properties": [["Width (mm)", "100"], ["Height (mm)", 100]] }] })).await;
    assert_eq!(agent.fetch(&farm, 2).await.len(), 2);
    farm.edit(json!({ "id": order["id"], "quantities": [[order["lines"][0], 1]] })).await;
    let asked = agent.fetch(&farm, 1).await;
    assert_eq!(asked[0].desired, protocol::wire::v1::Desired::Withdraw);
    farm.edit(json!({ "id": order["id"], "cancel": true })).await;
    let asked = agent.fetch(&farm, 1).await;
    assert_eq!(asked[0].desired, protocol::wire::v1::Desired::Withdraw);
    farm.until_word("Cancelled").await;
    assert_eq!(farm.label_state().await["shipments"], json!([]));
}

#[tokio::test]
async fn bad_orders_are_held_with_the_reason_and_the_other_lines_go_on() {
    let mut farm = Farm::new().await;
    let grid = |width: Value, height: Value| json!({ "sku": "GRID-CUSTOM", "title": "Grid", "properties": [["Width (mm)", width], ["Height (mm)", height]] });
    farm.place(json!({ "lines": [
        grid(json!("99999"), json!("320")),
        { "sku": "GRID-CUSTOM", "title": "Grid", "properties": [["Width (mm)", "450"]] },
        { "sku": "BIN-3", "title": "Bin" },
        grid(json!("84"), json!("84")),
    ] }))
    .await;
    let order = farm.until_word("On hold").await;
    let reasons: Vec<&str> =
        order["holds"].as_array().unwrap().iter().map(|h| h["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    for words in [
        "99999",
        "Height (mm)",
        "Bin: Nobody has said yet how SKU \"BIN-3\" is made: map it to files, or say that it is only packed.",
    ] {
        assert!(reasons.iter().any(|r| r.contains(words)), "{words} is not in {reasons:?}");
    }
    assert_eq!(order["wanted_n"], 1, "the good grid is made");
}
