//! Loads all data, lays directories over it, and checks the texts of faults as a person would read them.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
use std::fs;
use std::path::{Path, PathBuf};

use firmware_profiles::{Control, Library, Profile, Verified};

#[test]
fn every_compiled_in_profile_is_sound() {
    let library = Library::embedded().unwrap();
    let firmwares: Vec<_> = library.firmwares().map(|firmware| firmware.id.as_str()).collect();
    let known = [
        "klipper",
        "marlin1",
        "marlin2",
        "prusa-buddy",
        "prusa-mk3",
        "repetier",
        "reprapfirmware",
        "smoothieware",
    ];
    assert_eq!(firmwares, known);
    assert!(library.profiles().count() >= 50);
    assert!(library.material("PLA").unwrap().slicer_ini().contains("filament_density = 1.240\n"));
    for profile in library.profiles() {
        let streamed = matches!(profile.control, Control::Streamed(_));
        assert_eq!(profile.baud > 0, streamed, "{}", profile.id);
        assert!(profile.slicer_ini.contains("start_gcode = "), "{}", profile.id);
        assert_eq!(profile.verified, Verified::Simulated, "{}: nobody has tried it on hardware", profile.id);
    }
}

/// Every firmware and dialect is the one of some model, so that its figures are not written for nobody.
#[test]
fn every_firmware_has_a_model() {
    let library = Library::embedded().unwrap();
    for firmware in library.firmwares() {
        let used =
            |profile: &&Profile| matches!(&profile.control, Control::Streamed(it) if it.id == firmware.id);
        assert!(library.profiles().any(|profile| used(&profile)), "{}", firmware.id);
    }
}

#[test]
fn slicer_settings_hold_the_figures_of_the_model() {
    let library = Library::embedded().unwrap();
    let lines = |model: &str, keys: &[&str]| -> Vec<String> {
        let ini = &library.profile(model).unwrap().slicer_ini;
        keys.iter()
            .map(|key| ini.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap().to_owned())
            .collect()
    };
    let keys = [
        "bed_shape",
        "max_print_height",
        "nozzle_diameter",
        "gcode_flavor",
        "retract_length",
        "retract_speed",
    ];
    assert_eq!(
        lines("prusa/mk3s", &keys),
        [
            "bed_shape = 0x0,250x0,250x210,0x210",
            "max_print_height = 210",
            "nozzle_diameter = 0.4",
            "gcode_flavor = marlin",
            "retract_length = 0.8",
            "retract_speed = 35",
        ]
    );
    let start = &lines("prusa/mk3s", &["start_gcode"])[0];
    assert!(start.contains(r"\nG28\nG80\nM190 "), "the bed is levelled after homing: {start}");
    assert!(start.contains(r"\nG1 X3 Y10 Z0.3 F6000\nG1 X3 Y110 E10 F1500\n"), "{start}");
    let end = &lines("prusa/mk3s", &["end_gcode"])[0];
    assert!(end.ends_with(r"\nG1 X3 Y205 F6000\nM84"), "{end}");
    for profile in library.profiles() {
        assert!(!profile.slicer_ini.lines().any(|line| !line.starts_with('#') && line.contains('@')));
    }
}

/// What the manual of a profile file says is what the reader asks for: removing any key is a fault that names it.
#[test]
fn the_schema_names_exactly_what_is_required() {
    let schema: serde_json::Value = serde_json::from_str(&Library::schema().unwrap()).unwrap();
    let files = [
        ("firmware", "firmware/marlin2.toml"),
        ("dialect", "dialect/bambu.toml"),
        ("printer", "printer/creality/ender-3.toml"),
    ];
    let mut removed = 0;
    for (kind, file) in files {
        let top = &schema["$defs"][kind];
        assert_eq!(top["additionalProperties"], false);
        for table in top["properties"].as_object().unwrap().keys() {
            for key in top["properties"][table]["required"].as_array().into_iter().flatten() {
                let key = key.as_str().unwrap();
                if key == "value" || key == "source" {
                    continue; // A figure at the top.
                }
                let without = Overrides::of(&format!("schema-{kind}-{table}-{key}"), file, |text| {
                    let line = |line: &&str| !line.starts_with(&format!("{key} = "));
                    text.lines().filter(line).collect::<Vec<_>>().join("\n")
                });
                let wanted = format!("`{table}.{key}` is missing");
                assert!(without.faults().iter().any(|fault| fault.contains(&wanted)), "{file}: {wanted}");
                removed += 1;
            }
        }
    }
    assert!(removed > 50, "{removed} keys");
    let bounds = &schema["$defs"]["firmware"]["properties"]["framing"]["properties"]["window_lines"];
    assert_eq!(
        bounds["properties"]["value"],
        serde_json::json!({ "type": "integer", "minimum": 1, "maximum": 19 })
    );
    let baud = &schema["$defs"]["printer"]["properties"]["machine"]["required"];
    assert!(!baud.as_array().unwrap().contains(&"baud".into()), "only serial printers have one");
    assert_eq!(schema["$defs"]["materials"]["additionalProperties"]["properties"]["bed_c"]["type"], "object");
}

