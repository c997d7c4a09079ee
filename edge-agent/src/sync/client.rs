//! HTTP to one hub: encode, send, say what the answer means. Keeps the token.

use std::time::Duration;

use protocol::{
    ids::{AgentId, Sha256},
    wire::v1::{
        EnrolReply, EnrolRequest, Nonce, Proof, ResyncReply, ResyncRequest, SyncReply, SyncRequest,
        TokenGrant, TokenRequest,
    },
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

use super::{Identity, SyncError};
use crate::net::{self, ANSWER_SLACK};

/// Largest answer, bytes: a full set of assignments of a large site.
const ANSWER_BYTES_MAX: usize = 16_000_000;
/// Characters of a refusal that are kept.
const DETAIL_CHARS_MAX: usize = 200;

/// Where a blob can be fetched.
#[derive(Debug, Clone, Deserialize)]
struct Ticket {
    /// Where; relative to the hub's address.
    url: String,
    /// Its length, bytes.
    size: u64,
}

/// Speaks with one hub as one agent.
#[derive(Debug, Clone)]
pub struct HubClient {
    base: Url,
    http: reqwest::Client,
    token: Option<String>,
}

impl HubClient {
    /// A client for the hub at `base`.
    ///
    /// # Errors
    /// [`SyncError::Client`].
    pub fn new(base: Url) -> Result<Self, SyncError> {
        Ok(Self { base, http: net::http_client()?, token: None })
    }

    /// Exchanges a one-time code for an agent id.
    ///
    /// # Errors
    /// [`SyncError::Refused`] with the hub's words for a wrong or used code; [`SyncError::Link`].
    pub async fn enrol(&self, identity: &Identity, code: &str, site: &str) -> Result<EnrolReply, SyncError> {
        let (code, site) = (code.to_owned(), site.to_owned());
        let body = EnrolRequest { code, public_key: identity.public_key(), site };
        self.post("agent/v1/enrol", &body, ANSWER_SLACK).await
    }

    /// Gets a token by signing the hub's nonce.
    ///
    /// # Errors
    /// [`SyncError`].
    pub async fn log_in(&mut self, identity: &Identity, agent: AgentId) -> Result<(), SyncError> {
        self.token = None;
        let ask = TokenRequest { agent, proof: None };
        let answer = self.send("agent/v1/token", &ask, ANSWER_SLACK).await?;
        if answer.status() != reqwest::StatusCode::UNAUTHORIZED {
            return Err(refusal(answer).await);
        }
        let Nonce { nonce } = self.read(answer).await?;
        let signature = identity.sign(agent, &nonce);
        let ask = TokenRequest { agent, proof: Some(Proof { nonce, signature }) };
        let grant: TokenGrant = match self.post("agent/v1/token", &ask, ANSWER_SLACK).await {
            Err(SyncError::TokenExpired) => {
                let detail = "the signature was not accepted; enrol this agent again".into();
                return Err(SyncError::Refused { status: 401, detail });
            }
            other => other?,
        };
        self.token = Some(grant.access_token);
        Ok(())
    }

    /// Whether a token is there; it may have expired.
    #[must_use]
    pub const fn is_logged_in(&self) -> bool {
        self.token.is_some()
    }

    /// Forgets a token that the hub no longer takes.
    pub fn forget_token(&mut self) {
        self.token = None;
    }

    /// One poll.
    ///
    /// # Errors
    /// [`SyncError`].
    pub async fn sync(&self, request: &SyncRequest) -> Result<SyncReply, SyncError> {
        let wait = Duration::from_millis(request.wait_ms.into()) + ANSWER_SLACK;
        self.post("agent/v1/sync", request, wait).await
    }

    /// Everything the agent holds.
    ///
    /// # Errors
    /// [`SyncError`].
    pub async fn resync(&self, request: &ResyncRequest) -> Result<ResyncReply, SyncError> {
        self.post("agent/v1/resync", request, ANSWER_SLACK * 4).await
    }

    /// Where to fetch a blob, with the client and token to do it.
    ///
    /// # Errors
    /// [`SyncError`].
    pub async fn ticket(&self, sha256: Sha256) -> Result<(Url, u64), SyncError> {
        let url = self.join(&format!("agent/v1/blobs/{sha256}/ticket"))?;
        let request = self.http.get(url).timeout(ANSWER_SLACK);
        let answer = self.authorized(request).send().await.map_err(|e| self.no_link(e))?;
        let ticket: Ticket = self.read_ok(answer).await?;
        Ok((self.join(&ticket.url)?, ticket.size))
    }

    /// Where a file of that name is sent.
    ///
    /// # Errors
    /// [`SyncError::Refused`]: the hub's address cannot be extended.
    pub fn upload_address(&self, sha256: Sha256, name: &str) -> Result<Url, SyncError> {
        let mut url = self.join(&format!("agent/v1/blobs/{sha256}"))?;
        url.query_pairs_mut().append_pair("name", name);
        Ok(url)
    }

    /// The HTTP client and the token, for files.
    #[must_use]
    pub fn for_files(&self) -> (&reqwest::Client, &str) {
        (&self.http, self.token.as_deref().unwrap_or_default())
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        wait: Duration,
    ) -> Result<T, SyncError> {
        let answer = self.send(path, body, wait).await?;
        self.read_ok(answer).await
    }

    async fn send(
        &self,
        path: &str,
        body: &impl Serialize,
        wait: Duration,
    ) -> Result<reqwest::Response, SyncError> {
        let request = self.http.post(self.join(path)?).timeout(wait).json(body);
        self.authorized(request).send().await.map_err(|e| self.no_link(e))
    }

    fn authorized(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn read_ok<T: DeserializeOwned>(&self, answer: reqwest::Response) -> Result<T, SyncError> {
        if answer.status().is_success() { self.read(answer).await } else { Err(refusal(answer).await) }
    }

    async fn read<T: DeserializeOwned>(&self, mut answer: reqwest::Response) -> Result<T, SyncError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| self.no_link(e))? {
            if bytes.len().saturating_add(chunk.len()) > ANSWER_BYTES_MAX {
                let detail = format!("an answer of more than {ANSWER_BYTES_MAX} bytes");
                return Err(SyncError::Refused { status: 0, detail });
            }
            bytes.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&bytes).map_err(SyncError::Answer)
    }

    fn join(&self, path: &str) -> Result<Url, SyncError> {
        let bad =
            |e: url::ParseError| SyncError::Refused { status: 0, detail: format!("address {path:?}: {e}") };
        self.base.join(path).map_err(bad)
    }

    fn no_link(&self, source: reqwest::Error) -> SyncError {
        SyncError::Link { url: self.base.to_string(), source: source.without_url() }
    }
}

/// What a problem document says to people.
fn in_words(body: &str) -> Option<String> {
    let problem: serde_json::Value = serde_json::from_str(body).ok()?;
    problem.get("detail")?.as_str().map(str::to_owned)
}

/// What an answer other than success means.
async fn refusal(answer: reqwest::Response) -> SyncError {
    let status = answer.status();
    let wait_s = answer.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
    match (status.as_u16(), wait_s) {
        (401, _) => SyncError::TokenExpired,
        (429 | 503, wait) => SyncError::Wait { wait_s: wait.unwrap_or(5).min(600) },
        (code, _) => {
            let text = answer.text().await.unwrap_or_default();
            let detail = in_words(&text).unwrap_or(text);
            SyncError::Refused { status: code, detail: detail.chars().take(DETAIL_CHARS_MAX).collect() }
        }
    }
}
