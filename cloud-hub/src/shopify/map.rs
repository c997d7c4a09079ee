//! Shopify's words into ours: a fresh read, and the older shape of a webhook body.

use protocol::units::WallMs;
use serde::Deserialize;
use serde_json::Value;

use super::types::{LineItem, MailingAddress, Order};
use crate::orders::{Payment, SeenLine, SeenOrder};
use crate::store::{Address, Stands};

/// Longest text that is taken over from a shop, characters.
const TEXT_CHARS_MAX: usize = 500;

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

fn time(text: &str) -> Option<WallMs> {
    text.parse::<jiff::Timestamp>().ok().map(|t| WallMs(t.as_millisecond()))
}

/// The number at the end of a gid.
fn number(gid: &str) -> String {
    gid.rsplit('/').next().unwrap_or(gid).to_owned()
}

fn payment(word: Option<&str>) -> Payment {
    match word.map(str::to_ascii_lowercase).as_deref() {
        Some("paid" | "authorized" | "partially_refunded") => Payment::Good,
        Some("refunded" | "voided" | "expired") => Payment::Returned,
        Some("pending" | "partially_paid" | "unpaid") => Payment::Open,
        // A word we do not know is not a promise of money.
        Some(_) | None => Payment::Open,
    }
}

fn address(from: &MailingAddress) -> Option<Address> {
    let text = |t: &Option<String>| t.as_deref().map(cut).filter(|t| !t.trim().is_empty());
    let names = [text(&from.first_name), text(&from.last_name)];
    let joined = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let name = text(&from.name).or(Some(joined)).filter(|n| !n.is_empty()).or_else(|| text(&from.company))?;
    Some(Address {
        name,
        company: text(&from.company),
        street: text(&from.address1)?,
        extra: text(&from.address2),
        postal_code: text(&from.zip).unwrap_or_default(),
        city: text(&from.city)?,
        country: text(&from.country)?,
        phone: text(&from.phone),
    })
}

/// `Sofie M.`: enough to recognise a customer by, no more.
fn short_name(from: Option<&MailingAddress>) -> String {
    let Some(from) = from else { return String::new() };
    let first = from.first_name.as_deref().or(from.name.as_deref()).unwrap_or_default();
    match from.last_name.as_deref().and_then(|l| l.chars().next()) {
        Some(initial) => format!("{} {initial}.", cut(first)),
        None => cut(first),
    }
}

fn line(it: &LineItem) -> SeenLine {
    let title = match it.variant_title.as_deref() {
        Some(variant) if !variant.is_empty() && variant != "Default Title" => {
            format!("{} {variant}", it.title)
        }
        _plain => it.title.clone(),
    };
    SeenLine {
        id: number(&it.id),
        title: cut(&title),
        sku: it.sku.as_deref().map(cut).filter(|s| !s.trim().is_empty()),
        wanted: it.current_quantity,
        sent: it.current_quantity.saturating_sub(it.unfulfilled_quantity),
        requires_shipping: it.requires_shipping,
        is_gift_card: it.is_gift_card,
        properties: it
            .custom_attributes
            .iter()
            .map(|a| (cut(&a.key), cut(a.value.as_deref().unwrap_or_default())))
            .collect(),
    }
}

/// A freshly read order. `None` when a time in it cannot be read.
pub(super) fn order(it: &Order) -> Option<SeenOrder> {
    let stands = match (it.cancelled_at.is_some(), it.display_fulfillment_status.as_deref()) {
        (true, _) => Stands::Cancelled,
        (false, Some("FULFILLED")) => Stands::Sent,
        (false, _) => Stands::Open,
    };
    Some(SeenOrder {
        shop_order_id: it.legacy_resource_id.clone(),
        name: cut(&it.name),
        customer: short_name(it.shipping_address.as_ref()),
        email: it.email.as_deref().map(cut),
        address: it.shipping_address.as_ref().and_then(address),
        currency: cut(&it.currency_code),
        total: it.current_total_price_set.as_ref().map(|s| cut(&s.shop_money.amount)).unwrap_or_default(),
        is_test: it.test,
        placed: time(&it.created_at)?,
        updated: time(&it.updated_at)?,
        stands,
        payment: payment(it.display_financial_status.as_deref()),
        lines: it.line_items.nodes.iter().map(line).collect(),
    })
}

