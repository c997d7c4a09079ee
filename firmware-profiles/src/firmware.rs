//! What a driver must know about the firmware behind a serial port: framing, acknowledgement, timing, words.
//! The meaning of each figure is described here; the figures and where they come from are in `data/firmware/`.
use std::time::Duration;

use crate::read::{Sink, Source, Table};

/// `N123456 ` in front of a line and `*255` behind it, in bytes.
const NUMBER_AND_SUM_BYTES: usize = 12;

/// What an `ok` means and how a lost one is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckStrategy {
    /// Lines carry number and checksum; `ok` when executed or planned; a lost `ok` is found by sending the **next** numbered line,
    /// never by repeating one (Marlin answers a duplicate with silence).
    NumberedNextLine,
    /// Numbers are ignored and every line is acknowledged, a duplicate is executed twice: a lost `ok` is found by one
    /// un-numbered `M105`, nothing is ever resent (Klipper).
    PlainProbeOnce,
    /// Lines carry number and checksum; an `ok` comes before the command's own output and names its line, or is only
    /// counted. After a question was acknowledged, `wait` says that nothing is left to do (Repetier).
    NumberedCounted,
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
    /// Whether an `ok` follows a `Resend:`. Where none does, the next `ok` is already a line's.
    pub resend_has_ok: bool,
    /// Without an answer for this long, the lost `ok` is looked for.
    pub ack_wait: Duration,
    /// The same while a blocking command is in flight: such a command may work in silence.
    pub blocking_wait: Duration,
    /// After a `Resend:` the `ok` that goes with it is awaited this long.
    pub resend_ok_wait: Duration,
    /// Probes for a lost `ok` before the printer counts as silent.
    pub probes_max: u32,
    /// How long to wait for a banner before asking.
    pub boot_quiet: Duration,
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
    /// How it begins when it says its name; another name is another firmware, and nothing is started on it.
    pub names: Vec<String>,
    /// An error means that a line was not executed: a job ends with it.
    pub error_ends_job: bool,
    /// What stops everything at once; sent alone, un-numbered.
    pub emergency: String,
    /// What ends a wait for a temperature or a person; empty where nothing does.
    pub break_wait: Vec<String>,
    /// What brings a halted firmware back without opening the port anew; empty where only a reset does.
    pub restart: Vec<String>,
    /// Sent once after the handshake.
    pub set_up: Vec<String>,
    /// Switches automatic temperature reports on, where the firmware says that it has them.
    pub report_temperatures: Vec<String>,
    /// Arms the dead-man switch: the firmware ends heating by itself when its host is gone.
    pub arm: Vec<String>,
    /// Disarms it.
    pub disarm: Vec<String>,
    /// Begins the printer's own clock of a job.
    pub begin: Vec<String>,
    /// Ends it.
    pub done: Vec<String>,
    /// How far the nozzle is lifted for a pause, in mm.
    pub pause_lift_mm: u32,
    /// What is sent after a cancelled job.
    pub cancel_script: Vec<String>,
    /// The slicer's name for its G-code.
    pub slicer_flavor: String,
    /// Levels the bed after homing, in the start of every print.
    pub level: Vec<String>,
}

/// Reads one firmware file.
pub(crate) fn read(file: &str, text: &str, sink: &mut Sink) -> Option<Firmware> {
    let before = sink.faults.len();
    let mut source = Source { file, text, sink };
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
    let mut slicing = top.table(&mut source, "slicing");
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
        resend_has_ok: framing.flag(s, "resend_has_ok"),
        ack_wait: millis(timing.number(s, "ack_wait_ms", 500..=120_000)),
        blocking_wait: millis(timing.number(s, "blocking_wait_ms", 10_000..=3_600_000)),
        resend_ok_wait: millis(timing.number(s, "resend_ok_wait_ms", 50..=5_000)),
        probes_max: timing.number(s, "probes_max", 1..=20),
        boot_quiet: millis(timing.number(s, "boot_quiet_ms", 50..=30_000)),
        blocking: framing.texts(s, "blocking"),
        forbidden: framing.texts(s, "forbidden"),
        fatal: words.texts(s, "fatal"),
        stopped: words.texts(s, "stopped"),
        banners: words.texts(s, "banners"),
        names: words.texts(s, "names"),
        error_ends_job: words.flag(s, "error_ends_job"),
        emergency: scripts.sourced(s, "emergency"),
        break_wait: scripts.texts(s, "break_wait"),
        restart: scripts.texts(s, "restart"),
        set_up: scripts.texts(s, "set_up"),
        report_temperatures: scripts.texts(s, "report_temperatures"),
        arm: scripts.texts(s, "arm"),
        disarm: scripts.texts(s, "disarm"),
        begin: scripts.texts(s, "begin"),
        done: scripts.texts(s, "done"),
        pause_lift_mm: scripts.number(s, "pause_lift_mm", 0..=50),
        cancel_script: scripts.texts(s, "cancel"),
        slicer_flavor: slicing.sourced(s, "flavor"),
        level: slicing.texts(s, "level"),
    };
    check(&firmware, framing.offset(), &mut source);
    for table in [framing, timing, words, scripts, slicing, top] {
        table.finish(&mut source);
    }
    (source.sink.faults.len() == before).then_some(firmware)
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
    for (name, words) in [
        ("words.fatal", &firmware.fatal),
        ("words.names", &firmware.names),
        ("scripts.cancel", &firmware.cancel_script),
    ] {
        if words.is_empty() {
            source.fault(at, format!("`{name}` may not be empty"));
        }
    }
    if firmware.arm.is_empty() != firmware.disarm.is_empty() {
        source.fault(at, "`scripts.arm` and `scripts.disarm` belong together".to_owned());
    }
    check_scripts(firmware, at, source);
}

/// Every line that the driver sends by itself must fit the firmware's line, with the longest number and checksum.
fn check_scripts(firmware: &Firmware, at: usize, source: &mut Source<'_>) {
    let scripts = [
        &firmware.break_wait,
        &firmware.restart,
        &firmware.set_up,
        &firmware.report_temperatures,
        &firmware.arm,
        &firmware.disarm,
        &firmware.begin,
        &firmware.done,
        &firmware.cancel_script,
        &firmware.level,
    ];
    for line in scripts.into_iter().flatten() {
        let fits = line.len() + NUMBER_AND_SUM_BYTES <= firmware.line_bytes_max;
        if !fits || !line.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            source.fault(at, format!("the script line {line:?} cannot be sent to this firmware"));
        }
    }
}

fn ack(framing: &mut Table<'_>, source: &mut Source<'_>) -> AckStrategy {
    let at = framing.offset();
    match framing.sourced(source, "ack").as_str() {
        "plain-probe-once" => AckStrategy::PlainProbeOnce,
        "numbered-counted" => AckStrategy::NumberedCounted,
        "numbered-next-line" | "" => AckStrategy::NumberedNextLine,
        other => {
            source.fault(
                at,
                format!("`framing.ack` is `{other}`; known are numbered-next-line, numbered-counted, plain-probe-once"),
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
