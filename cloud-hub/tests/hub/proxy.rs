//! What a shop's pages show of a grid, through the shop's app proxy.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::farm::Farm;

/// An answer: status, headers that matter, body.
struct Answer {
    status: u16,
    kind: String,
    cache: String,
    tag: String,
    body: Vec<u8>,
}

fn now_s() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the hub is a real process with the machine's clock")]
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A query as Shopify sends it on, signed with a secret at a time.
fn signed(wish: &[(&str, &str)], secret: &str, at_s: u64) -> String {
    let mut pairs: BTreeMap<String, String> =
        wish.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    for (name, value) in [
        ("shop", "demo-grids.myshopify.com".to_owned()),
        ("logged_in_customer_id", String::new()),
        ("path_prefix", "/apps/grid".to_owned()),
        ("timestamp", at_s.to_string()),
    ] {
        pairs.entry(name.to_owned()).or_insert(value);
    }
    let text: String = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(text.as_bytes());
    pairs.insert("signature".to_owned(), hex::encode(mac.finalize().into_bytes()));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn ask(farm: &Farm, what: &str, query: &str, known: &str) -> Answer {
    let url = format!("{}/proxy/grid/{what}?{query}", farm.url);
    let answer = farm.http.get(url).header("if-none-match", known).send().await.unwrap();
    let header =
        |name: &str| answer.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    Answer {
        status: answer.status().as_u16(),
        kind: header("content-type"),
        cache: header("cache-control"),
        tag: header("etag"),
        body: answer.bytes().await.unwrap().to_vec(),
    }
}

/// Names and values of a query.
type Wish = &'static [(&'static str, &'static str)];

const WISH: Wish =
    &[("width", "450"), ("height", "320"), ("connector", "Intersection puzzle"), ("magnets", "Yes")];

#[tokio::test]
async fn a_signed_wish_is_shown_as_plan_drawing_and_mesh() {
    let farm = Farm::new().await;
    let query = signed(WISH, "hush", now_s());
    let plan = ask(&farm, "plan", &query, "").await;
    assert_eq!((plan.status, plan.kind.as_str()), (200, "application/json"));
    let json: serde_json::Value = serde_json::from_slice(&plan.body).unwrap();
    assert_eq!((&json["sku"], &json["outer_mm"][0]), (&"GF-450x320-IP-MAG".into(), &450.0.into()));
    assert_eq!(json["plates"].as_array().unwrap().len(), 4);
    let drawing = ask(&farm, "preview.svg", &query, "").await;
    assert_eq!((drawing.status, drawing.kind.as_str()), (200, "image/svg+xml"));
    assert!(drawing.body.starts_with(b"<svg"));
    let mesh = ask(&farm, "preview.stl", &query, "").await;
    assert_eq!((mesh.status, mesh.kind.as_str()), (200, "model/stl"));
    let triangles = u32::from_le_bytes(mesh.body[80..84].try_into().unwrap());
    assert_eq!(mesh.body.len(), 84 + 50 * triangles as usize);
    assert!(triangles > 1_000 && triangles < 100_000, "{triangles}");
    // The same wish a second later has the same tag, and nothing is sent twice.
    let later = signed(WISH, "hush", now_s() + 1);
    for (what, first) in [("plan", plan), ("preview.svg", drawing), ("preview.stl", mesh)] {
        assert!(first.cache.contains("max-age=3600"), "{}", first.cache);
        let again = ask(&farm, what, &later, &first.tag).await;
        assert_eq!((again.status, again.body.len(), &again.tag), (304, 0, &first.tag));
    }
}

#[tokio::test]
async fn what_no_connected_shop_signed_now_is_refused() {
    let farm = Farm::new().await;
    let good = signed(WISH, "hush", now_s());
    let other_shop = signed(&[WISH, &[("shop", "other.myshopify.com")]].concat(), "hush", now_s());
    let rows = [
        (String::new(), 401),
        (signed(WISH, "hash", now_s()), 401),
        (good.replace("width=450", "width=451"), 401),
        (format!("{good}&width=451"), 401),
        (format!("{good}&shop=demo-grids.myshopify.com"), 401),
        (other_shop, 401),
        (format!("{good}&{}", "x".repeat(5_000)), 401),
        (signed(WISH, "hush", now_s() - 100), 400),
    ];
    for (query, status) in rows {
        for what in ["plan", "preview.svg", "preview.stl"] {
            let answer = ask(&farm, what, &query, "").await;
            assert_eq!(
                (answer.status, answer.kind.as_str()),
                (status, "application/problem+json"),
                "{query}"
            );
            assert_eq!(answer.cache, "no-store");
        }
    }
}

#[tokio::test]
async fn a_wish_that_cannot_be_made_says_why_at_its_field() {
    let farm = Farm::new().await;
    let rows: [(Wish, &str, &str); 4] = [
        (&[("width", "41"), ("height", "320")], "/width", "it can be 42 to 1000 mm"),
        (&[("width", "450")], "/height", "is missing"),
        (&[("width", "450"), ("height", "32.5")], "/height", "only whole millimetres"),
        (&[("width", "450"), ("height", "320"), ("magnets", "maybe")], "/magnets", "it can be"),
    ];
    for (wish, field, why) in rows {
        let answer = ask(&farm, "plan", &signed(wish, "hush", now_s()), "").await;
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, &body["errors"][0]["pointer"]), (422, &field.into()), "{body}");
        assert!(body["errors"][0]["detail"].as_str().unwrap().contains(why), "{body}");
    }
}
