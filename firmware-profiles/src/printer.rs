//! Printer models: the volume, what drives them, and what must be asked of a person.
use std::fmt;

use crate::dialect::{Dialect, HttpDialect};
use crate::firmware::Firmware;
use crate::read::{Sink, Source, Table};

/// Name of a printer model, `vendor/model` in lower case, such as `creality/ender-3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileId(String);

impl ProfileId {
    /// Parses a name. `None` unless it is two words of `a-z`, `0-9` and `-`, joined by one slash.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let word = |word: &str| {
            !word.is_empty()
                && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let (vendor, model) = text.split_once('/')?;
        (word(vendor) && word(model)).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProfileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a profile has been tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// Only with simulated printers: the owner must confirm the model once before the first start.
    Simulated,
    /// On the real machine.
    Hardware,
}

/// A rectangle on the bed in whole mm, from the corner of the coordinate system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Least X and Y.
    pub min_mm: [u32; 2],
    /// Largest X and Y.
    pub max_mm: [u32; 2],
}

/// Who owns a running job, and how it is talked to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one per printer model, kept for the life of the program")]
pub enum Control {
    /// The agent streams every line over a serial port.
    Streamed(Firmware),
    /// The printer owns the job; the agent uploads it and watches.
    PrinterOwned(Dialect),
    /// The same over HTTP; its file is plain G-code.
    PrinterOwnedHttp(HttpDialect),
}

impl Control {
    /// The slicer's name for its G-code, and the lines that level its bed after homing.
    #[must_use]
    pub fn slicing(&self) -> (&str, &[String]) {
        match self {
            Self::Streamed(firmware) => (&firmware.slicer_flavor, &firmware.level),
            Self::PrinterOwned(dialect) => (&dialect.slicer_flavor, &dialect.level),
            Self::PrinterOwnedHttp(dialect) => (&dialect.slicer_flavor, &dialect.level),
        }
    }
}

/// A printer model with everything it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// `vendor/model`.
    pub id: ProfileId,
    /// Vendor's name for people.
    pub vendor: String,
    /// Model's name for people.
    pub model: String,
    /// How far the profile has been tried.
    pub verified: Verified,
    /// Size of the bed in mm, X and Y.
    pub bed_mm: [u32; 2],
    /// Where plastic may lie.
    pub usable: Area,
    /// Largest print height in mm.
    pub height_mm: u32,
    /// Nozzle diameter in µm.
    pub nozzle_um: u32,
    /// Highest nozzle temperature of the machine in °C.
    pub nozzle_max_c: u32,
    /// Highest bed temperature of the machine in °C.
    pub bed_max_c: u32,
    /// Who owns the job.
    pub control: Control,
    /// Line speed of a serial port unless the owner sets another one.
    pub baud: u32,
    /// Whether opening the serial port resets the board, and with it a running job.
    pub resets_on_open: bool,
    /// Whether it can print something that the agent did not send (SD card, display, vendor's cloud).
    pub can_print_alone: bool,
    /// Telemetry older than this, in ms, is no evidence that the printer is idle.
    pub fresh_max_ms: u32,
    /// Bed surfaces that the model is sold with.
    pub plate_types: Vec<String>,
    /// How far the slicer draws the filament back, in µm.
    pub retract_um: u32,
    /// How fast, in mm/s.
    pub retract_mm_s: u32,
    /// Printer and print layer for the slicer: the named settings with this model's figures; the material's layer is
    /// loaded after it.
    pub slicer_ini: String,
}

/// What a printer file refers to.
pub(crate) struct Parts<'a> {
    pub(crate) firmware: &'a std::collections::BTreeMap<String, Firmware>,
    pub(crate) dialect: &'a std::collections::BTreeMap<String, Control>,
    pub(crate) files: &'a crate::files::Files,
}

