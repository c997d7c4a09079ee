//! The text of every profile file by path: the compiled-in set, with an owner's directory laid over it.
//! The list is written out by hand, so that the crate needs no build script; a test compares it with `data/`.
use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Fault;

/// Paths below `data/` with their text.
pub(crate) const EMBEDDED: &[(&str, &str)] = &[
    ("dialect/bambu.toml", include_str!("../data/dialect/bambu.toml")),
    ("firmware/marlin2.toml", include_str!("../data/firmware/marlin2.toml")),
    ("materials.toml", include_str!("../data/materials.toml")),
    ("printer/bambu/a1.toml", include_str!("../data/printer/bambu/a1.toml")),
    ("printer/creality/cr-10.toml", include_str!("../data/printer/creality/cr-10.toml")),
    ("printer/creality/ender-3.toml", include_str!("../data/printer/creality/ender-3.toml")),
    ("slicer/bambu-a1.ini", include_str!("../data/slicer/bambu-a1.ini")),
    ("slicer/creality-cr-10.ini", include_str!("../data/slicer/creality-cr-10.ini")),
    ("slicer/creality-ender-3.ini", include_str!("../data/slicer/creality-ender-3.ini")),
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
