//! The orders board: who needs a person, what is due, what is later.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::layout::{Page, PageProblem, clock, show};
use super::words::{self, Clock, Sign};
use crate::hub::Hub;
use crate::store::{AgentRow, OrderRow};
use crate::web::auth::Who;

/// Orders on the board.
const ROWS_MAX: u32 = 200;
/// Held messages of the shop that are shown.
const HELD_MAX: u32 = 5;
/// A workshop is not heard any more after this, milliseconds.
pub(super) const SILENT_MS: i64 = 60_000;
/// Icons of this page.
const ICONS: [&str; 6] = ["s-queued", "s-paused", "s-printing", "s-ready", "s-finished", "s-cancelled"];

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

pub(super) async fn page(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
) -> Result<Response, PageProblem> {
    let clock = clock(&hub);
    let tenant = who.user.tenant;
    let orders = hub.store.orders(tenant, ROWS_MAX).await?;
    let agents = hub.store.agents(tenant).await?;
    let held = hub.store.deliveries(tenant, Some("held".into()), HELD_MAX).await?;
    let group_of = |it: &OrderRow| match it.word.as_str() {
        "On hold" => 0,
        "Shipped" | "Cancelled" => 3,
        _open if it.due_ms.is_some_and(|at| at < clock.now_ms || clock.is_today(at)) => 1,
        _open => 2,
    };
    let titles = [("a", "Need you"), ("b", "Due today"), ("c", "Later"), ("d", "Done")];
    let groups: Vec<Group> = (0..)
        .zip(titles)
        .map(|(n, (id, title))| Group {
            id,
            title,
            rows: orders.iter().filter(|o| group_of(o) == n).map(|o| row(o, &clock)).collect(),
        })
        .filter(|g: &Group| !g.rows.is_empty())
        .collect();
    let counts = |n: u32| orders.iter().filter(|o| group_of(o) == n).count();
    let open = orders.len() - counts(3);
    let title = match (open, counts(0)) {
        (0, _) => "No open orders".to_owned(),
        (open, 0) => format!("{}, all well", words::count(open, "open order", "open orders")),
        (open, 1) => format!("{}, 1 needs you", words::count(open, "open order", "open orders")),
        (open, needs) => format!("{}, {needs} need you", words::count(open, "open order", "open orders")),
    };
    let late =
        orders.iter().filter(|o| group_of(o) != 3 && o.due_ms.is_some_and(|at| at < clock.now_ms)).count();
    let newest = hub.store.activity(tenant, 1).await?;
    let live = newest
        .first()
        .map(|m| format!("{} {}: {}", clock.time(m.at_ms), m.correlation, m.text))
        .unwrap_or_default();
    show(&OrdersPage {
        summary: format!("{} due today · {late} late", counts(1)),
        heard: heard(&agents, clock.now_ms),
        held: held
            .into_iter()
            .map(|h| Held {
                topic: format!("Message {:?} of the shop", h.topic),
                at: clock.time(h.received_ms),
                note: h.note,
            })
            .collect(),
        groups,
        page: Page::new(&hub, &headers, "orders", title).of(&who, &ICONS).saying(live),
    })
}
