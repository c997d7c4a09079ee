//! What the board's replies bring about: acknowledged lines, scripts that are done, prompts, foreign prints, and the ways
//! in which the evidence of a job ends. Requests of people and of the scheduler are in `conduct`.
use std::mem;
use std::time::Duration;

use protocol::attempt::{Event, Lost};

use super::ack::Stuck;
use super::classify::Reply;
use super::conduct::{answer_all, refuse};
use super::job::{Job, Phase};
use super::session::{Happened, Purpose};
use super::task::{Actor, RETRY_FIRST, STUCK_RETRY};
use crate::printer::types::{Connection, What};

/// A printer that waits for a person says so every 2 s; after this long without, it does not any more.
const PERSON_WAIT: Duration = Duration::from_secs(7);

impl Actor {
    /// What a reply says about the printer, for the view; prompts and foreign prints.
    pub(super) fn notice(&mut self, reply: &Reply) {
        self.view.heard = Some(tokio::time::Instant::now());
        match reply {
            Reply::Ok { temperatures: Some(now), .. } | Reply::Temperatures(now) => {
                self.view.temperatures.update(now)
            }
            Reply::Ok { temperatures: None, .. } if self.person_until.is_some() => self.person_done(),
            Reply::Error(text) => self.error(text),
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
            | Reply::Firmware(_)
            | Reply::Capability { .. }
            | Reply::CardProgress { .. }
            | Reply::Fatal(_)
            | Reply::Stopped(_) => {}
        }
    }

    /// The board says its name. With another firmware than the profile's, what an `ok` means is not known.
    pub(super) fn named(&mut self, name: String) {
        let firmware = &self.printer.firmware;
        self.wrong_firmware = (!firmware.names.iter().any(|known| name.starts_with(known))).then(|| {
            format!(
                "its firmware calls itself {name:?}, and the chosen model expects {}: choose the model that fits",
                firmware.title
            )
        });
        self.view.firmware = Some(name);
    }

    /// Where an error means that a line was not executed, going on would print something else.
    fn error(&mut self, text: &str) {
        self.view.message = Some(text.to_owned());
        let firmware = &self.printer.firmware;
        if !firmware.error_ends_job || !self.job.as_ref().is_some_and(Job::can_fail) {
            return;
        }
        let cold = firmware.cancel_script.clone();
        self.end(Event::Halted, &format!("the printer did not execute a line: {text}"));
        if let Some(link) = &mut self.link {
            link.session.begin(Purpose::After, cold);
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

    pub(super) fn happened(&mut self, what: Happened) {
        match what {
            Happened::Ready => {
                self.retry = RETRY_FIRST;
                self.view.message.clone_from(&self.wrong_firmware);
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
            let firmware = &self.printer.firmware;
            link.session.begin(Purpose::After, [firmware.disarm.clone(), firmware.done.clone()].concat());
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
