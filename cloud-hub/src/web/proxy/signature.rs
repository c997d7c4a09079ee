//! Whether a request came through a shop's app proxy.
//!
//! Facts: shopify.dev "authenticate app proxies", state of 2026-10: hex HMAC-SHA256 with the app's secret over all
//! decoded pairs but `signature`, values of one name joined by commas, sorted, joined with nothing. The body is not
//! signed, and the customer's number is only there to be shown: neither is read here.

use hmac::{Hmac, KeyInit as _, Mac as _};
use protocol::units::WallMs;
use sha2::Sha256;

use crate::secrets::Secret;

/// How old a request may be, milliseconds: the rule of Shopify's own libraries.
const AGE_MS_MAX: i64 = 90_000;
/// Names that decide whom we believe: a second one would make it unclear which was signed.
const ONCE: [&str; 4] = ["shop", "signature", "timestamp", "hmac"];

/// The decoded pairs of a query.
pub(super) struct Signed {
    pub(super) pairs: Vec<(String, String)>,
}

impl Signed {
    pub(super) fn of(query: &str) -> Self {
        Self { pairs: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect() }
    }

    /// The only value of a name; `None` for none and for several.
    pub(super) fn only(&self, name: &str) -> Option<&str> {
        let mut found = self.pairs.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str());
        found.next().filter(|_| found.next().is_none())
    }

    /// Whether one of the secrets signed it; compared in constant time.
    pub(super) fn is_by<'a>(&self, mut secrets: impl Iterator<Item = &'a Secret>) -> bool {
        let twice = |name: &&str| self.pairs.iter().filter(|(n, _)| n == *name).count() > 1;
        let given = self.only("signature").and_then(|text| hex::decode(text).ok());
        let Some(given) = given.filter(|_| !ONCE.iter().any(twice)) else { return false };
        let text = self.text();
        secrets.any(|secret| {
            let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes());
            mac.is_ok_and(|mac| mac.chain_update(text.as_bytes()).verify_slice(&given).is_ok())
        })
    }

    /// Whether it was signed now, or a little ago.
    pub(super) fn is_fresh(&self, now: WallMs) -> bool {
        let seconds = self.only("timestamp").and_then(|text| text.parse::<i64>().ok());
        seconds.is_some_and(|s| (now.0 - s.saturating_mul(1000)).abs() <= AGE_MS_MAX)
    }

    fn text(&self) -> String {
        let mut joined: std::collections::BTreeMap<&str, String> = std::collections::BTreeMap::new();
        for (name, value) in self.pairs.iter().filter(|(name, _)| name != "signature") {
            match joined.get_mut(name.as_str()) {
                Some(values) => {
                    values.push(',');
                    values.push_str(value);
                }
                None => {
                    joined.insert(name, value.clone());
                }
            }
        }
        let mut pairs: Vec<String> =
            joined.into_iter().map(|(name, values)| format!("{name}={values}")).collect();
        pairs.sort_unstable();
        pairs.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shopify's own example.
    const EXAMPLE: &str = "extra=1&extra=2&shop=shop-name.myshopify.com&logged_in_customer_id=1&path_prefix=%2Fapps%2Fawesome_reviews\
                           &timestamp=1317327555&signature=4c68c8624d737112c91818c11017d24d334b524cb5c2b8ba08daa056f7395ddb";

    fn is_by(query: &str, secrets: &[&str]) -> bool {
        let secrets: Vec<Secret> = secrets.iter().map(|&text| Secret::new(text)).collect();
        Signed::of(query).is_by(secrets.iter())
    }

    #[test]
    fn the_example_of_shopify_is_signed_and_nothing_else_is() {
        assert!(is_by(EXAMPLE, &["hush"]));
        assert!(is_by(EXAMPLE, &["new", "hush"]), "the secret before a change still counts");
        for wrong in [
            EXAMPLE.replace("extra=2", "extra=3"),
            EXAMPLE.replace("extra=1&extra=2", "extra=2&extra=1"),
            EXAMPLE.replace("395ddb", "395ddc"),
            EXAMPLE.replace("&signature=4c", "&signature="),
            EXAMPLE.split("&signature").next().unwrap_or_default().to_owned(),
            format!("{EXAMPLE}&shop=other.myshopify.com"),
            format!("{EXAMPLE}&signature=00"),
            format!("{EXAMPLE}&hmac=1&hmac=2"),
            format!("{EXAMPLE}&more="),
        ] {
            assert!(!is_by(&wrong, &["hush"]), "{wrong}");
        }
        assert!(!is_by(EXAMPLE, &["Hush"]) && !is_by(EXAMPLE, &[]));
    }

    #[test]
    fn old_requests_and_those_of_the_future_are_not_fresh() {
        let signed = Signed::of(EXAMPLE);
        for (age_s, expected) in [(0, true), (90, true), (-90, true), (91, false), (-91, false)] {
            assert_eq!(signed.is_fresh(WallMs((1_317_327_555 + age_s) * 1000)), expected, "{age_s}");
        }
        assert!(!Signed::of("timestamp=soon").is_fresh(WallMs(0)) && !Signed::of("").is_fresh(WallMs(0)));
    }
}
