//! What a driver must know about the firmware behind a serial port: framing, acknowledgement, timing, words.
//! The meaning of each figure is described here; the figures and where they come from are in `data/firmware/`.
use std::time::Duration;

use crate::error::Fault;
use crate::read::{Source, Table};

/// What an `ok` means and how a lost one is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckStrategy {
    /// Lines carry number and checksum; `ok` when executed or planned; a lost `ok` is found by sending the **next** numbered line,
    /// never by repeating one (Marlin answers a duplicate with silence).
    NumberedNextLine,
    /// Numbers are ignored and every line is acknowledged, a duplicate is executed twice: a lost `ok` is found by one
    /// un-numbered `M105`, nothing is ever resent (Klipper).
    PlainProbeOnce,
}

/// A firmware as the serial driver sees it. All times are real time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firmware {
    /// File name without ending, such as `marlin2`.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// What an `ok` means.
    pub ack: AckStrategy,
    /// Longest line on the wire in bytes, with number and checksum, without the line feed.
    pub line_bytes_max: usize,
    /// How many lines may be unacknowledged.
    pub window_lines: usize,
    /// How many bytes may be unacknowledged.
    pub window_bytes: usize,
    /// Lines in flight where the firmware reports `Cap:EMERGENCY_PARSER:1`, so that an emergency stop is read at once.
    pub window_lines_parser: usize,
    /// Bytes in flight where the firmware reports `Cap:EMERGENCY_PARSER:1`.
    pub window_bytes_parser: usize,
    /// Sent lines kept for resends.
    pub ring_lines: usize,
    /// The line counter is set back when it has passed this number, when nothing is in flight.
    pub renumber_after: u32,
    /// A resend of the same line more often than this means "communication stuck".
    pub resend_same_max: u32,
    /// Without an answer for this long, the lost `ok` is looked for.
    pub ack_wait: Duration,
    /// The same while a blocking command is in flight: such a command may work in silence.
    pub blocking_wait: Duration,
    /// After a `Resend:` the `ok` that goes with it is awaited this long.
    pub resend_ok_wait: Duration,
    /// Probes for a lost `ok` before the printer counts as silent.
    pub probes_max: u32,
    /// How long after opening the port the firmware may need to answer.
    pub boot_wait: Duration,
    /// How long to wait for a banner before asking.
    pub boot_quiet: Duration,
    /// Seconds of M155 automatic temperature reports.
    pub temperature_every_s: u32,
    /// Seconds of M113 busy messages.
    pub busy_every_s: u32,
    /// M85: the firmware kills itself after so many seconds without movement while a job runs.
    pub dead_man_s: u32,
    /// Commands that block the queue; nothing is sent behind them before their `ok`.
    pub blocking: Vec<String>,
    /// Commands that may not be in a job.
    pub forbidden: Vec<String>,
    /// Parts of a line that mean: halted, needs a reset.
    pub fatal: Vec<String>,
    /// Parts of a line that mean: stopped, M999 continues.
    pub stopped: Vec<String>,
    /// Lines that mean: the board started anew.
    pub banners: Vec<String>,
    /// Command that stops everything at once; sent alone, un-numbered.
    pub emergency: String,
    /// Command that ends a wait for a temperature.
    pub break_wait: String,
    /// How far the nozzle is lifted for a pause, in mm.
    pub pause_lift_mm: u32,
    /// What is sent after a cancelled job.
    pub cancel_script: Vec<String>,
}

