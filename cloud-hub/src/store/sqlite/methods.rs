//! The trait's methods, each handing its transaction to the file that knows the statement.

use std::path::PathBuf;

use protocol::ids::{AgentId, JobId, OrderId, Sha256, ShopId, SiteId, TenantId};
use protocol::job::ClaimAnswer;
use protocol::units::{HubIncarnation, WallMs};
use protocol::wire::v1::{Claim, ResyncReply, ResyncRequest, SyncRequest};
use tokio::sync::watch;

use super::orders::JobFilter;
use super::{
    Sqlite, agents, apply, inbox, life, orders, outbox, people, persons_wish, products, progress, restore,
    resync, shops, slices, sync,
};
use crate::secrets::Secret;
use crate::store::{
    AgentRow, Answer, AuditRow, Delivery, Effect, Enrolled, ForceWish, Grant, Inbox, InboxRow, JobRow,
    JobWish, Jobs, Mapping, Milestone, OrderApplied, OrderDetail, OrderRow, OrderWish, Orders, Outbox,
    OutboxRow, Outcome, Pending, People, Received, Settled, Shop, ShopState, SliceWish, SoldRow, Store,
    StoreError, Synced, Taken, User,
};

impl Inbox for Sqlite {
    fn put_shop(&self, domain: String, secret: Secret, token: Option<Secret>) -> Answer<'_, Shop> {
        let vault = self.vault.clone();
        self.write(move |tx, now| shops::put_shop(tx, &vault, &domain, (&secret, token.as_ref()), now))
    }
    fn put_grant(&self, domain: String, secret: Secret, grant: Grant) -> Answer<'_, Shop> {
        let vault = self.vault.clone();
        self.write_shown(move |tx, now| shops::put_grant(tx, &vault, &domain, (&secret, &grant), now))
    }
    fn set_shop_state(&self, shop: ShopId, state: ShopState, note: String) -> Answer<'_, ()> {
        self.write_shown(move |tx, _| shops::set_state(tx, shop, state, &note))
    }
    fn shops(&self) -> Answer<'_, Vec<Shop>> {
        let vault = self.vault.clone();
        self.read(move |connection| shops::all(connection, &vault))
    }
    fn receive(&self, it: Delivery) -> Answer<'_, Received> {
        self.write(move |tx, now| inbox::receive(tx, &it, now))
    }
    fn deliveries_due(&self, limit: u32) -> Answer<'_, Vec<Pending>> {
        let now = self.clock.wall();
        self.read(move |connection| inbox::due(connection, now, limit))
    }
    fn settle(&self, id: i64, how: Settled) -> Answer<'_, ()> {
        self.write_shown(move |tx, _| inbox::settle(tx, id, &how))
    }
    fn deliveries(&self, tenant: TenantId, state: Option<String>, limit: u32) -> Answer<'_, Vec<InboxRow>> {
        self.read(move |connection| inbox::list(connection, tenant, state.as_deref(), limit))
    }
    fn reconciled_until(&self, shop: ShopId) -> Answer<'_, Option<WallMs>> {
        self.read(move |connection| inbox::reconciled(connection, shop))
    }
    fn set_reconciled(&self, shop: ShopId, until: WallMs) -> Answer<'_, ()> {
        self.write(move |tx, now| inbox::set_reconciled(tx, shop, until, now))
    }
}

impl Orders for Sqlite {
    fn apply_order(&self, wish: OrderWish) -> Answer<'_, OrderApplied> {
        self.write_shown(move |tx, now| apply::apply(tx, &wish, now))
    }
    fn orders(&self, tenant: TenantId, limit: u32) -> Answer<'_, Vec<OrderRow>> {
        self.read(move |connection| orders::list(connection, tenant, limit))
    }
    fn order(&self, tenant: TenantId, order: OrderId) -> Answer<'_, Option<OrderDetail>> {
        self.read(move |connection| orders::one(connection, tenant, order))
    }
    fn order_by_shop_id(&self, shop: ShopId, shop_order_id: String) -> Answer<'_, Option<OrderId>> {
        self.read(move |connection| orders::by_shop_id(connection, shop, &shop_order_id))
    }
    fn set_hold(
        &self,
        tenant: TenantId,
        order: OrderId,
        reason: Option<String>,
        who: String,
    ) -> Answer<'_, bool> {
        self.write_shown(move |tx, now| orders::set_hold(tx, tenant, order, reason.as_deref(), &who, now))
    }
    fn note(&self, order: OrderId, kind: &'static str, text: String) -> Answer<'_, ()> {
        self.write_shown(move |tx, now| progress::milestone(tx, order, kind, &text, now))
    }
    fn activity(&self, tenant: TenantId, limit: u32) -> Answer<'_, Vec<Milestone>> {
        self.read(move |connection| orders::activity(connection, tenant, limit))
    }
    fn sold(&self, tenant: TenantId, since: WallMs) -> Answer<'_, Vec<SoldRow>> {
        self.read(move |connection| products::sold(connection, tenant, since))
    }
    fn mapping(&self, tenant: TenantId, sku: String) -> Answer<'_, Option<Mapping>> {
        self.read(move |connection| products::mapping(connection, tenant, &sku))
    }
    fn put_mapping(&self, tenant: TenantId, sku: String, mapping: Mapping) -> Answer<'_, ()> {
        self.write_shown(move |tx, now| products::put_mapping(tx, tenant, &sku, &mapping, now))
    }
    fn mappings(&self, tenant: TenantId) -> Answer<'_, Vec<(String, Mapping)>> {
        self.read(move |connection| products::mappings(connection, tenant))
    }
    fn put_blob(&self, sha256: Sha256, bytes: u64, name: String) -> Answer<'_, ()> {
        self.write(move |tx, now| orders::put_blob(tx, sha256, bytes, &name, now))
    }
    fn blob(&self, sha256: Sha256) -> Answer<'_, Option<(u64, String)>> {
        self.read(move |connection| orders::blob(connection, sha256))
    }
}

