//! The power goes: whatever the disk made of the unsynced writes, nothing that was acknowledged is gone, and no printer
//! got a byte of a start that is not in the ledger.
//!
//! The real processes run under strace; their writes and syncs are replayed up to many moments, the unsynced ones kept,
//! lost or torn by sector. Each run also shows that the oracle can see a loss, by leaving out the syncs of the logs.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{collections::BTreeMap, path::Path, time::Duration};

use platewright_tests::{
    agent::{Agent, Wired},
    disk::{self, Disk, Fate, Step, Syncs},
    http::Http,
    hub::{Hub, Outside},
    operator::{Operator, each},
    process::{Process, say},
    seed::Seed,
    strace, wait,
    webhook::{PATH, Webhook},
};
use serde_json::json;

/// Webhooks of a run; their bodies fill the log until it is checkpointed and begun anew.
const WEBHOOKS: u64 = 120;
const BODY_BYTES: u32 = 24_000;
/// Plates of a run.
const PLATES: u32 = 3;
/// How long the plates may take.
const PLATES_MAX: Duration = Duration::from_secs(120);
/// Disks that are looked at, besides those at the moments of an answer; with `SOAK` set all of them.
const MOMENTS: usize = 60;

/// The line that the agent sends before a job's own: the printer's job timer.
const START: &str = " M75*";

/// What the outside was told so far.
#[derive(Debug, Default, Clone, Copy)]
struct Told {
    acks: usize,
    starts: usize,
}

impl Told {
    /// Counts what one message told: an answer that `is_ack`, or the first lines of a job.
    fn hear(&mut self, step: &Step, is_ack: fn(&str) -> bool) -> bool {
        let Step::Said { to, bytes } = step else { return false };
        let text = String::from_utf8_lossy(bytes);
        let is_ack = to.starts_with("socket:") && is_ack(&text);
        let is_start = to.starts_with("/dev/") && text.contains(START);
        self.acks += usize::from(is_ack);
        self.starts += usize::from(is_start);
        is_ack || is_start
    }
}

/// What is missing from the disks that the power cuts leave: one line for each.
fn losses(
    steps: &[Step],
    syncs: Syncs,
    seed: &mut Seed,
    is_ack: fn(&str) -> bool,
    look: impl Fn(&Path, Told) -> Result<(), String>,
) -> (usize, Vec<String>) {
    let is_soak = std::env::var_os("SOAK").is_some();
    let sampled = |seed: &mut Seed| is_soak || seed.below(steps.len() as u64) < MOMENTS as u64;
    let mut disk = Disk::new(syncs);
    let (mut told, mut looked, mut lost) = (Told::default(), 0, Vec::new());
    let folder = tempfile::tempdir().unwrap();
    for (n, step) in steps.iter().enumerate() {
        disk.follow(step);
        let is_answer = told.hear(step, is_ack);
        if !is_answer && !sampled(seed) {
            continue;
        }
        for fate in Fate::ALL {
            let folder = tempfile::tempdir_in(&folder).unwrap();
            disk.after_power_cut(folder.path(), fate, seed).unwrap();
            looked += 1;
            if let Err(what) = look(folder.path(), told) {
                lost.push(format!("after step {n} of {}, {fate:?}: {what}", steps.len()));
            }
        }
    }
    (looked, lost)
}

/// Opens what is left as the process would, and checks it.
fn open(file: &Path) -> Result<rusqlite::Connection, String> {
    let told = |e: rusqlite::Error| e.to_string();
    #[expect(clippy::disallowed_methods, reason = "looks at what a power cut left")]
    let database = rusqlite::Connection::open(file).map_err(told)?;
    let health: String = database.query_row("pragma integrity_check", [], |row| row.get(0)).map_err(told)?;
    if health == "ok" { Ok(database) } else { Err(health) }
}

fn count(database: &rusqlite::Connection, query: &str) -> usize {
    // A table that was never made holds nothing.
    database.query_row(query, [], |row| row.get::<_, i64>(0)).map_or(0, |n| usize::try_from(n).unwrap())
}

