//! The manual names every parameter, and every picture it shows is there.

use protocol::grid::GridParams;
use std::path::Path;

#[test]
fn the_manual_has_every_parameter_with_its_limits_and_every_picture() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let manual = std::fs::read_to_string(docs.join("gridflock.md")).unwrap();
    for parameter in GridParams::AVAILABLE {
        let row = manual.lines().find(|line| line.starts_with(&format!("| `{}` |", parameter.name)));
        let row = row.unwrap_or_else(|| panic!("{} is not in docs/gridflock.md", parameter.name));
        let limits = parameter.range.map(|range| format!("| {} | {} |", range[0], range[1]));
        let limits = limits.unwrap_or_else(|| "|  |  |".to_owned());
        assert!(row.contains(&limits), "{} has other limits: {row}", parameter.name);
        assert!(row.ends_with(&format!("{} |", parameter.about)), "{row}");
    }
    for picture in manual.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(docs.join(picture).exists(), "{picture} is missing");
    }
}
