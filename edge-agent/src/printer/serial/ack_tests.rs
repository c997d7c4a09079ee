//! The core against rows of replies: each rule of acknowledgement, and each strategy of a firmware.
use firmware_profiles::Library;

use super::super::classify::classify;
use super::*;

fn named(id: &str) -> Firmware {
    Library::embedded().unwrap().firmware(id).unwrap().clone()
}

fn marlin() -> Firmware {
    named("marlin2")
}

fn ms(ms: u64) -> Mono {
    Duration::from_millis(ms)
}

/// A core past its handshake, with the firmware's words at hand.
struct Bench {
    firmware: Firmware,
    wire: Wire,
    acked: Vec<u64>,
    job: u64,
}

impl Bench {
    fn new() -> Self {
        let firmware = marlin();
        let mut bench = Self { wire: Wire::new(&firmware, ms(0)), firmware, acked: Vec::new(), job: 0 };
        assert_eq!(bench.out(0), "N10000 M110 N10000*125\n");
        bench.reply(1, "ok");
        assert_eq!(bench.out(1), "N10001 M105*39\n");
        bench.reply(2, "ok T:20.0 /0.0 B:20.0 /0.0 @:0");
        assert!(bench.wire.is_quiet());
        bench
    }

    fn out(&mut self, at: u64) -> String {
        let mut out = Vec::new();
        while let Some(bytes) = self.wire.poll(ms(at)) {
            out.extend(bytes);
        }
        String::from_utf8(out).unwrap()
    }

    fn reply(&mut self, at: u64, line: &str) {
        let reply = classify(line, &self.firmware);
        let acked = &mut self.acked;
        self.wire.on_reply(&reply, ms(at), |tag| match tag {
            Tag::Job(index) => acked.push(index),
            Tag::Own(_) => {}
            Tag::Core => panic!("the core's own questions are never handed out"),
        });
    }

    /// Sends as many job lines as fit.
    fn fill(&mut self, at: u64) -> u64 {
        let mut sent = 0;
        while self.wire.has_room("G1 X1", ms(at)) {
            drop(self.wire.send("G1 X1", Tag::Job(self.job), ms(at)));
            self.job += 1;
            sent += 1;
        }
        sent
    }
}

#[test]
fn the_window_is_kept_and_moves_with_acknowledgements() {
    let mut bench = Bench::new();
    assert_eq!(bench.fill(10), 3);
    bench.reply(11, "ok");
    assert_eq!(bench.fill(12), 1);
    bench.reply(13, "ok N10004 P15 B3"); // Names the third job line: everything up to it.
    assert_eq!(bench.acked, [0, 1, 2]);
    assert_eq!(bench.fill(14), 2);
}

#[test]
fn an_ok_with_nothing_in_flight_is_never_credit() {
    let mut bench = Bench::new();
    for _ in 0..5 {
        bench.reply(10, "ok");
        bench.reply(10, "ok T:20 /0 B:20 /0");
    }
    assert_eq!(bench.wire.counts().spurious_n, 10);
    assert_eq!(bench.fill(11), 3);
    assert!(bench.acked.is_empty());
}

#[test]
fn nothing_is_sent_behind_a_blocking_command() {
    let mut bench = Bench::new();
    drop(bench.wire.send("G28", Tag::Job(0), ms(10)));
    assert_eq!(bench.fill(10), 0);
    bench.reply(3000, "echo:busy: processing");
    bench.reply(5000, "ok");
    assert_eq!(bench.acked, [0]);
    assert_eq!(bench.fill(5001), 3);
}

#[test]
fn a_lost_ok_is_found_by_a_new_question_and_no_line_is_repeated() {
    let mut bench = Bench::new();
    bench.fill(10);
    assert_eq!(bench.out(8_000), "");
    assert_eq!(bench.out(8_010), "N10005 M105*35\n");
    assert_eq!(bench.fill(8_011), 0);
    bench.reply(8_020, "ok T:20.0 /0.0 B:20.0 /0.0 @:0");
    assert_eq!(bench.acked, [0, 1, 2]);
    assert_eq!(bench.fill(8_021), 3);
    assert_eq!(bench.wire.counts(), Counts { resent_n: 0, probes_n: 1, spurious_n: 0 });
}

