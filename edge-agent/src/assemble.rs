//! Puts the daemon together: settings checked, data directory taken, ledger opened and recovered, printers, pipeline,
//! scheduler, hub link and pages started in that order, and drained in reverse.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use firmware_profiles::{Control, Library};
use protocol::{
    attempt::{Attempt, Owner},
    wire::v1::Summary,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    blobs::BlobStore,
    clock::Clock,
    config::{self, Config, Connection},
    control,
    files::{self, FileError},
    floor::{self, Floor, Station, heat::Heat},
    housekeeping::keep_room,
    ledger::{Ledger, recover::Found},
    pipeline::Pipeline,
    printer::{
        Held, HeldAs, PortPolicy, PrinterHandle, Report,
        http::HttpPrinter,
        mqtt::{MqttPrinter, Trust},
        serial::SerialPrinter,
    },
    scheduler::Scheduler,
    sync::{HubClient, Identity, Link, LinkState, SyncTask},
    tasks::Tasks,
    web::{self, App},
};

/// Reports of all printers that may wait for the ledger.
const REPORTS_MAX: usize = 1024;

/// Why the agent did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A printer names a model that does not exist.
    #[error(
        "printer {printer}: profile: expected a known model (`edge-agent profiles list`), found {profile:?}"
    )]
    NoProfile {
        /// Which printer.
        printer: String,
        /// What it says.
        profile: String,
    },
    /// A printer's connection does not fit its model.
    #[error("printer {printer}: connection.kind: {profile} is reached by {expected:?}")]
    WrongConnection {
        /// Which printer.
        printer: String,
        /// Its model.
        profile: String,
        /// The right kind.
        expected: &'static str,
    },
    /// The profiles are damaged.
    #[error("the profiles are not sound")]
    Profiles(#[from] firmware_profiles::Faults),
    /// The data directory.
    #[error("cannot use the data directory")]
    Control(#[from] control::ControlError),
    /// The ledger.
    #[error("cannot use the ledger")]
    Ledger(#[from] crate::ledger::LedgerError),
    /// The files.
    #[error("cannot use the data directory")]
    File(#[from] crate::files::FileError),
    /// The hub's settings.
    #[error("cannot speak with the hub")]
    Sync(#[from] crate::sync::SyncError),
    /// The pages.
    #[error("cannot serve the pages")]
    Serve(#[from] web::serve::ServeError),
    /// Signals.
    #[error("cannot wait for signals")]
    Signal(#[source] std::io::Error),
}

/// The owner's profiles: files below it win over the compiled-in ones.
const PROFILES: &str = "profiles";

/// Every printer model and material of this site.
///
/// # Errors
/// [`firmware_profiles::Faults`]: everything that is wrong with the owner's files.
pub fn library(config: &Config) -> Result<Library, firmware_profiles::Faults> {
    let own = config.site.data_dir.join(PROFILES);
    if own.is_dir() { Library::with_overrides(&own) } else { Library::embedded() }
}

/// Runs the daemon until SIGTERM or Ctrl-C.
///
/// # Errors
/// [`StartError`] before anything is started, or when the pages cannot be served.
pub async fn run(config: Config, agent: PathBuf) -> Result<(), StartError> {
    let library = Arc::new(library(&config)?);
    check_printers(&config, &library)?;
    let data_dir = config.site.data_dir.clone();
    let _lock = control::lock(&data_dir).await?;
    let clock = Clock::of_this_machine();
    let (ledger, writer) = Ledger::open(&data_dir, clock)?;
    let blobs = BlobStore::open(&data_dir)?;
    files::make_folder(&data_dir.join("run"))?;
    let found = ledger.after_restart().await?;
    let was_away = ledger.was_away().await?;
    let mut tasks = Tasks::default();

    let (reports, incoming) = mpsc::channel(REPORTS_MAX);
    tasks.spawn("reports", floor::take_reports(ledger.clone(), incoming, tasks.stop_signal()));
    let mut stations = Vec::new();
    for settings in &config.printers {
        let station = station(
            settings,
            (&library, &data_dir),
            &ledger,
            (&found, was_away),
            (&mut tasks, reports.clone()),
        )
        .await?;
        stations.push(station);
    }
    drop(reports);
    let floor = Floor { ledger: ledger.clone(), blobs: blobs.clone(), library, stations: Arc::new(stations) };
    tasks.spawn("watch", floor::watch_printers(floor.clone(), tasks.stop_signal()));

    let keep_room =
        keep_room(ledger.clone(), blobs.clone(), config.limits.blobs_bytes_max, tasks.stop_signal());
    tasks.spawn("housekeeping", keep_room);
    let (pipeline, worker, requests) =
        Pipeline::new(ledger.clone(), blobs.clone(), config.slicer.clone(), agent);
    tasks.spawn("pipeline", worker.run(requests, tasks.stop_signal()));
    let (summary_sender, summary) = watch::channel(Summary::default());
    let scheduler = Scheduler::new(floor.clone(), pipeline, config.limits, data_dir.clone(), summary_sender);
    tasks.spawn("scheduler", scheduler.run(tasks.stop_signal()));

    let (link_sender, link) = watch::channel(LinkState { link: first_link(&config), since: clock.wall() });
    if let Some(hub) = &config.hub {
        let task = SyncTask {
            ledger: ledger.clone(),
            client: HubClient::new(hub.url.clone())?,
            identity: Identity::load_or_make(&data_dir)?,
            clock,
            library: floor.library.clone(),
            blobs,
            data_dir: data_dir.clone(),
            summary: summary.clone(),
            link: link_sender,
        };
        tasks.spawn("sync", task.run(tasks.stop_signal()));
    }
    let socket = control::listen(&data_dir)?;
    tasks.spawn("control", web::serve::serve_control(socket, ledger.clone(), data_dir, tasks.stop_signal()));

    let app = App { floor, config: Arc::new(config), link, summary, clock };
    let ended = pages(app, tasks.stop_signal().child_token()).await;
    tasks.drain().await;
    drop(ledger);
    // The writer ends when the last handle is gone, and closes the database.
    drop(tokio::task::spawn_blocking(move || writer.join()).await);
    ended
}

/// Serves the pages until somebody stops the agent.
async fn pages(app: App, stop: CancellationToken) -> Result<(), StartError> {
    let pages = web::serve(app, stop.clone());
    tokio::pin!(pages);
    tokio::select! {
        served = &mut pages => served.map_err(StartError::from),
        signal = signalled() => {
            tracing::info!("stopping: running prints of printers that own their jobs go on");
            stop.cancel();
            signal.map_err(StartError::Signal).and(pages.await.map_err(StartError::from))
        }
    }
}

const fn first_link(config: &Config) -> Link {
    if config.hub.is_some() { Link::Offline } else { Link::Alone }
}

async fn signalled() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Everything about printers that can be wrong before a port is opened.
///
/// # Errors
/// [`StartError::NoProfile`], [`StartError::WrongConnection`].
pub fn check_printers(config: &Config, library: &Library) -> Result<(), StartError> {
    for settings in &config.printers {
        let printer = settings.id.to_string();
        let profile = settings.profile.clone();
        let Some(model) = library.profile(&profile) else {
            return Err(StartError::NoProfile { printer, profile });
        };
        let expected = match (&model.control, &settings.connection) {
            (Control::Streamed(_), Connection::Serial { .. })
            | (Control::PrinterOwned(_), Connection::Mqtt { .. })
            | (Control::PrinterOwnedHttp(_), Connection::Http { .. }) => continue,
            (Control::Streamed(_), Connection::Mqtt { .. } | Connection::Http { .. }) => "serial",
            (Control::PrinterOwned(_), Connection::Serial { .. } | Connection::Http { .. }) => "mqtt",
            (Control::PrinterOwnedHttp(_), Connection::Serial { .. } | Connection::Mqtt { .. }) => "http",
        };
        return Err(StartError::WrongConnection { printer, profile, expected });
    }
    Ok(())
}

/// One printer: its bed known to the ledger, its task started.
async fn station(
    settings: &config::Printer,
    (library, data_dir): (&Library, &Path),
    ledger: &Ledger,
    (found, was_away): (&[Found], bool),
    (tasks, reports): (&mut Tasks, mpsc::Sender<Report>),
) -> Result<Station, StartError> {
    let id = settings.id.clone();
    let unknown = || StartError::NoProfile { printer: id.to_string(), profile: settings.profile.clone() };
    let profile = Arc::new(library.profile(&settings.profile).cloned().ok_or_else(unknown)?);
    ledger.add_bed(id.clone()).await?;
    if was_away && profile.can_print_alone {
        let evidence = "the agent was not running".to_owned();
        ledger.doubt_bed(id.clone(), protocol::bed::Doubt::Unobserved, evidence).await?;
    }
    let here: Vec<_> = found.iter().filter(|f| f.attempt.printer == id).collect();
    for f in here.iter().filter(|f| f.attempt.owner == Owner::Stream && profile.resets_on_open) {
        ledger.keep_port_closed(f.attempt.no).await?;
    }
    let snapshot = ledger.snapshot().await?;
    let said = snapshot.printers.get(&id).cloned();
    let may_open = said.is_none_or(|s| s.may_open_port) || !profile.resets_on_open;
    let held = here.iter().filter(|f| f.ask_printer).map(|f| Held {
        attempt: f.attempt.no,
        task_id: f.attempt.task_id.clone(),
        was: held_as(f.attempt.state),
    });
    let ended = snapshot.attempts.iter().filter(|a| a.printer == id && a.state.is_terminal());
    let known = Known {
        policy: if may_open { PortPolicy::Open } else { PortPolicy::StayClosed },
        held: held.collect(),
        ended: ended.map(|a| a.task_id.clone()).collect(),
        data_dir: data_dir.to_owned(),
    };
    let (owner, handle) = connect(settings, &profile, known, (tasks, reports))?;
    Ok(Station { settings: settings.clone(), profile, owner, handle, heat: Heat::default() })
}

/// What a printer's task needs from the ledger.
struct Known {
    policy: PortPolicy,
    held: Vec<Held>,
    ended: Vec<String>,
    data_dir: PathBuf,
}

/// Starts the printer's task. Kinds that do not fit were refused by [`check_printers`].
fn connect(
    settings: &config::Printer,
    profile: &firmware_profiles::Profile,
    known: Known,
    (tasks, reports): (&mut Tasks, mpsc::Sender<Report>),
) -> Result<(Owner, PrinterHandle), StartError> {
    let stop = tasks.stop_signal();
    match (&profile.control, &settings.connection) {
        (Control::Streamed(firmware), Connection::Serial { port, baud }) => {
            let printer = SerialPrinter {
                id: settings.id.clone(),
                port: port.clone(),
                baud: baud.unwrap_or(profile.baud),
                firmware: firmware.clone(),
                resets_on_open: profile.resets_on_open,
                policy: known.policy,
            };
            let (handle, task) = printer.task(reports, stop);
            tasks.spawn("printer", task);
            Ok((Owner::Stream, handle))
        }
        (
            Control::PrinterOwned(dialect),
            Connection::Mqtt { host, port, ftps_port, serial, access_code_file, ca_file },
        ) => {
            let code =
                std::fs::read_to_string(access_code_file).map_err(FileError::of("read", access_code_file))?;
            let printer = MqttPrinter {
                id: settings.id.clone(),
                host: host.clone(),
                mqtt_port: *port,
                ftps_port: *ftps_port,
                serial: serial.clone(),
                access_code: code.trim().to_owned(),
                trust: ca_file.clone().map_or(Trust::FirstContact, Trust::Authority),
                dialect: dialect.clone(),
                socket_dir: known.data_dir.join("run"),
                held: known.held,
                ended: known.ended,
            };
            let (handle, task) = printer.task(reports, stop);
            tasks.spawn("printer", task);
            Ok((Owner::Printer, handle))
        }
        (Control::PrinterOwnedHttp(dialect), Connection::Http { host, port, password_file }) => {
            let password = match password_file {
                Some(file) => Some(std::fs::read_to_string(file).map_err(FileError::of("read", file))?),
                None => None,
            };
            let printer = HttpPrinter {
                id: settings.id.clone(),
                host: host.clone(),
                port: port.unwrap_or(dialect.port),
                password: password.map(|text| text.trim().to_owned()),
                dialect: dialect.clone(),
                held: known.held,
                ended: known.ended,
            };
            let (handle, task) = printer.task(reports, stop);
            tasks.spawn("printer", task);
            Ok((Owner::Printer, handle))
        }
        (
            Control::Streamed(_) | Control::PrinterOwned(_) | Control::PrinterOwnedHttp(_),
            Connection::Serial { .. } | Connection::Mqtt { .. } | Connection::Http { .. },
        ) => {
            let (printer, profile) = (settings.id.to_string(), settings.profile.clone());
            Err(StartError::WrongConnection { printer, profile, expected: "another kind" })
        }
    }
}

/// How far the ledger knows an attempt to be that it holds as not ended.
const fn held_as(state: Attempt) -> HeldAs {
    match state {
        Attempt::Starting => HeldAs::Starting,
        Attempt::Printing | Attempt::Paused => HeldAs::Running,
        Attempt::Unknown { .. } | Attempt::Finished | Attempt::Failed { .. } | Attempt::Cancelled => {
            HeldAs::Unknown
        }
    }
}
