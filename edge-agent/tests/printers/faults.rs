//! Faults of streamed printers that have an id of their own in docs/printers.md, and the check of that table.
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use edge_agent::printer::serial::SerialPrinter;
use edge_agent::printer::{Connection, Doing, PortPolicy, PrinterError};
use peers::marlin::faults::Order;
use protocol::attempt::Event;
use tokio_util::sync::CancellationToken;

use crate::bench::{Ledger, order, plate, until};
use crate::board::{Bench, assert_whole, firmware};

/// S17: the printer asks for a person in mid-print; M108 is the button.
#[tokio::test(flavor = "multi_thread")]
async fn a_printer_that_waits_for_a_person_is_shown_and_goes_on() {
    let bench = Bench::new(PortPolicy::Open, |config| config.speed = 60.0).await;
    bench.start(1, &plate(600)).await;
    bench.until_moves(30).await;
    bench.printer.pause().await.unwrap();
    assert!(bench.board.order(Order { wait_for_user: true, ..Order::default() }));
    bench.until_doing(Doing::NeedsPerson).await;
    assert_eq!(bench.printer.view().borrow().message.as_deref(), Some("the printer waits for a person"));
    bench.printer.resume().await.unwrap(); // The button at the printer,
    bench.until_doing(Doing::Paused).await;
    bench.printer.resume().await.unwrap(); // and the job.
    bench.ledger.until_event(Event::StreamDone).await;
    let tally = bench.board.tally();
    assert_eq!(tally.starts, 1);
    assert!((tally.extruded_mm - 30.0).abs() < 1e-6, "{tally:?}");
}

/// S21 and S12: a host that is gone for good. The firmware's own switch ends the heating.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_gone_leaves_no_heater_on() {
    let mut short = firmware("marlin2");
    short.arm = vec!["M85 S3".to_owned()];
    let bench = Bench::with(PortPolicy::Open, None, short, |config| config.speed = 20.0).await;
    bench.until_ready().await;
    bench.start(1, &plate(2_000)).await;
    bench.until_moves(40).await;
    bench.shutdown.cancel();
    until("the printer ends by itself", || {
        let state = bench.board.state();
        (state["halted"] == true && state["nozzle_target_c"] == 0.0 && state["bed_target_c"] == 0.0, state)
    })
    .await;
    let why = bench.board.counters().killed_by.unwrap();
    assert!(why.contains("too much inactive time"), "{why}");
}

/// S26: the line counter is set back in mid-print, with bad luck around it.
#[tokio::test(flavor = "multi_thread")]
async fn the_line_counter_is_set_back_and_no_line_is_lost() {
    let mut short = firmware("marlin2");
    short.renumber_after = 10_120;
    let bench = Bench::with(PortPolicy::Open, None, short, |_| {}).await;
    bench.until_ready().await;
    for at_move in [90, 200, 310] {
        let fault = Order { at_move: Some(at_move), drop_oks: 1, flip_lines: 1, ..Order::default() };
        assert!(bench.board.order(fault));
    }
    bench.start(1, &plate(500)).await;
    bench.ledger.until_event(Event::StreamDone).await;
    assert_whole(&bench, 500);
    assert!(bench.board.counters().lines > 500);
}

/// S22: however many ask at once, one is begun.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_starts_at_once_one_is_begun() {
    let bench = Bench::new(PortPolicy::Open, |_| {}).await;
    // The job cannot end before everybody has asked: a second one would be right then.
    bench.ledger.withhold_mark();
    let mut asked = Vec::new();
    for n in 0..1_000 {
        // Every fourth is the same attempt again, the others are attempts of their own.
        let order = order(&bench.dir, if n % 4 == 0 { 1 } else { n + 2 }, plate(300).as_bytes());
        let printer = bench.printer.clone();
        asked.push(edge_agent::tasks::spawn(async move { printer.start(order).await }));
    }
    let mut begun = 0;
    for task in asked {
        match task.await.unwrap() {
            Ok(()) => begun += 1,
            Err(
                PrinterError::Busy { .. } | PrinterError::NotNow { .. } | PrinterError::NotStarted { .. },
            ) => {}
            Err(other) => unreachable!("{other:?}"),
        }
    }
    assert_eq!(begun, 1);
    until("the mark is asked for", || (bench.ledger.marks() == 1, bench.ledger.evidence())).await;
    bench.ledger.release_mark(true);
    bench.ledger.until_event(Event::StreamDone).await;
    assert_whole(&bench, 300);
}

