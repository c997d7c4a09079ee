//! The gate before a printer: reads G-code once and refuses what must not be printed, whatever made it.
//!
//! It knows motion, heat and the list of commands that a plate needs. It never repairs anything.

mod head;
mod words;

use std::{io::BufRead as _, path::Path};

use firmware_profiles::{Control, Material, Profile};
use protocol::ids::Sha256;
use sha2::Digest as _;

use super::StageError;
use crate::files::FileError;
use head::Head;
use words::{Footer, Word, command_of, words_of};

/// Faults named at most; the rest is counted.
const FAULTS_MAX: usize = 8;
/// Longest line read, bytes.
const LINE_BYTES_MAX: usize = 4096;
/// Forgiven beyond a bound, mm: arithmetic of three decimals.
const SLACK_MM: f64 = 0.01;
/// Mass of the filament by the mass of the solid mesh: a real plate lies well inside (measured 0.37 to 0.79).
const MASS_SHARE: std::ops::RangeInclusive<f64> = 0.25..=1.2;

/// Every command that a plate of our own profiles may contain; anything else is refused by name.
const ALLOWED: &[&str] = &[
    "G0", "G1", "G2", "G3", "G4", "G10", "G11", "G21", "G28", "G29", "G80", "G90", "G91", "G92", "M17",
    "M73", "M75", "M77", "M82", "M83", "M84", "M104", "M105", "M106", "M107", "M109", "M117", "M140", "M190",
    "M201", "M203", "M204", "M205", "M220", "M221", "M400", "M900", "T0",
];
/// More of them for printers with a material feeder and a layer display.
const ALLOWED_OWNED: &[&str] = &["M620", "M621", "M622", "M623", "M991", "M1002", "G150", "M412"];

/// What is known of G-code that passed.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Audited {
    /// Hash of the file.
    pub sha256: Sha256,
    /// Estimated print time, seconds.
    pub time_s: u32,
    /// Filament by our own count of the moves, mm.
    pub filament_mm: f64,
    /// Filament, grams.
    pub mass_g: f64,
    /// Layers.
    pub layers: u32,
    /// Highest nozzle position while extruding, mm.
    pub max_z_mm: f64,
    /// Lines.
    pub lines: u64,
    /// Box of everything extruded, mm: west, south, east, north.
    pub box_mm: [f64; 4],
}

/// Checks a file for a printer and a material. With the mesh's volume the amount of plastic is checked too.
///
/// # Errors
/// [`StageError::Audit`] with every fault (the first eight), [`StageError::Disk`].
pub fn file(
    path: &Path,
    profile: &Profile,
    material: &Material,
    volume_mm3: Option<f64>,
) -> Result<Audited, StageError> {
    let file = std::fs::File::open(path).map_err(FileError::of("open", path))?;
    let mut reader = std::io::BufReader::new(file);
    let mut gate = Gate::new(profile, material);
    let mut hasher = sha2::Sha256::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(FileError::of("read", path))?;
        if read == 0 {
            break;
        }
        hasher.update(&line);
        gate.line(&line);
    }
    gate.finish(Sha256::from_digest(hasher.finalize().into()), volume_mm3)
}

/// The state of one reading.
struct Gate<'a> {
    profile: &'a Profile,
    material: &'a Material,
    head: Head,
    footer: Footer,
    faults: Vec<String>,
    faults_n: usize,
    line_n: u64,
    nozzle_c: u32,
    bed_c: u32,
    was_homed: bool,
}

impl<'a> Gate<'a> {
    fn new(profile: &'a Profile, material: &'a Material) -> Self {
        Self {
            profile,
            material,
            head: Head::default(),
            footer: Footer::default(),
            faults: Vec::new(),
            faults_n: 0,
            line_n: 0,
            nozzle_c: 0,
            bed_c: 0,
            was_homed: false,
        }
    }

