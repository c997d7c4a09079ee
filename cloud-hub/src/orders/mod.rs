//! What has to be made for an order: from the shop's words to parts, or to a hold that says why not.
//!
//! Pure: reads no clock, no settings of its own, no database. A line that cannot be resolved never stops the others.

mod grid;
mod resolve;
#[cfg(test)]
mod tests;

pub use resolve::{Rules, resolve};

use protocol::units::WallMs;

use crate::store::{Address, Stands};

/// Whether the money is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payment {
    /// Paid or authorised.
    Good,
    /// Not yet.
    Open,
    /// Given back.
    Returned,
}

/// A line as a shop says it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenLine {
    /// The shop's number of it.
    pub id: String,
    /// Title with variant.
    pub title: String,
    /// SKU.
    pub sku: Option<String>,
    /// Pieces still wanted.
    pub wanted: u32,
    /// Pieces of these that were sent already.
    pub sent: u32,
    /// Something to send.
    pub requires_shipping: bool,
    /// A gift card.
    pub is_gift_card: bool,
    /// Name and value, in the shop's order.
    pub properties: Vec<(String, String)>,
}

/// An order as a shop says it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenOrder {
    /// The shop's number of it.
    pub shop_order_id: String,
    /// `#1048`.
    pub name: String,
    /// Short name of the customer.
    pub customer: String,
    /// For the label.
    pub email: Option<String>,
    /// Where it goes.
    pub address: Option<Address>,
    /// Currency code.
    pub currency: String,
    /// Total as the shop writes it.
    pub total: String,
    /// A test.
    pub is_test: bool,
    /// When it was placed.
    pub placed: WallMs,
    /// When it was last changed.
    pub updated: WallMs,
    /// What the shop says of it as a whole.
    pub stands: Stands,
    /// Whether the money is there.
    pub payment: Payment,
    /// Lines in the shop's order.
    pub lines: Vec<SeenLine>,
}
