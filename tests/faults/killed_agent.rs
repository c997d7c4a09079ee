//! `kill -9` of the agent at any moment: no job is physically started twice, nothing starts on an occupied bed, and every
//! order of plates comes to its end with the operator's help.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{collections::BTreeMap, path::Path, time::Duration};

use platewright_tests::{
    agent::{Agent, Wired},
    http::{Http, text},
    operator::{Operator, each},
    process::Process,
    seed::Seed,
};
use serde_json::{Value, json};
use tokio::time::Instant;

/// Kills in one run, and with `SOAK` set; each at a moment drawn from the seed.
const KILLS: [u32; 2] = [25, 1_000];
/// A kill falls within this time after a plate was ordered: slicing is cached, a plate prints in a second or two.
const KILL_WITHIN_MS: u64 = 2_500;
/// How long the floor may take to settle after the last kill.
const SETTLE_MAX: Duration = Duration::from_secs(90);

struct Bench {
    agent: Agent,
    operator: Operator,
    printer: Http,
    _simulator: Process,
}

impl Bench {
    async fn start(folder: &Path) -> Self {
        let port = folder.join("cr-1.tty");
        let arguments = ["--link", &port.to_string_lossy(), "--speed", "1000"].map(str::to_owned);
        let mut simulator = Process::start(folder, "sim-marlin", "sim-marlin", &arguments).unwrap();
        let printer = Http::new(format!("http://{}", simulator.address().await.unwrap())).unwrap();
        let connection = format!("{{ kind = \"serial\", port = {port:?} }}");
        let wired = Wired { id: "cr-1".into(), profile: "creality/cr-10".into(), connection };
        let mut agent = Agent::new(folder, None, &[wired]).unwrap();
        agent.start().await.unwrap();
        let mut operator = Operator::new(BTreeMap::from([("cr-1".to_owned(), printer.clone())]));
        operator.set_up(agent.api().unwrap()).await.unwrap();
        Self { agent, operator, printer, _simulator: simulator }
    }

    async fn order_a_plate(&self, key: &str) {
        let grid = json!({ "grid": { "plate_size": [42, 42], "bed_size": [250, 220] } });
        self.agent.api().unwrap().post_once("/api/v1/jobs", key, &grid).await.unwrap();
    }

    async fn open_jobs(&self) -> usize {
        each(&self.agent.state().await.unwrap(), "/jobs").count()
    }

    /// The operator works until nothing is open; then says what was last seen.
    async fn settle(&mut self, context: &str) {
        let end = Instant::now() + SETTLE_MAX;
        while self.open_jobs().await > 0 {
            let api = self.agent.api().unwrap().clone();
            self.operator.round(&api).await.unwrap();
            let state = self.agent.state().await.unwrap();
            assert!(Instant::now() < end, "{context}; last seen: {state}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn really(&self) -> Value {
        self.printer.get("/__control/state").await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_agent_never_starts_a_job_twice() {
    let kills = KILLS[usize::from(std::env::var_os("SOAK").is_some())];
    let mut seed = Seed::from_environment();
    let folder = tempfile::tempdir().unwrap().keep();
    let context = format!("TEST_SEED={} kept in {}", seed.value(), folder.display());
    println!("{context}");
    let mut bench = Bench::start(&folder).await;
    bench.order_a_plate("warm-up").await;
    bench.settle(&context).await;
    let mut killed_in = BTreeMap::new();
    for n in 0..kills {
        bench.order_a_plate(&format!("plate {n}")).await;
        let moment = Instant::now() + Duration::from_millis(seed.below(KILL_WITHIN_MS));
        let mut last = "nothing".to_owned();
        while Instant::now() < moment {
            let state = bench.agent.state().await.unwrap();
            last = each(&state, "/jobs")
                .next()
                .and_then(|j| text(j, "/state").ok())
                .unwrap_or("nothing open")
                .to_owned();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bench.agent.kill().unwrap();
        *killed_in.entry(last).or_insert(0) += 1;
        bench.agent.start().await.unwrap();
        bench.settle(&context).await;
        let really = bench.really().await;
        assert_eq!(really["starts_on_occupied_bed"], 0, "{context}: {really}");
    }
    println!("killed in: {killed_in:?}; {:?}", bench.operator.diary);
    let jobs = u64::from(kills) + 1 + u64::from(bench.operator.diary.printed_again);
    let starts = bench.really().await["starts"].as_u64().unwrap();
    assert!(starts <= jobs, "{context}: {starts} physical starts of {jobs} jobs");
    assert_eq!(bench.operator.diary.signed_off, kills + 1, "{context}: every plate was made whole once");
    std::fs::remove_dir_all(&folder).unwrap();
}
