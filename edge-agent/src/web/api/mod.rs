//! The LAN API, version 1: the same actions as the pages.

mod attempts;
mod jobs;
pub(super) mod pair;
mod printers;
mod state;

use super::{auth::Need, routes::Routes, sse};
use crate::ledger::devices::Role;

pub(super) use jobs::{Create, create_once};
pub use state::state_json;

/// Adds every route of the API.
pub fn add(routes: Routes) -> Routes {
    let operator = Need::Role(Role::Operator);
    let admin = Need::Role(Role::Admin);
    routes
        .get("/api/v1/state", operator, state::get)
        .get("/api/v1/events", operator, sse::events)
        .post("/api/v1/pair", Need::Nothing, pair::pair)
        .post("/api/v1/jobs", operator, jobs::create)
        .get("/api/v1/jobs/{job}/why", operator, jobs::why)
        .post("/api/v1/jobs/{job}/cancel", operator, jobs::cancel)
        .post("/api/v1/jobs/{job}/hold", operator, jobs::hold)
        .post("/api/v1/jobs/{job}/unhold", operator, jobs::unhold)
        .post("/api/v1/jobs/{job}/give-back", operator, jobs::give_back)
        .post("/api/v1/jobs/{job}/replace", operator, jobs::replace)
        .post("/api/v1/jobs/{job}/move", operator, jobs::move_to)
        .post("/api/v1/beds/clear", operator, printers::beds_clear)
        .post("/api/v1/printers/{printer}/bed-clear", operator, printers::bed_clear)
        .post("/api/v1/printers/{printer}/pause", operator, printers::pause)
        .post("/api/v1/printers/{printer}/resume", operator, printers::resume)
        .post("/api/v1/printers/{printer}/cancel", operator, printers::cancel)
        .post("/api/v1/printers/{printer}/emergency-stop", operator, printers::emergency_stop)
        .post("/api/v1/printers/{printer}/open-port", operator, printers::open_port)
        .post("/api/v1/printers/{printer}/material", operator, printers::material)
        .post("/api/v1/printers/{printer}/confirm-profile", admin, printers::confirm_profile)
        .post("/api/v1/printers/{printer}/out-of-service", operator, printers::out_of_service)
        .post("/api/v1/printers/{printer}/in-service", operator, printers::in_service)
        .post("/api/v1/attempts/{incarnation}/{n}/sign-off", operator, attempts::sign_off)
        .post("/api/v1/attempts/{incarnation}/{n}/decide", operator, attempts::decide)
}
