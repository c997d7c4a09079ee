//! What to do about lines that did not arrive and answers that did not come: repeating what is asked for, asking a new
//! question after silence, giving up. The other half of [`Wire`]; pure. A line goes out again only when the firmware
//! asked for its number; silence alone never repeats anything.
use std::time::Duration;

use super::ack::{Class, HANDSHAKE_WAIT, HANDSHAKES_MAX, Mono, Phase, Remedy, Stuck, Tag, Wire};

/// After a `Resend:` the line must be quiet for this long before anything is sent again: complaints about lines that
/// were on their way come within it (three longest lines take 25 ms at 115 200 baud).
pub(super) const RESEND_QUIET: Duration = Duration::from_millis(40);

/// After a `Resend:` so many lines go out one by one: a board whose receive ring overruns would lose the next
/// burst as well (128 bytes on 8 bit boards).
const CAREFUL_LINES: u32 = 24;

impl Wire {
    pub(super) fn resend_next(&mut self, now: Mono) -> Option<Vec<u8>> {
        let number = self.resend_from?;
        let Some(sent) = self.ring.iter().find(|sent| sent.number == number).cloned() else {
            self.stuck = Some(Stuck::Counter { asked: number, next: self.next });
            return None;
        };
        let waits = self.is_blocked() || !self.fits(number, self.framed_bytes(number, &sent.text));
        if waits && self.remedy != Remedy::PushOn {
            return None;
        }
        if self.remedy == Remedy::PushOn {
            self.remedy = Remedy::None;
        }
        self.counts.resent_n += 1;
        self.resend_from = (number + 1 < self.next).then_some(number + 1);
        Some(self.put(&sent, now))
    }

    pub(super) fn probe_now(&mut self, now: Mono) -> Option<Vec<u8>> {
        if self.remedy != Remedy::Question || self.resend_from.is_some() {
            return None;
        }
        self.remedy = Remedy::None;
        self.last_sign = now;
        Some(self.put_new("M105", Tag::Core, now))
    }

    /// Times that have passed: handshake repeated, probe made due, silence called by its name.
    pub(super) fn notice_silence(&mut self, now: Mono) {
        if self.swallow_until.is_some_and(|until| now > until) {
            self.swallow_until = None; // Sent without its ok, or that was lost.
        }
        if let Phase::Numbering { sent_at } = self.phase {
            if now >= sent_at + HANDSHAKE_WAIT {
                self.handshake_again();
            }
            return;
        }
        if self.in_flight.is_empty() || now < self.last_sign + self.patience() {
            return;
        }
        self.ask(now);
    }

    pub(super) fn handshake_again(&mut self) {
        self.handshakes += 1;
        if self.handshakes >= HANDSHAKES_MAX {
            self.stuck = Some(Stuck::Silent);
        } else {
            self.phase = Phase::NumberDue;
        }
    }

    pub(super) fn ask(&mut self, now: Mono) {
        if self.probes >= self.limits.probes_max {
            self.stuck = Some(Stuck::Silent);
            return;
        }
        self.probes += 1;
        self.counts.probes_n += 1;
        self.remedy = if self.resend_from.is_some() { Remedy::PushOn } else { Remedy::Question };
        self.last_sign = now;
    }

    pub(super) fn patience(&self) -> Duration {
        let slow = self.in_flight.iter().any(|line| match line.class {
            Class::Plain => false,
            Class::Blocking => !self.busy_seen,
            Class::Heating => true,
        });
        if slow { self.limits.blocking_wait } else { self.limits.ack_wait }
    }

    pub(super) fn on_resend(&mut self, line: u32, now: Mono) {
        if self.phase != Phase::Running {
            // Our M110 was mutilated; it may be repeated at will.
            self.handshake_again();
            return;
        }
        self.sign(now);
        self.probes = 0; // It answers; how often it may ask for the same line is counted by itself.
        self.swallow_until = self.limits.resend_has_ok.then_some(now + self.limits.resend_ok_wait);
        self.quiet_until = now + RESEND_QUIET;
        let oldest = self.ring.front().map_or(self.next, |sent| sent.number);
        if !self.limits.numbered || line > self.next || line < oldest {
            self.stuck = Some(Stuck::Counter { asked: line, next: self.next });
            return;
        }
        if line == self.next {
            return; // A duplicate or noise was refused; everything before it has arrived.
        }
        let waiting = self.in_flight.iter().any(|flying| flying.number >= line);
        if self.resend_from == Some(line) && !waiting {
            return; // An echo for a line that was on its way behind the refused one.
        }
        let times = if self.asked.0 == line { self.asked.1 + 1 } else { 1 };
        self.asked = (line, times);
        if times > self.limits.resend_same_max {
            self.stuck = Some(Stuck::SameLine { line });
            return;
        }
        self.in_flight.retain(|flying| flying.number < line);
        self.careful = (line, line.saturating_add(CAREFUL_LINES));
        self.resend_from = Some(line);
    }
}
