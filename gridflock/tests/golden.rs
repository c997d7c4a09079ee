//! Reference plates of the original generator: ours have their fingerprints.
//!
//! The fingerprints in `testdata/fingerprints` are measurements of plates made by GridFlock 3f04abb (Jonas Konrad, MIT /
//! CC-BY 4.0) in `OpenSCAD` 2025.07; the meshes themselves are not kept here.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the random numbers of a fingerprint are made from rounded sizes"
)]

mod fingerprint;

use fingerprint::{Fingerprint, Triangle, differences, volume_and_size};
use gridflock::{generate_plate, plan_upstream};
use protocol::grid::{GridParams, GridSpec};

fn meshes(fingerprint: &Fingerprint) -> Vec<Vec<Triangle>> {
    let params = GridParams::from_json(&fingerprint.params.to_string()).unwrap();
    let spec = GridSpec::check(&params).unwrap();
    let plan = plan_upstream(&spec).unwrap();
    let mesh =
        |plate: &gridflock::Plate| generate_plate(&spec, &plan, plate.slot).unwrap().triangles_mm().collect();
    plan.plates.iter().map(mesh).collect()
}

/// How much of a plate may differ, mm³: where something is known to be another shape.
const NOTHING: f64 = 0.0;

/// Checks each reference body against the mesh that is most like it.
fn check(text: &str) {
    let fingerprint: Fingerprint = serde_json::from_str(text).unwrap();
    check_meshes(&fingerprint, meshes(&fingerprint), NOTHING);
}

fn check_meshes(fingerprint: &Fingerprint, mut meshes: Vec<Vec<Triangle>>, other_mm3: f64) {
    assert_eq!(meshes.len(), fingerprint.bodies.len());
    for body in &fingerprint.bodies {
        let unlike = |mesh: &Vec<Triangle>| {
            let (volume, size) = volume_and_size(mesh);
            let size: f64 = size.iter().zip(body.size).map(|(a, b)| (a - b).abs()).sum();
            size + (volume - body.volume).abs() / body.volume
        };
        let nearest =
            (0..meshes.len()).min_by(|&a, &b| unlike(&meshes[a]).total_cmp(&unlike(&meshes[b]))).unwrap();
        let mesh = meshes.swap_remove(nearest);
        assert_eq!(differences(body, &mesh, other_mm3), Vec::<String>::new(), "plate of {:?} mm", body.size);
    }
}

#[test]
fn a_single_cell_is_the_reference() {
    check(include_str!("../testdata/fingerprints/01_single_42.json"));
}

#[test]
fn a_plate_with_magnets_and_padding_is_the_reference() {
    check(include_str!("../testdata/fingerprints/02_245_pressfit.json"));
}

#[test]
fn a_set_of_four_plates_is_the_reference() {
    check(include_str!("../testdata/fingerprints/03_450x320_pressfit.json"));
}

#[test]
fn edge_puzzles_over_magnets_are_the_reference() {
    check(include_str!("../testdata/fingerprints/05_edge_puzzle_magnets.json"));
}

#[test]
fn three_pieces_per_side_are_the_reference() {
    check(include_str!("../testdata/fingerprints/06_edge_puzzle_nomag_x3.json"));
}

#[test]
fn magnets_glued_from_the_top_and_thumbscrews_are_the_reference() {
    check(include_str!("../testdata/fingerprints/07_glue_top_solid_thumb.json"));
}

#[test]
fn magnets_glued_from_below_are_the_reference() {
    check(include_str!("../testdata/fingerprints/08_glue_bottom.json"));
}

#[test]
fn groove_latches_and_one_large_cell_are_the_reference() {
    check(include_str!("../testdata/fingerprints/09_clickgroove_dynamic.json"));
}

#[test]
fn arc_latches_are_the_reference() {
    check(include_str!("../testdata/fingerprints/10_click_arc.json"));
}

