//! `POST /api/v1/pair`: a one-time code for a token.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};

use crate::{
    ledger::devices::Role,
    sources,
    web::{App, actions::words, problem::Problem},
};

#[derive(Deserialize)]
pub(super) struct Ask {
    code: String,
    name: String,
}

#[derive(Serialize)]
pub(super) struct Paired {
    token: String,
    role: &'static str,
}

pub(super) async fn pair(State(app): State<App>, Json(ask): Json<Ask>) -> Result<Json<Paired>, Problem> {
    let (token, role) = exchange(&app, &ask.code, &ask.name).await?;
    Ok(Json(Paired { token, role: role.word() }))
}

/// Exchanges a one-time code for a token; pages keep it in the session cookie.
pub(in crate::web) async fn exchange(app: &App, code: &str, name: &str) -> Result<(String, Role), Problem> {
    let name = words(name);
    if name.is_empty() {
        return Err(Problem::bad_input(
            "name: expected what this device is called, for example \"Mark's tablet\".",
        ));
    }
    let Ok(token) = sources::token() else {
        let detail = "The agent has no randomness for a token; restart the Pi.";
        return Err(Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The agent has a problem",
            detail,
        ));
    };
    match app.floor.ledger.pair(code, name, &token).await? {
        Some(role) => Ok((token, role)),
        None => {
            let detail = "The code is wrong, was used, or is older than 15 minutes. `edge-agent pair` prints a new one.";
            Err(Problem::new(StatusCode::FORBIDDEN, "wrong-code", "This code does not pair", detail))
        }
    }
}
