//! One printer: what it does, when it is done, how to stop it, what is loaded.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use firmware_profiles::Verified;
use protocol::{
    attempt::Attempt,
    bed::{Bed, Cause},
    ids::PrinterId,
};
use tokio::time::Instant;

use super::{
    form::Action,
    layout::{Asked, Fact, Page, show},
    look::{Cell, Look, loaded, made_of, title},
    picture::{self, Plot},
    words::{Sign, count, happened, sentence, sign},
};
use crate::{
    floor::Station,
    ledger::view::AttemptRow,
    web::{App, cause, problem::Problem},
};

/// Tries shown.
const TRIES_MAX: usize = 8;
/// Lines of the newest try shown.
const LOG_MAX: usize = 20;

/// One try on this printer.
#[derive(Debug)]
struct Try {
    plate: String,
    sign: Sign,
    from: String,
    what: String,
}

#[derive(Template)]
#[template(path = "printer.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is one question that the template asks")]
struct PrinterPage {
    page: Page,
    cell: Cell,
    facts: Vec<Fact>,
    urgent: Vec<Action>,
    job_facts: Vec<Fact>,
    plot: Option<Plot>,
    tries: Vec<Try>,
    controls: Vec<Action>,
    has_print: bool,
    loss: String,
    open_more: bool,
    materials: Vec<(String, bool)>,
    color: String,
    is_out_of_service: bool,
    needs_confirming: bool,
    log: Vec<(String, String)>,
}

pub(super) async fn page(
    State(app): State<App>,
    Path(printer): Path<PrinterId>,
    asked: Asked,
) -> Result<Response, Problem> {
    let look = Look::now(&app).await?;
    let station = app.floor.station(&printer)?;
    let Some(cell) = look.cells.iter().find(|c| c.id == printer.as_str()).cloned() else {
        return Err(Problem::not_found("There is no such printer."));
    };
    let csrf = asked.caller.csrf.clone().unwrap_or_default();
    let live = look.snapshot.live_on(&printer);
    let here = look.snapshot.attempts.iter().filter(|a| a.printer == printer);
    let newest = here.clone().max_by_key(|a| a.started);
    let log = match newest {
        Some(a) => app.floor.ledger.journal_of(a.no).await?,
        None => Vec::new(),
    };
    let log = log.iter().rev().filter_map(|l| Some((look.clock.second(l.at.0), happened(&l.what)?)));
    let log = log.take(LOG_MAX).collect();
    let said = look.snapshot.printers.get(&printer).cloned().unwrap_or_default();
    let is_loaded = |name: &str| said.material.as_deref() == Some(name);
    let materials = app.floor.library.materials().map(|m| (m.name.clone(), is_loaded(&m.name))).collect();
    let needs_confirming = station.profile.verified == Verified::Simulated
        && said.confirmed_profile.as_deref() != Some(station.profile.id.as_str());
    let name_title = match cell.done_at_ms {
        Some(ms) => format!("{}: {}, done {}", cell.name, cell.sign.word, look.clock.time(ms)),
        None => format!("{}: {}", cell.name, cell.sign.word),
    };
    let has_print =
        live.is_some_and(|a| matches!(a.state, Attempt::Starting | Attempt::Printing | Attempt::Paused));
    let loss = live.map_or_else(String::new, |a| {
        format!(
            "{} of printing are lost. The plate is printed again only if you say so.",
            look.clock.span(a.started.0)
        )
    });
    show(&PrinterPage {
        page: Page::new(&look, &asked, "printer", name_title),
        facts: facts(&look, station, &cell, live),
        urgent: urgent(&look, station, &cell, &csrf),
        job_facts: newest.map(|a| job_facts(&look, a)).unwrap_or_default(),
        plot: picture::plot(&station.heat.recent(Instant::now()), Instant::now(), &look.clock),
        tries: here.take(TRIES_MAX).map(|a| one_try(&look, a)).collect(),
        controls: controls(&cell, live, &csrf),
        has_print,
        loss,
        open_more: needs_confirming || said.material.is_none() || cell.sign.word == "Offline",
        materials,
        color: said.color.unwrap_or_default(),
        is_out_of_service: said.out_of_service.is_some(),
        needs_confirming,
        log,
        cell,
    })
}

