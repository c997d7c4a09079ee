//! What the agent holds, as the hub is told after either side lost its memory.

use protocol::{
    assignment::{Assignment as State, Closed},
    wire::{
        PROTO,
        v1::{AttemptRef, ClosedAs, LedgerEntry, LedgerState, Replaces, ResyncRequest, Right},
    },
};

use crate::ledger::{
    Ledger, LedgerError,
    view::{AssignmentRow, AttemptRow},
};

/// Reads the whole ledger into one request.
///
/// # Errors
/// [`LedgerError`].
pub(super) async fn request(ledger: &Ledger) -> Result<ResyncRequest, LedgerError> {
    let state = ledger.sync_state().await?;
    let held = ledger.held().await?;
    let ledger_rows = held.iter().map(|(row, newest)| entry(row, newest.as_ref(), &held)).collect();
    Ok(ResyncRequest {
        proto: PROTO,
        agent_incarnation: ledger.incarnation(),
        boot_id: ledger.stamp().boot,
        hub_incarnation_seen: state.hub_seen,
        last_seq: state.last_seq,
        ledger: ledger_rows,
    })
}

type Held = [(AssignmentRow, Option<AttemptRow>)];

fn entry(row: &AssignmentRow, newest: Option<&AttemptRow>, all: &Held) -> LedgerEntry {
    let replaces = row.body.replaces.map(|job| {
        let units = row.body.units.iter().map(|u| u.id).collect();
        Replaces { job, units }
    });
    LedgerEntry {
        job: row.job(),
        epoch: row.body.epoch,
        purpose: row.body.purpose.clone(),
        units: row.body.units.clone(),
        label: Some(row.label.clone()),
        replaces,
        state: state(row, newest, all),
    }
}

fn state(row: &AssignmentRow, newest: Option<&AttemptRow>, all: &Held) -> LedgerState {
    match row.state {
        // A pinned job may be claimed and started here at any moment, also offline: a restored hub must hold it for us.
        State::Seen | State::Staging | State::Ready if row.body.right == Right::Pinned => {
            LedgerState::Claimed
        }
        State::Seen | State::Staging | State::Ready => LedgerState::Preparing,
        State::Claimed => LedgerState::Claimed,
        State::Started => match newest {
            Some(attempt) => {
                let on = AttemptRef { attempt: attempt.no, printer: attempt.printer.clone() };
                LedgerState::Started { on, attempt_state: attempt.state.word().into() }
            }
            None => LedgerState::Claimed,
        },
        State::Declined | State::Released => LedgerState::GivenBack,
        State::Closed(how) => {
            let replaced_by =
                all.iter().find(|(r, _)| r.body.replaces == Some(row.job())).map(|(r, _)| r.job());
            let closed_as = match how {
                Closed::Good => ClosedAs::Good,
                Closed::Replaced => ClosedAs::Replaced,
                Closed::Failed => ClosedAs::Failed,
                Closed::Cancelled => ClosedAs::Cancelled,
                Closed::Sliced | Closed::LabelPrinted => ClosedAs::DoneWithoutPrint,
            };
            LedgerState::Closed { closed_as, counted: row.counted.clone().unwrap_or_default(), replaced_by }
        }
    }
}
