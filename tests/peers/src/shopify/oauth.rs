//! Installing an app and its tokens: codes that work once, tokens that end, refresh tokens that rotate.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::Shopify;
use super::store::now_ms;
use crate::control::under_fault;

/// How long a refresh token is good, seconds: 90 days.
const REFRESH_S: i64 = 90 * 86_400;

/// One pair of tokens.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    access: String,
    refresh: String,
    until_ms: i64,
    /// The pair before it stays good for another refresh until this one is used.
    replaces: Option<String>,
    is_used: bool,
}

/// Everything that was granted.
#[derive(Debug, Default)]
pub(super) struct Grants {
    codes: Vec<String>,
    pairs: Vec<Grant>,
    pub(super) refreshed_n: u64,
    pub(super) is_uninstalled: bool,
}

impl Grants {
    /// Whether a token is good now; its use ends what it replaced.
    pub(super) fn knows(&mut self, token: &str) -> bool {
        let Some(pair) = self.pairs.iter_mut().find(|p| p.access == token && p.until_ms > now_ms()) else {
            return false;
        };
        pair.is_used = true;
        let old = pair.replaces.clone();
        self.pairs.retain(|p| Some(&p.refresh) != old.as_ref());
        true
    }

    /// Ends all tokens, as an uninstalled app or a person in the admin does.
    pub(super) fn revoke(&mut self) {
        self.pairs.clear();
        self.codes.clear();
    }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// `GET /admin/oauth/authorize`: the merchant agrees at once.
pub(super) async fn authorize(State(shopify): State<Shopify>, RawQuery(query): RawQuery) -> Response {
    let given = pairs(query.as_deref().unwrap_or_default());
    let of = |name: &str| given.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default();
    if of("client_id") != shopify.config.client_id || of("scope").is_empty() || of("state").len() < 16 {
        shopify.control.violation("authorize without client_id, scope or an unguessable state");
        return (StatusCode::BAD_REQUEST, "Oauth error invalid_request").into_response();
    }
    let code = format!("code{:x}", shopify.lock().id());
    shopify.lock().grants.codes.push(code.clone());
    let mut answer = vec![
        ("code".to_owned(), code),
        ("host".into(), "YWRtaW4uc2hvcGlmeS5jb20vc3RvcmUvZGVtbw".into()),
        ("shop".into(), shopify.config.shop.clone()),
        ("state".into(), of("state")),
        ("timestamp".into(), (now_ms() / 1000).to_string()),
    ];
    let text: Vec<String> = answer.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut mac =
        Hmac::<Sha256>::new_from_slice(shopify.config.secret.as_bytes()).expect("any key length is allowed");
    mac.update(text.join("&").as_bytes());
    answer.push(("hmac".into(), hex::encode(mac.finalize().into_bytes())));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
    (StatusCode::FOUND, [(header::LOCATION, format!("{}?{query}", of("redirect_uri")))]).into_response()
}

/// `POST /admin/oauth/access_token`.
pub(super) async fn access_token(State(shopify): State<Shopify>, body: Bytes) -> Response {
    let fault = shopify.control.fault("access_token");
    let answer = async {
        let Ok(asked) = serde_json::from_slice::<Value>(&body) else {
            shopify.control.violation("access_token: the body is not JSON");
            return StatusCode::BAD_REQUEST.into_response();
        };
        let of = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if of("client_id") != shopify.config.client_id || of("client_secret") != shopify.config.secret {
            return (StatusCode::FORBIDDEN, Json(json!({ "error": "invalid_client" }))).into_response();
        }
        let mut shop = shopify.lock();
        let replaces = if of("grant_type") == "refresh_token" {
            let known = shop.grants.pairs.iter().any(|p| p.refresh == of("refresh_token"));
            shop.grants.refreshed_n += 1;
            if !known {
                return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_grant" }))).into_response();
            }
            Some(of("refresh_token"))
        } else {
            let before = shop.grants.codes.len();
            shop.grants.codes.retain(|c| *c != of("code"));
            if shop.grants.codes.len() == before {
                let body = json!({ "error": "invalid_request", "error_description": "The authorization code was not found or was already used" });
                return (StatusCode::BAD_REQUEST, Json(body)).into_response();
            }
            shop.grants.is_uninstalled = false;
            None
        };
        if of("expiring") != "1" && replaces.is_none() {
            shopify.control.violation("access_token without expiring=1: apps of today need tokens that end");
        }
        let id = shop.id();
        let until_ms = now_ms() + shopify.config.token_s * 1000;
        let grant = Grant {
            access: format!("shpat_{id:x}"),
            refresh: format!("shprt_{id:x}"),
            until_ms,
            replaces,
            is_used: false,
        };
        shop.grants.pairs.push(grant.clone());
        let scope = shopify.config.scopes.join(",");
        Json(json!({ "access_token": grant.access, "scope": scope, "expires_in": shopify.config.token_s,
            "refresh_token": grant.refresh, "refresh_token_expires_in": REFRESH_S }))
        .into_response()
    };
    under_fault(fault.as_ref(), answer).await
}
