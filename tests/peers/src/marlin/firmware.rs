//! The firmware: queue of four commands, planner of sixteen moves, heaters, watchdogs, words. Driven by
//! [`Firmware::step`] with the time; reads no clock and does no input or output of its own.
use std::collections::VecDeque;

use serde::Serialize;

use super::Config;
use super::card::Card;
use super::faults::{Pending, used};
use super::receive::{Line, Receiver, Urgent, urgent};
use crate::machine::gcode::Code;
use crate::machine::heat::Heater;
use crate::machine::motion::{Block, Motion};
use crate::machine::tally::Tally;

/// Command slots (`BUFSIZE`), the one being executed included.
const SLOTS: usize = 4;
/// Lines that Klipper reads ahead; beyond them not even M112 is read.
const SLOTS_KLIPPER: usize = 20;
/// Moves in the planner (`BLOCK_BUFFER_SIZE` 16, one of them always free).
const BLOCKS: usize = 15;
/// Unsent output kept; beyond it the oldest is lost, as with nobody listening.
const OUT_BYTES_MAX: usize = 256 * 1024;

#[derive(Debug, Clone)]
pub(super) struct Queued {
    pub(super) text: String,
    pub(super) number: Option<u32>,
    pub(super) from_card: bool,
}

/// What the command in the first slot waits for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wait {
    /// Room in the planner for this move.
    Room(Block),
    /// Every planned move.
    Drain,
    /// Every planned move, then a pause of so many seconds at normal speed.
    DrainThenDwell(f64),
    /// This moment.
    Until(f64),
    /// Every planned move, then the motors are off (`finish_and_disable`).
    DrainThenRelease,
    /// Every planned move, then homing.
    DrainThenHome,
    /// Homing, done at this moment.
    Home(f64),
    /// The nozzle's (or else the bed's) temperature.
    Heat { nozzle: bool },
    /// A person.
    User,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Power {
    Booting { until: f64 },
    Running,
    Killed,
}

/// Counts of the board's doings, beside the physical tally.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counters {
    /// Restarts, the first power-on not counted.
    pub resets: u64,
    /// Times the port was opened.
    pub opens: u64,
    /// Lines accepted.
    pub lines: u64,
    /// `Resend:` said.
    pub resends: u64,
    /// Kills by M112.
    pub emergency_stops: u64,
    /// Reason of the last kill.
    pub killed_by: Option<String>,
    /// Print jobs begun (M75), ended (M77).
    pub timer_starts: u64,
    /// Print jobs ended with M77.
    pub timer_stops: u64,
    /// When the last M112 took effect, in s since power-on.
    pub emergency_at_s: Option<f64>,
}

/// The board.
#[derive(Debug)]
pub struct Firmware {
    pub(super) config: Config,
    pub(super) now: f64,
    pub(super) power: Power,
    pub(super) receiver: Receiver,
    pub(super) queue: VecDeque<Queued>,
    pub(super) wait: Option<Wait>,
    pub(super) planner: VecDeque<Block>,
    pub(super) block_ends: f64,
    pub(super) motion: Motion,
    pub(super) nozzle: Heater,
    pub(super) bed: Heater,
    pub(super) busy_every: f64,
    pub(super) busy_at: f64,
    pub(super) report_every: f64,
    pub(super) report_at: f64,
    pub(super) tick_at: f64,
    pub(super) dead_man: f64,
    pub(super) moved_at: f64,
    pub(super) hang_until: f64,
    pub(super) break_wait: bool,
    /// It knows where it is.
    pub(super) is_homed: bool,
    /// The card in its slot.
    pub card: Card,
    /// What physically happened.
    pub tally: Tally,
    /// What the board did.
    pub counters: Counters,
    /// Faults still to come.
    pub faults: Pending,
    pub(super) out: Vec<u8>,
}

