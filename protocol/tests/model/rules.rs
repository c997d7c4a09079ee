//! The protecting rules, each with a switch, and the bounds of one run.
//!
//! Exactly one rule may be off. A rule that can be off without a counterexample protects nothing.

use protocol::{assignment::Right, attempt::Owner};

/// One rule that keeps a print from being made twice or on a bed that is not clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A claim does not expire.
    ClaimsNeverExpire,
    /// The intent is on disk before the first byte.
    IntentIsDurable,
    /// An interrupted start waits for evidence or a person.
    InterruptedWaits,
    /// The bed is occupied in the transaction of the intent.
    BedInIntent,
    /// A person's confirmation names what they saw on the bed.
    ConfirmationNamesCause,
    /// A restored hub gives nothing to anybody before every agent has compared notes (I9).
    HubQuarantine,
    /// A pooled grant of a former life of the hub is no right to start.
    OldGrantsRefused,
    /// A restored hub adopts a right to start whatever its epoch (I9).
    AdoptsAnyEpoch,
    /// A restored hub adopts a pinned job that is still being prepared: it may start offline.
    AdoptsPreparedPinned,
    /// A restored hub adopts what was closed at the agent.
    AdoptsClosed,
    /// A request made for a former life of the hub is not compared with the present one.
    LateResyncRefused,
    /// A claim is bound to the life of the agent's database.
    ClaimBoundToLife,
    /// A restored agent starts nothing that its former life was given.
    RestoredAgentWaits,
    /// What a former life of an agent held is not given out again for want of a start event.
    FormerClaimStaysHeld,
    /// What a former life of an agent was given is not given back by the present one: it may have begun.
    FormerClaimNotGivenBack,
    /// An agent that a restored hub does not know waits for a person (I10).
    BothForgotWaits,
    /// A replacement is made at the agent only.
    ReplacementAtAgentOnly,
}

/// How much of a print's life after its start a run looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Nothing: only the start matters.
    Never,
    /// A started print is seen finished at once, and counted.
    AtOnce,
    /// Every state of the attempt, and a person who decides.
    StepByStep,
}

/// One run: what may happen, how often, and which rule is off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    /// How the main job comes to its right.
    pub(crate) right: Right,
    /// The kind of both printers.
    pub(crate) owner: Owner,
    /// Agents to which crashes and restores may happen, counted from the first.
    pub(crate) faulty: usize,
    /// Crashes in all.
    pub(crate) crashes: u8,
    /// Restores of an agent's database in all; each may be of any earlier moment.
    pub(crate) agent_restores: u8,
    /// Restores of the hub's database.
    pub(crate) hub_restores: u8,
    /// Times that a person takes a held job away.
    pub(crate) forces: u8,
    /// Times that a person at the agent gives a claimed job back.
    pub(crate) give_backs: u8,
    /// How much happens after a start.
    pub(crate) ends: Ends,
    /// A print may be counted as scrap, which makes a replacement.
    pub(crate) scrap: bool,
    /// Both agents have met the hub before the first step.
    pub(crate) met: bool,
    /// Hand-outs per life of the hub.
    pub(crate) epochs_max: u64,
    /// The rule that is off.
    pub(crate) off: Option<Rule>,
}

impl Scenario {
    /// Two agents, nothing goes wrong but the network.
    pub(crate) const fn calm(right: Right, owner: Owner) -> Self {
        Self {
            right,
            owner,
            faulty: 1,
            crashes: 0,
            agent_restores: 0,
            hub_restores: 0,
            forces: 0,
            give_backs: 0,
            ends: Ends::StepByStep,
            scrap: false,
            met: true,
            epochs_max: 2,
            off: None,
        }
    }

    /// Whether `rule` is kept in this run.
    pub(crate) fn keeps(&self, rule: Rule) -> bool {
        self.off != Some(rule)
    }
}
