//! How a job is begun, watched and ended on a printer that owns it. The start command leaves at most once per attempt;
//! after it has left, only the printer's word or a person can say what became of it.
use std::mem;
use std::sync::Arc;

use protocol::attempt::{Event, NotStarted};
use protocol::ids::AttemptNo;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::bambu::{self, State};
use super::evidence::Known;
use super::follow::Following;
use super::task::{Actor, FOLLOWED_MAX};
use super::upload::{Upload, UploadError, missing, upload};
use crate::printer::emergency::Stop;
use crate::printer::types::{Connection, StartOrder, StartRefused, What};
use crate::printer::{Answer, Refusal, Request, StartAnswer};
use crate::tasks;

/// Attempts remembered as begun; the oldest is forgotten (the ledger never orders one twice).
const BEGUN_MAX: usize = 10_000;
/// Requests that may wait for the printer's state to change.
const WAITING_MAX: usize = 32;

/// A start that has not left.
#[derive(Debug)]
pub(super) struct Uploading {
    pub(super) order: Box<StartOrder>,
    reply: StartAnswer,
    name: String,
    pub(super) step: Step,
}

/// What a start waits for.
#[derive(Debug)]
pub(super) enum Step {
    /// The file to be there.
    File(JoinHandle<Result<(), UploadError>>),
    /// The mark `start next` to be durable.
    Mark(oneshot::Receiver<()>),
}

impl Uploading {
    /// Ends the upload, if it is still under way; the start was not sent.
    fn end(self, why: &str) {
        if let Step::File(work) = self.step {
            work.abort();
        }
        not_started(self.reply, NotStarted::UploadRefused, why);
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
    pub(super) sequence: u64,
    pub(super) reply: Answer,
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
        self.uploading = Some(Uploading { order, reply, name, step: Step::File(work) });
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

    /// The file is there, or not. From here on a start may have left, as far as the ledger knows.
    pub(super) fn uploaded(&mut self, done: Result<(), UploadError>) {
        let Some(Uploading { order, reply, name, step: _ }) = self.uploading.take() else { return };
        if let Err(error) = done {
            return not_started(reply, NotStarted::UploadRefused, error.in_words());
        }
        if let Some(why) = self.not_startable() {
            return not_started(reply, NotStarted::UploadRefused, why);
        }
        let attempt = order.attempt;
        tracing::info!(milestone = "FileUploaded", attempt.no = %attempt, "the printer has the file of attempt {attempt}");
        let (durable, marked) = oneshot::channel();
        self.report(What::StartNext { attempt, durable });
        self.uploading = Some(Uploading { order, reply, name, step: Step::Mark(marked) });
    }

    /// The mark is durable, or will never be. Only here a start command leaves.
    pub(super) fn marked(&mut self, durable: bool) {
        let Some(Uploading { order, reply, name, step: _ }) = self.uploading.take() else { return };
        if !durable {
            let why = "the start could not be recorded, so it was not sent";
            return not_started(reply, NotStarted::UploadRefused, why);
        }
        if let Some(why) = self.not_startable() {
            return not_started(reply, NotStarted::UploadRefused, why);
        }
        let sequence = self.number();
        let request = bambu::start(&format!("{name}.gcode.3mf"), &name, &order.task_id, sequence);
        let Some(link) = &self.link else {
            return not_started(reply, NotStarted::UploadRefused, "it is not connected");
        };
        let attempt = order.attempt;
        if let Err(why) = link.publish(request) {
            return not_started(reply, NotStarted::UploadRefused, why);
        }
        tracing::info!(milestone = "StartPublished", attempt.no = %attempt, "the start of attempt {attempt} is on its way");
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
            uploading.end("it was cancelled before its start was sent");
            return drop(reply.send(Ok(())));
        }
        self.command("stop", Wanted::Ended, reply);
    }

    /// After a restart: a start that may have been sent needs a file, and the file is there before the start is sent.
    pub(super) fn look_for_files(&mut self) {
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
            uploading.end("an emergency stop was asked for");
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

    /// Answers requests whose effect the printer shows.
    pub(super) fn settle(&mut self) {
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
}
