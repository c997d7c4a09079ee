//! `fulfillmentCreate` with Shopify's rules, in Shopify's order and words (recorded in April 2026). Has no idempotency.

use serde_json::Value;

use super::store::{FoStatus, Fulfilment, Shop, now_ms};

/// A refusal: the field path and the message.
pub(super) type Refusal = (Vec<&'static str>, String);

struct Wanted {
    order: u64,
    fo: u64,
    fo_line: u64,
    quantity: u32,
}

/// Creates a fulfilment; answers (order, fulfilment).
pub(super) fn create(shop: &mut Shop, input: &Value) -> Result<(u64, u64), Refusal> {
    shop.counters.fulfil_calls_n += 1;
    let made = try_create(shop, input);
    match made {
        Ok(_) => shop.counters.fulfil_done_n += 1,
        Err(_) => shop.counters.fulfil_refused_n += 1,
    }
    made
}

fn try_create(shop: &mut Shop, input: &Value) -> Result<(u64, u64), Refusal> {
    let wanted = wanted(shop, input)?;
    let order_id =
        wanted.first().map(|w| w.order).ok_or_else(|| on_fulfilment("Fulfillment order does not exist."))?;
    let mut orders: Vec<u64> = wanted.iter().map(|w| w.order).collect();
    orders.dedup();
    if orders.len() > 1 {
        return Err(on_fulfilment(&format!(
            "All fulfillment orders must belong to the same order. Multiple orders with ids {orders:?} were found."
        )));
    }
    let fulfilment_id = shop.id();
    let mut lines = Vec::new();
    for want in &wanted {
        let id = shop.id();
        let Some(order) = shop.orders.get_mut(&order_id) else {
            continue;
        };
        let Some(fo) = order.fulfilment_orders.iter_mut().find(|f| f.id == want.fo) else {
            continue;
        };
        let Some(line) = fo.lines.iter_mut().find(|l| l.id == want.fo_line) else {
            continue;
        };
        line.remaining -= want.quantity;
        lines.push((id, line.line, want.quantity));
        let left: u32 = fo.lines.iter().map(|l| l.remaining).sum();
        fo.status = if left == 0 { FoStatus::Closed } else { FoStatus::InProgress };
    }
    let text = |key: &str| {
        let info = input.get("trackingInfo")?;
        info.get(key).and_then(Value::as_str).map(String::from)
    };
    let fulfilment = Fulfilment {
        id: fulfilment_id,
        cancelled: false,
        created_ms: now_ms(),
        notified: input.get("notifyCustomer").and_then(Value::as_bool).unwrap_or(false),
        company: text("company"),
        number: text("number"),
        url: text("url"),
        lines,
    };
    if let Some(order) = shop.orders.get_mut(&order_id) {
        order.fulfilments.push(fulfilment);
        order.touch();
    }
    Ok((order_id, fulfilment_id))
}

fn wanted(shop: &Shop, input: &Value) -> Result<Vec<Wanted>, Refusal> {
    let groups =
        input.get("lineItemsByFulfillmentOrder").and_then(Value::as_array).cloned().unwrap_or_default();
    // Quantities are looked at before anything is looked up.
    for group in &groups {
        let lines = group.get("fulfillmentOrderLineItems").and_then(Value::as_array);
        for line in lines.into_iter().flatten() {
            if line.get("quantity").and_then(Value::as_i64).unwrap_or(0) <= 0 {
                let path = "fulfillment,lineItemsByFulfillmentOrder,0,fulfillmentOrderLineItems,0,quantity";
                return Err((path.split(',').collect(), "Quantity must be greater than 0".into()));
            }
        }
    }
    let mut all = Vec::new();
    for group in &groups {
        let fo_id = gid(group.get("fulfillmentOrderId"));
        let orders = shop.orders.values();
        let found =
            orders.filter_map(|o| o.fulfilment_orders.iter().find(|f| f.id == fo_id).map(|f| (o, f))).next();
        let Some((order, fo)) = found else {
            return Err(on_fulfilment("Fulfillment order does not exist."));
        };
        if !fo.status.can_fulfil() || order.cancelled_ms.is_some() {
            let word = fo.status.word().to_lowercase();
            return Err(on_fulfilment(&format!(
                "Fulfillment order {fo_id} has an unfulfillable status= {word}."
            )));
        }
        let Some(lines) = group.get("fulfillmentOrderLineItems").and_then(Value::as_array) else {
            // Left out means everything that remains.
            let rest = fo.lines.iter().filter(|l| l.remaining > 0);
            all.extend(rest.map(|l| Wanted {
                order: order.id,
                fo: fo_id,
                fo_line: l.id,
                quantity: l.remaining,
            }));
            continue;
        };
        for line in lines {
            let id = gid(line.get("id"));
            let Some(fo_line) = fo.lines.iter().find(|l| l.id == id) else {
                return Err(on_fulfilment("Fulfillment order line item does not exist."));
            };
            let quantity = line.get("quantity").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
            let quantity = quantity.filter(|n| *n <= fo_line.remaining);
            let Some(quantity) = quantity else {
                return Err(on_fulfilment("Invalid fulfillment order line item quantity requested."));
            };
            all.push(Wanted { order: order.id, fo: fo_id, fo_line: id, quantity });
        }
    }
    Ok(all)
}

fn on_fulfilment(message: &str) -> Refusal {
    (vec!["fulfillment"], message.to_owned())
}

/// The number at the end of a gid; 0 when there is none.
pub(super) fn gid(value: Option<&Value>) -> u64 {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    text.rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0)
}
