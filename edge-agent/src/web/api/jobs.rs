//! `/api/v1/jobs`: make, hold, move, give back, replace, and why one is not printing.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use protocol::{
    assignment::Assignment as State_,
    grid::{GridParams, GridSpec},
    ids::{JobId, PrinterId},
    units::{Epoch, HubIncarnation, Revision, StateVersion},
    wire::v1::{Artifact, Assignment, Desired, Kind, OnScrap, Purpose, Right, Unit, Wants},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    files,
    scheduler::{Scheduler, guards::Room},
    sources,
    web::{
        App,
        actions::{self, Seen},
        problem::Problem,
    },
};

/// Copies of one request at most.
const QUANTITY_MAX: u32 = 50;

type Done = Result<Json<Value>, Problem>;

/// A local grid.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Create {
    /// Parameters of the grid, as `gridflock schema` describes them.
    pub(in crate::web) grid: Value,
    #[serde(default = "one")]
    pub(in crate::web) quantity: u32,
    #[serde(default)]
    pub(in crate::web) material: Option<String>,
    #[serde(default)]
    pub(in crate::web) label: Option<String>,
}

const fn one() -> u32 {
    1
}

/// Makes local jobs: one per plate and copy. The same `Idempotency-Key` again gives the same answer.
pub(super) async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    Json(it): Json<Create>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let key = headers.get("idempotency-key").and_then(|k| k.to_str().ok()).map(str::to_owned);
    let Some(key) = key.filter(|k| !k.is_empty() && k.len() <= 200) else {
        return Err(Problem::bad_input(
            "Idempotency-Key: expected a header with a text of your choice, so that a repeated request makes nothing twice.",
        ));
    };
    let (is_new, answer) = create_once(&app, key, &it).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(answer)))
}

/// Makes the jobs unless `key` was used before; the same key again gives the same answer. True: they are new.
pub(in crate::web) async fn create_once(
    app: &App,
    key: String,
    it: &Create,
) -> Result<(bool, Value), Problem> {
    if !(1..=QUANTITY_MAX).contains(&it.quantity) {
        return Err(Problem::bad_input(format!(
            "quantity: expected 1 to {QUANTITY_MAX}, found {}.",
            it.quantity
        )));
    }
    let jobs = local_grid(app, it)?;
    let made: Vec<_> = jobs.iter().map(|(body, _)| body.job).collect();
    let answer = json!({ "jobs": made });
    match app.floor.ledger.add_local(key, jobs, answer.to_string()).await? {
        Some(before) => Ok((false, serde_json::from_str(&before).unwrap_or_default())),
        None => Ok((true, answer)),
    }
}

/// One job with its label per plate and copy.
fn local_grid(app: &App, it: &Create) -> Result<Vec<(Assignment, String)>, Problem> {
    let params =
        GridParams::from_json(&it.grid.to_string()).map_err(|e| Problem::bad_input(e.to_string()))?;
    let spec = GridSpec::check(&params).map_err(|e| Problem::bad_input(e.to_string()))?;
    let plan = gridflock::plan(&spec).map_err(|e| Problem::bad_input(e.to_string()))?;
    if plan.keys_n > 0 {
        return Err(Problem::bad_input(
            "seam_style: expected 0 or 1, found 2: loose keys are parts of their own, which are not printed here yet. \
             Make them with `gridflock generate` and print them from a file.",
        ));
    }
    let name = it.label.as_deref().map(actions::words).filter(|l| !l.is_empty());
    let name = name.or_else(|| spec.sku().map(|s| s.to_string())).unwrap_or_else(|| "Grid".into());
    let mut jobs = Vec::new();
    for _copy in 0..it.quantity {
        for plate in &plan.plates {
            let slot = plate.slot.to_string();
            let job = sources::job(app.clock.wall()).map_err(crate::ledger::LedgerError::from)?;
            let size = [plate.size.x.mm(), plate.size.y.mm()];
            jobs.push((local(job, &spec, &slot, size, it.material.clone()), format!("{name} {slot}")));
        }
    }
    Ok(jobs)
}

