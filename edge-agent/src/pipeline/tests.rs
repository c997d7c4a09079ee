//! What a failed preparation says, and which failures come back to life by themselves.

use super::StageError;
use crate::sandbox::NoCage;

#[test]
fn what_this_machine_lacks_is_tried_again_and_what_the_plate_lacks_is_not() {
    let rows: [(StageError, bool); 5] = [
        (NoCage { tried: "bwrap" }.into(), false),
        (StageError::TooOld { found: "2.5.0".into() }, false),
        (StageError::Hung { wait_s: 300 }, false),
        (
            StageError::Audit(vec!["line 7: it extrudes at X400.00 Y0.00, outside the usable bed".into()]),
            true,
        ),
        (StageError::WroteNothing("All objects are outside of the print volume.".into()), true),
    ];
    for (error, is_final) in rows {
        assert_eq!(error.is_final(), is_final, "{error}");
    }
}

#[test]
fn a_failure_that_is_remembered_keeps_its_words() {
    let first = StageError::Refused("the mesh is open".into());
    let again = StageError::FailedBefore(first.to_string());
    assert_eq!(again.to_string(), "The slicer refused this plate: the mesh is open");
    assert!(again.is_final());
}
