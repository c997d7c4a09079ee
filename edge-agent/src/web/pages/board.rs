//! The board: who needs a hand, in the order of urgency, and every printer in the order of the shelves.

use askama::Template;
use axum::{extract::State, response::Response};
use protocol::{
    attempt::Attempt,
    bed::{Bed, Cause},
};

use super::{
    form::Action,
    layout::{Asked, Page, show},
    look::{Cell, Look, title},
    words::{SIGNS, Sign, count, sentence, sign},
};
use crate::{
    ledger::view::AttemptRow,
    printer::Connection,
    scheduler::{Reason, reasons::bed_words},
    web::{App, cause, problem::Problem},
};

/// One thing for a person to do.
#[derive(Debug)]
pub(super) struct Need {
    /// Place in the order of urgency, then late orders, then the longest wait.
    order: (u8, bool, i64),
    pub(super) sign: Sign,
    pub(super) name: String,
    pub(super) wait: String,
    why: String,
    pub(super) action: Action,
}

/// A bed that nobody watched.
#[derive(Debug)]
struct UnwatchedBed {
    name: String,
    why: String,
    value: String,
}

#[derive(Template)]
#[template(path = "board.html")]
struct Board {
    page: Page,
    h1: String,
    needs: Vec<Need>,
    all_clear: String,
    beds: Vec<UnwatchedBed>,
    fleet_title: String,
    tallies: Vec<(Sign, usize)>,
    cells: Vec<Cell>,
}

pub(super) async fn page(State(app): State<App>, asked: Asked) -> Result<Response, Problem> {
    let look = Look::now(&app).await?;
    let csrf = asked.caller.csrf.clone().unwrap_or_default();
    let needs = needs(&look, &csrf);
    let n = needs.len();
    let need = if n == 1 { "1 needs you".to_owned() } else { format!("{n} need you") };
    let live = match needs.first() {
        Some(first) => format!("{need}. First: {} is {}", first.name, first.sign.word),
        None => "All clear".into(),
    };
    let page = Page::new(&look, &asked, "board", format!("{need} · Board")).saying(live);
    let next = look.cells.iter().filter_map(|c| Some((c.done_at_ms?, &c.name))).min();
    let all_clear = match next {
        Some((ms, name)) => format!("All clear. Next: {name} {}.", look.clock.time(ms)),
        None => "All clear.".into(),
    };
    let h1 = format!("Board: {n} of {} need you", count(look.cells.len(), "printer", "printers"));
    let of = |s: Sign| (s, look.cells.iter().filter(|c| c.sign == s).count());
    let tallies = SIGNS.into_iter().filter(|s| !s.loud).map(of).filter(|(_, n)| *n > 0).collect();
    let fleet_title = count(look.cells.len(), "printer", "printers");
    let beds = unwatched(&look);
    show(&Board { page, h1, needs, all_clear, beds, fleet_title, tallies, cells: look.cells })
}

/// Beds in doubt although nothing of ours is on them: several are cleared by one tap that lists them.
fn unwatched(look: &Look) -> Vec<UnwatchedBed> {
    let stations = look.app.floor.stations.iter();
    let one = |s: &crate::floor::Station| {
        let id = &s.settings.id;
        let row = look.snapshot.beds.get(id)?;
        match row.bed {
            Bed::Occupied(cause @ (Cause::Unobserved | Cause::NewPrinter | Cause::Restore))
                if look.snapshot.live_on(id).is_none() =>
            {
                Some(UnwatchedBed {
                    name: s.settings.name.clone(),
                    why: bed_words(cause).to_owned(),
                    value: format!("{id} {} {}", cause::text(cause), row.version.get()),
                })
            }
            Bed::Occupied(_) | Bed::Clear(_) => None,
        }
    };
    stations.filter_map(one).collect()
}

/// Everything that a person has to do, most urgent first.
pub(super) fn needs(look: &Look, csrf: &str) -> Vec<Need> {
    let stations = look.app.floor.stations.iter().zip(&look.cells);
    let mut all: Vec<_> =
        stations.filter_map(|(station, cell)| Maker { look, csrf, station, cell }.need()).collect();
    all.sort_by_key(|n| n.order);
    all
}

struct Maker<'a> {
    look: &'a Look,
    csrf: &'a str,
    station: &'a crate::floor::Station,
    cell: &'a Cell,
}

