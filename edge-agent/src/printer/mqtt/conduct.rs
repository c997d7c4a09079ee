//! How a job is begun, watched and ended on a printer that owns it. The start command leaves at most once per attempt;
//! after it has left, only the printer's word or a person can say what became of it.
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use protocol::attempt::{Event, Lost, NotStarted};
use protocol::ids::AttemptNo;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::bambu::{self, Message, State, Status};
use super::evidence::{self, Known, Says};
use super::task::{Actor, ENDED_MAX, FOLLOWED_MAX};
use super::upload::{Upload, UploadError, missing, upload};
use super::view::progress;
use crate::printer::emergency::Stop;
use crate::printer::types::{Connection, Held, HeldAs, PROGRESS_EVERY, StartOrder, StartRefused, What};
use crate::printer::{Answer, Refusal, Request, StartAnswer};
use crate::tasks;

/// Attempts remembered as begun; the oldest is forgotten (the ledger never orders one twice).
const BEGUN_MAX: usize = 10_000;
/// A full report that does not come is asked for again after this long.
const FULL_REPORT_RETRY: Duration = Duration::from_secs(10);
/// Requests that may wait for the printer's state to change.
const WAITING_MAX: usize = 32;

/// A file on its way.
#[derive(Debug)]
pub(super) struct Uploading {
    pub(super) order: Box<StartOrder>,
    reply: StartAnswer,
    name: String,
    pub(super) work: JoinHandle<Result<(), UploadError>>,
}

/// An attempt whose start command has left, or may have.
#[derive(Debug)]
pub(super) struct Following {
    pub(super) attempt: AttemptNo,
    task_id: String,
    pub(super) known: Known,
    /// The number of its start command, when this task sent it.
    sequence: Option<u64>,
    /// Without confirmation by then it is Unknown.
    confirm_by: Option<Instant>,
    seen_at: Instant,
    last: Option<Event>,
    told_at: Option<Instant>,
}

impl Following {
    /// An attempt of an earlier life of the agent: the printer is asked, and its answer decides.
    pub(super) fn held(held: &Held, start_wait: Duration) -> Self {
        let now = Instant::now();
        let (known, confirm_by) = match held.was {
            HeldAs::Starting => (Known::Sent, Some(now + start_wait)),
            HeldAs::Running => (Known::Seen, None),
            HeldAs::Unknown => (Known::Lost, None),
        };
        Self {
            attempt: held.attempt,
            task_id: held.task_id.clone(),
            known,
            sequence: None,
            confirm_by,
            seen_at: now,
            last: None,
            told_at: None,
        }
    }

    /// Whether the file of an earlier life's start must be looked for: it may never have arrived.
    pub(super) fn wants_file(&self) -> Option<String> {
        (self.known == Known::Sent && self.sequence.is_none()).then(|| self.task_id.clone())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.confirm_by
    }
}

/// What a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Paused,
    Running,
    Ended,
}

/// A request that waits until the printer shows its effect.
#[derive(Debug)]
pub(super) struct Waiting {
    wanted: Wanted,
    attempt: AttemptNo,
    sequence: u64,
    reply: Answer,
}

fn not_started(reply: StartAnswer, proof: NotStarted, why: impl Into<String>) {
    let refused = StartRefused { why: why.into(), proof };
    drop(reply.send(Err(Refusal::NotStarted(refused)))); // The caller may have stopped waiting.
}

/// Refuses anything, for a printer that cannot be used.
pub(super) fn refuse(request: Request, why: &str) {
    match request {
        Request::Start { reply, order: _ } => not_started(reply, NotStarted::PortNeverOpened, why),
        Request::Pause { reply }
        | Request::Resume { reply }
        | Request::Cancel { reply }
        | Request::OpenPort { reply } => drop(reply.send(Err(why.to_owned()))),
    }
}

impl Actor {
    pub(super) fn request(&mut self, request: Request) {
        match request {
            Request::Start { order, reply } => self.start(order, reply),
            Request::Pause { reply } => self.command("pause", Wanted::Paused, reply),
            Request::Resume { reply } => self.command("resume", Wanted::Running, reply),
            Request::Cancel { reply } => self.cancel(reply),
            Request::OpenPort { reply } => {
                if self.view.connection == Connection::Up {
                    return drop(reply.send(Ok(())));
                }
                self.open_replies.push(reply);
                self.connect_now();
            }
        }
    }

