//! Control requests that make, edit and cancel orders and send the webhooks for them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::store::{Line, Order, now_ms};
use super::webhook::{Delivery, Target, send};
use super::{Shopify, rest};

/// Body of `/__control/place-order`. Without lines: one grid of 450 × 320 mm.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Place {
    /// Where the webhooks go; else where the program was told.
    to: Option<String>,
    /// Signs them; else the store's secret.
    secret: Option<String>,
    lines: Vec<PlaceLine>,
    financial: Option<String>,
    test: bool,
    /// `null` leaves the address out.
    #[serde(deserialize_with = "given")]
    address: Given,
    note: Option<String>,
    delivery: Delivery,
}

#[derive(Debug, Default)]
enum Given {
    #[default]
    Default,
    As(Option<Value>),
}

fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Given, D::Error> {
    Option::<Value>::deserialize(from).map(Given::As)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceLine {
    sku: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default = "one")]
    quantity: u32,
    #[serde(default)]
    properties: Vec<(String, Value)>,
    #[serde(default = "yes")]
    requires_shipping: bool,
    #[serde(default)]
    gift_card: bool,
}

const fn one() -> u32 {
    1
}
const fn yes() -> bool {
    true
}

fn demo_address() -> Value {
    json!({ "name": "A B", "firstName": "A", "lastName": "B", "company": null, "address1": "Kerkstraat 1", "address2": null,
        "zip": "9000", "city": "Gent", "province": null, "provinceCode": null, "countryCodeV2": "BE", "phone": null })
}

fn demo_line() -> PlaceLine {
    let properties = [
        ("Width (mm)", "450"),
        ("Height (mm)", "320"),
        ("Connector", "Intersection puzzle"),
        ("Magnets", "Yes"),
    ];
    PlaceLine {
        sku: Some("GRID-CUSTOM".into()),
        title: Some("Custom drawer grid".into()),
        quantity: 1,
        properties: properties.map(|(n, v)| (n.to_owned(), json!(v))).to_vec(),
        requires_shipping: true,
        gift_card: false,
    }
}

/// Makes the order and sends `orders/create` and `orders/updated`.
pub(super) fn place(shopify: &Shopify, mut wish: Place) -> Value {
    if wish.lines.is_empty() {
        wish.lines.push(demo_line());
    }
    let address = match wish.address {
        Given::Default => Some(demo_address()),
        Given::As(given) => given,
    };
    let (id, body) = {
        let mut shop = shopify.lock();
        let lines = wish.lines.into_iter().map(|l| Line {
            id: shop.id(),
            title: l.title.unwrap_or_else(|| "Product".into()),
            sku: l.sku,
            variant_id: Some(4501),
            product_id: Some(8001),
            quantity: l.quantity,
            current_quantity: l.quantity,
            price: "21.97".into(),
            requires_shipping: l.requires_shipping,
            gift_card: l.gift_card,
            properties: l.properties,
        });
        let lines: Vec<Line> = lines.collect();
        let (id, now) = (shop.id(), now_ms());
        let mut order = Order {
            id,
            number: shop.next_number,
            created_ms: now,
            updated_ms: now,
            cancelled_ms: None,
            test: wish.test,
            edited: false,
            financial: wish.financial.unwrap_or_else(|| "PAID".into()),
            email: Some("a@example.com".into()),
            note: wish.note,
            address,
            lines,
            fulfilment_orders: Vec::new(),
            fulfilments: Vec::new(),
        };
        shop.next_number += 1;
        shop.route(&mut order);
        let body = rest::order(&order);
        shop.orders.insert(id, order);
        (id, body)
    };
    let target = target(shopify, wish.to, wish.secret);
    let mut topics = ["orders/create", "orders/updated"];
    if wish.delivery.reordered {
        topics.reverse();
    }
    for topic in topics {
        send(shopify, &target, topic, &body, &wish.delivery);
    }
    let name = body.get("name").cloned();
    let lines: Vec<Value> = body
        .get("line_items")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|l| l.get("id").cloned())
        .collect();
    json!({ "id": id, "name": name, "lines": lines })
}

/// Body of `/__control/edit-order`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edit {
    id: u64,
    /// New wanted quantities as (line, quantity).
    #[serde(default)]
    quantities: Vec<(u64, u32)>,
    #[serde(default)]
    cancel: bool,
    #[serde(default)]
    financial: Option<String>,
    #[serde(default)]
    address: Option<Value>,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    delivery: Delivery,
}

/// Changes an order and sends the webhooks; `None` when it does not exist.
pub(super) fn edit(shopify: &Shopify, wish: Edit) -> Option<Value> {
    let body = {
        let mut shop = shopify.lock();
        let order = shop.orders.get_mut(&wish.id)?;
        for (line, quantity) in wish.quantities {
            order.set_quantity(line, quantity);
        }
        if let Some(word) = wish.financial {
            order.financial = word;
        }
        if wish.address.is_some() {
            order.address = wish.address;
        }
        if wish.cancel {
            order.cancel();
        }
        order.touch();
        rest::order(order)
    };
    let target = target(shopify, wish.to, wish.secret);
    if wish.cancel {
        send(shopify, &target, "orders/cancelled", &body, &wish.delivery);
    }
    send(shopify, &target, "orders/updated", &body, &wish.delivery);
    Some(body)
}

fn target(shopify: &Shopify, to: Option<String>, secret: Option<String>) -> Target {
    Target {
        url: to.unwrap_or_else(|| shopify.config.webhook_url.clone()),
        secret: secret.unwrap_or_else(|| shopify.config.secret.clone()),
    }
}

/// What exists and what was done twice.
pub(super) fn state(shopify: &Shopify) -> Value {
    let shop = shopify.lock();
    let orders: Vec<Value> = shop
        .orders
        .values()
        .map(|o| {
            let mut shape = super::shape::order(o);
            if let Some(object) = shape.as_object_mut() {
                object.insert("duplicate_fulfillments".into(), json!(o.duplicates_n()));
                object.insert(
                    "notifications".into(),
                    json!(o.fulfilments.iter().filter(|f| f.notified).count()),
                );
            }
            shape
        })
        .collect();
    let duplicates: usize = shop.orders.values().map(super::store::Order::duplicates_n).sum();
    let subscriptions: Vec<Value> = shop.subscriptions.iter().map(super::subscriptions::shape_of).collect();
    json!({ "orders": orders, "duplicates": duplicates, "subscriptions": subscriptions, "refreshed_n": shop.grants.refreshed_n, "counters": shop.counters, "violations": shopify.control.violations() })
}