fn facts(look: &Look, station: &Station, cell: &Cell, live: Option<&AttemptRow>) -> Vec<Fact> {
    let t = station.handle.view().borrow().temperatures;
    let of = |now: Option<f32>, target: Option<f32>| match (now, target) {
        (Some(now), Some(target)) => format!("{now:.0} / {target:.0} °C"),
        (Some(now), None) => format!("{now:.0} °C"),
        (None, _) => "not known".to_owned(),
    };
    let mut facts = Vec::new();
    if let Some(ms) = cell.done_at_ms {
        let left = format!("{} left", look.clock.span(ms));
        facts.push(Fact { class: "hero", ..Fact::new("Done at", look.clock.time(ms), left) });
    }
    if let Some(a) = live {
        let ago = format!("{} ago", look.clock.span(a.started.0));
        facts.push(Fact::new("Started", look.clock.time(a.started.0), ago));
    }
    facts.push(Fact::new("Nozzle", of(t.nozzle_c, t.nozzle_target_c), ""));
    facts.push(Fact::new("Bed", of(t.bed_c, t.bed_target_c), cell.bed.clone()));
    facts.push(Fact::new("Loaded", loaded(&look.snapshot, &station.settings.id), ""));
    facts
}

fn job_facts(look: &Look, a: &AttemptRow) -> Vec<Fact> {
    let Some(job) = look.snapshot.assignment(a.job) else { return Vec::new() };
    let order = job.body.order_label.clone().unwrap_or_else(|| "Made here".into());
    let due = job.body.due.map_or_else(|| "No time set".to_owned(), |d| look.clock.time(d.0));
    vec![
        Fact::new("Plate", title(Some(job)), made_of(job)),
        Fact::new("Order", order, ""),
        Fact::new("Due", due, ""),
    ]
}

fn one_try(look: &Look, a: &AttemptRow) -> Try {
    let until = a.ended.map_or_else(|| "now".to_owned(), |t| look.clock.time(t.0));
    Try {
        plate: title(look.snapshot.assignment(a.job)),
        sign: sign(a.state.word()),
        from: format!("{} to {until}", look.clock.time(a.started.0)),
        what: a.evidence.as_deref().map(sentence).unwrap_or_default(),
    }
}

/// The one action that this state asks for.
fn urgent(look: &Look, station: &Station, cell: &Cell, csrf: &str) -> Vec<Action> {
    let id = &station.settings.id;
    if let Some(a) = look.snapshot.live_on(id) {
        let is_unknown = matches!(a.state, Attempt::Unknown { .. });
        let decide = Action::link(format!("/unknown/{}", a.no), "Decide: did it start?", "");
        return if is_unknown { vec![decide] } else { Vec::new() };
    }
    let Some(row) = look.snapshot.beds.get(id) else { return Vec::new() };
    let Bed::Occupied(on_it) = row.bed else { return Vec::new() };
    if let Cause::Attempt(no) = on_it
        && let Some(a) = look.snapshot.attempts.iter().find(|a| a.no == no)
        && !a.is_counted
        && (a.state == Attempt::Finished || matches!(a.state, Attempt::Failed { may_have_printed: true, .. }))
    {
        let n = look.snapshot.assignment(a.job).map_or(1, |j| j.body.units.len());
        return vec![Action::link(
            format!("/finish/{no}"),
            format!("Sign off {}", count(n, "part", "parts")),
            "",
        )];
    }
    let clear = Action::post(format!("/p/{id}/clear"), "Bed is clear", csrf, cell.seen);
    vec![clear.with("cause", cause::text(on_it))]
}

fn controls(cell: &Cell, live: Option<&AttemptRow>, csrf: &str) -> Vec<Action> {
    let of = |what: &str, label: &str| {
        let post = Action::post(format!("/p/{}/{what}", cell.id), label, csrf, cell.seen);
        vec![post.like("btn full big")]
    };
    match live.map(|a| a.state) {
        Some(Attempt::Printing) => of("pause", "Pause"),
        Some(Attempt::Paused) => of("resume", "Resume"),
        Some(
            Attempt::Starting
            | Attempt::Finished
            | Attempt::Failed { .. }
            | Attempt::Cancelled
            | Attempt::Unknown { .. },
        )
        | None => Vec::new(),
    }
}