    fn start(&mut self, order: Box<StartOrder>, reply: StartAnswer) {
        if !self.begun.insert(order.attempt) {
            drop(reply.send(Err(Refusal::Again)));
            return;
        }
        if self.begun.len() > BEGUN_MAX {
            self.begun.pop_first();
        }
        if let Some(why) = self.not_startable() {
            return not_started(reply, NotStarted::UploadRefused, why);
        }
        let name = bambu::job_name(&order.file_name, &order.task_id);
        let file =
            Upload { path: order.gcode.clone(), sha256: order.sha256, name: format!("{name}.gcode.3mf") };
        let (printer, config) = (self.printer.clone(), Arc::clone(&self.config));
        let work = tasks::spawn(async move { upload(&printer, config, &file).await });
        self.uploading = Some(Uploading { order, reply, name, work });
    }

    /// Why a start command may not be sent now.
    fn not_startable(&self) -> Option<String> {
        if self.uploading.is_some() || self.following.iter().any(|it| it.known != Known::Lost) {
            return Some("it has a job already".to_owned());
        }
        if self.following.len() >= FOLLOWED_MAX {
            return Some("too many of its earlier prints are undecided".to_owned());
        }
        let Some(status) = &self.status else { return Some("it is not connected".to_owned()) };
        if status.developer_mode_off {
            return Some("Developer Mode is off at the printer: it refuses starts from the LAN".to_owned());
        }
        let age = self.heard_at.map(|at| at.elapsed());
        if age.is_none_or(|age| age > self.printer.dialect.fresh_max) {
            return Some("its last report is too old".to_owned());
        }
        let word = status.state.word();
        let startable = self.printer.dialect.startable.iter().any(|state| state == word);
        (!startable).then(|| format!("it says {word}: a start now could end what it does"))
    }

    /// The file is there, or not. Only here a start command leaves.
    pub(super) fn uploaded(&mut self, done: Result<(), UploadError>) {
        let Some(Uploading { order, reply, name, work: _ }) = self.uploading.take() else { return };
        if let Err(error) = done {
            return not_started(reply, NotStarted::UploadRefused, error.in_words());
        }
        if let Some(why) = self.not_startable() {
            return not_started(reply, NotStarted::UploadRefused, why);
        }
        let sequence = self.number();
        let request = bambu::start(&format!("{name}.gcode.3mf"), &name, &order.task_id, sequence);
        let Some(link) = &self.link else {
            return not_started(reply, NotStarted::UploadRefused, "it is not connected");
        };
        if let Err(why) = link.publish(request) {
            return not_started(reply, NotStarted::UploadRefused, why);
        }
        let now = Instant::now();
        self.following.push(Following {
            attempt: order.attempt,
            task_id: order.task_id.clone(),
            known: Known::Sent,
            sequence: Some(sequence),
            confirm_by: Some(now + self.printer.dialect.start_wait),
            seen_at: now,
            last: None,
            told_at: None,
        });
        drop(reply.send(Ok(())));
    }

    fn number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// The attempt that runs, as far as known.
    pub(super) fn active(&self) -> Option<&Following> {
        self.following.iter().find(|it| it.known != Known::Lost)
    }

    fn command(&mut self, command: &str, wanted: Wanted, reply: Answer) {
        let Some(attempt) = self.active().map(|it| it.attempt) else {
            return drop(reply.send(Err("it has no job of ours".to_owned())));
        };
        if self.waiting_for.len() >= WAITING_MAX {
            return drop(reply.send(Err("too many requests wait for it".to_owned())));
        }
        let sequence = self.number();
        let sent = match &self.link {
            Some(link) => link.publish(bambu::simple(command, sequence)),
            None => Err("it is not connected".to_owned()),
        };
        match sent {
            Ok(()) => self.waiting_for.push(Waiting { wanted, attempt, sequence, reply }),
            Err(why) => drop(reply.send(Err(why))),
        }
        self.settle();
    }

    fn cancel(&mut self, reply: Answer) {
        if let Some(uploading) = self.uploading.take() {
            uploading.work.abort();
            not_started(uploading.reply, NotStarted::UploadRefused, "it was cancelled during the upload");
            return drop(reply.send(Ok(())));
        }
        self.command("stop", Wanted::Ended, reply);
    }

    /// After a restart: a start that may have been sent needs a file, and the file is there before the start is sent.
    fn look_for_files(&mut self) {
        let wanted: Vec<_> = self.following.iter().filter_map(Following::wants_file).collect();
        if wanted.is_empty() {
            return;
        }
        let (printer, config) = (self.printer.clone(), Arc::clone(&self.config));
        self.looking = Some(tasks::spawn(async move { missing(&printer, config, wanted).await }));
    }

