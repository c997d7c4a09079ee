//! What a driver must know about printers that own their jobs: ports, limits, waits, words. Over MQTT ([`Dialect`]) or
//! HTTP ([`HttpDialect`]).
use std::time::Duration;

use crate::firmware::{id_of, millis, size};
use crate::printer::Control;
use crate::read::{Sink, Source, Table};

/// An MQTT dialect. All times are real time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// File name without ending, such as `bambu`.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Port of the broker inside the printer.
    pub mqtt_port: u16,
    /// Port of the implicit FTPS server inside the printer.
    pub ftps_port: u16,
    /// User name for both.
    pub user: String,
    /// MQTT keep-alive.
    pub keep_alive: Duration,
    /// Largest report accepted, in bytes.
    pub packet_bytes_max: usize,
    /// Without a report for this long the session counts as half dead and is opened anew.
    pub silence_max: Duration,
    /// Least time between two connections made because of silence.
    pub reconnect_cooldown: Duration,
    /// Least time between two requests for a full report.
    pub full_report_every: Duration,
    /// How long a start may take until the printer shows it. Never repeated meanwhile.
    pub start_wait: Duration,
    /// How long a running job may be out of sight before it is Unknown.
    pub lost_after: Duration,
    /// Telemetry older than this is no evidence of idleness.
    pub fresh_max: Duration,
    /// Slowest upload accepted, in bytes per second.
    pub upload_floor_bytes_s: u32,
    /// Least time granted to an upload.
    pub upload_wait_min: Duration,
    /// States in which a start may be sent.
    pub startable: Vec<String>,
    /// `MMMM_EEEE` codes that mean: cancelled by a person.
    pub cancelled: Vec<String>,
    /// The slicer's name for its G-code.
    pub slicer_flavor: String,
    /// Levels the bed after homing, in the start of every print.
    pub level: Vec<String>,
}

/// Which words an HTTP printer uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpKind {
    /// Moonraker, in front of any Klipper.
    Moonraker,
    /// PrusaLink, version 1 of its interface, with digest log-in.
    PrusaLink,
}

/// An HTTP dialect. All times are real time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpDialect {
    /// File name without ending, such as `moonraker`.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Its words.
    pub kind: HttpKind,
    /// Port of its server unless the owner sets another one.
    pub port: u16,
    /// User name of its log-in.
    pub user: String,
    /// Where files are kept.
    pub storage: String,
    /// How often it is asked.
    pub poll_every: Duration,
    /// How long an answer may take.
    pub answer_wait: Duration,
    /// How long a start may take until the printer shows it. Never repeated meanwhile.
    pub start_wait: Duration,
    /// How long a running job may be out of sight before it is Unknown.
    pub lost_after: Duration,
    /// Answers older than this are no evidence of idleness.
    pub fresh_max: Duration,
    /// Slowest upload accepted, in bytes per second.
    pub upload_floor_bytes_s: u32,
    /// Least time granted to an upload.
    pub upload_wait_min: Duration,
    /// The slicer's name for its G-code.
    pub slicer_flavor: String,
    /// Levels the bed after homing, in the start of every print.
    pub level: Vec<String>,
}

/// Reads one dialect file of either kind.
pub(crate) fn read(file: &str, text: &str, sink: &mut Sink) -> Option<Control> {
    // Which of the two it is; everything else is checked by the reader of that kind.
    let kind = match first_protocol(text) {
        Some("moonraker") => HttpKind::Moonraker,
        Some("prusalink") => HttpKind::PrusaLink,
        Some(_) | None => return read_mqtt(file, text, sink).map(Control::PrinterOwned),
    };
    read_http(file, text, kind, sink).map(Control::PrinterOwnedHttp)
}

/// The value of the key `protocol`.
fn first_protocol(text: &str) -> Option<&str> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("protocol"))?;
    line.split('"').nth(1)
}

