//! Pairing a browser: a one-time code and a name for a session cookie.

use askama::Template;
use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::layout::{Page, show};
use crate::{
    config::Tls,
    web::{App, api::pair::exchange, auth::COOKIE, problem::Problem},
};

/// How long a browser stays paired, seconds: a year.
const SESSION_S: u32 = 31_536_000;

#[derive(Template)]
#[template(path = "pair.html")]
struct PairPage {
    page: Page,
}

pub(super) async fn page(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    show(&PairPage { page: Page::bare(&app, &headers, "Pair this browser") })
}

#[derive(Deserialize)]
pub(super) struct Ask {
    code: String,
    name: String,
}

/// A form of another site may not pair anybody here.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
    site.is_some_and(|v| v != "same-origin" && v != "none")
}

pub(super) async fn submit(
    State(app): State<App>,
    headers: HeaderMap,
    Form(ask): Form<Ask>,
) -> Result<Response, Problem> {
    if is_from_elsewhere(&headers) {
        let detail = "Open the agent's own page to pair this browser.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "csrf", "This form is from elsewhere", detail));
    }
    match exchange(&app, &ask.code, &ask.name).await {
        Ok((token, _role)) => {
            let secure = if app.config.web.tls == Tls::Off { "" } else { "; Secure" };
            let cookie =
                format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={SESSION_S}{secure}");
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
        }
        Err(problem) => {
            let page = Page::bare(&app, &headers, "Pair this browser").saying(problem.detail.clone());
            let mut answer = show(&PairPage { page })?;
            *answer.status_mut() = problem.status();
            Ok(answer)
        }
    }
}
