//! Agents: enrolment, hand-out, events in order, replacements, another life.

use protocol::ids::Incarnation;
use protocol::job::ClaimAnswer;
use protocol::units::{Epoch, HubIncarnation, Seq, WallMs};
use protocol::wire::PROTO;
use protocol::wire::v1::{Claim, Desired, Down, EventKind, OnScrap, Purpose, Replaces, ResyncRequest, Right};

use super::wishes::{Agent, line, order, shop};
use crate::clock::SetClock;
use crate::sources;
use crate::store::{Enrolled, JobWish, Store};

pub(super) async fn a_code_is_good_once_and_for_its_time(store: &'static dyn Store, clock: SetClock) {
    let tenant = store.tenant().await.unwrap();
    store.put_code(tenant, "Ghent".into(), "h1".into(), WallMs(10_000)).await.unwrap();
    store.put_code(tenant, "Ghent".into(), "h2".into(), WallMs(10_000)).await.unwrap();
    assert!(matches!(store.enrol("h1".into(), "k".into()).await.unwrap(), Enrolled::As(_)));
    assert_eq!(store.enrol("h1".into(), "k".into()).await.unwrap(), Enrolled::BadCode);
    clock.pass(10_000);
    assert_eq!(store.enrol("h2".into(), "k".into()).await.unwrap(), Enrolled::BadCode);
}

pub(super) async fn a_pinned_job_is_claimed_with_its_hand_out(store: &'static dyn Store, _clock: SetClock) {
    let shop = shop(store).await;
    let mut agent = Agent::enrol(store, "Ghent").await;
    store.apply_order(order(&shop, 1, vec![line("l1", 1)])).await.unwrap();
    let first = agent.fetch().await;
    assert_eq!(first.len(), 2);
    assert!(first.iter().all(|a| a.right == Right::Pinned && a.on_scrap == OnScrap::Replace { left: 1 }));
    assert!(store.jobs(shop.tenant, 9).await.unwrap().iter().all(|j| j.state == "Claimed"));
    let claim = |epoch, life| Claim { job: first[0].job, epoch, agent_incarnation: life };
    let granted = store.claim(agent.id, claim(first[0].epoch, agent.life)).await.unwrap();
    assert!(matches!(granted, Some(ClaimAnswer::Granted(_))), "the answer may have been lost: granted again");
    assert_eq!(store.claim(agent.id, claim(first[0].epoch, Incarnation::new(9))).await.unwrap(), None);
    assert!(agent.fetch().await.is_empty(), "nothing new");
    // The answer with the hand-out was lost: the same comes again.
    agent.cursor = protocol::units::Cursor::new(0);
    assert_eq!(agent.fetch().await.len(), 2);
}

pub(super) async fn events_are_applied_once_and_in_order(store: &'static dyn Store, _clock: SetClock) {
    let shop = shop(store).await;
    let mut agent = Agent::enrol(store, "Ghent").await;
    store.apply_order(order(&shop, 1, vec![line("l1", 1)])).await.unwrap();
    let it = agent.fetch().await.remove(0);
    let events = agent.print(&it, 1, true, None);
    let gap = agent.poll(vec![events[1].clone()]).await;
    assert_eq!(gap.reply.acked_seq, Seq::new(0), "the first is missing: nothing is applied");
    let most = agent.poll(events[..2].to_vec()).await;
    assert_eq!(most.reply.acked_seq, Seq::new(2));
    let all = agent.poll(events.clone()).await;
    assert_eq!((all.reply.acked_seq, all.reply.rejected.len()), (Seq::new(3), 0));
    let job = store.job(shop.tenant, it.job).await.unwrap().unwrap();
    assert_eq!(
        (job.state.as_str(), job.attempts.len(), job.attempts[0].note.as_str()),
        ("Good", 1, "Good. Signed off by Mark.")
    );
    let Down::Delta(delta) = agent.poll(events).await.reply.down else { panic!("no delta") };
    assert!(delta.removed.is_empty(), "told before");
}

