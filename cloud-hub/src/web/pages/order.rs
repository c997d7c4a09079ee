//! One order: where it is, what was made, what happened when.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::layout::{Page, clock, show};
use super::words::{self, Clock, Sign};
use crate::hub::Hub;
use crate::store::{JobRow, LineRow, OrderDetail, ShipmentRow};
use crate::web::auth::Who;
use crate::web::permissions::Permission;
use crate::web::problem::Problem;

/// Rows of the outbox that are searched for calls of this order.
const EFFECTS_MAX: u32 = 500;

struct Line {
    title: String,
    chosen: String,
    made_of: String,
    seg: String,
    parts: String,
}

struct Try {
    plate: String,
    state: Sign,
    printer: String,
    when: String,
    what: String,
    /// The job to print again, where that is the question.
    again: String,
}

struct Shipment {
    state: Sign,
    text: String,
    label: String,
}

struct Effect {
    id: String,
    text: String,
}

struct Entry {
    state: Sign,
    stamp: String,
    at: String,
    text: String,
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
    page: Page,
    id: String,
    number: String,
    subtitle: String,
    state: Sign,
    holds: Vec<String>,
    lines: Vec<Line>,
    tries: Vec<Try>,
    shipments: Vec<Shipment>,
    effects: Vec<Effect>,
    waits: Vec<String>,
    timeline: Vec<Entry>,
    trace: String,
    is_held_by_person: bool,
    may_act: bool,
}

fn line(it: &LineRow) -> Line {
    let chosen: Vec<String> = it.properties.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let made_of = match it.kind.as_str() {
        "grid" | "static" => {
            format!("{}: {}", words::count(it.parts.len(), "plate", "plates"), it.parts.join(", "))
        }
        "pick" => "Only packed".into(),
        "none" => "Nothing to send".into(),
        _unresolved => "Not known yet".into(),
    };
    let amount = if it.wanted == 1 { it.title.clone() } else { format!("{} × {}", it.wanted, it.title) };
    let sku = it.readable_sku.as_ref().or(it.sku.as_ref());
    Line {
        title: amount,
        chosen: sku.into_iter().cloned().chain(chosen).collect::<Vec<_>>().join(", "),
        made_of,
        seg: if it.units_n == 0 { String::new() } else { words::seg(it.good_n, 0, it.units_n) },
        parts: words::parts(it.good_n.min(it.units_n), 0, it.units_n),
    }
}

/// Tries are numbered by their place in the chain of replacements.
fn tries(job: &JobRow, place: usize, clock: &Clock) -> Vec<Try> {
    let site = job.site.clone().unwrap_or_else(|| "none yet".into());
    let again = if job.needs_answer { job.id.to_string() } else { String::new() };
    let plate = |n: usize| if n == 1 { job.label.clone() } else { format!("{}, try {n}", job.label) };
    if job.attempts.is_empty() {
        let what = if job.is_wanted { String::new() } else { "No longer wanted".into() };
        return vec![Try {
            plate: plate(place),
            state: words::of_job(&job.state),
            printer: site,
            when: String::new(),
            what,
            again,
        }];
    }
    let last = job.attempts.len() - 1;
    let show = |(n, it): (usize, &crate::store::AttemptRow)| {
        let end = it.ended_ms.map_or_else(String::new, |at| format!(" to {}", clock.time(at)));
        let is_open = it.ended_ms.is_none() && it.note.is_empty();
        let what =
            if is_open { format!("{} % at last word", it.done_permille / 10) } else { it.note.clone() };
        Try {
            plate: plate(place + n),
            state: words::of(&it.state),
            printer: it.printer.clone(),
            when: format!("{}{end}", clock.time(it.started_ms)),
            what,
            again: if n == last { again.clone() } else { String::new() },
        }
    };
    job.attempts.iter().enumerate().map(show).collect()
}

