//! The hub's database is put back from an older copy: nothing is printed, labelled or sent a second time.

use crate::farm::{Agent, Farm};
use protocol::wire::Tolerant;
use protocol::wire::v1::{Assignment, ClosedAs, Down, LedgerEntry, LedgerState};
use serde_json::{Value, json};

/// Plates of the demonstration order (450 × 320 mm on 250 × 220 mm).
const PLATES: usize = 4;

fn entry(it: &Assignment, state: LedgerState) -> LedgerEntry {
    let (units, purpose) = (it.units.clone(), it.purpose.clone());
    LedgerEntry { job: it.job, epoch: it.epoch, purpose, units, label: None, replaces: None, state }
}

fn good() -> LedgerState {
    LedgerState::Closed { closed_as: ClosedAs::Good, counted: vec![], replaced_by: None }
}

/// What a poll brings, or that everything is asked for.
async fn asks_for_everything(agent: &mut Agent, farm: &Farm) -> bool {
    matches!(agent.poll(farm, vec![], 0).await.down, Down::MustResync { .. })
}

#[tokio::test]
async fn a_restored_hub_finds_the_prints_of_orders_that_it_forgot() {
    let mut farm = Farm::new().await;
    let (mut agent, mut other) = (Agent::enrol(&farm).await, Agent::enrol_at(&farm, "Lyon", 4).await);
    for agent in [&mut agent, &mut other] {
        agent.poll(&farm, vec![], 0).await;
    }
    let backup = farm.folder.path().join("backup.db");
    let backup = backup.to_str().unwrap().to_owned();
    farm.command(&["backup", "--out", &backup]);
    farm.place(json!({})).await;
    let mut all = agent.fetch(&farm, PLATES).await;
    let late: Vec<Assignment> = all.split_off(PLATES / 2);
    for it in &all {
        agent.print_good(&farm, it).await;
    }
    agent.ledger = all.iter().map(|it| entry(it, good())).collect();
    agent.ledger.extend(late.iter().map(|it| entry(it, LedgerState::Claimed)));
    farm.kill();
    // As on a new machine: nothing beside the database tells how often it had started.
    std::fs::remove_file(farm.folder.path().join("data/starts")).unwrap();
    let said = farm.command(&["restore", &backup]);
    assert!(said.contains("before these agents have said what they hold"), "{said}");
    farm.start();
    for agent in [&mut agent, &mut other] {
        agent.log_in(&farm).await;
        assert!(asks_for_everything(agent, &farm).await);
    }
    agent.resync(&farm).await;
    let orders = farm.get("/api/v1/orders").await;
    assert_eq!(orders["orders"], json!([]), "nothing is read before every agent was heard");
    other.resync(&farm).await;
    farm.until_word("Printing").await;
    let jobs = |detail: &Value| detail["jobs"].as_array().unwrap().len();
    assert_eq!(jobs(&farm.detail().await), PLATES, "the plates that exist or are claimed, and no others");
    assert!(!asks_for_everything(&mut other, &farm).await);
    for it in &late {
        agent.print_good(&farm, it).await;
    }
    farm.until_word("Shipped").await;
    assert_eq!(jobs(&farm.detail().await), PLATES);
    assert_eq!(farm.label_state().await["shipments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_label_that_a_restored_hub_forgot_is_not_bought_again() {
    let mut farm = Farm::new().await;
    let mut agent = Agent::enrol(&farm).await;
    farm.place(json!({})).await;
    let all = agent.fetch(&farm, PLATES).await;
    let backup = farm.folder.path().join("backup.db");
    farm.command(&["backup", "--out", backup.to_str().unwrap()]);
    for it in &all {
        agent.print_good(&farm, it).await;
    }
    agent.ledger = all.iter().map(|it| entry(it, good())).collect();
    farm.until_word("Shipped").await;
    farm.kill();
    // Put back by hand, without the command.
    let data = farm.folder.path().join("data");
    for log in ["hub.db-wal", "hub.db-shm"] {
        drop(std::fs::remove_file(data.join(log)));
    }
    std::fs::copy(&backup, data.join("hub.db")).unwrap();
    farm.start();
    agent.log_in(&farm).await;
    assert!(asks_for_everything(&mut agent, &farm).await);
    agent.resync(&farm).await;
    farm.until_word("Shipped").await;
    let delta = agent.poll(&farm, vec![], 0).await.down;
    let Down::Delta(delta) = delta else { panic!("must resync again") };
    assert!(delta.upserts.iter().filter_map(Tolerant::known).next().is_none(), "nothing is printed again");
    assert_eq!(farm.label_state().await["shipments"].as_array().unwrap().len(), 1);
    let shop = farm.shop_state().await;
    assert_eq!(shop["orders"][0]["fulfillments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_agent_that_never_comes_back_is_released_by_a_person() {
    let mut farm = Farm::new().await;
    let lost = Agent::enrol(&farm).await;
    let backup = farm.folder.path().join("backup.db");
    farm.command(&["backup", "--out", backup.to_str().unwrap()]);
    farm.kill();
    farm.command(&["restore", backup.to_str().unwrap()]);
    farm.start();
    farm.place(json!({})).await;
    assert!(farm.command(&["admin", "quarantine", "list"]).contains(&lost.id.to_string()));
    let mut new = Agent::enrol_at(&farm, "Lyon", 4).await;
    farm.command(&["admin", "quarantine", "release", &lost.id.to_string()]);
    farm.command(&["admin", "agent", "revoke", &lost.id.to_string()]);
    assert_eq!(new.fetch(&farm, PLATES).await.len(), PLATES);
}

#[tokio::test]
async fn what_is_no_backup_replaces_nothing() {
    let mut farm = Farm::new().await;
    let folder = farm.folder.path().to_owned();
    let backup = folder.join("backup.db");
    farm.command(&["backup", "--out", backup.to_str().unwrap()]);
    let (code, said) = farm.refused(&["backup", "--out", backup.to_str().unwrap()]);
    assert!(code == 2 && said.contains("a backup never overwrites a file"), "{code} {said}");
    farm.kill();
    let database = std::fs::read(folder.join("data/hub.db")).unwrap();
    for (name, bytes) in [("empty.db", &b""[..]), ("text.db", b"these are words and no database at all")] {
        cloud_hub::files::write_atomic(&folder.join(name), bytes).unwrap();
        let (code, said) = farm.refused(&["restore", folder.join(name).to_str().unwrap()]);
        assert!(code == 2 && said.contains("is no whole database of a hub; nothing was changed"), "{said}");
    }
    assert!(std::fs::read(folder.join("data/hub.db")).unwrap() == database);
    farm.command(&["restore", backup.to_str().unwrap()]);
    let (code, said) = farm.refused(&["restore", backup.to_str().unwrap()]);
    assert!(code == 2 && said.contains("move it away first"), "{code} {said}");
}
