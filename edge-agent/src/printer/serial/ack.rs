//! Acknowledgement and resend: which lines are in flight, what an answer proves, what may be sent next.
//!
//! Pure and clock-injected: `Wire::on_reply` (in `answers`) and [`Wire::poll`] get the time, [`Wire::poll`] says which bytes go
//! out. Invariants: never more than the window in flight; no number is given to two different texts; a line is put on
//! the wire again only when the firmware asked for its number; an `ok` with nothing in flight is never credit.
//!
//! A lost `ok` is found with a **new** numbered `M105`, never by repeating a line: Marlin is silent about duplicates,
//! and the answer to M105 is recognisable (`ok T:…`), so it proves everything before it and cannot be mistaken for a
//! late `ok`. Where a firmware's answers carry no such sign ([`AckStrategy::NumberedCounted`]), its `wait` behind an
//! acknowledged question says the same.
use std::collections::VecDeque;
use std::time::Duration;

use firmware_profiles::{AckStrategy, Firmware};

use super::line::{command, frame};

/// Time since the actor began; the core knows no other.
pub type Mono = Duration;

/// Numbering begins behind this. A board that restarted unnoticed counts from 0 and asks for line 1, which is then not
/// among ours: without it, the first lines of a job would be sent again, and the job begun a second time.
pub(super) const FIRST_NUMBER: u32 = 10_000;
/// The answer to `M110` and to the M105 that closes the handshake must come within this time, or they are repeated.
pub(super) const HANDSHAKE_WAIT: Duration = Duration::from_secs(2);
/// How often the handshake is repeated.
pub(super) const HANDSHAKES_MAX: u32 = 5;

/// What a line was sent for; comes back when it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// A line of the running job, by its index from 0.
    Job(u64),
    /// A line of the driver's own, by a number the driver chose.
    Own(u32),
    /// The core's own questions; never handed out.
    Core,
}

/// Why the core gave up. Nothing may be sent after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stuck {
    /// The same line was asked for again and again.
    SameLine {
        /// The line.
        line: u32,
    },
    /// The firmware asks for a line that was never sent or is no longer known: its counter is not ours.
    Counter {
        /// The line asked for.
        asked: u32,
        /// The next line we would send.
        next: u32,
    },
    /// No answer to several probes.
    Silent,
}

/// How long a command may take, and whether anything may be sent behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Acknowledged when planned.
    Plain,
    /// Acknowledged when done; busy messages come meanwhile.
    Blocking,
    /// Waits for a temperature; some builds send no busy messages meanwhile.
    Heating,
}

#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) number: u32,
    pub(super) text: String,
    pub(super) tag: Tag,
    pub(super) class: Class,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct InFlight {
    pub(super) number: u32,
    pub(super) bytes_n: usize,
    pub(super) tag: Tag,
    pub(super) class: Class,
    /// An M105: only an `ok` with temperatures answers it, and that proves everything before it.
    pub(super) asks: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// `M110` must go out.
    NumberDue,
    /// `M110` is out.
    Numbering { sent_at: Mono },
    /// Lines may be sent.
    Running,
}

/// What is due because of silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    None,
    /// A question must go out.
    Question,
    /// Lost `ok`s fill the window while a line is to be repeated: it may go out all the same, once.
    PushOn,
}

/// Counts for people and tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines put on the wire a second time.
    pub resent_n: u64,
    /// Probes for a lost `ok`.
    pub probes_n: u64,
    /// `ok`s with nothing in flight.
    pub spurious_n: u64,
}

/// The limits of one connection; from the profile, and larger where the firmware reports its emergency parser.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "what a profile says, each independent of the others")]
pub(super) struct Limits {
    pub(super) numbered: bool,
    /// An `ok` is only counted; the answer to M105 is no sign of its own.
    pub(super) counted: bool,
    pub(super) resend_has_ok: bool,
    pub(super) window_lines: usize,
    pub(super) window_bytes: usize,
    pub(super) window_lines_parser: usize,
    pub(super) window_bytes_parser: usize,
    pub(super) ring_lines: usize,
    pub(super) renumber_after: u32,
    pub(super) resend_same_max: u32,
    pub(super) ack_wait: Duration,
    pub(super) blocking_wait: Duration,
    pub(super) resend_ok_wait: Duration,
    pub(super) probes_max: u32,
    pub(super) blocking: Vec<String>,
}

