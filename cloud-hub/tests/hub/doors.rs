//! What is refused at the door, and in which words.

use crate::farm::{Agent, Farm};
use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

fn sign(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"hush").unwrap();
    mac.update(body);
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

async fn deliver(farm: &Farm, id: &str, topic: &str, body: &[u8], signature: &str) -> (u16, Value) {
    let request = farm
        .http
        .post(farm.webhook_url())
        .header("x-shopify-shop-domain", "demo-grids.myshopify.com")
        .header("x-shopify-topic", topic)
        .header("x-shopify-webhook-id", id)
        .header("x-shopify-hmac-sha256", signature)
        .body(body.to_vec());
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
}

#[tokio::test]
async fn webhooks_are_refused_stored_ignored_or_held_in_words() {
    let mut farm = Farm::new().await;
    let (status, problem) = deliver(&farm, "w1", "orders/create", b"{}", &sign(b"{ }")).await;
    assert_eq!((status, problem["type"].as_str().unwrap()), (401, "bad-signature"));
    assert_eq!(
        problem["detail"],
        "The signature does not match: nothing was stored. Check the webhook secret of this shop on both sides."
    );
    let large = vec![b' '; 20_001];
    let (status, problem) = deliver(&farm, "w2", "orders/create", &large, &sign(&large)).await;
    assert_eq!((status, problem["type"].as_str().unwrap_or_default()), (413, "too-large"), "{problem}");
    assert_eq!(
        problem["detail"],
        "This message is larger than 20000 bytes: nothing was stored. Raise web.webhook_bytes_max if your orders are that large."
    );
    assert_eq!(farm.get("/api/v1/webhooks").await["webhooks"], json!([]), "nothing was stored");
    assert_eq!(deliver(&farm, "w3", "themes/publish", b"{}", &sign(b"{}")).await.0, 200);
    assert_eq!(deliver(&farm, "w4", "orders/create", b"{\"id\":", &sign(b"{\"id\":")).await.0, 200);
    let settled = |v: &Value| {
        v["webhooks"].as_array().is_some_and(|all| all.len() == 2 && all.iter().all(|w| w["state"] != "new"))
    };
    let seen = farm.until("/api/v1/webhooks", settled).await;
    assert_eq!(seen["webhooks"][1]["note"], "Messages about \"themes/publish\" mean nothing to this hub.");
    assert_eq!(seen["webhooks"][0]["state"], "held");
    assert_eq!(
        seen["webhooks"][0]["note"],
        "A message of the shop is correctly signed but cannot be read: look at the order in the shop."
    );
}

#[tokio::test]
async fn every_door_is_closed_without_its_key() {
    let farm = Farm::new().await;
    let closed = [
        ("GET", "/api/v1/orders"),
        ("GET", "/api/v1/print-jobs"),
        ("GET", "/api/v1/events"),
        ("GET", "/api/v1/admin/users"),
        ("POST", "/api/v1/admin/agents/codes"),
        ("GET", "/api/v1/files/00"),
        ("POST", "/agent/v1/sync"),
        ("POST", "/agent/v1/claim"),
        ("GET", "/agent/v1/blobs/00/ticket"),
    ];
    for (method, path) in closed {
        let request = farm.http.request(method.parse().unwrap(), format!("{}{path}", farm.url)).body("{}");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 401, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert!(answer.headers().contains_key("content-security-policy"));
    }
    let open = ["/health", "/health/live", "/health/ready", "/health/dependencies", "/metrics"];
    for path in open {
        let answer = farm.http.get(format!("{}{path}", farm.url)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}: {}", answer.text().await.unwrap());
    }
}

#[tokio::test]
async fn a_change_needs_the_page_that_it_came_from() {
    let mut farm = Farm::new().await;
    let _agent = Agent::enrol(&farm).await;
    let login = json!({ "name": "eva", "password": "wrong password" });
    let answer = farm.http.post(format!("{}/api/v1/login", farm.url)).json(&login).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 401);
    let (status, text) = farm.post("/api/v1/admin/agents/codes", &json!({ "site": "Aalst" })).await;
    assert_eq!(status, 200, "{text}");
    let login = json!({ "name": "eva", "password": "correct horse battery" });
    let answer = farm.http.post(format!("{}/api/v1/login", farm.url)).json(&login).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let request = farm
        .http
        .post(format!("{}/api/v1/admin/agents/codes", farm.url))
        .header("cookie", cookie)
        .json(&json!({ "site": "A" }));
    assert_eq!(request.send().await.unwrap().status().as_u16(), 403, "without the CSRF token");
}

#[tokio::test]
async fn a_code_is_good_once() {
    let farm = Farm::new().await;
    let code = farm.command(&["admin", "agent", "code"]);
    let body = json!({ "code": code, "public_key": hex::encode(ed25519_dalek::SigningKey::from_bytes(&[9; 32]).verifying_key().as_bytes()), "site": "x" });
    let url = format!("{}/agent/v1/enrol", farm.url);
    assert_eq!(farm.http.post(&url).json(&body).send().await.unwrap().status().as_u16(), 200);
    let again = farm.http.post(&url).json(&body).send().await.unwrap();
    assert_eq!(again.status().as_u16(), 403);
    let problem: Value = again.json().await.unwrap();
    assert_eq!(
        problem["detail"],
        "This code is unknown, used, or older than 15 minutes: make a new one on the farm page."
    );
}

