//! A stored order as the complete GraphQL object; `project` cuts it down. Connections are plain lists here.

use serde_json::{Value, json};

use super::store::{Fulfilment, FulfilmentOrder, Line, Order, stamp};

const LOCATION: &str = "gid://shopify/Location/71";

/// A gid of `kind`.
pub(super) fn gid(kind: &str, id: u64) -> String {
    format!("gid://shopify/{kind}/{id}")
}

/// The order with everything that can be asked for.
pub(super) fn order(order: &Order) -> Value {
    let customer = json!({ "id": gid("Customer", 700), "legacyResourceId": "700", "displayName": "A B", "firstName": "A",
        "lastName": "B", "locale": "nl", "defaultEmailAddress": { "emailAddress": order.email }, "defaultPhoneNumber": null });
    let mut out = json!({
        "id": gid("Order", order.id),
        "legacyResourceId": order.id.to_string(),
        "name": format!("#{}", order.number),
        "number": order.number,
        "createdAt": stamp(order.created_ms),
        "processedAt": stamp(order.created_ms),
        "updatedAt": stamp(order.updated_ms),
        "cancelledAt": order.cancelled_ms.map(stamp),
        "cancelReason": order.cancelled_ms.map(|_| "CUSTOMER"),
        "closedAt": null,
        "test": order.test,
        "confirmed": true,
        "edited": order.edited,
        "fullyPaid": order.financial == "PAID",
        "requiresShipping": order.lines.iter().any(|l| l.requires_shipping),
        "displayFinancialStatus": order.financial,
        "displayFulfillmentStatus": order.fulfilment_word(),
        "sourceName": "web",
        "email": order.email,
        "phone": null,
        "customerLocale": "nl-BE",
        "note": order.note,
        "tags": [],
        "customAttributes": [],
        "currencyCode": "EUR",
        "presentmentCurrencyCode": "EUR",
        "currentTotalPriceSet": money("49.90"),
        "customer": customer,
        "shippingAddress": order.address,
        "billingAddress": order.address,
        "shippingLines": [{ "id": gid("ShippingLine", 1), "title": "Standard", "code": "STD", "source": "shopify",
            "carrierIdentifier": null, "isRemoved": false, "originalPriceSet": money("5.95") }],
        "refunds": [],
    });
    if let Some(object) = out.as_object_mut() {
        object.insert("lineItems".into(), order.lines.iter().map(|l| line(order, l)).collect());
        object.insert(
            "fulfillmentOrders".into(),
            order.fulfilment_orders.iter().map(|f| fulfilment_order(order, f)).collect(),
        );
        object.insert("fulfillments".into(), order.fulfilments.iter().map(fulfilment).collect());
    }
    out
}

fn money(amount: &str) -> Value {
    json!({ "shopMoney": { "amount": amount, "currencyCode": "EUR" }, "presentmentMoney": { "amount": amount, "currencyCode": "EUR" } })
}

fn line(order: &Order, line: &Line) -> Value {
    let properties: Vec<Value> = line
        .properties
        .iter()
        .map(|(key, value)| {
            // GraphQL has texts only, whatever the theme sent.
            let text = value.as_str().map_or_else(|| value.to_string(), String::from);
            json!({ "key": key, "value": text })
        })
        .collect();
    let variant = line.variant_id.map(|id| json!({ "id": gid("ProductVariant", id), "legacyResourceId": id.to_string(),
        "sku": line.sku, "title": "Default Title", "selectedOptions": [{ "name": "Title", "value": "Default Title" }] }));
    let product = line.product_id.map(|id| {
        json!({ "id": gid("Product", id), "legacyResourceId": id.to_string(),
        "title": line.title, "productType": "" })
    });
    json!({
        "id": gid("LineItem", line.id),
        "name": line.title,
        "title": line.title,
        "variantTitle": null,
        "sku": line.sku,
        "vendor": "Demo",
        "quantity": line.quantity,
        "currentQuantity": line.current_quantity,
        "unfulfilledQuantity": line.current_quantity.saturating_sub(order.shipped(line.id)),
        "nonFulfillableQuantity": 0,
        "requiresShipping": line.requires_shipping,
        "isGiftCard": line.gift_card,
        "customAttributes": properties,
        "originalUnitPriceSet": money(&line.price),
        "lineItemGroup": null,
        "variant": variant,
        "product": product,
    })
}

