//! What goes into the store and what comes out, in the domain's words.

use protocol::ids::{AgentId, OrderId, Sha256, ShopId, TenantId};
use protocol::units::{Epoch, WallMs};
use protocol::wire::v1::{Artifact, Wants};
use serde::{Deserialize, Serialize};

use crate::secrets::Secret;

/// A connected shop with its open secrets.
#[derive(Debug, Clone)]
pub struct Shop {
    /// The shop.
    pub id: ShopId,
    /// Its company.
    pub tenant: TenantId,
    /// `NAME.myshopify.com`.
    pub domain: String,
    /// Unguessable last part of its webhook address.
    pub endpoint: String,
    /// Signs its webhooks.
    pub secret: Secret,
    /// Reads and writes through the Admin API, if connected.
    pub token: Option<Secret>,
    /// Gets the next token, where this one ends.
    pub refresh: Option<Secret>,
    /// When the token ends; one of the settings does not.
    pub expires: Option<WallMs>,
    /// What the token may do, as Shopify said.
    pub scopes: String,
    /// Connected by installing the app.
    pub is_app: bool,
    /// How the connection stands.
    pub state: ShopState,
    /// Why, where it does not stand.
    pub note: String,
}

/// How the connection to a shop stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShopState {
    /// As far as we know it works.
    Connected,
    /// The shop refuses our token: somebody must connect it again.
    Refused,
    /// The app was removed there.
    Uninstalled,
}

impl ShopState {
    /// As stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Refused => "refused",
            Self::Uninstalled => "uninstalled",
        }
    }
}

impl std::str::FromStr for ShopState {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        [Self::Connected, Self::Refused, Self::Uninstalled].into_iter().find(|s| s.word() == word).ok_or(())
    }
}

/// Tokens that a shop gave to the app.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Reads and writes.
    pub access: Secret,
    /// Gets the next pair.
    pub refresh: Option<Secret>,
    /// When `access` ends.
    pub expires: Option<WallMs>,
    /// What it may do.
    pub scopes: String,
}

/// A webhook whose signature was right.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Of which shop.
    pub shop: ShopId,
    /// The same on every retry of one delivery.
    pub webhook_id: String,
    /// As the unsigned header says.
    pub topic: String,
    /// The signed bytes.
    pub body: Vec<u8>,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// Stored now.
    New,
    /// Stored before.
    Again,
}

/// A stored delivery that waits for the worker.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its row.
    pub id: i64,
    /// Of which shop.
    pub shop: ShopId,
    /// As the header said.
    pub topic: String,
    /// The signed bytes.
    pub body: Vec<u8>,
    /// Tries so far.
    pub tries_n: u32,
}

/// How the worker leaves a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// Applied.
    Done,
    /// A person must look: the reason in words.
    Held(String),
    /// Stored and shown, but means nothing to us.
    Ignored(String),
    /// Tried again later.
    Later {
        /// When.
        due: WallMs,
        /// Why, in words.
        note: String,
    },
}

/// A delivery as pages show it.
#[derive(Debug, Clone, Serialize)]
pub struct InboxRow {
    /// Its row.
    pub id: i64,
    /// Shopify's id of the delivery.
    pub webhook_id: String,
    /// Topic.
    pub topic: String,
    /// `new`, `done`, `held`, `ignored`.
    pub state: String,
    /// Why, in words.
    pub note: String,
    /// When it came.
    pub received_ms: i64,
}

/// How a line is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineKind {
    /// A custom grid.
    Grid,
    /// From files.
    Static,
    /// Only packed.
    Pick,
    /// Nothing to make or send: tips, gift cards.
    None,
    /// Nobody knows yet; a hold says why.
    Unresolved,
}

impl LineKind {
    /// As stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Static => "static",
            Self::Pick => "pick",
            Self::None => "none",
            Self::Unresolved => "unresolved",
        }
    }
}

/// What one piece of a line is made of: one kind of part.
#[derive(Debug, Clone, PartialEq)]
pub struct PartWish {
    /// `A1`, `lid`.
    pub label: String,
    /// Same key, same bytes: parts on the shelf are found by it.
    pub artifact_key: String,
    /// Where the bytes come from.
    pub artifact: Artifact,
    /// Printer and material.
    pub wants: Wants,
    /// Size on the bed, millimetres: west, south, east, north.
    pub box_mm: [f64; 4],
    /// How many of it one piece needs.
    pub per_piece: u32,
}

