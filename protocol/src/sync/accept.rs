//! What an agent does with an assignment that the hub sends: new, changed, old, or a sign of trouble.

use crate::{
    assignment::Assignment,
    units::{Epoch, Revision},
};

/// What the agent has of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The hand-out it holds.
    pub epoch: Epoch,
    /// The newest revision it has stored.
    pub revision: Revision,
    /// Where it stands.
    pub state: Assignment,
}

/// What to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// Not known, or known and over without a print: a new row.
    New,
    /// The same hand-out, changed wishes.
    Changed,
    /// Nothing new.
    Again,
    /// Older than what is stored: dropped (an abandoned answer that came late).
    Old,
    /// A new hand-out of a job that has begun here: the hub forced it elsewhere and back. It is not started
    /// again; a person must hear of it.
    Incident,
}

/// Compares what came with what is held.
#[must_use]
pub fn accept(held: Option<Held>, epoch: Epoch, revision: Revision) -> Accept {
    let Some(held) = held else { return Accept::New };
    match epoch.cmp(&held.epoch) {
        std::cmp::Ordering::Less => Accept::Old,
        std::cmp::Ordering::Equal if revision > held.revision => Accept::Changed,
        std::cmp::Ordering::Equal => Accept::Again,
        std::cmp::Ordering::Greater => match held.state {
            Assignment::Started | Assignment::Closed(_) => Accept::Incident,
            Assignment::Seen
            | Assignment::Staging
            | Assignment::Ready
            | Assignment::Claimed
            | Assignment::Declined
            | Assignment::Released => Accept::New,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Accept, Held, accept};
    use crate::{
        assignment::{Assignment, Closed},
        units::{Epoch, HubIncarnation, Revision},
    };

    #[test]
    fn a_job_that_has_begun_here_is_never_taken_anew() {
        let epoch = |hub, count| Epoch { hub: HubIncarnation::new(hub), count };
        let held = |state| Some(Held { epoch: epoch(2, 5), revision: Revision::new(3), state });
        let rows = [
            (None, epoch(1, 1), 1, Accept::New),
            (held(Assignment::Ready), epoch(2, 5), 4, Accept::Changed),
            (held(Assignment::Ready), epoch(2, 5), 3, Accept::Again),
            (held(Assignment::Ready), epoch(2, 4), 9, Accept::Old),
            (held(Assignment::Ready), epoch(1, 99), 9, Accept::Old),
            (held(Assignment::Ready), epoch(2, 6), 1, Accept::New),
            (held(Assignment::Released), epoch(3, 1), 1, Accept::New),
            (held(Assignment::Started), epoch(2, 6), 1, Accept::Incident),
            (held(Assignment::Closed(Closed::Good)), epoch(3, 1), 1, Accept::Incident),
        ];
        for (held, epoch, revision, expected) in rows {
            assert_eq!(accept(held, epoch, Revision::new(revision)), expected, "{held:?} {epoch} {revision}");
        }
    }
}
