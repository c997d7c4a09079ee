//! The thread that lets time pass: bytes between pty and firmware at the speed of the line, resets when the port is
//! opened, orders of the control side.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Config;
use super::faults::Order;
use super::firmware::Firmware;
use super::pty::{Pty, pause};

/// Orders that may wait for their line or move.
const ORDERS_MAX: usize = 1_000;
/// Least time between two looks at the world, in s: with high speeds a move takes less.
const STEP_S_MIN: f64 = 0.000_3;
/// Bytes read at once.
const READ_BYTES: usize = 4096;

#[derive(Debug)]
struct Shared {
    firmware: Firmware,
    orders: Vec<Order>,
    cable: Cable,
    stop: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Cable {
    Unplugged,
    /// Plugged in, and no host has the port open.
    Closed,
    Open,
}

/// A running simulated printer. Dropped: it stops and its link is removed.
#[derive(Debug)]
pub struct Sim {
    shared: Arc<Mutex<Shared>>,
    thread: Option<JoinHandle<()>>,
}

/// The control side of a [`Sim`]; clones share it.
#[derive(Debug, Clone)]
pub struct Handle(Arc<Mutex<Shared>>);

impl Sim {
    /// Makes the port and switches the board on.
    ///
    /// # Errors
    /// When the pty or its link cannot be made.
    pub fn start(config: Config) -> std::io::Result<Self> {
        let pty = Pty::new(&config.link)?;
        let shared = Arc::new(Mutex::new(Shared {
            firmware: Firmware::new(config.clone()),
            orders: Vec::new(),
            cable: Cable::Closed,
            stop: false,
        }));
        let worker =
            Worker { config, shared: Arc::clone(&shared), pty: Some(pty), out: Vec::new(), credit: [0.0; 2] };
        let thread = std::thread::Builder::new().name("sim-marlin".to_owned()).spawn(|| worker.run())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// The control side.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        lock(&self.shared).stop = true;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Handle {
    /// Gives an order; false when too many wait already.
    pub fn order(&self, order: Order) -> bool {
        let mut shared = lock(&self.0);
        let room = shared.orders.len() < ORDERS_MAX;
        if room {
            shared.orders.push(order);
        }
        room
    }

    /// A person takes everything off the bed.
    pub fn clear_bed(&self) {
        lock(&self.0).firmware.tally.clear_bed();
    }

    /// Puts a file on the card; with `print`, somebody starts it at the display.
    pub fn card(&self, name: &str, text: String, print: bool) -> bool {
        let mut shared = lock(&self.0);
        let fits = shared.firmware.card.put(name, text);
        if print {
            drop(shared.firmware.card.command("M23", name));
            drop(shared.firmware.card.command("M24", ""));
        }
        fits
    }

    /// What physically happened.
    #[must_use]
    pub fn tally(&self) -> crate::machine::tally::Tally {
        lock(&self.0).firmware.tally.clone()
    }

    /// What the board did.
    #[must_use]
    pub fn counters(&self) -> super::firmware::Counters {
        lock(&self.0).firmware.counters.clone()
    }

    /// Everything, as the control endpoint tells it.
    #[must_use]
    pub fn state(&self) -> Value {
        let shared = lock(&self.0);
        let board = &shared.firmware;
        let mut state = serde_json::to_value(&board.tally).unwrap_or(Value::Null);
        let more = json!({
            "kind": "marlin",
            "nozzle_c": board.nozzle.now_c,
            "nozzle_target_c": board.nozzle.target_c,
            "bed_c": board.bed.now_c,
            "bed_target_c": board.bed.target_c,
            "heater_s": board.nozzle.on_s + board.bed.on_s,
            "halted": board.is_killed(),
            "cable": shared.cable,
            "is_moving": !board.planner.is_empty(),
            "uptime_s": board.now,
            "lost_bytes": board.receiver.lost_bytes,
            "received_bytes": board.receiver.received_bytes,
            "counters": board.counters,
        });
        if let (Value::Object(state), Value::Object(more)) = (&mut state, more) {
            state.extend(more);
        }
        state
    }
}

struct Worker {
    config: Config,
    shared: Arc<Mutex<Shared>>,
    pty: Option<Pty>,
    out: Vec<u8>,
    /// Bytes that the line could have carried and did not: in, out.
    credit: [f64; 2],
}

impl Worker {
    fn run(mut self) {
        let began = Instant::now();
        let (mut was_open, mut last, mut next_at) = (false, 0.0_f64, 0.0_f64);
        let mut buffer = [0; READ_BYTES];
        loop {
            let now = began.elapsed().as_secs_f64();
            // With output that did not go out yet, or bytes the line holds back, look again soon.
            let soon = if self.out.is_empty() && self.config.baud == 0 { f64::MAX } else { now + 0.001 };
            let wait = (next_at.min(soon) - now).max(STEP_S_MIN);
            let is_open = match &self.pty {
                Some(pty) => pty.wait(wait),
                None => false,
            };
            if !is_open {
                pause(STEP_S_MIN.max(0.001));
            }
            let now = began.elapsed().as_secs_f64();
            let shared = Arc::clone(&self.shared);
            let mut shared = lock(&shared);
            if shared.stop {
                return;
            }
            if is_open && !was_open {
                shared.firmware.counters.opens += 1;
                if self.config.reset_on_open {
                    shared.firmware.reset();
                    self.out.clear();
                }
            }
            was_open = is_open;
            shared.cable = match (&self.pty, is_open) {
                (None, _) => Cable::Unplugged,
                (Some(_), true) => Cable::Open,
                (Some(_), false) => Cable::Closed,
            };
            self.orders(&mut shared);
            self.input(&mut shared, now - last, &mut buffer);
            shared.firmware.step(now);
            self.output(&mut shared, now - last, is_open);
            next_at = shared.firmware.next_at();
            last = now;
        }
    }

