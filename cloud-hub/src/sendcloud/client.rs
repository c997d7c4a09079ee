//! Calls to Sendcloud's v3 shipments. A reused reference is answered 409 with the existing shipment: that is success.

use base64::Engine as _;
use reqwest::StatusCode;
use url::Url;

use super::error::SendcloudError;
use super::map::{TEST_OPTION, announce, option};
use super::types::{Faults, Many, One, Shipment};
use crate::config::{Sendcloud, Sender, Shipping};
use crate::store::LabelIntent;

/// Largest answer, bytes: a label is some hundred kilobytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The label service.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    settings: Sendcloud,
}

/// A label with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Sendcloud's id of the shipment.
    pub service_id: String,
    /// Its parcel.
    pub parcel: String,
    /// The carrier's number.
    pub tracking_number: String,
    /// Its page.
    pub tracking_url: Option<String>,
    /// The PDF.
    pub pdf: Vec<u8>,
    /// Unstamped.
    pub is_test: bool,
}

impl Client {
    /// A client with these keys.
    #[must_use]
    pub const fn new(http: reqwest::Client, settings: Sendcloud) -> Self {
        Self { http, settings }
    }

    /// Buys the label of `intent`, or finds it bought.
    ///
    /// # Errors
    /// What went wrong, and whether it may have been done.
    pub async fn announce(
        &self,
        intent: &LabelIntent,
        shipping: &Shipping,
        from: &Sender,
    ) -> Result<Label, SendcloudError> {
        const CALL: &str = "announce";
        let request = self
            .http
            .post(self.url(CALL, "/api/v3/shipments/announce")?)
            .json(&announce(intent, shipping, from));
        let (status, bytes) = self.send(CALL, request).await?;
        match status {
            StatusCode::CREATED | StatusCode::OK | StatusCode::CONFLICT => {
                let one: One = read(CALL, &bytes)?;
                self.label(CALL, one.data, option(shipping) == TEST_OPTION).await
            }
            other => Err(failed(CALL, other, &bytes)),
        }
    }

    /// The label of a reference, if the service has one.
    ///
    /// # Errors
    /// Why nobody knows.
    pub async fn find(&self, reference: &str) -> Result<Option<Label>, SendcloudError> {
        const CALL: &str = "list";
        let mut url = self.url(CALL, "/api/v3/shipments")?;
        url.query_pairs_mut().append_pair("external_reference_id", reference);
        let (status, bytes) = self.send(CALL, self.http.get(url)).await?;
        if status != StatusCode::OK {
            return Err(failed(CALL, status, &bytes));
        }
        let many: Many = read(CALL, &bytes)?;
        // Compared again here: a filter that is not understood lists everything.
        let Some(found) =
            many.data.into_iter().find(|s| s.external_reference_id.as_deref() == Some(reference))
        else {
            return Ok(None);
        };
        let used = found
            .ship_with
            .as_ref()
            .and_then(|s| s.properties.as_ref())
            .and_then(|p| p.shipping_option_code.as_deref());
        let is_test = used == Some(TEST_OPTION);
        self.label(CALL, found, is_test).await.map(Some)
    }

    /// Gives a label back; one that was given back before is fine.
    ///
    /// # Errors
    /// What went wrong, and whether it may have been done.
    pub async fn cancel(&self, service_id: &str) -> Result<(), SendcloudError> {
        const CALL: &str = "cancel";
        let url = self.url(CALL, &format!("/api/v3/shipments/{service_id}/cancel"))?;
        let (status, bytes) = self.send(CALL, self.http.post(url)).await?;
        match status {
            // 202: queued; 409: cancelled already, or being cancelled.
            StatusCode::OK | StatusCode::ACCEPTED | StatusCode::CONFLICT => Ok(()),
            other => Err(failed(CALL, other, &bytes)),
        }
    }

    /// Whether the service answers with our keys.
    ///
    /// # Errors
    /// Why not.
    pub async fn ping(&self) -> Result<(), SendcloudError> {
        const CALL: &str = "metadata";
        let (status, bytes) =
            self.send(CALL, self.http.get(self.url(CALL, "/api/v3/user/auth/metadata")?)).await?;
        if status == StatusCode::OK { Ok(()) } else { Err(failed(CALL, status, &bytes)) }
    }

