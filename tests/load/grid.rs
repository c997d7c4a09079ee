//! The 245 × 245 mm plate as a whole process.

use std::time::Instant;

use platewright_tests::{http, process};

use crate::report::{Bound, Report, quantile};

/// Runs of which the middle one counts.
const RUNS: usize = 9;

pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let parameters = folder.path().join("plate.json");
    http::write(&parameters, r#"{"plate_size":[245,245],"bed_size":[250,250],"magnets":true}"#)?;
    let (parameters, out) = (parameters.to_string_lossy().into_owned(), folder.path().join("out"));
    let mut took_ms = Vec::new();
    for _ in 0..RUNS {
        #[expect(clippy::disallowed_methods, reason = "a measurement")]
        let begun = Instant::now();
        process::run("gridflock", &["generate", &parameters, "--out", &out.to_string_lossy()])?;
        took_ms.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    report.add(
        "gridflock: 245 × 245 mm plate, whole process",
        quantile(&mut took_ms, 0.5),
        "ms",
        Bound::Max(150.0),
    );
    Ok(())
}