    /// Starts whose file never arrived did not happen.
    pub(super) fn looked(&mut self, missing: Vec<String>) {
        self.looking = None;
        let (gone, rest) = mem::take(&mut self.following)
            .into_iter()
            .partition(|it: &Following| it.wants_file().is_some_and(|task| missing.contains(&task)));
        self.following = rest;
        let gone: Vec<Following> = gone;
        for it in gone {
            let why = "the printer is free and does not have the file, which is there before a start is sent";
            self.evidence(it.attempt, Event::NotStarted(NotStarted::FileNeverArrived), why);
        }
    }

    /// The printer's own stop: it has no other that is reached from the LAN. Nothing is waited for.
    pub(super) fn emergency(&mut self, stop: Stop) {
        if let Some(uploading) = self.uploading.take() {
            uploading.work.abort();
            not_started(uploading.reply, NotStarted::UploadRefused, "an emergency stop was asked for");
        }
        let sequence = self.number();
        let sent = match &self.link {
            Some(link) => link.publish(bambu::simple("stop", sequence)),
            None => Err("it is not connected: switch the printer off".to_owned()),
        };
        match sent {
            Ok(()) => self.stops.push(stop),
            Err(why) => drop(stop.send(Err(why))),
        }
    }

    pub(super) fn ask_for_everything(&mut self, now: Instant) {
        self.full_asked_at = Some(now);
        let sequence = self.number();
        if let Some(link) = &self.link {
            drop(link.publish(bambu::push_all(sequence))); // Silence is noticed by the watchdog.
        }
    }

    pub(super) fn message(&mut self, payload: &[u8]) {
        match self.merged.take(payload) {
            Message::Status => {
                let now = Instant::now();
                (self.heard_at, self.view.heard) = (Some(now), Some(now));
                self.status = self.merged.status();
                if self.status.is_some() {
                    self.up_with_status();
                }
            }
            Message::Answer { command, sequence, refused } => self.answer(&command, &sequence, refused),
            Message::Other => {}
            Message::Bad => tracing::debug!(printer = %self.ends.id, "a report that is no valid JSON"),
        }
    }

    /// A refusal of our start command is the one proof that it did not start; success proves nothing.
    fn answer(&mut self, command: &str, sequence: &str, refused: Option<String>) {
        let Some(reason) = refused else { return };
        let why = if reason.contains("verify") {
            "the printer refuses unsigned commands: switch on LAN mode with Developer Mode".to_owned()
        } else {
            format!("the printer refuses: {reason}")
        };
        self.view.message = Some(why.clone());
        let is_it = |number: u64| number.to_string() == sequence;
        if command == "project_file" {
            let found = self
                .following
                .iter()
                .position(|it| it.sequence.is_some_and(is_it) && it.known == Known::Sent);
            if let Some(at) = found {
                let it = self.following.remove(at);
                self.evidence(it.attempt, Event::NotStarted(NotStarted::PrinterSaidNo), &why);
            }
        }
        let (done, rest) = mem::take(&mut self.waiting_for).into_iter().partition(|it| is_it(it.sequence));
        self.waiting_for = rest;
        let done: Vec<Waiting> = done;
        for waiting in done {
            drop(waiting.reply.send(Err(why.clone())));
        }
    }

    fn evidence(&mut self, attempt: AttemptNo, event: Event, why: &str) {
        let mut evidence = why.to_owned();
        if let Some(status) = &self.status {
            evidence.push_str(&format!(
                "; it says {} for {:?} (task {}), {} %, layer {} of {}",
                status.state.word(),
                status.name,
                status.task_id,
                status.percent,
                status.layer.0,
                status.layer.1
            ));
        }
        self.report(What::Evidence { attempt, event, evidence });
    }

    /// Reads the status: attempts, foreign prints, requests that waited for it.
    fn up_with_status(&mut self) {
        let Some(status) = self.status.clone() else { return };
        for reply in self.open_replies.drain(..) {
            drop(reply.send(Ok(())));
        }
        self.view.connection = Connection::Up;
        let now = Instant::now();
        let cancelled = self.printer.dialect.cancelled.clone();
        for mut it in mem::take(&mut self.following) {
            match evidence::read(&status, &it.task_id, it.known, &cancelled) {
                Says::Nothing => self.following.push(it),
                Says::Goes(event) => {
                    self.goes(&mut it, event, now);
                    self.tell_progress(&mut it, &status, now);
                    self.following.push(it);
                }
                Says::Ends(event) => {
                    let error =
                        status.error.as_deref().map_or(String::new(), |error| format!(" with error {error}"));
                    self.evidence(it.attempt, event, &format!("the printer ended our task{error}"));
                    self.remember(it.task_id);
                }
            }
        }
        self.look_for_foreign(&status);
        if !mem::replace(&mut self.contact, true)
            && matches!(status.state, State::Idle | State::Finish | State::Failed)
        {
            self.look_for_files();
        }
        self.settle();
    }