#[test]
fn a_late_ok_is_not_taken_for_the_answer_to_a_question() {
    let mut bench = Bench::new();
    bench.fill(10);
    bench.out(8_010);
    for _ in 0..4 {
        bench.reply(8_020, "ok"); // Three late ones and one too many: only M105's own answer ends the probe.
    }
    assert_eq!(bench.acked, [0, 1, 2]);
    assert_eq!(bench.fill(8_021), 0);
    bench.reply(8_030, "ok T:20.0 /0.0 B:20.0 /0.0 @:0");
    assert_eq!(bench.fill(8_031), 3);
}

#[test]
fn silence_to_every_question_ends_the_connection() {
    let mut bench = Bench::new();
    bench.fill(10);
    let mut asked = 0;
    for second in 1..60 {
        asked += usize::from(bench.out(second * 1_000).contains("M105"));
    }
    assert_eq!((asked, bench.wire.stuck()), (3, Some(&Stuck::Silent)));
}

#[test]
fn temperature_reports_are_no_progress_but_busy_is() {
    let mut bench = Bench::new();
    bench.fill(10);
    for second in 1..20 {
        bench.reply(second * 1_000, "echo:busy: processing");
        assert_eq!(bench.out(second * 1_000), "");
    }
    for second in 20..28 {
        bench.reply(second * 1_000, " T:20.00 /0.00 B:20.00 /0.00 @:0 B@:0");
    }
    assert!(bench.out(27_500).contains("M105"));
}

#[test]
fn a_resend_goes_back_after_the_echoes_have_ended() {
    let mut bench = Bench::new();
    bench.fill(10); // N10002, N10003, N10004
    for at in [11, 12, 13] {
        bench.reply(at, "Error:checksum mismatch, Last Line: 10001");
        bench.reply(at, "Resend: 10002");
        bench.reply(at, "ok");
    }
    assert_eq!(bench.out(20), "", "quiet first");
    // One by one: a burst was perhaps what the board could not take.
    for number in ["N10002 ", "N10003 ", "N10004 "] {
        let again = bench.out(60);
        assert!(again.starts_with(number) && again.lines().count() == 1, "{again}");
        bench.reply(70, "ok");
    }
    assert_eq!(bench.acked, [0, 1, 2]);
    assert_eq!(bench.wire.counts().resent_n, 3);
}

#[test]
fn a_resend_without_its_ok_costs_no_acknowledgement() {
    let mut bench = Bench::new();
    bench.fill(10);
    bench.reply(11, "Resend: 10002");
    assert!(bench.out(52).starts_with("N10002 "));
    bench.out(520); // The ok of the Resend never came; after 0.5 s the next one is a line's.
    bench.reply(530, "ok");
    assert_eq!(bench.acked, [0]);
}

#[test]
fn asking_for_the_same_line_for_ever_is_stuck() {
    let mut bench = Bench::new();
    bench.fill(10);
    let mut at = 20;
    for _ in 0..20 {
        bench.reply(at, "Resend: 10002");
        bench.reply(at, "ok");
        at += 100;
        bench.out(at);
    }
    assert_eq!(bench.wire.stuck(), Some(&Stuck::SameLine { line: 10_002 }));
}

#[test]
fn a_foreign_counter_stops_everything() {
    for asked in ["Resend: 10006", "Resend: 40000", "Resend: 1"] {
        let mut bench = Bench::new();
        bench.fill(10); // N10002 to N10004: next is 10005
        bench.reply(11, asked);
        assert!(matches!(bench.wire.stuck(), Some(Stuck::Counter { .. })), "{asked}");
        assert_eq!(bench.out(1_000), "");
    }
    let mut bench = Bench::new();
    bench.fill(10);
    bench.reply(11, "Resend: 10005"); // The next line: noise was refused, nothing is lost.
    bench.reply(11, "ok");
    assert!(bench.wire.stuck().is_none());
    bench.reply(12, "ok");
    assert_eq!(bench.acked, [0]);
}

#[test]
fn wait_with_an_old_line_in_flight_asks_at_once() {
    let mut bench = Bench::new();
    bench.fill(10);
    bench.reply(500, "wait");
    assert_eq!(bench.out(501), "");
    bench.reply(1_100, "wait");
    assert!(bench.out(1_101).contains("M105"));
}

/// A core past its handshake for another firmware.
fn bench_of(firmware: Firmware) -> Bench {
    let mut bench = Bench { wire: Wire::new(&firmware, ms(0)), firmware, acked: Vec::new(), job: 0 };
    let numbered = bench.firmware.ack != AckStrategy::PlainProbeOnce;
    assert_eq!(bench.out(0), if numbered { "N10000 M110 N10000*125\n" } else { "M105\n" });
    bench.reply(1, "ok T:20.0 /0.0 B:20.0 /0.0");
    drop(bench.out(1));
    bench.reply(2, "ok T:20.0 /0.0 B:20.0 /0.0");
    assert!(bench.wire.is_quiet());
    bench
}

