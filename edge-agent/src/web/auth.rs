//! Who may: a token of a paired device, as `Authorization: Bearer` or in the session cookie. Deny by default: a route
//! cannot be registered without saying what it needs.

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use protocol::ids::Sha256;

use super::{App, problem::Problem};
use crate::ledger::devices::{Device, Role};

/// Name of the session cookie.
pub const COOKIE: &str = "edge_session";

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: health, log-in, style sheets.
    Nothing,
    /// A paired device with at least this role.
    Role(Role),
}

/// Whoever asks, once let in.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The device and its role.
    pub device: Device,
    /// What forms of this caller must carry; none for bearer tokens, which no other site can make a browser send.
    pub csrf: Option<String>,
}

impl Caller {
    /// The name for records.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.device.name
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(not_paired)
    }
}

fn not_paired() -> Problem {
    let detail = "Pair this browser first: `edge-agent pair` on the Pi prints a code.";
    Problem::new(StatusCode::UNAUTHORIZED, "not-paired", "This device is not paired", detail)
}

/// Lets a request through to a route that needs `need`.
pub async fn require(State((app, need)): State<(App, Need)>, mut request: Request, next: Next) -> Response {
    let Need::Role(needed) = need else { return next.run(request).await };
    let wants_page = request
        .headers()
        .get(header::ACCEPT)
        .is_some_and(|a| a.to_str().is_ok_and(|a| a.contains("text/html")));
    let shown = shown(&request);
    match caller(&app, shown).await {
        Ok(Some(caller)) if caller.device.role >= needed => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(Some(_)) => {
            let detail =
                "This needs an administrator: `edge-agent pair --role admin` on the Pi prints a code.";
            Problem::new(StatusCode::FORBIDDEN, "not-allowed", "This device may not do that", detail)
                .into_response()
        }
        Ok(None) if wants_page && request.method() == Method::GET => Redirect::to("/pair").into_response(),
        Ok(None) => not_paired().into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// What a request shows of itself.
enum Shown {
    Bearer(String),
    Session(String),
    Nothing,
}

fn shown(request: &Request) -> Shown {
    let bearer =
        request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
    if let Some(token) = bearer {
        return Shown::Bearer(token.to_owned());
    }
    let jar = CookieJar::from_headers(request.headers());
    jar.get(COOKIE).map_or(Shown::Nothing, |cookie| Shown::Session(cookie.value().to_owned()))
}

async fn caller(app: &App, shown: Shown) -> Result<Option<Caller>, Problem> {
    let (token, csrf) = match shown {
        Shown::Bearer(token) => (token, None),
        Shown::Session(token) => {
            let csrf = csrf_of(&token);
            (token, Some(csrf))
        }
        Shown::Nothing => return Ok(None),
    };
    let device = app.floor.ledger.device(&token).await?;
    Ok(device.map(|device| Caller { device, csrf }))
}

/// The token that forms of a session carry: derived, so that nothing more is stored.
#[must_use]
pub fn csrf_of(session: &str) -> String {
    Sha256::of(format!("csrf of {session}").as_bytes()).to_string()
}
