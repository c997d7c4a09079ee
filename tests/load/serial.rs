//! How much of a serial line the agent uses while it streams: ten bits a byte of what it sends.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use platewright_tests::{
    agent::{Agent, Wired},
    http::Http,
    operator::Operator,
    process::Process,
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::report::{Bound, Report};

const START_MAX: Duration = Duration::from_secs(120);
/// Measured between these numbers of executed moves: neither heating nor the end counts.
const MOVES: std::ops::Range<u64> = 300..3_000;
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Bits of a byte on the line.
const BITS: f64 = 10.0;

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    for (baud, parser, least) in [(115_200_u32, false, 0.83), (250_000, false, 0.83), (250_000, true, 0.90)] {
        let share = share(baud, parser).await?;
        let window = if parser { "window grown by EMERGENCY_PARSER" } else { "window 3" };
        report.add(format!("serial stream at {baud}, {window}"), share, "of the wire", Bound::Min(least));
    }
    Ok(())
}

async fn share(baud: u32, parser: bool) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let port = folder.path().join("cr-1.tty");
    let mut arguments = vec!["--link".to_owned(), port.to_string_lossy().into_owned()];
    arguments.extend(["--speed", "4000", "--baud"].map(str::to_owned));
    arguments.push(baud.to_string());
    if parser {
        arguments.push("--emergency-parser".to_owned());
    }
    let mut simulator = Process::start(folder.path(), "sim-marlin", "sim-marlin", &arguments)?;
    let printer = Http::new(format!("http://{}", simulator.address().await?))?;
    let connection = format!("{{ kind = \"serial\", port = {port:?}, baud = {baud} }}");
    let wired = Wired { id: "cr-1".into(), profile: "creality/cr-10".into(), connection };
    let mut agent = Agent::new(folder.path(), None, &[wired])?;
    agent.start().await?;
    let api = agent.api()?.clone();
    let mut operator = Operator::new(BTreeMap::from([("cr-1".to_owned(), printer.clone())]));
    operator.set_up(&api).await?;
    let grid = json!({ "grid": { "plate_size": [126, 126], "bed_size": [250, 220] } });
    api.post_once("/api/v1/jobs", "stream", &grid).await?;
    let from = reach(&printer, &mut operator, &api, MOVES.start).await?;
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let begun = Instant::now();
    let to = reach(&printer, &mut operator, &api, MOVES.end).await?;
    Ok((to - from) * BITS / f64::from(baud) / begun.elapsed().as_secs_f64())
}

/// Waits for so many executed moves; gives the bytes that the printer received until then.
async fn reach(printer: &Http, operator: &mut Operator, api: &Http, moves: u64) -> anyhow::Result<f64> {
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let begun = Instant::now();
    loop {
        let state = printer.get("/__control/state").await?;
        let number =
            |key: &str| state.get(key).and_then(Value::as_u64).with_context(|| format!("{key} of {state}"));
        let at = number("moves")?;
        if at >= moves {
            return state.get("received_bytes").and_then(Value::as_f64).context("received_bytes");
        }
        if at == 0 {
            operator.round(api).await?; // Says once that the bed is clear.
        }
        anyhow::ensure!(begun.elapsed() < START_MAX, "the print did not get to {moves} moves: {state}");
        sleep(LOOK_EVERY).await;
    }
}
