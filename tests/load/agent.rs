//! What the agent costs while nothing prints, with two printers connected and a hub.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use platewright_tests::{
    farm::{Farm, Pace, Printers},
    http::text,
    operator::each,
    wait,
};
use tokio::time::sleep;

use crate::report::{Bound, Report, quantile};

/// How long it is watched.
const WATCH: Duration = Duration::from_secs(20);
const STARTS: usize = 5;
const READY_MAX: Duration = Duration::from_secs(30);
/// Clock ticks of `/proc/PID/stat` a second, on every Linux that runs here.
const TICKS_A_SECOND: f64 = 100.0;

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut farm = Farm::start(folder.path(), Printers::SerialAndMqtt, Pace::of(1_000)).await?;
    let mut took_ms = Vec::new();
    for _ in 0..STARTS {
        farm.agent.stop().await?;
        #[expect(clippy::disallowed_methods, reason = "a measurement")]
        let begun = Instant::now();
        farm.agent.start().await?;
        took_ms.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    report.add(
        "agent: start until it answers, ledger and two printers",
        quantile(&mut took_ms, 0.5),
        "ms",
        Bound::Max(200.0),
    );
    ready(&mut farm).await?;
    let agent = farm.agent.id().context("the agent runs")?;
    let hub = farm.hub.id().context("the hub runs")?;
    let before = cpu_s(agent)?;
    sleep(WATCH).await;
    let used_ms = (cpu_s(agent)? - before) * 1e3 / WATCH.as_secs_f64();
    report.add("agent: idle, CPU per second, two printers connected", used_ms, "ms", Bound::Max(10.0));
    report.add("agent: idle, resident memory", rss_mb(agent)?, "MB", Bound::Max(30.0));
    report.add("hub: idle, resident memory", rss_mb(hub)?, "MB", Bound::Stated);
    Ok(())
}

/// Waits until every printer is connected and its bed said to be clear: what follows is idleness.
pub(crate) async fn ready(farm: &mut Farm) -> anyhow::Result<()> {
    let api = farm.agent.api()?.clone();
    let (operator, agent) = (tokio::sync::Mutex::new(&mut farm.operator), &farm.agent);
    wait::until("the printers to be ready", READY_MAX, || async {
        operator.lock().await.round(&api).await?;
        let state = agent.state().await?;
        let states: Vec<String> =
            each(&state, "/printers").filter_map(|p| text(p, "/state").ok().map(str::to_owned)).collect();
        let are_ready = !states.is_empty() && states.iter().all(|s| s == "Ready");
        Ok(if are_ready { Ok(()) } else { Err(states) })
    })
    .await
}

/// Processor time of a process so far, seconds.
pub(crate) fn cpu_s(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in brackets may hold blanks: fields are counted behind it. utime and stime are fields 14 and 15.
    let behind = stat.rsplit_once(')').context("a process name in brackets")?.1;
    let ticks = behind.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum::<f64>();
    Ok(ticks / TICKS_A_SECOND)
}

/// Resident memory of a process, MB.
pub(crate) fn rss_mb(pid: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}