    fn goes(&mut self, it: &mut Following, event: Event, now: Instant) {
        it.seen_at = now;
        let lost = matches!(event, Event::EvidenceLost(_));
        (it.known, it.confirm_by) = (if lost { Known::Lost } else { Known::Seen }, None);
        if it.last.replace(event) != Some(event) {
            let why = if lost {
                "the printer shows our task no more, and no end of it"
            } else {
                "by the printer's report"
            };
            self.evidence(it.attempt, event, why);
        }
    }

    fn tell_progress(&mut self, it: &mut Following, status: &Status, now: Instant) {
        if it.told_at.is_some_and(|at| now.saturating_duration_since(at) < PROGRESS_EVERY)
            || it.known != Known::Seen
        {
            return;
        }
        it.told_at = Some(now);
        self.report(What::Progress { attempt: it.attempt, progress: progress(status) });
    }

    fn remember(&mut self, task_id: String) {
        self.ended.push_back(task_id);
        if self.ended.len() > ENDED_MAX {
            self.ended.pop_front();
        }
    }

    fn look_for_foreign(&mut self, status: &Status) {
        // Right after a start the state may change in one report and the ids in the next.
        if self.following.iter().any(|it| it.known == Known::Sent) {
            return;
        }
        let mut ours =
            self.following.iter().map(|it| it.task_id.as_str()).chain(self.ended.iter().map(String::as_str));
        if !evidence::foreign(status, &mut ours, !self.contact) {
            if matches!(status.state, State::Idle | State::Finish | State::Failed) {
                self.foreign = None;
            }
            return;
        }
        let name =
            if status.name.is_empty() { "a job without a name".to_owned() } else { status.name.clone() };
        if self.foreign.as_ref() != Some(&name) {
            self.foreign = Some(name.clone());
            self.report(What::ForeignPrint { name });
        }
        if matches!(status.state, State::Finish | State::Failed) {
            self.foreign = None; // Told once; the printer itself is free.
        }
    }

    /// Answers requests whose effect the printer shows.
    fn settle(&mut self) {
        let Some(status) = self.status.clone() else { return };
        for waiting in mem::take(&mut self.waiting_for) {
            let runs =
                self.following.iter().any(|it| it.attempt == waiting.attempt && it.known != Known::Lost);
            let done = match waiting.wanted {
                Wanted::Ended => !runs,
                Wanted::Paused => status.state == State::Pause,
                Wanted::Running => status.state == State::Running,
            };
            if done {
                drop(waiting.reply.send(Ok(())));
            } else if !runs {
                drop(waiting.reply.send(Err("its job has ended".to_owned())));
            } else if !waiting.reply.is_closed() {
                self.waiting_for.push(waiting);
            }
        }
    }

    /// Starts that are not confirmed in time, and jobs that are out of sight for too long.
    pub(super) fn watch_attempts(&mut self, now: Instant) {
        for mut it in mem::take(&mut self.following) {
            let unseen = now.saturating_duration_since(it.seen_at);
            let silent = self
                .heard_at
                .is_none_or(|at| now.saturating_duration_since(at) >= self.printer.dialect.lost_after);
            let lost = match it.known {
                Known::Sent if it.confirm_by.is_some_and(|by| now >= by) => Some((
                    Lost::StartNotConfirmed,
                    "the start command was sent once and the printer has not shown the job; it is not sent again",
                )),
                Known::Seen if silent && unseen >= self.printer.dialect.lost_after => {
                    Some((Lost::Link, "the printer has not reported for too long"))
                }
                Known::Sent | Known::Seen | Known::Lost => None,
            };
            if let Some((lost, why)) = lost {
                (it.known, it.confirm_by, it.last) = (Known::Lost, None, None);
                self.evidence(it.attempt, Event::EvidenceLost(lost), why);
            }
            self.following.push(it);
        }
        // Deltas only: what was missed is asked for now and then, and soon while nothing whole was heard.
        let every = match self.status {
            Some(_) => self.printer.dialect.full_report_every,
            None => FULL_REPORT_RETRY,
        };
        let asked = self.full_asked_at.is_none_or(|at| now.saturating_duration_since(at) >= every);
        if asked && self.up_at.is_some() {
            self.ask_for_everything(now);
        }
    }
}
