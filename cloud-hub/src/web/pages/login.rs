//! Signing in and out.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::layout::{Page, show};
use crate::hub::Hub;
use crate::web::api::check_password;
use crate::web::auth;
use crate::web::problem::Problem;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    page: Page,
}

pub(super) async fn page(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Result<Response, Problem> {
    show(&LoginPage { page: Page::new(&hub, &headers, "", "Sign in") })
}

#[derive(Deserialize)]
pub(super) struct Login {
    name: String,
    password: String,
}

/// A form of another site may not sign anybody in here.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v != "same-origin" && v != "none")
}

pub(super) async fn submit(
    State(hub): State<Arc<Hub>>,
    headers: HeaderMap,
    Form(it): Form<Login>,
) -> Result<Response, Problem> {
    if is_from_elsewhere(&headers) {
        return Err(Problem::forbidden());
    }
    match check_password(&hub, &it.name, it.password).await {
        Ok(user) => {
            let (token, _csrf) = auth::open(&hub, &user).await?;
            Ok(([(header::SET_COOKIE, auth::set_cookie(&hub, &token))], Redirect::to("/")).into_response())
        }
        Err(problem) => {
            let page = Page::new(&hub, &headers, "", "Sign in").saying(problem.detail());
            let mut answer = show(&LoginPage { page })?;
            *answer.status_mut() = if problem.status() == StatusCode::TOO_MANY_REQUESTS {
                problem.status()
            } else {
                StatusCode::UNAUTHORIZED
            };
            Ok(answer)
        }
    }
}

pub(super) async fn leave(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Result<Response, Problem> {
    auth::close(&hub, &headers).await?;
    Ok(([(header::SET_COOKIE, auth::set_cookie(&hub, ""))], Redirect::to("/login")).into_response())
}
