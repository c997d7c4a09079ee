//! Deliveries and orders: everything is a difference, nothing happens twice.

use protocol::units::WallMs;

use super::wishes::{Agent, line, order, shop};
use crate::clock::SetClock;
use crate::store::{Delivery, HoldReason, LineKind, Mapping, OrderWish, Received, Settled, Stands, Store};

pub(super) async fn a_delivery_stored_twice_is_one_row(store: &'static dyn Store, _clock: SetClock) {
    let shop = shop(store).await;
    let delivery = |id: &str| Delivery {
        shop: shop.id,
        webhook_id: id.into(),
        topic: "orders/create".into(),
        body: b"{}".to_vec(),
    };
    assert_eq!(store.receive(delivery("w1")).await.unwrap(), Received::New);
    assert_eq!(store.receive(delivery("w1")).await.unwrap(), Received::Again);
    assert_eq!(store.receive(delivery("w2")).await.unwrap(), Received::New);
    let due = store.deliveries_due(10).await.unwrap();
    assert_eq!(due.len(), 2);
    store.settle(due[0].id, Settled::Held("no order".into())).await.unwrap();
    store.settle(due[1].id, Settled::Done).await.unwrap();
    assert!(store.deliveries_due(10).await.unwrap().is_empty());
    let held = store.deliveries(shop.tenant, Some("held".into()), 10).await.unwrap();
    assert_eq!((held.len(), held[0].note.as_str()), (1, "no order"));
}

pub(super) async fn pages_hear_of_what_they_show_and_of_nothing_else(
    store: &'static dyn Store,
    _clock: SetClock,
) {
    let shop = shop(store).await;
    let mut changes = store.changes();
    changes.mark_unchanged();
    store.audit("eva".into(), "looked", "order".into(), String::new()).await.unwrap();
    assert!(!changes.has_changed().unwrap(), "records of who did what are on no page");
    let order = store.apply_order(order(&shop, 1, vec![line("l1", 1)])).await.unwrap().order;
    assert!(changes.has_changed().unwrap(), "a new order");
    changes.mark_unchanged();
    store.set_hold(shop.tenant, order, Some("wait".into()), "eva".into()).await.unwrap();
    assert!(changes.has_changed().unwrap(), "a hold");
}

pub(super) async fn the_same_order_twice_makes_its_jobs_once(store: &'static dyn Store, _clock: SetClock) {
    let shop = shop(store).await;
    let first = store.apply_order(order(&shop, 1, vec![line("l1", 2)])).await.unwrap();
    assert_eq!((first.is_new, first.jobs_made, first.jobs_withdrawn), (true, 4, 0));
    let again = store.apply_order(order(&shop, 1, vec![line("l1", 2)])).await.unwrap();
    assert_eq!((again.is_new, again.jobs_made, again.jobs_withdrawn), (false, 0, 0));
    assert_eq!(store.orders(shop.tenant, 10).await.unwrap().len(), 1);
    let detail = store.order(shop.tenant, first.order).await.unwrap().unwrap();
    let kinds: Vec<&str> = detail.timeline.iter().rev().map(|m| m.kind.as_str()).collect();
    assert_eq!(kinds, ["order_received", "grid.mapping-ready", "order_validated", "print_jobs_created"]);
    assert_eq!((detail.row.state.as_str(), detail.row.wanted_n), ("InProduction", 4));
}

pub(super) async fn an_older_snapshot_changes_nothing(store: &'static dyn Store, _clock: SetClock) {
    let shop = shop(store).await;
    store.apply_order(order(&shop, 5, vec![line("l1", 1)])).await.unwrap();
    let old = store.apply_order(order(&shop, 4, vec![line("l1", 9)])).await.unwrap();
    assert!(old.is_stale);
    assert_eq!(store.jobs(shop.tenant, 50).await.unwrap().len(), 2);
}

pub(super) async fn less_wanted_withdraws_and_more_wanted_makes(store: &'static dyn Store, _clock: SetClock) {
    let shop = shop(store).await;
    store.apply_order(order(&shop, 1, vec![line("l1", 3)])).await.unwrap();
    let less = store.apply_order(order(&shop, 2, vec![line("l1", 1)])).await.unwrap();
    assert_eq!((less.jobs_made, less.jobs_withdrawn), (0, 4));
    let more = store.apply_order(order(&shop, 3, vec![line("l1", 2)])).await.unwrap();
    assert_eq!((more.jobs_made, more.jobs_withdrawn), (2, 0));
    // A line that is no longer listed is a line of which nothing is wanted.
    let gone = store.apply_order(order(&shop, 4, vec![line("l2", 1)])).await.unwrap();
    assert_eq!((gone.jobs_made, gone.jobs_withdrawn), (2, 4));
}

pub(super) async fn a_held_line_does_not_stop_the_others(store: &'static dyn Store, _clock: SetClock) {
    let shop = shop(store).await;
    let mut wish = order(&shop, 1, vec![line("l1", 1), line("l2", 1)]);
    wish.lines[1].kind = LineKind::Unresolved;
    wish.lines[1].parts.clear();
    wish.holds.push(HoldReason { subject: "line l2".into(), reason: "Height (mm) is missing.".into() });
    let applied = store.apply_order(wish).await.unwrap();
    assert_eq!(applied.jobs_made, 2);
    let row = store.orders(shop.tenant, 10).await.unwrap().remove(0);
    assert_eq!((row.word.as_str(), row.holds.len()), ("On hold", 1));
    // The buyer corrects it: the hold goes, the jobs come.
    let fixed = store.apply_order(order(&shop, 2, vec![line("l1", 1), line("l2", 1)])).await.unwrap();
    assert_eq!(fixed.jobs_made, 2);
    assert!(store.orders(shop.tenant, 10).await.unwrap()[0].holds.is_empty());
}

