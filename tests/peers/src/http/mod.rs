//! Printers that own their jobs and speak HTTP, as real servers: [`moonraker`] and [`prusalink`], in front of one printer
//! that executes the G-code with the same accounting as every simulated printer. Planned faults ([`crate::control`]) lose
//! answers after the work was done, hang, or refuse; [`Handle`] shuts the printer down, restarts it, cuts uploads short.
pub mod moonraker;
pub mod prusalink;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::bambu::Config as MachineConfig;
use crate::bambu::machine::{Machine, State};
use crate::control::{self, Control};
use crate::machine::tally::Tally;

/// How often the printer looks at the time.
const STEP: Duration = Duration::from_millis(2);
/// Largest file that is taken, in bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What kind of printer is simulated, and how fast.
#[derive(Debug, Clone)]
pub struct Config {
    /// How many times faster than a real printer it moves and heats.
    pub speed: f64,
    /// Time from the start to printing, in ms of real time.
    pub prepare_ms: u64,
    /// Bed size in mm.
    pub bed_mm: [f64; 2],
    /// Password (PrusaLink) or API key (Moonraker); none asks for nothing.
    pub password: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self { speed: 1.0, prepare_ms: 200, bed_mm: [250.0, 220.0], password: None }
    }
}

/// One job of the printer's history, oldest first.
#[derive(Debug, Clone)]
struct Past {
    name: String,
    status: &'static str,
}

#[derive(Debug)]
struct Shared {
    machine: Machine,
    began: Instant,
    last: f64,
    files: BTreeMap<String, Vec<u8>>,
    /// File of the job, or of the last one.
    name: String,
    job: u64,
    was_busy: bool,
    is_cancelled: bool,
    past: Vec<Past>,
    shut_down: Option<String>,
    starts_asked: u64,
    requests: u64,
    cut_uploads_at: Option<usize>,
}

/// The control side; clones share it. The printer ends with the last one.
#[derive(Debug, Clone)]
pub struct Handle {
    shared: Arc<Mutex<Shared>>,
    config: Arc<Config>,
    /// Planned faults and the log.
    pub control: Control,
}

impl Handle {
    fn new(service: &'static str, config: Config) -> Self {
        let machine = Machine::new(MachineConfig {
            speed: config.speed,
            prepare_ms: config.prepare_ms,
            bed_mm: config.bed_mm,
            ..MachineConfig::default()
        });
        let shared = Arc::new(Mutex::new(Shared {
            machine,
            began: Instant::now(),
            last: 0.0,
            files: BTreeMap::new(),
            name: String::new(),
            job: 40,
            was_busy: false,
            is_cancelled: false,
            past: Vec::new(),
            shut_down: None,
            starts_asked: 0,
            requests: 0,
            cut_uploads_at: None,
        }));
        control::background(pass(Arc::downgrade(&shared)));
        Self { shared, config: Arc::new(config), control: Control::new(service, 1) }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What physically happened.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.lock().machine.tally.clone()
    }

    /// How often a start was asked for, taken or not.
    #[must_use]
    pub fn starts_asked(&self) -> u64 {
        self.lock().starts_asked
    }

    /// Names and sizes of its files.
    #[must_use]
    pub fn files(&self) -> Vec<(String, usize)> {
        self.lock().files.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect()
    }

    /// A person takes everything off the bed.
    pub fn clear_bed(&self) {
        self.lock().machine.tally.clear_bed();
    }

    /// A person starts a file of its own storage at the display; `gcode` is put there first when given.
    pub fn print_at_display(&self, name: &str, gcode: Option<&str>) {
        let mut shared = self.lock();
        if let Some(gcode) = gcode {
            shared.files.insert(name.to_owned(), gcode.as_bytes().to_vec());
        }
        // What is no file cannot be chosen at the display.
        let _begun = shared.begin(name);
    }

    /// The firmware shuts down with these words; the job is lost.
    pub fn shut_down(&self, why: &str) {
        let mut shared = self.lock();
        shared.end("klippy_shutdown");
        shared.shut_down = Some(why.to_owned());
    }

