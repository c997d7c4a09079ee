//! "Did it start?": what to look at, what speaks for and against, and what each answer will do. The page never guesses:
//! no answer is preset or stands out.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use protocol::attempt::{Attempt, Lost, Owner};

use super::{
    act::number,
    layout::{Asked, Page, show},
    look::{Age, Look, title},
    words::{happened, sentence},
};
use crate::{
    ledger::view::AttemptRow,
    printer::{Connection, Doing, PrinterView},
    web::{App, problem::Problem},
};

/// A nozzle or bed above this was heated not long ago, °C.
const WARM_C: f32 = 45.0;

#[derive(Template)]
#[template(path = "unknown.html")]
struct Unknown {
    page: Page,
    what: String,
    printer: String,
    speaks_for: Vec<(String, String)>,
    speaks_against: Vec<(String, String)>,
    attempt: String,
    seen: u64,
    may_be_printing: bool,
    cost: String,
    age: Age,
    log: Vec<(String, String)>,
}

pub(super) async fn page(
    State(app): State<App>,
    Path((incarnation, n)): Path<(String, u64)>,
    asked: Asked,
) -> Result<Response, Problem> {
    let no = number(&incarnation, n)?;
    let look = Look::now(&app).await?;
    let attempt = app.floor.ledger.attempt(no).await?;
    let job = app.floor.ledger.assignment(attempt.job).await?;
    let Attempt::Unknown { lost, seen_running } = attempt.state else {
        let word = attempt.state.word();
        return Err(Problem::not_found(format!("{} is {word} now: it is decided.", title(Some(&job)))));
    };
    let Some(cell) = look.cells.iter().find(|c| c.id == attempt.printer.as_str()).cloned() else {
        return Err(Problem::not_found("Its printer is not in the settings any more."));
    };
    let view = app.floor.station(&attempt.printer)?.handle.view().borrow().clone();
    let (speaks_for, speaks_against) = evidence(&attempt, &view, seen_running, &cell.age.long);
    let log = app.floor.ledger.journal_of(no).await?;
    let h1 = format!("{}: did {} start?", cell.name, title(Some(&job)));
    let started = look.clock.time(attempt.started.0);
    let cost = job.body.due.map(|d| format!(": it is due {}", look.clock.time(d.0))).unwrap_or_default();
    show(&Unknown {
        page: Page::new(&look, &asked, "unknown", h1)
            .saying(format!("{} is Unknown, started {started}", cell.name)),
        what: format!("Started {started}, {} ago. {}", look.clock.span(attempt.started.0), lost_words(lost)),
        printer: cell.name,
        speaks_for,
        speaks_against,
        attempt: no.to_string(),
        seen: cell.seen,
        may_be_printing: attempt.owner == Owner::Printer,
        cost,
        age: cell.age,
        log: log.iter().filter_map(|l| Some((look.clock.second(l.at.0), happened(&l.what)?))).collect(),
    })
}

/// What took the evidence away.
const fn lost_words(lost: Lost) -> &'static str {
    match lost {
        Lost::Link => "The link to the printer was lost.",
        Lost::StartNotConfirmed => "The printer never confirmed the start.",
        Lost::Contradiction => "What the printer said of it cannot be true.",
        Lost::Restart => "The agent was restarted meanwhile.",
        Lost::Restored => "The agent's database was restored from an older copy.",
    }
}

type Hints = Vec<(String, String)>;

/// What speaks for "it started", and what against.
fn evidence(a: &AttemptRow, view: &PrinterView, seen_running: bool, age: &str) -> (Hints, Hints) {
    let (mut speaks_for, mut against) = (Vec::new(), Vec::new());
    let mut add = |is_for: bool, what: String, more: &str| {
        let side = if is_for { &mut speaks_for } else { &mut against };
        side.push((what, sentence(more)));
    };
    if seen_running {
        add(true, "The printer had confirmed this print".into(), "Before it was lost");
    }
    match a.owner {
        Owner::Stream if a.acked_line > 0 => {
            add(
                true,
                format!("{} lines were acknowledged", a.acked_line),
                "Heating comes first, plastic later",
            );
        }
        Owner::Stream => {
            add(false, "No line was acknowledged".into(), "Lines may still have been carried out")
        }
        Owner::Printer => {}
    }
    if a.done.get() > 0 {
        add(true, format!("It was {} % done", a.done.get() / 10), "By the last word");
    }
    let t = view.temperatures;
    for (part, now) in [("Nozzle", t.nozzle_c), ("Bed", t.bed_c)] {
        // A temperature from before the link was lost says nothing about what happened since.
        if let Some(c) = now.filter(|_| view.heard.is_some()) {
            add(c > WARM_C, format!("{part} is {c:.0} °C"), age);
        }
    }
    if let Some(name) = &view.job_name {
        add(true, format!("The printer names a job: {name}"), age);
    }
    let is_up = view.connection == Connection::Up;
    match view.doing {
        Doing::Idle if is_up => add(false, "The printer says that it is idle".into(), age),
        Doing::Printing | Doing::Preparing | Doing::Paused | Doing::Foreign if is_up => {
            add(true, "The printer says that it is busy".into(), age);
        }
        Doing::Idle
        | Doing::Printing
        | Doing::Preparing
        | Doing::Paused
        | Doing::Foreign
        | Doing::Unknown
        | Doing::Ending
        | Doing::NeedsPerson
        | Doing::Faulty => {}
    }
    (speaks_for, against)
}
