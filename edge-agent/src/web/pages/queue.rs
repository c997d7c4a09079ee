//! The queue: what waits, why, and the one thing that unblocks it.

use std::collections::BTreeMap;

use askama::Template;
use axum::{extract::State, response::Response};
use protocol::{
    assignment::Assignment as JobState, attempt::Attempt, bed::Cause, ids::PrinterId, units::WallMs,
    wire::v1::Purpose,
};

use super::{
    form::Action,
    layout::{Asked, Page, show},
    look::{Look, Why, is_stuck, made_of, title},
    words::{Sign, count, sentence, sign},
};
use crate::{
    ledger::view::AssignmentRow,
    scheduler::Reason,
    web::{App, problem::Problem},
};

/// How long a plate that cannot be made is shown, milliseconds: a day.
const REFUSED_MS: i64 = 86_400_000;

/// One place up or down.
#[derive(Debug)]
struct Step {
    to: &'static str,
    words: &'static str,
    is_possible: bool,
}

/// One waiting plate.
#[derive(Debug)]
struct Row {
    title: String,
    job: String,
    seen: u64,
    only: String,
    sign: Sign,
    sub: String,
    due: String,
    is_late: bool,
    lead: &'static str,
    why: String,
    unblock: Option<Action>,
    steps: Vec<Step>,
    printers: Vec<(String, String)>,
    more: Vec<Action>,
}

#[derive(Template)]
#[template(path = "queue.html")]
struct Queue {
    page: Page,
    rows: Vec<Row>,
    printers: Vec<(String, String)>,
    bring: Vec<(String, String)>,
    refused: Vec<(String, String, String)>,
    for_hub: Vec<(String, String)>,
}

pub(super) async fn page(State(app): State<App>, asked: Asked) -> Result<Response, Problem> {
    let look = Look::now(&app).await?;
    let csrf = asked.caller.csrf.clone().unwrap_or_default();
    let maker = Maker { look: &look, csrf: &csrf };
    let mut rows = maker.undecided();
    let last = look.waiting_n().saturating_sub(1);
    rows.extend(look.waiting.iter().enumerate().filter_map(|(n, (job, why))| {
        let job = look.snapshot.assignment(*job)?;
        let step = |to, words, is_possible| Step { to, words, is_possible };
        let steps = vec![step("up", "Up", n > 0), step("down", "Down", n < last)];
        Some(Row { steps, ..maker.row(job, why) })
    }));
    for (n, row) in rows.iter_mut().enumerate() {
        row.title = format!("{}. {}", n + 1, row.title);
    }
    let stuck = look.stuck_n() + rows.iter().filter(|r| r.sign.word == "Unknown").count();
    let all = count(rows.len(), "plate", "plates");
    let h1 = match stuck {
        0 => format!("{all}, none is stuck"),
        1 => format!("{all}, 1 is stuck"),
        n => format!("{all}, {n} are stuck"),
    };
    let printers = look.cells.iter().map(|c| (c.id.clone(), c.name.clone())).collect();
    let bring = bring(&look);
    let refused = app.floor.ledger.refused(WallMs(look.clock.now_ms - REFUSED_MS)).await?;
    let refused =
        refused.into_iter().map(|r| (r.label, sentence(&r.reason), look.clock.time(r.at.0))).collect();
    let for_hub = look.for_hub().map(for_hub).collect();
    show(&Queue { page: Page::new(&look, &asked, "queue", h1), rows, printers, bring, refused, for_hub })
}

/// A file that nobody prints, and how far it is.
fn for_hub(job: &AssignmentRow) -> (String, String) {
    let words = match (&job.reason, job.state) {
        (Some(reason), _) => sentence(reason),
        (None, JobState::Ready) => "Made. It goes there as soon as the hub answers.".into(),
        (None, _) => "Is being made.".into(),
    };
    (job.label.clone(), words)
}