#[test]
fn each_firmware_keeps_its_own_window() {
    for (id, lines) in [
        ("marlin2", 3),
        ("marlin1", 3),
        ("prusa-mk3", 3),
        ("prusa-buddy", 3),
        ("klipper", 8),
        ("reprapfirmware", 1),
        ("repetier", 3),
        ("smoothieware", 1),
    ] {
        assert_eq!(bench_of(named(id)).fill(10), lines, "{id}");
    }
}

#[test]
fn bytes_in_flight_are_bounded_where_the_ring_is_small() {
    let mut bench = bench_of(named("marlin1"));
    let long = format!("G1 X{}", "1".repeat(60));
    assert!(bench.wire.has_room(&long, ms(10)));
    drop(bench.wire.send(&long, Tag::Job(0), ms(10)));
    assert!(!bench.wire.has_room(&long, ms(10)), "two of them do not fit 128 bytes");
    assert!(bench.wire.has_room("G1 X1", ms(10)));
}

#[test]
fn a_board_that_says_its_slots_are_full_gets_nothing() {
    let mut bench = Bench::new();
    bench.fill(10);
    bench.reply(11, "ok N10002 P15 B0");
    assert_eq!(bench.fill(12), 0);
    bench.reply(13, "ok N10003 P15 B1");
    assert_eq!(bench.fill(14), 2);
    bench.reply(15, "ok N10006 P15 B0");
    assert_eq!(bench.fill(16), 1, "with nothing in flight there is no other way to learn more");
}

#[test]
fn a_question_that_is_answered_by_its_number_lets_lines_go_on() {
    let mut bench = Bench::new();
    bench.fill(10);
    drop(bench.out(8_000));
    assert_eq!(bench.out(8_010), "N10005 M105*35\n");
    bench.reply(8_020, "ok N10005 P15 B3");
    assert_eq!(bench.acked, [0, 1, 2]);
    assert_eq!(bench.fill(8_021), 3);
}

#[test]
fn an_unnumbered_line_is_never_sent_again() {
    let mut bench = bench_of(named("klipper"));
    assert_eq!(bench.fill(10), 8);
    drop(bench.out(8_000));
    assert_eq!(bench.out(8_020), "M105\n", "one question, no line");
    bench.reply(8_030, "ok T0:20.0 /0.0 B:20.0 /0.0");
    assert_eq!((bench.acked.len(), bench.wire.counts().resent_n), (8, 0));
    bench.fill(8_031);
    bench.reply(8_032, "Resend: 1"); // No such firmware asks: something else is behind the port.
    assert!(matches!(bench.wire.stuck(), Some(Stuck::Counter { .. })));
}

#[test]
fn where_no_ok_follows_a_resend_the_next_ok_is_a_lines() {
    let mut bench = bench_of(named("smoothieware"));
    bench.fill(10);
    bench.reply(11, "rs N10002");
    assert!(bench.out(60).starts_with("N10002 "));
    bench.reply(70, "ok");
    assert_eq!(bench.acked, [0]);
}

#[test]
fn oks_that_name_their_line_cover_everything_up_to_it() {
    let mut bench = bench_of(named("repetier"));
    bench.fill(10);
    bench.reply(11, "ok 10003");
    assert_eq!(bench.acked, [0, 1]);
    bench.reply(12, "ok 10003"); // Doubled: proves nothing more.
    assert_eq!(bench.acked, [0, 1]);
}

#[test]
fn counted_oks_are_settled_by_wait_behind_a_question() {
    let mut bench = bench_of(named("repetier"));
    bench.fill(10); // 10002 to 10004
    bench.reply(11, "ok");
    bench.reply(12, "ok"); // The third was lost.
    bench.reply(1_100, "wait");
    assert!(bench.out(1_101).starts_with("N10005 M105"));
    bench.reply(1_110, "wait");
    assert_eq!(bench.acked, [0, 1], "the question has not been taken yet");
    bench.reply(1_120, "ok"); // Before its output, and without a name: the third line's by count.
    bench.reply(1_120, "T:20.0 /0.0 B:20.0 /0.0");
    assert_eq!(bench.acked, [0, 1, 2]);
    bench.reply(2_200, "wait");
    assert!(bench.wire.is_quiet());
    assert_eq!(bench.fill(2_201), 3);
}