pub(super) async fn an_order_is_read_again_when_its_product_is_known(
    store: &'static dyn Store,
    _clock: SetClock,
) {
    let shop = shop(store).await;
    let mut wish = order(&shop, 1, vec![line("l1", 1), line("l2", 3)]);
    (wish.lines[1].kind, wish.lines[1].sku) = (LineKind::Unresolved, Some("BIN-3".into()));
    wish.lines[1].parts.clear();
    store.apply_order(wish).await.unwrap();
    let sold = store.sold(shop.tenant, WallMs(0)).await.unwrap();
    let rows: Vec<_> = sold.iter().map(|s| (s.sku.as_str(), s.pieces, s.waiting.len())).collect();
    assert_eq!(rows, [("BIN-3", 3, 1), ("GRID-CUSTOM", 1, 0)]);
    assert!(store.sold(shop.tenant, WallMs(2)).await.unwrap().is_empty(), "sold before");
    store.put_mapping(shop.tenant, "OTHER".into(), Mapping::Pick).await.unwrap();
    assert!(store.deliveries_due(9).await.unwrap().is_empty(), "nobody waited for it");
    store.put_mapping(shop.tenant, "BIN-3".into(), Mapping::Pick).await.unwrap();
    let due = store.deliveries_due(9).await.unwrap();
    let asked: Vec<_> = due.iter().map(|d| (d.topic.as_str(), d.body.as_slice())).collect();
    assert_eq!(asked, [("orders/updated", br#"{"id":6301}"#.as_slice())]);
}

pub(super) async fn a_cancelled_order_wants_nothing(store: &'static dyn Store, _clock: SetClock) {
    let shop = shop(store).await;
    store.apply_order(order(&shop, 1, vec![line("l1", 1)])).await.unwrap();
    let mut wish = order(&shop, 2, vec![line("l1", 1)]);
    wish.stands = Stands::Cancelled;
    let applied = store.apply_order(wish.clone()).await.unwrap();
    assert_eq!((applied.jobs_made, applied.jobs_withdrawn), (0, 2));
    let row = store.orders(shop.tenant, 10).await.unwrap().remove(0);
    assert_eq!(row.word, "Cancelled");
    let again = store.apply_order(wish).await.unwrap();
    assert_eq!((again.jobs_made, again.jobs_withdrawn), (0, 0));
}

pub(super) async fn printed_surplus_goes_to_the_shelf_and_is_used_first(
    store: &'static dyn Store,
    _clock: SetClock,
) {
    let shop = shop(store).await;
    let mut agent = Agent::enrol(store, "Ghent").await;
    agent.poll(Vec::new()).await;
    store.apply_order(order(&shop, 1, vec![line("l1", 1), line("l2", 1)])).await.unwrap();
    let fetched = agent.fetch().await;
    assert_eq!(fetched.len(), 4);
    let (first, n) = (fetched[0].clone(), 1);
    let events = agent.print(&first, n, true, None);
    agent.poll(events).await;
    let mut wish = order(&shop, 2, vec![line("l1", 1), line("l2", 1)]);
    wish.stands = Stands::Cancelled;
    store.apply_order(wish).await.unwrap();
    let mut other = order(&shop, 3, vec![line("l1", 1)]);
    other.shop_order_id = "6302".into();
    let applied = store.apply_order(other).await.unwrap();
    assert_eq!(
        applied.jobs_made, 1,
        "the plate that was printed for the cancelled order comes from the shelf"
    );
}

pub(super) async fn an_order_without_its_money_stays_new(store: &'static dyn Store, _clock: SetClock) {
    let shop = shop(store).await;
    let mut wish = order(&shop, 1, vec![line("l1", 1)]);
    wish.may_print = false;
    assert_eq!(store.apply_order(wish).await.unwrap().jobs_made, 0);
    assert_eq!(store.orders(shop.tenant, 9).await.unwrap()[0].state, "New");
    let paid = store.apply_order(order(&shop, 2, vec![line("l1", 1)])).await.unwrap();
    assert_eq!(paid.jobs_made, 2);
    assert_eq!(store.orders(shop.tenant, 9).await.unwrap()[0].state, "InProduction");
}

pub(super) async fn what_was_sent_is_no_stock(store: &'static dyn Store, _clock: SetClock) {
    let shop = shop(store).await;
    let mut agent = Agent::enrol(store, "Ghent").await;
    store.apply_order(order(&shop, 1, vec![line("l1", 1)])).await.unwrap();
    for (n, it) in (1..).zip(agent.fetch().await) {
        let events = agent.print(&it, n, true, None);
        agent.poll(events).await;
    }
    // The shop says that it was sent before our own call has heard so: its answer was lost.
    let sent = OrderWish { stands: Stands::Sent, ..order(&shop, 2, vec![line("l1", 1)]) };
    store.apply_order(sent).await.unwrap();
    let other = OrderWish { shop_order_id: "6302".into(), ..order(&shop, 3, vec![line("l1", 1)]) };
    assert_eq!(store.apply_order(other).await.unwrap().jobs_made, 2, "nothing of the parcel is on the shelf");
}