pub(super) async fn a_replacement_is_adopted_and_never_made_twice(
    store: &'static dyn Store,
    _clock: SetClock,
) {
    let shop = shop(store).await;
    let mut agent = Agent::enrol(store, "Ghent").await;
    let applied = store.apply_order(order(&shop, 1, vec![line("l1", 1)])).await.unwrap();
    let it = agent.fetch().await.remove(0);
    let (second, third) = (sources::job(), sources::job());
    let mut events = agent.print(&it, 1, false, Some(second));
    for job in [second, third] {
        let replaces = Replaces { job: it.job, units: vec![1] };
        let what =
            EventKind::ReplacementCreated { replaces, purpose: it.purpose.clone(), units: it.units.clone() };
        events.push(agent.event(job, it.epoch, what));
    }
    let synced = agent.poll(events).await;
    assert_eq!(
        synced.reply.rejected.len(),
        1,
        "the second replacement of one job is an incident: {:?}",
        synced.reply.rejected
    );
    assert_eq!(store.job(shop.tenant, it.job).await.unwrap().unwrap().state, "Replaced");
    assert_eq!(store.job(shop.tenant, second).await.unwrap().unwrap().state, "Claimed");
    assert!(store.job(shop.tenant, third).await.unwrap().is_none());
    let again = store.apply_order(order(&shop, 2, vec![line("l1", 1)])).await.unwrap();
    assert_eq!(again.jobs_made, 0, "the replacement counts as present");
    let refused = store.retry_job(shop.tenant, second, "Ann".into()).await.unwrap();
    assert_eq!(refused, JobWish::Refused("Plate A1 is at Ghent: print it again there.".into()));
    let detail = store.order(shop.tenant, applied.order).await.unwrap().unwrap();
    assert!(detail.timeline.iter().any(|m| m.kind == "replacement_adopted"));
}

pub(super) async fn a_replacement_takes_the_place_of_what_it_replaces(
    store: &'static dyn Store,
    _clock: SetClock,
) {
    let shop = shop(store).await;
    let mut agent = Agent::enrol(store, "Ghent").await;
    store.apply_order(order(&shop, 1, vec![line("l1", 1)])).await.unwrap();
    let fetched = agent.fetch().await;
    // One is counted as scrap first and printed again after an answer; of the other, the replacement is read first.
    for (n, it) in (1..).zip(&fetched) {
        let second = sources::job();
        let is_answer = n == 1;
        let mut events = agent.print(it, n, false, (!is_answer).then_some(second));
        let replaces = Replaces { job: it.job, units: vec![1] };
        let what =
            EventKind::ReplacementCreated { replaces, purpose: it.purpose.clone(), units: it.units.clone() };
        let born = agent.event(second, it.epoch, what);
        events.insert(if is_answer { 3 } else { 2 }, born);
        for (event, seq) in events.iter_mut().zip(4 * (n - 1) + 1..) {
            event.seq = Seq::new(seq);
        }
        for (event, updated) in events.into_iter().zip(10_i64 * i64::try_from(n).unwrap()..) {
            agent.poll(vec![event]).await;
            let read_again = store.apply_order(order(&shop, updated, vec![line("l1", 1)])).await.unwrap();
            assert_eq!((read_again.jobs_made, read_again.jobs_withdrawn), (0, 0), "plate {n}, at {updated}");
        }
        let job = store.job(shop.tenant, second).await.unwrap().unwrap();
        assert!(job.is_wanted, "nobody asks for the replacement of plate {n} back");
    }
    assert!(
        store.jobs(shop.tenant, 9).await.unwrap().iter().all(|j| !j.needs_answer),
        "answered at the agent"
    );
}