fn fulfilment_order(order: &Order, fo: &FulfilmentOrder) -> Value {
    let actions: Vec<Value> = if fo.status.can_fulfil() && order.cancelled_ms.is_none() {
        ["CREATE_FULFILLMENT", "HOLD", "MOVE"].map(|a| json!({ "action": a })).to_vec()
    } else {
        Vec::new()
    };
    let lines: Vec<Value> = fo.lines.iter().map(|l| {
        let sku = order.lines.iter().find(|o| o.id == l.line).and_then(|o| o.sku.clone());
        json!({ "id": gid("FulfillmentOrderLineItem", l.id), "totalQuantity": l.total, "remainingQuantity": l.remaining,
            "requiresShipping": true, "sku": sku, "lineItem": { "id": gid("LineItem", l.line) } })
    }).collect();
    json!({
        "id": gid("FulfillmentOrder", fo.id),
        "status": fo.status.word(),
        "requestStatus": "UNSUBMITTED",
        "updatedAt": stamp(order.updated_ms),
        "fulfillAt": null,
        "fulfillBy": null,
        "orderId": gid("Order", order.id),
        "orderName": format!("#{}", order.number),
        "supportedActions": actions,
        "assignedLocation": { "name": "Workshop", "countryCode": "BE", "location": { "id": LOCATION } },
        "deliveryMethod": { "methodType": "SHIPPING", "presentedName": "Standard" },
        "fulfillmentHolds": [],
        "lineItems": lines,
    })
}

/// A fulfilment with everything that can be asked for.
pub(super) fn fulfilment(it: &Fulfilment) -> Value {
    let (status, display) = if it.cancelled { ("CANCELLED", "CANCELED") } else { ("SUCCESS", "FULFILLED") };
    let tracking = match (&it.company, &it.number, &it.url) {
        (None, None, None) => Vec::new(),
        (company, number, url) => vec![json!({ "company": company, "number": number, "url": url })],
    };
    let lines: Vec<Value> = it.lines.iter().map(|(id, line, quantity)| {
        json!({ "id": gid("FulfillmentLineItem", *id), "quantity": quantity, "lineItem": { "id": gid("LineItem", *line) } })
    }).collect();
    json!({
        "id": gid("Fulfillment", it.id),
        "legacyResourceId": it.id.to_string(),
        "name": format!("F{}", it.id),
        "status": status,
        "displayStatus": display,
        "createdAt": stamp(it.created_ms),
        "updatedAt": stamp(it.created_ms),
        "totalQuantity": it.lines.iter().map(|(_, _, n)| n).sum::<u32>(),
        "trackingInfo": tracking,
        "location": { "id": LOCATION },
        "fulfillmentLineItems": lines,
    })
}

/// The shop itself.
pub(super) fn shop(host: &str) -> Value {
    json!({ "id": gid("Shop", 1), "name": "Demo grids", "myshopifyDomain": host,
        "primaryDomain": { "host": host, "url": format!("https://{host}") }, "currencyCode": "EUR",
        "ianaTimezone": "Europe/Brussels", "weightUnit": "KILOGRAMS", "unitSystem": "METRIC_SYSTEM",
        "plan": { "publicDisplayName": "Basic", "partnerDevelopment": true, "shopifyPlus": false },
        "shopAddress": { "company": null, "address1": "Dok 5", "address2": null, "zip": "2000", "city": "Antwerpen",
            "provinceCode": null, "countryCodeV2": "BE", "phone": null } })
}