fn unknown_agent(agent: AgentId) -> StoreError {
    StoreError::Stored { what: "agent", object: agent.to_string(), text: "it is unknown or revoked".into() }
}

impl Jobs for Sqlite {
    fn jobs(&self, tenant: TenantId, limit: u32) -> Answer<'_, Vec<JobRow>> {
        self.read(move |connection| orders::jobs(connection, tenant, JobFilter::Newest(limit)))
    }
    fn job(&self, tenant: TenantId, job: JobId) -> Answer<'_, Option<JobRow>> {
        self.read(move |connection| Ok(orders::jobs(connection, tenant, JobFilter::One(job))?.pop()))
    }
    fn make_slice(&self, tenant: TenantId, wish: SliceWish) -> Answer<'_, JobWish> {
        self.write_shown(move |tx, now| slices::make(tx, tenant, &wish, now))
    }
    fn retry_job(&self, tenant: TenantId, job: JobId, who: String) -> Answer<'_, JobWish> {
        self.write_shown(move |tx, now| persons_wish::retry(tx, tenant, job, &who, now))
    }
    fn cancel_job(&self, tenant: TenantId, job: JobId, who: String) -> Answer<'_, JobWish> {
        self.write_shown(move |tx, now| persons_wish::cancel(tx, tenant, job, &who, now))
    }
    fn force_job(&self, tenant: TenantId, job: JobId, wish: ForceWish, who: String) -> Answer<'_, JobWish> {
        self.write_shown(move |tx, now| persons_wish::force(tx, tenant, job, &wish, &who, now))
    }
    fn put_code(
        &self,
        tenant: TenantId,
        site: String,
        code_hash: String,
        expires: WallMs,
    ) -> Answer<'_, SiteId> {
        self.write(move |tx, now| agents::put_code(tx, tenant, &site, &code_hash, expires, now))
    }
    fn enrol(&self, code_hash: String, public_key: String) -> Answer<'_, Enrolled> {
        self.write_shown(move |tx, now| agents::enrol(tx, &code_hash, &public_key, now))
    }
    fn agent_key(&self, agent: AgentId) -> Answer<'_, Option<String>> {
        self.read(move |connection| agents::key(connection, agent))
    }
    fn put_nonce(&self, agent: AgentId, nonce: String, expires: WallMs) -> Answer<'_, ()> {
        self.write(move |tx, now| agents::put_nonce(tx, agent, &nonce, expires, now))
    }
    fn take_nonce(&self, agent: AgentId, nonce: String) -> Answer<'_, bool> {
        self.write(move |tx, now| agents::take_nonce(tx, agent, &nonce, now))
    }
    fn put_token(&self, agent: AgentId, token_hash: String, expires: WallMs) -> Answer<'_, ()> {
        self.write(move |tx, now| agents::put_token(tx, agent, &token_hash, expires, now))
    }
    fn agent_by_token(&self, token_hash: String) -> Answer<'_, Option<AgentId>> {
        let now = self.clock.wall();
        self.read(move |connection| agents::by_token(connection, &token_hash, now))
    }
    fn sync(&self, agent: AgentId, request: SyncRequest) -> Answer<'_, Synced> {
        self.write_shown(move |tx, now| {
            sync::sync(tx, agent, &request, now)?.ok_or_else(|| unknown_agent(agent))
        })
    }
    fn claim(&self, agent: AgentId, claim: Claim) -> Answer<'_, Option<ClaimAnswer>> {
        self.write_shown(move |tx, now| sync::claim(tx, agent, &claim, now))
    }
    fn resync(&self, agent: AgentId, request: ResyncRequest) -> Answer<'_, ResyncReply> {
        self.write_shown(move |tx, now| {
            resync::resync(tx, agent, &request, now)?.ok_or_else(|| unknown_agent(agent))
        })
    }
    fn agents(&self, tenant: TenantId) -> Answer<'_, Vec<AgentRow>> {
        self.read(move |connection| agents::list(connection, tenant))
    }
    fn revoke_agent(&self, tenant: TenantId, agent: AgentId) -> Answer<'_, bool> {
        self.write_shown(move |tx, now| agents::revoke(tx, tenant, agent, now))
    }
    fn release_agent(&self, tenant: TenantId, agent: AgentId) -> Answer<'_, bool> {
        self.write_shown(move |tx, _| agents::release(tx, tenant, agent))
    }
    fn restored(&self) -> Answer<'_, ()> {
        self.write(|tx, now| restore::begin(tx, life(tx)?, now))
    }
    fn count_start(&self) -> Answer<'_, u64> {
        self.write(|tx, _| restore::count_start(tx))
    }
    fn waits_for_agents(&self) -> Answer<'_, bool> {
        self.read(restore::waits)
    }
    fn copy_to(&self, file: PathBuf) -> Answer<'_, ()> {
        self.read(move |connection| restore::copy(connection, &file))
    }
    fn hub_incarnation(&self) -> Answer<'_, HubIncarnation> {
        self.read(life)
    }
}

