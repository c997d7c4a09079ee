//! What the original does not have: each feature takes or adds exactly the volume that it should.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use gridflock::{generate_plate, plan};
use protocol::grid::{GridParams, GridSpec};
use std::f64::consts::PI;

fn volume(json: &str) -> f64 {
    let spec = GridSpec::check(&GridParams::from_json(json).unwrap()).unwrap();
    let plan = plan(&spec).unwrap();
    generate_plate(&spec, &plan, plan.plates.first().unwrap().slot).unwrap().volume_mm3()
}

/// Area of a circle as it is made, with forty corners.
fn circle(diameter: f64) -> f64 {
    20.0 * (diameter / 2.0).powi(2) * (PI / 20.0).sin()
}

/// Checks that `feature` changes the volume of a plate of `base` by `expected` mm³.
fn check(base: &str, feature: &str, expected: f64) {
    let with = |more: &str| volume(&format!("{{\"numbering\":false,\"bed_size\":[256,256],{base}{more}}}"));
    let change = with(&format!(",{feature}")) - with("");
    assert!(
        (change - expected).abs() < 0.02 + 1e-4 * expected.abs(),
        "{feature}: {change}, not {expected} mm³"
    );
}

#[test]
fn relief_lowers_the_floors_below_the_bins() {
    // A square of 36.3 mm whose corners are round with 1.15 mm: ten chords each.
    let floor = 36.3_f64.powi(2) - (2.3_f64.powi(2) - circle(2.3));
    let base = r#""plate_size":[84,42],"solid_base":2"#;
    check(base, r#""seat_relief":0.25"#, -2.0 * floor * 0.25);
    // Nothing is below the bins.
    check(r#""plate_size":[84,42]"#, r#""seat_relief":0.25"#, 0.0);
}

#[test]
fn ribs_reach_into_the_hole_as_far_as_said() {
    // Triangles of which the wall cuts the root off: 0.4 high and 0.5 wide at the tip's side of the wall.
    let base = r#""plate_size":[42,42],"magnets":true,"magnet_style":0,"magnet_frame_style":0"#;
    let rib = |depth: f64| {
        // Half as wide at the wall as its slope has risen there; the wall bulges by less than a hundredth of it.
        let (root, half) = (depth + 0.1, depth + 0.2);
        depth * depth * half / root
    };
    let height = 2.25 - 0.4;
    let change = |depth: f64| 4.0 * 8.0 * rib(depth) * height;
    for depth in [0.2, 0.4] {
        let feature = format!(r#""magnet_rib_count":8,"magnet_rib_depth":{depth}"#);
        let with = |more: &str| volume(&format!("{{\"numbering\":false,{base}{more}}}"));
        let found = with(&format!(",{feature}")) - with("");
        assert!((found / change(depth) - 1.0).abs() < 0.1, "{depth}: {found}, not {} mm³", change(depth));
    }
}

#[test]
fn weights_have_room_in_every_whole_cell() {
    let base = r#""plate_size":[105,42],"solid_base":6"#;
    check(base, r#""weight_pockets":true"#, -2.0 * 21.4 * 21.4 * 4.0);
    check(base, r#""weight_pockets":true,"weight_pocket_size":10,"weight_pocket_depth":2.5"#, -2.0 * 250.0);
}

#[test]
fn screws_have_bosses_with_countersinks() {
    // In a whole floor the bosses vanish; hole and cone are left.
    let (hole, head) = (3.4, 6.5);
    let deep = (head - hole) / 2.0;
    let cone = deep / 3.0 * (circle(hole) + circle(head) + (circle(hole) * circle(head)).sqrt());
    let one = cone + (4.0 - deep) * circle(hole);
    check(r#""plate_size":[84,84],"solid_base":4"#, r#""mount_screws":true"#, -4.0 * one);
    check(r#""plate_size":[42,42],"solid_base":4"#, r#""mount_screws":true"#, -one);
    // Below the bins of a plate with magnets they stand free: a tongue behind the wall with a round end.
    let (level, radius) = (3.5, head / 2.0 + 2.0);
    let boss = (8.0 - 2.85) * 2.0 * radius + circle(2.0 * radius) / 2.0;
    let one = boss * level - cone - (level - deep) * circle(hole);
    let base = r#""plate_size":[126,42],"magnets":true"#;
    check(base, r#""mount_screws":true"#, 2.0 * one);
    // Walls that are cut away hold nothing.
    let base = r#""plate_size":[42,42],"magnets":true,"edge_adjust":[0,0,0,-2]"#;
    check(base, r#""mount_screws":true"#, one);
    check(&base.replace("[0,0,0,-2]", "[-1,0,0,0]"), r#""mount_screws":true"#, 0.0);
}
