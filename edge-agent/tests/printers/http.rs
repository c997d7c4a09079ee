//! The driver of printers that are asked over HTTP, against `sim-moonraker` and `sim-prusalink`: the same conformance for
//! both, and where they differ, one by one.
use std::time::Duration;

use edge_agent::printer::http::HttpPrinter;
use edge_agent::printer::{Connection, Doing, Held, HeldAs, PrinterError, PrinterHandle};
use firmware_profiles::{Control, HttpDialect, Library};
use peers::control::{Fault, FaultKind};
use peers::http::{Config, Handle, Running, moonraker, prusalink};
use protocol::attempt::{Event, Lost, NotStarted, Task};
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bench::{Ledger, attempt, order, plate, until};

/// The two kinds, by a model of each.
const KINDS: [&str; 2] = ["creality/k1", "prusa/mk4"];

fn dialect(model: &str) -> HttpDialect {
    let library = Library::embedded().unwrap();
    let Control::PrinterOwnedHttp(mut dialect) = library.profile(model).unwrap().control.clone() else {
        unreachable!()
    };
    // Short waits, so that tests are short; their order is the profile's.
    dialect.poll_every = Duration::from_millis(100);
    dialect.answer_wait = Duration::from_secs(2);
    dialect.start_wait = Duration::from_secs(8);
    dialect.lost_after = Duration::from_secs(8);
    dialect
}

struct Bench {
    dir: TempDir,
    model: &'static str,
    running: Running,
    machine: Handle,
    printer: PrinterHandle,
    ledger: Ledger,
    shutdown: CancellationToken,
}

impl Bench {
    async fn new(model: &'static str) -> Self {
        Self::with(model, 500.0, "secret", "secret").await
    }

    async fn with(model: &'static str, speed: f64, password: &str, given: &str) -> Self {
        let config = Config { speed, password: Some(password.to_owned()), ..Config::default() };
        let running = match model {
            "creality/k1" => moonraker::spawn(config).await.unwrap(),
            _ => prusalink::spawn(config).await.unwrap(),
        };
        let bench = Self::over(model, running, given, Vec::new(), &[]);
        if password == given {
            bench.until_ready().await;
        }
        bench
    }

    fn over(model: &'static str, running: Running, password: &str, held: Vec<Held>, ended: &[&str]) -> Self {
        // Another test of this process may have installed it before: the same provider.
        drop(rustls::crypto::ring::default_provider().install_default());
        let dir = tempfile::tempdir().unwrap();
        let (ledger, reports) = Ledger::new();
        let shutdown = CancellationToken::new();
        let printer = HttpPrinter {
            id: "http-1".parse().unwrap(),
            host: "127.0.0.1".to_owned(),
            port: running.address.port(),
            password: Some(password.to_owned()),
            dialect: dialect(model),
            held,
            ended: ended.iter().map(|task| (*task).to_owned()).collect(),
        };
        let (printer, task) = printer.task(reports, shutdown.clone());
        drop(edge_agent::tasks::spawn(task));
        let machine = running.handle.clone();
        Self { dir, model, running, machine, printer, ledger, shutdown }
    }

    /// The agent is gone and another one begins, with what the ledger holds.
    fn again(self, held: Vec<Held>, ended: &[&str]) -> Self {
        self.shutdown.cancel();
        Self::over(self.model, self.running.clone(), "secret", held, ended)
    }

    async fn until_ready(&self) {
        let view = self.printer.view();
        until("ready", || {
            let now = view.borrow().clone();
            (now.is_idle(Instant::now(), Duration::from_secs(10)), (now, self.machine.state()))
        })
        .await;
    }

    async fn until_doing(&self, wanted: Doing) {
        let view = self.printer.view();
        until(&format!("{wanted:?}"), || (view.borrow().doing == wanted, view.borrow().clone())).await;
    }

    async fn start(&self, n: u64, segments: u32) {
        self.printer.start(order(&self.dir, n, plate(segments).as_bytes())).await.unwrap();
    }

    async fn refused(&self, n: u64) -> (String, NotStarted) {
        let error = self.printer.start(order(&self.dir, n, plate(50).as_bytes())).await.unwrap_err();
        let PrinterError::NotStarted { refused, .. } = error else { unreachable!("{error:?}") };
        (refused.why, refused.proof)
    }