    async fn label(
        &self,
        call: &'static str,
        shipment: Shipment,
        is_test: bool,
    ) -> Result<Label, SendcloudError> {
        let what = || shipment.errors.iter().map(|e| e.detail.clone()).collect::<Vec<_>>().join(" ");
        let parcel = shipment
            .parcels
            .first()
            .ok_or(SendcloudError::NoAnswer { call, what: "a shipment without parcel".into() })?;
        if parcel.status.code == "ANNOUNCEMENT_FAILED" || !shipment.errors.is_empty() {
            return Err(SendcloudError::Announcement { call, what: what() });
        }
        if parcel.status.code.starts_with("CANCEL") {
            return Err(SendcloudError::Announcement {
                call,
                what: "the shipment was cancelled at Sendcloud".into(),
            });
        }
        let pdf = match &parcel.label_file {
            Some(text) => base64::engine::general_purpose::STANDARD.decode(text).map_err(|_bad| {
                SendcloudError::NoAnswer { call, what: "a label that is not base64".into() }
            })?,
            None => self.document(parcel.id).await?,
        };
        Ok(Label {
            service_id: shipment.id.clone(),
            parcel: parcel.id.to_string(),
            tracking_number: parcel.tracking_number.clone(),
            tracking_url: parcel.tracking_url.clone(),
            pdf,
            is_test,
        })
    }

    async fn document(&self, parcel: u64) -> Result<Vec<u8>, SendcloudError> {
        const CALL: &str = "document";
        let url = self.url(CALL, &format!("/api/v3/parcels/{parcel}/documents/label"))?;
        let (status, bytes) = self.send(CALL, self.http.get(url).header("accept", "application/pdf")).await?;
        if status == StatusCode::OK { Ok(bytes) } else { Err(failed(CALL, status, &bytes)) }
    }

    fn url(&self, call: &'static str, path: &str) -> Result<Url, SendcloudError> {
        self.settings.base_url.join(path).map_err(|e| SendcloudError::Refused { call, what: e.to_string() })
    }

    async fn send(
        &self,
        call: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<(StatusCode, Vec<u8>), SendcloudError> {
        let (user, password) = (self.settings.public_key.expose(), self.settings.secret_key.expose());
        let answer = request.basic_auth(user, Some(password)).send().await.map_err(|source| {
            if source.is_connect() {
                SendcloudError::NotSent { call, source }
            } else {
                SendcloudError::NoAnswer { call, what: source.without_url().to_string() }
            }
        })?;
        let status = answer.status();
        let bytes = answer
            .bytes()
            .await
            .map_err(|e| SendcloudError::NoAnswer { call, what: e.without_url().to_string() })?;
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(SendcloudError::NoAnswer { call, what: "an answer that is too large".into() });
        }
        Ok((status, bytes.to_vec()))
    }
}

fn read<T: serde::de::DeserializeOwned>(call: &'static str, bytes: &[u8]) -> Result<T, SendcloudError> {
    serde_json::from_slice(bytes).map_err(|e| SendcloudError::NoAnswer { call, what: e.to_string() })
}

fn failed(call: &'static str, status: StatusCode, bytes: &[u8]) -> SendcloudError {
    match status {
        StatusCode::TOO_MANY_REQUESTS => SendcloudError::Throttled { call },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => SendcloudError::Denied { call },
        other if other.is_client_error() => {
            let faults = serde_json::from_slice::<Faults>(bytes).map(|f| f.errors).unwrap_or_default();
            let words = faults.iter().map(|f| match &f.source {
                Some(source) => format!("{} ({})", f.detail, source.pointer.trim_start_matches('/')),
                None => f.detail.clone(),
            });
            let text = words.collect::<Vec<_>>().join(" ");
            SendcloudError::Refused { call, what: if text.is_empty() { other.to_string() } else { text } }
        }
        other => SendcloudError::NoAnswer { call, what: other.to_string() },
    }
}
