//! Conduct of a running job: which line is next, hold, go on, cancel, the proof at the end, and what each of them is
//! evidence for. Pure apart from the channels it holds; the loop is in `task`.
use std::collections::VecDeque;
use std::time::Duration;

use firmware_profiles::Firmware;
use protocol::attempt::Event;
use protocol::units::Permille;
use tokio::sync::{mpsc, oneshot};

use super::modal::Modal;
use super::preflight::Checked;
use crate::printer::types::{Doing, PROGRESS_EVERY, Progress, StartOrder, What};
use crate::printer::{Answer, StartAnswer};

/// What a job waits for or does.
#[derive(Debug)]
pub(super) enum Phase {
    /// The lines before the job are out; nothing of the job is.
    Prelude { reply: StartAnswer },
    /// Lines go out.
    Streaming,
    /// All lines but the last are out; the mark must become durable.
    MarkAsked { durable: oneshot::Receiver<()> },
    /// A hold was asked for: lines in flight end first.
    HoldAsked { replies: Vec<Answer> },
    /// The nozzle is being lifted.
    Lifting { replies: Vec<Answer> },
    /// Held.
    Held,
    /// Coming down again.
    GoingOn { replies: Vec<Answer> },
    /// A cancel was asked for: lines in flight end first.
    CancelAsked { replies: Vec<Answer> },
    /// The cancel's own lines are out.
    Cancelling { replies: Vec<Answer> },
    /// The last line is out or acknowledged; the proof follows.
    LastOut,
    /// M105 and M400 are out.
    Proving,
}

/// A running job.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) order: Box<StartOrder>,
    pub(super) phase: Phase,
    pub(super) lines: mpsc::Receiver<String>,
    pub(super) ahead: VecDeque<String>,
    pub(super) source_ended: bool,
    lines_n: u64,
    next: u64,
    acked_n: u64,
    last_allowed: bool,
    modal: Modal,
    remaining: Option<Duration>,
    told_at: Option<Duration>,
}

/// What to send next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing now.
    Nothing,
    /// This line may go out.
    Line,
    /// The line is the last one and its mark is not durable.
    Mark,
    /// The file ended before its last line: it changed after it was checked.
    Short,
}

impl Job {
    /// A job whose prelude goes out.
    pub(super) fn new(
        order: Box<StartOrder>,
        checked: &Checked,
        lines: mpsc::Receiver<String>,
        reply: StartAnswer,
    ) -> Self {
        Self {
            order,
            phase: Phase::Prelude { reply },
            lines,
            ahead: VecDeque::new(),
            source_ended: false,
            lines_n: checked.lines_n,
            next: 0,
            acked_n: 0,
            last_allowed: false,
            modal: Modal::default(),
            remaining: None,
            told_at: None,
        }
    }

    /// Whether a line of the job has been handed to the port.
    pub(super) fn has_begun(&self) -> bool {
        self.next > 0
    }

    /// What may be sent now, as far as the job is concerned.
    pub(super) fn next(&self) -> Next {
        if !matches!(self.phase, Phase::Streaming) || self.next >= self.lines_n {
            return Next::Nothing;
        }
        if self.ahead.is_empty() {
            return if self.source_ended { Next::Short } else { Next::Nothing };
        }
        if self.next + 1 == self.lines_n && !self.last_allowed { Next::Mark } else { Next::Line }
    }

    /// The text of the next line, and its index.
    pub(super) fn peek(&self) -> Option<(&str, u64)> {
        self.ahead.front().map(|text| (text.as_str(), self.next))
    }

    /// The line that was peeked at has been handed to the port.
    pub(super) fn sent(&mut self) {
        if let Some(text) = self.ahead.pop_front() {
            self.modal.follow(&text);
            self.follow_progress(&text);
            self.next += 1;
        }
        if self.next == self.lines_n {
            self.phase = Phase::LastOut;
        }
    }

