//! The serial driver against `sim-marlin` over a pty.
use std::time::Duration;

use edge_agent::printer::{Connection, Doing, PortPolicy, PrinterError};
use peers::fault_proxy::mangle::Damage;
use peers::fault_proxy::serial::{self as cable};
use peers::marlin::Config;
use peers::marlin::faults::Order;
use peers::marlin::sim::Sim;
use protocol::attempt::{Event, Lost};
use tokio::time::Instant;

use crate::bench::{lines_of, order, plate, until};
use crate::board::{Bench, assert_whole};

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_plate_is_printed_exactly_once() {
    let bench = Bench::new(PortPolicy::Open, |_| {}).await;
    let text = plate(1_500);
    bench.start(1, &text).await;
    bench.ledger.until_event(Event::StreamDone).await;
    assert_whole(&bench, 1_500);
    assert_eq!(bench.ledger.events(), [Event::FirstLineAcked, Event::StreamDone]);
    assert_eq!(bench.ledger.marks(), 1);
    let lines = lines_of(&text);
    let last = bench.ledger.evidence().pop().unwrap().2;
    assert!(last.contains(&format!("{lines} of {lines} lines acknowledged")), "{last}");
    bench.until_ready().await;
    until("the dead-man switch is disarmed and the printer's clock ended", || {
        (bench.board.counters().timer_stops == 1, bench.board.counters())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_is_executed_at_most_once_and_a_busy_printer_takes_no_other() {
    let bench = Bench::new(PortPolicy::Open, |_| {}).await;
    let text = plate(400);
    bench.start(1, &text).await;
    let again = bench.printer.start(order(&bench.dir, 1, text.as_bytes())).await;
    assert!(matches!(again, Err(PrinterError::NotNow { .. })), "{again:?}");
    let other = bench.printer.start(order(&bench.dir, 2, text.as_bytes())).await;
    assert!(matches!(other, Err(PrinterError::NotStarted { .. })), "{other:?}");
    bench.ledger.until_event(Event::StreamDone).await;
    let again = bench.printer.start(order(&bench.dir, 1, text.as_bytes())).await;
    assert!(matches!(again, Err(PrinterError::NotNow { .. })), "{again:?}");
    assert_whole(&bench, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_the_checked_one_never_reaches_the_printer() {
    let bench = Bench::new(PortPolicy::Open, |_| {}).await;
    let mut order = order(&bench.dir, 1, plate(10).as_bytes());
    order.sha256 = protocol::ids::Sha256::of(b"another file");
    let lines = bench.board.counters().lines;
    let refused = bench.printer.start(order).await;
    assert!(matches!(&refused, Err(PrinterError::NotStarted { .. })), "{refused:?}");
    bench.until_ready().await;
    assert!(bench.ledger.events().is_empty());
    assert!(bench.board.counters().lines <= lines + 3, "only questions were asked");
    assert_eq!(bench.board.tally().moves, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn cable_and_firmware_faults_cost_neither_a_line_nor_a_second_one() {
    let faults = [
        ("lost ok", Order { at_line: Some(10_100), drop_oks: 1, ..Order::default() }),
        ("lost ok of the last line", Order { drop_ok_of: [10_413].into(), ..Order::default() }),
        ("lost line", Order { at_line: Some(10_100), drop_lines: 1, ..Order::default() }),
        ("flipped lines", Order { at_line: Some(10_100), flip_lines: 3, ..Order::default() }),
        ("lost resend", Order { at_line: Some(10_100), flip_lines: 1, drop_resends: 1, ..Order::default() }),
        ("doubled oks", Order { at_line: Some(10_050), double_oks: 20, ..Order::default() }),
        ("noise", Order { at_line: Some(10_100), noise_bytes: 3_000, ..Order::default() }),
        ("no answer for a while", Order { at_line: Some(10_100), hang_ms: 1_500, ..Order::default() }),
    ];
    for (name, fault) in faults {
        let bench = Bench::new(PortPolicy::Open, |_| {}).await;
        assert!(bench.board.order(fault));
        bench.start(1, &plate(400)).await;
        until(name, || {
            (
                bench.ledger.events().contains(&Event::StreamDone),
                (bench.ledger.evidence(), bench.board.state()),
            )
        })
        .await;
        assert_whole(&bench, 400);
        assert_eq!(bench.ledger.events(), [Event::FirstLineAcked, Event::StreamDone], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_cable_costs_time_and_nothing_else() {
    let given = std::env::var_os("TEST_SEED").and_then(|seed| seed.into_string().ok()?.parse().ok());
    let base: u64 = given.unwrap_or(77);
    let (flips, drops) = (300, 200);
    for (seed, to_printer, to_host) in [
        (base, Damage { flip_per_million: flips, ..Damage::default() }, Damage::default()),
        (
            base + 1,
            Damage::default(),
            Damage { flip_per_million: flips, drop_per_million: drops, ..Damage::default() },
        ),
        (
            base + 2,
            Damage { flip_per_million: flips, drop_per_million: drops, ..Damage::default() },
            Damage { flip_per_million: flips, double_lines_per_thousand: 20, ..Damage::default() },
        ),
    ] {
        let bench = Bench::through(seed).await;
        bench.cable.as_ref().unwrap().handle().order(cable::Order {
            to_printer: Some(to_printer.clone()),
            to_host: Some(to_host.clone()),
            ..cable::Order::default()
        });
        bench.start(1, &plate(1_200)).await;
        until("done", || {
            let cable = bench.cable.as_ref().unwrap().handle().state();
            let seen = (seed, cable, bench.ledger.evidence(), bench.board.state());
            (bench.ledger.events().contains(&Event::StreamDone), seen)
        })
        .await;
        assert_whole(&bench, 1_200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_in_mid_print_ends_the_job_at_once() {
    let bench = Bench::new(PortPolicy::Open, |_| {}).await;
    assert!(bench.board.order(Order { at_move: Some(100), reset: true, ..Order::default() }));
    bench.start(1, &plate(3_000)).await;
    bench.ledger.until_event(Event::BoardReset).await;
    bench.until_ready().await; // It is set up again, and no line of the job follows.
    let tally = bench.board.tally();
    assert_eq!(tally.starts, 1);
    assert!(tally.moves < 130, "{tally:?}");
    assert_eq!(bench.board.tally().moves, tally.moves);
    assert_eq!(bench.ledger.events(), [Event::FirstLineAcked, Event::BoardReset]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_nobody_heard_of_never_begins_the_job_again() {
    for at_line in [10_004, 10_010, 10_030, 10_200] {
        let bench = Bench::new(PortPolicy::Open, |_| {}).await;
        bench.start(1, &plate(3_000)).await;
        let unheard = Order { at_line: Some(at_line), mute_boot: true, reset: true, ..Order::default() };
        assert!(bench.board.order(unheard));
        bench.ledger.until_event(Event::EvidenceLost(Lost::Contradiction)).await;
        bench.until_ready().await;
        let tally = bench.board.tally();
        assert!(tally.starts <= 1, "line {at_line}: {tally:?}");
        assert!(bench.board.state()["nozzle_target_c"] == 0.0, "line {at_line}: {}", bench.board.state());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unplugged_printer_is_noticed_within_a_second_and_stays_closed_until_a_person_opens_it() {
    let bench = Bench::new(PortPolicy::Open, |_| {}).await;
    bench.start(1, &plate(60_000)).await;
    bench.until_moves(50).await;
    let unplugged = Instant::now();
    assert!(bench.board.order(Order { unplug: true, ..Order::default() }));
    bench.ledger.until_event(Event::EvidenceLost(Lost::Link)).await;
    assert!(unplugged.elapsed() < Duration::from_secs(1), "{:?}", unplugged.elapsed());
    let opens = bench.board.counters().opens;
    assert!(bench.board.order(Order { replug: true, ..Order::default() }));
    until("the link is back", || (bench.dir.path().join("tty").exists(), ())).await;
    // Opening resets the board, so it waits for a person; nothing to observe but that it does not happen.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(bench.board.counters().opens, opens);
    assert!(matches!(bench.printer.view().borrow().connection, Connection::Closed { .. }));
    bench.printer.open_port().await.unwrap();
    bench.until_ready().await;
    assert_eq!(bench.board.tally().starts, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_port_stays_closed_until_a_person_or_an_emergency_opens_it() {
    let bench = Bench::new(PortPolicy::StayClosed, |_| {}).await;
    let refused = bench.printer.start(order(&bench.dir, 1, plate(5).as_bytes())).await;
    assert!(matches!(refused, Err(PrinterError::NotStarted { .. })), "{refused:?}");
    assert_eq!(bench.board.counters().opens, 0);
    bench.printer.emergency_stop().await.unwrap();
    until("the port was opened, which resets the board", || {
        (bench.board.counters().opens == 1 && bench.board.counters().resets == 1, bench.board.counters())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_halted_firmware_ends_the_job_with_its_own_words() {
    let bench = Bench::new(PortPolicy::Open, |_| {}).await;
    bench.start(1, &plate(60_000)).await;
    bench.until_moves(50).await;
    let reason = "Error:Thermal Runaway, system stopped! Heater_ID: E0".to_owned();
    assert!(bench.board.order(Order { kill: Some(reason), ..Order::default() }));
    bench.ledger.until_event(Event::Halted).await;
    let (_, _, evidence) = bench.ledger.evidence().pop().unwrap();
    assert!(evidence.contains("Thermal Runaway"), "{evidence}");
    let refused = bench.printer.start(order(&bench.dir, 2, plate(5).as_bytes())).await;
    assert!(matches!(refused, Err(PrinterError::NotStarted { .. })), "{refused:?}");
    bench.printer.open_port().await.unwrap(); // Closes and opens: the board resets.
    bench.until_ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_stop_overtakes_everything() {
    for parser in [false, true] {
        let bench = Bench::new(PortPolicy::Open, |config| {
            config.emergency_parser = parser;
            config.speed = 1.0; // Moves take their time: the window is full.
            config.boot_ms = 20;
        })
        .await;
        let mut text = String::from("G28\n");
        for n in 0..200 {
            text.push_str(&format!("G1 X{} F600\n", n % 2 * 50));
        }
        bench.start(1, &text).await;
        bench.ledger.until_event(Event::FirstLineAcked).await;
        let asked = Instant::now();
        bench.printer.emergency_stop().await.unwrap();
        assert!(asked.elapsed() < Duration::from_millis(50), "on the wire after {:?}", asked.elapsed());
        bench.ledger.until_event(Event::Halted).await;
        assert!(asked.elapsed() < Duration::from_secs(1), "halted after {:?}", asked.elapsed());
        assert_eq!(bench.board.counters().emergency_stops, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_held_goes_on_and_ends_where_it_would_have_ended() {
    let bench = Bench::new(PortPolicy::Open, |config| config.speed = 60.0).await;
    bench.start(1, &plate(800)).await;
    bench.until_moves(30).await;
    bench.printer.pause().await.unwrap();
    bench.until_doing(Doing::Paused).await;
    let held = bench.board.tally();
    assert!((held.position[2] - 5.3).abs() < 1e-9, "lifted: {:?}", held.position);
    bench.printer.resume().await.unwrap();
    bench.ledger.until_event(Event::StreamDone).await;
    let tally = bench.board.tally();
    assert_eq!(
        (tally.starts, tally.moves),
        (1, 800 + 3 + 3),
        "two moves of the hold, one feed rate: {tally:?}"
    );
    assert!((tally.extruded_mm - 40.0).abs() < 1e-6, "{tally:?}");
    assert!((tally.position[2] - 0.3).abs() < 1e-9);
    let events = [Event::FirstLineAcked, Event::StreamPaused, Event::StreamResumed, Event::StreamDone];
    assert_eq!(bench.ledger.events(), events);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_heating_and_leaves_the_printer_cold_and_ready() {
    let bench = Bench::new(PortPolicy::Open, |config| config.speed = 5.0).await;
    bench.start(1, &plate(800)).await;
    until("heating", || (bench.board.state()["nozzle_target_c"] == 180.0, bench.board.state())).await;
    bench.printer.cancel().await.unwrap();
    bench.ledger.until_event(Event::CancelAcked).await;
    let state = bench.board.state();
    assert_eq!((&state["nozzle_target_c"], &state["bed_target_c"]), (&0.0.into(), &0.0.into()), "{state}");
    assert_eq!(state["starts"], 0);
    bench.until_ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_line_is_withheld_until_its_mark_is_durable() {
    let bench = Bench::new(PortPolicy::Open, |_| {}).await;
    bench.ledger.withhold_mark();
    bench.start(1, &plate(100)).await;
    until("the mark is asked for", || (bench.ledger.marks() == 1, bench.ledger.evidence())).await;
    bench.until_moves(103).await;
    assert_eq!(bench.ledger.events(), [Event::FirstLineAcked]);
    bench.ledger.release_mark(true);
    bench.ledger.until_event(Event::StreamDone).await;
    assert_whole(&bench, 100);

    let bench = Bench::new(PortPolicy::Open, |_| {}).await;
    bench.ledger.withhold_mark();
    bench.start(1, &plate(100)).await;
    until("the mark is asked for", || (bench.ledger.marks() == 1, bench.ledger.evidence())).await;
    bench.ledger.release_mark(false);
    bench.ledger.until_event(Event::EvidenceLost(Lost::Contradiction)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_print_from_the_card_is_a_foreign_print_and_nothing_is_started_meanwhile() {
    let bench = Bench::new(PortPolicy::Open, |config| {
        config.reset_on_open = false;
        config.speed = 20.0;
    })
    .await;
    assert!(bench.board.card("PLATE.GCO", plate(2_000), true));
    bench.until_doing(Doing::Foreign).await;
    assert_eq!(bench.ledger.foreign().len(), 1);
    let refused = bench.printer.start(order(&bench.dir, 1, plate(5).as_bytes())).await;
    assert!(matches!(refused, Err(PrinterError::NotStarted { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_printer_makes_the_job_unknown_and_is_ready_again_when_it_answers() {
    let bench = Bench::new(PortPolicy::Open, |_| {}).await;
    assert!(bench.board.order(Order { at_move: Some(50), hang_ms: 14_000, ..Order::default() }));
    bench.start(1, &plate(3_000)).await;
    bench.ledger.until_event(Event::EvidenceLost(Lost::Link)).await;
    bench.until_ready().await;
    assert_eq!(bench.ledger.events(), [Event::FirstLineAcked, Event::EvidenceLost(Lost::Link)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printer_that_is_switched_on_later_becomes_ready() {
    let mut bench = Bench::new(PortPolicy::Open, |_| {}).await;
    drop(bench.sim.take());
    let view = bench.printer.view();
    until("closed", || {
        (matches!(view.borrow().connection, Connection::Closed { .. }), view.borrow().clone())
    })
    .await;
    let mut config = Config::new(bench.dir.path().join("tty"));
    config.boot_ms = 50;
    let sim = Sim::start(config).unwrap();
    bench.board = sim.handle();
    bench.sim = Some(sim);
    bench.until_ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_is_used_to_the_share_that_the_window_allows() {
    // The wire limit counts ten bits a byte of what the host sends; replies travel at the same time.
    for (baud, parser, least, segments) in [(115_200, false, 0.83, 900), (250_000, true, 0.90, 1_800)] {
        let bench = Bench::new(PortPolicy::Open, |config| {
            (config.baud, config.emergency_parser, config.speed) = (baud, parser, 1_000.0);
        })
        .await;
        let (text, warm) = (plate(segments), 200);
        bench.start(1, &text).await;
        bench.until_moves(warm).await;
        let (from, begun) = (bench.board.tally().moves, Instant::now());
        bench.until_moves(u64::from(segments)).await;
        let (to, took) = (bench.board.tally().moves, begun.elapsed().as_secs_f64());
        // N123 G1 X123.456 Y123.456 E0.05 F3000*12 and line feed.
        let bytes: usize = text.lines().skip(12).take(500).map(|line| line.len() + 9).sum();
        let moves = f64::from(u32::try_from(to - from).unwrap());
        let share = moves * (bytes as f64 / 500.0) * 10.0 / f64::from(baud) / took;
        println!("{baud} baud, parser {parser}: {:.0} lines/s, {:.2} of the wire", moves / took, share);
        assert!(share >= least, "{baud} baud, parser {parser}: {share:.2} of the wire limit");
    }
}
