//! The text of every profile file by path: the compiled-in set, with an owner's directory laid over it.
//! The list is written out by hand, so that the crate needs no build script; a test compares it with `data/`.
use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Fault;

/// Paths below `data/` with their text.
pub(crate) const EMBEDDED: &[(&str, &str)] = &[
    ("dialect/bambu.toml", include_str!("../data/dialect/bambu.toml")),
    ("dialect/moonraker.toml", include_str!("../data/dialect/moonraker.toml")),
    ("dialect/prusalink.toml", include_str!("../data/dialect/prusalink.toml")),
    ("firmware/klipper.toml", include_str!("../data/firmware/klipper.toml")),
    ("firmware/marlin1.toml", include_str!("../data/firmware/marlin1.toml")),
    ("firmware/marlin2.toml", include_str!("../data/firmware/marlin2.toml")),
    ("firmware/prusa-buddy.toml", include_str!("../data/firmware/prusa-buddy.toml")),
    ("firmware/prusa-mk3.toml", include_str!("../data/firmware/prusa-mk3.toml")),
    ("firmware/repetier.toml", include_str!("../data/firmware/repetier.toml")),
    ("firmware/reprapfirmware.toml", include_str!("../data/firmware/reprapfirmware.toml")),
    ("firmware/smoothieware.toml", include_str!("../data/firmware/smoothieware.toml")),
    ("materials.toml", include_str!("../data/materials.toml")),
    ("printer/anycubic/chiron.toml", include_str!("../data/printer/anycubic/chiron.toml")),
    ("printer/anycubic/i3-mega-s.toml", include_str!("../data/printer/anycubic/i3-mega-s.toml")),
    ("printer/anycubic/i3-mega.toml", include_str!("../data/printer/anycubic/i3-mega.toml")),
    ("printer/anycubic/kobra-max.toml", include_str!("../data/printer/anycubic/kobra-max.toml")),
    ("printer/anycubic/kobra.toml", include_str!("../data/printer/anycubic/kobra.toml")),
    ("printer/anycubic/mega-x.toml", include_str!("../data/printer/anycubic/mega-x.toml")),
    ("printer/anycubic/vyper.toml", include_str!("../data/printer/anycubic/vyper.toml")),
    ("printer/artillery/genius.toml", include_str!("../data/printer/artillery/genius.toml")),
    ("printer/artillery/sidewinder-x1.toml", include_str!("../data/printer/artillery/sidewinder-x1.toml")),
    ("printer/bambu/a1-mini.toml", include_str!("../data/printer/bambu/a1-mini.toml")),
    ("printer/bambu/a1.toml", include_str!("../data/printer/bambu/a1.toml")),
    ("printer/bambu/p1p.toml", include_str!("../data/printer/bambu/p1p.toml")),
    ("printer/bambu/p1s.toml", include_str!("../data/printer/bambu/p1s.toml")),
    ("printer/bambu/x1-carbon.toml", include_str!("../data/printer/bambu/x1-carbon.toml")),
    ("printer/bambu/x1.toml", include_str!("../data/printer/bambu/x1.toml")),
    ("printer/biqu/b1.toml", include_str!("../data/printer/biqu/b1.toml")),
    ("printer/creality/cr-10-s5.toml", include_str!("../data/printer/creality/cr-10-s5.toml")),
    ("printer/creality/cr-10-v2.toml", include_str!("../data/printer/creality/cr-10-v2.toml")),
    ("printer/creality/cr-10.toml", include_str!("../data/printer/creality/cr-10.toml")),
    ("printer/creality/cr-10s-pro.toml", include_str!("../data/printer/creality/cr-10s-pro.toml")),
    ("printer/creality/cr-10s.toml", include_str!("../data/printer/creality/cr-10s.toml")),
    ("printer/creality/cr-6-se.toml", include_str!("../data/printer/creality/cr-6-se.toml")),
    ("printer/creality/ender-2-pro.toml", include_str!("../data/printer/creality/ender-2-pro.toml")),
    ("printer/creality/ender-3-max.toml", include_str!("../data/printer/creality/ender-3-max.toml")),
    ("printer/creality/ender-3-pro.toml", include_str!("../data/printer/creality/ender-3-pro.toml")),
    ("printer/creality/ender-3-s1-plus.toml", include_str!("../data/printer/creality/ender-3-s1-plus.toml")),
    ("printer/creality/ender-3-s1-pro.toml", include_str!("../data/printer/creality/ender-3-s1-pro.toml")),
    ("printer/creality/ender-3-s1.toml", include_str!("../data/printer/creality/ender-3-s1.toml")),
    ("printer/creality/ender-3-v2.toml", include_str!("../data/printer/creality/ender-3-v2.toml")),
    ("printer/creality/ender-3-v3-ke.toml", include_str!("../data/printer/creality/ender-3-v3-ke.toml")),
    ("printer/creality/ender-3-v3-se.toml", include_str!("../data/printer/creality/ender-3-v3-se.toml")),
    ("printer/creality/ender-3.toml", include_str!("../data/printer/creality/ender-3.toml")),
    ("printer/creality/ender-5-plus.toml", include_str!("../data/printer/creality/ender-5-plus.toml")),
    ("printer/creality/ender-5-pro.toml", include_str!("../data/printer/creality/ender-5-pro.toml")),
    ("printer/creality/ender-5.toml", include_str!("../data/printer/creality/ender-5.toml")),
    ("printer/creality/ender-6.toml", include_str!("../data/printer/creality/ender-6.toml")),
    ("printer/creality/k1-max.toml", include_str!("../data/printer/creality/k1-max.toml")),
    ("printer/creality/k1.toml", include_str!("../data/printer/creality/k1.toml")),
    ("printer/creality/k1c.toml", include_str!("../data/printer/creality/k1c.toml")),
    ("printer/elegoo/neptune-2.toml", include_str!("../data/printer/elegoo/neptune-2.toml")),
    ("printer/elegoo/neptune-3-max.toml", include_str!("../data/printer/elegoo/neptune-3-max.toml")),
    ("printer/elegoo/neptune-3-plus.toml", include_str!("../data/printer/elegoo/neptune-3-plus.toml")),
    ("printer/elegoo/neptune-3-pro.toml", include_str!("../data/printer/elegoo/neptune-3-pro.toml")),
    ("printer/elegoo/neptune-3.toml", include_str!("../data/printer/elegoo/neptune-3.toml")),
    ("printer/elegoo/neptune-4-max.toml", include_str!("../data/printer/elegoo/neptune-4-max.toml")),
    ("printer/elegoo/neptune-4-plus.toml", include_str!("../data/printer/elegoo/neptune-4-plus.toml")),
    ("printer/elegoo/neptune-4-pro.toml", include_str!("../data/printer/elegoo/neptune-4-pro.toml")),
    ("printer/elegoo/neptune-4.toml", include_str!("../data/printer/elegoo/neptune-4.toml")),
    ("printer/generic/klipper.toml", include_str!("../data/printer/generic/klipper.toml")),
    ("printer/generic/marlin.toml", include_str!("../data/printer/generic/marlin.toml")),
    ("printer/generic/moonraker.toml", include_str!("../data/printer/generic/moonraker.toml")),
    ("printer/generic/repetier.toml", include_str!("../data/printer/generic/repetier.toml")),
    ("printer/generic/reprapfirmware.toml", include_str!("../data/printer/generic/reprapfirmware.toml")),
    ("printer/generic/smoothieware.toml", include_str!("../data/printer/generic/smoothieware.toml")),
    ("printer/kingroon/kp3s.toml", include_str!("../data/printer/kingroon/kp3s.toml")),
    ("printer/longer/lk4-pro.toml", include_str!("../data/printer/longer/lk4-pro.toml")),
    ("printer/longer/lk5-pro.toml", include_str!("../data/printer/longer/lk5-pro.toml")),
    ("printer/prusa/core-one.toml", include_str!("../data/printer/prusa/core-one.toml")),
    ("printer/prusa/mini-usb.toml", include_str!("../data/printer/prusa/mini-usb.toml")),
    ("printer/prusa/mini.toml", include_str!("../data/printer/prusa/mini.toml")),
    ("printer/prusa/mk2-5s.toml", include_str!("../data/printer/prusa/mk2-5s.toml")),
    ("printer/prusa/mk3-5s.toml", include_str!("../data/printer/prusa/mk3-5s.toml")),
    ("printer/prusa/mk3.toml", include_str!("../data/printer/prusa/mk3.toml")),
    ("printer/prusa/mk3s.toml", include_str!("../data/printer/prusa/mk3s.toml")),
    ("printer/prusa/mk4.toml", include_str!("../data/printer/prusa/mk4.toml")),
    ("printer/prusa/mk4s.toml", include_str!("../data/printer/prusa/mk4s.toml")),
    ("printer/prusa/xl.toml", include_str!("../data/printer/prusa/xl.toml")),
    ("printer/qidi/x-max-3.toml", include_str!("../data/printer/qidi/x-max-3.toml")),
    ("printer/qidi/x-plus-3.toml", include_str!("../data/printer/qidi/x-plus-3.toml")),
    ("printer/sovol/sv01.toml", include_str!("../data/printer/sovol/sv01.toml")),
    ("printer/sovol/sv06-plus.toml", include_str!("../data/printer/sovol/sv06-plus.toml")),
    ("printer/sovol/sv06.toml", include_str!("../data/printer/sovol/sv06.toml")),
    ("printer/sovol/sv07.toml", include_str!("../data/printer/sovol/sv07.toml")),
    ("printer/sovol/sv08.toml", include_str!("../data/printer/sovol/sv08.toml")),
    ("printer/voron/trident-250.toml", include_str!("../data/printer/voron/trident-250.toml")),
    ("printer/voron/trident-300.toml", include_str!("../data/printer/voron/trident-300.toml")),
    ("printer/voron/trident-350.toml", include_str!("../data/printer/voron/trident-350.toml")),
    ("printer/voron/v0-2.toml", include_str!("../data/printer/voron/v0-2.toml")),
    ("printer/voxelab/aquila.toml", include_str!("../data/printer/voxelab/aquila.toml")),
    ("printer/wanhao/duplicator-i3.toml", include_str!("../data/printer/wanhao/duplicator-i3.toml")),
    ("slicer/classic.ini", include_str!("../data/slicer/classic.ini")),
    ("slicer/fast.ini", include_str!("../data/slicer/fast.ini")),
];

