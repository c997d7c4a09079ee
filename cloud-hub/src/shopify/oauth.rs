//! Installing the app in a shop: where the merchant agrees, what comes back, and codes and refresh tokens into tokens.
//!
//! Facts: shopify.dev "authorization code grant" and "offline access tokens", state of 2026-10. A refresh token stays
//! usable until its replacement is used first, so a refresh that was cut off is simply done again.

use hmac::{Hmac, KeyInit as _, Mac as _};
use protocol::units::WallMs;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::ShopifyError;
use crate::config::App;
use crate::secrets::Secret;
use crate::store::Grant;

/// How old an answer of the merchant's browser may be, milliseconds: the rule of Shopify's own libraries.
const ANSWER_MS_MAX: i64 = 90_000;
/// What the hub needs: reads orders and products, sends, and is told of changes.
pub const SCOPES: [&str; 6] = [
    "read_orders",
    "read_products",
    "write_merchant_managed_fulfillment_orders",
    "read_fulfillments",
    "write_fulfillments",
    "read_locations",
];

/// Whether this may be a shop's address. For merchants only `NAME.myshopify.com`.
#[must_use]
pub fn domain(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let name = text.strip_suffix(".myshopify.com")?;
    let is_plain = !name.is_empty()
        && !name.starts_with('-')
        && name.len() <= 60
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_plain.then_some(text)
}

/// Where the merchant agrees.
#[must_use]
pub fn agree_at(base: &Url, app: &App, back_to: &Url, state: &str) -> Url {
    let mut url = base.clone();
    url.set_path("/admin/oauth/authorize");
    url.query_pairs_mut()
        .clear()
        .append_pair("client_id", &app.client_id)
        .append_pair("scope", &SCOPES.join(","))
        .append_pair("redirect_uri", back_to.as_str())
        .append_pair("state", state);
    url
}

/// What the merchant's browser brought back, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Which shop.
    pub domain: String,
    /// Good once.
    pub code: String,
}

/// Checks the answer: signature, age, the state that this browser was given, and the shop's name.
///
/// # Errors
/// A sentence for the person.
pub fn answer(query: &str, app: &App, state: Option<&str>, now: WallMs) -> Result<Agreed, &'static str> {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let of = |name: &str| {
        let mut found = pairs.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str());
        found.next().filter(|_| found.next().is_none())
    };
    let is_signed = of("hmac").is_some_and(|hmac| is_signed(&app.client_secret, &pairs, hmac));
    let seconds = of("timestamp").and_then(|t| t.parse::<i64>().ok());
    let is_fresh = seconds.is_some_and(|s| (now.0 - s.saturating_mul(1000)).abs() <= ANSWER_MS_MAX);
    let is_ours = state.is_some_and(|state| !state.is_empty() && of("state") == Some(state));
    let shop = of("shop").and_then(domain);
    match (is_signed, is_ours, is_fresh, shop, of("code")) {
        (true, true, true, Some(domain), Some(code)) => Ok(Agreed { domain, code: code.to_owned() }),
        (false, ..) => {
            Err("The answer of Shopify is not signed with the app's secret: check shopify.client_secret.")
        }
        (_, false, ..) => Err("This answer belongs to another try, or to another browser: begin again."),
        (_, _, false, ..) => {
            Err("The answer came too late: begin again. If this stays, check the clock of the hub.")
        }
        (..) => Err("The answer names no shop of Shopify: begin again."),
    }
}

/// Hex HMAC-SHA256 over the sorted pairs without `hmac` and `signature`, compared in constant time.
fn is_signed(secret: &Secret, pairs: &[(String, String)], hmac: &str) -> bool {
    let mut signed: Vec<&(String, String)> =
        pairs.iter().filter(|(name, _)| name != "hmac" && name != "signature").collect();
    signed.sort();
    let text: Vec<String> = signed.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let Ok(given) = hex::decode(hmac) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else { return false };
    mac.update(text.join("&").as_bytes());
    mac.verify_slice(&given).is_ok()
}

/// A code into tokens.
///
/// # Errors
/// Why not.
pub async fn exchange(
    http: &reqwest::Client,
    base: &Url,
    app: &App,
    code: &str,
    now: WallMs,
) -> Result<Grant, ShopifyError> {
    tokens(http, base, app, json!({ "code": code, "expiring": "1" }), now).await
}

/// A refresh token into new tokens.
///
/// # Errors
/// Why not; [`ShopifyError::Denied`]: the shop must be connected again.
pub async fn refresh(
    http: &reqwest::Client,
    base: &Url,
    app: &App,
    token: &Secret,
    now: WallMs,
) -> Result<Grant, ShopifyError> {
    tokens(http, base, app, json!({ "grant_type": "refresh_token", "refresh_token": token.expose() }), now)
        .await
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    #[serde(default)]
    scope: String,
    expires_in: Option<i64>,
    refresh_token: Option<String>,
}

