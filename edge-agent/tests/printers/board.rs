//! A simulated board on a pty with its driver, for the tests of the serial driver.
use std::time::Duration;

use edge_agent::printer::serial::SerialPrinter;
use edge_agent::printer::{Connection, Doing, PortPolicy, PrinterHandle};
use firmware_profiles::{Firmware, Library};
use peers::fault_proxy::serial::Cable;
use peers::marlin::Config;
use peers::marlin::sim::{Handle, Sim};
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bench::{Ledger, order, until};

/// A firmware of the profiles.
pub(crate) fn firmware(id: &str) -> Firmware {
    let mut firmware = Library::embedded().unwrap().firmware(id).unwrap().clone();
    // Short waits, so that tests are short; their order is the profile's.
    firmware.ack_wait = Duration::from_millis(2_500);
    firmware.blocking_wait = Duration::from_secs(6);
    firmware.boot_quiet = Duration::from_millis(1_000);
    firmware
}

/// A simulated board, its driver, and a ledger that listens.
pub(crate) struct Bench {
    pub(crate) dir: TempDir,
    pub(crate) sim: Option<Sim>,
    pub(crate) cable: Option<Cable>,
    pub(crate) board: Handle,
    pub(crate) printer: PrinterHandle,
    pub(crate) ledger: Ledger,
    pub(crate) shutdown: CancellationToken,
}

impl Bench {
    /// A printer with its driver, ready unless the policy keeps the port closed.
    pub(crate) async fn new(policy: PortPolicy, change: impl FnOnce(&mut Config)) -> Self {
        Self::with(policy, None, firmware("marlin2"), change).await
    }

    /// The same with a bad cable in between.
    pub(crate) async fn through(seed: u64) -> Self {
        Self::with(PortPolicy::Open, Some(seed), firmware("marlin2"), |_| {}).await
    }

    pub(crate) async fn with(
        policy: PortPolicy,
        cable_seed: Option<u64>,
        firmware: Firmware,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::new(dir.path().join("tty"));
        config.speed = 200.0;
        config.boot_ms = 50;
        change(&mut config);
        let resets_on_open = config.reset_on_open;
        let sim = Sim::start(config).unwrap();
        let board = sim.handle();
        let (device, link) = (dir.path().join("tty"), dir.path().join("cable"));
        let port = if cable_seed.is_some() { link.clone() } else { device.clone() };
        let cable = cable_seed.map(|seed| Cable::start(link, device, 0, seed).unwrap());
        let (ledger, reports) = Ledger::new();
        let shutdown = CancellationToken::new();
        let (printer, task) = SerialPrinter {
            id: "ender-1".parse().unwrap(),
            port,
            baud: 115_200,
            firmware,
            resets_on_open,
            policy,
        }
        .task(reports, shutdown.clone());
        drop(edge_agent::tasks::spawn(task));
        let bench = Self { dir, sim: Some(sim), cable, board, printer, ledger, shutdown };
        if policy == PortPolicy::Open {
            bench.until_up().await;
        }
        bench
    }

    /// Connected; ready or not.
    async fn until_up(&self) {
        let view = self.printer.view();
        until("up", || {
            let now = view.borrow().clone();
            (now.connection == Connection::Up, (now, self.board.state()))
        })
        .await;
    }

    pub(crate) async fn until_ready(&self) {
        let view = self.printer.view();
        until("ready", || {
            let now = view.borrow().clone();
            (now.is_idle(Instant::now(), Duration::from_secs(10)), (now, self.board.state()))
        })
        .await;
    }

    pub(crate) async fn until_doing(&self, wanted: Doing) {
        let view = self.printer.view();
        until(&format!("{wanted:?}"), || (view.borrow().doing == wanted, view.borrow().clone())).await;
    }

    pub(crate) async fn until_moves(&self, n: u64) {
        until("moves", || (self.board.tally().moves >= n, self.board.state())).await;
    }

    pub(crate) async fn start(&self, n: u64, gcode: &str) {
        self.printer.start(order(&self.dir, n, gcode.as_bytes())).await.unwrap();
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// What a whole plate leaves behind.
pub(crate) fn assert_whole(bench: &Bench, segments: u32) {
    let tally = bench.board.tally();
    assert_eq!((tally.starts, tally.starts_on_occupied_bed), (1, 0), "{tally:?}");
    assert_eq!(tally.moves, u64::from(segments) + 3, "{tally:?}");
    assert!((tally.extruded_mm - f64::from(segments) * 0.05).abs() < 1e-6, "{tally:?}");
    assert_eq!(tally.position[..2], [5.0, 200.0]);
}
