//! Plates are what another geometry kernel makes of the same features: `manifold-rust` adds and cuts solids that are
//! made from the facts alone (see `csg`).
//!
//! `TEST_SEED` repeats a run, `TEST_CASES` and `SOAK` make it longer.

#![expect(clippy::indexing_slicing, reason = "a test may fail loudly")]

mod csg;
mod seed;

use gridflock::{GenerateError, generate_plate, plan};
use manifold_rust::types::OpType;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use protocol::grid::{GridParams, GridSpec};

/// Most that surfaces may lie apart on average, mm: what rounding to the grid of 0.1 µm and to the angles of a
/// polygon gives is below half of that.
const DEVIATION_MM: f64 = 1e-5;

fn params() -> impl Strategy<Value = GridParams> {
    let tenths = |low: i32, high: i32| (low..=high).prop_map(|n| f64::from(n) / 10.0);
    let layout = (
        prop::array::uniform2(tenths(420, 1400)),
        prop::array::uniform2(0_i64..3),
        prop::array::uniform2(1_i64..=5),
        prop::array::uniform4(prop_oneof![Just(0.0), tenths(0, 90), tenths(-20, -1)]),
        prop_oneof![Just(4.0), Just(0.0), tenths(1, 80)],
        prop_oneof![2 => Just(0.0), 1 => tenths(5, 40)],
    );
    let magnets =
        (any::<bool>(), 0_i64..3, tenths(40, 80), tenths(8, 30), prop_oneof![Just(0.0), tenths(10, 30)]);
    (layout, magnets).prop_map(|((size, filler, parts, edge, radius, base), magnets)| {
        let (has_magnets, style, diameter, border, release) = magnets;
        GridParams {
            plate_size: Some(size),
            bed_size: Some([2000.0, 2000.0]),
            filler_x: Some(filler[0]),
            filler_y: Some(filler[1]),
            filler_fraction: Some(parts),
            edge_adjust: Some(edge),
            plate_corner_radius: Some(radius),
            solid_base: Some(base),
            numbering: Some(false),
            magnets: Some(has_magnets),
            magnet_style: Some(style),
            magnet_diameter: Some(diameter),
            magnet_border: Some(border),
            magnet_release_width: Some(release),
            ..GridParams::default()
        }
    })
}

#[test]
fn plates_are_what_another_kernel_makes_of_the_same_features() {
    let compared = std::cell::Cell::new(0);
    let result = TestRunner::new(seed::config(60)).run(&params(), |params| {
        let Ok(spec) = GridSpec::check(&params) else { return Ok(()) };
        let plan = plan(&spec).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let ours = match generate_plate(&spec, &plan, plan.plates[0].slot) {
            Ok(mesh) => mesh,
            Err(GenerateError::FallsApart { .. }) => return Ok(()),
            Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        let theirs = csg::evaluate(&csg::operands(&csg::steps(&spec, &plan)));
        let ours = csg::imported(&ours, csg::lowest(&theirs));
        let apart = ours.boolean(&theirs, OpType::Subtract).volume()
            + theirs.boolean(&ours, OpType::Subtract).volume();
        let deviation = apart / theirs.surface_area();
        compared.set(compared.get() + 1);
        prop_assert!(
            theirs.volume() > 100.0 && deviation <= DEVIATION_MM,
            "{apart} mm³ differ, on average {deviation} mm: {}",
            serde_json::to_string(&params).unwrap()
        );
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(compared.get() > 20, "only {} plates were compared", compared.get());
}
