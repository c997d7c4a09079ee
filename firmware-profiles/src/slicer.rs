//! Checks a profile's slicer settings against the profile: what a farm may never leave to chance.
//! The settings are PrusaSlicer's `key = value` lines; this module never runs a slicer.
use crate::error::Fault;
use crate::printer::Profile;

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
    expect(ini, file, "bed_shape", &format!("0x0,{x}x0,{x}x{y},0x{y}"), "the bed of the profile", faults);
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