#[test]
fn chamfers_on_cut_cells_are_the_reference() {
    check(include_str!("../testdata/fingerprints/11_chamfer_edgeadjust_radius.json"));
}

#[test]
fn a_solid_base_with_screws_is_the_reference() {
    check(include_str!("../testdata/fingerprints/12_solidbase_vscrews.json"));
}

#[test]
fn a_rim_with_screws_is_the_reference() {
    check(include_str!("../testdata/fingerprints/13_wall_hscrews.json"));
}

#[test]
fn cells_of_a_third_are_the_reference() {
    check(include_str!("../testdata/fingerprints/14_third_filler_magnets.json"));
}

#[test]
fn strips_of_padding_are_the_reference() {
    check(include_str!("../testdata/fingerprints/15_separate_edge_padding.json"));
}

#[test]
fn solid_cells_are_the_reference() {
    check(include_str!("../testdata/fingerprints/17_cell_override.json"));
}

#[test]
fn loose_connectors_are_the_reference() {
    check(include_str!("../testdata/fingerprints/18_loose_fit.json"));
}

#[test]
fn a_sliced_top_is_the_reference() {
    check(include_str!("../testdata/fingerprints/19_top_slice_incremental.json"));
}

#[test]
fn a_sloping_rim_is_the_reference() {
    check(include_str!("../testdata/fingerprints/20_variable_wall.json"));
}

/// A digit of the original's font and the squares of ours, mm³.
const DIGIT_MM3: f64 = 3.5;

#[test]
fn numbered_plates_are_the_reference_but_for_the_shape_of_their_digits() {
    let fingerprint: Fingerprint =
        serde_json::from_str(include_str!("../testdata/fingerprints/04_defaults_371x254_numbered.json"))
            .unwrap();
    let meshes = meshes(&fingerprint);
    check_meshes(&fingerprint, meshes, DIGIT_MM3);
}

#[test]
fn a_stack_is_the_reference() {
    let fingerprint: Fingerprint =
        serde_json::from_str(include_str!("../testdata/fingerprints/16_stacked.json")).unwrap();
    let spec = GridSpec::check(&GridParams::from_json(&fingerprint.params.to_string()).unwrap()).unwrap();
    let stack = gridflock::generate_stack(&spec, &plan_upstream(&spec).unwrap()).unwrap();
    let (mut lower, mut upper) = (Vec::new(), Vec::new());
    for triangle in stack.triangles_mm() {
        let part = if triangle.iter().all(|corner| corner[2] < 4.5) { &mut lower } else { &mut upper };
        part.push(triangle);
    }
    let top = upper.iter().flatten().map(|corner| corner[2]).fold(0.0, f64::max);
    assert!((top - 8.95).abs() < 1e-6, "{top}");
    check_meshes(&fingerprint, vec![lower, upper], NOTHING);
}

/// Moves a corner.
type Change = fn([f64; 3]) -> [f64; 3];

#[test]
fn a_small_difference_is_seen() {
    let fingerprint: Fingerprint =
        serde_json::from_str(include_str!("../testdata/fingerprints/18_loose_fit.json")).unwrap();
    let rows: [(&str, Change, &str); 3] = [
        ("scaled by 2e-4 in z", |[x, y, z]| [x, y, z * 1.0002], "volume"),
        ("a part shifted by 0.05 mm", |[x, y, z]| [x, if y > 20.0 { y + 0.05 } else { y }, z], "spectrum"),
        ("lower by 0.02 mm inside", |[x, y, z]| [x, y, if z > 4.0 { z - 0.02 } else { z }], "rays"),
    ];
    for (what, change, seen_by) in rows {
        let meshes = meshes(&fingerprint);
        let mesh: Vec<Triangle> = meshes[0].iter().map(|triangle| triangle.map(change)).collect();
        let found = differences(&fingerprint.bodies[0], &mesh, NOTHING);
        assert!(found.iter().any(|text| text.contains(seen_by)), "{what}: {found:?}");
    }
}
