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

/// Checks each reference body against the mesh that is most like it.
fn check(text: &str) {
    let fingerprint: Fingerprint = serde_json::from_str(text).unwrap();
    let mut meshes = meshes(&fingerprint);
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
        assert_eq!(differences(body, &mesh), Vec::<String>::new(), "plate of {:?} mm", body.size);
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
fn loose_connectors_are_the_reference() {
    check(include_str!("../testdata/fingerprints/18_loose_fit.json"));
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
        let found = differences(&fingerprint.bodies[0], &mesh);
        assert!(found.iter().any(|text| text.contains(seen_by)), "{what}: {found:?}");
    }
}
