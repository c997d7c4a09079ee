//! What the task does with requests and with what the board says: how a job is begun, held, cancelled, proven done, and
//! how its evidence ends. Decisions about lines are in `job` and `session`.
use std::mem;
use std::time::Duration;

use protocol::attempt::{Event, Lost, NotStarted};
use tokio::sync::mpsc;

use super::ack::Stuck;
use super::classify::Reply;
use super::job::{Job, Phase};
use super::preflight::{self, AHEAD_LINES, Checked, Unfit};
use super::session::{Happened, Purpose, Stage};
use super::task::{Actor, BEGUN_MAX, Checking, HALT_WAIT, RETRY_FIRST, STUCK_RETRY};
use crate::printer::emergency::Stop;
use crate::printer::types::{Connection, StartOrder, StartRefused, What};
use crate::printer::{Answer, Refusal, Request, StartAnswer};

/// Proves that everything before it was executed: the answer to M105 is recognisable and takes up late `ok`s, the `ok`
/// of M400 behind it says that nothing moves any more.
const PROOF: [&str; 2] = ["M105", "M400"];
/// Stops a wait that more than one `M108` would end.
const BREAK_BYTES_MAX: usize = 64;

/// A port that is closed to be opened again stays closed for this long, so that the board sees the line drop.
const CLOSED_MIN: Duration = Duration::from_millis(300);
/// A printer that waits for a person says so every 2 s; after this long without, it does not any more.
const PERSON_WAIT: Duration = Duration::from_secs(7);

