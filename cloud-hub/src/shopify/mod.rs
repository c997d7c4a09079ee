//! Shopify at arm's length: vendor words stop here.
//!
//! Reading order: `client` (calls), `types` (answers), [`map`] (into our words), then what the hub asks, below.
//! Never retries a mutation by itself.

mod client;
pub mod connection;
mod error;
pub mod map;
pub mod oauth;
pub mod subscriptions;
mod types;

pub use client::{Client, OPERATIONS};
pub use error::ShopifyError;

use protocol::units::WallMs;
use serde_json::json;

use crate::orders::SeenOrder;
use crate::store::{FulfillIntent, FulfillLine};

/// One page of changed orders: (number, last change).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedPage {
    /// Oldest change first.
    pub orders: Vec<(String, Option<WallMs>)>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// What the shop says about sending an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// A fulfilment with our tracking number exists: its gid.
    Done(String),
    /// These lines can be fulfilled.
    Open(Vec<FulfillLine>),
    /// Nothing is left to fulfil, and not by us; or the shop holds it.
    Closed(String),
}

impl Client {
    /// The order as it stands now. `None`: the shop does not know it.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn read_order(&self, id: &str) -> Result<Option<SeenOrder>, ShopifyError> {
        let Some(order) = self.order(id).await? else { return Ok(None) };
        let what = "an order with a time that cannot be read".to_owned();
        map::order(&order).map(Some).ok_or(ShopifyError::NoAnswer { operation: "HubOrder", what })
    }

    /// Orders changed at or after `since`.
    ///
    /// # Errors
    /// Why they could not be read.
    pub async fn changed(&self, since: WallMs, after: Option<&str>) -> Result<ChangedPage, ShopifyError> {
        let page = self.changed_since(&crate::clock::stamp(since), after).await?;
        let time = |t: String| t.parse::<jiff::Timestamp>().ok().map(|t| WallMs(t.as_millisecond()));
        Ok(ChangedPage {
            orders: page.orders.into_iter().map(|(id, t)| (id, time(t))).collect(),
            next: page.next,
        })
    }

    /// Looks whether the order was sent with `tracking_number`, and what could be sent.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn sending(&self, order: &str, tracking_number: &str) -> Result<Sending, ShopifyError> {
        let Some(seen) = self.fulfillments(order).await? else {
            return Ok(Sending::Closed("The shop does not know this order.".into()));
        };
        let ours = |f: &&types::Fulfillment| {
            f.status != "CANCELLED"
                && f.tracking_info.iter().any(|t| t.number.as_deref() == Some(tracking_number))
        };
        if let Some(found) = seen.fulfillments.iter().find(ours) {
            return Ok(Sending::Done(found.id.clone()));
        }
        let mut lines = Vec::new();
        // A closed fulfilment order can have something remaining after a cancelled fulfilment: only the state counts.
        let open = seen.fulfillment_orders.nodes.iter().filter(|f| {
            matches!(f.status.as_str(), "OPEN" | "IN_PROGRESS")
                && f.supported_actions.iter().any(|a| a.action == "CREATE_FULFILLMENT")
        });
        for order in open {
            for line in order.line_items.nodes.iter().filter(|l| l.remaining_quantity > 0) {
                lines.push(FulfillLine {
                    fulfillment_order: order.id.clone(),
                    line: line.id.clone(),
                    quantity: line.remaining_quantity,
                });
            }
        }
        if !lines.is_empty() {
            return Ok(Sending::Open(lines));
        }
        let holds = seen.fulfillment_orders.nodes.iter().any(|f| f.status == "ON_HOLD");
        Ok(Sending::Closed(match (seen.cancelled_at.is_some(), holds) {
            (true, _) => "The shop has cancelled this order.".into(),
            (false, true) => "The shop holds this order back.".into(),
            (false, false) => {
                "The shop has nothing left to send of this order, and no shipment of it carries our number."
                    .into()
            }
        }))
    }

    /// Creates the fulfilment that `intent` describes; its gid.
    ///
    /// # Errors
    /// What went wrong, and whether it may have worked.
    pub async fn send(&self, intent: &FulfillIntent) -> Result<String, ShopifyError> {
        debug_assert!(!intent.lines.is_empty(), "without lines Shopify ships everything that remains");
        let mut groups: Vec<(String, Vec<serde_json::Value>)> = Vec::new();
        for line in &intent.lines {
            let item = json!({ "id": line.line, "quantity": line.quantity });
            match groups.iter_mut().find(|(order, _)| *order == line.fulfillment_order) {
                Some((_, items)) => items.push(item),
                None => groups.push((line.fulfillment_order.clone(), vec![item])),
            }
        }
        let by_order: Vec<_> = groups
            .into_iter()
            .map(|(order, items)| json!({ "fulfillmentOrderId": order, "fulfillmentOrderLineItems": items }))
            .collect();
        let tracking = json!({ "company": intent.carrier, "number": intent.tracking_number, "url": intent.tracking_url });
        let input = json!({ "notifyCustomer": intent.notify, "trackingInfo": tracking, "lineItemsByFulfillmentOrder": by_order });
        let payload = self.fulfill(input).await?;
        if let Some(made) = payload.fulfillment {
            return Ok(made.id);
        }
        let said: Vec<String> = payload.user_errors.into_iter().map(|e| e.message).collect();
        Err(ShopifyError::Refused { operation: "HubFulfill", what: said.join(" ") })
    }
}
