//! One opening of the port: boot, handshake, set-up, then ready. Pure: gets replies and the time, gives bytes.
//!
//! Invariant: no line of a job is taken before the board has answered the handshake, and none after a banner, a fatal
//! message or a connection that is stuck.
use std::collections::VecDeque;

use firmware_profiles::Firmware;

use super::ack::{Mono, Stuck, Tag, Wire};
use super::classify::Reply;

/// After the banner the board still says things about itself; it is asked when it has been quiet for this long.
const BANNER_QUIET: std::time::Duration = std::time::Duration::from_millis(150);
/// Own lines that no script counts: questions in between.
const POLL: u32 = 0;

/// How far a connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Opened; the board may be booting. It is asked at this time.
    Booting { ask_at: Mono },
    /// Asked.
    Handshake,
    /// Answered; being set up.
    SettingUp,
    /// Ready.
    Ready,
    /// The firmware halted.
    Halted,
    /// It does not answer, or its line counter is not ours.
    Stuck(Stuck),
}

/// A list of own lines, sent in order and counted until all are acknowledged.
#[derive(Debug)]
struct Script {
    /// Tags its lines, so that those of a script that was dropped count for nothing.
    id: u32,
    purpose: Purpose,
    left: VecDeque<String>,
    outstanding: u32,
}

/// What a script is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Ask for capabilities.
    Capabilities,
    /// Switch reports on.
    Reports,
    /// Before the first line of a job.
    Prelude,
    /// Lift for a hold.
    Hold,
    /// Come down again.
    GoOn,
    /// After a cancel.
    Cancel,
    /// Prove that everything was executed.
    Proof,
    /// After a job.
    After,
}

/// Something the task must act on.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Happened {
    /// The handshake and set-up are done.
    Ready,
    /// A line of the job was acknowledged.
    JobLine(u64),
    /// A script is done.
    Done(Purpose),
    /// The board started anew.
    Banner,
    /// The firmware halted.
    Halted(String),
    /// The connection cannot go on.
    Stuck(Stuck),
}

/// What the board says of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Capabilities {
    reports_temperatures: bool,
    pub(super) has_card: bool,
}

/// One opening of the port.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) stage: Stage,
    pub(super) wire: Wire,
    pub(super) capabilities: Capabilities,
    script: Option<Script>,
    scripts_n: u32,
    polls: VecDeque<&'static str>,
    firmware: Firmware,
}

impl Session {
    /// A port that was opened at `now`.
    pub(super) fn new(firmware: &Firmware, now: Mono) -> Self {
        Self {
            stage: Stage::Booting { ask_at: now + firmware.boot_quiet },
            wire: Wire::new(firmware, now),
            capabilities: Capabilities::default(),
            script: None,
            scripts_n: 0,
            polls: VecDeque::new(),
            firmware: firmware.clone(),
        }
    }

    /// Begins a script. The one before must be done.
    pub(super) fn begin(&mut self, purpose: Purpose, mut lines: Vec<String>) {
        if lines.is_empty() {
            lines.push("M105".to_owned()); // A script ends with an answer; a question does no harm.
        }
        debug_assert!(self.script.is_none(), "{purpose:?} begun while another script runs");
        self.scripts_n += 1;
        self.script = Some(Script { id: self.scripts_n, purpose, left: lines.into(), outstanding: 0 });
    }

    /// Drops a script that has not ended; its lines that are out are acknowledged to nobody.
    pub(super) fn drop_script(&mut self) {
        self.script = None;
    }

    /// Asks the board anew without opening the port again.
    pub(super) fn ask_again(&mut self, now: Mono) {
        *self = Self::new(&self.firmware.clone(), now);
        self.stage = Stage::Booting { ask_at: now };
    }

    /// The firmware was told to restart: it is asked when it has had time to.
    pub(super) fn restart(&mut self, now: Mono) {
        *self = Self::new(&self.firmware.clone(), now);
    }

    /// Nothing more is sent: an emergency stop is on its way.
    pub(super) fn halt(&mut self) {
        self.stage = Stage::Halted;
        self.script = None;
    }

    /// Whether a script is running.
    pub(super) fn is_busy(&self) -> bool {
        self.script.is_some()
    }

    /// Asks in between, when there is room.
    pub(super) fn poll(&mut self, question: &'static str) {
        if self.stage == Stage::Ready && !self.polls.contains(&question) {
            self.polls.push_back(question);
        }
    }

    /// Whether the firmware reports temperatures by itself.
    pub(super) fn reports_temperatures(&self) -> bool {
        self.capabilities.reports_temperatures && !self.firmware.report_temperatures.is_empty()
    }