    /// The firmware restarts and forgets what it did; its history does not.
    pub fn restart(&self) {
        let mut shared = self.lock();
        shared.end("klippy_shutdown");
        shared.machine.power_cut();
        (shared.shut_down, shared.name) = (None, String::new());
    }

    /// Uploads are kept only so far, and still said to be taken.
    pub fn cut_uploads_at(&self, bytes_n: Option<usize>) {
        self.lock().cut_uploads_at = bytes_n;
    }

    /// Everything, as tests want to see it when something is missing.
    #[must_use]
    pub fn state(&self) -> Value {
        let shared = self.lock();
        json!({ "state": shared.machine.state, "name": shared.name, "shut_down": shared.shut_down,
            "starts_asked": shared.starts_asked, "tally": shared.machine.tally, "files": shared.files.len(),
            "nozzle_target_c": shared.machine.heaters[0].target_c })
    }
}

impl Shared {
    /// Begins a file. The reason when it cannot.
    fn begin(&mut self, name: &str) -> Result<(), &'static str> {
        let Some(bytes) = self.files.get(name) else { return Err("Unable to open file") };
        if self.machine.is_busy() {
            return Err("SD busy");
        }
        let gcode = String::from_utf8_lossy(bytes).into_owned();
        let now = self.began.elapsed().as_secs_f64();
        self.machine.begin(name, &gcode, &json!({}), now);
        self.job += 1;
        (self.name, self.was_busy, self.is_cancelled) = (name.to_owned(), true, false);
        self.past.push(Past { name: name.to_owned(), status: "in_progress" });
        Ok(())
    }

    /// `pause`, `resume` or `stop`.
    fn command(&mut self, word: &str) {
        let now = self.began.elapsed().as_secs_f64();
        self.is_cancelled |= word == "stop" && self.machine.is_busy();
        if word == "pause" && self.machine.state == State::Prepare {
            self.machine.state = State::Running; // A pause takes effect also while it prepares.
        }
        let _answer = self.machine.command(&json!({ "command": word }), now, |_path| None);
        self.step();
    }

    fn end(&mut self, status: &'static str) {
        if self.was_busy {
            self.command("stop");
        }
        if let Some(past) =
            self.past.last_mut().filter(|it| it.status == "in_progress" || it.status == "cancelled")
        {
            past.status = status;
        }
        self.was_busy = false;
    }

    /// Share done.
    fn percent(&self) -> f64 {
        self.machine.status().get("mc_percent").and_then(Value::as_f64).unwrap_or(0.0)
    }

    /// Lets the time pass that has passed.
    fn step(&mut self) {
        let now = self.began.elapsed().as_secs_f64();
        let passed = now - self.last;
        self.last = now;
        self.machine.step(now, passed);
        let is_busy = self.machine.is_busy();
        if self.was_busy && !is_busy {
            let status = match self.machine.state {
                State::Finish => "completed",
                State::Failed if self.is_cancelled => "cancelled",
                State::Failed | State::Idle | State::Prepare | State::Running | State::Pause => "error",
            };
            if let Some(past) = self.past.last_mut() {
                past.status = status;
            }
        }
        self.was_busy = is_busy;
    }

    fn keep(&mut self, name: &str, mut bytes: Vec<u8>) -> usize {
        bytes.truncate(self.cut_uploads_at.unwrap_or(usize::MAX));
        let kept = bytes.len();
        self.files.insert(name.to_owned(), bytes);
        kept
    }
}

async fn pass(shared: Weak<Mutex<Shared>>) {
    loop {
        tokio::time::sleep(STEP).await;
        let Some(shared) = shared.upgrade() else { return };
        shared.lock().unwrap_or_else(PoisonError::into_inner).step();
    }
}

/// A running server: where it listens, and its control side.
#[derive(Debug, Clone)]
pub struct Running {
    /// Its address.
    pub address: SocketAddr,
    /// Its control side.
    pub handle: Handle,
}
