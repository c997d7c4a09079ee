//! Everything durable, in the domain's words: one method per thing that may happen, with its answer as data.
//!
//! Invariants: every method is one transaction, and its answer exists only after the commit. Repeating a method with
//! the same arguments changes nothing more. The trait knows no SQL; the suite in `conformance` holds for every
//! implementation.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod effects;
mod error;
mod rows;
pub mod sqlite;
mod types;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use protocol::ids::{AgentId, JobId, OrderId, Sha256, ShopId, SiteId, TenantId};
use protocol::job::ClaimAnswer;
use protocol::units::{HubIncarnation, WallMs};
use protocol::wire::v1::{Claim, ResyncReply, ResyncRequest, SyncReply, SyncRequest};
use tokio::sync::watch;

pub use effects::{BoughtLabel, Effect, FulfillIntent, FulfillLine, LabelIntent, OutboxRow, Outcome, Taken};
pub use error::StoreError;
pub use rows::{
    AgentRow, AttemptRow, AuditRow, JobRow, LineRow, Milestone, OrderDetail, OrderRow, ShipmentRow, SliceRow,
    SoldRow, User,
};
pub use types::{
    Address, Delivery, ForceWish, Grant, HoldReason, InboxRow, LineKind, LineWish, Mapping, OrderApplied,
    OrderWish, PartWish, Pending, Received, Settled, Shop, ShopState, SliceWish, Stands, StaticPart,
};

/// Answer of a store method. Boxed: the implementation is chosen at start.
///
/// # Cancel safety
/// Dropping it does not undo a write that was handed over.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What an agent's poll did.
#[derive(Debug, Clone, PartialEq)]
pub struct Synced {
    /// The answer to send.
    pub reply: SyncReply,
    /// Agents that have something new to fetch, the caller excepted.
    pub ring: Vec<AgentId>,
    /// An order may have something to send: the outbox should look.
    pub outbox_has_work: bool,
}

/// The answer to an enrolment code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enrolled {
    /// Welcome.
    As(AgentId),
    /// Unknown, used or too old.
    BadCode,
}

/// Why a person's wish for a job was not done; each is a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobWish {
    /// Done; agents to ring, and the new job where one was made.
    Done {
        /// Agents with something new.
        ring: Vec<AgentId>,
        /// The new job.
        job: Option<JobId>,
    },
    /// No such job.
    NotFound,
    /// Not possible now: why, in words.
    Refused(String),
}

/// Shops and webhooks.
pub trait Inbox {
    /// Connects a shop, or changes its secrets. The first tenant is made where none exists.
    fn put_shop(
        &self,
        domain: String,
        secret: crate::secrets::Secret,
        token: Option<crate::secrets::Secret>,
    ) -> Answer<'_, Shop>;
    /// Keeps tokens that a shop gave to the app, as one pair; the shop is made where it is new.
    fn put_grant(&self, domain: String, secret: crate::secrets::Secret, grant: Grant) -> Answer<'_, Shop>;
    /// Notes how the connection stands; a removed app has no tokens any more.
    fn set_shop_state(&self, shop: ShopId, state: ShopState, note: String) -> Answer<'_, ()>;
    /// All connected shops.
    fn shops(&self) -> Answer<'_, Vec<Shop>>;
    /// Stores a delivery; the same one again is `Again` and gets the same answer.
    fn receive(&self, it: Delivery) -> Answer<'_, Received>;
    /// Deliveries whose time has come, oldest first.
    fn deliveries_due(&self, limit: u32) -> Answer<'_, Vec<Pending>>;
    /// Leaves a delivery.
    fn settle(&self, id: i64, how: Settled) -> Answer<'_, ()>;
    /// The newest deliveries; `state` narrows them.
    fn deliveries(&self, tenant: TenantId, state: Option<String>, limit: u32) -> Answer<'_, Vec<InboxRow>>;
    /// Until when a shop's changes have been read (milliseconds of its own clock).
    fn reconciled_until(&self, shop: ShopId) -> Answer<'_, Option<WallMs>>;
    /// Moves that mark.
    fn set_reconciled(&self, shop: ShopId, until: WallMs) -> Answer<'_, ()>;
}

