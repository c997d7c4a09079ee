//! Plans: the original's recorded ones exactly, and what must hold for ours.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod seed;

use gridflock::plan::{Axis, plan_of_upstream};
use gridflock::{PlanError, plan, plan_upstream};
use proptest::prelude::*;
use protocol::grid::{BedClass, Filler, GridParams, GridSpec, Length, Segmentation, Share};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct Recorded {
    cases: Vec<Case>,
}

/// In the order of the file's own description.
#[derive(Deserialize)]
struct Case(
    [f64; 2],
    [f64; 2],
    [i64; 3],
    [f64; 2],
    [f64; 4],
    [f64; 4],
    i64,
    Vec<(usize, f64)>,
    Vec<(usize, f64)>,
    [f64; 4],
    Vec<usize>,
    [Vec<usize>; 2],
);

fn length(mm: f64) -> Length {
    Length::from_mm(mm).unwrap()
}

fn filler(mode: i64, parts: i64) -> Filler {
    match mode {
        0 => Filler::Padding,
        1 => Filler::Fraction { parts },
        _ => Filler::Dynamic { minimum: length(15.0) },
    }
}

/// Printed with six digits by the original.
fn close(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= 6e-6 * theirs.abs().max(1.0) + 1e-4
}

#[test]
fn all_recorded_plans_of_the_original_are_reproduced() {
    let recorded: Recorded = serde_json::from_str(include_str!("../testdata/upstream_plans.json")).unwrap();
    assert_eq!(recorded.cases.len(), 571);
    let mut wrong = Vec::new();
    for (index, case) in recorded.cases.iter().enumerate() {
        let Case(
            plate,
            bed,
            [fx, fy, parts],
            align,
            edge,
            wall,
            algorithm,
            cells_x,
            cells_y,
            padding,
            columns,
            rows,
        ) = case;
        let lay_out = |size: f64, mode: i64, align: f64, start: f64, end: f64| {
            let (filler, align) = (filler(mode, *parts), Share::from_number(align).unwrap());
            Axis::lay_out(length(size), filler, align, [length(start), length(end)])
        };
        let [north, east, south, west] = [0, 1, 2, 3].map(|side: usize| edge[side] + wall[side]);
        let x = lay_out(plate[0], *fx, align[0], west, east);
        let y = lay_out(plate[1], *fy, align[1], south, north);
        for (axis, cells) in [(&x, cells_x), (&y, cells_y)] {
            let cells: Vec<f64> = cells.iter().flat_map(|&(n, size)| vec![size; n]).collect();
            assert_eq!(axis.cells.len(), cells.len(), "case {index}");
            for (ours, theirs) in axis.cells.iter().zip(&cells) {
                assert!(
                    close(Length::from_tenths_um(*ours).mm() / 42.0, *theirs),
                    "case {index}: {ours} {theirs}"
                );
            }
        }
        for (ours, theirs) in [y.end, x.end, y.start, x.start].into_iter().zip(padding) {
            assert!(
                close(Length::from_tenths_um(ours).mm(), *theirs),
                "case {index}: padding {ours} {theirs}"
            );
        }
        let usable = [bed[0], bed[1]].map(|side| length(side - 3.5).tenths_um());
        let wish = Segmentation { x_incremental: *algorithm == 1, ..Segmentation::default() };
        let ours = plan_of_upstream(&x, &y, usable, wish).unwrap();
        if ours.columns != *columns || ours.rows != *rows {
            wrong.push(format!(
                "case {index}: {:?} {:?}, recorded {columns:?} {rows:?}",
                ours.columns, ours.rows
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of 571 differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Everything that must hold for our plan of `spec`; `None` if a cell does not fit.
fn check(spec: &GridSpec) -> Option<usize> {
    let plan = match plan(spec) {
        Ok(plan) => plan,
        Err(PlanError::BedTooSmall { .. }) => return None,
        Err(other) => unreachable!("{other}"),
    };
    let (bed, axes) = (spec.bed_size(), &plan.axes);
    let beds: Vec<_> = spec.beds().map(|bed| (BedClass::of(bed), bed)).collect();
    let mut covered = vec![0; axes.x.cells.len() * axes.y.cells.len()];
    for plate in &plan.plates {
        let (_, own) = beds.iter().find(|(class, _)| *class == plate.bed).unwrap();
        let [x, y] = [plate.size.x, plate.size.y];
        assert!(x <= own.x && y <= own.y, "{} does not fit {}: {x} x {y}", plate.slot, plate.bed);
        // Beds that are preferred do not hold it, however it lies, and it is not turned without need.
        for (class, other) in beds.iter().take_while(|(class, _)| *class != plate.bed) {
            let fits = (x <= other.x && y <= other.y) || (y <= other.x && x <= other.y);
            assert!(!fits, "{} is for {} and not for {class}", plate.slot, plate.bed);
        }
        assert!(!plate.rotated || y > own.x || x > own.y, "{} is turned without need", plate.slot);
        for row in plate.first_cell[1]..plate.first_cell[1] + plate.cells[1] {
            for column in plate.first_cell[0]..plate.first_cell[0] + plate.cells[0] {
                covered[row * axes.x.cells.len() + column] += 1;
            }
        }
        assert_eq!(plan.plate(plate.slot), Some(plate));
    }
    assert!(covered.iter().all(|&n| n == 1), "a cell is missing or doubled");
    for plate in &plan.plates {
        let spans =
            |p: &gridflock::Plate, axis: usize| p.first_cell[axis]..=p.first_cell[axis] + p.cells[axis];
        let beside = |p: &gridflock::Plate, axis: usize| {
            spans(p, axis).start() <= spans(plate, axis).end()
                && spans(plate, axis).start() <= spans(p, axis).end()
        };
        let east = |p: &gridflock::Plate| p.column == plate.column + 1 && p.neighbours.west && beside(p, 1);
        let north =
            |p: &gridflock::Plate| p.column == plate.column && p.row == plate.row + 1 && p.neighbours.south;
        assert_eq!(plan.plates.iter().any(east), plate.neighbours.east, "{} has tabs for nobody", plate.slot);
        assert_eq!(
            plan.plates.iter().any(north),
            plate.neighbours.north,
            "{} has tabs for nobody",
            plate.slot
        );
    }
    // The original makes strips of padding too narrow to hold their own tabs.
    if let Ok(theirs) = plan_upstream(spec)
        && !spec.separate_padding()
    {
        let fits = |p: &gridflock::Plate| p.size.x <= bed.x && p.size.y <= bed.y;
        if theirs.plates.iter().all(fits) {
            assert!(
                plan.plates.len() <= theirs.plates.len(),
                "{} plates, the original {}",
                plan.plates.len(),
                theirs.plates.len()
            );
        }
    }
    Some(plan.plates.len())
}

#[test]
fn our_plans_hold_on_all_recorded_cases() {
    let recorded: Recorded = serde_json::from_str(include_str!("../testdata/upstream_plans.json")).unwrap();
    let mut planned = 0;
    for Case(plate, bed, [fx, fy, parts], align, edge, ..) in &recorded.cases {
        let params = GridParams {
            plate_size: Some(*plate),
            bed_size: Some(*bed),
            filler_x: Some(*fx),
            filler_y: Some(*fy),
            filler_fraction: Some([*parts, *parts]),
            alignment: Some(*align),
            edge_adjust: Some(*edge),
            ..GridParams::default()
        };
        // Some recorded adjustments cut whole cells away, which we refuse.
        if let Ok(spec) = GridSpec::check(&params) {
            planned += usize::from(check(&spec).is_some());
        }
    }
    assert!(planned > 450, "only {planned} cases were planned");
}

proptest! {
    #![proptest_config(seed::config(10_000))]
    #[test]
    fn plans_cover_fit_and_are_never_worse_than_the_original(
        size in prop::array::uniform2(42_u32..=1000), bed in prop::array::uniform2(40_u32..=400),
        fill in prop::array::uniform2(0_i64..3), parts in 1_i64..=5, align in 0_u32..=10, edge in prop::array::uniform4(-4_i32..20),
        wall in prop::array::uniform4(0_u32..6), intersection: bool, puzzle: bool, separate in 0_u32..5, seams in 0_i64..5,
        other in prop::option::of(prop::array::uniform2(40_u32..=400)),
    ) {
        let params = GridParams {
            plate_size: Some(size.map(f64::from)),
            bed_size: Some(bed.map(f64::from)),
            filler_x: Some(fill[0]),
            filler_y: Some(fill[1]),
            filler_fraction: Some([parts, parts]),
            alignment: Some([f64::from(align) / 10.0, 0.5]),
            edge_adjust: Some(edge.map(f64::from)),
            plate_wall_thickness: Some(wall.map(f64::from)),
            connector_intersection_puzzle: Some(intersection),
            connector_edge_puzzle: Some(puzzle),
            separate_edge_padding: Some(separate == 0),
            more_beds: other.map(|bed| vec![bed.map(f64::from)]),
            // Mostly the seams of the original.
            seam_style: Some(if puzzle || seams > 2 { 0 } else { seams }),
            ..GridParams::default()
        };
        if let Ok(spec) = GridSpec::check(&params) {
            let plates = check(&spec);
            // More beds never cost a plate; strips of padding come with the columns and are not what is searched for.
            let alone = GridSpec::check(&GridParams { more_beds: None, ..params.clone() }).unwrap();
            if let (Some(plates), Some(alone)) = (plates, check(&alone)) {
                prop_assert!(plates <= alone || spec.separate_padding(), "{plates} plates, {alone} on the first bed alone");
            }
        }
    }
}

#[test]
fn plates_of_a_farm_with_two_bed_sizes_say_which_bed_is_theirs() {
    let params = r#"{"plate_size":[420,336],"bed_size":[180,180],"more_beds":[[256,256]]}"#;
    let spec = GridSpec::check(&GridParams::from_json(params).unwrap()).unwrap();
    let plan = plan(&spec).unwrap();
    let beds: BTreeSet<String> = plan.report().plates.into_iter().map(|plate| plate.bed).collect();
    assert!(beds.contains("256x256") && plan.plates.len() == 4, "{plan:?}");
    let small = r#"{"plate_size":[420,336],"bed_size":[180,180]}"#;
    let alone = gridflock::plan(&GridSpec::check(&GridParams::from_json(small).unwrap()).unwrap()).unwrap();
    assert!(alone.plates.len() > 4 && alone.plates.iter().all(|plate| plate.bed.as_str() == "180x180"));
}

#[test]
fn a_bed_that_is_too_small_is_told_with_one_that_would_do() {
    let params = GridParams {
        bed_size: Some([40.0, 60.0]),
        plate_size: Some([450.0, 320.0]),
        ..GridParams::default()
    };
    let error = plan(&GridSpec::check(&params).unwrap()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("40x60") && text.contains("47.68 x 45.68"), "{text}");
    let PlanError::BedTooSmall { x, y, .. } = error else { unreachable!() };
    let params = GridParams { bed_size: Some([x.mm(), y.mm()]), ..params };
    assert!(plan(&GridSpec::check(&params).unwrap()).is_ok());
}