fn read_http(file: &str, text: &str, kind: HttpKind, sink: &mut Sink) -> Option<HttpDialect> {
    let before = sink.faults.len();
    let mut source = Source { file, text, sink };
    let (parsed, errors) = toml::de::DeTable::parse_recoverable(text);
    if !source.accept(&errors) {
        return None;
    }
    let mut top = Table::top(&parsed);
    let s = &mut source;
    let title = top.text(s, "title");
    drop(top.text(s, "protocol"));
    let mut link = top.table(s, "link");
    let mut waits = top.table(s, "waits");
    let mut upload = top.table(s, "upload");
    let mut slicing = top.table(s, "slicing");
    let dialect = HttpDialect {
        id: id_of(file),
        title,
        kind,
        port: port(link.number(s, "http_port", 1..=65_535)),
        user: link.sourced(s, "user"),
        storage: link.sourced(s, "storage"),
        poll_every: millis(link.number(s, "poll_every_ms", 200..=60_000)),
        answer_wait: millis(waits.number(s, "answer_wait_ms", 1_000..=300_000)),
        start_wait: millis(waits.number(s, "start_wait_ms", 10_000..=1_800_000)),
        lost_after: millis(waits.number(s, "lost_after_ms", 10_000..=3_600_000)),
        fresh_max: millis(waits.number(s, "fresh_max_ms", 1_000..=300_000)),
        upload_floor_bytes_s: upload.number(s, "floor_bytes_s", 1_000..=100_000_000),
        upload_wait_min: millis(upload.number(s, "wait_min_ms", 10_000..=3_600_000)),
        slicer_flavor: slicing.sourced(s, "flavor"),
        level: slicing.texts(s, "level"),
    };
    if dialect.fresh_max <= dialect.poll_every {
        s.fault(waits.offset(), "`waits.fresh_max_ms` must be longer than `link.poll_every_ms`".to_owned());
    }
    for table in [link, waits, upload, slicing, top] {
        table.finish(s);
    }
    (source.sink.faults.len() == before).then_some(dialect)
}

fn read_mqtt(file: &str, text: &str, sink: &mut Sink) -> Option<Dialect> {
    let before = sink.faults.len();
    let mut source = Source { file, text, sink };
    let (parsed, errors) = toml::de::DeTable::parse_recoverable(text);
    if !source.accept(&errors) {
        return None;
    }
    let mut top = Table::top(&parsed);
    let s = &mut source;
    let title = top.text(s, "title");
    let protocol = top.text(s, "protocol");
    let mut link = top.table(s, "link");
    let mut waits = top.table(s, "waits");
    let mut upload = top.table(s, "upload");
    let mut words = top.table(s, "words");
    let mut slicing = top.table(s, "slicing");
    let dialect = Dialect {
        id: id_of(file),
        title,
        mqtt_port: port(link.number(s, "mqtt_port", 1..=65_535)),
        ftps_port: port(link.number(s, "ftps_port", 1..=65_535)),
        user: link.sourced(s, "user"),
        keep_alive: millis(link.number(s, "keep_alive_ms", 5_000..=300_000)),
        packet_bytes_max: size(link.number(s, "packet_bytes_max", 10_240..=4_194_304)),
        silence_max: millis(waits.number(s, "silence_max_ms", 5_000..=600_000)),
        reconnect_cooldown: millis(waits.number(s, "reconnect_cooldown_ms", 1_000..=600_000)),
        full_report_every: millis(waits.number(s, "full_report_every_ms", 1_000..=3_600_000)),
        start_wait: millis(waits.number(s, "start_wait_ms", 10_000..=1_800_000)),
        lost_after: millis(waits.number(s, "lost_after_ms", 10_000..=3_600_000)),
        fresh_max: millis(waits.number(s, "fresh_max_ms", 1_000..=300_000)),
        upload_floor_bytes_s: upload.number(s, "floor_bytes_s", 1_000..=100_000_000),
        upload_wait_min: millis(upload.number(s, "wait_min_ms", 10_000..=3_600_000)),
        startable: words.texts(s, "startable"),
        cancelled: words.texts(s, "cancelled"),
        slicer_flavor: slicing.sourced(s, "flavor"),
        level: slicing.texts(s, "level"),
    };
    if protocol != "bambu-mqtt" && !protocol.is_empty() {
        let known = "known are bambu-mqtt, moonraker, prusalink";
        s.fault(top.offset(), format!("`protocol` is `{protocol}`; {known}"));
    }
    if dialect.startable.is_empty() {
        s.fault(words.offset(), "`words.startable` may not be empty".to_owned());
    }
    for table in [link, waits, upload, words, slicing, top] {
        table.finish(s);
    }
    (source.sink.faults.len() == before).then_some(dialect)
}

/// A port out of a number that was checked to be one.
fn port(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
