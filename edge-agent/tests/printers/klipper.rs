//! The serial driver against a board with Klipper's rules: oks while shut down, duplicates executed twice, errors that mean
//! "not executed".
use std::time::Duration;

use edge_agent::printer::{Connection, PortPolicy, PrinterError};
use peers::marlin::faults::Order;
use protocol::attempt::{Event, Lost};
use tokio::time::Instant;

use crate::bench::{order, plate, until};
use crate::board::{Bench, assert_whole, firmware};

async fn klipper() -> Bench {
    let bench = Bench::with(PortPolicy::Open, None, firmware("klipper"), |config| {
        (config.klipper, config.reset_on_open) = (true, false);
    })
    .await;
    bench.until_ready().await;
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_plate_is_printed_exactly_once_without_numbers() {
    let bench = klipper().await;
    bench.start(1, &plate(800)).await;
    bench.ledger.until_event(Event::StreamDone).await;
    assert_whole(&bench, 800);
    assert_eq!(bench.printer.view().borrow().firmware.as_deref(), Some("Klipper"));
}

/// K1: it goes on acknowledging; the job must not be told as printed.
#[tokio::test(flavor = "multi_thread")]
async fn oks_of_a_firmware_that_has_shut_down_are_no_progress() {
    let bench = klipper().await;
    let why = "Heater extruder not heating at expected rate";
    let order = Order { at_move: Some(100), kill: Some(why.to_owned()), ..Order::default() };
    assert!(bench.board.order(order));
    bench.start(1, &plate(2_000)).await;
    bench.ledger.until_event(Event::Halted).await;
    let last = bench.ledger.evidence().pop().unwrap();
    assert_eq!(last.1, Event::Halted);
    assert!(last.2.contains(why), "{last:?}");
    let moves = bench.board.tally().moves;
    assert!((100..140).contains(&moves), "{moves} moves: what was planned, and no more");
    // A person brings it back, and the firmware's own restart is enough.
    until("the shutdown is shown", || {
        let now = bench.printer.view().borrow().clone();
        (matches!(now.connection, Connection::Halted { .. }), now)
    })
    .await;
    bench.printer.open_port().await.unwrap();
    bench.until_ready().await;
    assert_eq!(bench.board.counters().resets, 1);
    bench.start(2, &plate(20)).await;
    bench.ledger.until_event(Event::StreamDone).await;
}

/// K2: every line with a relative extrusion counts once although acknowledgements are lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ok_makes_no_line_be_executed_twice() {
    let bench = klipper().await;
    for at_move in [30, 250] {
        assert!(bench.board.order(Order { at_move: Some(at_move), drop_oks: 1, ..Order::default() }));
    }
    bench.start(1, &plate(500)).await;
    bench.ledger.until_event(Event::StreamDone).await;
    assert_whole(&bench, 500);
}

/// K4: what it did not execute cannot be made up for by what follows.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_not_executed_ends_the_job_and_the_heating() {
    let bench = klipper().await;
    let mut text = plate(200);
    text.insert_str(text.find("G1 E-2").unwrap(), "G1 X900 Y10 E0.05 F3000\n");
    text.push_str(&"G1 X10 Y10 F3000\nG1 X20 Y20\n".repeat(100));
    bench.start(1, &text).await;
    bench.ledger.until_event(Event::Halted).await;
    let (_, _, evidence) = bench.ledger.evidence().pop().unwrap();
    assert!(evidence.contains("did not execute a line: !! Move out of range: 900.000"), "{evidence}");
    until("the heaters are off", || {
        let state = bench.board.state();
        (state["nozzle_target_c"] == 0.0 && state["bed_target_c"] == 0.0, state)
    })
    .await;
    bench.until_ready().await;
    assert!(bench.board.tally().moves < 200 + 3 + 40, "{:?}", bench.board.tally());
}

/// K5: klippy restarts and its pty is a new one.
#[tokio::test(flavor = "multi_thread")]
async fn a_pty_that_is_replaced_is_opened_again_and_the_job_is_unknown() {
    let bench = klipper().await;
    assert!(bench.board.order(Order { at_move: Some(50), unplug: true, ..Order::default() }));
    bench.start(1, &plate(1_000)).await;
    bench.ledger.until_event(Event::EvidenceLost(Lost::Link)).await;
    assert!(bench.board.order(Order { replug: true, ..Order::default() }));
    bench.until_ready().await;
    assert!(bench.board.tally().moves < 100, "nothing is sent again: {:?}", bench.board.tally());
}

/// K6 and K7: with eight lines in flight the stop is still read at once.
#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_stop_is_read_while_it_homes() {
    let bench = Bench::with(PortPolicy::Open, None, firmware("klipper"), |config| {
        (config.klipper, config.reset_on_open, config.speed) = (true, false, 1.0);
    })
    .await;
    bench.until_ready().await;
    bench.start(1, &"G28\n".repeat(5)).await;
    until("it homes", || {
        let state = bench.printer.view().borrow().clone();
        (state.attempt.is_some() && bench.board.counters().lines > 4, state)
    })
    .await;
    let asked = Instant::now();
    bench.printer.emergency_stop().await.unwrap();
    bench.ledger.until_event(Event::Halted).await;
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert_eq!(bench.board.counters().emergency_stops, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_started_on_a_firmware_that_the_model_does_not_have() {
    for (id, klipper, says) in
        [("marlin2", true, "\"Klipper\""), ("klipper", false, "\"Marlin 2.1.2.1 (simulated)\"")]
    {
        let bench = Bench::with(PortPolicy::Open, None, firmware(id), |config| {
            (config.klipper, config.reset_on_open) = (klipper, false);
        })
        .await;
        let refused = bench.printer.start(order(&bench.dir, 1, b"G28\n")).await.unwrap_err();
        let PrinterError::NotStarted { refused, .. } = refused else { panic!("{refused:?}") };
        assert!(
            refused.why.contains(says) && refused.why.contains("choose the model that fits"),
            "{}",
            refused.why
        );
        assert_eq!(bench.printer.view().borrow().message.as_deref(), Some(refused.why.as_str()));
        assert_eq!(bench.board.tally().moves, 0);
    }
}