pub(super) async fn a_declined_job_goes_elsewhere_or_asks(store: &'static dyn Store, _clock: SetClock) {
    let shop = shop(store).await;
    let mut first = Agent::enrol(store, "Ghent").await;
    store.apply_order(order(&shop, 1, vec![line("l1", 1)])).await.unwrap();
    let mut second = Agent::enrol(store, "Aalst").await;
    let it = first.fetch().await.remove(0);
    let no = first.event(it.job, it.epoch, EventKind::Declined { reason: "no bed is large enough".into() });
    let synced = first.poll(vec![no]).await;
    assert_eq!(synced.ring, [second.id]);
    let moved = second.fetch().await;
    assert_eq!(moved.len(), 1);
    assert!(moved[0].epoch > it.epoch, "every hand-out has a new epoch");
    let no = second.event(it.job, moved[0].epoch, EventKind::Declined { reason: "no PETG".into() });
    second.poll(vec![no]).await;
    let row = store.orders(shop.tenant, 9).await.unwrap().remove(0);
    assert_eq!(row.holds[0].reason, "No workshop can print plate A1: no PETG");
    assert!(first.fetch().await.is_empty() && second.fetch().await.is_empty());
}

pub(super) async fn a_claimed_job_is_asked_back_and_never_given_away(
    store: &'static dyn Store,
    _clock: SetClock,
) {
    let shop = shop(store).await;
    let mut agent = Agent::enrol(store, "Ghent").await;
    store.apply_order(order(&shop, 1, vec![line("l1", 1)])).await.unwrap();
    let fetched = agent.fetch().await;
    let _other = Agent::enrol(store, "Aalst").await;
    store.apply_order(order(&shop, 2, vec![line("l1", 0)])).await.unwrap();
    let asked = agent.fetch().await;
    assert!(
        asked.len() == 2
            && asked.iter().all(|a| a.desired == Desired::Withdraw && a.epoch == fetched[0].epoch)
    );
    assert!(store.jobs(shop.tenant, 9).await.unwrap().iter().all(|j| j.state == "Claimed"));
    let events = asked.iter().map(|a| agent.event(a.job, a.epoch, EventKind::Released)).collect();
    agent.poll(events).await;
    assert!(store.jobs(shop.tenant, 9).await.unwrap().iter().all(|j| j.state == "Withdrawn"));
}

pub(super) async fn a_local_job_that_is_dropped_is_given_to_nobody(
    store: &'static dyn Store,
    _clock: SetClock,
) {
    let mut agent = Agent::enrol(store, "Ghent").await;
    let (job, epoch) = (sources::job(), Epoch::born_at_agent(HubIncarnation::default()));
    let label = "Lid A1".to_owned();
    let made = EventKind::LocalJobCreated { label, purpose: Purpose::Local, units: Vec::new() };
    let events = vec![agent.event(job, epoch, made), agent.event(job, epoch, EventKind::Released)];
    agent.poll(events).await;
    assert!(agent.fetch().await.is_empty(), "only the agent knows what it was made of");
}

pub(super) async fn an_agent_in_another_life_compares_notes_first(
    store: &'static dyn Store,
    _clock: SetClock,
) {
    let shop = shop(store).await;
    let mut agent = Agent::enrol(store, "Ghent").await;
    store.apply_order(order(&shop, 1, vec![line("l1", 1)])).await.unwrap();
    let fetched = agent.fetch().await;
    let intent = EventKind::StartIntent { on: agent.attempt(1) };
    let events = vec![agent.event(fetched[0].job, fetched[0].epoch, intent)];
    agent.poll(events).await;
    agent.life = Incarnation::new(8);
    assert!(matches!(agent.poll(Vec::new()).await.reply.down, Down::MustResync { .. }));
    let request = ResyncRequest {
        proto: PROTO,
        agent_incarnation: agent.life,
        boot_id: protocol::ids::BootId::new(1),
        hub_incarnation_seen: protocol::units::HubIncarnation::new(1),
        last_seq: Seq::new(0),
        ledger: Vec::new(),
    };
    let reply = store.resync(agent.id, request).await.unwrap();
    assert_eq!(
        reply.proven_not_printed,
        [],
        "no lack of events proves that a pinned job was not printed offline"
    );
    for begun in &fetched {
        assert_eq!(store.job(shop.tenant, begun.job).await.unwrap().unwrap().state, "Unknown");
    }
    agent.cursor = protocol::units::Cursor::new(0);
    let anew = agent.fetch().await;
    assert!(
        anew.iter().all(|a| fetched.iter().all(|f| f.job != a.job)),
        "what a former life held is not sent again"
    );
}
