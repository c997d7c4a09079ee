//! One look at the floor, as pages need it: a card per printer, the strip, and why what waits is waiting.

use std::collections::BTreeSet;

use protocol::{
    assignment::Assignment as JobState,
    attempt::Attempt,
    bed::{Bed, Cause},
    ids::JobId,
    wire::v1::Kind,
};

use super::{
    layout::{Fact, clock},
    picture,
    words::{Clock, Sign, count, sentence, sign, span},
};
use crate::{
    files,
    floor::Station,
    ledger::{
        LedgerError,
        view::{AssignmentRow, AttemptRow, Snapshot},
    },
    printer::{Connection, PrinterView},
    scheduler::{
        Reason, Scheduler, guards::Room, matching::material_of, reasons::bed_words, summary::state_word,
    },
    sync::Link,
    web::App,
};

/// Telemetry older than this is shown as old, seconds.
const OLD_AFTER_S: u64 = 15;
/// Waiting jobs whose reasons are worked out for one page.
const REASONED_MAX: usize = 50;

/// Age of what is shown.
#[derive(Debug, Clone)]
pub(super) struct Age {
    pub(super) text: String,
    pub(super) long: String,
    pub(super) is_old: bool,
}

/// One printer's card.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) model: String,
    pub(super) sign: Sign,
    pub(super) seen: u64,
    pub(super) job: String,
    pub(super) sub: String,
    /// What lies or prints on the bed, drawn.
    pub(super) picture: String,
    pub(super) percent: Option<u16>,
    pub(super) line1: String,
    pub(super) line2: String,
    pub(super) nozzle: String,
    pub(super) bed_c: String,
    pub(super) bed: String,
    pub(super) age: Age,
    /// When it will be done, wall clock.
    pub(super) done_at_ms: Option<i64>,
    pub(super) message: Option<String>,
}

/// Printers by why a job does not start there; an empty list of reasons: it does.
pub(super) type Why = Vec<(protocol::ids::PrinterId, Vec<Reason>)>;

/// The floor at one moment.
pub(super) struct Look {
    pub(super) app: App,
    pub(super) clock: Clock,
    pub(super) snapshot: Snapshot,
    pub(super) cells: Vec<Cell>,
    /// What waits, in order, with its reasons.
    pub(super) waiting: Vec<(JobId, Why)>,
    events_waiting: u64,
}

/// A plate that no printer has begun.
fn waits(job: &AssignmentRow) -> bool {
    job.body.kind == Kind::Print && job.state != JobState::Started
}

impl Look {
    /// Looks now.
    pub(super) async fn now(app: &App) -> Result<Self, LedgerError> {
        let snapshot = app.floor.ledger.snapshot().await?;
        let sync = app.floor.ledger.sync_state().await?;
        let free = files::free_bytes(&app.config.site.data_dir).unwrap_or(0);
        let room = Room { disk_has_room: free >= app.config.limits.free_bytes_min };
        let clock = clock(app);
        let stations = app.floor.stations.iter();
        let cells = stations.map(|s| cell(s, &snapshot, &clock)).collect();
        let waiting = snapshot.open.iter().filter(|j| waits(j)).take(REASONED_MAX);
        let why = |j: &AssignmentRow| (j.job(), Scheduler::why(&app.floor, &snapshot, j, room));
        let waiting = waiting.map(why).collect();
        let events_waiting = sync.last_seq.get().saturating_sub(sync.acked_seq.get());
        Ok(Self { app: app.clone(), clock, cells, waiting, events_waiting, snapshot })
    }

    /// Jobs that have not begun.
    pub(super) fn waiting_n(&self) -> usize {
        self.snapshot.open.iter().filter(|j| waits(j)).count()
    }

    /// Files that the hub wants and nobody prints.
    pub(super) fn for_hub(&self) -> impl Iterator<Item = &AssignmentRow> {
        self.snapshot.open.iter().filter(|j| j.body.kind == Kind::SliceOnly)
    }

    /// Jobs that will not begin unless somebody does something.
    pub(super) fn stuck_n(&self) -> usize {
        self.waiting.iter().filter(|(_, why)| is_stuck(why)).count()
    }

    /// The same four answers on every page.
    pub(super) fn strip(&self) -> Vec<Fact> {
        let live = self.cells.iter().filter(|c| !c.age.is_old).count();
        let all = self.cells.len();
        let stuck = self.stuck_n();
        let mut done: Vec<_> =
            self.cells.iter().filter_map(|c| Some((c.done_at_ms?, c.name.as_str()))).collect();
        done.sort_unstable();
        let mut done = done.into_iter();
        let next = done.next();
        let finish = next.map_or_else(
            || Fact::new("Next finish", "None", "Nothing is printing."),
            |(ms, name)| {
                let then = done.next().map(|(ms, name)| format!(" Then {name} {}.", self.clock.time(ms)));
                let more = format!("in {}.{}", self.clock.span(ms), then.unwrap_or_default());
                Fact::new("Next finish", format!("{name} {}", self.clock.time(ms)), more)
            },
        );
        let age = if live == all { "All data is new" } else { "The others say nothing new" };
        let stuck = if stuck == 0 { "None is stuck".to_owned() } else { format!("{stuck} stuck") };
        let late = match self.late_n() {
            0 => String::new(),
            n => format!(" · {} late", count(n, "order", "orders")),
        };
        vec![
            self.hub(),
            Fact::new("Printers", format!("{live} of {all} live"), age),
            Fact::new("Queue", count(self.waiting_n(), "plate", "plates"), stuck + &late),
            finish,
        ]
    }

