//! The thread of a simulated printer: its servers, its client on the broker, and the time that passes.
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS, Transport};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Config;
use super::broker::{Broker, socket};
use super::certs::{self, Certs};
use super::child::port;
use super::ftps::Ftps;
use super::machine::{Faults, Machine};
use super::report::Reporter;

/// How often the machine is looked at.
const STEP: Duration = Duration::from_millis(10);
/// How often changes are reported; real printers do so about once a second.
const REPORT_EVERY: Duration = Duration::from_millis(300);
/// Largest message on the broker.
const PACKET_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Largest G-code taken out of a 3MF.
const GCODE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// What a driver needs to know to reach the printer.
#[derive(Debug, Clone)]
pub struct Address {
    /// The broker's port on this machine.
    pub mqtt_port: u16,
    /// The FTPS server's port on this machine.
    pub ftps_port: u16,
    /// The certificate authority.
    pub ca_file: PathBuf,
    /// `vsftpd` or `pyftpdlib`.
    pub ftps_program: String,
}

#[derive(Debug)]
struct Shared {
    machine: Machine,
    now: f64,
    stop: bool,
}

/// A running simulated printer. Dropped: it stops and its files are gone.
#[derive(Debug)]
pub struct Sim {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

/// The control side; clones share it.
#[derive(Debug, Clone)]
pub struct Handle {
    shared: Arc<Mutex<Shared>>,
    address: Arc<Address>,
    config: Arc<Config>,
    sd: PathBuf,
}

impl Sim {
    /// Starts broker, FTPS server and printer.
    ///
    /// # Errors
    /// What could not be started and why.
    pub fn start(config: Config) -> anyhow::Result<Self> {
        let (told, hear) = sync_channel(1);
        let thread =
            std::thread::Builder::new().name("sim-bambu".to_owned()).spawn(move || run(config, &told))?;
        let handle =
            hear.recv().map_err(|_gone| anyhow::anyhow!("the simulated printer did not start"))??;
        Ok(Self { handle, thread: Some(thread) })
    }

    /// The control side.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.handle.lock().stop = true;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Handle {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it is reached.
    #[must_use]
    pub fn address(&self) -> Address {
        self.address.as_ref().clone()
    }

    /// Replaces what goes wrong.
    pub fn set_faults(&self, faults: Faults) {
        self.lock().machine.faults = faults;
    }

    /// A person takes everything off the bed.
    pub fn clear_bed(&self) {
        self.lock().machine.tally.clear_bed();
    }

    /// A person starts something at the display.
    pub fn print_at_display(&self, name: &str, gcode: &str) {
        let mut shared = self.lock();
        let now = shared.now;
        shared.machine.print_at_display(name, gcode, now);
    }

    /// The printer begins a task on its own: a start that was thought lost.
    pub fn print_task(&self, file: &str, name: &str, task_id: &str, gcode: &str) {
        let mut shared = self.lock();
        let now = shared.now;
        let ids = json!({ "subtask_name": name, "task_id": task_id, "subtask_id": task_id });
        shared.machine.begin(file, gcode, &ids, now);
    }

    /// The folder that its FTPS server shows.
    #[must_use]
    pub fn sd(&self) -> PathBuf {
        self.sd.clone()
    }

    /// What physically happened.
    #[must_use]
    pub fn tally(&self) -> crate::machine::tally::Tally {
        self.lock().machine.tally.clone()
    }

    /// What was asked of it.
    #[must_use]
    pub fn counters(&self) -> super::machine::Counters {
        self.lock().machine.counters.clone()
    }

    /// Files on its card with their sizes.
    #[must_use]
    pub fn files(&self) -> Vec<(String, u64)> {
        let listing = std::fs::read_dir(&self.sd).into_iter().flatten().filter_map(Result::ok);
        let mut files: Vec<_> = listing
            .map(|entry| {
                (entry.file_name().to_string_lossy().into_owned(), entry.metadata().map_or(0, |m| m.len()))
            })
            .collect();
        files.sort();
        files
    }