/// S23: another program has the port.
#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_another_program_has_is_said_and_tried_again() {
    let bench = Bench::new(PortPolicy::Open, |config| config.reset_on_open = false).await;
    let (_ledger, reports) = Ledger::new();
    let shutdown = CancellationToken::new();
    let (second, task) = SerialPrinter {
        id: "second".parse().unwrap(),
        port: bench.dir.path().join("tty"),
        baud: 115_200,
        firmware: firmware("marlin2"),
        resets_on_open: false,
        policy: PortPolicy::Open,
    }
    .task(reports, shutdown.clone());
    drop(edge_agent::tasks::spawn(task));
    let view = second.view();
    until("said", || {
        let now = view.borrow().connection.clone();
        (matches!(&now, Connection::Closed { why } if why.ends_with("is in use by another program")), now)
    })
    .await;
    bench.shutdown.cancel();
    until("tried again", || (view.borrow().connection == Connection::Up, view.borrow().clone())).await;
    shutdown.cancel();
}

/// S24: a bootloader that takes its time and talks rubbish meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_bootloader_is_waited_for() {
    let bench =
        Bench::with(PortPolicy::Open, None, firmware("marlin2"), |config| config.boot_ms = 2_000).await;
    bench.until_ready().await;
    assert!(bench.board.order(Order { reset: true, noise_bytes: 2_000, ..Order::default() }));
    let view = bench.printer.view();
    until("noticed", || (view.borrow().connection != Connection::Up, view.borrow().clone())).await;
    bench.until_ready().await;
    bench.start(1, &plate(50)).await;
    bench.ledger.until_event(Event::StreamDone).await;
    assert_whole(&bench, 50);
}

/// S16: the reason of a halt is shown, and nothing is opened again by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_heater_that_fails_ends_the_job_with_its_reason() {
    for (fault, says) in [
        (Order { heater_broken: true, ..Order::default() }, "Thermal Runaway"),
        (Order { homing_fails: true, ..Order::default() }, "Homing Failed"),
    ] {
        let bench = Bench::new(PortPolicy::Open, |_| {}).await;
        assert!(bench.board.order(fault));
        bench.start(1, &plate(400)).await;
        bench.ledger.until_event(Event::Halted).await;
        let (_, _, evidence) = bench.ledger.evidence().pop().unwrap();
        assert!(evidence.contains(says), "{evidence}");
        assert_eq!(bench.board.counters().opens, 1);
    }
}

/// Every fault id has a row, and every test that a row names is there.
#[test]
fn every_fault_has_a_test_or_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
    let manual = std::fs::read_to_string(root.join("docs/printers.md")).unwrap();
    let mut code = String::new();
    for folder in ["edge-agent", "tests", "firmware-profiles/tests", "protocol"] {
        read(&root.join(folder), &mut code);
    }
    let ids = [("S", 26), ("K", 10), ("B", 16), ("X", 5)];
    let mut known: BTreeSet<String> =
        ids.iter().flat_map(|(letter, n)| (1..=*n).map(move |at| format!("{letter}{at}"))).collect();
    for row in manual.lines().filter(|line| line.starts_with("| ")) {
        let mut cells = row.split('|').map(str::trim).skip(1);
        let id = cells.next().unwrap_or_default();
        let shown = cells.nth(1).unwrap_or_default();
        if !known.remove(id) {
            continue;
        }
        if shown.starts_with("no test: ") {
            continue;
        }
        let names: Vec<_> = shown.split('`').skip(1).step_by(2).filter(|it| !it.contains(' ')).collect();
        assert!(!names.is_empty(), "{id} has neither test nor reason");
        for name in names {
            assert!(code.contains(&format!("fn {name}(")), "{id}: there is no test {name}");
        }
    }
    assert!(known.is_empty(), "without a row: {known:?}");
}

