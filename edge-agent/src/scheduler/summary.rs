//! The present state of the site, sent with every poll so that a long backlog never hides it.

use protocol::{
    attempt::Attempt,
    bed::{Bed, Cause},
    wire::v1::{AttemptSummary, BedCause, PrinterSummary, Summary},
};

use crate::{
    floor::{Floor, Station},
    ledger::view::{AttemptRow, Snapshot},
};

/// The summary of a floor.
#[must_use]
pub fn of(floor: &Floor, snapshot: &Snapshot) -> Summary {
    let printers = floor.stations.iter().map(|s| printer(s, snapshot)).collect();
    let waiting =
        snapshot.open.iter().filter(|a| a.state != protocol::assignment::Assignment::Started).count();
    Summary { printers, jobs_waiting: u32::try_from(waiting).unwrap_or(u32::MAX) }
}

fn printer(station: &Station, snapshot: &Snapshot) -> PrinterSummary {
    let id = &station.settings.id;
    let attempt = snapshot.live_on(id);
    PrinterSummary {
        printer: id.clone(),
        name: station.settings.name.clone(),
        profile: station.profile.id.to_string(),
        state: state_word(station, snapshot, attempt),
        bed: bed(snapshot, id),
        attempt: attempt.map(|a| AttemptSummary {
            attempt: a.no,
            job: a.job,
            state: a.state.word().into(),
            done_permille: a.done,
        }),
    }
}

/// The printer's state word: what the ledger knows comes before what the printer says.
#[must_use]
pub fn state_word(station: &Station, snapshot: &Snapshot, attempt: Option<&AttemptRow>) -> String {
    let now = station.now();
    let said = snapshot.printers.get(&station.settings.id);
    if let Some(attempt) = attempt {
        return match attempt.state {
            Attempt::Starting => "Heating".into(),
            Attempt::Printing if now.word == "Attention" || now.word == "Heating" => now.word,
            Attempt::Printing
            | Attempt::Paused
            | Attempt::Unknown { .. }
            | Attempt::Finished
            | Attempt::Failed { .. }
            | Attempt::Cancelled => attempt.state.word().into(),
        };
    }
    if said.is_some_and(|s| s.out_of_service.is_some()) {
        return "Out of service".into();
    }
    let bed_is_clear = snapshot.beds.get(&station.settings.id).is_some_and(|b| b.bed.is_clear());
    match now.word.as_str() {
        "Ready" if !bed_is_clear => "Needs clearing".into(),
        _ => now.word,
    }
}

fn bed(snapshot: &Snapshot, id: &protocol::ids::PrinterId) -> Option<BedCause> {
    match snapshot.beds.get(id).map(|b| b.bed) {
        Some(Bed::Clear(_)) => None,
        Some(Bed::Occupied(cause)) => Some(match cause {
            Cause::Attempt(attempt) => BedCause::Attempt { attempt },
            Cause::Unobserved => BedCause::Unobserved,
            Cause::ForeignPrint => BedCause::ForeignPrint,
            Cause::NewPrinter => BedCause::NewPrinter,
            Cause::Restore => BedCause::Restore,
        }),
        None => Some(BedCause::NewPrinter),
    }
}