/// Orders and what is made for them.
pub trait Orders {
    /// Takes over an order: quantities are differences, so the same order twice changes nothing.
    fn apply_order(&self, wish: OrderWish) -> Answer<'_, OrderApplied>;
    /// Orders of a tenant: open ones first by due date, then the newest closed ones.
    fn orders(&self, tenant: TenantId, limit: u32) -> Answer<'_, Vec<OrderRow>>;
    /// One order, complete.
    fn order(&self, tenant: TenantId, order: OrderId) -> Answer<'_, Option<OrderDetail>>;
    /// An order by the shop's number.
    fn order_by_shop_id(&self, shop: ShopId, shop_order_id: String) -> Answer<'_, Option<OrderId>>;
    /// Puts an order on hold, or takes a person's hold away. False: no such order.
    fn set_hold(
        &self,
        tenant: TenantId,
        order: OrderId,
        reason: Option<String>,
        who: String,
    ) -> Answer<'_, bool>;
    /// Adds an entry to an order's timeline, found by the shop's number.
    fn note(&self, order: OrderId, kind: &'static str, text: String) -> Answer<'_, ()>;
    /// The newest entries of all timelines.
    fn activity(&self, tenant: TenantId, limit: u32) -> Answer<'_, Vec<Milestone>>;
    /// How a SKU is made.
    fn mapping(&self, tenant: TenantId, sku: String) -> Answer<'_, Option<Mapping>>;
    /// What was sold since then, by SKU, with the open orders in which nobody knows how it is made.
    fn sold(&self, tenant: TenantId, since: WallMs) -> Answer<'_, Vec<SoldRow>>;
    /// Sets how a SKU is made; open orders that waited for it are read again.
    fn put_mapping(&self, tenant: TenantId, sku: String, mapping: Mapping) -> Answer<'_, ()>;
    /// All mappings.
    fn mappings(&self, tenant: TenantId) -> Answer<'_, Vec<(String, Mapping)>>;
    /// Records that a blob is stored.
    fn put_blob(&self, sha256: Sha256, bytes: u64, name: String) -> Answer<'_, ()>;
    /// A stored blob's length and name.
    fn blob(&self, sha256: Sha256) -> Answer<'_, Option<(u64, String)>>;
}

/// Jobs and the agents that hold them.
pub trait Jobs {
    /// Jobs, newest first.
    fn jobs(&self, tenant: TenantId, limit: u32) -> Answer<'_, Vec<JobRow>>;
    /// One job.
    fn job(&self, tenant: TenantId, job: JobId) -> Answer<'_, Option<JobRow>>;
    /// Has G-code made by an agent, without a print. Doing it twice costs time only.
    fn make_slice(&self, tenant: TenantId, wish: SliceWish) -> Answer<'_, JobWish>;
    /// Prints a job that is over again, as a new job.
    fn retry_job(&self, tenant: TenantId, job: JobId, who: String) -> Answer<'_, JobWish>;
    /// Takes back a job; an agent that holds it is asked.
    fn cancel_job(&self, tenant: TenantId, job: JobId, who: String) -> Answer<'_, JobWish>;
    /// Takes a held job away from its agent: a person accepted that it may be printed twice.
    fn force_job(&self, tenant: TenantId, job: JobId, wish: ForceWish, who: String) -> Answer<'_, JobWish>;
    /// Makes an enrolment code for a site (made if new); the code itself is never stored.
    fn put_code(
        &self,
        tenant: TenantId,
        site: String,
        code_hash: String,
        expires: WallMs,
    ) -> Answer<'_, SiteId>;
    /// Uses up a code.
    fn enrol(&self, code_hash: String, public_key: String) -> Answer<'_, Enrolled>;
    /// An agent's public key, unless revoked.
    fn agent_key(&self, agent: AgentId) -> Answer<'_, Option<String>>;
    /// Keeps a nonce for an agent.
    fn put_nonce(&self, agent: AgentId, nonce: String, expires: WallMs) -> Answer<'_, ()>;
    /// Uses up a nonce; true once.
    fn take_nonce(&self, agent: AgentId, nonce: String) -> Answer<'_, bool>;
    /// Keeps a token by its hash.
    fn put_token(&self, agent: AgentId, token_hash: String, expires: WallMs) -> Answer<'_, ()>;
    /// Whose token it is, while it is good.
    fn agent_by_token(&self, token_hash: String) -> Answer<'_, Option<AgentId>>;
    /// Applies an agent's events in order, each once, and answers with what changed for it.
    fn sync(&self, agent: AgentId, request: SyncRequest) -> Answer<'_, Synced>;
    /// Grants the right to start a job, at most once; the same claim again is granted again.
    fn claim(&self, agent: AgentId, claim: Claim) -> Answer<'_, Option<ClaimAnswer>>;
    /// Compares everything an agent holds with what the hub knows.
    fn resync(&self, agent: AgentId, request: ResyncRequest) -> Answer<'_, ResyncReply>;
    /// All agents of a tenant.
    fn agents(&self, tenant: TenantId) -> Answer<'_, Vec<AgentRow>>;
    /// Ends an agent's right to speak. False: no such agent.
    fn revoke_agent(&self, tenant: TenantId, agent: AgentId) -> Answer<'_, bool>;
    /// A person releases an agent from quarantine. False: no such agent.
    fn release_agent(&self, tenant: TenantId, agent: AgentId) -> Answer<'_, bool>;
    /// This database was restored from a backup: a new life, and nothing is handed out before every agent was heard.
    fn restored(&self) -> Answer<'_, ()>;
    /// Counts a start of the hub; the number of this one.
    fn count_start(&self) -> Answer<'_, u64>;
    /// Whether agents have still to say what they hold after a restore: until then nothing is applied or handed out.
    fn waits_for_agents(&self) -> Answer<'_, bool>;
    /// Writes a whole copy, without sessions and tokens, to a file that must not exist.
    fn copy_to(&self, file: PathBuf) -> Answer<'_, ()>;
    /// The hub's life.
    fn hub_incarnation(&self) -> Answer<'_, HubIncarnation>;
}

/// Calls to outside services.
pub trait Outbox {
    /// Rows in flight of a process that no longer lives become unknown. Called once at start, with the own boot.
    fn mark_orphans(&self, boot: String) -> Answer<'_, u32>;
    /// Takes one due row of a service and commits it as in flight **before** anything is called.
    fn take_effect(&self, service: &'static str, owner: String, boot: String) -> Answer<'_, Option<Taken>>;
    /// Commits a changed intent of a row in flight, before the call that it describes.
    fn set_intent(&self, id: String, effect: Effect) -> Answer<'_, ()>;
    /// Leaves a row in flight, with everything that follows from it in one transaction.
    fn finish_effect(&self, id: String, outcome: Outcome) -> Answer<'_, ()>;
    /// Rows that are not done, then the newest done ones.
    fn effects(&self, tenant: TenantId, limit: u32) -> Answer<'_, Vec<OutboxRow>>;
    /// Tries a dead row again, or drops it. False: no such dead row.
    fn revive_effect(&self, tenant: TenantId, id: String, drop_it: bool, who: String) -> Answer<'_, bool>;
    /// Rows that wait or are unknown.
    fn effects_open(&self) -> Answer<'_, u64>;
}

/// People, their sessions, and what they did.
pub trait People {
    /// The tenant of this hub (made where none exists).
    fn tenant(&self) -> Answer<'_, TenantId>;
    /// Adds an account. False: the name is taken.
    fn put_user(
        &self,
        tenant: TenantId,
        name: String,
        role: String,
        password_hash: String,
    ) -> Answer<'_, bool>;
    /// An account by name.
    fn user(&self, name: String) -> Answer<'_, Option<User>>;
    /// All accounts.
    fn users(&self, tenant: TenantId) -> Answer<'_, Vec<User>>;
    /// Changes password or role; ends the account's sessions. False: no such account.
    fn change_user(
        &self,
        name: String,
        role: Option<String>,
        password_hash: Option<String>,
    ) -> Answer<'_, bool>;
    /// Opens a session.
    fn put_session(&self, token_hash: String, user: String, csrf: String, expires: WallMs) -> Answer<'_, ()>;
    /// Who a session belongs to, and its CSRF token, while it is good.
    fn session(&self, token_hash: String) -> Answer<'_, Option<(User, String)>>;
    /// Ends a session.
    fn end_session(&self, token_hash: String) -> Answer<'_, ()>;
    /// Adds to the audit log.
    fn audit(&self, who: String, what: &'static str, object: String, detail: String) -> Answer<'_, ()>;
    /// The newest entries of the audit log.
    fn audits(&self, limit: u32) -> Answer<'_, Vec<AuditRow>>;
    /// A cheap question that shows whether the database answers.
    fn ping(&self) -> Answer<'_, ()>;
    /// Counters for `/metrics`: name, label, value.
    fn counts(&self) -> Answer<'_, Vec<(String, String, u64)>>;
}

/// The whole store.
pub trait Store: Inbox + Orders + Jobs + Outbox + People + Send + Sync + 'static {
    /// Moves after a commit that a page may show. A hint: what another process writes into the same database is not
    /// counted, and a number says nothing about what changed.
    fn changes(&self) -> watch::Receiver<u64>;
}