impl Firmware {
    /// A board that is switched on at time 0.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let mut board = Self {
            tally: Tally::new(config.bed_mm),
            power: Power::Killed,
            now: 0.0,
            receiver: Receiver::new(0),
            queue: VecDeque::new(),
            wait: None,
            planner: VecDeque::new(),
            block_ends: 0.0,
            motion: Motion::default(),
            nozzle: Heater::new(3.0),
            bed: Heater::new(0.8),
            busy_every: 2.0,
            busy_at: 0.0,
            report_every: 0.0,
            report_at: 0.0,
            tick_at: 0.0,
            dead_man: 0.0,
            moved_at: 0.0,
            hang_until: 0.0,
            break_wait: false,
            is_homed: false,
            card: Card::default(),
            counters: Counters::default(),
            faults: Pending::default(),
            out: Vec::new(),
            config,
        };
        board.boot();
        board
    }

    /// Restarts the board: everything it knew is gone, what it did and its temperatures are not.
    pub fn reset(&mut self) {
        self.counters.resets += 1;
        self.boot();
    }

    fn boot(&mut self) {
        let boot_s = f64::from(u32::try_from(self.config.boot_ms).unwrap_or(u32::MAX)) / 1000.0;
        self.power = Power::Booting { until: self.now + boot_s };
        self.receiver = match (self.config.klipper, self.config.emergency_parser) {
            (true, _) => Receiver::plain(),
            (false, true) => Receiver::new(1024),
            (false, false) => Receiver::new(128),
        };
        self.is_homed = false;
        self.queue.clear();
        self.wait = None;
        self.stop_moving();
        self.motion = Motion::default();
        (self.nozzle.target_c, self.bed.target_c) = (0.0, 0.0);
        self.busy_every = if self.config.klipper { 0.0 } else { 2.0 };
        (self.report_every, self.dead_man) = (0.0, 0.0);
        self.card.printing = false;
        self.out.clear();
        self.tally.freshen();
        self.tally.filament_known();
    }

    pub(super) fn stop_moving(&mut self) {
        self.planner.clear();
        self.motion.at = self.tally.position;
    }

    /// Says a line.
    pub fn say(&mut self, line: &str) {
        if self.out.len() + line.len() > OUT_BYTES_MAX {
            self.out.clear();
        }
        self.out.extend_from_slice(line.as_bytes());
        self.out.push(b'\n');
    }

    /// Takes what is to be sent.
    pub fn take_out(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Halts for good.
    pub fn kill(&mut self, reason: &str) {
        if self.power == Power::Killed {
            return;
        }
        self.counters.killed_by = Some(reason.to_owned());
        if self.config.klipper {
            self.say_shut_down(reason);
        } else {
            self.say(reason);
            self.say("Error:Printer halted. kill() called!");
            self.say("//action:poweroff");
        }
        self.power = Power::Killed;
        self.queue.clear();
        self.wait = None;
        self.card.printing = false;
        self.stop_moving();
        (self.nozzle.target_c, self.bed.target_c) = (0.0, 0.0);
    }

    /// Whether it halted.
    #[must_use]
    pub fn is_killed(&self) -> bool {
        self.power == Power::Killed
    }

    /// Bytes from the line, as the receive interrupt sees them.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.config.klipper && !self.takes_chunk(bytes) {
            return;
        }
        if self.power != Power::Running {
            return;
        }
        for byte in bytes {
            if let Some(urgent) = self.receiver.byte(*byte, self.config.emergency_parser) {
                self.obey(urgent);
            }
            // The main loop empties the ring while bytes still arrive.
            if *byte == b'\n' && self.power == Power::Running {
                self.take_lines();
            }
        }
    }

    fn slots(&self) -> usize {
        if self.config.klipper { SLOTS_KLIPPER } else { SLOTS }
    }

    pub(super) fn obey(&mut self, urgent: Urgent) {
        match urgent {
            Urgent::Kill => {
                self.counters.emergency_stops += 1;
                self.counters.emergency_at_s = Some(self.now);
                let words =
                    if self.config.klipper { "Shutdown due to M112 command" } else { "echo:M112 Shutdown" };
                self.kill(words);
            }
            Urgent::Continue => self.break_wait = true,
            Urgent::QuickStop => self.stop_moving(),
        }
    }

    /// Waits for a person as if the display had asked.
    pub fn ask_user(&mut self) {
        if self.power == Power::Running && self.wait.is_none() {
            self.queue.push_front(Queued { text: "M0".to_owned(), number: None, from_card: true });
        }
    }

    /// Stops doing anything for a while.
    pub fn hang(&mut self, seconds: f64) {
        self.hang_until = self.now + seconds;
    }

    /// Lets the time become `now` (seconds since power-on) and does what is due.
    pub fn step(&mut self, now: f64) {
        if now < self.hang_until {
            return;
        }
        let passed = (now - self.now).max(0.0);
        self.now = now.max(self.now);
        self.nozzle.pass(passed * self.config.speed);
        self.bed.pass(passed * self.config.speed);
        match self.power {
            Power::Booting { until } if self.now >= until => self.banner(),
            Power::Booting { .. } | Power::Killed => return,
            Power::Running => {}
        }
        loop {
            let moved = self.finish_blocks();
            let taken = self.take_lines();
            let worked = self.work();
            if self.power != Power::Running || !(moved || taken || worked) {
                break;
            }
        }
        if self.power == Power::Running {
            self.watch();
        }
    }

    fn banner(&mut self) {
        self.power = Power::Running;
        (self.moved_at, self.busy_at, self.tick_at) = (self.now, self.now, self.now);
        if std::mem::take(&mut self.faults.mute_boot) || self.config.klipper {
            return;
        }
        self.say("start");
        self.say(" External Reset");
        self.say("Marlin 2.1.2.1");
        self.say("echo: Last Updated: 2022-12-17 | Author: (none, default config)");
        self.say("echo: Free Memory: 3721  PlannerBufferBytes: 1152");
    }

    /// Ends every move that is over, and begins the next where it ended.
    fn finish_blocks(&mut self) -> bool {
        let mut any = false;
        while let Some(block) = self.planner.front().copied() {
            if self.block_ends > self.now {
                break;
            }
            self.tally.moved(&block);
            self.planner.pop_front();
            if let Some(next) = self.planner.front() {
                self.block_ends += next.seconds / self.config.speed;
            }
            any = true;
        }
        if any || !self.planner.is_empty() {
            self.moved_at = self.now;
        }
        any
    }

    pub(super) fn has_room(&self) -> bool {
        self.planner.len() < BLOCKS
    }

    pub(super) fn plan(&mut self, block: Block) {
        if self.planner.is_empty() {
            self.block_ends = self.now + block.seconds / self.config.speed;
        }
        self.planner.push_back(block);
    }

    /// Moves lines from the receive ring and the card into free slots.
    fn take_lines(&mut self) -> bool {
        let mut any = false;
        while self.queue.len() < self.slots() && self.power == Power::Running {
            let Some(line) = self.receiver.take() else { break };
            any = true;
            self.accept(line);
        }
        while self.queue.len() < self.slots() {
            match self.card.next_line() {
                Some(Ok(text)) => {
                    any = true;
                    if Code::parse(&text).is_some() {
                        self.queue.push_back(Queued { text, number: None, from_card: true });
                    }
                }
                Some(Err(())) => self.say("Done printing file"),
                None => break,
            }
        }
        any
    }

    fn accept(&mut self, line: Line) {
        match line {
            Line::Empty if self.config.klipper => self.say("ok"),
            Line::Empty | Line::Duplicate => {}
            Line::Refused(why) => self.refuse(why),
            Line::Command { text, number } => {
                if number.is_some() && self.spoil() {
                    return;
                }
                self.counters.lines += 1;
                // Without the parser, these are seen when the line gets a slot (Marlin queue.cpp).
                if number.is_none()
                    && !self.config.emergency_parser
                    && let Some(urgent) = urgent(text.as_bytes())
                {
                    self.obey(urgent);
                }
                self.queue.push_back(Queued { text, number, from_card: false });
            }
        }
    }

    /// A planned fault hits an arriving numbered line: as if it had never been accepted.
    fn spoil(&mut self) -> bool {
        let lost = used(&mut self.faults.drop_lines);
        let flipped = !lost && used(&mut self.faults.flip_lines);
        if lost || flipped {
            self.receiver.unaccept();
        }
        if flipped {
            self.refuse("checksum mismatch");
        }
        lost || flipped
    }

    fn refuse(&mut self, why: &str) {
        let last = self.receiver.last();
        self.counters.resends += 1;
        self.say(&format!("Error:{why}, Last Line: {last}"));
        self.receiver.flush();
        if !used(&mut self.faults.drop_resends) {
            self.say(&format!("Resend: {}", last + 1));
        }
        self.say("ok");
    }

    /// Says `ok` for the command in the first slot and frees it.
    pub(super) fn done(&mut self) {
        let Some(command) = self.queue.pop_front() else { return };
        if command.from_card {
            return;
        }
        for _ in 0..self.faults.oks(command.number) {
            let mut ok = "ok".to_owned();
            if self.config.advanced_ok {
                let number = command.number.map(|number| format!(" N{number}")).unwrap_or_default();
                let (moves, slots) = (BLOCKS - self.planner.len(), SLOTS - self.queue.len());
                ok = format!("ok{number} P{moves} B{slots}");
            }
            self.say(&ok);
        }
    }

    /// Says `ok` with the temperatures: the answer to M105.
    pub(super) fn done_with_temperatures(&mut self) {
        let Some(command) = self.queue.pop_front() else { return };
        let line = format!("ok{}", self.temperatures());
        for _ in 0..self.faults.oks(command.number) {
            self.say(&line);
        }
    }

    pub(super) fn temperatures(&self) -> String {
        let power = |heater: &Heater| if heater.target_c > heater.now_c { 127 } else { 0 };
        format!(
            " T:{:.2} /{:.2} B:{:.2} /{:.2} @:{} B@:{}",
            self.nozzle.now_c,
            self.nozzle.target_c,
            self.bed.now_c,
            self.bed.target_c,
            power(&self.nozzle),
            power(&self.bed)
        )
    }

    /// Busy messages, automatic reports, protections, the dead-man switch.
    fn watch(&mut self) {
        if self.wait.is_some() && self.busy_every > 0.0 && self.now >= self.busy_at + self.busy_every {
            self.busy_at = self.now;
            let user = self.wait == Some(Wait::User);
            self.say(if user { "echo:busy: paused for user" } else { "echo:busy: processing" });
        }
        if self.report_every > 0.0 && self.now >= self.report_at + self.report_every {
            self.report_at = self.now;
            let line = self.temperatures();
            self.say(&line);
        }
        if let Some(Wait::Heat { .. }) = self.wait {
            self.moved_at = self.now;
            if self.now >= self.tick_at + 1.0 {
                self.tick_at = self.now;
                let line = format!("{} W:?", self.temperatures());
                self.say(&line);
            }
        }
        if self.nozzle.is_runaway() {
            self.say("Error:Thermal Runaway, system stopped! Heater_ID: E0");
            self.kill("echo:THERMAL RUNAWAY");
        } else if self.dead_man > 0.0 && self.now > self.moved_at + self.dead_man {
            self.kill("Error:!! KILL caused by too much inactive time - current command: M105");
        }
    }

    /// When [`Firmware::step`] has something to do at the latest, in seconds since power-on.
    #[must_use]
    pub fn next_at(&self) -> f64 {
        let idle = self.now + 0.02;
        let soon = match self.wait {
            Some(Wait::Heat { .. }) => self.now + 0.002,
            Some(Wait::Until(at) | Wait::Home(at)) => idle.min(at),
            _ => idle,
        };
        if self.planner.is_empty() { soon } else { soon.min(self.block_ends) }
    }
}
