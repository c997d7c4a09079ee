//! A bad serial cable: host ↔ pty with a link ↔ this ↔ the printer's device. The device is opened when the host opens
//! the link and closed when it closes, so a board that resets on open does so through the cable as well.
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rustix::fs::{Mode, OFlags};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::mangle::{Damage, Mangler};
use crate::marlin::pty::{Pty, pause};

/// Bytes on their way in one direction; the sender waits beyond that.
const QUEUE_BYTES_MAX: usize = 64 * 1024;
/// Time between two looks.
const STEP_S: f64 = 0.001;

/// One request: damage stays, the rest happens once.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Order {
    /// Damage from the host to the printer; stays until replaced.
    pub to_printer: Option<Damage>,
    /// Damage from the printer to the host; stays until replaced.
    pub to_host: Option<Damage>,
    /// Nothing passes to the printer for so many ms; it is kept.
    pub stall_to_printer_ms: u64,
    /// Nothing passes to the host for so many ms; it is kept.
    pub stall_to_host_ms: u64,
    /// The host's end is pulled out.
    pub unplug: bool,
    /// The host's end is put back.
    pub replug: bool,
    /// The host hears this line.
    pub inject_to_host: Option<String>,
    /// The host hears so many bytes of noise.
    pub noise_to_host: u32,
    /// Speed of the line from now on; 0 is no limit.
    pub baud: Option<u32>,
}

#[derive(Debug)]
struct Way {
    mangler: Mangler,
    queue: VecDeque<u8>,
    stalled_until: f64,
    credit: f64,
}

impl Way {
    fn new(seed: u64) -> Self {
        Self { mangler: Mangler::new(seed), queue: VecDeque::new(), stalled_until: 0.0, credit: 0.0 }
    }

    fn take(&mut self, bytes: &[u8]) {
        let mut out = Vec::new();
        self.mangler.pass(bytes, &mut out);
        self.queue.extend(out);
    }

    /// How many bytes may leave now.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole bytes of a small positive credit"
    )]
    fn leaves(&mut self, now: f64, passed: f64, baud: u32) -> usize {
        if now < self.stalled_until {
            return 0;
        }
        if baud == 0 {
            return self.queue.len();
        }
        let rate = f64::from(baud) / 10.0;
        self.credit =
            if self.queue.is_empty() { 0.0 } else { (self.credit + passed * rate).min(rate * 0.02) };
        (self.credit as usize).min(self.queue.len())
    }

    fn left(&mut self, bytes_n: usize, baud: u32) {
        self.queue.drain(..bytes_n.min(self.queue.len()));
        if baud > 0 {
            self.credit -= f64::from(u32::try_from(bytes_n).unwrap_or(0));
        }
    }
}

#[derive(Debug)]
struct Shared {
    to_printer: Way,
    to_host: Way,
    orders: Vec<Order>,
    baud: u32,
    opens: u64,
    stop: bool,
}

/// A running cable. Dropped: it is gone, with its link.
#[derive(Debug)]
pub struct Cable {
    shared: Arc<Mutex<Shared>>,
    thread: Option<JoinHandle<()>>,
}

/// The control side; clones share it.
#[derive(Debug, Clone)]
pub struct Handle(Arc<Mutex<Shared>>);

impl Cable {
    /// Makes the host's end at `link`; the printer's end is `device`.
    ///
    /// # Errors
    /// When the pty cannot be made.
    pub fn start(link: PathBuf, device: PathBuf, baud: u32, seed: u64) -> std::io::Result<Self> {
        let pty = Pty::new(&link)?;
        let shared = Arc::new(Mutex::new(Shared {
            to_printer: Way::new(seed),
            to_host: Way::new(seed ^ 0x5DEE_CE66),
            orders: Vec::new(),
            baud,
            opens: 0,
            stop: false,
        }));
        let worker = Worker { link, device, shared: Arc::clone(&shared), host: Some(pty), printer: None };
        let thread = std::thread::Builder::new().name("fault-proxy".to_owned()).spawn(|| worker.run())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// The control side.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }
}

impl Drop for Cable {
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
    /// Gives an order.
    pub fn order(&self, order: Order) {
        lock(&self.0).orders.push(order);
    }