/// Every number at its bounds: one below or above is refused.
#[test]
fn absurd_figures_are_refused_everywhere() {
    let schema: serde_json::Value = serde_json::from_str(&Library::schema().unwrap()).unwrap();
    let files = [
        ("firmware", "firmware/marlin2.toml"),
        ("dialect", "dialect/bambu.toml"),
        ("printer", "printer/creality/ender-3.toml"),
    ];
    let mut tried = 0;
    for (kind, file) in files {
        for (table, keys) in schema["$defs"][kind]["properties"].as_object().unwrap() {
            for (key, figure) in keys["properties"].as_object().into_iter().flatten() {
                let Some(most) = figure["properties"]["value"]["maximum"].as_u64() else { continue };
                let start = format!("{key} = {{ value = ");
                let absurd = Overrides::of(&format!("absurd-{kind}-{table}-{key}"), file, |text| {
                    let change =
                        |line: &str| match line.strip_prefix(&start).and_then(|rest| rest.split_once(',')) {
                            Some((_, rest)) => format!("{start}{},{rest}", most + 1),
                            None => line.to_owned(),
                        };
                    text.lines().map(change).collect::<Vec<_>>().join("\n")
                });
                let wanted = format!("`{table}.{key}` must be a whole number from ");
                let there = fs::read_to_string(absurd.0.join(file)).unwrap().contains(&start);
                assert!(
                    !there || absurd.faults().iter().any(|fault| fault.contains(&wanted)),
                    "{file}: {wanted}"
                );
                tried += u32::from(there);
            }
        }
    }
    assert!(tried > 30, "{tried} figures");
}

#[test]
fn every_data_file_is_compiled_in() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let mut on_disk = Vec::new();
    collect(&root, &root, &mut on_disk);
    on_disk.sort();
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/files.rs")).unwrap();
    for path in on_disk {
        assert!(source.contains(&format!("../data/{path}\"")), "src/files.rs does not name {path}");
    }
}

fn collect(root: &Path, dir: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, into);
        } else {
            into.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        }
    }
}

/// A directory with one changed copy of a data file.
struct Overrides(PathBuf);

impl Overrides {
    fn of(name: &str, file: &str, change: impl Fn(String) -> String) -> Self {
        let dir = std::env::temp_dir().join(format!("profiles-{}-{name}", std::process::id()));
        let target = dir.join(file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(file);
        let mut out = fs::File::create(target).unwrap();
        std::io::Write::write_all(&mut out, change(fs::read_to_string(original).unwrap()).as_bytes())
            .unwrap();
        Self(dir)
    }

    fn faults(&self) -> Vec<String> {
        Library::with_overrides(&self.0).unwrap_err().0.iter().map(ToString::to_string).collect()
    }
}

impl Drop for Overrides {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[test]
fn an_override_replaces_a_file_and_reaches_every_printer_that_names_it() {
    let dir = Overrides::of("replace", "firmware/marlin2.toml", |text| {
        text.replace("window_lines = { value = 3", "window_lines = { value = 2")
    });
    let library = Library::with_overrides(&dir.0).unwrap();
    for name in ["creality/ender-3", "creality/cr-10"] {
        let Control::Streamed(firmware) = &library.profile(name).unwrap().control else { unreachable!() };
        assert_eq!(firmware.window_lines, 2);
    }
}

#[test]
fn all_faults_are_told_at_once_with_file_and_line() {
    let dir = Overrides::of("faults", "printer/creality/ender-3.toml", |text| {
        text.replace("height_mm = { value = 250", "height_mm = { value = 25000")
            .replace("baud = {", "bauds = {")
            .replace("usable_max_x_mm = { value = 218", "usable_max_x_mm = { value = 221")
            .replace(", source = \"USB adapter with DTR on the reset line; counted as such until tried\"", "")
    });
    assert_eq!(
        dir.faults(),
        [
            "printer/creality/ender-3.toml:7: `build`: the usable area must have a size and lie on the bed",
            "printer/creality/ender-3.toml:14: `build.height_mm` must be a whole number from 20 to 2000",
            "printer/creality/ender-3.toml:16: `machine.baud` is missing",
            "printer/creality/ender-3.toml:20: `machine.bauds` is not a known key",
            "printer/creality/ender-3.toml:21: `machine.resets_on_open` needs a `source` that says where the figure comes from",
        ]
    );
}

#[test]
fn slicer_settings_that_a_farm_cannot_use_are_refused() {
    let dir = Overrides::of("ini", "slicer/fast.ini", |text| {
        text.replace("@bed_shape@", "0x0,300x0,300x256,0x256")
            .replace("skirts = 0", "skirts = 1")
            .replace("@retract@", "@retrat@")
    });
    let faults = dir.faults();
    assert!(
        faults.iter().any(|it| it.contains("must say `bed_shape = 0x0,256x0,256x256,0x256`")),
        "{faults:?}"
    );
    assert!(faults.iter().any(|it| it.contains("must say `skirts = 0`")), "{faults:?}");
    assert!(
        faults.iter().any(|it| it.contains("slicer/fast.ini:17: names a figure `@retrat@`")),
        "{faults:?}"
    );
}

#[test]
fn scripts_that_cannot_be_sent_are_refused() {
    let dir = Overrides::of("script", "firmware/marlin2.toml", |text| {
        text.replace("\"M84\"]", "\"M117 grün\"]").replace("[\"M85 S0\"]", "[]")
    });
    let faults = dir.faults();
    assert!(
        faults.iter().any(|it| it.contains("the script line \"M117 grün\" cannot be sent")),
        "{faults:?}"
    );
    assert!(
        faults.iter().any(|it| it.contains("`scripts.arm` and `scripts.disarm` belong together")),
        "{faults:?}"
    );
}

#[test]
fn syntax_errors_name_their_line() {
    let dir = Overrides::of("syntax", "materials.toml", |text| text.replace("[PETG]", "[PETG"));
    assert!(dir.faults()[0].starts_with("materials.toml:16: is not valid TOML"), "{:?}", dir.faults());
}
