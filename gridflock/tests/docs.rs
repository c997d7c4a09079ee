//! The manual names every parameter, shows it in a picture, and every picture it shows is there.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use protocol::grid::GridParams;
use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[test]
fn the_manual_has_every_parameter_with_its_limits() {
    let manual = read("docs/gridflock.md");
    for parameter in GridParams::AVAILABLE {
        let row = manual.lines().find(|line| line.starts_with(&format!("| `{}` |", parameter.name)));
        let row = row.unwrap_or_else(|| panic!("{} is not in docs/gridflock.md", parameter.name));
        let limits = parameter.range.map(|range| format!("| {} | {} |", range[0], range[1]));
        let limits = limits.unwrap_or_else(|| "|  |  |".to_owned());
        assert!(row.contains(&limits), "{} has other limits: {row}", parameter.name);
        assert!(row.ends_with(&format!("{} |", parameter.about)), "{row}");
    }
}

/// The names of the pictures of a part of the manual.
fn pictures(part: &str) -> impl Iterator<Item = &str> {
    part.split("](gridflock/").skip(1).filter_map(|rest| rest.split(".png)").next())
}

#[test]
fn every_parameter_has_a_picture_in_its_section() {
    let (manual, script) = (read("docs/gridflock.md"), read("scripts/grid-pictures.sh"));
    // The parameters of a picture are those of its line in the script that draws it.
    let drawn = |picture: &str, name: &str| {
        let line = script.lines().find(|line| line.split(' ').next() == Some(picture));
        line.is_some_and(|line| line.contains(&format!("\"{name}\":")))
    };
    for parameter in GridParams::AVAILABLE {
        let row = format!("| `{}` |", parameter.name);
        let section = manual.split("\n## ").find(|section| section.contains(&row)).unwrap();
        let shown = pictures(section).any(|picture| drawn(picture, parameter.name));
        assert!(shown, "no picture beside {} is drawn with it", parameter.name);
    }
    for picture in pictures(&manual) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/gridflock/{picture}.png"));
        assert!(file.exists(), "{picture}.png is missing");
    }
}
