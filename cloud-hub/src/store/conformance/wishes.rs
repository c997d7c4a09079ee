//! What the stories say to the store: small orders, polls and events.

use protocol::ids::{AgentId, BootId, Incarnation, JobId};
use protocol::units::{Cursor, Epoch, HubIncarnation, MonoMs, Seq, WallMs};
use protocol::wire::v1::{
    Artifact, Assignment, AttemptRef, ClockReading, Down, Event, EventKind, Summary, SyncRequest, UnitResult,
    Verdict, Wants,
};
use protocol::wire::{PROTO, Tolerant};

use crate::secrets::Secret;
use crate::store::{Address, Enrolled, LineKind, LineWish, OrderWish, PartWish, Shop, Stands, Store, Synced};

/// Connects the one shop of a story.
pub(super) async fn shop(store: &dyn Store) -> Shop {
    store.put_shop("a.myshopify.com".into(), Secret::new("hush"), None).await.unwrap()
}

/// One line of `wanted` pieces of two plates each.
pub(super) fn line(id: &str, wanted: u32) -> LineWish {
    let part = |label: &str| PartWish {
        label: label.into(),
        artifact_key: format!("{id}/{label}"),
        artifact: Artifact::Blob {
            sha256: protocol::ids::Sha256::of(label.as_bytes()),
            bytes: 1,
            name: format!("{label}.stl"),
        },
        wants: Wants::default(),
        box_mm: [0.0, 0.0, 42.0, 42.0],
        per_piece: 1,
    };
    LineWish {
        shop_line_id: id.into(),
        position: 0,
        title: "Grid".into(),
        sku: Some("GRID-CUSTOM".into()),
        wanted,
        kind: LineKind::Grid,
        readable_sku: None,
        properties: Vec::new(),
        parts: vec![part("A1"), part("B1")],
    }
}

/// An order of these lines, as the shop said it at `updated`.
pub(super) fn order(shop: &Shop, updated: i64, lines: Vec<LineWish>) -> OrderWish {
    OrderWish {
        shop: shop.id,
        tenant: shop.tenant,
        shop_order_id: "6301".into(),
        name: "#1048".into(),
        customer: "Sofie M.".into(),
        email: None,
        address: Some(Address {
            name: "Sofie M.".into(),
            company: None,
            street: "Kerkstraat 1".into(),
            extra: None,
            postal_code: "9000".into(),
            city: "Gent".into(),
            country: "BE".into(),
            phone: None,
        }),
        currency: "EUR".into(),
        total: "49.90".into(),
        is_test: false,
        placed: WallMs(1),
        updated: WallMs(updated),
        due: None,
        stands: Stands::Open,
        may_print: true,
        replacements: 1,
        lines,
        holds: Vec::new(),
    }
}

/// An agent as a story drives it.
pub(super) struct Agent {
    pub(super) id: AgentId,
    pub(super) life: Incarnation,
    pub(super) seq: u64,
    pub(super) cursor: Cursor,
    pub(super) hub_seen: u64,
    store: &'static dyn Store,
}

impl Agent {
    pub(super) async fn enrol(store: &'static dyn Store, site: &str) -> Self {
        let tenant = store.tenant().await.unwrap();
        let code = format!("code of {site}");
        store.put_code(tenant, site.into(), code.clone(), WallMs(i64::MAX)).await.unwrap();
        let Enrolled::As(id) = store.enrol(code, "00".into()).await.unwrap() else {
            panic!("a fresh code is good")
        };
        Self { id, life: Incarnation::new(7), seq: 0, cursor: Cursor::new(0), hub_seen: 1, store }
    }

    pub(super) fn event(&mut self, job: JobId, epoch: Epoch, what: EventKind) -> Event {
        self.seq += 1;
        Event {
            seq: Seq::new(self.seq),
            job: Some(job),
            epoch: Some(epoch),
            boot_id: BootId::new(1),
            mono_ms: MonoMs(self.seq),
            wall_ms: None,
            what: Tolerant::Known(what),
        }
    }

    /// Polls with these events and takes over the cursor.
    pub(super) async fn poll(&mut self, events: Vec<Event>) -> Synced {
        let request = SyncRequest {
            proto: PROTO,
            agent_incarnation: self.life,
            boot_id: BootId::new(1),
            hub_incarnation_seen: HubIncarnation::new(self.hub_seen),
            down_cursor: self.cursor,
            events,
            clock: ClockReading { wall_ms: WallMs(0), mono_ms: MonoMs(0), synced: true },
            free_bytes: 1,
            backlog_events: 0,
            wait_ms: 0,
            summary: Summary::default(),
        };
        let synced = self.store.sync(self.id, request).await.unwrap();
        if let Down::Delta(delta) = &synced.reply.down {
            self.cursor = delta.cursor;
        }
        synced
    }

    /// Polls and answers the assignments that came.
    pub(super) async fn fetch(&mut self) -> Vec<Assignment> {
        match self.poll(Vec::new()).await.reply.down {
            Down::Delta(delta) => delta.upserts.iter().filter_map(Tolerant::known).cloned().collect(),
            Down::MustResync { why } => panic!("must resync: {why}"),
        }
    }

    pub(super) fn attempt(&self, n: u64) -> AttemptRef {
        AttemptRef {
            attempt: protocol::ids::AttemptNo { incarnation: self.life, n },
            printer: "ender-1".parse().unwrap(),
        }
    }

    /// The events of one print that was counted all good, or all scrap.
    pub(super) fn print(
        &mut self,
        it: &Assignment,
        n: u64,
        is_good: bool,
        replaced_by: Option<JobId>,
    ) -> Vec<Event> {
        let on = self.attempt(n);
        let verdict =
            |_: &_| if is_good { Verdict::Good } else { Verdict::Scrap { reason: "came loose".into() } };
        let units = it.units.iter().map(|u| UnitResult { unit: u.id, verdict: verdict(u) }).collect();
        vec![
            self.event(it.job, it.epoch, EventKind::StartIntent { on: on.clone() }),
            self.event(it.job, it.epoch, EventKind::Finished { on: on.clone() }),
            self.event(it.job, it.epoch, EventKind::SignedOff { on, units, by: "Mark".into(), replaced_by }),
        ]
    }
}
