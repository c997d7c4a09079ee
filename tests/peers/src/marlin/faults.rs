//! What can be made to go wrong with the board, and when. Cable faults belong to the `fault_proxy`.
use std::collections::BTreeSet;

use serde::Deserialize;

/// One request to the control endpoint; everything that is given takes effect, at once or at the line or move named.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "the words of a request, each independent of the others")]
pub struct Order {
    /// Wait until a line with this number or a later one is accepted.
    pub at_line: Option<u32>,
    /// Wait until so many moves were executed since power-on of the simulator.
    pub at_move: Option<u64>,
    /// Restart the board (watchdog, brown-out).
    pub reset: bool,
    /// Its banner does not get through at the next restart.
    pub mute_boot: bool,
    /// Halt with this reason.
    pub kill: Option<String>,
    /// Pull the cable.
    pub unplug: bool,
    /// Put the cable back.
    pub replug: bool,
    /// Stop doing anything for so many ms.
    pub hang_ms: u64,
    /// Swallow so many of the next `ok`s.
    pub drop_oks: u32,
    /// Swallow the `ok` of lines with these numbers, once each.
    pub drop_ok_of: BTreeSet<u32>,
    /// Send so many of the next `ok`s twice.
    pub double_oks: u32,
    /// Swallow so many of the next `Resend:` lines (their `ok` stays).
    pub drop_resends: u32,
    /// Lose so many of the next numbered lines.
    pub drop_lines: u32,
    /// Flip a bit in so many of the next numbered lines.
    pub flip_lines: u32,
    /// The nozzle's heater cable breaks.
    pub heater_broken: bool,
    /// The end stops are gone: homing fails.
    pub homing_fails: bool,
    /// Say this line.
    pub say: Option<String>,
    /// Wait for a person as M0 does, until M108.
    pub wait_for_user: bool,
    /// Send so many bytes of noise.
    pub noise_bytes: u32,
}

/// Counters that are still to be used up.
#[derive(Debug, Clone, Default)]
pub struct Pending {
    pub(crate) drop_oks: u32,
    pub(crate) drop_ok_of: BTreeSet<u32>,
    pub(crate) double_oks: u32,
    pub(crate) drop_resends: u32,
    pub(crate) drop_lines: u32,
    pub(crate) flip_lines: u32,
    pub(crate) homing_fails: bool,
    pub(crate) mute_boot: bool,
}

impl Pending {
    /// Adds what an order asks for.
    pub fn add(&mut self, order: &Order) {
        self.drop_oks += order.drop_oks;
        self.drop_ok_of.extend(&order.drop_ok_of);
        self.double_oks += order.double_oks;
        self.drop_resends += order.drop_resends;
        self.drop_lines += order.drop_lines;
        self.flip_lines += order.flip_lines;
        self.homing_fails |= order.homing_fails;
        self.mute_boot |= order.mute_boot;
    }

    /// How often an `ok` (of a line, if it had a number) is sent.
    pub(crate) fn oks(&mut self, number: Option<u32>) -> u32 {
        if number.is_some_and(|number| self.drop_ok_of.remove(&number)) || used(&mut self.drop_oks) {
            return 0;
        }
        if used(&mut self.double_oks) { 2 } else { 1 }
    }
}

/// Uses up one; false when none is left.
pub(crate) fn used(counter: &mut u32) -> bool {
    let some = *counter > 0;
    *counter = counter.saturating_sub(1);
    some
}
