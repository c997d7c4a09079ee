//! A second order of the same grid: from its acceptance to the printer's first move of it.

use std::time::{Duration, Instant};

use platewright_tests::{
    farm::{Farm, Pace, Printers},
    operator::each,
    wait,
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    agent::ready,
    report::{Bound, Report, quantile},
};

/// Orders after the first one.
const AGAIN: usize = 5;
const ORDER_MAX: Duration = Duration::from_secs(180);
const LOOK_EVERY: Duration = Duration::from_millis(2);

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut farm = Farm::start(folder.path(), Printers::Serial, Pace::of(4_000)).await?;
    ready(&mut farm).await?;
    let mut took_ms = Vec::new();
    let first_ms = order(&mut farm, 1).await?;
    for n in 0..AGAIN {
        took_ms.push(order(&mut farm, n + 2).await?);
    }
    report.add(
        "order of a new grid: accepted until the first line at the printer",
        first_ms,
        "ms",
        Bound::Stated,
    );
    report.add(
        "second order of the same grid: accepted until the first line at the printer",
        quantile(&mut took_ms, 0.5),
        "ms",
        Bound::Max(1_000.0),
    );
    report.add("the slowest of five", quantile(&mut took_ms, 1.0), "ms", Bound::Max(1_000.0));
    Ok(())
}

/// Places an order, waits for the printer's next start, then lets the operator finish it. Milliseconds to the start.
async fn order(farm: &mut Farm, n: usize) -> anyhow::Result<f64> {
    let (before, _) = farm.starts().await?;
    let properties = [["Width (mm)", "42"], ["Height (mm)", "42"]];
    farm.place_order(json!({ "lines": [{ "sku": "GRID-CUSTOM", "properties": properties }] })).await?;
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let begun = Instant::now();
    while farm.starts().await?.0 == before {
        anyhow::ensure!(begun.elapsed() < ORDER_MAX, "order {n} did not start");
        sleep(LOOK_EVERY).await;
    }
    let took_ms = begun.elapsed().as_secs_f64() * 1e3;
    let api = farm.agent.api()?.clone();
    let operator = tokio::sync::Mutex::new(&mut farm.operator);
    let (agent, hub) = (&farm.agent, &farm.hub);
    wait::until("the order to be completed", ORDER_MAX, || async {
        operator.lock().await.round(&api).await?;
        let open = each(&agent.state().await?, "/jobs").count();
        let done =
            hub.orders().await?.iter().filter(|o| o.get("state") == Some(&Value::from("Completed"))).count();
        Ok(if open == 0 && done == n { Ok(()) } else { Err((open, done)) })
    })
    .await?;
    Ok(took_ms)
}