impl Outbox for Sqlite {
    fn mark_orphans(&self, boot: String) -> Answer<'_, u32> {
        self.write(move |tx, now| outbox::mark_orphans(tx, &boot, now))
    }
    fn take_effect(&self, service: &'static str, owner: String, boot: String) -> Answer<'_, Option<Taken>> {
        self.write(move |tx, now| outbox::take(tx, service, &owner, &boot, now))
    }
    fn set_intent(&self, id: String, effect: Effect) -> Answer<'_, ()> {
        self.write(move |tx, now| outbox::set_intent(tx, &id, &effect, now))
    }
    fn finish_effect(&self, id: String, outcome: Outcome) -> Answer<'_, ()> {
        self.write_shown(move |tx, now| outbox::finish(tx, &id, &outcome, now))
    }
    fn effects(&self, tenant: TenantId, limit: u32) -> Answer<'_, Vec<OutboxRow>> {
        self.read(move |connection| outbox::list(connection, tenant, limit))
    }
    fn revive_effect(&self, tenant: TenantId, id: String, drop_it: bool, who: String) -> Answer<'_, bool> {
        self.write_shown(move |tx, now| {
            let what = if drop_it { "effect dropped" } else { "effect tried again" };
            people::audit(tx, (&who, what), &id, "", now)?;
            outbox::revive(tx, tenant, &id, drop_it, now)
        })
    }
    fn effects_open(&self) -> Answer<'_, u64> {
        self.read(outbox::open)
    }
}

impl People for Sqlite {
    fn tenant(&self) -> Answer<'_, TenantId> {
        self.write(super::tenant)
    }
    fn put_user(
        &self,
        tenant: TenantId,
        name: String,
        role: String,
        password_hash: String,
    ) -> Answer<'_, bool> {
        self.write(move |tx, now| people::put(tx, tenant, (&name, &role), &password_hash, now))
    }
    fn user(&self, name: String) -> Answer<'_, Option<User>> {
        self.read(move |connection| people::one(connection, &name))
    }
    fn users(&self, tenant: TenantId) -> Answer<'_, Vec<User>> {
        self.read(move |connection| people::list(connection, tenant))
    }
    fn change_user(
        &self,
        name: String,
        role: Option<String>,
        password_hash: Option<String>,
    ) -> Answer<'_, bool> {
        self.write(move |tx, _| people::change(tx, &name, role.as_deref(), password_hash.as_deref()))
    }
    fn put_session(&self, token_hash: String, user: String, csrf: String, expires: WallMs) -> Answer<'_, ()> {
        self.write(move |tx, now| people::open(tx, &token_hash, (&user, &csrf), expires, now))
    }
    fn session(&self, token_hash: String) -> Answer<'_, Option<(User, String)>> {
        let now = self.clock.wall();
        self.read(move |connection| people::session(connection, &token_hash, now))
    }
    fn end_session(&self, token_hash: String) -> Answer<'_, ()> {
        self.write(move |tx, _| people::end(tx, &token_hash))
    }
    fn audit(&self, who: String, what: &'static str, object: String, detail: String) -> Answer<'_, ()> {
        self.write(move |tx, now| people::audit(tx, (&who, what), &object, &detail, now))
    }
    fn audits(&self, limit: u32) -> Answer<'_, Vec<AuditRow>> {
        self.read(move |connection| people::audits(connection, limit))
    }
    fn ping(&self) -> Answer<'_, ()> {
        self.read(|connection| life(connection).map(drop))
    }
    fn counts(&self) -> Answer<'_, Vec<(String, String, u64)>> {
        self.read(orders::counts)
    }
}

impl Store for Sqlite {
    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
