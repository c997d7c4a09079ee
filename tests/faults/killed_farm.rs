//! `kill -9` of agent and hub at every named transition, while orders flow: every order completes, and nothing is
//! started, bought or told twice.

#![expect(clippy::print_stdout, reason = "a fault test shows its time and its coverage")]

use std::{cell::Cell, path::Path, time::Duration};

use platewright_tests::{
    farm::{Farm, Pace, Printers},
    killer::Killer,
    operator::Diary,
    seed::Seed,
    shift::{self, Customers},
    truth,
};
use serde_json::json;
use tokio::time::Instant;

/// Kills of one farm.
const KILLS: u32 = 200;
/// Farms in a row, in `make test` and in `make soak`.
const FARMS: [u32; 2] = [1, 50];
/// After these, while a transition is still rare, so many more before the next look at the truth.
const MORE_KILLS: u32 = 50;
/// Each transition is cut at least so often.
const ENOUGH: u32 = 3;
/// Kills beyond [`KILLS`] that rare transitions may take.
const MORE_KILLS_MAX: u32 = 150;
/// Orders open at any time.
const OPEN_ORDERS: usize = 4;
/// One whole plate of so many is scrap all the same.
const SCRAP_ONE_IN: u64 = 6;
/// How long the open orders may take when nothing is killed any more: a start command that was cut off is waited for for
/// three minutes (`start_wait_ms` of the dialect) before a person is asked.
const SETTLE_MAX: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_farm_completes_every_order_and_does_nothing_twice() {
    let farms = FARMS[usize::from(std::env::var_os("SOAK").is_some())];
    let mut seed = Seed::from_environment();
    for n in 0..farms {
        let folder = tempfile::tempdir().unwrap().keep();
        println!("TEST_SEED={} farm {n} kept in {}", seed.value(), folder.display());
        one_farm(&folder, &mut seed).await.unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

async fn one_farm(folder: &Path, seed: &mut Seed) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut farm = Farm::start(folder, Printers::SerialAndMqtt, Pace::AT_ONCE).await?;
    farm.operator.be_strict(seed.child(), SCRAP_ONE_IN);
    let mut customers = Customers::new(farm.shopify.clone(), farm.hub.api()?.base(), seed.child());
    // The first order is sliced in peace; those after it print what is there.
    customers.order(json!({})).await?;
    settle(&mut farm, &mut customers).await?;
    let mut killer = Killer::new(seed.child(), &farm.agent, &farm.hub);
    let lacks = |k: &Killer| k.coverage.least() < ENOUGH && k.kills_n < KILLS + MORE_KILLS_MAX;
    let mut kills = KILLS;
    while killer.kills_n < KILLS || lacks(&killer) {
        kill_some(&mut farm, &mut customers, (&mut killer, kills), seed).await?;
        kills = MORE_KILLS;
        settle(&mut farm, &mut customers).await?;
        let truth = truth::check(&mut farm, &customers.placed).await?;
        let (seconds, rare) = (begun.elapsed().as_secs(), killer.coverage.rare(ENOUGH));
        println!("{} kills, {seconds} s: {truth:?}; still rare: {rare:?}", killer.kills_n);
    }
    let Diary { signed_off, scrapped, decided, printed_again, .. } = &farm.operator.diary;
    println!(
        "{}{signed_off} signed off, {scrapped} scrapped, {decided} decided, {printed_again} printed again",
        killer.coverage.table()
    );
    anyhow::ensure!(killer.coverage.least() >= ENOUGH, "a transition was cut less than {ENOUGH} times");
    Ok(())
}

/// Kills so often, with orders coming in and the operator at work.
async fn kill_some(
    farm: &mut Farm,
    customers: &mut Customers,
    (killer, kills): (&mut Killer, u32),
    seed: &mut Seed,
) -> anyhow::Result<()> {
    let stop = Cell::new(false);
    let (agent_api, hub_api) = (farm.agent.api()?.clone(), farm.hub.api()?.clone());
    let Farm { agent, hub, operator, printers, .. } = farm;
    let cables = shift::pull_cables(&printers["cr-1"], seed.child(), &stop);
    let until = killer.kills_n + kills;
    let kill = async {
        let mut killed = Ok(());
        while killed.is_ok() && killer.kills_n < until {
            killed = killer.kill_once(agent, hub, ENOUGH).await;
        }
        stop.set(true);
        killed
    };
    let ordered = customers.keep_ordering(&hub_api, OPEN_ORDERS, &stop);
    let worked = shift::work(operator, &agent_api, &stop);
    tokio::try_join!(kill, ordered, worked, cables).map(|_done| ())
}

/// Nothing is killed until every order is completed.
async fn settle(farm: &mut Farm, customers: &mut Customers) -> anyhow::Result<()> {
    let stop = Cell::new(false);
    let (agent_api, hub_api) = (farm.agent.api()?.clone(), farm.hub.api()?.clone());
    let wait = async {
        let done = customers.wait_until_done(&hub_api, SETTLE_MAX).await;
        stop.set(true);
        done
    };
    tokio::try_join!(wait, shift::work(&mut farm.operator, &agent_api, &stop)).map(|_done| ())
}
