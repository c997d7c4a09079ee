//! The named transitions of the main job and of the ledger, and how often a process was killed at each of them.

use std::fmt::Write as _;

use crate::seed::Seed;

/// Which process makes a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Victim {
    /// The agent.
    Agent,
    /// The hub.
    Hub,
}

/// A kill while the process comes up: recovery is cut as well.
pub const STARTING: &str = "starting";

/// A transition: whose, and its name in the log.
pub type Transition = (Victim, &'static str);
/// When all were cut often enough, one of so many is waited for.
const CHOSEN_ONE_IN: u64 = 5;

/// Every transition that is cut, in the order of the main job, by the name in its log line.
pub const TRANSITIONS: [Transition; 45] = [
    (Victim::Hub, "webhook_stored"),
    (Victim::Hub, "order_validated"),
    (Victim::Hub, "grid.mapping-ready"),
    (Victim::Hub, "print_jobs_created"),
    (Victim::Hub, "job_assigned"),
    (Victim::Hub, "assignment_delivered"),
    (Victim::Agent, "AssignmentSeen"),
    (Victim::Hub, "event_taken AssignmentSeen"),
    (Victim::Agent, "MeshMade"),
    (Victim::Agent, "Sliced"),
    (Victim::Agent, "Audited"),
    (Victim::Agent, "Staged"),
    (Victim::Agent, "ArtifactReady"),
    (Victim::Agent, "Claimed"),
    (Victim::Hub, "event_taken Claimed"),
    (Victim::Agent, "StartIntent"),
    (Victim::Agent, "BedOccupied"),
    (Victim::Agent, "FirstLineSent"),
    (Victim::Agent, "FileUploaded"),
    (Victim::Agent, "StartPublished"),
    (Victim::Agent, "Started"),
    (Victim::Hub, "event_taken StartIntent"),
    (Victim::Hub, "event_taken Started"),
    (Victim::Agent, "LastLineNext"),
    (Victim::Agent, "Finished"),
    (Victim::Agent, "Failed"),
    (Victim::Agent, "Unknown"),
    (Victim::Agent, "Decided"),
    (Victim::Hub, "event_taken Finished"),
    (Victim::Hub, "event_taken Unknown"),
    (Victim::Agent, "BedCleared"),
    (Victim::Agent, "SignedOff"),
    (Victim::Agent, "ReplacementCreated"),
    (Victim::Agent, "EventsAcknowledged"),
    (Victim::Hub, "event_taken SignedOff"),
    (Victim::Hub, "replacement_adopted"),
    (Victim::Hub, "all_jobs_completed"),
    (Victim::Hub, "label_in_flight"),
    (Victim::Hub, "shipping_label_created"),
    (Victim::Hub, "fulfill_in_flight"),
    (Victim::Hub, "fulfill_intent_stored"),
    (Victim::Hub, "fulfillment_created"),
    (Victim::Hub, "flow_completed"),
    (Victim::Agent, STARTING),
    (Victim::Hub, STARTING),
];

/// How often each transition was cut.
#[derive(Debug, Clone)]
pub struct Coverage {
    hits: [u32; TRANSITIONS.len()],
}

impl Default for Coverage {
    fn default() -> Self {
        Self { hits: [0; TRANSITIONS.len()] }
    }
}

impl Coverage {
    /// A kill fell right behind this transition. Other names count nothing.
    pub fn hit(&mut self, victim: Victim, name: &str) {
        for (hits, _) in self.hits.iter_mut().zip(TRANSITIONS).filter(|(_, it)| *it == (victim, name)) {
            *hits += 1;
        }
    }

    /// How often the transition that was cut least was cut.
    #[must_use]
    pub fn least(&self) -> u32 {
        self.hits.iter().copied().min().unwrap_or(0)
    }

    /// Names of those that were cut less than `enough` times.
    #[must_use]
    pub fn rare(&self, enough: u32) -> Vec<&'static str> {
        let all = TRANSITIONS.iter().zip(self.hits);
        all.filter(|(_, hits)| *hits < enough).map(|((_, name), _)| *name).collect()
    }

    /// Transitions to kill at next: those that were cut less than `enough` times; when there is none, a few by chance.
    pub fn wanted(&self, seed: &mut Seed, enough: u32) -> Vec<Transition> {
        let all = TRANSITIONS.iter().zip(self.hits);
        let rare: Vec<_> = all.filter(|(_, hits)| *hits < enough).map(|(it, _)| *it).collect();
        if rare.is_empty() {
            return TRANSITIONS.into_iter().filter(|_| seed.below(CHOSEN_ONE_IN) == 0).collect();
        }
        rare
    }

    /// Whether no restart of `victim` was cut often enough.
    #[must_use]
    pub fn lacks_starts(&self, victim: Victim, enough: u32) -> bool {
        TRANSITIONS.iter().zip(self.hits).any(|(it, hits)| *it == (victim, STARTING) && hits < enough)
    }

    /// The table, for people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!("{:>5}  transition\n", "kills");
        for ((victim, name), hits) in TRANSITIONS.iter().zip(self.hits) {
            let victim = format!("{victim:?}").to_lowercase();
            let _infallible = writeln!(text, "{hits:>5}  {victim} {name}");
        }
        text
    }
}