    /// Orders with plates here whose time has passed.
    pub(super) fn late_n(&self) -> usize {
        let late = |j: &&AssignmentRow| j.body.due.is_some_and(|due| due.0 < self.clock.now_ms);
        let orders: BTreeSet<_> = self
            .snapshot
            .open
            .iter()
            .filter(late)
            .map(|j| j.body.order_label.as_ref().unwrap_or(&j.label))
            .collect();
        orders.len()
    }

    /// The link to the hub.
    pub(super) fn hub(&self) -> Fact {
        let link = self.app.link.borrow().clone();
        let waits = count(usize::try_from(self.events_waiting).unwrap_or(usize::MAX), "update", "updates");
        let since = self.clock.time(link.since.0);
        match link.link {
            Link::Alone => Fact::new("Hub", "None", "This workshop works alone."),
            Link::Connected => {
                let more = if self.events_waiting == 0 { "Nothing waits.".into() } else { waits };
                Fact::new("Hub", "Connected", more)
            }
            Link::NotEnrolled => {
                let more = "Enrol it once: edge-agent enrol. Printing works.";
                Fact { class: "alert c-hold", ..Fact::new("Hub", "Not enrolled", more) }
            }
            Link::Offline => {
                let more = format!("{}. Printing goes on; {waits} to send.", self.clock.span(link.since.0));
                Fact { class: "alert c-hold", ..Fact::new("Hub", format!("Offline since {since}"), more) }
            }
            Link::Refused(why) => {
                Fact { class: "alert c-bad", ..Fact::new("Hub", "Refuses this agent", sentence(&why)) }
            }
        }
    }
}

/// Whether every printer has a reason that needs a person.
pub(super) fn is_stuck(why: &Why) -> bool {
    why.iter().all(|(_, reasons)| reasons.iter().any(Reason::needs_a_person))
}

/// `1048 · Grid A1, PLA`: what a job is called.
pub(super) fn title(job: Option<&AssignmentRow>) -> String {
    job.map_or_else(|| "A plate".to_owned(), |j| j.label.clone())
}

/// What a job is made of.
pub(super) fn made_of(job: &AssignmentRow) -> String {
    let color = job.body.wants.color.as_deref().unwrap_or_default();
    format!("{}, {} {color}", count(job.body.units.len(), "part", "parts"), material_of(job))
        .trim()
        .to_owned()
}

fn degrees(c: Option<f32>) -> String {
    c.map_or_else(|| "–".to_owned(), |c| format!("{c:.0}°"))
}

fn age(station: &Station) -> Age {
    match station.age_s() {
        Some(s) => {
            let text = span(s);
            Age { long: format!("Data {text} old"), text, is_old: s > OLD_AFTER_S }
        }
        None => Age { text: "no data".into(), long: "No data yet".into(), is_old: true },
    }
}

fn cell(station: &Station, snapshot: &Snapshot, clock: &Clock) -> Cell {
    let id = &station.settings.id;
    let live = snapshot.live_on(id);
    let view = station.handle.view().borrow().clone();
    let sign = sign(&state_word(station, snapshot, live));
    let bed = snapshot.beds.get(id);
    let on_bed = match bed.map(|b| b.bed) {
        Some(Bed::Occupied(Cause::Attempt(no))) => snapshot.attempts.iter().find(|a| a.no == no),
        Some(Bed::Clear(_) | Bed::Occupied(_)) | None => None,
    };
    let shown = live.or(on_bed);
    let job = shown.and_then(|a| snapshot.assignment(a.job));
    let moving = matches!(sign.word, "Printing" | "Heating");
    let percent = live.filter(|_| moving).map(|a| a.done.get() / 10);
    let remaining = view.progress.remaining.filter(|_| moving);
    let remaining = remaining.and_then(|r| i64::try_from(r.as_millis()).ok());
    let done_at_ms = remaining.map(|ms| clock.now_ms.saturating_add(ms));
    let look = Shown { station, snapshot, clock, view: &view, attempt: shown, done_at_ms };
    let (line1, line2) = look.lines(sign.word);
    let units = job.map(|j| j.body.units.as_slice()).unwrap_or_default();
    let picture = picture::plate(units, shown.map(|a| a.done.get() / 10));
    let (job, sub) = match (shown, job) {
        (Some(_), Some(job)) => (title(Some(job)), made_of(job)),
        (Some(a), None) => (format!("{} print", a.state.word()), String::new()),
        (None, _) => ("No plate".to_owned(), loaded(snapshot, id)),
    };
    Cell {
        id: id.to_string(),
        name: station.settings.name.clone(),
        model: format!("{} {}", station.profile.vendor, station.profile.model),
        sign,
        seen: bed.map(|b| b.version.get()).unwrap_or_default(),
        job,
        sub,
        picture,
        percent,
        line1,
        line2,
        nozzle: degrees(view.temperatures.nozzle_c),
        bed_c: degrees(view.temperatures.bed_c),
        bed: match (bed.map(|b| b.bed), live) {
            (_, Some(a)) if matches!(a.state, Attempt::Unknown { .. }) => "not known".into(),
            (_, Some(_)) => "in use".into(),
            (Some(Bed::Clear(_)), None) => "clear".into(),
            (Some(Bed::Occupied(_)) | None, None) => "not cleared".into(),
        },
        age: age(station),
        done_at_ms,
        message: view.message.clone(),
    }
}

