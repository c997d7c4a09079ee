//! Who asks: sessions of people (cookie and CSRF token), tokens of agents, passwords.
//!
//! Session tokens and agent tokens are stored as hashes; comparisons are by the database's key or in constant time.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use futures_util::StreamExt as _;
use protocol::ids::{AgentId, Sha256};
use protocol::units::WallMs;

use super::permissions::Permission;
use super::problem::Problem;
use crate::hub::Hub;
use crate::sources;
use crate::store::User;

/// Name of the session cookie.
pub const COOKIE: &str = "hub_session";
/// How long a session lasts, milliseconds: 12 hours.
pub const SESSION_MS: i64 = 12 * 3_600_000;
/// Largest form that is searched for its CSRF token, bytes.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// Bytes within which the first field of a form with a file must end.
const FIRST_FIELD_BYTES_MAX: usize = 2 * 1024;
/// Shortest password, characters.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Longest password, characters: hashing more costs only time.
pub const PASSWORD_CHARS_MAX: usize = 200;

/// The person behind a request.
#[derive(Debug, Clone)]
pub struct Who {
    /// The account.
    pub user: User,
    /// Goes into every form.
    pub csrf: String,
}

/// The agent behind a request.
#[derive(Debug, Clone, Copy)]
pub struct Speaker(pub AgentId);

/// How a token is stored.
#[must_use]
pub fn token_hash(token: &str) -> String {
    Sha256::of(token.as_bytes()).to_string()
}

/// Checks an agent's token and adds [`Speaker`] to the request.
///
/// # Errors
/// 401 without a good token.
pub async fn agent(hub: &Hub, mut request: Request) -> Result<Request, Problem> {
    let refused = || {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "token",
            "A good token is needed: ask for one at /agent/v1/token.",
        )
    };
    let bearer = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "));
    let hash = bearer.map(token_hash).ok_or_else(refused)?;
    let agent = hub.store.agent_by_token(hash).await?.ok_or_else(refused)?;
    request.extensions_mut().insert(Speaker(agent));
    Ok(request)
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = all.flat_map(|v| v.split(';')).filter_map(|p| p.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

/// The session of a request, if it has a good one.
///
/// # Errors
/// When the store does not answer.
pub async fn session(hub: &Hub, headers: &HeaderMap) -> Result<Option<Who>, Problem> {
    let Some(token) = cookie(headers) else { return Ok(None) };
    let found = hub.store.session(token_hash(&token)).await?;
    Ok(found.map(|(user, csrf)| Who { user, csrf }))
}

/// Checks session, role and CSRF token and adds [`Who`] to the request.
///
/// # Errors
/// 401 without session, 403 without the role or the token.
pub async fn person(hub: &Hub, request: Request, permission: Permission) -> Result<Request, Problem> {
    let who = session(hub, request.headers()).await?.ok_or_else(Problem::sign_in)?;
    if !permission.is_granted_to(&who.user.role) {
        return Err(Problem::forbidden());
    }
    let mut request = if matches!(*request.method(), Method::GET | Method::HEAD) {
        request
    } else {
        with_csrf(request, &who.csrf).await?
    };
    request.extensions_mut().insert(who);
    Ok(request)
}

/// The token comes as a header, or as the field `csrf` of a form.
async fn with_csrf(request: Request, expected: &str) -> Result<Request, Problem> {
    let refused = || {
        Problem::new(
            StatusCode::FORBIDDEN,
            "csrf",
            "This page is too old, or the request came from elsewhere: load the page again.",
        )
    };
    if let Some(given) = request.headers().get("x-csrf-token").and_then(|v| v.to_str().ok()) {
        return if same(given, expected) { Ok(request) } else { Err(refused()) };
    }
    let kind = request.headers().get(header::CONTENT_TYPE).map(|v| v.as_bytes()).unwrap_or_default();
    let (is_form, is_multipart) =
        (kind.starts_with(b"application/x-www-form-urlencoded"), kind.starts_with(b"multipart/form-data"));
    let (parts, body) = request.into_parts();
    if is_multipart {
        let (token, body) = first_field(body).await.ok_or_else(refused)?;
        return if same(&token, expected) { Ok(Request::from_parts(parts, body)) } else { Err(refused()) };
    }
    if !is_form {
        return Err(refused());
    }
    let bytes = to_bytes(body, FORM_BYTES_MAX).await.map_err(|_too_large| refused())?;
    let has_token =
        url::form_urlencoded::parse(&bytes).any(|(name, value)| name == "csrf" && same(&value, expected));
    if has_token { Ok(Request::from_parts(parts, Body::from(bytes))) } else { Err(refused()) }
}

/// The token of a form with a file, which is its first field; the body as it came goes on after it.
async fn first_field(body: Body) -> Option<(String, Body)> {
    let mut rest = body.into_data_stream();
    let mut head = Vec::new();
    let token = loop {
        head.extend_from_slice(&rest.next().await?.ok()?);
        let text = String::from_utf8_lossy(head.get(..head.len().min(FIRST_FIELD_BYTES_MAX))?).into_owned();
        if let Some((about, value)) = text.split_once("\r\n\r\n")
            && let Some((value, _)) = value.split_once("\r\n")
        {
            break about.contains("name=\"csrf\"").then(|| value.to_owned())?;
        }
        if head.len() > FIRST_FIELD_BYTES_MAX {
            return None;
        }
    };
    let head = futures_util::stream::iter([Ok(axum::body::Bytes::from(head))]);
    Some((token, Body::from_stream(head.chain(rest))))
}

/// Compares digests, so that the time says nothing about the token.
fn same(a: &str, b: &str) -> bool {
    Sha256::of(a.as_bytes()) == Sha256::of(b.as_bytes())
}

/// Hashes a password with Argon2id; the salt is made by the hasher.
///
/// # Errors
/// A sentence about what is wrong with the password.
pub async fn hash(password: String) -> Result<String, String> {
    let length = password.chars().count();
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&length) {
        return Err(format!("A password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters."));
    }
    // Hashing takes some ten milliseconds of one core: not on a thread that serves requests.
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string())
    });
    hashed.await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())
}

