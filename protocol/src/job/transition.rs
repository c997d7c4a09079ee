//! What the hub may do with a job, and what an agent's report changes.

use super::{Holder, Job, JobState, Report};
use crate::{
    ids::{AgentId, Incarnation},
    units::{Epoch, HubIncarnation},
};

/// What a report did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The job changed.
    Changed(Job),
    /// Nothing changed, for this reason.
    Ignored(Why),
    /// Nothing changed, and a person must hear of it: a second copy may exist.
    Incident(Incident),
}

/// Why a report changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is so already.
    AlreadySo,
    /// The job is over.
    Over,
    /// The epoch is not the current one, and the report means no copy.
    StaleEpoch,
}

/// A report that means that something was printed outside the current hand-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incident {
    /// A print under an epoch that is no longer the current one.
    StartedUnderStaleEpoch {
        /// The epoch of the report.
        reported: Epoch,
    },
    /// A print of a job that was over.
    StartedAfterTheEnd,
    /// A report that cannot follow the state the hub knows: the logs of both sides differ.
    OutOfOrder,
}

/// The answer to an agent's claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimAnswer {
    /// Granted (again, if the answer was lost): the job as it is now.
    Granted(Job),
    /// The hand-out was taken back or replaced.
    Stale {
        /// The newest epoch.
        current: Epoch,
    },
    /// Another agent, or another life of the same agent, holds it.
    Taken,
    /// It is over.
    Over,
}

/// Why a person's force is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForceRefused {
    /// Nobody holds it, so nothing needs force.
    #[error("no agent holds this job")]
    NotHeld,
    /// The page was older than the job.
    #[error("the job has been handed out again since: epoch {current} is current")]
    Stale {
        /// The current epoch.
        current: Epoch,
    },
    /// The person did not accept that it may be printed twice.
    #[error("taking a held job away needs accepts_double_print: true")]
    RiskNotAccepted,
}

impl Job {
    /// Reserves a queued job (or one reserved elsewhere and not claimed) for `agent`. `None` where it is
    /// held or over, or the numbers are used up.
    #[must_use]
    pub fn reserve(self, agent: AgentId, hub: HubIncarnation) -> Option<Self> {
        match self.state {
            JobState::Queued | JobState::Reserved { .. } => {
                let epoch = self.last_epoch.next_in(hub)?;
                Some(Self { state: JobState::Reserved { agent, epoch }, last_epoch: epoch, ..self })
            }
            JobState::Claimed(_)
            | JobState::Running(_)
            | JobState::NeedsSignOff(_)
            | JobState::Unknown(_)
            | JobState::Good
            | JobState::Replaced
            | JobState::Failed
            | JobState::Withdrawn
            | JobState::Cancelled => None,
        }
    }

    /// Grants the right to start, at most once: to the reserved agent, for the reserved epoch. Also used at
    /// the hand-out of a pinned job, where the hub claims on the agent's behalf.
    #[must_use]
    pub fn claim(self, by: AgentId, incarnation: Incarnation, epoch: Epoch) -> ClaimAnswer {
        let asking = Holder { agent: by, incarnation, epoch };
        match self.state {
            JobState::Reserved { agent, epoch: reserved } if agent == by && reserved == epoch => {
                ClaimAnswer::Granted(Self { state: JobState::Claimed(asking), ..self })
            }
            JobState::Claimed(holder) | JobState::Running(holder) if holder == asking => {
                ClaimAnswer::Granted(self)
            }
            JobState::Claimed(_)
            | JobState::Running(_)
            | JobState::NeedsSignOff(_)
            | JobState::Unknown(_) => ClaimAnswer::Taken,
            JobState::Queued | JobState::Reserved { .. } => ClaimAnswer::Stale { current: self.last_epoch },
            JobState::Good
            | JobState::Replaced
            | JobState::Failed
            | JobState::Withdrawn
            | JobState::Cancelled => ClaimAnswer::Over,
        }
    }

