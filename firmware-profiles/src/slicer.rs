//! A model's slicer settings: a shared file with the model's figures put in, and the check of what a farm may never
//! leave to chance. The settings are PrusaSlicer's `key = value` lines; this module never runs a slicer.
use crate::error::Fault;
use crate::printer::Profile;

/// The first purge line begins this far inside the usable area and ends at most this far from its front, in mm.
const PURGE_EDGE_MM: u32 = 1;
const PURGE_BACK_MM: u32 = 110;
/// The bed stops this far before its end when a print is done, in mm.
const PARK_EDGE_MM: u32 = 5;

/// Puts the figures of a model in the places that the file leaves for them: `@bed_shape@` and others.
pub(crate) fn fill(template: &str, profile: &Profile) -> String {
    let [x, y] = profile.bed_mm;
    let [min_x, min_y] = profile.usable.min_mm;
    let [_, max_y] = profile.usable.max_mm;
    let (flavor, level) = profile.control.slicing();
    let level: String = level.iter().map(|line| format!("\\n{line}")).collect();
    let figures = [
        ("@bed_shape@", bed_shape(x, y)),
        ("@height@", profile.height_mm.to_string()),
        ("@nozzle@", decimal(profile.nozzle_um)),
        ("@flavor@", flavor.to_owned()),
        ("@level@", level),
        ("@retract@", decimal(profile.retract_um)),
        ("@retract_speed@", profile.retract_mm_s.to_string()),
        ("@purge_x@", (min_x + PURGE_EDGE_MM).to_string()),
        ("@purge_front@", (min_y + PURGE_EDGE_MM).max(10).to_string()),
        ("@purge_back@", PURGE_BACK_MM.min(max_y.saturating_sub(PURGE_EDGE_MM)).to_string()),
        ("@park_y@", y.saturating_sub(PARK_EDGE_MM).to_string()),
    ];
    figures.iter().fold(template.to_owned(), |text, (place, figure)| text.replace(place, figure))
}

fn bed_shape(x: u32, y: u32) -> String {
    format!("0x0,{x}x0,{x}x{y},0x{y}")
}

/// Keys with the only value that is right here, and why.
const REQUIRED: &[(&str, &str, &str)] = &[
    ("printer_technology", "FFF", "plates are filament prints"),
    ("binary_gcode", "0", "a driver streams text, and the audit reads text"),
    ("silent_mode", "0", "1 writes a second set of M73"),
    ("post_process", "", "a profile may not start programs"),
    ("use_relative_e_distances", "1", "resends and line counts stay small"),
    ("skirts", "0", "a skirt leaves the bed on a full-size plate"),
    ("brim_width", "0", "a brim leaves the bed on a full-size plate"),
    ("remaining_times", "1", "M73 carries progress"),
];

/// Compares the settings with the profile.
pub(crate) fn check(profile: &Profile, file: &str, faults: &mut Vec<Fault>) {
    let ini = &profile.slicer_ini;
    for (key, wanted, why) in REQUIRED {
        expect(ini, file, key, wanted, why, faults);
    }
    let [x, y] = profile.bed_mm;
    expect(ini, file, "bed_shape", &bed_shape(x, y), "the bed of the profile", faults);
    expect(
        ini,
        file,
        "max_print_height",
        &profile.height_mm.to_string(),
        "the height of the profile",
        faults,
    );
    let nozzle = decimal(profile.nozzle_um);
    expect(ini, file, "nozzle_diameter", &nozzle, "the nozzle of the profile", faults);
    for (number, line) in ini.lines().enumerate() {
        let code = line.trim();
        if let Some(place) = code.split('@').nth(1).filter(|_| !code.starts_with('#')) {
            let what = format!("names a figure `@{place}@` that no model has");
            faults.push(Fault { file: file.to_owned(), line: number + 1, what });
        }
        if !code.is_empty() && !code.starts_with('#') && !code.contains('=') {
            faults.push(Fault {
                file: file.to_owned(),
                line: number + 1,
                what: "is not `key = value`".to_owned(),
            });
        }
    }
}

/// `400` µm → `0.4` mm.
fn decimal(um: u32) -> String {
    let text = format!("{}.{:03}", um / 1000, um % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn expect(ini: &str, file: &str, key: &str, wanted: &str, why: &str, faults: &mut Vec<Fault>) {
    let mut line = 0;
    let mut found = None;
    for (number, text) in ini.lines().enumerate() {
        let Some((name, value)) = text.split_once('=') else {
            continue;
        };
        if name.trim() == key {
            line = number + 1;
            found = Some(value.trim());
        }
    }
    if found != Some(wanted) {
        let what = format!("must say `{key} = {wanted}` ({why})");
        faults.push(Fault { file: file.to_owned(), line, what });
    }
}
