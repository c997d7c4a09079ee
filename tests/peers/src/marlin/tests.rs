//! The board alone, with a time of our own.
use super::firmware::Firmware;
use super::*;

/// A board that has booted, at time 1.
fn board(change: impl FnOnce(&mut Config)) -> Firmware {
    let mut config = Config::new(PathBuf::from("unused"));
    change(&mut config);
    let mut board = Firmware::new(config);
    board.step(1.0);
    assert!(said(&mut board).starts_with("start\n"));
    board
}

fn said(board: &mut Firmware) -> String {
    String::from_utf8(board.take_out()).unwrap()
}

fn oks(board: &mut Firmware) -> usize {
    said(board).lines().filter(|line| line.starts_with("ok")).count()
}

#[test]
fn moves_are_acknowledged_when_planned_and_the_planner_holds_fifteen() {
    let mut board = board(|config| config.emergency_parser = true);
    for n in 1..=19 {
        board.receive(format!("G1 X{n} F60\n").as_bytes()); // One second each.
    }
    board.step(1.0);
    assert_eq!(oks(&mut board), 15);
    board.step(2.5);
    assert_eq!((oks(&mut board), board.tally.moves), (1, 1));
    for tenth in 26..=205 {
        board.step(f64::from(tenth) / 10.0);
    }
    assert_eq!((oks(&mut board), board.tally.moves), (3, 19));
}

#[test]
fn m400_and_homing_are_acknowledged_when_done() {
    let mut board = board(|config| config.speed = 10.0);
    board.receive(b"G28\n");
    board.step(1.0);
    board.step(1.79);
    assert_eq!(oks(&mut board), 0);
    board.step(1.81);
    assert_eq!(oks(&mut board), 1);
    board.receive(b"G1 X100 F6000\nM400\n");
    board.step(1.81);
    assert_eq!(oks(&mut board), 1);
    board.step(1.92);
    assert_eq!(oks(&mut board), 1);
    assert!((board.tally.position[0] - 100.0).abs() < 1e-9);
}

#[test]
fn m112_without_the_parser_needs_a_free_slot() {
    let mut blocked = board(|_| {});
    blocked.receive(b"G4 S10\nG4 S1\nG4 S1\nG4 S1\n\nM112\n");
    blocked.step(1.1);
    assert!(!blocked.is_killed());
    let mut free = board(|_| {});
    free.receive(b"G4 S10\nG4 S1\nG4 S1\n\nM112\n");
    free.step(1.1);
    assert!(free.is_killed());
    free.receive(b"M105\n");
    let _text = said(&mut free);
    free.step(5.0);
    assert_eq!(said(&mut free), "", "a killed board says nothing");
    let mut parser = board(|config| config.emergency_parser = true);
    parser.receive(b"G4 S10\nG4 S1\nG4 S1\nG4 S1\n\nM112\n");
    assert!(parser.is_killed());
}

#[test]
fn the_dead_man_switch_counts_from_the_last_movement_and_not_from_questions() {
    let mut board = board(|_| {});
    board.receive(b"M85 S60\nM104 S200\n");
    let mut at = 1.0;
    while at < 60.5 {
        board.receive(b"M105\n");
        board.step(at);
        at += 5.0;
    }
    assert!(!board.is_killed());
    board.step(61.5);
    assert!(board.is_killed() && board.nozzle.target_c < 1.0);
    assert!(said(&mut board).contains("KILL caused by too much inactive time"));
}

#[test]
fn heating_takes_its_time_and_a_broken_heater_is_found() {
    let mut board = board(|config| config.speed = 10.0);
    board.receive(b"M109 S200\n");
    let mut at = 1.0;
    while oks(&mut board) == 0 {
        at += 0.01;
        board.step(at);
        assert!(at < 10.0);
    }
    assert!((6.5..8.0).contains(&at), "{at}"); // 179 degrees at 3 degrees a second, ten times faster.
    board.nozzle.broken = true;
    board.step(at + 1.0);
    for _ in 0..40 {
        at += 0.1;
        board.step(at + 1.0);
    }
    assert!(said(&mut board).contains("Thermal Runaway"));
}

#[test]
fn a_job_on_the_card_is_printed_without_oks() {
    let mut board = board(|config| config.speed = 1000.0);
    assert!(board.card.put("a.gco", "G28\nG1 X10 E1 F600\n; end\n".to_owned()));
    board.receive(b"M302 P1\nM104 S0\nM23 a.gco\nM24\n");
    for step in 1..200 {
        board.step(1.0 + f64::from(step) * 0.01);
    }
    let text = said(&mut board);
    assert!(text.contains("File opened: A.GCO Size: 25") && text.contains("Done printing file"), "{text}");
    assert_eq!((text.lines().filter(|line| *line == "ok").count(), board.tally.moves), (4, 1));
}

/// Klipper past its start, at time 1.
fn klipper() -> Firmware {
    let mut config = Config::new(PathBuf::from("unused"));
    config.klipper = true;
    let mut board = Firmware::new(config);
    board.step(1.0);
    assert_eq!(said(&mut board), "", "klippy greets nobody");
    board
}

/// Gives lines and says what was answered.
fn told(board: &mut Firmware, bytes: &[u8]) -> String {
    board.receive(bytes);
    board.step(1.0);
    said(board)
}

#[test]
fn klipper_executes_duplicates_twice_and_looks_at_no_checksum() {
    let mut board = klipper();
    assert_eq!(told(&mut board, b"G92 X0\nG28\n"), "ok\n");
    board.step(60.0);
    drop(said(&mut board));
    assert_eq!(told(&mut board, b"G91\nN5 G1 X1*99\nN5 G1 X1*99\n"), "ok\nok\nok\n");
    board.step(90.0);
    assert!((board.tally.position[0] - 2.0).abs() < 1e-9, "{:?}", board.tally.position);
    assert_eq!(told(&mut board, b"\n"), "ok\n", "an empty line is acknowledged");
    assert_eq!(told(&mut board, b"G1 X1 ; gr\xfcn\n"), "", "the chunk is dropped without an ok");
}

#[test]
fn klipper_skips_what_it_cannot_do_and_acknowledges_it() {
    let mut board = klipper();
    let answer = told(&mut board, b"G1 X5\n");
    assert!(answer.starts_with("!! Must home axis first") && answer.ends_with("\nok\n"), "{answer}");
    assert_eq!(told(&mut board, b"M113 S2\n"), "// Unknown command:\"M113\"\nok\n");
}

#[test]
fn klipper_acknowledges_every_line_while_it_is_shut_down() {
    let mut board = klipper();
    let words = told(&mut board, b"M112\n");
    assert!(
        words.contains("!! Shutdown due to M112 command") && words.contains("// Klipper state: Shutdown")
    );
    let answer = told(&mut board, b"G1 X5\nG1 X6\n");
    assert_eq!(answer.lines().filter(|line| *line == "ok").count(), 2, "{answer}");
    assert_eq!(told(&mut board, b"FIRMWARE_RESTART\n"), "ok\n");
    board.step(3.0);
    assert!(!board.is_killed());
    assert_eq!(told(&mut board, b"M118 again\n"), "again\nok\n");
}
