//! Requests to one printer: each on a connection of its own, with a bound on time and size, and never twice by itself
//! unless it only asks. A request whose answer is lost proves nothing.
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use firmware_profiles::{HttpDialect, HttpKind};
use futures_util::StreamExt as _;
use reqwest::{Method, StatusCode, header};
use serde_json::Value;
use tokio::time::timeout;

use super::HttpPrinter;
use super::digest::Challenge;
use super::status::{Past, Status};
use super::{moonraker, prusalink};
use crate::{net, sources};

/// Largest answer that is read, in bytes: fifty jobs of history have 60 kB.
const ANSWER_BYTES_MAX: usize = 4_000_000;

/// Why a request had no good answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    /// No answer, or one that says nothing about the request (5xx). It may have taken effect.
    #[error("{0}")]
    NoAnswer(String),
    /// The printer said no.
    #[error("{0}")]
    Refused(String),
    /// The password or key is wrong.
    #[error("the printer does not accept the password: enter the one that its display or settings show")]
    Access,
}

/// What is sent along.
pub(super) struct Body {
    pub(super) kind: String,
    pub(super) bytes_n: u64,
    pub(super) stream: reqwest::Body,
    /// Further headers.
    pub(super) headers: Vec<(&'static str, &'static str)>,
}

/// One question and everything that was answered to it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Polled {
    pub(super) status: Status,
    /// The printer's history, when it was asked for and has one.
    pub(super) past: Option<Vec<Past>>,
}

/// Speaks with one printer. Cheap to clone.
#[derive(Clone)]
pub(super) struct Api {
    base: String,
    http: reqwest::Client,
    pub(super) dialect: HttpDialect,
    password: Option<String>,
    challenge: Arc<Mutex<Option<Challenge>>>,
}

impl Api {
    /// A way to the printer; nothing is sent.
    pub(super) fn new(printer: &HttpPrinter) -> Result<Self, net::ClientError> {
        Ok(Self {
            base: format!("http://{}:{}/", printer.host, printer.port),
            http: net::http_client()?,
            dialect: printer.dialect.clone(),
            password: printer.password.clone(),
            challenge: Arc::default(),
        })
    }

    /// Asks what it does, and with `past` for its history.
    pub(super) async fn poll(&self, past: bool) -> Result<Polled, CallError> {
        let strange = || CallError::NoAnswer("it answers, but not as this kind of printer does".to_owned());
        match self.dialect.kind {
            HttpKind::Moonraker => {
                let status = match self.get(moonraker::STATUS).await {
                    Ok(answer) => moonraker::status(&answer).ok_or_else(strange)?,
                    Err(error) => return Err(error),
                };
                let past = match past {
                    true => Some(
                        self.get(moonraker::HISTORY)
                            .await
                            .map_or_else(|_none| Vec::new(), |it| moonraker::history(&it)),
                    ),
                    false => None,
                };
                Ok(Polled { status, past })
            }
            HttpKind::PrusaLink => {
                let answer = self.get(prusalink::STATUS).await?;
                let job = match answer.get("job") {
                    Some(_) => Some(self.get(prusalink::JOB).await?).filter(|job| job.is_object()),
                    None => None,
                };
                Ok(Polled {
                    status: prusalink::status(&answer, job.as_ref()).ok_or_else(strange)?,
                    past: None,
                })
            }
        }
    }

    /// Asks to start a file that is there. Made once: an error that is no refusal proves nothing.
    pub(super) async fn start(&self, name: &str) -> Result<(), CallError> {
        let path = match self.dialect.kind {
            HttpKind::Moonraker => moonraker::start(name),
            HttpKind::PrusaLink => prusalink::file(&self.dialect.storage, name),
        };
        self.once(Method::POST, &path).await
    }

    /// `pause`, `resume` or `cancel`; `job` is the printer's own number of its job.
    pub(super) async fn command(&self, word: &str, job: Option<&str>) -> Result<(), CallError> {
        match self.dialect.kind {
            HttpKind::Moonraker => self.once(Method::POST, &moonraker::command(word)).await,
            HttpKind::PrusaLink => {
                let Some(job) = job else {
                    return Err(CallError::Refused("it has not told the number of its job yet".to_owned()));
                };
                match word {
                    "cancel" => self.once(Method::DELETE, &prusalink::job(job, "")).await,
                    word => self.once(Method::PUT, &prusalink::job(job, &format!("/{word}"))).await,
                }
            }
        }
    }

    /// The stop that waits for nothing, where there is one; else the end of the job.
    pub(super) async fn emergency(&self, job: Option<&str>) -> Result<(), CallError> {
        match self.dialect.kind {
            HttpKind::Moonraker => self.once(Method::POST, moonraker::EMERGENCY).await,
            HttpKind::PrusaLink => self.command("cancel", job).await,
        }
    }