fn all_tries(jobs: &[JobRow], clock: &Clock) -> Vec<Try> {
    let mut out = Vec::new();
    for job in jobs {
        // Replacements come after what they replace: the place is the length of the chain.
        let mut place = 1;
        let mut at = job.replaces;
        while let Some(old) = at.and_then(|id| jobs.iter().find(|j| j.id == id)) {
            place += old.attempts.len().max(1);
            at = old.replaces;
            if place > jobs.len() * 2 {
                break;
            }
        }
        out.extend(tries(job, place, clock));
    }
    out
}

fn shipment(it: &ShipmentRow) -> Shipment {
    let kind = if it.is_test { "Test label" } else { "Label" };
    let number = it.tracking_number.clone().unwrap_or_default();
    let (word, text) = match (it.state.as_str(), &it.fulfillment_id) {
        ("bought", Some(_)) => ("Shipped", format!("{kind} {number}. The shop knows.")),
        ("bought", None) => ("Ready to ship", format!("{kind} {number}. The shop is being told.")),
        ("failed", _) => ("Failed", "This label was not bought.".into()),
        ("cancelled", _) => ("Cancelled", format!("{kind} {number} was given back.")),
        _wanted => ("To do", "The label is being bought.".into()),
    };
    Shipment { state: words::of(word), text, label: it.label_sha256.clone().unwrap_or_default() }
}

fn subtitle(it: &OrderDetail, clock: &Clock) -> String {
    let city = it.address.as_ref().map(|a| a.city.clone()).unwrap_or_default();
    let who =
        [it.row.customer.clone(), city].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(", ");
    let due = it.row.due_ms.map(|at| format!(" · due {}", clock.due(at))).unwrap_or_default();
    format!("{who} · {} {} · came in {}{due}", it.currency, it.total, clock.time(it.row.placed_ms))
}

pub(super) async fn page(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let order = id.parse().map_err(|_not_an_id| Problem::not_found("order"))?;
    let it = hub.store.order(who.user.tenant, order).await?.ok_or_else(|| Problem::not_found("order"))?;
    let clock = clock(&hub);
    let effects = hub.store.effects(who.user.tenant, EFFECTS_MAX).await?;
    let number = it.row.name.trim_start_matches('#').to_owned();
    let entry = |m: &crate::store::Milestone| Entry {
        state: words::of_milestone(&m.kind),
        stamp: crate::clock::stamp(protocol::units::WallMs(m.at_ms)),
        at: clock.time(m.at_ms),
        text: m.text.clone(),
    };
    let live = it.timeline.first().map(|m| format!("{} {}", clock.time(m.at_ms), m.text)).unwrap_or_default();
    let title = format!("Order {number}: {}", it.row.word);
    show(&OrderPage {
        subtitle: subtitle(&it, &clock),
        state: words::of(&it.row.word),
        holds: it.row.holds.iter().map(|h| h.reason.clone()).collect(),
        lines: it.lines.iter().filter(|l| l.wanted > 0).map(line).collect(),
        tries: all_tries(&it.jobs, &clock),
        shipments: it.shipments.iter().map(shipment).collect(),
        waits: effects
            .iter()
            .filter(|e| {
                matches!(e.state.as_str(), "due" | "unknown") && e.order == Some(order) && !e.note.is_empty()
            })
            .map(|e| format!("{} Next try {}.", e.note, clock.time(e.due_ms)))
            .collect(),
        effects: effects
            .into_iter()
            .filter(|e| e.state == "dead" && e.order == Some(order))
            .map(|e| Effect { id: e.id, text: e.note })
            .collect(),
        timeline: it.timeline.iter().map(entry).collect(),
        trace: it.row.correlation.clone(),
        is_held_by_person: it.row.holds.iter().any(|h| h.subject == "person"),
        may_act: Permission::Operate.is_granted_to(&who.user.role)
            && !matches!(it.row.word.as_str(), "Shipped" | "Cancelled"),
        page: Page::new(&hub, &headers, "orders", title).of(&who, format!("/orders/{id}")).saying(live),
        id,
        number,
    })
}
