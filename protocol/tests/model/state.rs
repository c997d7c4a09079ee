//! What the model remembers: both databases, the messages, and what physically happened.
//!
//! A database is a value, so a backup is a copy of it. [`Truth`] is what no program can see.

use std::{collections::BTreeSet, sync::LazyLock};

use protocol::{
    assignment::{Assignment, Right},
    attempt::Attempt,
    bed::{Bed, Cause, ClearedBy},
    ids::{AgentId, AttemptNo, Incarnation},
    job::{Job, Report},
    sync::quarantine::{HubQuarantine, KnownAgent},
    units::{Epoch, HubIncarnation, Seq},
};

/// Agents, each with one printer and one bed.
pub(crate) const AGENTS: usize = 2;
/// The job of the order.
pub(crate) const MAIN: usize = 0;
/// Its replacement, born at the agent that counted scrap.
pub(crate) const REPLACEMENT: usize = 1;
/// A replacement that a hub would make too.
pub(crate) const SECOND_REPLACEMENT: usize = 2;
/// All jobs.
pub(crate) const JOBS: usize = 3;
/// Lives that an agent may have; tells their incarnations apart.
const LIVES: u128 = 8;

static IDS: LazyLock<[AgentId; AGENTS]> = LazyLock::new(|| {
    ["01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002"]
        .map(|id| id.parse().expect("a UUIDv7"))
});

/// The id of agent `a`.
pub(crate) fn agent_id(a: usize) -> AgentId {
    IDS[a]
}

/// Life number `life` of agent `a`.
pub(crate) fn incarnation(a: usize, life: u8) -> Incarnation {
    Incarnation::new(u128::try_from(a).expect("a small index") * LIVES + u128::from(life))
}

/// A message. It stays in the network for ever: not delivered is lost, delivered again is doubled, any order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Msg {
    /// A poll with all events of this life so far.
    Sync { a: usize, life: Incarnation, hub_seen: HubIncarnation, log: Vec<(usize, Epoch, Report)> },
    /// Everything the agent holds.
    Resync {
        a: usize,
        life: Incarnation,
        hub_seen: HubIncarnation,
        last_seq: u64,
        holds: [Option<Entry>; JOBS],
    },
    /// Asks for the right to start.
    Claim { a: usize, life: Incarnation, hub_seen: HubIncarnation, job: usize, epoch: Epoch },
    /// Answer to a poll: a job for this agent. `life` is the one that asked.
    HandOut { a: usize, life: Incarnation, hub: HubIncarnation, job: usize, epoch: Epoch },
    /// Answer to a claim.
    Granted { a: usize, life: Incarnation, hub: HubIncarnation, job: usize, epoch: Epoch },
    /// Answer to a resync.
    Resynced { a: usize, life: Incarnation, hub: HubIncarnation, quarantined: bool },
}

/// One row of a resync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) epoch: Epoch,
    pub(crate) right: Right,
    pub(crate) state: Assignment,
}

/// An assignment in the ledger, with its newest attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) epoch: Epoch,
    pub(crate) right: Right,
    pub(crate) state: Assignment,
    pub(crate) claimed_by: Option<Incarnation>,
    pub(crate) attempt: Option<(AttemptNo, Attempt)>,
}

/// An agent's database.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Ledger {
    pub(crate) life: Incarnation,
    pub(crate) hub_seen: HubIncarnation,
    pub(crate) is_quarantined: bool,
    pub(crate) rows: [Option<Row>; JOBS],
    pub(crate) attempts_n: u64,
    pub(crate) bed: Bed,
    pub(crate) log: Vec<(usize, Epoch, Report)>,
}

/// An agent: its database, a backup of it, and the memory of its process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Agent {
    pub(crate) ledger: Ledger,
    pub(crate) backup: Option<Box<Ledger>>,
    /// Number of the present life; the copy of it lies outside the database.
    pub(crate) lives: u8,
    /// The intent is written and the first byte has not left: lost in a crash.
    pub(crate) permit: Option<usize>,
    /// A page that a person opened, with the cause it showed.
    pub(crate) page: Option<Cause>,
}

/// The hub's database.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Hub {
    pub(crate) life: HubIncarnation,
    pub(crate) jobs: [Option<Job>; JOBS],
    pub(crate) known: [KnownAgent; AGENTS],
    pub(crate) waits_for_person: [bool; AGENTS],
    pub(crate) quarantine: HubQuarantine,
}

/// What physically happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Truth {
    pub(crate) starts: [u8; JOBS],
    /// Times that a person accepted that a job may be printed twice.
    pub(crate) accepted: [u8; JOBS],
    pub(crate) started: BTreeSet<AttemptNo>,
    /// Something lies on the bed.
    pub(crate) plastic: [bool; AGENTS],
    /// A print was started on a bed with something on it.
    pub(crate) crashed_into_plastic: bool,
}

/// How often things went wrong so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Spent {
    pub(crate) crashes: u8,
    pub(crate) agent_restores: u8,
    pub(crate) hub_restores: u8,
    pub(crate) forces: u8,
    pub(crate) give_backs: u8,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) hub: Hub,
    pub(crate) hub_backup: Option<Box<Hub>>,
    pub(crate) agents: [Agent; AGENTS],
    pub(crate) net: BTreeSet<Msg>,
    pub(crate) truth: Truth,
    pub(crate) spent: Spent,
}

impl State {
    /// The agents have met the hub or not, the beds are clear, one job waits.
    pub(crate) fn first(met: bool) -> Self {
        let life = HubIncarnation::new(1);
        let agent = |a| Agent {
            ledger: Ledger {
                life: incarnation(a, 1),
                hub_seen: if met { life } else { HubIncarnation::default() },
                is_quarantined: false,
                rows: [None; JOBS],
                attempts_n: 0,
                bed: Bed::Clear(ClearedBy::Person),
                log: Vec::new(),
            },
            backup: None,
            lives: 1,
            permit: None,
            page: None,
        };
        let known = |a| KnownAgent { incarnation: met.then(|| incarnation(a, 1)), last_seq: Seq::new(0) };
        Self {
            hub: Hub {
                life,
                jobs: [Some(Job::new(life)), None, None],
                known: [known(0), known(1)],
                waits_for_person: [false; AGENTS],
                quarantine: HubQuarantine::default(),
            },
            hub_backup: None,
            agents: [agent(0), agent(1)],
            net: BTreeSet::new(),
            truth: Truth::default(),
            spent: Spent::default(),
        }
    }
}
