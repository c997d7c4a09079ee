//! The main job: a signed order for a drawer grid becomes plates, a label and a fulfilment, through a cut of the link.

use std::time::Duration;

use platewright_tests::{
    farm::{Farm, Pace, Printers},
    http::text,
    operator::each,
};
use serde_json::{Value, json};

/// Slicing four plates and printing them on simulated printers.
const ORDER_WAIT_MAX: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_order_becomes_plates_a_label_and_a_fulfilment() {
    let folder = tempfile::tempdir().unwrap().keep();
    let mut farm = Farm::start(&folder, Printers::SerialAndMqtt, Pace::of(5000)).await.unwrap();
    let properties = [["Width (mm)", "450"], ["Height (mm)", "320"]];
    farm.place_order(json!({ "lines": [{ "sku": "GRID-CUSTOM", "properties": properties }] })).await.unwrap();
    let mut was_cut = false;
    let end = tokio::time::Instant::now() + ORDER_WAIT_MAX;
    let order = loop {
        let state = farm.agent.state().await.unwrap();
        let running = each(&state, "/printers").any(|p| p["state"] == "Printing");
        if running && !was_cut {
            farm.link.cut();
            was_cut = true;
        }
        let api = farm.agent.api().unwrap().clone();
        farm.operator.round(&api).await.unwrap();
        if was_cut && farm.operator.diary.signed_off >= 1 {
            farm.link.mend();
        }
        let orders = farm.hub.orders().await.unwrap();
        if let Some(done) = orders.iter().find(|o| o["state"] == "Completed") {
            break farm.hub.order(text(done, "/id").unwrap()).await.unwrap();
        }
        assert!(
            tokio::time::Instant::now() < end,
            "kept in {}; last seen: {orders:?} {state}",
            folder.display()
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert!(was_cut, "the link was cut while a plate printed");
    assert_eq!(farm.operator.diary.signed_off, 4, "four plates: {order}");
    assert_eq!(farm.starts().await.unwrap(), (4, 0), "four physical starts, none on an occupied bed");
    let shop = farm.shopify.get("/__control/state").await.unwrap();
    let parcels = farm.sendcloud.get("/__control/state").await.unwrap();
    assert_eq!(parcels["shipments"].as_array().map(Vec::len), Some(1), "one label: {parcels}");
    assert_eq!(parcels["duplicates"], 0);
    let fulfilled: Vec<&Value> = each(&shop, "/orders")
        .filter(|o| o["fulfillments"].as_array().is_some_and(|f| f.len() == 1))
        .collect();
    assert_eq!(fulfilled.len(), 1, "one fulfilment: {shop}");
    farm.check_peers().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}