    fn fault(&self, on: &str, kind: FaultKind, times: u32) {
        let on = on.to_owned();
        self.machine.control.plan(Fault { on, kind, times, permille: 1000, hang_ms: 5_000 });
    }

    fn assert_once(&self, segments: u32) {
        let tally = self.machine.tally();
        assert_eq!((tally.starts, tally.starts_on_occupied_bed), (1, 0), "{}: {tally:?}", self.model);
        assert!((tally.extruded_mm - f64::from(segments) * 0.05).abs() < 1e-6, "{}: {tally:?}", self.model);
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.shutdown.cancel();
        assert_eq!(self.machine.control.violations(), [""; 0]);
    }
}

fn held(n: u64, was: HeldAs) -> Held {
    Held { attempt: attempt(n), task_id: format!("{}", 400_000_000 + n), was }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_plate_is_uploaded_started_and_followed_once() {
    for model in KINDS {
        let bench = Bench::new(model).await;
        bench.start(1, 600).await;
        bench.ledger.until_event(Event::SeenFinished(Task::Ours)).await;
        bench.assert_once(600);
        assert_eq!((bench.machine.starts_asked(), bench.ledger.marks()), (1, 1), "{model}");
        let names = bench.machine.files();
        assert!(names[0].0.ends_with("_400000001.gcode"), "{names:?}");
        assert_eq!(bench.ledger.events().first(), Some(&Event::SeenRunning(Task::Ours)), "{model}");
        bench.until_ready().await;
        assert_eq!(bench.ledger.foreign(), [""; 0], "{model}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_whose_answer_is_lost_is_made_once_and_followed() {
    for model in KINDS {
        for kind in [FaultKind::HangAfter, FaultKind::ErrorAfter] {
            let bench = Bench::new(model).await;
            bench.fault("start", kind, 1);
            bench.start(1, 600).await;
            bench.ledger.until_event(Event::SeenFinished(Task::Ours)).await;
            bench.assert_once(600);
            assert_eq!(bench.machine.starts_asked(), 1, "{model} {kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_never_shows_is_unknown_and_not_made_again() {
    for model in KINDS {
        let bench = Bench::new(model).await;
        bench.fault("start", FaultKind::Http503, 1);
        bench.start(1, 600).await;
        bench.ledger.until_event(Event::EvidenceLost(Lost::StartNotConfirmed)).await;
        assert_eq!((bench.machine.starts_asked(), bench.machine.tally().starts), (1, 0), "{model}");
        // A person looked, and starts the same file at the display: it is seen as ours, late.
        let name = bench.machine.files()[0].0.clone();
        bench.machine.print_at_display(&name, None);
        bench.ledger.until_event(Event::SeenFinished(Task::Ours)).await;
        assert_eq!(bench.machine.starts_asked(), 1, "{model}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_start_is_proven_not_to_have_started() {
    for model in KINDS {
        let bench = Bench::new(model).await;
        bench.fault("start", FaultKind::Refuse, 1);
        bench.start(1, 600).await;
        bench.ledger.until_event(Event::NotStarted(NotStarted::PrinterSaidNo)).await;
        assert_eq!((bench.machine.starts_asked(), bench.machine.tally().starts), (1, 0), "{model}");
        bench.until_ready().await;
        bench.start(2, 50).await;
        bench.ledger.until_event(Event::SeenFinished(Task::Ours)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_is_withheld_until_its_mark_is_durable() {
    for model in KINDS {
        for durable in [true, false] {
            let bench = Bench::new(model).await;
            bench.ledger.withhold_mark();
            let (printer, order) = (bench.printer.clone(), order(&bench.dir, 1, plate(50).as_bytes()));
            let starting = edge_agent::tasks::spawn(async move { printer.start(order).await });
            until("the mark is asked for", || (bench.ledger.marks() == 1, bench.machine.state())).await;
            assert_eq!(bench.machine.starts_asked(), 0, "{model}: nothing leaves before the mark is durable");
            bench.ledger.release_mark(durable);
            assert_eq!(starting.await.unwrap().is_ok(), durable, "{model}");
            if durable {
                bench.ledger.until_event(Event::SeenFinished(Task::Ours)).await;
            }
            assert_eq!(bench.machine.starts_asked(), u64::from(durable), "{model}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_cut_short_refused_or_silent_starts_nothing() {
    for model in KINDS {
        let bench = Bench::new(model).await;
        bench.machine.cut_uploads_at(Some(700));
        let (why, proof) = bench.refused(1).await;
        assert!(why.contains("cut short: the printer has 700 of"), "{model}: {why}");
        assert_eq!(proof, NotStarted::UploadRefused);
        assert_eq!(bench.machine.files(), [], "{model}: the rest is deleted");
        bench.machine.cut_uploads_at(None);
        bench.fault("upload", FaultKind::Refuse, 1);
        let (why, _) = bench.refused(2).await;
        assert!(why.contains("did not take the file"), "{model}: {why}");
        let mut order = order(&bench.dir, 3, plate(50).as_bytes());
        order.sha256 = protocol::ids::Sha256::of(b"another file");
        assert!(bench.printer.start(order).await.is_err(), "{model}: it is not the file that was checked");
        assert_eq!((bench.machine.starts_asked(), bench.ledger.marks()), (0, 0), "{model}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_held_goes_on_and_is_cancelled() {
    for model in KINDS {
        let bench = Bench::with(model, 5.0, "secret", "secret").await;
        bench.start(1, 3_000).await;
        bench.until_doing(Doing::Printing).await;
        bench.printer.pause().await.unwrap();
        bench.ledger.until_event(Event::SeenPaused(Task::Ours)).await;
        // The answer is lost, the effect is not.
        bench.fault("resume", FaultKind::ErrorAfter, 1);
        bench.printer.resume().await.unwrap();
        bench.until_doing(Doing::Printing).await;
        bench.printer.cancel().await.unwrap();
        bench.ledger.until_event(Event::CancelAcked).await;
        until("cold", || (bench.machine.state()["nozzle_target_c"] == 0.0, bench.machine.state())).await;
        assert_eq!(bench.machine.starts_asked(), 1, "{model}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_of_the_agent_the_printer_is_asked() {
    for model in KINDS {
        let bench = Bench::with(model, 20.0, "secret", "secret").await;
        bench.start(1, 2_000).await;
        bench.until_doing(Doing::Printing).await;
        let bench = bench.again(vec![held(1, HeldAs::Starting)], &[]);
        bench.ledger.until_event(Event::SeenRunning(Task::Ours)).await;
        bench.printer.cancel().await.unwrap();
        bench.ledger.until_event(Event::CancelAcked).await;
        assert_eq!((bench.machine.starts_asked(), bench.ledger.foreign()), (1, Vec::new()), "{model}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_nobody_saw_is_read_from_the_history_or_unknown() {
    for (model, known) in [("creality/k1", true), ("prusa/mk4", false)] {
        let bench = Bench::new(model).await;
        bench.start(1, 600).await;
        bench.ledger.until_event(Event::SeenRunning(Task::Ours)).await;
        bench.shutdown.cancel();
        until("printed while nobody asked", || {
            let state = bench.machine.state();
            (state["state"] == "FINISH", state)
        })
        .await;
        // Somebody printed something else meanwhile, which hides the end of ours.
        bench.machine.print_at_display("vase.gcode", Some("G28\nG4 S1\n"));
        until("the vase is done", || (bench.machine.state()["state"] == "FINISH", bench.machine.state()))
            .await;
        let bench = bench.again(vec![held(1, HeldAs::Running)], &[]);
        let end =
            if known { Event::SeenFinished(Task::Ours) } else { Event::EvidenceLost(Lost::Contradiction) };
        bench.ledger.until_event(end).await;
        assert_eq!(bench.machine.starts_asked(), 1, "{model}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_prints_are_told_and_nothing_is_started_meanwhile() {
    for model in KINDS {
        let bench = Bench::with(model, 5.0, "secret", "secret").await;
        bench.machine.print_at_display("vase.gcode", Some(&plate(2_000)));
        bench.until_doing(Doing::Foreign).await;
        let (why, _) = bench.refused(1).await;
        assert!(why.contains("a start now could end what it does"), "{model}: {why}");
        until("told", || (!bench.ledger.foreign().is_empty(), ())).await;
        assert_eq!(bench.ledger.foreign(), ["vase.gcode"], "{model}");
        assert_eq!(bench.machine.starts_asked(), 0, "{model}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_ours_that_is_printed_again_at_the_display_is_foreign() {
    let bench = Bench::new("creality/k1").await;
    bench.start(1, 50).await;
    bench.ledger.until_event(Event::SeenFinished(Task::Ours)).await;
    let name = bench.machine.files()[0].0.clone();
    bench.machine.print_at_display(&name, Some(&plate(3_000)));
    until("told", || (bench.ledger.foreign() == [name.clone()], bench.ledger.foreign())).await;
}

/// K9: `print_stats` says paused, Klipper has shut down.
#[tokio::test(flavor = "multi_thread")]
async fn a_shut_down_klipper_ends_the_job_with_its_own_words() {
    let bench = Bench::with("creality/k1", 20.0, "secret", "secret").await;
    bench.start(1, 3_000).await;
    bench.until_doing(Doing::Printing).await;
    bench.machine.shut_down("Heater extruder not heating at expected rate");
    bench.ledger.until_event(Event::SeenFailed(Task::Ours)).await;
    let view = bench.printer.view().borrow().clone();
    assert_eq!(view.doing, Doing::Faulty);
    assert_eq!(view.message.as_deref(), Some("out of order: Heater extruder not heating at expected rate"));
    let (why, _) = bench.refused(2).await;
    assert!(why.contains("Heater extruder not heating"), "{why}");
    bench.machine.restart();
    bench.until_ready().await;
}

/// K10: a second start while one is under way never leaves.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_is_executed_at_most_once_and_a_busy_printer_takes_no_other() {
    for model in KINDS {
        let bench = Bench::with(model, 20.0, "secret", "secret").await;
        bench.start(1, 600).await;
        let again = bench.printer.start(order(&bench.dir, 1, plate(600).as_bytes())).await.unwrap_err();
        assert!(matches!(again, PrinterError::NotNow { .. }), "{model}: {again:?}");
        let (why, _) = bench.refused(2).await;
        assert!(why.contains("has a job already"), "{model}: {why}");
        bench.ledger.until_event(Event::SeenFinished(Task::Ours)).await;
        bench.assert_once(600);
        assert_eq!(bench.machine.starts_asked(), 1, "{model}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printer_that_is_out_of_sight_for_long_makes_its_job_unknown_and_comes_back() {
    for model in KINDS {
        let bench = Bench::with(model, 2.0, "secret", "secret").await;
        bench.start(1, 2_000).await;
        bench.ledger.until_event(Event::SeenRunning(Task::Ours)).await;
        bench.fault("status", FaultKind::HangBefore, 7);
        bench.ledger.until_event(Event::EvidenceLost(Lost::Link)).await;
        until("seen again", || {
            let events = bench.ledger.events();
            (events.iter().filter(|it| **it == Event::SeenRunning(Task::Ours)).count() == 2, events)
        })
        .await;
        assert_eq!(bench.machine.starts_asked(), 1, "{model}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_and_starts_nothing() {
    for model in KINDS {
        let bench = Bench::with(model, 500.0, "secret", "wrong").await;
        let view = bench.printer.view();
        until("said", || {
            let now = view.borrow().connection.clone();
            (matches!(&now, Connection::Closed { why } if why.contains("does not accept the password")), now)
        })
        .await;
        let (why, _) = bench.refused(1).await;
        assert_eq!(why, "it is not connected", "{model}");
        assert_eq!(bench.machine.starts_asked(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_stop_reaches_the_printer_at_once() {
    for model in KINDS {
        let bench = Bench::with(model, 20.0, "secret", "secret").await;
        bench.start(1, 3_000).await;
        bench.until_doing(Doing::Printing).await;
        let asked = Instant::now();
        bench.printer.emergency_stop().await.unwrap();
        assert!(asked.elapsed() < Duration::from_secs(2), "{model}: {:?}", asked.elapsed());
        until("cold", || (bench.machine.state()["nozzle_target_c"] == 0.0, bench.machine.state())).await;
        until("ended", || {
            let events = bench.ledger.events();
            let ended = |it: &Event| matches!(it, Event::SeenFailed(Task::Ours) | Event::CancelAcked);
            (events.iter().any(ended), events)
        })
        .await;
    }
}