    /// Bytes that are due, apart from the job's. To be called until it gives `None`.
    pub(super) fn due(&mut self, now: Mono) -> Option<Vec<u8>> {
        match self.stage {
            Stage::Booting { ask_at } if now >= ask_at => {
                self.stage = Stage::Handshake;
                self.wire = Wire::new(&self.firmware, now);
            }
            Stage::Booting { .. } | Stage::Halted | Stage::Stuck(_) => return None,
            Stage::Handshake | Stage::SettingUp | Stage::Ready => {}
        }
        if self.wire.wants_renumber() && self.wire.is_quiet() {
            self.wire.renumber();
        }
        if let Some(bytes) = self.wire.poll(now) {
            return Some(bytes);
        }
        if let Some(script) = &mut self.script
            && let Some(text) = script.left.front().filter(|text| self.wire.has_room(text, now)).cloned()
        {
            script.left.pop_front();
            script.outstanding += 1;
            return Some(self.wire.send(&text, Tag::Own(script.id), now));
        }
        let question = self.polls.front().filter(|question| self.wire.has_room(question, now)).copied()?;
        self.polls.pop_front();
        Some(self.wire.send(question, Tag::Own(POLL), now))
    }

    /// When [`Session::due`] should be asked again at the latest.
    pub(super) fn deadline(&self) -> Option<Mono> {
        match self.stage {
            Stage::Booting { ask_at } => Some(ask_at),
            Stage::Handshake | Stage::SettingUp | Stage::Ready => self.wire.deadline(),
            Stage::Halted | Stage::Stuck(_) => None,
        }
    }

    /// Notices that the wire has given up.
    pub(super) fn check(&mut self) -> Option<Happened> {
        let stuck = self.wire.stuck()?.clone();
        if matches!(self.stage, Stage::Stuck(_) | Stage::Halted) {
            return None;
        }
        self.stage = Stage::Stuck(stuck.clone());
        self.script = None;
        Some(Happened::Stuck(stuck))
    }

    /// Takes a reply; calls `happened` for what it brings about.
    pub(super) fn on_reply(&mut self, reply: &Reply, now: Mono, mut happened: impl FnMut(Happened)) {
        match reply {
            Reply::Banner => {
                // The banner of our own opening is expected; a later one means that everything is lost.
                let expected = matches!(self.stage, Stage::Booting { .. });
                *self = Self::new(&self.firmware.clone(), now);
                self.stage = Stage::Booting { ask_at: now + BANNER_QUIET };
                if !expected {
                    happened(Happened::Banner);
                }
                return;
            }
            Reply::Fatal(text) | Reply::Stopped(text) => {
                self.halt();
                happened(Happened::Halted(text.clone()));
                return;
            }
            Reply::Capability { name, on } => self.capability(name, *on),
            Reply::Ok { .. }
            | Reply::Resend { .. }
            | Reply::BadLine
            | Reply::Busy
            | Reply::BusyUser
            | Reply::Wait
            | Reply::Temperatures(_)
            | Reply::Position { .. }
            | Reply::Firmware(_)
            | Reply::Action(_)
            | Reply::CardProgress { .. }
            | Reply::CardIdle
            | Reply::Error(_)
            | Reply::Other => {}
        }
        if let Stage::Booting { ask_at } = &mut self.stage {
            *ask_at = (*ask_at).max(now + BANNER_QUIET);
            return;
        }
        self.acknowledge(reply, now, &mut happened);
    }

    fn acknowledge(&mut self, reply: &Reply, now: Mono, happened: &mut impl FnMut(Happened)) {
        let mut own = 0;
        let script = self.script.as_ref().map(|script| script.id);
        self.wire.on_reply(reply, now, |tag| match tag {
            Tag::Job(index) => happened(Happened::JobLine(index)),
            Tag::Own(id) => own += u32::from(script == Some(id)),
            Tag::Core => {}
        });
        if self.stage == Stage::Handshake && self.wire.is_quiet() {
            self.stage = Stage::SettingUp;
            self.begin(Purpose::Capabilities, vec!["M115".to_owned()]);
            return;
        }
        let Some(script) = &mut self.script else { return };
        script.outstanding = script.outstanding.saturating_sub(own);
        if script.outstanding > 0 || !script.left.is_empty() {
            return;
        }
        let purpose = script.purpose;
        self.script = None;
        match purpose {
            Purpose::Capabilities => self.begin(Purpose::Reports, self.reports()),
            Purpose::Reports => {
                self.stage = Stage::Ready;
                happened(Happened::Ready);
            }
            Purpose::Prelude
            | Purpose::Hold
            | Purpose::GoOn
            | Purpose::Cancel
            | Purpose::Proof
            | Purpose::After => happened(Happened::Done(purpose)),
        }
    }

    fn reports(&self) -> Vec<String> {
        let mut lines = self.firmware.set_up.clone();
        if self.reports_temperatures() {
            lines.extend(self.firmware.report_temperatures.iter().cloned());
        }
        lines
    }

    fn capability(&mut self, name: &str, on: bool) {
        match name {
            "AUTOREPORT_TEMP" => self.capabilities.reports_temperatures = on,
            "SDCARD" => self.capabilities.has_card = on,
            "EMERGENCY_PARSER" if on => self.wire.allow_parser_window(),
            _ => {}
        }
    }
}
