//! The conditions of a start (published contract, §6). All of them are looked at, all of them are recorded.

use protocol::{
    assignment::Assignment as State,
    ids::Sha256,
    sync::right::{Claim, may_start},
    wire::v1::Desired,
};

use super::{
    Reason,
    matching::{self, Candidate},
};
use crate::ledger::{
    intent::Guards,
    view::{AssignmentRow, Snapshot},
};

/// What a printer says of itself now, taken from its actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Now {
    /// Connected, and heard from within the profile's time.
    pub is_fresh: bool,
    /// Idle by its own word.
    pub is_idle: bool,
    /// What it does, in one word of the state table.
    pub word: String,
    /// Evidence for the record: last word and its age.
    pub evidence: String,
}

/// What else must be true of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Enough free disk.
    pub disk_has_room: bool,
}

/// Whether `job` may start on `printer` now.
///
/// # Errors
/// Every reason against it; nothing is started then.
pub fn check(
    snapshot: &Snapshot,
    job: &AssignmentRow,
    printer: Candidate<'_>,
    now: &Now,
    room: Room,
) -> Result<(Sha256, Guards), Vec<Reason>> {
    let mut against = matching::fits(job, printer).err().unwrap_or_default();
    against.extend(job_against(snapshot, job));
    against.extend(printer_against(snapshot, printer, now));
    if !room.disk_has_room {
        against.push(Reason::DiskFull);
    }
    if !snapshot.log_has_room {
        against.push(Reason::LogFull);
    }
    let artifact = matching::artifact_for(snapshot, job, printer.profile);
    match artifact {
        Some(artifact) if against.is_empty() => {
            Ok((artifact, evidence(snapshot, job, printer, now, artifact)))
        }
        Some(_) => Err(against),
        None => {
            against.push(Reason::NotSliced);
            Err(against)
        }
    }
}

fn job_against(snapshot: &Snapshot, job: &AssignmentRow) -> Vec<Reason> {
    let mut against = Vec::new();
    match job.state {
        State::Ready | State::Claimed => {}
        State::Seen
        | State::Staging
        | State::Started
        | State::Closed(_)
        | State::Declined
        | State::Released => {
            against.push(Reason::NotReady(job.state.word()));
        }
    }
    if job.is_held {
        against.push(Reason::Held);
    }
    if job.body.desired != Desired::Run {
        against.push(Reason::HubPauses);
    }
    if job.state == State::Claimed {
        let claim = Claim {
            right: job.body.right.into(),
            epoch: job.body.epoch,
            incarnation: job.claimed_by.unwrap_or(snapshot.agent.incarnation),
        };
        against.extend(may_start(snapshot.agent, job.state, claim).err().map(Reason::NoRight));
    } else if snapshot.agent.is_quarantined {
        against.push(Reason::NoRight(protocol::sync::right::NoRight::Quarantined));
    }
    against
}

fn printer_against(snapshot: &Snapshot, printer: Candidate<'_>, now: &Now) -> Vec<Reason> {
    let mut against = Vec::new();
    if let Some(why) = &printer.said.out_of_service {
        against.push(Reason::OutOfService(why.clone()));
    }
    let is_verified = printer.profile.verified == firmware_profiles::Verified::Hardware;
    let is_confirmed = printer.said.confirmed_profile.as_deref() == Some(printer.profile.id.as_str());
    if !is_verified && !is_confirmed {
        against.push(Reason::NotConfirmed(printer.profile.id.to_string()));
    }
    if let Some(attempt) = snapshot.live_on(printer.id) {
        against.push(Reason::Busy(attempt.state.word().into()));
    }
    if !printer.said.may_open_port && printer.profile.resets_on_open {
        against.push(Reason::PortClosed);
    } else if !now.is_fresh {
        against.push(Reason::NoNews);
    } else if !now.is_idle {
        against.push(Reason::Busy(now.word.clone()));
    }
    match snapshot.beds.get(printer.id).map(|b| b.bed) {
        Some(protocol::bed::Bed::Clear(_)) => {}
        Some(protocol::bed::Bed::Occupied(cause)) => against.push(Reason::BedNotClear(cause)),
        None => against.push(Reason::BedNotClear(protocol::bed::Cause::NewPrinter)),
    }
    against
}

/// The guards as they held, for the record of the attempt.
fn evidence(
    snapshot: &Snapshot,
    job: &AssignmentRow,
    printer: Candidate<'_>,
    now: &Now,
    artifact: Sha256,
) -> Guards {
    let bed = snapshot.beds.get(printer.id);
    let bed = bed.map_or_else(String::new, |b| format!("clear by {} at version {}", b.by, b.version));
    let [x, y] = matching::plate_mm(&job.body.units);
    let said = printer.said;
    let held = [
        ("printer idle by fresh word", now.evidence.clone()),
        ("bed clear", bed),
        ("plate fits", format!("{x} × {y} mm on {}", printer.profile.id)),
        ("artifact", artifact.to_string()),
        ("material", said.material.clone().unwrap_or_default()),
        (
            "profile",
            said.confirmed_profile.clone().map_or_else(|| "verified".into(), |p| format!("{p} confirmed")),
        ),
        ("right to start", format!("epoch {} under {}", job.body.epoch, snapshot.agent.incarnation)),
        ("room for events", "yes".into()),
    ];
    Guards { held: held.map(|(guard, evidence)| (guard.to_owned(), evidence)).to_vec() }
}