/// Materials that are missing, with how many plates wait for each.
fn bring(look: &Look) -> Vec<(String, String)> {
    let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
    for (job, why) in &look.waiting {
        let is_missing = |r: &Reason| {
            matches!(r, Reason::NothingLoaded | Reason::WrongMaterial { .. } | Reason::WrongColor { .. })
        };
        if let Some(job) = look.snapshot.assignment(*job)
            && why.iter().all(|(_, reasons)| reasons.iter().any(is_missing))
        {
            *wanted.entry(material(job)).or_default() += 1;
        }
    }
    wanted
        .into_iter()
        .map(|(m, n)| (m, format!("{} for it.", count(n, "plate waits", "plates wait"))))
        .collect()
}

fn material(job: &AssignmentRow) -> String {
    let color = job.body.wants.color.as_deref().unwrap_or_default();
    format!("{} {color}", crate::scheduler::matching::material_of(job)).trim().to_owned()
}

struct Maker<'a> {
    look: &'a Look,
    csrf: &'a str,
}

impl Maker<'_> {
    /// Plates that may or may not have started: they block until somebody decides.
    fn undecided(&self) -> Vec<Row> {
        let of = |job: &AssignmentRow| {
            let attempt = self.look.snapshot.newest_of(job.job())?;
            if !matches!(attempt.state, Attempt::Unknown { .. }) {
                return None;
            }
            let printer = self.name(&attempt.printer);
            let link =
                Action::link(format!("/unknown/{}", attempt.no), "Decide: did it start?", "").like("btn");
            Some(Row {
                sign: sign("Unknown"),
                lead: "Stuck:",
                why: format!(
                    "may already have started on {printer}. It will not be started again by itself."
                ),
                unblock: Some(link.of(title(Some(job)))),
                printers: Vec::new(),
                more: Vec::new(),
                ..self.row(job, &Vec::new())
            })
        };
        self.look.snapshot.open.iter().filter_map(of).collect()
    }

    fn row(&self, job: &AssignmentRow, why: &Why) -> Row {
        let due = job.body.due;
        let best = why.iter().min_by_key(|(_, reasons)| cost(reasons));
        let (lead, words) = self.why(job, why, best);
        let reasons = |reasons: &Vec<Reason>| {
            let all: Vec<_> = reasons.iter().map(Reason::words).collect();
            if all.is_empty() { "Starts it next.".to_owned() } else { sentence(&all.join("; ")) }
        };
        Row {
            title: title(Some(job)),
            job: job.job().to_string(),
            seen: job.version.get(),
            only: job.only_printer.as_ref().map(ToString::to_string).unwrap_or_default(),
            sign: sign(job.state.word()),
            sub: made_of(job),
            due: due.map(|d| self.look.clock.time(d.0)).unwrap_or_default(),
            is_late: due.is_some_and(|d| d.0 < self.look.clock.now_ms),
            lead,
            why: words,
            steps: Vec::new(),
            unblock: if job.is_held {
                Some(self.post(job, "unhold", "Release").like("btn"))
            } else {
                best.and_then(|(printer, reasons)| self.unblock(job, printer, reasons))
            },
            printers: why.iter().map(|(p, r)| (self.name(p), reasons(r))).collect(),
            more: self.more(job),
        }
    }

    fn why(
        &self,
        job: &AssignmentRow,
        why: &Why,
        best: Option<&(PrinterId, Vec<Reason>)>,
    ) -> (&'static str, String) {
        if let Some(reason) = &job.reason {
            return ("Stuck:", sentence(reason));
        }
        if job.is_held {
            return ("Waits on purpose:", "Somebody here holds it.".into());
        }
        let Some((printer, reasons)) = best else {
            return ("Stuck:", "There is no printer here.".into());
        };
        let main = reasons.iter().find(|r| r.needs_a_person()).or_else(|| reasons.first());
        let Some(main) = main else { return ("", format!("{} starts it next.", self.name(printer))) };
        let words = format!("{}: {}.", self.name(printer), main.words());
        if is_stuck(why) { ("Why not yet:", words) } else { ("Waits:", words) }
    }

    fn unblock(&self, job: &AssignmentRow, printer: &PrinterId, reasons: &[Reason]) -> Option<Action> {
        let name = self.name(printer);
        let page = |label: String| Some(Action::link(format!("/p/{printer}"), label, "").like("btn"));
        match reasons.iter().find(|r| r.needs_a_person())? {
            Reason::Held => Some(self.post(job, "unhold", "Release").like("btn")),
            Reason::WantsOtherPrinter(_) => {
                Some(self.post(job, "move", "Any printer").with("printer", "").like("btn"))
            }
            Reason::NothingLoaded | Reason::WrongMaterial { .. } | Reason::WrongColor { .. } => {
                page(format!("Load {} on {name}", material(job)))
            }
            Reason::NoNews => page(format!("Check cable of {name}")),
            Reason::PortClosed => page(format!("Decide what {name} did")),
            Reason::BedNotClear(Cause::Attempt(no)) => {
                let is_uncounted = |a: &&crate::ledger::view::AttemptRow| {
                    a.no == *no && a.state == Attempt::Finished && !a.is_counted
                };
                match self.look.snapshot.attempts.iter().find(is_uncounted) {
                    Some(_) => {
                        let label = format!("Sign off {name}");
                        Some(Action::link(format!("/finish/{no}"), label, "").like("btn"))
                    }
                    None => page(format!("Clear {name}")),
                }
            }
            Reason::BedNotClear(_) => page(format!("Clear {name}")),
            Reason::OutOfService(_) => page(format!("Put {name} back in service")),
            Reason::NotConfirmed(_) => page(format!("Confirm the model of {name}")),
            Reason::WrongClass
            | Reason::MissingTag(_)
            | Reason::TooLarge { .. }
            | Reason::WrongNozzle { .. }
            | Reason::TooLate => Some(self.give_back(job).like("btn")),
            Reason::HubPauses
            | Reason::NoRight(_)
            | Reason::DiskFull
            | Reason::NotReady(_)
            | Reason::NotSliced
            | Reason::Busy(_)
            | Reason::ArtifactGone
            | Reason::LogFull => None,
        }
    }

    fn more(&self, job: &AssignmentRow) -> Vec<Action> {
        if job.state == JobState::Started {
            return Vec::new();
        }
        let hold = if job.is_held {
            self.post(job, "unhold", "Release")
        } else {
            self.post(job, "hold", "Hold it here")
        };
        vec![hold, self.give_back(job)]
    }

    fn give_back(&self, job: &AssignmentRow) -> Action {
        let label = match job.body.purpose {
            Purpose::Local => "Drop it",
            Purpose::Order { .. } | Purpose::Stock { .. } => "Send back to hub",
        };
        self.post(job, "give-back", label)
    }

    fn post(&self, job: &AssignmentRow, what: &str, label: &str) -> Action {
        let to = format!("/jobs/{}/{what}", job.job());
        Action::post(to, label, self.csrf, job.version.get()).of(title(Some(job))).like("btn q")
    }

    fn name(&self, printer: &PrinterId) -> String {
        let cell = self.look.cells.iter().find(|c| c.id == printer.as_str());
        cell.map_or_else(|| printer.to_string(), |c| c.name.clone())
    }
}

/// How far a printer is from starting a job: what cannot be changed there counts most.
fn cost(reasons: &[Reason]) -> u32 {
    let of = |reason: &Reason| match reason {
        Reason::WrongClass | Reason::TooLarge { .. } | Reason::WrongNozzle { .. } => 1_000,
        Reason::MissingTag(_) | Reason::OutOfService(_) | Reason::WantsOtherPrinter(_) => 100,
        Reason::NoNews | Reason::PortClosed => 30,
        Reason::NothingLoaded
        | Reason::WrongMaterial { .. }
        | Reason::WrongColor { .. }
        | Reason::NotConfirmed(_) => 10,
        Reason::BedNotClear(_) | Reason::Busy(_) => 3,
        Reason::Held
        | Reason::HubPauses
        | Reason::NotReady(_)
        | Reason::NotSliced
        | Reason::NoRight(_)
        | Reason::LogFull
        | Reason::DiskFull
        | Reason::ArtifactGone
        | Reason::TooLate => 1,
    };
    reasons.iter().map(of).sum()
}
