//! A stored order as the body of a webhook: the older REST shape with its own rules (money as text, numeric ids).

use serde_json::{Value, json};

use super::store::{Line, Order, stamp};

/// Body of `orders/create`, `orders/updated` and `orders/cancelled`.
pub(super) fn order(order: &Order) -> Value {
    json!({
        "id": order.id,
        "admin_graphql_api_id": format!("gid://shopify/Order/{}", order.id),
        "name": format!("#{}", order.number),
        "order_number": order.number,
        "created_at": stamp(order.created_ms),
        "updated_at": stamp(order.updated_ms),
        "cancelled_at": order.cancelled_ms.map(stamp),
        "cancel_reason": order.cancelled_ms.map(|_| "customer"),
        "closed_at": null,
        "test": order.test,
        "confirmed": true,
        "currency": "EUR",
        "total_price": "49.90",
        "financial_status": order.financial.to_lowercase(),
        "fulfillment_status": null,
        "email": order.email,
        "phone": null,
        "tags": "",
        "note": order.note,
        "note_attributes": [],
        "customer": { "id": 700, "first_name": "A", "last_name": "B" },
        "shipping_address": order.address.as_ref().map(address),
        "shipping_lines": [{ "id": 1, "title": "Standard", "code": "STD", "price": "5.95", "carrier_identifier": null, "is_removed": false }],
        "line_items": order.lines.iter().map(|l| line(order, l)).collect::<Vec<_>>(),
        "fulfillments": order.fulfilments.iter().map(|f| json!({ "id": f.id, "status": "success", "tracking_number": f.number })).collect::<Vec<_>>(),
        "refunds": [],
        "returns": [],
        "line_item_groups": [],
    })
}

fn line(order: &Order, line: &Line) -> Value {
    let properties: Vec<Value> =
        line.properties.iter().map(|(n, v)| json!({ "name": n, "value": v })).collect();
    json!({
        "id": line.id,
        "admin_graphql_api_id": format!("gid://shopify/LineItem/{}", line.id),
        "product_id": line.product_id,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "title": line.title,
        "variant_title": null,
        "name": line.title,
        "quantity": line.quantity,
        "current_quantity": line.current_quantity,
        "fulfillable_quantity": line.current_quantity.saturating_sub(order.shipped(line.id)),
        "fulfillment_status": null,
        "fulfillment_service": "manual",
        "price": line.price,
        "grams": 900,
        "requires_shipping": line.requires_shipping,
        "gift_card": line.gift_card,
        "product_exists": line.product_id.is_some(),
        "sales_line_item_group_id": null,
        "properties": properties,
    })
}

fn address(from: &Value) -> Value {
    let text = |key: &str| from.get(key).cloned().unwrap_or(Value::Null);
    json!({ "first_name": text("firstName"), "last_name": text("lastName"), "address1": text("address1"), "address2": text("address2"),
        "zip": text("zip"), "city": text("city"), "province_code": text("provinceCode"), "country_code": text("countryCodeV2"),
        "phone": text("phone"), "company": text("company") })
}
