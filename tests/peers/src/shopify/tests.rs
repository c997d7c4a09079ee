//! The stand-in against the recorded facts: costs, webhook vector, fulfilment rules.

use std::collections::BTreeMap;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::response::JsonMap;
use serde_json::json;

use super::store::Order;
use super::{Config, Shopify, cost, fulfil, place, webhook};

const OPERATIONS: &str = include_str!("../../testdata/operations.graphql");

#[test]
fn the_cost_formula_gives_the_documented_points() {
    let shopify = Shopify::new(Config::default()).unwrap();
    let document =
        ExecutableDocument::parse_and_validate(&shopify.schema, OPERATIONS, "operations.graphql").unwrap();
    let expected = [
        ("HubOrder", 242),
        ("HubOrderFulfillments", 135),
        ("HubOrderFulfillmentOrders", 128),
        ("HubProducts", 296),
        ("HubOrderLines", 57),
        ("HubFulfill", 33),
        ("HubOrdersPage", 9),
        ("HubLocations", 9),
    ];
    let empty: JsonMap = JsonMap::new();
    let mut seen = BTreeMap::new();
    for (name, _) in expected {
        let operation = document.operations.get(Some(name)).unwrap();
        let defaults = operation.variables.iter().filter(|v| v.default_value.is_some());
        let mut variables = empty.clone();
        for variable in defaults {
            let text = variable.default_value.as_ref().unwrap().to_string();
            variables.insert(variable.name.as_str(), serde_json::from_str(&text).unwrap());
        }
        seen.insert(name, cost::of(&shopify.schema, operation, &variables));
    }
    assert_eq!(seen, BTreeMap::from(expected));
}

#[test]
fn a_webhook_is_signed_as_in_the_recorded_vector() {
    assert_eq!(webhook::sign("hush", br#"{"id":1}"#), "VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY=");
}

fn one_order(shopify: &Shopify) -> Order {
    place::place(shopify, place::Place::default());
    shopify.lock().orders.values().next().unwrap().clone()
}

#[tokio::test]
async fn a_line_can_be_fulfilled_once_and_the_second_call_is_refused() {
    let shopify = Shopify::new(Config::default()).unwrap();
    let order = one_order(&shopify);
    let fo = &order.fulfilment_orders[0];
    let input = json!({ "trackingInfo": { "number": "3S1" }, "lineItemsByFulfillmentOrder": [{ "fulfillmentOrderId": format!("gid://shopify/FulfillmentOrder/{}", fo.id),
        "fulfillmentOrderLineItems": [{ "id": format!("gid://shopify/FulfillmentOrderLineItem/{}", fo.lines[0].id), "quantity": 1 }] }] });
    assert!(fulfil::create(&mut shopify.lock(), &input).is_ok());
    let (_, text) = fulfil::create(&mut shopify.lock(), &input).unwrap_err();
    assert_eq!(text, format!("Fulfillment order {} has an unfulfillable status= closed.", fo.id));
    assert_eq!(shopify.lock().orders[&order.id].duplicates_n(), 0);
}

#[tokio::test]
async fn an_edit_lowers_what_is_still_wanted() {
    let shopify = Shopify::new(Config::default()).unwrap();
    let order = one_order(&shopify);
    let line = order.lines[0].id;
    assert!(shopify.lock().orders.get_mut(&order.id).unwrap().set_quantity(line, 0));
    let shop = shopify.lock();
    assert_eq!(shop.orders[&order.id].fulfilment_orders[0].lines[0].remaining, 0);
    assert!(shop.orders[&order.id].updated_ms > order.updated_ms);
}
