//! A small JSON client that gives the body of a refusal as its error.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use serde_json::Value;

use crate::webhook::Webhook;

/// Longest wait for an answer.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(200);

/// Speaks JSON with one server.
#[derive(Debug, Clone)]
pub struct Http {
    base: String,
    token: Option<String>,
    cookie: Option<String>,
    csrf: Option<String>,
    client: reqwest::Client,
}

/// A refusal with its code and body.
#[derive(Debug, thiserror::Error)]
#[error("{method} {path}: {status} {body}")]
pub struct Refused {
    method: &'static str,
    path: String,
    /// HTTP code.
    pub status: u16,
    /// Its body.
    pub body: Value,
}

impl Http {
    /// A client for `base`, for example `http://127.0.0.1:8090`.
    ///
    /// # Errors
    /// The client cannot be built.
    pub fn new(base: impl Into<String>) -> anyhow::Result<Self> {
        drop(rustls::crypto::ring::default_provider().install_default());
        #[expect(clippy::disallowed_methods, reason = "the tests' own client")]
        let client = reqwest::Client::builder().timeout(ANSWER_WAIT_MAX).build()?;
        Ok(Self { base: base.into(), token: None, cookie: None, csrf: None, client })
    }

    /// The same with a bearer token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same with the session that a log-in gives.
    ///
    /// # Errors
    /// [`Refused`], or an answer without a session.
    pub async fn log_in(&self, path: &str, body: &Value) -> anyhow::Result<Self> {
        let answer = self.client.post(self.url(path)).json(body).send().await?;
        let cookie = answer.headers().get("set-cookie").and_then(|c| c.to_str().ok()?.split(';').next());
        let cookie =
            cookie.with_context(|| format!("log-in: {} and no session", answer.status()))?.to_owned();
        let csrf = answer.json::<Value>().await?.get("csrf").and_then(Value::as_str).map(str::to_owned);
        Ok(Self { cookie: Some(cookie), csrf, ..self.clone() })
    }

    /// The session's cookie as `name=value`, if there is a session.
    #[must_use]
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// The bearer token, if there is one.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The server's address.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// GET.
    ///
    /// # Errors
    /// [`Refused`], or no answer.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send("GET", path, self.client.get(self.url(path))).await
    }

    /// POST of JSON.
    ///
    /// # Errors
    /// [`Refused`], or no answer.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send("POST", path, self.client.post(self.url(path)).json(body)).await
    }

    /// POST of JSON with an idempotency key.
    ///
    /// # Errors
    /// [`Refused`], or no answer.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.client.post(self.url(path)).header("idempotency-key", key).json(body);
        self.send("POST", path, request).await
    }

    /// POST of a signed webhook.
    ///
    /// # Errors
    /// [`Refused`], or no answer.
    pub async fn post_webhook(&self, path: &str, webhook: &Webhook) -> anyhow::Result<()> {
        let mut request = self.client.post(self.url(path)).body(webhook.body.clone());
        for (name, value) in &webhook.headers {
            request = request.header(*name, value);
        }
        self.send("POST", path, request).await.map(drop)
    }

    /// A file with its name.
    ///
    /// # Errors
    /// [`Refused`], no answer, or an answer without a file's name.
    pub async fn file(&self, path: &str) -> anyhow::Result<(String, Vec<u8>)> {
        let answer = self.authorized(self.client.get(self.url(path))).send().await?.error_for_status()?;
        let kept = answer.headers().get("content-disposition").context("a file without a name")?.to_str()?;
        let name = kept.split('"').nth(1).with_context(|| format!("the name in {kept}"))?.to_owned();
        Ok((name, answer.bytes().await?.into()))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn authorized(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let request = match &self.csrf {
            Some(csrf) => request.header("x-csrf-token", csrf),
            None => request,
        };
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    async fn send(
        &self,
        method: &'static str,
        path: &str,
        request: reqwest::RequestBuilder,
    ) -> anyhow::Result<Value> {
        let answer = self.authorized(request).send().await.with_context(|| format!("{method} {path}"))?;
        let status = answer.status();
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if status.is_success() {
            return Ok(body);
        }
        Err(Refused { method, path: path.to_owned(), status: status.as_u16(), body }.into())
    }
}

/// A text at a path of keys, or what is there instead.
///
/// # Errors
/// Names the path and the value.
pub fn text<'a>(value: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    let found = value.pointer(pointer);
    found.and_then(Value::as_str).with_context(|| format!("no text at {pointer} of {value}"))
}

/// Writes a file of a run.
///
/// # Errors
/// The disk refuses.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "files of a test run need not survive a power cut")]
    std::fs::write(path, text).with_context(|| format!("write {}", path.display()))
}
