//! Printers that were out of sight may have printed alone: their beds are in doubt until somebody looks. What those in
//! sight say of their temperatures is kept for a while.

use std::{collections::BTreeMap, time::Duration};

use protocol::{bed::Doubt, ids::PrinterId};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Floor;
use crate::{
    ledger::{LedgerError, recover::UNOBSERVED_AFTER_MS},
    printer::Connection,
};

/// How often the printers are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often the ledger notes that they are watched.
const NOTE_EVERY: Duration = Duration::from_secs(30);

/// Watches until `stop`.
pub async fn watch_printers(floor: Floor, stop: CancellationToken) {
    let out_of_sight_max = Duration::from_millis(u64::try_from(UNOBSERVED_AFTER_MS).unwrap_or(60_000));
    let mut last_seen: BTreeMap<PrinterId, Instant> = BTreeMap::new();
    let mut noted: Option<Instant> = None;
    let begun = Instant::now();
    loop {
        let now = Instant::now();
        for station in floor.stations.iter() {
            let view = station.handle.view();
            let view = view.borrow();
            if view.connection == Connection::Up {
                station.heat.note(now, view.temperatures);
            }
        }
        for station in floor.stations.iter().filter(|s| s.profile.can_print_alone) {
            let id = &station.settings.id;
            let is_up = station.handle.view().borrow().connection == Connection::Up;
            let seen = last_seen.get(id).copied().unwrap_or(begun);
            let away = now.saturating_duration_since(seen);
            if is_up {
                last_seen.insert(id.clone(), now);
            }
            if is_up && away > out_of_sight_max {
                let evidence = format!("not watched for {} s", away.as_secs());
                report(floor.ledger.doubt_bed(id.clone(), Doubt::Unobserved, evidence).await);
            }
        }
        if noted.is_none_or(|at| now.saturating_duration_since(at) >= NOTE_EVERY) {
            report(floor.ledger.watching().await);
            noted = Some(now);
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {
                report(floor.ledger.watching().await);
                return;
            }
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

fn report(result: Result<(), LedgerError>) {
    if let Err(error) = result {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "what was seen of the printers could not be written"
        );
    }
}
