//! The orders board: who needs a person, what is due, what is later.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{OriginalUri, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::layout::{Page, clock, show};
use super::words::{self, Clock, Sign};
use crate::hub::Hub;
use crate::store::{AgentRow, InboxRow, OrderRow};
use crate::web::auth::Who;
use crate::web::problem::Problem;

/// Orders on the board.
const ROWS_MAX: u32 = 200;
/// Held messages of the shop that are shown.
const HELD_MAX: u32 = 5;
/// A workshop is not heard any more after this, milliseconds.
pub(super) const SILENT_MS: i64 = 60_000;

struct Row {
    id: String,
    number: String,
    customer: String,
    what: String,
    due: String,
    due_in: String,
    is_late: bool,
    seg: String,
    parts: String,
    state: Sign,
    why: String,
}

struct Group {
    id: &'static str,
    title: &'static str,
    rows: Vec<Row>,
}

struct Heard {
    text: String,
    is_old: bool,
}

struct Held {
    topic: String,
    at: String,
    note: String,
}

#[derive(Template)]
#[template(path = "orders.html")]
struct OrdersPage {
    page: Page,
    summary: String,
    heard: Heard,
    held: Vec<Held>,
    groups: Vec<Group>,
    chips: Vec<Chip>,
    q: String,
    is_narrowed: bool,
}

/// A filter with its count.
struct Chip {
    href: String,
    words: String,
    is_chosen: bool,
}

fn row(it: &OrderRow, clock: &Clock) -> Row {
    let is_open = !matches!(it.state.as_str(), "Completed" | "Cancelled");
    let more = match it.holds.len() {
        0 | 1 => String::new(),
        n => format!(" And {} more.", n - 1),
    };
    Row {
        id: it.id.to_string(),
        number: it.name.trim_start_matches('#').to_owned(),
        customer: it.customer.clone(),
        what: it.what.clone(),
        due: it.due_ms.map(|at| clock.due(at)).unwrap_or_default(),
        due_in: it.due_ms.filter(|_| is_open).map(|at| clock.distance(at)).unwrap_or_default(),
        is_late: is_open && it.due_ms.is_some_and(|at| at < clock.now_ms),
        seg: words::seg(it.good_n, it.printing_n, it.wanted_n),
        parts: words::parts(it.good_n, it.printing_n, it.wanted_n),
        state: words::of(&it.word),
        why: it.holds.first().filter(|_| is_open).map(|h| format!("{}{more}", h.reason)).unwrap_or_default(),
    }
}

/// The oldest word of a workshop that still counts.
fn heard(agents: &[AgentRow], now_ms: i64) -> Heard {
    let oldest = agents.iter().filter(|a| !a.is_revoked).min_by_key(|a| a.contact_ms.unwrap_or(i64::MIN));
    match oldest {
        None => Heard { text: "No workshop connected".into(), is_old: true },
        Some(AgentRow { contact_ms: None, name, .. }) => {
            Heard { text: format!("{name} not heard yet"), is_old: true }
        }
        Some(AgentRow { contact_ms: Some(at), name, .. }) => Heard {
            text: format!("{name} {} old", words::span(now_ms.abs_diff(*at) / 1000)),
            is_old: now_ms - at > SILENT_MS,
        },
    }
}

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    show: String,
    q: String,
}

/// Which orders a chip shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    All,
    Held,
    Late,
    Today,
    Ready,
}

/// Every chip: its filter, its name in the address, its words.
const CHIPS: [(Filter, &str, &str); 5] = [
    (Filter::All, "", "All"),
    (Filter::Held, "hold", "On hold"),
    (Filter::Late, "late", "Late"),
    (Filter::Today, "today", "Due today"),
    (Filter::Ready, "ready", "Ready to ship"),
];

impl Filter {
    fn lets_through(self, it: &OrderRow, clock: &Clock) -> bool {
        let is_open = group_of(it, clock) != DONE;
        match self {
            Self::All => true,
            Self::Held => it.word == "On hold",
            Self::Late => is_open && it.due_ms.is_some_and(|at| at < clock.now_ms),
            Self::Today => is_open && it.due_ms.is_some_and(|at| clock.is_today(at)),
            Self::Ready => it.word == "Ready to ship",
        }
    }
}