fn texts(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn answer_all(replies: Vec<Answer>, what: &Result<(), String>) {
    for reply in replies {
        drop(reply.send(what.clone())); // Whoever asked may have stopped waiting.
    }
}

fn refuse(reply: StartAnswer, why: impl Into<String>) {
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
        let arm = format!("M85 S{}", self.printer.firmware.dead_man_s);
        link.session.begin(Purpose::Prelude, vec![arm, "M75".to_owned()]);
        let (to, lines) = mpsc::channel(AHEAD_LINES);
        self.job = Some(Job::new(order, &checked, lines, reply));
        let firmware = self.printer.firmware.clone();
        // Ends with the file, or when the job drops its end of the channel.
        drop(tokio::task::spawn_blocking(move || checked.send(&firmware, &to)));
    }

    fn pause(&mut self, reply: Answer) {
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

    fn resume(&mut self, reply: Answer) {
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
                let firmware = &self.printer.firmware;
                let back = job.back(firmware.pause_lift_mm, firmware.dead_man_s);
                link.session.begin(Purpose::GoOn, back);
                job.phase = Phase::GoingOn { replies: vec![reply] };
            }
            Phase::GoingOn { replies } => replies.push(reply),
            Phase::Streaming => drop(reply.send(Ok(()))),
            _ => drop(reply.send(Err("the job is not held".to_owned()))),
        }
    }

    fn cancel(&mut self, reply: Answer) {
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
            _ => {}
        }
        if let Some(link) = &mut self.link {
            link.session.drop_script();
        }
        self.break_wait();
    }

    /// `M108` out of turn: a wait for a temperature or a person ends. Its own `ok` is taken up by the proof.
    fn break_wait(&mut self) {
        let word = self.printer.firmware.break_wait.clone();
        if let Some(link) = self.link.as_mut().filter(|link| link.out.len() < BREAK_BYTES_MAX) {
            link.out.extend(format!("{word}\n").into_bytes());
        }
    }

    fn open_port(&mut self, reply: Answer) {
        if self.job.is_some() {
            return drop(reply.send(Err("it has a job".to_owned())));
        }
        match self.link.as_ref().map(|link| &link.session.stage) {
            Some(Stage::Ready) => return drop(reply.send(Ok(()))),
            Some(Stage::Halted | Stage::Stuck(_)) => {
                self.link = None;
                self.open_at = Some(self.now() + CLOSED_MIN);
            }
            Some(Stage::Booting { .. } | Stage::Handshake | Stage::SettingUp) => {}
            None => self.open_at = Some(self.now()),
        }
        self.open_replies.push(reply);
        self.retry = RETRY_FIRST;
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

    /// What a reply says about the printer, for the view; prompts and foreign prints.
    pub(super) fn notice(&mut self, reply: &Reply) {
        self.view.heard = Some(tokio::time::Instant::now());
        match reply {
            Reply::Ok { temperatures: Some(now), .. } | Reply::Temperatures(now) => {
                self.view.temperatures.update(now)
            }
            Reply::Ok { temperatures: None, .. } if self.person_until.is_some() => self.person_done(),
            Reply::Firmware(name) => self.view.firmware = Some(name.clone()),
            Reply::Error(text) => self.view.message = Some(text.clone()),
            Reply::BusyUser => self.person_wanted(),
            Reply::Action(action) => self.action(action),
            Reply::CardProgress { done, whole } if self.job.is_none() && done < whole => {
                if !mem::replace(&mut self.foreign, true) {
                    self.report(What::ForeignPrint { name: "a file on the printer's own card".to_owned() });
                }
            }
            Reply::CardIdle => self.foreign = false,
            Reply::Other => self.view.heard = self.view.heard.filter(|_| self.link.is_some()),
            Reply::Ok { .. }
            | Reply::Resend { .. }
            | Reply::BadLine
            | Reply::Busy
            | Reply::Wait
            | Reply::Banner
            | Reply::Position { .. }
            | Reply::Capability { .. }
            | Reply::CardProgress { .. }
            | Reply::Fatal(_)
            | Reply::Stopped(_) => {}
        }
    }

    fn person_wanted(&mut self) {
        let until = self.now() + PERSON_WAIT;
        if self.person_until.replace(until).is_some() {
            return;
        }
        self.view.message = Some("the printer waits for a person".to_owned());
        self.tell(Event::StreamPaused, "the printer waits for a person");
    }

    pub(super) fn person_done(&mut self) {
        self.person_until = None;
        self.tell(Event::StreamResumed, "the printer goes on");
    }

    /// Words of the printer to its host. `paused` is information; `pause` and `cancel` are requests of the person at
    /// the display.
    fn action(&mut self, action: &str) {
        let nobody = || tokio::sync::oneshot::channel().0;
        match action.split("//action:").next().unwrap_or(action).trim() {
            "pause" if self.job.is_some() => self.pause(nobody()),
            "resume" if self.job.is_some() => self.resume(nobody()),
            "cancel" if self.job.is_some() => self.cancel(nobody()),
            other => {
                if let Some(prompt) =
                    other.strip_prefix("prompt_begin ").or(other.strip_prefix("notification "))
                {
                    self.view.message = Some(prompt.to_owned());
                }
            }
        }
    }

    /// Evidence about the running job, if its first line has left.
    fn tell(&mut self, event: Event, why: &str) {
        if let Some(what) =
            self.job.as_ref().filter(|job| job.has_begun()).map(|job| job.evidence(event, why))
        {
            self.report(what);
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
                session.begin(Purpose::Hold, job.lift(firmware.pause_lift_mm));
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
            _ => {}
        }
    }

    pub(super) fn happened(&mut self, what: Happened) {
        match what {
            Happened::Ready => {
                self.retry = RETRY_FIRST;
                self.view.message = None;
                answer_all(mem::take(&mut self.open_replies), &Ok(()));
            }
            Happened::JobLine(index) => {
                if self.job.as_mut().is_some_and(|job| job.acked(index)) {
                    self.tell(Event::FirstLineAcked, "the first line was acknowledged");
                }
            }
            Happened::Done(purpose) => self.done(purpose),
            Happened::Banner => self.end(Event::BoardReset, "the board restarted"),
            Happened::Halted(text) => {
                self.halt_by = None;
                self.end(Event::Halted, &text);
                self.view.message = Some(text);
            }
            Happened::Stuck(stuck) => {
                self.stuck_until = Some(self.now() + STUCK_RETRY);
                let (lost, why) = match stuck {
                    Stuck::Silent => (Lost::Link, "the printer does not answer".to_owned()),
                    Stuck::SameLine { line } => {
                        (Lost::Link, format!("the printer asked for line {line} again and again"))
                    }
                    Stuck::Counter { asked, next } => (
                        Lost::Contradiction,
                        format!("the printer asked for line {asked}, the next is {next}"),
                    ),
                };
                answer_all(mem::take(&mut self.open_replies), &Err(why.clone()));
                self.lose(lost, &why);
            }
        }
    }

    fn done(&mut self, purpose: Purpose) {
        let Some(job) = &mut self.job else { return };
        let phase = mem::replace(&mut job.phase, Phase::Held);
        match (purpose, phase) {
            (Purpose::Prelude, Phase::Prelude { reply }) => {
                job.phase = Phase::Streaming;
                drop(reply.send(Ok(())));
            }
            (Purpose::Hold, Phase::Lifting { replies }) => {
                self.tell(Event::StreamPaused, "held");
                answer_all(replies, &Ok(()));
            }
            (Purpose::GoOn, Phase::GoingOn { replies }) => {
                job.phase = Phase::Streaming;
                self.tell(Event::StreamResumed, "going on");
                answer_all(replies, &Ok(()));
            }
            (Purpose::Cancel, Phase::Cancelling { replies }) => {
                self.cancelled();
                answer_all(replies, &Ok(()));
            }
            (Purpose::Proof, Phase::Proving) => self.proven(),
            (_, phase) => job.phase = phase,
        }
    }

    fn cancelled(&mut self) {
        self.tell(Event::CancelAcked, "the printer executed the cancel");
        self.job = None;
        self.after();
    }

    fn proven(&mut self) {
        let all = self.job.as_ref().is_some_and(Job::is_all_acked);
        if !all {
            return self.lose(Lost::Contradiction, "the end was acknowledged before its lines");
        }
        self.tell(Event::StreamDone, "the last line and M400 were acknowledged");
        self.job = None;
        self.after();
    }

    /// Disarms the dead-man switch and ends the printer's own clock.
    fn after(&mut self) {
        self.person_until = None;
        if let Some(link) = &mut self.link {
            link.session.begin(Purpose::After, texts(&["M85 S0", "M77"]));
        }
    }

    /// The mark of the last line is durable, or will never be.
    pub(super) fn marked(&mut self, durable: bool) {
        let Some(job) = &mut self.job else { return };
        if durable {
            return job.allow_last();
        }
        job.phase = Phase::Streaming;
        self.lose(Lost::Contradiction, "the end could not be recorded, so the last line was not sent");
    }

    /// The port is gone.
    pub(super) fn gone(&mut self, why: &str) {
        self.link = None;
        let running = self.job.as_ref().is_some_and(Job::has_begun);
        self.lose(Lost::Link, why);
        for stop in mem::take(&mut self.stops) {
            drop(stop.send(Err(why.to_owned())));
        }
        answer_all(mem::take(&mut self.open_replies), &Err(why.to_owned()));
        let keep_closed = running && self.printer.resets_on_open;
        // Opening would reset the board: whether that may be is a person's word.
        self.open_at = (!keep_closed).then_some(self.now() + self.retry);
        let why = if keep_closed {
            format!("{why}. Opening it again resets the board: look, then open it")
        } else {
            why.to_owned()
        };
        self.view.connection = Connection::Closed { why };
        self.view.heard = None;
        self.stuck_until = None;
        self.halt_by = None;
    }

    /// Evidence ends.
    pub(super) fn lose(&mut self, lost: Lost, why: &str) {
        self.end(Event::EvidenceLost(lost), why);
    }

    /// The job is over by this event; before its first line left, the start is refused instead.
    fn end(&mut self, event: Event, why: &str) {
        self.person_until = None;
        if let Some(checking) = self.checking.take() {
            refuse(checking.reply, why);
        }
        let Some(job) = self.job.take() else { return };
        if let Some(link) = &mut self.link {
            link.session.drop_script();
        }
        if job.has_begun() {
            let what = job.evidence(event, why);
            self.report(what);
        }
        let over = Err(why.to_owned());
        match job.phase {
            Phase::Prelude { reply } => refuse(reply, why),
            Phase::HoldAsked { replies }
            | Phase::Lifting { replies }
            | Phase::GoingOn { replies }
            | Phase::CancelAsked { replies }
            | Phase::Cancelling { replies } => answer_all(replies, &over),
            Phase::Streaming | Phase::MarkAsked { .. } | Phase::Held | Phase::LastOut | Phase::Proving => {}
        }
    }
}