/// One line of an order, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct LineWish {
    /// The shop's id of the line.
    pub shop_line_id: String,
    /// As the shop lists them, from 0.
    pub position: u32,
    /// Title.
    pub title: String,
    /// The shop's SKU.
    pub sku: Option<String>,
    /// Pieces still wanted.
    pub wanted: u32,
    /// How it is made.
    pub kind: LineKind,
    /// Readable SKU of a grid.
    pub readable_sku: Option<String>,
    /// The shop's properties, for the page.
    pub properties: Vec<(String, String)>,
    /// What one piece needs; empty unless it is made here.
    pub parts: Vec<PartWish>,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Who.
    pub name: String,
    /// Company.
    #[serde(default)]
    pub company: Option<String>,
    /// Street and number, as the shop has it.
    pub street: String,
    /// Second line.
    #[serde(default)]
    pub extra: Option<String>,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// Two-letter country code.
    pub country: String,
    /// Phone.
    #[serde(default)]
    pub phone: Option<String>,
}

/// A reason why an order waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldReason {
    /// What it is about: a line, a job, the address.
    pub subject: String,
    /// In words.
    pub reason: String,
}

/// What a shop says of an order as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// Wanted.
    Open,
    /// Cancelled by the shop.
    Cancelled,
    /// Sent already, in the shop's own pages.
    Sent,
}

/// An order as just read from the shop, with every line resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderWish {
    /// Its shop.
    pub shop: ShopId,
    /// Its company.
    pub tenant: TenantId,
    /// The shop's number of it.
    pub shop_order_id: String,
    /// `#1048`.
    pub name: String,
    /// Who bought, short: `Sofie M.`.
    pub customer: String,
    /// For the label.
    pub email: Option<String>,
    /// Where it goes.
    pub address: Option<Address>,
    /// Currency code.
    pub currency: String,
    /// Total as the shop writes it.
    pub total: String,
    /// Marked as a test by the shop.
    pub is_test: bool,
    /// When it was placed.
    pub placed: WallMs,
    /// Version: older ones change nothing.
    pub updated: WallMs,
    /// When it should be ready.
    pub due: Option<WallMs>,
    /// What the shop says of it as a whole.
    pub stands: Stands,
    /// Whether jobs may be made now (paid, not a test …); if not, a hold says why.
    pub may_print: bool,
    /// Automatic replacements of each plate.
    pub replacements: u8,
    /// Lines in the shop's order.
    pub lines: Vec<LineWish>,
    /// Why it waits.
    pub holds: Vec<HoldReason>,
}

/// What applying an order changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderApplied {
    /// The order.
    pub order: OrderId,
    /// The first time it was seen.
    pub is_new: bool,
    /// Older than what is stored: nothing was changed.
    pub is_stale: bool,
    /// New jobs.
    pub jobs_made: u32,
    /// Jobs withdrawn, or asked back from their agents.
    pub jobs_withdrawn: u32,
    /// Agents that have something new to fetch.
    pub ring: Vec<AgentId>,
}

/// A part of a static product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaticPart {
    /// `lid`.
    pub label: String,
    /// The file.
    pub sha256: Sha256,
    /// Its length.
    pub bytes: u64,
    /// Its name.
    pub name: String,
    /// How many one piece needs.
    pub per_piece: u32,
    /// Material, if it matters.
    #[serde(default)]
    pub material: Option<String>,
    /// Outer width and depth of a model, millimetres; G-code does not say it.
    #[serde(default)]
    pub size_mm: Option<[f64; 2]>,
}

/// How a product becomes parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Mapping {
    /// From files.
    Static {
        /// What one piece needs.
        parts: Vec<StaticPart>,
    },
    /// Only packed.
    Pick,
}

/// G-code that is wanted without a print.
#[derive(Debug, Clone, PartialEq)]
pub struct SliceWish {
    /// What to call it.
    pub label: String,
    /// Where the bytes come from.
    pub artifact: Artifact,
    /// One printer model in `profiles`, and the material.
    pub wants: Wants,
}

/// What a person says to take a held job away from its agent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForceWish {
    /// The hand-out that the page showed.
    pub epoch: Epoch,
    /// Why, in their words.
    pub reason: String,
    /// Accepted that it may be printed twice; nothing happens without.
    #[serde(default)]
    pub accepts_double_print: bool,
}