/// Titles of the groups, in their order.
const GROUPS: [(&str, &str); 4] = [("a", "Need you"), ("b", "Due today"), ("c", "Later"), ("d", "Done")];
/// The group of closed orders.
const DONE: usize = 3;

fn group_of(it: &OrderRow, clock: &Clock) -> usize {
    match it.word.as_str() {
        "On hold" => 0,
        "Shipped" | "Cancelled" => DONE,
        _open if it.due_ms.is_some_and(|at| at < clock.now_ms || clock.is_today(at)) => 1,
        _open => 2,
    }
}

/// Whether number, name or product contain what was typed.
fn is_found(it: &OrderRow, wanted: &str) -> bool {
    let wanted = wanted.trim().to_lowercase();
    [&it.name, &it.customer, &it.what].iter().any(|text| text.to_lowercase().contains(&wanted))
}

fn chips(orders: &[&OrderRow], chosen: Filter, clock: &Clock) -> Vec<Chip> {
    let chip = |(filter, name, words): (Filter, &str, &str)| Chip {
        href: if name.is_empty() { "/".into() } else { format!("/?show={name}") },
        words: format!("{words} {}", orders.iter().filter(|o| filter.lets_through(o, clock)).count()),
        is_chosen: filter == chosen,
    };
    CHIPS.into_iter().map(chip).collect()
}

fn headline(orders: &[OrderRow], clock: &Clock) -> String {
    let counts = |n: usize| orders.iter().filter(|o| group_of(o, clock) == n).count();
    let open = orders.len() - counts(DONE);
    let all = words::count(open, "open order", "open orders");
    match (open, counts(0)) {
        (0, _) => "No open orders".to_owned(),
        (_, 0) => format!("{all}, all well"),
        (_, 1) => format!("{all}, 1 needs you"),
        (_, needs) => format!("{all}, {needs} need you"),
    }
}

fn held(it: InboxRow, clock: &Clock) -> Held {
    let topic = format!("Message {:?} of the shop", it.topic);
    Held { topic, at: clock.time(it.received_ms), note: it.note }
}

pub(super) async fn page(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    OriginalUri(here): OriginalUri,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let clock = clock(&hub);
    let tenant = who.user.tenant;
    let all = hub.store.orders(tenant, ROWS_MAX).await?;
    let agents = hub.store.agents(tenant).await?;
    let unread = hub.store.deliveries(tenant, Some("held".into()), HELD_MAX).await?;
    let filter = CHIPS.iter().find(|(_, name, _)| *name == asked.show).map_or(Filter::All, |(f, ..)| *f);
    let found: Vec<&OrderRow> = all.iter().filter(|o| is_found(o, &asked.q)).collect();
    let rows = |n: usize| {
        let shown = found.iter().filter(|o| group_of(o, &clock) == n && filter.lets_through(o, &clock));
        shown.map(|o| row(o, &clock)).collect()
    };
    let groups = GROUPS.into_iter().enumerate().map(|(n, (id, title))| Group { id, title, rows: rows(n) });
    let newest = hub.store.activity(tenant, 1).await?;
    let live = newest.first().map(|m| format!("{} {}: {}", clock.time(m.at_ms), m.correlation, m.text));
    let here = here.path_and_query().map_or("/", |p| p.as_str());
    let count = |f: Filter| all.iter().filter(|o| f.lets_through(o, &clock)).count();
    show(&OrdersPage {
        summary: format!("{} due today · {} late", count(Filter::Today), count(Filter::Late)),
        heard: heard(&agents, clock.now_ms),
        held: unread.into_iter().map(|it| held(it, &clock)).collect(),
        groups: groups.filter(|g| !g.rows.is_empty()).collect(),
        chips: chips(&found, filter, &clock),
        is_narrowed: filter != Filter::All || !asked.q.is_empty(),
        page: Page::new(&hub, &headers, "orders", headline(&all, &clock))
            .of(&who, here)
            .saying(live.unwrap_or_default()),
        q: asked.q,
    })
}
