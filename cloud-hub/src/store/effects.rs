//! Outbound changes as rows: what is to be called, what became of it, and when it is tried again.

use protocol::ids::{OrderId, Sha256, ShopId, TenantId};
use protocol::units::WallMs;
use serde::{Deserialize, Serialize};

use super::Address;

/// What an outbox row is to do. Stored as JSON; the kinds are versioned by their names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// Buy a label.
    Label(LabelIntent),
    /// Tell the shop that everything was sent.
    Fulfill(FulfillIntent),
    /// Give a label back.
    CancelLabel {
        /// Sendcloud's id of the shipment.
        service_id: String,
        /// Our reference of the shipment.
        reference: String,
    },
}

impl Effect {
    /// Kind and service, as stored.
    #[must_use]
    pub const fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Label(_) => ("label", "sendcloud"),
            Self::Fulfill(_) => ("fulfill", "shopify"),
            Self::CancelLabel { .. } => ("cancel_label", "sendcloud"),
        }
    }
}

/// A label to buy. The reference makes buying twice impossible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelIntent {
    /// Unique at the label service.
    pub reference: String,
    /// `#1048`.
    pub order_name: String,
    /// Where it goes.
    pub to: Address,
    /// For the carrier's mails.
    pub email: Option<String>,
}

/// A fulfilment to make. `lines` is filled, and committed, before the first call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FulfillIntent {
    /// The shop.
    pub shop: ShopId,
    /// The shop's number of the order.
    pub shop_order_id: String,
    /// The label's number: finds our fulfilment again.
    pub tracking_number: String,
    /// Its page.
    pub tracking_url: Option<String>,
    /// Carrier, as the shop spells it.
    pub carrier: Option<String>,
    /// Whether the shop mails the customer.
    pub notify: bool,
    /// The shipment's reference.
    pub reference: String,
    /// Fulfilment order lines with quantities, once they are known.
    #[serde(default)]
    pub lines: Vec<FulfillLine>,
}

/// One line of a fulfilment order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillLine {
    /// The fulfilment order's gid.
    pub fulfillment_order: String,
    /// The line's gid in it.
    pub line: String,
    /// How many.
    pub quantity: u32,
}

/// A row in flight: committed with owner and boot before anything is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// Its row.
    pub id: String,
    /// Its company.
    pub tenant: TenantId,
    /// Its order.
    pub order: Option<OrderId>,
    /// What to do.
    pub effect: Effect,
    /// An earlier call may have worked: look before calling.
    pub may_have_worked: bool,
    /// Definite refusals so far.
    pub tries_n: u32,
    /// Unanswered calls since when.
    pub waiting_since: Option<WallMs>,
}

/// A bought label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoughtLabel {
    /// Sendcloud's id of the shipment.
    pub service_id: String,
    /// Its parcel.
    pub parcel: String,
    /// The carrier's number.
    pub tracking_number: String,
    /// Its page.
    pub tracking_url: Option<String>,
    /// Carrier, as the shop spells it.
    pub carrier: Option<String>,
    /// The label's bytes, in the blob store.
    pub label: Sha256,
    /// Unstamped.
    pub is_test: bool,
    /// Whether the shop mails the customer.
    pub notify: bool,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The label exists.
    Bought(BoughtLabel),
    /// The fulfilment exists: its gid.
    Fulfilled(String),
    /// The label was given back.
    LabelCancelled,
    /// It was certainly not done and may work later (down, throttled, breaker open): no try is used up.
    NotDone {
        /// When to try again.
        due: WallMs,
        /// Why, in words.
        note: String,
    },
    /// Nobody knows whether it was done: looked up before anything else.
    Unknown {
        /// When to look.
        due: WallMs,
        /// Why, in words.
        note: String,
    },
    /// Refused for now: a try is used up.
    Refused {
        /// When to try again.
        due: WallMs,
        /// Why, in words.
        note: String,
    },
    /// Refused for good: a person must act.
    Dead {
        /// Why, in words; shown as a hold.
        reason: String,
    },
}

/// A row of the outbox, as pages show it.
#[derive(Debug, Clone, Serialize)]
pub struct OutboxRow {
    /// Its row.
    pub id: String,
    /// The order's name.
    pub order: Option<OrderId>,
    /// `shopify`, `sendcloud`.
    pub service: String,
    /// `label`, `fulfill`, `cancel_label`.
    pub kind: String,
    /// `due`, `in_flight`, `unknown`, `done`, `dead`, `dropped`.
    pub state: String,
    /// Definite refusals.
    pub tries_n: u32,
    /// Next try.
    pub due_ms: i64,
    /// Why, in words.
    pub note: String,
}