    /// Everything, as the control endpoint tells it.
    #[must_use]
    pub fn state(&self) -> Value {
        let files = self.files();
        let shared = self.lock();
        let machine = &shared.machine;
        let mut state = serde_json::to_value(&machine.tally).unwrap_or(Value::Null);
        let [nozzle, bed] = &machine.heaters;
        let more = json!({
            "kind": "bambu",
            "serial": self.config.serial,
            "access_code": self.config.access_code,
            "mqtt_port": self.address.mqtt_port,
            "ftps_port": self.address.ftps_port,
            "ca_file": self.address.ca_file,
            "ftps_program": self.address.ftps_program,
            "gcode_state": machine.state,
            "is_busy": machine.is_busy(),
            "heater_s": nozzle.on_s + bed.on_s,
            "nozzle_c": nozzle.now_c,
            "nozzle_target_c": nozzle.target_c,
            "bed_target_c": bed.target_c,
            "counters": machine.counters,
            "faults": machine.faults,
            "files": files,
            "status": machine.status(),
            "uptime_s": shared.now,
        });
        if let (Value::Object(state), Value::Object(more)) = (&mut state, more) {
            state.extend(more);
        }
        state
    }
}

type Told = std::sync::mpsc::SyncSender<anyhow::Result<Handle>>;

/// The thread: everything that it starts ends with it.
fn run(config: Config, told: &Told) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(told.send(Err(error.into()))),
    };
    match Servers::start(&config) {
        Ok(servers) => {
            let handle = servers.handle(config);
            drop(told.send(Ok(handle.clone())));
            tokio::task::LocalSet::new().block_on(&runtime, servers.serve(handle));
        }
        Err(error) => drop(told.send(Err(error))),
    }
}

struct Servers {
    dir: TempDir,
    certs: Certs,
    broker: Broker,
    _ftps: Ftps,
    address: Address,
}

impl Servers {
    fn start(config: &Config) -> anyhow::Result<Self> {
        let dir = tempfile::Builder::new().prefix("sim-bambu-").tempdir()?;
        // The FTPS server's user must be able to reach its folder.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(dir.path(), mode)?;
        let certs = certs::make(dir.path(), &config.serial)?;
        let (mqtt_port, ftps_port) = (port(config.mqtt_port)?, port(config.ftps_port)?);
        let broker = Broker::start(dir.path(), &certs, config, mqtt_port)?;
        let ftps = Ftps::start(dir.path(), &certs, config, ftps_port)?;
        let address = Address {
            mqtt_port,
            ftps_port,
            ca_file: certs.ca.clone(),
            ftps_program: ftps.program.to_owned(),
        };
        Ok(Self { dir, certs, broker, _ftps: ftps, address })
    }

    fn handle(&self, config: Config) -> Handle {
        let machine = Machine::new(config.clone());
        Handle {
            shared: Arc::new(Mutex::new(Shared { machine, now: 0.0, stop: false })),
            address: Arc::new(self.address.clone()),
            config: Arc::new(config),
            sd: self.dir.path().join("sd"),
        }
    }

