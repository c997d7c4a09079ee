//! `/api/v1/printers/{printer}/…` and `/api/v1/beds/clear`.

use axum::{
    Json,
    extract::{Path, State},
};
use protocol::ids::PrinterId;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::web::{
    App,
    actions::{self, BedClear, Move, Seen},
    auth::Caller,
    problem::Problem,
};

type Done = Result<Json<Value>, Problem>;

fn done() -> Done {
    Ok(Json(json!({ "done": true })))
}

/// A bed among several.
#[derive(Deserialize)]
pub(super) struct OneBed {
    printer: PrinterId,
    #[serde(flatten)]
    it: BedClear,
}

/// Every bed is tried; those that changed meanwhile are named.
pub(super) async fn beds_clear(
    State(app): State<App>,
    caller: Caller,
    Json(beds): Json<Vec<OneBed>>,
) -> Done {
    let mut refused = Vec::new();
    for bed in &beds {
        if let Err(problem) = actions::bed_clear(&app, &bed.printer, &bed.it, caller.name()).await {
            refused.push(json!({ "printer": bed.printer, "problem": problem }));
        }
    }
    Ok(Json(json!({ "cleared": beds.len() - refused.len(), "refused": refused })))
}

pub(super) async fn bed_clear(
    State(app): State<App>,
    caller: Caller,
    Path(printer): Path<PrinterId>,
    Json(it): Json<BedClear>,
) -> Done {
    actions::bed_clear(&app, &printer, &it, caller.name()).await?;
    done()
}

pub(super) async fn pause(
    State(app): State<App>,
    Path(printer): Path<PrinterId>,
    Json(it): Json<Seen>,
) -> Done {
    actions::move_print(&app, &printer, Move::Pause, it.seen).await?;
    done()
}

pub(super) async fn resume(
    State(app): State<App>,
    Path(printer): Path<PrinterId>,
    Json(it): Json<Seen>,
) -> Done {
    actions::move_print(&app, &printer, Move::Resume, it.seen).await?;
    done()
}

pub(super) async fn cancel(
    State(app): State<App>,
    Path(printer): Path<PrinterId>,
    Json(it): Json<Seen>,
) -> Done {
    actions::move_print(&app, &printer, Move::Cancel, it.seen).await?;
    done()
}

/// Never refused for an old page: a stop is a stop.
pub(super) async fn emergency_stop(
    State(app): State<App>,
    caller: Caller,
    Path(printer): Path<PrinterId>,
) -> Done {
    app.floor.emergency_stop(&printer, caller.name()).await?;
    done()
}

pub(super) async fn open_port(
    State(app): State<App>,
    Path(printer): Path<PrinterId>,
    Json(it): Json<Seen>,
) -> Done {
    actions::open_port(&app, &printer, it.seen).await?;
    done()
}

/// What is loaded.
#[derive(Deserialize)]
pub(super) struct Material {
    material: Option<String>,
    #[serde(default)]
    color: Option<String>,
    seen: u64,
}

pub(super) async fn material(
    State(app): State<App>,
    Path(printer): Path<PrinterId>,
    Json(it): Json<Material>,
) -> Done {
    actions::set_material(&app, &printer, it.material, it.color, it.seen).await?;
    done()
}

pub(super) async fn confirm_profile(
    State(app): State<App>,
    Path(printer): Path<PrinterId>,
    Json(it): Json<Seen>,
) -> Done {
    actions::confirm_profile(&app, &printer, it.seen).await?;
    done()
}

/// Why a printer gets no work.
#[derive(Deserialize)]
pub(super) struct OutOfService {
    reason: String,
    seen: u64,
}

pub(super) async fn out_of_service(
    State(app): State<App>,
    Path(printer): Path<PrinterId>,
    Json(it): Json<OutOfService>,
) -> Done {
    actions::set_out_of_service(&app, &printer, Some(&it.reason), it.seen).await?;
    done()
}

pub(super) async fn in_service(
    State(app): State<App>,
    Path(printer): Path<PrinterId>,
    Json(it): Json<Seen>,
) -> Done {
    actions::set_out_of_service(&app, &printer, None, it.seen).await?;
    done()
}