fn check(steps: &[Step], is_ack: fn(&str) -> bool, look: impl Fn(&Path, Told) -> Result<(), String>) {
    let mut seed = Seed::from_environment();
    say(&format!("TEST_SEED={}; {} steps", seed.value(), steps.len()));
    let (looked, lost) = losses(steps, Syncs::AsAsked, &mut seed, is_ack, &look);
    say(&format!("{looked} disks after a power cut, {} with a loss", lost.len()));
    assert_eq!(lost, Vec::<String>::new(), "TEST_SEED={}", seed.value());
    let (looked, lost) = losses(steps, Syncs::WithoutLogs, &mut seed, is_ack, &look);
    say(&format!("without the syncs of the log: {looked} disks, {} with a loss", lost.len()));
    assert!(!lost.is_empty(), "the same look must see what NORMAL loses");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_was_answered_survives_a_power_cut() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = "127.0.0.1:9".to_owned(); // The discard port: every outside service is away.
    let outside = Outside { shopify: nobody.clone(), sendcloud: nobody.clone(), simplyprint: nobody };
    let mut hub = Hub::new(folder.path(), &outside).unwrap();
    let recording = folder.path().join("hub.strace");
    hub.run_under(strace::wrapper(&recording.to_string_lossy()));
    hub.start().await.unwrap();
    let http = Http::new(format!("http://{}", hub.address().unwrap())).unwrap();
    for n in 0..WEBHOOKS {
        let body = json!({ "id": n, "note": "x".repeat(BODY_BYTES as usize) }).to_string().into_bytes();
        let webhook = Webhook::signed("app/unheard_of", &format!("webhook-{n}"), body).unwrap();
        http.post_webhook(PATH, &webhook).await.unwrap();
    }
    hub.stop().await.unwrap();
    let steps = disk::read(&recording, Path::new("hub.db")).unwrap();
    // The owner's log-in is answered with a body, a webhook with none.
    let is_ack: fn(&str) -> bool =
        |text| text.starts_with("HTTP/1.1 200") && text.contains("content-length: 0\r\n");
    check(&steps, is_ack, |folder, told| {
        if told.acks == 0 {
            return Ok(());
        }
        let database = open(&folder.join("hub.db"))?;
        let is_there = "select count(*) from webhook_inbox where length(body) > ?1 and webhook_id = ?2";
        let mut is_there = database.prepare(is_there).map_err(|e| e.to_string())?;
        let gone = (0..told.acks).map(|n| format!("webhook-{n}")).find(|id| {
            let rows: i64 = is_there.query_row((BODY_BYTES, id), |row| row.get(0)).unwrap();
            rows != 1
        });
        gone.map_or(Ok(()), |id| Err(format!("{id} was answered and is not there once")))
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_answered_and_a_start_that_was_sent_survive_a_power_cut() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("cr-1.tty");
    let arguments = ["--link", &port.to_string_lossy(), "--speed", "1000", "--baud", "0"].map(str::to_owned);
    let mut simulator = Process::start(folder.path(), "sim-marlin", "sim-marlin", &arguments).unwrap();
    let printer = Http::new(format!("http://{}", simulator.address().await.unwrap())).unwrap();
    let connection = format!("{{ kind = \"serial\", port = {port:?} }}");
    let wired = Wired { id: "cr-1".into(), profile: "creality/cr-10".into(), connection };
    let mut agent = Agent::new(folder.path(), None, &[wired]).unwrap();
    let recording = folder.path().join("agent.strace");
    agent.run_under(strace::wrapper(&recording.to_string_lossy()));
    agent.start().await.unwrap();
    let mut operator = Operator::new(BTreeMap::from([("cr-1".to_owned(), printer)]));
    let api = agent.api().unwrap().clone();
    operator.set_up(&api).await.unwrap();
    let grid = json!({ "grid": { "plate_size": [42, 42], "bed_size": [250, 220] } });
    for n in 0..PLATES {
        api.post_once("/api/v1/jobs", &format!("plate {n}"), &grid).await.unwrap();
    }
    let operator = tokio::sync::Mutex::new(operator);
    wait::until("every plate to be signed off", PLATES_MAX, || async {
        operator.lock().await.round(&api).await?;
        let open = each(&agent.state().await?, "/jobs").count();
        Ok(if open == 0 { Ok(()) } else { Err(open) })
    })
    .await
    .unwrap();
    agent.stop().await.unwrap();
    let steps = disk::read(&recording, Path::new("ledger.db")).unwrap();
    check(
        &steps,
        |text| text.starts_with("HTTP/1.1 201"),
        |folder, told| {
            if told.acks + told.starts == 0 {
                return Ok(());
            }
            let database = open(&folder.join("ledger.db"))?;
            let jobs = count(&database, "select count(*) from assignment");
            let attempts = count(&database, "select count(*) from attempt");
            if jobs < told.acks || attempts < told.starts {
                return Err(format!("{told:?}, and the ledger knows {jobs} jobs and {attempts} attempts"));
            }
            Ok(())
        },
    );
}