    /// Takes back what no agent can start: queued and reserved jobs. A held job stays; the agent is asked.
    #[must_use]
    pub const fn withdraw(self) -> Self {
        match self.state {
            JobState::Queued | JobState::Reserved { .. } => {
                Self { state: JobState::Withdrawn, wanted: false, ..self }
            }
            JobState::Claimed(_)
            | JobState::Running(_)
            | JobState::NeedsSignOff(_)
            | JobState::Unknown(_) => Self { wanted: false, ..self },
            JobState::Good
            | JobState::Replaced
            | JobState::Failed
            | JobState::Withdrawn
            | JobState::Cancelled => self,
        }
    }

    /// A person takes a held job away, accepting that it may be printed twice.
    ///
    /// # Errors
    /// [`ForceRefused`] says what is missing.
    pub fn force(
        self,
        epoch: Epoch,
        accepts_double_print: bool,
        hub: HubIncarnation,
    ) -> Result<Self, ForceRefused> {
        let holder = self.holder().ok_or(ForceRefused::NotHeld)?;
        if holder.epoch != epoch {
            return Err(ForceRefused::Stale { current: holder.epoch });
        }
        if !accepts_double_print {
            return Err(ForceRefused::RiskNotAccepted);
        }
        let next = self.last_epoch.next_in(hub).ok_or(ForceRefused::Stale { current: self.last_epoch })?;
        Ok(Self { state: JobState::Queued, last_epoch: next, ..self })
    }

    /// What a report of an agent changes. The caller has checked the agent's token; `epoch` and
    /// `incarnation` are those of the report.
    #[must_use]
    pub fn apply(self, from: Holder, report: Report) -> Applied {
        if self.is_terminal() {
            return self.after_the_end(from, report);
        }
        let epoch_is_current = match self.state {
            JobState::Reserved { agent, epoch } => agent == from.agent && epoch == from.epoch,
            JobState::Claimed(h)
            | JobState::Running(h)
            | JobState::NeedsSignOff(h)
            | JobState::Unknown(h) => h.agent == from.agent && h.epoch == from.epoch,
            JobState::Queued
            | JobState::Good
            | JobState::Replaced
            | JobState::Failed
            | JobState::Withdrawn
            | JobState::Cancelled => false,
        };
        if !epoch_is_current {
            return if report.means_a_copy() {
                Applied::Incident(Incident::StartedUnderStaleEpoch { reported: from.epoch })
            } else {
                Applied::Ignored(Why::StaleEpoch)
            };
        }
        self.step(from, report)
    }

    /// The report is of the current hand-out and the job is not over.
    fn step(self, from: Holder, report: Report) -> Applied {
        let to = |state| {
            if state == self.state {
                Applied::Ignored(Why::AlreadySo)
            } else {
                Applied::Changed(Self { state, ..self })
            }
        };
        let is_reserved = matches!(self.state, JobState::Reserved { .. });
        let given_back = if self.wanted { JobState::Queued } else { JobState::Withdrawn };
        match report {
            Report::Preparing => Applied::Ignored(Why::AlreadySo),
            Report::Claimed if is_reserved => Applied::Incident(Incident::OutOfOrder),
            Report::Claimed => Applied::Ignored(Why::AlreadySo),
            // A start without a claim must not happen; the job is held all the same, so nobody else gets it.
            Report::StartIntent => to(JobState::Running(from)),
            Report::NotStarted => to(JobState::Claimed(from)),
            Report::Ended => to(JobState::NeedsSignOff(from)),
            Report::Unknown => to(JobState::Unknown(from)),
            Report::Good | Report::DoneWithoutPrint => to(JobState::Good),
            Report::Replaced => to(JobState::Replaced),
            Report::Failed => to(JobState::Failed),
            Report::Cancelled => to(JobState::Cancelled),
            Report::Released | Report::Declined => match self.state {
                JobState::Reserved { .. } | JobState::Claimed(_) => to(given_back),
                JobState::Running(_) | JobState::NeedsSignOff(_) | JobState::Unknown(_) => {
                    Applied::Incident(Incident::OutOfOrder)
                }
                JobState::Queued
                | JobState::Good
                | JobState::Replaced
                | JobState::Failed
                | JobState::Withdrawn
                | JobState::Cancelled => Applied::Ignored(Why::AlreadySo),
            },
        }
    }

