//! How errors read: `application/problem+json` with what, where and what now. The only place that turns errors into
//! answers; internals stay in the log.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{floor::FloorError, ledger::LedgerError, printer::PrinterError};

/// An answer that says what is wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// Stable name for programs.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// One line.
    pub title: &'static str,
    /// What, and what to do now.
    pub detail: String,
    /// The version to use now, where the page was old.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    #[serde(skip)]
    status: StatusCode,
}

impl Problem {
    /// A problem of any kind.
    #[must_use]
    pub fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self { kind, title, detail: detail.into(), seen: None, status }
    }

    /// A field that is not what it should be.
    #[must_use]
    pub fn bad_input(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad-input",
            "Something in the request is not right",
            detail,
        )
    }

    /// Nobody by that name.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here", detail)
    }

    /// The HTTP code.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    fn not_now(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "not-now", "That is not possible now", detail)
    }

    fn inside(error: &LedgerError) -> Self {
        let error = error as &dyn std::error::Error;
        tracing::error!(error, "a request failed inside");
        let detail = "The agent could not do that. The log says why; nothing was started.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The agent has a problem", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut answer = (self.status, kind, Json(&self)).into_response();
        // Whoever asked for a page gets one: `pages::dress_problems`.
        answer.extensions_mut().insert(self);
        answer
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::NoJob(job) => Self::not_found(format!("There is no job {job} here.")),
            LedgerError::NoAttempt(no) => Self::not_found(format!("There is no print {no} here.")),
            LedgerError::NoPrinter(id) => Self::not_found(format!("There is no printer {id} here.")),
            LedgerError::Stale { now, version } => {
                let detail = format!("Nothing was done, because the page was older than the floor: {now}.");
                let title = "Something happened meanwhile";
                Self { seen: Some(version.get()), ..Self::new(StatusCode::CONFLICT, "stale", title, detail) }
            }
            LedgerError::NotNow(words) => Self::not_now(words),
            LedgerError::Attempt(refused) => Self::not_now(format!("{refused}.")),
            LedgerError::Bed(refused) => Self::not_now(format!("{refused}.")),
            LedgerError::NoRight(why) => Self::not_now(format!("{why}.")),
            LedgerError::LogFull => Self::not_now(error.to_string()),
            LedgerError::Open(_)
            | LedgerError::Thread(_)
            | LedgerError::Reader(_)
            | LedgerError::Incarnation(_)
            | LedgerError::Id(_)
            | LedgerError::Write(_)
            | LedgerError::Sqlite(_)
            | LedgerError::Corrupt { .. }
            | LedgerError::Assignment(_) => Self::inside(&error),
        }
    }
}

impl From<PrinterError> for Problem {
    fn from(error: PrinterError) -> Self {
        match error {
            PrinterError::NotNow { why, .. } => Self::not_now(why),
            PrinterError::Silent { .. } | PrinterError::Busy { .. } => {
                let detail = format!("{error}. It may still do it: trust the printer's state.");
                Self::new(StatusCode::GATEWAY_TIMEOUT, "printer-silent", "The printer did not answer", detail)
            }
            PrinterError::Stopped { .. } | PrinterError::NotStarted { .. } => {
                Self::not_now(error.to_string())
            }
        }
    }
}

impl From<FloorError> for Problem {
    fn from(error: FloorError) -> Self {
        match error {
            FloorError::NoPrinter(id) => Self::not_found(format!("There is no printer {id} here.")),
            FloorError::Ledger(error) => error.into(),
            FloorError::Printer(error) => error.into(),
        }
    }
}
