//! The outbox: one label, one fulfilment, whatever dies in between.

use protocol::ids::Sha256;
use protocol::units::WallMs;

use super::wishes::{Agent, line, order, shop};
use crate::clock::SetClock;
use crate::store::{BoughtLabel, Effect, Outcome, Shop, Stands, Store, Taken};

/// An order whose parts are all good.
async fn ready(store: &'static dyn Store) -> Shop {
    let shop = shop(store).await;
    let mut agent = Agent::enrol(store, "Ghent").await;
    store.apply_order(order(&shop, 1, vec![line("l1", 1)])).await.unwrap();
    for (n, it) in (1..).zip(agent.fetch().await) {
        let events = agent.print(&it, n, true, None);
        agent.poll(events).await;
    }
    shop
}

async fn take(store: &'static dyn Store, service: &'static str, boot: &str) -> Option<Taken> {
    store.take_effect(service, "worker".into(), boot.into()).await.unwrap()
}

fn label() -> BoughtLabel {
    BoughtLabel {
        service_id: "s1".into(),
        parcel: "1".into(),
        tracking_number: "3S1".into(),
        tracking_url: None,
        carrier: None,
        label: Sha256::of(b"pdf"),
        is_test: true,
        notify: false,
    }
}

pub(super) async fn an_order_of_good_parts_is_labelled_and_fulfilled_once(
    store: &'static dyn Store,
    _clock: SetClock,
) {
    let shop = ready(store).await;
    let taken = take(store, "sendcloud", "b1").await.unwrap();
    assert!(!taken.may_have_worked && matches!(taken.effect, Effect::Label(_)));
    assert_eq!(take(store, "sendcloud", "b1").await, None, "in flight is nobody else's");
    // The order read again in between wants no second label.
    store.apply_order(order(&shop, 2, vec![line("l1", 1)])).await.unwrap();
    assert_eq!(take(store, "sendcloud", "b1").await, None);
    store.finish_effect(taken.id.clone(), Outcome::Bought(label())).await.unwrap();
    store.finish_effect(taken.id, Outcome::Bought(label())).await.unwrap();
    let fulfill = take(store, "shopify", "b1").await.unwrap();
    assert_eq!(take(store, "shopify", "b1").await, None, "one fulfilment for one label");
    let Effect::Fulfill(intent) = &fulfill.effect else { panic!("{fulfill:?}") };
    assert_eq!(intent.tracking_number, "3S1");
    store.finish_effect(fulfill.id, Outcome::Fulfilled("gid://shopify/Fulfillment/1".into())).await.unwrap();
    let row = store.orders(shop.tenant, 9).await.unwrap().remove(0);
    assert_eq!(row.word, "Shipped");
    let detail = store.order(shop.tenant, row.id).await.unwrap().unwrap();
    let kinds: Vec<&str> = detail.timeline.iter().rev().map(|m| m.kind.as_str()).skip(4).collect();
    let expected = [
        "all_jobs_printing",
        "all_jobs_completed",
        "shipping_label_created",
        "fulfillment_created",
        "flow_completed",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(detail.shipments[0].fulfillment_id.as_deref(), Some("gid://shopify/Fulfillment/1"));
}

pub(super) async fn a_call_of_a_dead_process_is_unknown(store: &'static dyn Store, _clock: SetClock) {
    ready(store).await;
    let first = take(store, "sendcloud", "b1").await.unwrap();
    assert_eq!(store.mark_orphans("b1".into()).await.unwrap(), 0, "the own rows are not orphans");
    assert_eq!(store.mark_orphans("b2".into()).await.unwrap(), 1);
    let again = take(store, "sendcloud", "b2").await.unwrap();
    assert_eq!((again.id, again.may_have_worked), (first.id, true));
}

pub(super) async fn refusals_use_up_tries_and_waiting_does_not(store: &'static dyn Store, clock: SetClock) {
    let shop = ready(store).await;
    let soon = |clock: &SetClock| WallMs(crate::clock::Clock::wall(clock).0 + 10);
    for _ in 0..30 {
        let taken = take(store, "sendcloud", "b1").await.unwrap();
        let waits = Outcome::NotDone { due: soon(&clock), note: "Sendcloud does not answer.".into() };
        store.finish_effect(taken.id, waits).await.unwrap();
        assert_eq!(take(store, "sendcloud", "b1").await, None, "not before its time");
        clock.pass(10);
    }
    for n in 0..6 {
        let taken = take(store, "sendcloud", "b1").await.unwrap();
        assert_eq!(taken.tries_n, n);
        let refused = Outcome::Refused { due: soon(&clock), note: "The postal code is not known.".into() };
        store.finish_effect(taken.id, refused).await.unwrap();
        clock.pass(10);
    }
    assert_eq!(take(store, "sendcloud", "b1").await, None);
    let row = store.orders(shop.tenant, 9).await.unwrap().remove(0);
    assert_eq!(
        (row.word.as_str(), row.holds[0].reason.as_str()),
        ("On hold", "The postal code is not known.")
    );
    let dead = store.effects(shop.tenant, 9).await.unwrap().remove(0);
    assert_eq!(dead.state, "dead");
    assert!(store.revive_effect(shop.tenant, dead.id, false, "Ann".into()).await.unwrap());
    let taken = take(store, "sendcloud", "b1").await.unwrap();
    assert!(taken.may_have_worked, "what was called dead is looked up first");
}

pub(super) async fn a_label_bought_for_a_cancelled_order_is_given_back(
    store: &'static dyn Store,
    _clock: SetClock,
) {
    let shop = ready(store).await;
    let taken = take(store, "sendcloud", "b1").await.unwrap();
    let mut wish = order(&shop, 2, vec![line("l1", 1)]);
    wish.stands = Stands::Cancelled;
    store.apply_order(wish).await.unwrap();
    store.finish_effect(taken.id, Outcome::Bought(label())).await.unwrap();
    assert_eq!(take(store, "shopify", "b1").await, None);
    let cancel = take(store, "sendcloud", "b1").await.unwrap();
    assert!(matches!(cancel.effect, Effect::CancelLabel { .. }));
    store.finish_effect(cancel.id, Outcome::LabelCancelled).await.unwrap();
    let row = store.orders(shop.tenant, 9).await.unwrap().remove(0);
    let detail = store.order(shop.tenant, row.id).await.unwrap().unwrap();
    assert_eq!(detail.shipments[0].state, "cancelled");
}

pub(super) async fn an_order_on_hold_sends_nothing(store: &'static dyn Store, _clock: SetClock) {
    let shop = ready(store).await;
    let order = store.orders(shop.tenant, 9).await.unwrap().remove(0).id;
    assert!(store.set_hold(shop.tenant, order, Some("wait for Eva".into()), "Ann".into()).await.unwrap());
    assert_eq!(take(store, "sendcloud", "b1").await, None);
    assert!(store.set_hold(shop.tenant, order, None, "Ann".into()).await.unwrap());
    let taken = take(store, "sendcloud", "b1").await.unwrap();
    store.finish_effect(taken.id, Outcome::Bought(label())).await.unwrap();
    // More is wanted after the label: the fulfilment waits for the new plates.
    store.apply_order(super::wishes::order(&shop, 2, vec![line("l1", 2)])).await.unwrap();
    assert_eq!(store.orders(shop.tenant, 9).await.unwrap()[0].word, "Printing");
    assert_eq!(take(store, "shopify", "b1").await, None);
}
