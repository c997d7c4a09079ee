//! Every plate of every grid is a proper solid: proven again on the bytes that a slicer reads.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod proof;
mod seed;

use gridflock::{
    GenerateError, Plan, PlanError, Plate, Style, generate_plate, plan, plan_upstream, write_3mf,
};
use proof::{check, stl};
use proptest::prelude::*;
use protocol::grid::{GridParams, GridSpec};

/// Parameters, shown as a file of parameters when a case fails.
struct Params(GridParams);

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).unwrap_or_default())
    }
}

fn params() -> impl Strategy<Value = Params> {
    let size = prop::array::uniform2(prop_oneof![42_u32..=300, 42_u32..=130].prop_map(f64::from));
    let tenths = |low: i32, high: i32| (low..=high).prop_map(|n| f64::from(n) / 10.0);
    let layout = (
        size,
        prop::array::uniform2((50_u32..=260).prop_map(f64::from)),
        prop::array::uniform2(0_i64..3),
        prop::array::uniform2(1_i64..=5),
        prop::array::uniform2(tenths(0, 10)),
        prop::array::uniform4(prop_oneof![3 => Just(0.0), 2 => tenths(0, 150), 1 => tenths(-20, 0)]),
    );
    let features = (
        prop_oneof![Just(4.0), tenths(0, 100)],
        prop_oneof![4 => Just(true), 1 => Just(false)],
        tenths(0, 10),
        any::<bool>(),
        (tenths(30, 90), tenths(8, 30), prop_oneof![1 => Just(0.0), 3 => tenths(10, 25)]),
        (any::<bool>(), tenths(20, 40), tenths(10, 25), tenths(1, 6)),
        0_i64..3,
    );
    (layout, features).prop_map(|(layout, features)| {
        let (plate_size, bed_size, filler, fraction, alignment, edge_adjust) = layout;
        let (radius, connect, fit, magnets, magnet, number, seam_style) = features;
        let ((diameter, border, release), (number, size, squeezed, depth)) = (magnet, number);
        Params(GridParams {
            plate_size: Some(plate_size),
            bed_size: Some(bed_size),
            filler_x: Some(filler[0]),
            filler_y: Some(filler[1]),
            filler_fraction: Some(fraction),
            alignment: Some(alignment),
            edge_adjust: Some(edge_adjust),
            plate_corner_radius: Some(radius),
            connector_intersection_puzzle: Some(connect),
            intersection_puzzle_fit: Some(fit),
            magnets: Some(magnets),
            magnet_diameter: Some(diameter),
            magnet_border: Some(border),
            magnet_release_width: Some(release),
            numbering: Some(number),
            number_size: Some(size),
            number_squeeze_size: Some(squeezed),
            number_depth: Some(depth),
            seam_style: Some(seam_style),
            ..GridParams::default()
        })
    })
}

/// Some plates of a plan: the corners and one in the middle.
fn some(plan: &Plan) -> Vec<&Plate> {
    let last = plan.plates.len() - 1;
    let mut chosen = vec![0, last / 2, last];
    chosen.dedup();
    chosen.into_iter().map(|index| &plan.plates[index]).collect()
}

