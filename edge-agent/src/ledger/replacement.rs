//! A new job for scrapped units: made where the sign-off is, also offline; unique per replaced job.

use protocol::{
    assignment::{Assignment as State, Closed},
    ids::JobId,
    units::{Epoch, HubIncarnation, Revision},
    wire::v1::{Assignment, Desired, EventKind, OnScrap, Replaces, Right, UnitId, Verdict},
};
use rusqlite::Connection;

use super::{Ledger, LedgerError, Stamp, assignments, events, meta, meta::key, view, view::AssignmentRow};
use crate::sources;

/// Makes the replacement of `scrap` units of a job. The table's unique key keeps it to one per job.
pub(super) fn make(
    c: &Connection,
    now: Stamp,
    old: &AssignmentRow,
    scrap: &[UnitId],
    left: u8,
) -> Result<JobId, LedgerError> {
    assert!(!scrap.is_empty(), "a replacement replaces something");
    let job = sources::job(now.wall)?;
    let hub = HubIncarnation::new(meta::counter(c, key::HUB_SEEN)?);
    let units: Vec<_> = old.body.units.iter().filter(|u| scrap.contains(&u.id)).cloned().collect();
    let new = Assignment {
        job,
        epoch: Epoch::born_at_agent(hub),
        revision: Revision::new(1),
        right: Right::Pinned,
        units: units.clone(),
        on_scrap: if left > 0 { OnScrap::Replace { left } } else { OnScrap::Ask },
        desired: Desired::Run,
        replaces: Some(old.job()),
        ..old.body.clone()
    };
    assignments::insert(c, now, &new, State::Seen, &old.label)?;
    let replaces = Replaces { job: old.job(), units: scrap.to_vec() };
    let told = EventKind::ReplacementCreated { replaces, purpose: new.purpose.clone(), units };
    events::append(c, now, Some((job, new.epoch)), &told)?;
    Ok(job)
}

impl Ledger {
    /// A person answers "print again?" for a job that ended with scrap and without a replacement, or was cancelled.
    ///
    /// # Errors
    /// [`LedgerError::NotNow`] with words when the job did not end so, or was replaced already.
    pub async fn replace(&self, job: JobId) -> Result<JobId, LedgerError> {
        self.write(move |c, now| {
            let row = view::assignment(c, job)?.ok_or(LedgerError::NoJob(job))?;
            if view::replaced_by(c, job)?.is_some() {
                return Err(LedgerError::NotNow("This job was replaced already.".into()));
            }
            let scrap: Vec<UnitId> = match row.state {
                State::Closed(Closed::Failed) => {
                    let counted = row.counted.iter().flatten();
                    counted.filter(|u| u.verdict != Verdict::Good).map(|u| u.unit).collect()
                }
                State::Closed(Closed::Cancelled) => row.body.units.iter().map(|u| u.id).collect(),
                State::Seen
                | State::Staging
                | State::Ready
                | State::Claimed
                | State::Started
                | State::Closed(Closed::Good | Closed::Replaced | Closed::Sliced | Closed::LabelPrinted)
                | State::Declined
                | State::Released => {
                    let what = "Only a job that ended with scrap, or was cancelled, can be printed again.";
                    return Err(LedgerError::NotNow(what.into()));
                }
            };
            make(c, now, &row, &scrap, 0)
        })
        .await
    }
}