impl Maker<'_> {
    fn need(&self) -> Option<Need> {
        let id = &self.cell.id;
        let live = self.look.snapshot.live_on(&self.station.settings.id);
        let name = self.cell.name.as_str();
        let since = live.map(|a| a.started.0);
        let at = format!("/p/{id}");
        match self.cell.sign.word {
            "Attention" => {
                let why = format!("{}. {}", self.cell.line1, self.cell.line2);
                Some(self.make(0, since, why, Action::link(at, "See what it needs", name)))
            }
            "Unknown" => Some(match live {
                Some(a) => {
                    let job = title(self.look.snapshot.assignment(a.job));
                    let why =
                        format!("{job} may or may not have started, {}.", self.look.clock.time(a.started.0));
                    let to = format!("/unknown/{}", a.no);
                    self.make(1, since, why, Action::link(to, "Decide: did it start?", name))
                }
                None => {
                    let why = format!("{}. {}", self.cell.line1, self.cell.line2);
                    self.make(1, since, why, Action::link(at, "See what it says", name))
                }
            }),
            "Paused" => Some(match &self.cell.message {
                Some(asks) => {
                    let why = format!("It says: “{asks}”");
                    self.make(2, since, why, Action::link(at, "Answer", name))
                }
                None => {
                    let resume = format!("/p/{id}/resume");
                    let resume = Action::post(resume, "Resume", self.csrf, self.cell.seen).of(name);
                    self.make(2, since, "Held by a person.".into(), resume.with("back", "/"))
                }
            }),
            "Needs clearing" => Some(self.clearing()),
            // A finished plate can be counted although its printer is switched off.
            "Offline" if self.uncounted().is_some() => Some(self.clearing()),
            "Offline" if self.look.waiting_n() > 0 => {
                let why = match &self.station.handle.view().borrow().connection {
                    Connection::Closed { why } => sentence(why),
                    Connection::Opening | Connection::Up | Connection::Halted { .. } | Connection::Silent => {
                        "It does not answer.".to_owned()
                    }
                };
                Some(self.make(5, None, format!("{why} Work waits."), Action::link(at, "Check cable", name)))
            }
            _quiet => None,
        }
    }

    /// The ended print on this bed whose parts nobody has counted.
    fn uncounted(&self) -> Option<&AttemptRow> {
        let countable = |a: &&AttemptRow| match a.state {
            Attempt::Finished | Attempt::Failed { may_have_printed: true, .. } => !a.is_counted,
            Attempt::Failed { may_have_printed: false, .. }
            | Attempt::Starting
            | Attempt::Printing
            | Attempt::Paused
            | Attempt::Cancelled
            | Attempt::Unknown { .. } => false,
        };
        let here = |a: &&AttemptRow| a.printer == self.station.settings.id;
        self.look.snapshot.attempts.iter().filter(here).find(countable)
    }

    fn clearing(&self) -> Need {
        let row = self.look.snapshot.beds.get(&self.station.settings.id);
        let since = row.map(|r| r.since.0);
        let order = if self.work_waits_for_it() { 3 } else { 4 };
        if let Some(a) = self.uncounted() {
            let job = self.look.snapshot.assignment(a.job);
            let n = job.map_or(1, |j| j.body.units.len());
            let why = format!("{} is {}: {}.", title(job), a.state.word(), self.cell.line2.to_lowercase());
            let label = format!("Sign off {}", count(n, "part", "parts"));
            let ended = a.ended.map(|t| t.0).or(since);
            let act = Action::link(format!("/finish/{}", a.no), label, format!("on {}", self.cell.name));
            return Need { sign: sign("Needs clearing"), ..self.make(order, ended, why, act) };
        }
        let why = format!("{}. {}", self.cell.line1.trim(), self.cell.line2);
        let on_it = match row.map(|r| r.bed) {
            Some(Bed::Occupied(cause)) => cause::text(cause),
            Some(Bed::Clear(_)) | None => cause::text(Cause::NewPrinter),
        };
        let clear = format!("/p/{}/clear", self.cell.id);
        let clear = Action::post(clear, "Bed is clear", self.csrf, self.cell.seen);
        let clear = clear.of(format!("on {}", self.cell.name)).with("cause", on_it).with("back", "/");
        self.make(order, since, why, clear)
    }

    /// Whether a job would start here if the bed were clear.
    fn work_waits_for_it(&self) -> bool {
        let id = &self.station.settings.id;
        let only_bed = |r: &Reason| matches!(r, Reason::BedNotClear(_));
        self.look.waiting.iter().any(|(_, why)| why.iter().any(|(p, r)| p == id && r.iter().all(only_bed)))
    }

    fn make(&self, order: u8, since: Option<i64>, why: String, action: Action) -> Need {
        let live = self.look.snapshot.live_on(&self.station.settings.id);
        let due = live.and_then(|a| self.look.snapshot.assignment(a.job)?.body.due);
        let is_late = due.is_some_and(|due| due.0 < self.look.clock.now_ms);
        Need {
            // `false` sorts first.
            order: (order, !is_late, since.unwrap_or(i64::MAX)),
            sign: self.cell.sign,
            name: self.cell.name.clone(),
            wait: since.map(|ms| self.look.clock.span(ms)).unwrap_or_default(),
            why,
            action,
        }
    }
}