fn read(folder: &Path, into: &mut String) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let is_code = path.extension().is_some_and(|it| it == "rs");
        if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
            read(&path, into);
        } else if is_code {
            into.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// How long a random test may look for trouble: more with SOAK.
fn inputs() -> u64 {
    if std::env::var_os("SOAK").is_some() { 10_000_000 } else { 100_000 }
}

/// A repeatable source of bytes.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let given = std::env::var_os("TEST_SEED").and_then(|seed| seed.into_string().ok()?.parse().ok());
        Self(given.unwrap_or(20_261_126) | 1)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let at = self.below(u64::try_from(from.len()).unwrap());
        from.get(usize::try_from(at).unwrap()).copied().unwrap_or_default()
    }

    /// Words that firmwares use, cut and mixed with noise.
    fn line(&mut self) -> Vec<u8> {
        const WORDS: [&str; 24] = [
            "ok",
            " ",
            "N",
            "12",
            "T:",
            "B:",
            "/",
            "-1.5",
            "Resend:",
            "rs",
            "Error:",
            "checksum",
            "echo:busy:",
            "processing",
            "wait",
            "start",
            "//action:",
            "Cap:",
            ":1",
            "FIRMWARE_NAME:",
            "!!",
            "99999999999999999999",
            "\u{fffd}",
            "SD printing byte ",
        ];
        let mut line = Vec::new();
        for _ in 0..self.below(8) {
            match self.below(5) {
                0 => line.extend((0..self.below(6)).map(|_| u8::try_from(self.below(256)).unwrap())),
                _ => line.extend(self.pick(&WORDS).as_bytes()),
            }
        }
        line.push(b'\n');
        line
    }
}

#[test]
fn no_reply_stops_the_parser_or_makes_a_line_go_out_twice() {
    use edge_agent::printer::serial::ack::{Tag, Wire};
    use edge_agent::printer::serial::classify::classify;
    use edge_agent::printer::serial::line::Splitter;
    for id in ["marlin2", "klipper", "repetier", "smoothieware"] {
        let firmware = firmware(id);
        let mut random = Random::new();
        let mut splitter = Splitter::default();
        let mut wire = Wire::new(&firmware, Duration::ZERO);
        let (mut now, mut job) = (Duration::ZERO, 0);
        for _ in 0..inputs() / 4 {
            now += Duration::from_millis(random.below(50));
            let line = random.line();
            let mut replies = Vec::new();
            splitter.push(&line, |line| replies.push(classify(line, &firmware)));
            let mut newest = None;
            for reply in replies {
                wire.on_reply(&reply, now, |tag| {
                    if let Tag::Job(index) = tag {
                        newest = newest.max(Some(index));
                    }
                });
            }
            assert!(newest.is_none_or(|index| index < job), "a line was acknowledged that was not sent");
            while wire.poll(now).is_some() {}
            if wire.has_room("G1 X1", now) {
                drop(wire.send("G1 X1", Tag::Job(job), now));
                job += 1;
            }
            if wire.stuck().is_some() {
                wire = Wire::new(&firmware, now);
            }
        }
    }
}

#[test]
fn no_line_of_a_file_stops_the_preflight() {
    use edge_agent::printer::serial::line::{clean, command, frame, value};
    let mut random = Random::new();
    for _ in 0..inputs() {
        let mut raw = random.line();
        if random.below(2) == 0 {
            raw.splice(0..0, *b"G1 X");
        }
        if let Ok(Some(text)) = clean(&raw) {
            assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{text:?}");
            drop((command(&text), value(&text, 'X')));
            let framed = frame(7, &text);
            assert_eq!(framed.iter().filter(|byte| **byte == b'\n').count(), 1, "{text:?}");
        }
    }
}

#[test]
fn no_report_stops_the_merge() {
    use edge_agent::printer::mqtt::bambu::Merged;
    const PARTS: [&str; 16] = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"print\"",
        "\"command\"",
        "\"push_status\"",
        "\"ams\"",
        "\"id\"",
        "1",
        "\"gcode_state\"",
        "\"RUNNING\"",
        "null",
        "-9.5e99",
    ];
    let mut random = Random::new();
    let mut merged = Merged::default();
    for _ in 0..inputs() {
        let mut payload = String::new();
        if random.below(2) == 0 {
            // Sound outside, anything inside.
            let (key, value) = (
                random.pick(&PARTS[6..13]),
                random.pick(&["1", "null", "[]", "{}", "[{\"id\":1}]", "\"x\""]),
            );
            payload = format!(
                "{{\"print\":{{\"command\":\"push_status\",\"gcode_state\":\"IDLE\",{key}:{value}}}}}"
            );
            payload = payload.replace("1:", "\"one\":");
        } else {
            for _ in 0..random.below(12) {
                payload.push_str(random.pick(&PARTS));
            }
        }
        drop(merged.take(payload.as_bytes()));
        drop(merged.status());
    }
}