    fn fault(&mut self, text: String) {
        self.faults_n += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(format!("line {}: {text}", self.line_n));
        }
    }

    fn line(&mut self, bytes: &[u8]) {
        self.line_n += 1;
        if self.line_n == 1 && bytes.starts_with(b"GCDE") {
            return self.fault("this is binary G-code, which only some printers read".into());
        }
        if bytes.len() > LINE_BYTES_MAX {
            return self.fault(format!("the line is longer than {LINE_BYTES_MAX} bytes"));
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.fault("the line is not text".into());
        };
        let text = text.trim();
        self.footer.read(text);
        let code = text.split(';').next().unwrap_or_default().trim();
        if let Some(command) = command_of(code) {
            self.command(&command, code);
        }
    }

    fn command(&mut self, command: &str, code: &str) {
        if !self.is_allowed(command) {
            return self.fault(format!("{command} has no place in a print"));
        }
        let words = match words_of(code) {
            Ok(words) => words,
            Err(bad) => return self.fault(format!("{bad:?} is not a number")),
        };
        match command {
            "G0" | "G1" | "G2" | "G3" => self.moved(&words),
            "G28" => {
                self.was_homed = true;
                self.head.home();
            }
            "G90" => self.head.absolute(true),
            "G91" => self.head.absolute(false),
            "M82" => self.head.absolute_extrusion(true),
            "M83" => self.head.absolute_extrusion(false),
            "G92" => self.head.set(&words),
            "M104" | "M109" => self.nozzle(&words),
            "M140" | "M190" => self.bed(&words),
            _ => {}
        }
    }

    fn is_allowed(&self, command: &str) -> bool {
        let is_owned = matches!(self.profile.control, Control::PrinterOwned(_));
        ALLOWED.contains(&command) || (is_owned && ALLOWED_OWNED.contains(&command))
    }

    fn moved(&mut self, words: &[Word]) {
        let step = self.head.go(words);
        if !step.is_extruding {
            return self.travelled();
        }
        if !self.was_homed {
            return self.fault("it extrudes before the printer is homed".into());
        }
        if self.nozzle_c < self.material.nozzle_min_c {
            let (now, least) = (self.nozzle_c, self.material.nozzle_min_c);
            return self.fault(format!("it extrudes at {now} °C, {} needs {least}", self.material.name));
        }
        let [x, y, z] = step.at;
        let usable = &self.profile.usable;
        let inside =
            |v: f64, min: u32, max: u32| v >= f64::from(min) - SLACK_MM && v <= f64::from(max) + SLACK_MM;
        let [[min_x, min_y], [max_x, max_y]] = [usable.min_mm, usable.max_mm];
        if !inside(x, min_x, max_x) || !inside(y, min_y, max_y) {
            self.fault(format!("it extrudes at X{x:.2} Y{y:.2}, outside the usable bed"));
        }
        if z > f64::from(self.profile.height_mm) + SLACK_MM {
            self.fault(format!("it extrudes at Z{z:.2}, higher than the printer"));
        }
    }

    /// Travel may reach the whole bed, for parking.
    fn travelled(&mut self) {
        let [x, y, _] = self.head.at();
        let [bed_x, bed_y] = self.profile.bed_mm.map(f64::from);
        let on = |v: f64, max: f64| (-SLACK_MM..=max + SLACK_MM).contains(&v);
        if self.was_homed && (!on(x, bed_x) || !on(y, bed_y)) {
            self.fault(format!("it travels to X{x:.2} Y{y:.2}, off the bed"));
        }
    }

    fn nozzle(&mut self, words: &[Word]) {
        let most = self.material.nozzle_max_c.min(self.profile.nozzle_max_c);
        match target(words) {
            Some(c) if c <= most => self.nozzle_c = c,
            Some(c) => self.fault(format!("the nozzle is set to {c} °C, {most} is the most")),
            None => self.fault("a nozzle temperature is missing".into()),
        }
    }

    fn bed(&mut self, words: &[Word]) {
        let most = self.material.bed_max_c.min(self.profile.bed_max_c);
        match target(words) {
            Some(c) if c <= most => self.bed_c = c,
            Some(c) => self.fault(format!("the bed is set to {c} °C, {most} is the most")),
            None => self.fault("a bed temperature is missing".into()),
        }
    }

    fn finish(mut self, sha256: Sha256, volume_mm3: Option<f64>) -> Result<Audited, StageError> {
        let head = &self.head;
        let (filament_mm, box_mm, max_z_mm) = (head.extruded_mm(), head.box_mm(), head.max_z_mm());
        let area_mm2 = std::f64::consts::PI * (f64::from(self.material.diameter_um) / 2000.0).powi(2);
        let density = f64::from(self.material.density_mg_cm3) / 1e6; // grams in a mm³
        let mass_g = filament_mm * area_mm2 * density;
        if filament_mm <= 0.0 {
            self.fault("it extrudes nothing".into());
        }
        if self.nozzle_c > 0 || self.bed_c > 0 {
            self.fault("it ends with a heater on".into());
        }
        if self.footer.layers == 0 {
            self.fault("it has no layers".into());
        }
        if self.footer.time_s == 0 {
            self.fault("it does not say how long it takes".into());
        }
        if let Some(volume) = volume_mm3.filter(|v| *v > 0.0) {
            let share = mass_g / (volume * density);
            if !MASS_SHARE.contains(&share) {
                self.fault(format!(
                    "it uses {:.0} % of the solid model's plastic; the model or its slice is broken",
                    share * 100.0
                ));
            }
        }
        if self.faults_n > 0 {
            if self.faults_n > self.faults.len() {
                self.faults.push(format!("and {} more", self.faults_n - self.faults.len()));
            }
            return Err(StageError::Audit(self.faults));
        }
        let (time_s, layers) = (self.footer.time_s, self.footer.layers);
        Ok(Audited { sha256, time_s, filament_mm, mass_g, layers, max_z_mm, lines: self.line_n, box_mm })
    }
}

/// `S` or `R` of a temperature command, whole degrees rounded up.
fn target(words: &[Word]) -> Option<u32> {
    let value = words.iter().find(|w| matches!(w.letter, 'S' | 'R'))?.value;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
    let whole = value.ceil().clamp(0.0, 10_000.0) as u32;
    Some(whole)
}