/// What is loaded, in words.
pub(super) fn loaded(snapshot: &Snapshot, id: &protocol::ids::PrinterId) -> String {
    let said = snapshot.printers.get(id);
    match said.and_then(|s| s.material.as_deref()) {
        Some(material) => {
            let color = said.and_then(|s| s.color.as_deref()).unwrap_or_default();
            format!("{material} {color}").trim().to_owned()
        }
        None => "Nobody has said what is loaded".into(),
    }
}

struct Shown<'a> {
    station: &'a Station,
    snapshot: &'a Snapshot,
    clock: &'a Clock,
    view: &'a PrinterView,
    attempt: Option<&'a AttemptRow>,
    done_at_ms: Option<i64>,
}

impl Shown<'_> {
    /// What the card says below its band, in two lines.
    fn lines(&self, word: &str) -> (String, String) {
        let said = self.snapshot.printers.get(&self.station.settings.id);
        let message = || self.view.message.as_deref().map(sentence).unwrap_or_default();
        match word {
            "Printing" | "Heating" => self.running(),
            "Paused" => {
                let percent = self.attempt.map(|a| a.done.get() / 10).unwrap_or_default();
                let says = self.view.message.as_deref().map(|m| format!("“{m}”"));
                (says.unwrap_or_else(|| "Held by a person".into()), format!("{percent} % done"))
            }
            "Needs clearing" => self.on_bed(),
            "Attention" => {
                let why = match &self.view.connection {
                    Connection::Halted { why } => sentence(why),
                    Connection::Closed { .. } | Connection::Opening | Connection::Up | Connection::Silent => {
                        message()
                    }
                };
                ("Stopped by itself".into(), why)
            }
            "Offline" => {
                let why = match &self.view.connection {
                    Connection::Closed { why } => sentence(why),
                    Connection::Silent => "It does not answer.".into(),
                    Connection::Opening => "Connecting.".into(),
                    Connection::Up | Connection::Halted { .. } => String::new(),
                };
                ("Nothing is known of it now".into(), why)
            }
            "Unknown" if self.attempt.is_some() => {
                ("May or may not have started".into(), "Nothing is sent until you decide.".into())
            }
            "Unknown" => ("It does not say what it does".into(), message()),
            "Out of service" => {
                ("Gets no work".into(), said.and_then(|s| s.out_of_service.clone()).unwrap_or_default())
            }
            _ready => {
                let bed = self.snapshot.beds.get(&self.station.settings.id);
                let by = bed.map(|b| format!("said {}, {}", b.by, self.clock.time(b.since.0)));
                ("Bed is clear".into(), by.unwrap_or_default())
            }
        }
    }

    fn running(&self) -> (String, String) {
        let percent = self.attempt.map(|a| a.done.get() / 10).unwrap_or_default();
        match self.done_at_ms {
            Some(ms) => (
                format!("Done {}", self.clock.time(ms)),
                format!("{} left · {percent} %", self.clock.span(ms)),
            ),
            None if self.attempt.is_none() => ("Not our print".into(), "It was started elsewhere.".into()),
            None => ("End not known yet".into(), format!("{percent} %")),
        }
    }

    fn on_bed(&self) -> (String, String) {
        let bed = self.snapshot.beds.get(&self.station.settings.id).map(|b| b.bed);
        match (bed, self.attempt) {
            (_, Some(a)) => {
                let ended = a.ended.map(|t| self.clock.time(t.0)).unwrap_or_default();
                let n = self.snapshot.assignment(a.job).map_or(0, |j| j.body.units.len());
                let parts = if n == 0 || a.is_counted {
                    "Take off what is on it".to_owned()
                } else {
                    format!("{} to take off", count(n, "part", "parts"))
                };
                (format!("{} {ended}", a.state.word()), parts)
            }
            (Some(Bed::Occupied(cause)), None) => ("Look at the bed".into(), sentence(bed_words(cause))),
            (Some(Bed::Clear(_)) | None, None) => ("Look at the bed".into(), String::new()),
        }
    }
}