    /// What happened so far.
    #[must_use]
    pub fn state(&self) -> Value {
        let shared = lock(&self.0);
        json!({
            "kind": "serial-cable",
            "opens": shared.opens,
            "baud": shared.baud,
            "to_printer": shared.to_printer.mangler.done,
            "to_host": shared.to_host.mangler.done,
        })
    }
}

struct Worker {
    link: PathBuf,
    device: PathBuf,
    shared: Arc<Mutex<Shared>>,
    host: Option<Pty>,
    printer: Option<OwnedFd>,
}

impl Worker {
    fn run(mut self) {
        let (began, mut last, mut was_open) = (Instant::now(), 0.0, false);
        loop {
            let is_open = self.host.as_ref().is_some_and(|host| host.wait(STEP_S));
            if !is_open {
                pause(STEP_S);
            }
            let now = began.elapsed().as_secs_f64();
            let shared = Arc::clone(&self.shared);
            let mut shared = lock(&shared);
            if shared.stop {
                return;
            }
            if is_open != was_open {
                self.printer = if is_open { open(&self.device) } else { None };
                shared.opens += u64::from(is_open);
                shared.to_host.queue.clear();
            }
            was_open = is_open;
            for order in std::mem::take(&mut shared.orders) {
                self.obey(order, &mut shared, now);
            }
            self.carry(&mut shared, now, now - last);
            last = now;
        }
    }

    fn carry(&mut self, shared: &mut Shared, now: f64, passed: f64) {
        let mut buffer = [0; 4096];
        let baud = shared.baud;
        if let Some(host) = &self.host {
            while shared.to_printer.queue.len() < QUEUE_BYTES_MAX {
                let got = host.read(&mut buffer);
                if got == 0 {
                    break;
                }
                shared.to_printer.take(buffer.get(..got).unwrap_or_default());
            }
            let most = shared.to_host.leaves(now, passed, baud);
            let bytes: Vec<u8> = shared.to_host.queue.iter().take(most).copied().collect();
            shared.to_host.left(host.write(&bytes), baud);
        }
        if let Some(printer) = &self.printer {
            while shared.to_host.queue.len() < QUEUE_BYTES_MAX {
                let got = rustix::io::read(printer, &mut buffer).unwrap_or(0);
                if got == 0 {
                    break;
                }
                shared.to_host.take(buffer.get(..got).unwrap_or_default());
            }
            let most = shared.to_printer.leaves(now, passed, baud);
            let bytes: Vec<u8> = shared.to_printer.queue.iter().take(most).copied().collect();
            shared.to_printer.left(rustix::io::write(printer, &bytes).unwrap_or(0), baud);
        }
    }

    fn obey(&mut self, order: Order, shared: &mut Shared, now: f64) {
        let seconds = |ms: u64| std::time::Duration::from_millis(ms).as_secs_f64();
        if let Some(damage) = order.to_printer {
            shared.to_printer.mangler.damage = damage;
        }
        if let Some(damage) = order.to_host {
            shared.to_host.mangler.damage = damage;
        }
        if order.stall_to_printer_ms > 0 {
            shared.to_printer.stalled_until = now + seconds(order.stall_to_printer_ms);
        }
        if order.stall_to_host_ms > 0 {
            shared.to_host.stalled_until = now + seconds(order.stall_to_host_ms);
        }
        if let Some(line) = order.inject_to_host {
            shared.to_host.queue.extend(format!("{line}\n").into_bytes());
        }
        for n in 0..order.noise_to_host {
            shared.to_host.queue.push_back(u8::try_from((u64::from(n) * 7_919 + 13) % 251).unwrap_or(0));
        }
        shared.baud = order.baud.unwrap_or(shared.baud);
        if order.unplug {
            self.host = None;
        }
        if order.replug && self.host.is_none() {
            self.host = Pty::new(&self.link).ok();
        }
    }
}

/// Opens the printer's device raw and without waiting.
fn open(device: &Path) -> Option<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = rustix::fs::open(device, flags, Mode::empty()).ok()?;
    let mut modes = tcgetattr(&fd).ok()?;
    modes.make_raw();
    tcsetattr(&fd, OptionalActions::Now, &modes).ok()?;
    Some(fd)
}
