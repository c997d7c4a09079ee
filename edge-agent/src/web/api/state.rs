//! `GET /api/v1/state`: everything an operator sees, with its age.

use axum::{Json, extract::State};
use protocol::{attempt::Attempt, bed::Bed};
use serde_json::{Value, json};

use crate::{
    floor::Station,
    ledger::{
        LedgerError,
        view::{AssignmentRow, AttemptRow, Snapshot},
    },
    scheduler::summary::state_word,
    sync::Link,
    web::{App, cause, problem::Problem},
};

pub(super) async fn get(State(app): State<App>) -> Result<Json<Value>, Problem> {
    Ok(Json(state_json(&app).await?))
}

/// The state as JSON; also what a page's event stream begins with.
///
/// # Errors
/// [`LedgerError`].
pub async fn state_json(app: &App) -> Result<Value, LedgerError> {
    let snapshot = app.floor.ledger.snapshot().await?;
    let sync = app.floor.ledger.sync_state().await?;
    let link = app.link.borrow().clone();
    let printers: Vec<_> = app.floor.stations.iter().map(|s| printer(s, &snapshot)).collect();
    let jobs: Vec<_> = snapshot.open.iter().map(|j| job(j, &snapshot)).collect();
    let waiting = snapshot.attempts.iter().filter(|a| waits_for_a_person(a));
    let attempts: Vec<_> = waiting.map(|a| attempt(a, &snapshot)).collect();
    Ok(json!({
        "site": app.config.site.name,
        "now_ms": app.clock.wall().0,
        "incarnation": snapshot.agent.incarnation,
        "is_quarantined": snapshot.agent.is_quarantined,
        "hub": { "link": link_word(&link.link), "since_ms": link.since.0, "events_waiting": sync.last_seq.get() - sync.acked_seq.get() },
        "printers": printers,
        "jobs": jobs,
        "attempts": attempts,
    }))
}

/// The link in one word, with the hub's words where it refuses.
fn link_word(link: &Link) -> String {
    match link {
        Link::Alone => "alone".into(),
        Link::NotEnrolled => "not enrolled".into(),
        Link::Connected => "connected".into(),
        Link::Offline => "offline".into(),
        Link::Refused(why) => format!("refused: {why}"),
    }
}

/// Ended and not counted, or not known.
fn waits_for_a_person(attempt: &AttemptRow) -> bool {
    match attempt.state {
        Attempt::Unknown { .. } => true,
        Attempt::Finished => !attempt.is_counted,
        Attempt::Failed { may_have_printed, .. } => may_have_printed && !attempt.is_counted,
        Attempt::Starting | Attempt::Printing | Attempt::Paused | Attempt::Cancelled => false,
    }
}

fn printer(station: &Station, snapshot: &Snapshot) -> Value {
    let id = &station.settings.id;
    let live = snapshot.live_on(id);
    let said = snapshot.printers.get(id).cloned().unwrap_or_default();
    let view = station.handle.view().borrow().clone();
    let t = view.temperatures;
    let bed = snapshot.beds.get(id).map(|row| match row.bed {
        Bed::Clear(_) => json!({ "state": "clear", "by": row.by, "since_ms": row.since.0 }),
        Bed::Occupied(why) => {
            json!({ "state": "occupied", "cause": cause::text(why), "since_ms": row.since.0 })
        }
    });
    json!({
        "id": id,
        "name": station.settings.name,
        "profile": station.profile.id.as_str(),
        "state": state_word(station, snapshot, live),
        "age_s": station.age_s(),
        "message": view.message,
        "bed": bed,
        "seen": snapshot.beds.get(id).map(|b| b.version.get()).unwrap_or_default(),
        "temperatures": { "nozzle_c": t.nozzle_c, "nozzle_target_c": t.nozzle_target_c, "bed_c": t.bed_c, "bed_target_c": t.bed_target_c },
        "material": said.material,
        "color": said.color,
        "out_of_service": said.out_of_service,
        "profile_confirmed": said.confirmed_profile.as_deref() == Some(station.profile.id.as_str()),
        "port_is_closed": snapshot.printers.contains_key(id) && !said.may_open_port,
        "attempt": live.map(|a| attempt(a, snapshot)),
    })
}

fn attempt(a: &AttemptRow, snapshot: &Snapshot) -> Value {
    let job = snapshot.assignment(a.job);
    let seen = snapshot.beds.get(&a.printer).map(|b| b.version.get()).unwrap_or_default();
    json!({
        "attempt": a.no,
        "job": a.job,
        "label": job.map(|j| j.label.as_str()),
        "printer": a.printer,
        "state": a.state.word(),
        "evidence": a.evidence,
        "done_permille": a.done.get(),
        "started_ms": a.started.0,
        "ended_ms": a.ended.map(|t| t.0),
        "units": job.map(|j| &j.body.units),
        "artifact": a.artifact,
        "is_counted": a.is_counted,
        "seen": seen,
    })
}

fn job(row: &AssignmentRow, snapshot: &Snapshot) -> Value {
    let newest = snapshot.newest_of(row.job());
    json!({
        "id": row.job(),
        "label": row.label,
        "state": newest.filter(|a| !a.state.is_terminal()).map_or_else(|| row.state.word(), |a| a.state.word()),
        "stage": format!("{:?}", row.state),
        "purpose": row.body.purpose,
        "order_label": row.body.order_label,
        "units": row.body.units,
        "replaces": row.body.replaces,
        "is_held": row.is_held,
        "reason": row.reason,
        "seen": row.version.get(),
    })
}