    /// A question.
    pub(super) async fn get(&self, path: &str) -> Result<Value, CallError> {
        self.logged_in(Method::GET, path).await
    }

    /// Something that takes effect. The log-in is renewed before it.
    async fn once(&self, method: Method, path: &str) -> Result<(), CallError> {
        self.renew().await?;
        drop(self.logged_in(method, path).await?);
        Ok(())
    }

    /// A request with the log-in that the printer asks for. A 401 with a new nonce is the first half of the log-in: the
    /// printer looked at nothing else of the request (RFC 7616, 3.3), so the second half is not a second request.
    async fn logged_in(&self, method: Method, path: &str) -> Result<Value, CallError> {
        let before = self.nonce();
        match self.send(method.clone(), path, None, self.dialect.answer_wait).await {
            Err(CallError::Access) if self.nonce() != before => {
                self.send(method, path, None, self.dialect.answer_wait).await
            }
            other => other,
        }
    }

    /// Makes the log-in of the next request good.
    pub(super) async fn renew(&self) -> Result<(), CallError> {
        if self.dialect.kind == HttpKind::PrusaLink {
            drop(self.get(prusalink::STATUS).await?);
        }
        Ok(())
    }

    fn nonce(&self) -> Option<String> {
        let challenge = self.challenge.lock().unwrap_or_else(PoisonError::into_inner);
        challenge.as_ref().map(|it| it.nonce.clone())
    }

    /// One request and its answer.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Body>,
        wait: Duration,
    ) -> Result<Value, CallError> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        // A connection of its own: what went over an old one is not known, and is never sent again.
        request = request.header(header::CONNECTION, "close");
        for (name, value) in self.log_in(&method, path) {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request =
                request.header(header::CONTENT_TYPE, body.kind).header(header::CONTENT_LENGTH, body.bytes_n);
            for (name, value) in body.headers {
                request = request.header(name, value);
            }
            request = request.body(body.stream);
        }
        match timeout(wait, self.exchange(request)).await {
            Ok(done) => done,
            Err(_elapsed) => {
                Err(CallError::NoAnswer(format!("it did not answer within {} s", wait.as_secs())))
            }
        }
    }

    async fn exchange(&self, request: reqwest::RequestBuilder) -> Result<Value, CallError> {
        let no_answer = |error: reqwest::Error| {
            let why = if error.is_connect() {
                "it cannot be reached on the network"
            } else {
                "the connection to it broke"
            };
            CallError::NoAnswer(why.to_owned())
        };
        let answer = request.send().await.map_err(no_answer)?;
        let status = answer.status();
        let asks = answer.headers().get_all(header::WWW_AUTHENTICATE).iter();
        let asks = asks.filter_map(|it| it.to_str().ok()).find_map(Challenge::parse);
        if let Some(challenge) = asks {
            *self.challenge.lock().unwrap_or_else(PoisonError::into_inner) = Some(challenge);
        }
        let mut bytes = Vec::new();
        let mut stream = answer.bytes_stream();
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk.map_err(no_answer)?);
            if bytes.len() > ANSWER_BYTES_MAX {
                return Err(CallError::NoAnswer("its answer is too long".to_owned()));
            }
        }
        let value: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(value);
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(CallError::Access);
        }
        let reason = match self.dialect.kind {
            HttpKind::Moonraker => moonraker::reason(&value),
            HttpKind::PrusaLink => prusalink::reason(&value),
        };
        let why = format!(
            "it says {}: {}",
            status.as_u16(),
            reason.unwrap_or_else(|| "no reason given".to_owned())
        );
        Err(if status.is_client_error() { CallError::Refused(why) } else { CallError::NoAnswer(why) })
    }

    fn log_in(&self, method: &Method, path: &str) -> Vec<(&'static str, String)> {
        let Some(password) = &self.password else { return Vec::new() };
        match self.dialect.kind {
            HttpKind::Moonraker => vec![("X-Api-Key", password.clone())],
            HttpKind::PrusaLink => {
                let mut challenge = self.challenge.lock().unwrap_or_else(PoisonError::into_inner);
                let word = sources::random::<8>().map(hex::encode);
                match (challenge.as_mut(), word) {
                    (Some(challenge), Ok(word)) => {
                        let who = (self.dialect.user.as_str(), password.as_str());
                        vec![(
                            "Authorization",
                            challenge.answer(who, method.as_str(), &format!("/{path}"), &word),
                        )]
                    }
                    (None, _) | (_, Err(_)) => Vec::new(),
                }
            }
        }
    }
}