/// Largest profile file that is read, in bytes. A real one has 5 kB.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// Most files an owner's directory may hold.
const FILES_MAX: usize = 1_000;
/// Deepest folder below an owner's directory (`printer/<vendor>/<model>.toml` is 2).
const DEPTH_MAX: usize = 3;

/// Path → text.
pub(crate) type Files = BTreeMap<String, String>;

/// The compiled-in files.
pub(crate) fn embedded() -> Files {
    EMBEDDED.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// Lays the `.toml` and `.ini` files below `dir` over `files`: the same path replaces the whole file.
pub(crate) fn overlay(files: &mut Files, dir: &Path, faults: &mut Vec<Fault>) {
    let mut found = 0;
    walk(dir, "", 0, &mut found, files, faults);
}

fn walk(
    dir: &Path,
    prefix: &str,
    depth: usize,
    found: &mut usize,
    files: &mut Files,
    faults: &mut Vec<Fault>,
) {
    let mut fault = |file: &str, what: String| faults.push(Fault { file: file.to_owned(), line: 0, what });
    let listing = match std::fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) => return fault(&dir.display().to_string(), format!("cannot be listed: {error}")),
    };
    let mut paths: Vec<_> = listing.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    for path in paths {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let relative = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        if path.is_dir() {
            if depth < DEPTH_MAX {
                walk(&path, &relative, depth + 1, found, files, faults);
            }
            continue;
        }
        if !matches!(path.extension().and_then(|ext| ext.to_str()), Some("toml" | "ini")) {
            continue;
        }
        *found += 1;
        let mut fault = |what: String| faults.push(Fault { file: relative.clone(), line: 0, what });
        if *found > FILES_MAX {
            return fault(format!("more than {FILES_MAX} profile files in one directory"));
        }
        match std::fs::metadata(&path) {
            Ok(meta) if meta.len() > FILE_BYTES_MAX => {
                fault(format!("is larger than {FILE_BYTES_MAX} bytes"))
            }
            Ok(_) => match std::fs::read_to_string(&path) {
                Ok(text) => drop(files.insert(relative.clone(), text)),
                Err(error) => fault(format!("cannot be read: {error}")),
            },
            Err(error) => fault(format!("cannot be read: {error}")),
        }
    }
}
