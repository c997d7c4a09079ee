//! What an answer proves: which lines are acknowledged, and when an `ok` is nobody's. The part of [`Wire`] that listens;
//! pure. An `ok` with nothing in flight is never credit, and no answer makes a line be sent again but `Resend:`.
use std::time::Duration;

use super::ack::{FIRST_NUMBER, Mono, Phase, Remedy, Tag, Wire};
use super::classify::Reply;
use super::resend::RESEND_QUIET;

/// `wait` with a line in flight counts as a lost `ok` when the line was sent longer ago than this.
const WAIT_MEANS_LOST: Duration = Duration::from_secs(1);

impl Wire {
    /// Takes a reply. Calls `acked` for each line it acknowledges, in order.
    pub fn on_reply(&mut self, reply: &Reply, now: Mono, mut acked: impl FnMut(Tag)) {
        match reply {
            Reply::Ok { line, temperatures, free } => {
                self.slots_full = *free == Some(0);
                self.on_ok(*line, temperatures.is_some(), now, &mut acked);
            }
            Reply::Resend { line } => self.on_resend(*line, now),
            Reply::BadLine if self.phase == Phase::Running => {
                // The Resend that follows may be lost, its ok may not: that one is no line's.
                self.swallow_until = self.limits.resend_has_ok.then_some(now + self.limits.resend_ok_wait);
                self.quiet_until = now + RESEND_QUIET;
            }
            Reply::Busy | Reply::BusyUser => {
                self.busy_seen = true;
                self.sign(now);
            }
            Reply::Wait => self.on_wait(now, &mut acked),
            Reply::BadLine
            | Reply::Banner
            | Reply::Temperatures(_)
            | Reply::Position { .. }
            | Reply::Capability { .. }
            | Reply::Firmware(_)
            | Reply::Action(_)
            | Reply::CardProgress { .. }
            | Reply::CardIdle
            | Reply::Fatal(_)
            | Reply::Stopped(_)
            | Reply::Error(_)
            | Reply::Other => {}
        }
    }

    /// Idle with an empty buffer although something is in flight: an `ok` was lost.
    fn on_wait(&mut self, now: Mono, acked: &mut impl FnMut(Tag)) {
        if self.in_flight.is_empty() || now < self.last_sent + WAIT_MEANS_LOST {
            return;
        }
        if self.question_acked {
            // The question had the next number and was taken, so nothing before it is missing.
            self.question_acked = false;
            while !self.in_flight.is_empty() {
                self.pop(acked);
            }
            self.probes = 0;
        } else if self.remedy != Remedy::Question {
            self.ask(now);
        }
    }

    /// A sign of life that is not an answer.
    pub(super) fn sign(&mut self, now: Mono) {
        self.last_sign = now;
        if !self.in_flight.iter().any(|line| line.tag == Tag::Core) && self.remedy != Remedy::Question {
            self.probes = 0;
        }
    }

    fn on_ok(&mut self, line: Option<u32>, answers_m105: bool, now: Mono, acked: &mut impl FnMut(Tag)) {
        if let Phase::Numbering { .. } = self.phase {
            self.numbered(now);
            return;
        }
        self.sign(now);
        if let Some(line) = line {
            while self.in_flight.front().is_some_and(|head| head.number <= line) {
                self.pop(acked);
            }
            return;
        }
        if self.swallow_until.take().is_some() {
            return;
        }
        self.question_acked |= self.limits.counted && self.in_flight.iter().any(|line| line.tag == Tag::Core);
        let question = self.in_flight.iter().position(|line| line.asks);
        match question {
            // Answers come in order: this one proves every line up to the first question.
            Some(at) if answers_m105 => {
                for _ in 0..=at {
                    self.pop(acked);
                }
                // Questions asked again behind it: if this was the answer to the first, theirs count as spurious.
                while self.in_flight.front().is_some_and(|line| line.tag == Tag::Core) {
                    self.pop(acked);
                }
                self.probes = 0;
                self.asked = (0, 0);
            }
            // A plain ok is not the question's answer, one with temperatures answers nothing else: late or doubled.
            Some(0) => self.counts.spurious_n += 1,
            None if (answers_m105 && !self.limits.counted) || self.in_flight.is_empty() => {
                self.counts.spurious_n += 1
            }
            Some(_) | None => self.pop(acked),
        }
    }

    fn pop(&mut self, acked: &mut impl FnMut(Tag)) {
        if let Some(head) = self.in_flight.pop_front() {
            if head.tag == Tag::Core {
                self.probes = 0; // A question was answered, by whatever kind of ok.
            } else {
                acked(head.tag);
            }
            if head.number >= self.asked.0 {
                self.asked = (0, 0);
            }
        }
    }

    /// The counter is at 0. A numbered M105 follows, whose answer absorbs `ok`s of handshakes that were repeated.
    fn numbered(&mut self, now: Mono) {
        self.phase = Phase::Running;
        self.next = FIRST_NUMBER + 1;
        self.ring.clear();
        self.in_flight.clear();
        self.resend_from = None;
        self.swallow_until = None;
        self.quiet_until = now;
        self.asked = (0, 0);
        self.probes = 0;
        self.remedy = Remedy::Question;
        self.last_sign = now;
    }
}