    /// `M73 P12 R34` of slicers: the remaining minutes.
    fn follow_progress(&mut self, text: &str) {
        if super::line::command(text) == "M73"
            && let Some(minutes) = super::line::value(text, 'R')
            && (0.0..1e7).contains(&minutes)
        {
            self.remaining = Some(Duration::from_secs_f64(minutes * 60.0));
        }
    }

    /// The mark is durable: the last line may go out.
    pub(super) fn allow_last(&mut self) {
        self.last_allowed = true;
        self.phase = Phase::Streaming;
    }

    /// A line was acknowledged. True for the first one.
    pub(super) fn acked(&mut self, index: u64) -> bool {
        let first = self.acked_n == 0;
        self.acked_n = self.acked_n.max(index + 1);
        debug_assert!(self.acked_n <= self.next, "a line was acknowledged that was not sent");
        first
    }

    /// Whether every line was acknowledged as far as counted; proven is it by what follows.
    pub(super) fn is_all_acked(&self) -> bool {
        self.acked_n == self.lines_n
    }

    /// How far it is.
    pub(super) fn progress(&self) -> Progress {
        Progress {
            acked_line: self.acked_n,
            done: Permille::of(self.acked_n, self.lines_n),
            z_um: self.modal.z_um(),
            remaining: self.remaining,
        }
    }

    /// A progress report, when one is due.
    pub(super) fn progress_due(&mut self, now: Duration) -> Option<What> {
        if self.told_at.is_some_and(|told| now < told + PROGRESS_EVERY) || self.acked_n == 0 {
            return None;
        }
        self.told_at = Some(now);
        Some(What::Progress { attempt: self.order.attempt, progress: self.progress() })
    }

    /// Evidence about this job.
    pub(super) fn evidence(&self, event: Event, why: &str) -> What {
        let (sent, acked, all) = (self.next, self.acked_n, self.lines_n);
        let mm = self.modal.z_um().div_euclid(1000);
        let evidence =
            format!("{why}; {acked} of {all} lines acknowledged, {sent} sent, height about {mm} mm");
        What::Evidence { attempt: self.order.attempt, event, evidence }
    }

    /// Lines that lift for a hold and disarm the dead-man switch, which would end a long one.
    pub(super) fn lift(&self, firmware: &Firmware) -> Vec<String> {
        let mut lines = self.modal.lift(firmware.pause_lift_mm);
        lines.extend(firmware.disarm.iter().cloned());
        lines
    }

    /// Lines that come down again.
    pub(super) fn back(&self, firmware: &Firmware) -> Vec<String> {
        let mut lines = firmware.arm.clone();
        lines.extend(self.modal.back(firmware.pause_lift_mm));
        lines
    }

    /// Whether an error of the firmware ends it: not while it is being cancelled, which ends it anyway.
    pub(super) fn can_fail(&self) -> bool {
        match self.phase {
            Phase::Prelude { .. }
            | Phase::Streaming
            | Phase::MarkAsked { .. }
            | Phase::HoldAsked { .. }
            | Phase::Lifting { .. }
            | Phase::Held
            | Phase::GoingOn { .. }
            | Phase::LastOut
            | Phase::Proving => true,
            Phase::CancelAsked { .. } | Phase::Cancelling { .. } => false,
        }
    }

    /// What the printer does because of this job.
    pub(super) fn doing(&self) -> Doing {
        match self.phase {
            Phase::Prelude { .. } => Doing::Preparing,
            Phase::Streaming | Phase::MarkAsked { .. } | Phase::HoldAsked { .. } | Phase::Lifting { .. } => {
                Doing::Printing
            }
            Phase::Held | Phase::GoingOn { .. } => Doing::Paused,
            Phase::CancelAsked { .. } | Phase::Cancelling { .. } | Phase::LastOut | Phase::Proving => {
                Doing::Ending
            }
        }
    }
}
