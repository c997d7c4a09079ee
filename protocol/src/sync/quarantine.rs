//! After a restore: who waits for whom.

use std::collections::BTreeSet;

use crate::{
    ids::{AgentId, Incarnation},
    units::{HubIncarnation, Seq},
};

/// Whether a hub may hand out, claim and run its outbox. After a restore it may not, until every agent that was
/// ever given work has resynced (I9).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct HubQuarantine {
    /// Agents still to hear from. Empty: no quarantine.
    pub waiting_for: BTreeSet<AgentId>,
}

impl HubQuarantine {
    /// The quarantine after a restore.
    #[must_use]
    pub fn after_restore(ever_given_work: impl IntoIterator<Item = AgentId>) -> Self {
        Self { waiting_for: ever_given_work.into_iter().collect() }
    }

    /// An agent has resynced, or a person has written it off.
    pub fn heard(&mut self, agent: AgentId) {
        self.waiting_for.remove(&agent);
    }

    /// Whether nothing may be handed out.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.waiting_for.is_empty()
    }
}

/// What a hub knows of an agent's database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KnownAgent {
    /// The life it last spoke under; none before its first sync.
    pub incarnation: Option<Incarnation>,
    /// The newest event applied of that life.
    pub last_seq: Seq,
}

/// What a hub does with a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Greeting {
    /// Go on.
    Known,
    /// First contact: nothing to compare.
    First,
    /// Another life: everything it holds must be compared first.
    NewLife,
    /// The agent has seen a later life of this hub than the hub knows: this hub is the restored one and did not
    /// notice. It quarantines itself.
    HubIsOld,
}

/// Compares incarnations at the start of a poll.
#[must_use]
pub fn greet(
    known: KnownAgent,
    agent: Incarnation,
    hub_seen: HubIncarnation,
    hub: HubIncarnation,
) -> Greeting {
    if hub_seen > hub {
        return Greeting::HubIsOld;
    }
    match known.incarnation {
        // It has met a former life of this hub, which a restore made us forget: it may hold work.
        None if hub_seen.get() > 0 && hub_seen < hub => Greeting::NewLife,
        None => Greeting::First,
        Some(same) if same == agent && hub_seen == hub => Greeting::Known,
        // The same life that has not met this life of the hub yet compares notes too.
        Some(_) => Greeting::NewLife,
    }
}

/// Whether an agent of a new life must wait for a person at resync: when the hub was restored too, both sides
/// forgot (I10). An agent that the restored hub does not know at all is such a one too: who forgot more cannot be
/// told.
#[must_use]
pub fn needs_a_person(known: KnownAgent, agent: Incarnation, hub_was_restored: bool) -> bool {
    hub_was_restored && known.incarnation != Some(agent)
}

/// The life of a hub after a restore: one more than anybody has seen.
#[must_use]
pub fn next_hub(
    own: HubIncarnation,
    seen: impl IntoIterator<Item = HubIncarnation>,
) -> Option<HubIncarnation> {
    seen.into_iter().fold(own, Ord::max).next()
}

#[cfg(test)]
mod tests {
    use super::{Greeting, HubQuarantine, KnownAgent, greet, needs_a_person};
    use crate::{
        ids::Incarnation,
        units::{HubIncarnation, Seq},
    };

    #[test]
    fn a_life_that_is_new_to_either_side_compares_notes_first() {
        let known =
            |n: Option<u128>| KnownAgent { incarnation: n.map(Incarnation::new), last_seq: Seq::new(0) };
        let rows = [
            (known(None), 1, 0, Greeting::First),
            (known(None), 1, 5, Greeting::First),
            (known(None), 1, 4, Greeting::NewLife),
            (known(Some(1)), 1, 5, Greeting::Known),
            (known(Some(1)), 2, 5, Greeting::NewLife),
            (known(Some(1)), 1, 4, Greeting::NewLife),
            (known(Some(1)), 1, 6, Greeting::HubIsOld),
        ];
        for (known, agent, seen, expected) in rows {
            let hub = HubIncarnation::new(5);
            assert_eq!(
                greet(known, Incarnation::new(agent), HubIncarnation::new(seen), hub),
                expected,
                "{known:?}"
            );
        }
    }

    #[test]
    fn a_restored_hub_waits_for_every_agent_it_ever_gave_work() {
        let agents = [1, 2].map(|n| format!("01890000-0000-7000-8000-00000000000{n}").parse().unwrap());
        let mut quarantine = HubQuarantine::after_restore(agents);
        quarantine.heard(agents[0]);
        assert!(quarantine.is_on());
        quarantine.heard(agents[1]);
        assert!(!quarantine.is_on());
    }

    #[test]
    fn when_both_sides_forgot_only_a_person_can_say() {
        let known = KnownAgent { incarnation: Some(Incarnation::new(1)), last_seq: Seq::new(9) };
        assert!(needs_a_person(known, Incarnation::new(2), true));
        assert!(!needs_a_person(known, Incarnation::new(2), false));
        assert!(!needs_a_person(known, Incarnation::new(1), true));
        let stranger = KnownAgent { incarnation: None, last_seq: Seq::new(0) };
        assert!(needs_a_person(stranger, Incarnation::new(2), true));
        assert!(!needs_a_person(stranger, Incarnation::new(2), false));
    }
}