    /// Reports repeat what ended the job, or mean a copy that nobody asked for.
    fn after_the_end(self, from: Holder, report: Report) -> Applied {
        let is_newest = from.epoch == self.last_epoch;
        match report {
            Report::StartIntent if self.state == JobState::Withdrawn => {
                Applied::Incident(Incident::StartedAfterTheEnd)
            }
            Report::StartIntent | Report::Ended | Report::Unknown if !is_newest => {
                Applied::Incident(Incident::StartedUnderStaleEpoch { reported: from.epoch })
            }
            Report::StartIntent
            | Report::Ended
            | Report::Unknown
            | Report::Preparing
            | Report::Claimed
            | Report::NotStarted
            | Report::Good
            | Report::Replaced
            | Report::Failed
            | Report::Cancelled
            | Report::Released
            | Report::Declined
            | Report::DoneWithoutPrint => Applied::Ignored(Why::Over),
        }
    }

    /// After a restore of the hub: what was only reserved is queued again, and every later hand-out is of
    /// the new life. Held jobs stay held: whoever holds them will report.
    #[must_use]
    pub fn after_hub_restore(self, hub: HubIncarnation) -> Self {
        let state = match self.state {
            JobState::Reserved { .. } => JobState::Queued,
            JobState::Queued
            | JobState::Claimed(_)
            | JobState::Running(_)
            | JobState::NeedsSignOff(_)
            | JobState::Unknown(_)
            | JobState::Good
            | JobState::Replaced
            | JobState::Failed
            | JobState::Withdrawn
            | JobState::Cancelled => self.state,
        };
        Self { state, last_epoch: Epoch { hub, count: 0 }.max(self.last_epoch), ..self }
    }

    /// A resync after a hub restore: any right to start that an agent reports is adopted, whatever its epoch
    /// (sync rule I9: "adopts only newer epochs" gave a double print in the model).
    #[must_use]
    pub fn adopt(self, holder: Holder, state: fn(Holder) -> JobState) -> Applied {
        match self.holder() {
            Some(known) if known.agent != holder.agent => {
                Applied::Incident(Incident::StartedUnderStaleEpoch { reported: holder.epoch })
            }
            Some(_) | None if self.is_terminal() => Applied::Ignored(Why::Over),
            Some(_) | None => Applied::Changed(Self {
                state: state(holder),
                last_epoch: self.last_epoch.max(holder.epoch),
                ..self
            }),
        }
    }

    /// A resync after a hub restore: what the agent closed meanwhile is adopted like a right to start. A restored
    /// hub that only applied the report would find it stale and give the finished job out again.
    #[must_use]
    pub fn adopt_closed(self, holder: Holder, how: Report) -> Applied {
        match self.adopt(holder, JobState::Running) {
            Applied::Changed(running) => match running.apply(holder, how) {
                Applied::Ignored(_) => Applied::Changed(running),
                applied @ (Applied::Changed(_) | Applied::Incident(_)) => applied,
            },
            not_adopted @ (Applied::Ignored(_) | Applied::Incident(_)) => not_adopted,
        }
    }
}

impl Report {
    /// Whether the report means that something is or was printed.
    #[must_use]
    pub const fn means_a_copy(self) -> bool {
        match self {
            Self::StartIntent
            | Self::Ended
            | Self::Unknown
            | Self::Good
            | Self::Replaced
            | Self::Failed
            | Self::Cancelled => true,
            Self::Preparing
            | Self::Claimed
            | Self::NotStarted
            | Self::Released
            | Self::Declined
            | Self::DoneWithoutPrint => false,
        }
    }
}
