//! The internet is away for a whole production: everything that was assigned is printed, counted and replaced all the
//! same, and the hub adopts it once when the link is back.

use std::time::Duration;

use platewright_tests::{
    farm::{Farm, Pace, Printers},
    http::text,
    operator::each,
    seed::Seed,
    shift::Customers,
    truth, wait,
};
use serde_json::{Value, json};

/// Orders of one plate each.
const ORDERS: usize = 4;
/// Slicing for both printers, and printing on them.
const WORK_WAIT_MAX: Duration = Duration::from_secs(120);
/// How long the agent may take until it polls again: its longest pause is a minute.
const ADOPTION_WAIT_MAX: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread")]
async fn a_production_without_internet_is_adopted_once() {
    let mut seed = Seed::from_environment();
    let folder = tempfile::tempdir().unwrap().keep();
    println!("TEST_SEED={} kept in {}", seed.value(), folder.display());
    let mut farm = Farm::start(&folder, Printers::SerialAndMqtt, Pace::AT_ONCE).await.unwrap();
    let mut customers = Customers::new(farm.shopify.clone(), farm.hub.api().unwrap().base(), seed.child());
    for _order in 0..ORDERS {
        customers.order(json!({})).await.unwrap();
    }
    let agent = &farm.agent;
    wait::until("the agent to hold every job", WORK_WAIT_MAX, || async {
        let open = each(&agent.state().await?, "/jobs").count();
        Ok(if open == ORDERS { Ok(()) } else { Err(open) })
    })
    .await
    .unwrap();
    // Nobody has looked at the beds yet, so nothing was started before the cut.
    assert_eq!(farm.starts().await.unwrap(), (0, 0));
    farm.link.cut();

    produce(&mut farm, &mut seed).await.unwrap();
    let (started, _) = farm.starts().await.unwrap();
    let scrapped = usize::try_from(farm.operator.diary.scrapped).unwrap();
    assert!(scrapped >= 1, "{:?}", farm.operator.diary);
    let plates = ORDERS + scrapped;
    assert_eq!(
        usize::try_from(started).unwrap(),
        plates,
        "every plate, and one more for each that was scrap"
    );
    let state = farm.agent.state().await.unwrap();
    assert!(state["hub"]["events_waiting"].as_u64().unwrap() > 0, "the hub has heard nothing: {state}");
    for order in farm.hub.orders().await.unwrap() {
        assert_eq!(order["state"], "InProduction", "the hub invents nothing: {order}");
    }
    // What happened without the hub survives a crash without the hub.
    farm.agent.kill().unwrap();
    farm.agent.start().await.unwrap();

    farm.link.mend();
    customers.wait_until_done(farm.hub.api().unwrap(), ADOPTION_WAIT_MAX).await.unwrap();
    let truth = truth::check(&mut farm, &customers.placed).await.unwrap();
    assert_eq!((truth.orders, truth.jobs), (ORDERS, plates), "each replacement was adopted, once");
    let mut adopted = 0;
    for order in farm.hub.orders().await.unwrap() {
        let order = farm.hub.order(text(&order, "/id").unwrap()).await.unwrap();
        adopted += each(&order, "/timeline").filter(|m| m["kind"] == "replacement_adopted").count();
    }
    assert_eq!(adopted, scrapped);
    assert_eq!(farm.starts().await.unwrap(), (started, 0), "nothing was printed again");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The operator works until nothing is open at the agent. The first whole plates are scrap.
async fn produce(farm: &mut Farm, seed: &mut Seed) -> anyhow::Result<()> {
    let api = farm.agent.api()?.clone();
    farm.operator.be_strict(seed.child(), 1);
    let end = tokio::time::Instant::now() + WORK_WAIT_MAX;
    loop {
        farm.operator.round(&api).await?;
        if farm.operator.diary.scrapped > 0 {
            farm.operator.be_strict(seed.child(), u64::MAX);
        }
        let state = farm.agent.state().await?;
        let is_done = each(&state, "/jobs").count() == 0 && each(&state, "/attempts").count() == 0;
        if is_done && state.pointer("/hub/link").and_then(Value::as_str) != Some("connected") {
            return Ok(());
        }
        anyhow::ensure!(tokio::time::Instant::now() < end, "the production does not end: {state}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