fn local(job: JobId, spec: &GridSpec, slot: &str, [x, y]: [f64; 2], material: Option<String>) -> Assignment {
    Assignment {
        job,
        kind: Kind::Print,
        epoch: Epoch::born_at_agent(HubIncarnation::default()),
        revision: Revision::new(1),
        right: Right::Pinned,
        purpose: Purpose::Local,
        units: vec![Unit { id: 1, label: slot.to_owned(), box_mm: [0.0, 0.0, x, y] }],
        on_scrap: OnScrap::Ask,
        desired: Desired::Run,
        artifact: Artifact::Grid { spec: Box::new(spec.clone()), plate: slot.to_owned() },
        wants: Wants { material, ..Wants::default() },
        not_after_s: None,
        due: None,
        order_label: None,
        replaces: None,
    }
}

/// Per printer, why the job does not start there now; and what a person can do.
pub(super) async fn why(State(app): State<App>, Path(job): Path<JobId>) -> Done {
    let snapshot = app.floor.ledger.snapshot().await?;
    let Some(row) = snapshot.assignment(job) else {
        let row = app.floor.ledger.assignment(job).await?;
        return Ok(Json(json!({ "state": row.state.word(), "reason": row.reason, "printers": [] })));
    };
    let free = files::free_bytes(&app.config.site.data_dir).unwrap_or(0);
    let room = Room { disk_has_room: free >= app.config.limits.free_bytes_min };
    let printers: Vec<_> = Scheduler::why(&app.floor, &snapshot, row, room)
        .into_iter()
        .map(|(printer, reasons)| {
            let words: Vec<_> = reasons.iter().map(crate::scheduler::Reason::words).collect();
            json!({ "printer": printer, "against": words })
        })
        .collect();
    Ok(Json(json!({ "state": row.state.word(), "reason": row.reason, "printers": printers })))
}

/// Gives a waiting job back, or stops its print.
pub(super) async fn cancel(State(app): State<App>, Path(job): Path<JobId>, Json(it): Json<Seen>) -> Done {
    let row = app.floor.ledger.assignment(job).await?;
    if row.state != State_::Started {
        return give_back(State(app), Path(job), Json(it)).await;
    }
    let snapshot = app.floor.ledger.snapshot().await?;
    let attempt = snapshot.newest_of(job).filter(|a| !a.state.is_terminal());
    let Some(attempt) = attempt else {
        return Err(crate::ledger::LedgerError::NotNow("Its print has ended: sign it off.".into()).into());
    };
    app.floor.station(&attempt.printer)?.handle.cancel().await?;
    Ok(Json(json!({ "done": true })))
}

pub(super) async fn give_back(State(app): State<App>, Path(job): Path<JobId>, Json(it): Json<Seen>) -> Done {
    app.floor.ledger.give_back(job, StateVersion::new(it.seen)).await?;
    Ok(Json(json!({ "done": true })))
}

pub(super) async fn hold(State(app): State<App>, Path(job): Path<JobId>, Json(it): Json<Seen>) -> Done {
    app.floor.ledger.hold(job, StateVersion::new(it.seen), true).await?;
    Ok(Json(json!({ "done": true })))
}

pub(super) async fn unhold(State(app): State<App>, Path(job): Path<JobId>, Json(it): Json<Seen>) -> Done {
    app.floor.ledger.hold(job, StateVersion::new(it.seen), false).await?;
    Ok(Json(json!({ "done": true })))
}

/// Makes a replacement of a job that ended with scrap or was cancelled.
pub(super) async fn replace(State(app): State<App>, Path(job): Path<JobId>) -> Done {
    let made = app.floor.ledger.replace(job).await?;
    Ok(Json(json!({ "job": made })))
}

/// Where a job shall go.
#[derive(Deserialize)]
pub(super) struct MoveTo {
    printer: Option<PrinterId>,
    seen: u64,
}

pub(super) async fn move_to(State(app): State<App>, Path(job): Path<JobId>, Json(it): Json<MoveTo>) -> Done {
    actions::move_job(&app, job, it.printer, it.seen).await?;
    Ok(Json(json!({ "done": true })))
}
