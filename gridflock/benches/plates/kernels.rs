//! The same plate in other kernels, in the same run: `manifold-rust`, and JSCAD in Node.js.
//!
//! All get the same solids to add and cut. Theirs are the booleans alone; ours is everything from the parameters to a
//! proven mesh, and against JSCAD even the whole process with its files.

use super::{best, now, process, spec};
use crate::by_cell::{ByCell, by_cell};
use crate::csg::{evaluate, imported, lowest, operands, steps};
use gridflock::{generate_plate, plan};
use manifold_rust::types::OpType;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Our speed must be at least so many times theirs.
const MANIFOLD_TIMES_MIN: f64 = 5.0;
const JSCAD_TIMES_MIN: f64 = 100.0;
/// How much volumes may differ, as a share: JSCAD snaps corners to a grid of its own.
const VOLUME_SHARE: f64 = 1e-4;

const PLATE: &str = r#"{"plate_size":[245,245],"bed_size":[250,250],"magnets":true,"numbering":false}"#;

/// Prints both comparisons; the names of those below their bound.
pub(crate) fn compare() -> Vec<String> {
    let grid = spec(PLATE);
    let one = plan(&grid).unwrap();
    let slot = one.plates.first().unwrap().slot;
    let mesh = generate_plate(&grid, &one, slot).unwrap();
    let volume = mesh.volume_mm3();
    println!("\n{:<52} {:>9} {:>9}", "245 x 245 mm with magnets, the same operands", "best ms", "times");
    // Reading the parameters and planning are part of our time.
    let ours = best(|| {
        let grid = spec(PLATE);
        drop(generate_plate(&grid, &plan(&grid).unwrap(), slot).unwrap());
    });
    println!("{:<52} {:>9.2}", "gridflock, in process, proven", ms(ours));
    let steps = steps(&grid, &one);
    let solids = operands(&steps);
    let theirs = best(|| drop(evaluate(&solids)));
    let plate = evaluate(&solids);
    // What ours has and theirs has not, twice: with it the volumes differ by all that is in one alone.
    let more = imported(&mesh, lowest(&plate)).boolean(&plate, OpType::Subtract).volume();
    same("manifold-rust", plate.volume() + 2.0 * more, volume);
    let mut below = Vec::new();
    below.extend(row("manifold-rust 0.19.2, booleans alone", theirs, ours, MANIFOLD_TIMES_MIN));
    let whole = process(PLATE, 1);
    println!("{:<52} {:>9.2}", "gridflock, whole process, files included", ms(whole));
    let jscad = jscad(&by_cell(&grid, &one));
    same("JSCAD", jscad.volume, volume);
    let theirs = Duration::from_secs_f64(jscad.ms / 1e3);
    below.extend(row("JSCAD 2.13.0, booleans alone, one run", theirs, whole, JSCAD_TIMES_MIN));
    below
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn row(what: &str, theirs: Duration, ours: Duration, times_min: f64) -> Option<String> {
    let times = theirs.as_secs_f64() / ours.as_secs_f64();
    println!("{what:<52} {:>9.2} {times:>9.0}", ms(theirs));
    (times < times_min).then(|| format!("{what}: {times:.1} times ours, {times_min} wanted"))
}

fn same(whose: &str, theirs: f64, ours: f64) {
    let share = (theirs - ours).abs() / ours;
    assert!(share < VOLUME_SHARE, "{whose} makes another plate: {theirs} mm³ instead of {ours}");
}

/// What `run.mjs` prints.
#[derive(Deserialize)]
struct Jscad {
    ms: f64,
    volume: f64,
}

#[expect(clippy::disallowed_methods, reason = "another program is what is measured")]
fn jscad(steps: &ByCell) -> Jscad {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("steps.json");
    std::fs::write(&file, serde_json::to_vec(steps).unwrap()).unwrap();
    let script = installed().join("run.mjs");
    let done = std::process::Command::new("node").arg(script).arg(file).output().expect("node is installed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// JSCAD from its lock file.
#[expect(clippy::disallowed_methods, reason = "another program is what is measured")]
fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/jscad");
    if !folder.join("node_modules/@jscad/modeling").exists() {
        let started = now();
        let arguments = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
        let done = std::process::Command::new("npm").args(arguments).current_dir(&folder).status();
        assert!(done.expect("npm is installed").success(), "npm ci failed in {}", folder.display());
        println!("(installed JSCAD in {:.1} s)", started.elapsed().as_secs_f64());
    }
    folder
}