/// One connection's acknowledgement state.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what was heard, each independent of the others")]
pub struct Wire {
    pub(super) limits: Limits,
    pub(super) phase: Phase,
    pub(super) next: u32,
    pub(super) ring: VecDeque<Sent>,
    pub(super) in_flight: VecDeque<InFlight>,
    /// Where to go on in the ring; `None` when nothing is to be repeated.
    pub(super) resend_from: Option<u32>,
    /// Nothing is sent before this time (quiet after a `Resend:`).
    pub(super) quiet_until: Mono,
    /// The `ok` that belongs to a `Resend:` is awaited until then.
    pub(super) swallow_until: Option<Mono>,
    /// The line asked for last, and how often in a row.
    pub(super) asked: (u32, u32),
    /// Lines from the first to the second number are sent one by one, after something did not arrive.
    pub(super) careful: (u32, u32),
    pub(super) last_sent: Mono,
    pub(super) last_sign: Mono,
    /// The firmware sends busy messages: a silent blocking command has lost its `ok`.
    pub(super) busy_seen: bool,
    pub(super) probes: u32,
    /// A question was acknowledged and is the newest thing sent: `wait` then proves everything before it.
    pub(super) question_acked: bool,
    /// The firmware has said that all its command slots are taken.
    pub(super) slots_full: bool,
    pub(super) remedy: Remedy,
    pub(super) handshakes: u32,
    pub(super) stuck: Option<Stuck>,
    pub(super) counts: Counts,
}

impl Wire {
    /// A connection on which nothing was sent. The first thing sent is `M110` and a numbered M105.
    #[must_use]
    pub fn new(firmware: &Firmware, now: Mono) -> Self {
        let limits = Limits {
            numbered: match firmware.ack {
                AckStrategy::NumberedNextLine | AckStrategy::NumberedCounted => true,
                AckStrategy::PlainProbeOnce => false,
            },
            counted: firmware.ack == AckStrategy::NumberedCounted,
            resend_has_ok: firmware.resend_has_ok,
            window_lines: firmware.window_lines,
            window_bytes: firmware.window_bytes,
            window_lines_parser: firmware.window_lines_parser,
            window_bytes_parser: firmware.window_bytes_parser,
            ring_lines: firmware.ring_lines,
            renumber_after: firmware.renumber_after,
            resend_same_max: firmware.resend_same_max,
            ack_wait: firmware.ack_wait,
            blocking_wait: firmware.blocking_wait,
            resend_ok_wait: firmware.resend_ok_wait,
            probes_max: firmware.probes_max,
            blocking: firmware.blocking.clone(),
        };
        Self {
            limits,
            phase: Phase::NumberDue,
            next: FIRST_NUMBER + 1,
            ring: VecDeque::new(),
            in_flight: VecDeque::new(),
            resend_from: None,
            quiet_until: now,
            swallow_until: None,
            asked: (0, 0),
            careful: (0, 0),
            last_sent: now,
            last_sign: now,
            busy_seen: false,
            probes: 0,
            question_acked: false,
            slots_full: false,
            remedy: Remedy::None,
            handshakes: 0,
            stuck: None,
            counts: Counts::default(),
        }
    }

    /// The firmware reads M112 out of turn: the window may be larger.
    pub fn allow_parser_window(&mut self) {
        self.limits.window_lines = self.limits.window_lines_parser;
        self.limits.window_bytes = self.limits.window_bytes_parser;
    }

    /// Sets the line counter back as soon as nothing is in flight.
    pub fn renumber(&mut self) {
        debug_assert!(self.in_flight.is_empty(), "renumbered with lines in flight");
        self.phase = Phase::NumberDue;
        self.handshakes = 0;
    }