/// Reads one firmware file.
pub(crate) fn read(file: &str, text: &str, faults: &mut Vec<Fault>) -> Option<Firmware> {
    let before = faults.len();
    let mut source = Source { file, text, faults };
    let (parsed, errors) = toml::de::DeTable::parse_recoverable(text);
    if !source.accept(&errors) {
        return None;
    }
    let mut top = Table::top(&parsed);
    let title = top.text(&mut source, "title");
    let mut framing = top.table(&mut source, "framing");
    let mut timing = top.table(&mut source, "timing");
    let mut words = top.table(&mut source, "words");
    let mut scripts = top.table(&mut source, "scripts");
    let s = &mut source;
    let firmware = Firmware {
        id: id_of(file),
        title,
        ack: ack(&mut framing, s),
        line_bytes_max: size(framing.number(s, "line_bytes_max", 32..=4096)),
        window_lines: size(framing.number(s, "window_lines", 1..=19)),
        window_bytes: size(framing.number(s, "window_bytes", 96..=4096)),
        window_lines_parser: size(framing.number(s, "window_lines_parser", 1..=64)),
        window_bytes_parser: size(framing.number(s, "window_bytes_parser", 96..=8192)),
        ring_lines: size(framing.number(s, "ring_lines", 64..=4096)),
        renumber_after: framing.number(s, "renumber_after", 20_000..=1_000_000_000),
        resend_same_max: framing.number(s, "resend_same_max", 1..=100),
        ack_wait: millis(timing.number(s, "ack_wait_ms", 500..=120_000)),
        blocking_wait: millis(timing.number(s, "blocking_wait_ms", 10_000..=3_600_000)),
        resend_ok_wait: millis(timing.number(s, "resend_ok_wait_ms", 50..=5_000)),
        probes_max: timing.number(s, "probes_max", 1..=20),
        boot_wait: millis(timing.number(s, "boot_wait_ms", 1_000..=60_000)),
        boot_quiet: millis(timing.number(s, "boot_quiet_ms", 50..=30_000)),
        temperature_every_s: timing.number(s, "temperature_every_s", 1..=60),
        busy_every_s: timing.number(s, "busy_every_s", 1..=60),
        dead_man_s: timing.number(s, "dead_man_s", 30..=3_600),
        blocking: framing.texts(s, "blocking"),
        forbidden: framing.texts(s, "forbidden"),
        fatal: words.texts(s, "fatal"),
        stopped: words.texts(s, "stopped"),
        banners: words.texts(s, "banners"),
        emergency: scripts.sourced(s, "emergency"),
        break_wait: scripts.sourced(s, "break_wait"),
        pause_lift_mm: scripts.number(s, "pause_lift_mm", 0..=50),
        cancel_script: scripts.texts(s, "cancel"),
    };
    check(&firmware, framing.offset(), &mut source);
    for table in [framing, timing, words, scripts, top] {
        table.finish(&mut source);
    }
    (source.faults.len() == before).then_some(firmware)
}

/// Values that are each possible and together are not.
fn check(firmware: &Firmware, at: usize, source: &mut Source<'_>) {
    if firmware.window_lines_parser < firmware.window_lines {
        source.fault(at, "`framing.window_lines_parser` must be at least `window_lines`".to_owned());
    }
    if firmware.window_bytes < firmware.line_bytes_max || firmware.window_bytes_parser < firmware.window_bytes
    {
        source.fault(
            at,
            "`framing.window_bytes` must hold a longest line and not exceed `window_bytes_parser`".to_owned(),
        );
    }
    if firmware.ring_lines < 4 * firmware.window_lines_parser {
        source.fault(at, "`framing.ring_lines` must be at least four windows".to_owned());
    }
    if firmware.blocking_wait < firmware.ack_wait {
        source.fault(at, "`timing.blocking_wait_ms` must be at least `ack_wait_ms`".to_owned());
    }
    if firmware.fatal.is_empty() || firmware.banners.is_empty() {
        source.fault(at, "`words.fatal` and `words.banners` may not be empty".to_owned());
    }
}

fn ack(framing: &mut Table<'_>, source: &mut Source<'_>) -> AckStrategy {
    let at = framing.offset();
    match framing.sourced(source, "ack").as_str() {
        "plain-probe-once" => AckStrategy::PlainProbeOnce,
        "numbered-next-line" | "" => AckStrategy::NumberedNextLine,
        other => {
            source.fault(
                at,
                format!("`framing.ack` is `{other}`; known are numbered-next-line, plain-probe-once"),
            );
            AckStrategy::NumberedNextLine
        }
    }
}

/// `firmware/marlin2.toml` → `marlin2`.
pub(crate) fn id_of(file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".toml").unwrap_or(name).to_owned()
}

pub(crate) fn millis(ms: u32) -> Duration {
    Duration::from_millis(u64::from(ms))
}

/// A count as the machine's word. Every supported target has at least 32 bits.
pub(crate) fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
