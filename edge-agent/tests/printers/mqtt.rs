//! The driver of printers that own their jobs against `sim-bambu`: a real broker, a real FTPS server.
use std::io::{Cursor, Write as _};
use std::time::Duration;

use edge_agent::printer::mqtt::{MqttPrinter, Trust};
use edge_agent::printer::{Connection, Doing, Held, HeldAs, PrinterError, PrinterHandle};
use firmware_profiles::{Control, Dialect, Library};
use peers::bambu::Config;
use peers::bambu::machine::Faults;
use peers::bambu::sim::{Handle, Sim};
use peers::fault_proxy::tcp::{Faults as Line, Proxy};
use protocol::attempt::{Event, Lost, NotStarted, Task};
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bench::{Ledger, attempt, order, plate, until};

fn dialect() -> Dialect {
    let library = Library::embedded().unwrap();
    let Control::PrinterOwned(mut dialect) = library.profile("bambu/a1").unwrap().control.clone() else {
        unreachable!()
    };
    // Short waits, so that tests are short; their order is the profile's.
    dialect.silence_max = Duration::from_secs(3);
    dialect.reconnect_cooldown = Duration::from_secs(2);
    dialect.lost_after = Duration::from_secs(6);
    dialect.start_wait = Duration::from_secs(4);
    dialect
}