#[test]
fn our_operations_are_valid_and_use_nothing_deprecated() {
    for (name, text) in cloud_hub::shopify::OPERATIONS {
        peers::shopify::check_operation(text).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn bad_settings_exit_2_and_name_every_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.toml");
    cloud_hub::files::write_atomic(&path, b"[web]\nlisten = 5\nport = 1\n").unwrap();
    let output = assert_cmd::cargo::cargo_bin_cmd!("cloud-hub")
        .args(["serve", "--config"])
        .arg(&path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains(
            "hub.toml line 2: web.listen: expected ADDRESS:PORT, for example 127.0.0.1:8080, found 5"
        ),
        "{text}"
    );
    assert!(text.contains("hub.toml line 3: web.port: unknown key"), "{text}");
    let role =
        assert_cmd::cargo::cargo_bin_cmd!("cloud-hub").args(["serve", "--role", "web"]).output().unwrap();
    assert_eq!(role.status.code(), Some(2));
}

#[tokio::test]
async fn a_slice_is_wished_for_in_words_that_fit() {
    let mut farm = Farm::new().await;
    let grid = json!({ "plate_size": [84, 42] });
    let rows = [
        (
            json!({ "profile": "p" }),
            "The body is not what this address expects: missing field `kind` at line 1 column 15",
            Value::Null,
        ),
        (
            json!({ "kind": "Print", "profile": "p" }),
            "The body is not what this address expects: unknown variant `Print`, expected `SliceOnly` at line 1 column 15",
            Value::Null,
        ),
        (
            json!({ "kind": "SliceOnly", "profile": "p" }),
            "Say what to slice: either a file, or a grid and one of its plates.",
            json!("/file"),
        ),
        (
            json!({ "kind": "SliceOnly", "profile": "p", "grid": grid }),
            "Say what to slice: either a file, or a grid and one of its plates.",
            json!("/plate"),
        ),
        (
            json!({ "kind": "SliceOnly", "profile": "p", "grid": grid, "plate": "B7" }),
            "The grid has no such plate.",
            json!("/plate"),
        ),
        (
            json!({ "kind": "SliceOnly", "profile": "p", "grid": { "plate_size": [1, 42] }, "plate": "A1" }),
            "The grid cannot be made.",
            json!("/grid"),
        ),
        (
            json!({ "kind": "SliceOnly", "profile": "", "grid": grid, "plate": "A1" }),
            "The printer model or the material has no usable name.",
            json!("/profile"),
        ),
        (
            json!({ "kind": "SliceOnly", "profile": "p", "file": "a".repeat(64) }),
            "The file has not been uploaded.",
            json!("/file"),
        ),
    ];
    for (wish, detail, pointer) in rows {
        let (status, answer) = farm.post("/api/v1/print-jobs", &wish).await;
        let problem: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status, &problem["detail"]), (400, &json!(detail)), "{wish}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{wish}: {problem}");
    }
    assert_eq!(farm.get("/api/v1/print-jobs").await["jobs"], json!([]), "nothing was made");
}

#[tokio::test]
async fn a_file_comes_in_pieces_and_is_there_only_with_its_hash() {
    let farm = Farm::new().await;
    let agent = Agent::enrol(&farm).await;
    let bytes = b"G28\nG1 X1\n";
    let address = format!("{}/agent/v1/blobs/{}", farm.url, protocol::ids::Sha256::of(bytes));
    let put = async |range: &str, body: &[u8]| {
        let request = farm.http.put(&address).bearer_auth(&agent.token).header("content-range", range);
        let answer = request.body(body.to_vec()).send().await.unwrap();
        let here = answer.headers().get("range").map(|r| r.to_str().unwrap().to_owned());
        (answer.status().as_u16(), here)
    };
    assert_eq!(put("bytes */10", b"").await, (202, None));
    assert_eq!(put("bytes 0-3/10", &bytes[..4]).await, (202, Some("bytes=0-3".into())));
    for range in ["bytes 4-9/10", "bytes 4-5/5", "bytes x-9/10", "4-5/10", "bytes */10", "bytes 5-4/10"] {
        assert_eq!(put(range, &bytes[4..6]).await.0, 400, "{range}: the body has two bytes");
    }
    assert_eq!(put("bytes 0-1/999999999999", &bytes[..2]).await.0, 413);
    assert_eq!(put("bytes 6-9/10", &bytes[6..]).await, (202, Some("bytes=0-3".into())), "a gap");
    let got = farm.http.get(&address).bearer_auth(&agent.token).send().await.unwrap();
    assert_eq!(got.status().as_u16(), 404, "half a file is no file");
    assert_eq!(put("bytes 4-9/10", &bytes[4..]).await, (201, None));
    let got = farm.http.get(&address).bearer_auth(&agent.token).send().await.unwrap();
    assert_eq!(got.bytes().await.unwrap().as_ref(), bytes);
    let stranger = farm.http.put(&address).header("content-range", "bytes */10").send().await.unwrap();
    assert_eq!(stranger.status().as_u16(), 401);
}