#[test]
fn random_plates_are_proper_solids_and_repeat_byte_by_byte() {
    let mut runner = proptest::test_runner::TestRunner::new(seed::config(60));
    let result = runner.run(&params(), |Params(params)| {
        let Ok(spec) = GridSpec::check(&params) else {
            return Ok(());
        };
        let plan = match plan(&spec) {
            Ok(plan) => plan,
            Err(PlanError::BedTooSmall { .. }) => return Ok(()),
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        };
        let is_cut = params.edge_adjust.unwrap_or_default().iter().any(|&edge| edge < 0.0);
        for plate in some(&plan) {
            let mesh = match generate_plate(&spec, &plan, plate.slot) {
                Ok(mesh) => mesh,
                // Only cut cells can fall apart.
                Err(GenerateError::FallsApart { .. }) if is_cut => continue,
                Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            let bytes = stl(&mesh);
            check(&bytes, plate, true);
            prop_assert!(
                bytes == stl(&generate_plate(&spec, &plan, plate.slot).unwrap()),
                "not the same bytes"
            );
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Grids that once came out broken, each with what was wrong.
const ONCE_BROKEN: &[(&str, &str)] = &[
    (
        "a release slot touched the cut side of the plate in a single line",
        r#"{"plate_size":[84,43],"bed_size":[50,53],"filler_x":0,"filler_y":2,"alignment":[0,0],"edge_adjust":[0,-1.6,0,0],
            "magnets":true,"magnet_diameter":7.2,"magnet_border":0.8,"magnet_release_width":1.6,"numbering":false}"#,
    ),
    (
        "above a number on the lower slope a skin ran out to nothing",
        r#"{"plate_size":[259,269],"bed_size":[52,86],"filler_x":0,"filler_fraction":[1,5],"alignment":[0,0],
            "edge_adjust":[0,2.5,0,0],"intersection_puzzle_fit":0,"number_depth":0.4,"number_squeeze_size":2.1}"#,
    ),
    ("half a socket in 1.5 mm of padding had a loose lip", r#"{"plate_size":[300,129],"magnets":true}"#),
];

#[test]
fn grids_that_once_came_out_broken_are_proper_solids() {
    for (what, params) in ONCE_BROKEN {
        let spec = GridSpec::check(&GridParams::from_json(params).unwrap()).unwrap();
        let plan = plan(&spec).unwrap();
        for plate in &plan.plates {
            let mesh =
                generate_plate(&spec, &plan, plate.slot).unwrap_or_else(|error| panic!("{what}: {error:?}"));
            check(&stl(&mesh), plate, true);
        }
    }
}

#[test]
fn pieces_of_the_edge_puzzle_reach_into_strips_of_padding() {
    let params = r#"{"plate_size":[84,84],"filler_x":0,"filler_y":0,"edge_adjust":[9,9,9,9],"separate_edge_padding":true,
        "connector_intersection_puzzle":false,"connector_edge_puzzle":true}"#;
    let spec = GridSpec::check(&GridParams::from_json(params).unwrap()).unwrap();
    let plan = plan(&spec).unwrap();
    let sizes: Vec<_> = plan
        .plates
        .iter()
        .map(|p| (p.slot.to_string(), p.size.x.tenths_um(), p.size.y.tenths_um()))
        .collect();
    let of = |name: &str| sizes.iter().find(|(slot, ..)| slot == name).map(|&(_, x, y)| [x, y]).unwrap();
    // Pieces reach 3.7 mm into strips; into the wall of a cell without a floor they reach 2.85 mm.
    assert_eq!(of("B2"), [877_000, 877_000]);
    assert_eq!((of("B1"), of("C1")), ([840_000, 118_500], [90_000, 1_020_000]));
    for plate in &plan.plates {
        check(&stl(&generate_plate(&spec, &plan, plate.slot).unwrap()), plate, true);
    }
    // Padding that cannot hold a socket stays with its plate.
    let narrow = params.replace("[9,9,9,9]", "[4.9,4.9,4.9,4.9]");
    let spec = GridSpec::check(&GridParams::from_json(&narrow).unwrap()).unwrap();
    assert_eq!(gridflock::plan(&spec).unwrap().plates.len(), 1);
    assert!(plan_upstream(&spec).unwrap_err().to_string().contains("strips of padding"));
}

#[test]
fn random_plates_of_the_original_are_proper_solids() {
    let mut runner = proptest::test_runner::TestRunner::new(seed::config(30));
    let result = runner.run(&params(), |Params(params)| {
        // Loose tabs of the original beside negative padding are its own fault and not looked at here.
        let edge_adjust = params.edge_adjust.map(|edge| edge.map(f64::abs));
        let params = GridParams { edge_adjust, seam_style: None, ..params };
        let Ok(spec) = GridSpec::check(&params) else {
            return Ok(());
        };
        let Ok(plan) = plan_upstream(&spec) else {
            return Ok(());
        };
        assert_eq!(plan.style, Style::UpstreamExact);
        for plate in some(&plan) {
            let mesh = generate_plate(&spec, &plan, plate.slot);
            let mesh = mesh.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
            check(&stl(&mesh), plate, true);
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn an_archive_has_all_objects_and_the_same_bytes_each_time() {
    let spec =
        GridSpec::check(&GridParams { plate_size: Some([104.0, 63.0]), ..GridParams::default() }).unwrap();
    let plan = plan(&spec).unwrap();
    let mesh = generate_plate(&spec, &plan, plan.plates[0].slot).unwrap();
    let write = || {
        let mut bytes = Vec::new();
        let objects = ["A1", "A2"].map(|name| gridflock::export::Object { name, mesh: &mesh });
        write_3mf(&objects, &mut bytes).unwrap();
        bytes
    };
    let bytes = write();
    assert_eq!(bytes, write());
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(archive.len(), 4);
    let model = std::io::read_to_string(archive.by_name("3D/3dmodel.model").unwrap()).unwrap();
    assert_eq!(model.matches("<triangle ").count(), 2 * mesh.triangles_n());
    assert_eq!(model.matches("<item ").count(), 2);
}
