//! How long plates take: whole processes as a farm runs them, and plans and cells within one process.
//!
//! `cargo bench -p gridflock` prints one table; the best of several runs counts, since other work only slows down. Ends
//! with an error when a figure is above its budget, or another kernel is not slower by as much as it should be.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench may fail loudly")]
#![expect(clippy::print_stdout, reason = "the table is the result")]

mod by_cell;
#[path = "../../tests/csg/mod.rs"]
mod csg;
mod kernels;

use gridflock::{PreviewCache, generate_plate, generate_preview, plan};
use protocol::grid::{GridParams, GridSpec};
use std::time::Duration;

const RUNS: u32 = 7;
/// A cell on the largest plate may cost so many times that on the cheapest: caches of the processor get too small.
const PER_CELL_TIMES_MAX: f64 = 3.0;

fn main() {
    let mut over = Vec::new();
    println!("{:<52} {:>9} {:>9}", "whole process, files included", "best ms", "budget");
    for (what, params, threads, budget_ms) in [
        ("245 x 245 mm, magnets", r#"{"plate_size":[245,245],"bed_size":[250,250],"magnets":true}"#, 1, 100),
        ("450 x 320 mm, magnets, 4 plates, 2 threads", r#"{"plate_size":[450,320],"magnets":true}"#, 2, 200),
        ("1000 x 1000 mm, magnets, 2 threads", r#"{"plate_size":[1000,1000],"magnets":true}"#, 2, 1200),
    ] {
        over.extend(row(what, process(params, threads), budget_ms));
    }
    println!("\n{:<52} {:>9} {:>9}", "within a process", "best ms", "budget");
    let grid = spec(r#"{"plate_size":[450,320],"magnets":true}"#);
    let drawn = best(|| drop(gridflock::plan_svg(&plan(&grid).unwrap())));
    over.extend(row("plan and its drawing, 450 x 320 mm", drawn, 5));
    previews(&mut over);
    println!("\n{:<52} {:>9} {:>9}", "one plate with magnets", "best ms", "us/cell");
    over.extend(linear());
    over.extend(kernels::compare());
    assert!(over.is_empty(), "not as fast as they should be: {over:?}");
}

/// Whole previews, made anew and from plates that a smaller grid left.
fn previews(over: &mut Vec<String>) {
    for (what, params) in [
        ("preview mesh, 450 x 320 mm, exact", r#"{"plate_size":[450,320],"magnets":true}"#),
        ("preview mesh, 700 x 700 mm", r#"{"plate_size":[700,700],"magnets":true}"#),
        ("preview mesh, 2000 x 2000 mm", r#"{"plate_size":[2000,2000],"magnets":true}"#),
        (
            "preview mesh, 2000 x 2000 mm in one plate",
            r#"{"plate_size":[2000,2000],"bed_size":[2000,2000],"magnets":true}"#,
        ),
        (
            "preview mesh, 2000 x 2000 mm, sloping rim, small bed",
            r#"{"plate_size":[1999,1999],"bed_size":[100,100],"plate_wall_thickness":[3,3,3,3],"plate_wall_above":[0,0,0,9]}"#,
        ),
    ] {
        let grid = spec(params);
        let large = plan(&grid).unwrap();
        over.extend(row(what, best(|| drop(generate_preview(&grid, &large).unwrap())), 1000));
    }
    let grid = spec(r#"{"plate_size":[450,320],"magnets":true}"#);
    let drawer = plan(&grid).unwrap();
    let mut cache = PreviewCache::default();
    let kept = best(|| drop(cache.preview(&grid, &drawer).unwrap()));
    over.extend(row("preview mesh, 450 x 320 mm, plates kept", kept, 50));
}

/// Cost of a cell on plates of one to a thousand cells; a fault if it grows with them.
fn linear() -> Option<String> {
    let mut costs = Vec::new();
    for (x, y) in [(1, 1), (3, 3), (10, 10), (20, 15), (40, 25)] {
        let (wide, deep) = (42 * x, 42 * y);
        let grid = spec(&format!(
            r#"{{"plate_size":[{wide},{deep}],"bed_size":[2000,2000],"magnets":true,"numbering":false}}"#
        ));
        let one = plan(&grid).unwrap();
        let slot = one.plates.first().unwrap().slot;
        let time = best(|| drop(generate_plate(&grid, &one, slot).unwrap()));
        let per_cell = time.as_secs_f64() * 1e6 / f64::from(x * y);
        println!("{:<52} {:>9.2} {per_cell:>9.0}", format!("{} cells", x * y), time.as_secs_f64() * 1e3);
        costs.push(per_cell);
    }
    let (least, last) = (costs.iter().copied().fold(f64::MAX, f64::min), costs.last().copied().unwrap());
    (last > PER_CELL_TIMES_MAX * least).then(|| format!("a cell among 1,000 costs {:.1} times", last / least))
}

/// Shows a figure; gives its name if it is above its budget.
fn row(what: &str, time: Duration, budget_ms: u32) -> Option<String> {
    println!("{what:<52} {:>9.2} {budget_ms:>9}", time.as_secs_f64() * 1e3);
    (time > Duration::from_millis(budget_ms.into())).then(|| what.to_owned())
}

fn spec(json: &str) -> GridSpec {
    GridSpec::check(&GridParams::from_json(json).unwrap()).unwrap()
}

fn best(mut run: impl FnMut()) -> Duration {
    let times = (0..RUNS).map(|_| {
        let started = now();
        run();
        started.elapsed()
    });
    times.min().unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the command itself is what is measured")]
fn process(params: &str, threads: u32) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("params.json");
    std::fs::write(&file, params).unwrap();
    best(|| {
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_gridflock"))
            .args(["generate", file.to_str().unwrap(), "--threads", &threads.to_string()])
            .args(["--out", folder.path().join("out").to_str().unwrap()])
            .status();
        assert!(done.unwrap().success());
    })
}