async fn tokens(
    http: &reqwest::Client,
    base: &Url,
    app: &App,
    mut body: Value,
    now: WallMs,
) -> Result<Grant, ShopifyError> {
    const OPERATION: &str = "access_token";
    let no_answer = |what: String| ShopifyError::NoAnswer { operation: OPERATION, what };
    let mut url = base.clone();
    url.set_path("/admin/oauth/access_token");
    if let Some(object) = body.as_object_mut() {
        object.insert("client_id".into(), json!(app.client_id));
        object.insert("client_secret".into(), json!(app.client_secret.expose()));
    }
    let answer = http.post(url).json(&body).send().await.map_err(|source| {
        if source.is_connect() {
            ShopifyError::NotSent { operation: OPERATION, source }
        } else {
            no_answer(source.without_url().to_string())
        }
    })?;
    let status = answer.status();
    let bytes = answer.bytes().await.map_err(|e| no_answer(e.without_url().to_string()))?;
    let denied = |what: &str| ShopifyError::Denied { operation: OPERATION, what: what.to_owned() };
    match status.as_u16() {
        200 => {}
        400 | 401 => {
            return Err(denied("the permission has ended or was taken back. Connect the shop again."));
        }
        403 => {
            return Err(denied(
                "it does not know the app. Check shopify.client_id and shopify.client_secret.",
            ));
        }
        _busy => return Err(no_answer(status.to_string())),
    }
    let it: Tokens = serde_json::from_slice(&bytes).map_err(|e| no_answer(e.to_string()))?;
    Ok(Grant {
        access: Secret::new(it.access_token),
        refresh: it.refresh_token.map(Secret::new),
        expires: it.expires_in.map(|s| WallMs(now.0.saturating_add(s.saturating_mul(1000)))),
        scopes: it.scope,
    })
}

/// Scopes that were asked for and not granted; a granted `write_x` includes `read_x`.
#[must_use]
pub fn missing_scopes(granted: &str) -> Vec<&'static str> {
    let has = |wanted: &str| {
        let includes = |g: &str| {
            g == wanted
                || g.strip_prefix("write_").is_some_and(|what| wanted.strip_prefix("read_") == Some(what))
        };
        granted.split(',').map(str::trim).any(includes)
    };
    SCOPES.into_iter().filter(|s| !has(s)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Agreed, answer, domain, missing_scopes};
    use crate::config::App;
    use crate::secrets::Secret;
    use protocol::units::WallMs;

    const SIGNED: &str = "code=0907a61c0c8d55e99db179b68161bc00&hmac=700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf\
                          &shop=some-shop.myshopify.com&state=0.6784241404160823&timestamp=1337178173";
    const STATE: Option<&str> = Some("0.6784241404160823");
    const THEN: WallMs = WallMs(1_337_178_173_000);

    fn app() -> App {
        App { client_id: "app".into(), client_secret: Secret::new("hush"), previous_secret: None }
    }

    #[test]
    fn the_recorded_answer_is_taken_and_nothing_else_is() {
        let code = "0907a61c0c8d55e99db179b68161bc00".to_owned();
        let agreed = Agreed { domain: "some-shop.myshopify.com".into(), code };
        assert_eq!(answer(SIGNED, &app(), STATE, THEN), Ok(agreed));
        let other = SIGNED.replace("some-shop", "other-shop");
        assert!(answer(&other, &app(), STATE, THEN).unwrap_err().contains("not signed"));
        let twice = format!("{SIGNED}&shop=some-shop.myshopify.com");
        assert!(answer(&twice, &app(), STATE, THEN).is_err(), "a field twice");
        assert!(answer(SIGNED, &app(), Some("another"), THEN).unwrap_err().contains("another try"));
        assert!(answer(SIGNED, &app(), None, THEN).unwrap_err().contains("another try"));
        let late = WallMs(THEN.0 + 91_000);
        assert!(answer(SIGNED, &app(), STATE, late).unwrap_err().contains("too late"));
    }

    #[test]
    fn only_shops_of_shopify_are_shops() {
        assert_eq!(domain(" Demo-Grids.myshopify.com"), Some("demo-grids.myshopify.com".into()));
        for text in [
            "demo",
            ".myshopify.com",
            "-a.myshopify.com",
            "a.myshopify.com.evil.example",
            "a/b.myshopify.com",
            "a.b.myshopify.com",
        ] {
            assert_eq!(domain(text), None, "{text}");
        }
    }

    #[test]
    fn write_includes_read() {
        let granted =
            "write_orders,read_products,write_merchant_managed_fulfillment_orders,write_fulfillments";
        assert_eq!(missing_scopes(granted), ["read_locations"]);
        assert_eq!(missing_scopes("").len(), super::SCOPES.len());
    }
}
