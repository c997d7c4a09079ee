//! `SimplyPrint` at arm's length. This version only asks whether the key is good.

use serde::Deserialize;

use crate::config::SimplyPrint;

/// The printer cloud.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    settings: SimplyPrint,
}

#[derive(Deserialize)]
struct Envelope {
    status: bool,
}

impl Client {
    /// A client with this key.
    #[must_use]
    pub const fn new(http: reqwest::Client, settings: SimplyPrint) -> Self {
        Self { http, settings }
    }

    /// Whether the service answers with our key. Failures come as HTTP 200 with `status: false`.
    pub async fn ping(&self) -> bool {
        let Ok(url) = self.settings.base_url.join(&format!("/{}/account/Test", self.settings.company)) else {
            return false;
        };
        let request = self.http.get(url).header("x-api-key", self.settings.api_key.expose());
        match request.send().await {
            Ok(answer) => answer.json::<Envelope>().await.is_ok_and(|e| e.status),
            Err(_down) => false,
        }
    }
}