    /// Whether everything that was sent is acknowledged and nothing is to be repeated.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.phase == Phase::Running
            && self.in_flight.is_empty()
            && self.resend_from.is_none()
            && self.remedy != Remedy::Question
    }

    /// Counts since the connection began.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Why nothing more can be sent, if so.
    #[must_use]
    pub fn stuck(&self) -> Option<&Stuck> {
        self.stuck.as_ref()
    }

    /// Whether a counter reset is due; the driver calls [`Wire::renumber`] when nothing is in flight.
    #[must_use]
    pub fn wants_renumber(&self) -> bool {
        self.limits.numbered && self.next > self.limits.renumber_after
    }

    /// Whether a new line of so many bytes may be sent now.
    #[must_use]
    pub fn has_room(&self, text: &str, now: Mono) -> bool {
        if self.stuck.is_some()
            || self.phase != Phase::Running
            || self.resend_from.is_some()
            || self.remedy == Remedy::Question
        {
            return false;
        }
        if now < self.quiet_until || self.wants_renumber() || self.probes > 0 {
            return false;
        }
        if self.is_blocked() {
            return false;
        }
        self.fits(self.next, self.framed_bytes(self.next, text))
    }

    /// Nothing may be sent behind a blocking command or the core's own question.
    pub(super) fn is_blocked(&self) -> bool {
        self.in_flight.iter().any(|line| line.class != Class::Plain || line.tag == Tag::Core)
    }

    /// `N12 G1 X1*123` and line feed; the checksum counted with its most digits.
    pub(super) fn framed_bytes(&self, number: u32, text: &str) -> usize {
        let digits = usize::try_from(number.max(1).ilog10() + 1).unwrap_or(10);
        if self.limits.numbered { text.len() + digits + 7 } else { text.len() + 1 }
    }

    pub(super) fn fits(&self, number: u32, bytes_n: usize) -> bool {
        let bytes: usize = self.in_flight.iter().map(|line| line.bytes_n).sum();
        let (from, to) = self.careful;
        if (from..to).contains(&number) && self.in_flight.iter().any(|line| line.number >= from) {
            return false;
        }
        self.in_flight.is_empty()
            || (!self.slots_full
                && self.in_flight.len() < self.limits.window_lines
                && bytes + bytes_n <= self.limits.window_bytes)
    }

    /// Gives a new line its number and its bytes. The caller has asked [`Wire::has_room`].
    #[must_use]
    pub fn send(&mut self, text: &str, tag: Tag, now: Mono) -> Vec<u8> {
        assert!(self.stuck.is_none() && self.phase == Phase::Running, "sent a line on a stuck connection");
        assert!(self.resend_from.is_none(), "sent a new line while older ones are to be repeated");
        self.put_new(text, tag, now)
    }

    pub(super) fn put_new(&mut self, text: &str, tag: Tag, now: Mono) -> Vec<u8> {
        let sent = Sent { number: self.next, text: text.to_owned(), tag, class: self.class(text) };
        self.next += 1;
        let bytes = self.put(&sent, now);
        self.ring.push_back(sent);
        if self.ring.len() > self.limits.ring_lines {
            self.ring.pop_front();
        }
        bytes
    }

    fn class(&self, text: &str) -> Class {
        match command(text) {
            heating if matches!(heating.as_str(), "M109" | "M190" | "M303") => Class::Heating,
            other if self.limits.blocking.contains(&other) => Class::Blocking,
            _ => Class::Plain,
        }
    }

    /// Puts a line of the ring on the wire.
    pub(super) fn put(&mut self, sent: &Sent, now: Mono) -> Vec<u8> {
        let bytes = if self.limits.numbered {
            frame(sent.number, &sent.text)
        } else {
            format!("{}\n", sent.text).into_bytes()
        };
        if self.in_flight.is_empty() {
            self.last_sign = now; // The wait for an answer begins with the line it is for.
        }
        self.last_sent = now;
        self.question_acked = false;
        self.in_flight.push_back(InFlight {
            number: sent.number,
            bytes_n: bytes.len(),
            tag: sent.tag,
            class: sent.class,
            asks: sent.text == "M105" && !self.limits.counted,
        });
        bytes
    }

    /// The bytes that the core itself wants to send now: handshake, lines asked for again, probes.
    /// To be called until it gives `None`.
    pub fn poll(&mut self, now: Mono) -> Option<Vec<u8>> {
        if self.stuck.is_some() {
            return None;
        }
        self.notice_silence(now);
        if self.stuck.is_some() {
            return None;
        }
        match self.phase {
            Phase::NumberDue => {
                self.phase = Phase::Numbering { sent_at: now };
                self.last_sent = now;
                // Marlin counts from the second N, older firmwares from the first; some demand the checksum.
                let set = format!("M110 N{FIRST_NUMBER}");
                let text = if self.limits.numbered { frame(FIRST_NUMBER, &set) } else { b"M105\n".to_vec() };
                return Some(text);
            }
            Phase::Numbering { .. } => return None,
            Phase::Running => {}
        }
        if now < self.quiet_until {
            return None;
        }
        self.resend_next(now).or_else(|| self.probe_now(now))
    }

    /// When [`Wire::poll`] should be asked again at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        let silence = match self.phase {
            Phase::Numbering { sent_at } => Some(sent_at + HANDSHAKE_WAIT),
            Phase::NumberDue => None,
            Phase::Running if self.in_flight.is_empty() => None,
            Phase::Running => Some(self.last_sign + self.patience()),
        };
        let quiet =
            (self.resend_from.is_some() || self.remedy == Remedy::Question).then_some(self.quiet_until);
        [silence, quiet].into_iter().flatten().min()
    }
}

#[cfg(test)]
#[path = "ack_cable_tests.rs"]
mod cable_tests;
#[cfg(test)]
#[path = "ack_tests.rs"]
mod tests;
