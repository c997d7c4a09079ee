//! What pages and the API read: rows already in words, complete enough to be shown without another question.

use protocol::ids::{AgentId, JobId, LineId, OrderId, Sha256, SiteId, TenantId};
use protocol::units::Epoch;
use protocol::wire::v1::Summary;
use serde::Serialize;

use super::{Address, HoldReason};

/// A line in a list of orders.
#[derive(Debug, Clone, Serialize)]
pub struct OrderRow {
    /// The order.
    pub id: OrderId,
    /// `#1048`.
    pub name: String,
    /// Who bought.
    pub customer: String,
    /// State as stored.
    pub state: String,
    /// State as shown; `On hold` wins.
    pub word: String,
    /// What was bought, in short.
    pub what: String,
    /// Units good.
    pub good_n: u32,
    /// Units wanted.
    pub wanted_n: u32,
    /// Units printing now.
    pub printing_n: u32,
    /// When it should be ready.
    pub due_ms: Option<i64>,
    /// When it was placed.
    pub placed_ms: i64,
    /// Trace word.
    pub correlation: String,
    /// Why it waits.
    pub holds: Vec<HoldReason>,
}

/// A line of an order, as pages show it.
#[derive(Debug, Clone, Serialize)]
pub struct LineRow {
    /// The line.
    pub id: LineId,
    /// Title.
    pub title: String,
    /// The shop's SKU.
    pub sku: Option<String>,
    /// Readable SKU of a grid.
    pub readable_sku: Option<String>,
    /// How it is made.
    pub kind: String,
    /// Pieces wanted.
    pub wanted: u32,
    /// Labels of its parts.
    pub parts: Vec<String>,
    /// Units good.
    pub good_n: u32,
    /// Units wanted.
    pub units_n: u32,
    /// What the buyer chose.
    pub properties: Vec<(String, String)>,
}

/// A job as pages and the API show it.
#[derive(Debug, Clone, Serialize)]
pub struct JobRow {
    /// The job.
    pub id: JobId,
    /// Its order, if any.
    pub order: Option<OrderId>,
    /// `A1`.
    pub label: String,
    /// `Print`, `SliceOnly` or `PrintLabel`.
    pub kind: String,
    /// State as stored.
    pub state: String,
    /// What was made for a job that wants G-code only.
    pub slice: Option<SliceRow>,
    /// Why the last agent that was asked gave it back, while it waits.
    pub declined: Option<String>,
    /// Who has it.
    pub agent: Option<AgentId>,
    /// The agent's site.
    pub site: Option<String>,
    /// Its epoch, if handed out.
    pub epoch: Option<Epoch>,
    /// Which job it replaces.
    pub replaces: Option<JobId>,
    /// Waits for "print again?".
    pub needs_answer: bool,
    /// Whether somebody still wants it.
    pub is_wanted: bool,
    /// When it was made.
    pub created_ms: i64,
    /// Tries, oldest first.
    pub attempts: Vec<AttemptRow>,
}

/// G-code that an agent made and sent: `/api/v1/files/{sha256}` has the bytes.
#[derive(Debug, Clone, Serialize)]
pub struct SliceRow {
    /// Its hash.
    pub sha256: Sha256,
    /// Estimated print time, seconds.
    pub time_s: u32,
    /// Filament, millimetres.
    pub filament_mm: f64,
    /// Filament, grams.
    pub mass_g: f64,
}

/// A try, as an agent reported it.
#[derive(Debug, Clone, Serialize)]
pub struct AttemptRow {
    /// Its number.
    pub attempt: String,
    /// The printer's id.
    pub printer: String,
    /// State word.
    pub state: String,
    /// Share done at last word.
    pub done_permille: u32,
    /// What happened.
    pub note: String,
    /// When it began.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
}

/// An entry of the timeline.
#[derive(Debug, Clone, Serialize)]
pub struct Milestone {
    /// Kind: `order_received`, `grid.mapping-ready`, …
    pub kind: String,
    /// In words.
    pub text: String,
    /// Trace word.
    pub correlation: String,
    /// When.
    pub at_ms: i64,
}

/// A shipment as pages show it.
#[derive(Debug, Clone, Serialize)]
pub struct ShipmentRow {
    /// Our reference at the label service.
    pub reference: String,
    /// `wanted`, `bought`, `failed`, `cancelled`.
    pub state: String,
    /// An unstamped test label.
    pub is_test: bool,
    /// The carrier's number.
    pub tracking_number: Option<String>,
    /// Its page.
    pub tracking_url: Option<String>,
    /// Hash of the label.
    pub label_sha256: Option<String>,
    /// The shop's fulfilment.
    pub fulfillment_id: Option<String>,
}

/// Everything about one order.
#[derive(Debug, Clone, Serialize)]
pub struct OrderDetail {
    /// As in the list.
    #[serde(flatten)]
    pub row: OrderRow,
    /// Total as the shop writes it.
    pub total: String,
    /// Currency code.
    pub currency: String,
    /// Where it goes.
    pub address: Option<Address>,
    /// Lines.
    pub lines: Vec<LineRow>,
    /// Jobs, oldest first.
    pub jobs: Vec<JobRow>,
    /// Shipments, oldest first.
    pub shipments: Vec<ShipmentRow>,
    /// Newest first.
    pub timeline: Vec<Milestone>,
}

/// A product as it was sold.
#[derive(Debug, Clone, Serialize)]
pub struct SoldRow {
    /// The shop's SKU.
    pub sku: String,
    /// Its title when it was sold last.
    pub title: String,
    /// Pieces.
    pub pieces: u64,
    /// Numbers of open orders that wait because nobody knows how it is made.
    pub waiting: Vec<String>,
}

/// An agent as pages show it.
#[derive(Debug, Clone, Serialize)]
pub struct AgentRow {
    /// The agent.
    pub id: AgentId,
    /// Its site.
    pub site: SiteId,
    /// The site's name.
    pub name: String,
    /// Last word.
    pub contact_ms: Option<i64>,
    /// What it said of itself.
    pub summary: Summary,
    /// Events still waiting there.
    pub backlog_events: u64,
    /// Waits for a person.
    pub is_quarantined: bool,
    /// Its key is no longer good.
    pub is_revoked: bool,
    /// Open jobs it holds.
    pub jobs_n: u32,
}

/// A person's account.
#[derive(Debug, Clone, Serialize)]
pub struct User {
    /// Its row.
    pub id: String,
    /// Its company.
    pub tenant: TenantId,
    /// Log-in name.
    pub name: String,
    /// `admin`, `operator`, `viewer`.
    pub role: String,
    /// Argon2id.
    #[serde(skip)]
    pub password_hash: String,
}

/// An entry of the audit log.
#[derive(Debug, Clone, Serialize)]
pub struct AuditRow {
    /// When.
    pub at_ms: i64,
    /// Who.
    pub who: String,
    /// What.
    pub what: String,
    /// To what.
    pub object: String,
    /// How.
    pub detail: String,
}
