//! How errors read: `application/problem+json` with a stable type, words for the person, and a number to ask about.
//! The only place where errors become answers; internals go to the log, never to the client.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::db::DbError;
use crate::sources;
use crate::store::StoreError;

/// An error as a client sees it.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    detail: String,
    fields: Vec<(String, String)>,
    retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem of a stable `kind` with words for the person.
    #[must_use]
    pub fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        Self { status, kind, detail: detail.into(), fields: Vec::new(), retry_after_s: None }
    }

    /// Adds a fault of one field (JSON pointer).
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.fields.push((pointer.into(), detail.into()));
        self
    }

    /// Asks to come back later.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Nothing there.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("There is no such {what}."))
    }

    /// Needs a log-in.
    #[must_use]
    pub fn sign_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sign-in", "Sign in first.")
    }

    /// Logged in, and not allowed.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Your account may not do this: ask an administrator.")
    }

    /// A body that is not what the route wants.
    #[must_use]
    pub fn bad_body(why: &serde_json::Error) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-body",
            format!("The body is not what this address expects: {why}"),
        )
    }

    /// The store failed: the cause is logged, the client hears that it can try again.
    #[must_use]
    pub fn of_store(error: &StoreError) -> Self {
        let mut chain = error.to_string();
        let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
        while let Some(next) = cause {
            chain = format!("{chain}: {next}");
            cause = next.source();
        }
        tracing::error!(error = chain, "the store did not answer: {chain}");
        match error {
            StoreError::Db(DbError::Busy(_)) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Too much waits already: nothing was stored. Try again.",
            )
            .retry_after(1),
            StoreError::Stored { what: "agent", .. } => Self::new(
                StatusCode::UNAUTHORIZED,
                "unknown-agent",
                "This agent is unknown or revoked: enrol it again.",
            ),
            StoreError::Db(_)
            | StoreError::Sql(_)
            | StoreError::Stored { .. }
            | StoreError::Secret(_)
            | StoreError::NumbersUsedUp(_) => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "This did not work because of a fault in the hub: nothing was changed.",
            ),
        }
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The words.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let correlation_id = sources::row();
        if self.status.is_server_error() {
            tracing::error!(
                correlation_id,
                kind = self.kind,
                "request {correlation_id} failed: {}",
                self.kind
            );
        }
        let title = self.status.canonical_reason().unwrap_or("Problem");
        let mut body = json!({ "type": self.kind, "title": title, "status": self.status.as_u16(), "detail": self.detail,
            "correlation_id": correlation_id });
        if let (false, Some(object)) = (self.fields.is_empty(), body.as_object_mut()) {
            let errors: Vec<Value> =
                self.fields.iter().map(|(p, d)| json!({ "pointer": p, "detail": d })).collect();
            object.insert("errors".into(), Value::Array(errors));
        }
        let mut answer =
            (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string())
                .into_response();
        if let Some(seconds) = self.retry_after_s {
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        // Whoever asked for a page gets one: `pages::problem_page`.
        answer.extensions_mut().insert(self);
        answer
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::of_store(&error)
    }
}
