//! Loads all data, lays directories over it, and checks the texts of faults as a person would read them.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
use std::fs;
use std::path::{Path, PathBuf};

use firmware_profiles::{Control, Library};

#[test]
fn every_compiled_in_profile_is_sound() {
    let library = Library::embedded().unwrap();
    let names: Vec<_> = library.profiles().map(|profile| profile.id.as_str().to_owned()).collect();
    assert_eq!(names, ["bambu/a1", "creality/cr-10", "creality/ender-3"]);
    assert!(library.material("PLA").unwrap().slicer_ini().contains("filament_density = 1.240\n"));
    for profile in library.profiles() {
        let streamed = matches!(profile.control, Control::Streamed(_));
        assert_eq!(profile.baud > 0, streamed, "{}", profile.id);
        assert!(profile.slicer_ini.contains("start_gcode = "), "{}", profile.id);
    }
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
            .replace(", source = \"CH340 adapter with DTR on the reset line\"", "")
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
fn slicer_settings_that_contradict_the_profile_are_refused() {
    let dir = Overrides::of("ini", "slicer/bambu-a1.ini", |text| {
        text.replace("bed_shape = 0x0,256x0", "bed_shape = 0x0,300x0").replace("skirts = 0", "skirts = 1")
    });
    let faults = dir.faults();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].contains("must say `bed_shape = 0x0,256x0,256x256,0x256`"), "{faults:?}");
    assert!(faults[1].contains("must say `skirts = 0`"), "{faults:?}");
}

#[test]
fn syntax_errors_name_their_line() {
    let dir = Overrides::of("syntax", "materials.toml", |text| text.replace("[PETG]", "[PETG"));
    assert!(dir.faults()[0].starts_with("materials.toml:16: is not valid TOML"), "{:?}", dir.faults());
}
