//! The right to start: an agent's own check, before every intent.

use crate::{
    assignment::{Assignment, Right},
    ids::Incarnation,
    units::{Epoch, HubIncarnation},
};

/// A claim as the agent's ledger keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claim {
    /// How it was given.
    pub right: Right,
    /// The hand-out it was given for.
    pub epoch: Epoch,
    /// The life of the ledger it was given to.
    pub incarnation: Incarnation,
}

/// The agent's own condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Agent {
    /// This life.
    pub incarnation: Incarnation,
    /// The newest life of the hub it has seen.
    pub hub_seen: HubIncarnation,
    /// Restored, and not yet compared with the hub.
    pub is_quarantined: bool,
}

/// Why there is no right to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRight {
    /// Not claimed, or already started.
    #[error("this job is not claimed here")]
    NotClaimed,
    /// The claim belongs to a former life of this database.
    #[error("the claim was given before this agent's database was restored")]
    FormerLife,
    /// The claim comes from a life of the hub that has ended, and may have been given to somebody else since.
    #[error("the hub was restored after it gave this claim")]
    FormerHub,
    /// Nothing is started until both sides have compared notes.
    #[error("this agent's database was restored: nothing starts until the hub has answered")]
    Quarantined,
}

/// Whether `claim` lets this agent write an intent for an assignment in `state`.
///
/// A pinned claim stays good after a hub restore (the hub adopts it); a pooled grant of a former hub does not.
///
/// # Errors
/// [`NoRight`] names the first thing that is missing.
pub fn may_start(agent: Agent, state: Assignment, claim: Claim) -> Result<(), NoRight> {
    if state != Assignment::Claimed {
        return Err(NoRight::NotClaimed);
    }
    if claim.incarnation != agent.incarnation {
        return Err(NoRight::FormerLife);
    }
    if agent.is_quarantined {
        return Err(NoRight::Quarantined);
    }
    match claim.right {
        Right::Pooled if claim.epoch.hub < agent.hub_seen => Err(NoRight::FormerHub),
        Right::Pooled | Right::Pinned => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Agent, Claim, NoRight, may_start};
    use crate::{
        assignment::{Assignment, Right},
        ids::Incarnation,
        units::{Epoch, HubIncarnation},
    };

    #[test]
    fn a_start_needs_a_claim_of_this_life() {
        let me = Agent {
            incarnation: Incarnation::new(1),
            hub_seen: HubIncarnation::new(2),
            is_quarantined: false,
        };
        let claim = |right, hub, incarnation| Claim {
            right,
            epoch: Epoch { hub: HubIncarnation::new(hub), count: 1 },
            incarnation: Incarnation::new(incarnation),
        };
        let rows = [
            (me, Assignment::Claimed, claim(Right::Pinned, 2, 1), Ok(())),
            (me, Assignment::Claimed, claim(Right::Pinned, 1, 1), Ok(())),
            (me, Assignment::Claimed, claim(Right::Pooled, 1, 1), Err(NoRight::FormerHub)),
            (me, Assignment::Claimed, claim(Right::Pinned, 2, 9), Err(NoRight::FormerLife)),
            (me, Assignment::Ready, claim(Right::Pinned, 2, 1), Err(NoRight::NotClaimed)),
            (me, Assignment::Started, claim(Right::Pinned, 2, 1), Err(NoRight::NotClaimed)),
            (
                Agent { is_quarantined: true, ..me },
                Assignment::Claimed,
                claim(Right::Pinned, 2, 1),
                Err(NoRight::Quarantined),
            ),
        ];
        for (agent, state, claim, expected) in rows {
            assert_eq!(may_start(agent, state, claim), expected, "{state:?} {claim:?}");
        }
    }
}