#[derive(Debug, Deserialize)]
struct Body {
    id: u64,
    name: String,
    created_at: String,
    updated_at: String,
    #[serde(default)]
    cancelled_at: Option<String>,
    #[serde(default)]
    test: bool,
    #[serde(default)]
    financial_status: Option<String>,
    #[serde(default)]
    fulfillment_status: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    total_price: String,
    #[serde(default)]
    shipping_address: Option<BodyAddress>,
    line_items: Vec<BodyLine>,
}

#[derive(Debug, Deserialize)]
struct BodyAddress {
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    company: Option<String>,
    #[serde(default)]
    address1: Option<String>,
    #[serde(default)]
    address2: Option<String>,
    #[serde(default)]
    zip: Option<String>,
    #[serde(default)]
    city: Option<String>,
    #[serde(default)]
    country_code: Option<String>,
    #[serde(default)]
    phone: Option<String>,
}

#[derive(Debug, Deserialize)]
struct BodyLine {
    id: u64,
    title: String,
    #[serde(default)]
    variant_title: Option<String>,
    #[serde(default)]
    sku: Option<String>,
    quantity: u32,
    #[serde(default)]
    current_quantity: Option<u32>,
    #[serde(default)]
    fulfillable_quantity: Option<u32>,
    #[serde(default)]
    requires_shipping: bool,
    #[serde(default)]
    gift_card: bool,
    #[serde(default)]
    properties: Vec<Property>,
}

/// Values are whatever the theme sent: text, number or flag.
#[derive(Debug, Deserialize)]
struct Property {
    name: String,
    #[serde(default)]
    value: Value,
}

/// The order of a signed webhook body, for a shop that we cannot read.
///
/// # Errors
/// What is wrong with the body, in words.
pub fn from_webhook(body: &[u8]) -> Result<SeenOrder, String> {
    let body: Body = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let shipping = body.shipping_address.map(|a| MailingAddress {
        name: None,
        first_name: a.first_name,
        last_name: a.last_name,
        company: a.company,
        address1: a.address1,
        address2: a.address2,
        zip: a.zip,
        city: a.city,
        country: a.country_code,
        phone: a.phone,
    });
    let lines = body.line_items.iter().map(|l| SeenLine {
        id: l.id.to_string(),
        title: cut(&match l.variant_title.as_deref() {
            Some(variant) if !variant.is_empty() => format!("{} {variant}", l.title),
            _plain => l.title.clone(),
        }),
        sku: l.sku.as_deref().map(cut).filter(|s| !s.trim().is_empty()),
        wanted: l.current_quantity.unwrap_or(l.quantity),
        sent: l
            .fulfillable_quantity
            .map_or(0, |left| l.current_quantity.unwrap_or(l.quantity).saturating_sub(left)),
        requires_shipping: l.requires_shipping,
        is_gift_card: l.gift_card,
        properties: l.properties.iter().map(|p| (cut(&p.name), cut(&text(&p.value)))).collect(),
    });
    let stands = match (body.cancelled_at.is_some(), body.fulfillment_status.as_deref()) {
        (true, _) => Stands::Cancelled,
        (false, Some("fulfilled")) => Stands::Sent,
        (false, _) => Stands::Open,
    };
    Ok(SeenOrder {
        shop_order_id: body.id.to_string(),
        name: cut(&body.name),
        customer: short_name(shipping.as_ref()),
        email: body.email.as_deref().map(cut),
        address: shipping.as_ref().and_then(address),
        currency: cut(&body.currency),
        total: cut(&body.total_price),
        is_test: body.test,
        placed: time(&body.created_at).ok_or("created_at is not a time")?,
        updated: time(&body.updated_at).ok_or("updated_at is not a time")?,
        stands,
        payment: payment(body.financial_status.as_deref()),
        lines: lines.collect(),
    })
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The number of the order that a webhook is about.
///
/// # Errors
/// What is wrong with the body, in words.
pub fn order_id(topic: &str, body: &[u8]) -> Result<String, String> {
    let body: Value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let pointer = match topic {
        "orders/edited" => "/order_edit/order_id",
        "refunds/create" => "/order_id",
        _order => "/id",
    };
    // Through u64, never through a float: order numbers are beyond 2^53.
    body.pointer(pointer)
        .and_then(Value::as_u64)
        .map(|n| n.to_string())
        .ok_or_else(|| format!("{pointer} is not a number"))
}