    fn input(&mut self, shared: &mut Shared, passed: f64, buffer: &mut [u8]) {
        let Some(pty) = &self.pty else { return };
        let most = allowance(&mut self.credit[0], passed, self.config.baud).min(buffer.len());
        if let Some(into) = buffer.get_mut(..most).filter(|into| !into.is_empty()) {
            let got = pty.read(into);
            // An idle line saves nothing up: the next byte takes its time.
            self.credit[0] = if got < most { 0.0 } else { self.credit[0] };
            spend(&mut self.credit[0], got.min(most), self.config.baud);
            shared.firmware.receive(into.get(..got).unwrap_or_default());
        }
    }

    fn output(&mut self, shared: &mut Shared, passed: f64, is_open: bool) {
        self.out.extend(shared.firmware.take_out());
        let most = allowance(&mut self.credit[1], passed, self.config.baud).min(self.out.len());
        let Some(pty) = self.pty.as_ref().filter(|_| is_open) else {
            return self.out.clear(); // Nobody listens: the line talks to the void.
        };
        let written = pty.write(self.out.get(..most).unwrap_or_default());
        spend(&mut self.credit[1], written, self.config.baud);
        self.out.drain(..written.min(self.out.len()));
        if self.out.is_empty() {
            self.credit[1] = 0.0;
        }
    }

    fn orders(&mut self, shared: &mut Shared) {
        let (line, moves) = (shared.firmware.receiver.last(), shared.firmware.tally.moves);
        let due = |order: &Order| {
            order.at_line.is_none_or(|at| line >= at) && order.at_move.is_none_or(|at| moves >= at)
        };
        let orders = std::mem::take(&mut shared.orders);
        let (now, later): (Vec<_>, Vec<_>) = orders.into_iter().partition(due);
        shared.orders = later;
        for order in now {
            self.obey(&order, &mut shared.firmware);
        }
    }

    fn obey(&mut self, order: &Order, board: &mut Firmware) {
        board.faults.add(order);
        board.nozzle.broken |= order.heater_broken;
        if let Some(line) = &order.say {
            board.say(line);
        }
        for n in 0..order.noise_bytes {
            self.out.push(u8::try_from((u64::from(n) * 7_919 + 13) % 251).unwrap_or(0));
        }
        if order.wait_for_user {
            board.ask_user();
        }
        if order.hang_ms > 0 {
            board.hang(std::time::Duration::from_millis(order.hang_ms).as_secs_f64());
        }
        if let Some(reason) = &order.kill {
            board.kill(reason);
        }
        if order.reset {
            board.reset();
        }
        if order.unplug {
            self.pty = None;
        }
        if order.replug && self.pty.is_none() {
            self.pty = Pty::new(&self.config.link).ok();
        }
    }
}

/// How many bytes may pass now.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole bytes of a small positive credit"
)]
fn allowance(credit: &mut f64, passed: f64, baud: u32) -> usize {
    if baud == 0 {
        return usize::MAX;
    }
    // Ten bits a byte; at most 20 ms are saved up.
    let rate = f64::from(baud) / 10.0;
    *credit = (*credit + passed * rate).min(rate * 0.02);
    *credit as usize
}

fn spend(credit: &mut f64, bytes_n: usize, baud: u32) {
    if baud > 0 && *credit > 0.0 {
        *credit -= f64::from(u32::try_from(bytes_n).unwrap_or(0));
    }
}