/// Checks a password; an unknown name takes as long as a wrong password.
pub async fn verify(password: String, hash: Option<String>) -> bool {
    // A hash of nothing in particular, with the same cost.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b0dWRWJTmaQ9kYFSzuvhKkTOvY";
    let is_known = hash.is_some();
    let checked = tokio::task::spawn_blocking(move || {
        let text = hash.unwrap_or_else(|| NOBODY.to_owned());
        PasswordHash::new(&text)
            .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
    });
    checked.await.unwrap_or(false) && is_known
}

/// Opens a session; its token for the cookie, and the CSRF token.
///
/// # Errors
/// When the store does not answer.
pub async fn open(hub: &Arc<Hub>, user: &User) -> Result<(String, String), Problem> {
    let (token, csrf) = (sources::token(), sources::token());
    let expires = WallMs(hub.clock.wall().0 + SESSION_MS);
    hub.store.put_session(token_hash(&token), user.id.clone(), csrf.clone(), expires).await?;
    Ok((token, csrf))
}

/// The cookie of a session; an empty token ends it.
#[must_use]
pub fn set_cookie(hub: &Hub, token: &str) -> String {
    let age_s = if token.is_empty() { 0 } else { SESSION_MS / 1000 };
    let secure = if hub.config.web.secure_cookies { "; Secure" } else { "" };
    format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age_s}{secure}")
}

/// Ends the session of a request.
///
/// # Errors
/// When the store does not answer.
pub async fn close(hub: &Hub, headers: &HeaderMap) -> Result<(), Problem> {
    if let Some(token) = cookie(headers) {
        hub.store.end_session(token_hash(&token)).await?;
    }
    Ok(())
}
