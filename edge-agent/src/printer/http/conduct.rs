//! How a job is begun, held and ended on a printer that is asked over HTTP. The start call is made at most once per attempt
//! and only after its mark is durable; after it, only the printer's word or a person can say what became of it.
use std::mem;

use protocol::attempt::NotStarted;
use protocol::ids::AttemptNo;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::call::CallError;
use super::follow::Following;
use super::status::{State, file_name};
use super::task::{Actor, Done, FOLLOWED_MAX};
use super::upload::{Upload, UploadError, upload};
use crate::printer::emergency::Stop;
use crate::printer::mqtt::evidence::Known;
use crate::printer::types::{Connection, StartOrder, StartRefused, What};
use crate::printer::{Answer, Refusal, Request, StartAnswer};

/// Attempts remembered as begun; the oldest is forgotten (the ledger never orders one twice).
const BEGUN_MAX: usize = 10_000;
/// Requests that may wait for the printer's state to change.
const WAITING_MAX: usize = 32;

/// A start that has not left.
#[derive(Debug)]
pub(super) struct Starting {
    pub(super) order: Box<StartOrder>,
    reply: StartAnswer,
    name: String,
    pub(super) step: Step,
}

/// What a start waits for.
#[derive(Debug)]
pub(super) enum Step {
    /// The file to be there; dropped, the upload ends.
    File(#[expect(dead_code, reason = "its end is noticed by the upload")] oneshot::Sender<()>),
    /// The mark `start next` to be durable.
    Mark(oneshot::Receiver<()>),
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
    attempt: Option<AttemptNo>,
    number: u64,
    reply: Reply,
}

/// Whoever is answered.
#[derive(Debug)]
enum Reply {
    Request(Answer),
    /// A stop is answered when its request was.
    Stop(Stop),
}

impl Reply {
    fn send(self, what: Result<(), String>) {
        match self {
            Self::Request(reply) => drop(reply.send(what)), // Whoever asked may have stopped waiting.
            Self::Stop(stop) => drop(stop.send(what)),
        }
    }
}

fn not_started(reply: StartAnswer, why: impl Into<String>) {
    let refused = StartRefused { why: why.into(), proof: NotStarted::UploadRefused };
    drop(reply.send(Err(Refusal::NotStarted(refused)))); // The caller may have stopped waiting.
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
                self.ask_at = Instant::now();
            }
        }
    }

    fn start(&mut self, order: Box<StartOrder>, reply: StartAnswer) {
        if !self.begun.insert(order.attempt) {
            return drop(reply.send(Err(Refusal::Again)));
        }
        if self.begun.len() > BEGUN_MAX {
            self.begun.pop_first();
        }
        if let Some(why) = self.not_startable() {
            return not_started(reply, why);
        }
        let name = file_name(&order.file_name, &order.task_id);
        let file = Upload { path: order.gcode.clone(), sha256: order.sha256, name: name.clone() };
        let attempt = order.attempt;
        let (stop, stopped) = oneshot::channel::<()>();
        self.spawn(move |api| async move {
            let result = tokio::select! {
                biased;
                _ = stopped => Err(UploadError::Call(CallError::NoAnswer("the upload was ended".to_owned()))),
                result = upload(&api, &file) => result,
            };
            Done::Uploaded { attempt, result }
        });
        self.starting = Some(Starting { order, reply, name, step: Step::File(stop) });
    }

    /// Why a start may not be asked for now.
    fn not_startable(&self) -> Option<String> {
        if self.starting.is_some() || self.active().is_some() {
            return Some("it has a job already".to_owned());
        }
        if self.following.len() >= FOLLOWED_MAX {
            return Some("too many of its earlier prints are undecided".to_owned());
        }
        let Some(status) = &self.status else { return Some("it is not connected".to_owned()) };
        if self.heard_at.is_none_or(|at| at.elapsed() > self.printer.dialect.fresh_max) {
            return Some("its last answer is too old".to_owned());
        }
        if let State::Faulty(why) = &status.state {
            return Some(format!("it is out of order: {why}"));
        }
        let word = status.state.word();
        (!status.state.takes_start()).then(|| format!("it is {word}: a start now could end what it does"))
    }

    /// The file is there, or not. From here on a start may have left, as far as the ledger knows.
    pub(super) fn uploaded(&mut self, attempt: AttemptNo, done: Result<(), UploadError>) {
        let Some(starting) = self.starting.take_if(|it| it.order.attempt == attempt) else { return };
        let Starting { order, reply, name, step: _ } = starting;
        if let Err(error) = done {
            return not_started(reply, error.to_string());
        }
        if let Some(why) = self.not_startable() {
            return not_started(reply, why);
        }
        tracing::info!(milestone = "FileUploaded", attempt.no = %attempt, "the printer has the file of attempt {attempt}");
        let (durable, marked) = oneshot::channel();
        self.report(What::StartNext { attempt, durable });
        self.starting = Some(Starting { order, reply, name, step: Step::Mark(marked) });
    }

    /// The mark is durable, or will never be. Only here a start call is made.
    pub(super) fn marked(&mut self, durable: bool) {
        let Some(Starting { order, reply, name, step: _ }) = self.starting.take() else { return };
        if !durable {
            return not_started(reply, "the start could not be recorded, so it was not sent");
        }
        if let Some(why) = self.not_startable() {
            return not_started(reply, why);
        }
        let attempt = order.attempt;
        self.spawn(move |api| async move { Done::Started { attempt, result: api.start(&name).await } });
        tracing::info!(milestone = "StartPublished", attempt.no = %attempt, "the start of attempt {attempt} is on its way");
        self.following.push(Following::sent(attempt, &order.task_id, self.printer.dialect.start_wait));
        drop(reply.send(Ok(())));
    }

    /// The start call was answered, or not. A refusal is a proof together with the next answer; all else proves nothing.
    pub(super) fn started(&mut self, attempt: AttemptNo, result: Result<(), CallError>) {
        self.ask_at = Instant::now();
        let why = match result {
            Ok(()) => return,
            Err(CallError::NoAnswer(why)) => {
                return tracing::info!(attempt.no = %attempt, why, "the start call had no answer; it is not made again");
            }
            Err(error @ (CallError::Refused(_) | CallError::Access)) => error.to_string(),
        };
        self.view.message = Some(format!("the printer did not start: {why}"));
        if let Some(it) =
            self.following.iter_mut().find(|it| it.attempt == attempt && it.known == Known::Sent)
        {
            it.refused = Some((why, Instant::now()));
            self.past_next = true;
        }
    }

    fn command(&mut self, word: &'static str, wanted: Wanted, reply: Answer) {
        let Some(attempt) = self.active().map(|it| it.attempt) else {
            return drop(reply.send(Err("it has no job of ours".to_owned())));
        };
        if self.waiting_for.len() >= WAITING_MAX {
            return drop(reply.send(Err("too many requests wait for it".to_owned())));
        }
        self.numbers += 1;
        let (number, job) = (self.numbers, self.status.as_ref().and_then(|it| it.job.clone()));
        self.spawn(move |api| async move {
            Done::Commanded { number, result: api.command(word, job.as_deref()).await }
        });
        let attempt = Some(attempt);
        self.waiting_for.push(Waiting { wanted, attempt, number, reply: Reply::Request(reply) });
    }

    /// A command was answered. Done it is when the printer shows it.
    pub(super) fn commanded(&mut self, number: u64, result: Result<(), CallError>) {
        self.ask_at = Instant::now();
        let Some(at) = self.waiting_for.iter().position(|it| it.number == number) else { return };
        let is_stop = matches!(self.waiting_for.get(at).map(|it| &it.reply), Some(Reply::Stop(_)));
        match result {
            Ok(()) if !is_stop => {}
            Ok(()) => self.waiting_for.remove(at).reply.send(Ok(())),
            // Without an answer it may have been heard: the next answers tell.
            Err(CallError::NoAnswer(_)) if !is_stop => {}
            Err(error) => self.waiting_for.remove(at).reply.send(Err(error.to_string())),
        }
    }

    fn cancel(&mut self, reply: Answer) {
        if let Some(starting) = self.starting.take() {
            not_started(starting.reply, "it was cancelled before its start was sent");
            return drop(reply.send(Ok(())));
        }
        self.command("cancel", Wanted::Ended, reply);
    }

    /// The printer's own stop. Nothing is waited for.
    pub(super) fn emergency(&mut self, stop: Stop) {
        if let Some(starting) = self.starting.take() {
            not_started(starting.reply, "an emergency stop was asked for");
        }
        self.numbers += 1;
        let (number, job) = (self.numbers, self.status.as_ref().and_then(|it| it.job.clone()));
        self.spawn(move |api| async move {
            Done::Commanded { number, result: api.emergency(job.as_deref()).await }
        });
        let attempt = self.active().map(|it| it.attempt);
        self.waiting_for.push(Waiting { wanted: Wanted::Ended, attempt, number, reply: Reply::Stop(stop) });
    }

    /// Answers requests whose effect the printer shows.
    pub(super) fn settle(&mut self) {
        let Some(status) = self.status.clone() else { return };
        for waiting in mem::take(&mut self.waiting_for) {
            let runs = self
                .following
                .iter()
                .any(|it| Some(it.attempt) == waiting.attempt && it.known != Known::Lost);
            let done = match waiting.wanted {
                Wanted::Ended => !runs,
                Wanted::Paused => status.state == State::Paused,
                Wanted::Running => status.state == State::Printing,
            };
            match waiting.reply {
                Reply::Stop(_) => self.waiting_for.push(waiting),
                reply if done => reply.send(Ok(())),
                reply if !runs => reply.send(Err("its job has ended or is out of sight".to_owned())),
                Reply::Request(reply) if reply.is_closed() => {}
                reply => self.waiting_for.push(Waiting { reply, ..waiting }),
            }
        }
    }
}