/// Reads one printer file and puts in the parts it names; also gives the path of its slicer settings.
pub(crate) fn read(file: &str, text: &str, parts: &Parts<'_>, sink: &mut Sink) -> Option<(Profile, String)> {
    let before = sink.faults.len();
    let mut source = Source { file, text, sink };
    let (parsed, errors) = toml::de::DeTable::parse_recoverable(text);
    if !source.accept(&errors) {
        return None;
    }
    let mut top = Table::top(&parsed);
    let s = &mut source;
    let id = id(file, s)?;
    let (vendor, model) = (top.text(s, "vendor"), top.text(s, "model"));
    let verified = verified(&mut top, s);
    let control = control(&mut top, parts, s);
    let (ini_path, template) = ini(&mut top, parts, s);
    let mut build = top.table(s, "build");
    let mut machine = top.table(s, "machine");
    let mut slicing = top.table(s, "slicing");
    let streamed = !matches!(control, Some(Control::PrinterOwned(_) | Control::PrinterOwnedHttp(_)));
    let mut side =
        |s: &mut Source<'_>, x: &str, y: &str| [build.number(s, x, 0..=2_000), build.number(s, y, 0..=2_000)];
    let bed_mm = side(s, "bed_x_mm", "bed_y_mm");
    let min_mm = side(s, "usable_min_x_mm", "usable_min_y_mm");
    let max_mm = side(s, "usable_max_x_mm", "usable_max_y_mm");
    let height_mm = build.number(s, "height_mm", 20..=2_000);
    let mut profile = Profile {
        id,
        vendor,
        model,
        verified,
        bed_mm,
        usable: Area { min_mm, max_mm },
        height_mm,
        nozzle_um: machine.number(s, "nozzle_um", 100..=2_000),
        nozzle_max_c: machine.number(s, "nozzle_max_c", 180..=500),
        bed_max_c: machine.number(s, "bed_max_c", 0..=150),
        baud: if streamed { machine.number(s, "baud", 9_600..=4_000_000) } else { 0 },
        resets_on_open: streamed && machine.flag(s, "resets_on_open"),
        can_print_alone: machine.flag(s, "can_print_alone"),
        fresh_max_ms: machine.number(s, "fresh_max_ms", 1_000..=300_000),
        plate_types: machine.texts(s, "plate_types"),
        retract_um: slicing.number(s, "retract_um", 0..=10_000),
        retract_mm_s: slicing.number(s, "retract_mm_s", 5..=120),
        control: control?,
        slicer_ini: String::new(),
    };
    profile.slicer_ini = crate::slicer::fill(&template?, &profile);
    check(&profile, build.offset(), s);
    for table in [build, machine, slicing, top] {
        table.finish(s);
    }
    (source.sink.faults.len() == before).then_some((profile, ini_path))
}

fn check(profile: &Profile, at: usize, source: &mut Source<'_>) {
    let Area { min_mm, max_mm } = profile.usable;
    let inside =
        min_mm.iter().zip(max_mm).zip(profile.bed_mm).all(|((min, max), bed)| *min < max && max <= bed);
    if !inside {
        source.fault(at, "`build`: the usable area must have a size and lie on the bed".to_owned());
    }
    if profile.plate_types.is_empty() {
        source.fault(at, "`machine.plate_types` may not be empty".to_owned());
    }
    if profile.bed_mm.iter().any(|side| *side < 50) {
        source.fault(at, "`build`: a bed side must be 50 to 2000 mm".to_owned());
    }
}

fn id(file: &str, source: &mut Source<'_>) -> Option<ProfileId> {
    let name = file.strip_prefix("printer/").and_then(|name| name.strip_suffix(".toml")).unwrap_or(file);
    let id = ProfileId::parse(name);
    if id.is_none() {
        source.fault(
            0,
            "must be printer/<vendor>/<model>.toml in lower case letters, digits and `-`".to_owned(),
        );
    }
    id
}

fn verified(top: &mut Table<'_>, source: &mut Source<'_>) -> Verified {
    let at = top.offset();
    match top.sourced(source, "verified").as_str() {
        "hardware" => Verified::Hardware,
        "simulated" | "" => Verified::Simulated,
        other => {
            source.fault(at, format!("`verified` is `{other}`; known are simulated, hardware"));
            Verified::Simulated
        }
    }
}

fn control(top: &mut Table<'_>, parts: &Parts<'_>, source: &mut Source<'_>) -> Option<Control> {
    let at = top.offset();
    let text = top.text(source, "control");
    let control = match text.split_once('/') {
        Some(("firmware", id)) => parts.firmware.get(id).cloned().map(Control::Streamed),
        Some(("dialect", id)) => parts.dialect.get(id).cloned(),
        _ => None,
    };
    if control.is_none() && !text.is_empty() {
        source.fault(
            at,
            format!("`control` names `{text}`, which is not a sound firmware/… or dialect/… file"),
        );
    }
    control
}

fn ini(top: &mut Table<'_>, parts: &Parts<'_>, source: &mut Source<'_>) -> (String, Option<String>) {
    let at = top.offset();
    let text = top.text(source, "slicer");
    let found = parts.files.get(&text).filter(|_| text.starts_with("slicer/")).cloned();
    if found.is_none() && !text.is_empty() {
        source.fault(at, format!("`slicer` names `{text}`, which is not a slicer/*.ini file"));
    }
    (text, found)
}
