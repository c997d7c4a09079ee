//! What the task does with requests: how a job is begun, held and cancelled, and the steps that wait for a quiet wire.
//! Decisions about lines are in `job` and `session`.
use std::mem;
use std::time::Duration;

use protocol::attempt::NotStarted;
use tokio::sync::mpsc;

use super::job::{Job, Phase};
use super::preflight::{self, AHEAD_LINES, Checked, Unfit};
use super::session::{Purpose, Stage};
use super::task::{Actor, BEGUN_MAX, Checking, HALT_WAIT, RETRY_FIRST};
use crate::printer::emergency::Stop;
use crate::printer::types::{StartOrder, StartRefused};
use crate::printer::{Answer, Refusal, Request, StartAnswer};

/// Proves that everything before it was executed: the answer to M105 is recognisable and takes up late `ok`s, the `ok`
/// of M400 behind it says that nothing moves any more.
const PROOF: [&str; 2] = ["M105", "M400"];
/// Output that may wait when `M108` is added; a person who presses often must not fill it.
const BREAK_BYTES_MAX: usize = 64;

/// A port that is closed to be opened again stays closed for this long, so that the board sees the line drop.
const CLOSED_MIN: Duration = Duration::from_millis(300);
pub(super) fn texts(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

pub(super) fn answer_all(replies: Vec<Answer>, what: &Result<(), String>) {
    for reply in replies {
        drop(reply.send(what.clone())); // Whoever asked may have stopped waiting.
    }
}

pub(super) fn refuse(reply: StartAnswer, why: impl Into<String>) {
    let refused = StartRefused { why: why.into(), proof: NotStarted::PortNeverOpened };
    drop(reply.send(Err(Refusal::NotStarted(refused))));
}

impl Actor {
    pub(super) fn request(&mut self, request: Request) {
        match request {
            Request::Start { order, reply } => self.start(order, reply),
            Request::Pause { reply } => self.pause(reply),
            Request::Resume { reply } => self.resume(reply),
            Request::Cancel { reply } => self.cancel(reply),
            Request::OpenPort { reply } => self.open_port(reply),
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
        if let Some(why) = self.not_ready() {
            return refuse(reply, why);
        }
        let (path, sha256, firmware) = (order.gcode.clone(), order.sha256, self.printer.firmware.clone());
        let work = tokio::task::spawn_blocking(move || preflight::check(&path, sha256, &firmware));
        self.checking = Some(Checking { order, reply, work });
    }

    /// Why no job can be begun now.
    fn not_ready(&self) -> Option<String> {
        if self.job.is_some() || self.checking.is_some() {
            return Some("it has a job already".to_owned());
        }
        if let Some(why) = &self.wrong_firmware {
            return Some(why.clone());
        }
        if self.foreign {
            return Some("it prints something that is not ours".to_owned());
        }
        match self.link.as_ref().map(|link| &link.session.stage) {
            Some(Stage::Ready) => None,
            Some(Stage::Halted) => Some("its firmware has halted".to_owned()),
            Some(Stage::Stuck(_)) => Some("it does not answer".to_owned()),
            Some(Stage::Booting { .. } | Stage::Handshake | Stage::SettingUp) => {
                Some("it is not ready yet".to_owned())
            }
            None => Some("it is not connected".to_owned()),
        }
    }

    /// The file was read: fit, or not.
    pub(super) fn checked(&mut self, result: Result<Checked, Unfit>) {
        let Some(Checking { order, reply, work: _ }) = self.checking.take() else { return };
        let checked = match result {
            Ok(checked) => checked,
            Err(unfit) => return refuse(reply, unfit.to_string()),
        };
        if let Some(why) = self.not_ready() {
            return refuse(reply, why);
        }
        let Some(link) = &mut self.link else { return };
        link.session.drop_script(); // The lines after the job before: nothing depends on them.
        if link.session.wire.is_quiet() {
            link.session.wire.renumber();
        }
        let firmware = &self.printer.firmware;
        link.session.begin(Purpose::Prelude, [firmware.arm.clone(), firmware.begin.clone()].concat());
        let (to, lines) = mpsc::channel(AHEAD_LINES);
        self.job = Some(Job::new(order, &checked, lines, reply));
        let firmware = self.printer.firmware.clone();
        // Ends with the file, or when the job drops its end of the channel.
        drop(tokio::task::spawn_blocking(move || checked.send(&firmware, &to)));
    }

    pub(super) fn pause(&mut self, reply: Answer) {
        let why = match &mut self.job {
            None => "it has no job",
            Some(job) => match &mut job.phase {
                Phase::Streaming => {
                    job.phase = Phase::HoldAsked { replies: vec![reply] };
                    return;
                }
                Phase::HoldAsked { replies } | Phase::Lifting { replies } => return replies.push(reply),
                Phase::Held => return drop(reply.send(Ok(()))),
                Phase::Prelude { .. } => "the job has not begun yet",
                Phase::GoingOn { .. } => "it is just going on",
                Phase::MarkAsked { .. } | Phase::LastOut | Phase::Proving => "the job is ending",
                Phase::CancelAsked { .. } | Phase::Cancelling { .. } => "the job is being cancelled",
            },
        };
        drop(reply.send(Err(why.to_owned())));
    }

    pub(super) fn resume(&mut self, reply: Answer) {
        if self.person_until.is_some() {
            // The printer itself waits for a person: M108 is the button.
            self.break_wait();
            return drop(reply.send(Ok(())));
        }
        let (Some(job), Some(link)) = (&mut self.job, &mut self.link) else {
            return drop(reply.send(Err("it has no job".to_owned())));
        };
        match &mut job.phase {
            Phase::Held if !link.session.is_busy() => {
                link.session.begin(Purpose::GoOn, job.back(&self.printer.firmware));
                job.phase = Phase::GoingOn { replies: vec![reply] };
            }
            Phase::GoingOn { replies } => replies.push(reply),
            Phase::Streaming => drop(reply.send(Ok(()))),
            Phase::Held
            | Phase::Prelude { .. }
            | Phase::MarkAsked { .. }
            | Phase::HoldAsked { .. }
            | Phase::Lifting { .. }
            | Phase::CancelAsked { .. }
            | Phase::Cancelling { .. }
            | Phase::LastOut
            | Phase::Proving => drop(reply.send(Err("the job is not held".to_owned()))),
        }
    }

    pub(super) fn cancel(&mut self, reply: Answer) {
        let Some(job) = &mut self.job else {
            return drop(reply.send(Err("it has no job".to_owned())));
        };
        match &mut job.phase {
            Phase::LastOut | Phase::Proving => {
                return drop(reply.send(Err("the last line has been sent: the job is ending".to_owned())));
            }
            Phase::CancelAsked { replies } | Phase::Cancelling { replies } => return replies.push(reply),
            Phase::Prelude { .. }
            | Phase::Streaming
            | Phase::MarkAsked { .. }
            | Phase::HoldAsked { .. }
            | Phase::Lifting { .. }
            | Phase::Held
            | Phase::GoingOn { .. } => {}
        }
        let before = mem::replace(&mut job.phase, Phase::CancelAsked { replies: vec![reply] });
        let overtaken = Err("the job is being cancelled".to_owned());
        match before {
            Phase::Prelude { reply } => refuse(reply, "it was cancelled before its first line"),
            Phase::HoldAsked { replies } | Phase::Lifting { replies } | Phase::GoingOn { replies } => {
                answer_all(replies, &overtaken);
            }
            Phase::Streaming
            | Phase::MarkAsked { .. }
            | Phase::Held
            | Phase::CancelAsked { .. }
            | Phase::Cancelling { .. }
            | Phase::LastOut
            | Phase::Proving => {}
        }
        if let Some(link) = &mut self.link {
            link.session.drop_script();
        }
        self.break_wait();
    }

    /// `M108` out of turn: a wait for a temperature or a person ends. Its own `ok` is taken up by the proof.
    fn break_wait(&mut self) {
        let Some(link) = self.link.as_mut().filter(|link| link.out.len() < BREAK_BYTES_MAX) else { return };
        for word in &self.printer.firmware.break_wait {
            link.out.extend(format!("{word}\n").into_bytes());
        }
    }

    fn open_port(&mut self, reply: Answer) {
        if self.job.is_some() {
            return drop(reply.send(Err("it has a job".to_owned())));
        }
        match self.link.as_ref().map(|link| &link.session.stage) {
            Some(Stage::Ready) => return drop(reply.send(Ok(()))),
            Some(Stage::Halted | Stage::Stuck(_)) => self.restart(),
            Some(Stage::Booting { .. } | Stage::Handshake | Stage::SettingUp) => {}
            None => self.open_at = Some(self.now()),
        }
        self.open_replies.push(reply);
        self.retry = RETRY_FIRST;
    }

    /// Brings a halted board back: by its own word where it has one, else by closing the port, which resets it.
    fn restart(&mut self) {
        let now = self.now();
        let firmware = &self.printer.firmware;
        match self.link.as_mut().filter(|_| !firmware.restart.is_empty()) {
            Some(link) => {
                for word in &firmware.restart {
                    link.out.extend(format!("\n{word}\n").into_bytes());
                }
                link.session.restart(now);
            }
            None => {
                self.link = None;
                self.open_at = Some(now + CLOSED_MIN);
            }
        }
    }

    /// The stop goes out before everything else, alone, un-numbered, after a line feed that ends a half-sent line.
    pub(super) fn emergency(&mut self, stop: Stop) {
        if self.link.is_none() {
            self.open(); // Also against the policy: on a board that resets on open, the reset is the stop.
        }
        if let Some(checking) = self.checking.take() {
            refuse(checking.reply, "an emergency stop was asked for");
        }
        let word = self.printer.firmware.emergency.clone();
        let Some(link) = &mut self.link else {
            return drop(stop.send(Err("its port cannot be opened: switch the printer off".to_owned())));
        };
        link.out.clear();
        link.out.extend(format!("\n{word}\n").into_bytes());
        link.session.halt();
        self.view.message = Some("emergency stop".to_owned());
        self.stops.push(stop);
        if self.job.is_some() {
            self.halt_by = Some(self.now() + HALT_WAIT);
        }
    }

    /// The steps of a job that wait for the wire to be quiet.
    pub(super) fn conduct(&mut self) {
        let (Some(job), Some(link)) = (&mut self.job, &mut self.link) else { return };
        let session = &mut link.session;
        if session.is_busy() || session.stage != Stage::Ready {
            return;
        }
        let firmware = &self.printer.firmware;
        match &mut job.phase {
            Phase::HoldAsked { replies } if session.wire.is_quiet() => {
                let replies = mem::take(replies);
                session.begin(Purpose::Hold, job.lift(firmware));
                job.phase = Phase::Lifting { replies };
            }
            Phase::CancelAsked { replies } if session.wire.is_quiet() => {
                let replies = mem::take(replies);
                let mut lines = texts(&PROOF[..1]);
                lines.extend(firmware.cancel_script.iter().cloned());
                lines.push("M400".to_owned());
                session.begin(Purpose::Cancel, lines);
                job.phase = Phase::Cancelling { replies };
            }
            Phase::LastOut => {
                session.begin(Purpose::Proof, texts(&PROOF));
                job.phase = Phase::Proving;
            }
            Phase::HoldAsked { .. }
            | Phase::CancelAsked { .. }
            | Phase::Prelude { .. }
            | Phase::Streaming
            | Phase::MarkAsked { .. }
            | Phase::Lifting { .. }
            | Phase::Held
            | Phase::GoingOn { .. }
            | Phase::Cancelling { .. }
            | Phase::Proving => {}
        }
    }
}