    async fn serve(mut self, handle: Handle) {
        let began = Instant::now();
        let (mut client, mut requests) = self.firmware(&handle.config);
        let (mut reporter, mut last, mut report_at) = (Reporter::default(), 0.0, began);
        let mut tick = interval(STEP);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                Some(payload) = requests.recv() => {
                    request(&handle, &client, &mut reporter, &payload).await;
                    report_at = Instant::now();
                }
            }
            let now = began.elapsed().as_secs_f64();
            let restart = {
                let mut shared = handle.lock();
                if shared.stop {
                    return;
                }
                shared.now = now;
                shared.machine.step(now, now - last);
                if std::mem::take(&mut shared.machine.faults.power_cut) {
                    shared.machine.power_cut();
                }
                std::mem::take(&mut shared.machine.faults.restart_broker)
            };
            last = now;
            if restart {
                self.restart(&handle.config);
                (client, requests) = self.firmware(&handle.config);
            }
            if Instant::now() >= report_at {
                report_at = Instant::now() + REPORT_EVERY;
                publish_status(&handle, &client, &mut reporter, !handle.config.deltas).await;
            }
        }
    }

    /// The broker ends and starts anew on the same port.
    fn restart(&mut self, config: &Config) {
        let port = self.address.mqtt_port;
        // The old one must be gone before the new one can listen.
        for _ in 0..50 {
            if let Ok(broker) = Broker::start(self.dir.path(), &self.certs, config, port) {
                self.broker = broker;
                return;
            }
            crate::marlin::pty::pause(0.05);
        }
    }

    /// The printer's own client on its broker.
    fn firmware(&self, config: &Config) -> (AsyncClient, mpsc::Receiver<Vec<u8>>) {
        let socket = socket(self.dir.path());
        let mut options =
            MqttOptions::new(format!("firmware-{}", config.serial), socket.to_string_lossy(), 0);
        options.set_transport(Transport::Unix);
        options.set_credentials("printer", "printer");
        options.set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX);
        let (client, mut events) = AsyncClient::new(options, 64);
        let (tell, requests) = mpsc::channel(64);
        let (subscriber, topic) = (client.clone(), format!("device/{}/request", config.serial));
        // A task of its own: the client's loop may not be interrupted in the middle of a packet.
        drop(tokio::task::spawn_local(async move {
            while !tell.is_closed() {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        drop(subscriber.try_subscribe(&topic, QoS::AtLeastOnce));
                    }
                    Ok(Event::Incoming(Packet::Publish(message))) => {
                        drop(tell.send(message.payload.to_vec()).await);
                    }
                    Ok(_) => {}
                    Err(_broken) => tokio::time::sleep(STEP).await,
                }
            }
        }));
        (client, requests)
    }
}

async fn request(handle: &Handle, client: &AsyncClient, reporter: &mut Reporter, payload: &[u8]) {
    let Ok(Value::Object(message)) = serde_json::from_slice(payload) else { return };
    for (kind, body) in message {
        let command = body.get("command").and_then(Value::as_str).unwrap_or("").to_owned();
        let mut answer = body.clone();
        match (kind.as_str(), command.as_str()) {
            ("pushing", "pushall") => {
                handle.lock().machine.counters.pushalls += 1;
                publish_status(handle, client, reporter, true).await;
            }
            ("info", "get_version") => {
                add(
                    &mut answer,
                    "module",
                    json!([{ "name": "ota", "sw_ver": "01.04.00.00", "sn": handle.config.serial }]),
                );
                publish(handle, client, &json!({ "info": answer })).await;
            }
            ("print", _) => {
                let said = {
                    let mut shared = handle.lock();
                    let now = shared.now;
                    shared.machine.command(&body, now, |path| plate(&handle.sd, path))
                };
                if let Some((result, reason)) = said {
                    add(&mut answer, "result", json!(result));
                    add(&mut answer, "reason", json!(reason));
                    publish(handle, client, &json!({ "print": answer })).await;
                    publish_status(handle, client, reporter, !handle.config.deltas).await;
                }
            }
            _ => {}
        }
    }
}

fn add(answer: &mut Value, key: &str, value: Value) {
    if let Value::Object(answer) = answer {
        answer.insert(key.to_owned(), value);
    }
}

/// The G-code of a file on the card: out of the 3MF.
fn plate(sd: &Path, path: &str) -> Option<String> {
    let inside = !path.contains("..") && !path.starts_with('/');
    let file = std::fs::File::open(sd.join(path)).ok().filter(|_| inside)?;
    let mut archive = zip::ZipArchive::new(file).ok()?;
    let member = archive.by_name("Metadata/plate_1.gcode").ok()?;
    let mut text = String::new();
    member.take(GCODE_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text)
}

async fn publish_status(handle: &Handle, client: &AsyncClient, reporter: &mut Reporter, full: bool) {
    let status = handle.lock().machine.status();
    if let Some(report) = reporter.next(&status, full) {
        publish(handle, client, &report).await;
    }
}

async fn publish(handle: &Handle, client: &AsyncClient, message: &Value) {
    let faults = handle.lock().machine.faults.clone();
    if faults.silent {
        return;
    }
    let mut text = message.to_string();
    if faults.bad_json {
        text.truncate(text.len() / 2);
    }
    let topic = format!("device/{}/report", handle.config.serial);
    for _ in 0..=u8::from(faults.dup_report) {
        // A full queue means that the broker is away: reports are lost then, as with a real printer.
        drop(client.try_publish(&topic, QoS::AtMostOnce, false, text.clone()));
    }
}
