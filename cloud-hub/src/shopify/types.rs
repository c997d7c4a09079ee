//! Shopify's answers as they come; unknown fields and enumeration words are let through.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    pub(super) data: Option<serde_json::Map<String, Value>>,
    #[serde(default)]
    pub(super) errors: Option<Value>,
    #[serde(default)]
    pub(super) extensions: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    pub(super) has_next_page: bool,
    #[serde(default)]
    pub(super) end_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection<T> {
    pub(super) page_info: PageInfo,
    pub(super) nodes: Vec<T>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Nodes<T> {
    pub(super) nodes: Vec<T>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) legacy_resource_id: String,
    pub(super) name: String,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    #[serde(default)]
    pub(super) cancelled_at: Option<String>,
    #[serde(default)]
    pub(super) test: bool,
    #[serde(default)]
    pub(super) display_financial_status: Option<String>,
    #[serde(default)]
    pub(super) display_fulfillment_status: Option<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
    pub(super) currency_code: String,
    #[serde(default)]
    pub(super) current_total_price_set: Option<MoneyBag>,
    #[serde(default)]
    pub(super) shipping_address: Option<MailingAddress>,
    pub(super) line_items: Connection<LineItem>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderLines {
    pub(super) updated_at: String,
    pub(super) line_items: Connection<LineItem>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MoneyBag {
    pub(super) shop_money: Money,
}

#[derive(Debug, Deserialize)]
pub(super) struct Money {
    pub(super) amount: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MailingAddress {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) first_name: Option<String>,
    #[serde(default)]
    pub(super) last_name: Option<String>,
    #[serde(default)]
    pub(super) company: Option<String>,
    #[serde(default)]
    pub(super) address1: Option<String>,
    #[serde(default)]
    pub(super) address2: Option<String>,
    #[serde(default)]
    pub(super) zip: Option<String>,
    #[serde(default)]
    pub(super) city: Option<String>,
    // The webhook body calls it country_code, GraphQL countryCodeV2.
    #[serde(default, rename = "countryCodeV2")]
    pub(super) country: Option<String>,
    #[serde(default)]
    pub(super) phone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineItem {
    pub(super) id: String,
    pub(super) title: String,
    #[serde(default)]
    pub(super) variant_title: Option<String>,
    #[serde(default)]
    pub(super) sku: Option<String>,
    pub(super) current_quantity: u32,
    #[serde(default)]
    pub(super) unfulfilled_quantity: u32,
    #[serde(default)]
    pub(super) requires_shipping: bool,
    #[serde(default)]
    pub(super) is_gift_card: bool,
    #[serde(default)]
    pub(super) custom_attributes: Vec<Attribute>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Attribute {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderFulfillments {
    #[serde(default)]
    pub(super) cancelled_at: Option<String>,
    pub(super) fulfillments: Vec<Fulfillment>,
    pub(super) fulfillment_orders: Nodes<FulfillmentOrder>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fulfillment {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) tracking_info: Vec<Tracking>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tracking {
    #[serde(default)]
    pub(super) number: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FulfillmentOrder {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) supported_actions: Vec<Action>,
    pub(super) line_items: Nodes<FoLine>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Action {
    pub(super) action: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FoLine {
    pub(super) id: String,
    pub(super) remaining_quantity: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderStub {
    pub(super) id: String,
    pub(super) updated_at: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FulfillPayload {
    #[serde(default)]
    pub(super) fulfillment: Option<Fulfillment>,
    #[serde(default)]
    pub(super) user_errors: Vec<UserError>,
}

#[derive(Debug, Deserialize)]
pub(super) struct UserError {
    pub(super) message: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) topic: String,
    pub(super) uri: String,
}

/// What a mutation says against what was asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Said {
    #[serde(default)]
    pub(super) user_errors: Vec<UserError>,
}