/// The G-code as a printer wants it.
fn packed(gcode: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("Metadata/plate_1.gcode", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(gcode.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

struct Bench {
    dir: TempDir,
    sim: Sim,
    machine: Handle,
    printer: PrinterHandle,
    ledger: Ledger,
    shutdown: CancellationToken,
}

impl Bench {
    async fn new() -> Self {
        let bench = Self::over(start_sim(500.0).await, |_| {});
        bench.until_ready().await;
        bench
    }

    /// A driver for a printer that runs already.
    fn over(sim: Sim, change: impl FnOnce(&mut MqttPrinter)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let machine = sim.handle();
        let address = machine.address();
        let (ledger, reports) = Ledger::new();
        let shutdown = CancellationToken::new();
        let mut printer = MqttPrinter {
            id: "a1-1".parse().unwrap(),
            host: "127.0.0.1".to_owned(),
            mqtt_port: address.mqtt_port,
            ftps_port: address.ftps_port,
            serial: "01P00A000000001".to_owned(),
            access_code: "12345678".to_owned(),
            trust: Trust::Authority(address.ca_file),
            dialect: dialect(),
            socket_dir: dir.path().to_owned(),
            held: Vec::new(),
            ended: Vec::new(),
        };
        change(&mut printer);
        let (printer, task) = printer.task(reports, shutdown.clone());
        drop(edge_agent::tasks::spawn(task));
        Self { dir, sim, machine, printer, ledger, shutdown }
    }

    /// The agent is gone and another one begins, with what the ledger holds.
    fn again(self, held: Vec<Held>, ended: &[&str]) -> Self {
        self.shutdown.cancel();
        let ended = ended.iter().map(|task| (*task).to_owned()).collect();
        let Self { sim, .. } = self;
        Self::over(sim, |printer| (printer.held, printer.ended) = (held, ended))
    }

    async fn until_ready(&self) {
        let view = self.printer.view();
        until("ready", || {
            let now = view.borrow().clone();
            (now.is_idle(Instant::now(), Duration::from_secs(15)), (now, self.machine.state()))
        })
        .await;
    }

    async fn until_doing(&self, wanted: Doing) {
        let view = self.printer.view();
        until(&format!("{wanted:?}"), || (view.borrow().doing == wanted, view.borrow().clone())).await;
    }

    async fn start(&self, n: u64, gcode: &str) {
        self.printer.start(order(&self.dir, n, &packed(gcode))).await.unwrap();
    }

    fn fault(&self, change: impl FnOnce(&mut Faults)) {
        let mut faults = Faults::default();
        change(&mut faults);
        self.machine.set_faults(faults);
    }

    async fn until_closed(&self, says: &str) {
        let view = self.printer.view();
        until(says, || {
            let now = view.borrow().connection.clone();
            (matches!(&now, Connection::Closed { why } if why.contains(says)), now)
        })
        .await;
    }
}

async fn start_sim(speed: f64) -> Sim {
    let config = Config { speed, prepare_ms: 200, ..Config::default() };
    tokio::task::spawn_blocking(move || Sim::start(config)).await.unwrap().unwrap()
}

fn held(n: u64, was: HeldAs) -> Held {
    Held { attempt: attempt(n), task_id: format!("{}", 400_000_000 + n), was }
}

const RUNNING: Event = Event::SeenRunning(Task::Ours);
const FINISHED: Event = Event::SeenFinished(Task::Ours);

#[tokio::test(flavor = "multi_thread")]
async fn a_plate_is_uploaded_started_once_and_followed_to_its_end() {
    let bench = Bench::new().await;
    bench.start(1, &plate(1_500)).await;
    bench.ledger.until_event(FINISHED).await;
    assert_eq!(bench.ledger.events(), [RUNNING, FINISHED]);
    let (tally, counters) = (bench.machine.tally(), bench.machine.counters());
    assert_eq!((tally.starts, counters.start_commands, counters.starts_taken), (1, 1, 1));
    assert!((tally.extruded_mm - 75.0).abs() < 1e-6, "{tally:?}");
    assert_eq!(bench.machine.files()[0].0, "plate-1_400000001.gcode.3mf");
    assert!(bench.ledger.foreign().is_empty());
    bench.until_ready().await;
    let again = bench.printer.start(order(&bench.dir, 1, &packed(&plate(5)))).await;
    assert!(matches!(again, Err(PrinterError::NotNow { .. })), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_started_while_the_printer_does_something() {
    let bench = Bench::over(start_sim(5.0).await, |_| {});
    bench.until_ready().await;
    bench.machine.print_at_display("benchy", &plate(500));
    bench.until_doing(Doing::Foreign).await;
    let refused = bench.printer.start(order(&bench.dir, 1, &packed(&plate(5)))).await;
    assert!(matches!(refused, Err(PrinterError::NotStarted { .. })), "{refused:?}");
    assert_eq!(
        (bench.machine.counters().start_commands, bench.ledger.foreign()),
        (0, vec!["benchy".to_owned()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_held_resumed_and_cancelled() {
    let bench = Bench::over(start_sim(60.0).await, |_| {});
    bench.until_ready().await;
    bench.start(1, &plate(3_000)).await;
    until("printing", || (bench.machine.tally().moves > 20, bench.machine.state())).await;
    bench.printer.pause().await.unwrap();
    bench.ledger.until_event(Event::SeenPaused(Task::Ours)).await;
    bench.until_doing(Doing::Paused).await;
    bench.printer.resume().await.unwrap();
    bench.until_doing(Doing::Printing).await;
    bench.printer.cancel().await.unwrap();
    bench.ledger.until_event(Event::CancelAcked).await;
    bench.until_ready().await;
    assert_eq!(bench.machine.tally().starts, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_stop_reaches_the_printer_at_once() {
    let bench = Bench::over(start_sim(60.0).await, |_| {});
    bench.until_ready().await;
    bench.start(1, &plate(3_000)).await;
    bench.until_doing(Doing::Printing).await;
    let asked = Instant::now();
    bench.printer.emergency_stop().await.unwrap();
    assert!(asked.elapsed() < Duration::from_millis(50), "{:?}", asked.elapsed());
    bench.ledger.until_event(Event::CancelAcked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_not_confirmed_is_unknown_and_never_sent_again() {
    for late in [false, true] {
        let bench = Bench::new().await;
        bench.fault(|faults| faults.lying_ok = true);
        bench.start(1, &plate(300)).await;
        let unknown = Event::EvidenceLost(Lost::StartNotConfirmed);
        bench.ledger.until_event(unknown).await;
        assert_eq!(bench.machine.counters().start_commands, 1);
        let evidence = bench.ledger.evidence().pop().unwrap().2;
        assert!(evidence.starts_with("the start command was sent once"), "{evidence}");
        if late {
            // The printer begins after all: its own task id is evidence.
            bench.fault(|_| {});
            let gcode = plate(300);
            bench.machine.print_task("plate-1_400000001.gcode.3mf", "plate-1_400000001", "400000001", &gcode);
            bench.ledger.until_event(FINISHED).await;
            assert!(bench.ledger.foreign().is_empty());
        }
        assert_eq!(bench.machine.counters().start_commands, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_start_is_waited_for() {
    let bench = Bench::new().await;
    bench.fault(|faults| faults.slow_start_ms = Some(2_500));
    bench.start(1, &plate(300)).await;
    bench.ledger.until_event(FINISHED).await;
    assert_eq!((bench.machine.counters().start_commands, bench.machine.tally().starts), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_start_is_proof_and_says_what_to_do() {
    let bench = Bench::new().await;
    bench.fault(|faults| faults.verify_fail = true);
    bench.start(1, &plate(300)).await;
    bench.ledger.until_event(Event::NotStarted(NotStarted::PrinterSaidNo)).await;
    let evidence = bench.ledger.evidence().pop().unwrap().2;
    assert!(evidence.contains("Developer Mode"), "{evidence}");
    assert_eq!(bench.machine.tally().moves, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn doubled_and_broken_reports_change_nothing() {
    let bench = Bench::new().await;
    bench.fault(|faults| faults.dup_report = true);
    bench.start(1, &plate(600)).await;
    bench.ledger.until_event(FINISHED).await;
    assert_eq!(bench.ledger.events(), [RUNNING, FINISHED]);
    bench.fault(|faults| faults.bad_json = true);
    bench.until_closed("stopped reporting").await;
    bench.fault(|_| {});
    bench.until_ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_printer_is_reconnected_and_its_job_is_found_again() {
    let bench = Bench::over(start_sim(8.0).await, |_| {});
    bench.until_ready().await;
    bench.start(1, &plate(900)).await;
    bench.ledger.until_event(RUNNING).await;
    bench.fault(|faults| faults.silent = true);
    bench.until_closed("stopped reporting").await;
    bench.ledger.until_event(Event::EvidenceLost(Lost::Link)).await;
    bench.fault(|_| {});
    let view = bench.printer.view();
    until("finished", || {
        let seen = (view.borrow().clone(), bench.machine.state());
        (bench.ledger.events().contains(&FINISHED), seen)
    })
    .await;
    let events = bench.ledger.events();
    assert_eq!(events[..2], [RUNNING, Event::EvidenceLost(Lost::Link)]);
    assert!(events[2..].iter().all(|event| [RUNNING, FINISHED].contains(event)), "{events:?}");
    assert_eq!(bench.machine.counters().start_commands, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_restarts_around_a_start_never_makes_a_second_one() {
    let bench = Bench::new().await;
    for n in 1..=4 {
        bench.until_ready().await;
        if n % 2 == 0 {
            bench.fault(|faults| faults.restart_broker = true);
        }
        let before = bench.machine.tally().starts;
        let started = bench.printer.start(order(&bench.dir, n, &packed(&plate(200)))).await;
        if n % 2 == 1 {
            bench.fault(|faults| faults.restart_broker = true);
        }
        if started.is_ok() {
            until("told how it ended", || {
                let told = bench.ledger.evidence().into_iter().any(|(of, event, _)| {
                    of == n && matches!(event, FINISHED | Event::EvidenceLost(Lost::StartNotConfirmed))
                });
                (told, bench.ledger.evidence())
            })
            .await;
        }
        assert!(bench.machine.tally().starts <= before + 1);
        assert!(bench.machine.counters().start_commands <= n);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_of_the_printer_makes_its_job_unknown() {
    let bench = Bench::over(start_sim(20.0).await, |_| {});
    bench.until_ready().await;
    bench.start(1, &plate(3_000)).await;
    bench.ledger.until_event(RUNNING).await;
    bench.fault(|faults| faults.power_cut = true);
    bench.ledger.until_event(Event::EvidenceLost(Lost::Contradiction)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_of_the_agent_the_printer_is_asked_by_task() {
    let bench = Bench::over(start_sim(20.0).await, |_| {});
    bench.until_ready().await;
    bench.start(1, &plate(800)).await;
    bench.ledger.until_event(RUNNING).await;
    let bench = bench.again(vec![held(1, HeldAs::Running)], &[]);
    bench.ledger.until_event(FINISHED).await;
    assert!(bench.ledger.foreign().is_empty());

    // The end is known now: at the next contact it is neither news nor foreign.
    let bench = bench.again(Vec::new(), &["400000001"]);
    bench.until_ready().await;
    assert!(bench.ledger.foreign().is_empty() && bench.ledger.events().is_empty());

    // A start that was perhaps sent, of a file that never arrived, did not happen.
    let bench = bench.again(vec![held(2, HeldAs::Starting)], &["400000001"]);
    bench.ledger.until_event(Event::NotStarted(NotStarted::FileNeverArrived)).await;

    // The same when the file is there: nobody knows.
    std::fs::File::create(bench.machine.sd().join("plate-3_400000003.gcode.3mf")).unwrap();
    let bench = bench.again(vec![held(3, HeldAs::Starting)], &["400000001"]);
    bench.ledger.until_event(Event::EvidenceLost(Lost::StartNotConfirmed)).await;

    // Somebody else's end at first contact is a foreign print.
    let bench = bench.again(Vec::new(), &[]);
    until("foreign", || (bench.ledger.foreign() == ["plate-1_400000001"], bench.ledger.foreign())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_serials_and_certificates_are_told_apart() {
    let sim = start_sim(100.0).await;
    let other = start_sim(100.0).await;
    let other_ca = other.handle().address().ca_file;
    let bench = Bench::over(sim, |printer| printer.access_code = "87654321".to_owned());
    bench.until_closed("access code").await;
    let bench = Bench::over(bench.stop(), |printer| printer.serial = "01P00A000000002".to_owned());
    bench.until_closed("not 01P00A000000002").await;
    let bench = Bench::over(bench.stop(), |printer| printer.trust = Trust::Authority(other_ca));
    bench.until_closed("not from its vendor").await;
    let bench = Bench::over(bench.stop(), |printer| printer.trust = Trust::FirstContact);
    bench.until_ready().await;
    let leaf = bench.printer.view().borrow().leaf.unwrap();
    let bench = Bench::over(bench.stop(), |printer| printer.trust = Trust::Leaf(leaf));
    bench.until_ready().await;
    let refused = bench.printer.start(order(&bench.dir, 1, b"no zip")).await;
    assert!(refused.is_ok(), "a file that the printer cannot read is uploaded all the same");
    bench.ledger.until_event(Event::EvidenceLost(Lost::StartNotConfirmed)).await;
}

impl Bench {
    /// Ends the driver and gives the printer back.
    fn stop(self) -> Sim {
        self.shutdown.cancel();
        self.sim
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_the_checked_one_is_not_started_and_not_left_behind() {
    let bench = Bench::new().await;
    let mut order = order(&bench.dir, 1, &packed(&plate(10)));
    order.sha256 = protocol::ids::Sha256::of(b"another file");
    let refused = bench.printer.start(order).await;
    let Err(PrinterError::NotStarted { refused, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.proof, NotStarted::UploadRefused);
    assert!(bench.machine.files().is_empty(), "{:?}", bench.machine.files());
    assert_eq!(bench.machine.counters().start_commands, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_at_any_byte_around_a_start_never_makes_a_second_one() {
    let sim = start_sim(500.0).await;
    let address = sim.handle().address();
    let real = format!("127.0.0.1:{}", address.mqtt_port).parse().unwrap();
    let (proxy, front) = Proxy::start("127.0.0.1:0".parse().unwrap(), real).unwrap();
    let bench = Bench::over(sim, |printer| printer.mqtt_port = front.port());
    let unknown = Event::EvidenceLost(Lost::StartNotConfirmed);
    for (n, bytes) in (1_u64..).zip([1, 40, 200, 420, 500, 560, 640, 700]) {
        bench.until_ready().await;
        let before = (bench.machine.counters().start_commands, bench.machine.tally().starts);
        proxy.set(Line { cut_after_bytes_up: Some(bytes), ..Line::default() });
        let started = bench.printer.start(order(&bench.dir, n, &packed(&plate(150)))).await;
        if started.is_ok() {
            until(&format!("the end of start {n}, cut after {bytes} bytes"), || {
                let told =
                    |(of, event, _): &(u64, Event, String)| *of == n && [FINISHED, unknown].contains(event);
                let evidence = bench.ledger.evidence();
                (evidence.iter().any(told), (evidence, bench.machine.state()))
            })
            .await;
        }
        proxy.set(Line::default());
        let after = (bench.machine.counters().start_commands, bench.machine.tally().starts);
        assert!(
            after.0 <= before.0 + 1 && after.1 <= before.1 + 1,
            "cut after {bytes}: {before:?} {after:?}"
        );
        if !bench.ledger.evidence().iter().any(|(of, event, _)| *of == n && *event == FINISHED) {
            // Not told as finished: then it did not run, or its end is not known.
            assert!(
                started.is_err() || bench.ledger.events().contains(&unknown),
                "{:?}",
                bench.ledger.evidence()
            );
        }
    }
    assert!(bench.ledger.foreign().is_empty(), "{:?}", bench.ledger.foreign());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_is_not_started() {
    let sim = start_sim(500.0).await;
    let address = sim.handle().address();
    let real = format!("127.0.0.1:{}", address.ftps_port).parse().unwrap();
    let (proxy, front) = Proxy::start("127.0.0.1:0".parse().unwrap(), real).unwrap();
    let bench = Bench::over(sim, |printer| printer.ftps_port = front.port());
    bench.until_ready().await;
    // A whole upload as a measure; the second one resumes its TLS session and is shorter.
    let mut whole = 0;
    for n in 1..=2 {
        let before = proxy.counts().bytes_down;
        bench.start(n, &plate(150)).await;
        whole = proxy.counts().bytes_down - before;
        let done =
            |told: &[(u64, Event, String)]| told.iter().any(|(of, event, _)| *of == n && *event == FINISHED);
        until("finished", || (done(&bench.ledger.evidence()), bench.ledger.evidence())).await;
        bench.until_ready().await;
    }
    for (n, percent) in (3_u64..).zip([0, 30, 60, 80]) {
        let bytes = whole * percent / 100;
        proxy.set(Line { cut_after_bytes_down: Some(bytes), ..Line::default() });
        let refused = bench.printer.start(order(&bench.dir, n, &packed(&plate(150)))).await;
        let Err(PrinterError::NotStarted { refused, .. }) = refused else {
            panic!("cut after {bytes} bytes: {refused:?}")
        };
        assert_eq!(refused.proof, NotStarted::UploadRefused);
        proxy.set(Line::default());
    }
    assert_eq!(bench.machine.counters().start_commands, 2);
    bench.start(9, &plate(150)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_is_withheld_until_its_mark_is_durable() {
    for durable in [true, false] {
        let bench = Bench::new().await;
        bench.ledger.withhold_mark();
        let (printer, order) = (bench.printer.clone(), order(&bench.dir, 1, &packed(&plate(50))));
        let starting = edge_agent::tasks::spawn(async move { printer.start(order).await });
        until("the mark is asked for", || (bench.ledger.marks() == 1, bench.machine.state())).await;
        assert_eq!(bench.machine.counters().start_commands, 0, "nothing leaves before the mark is durable");
        bench.ledger.release_mark(durable);
        let begun = starting.await.unwrap();
        if durable {
            begun.unwrap();
            bench.ledger.until_event(Event::SeenFinished(Task::Ours)).await;
        } else {
            let Err(PrinterError::NotStarted { refused, .. }) = begun else { panic!("{begun:?}") };
            assert_eq!(refused.proof, NotStarted::UploadRefused);
        }
        assert_eq!(bench.machine.counters().start_commands, u64::from(durable));
    }
}
