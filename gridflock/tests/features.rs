//! Random grids with every feature and any combination of them: all plates are proper solids.
//!
//! `TEST_SEED` repeats a run, `TEST_CASES` and `SOAK` make it longer. A failure prints the parameters, which go into
//! `testdata/once_broken.jsonl` together with the repair.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "random numbers are made from small ones"
)]

mod draw;
mod proof;

use draw::Dice;
use gridflock::{GenerateError, PlanError, generate_plate, plan, plan_upstream};
use proof::stl;
use protocol::grid::{GridParams, GridSpec};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

const CASES: u64 = 300;
const SOAK_CASES: u64 = 20_000;
/// At least so many of a hundred drawn grids must be possible, or nothing is tested.
const POSSIBLE_PERCENT: usize = 50;

/// At most so many of a thousand grids of the original may end without a plate.
const UNPROVEN_PERMILLE: usize = 5;

/// What came of one grid.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Solid,
    /// Refused with a reason that the person can act on.
    Refused,
    /// It has parts that hang together nowhere, which is told.
    FallsApart,
    /// The program's own proof failed and it said so: nothing broken is handed out.
    Unproven,
}

/// Makes some plates of a grid, ours or the original's; panics if one is not a proper solid.
fn make(params: &GridParams, upstream: bool) -> Outcome {
    let Ok(spec) = GridSpec::check(params) else {
        return Outcome::Refused;
    };
    let plan = match if upstream { plan_upstream(&spec) } else { plan(&spec) } {
        Ok(plan) => plan,
        Err(PlanError::OtherGeometry { .. }) => unreachable!("the version is our own"),
        Err(_told) => return Outcome::Refused,
    };
    let mut outcome = Outcome::Solid;
    let last = plan.plates.len().saturating_sub(1);
    for index in [0, last] {
        let Some(plate) = plan.plates.get(index) else { return Outcome::Refused };
        match generate_plate(&spec, &plan, plate.slot) {
            Ok(mesh) => {
                let bytes = stl(&mesh);
                // What sticks out of the original's plates is not planned.
                if upstream {
                    proof::check_solid(&bytes, &plate.slot.to_string());
                } else {
                    proof::check(&bytes, plate, false);
                }
                let again = generate_plate(&spec, &plan, plate.slot).unwrap();
                assert!(bytes == stl(&again), "not the same bytes");
            }
            Err(GenerateError::FallsApart { .. } | GenerateError::NothingLeft { .. }) => {
                outcome = Outcome::FallsApart;
            }
            Err(GenerateError::Solid { .. }) if upstream => outcome = Outcome::Unproven,
            Err(other) => unreachable!("{}: {other:?}", plate.slot),
        }
    }
    outcome
}

/// Runs all cases on two threads and names every broken one.
fn run(upstream: bool) {
    let (seed, cases) = draw::numbers(CASES, SOAK_CASES);
    let (next, broken) = (AtomicU64::new(0), std::sync::Mutex::new(Vec::new()));
    let counts = [const { AtomicUsize::new(0) }; 4];
    let work = || {
        loop {
            let case = next.fetch_add(1, Ordering::Relaxed);
            if case >= cases {
                return;
            }
            let mut dice = Dice::new(seed.wrapping_add(case));
            let params = if upstream { dice.params() } else { dice.params_beyond() };
            match std::panic::catch_unwind(|| make(&params, upstream)) {
                Ok(outcome) => {
                    counts[outcome as usize].fetch_add(1, Ordering::Relaxed);
                }
                Err(why) => {
                    let why = why.downcast_ref::<String>().cloned().unwrap_or_default();
                    broken.lock().unwrap().push((why, serde_json::to_string(&params).unwrap()));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        work();
    });
    let broken = broken.into_inner().unwrap();
    let [solid, refused, apart, unproven] = counts.map(AtomicUsize::into_inner);
    assert!(broken.is_empty(), "{} of {cases} (seed {seed}):\n{broken:#?}", broken.len());
    let all = solid + refused + apart + unproven;
    // Quirks of the original leave surfaces within a micrometre of each other; ours have none of that.
    assert!(unproven * 1000 <= UNPROVEN_PERMILLE * all, "{unproven} of {all} of the original's are not made");
    assert!(solid * 100 >= POSSIBLE_PERCENT * all, "{solid} solid, {refused} refused, {apart} in pieces");
}

#[test]
fn random_grids_with_any_features_are_proper_solids() {
    run(false);
}

#[test]
fn random_grids_of_the_original_are_proper_solids() {
    run(true);
}

#[test]
fn grids_that_once_came_out_broken_are_proper_solids() {
    for line in include_str!("../testdata/once_broken.jsonl").lines() {
        let params = GridParams::from_json(line).unwrap();
        for upstream in [false, true] {
            let outcome = std::panic::catch_unwind(|| make(&params, upstream));
            assert!(outcome.is_ok(), "{line}");
        }
    }
}
