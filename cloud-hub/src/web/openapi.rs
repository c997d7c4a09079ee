//! The API for programs, described as `OpenAPI` 3.1: one line per route. A test holds it against the routes that exist.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::permissions::Permission::{self, Administer, Agent, Operate, Public, See};

/// One method of one route.
struct Entry {
    method: &'static str,
    path: &'static str,
    permission: Permission,
    summary: &'static str,
    /// An example of the body, as JSON; empty: none.
    body: &'static str,
    /// Status of success with an example of the answer; empty: nothing in particular.
    answer: (&'static str, &'static str),
}

const fn entry(
    (method, path): (&'static str, &'static str),
    permission: Permission,
    summary: &'static str,
    body: &'static str,
    answer: (&'static str, &'static str),
) -> Entry {
    Entry { method, path, permission, summary, body, answer }
}

const ENTRIES: &[Entry] = &[
    entry(
        ("get", "/health"),
        Public,
        "Whether the hub and its database work; 503 if not",
        "",
        ("200", r#"{"status":"ok","database":"up","version":"0.1.0","uptime":12}"#),
    ),
    entry(("get", "/health/live"), Public, "Whether the process answers", "", ("200", r#"{"status":"ok"}"#)),
    entry(
        ("get", "/health/ready"),
        Public,
        "Whether the database answers; 503 if not",
        "",
        ("200", r#"{"status":"ok","database":"up"}"#),
    ),
    entry(
        ("get", "/health/dependencies"),
        Public,
        "Asks every connected service; 503 if one is down",
        "",
        ("200", r#"{"status":"ok","database":"up","shopify":"up"}"#),
    ),
    entry(("get", "/metrics"), Public, "Counters as text for Prometheus", "", ("200", "")),
    entry(("get", "/api/docs"), Public, "This description", "", ("200", "")),
    entry(
        ("post", "/api/v1/webhooks/shopify/{endpoint}"),
        Public,
        "A webhook of one shop, signed over its raw body (X-Shopify-Hmac-Sha256)",
        r#"{"id":6301000000001}"#,
        ("200", ""),
    ),
    entry(
        ("post", "/api/v1/webhooks/shopify"),
        Public,
        "The same at the address of the system before; the shop is named by X-Shopify-Shop-Domain",
        r#"{"id":6301000000001}"#,
        ("200", ""),
    ),
    entry(
        ("get", "/proxy/grid/plan"),
        Public,
        "Plates of a grid, for the pages of a shop; signed by its app proxy",
        "",
        (
            "200",
            r#"{"outer_mm":[450,320],"sku":"GF-450x320-IP-MAG","plates":[{"slot":"A1","size_mm":[215.7,213.7]}]}"#,
        ),
    ),
    entry(
        ("get", "/proxy/grid/preview.svg"),
        Public,
        "A grid from above, for the pages of a shop; signed by its app proxy",
        "",
        ("200", ""),
    ),
    entry(
        ("get", "/proxy/grid/preview.stl"),
        Public,
        "A mesh of a grid to look at, for the pages of a shop; signed by its app proxy",
        "",
        ("200", ""),
    ),
    entry(
        ("get", "/shopify/oauth/authorize"),
        Administer,
        "Leads to Shopify to connect a shop; `shop` is NAME.myshopify.com",
        "",
        ("303", ""),
    ),
    entry(
        ("get", "/shopify/oauth/callback"),
        Administer,
        "Where Shopify leads back to, with a signed answer",
        "",
        ("303", ""),
    ),
    entry(
        ("get", "/api/v1/shopify/oauth/status"),
        See,
        "Whether shops can be connected, and what is asked for",
        "",
        ("200", r#"{"configured":true,"scopes":["read_orders"],"connected_shops":1}"#),
    ),
    entry(
        ("get", "/api/v1/shopify/oauth/shops"),
        See,
        "Connected shops and how the connection stands",
        "",
        (
            "200",
            r#"{"shops":[{"domain":"demo.myshopify.com","state":"connected","has_token":true,"missing_scopes":[]}]}"#,
        ),
    ),
    entry(
        ("post", "/api/v1/login"),
        Public,
        "Opens a session: a cookie, and the token that every change needs as X-CSRF-Token",
        r#"{"name":"eva","password":"…"}"#,
        ("200", r#"{"csrf":"…"}"#),
    ),
    entry(("post", "/api/v1/logout"), See, "Ends the session", "", ("204", "")),
    entry(("get", "/api/v1/me"), See, "Who is signed in", "", ("200", "")),
    entry(
        ("get", "/api/v1/orders"),
        See,
        "Orders: open ones by due date, then the newest closed ones",
        "",
        ("200", r##"{"orders":[{"id":"…","name":"#1048","word":"Printing"}]}"##),
    ),
    entry(
        ("get", "/api/v1/orders/{id}"),
        See,
        "One order with lines, jobs, shipments and timeline",
        "",
        ("200", ""),
    ),
    entry(
        ("post", "/api/v1/orders/{id}/hold"),
        Operate,
        "Nothing is sent for the order until it is released",
        r#"{"reason":"waits for the customer"}"#,
        ("204", ""),
    ),
    entry(("post", "/api/v1/orders/{id}/release"), Operate, "Takes a person's hold away", "", ("204", "")),
    entry(
        ("get", "/api/v1/events"),
        See,
        "Server-sent events: a number that moves when a page would show something else",
        "",
        ("200", ""),
    ),
    entry(("get", "/api/v1/activity"), See, "The newest entries of all timelines", "", ("200", "")),
    entry(
        ("get", "/api/v1/webhooks"),
        See,
        "Stored webhooks; `state` is new, done, held or ignored",
        "",
        ("200", ""),
    ),
    entry(("get", "/api/v1/print-jobs"), See, "Jobs, newest first", "", ("200", "")),
    entry(
        ("post", "/api/v1/print-jobs"),
        Operate,
        "G-code without a print: of a file, or of one plate of a grid",
        r#"{"kind":"SliceOnly","grid":{"plate_size":[84,42]},"plate":"A1","profile":"creality/ender-3"}"#,
        ("202", r#"{"job":"…"}"#),
    ),
    entry(
        ("get", "/api/v1/print-jobs/{id}"),
        See,
        "One job with its tries, and the G-code that was made",
        "",
        ("200", ""),
    ),
    entry(
        ("post", "/api/v1/print-jobs/{id}/retry"),
        Operate,
        "Prints a job that is over again, as a new job",
        "",
        ("200", r#"{"job":"…"}"#),
    ),
    entry(
        ("post", "/api/v1/print-jobs/{id}/cancel"),
        Operate,
        "Takes a job back; an agent that holds it is asked to stop",
        "",
        ("200", r#"{"job":null}"#),
    ),
    entry(
        ("post", "/api/v1/print-jobs/{id}/force-status"),
        Administer,
        "Takes a held job away from its agent: it may be printed twice, and somebody accepts that",
        r#"{"epoch":{"hub":1,"count":4},"reason":"the Pi burnt","accepts_double_print":true}"#,
        ("200", r#"{"job":null}"#),
    ),
    entry(("get", "/api/v1/mappings"), See, "How products are made, by SKU", "", ("200", "")),
    entry(
        ("put", "/api/v1/mappings/{sku}"),
        Operate,
        "Says how a product is made; orders that waited for it are read again",
        r#"{"kind":"pick"}"#,
        ("204", ""),
    ),
    entry(
        ("post", "/api/v1/files"),
        Operate,
        "Stores a model or G-code; the body is the file, `name` its name",
        "",
        ("200", r#"{"sha256":"…","bytes":684,"name":"lid.stl"}"#),
    ),
    entry(("get", "/api/v1/files/{sha256}"), See, "A stored file", "", ("200", "")),
    entry(("get", "/api/v1/admin/agents"), See, "Agents and what they said last", "", ("200", "")),
    entry(
        ("post", "/api/v1/admin/agents/codes"),
        Administer,
        "A one-time code that connects an agent",
        r#"{"site":"Ghent"}"#,
        ("200", r#"{"code":"KX4T-9WMB"}"#),
    ),
    entry(
        ("post", "/api/v1/admin/agents/{id}/revoke"),
        Administer,
        "Ends an agent's right to speak",
        "",
        ("204", ""),
    ),
    entry(
        ("post", "/api/v1/admin/agents/{id}/release"),
        Administer,
        "Releases an agent from quarantine",
        "",
        ("204", ""),
    ),
    entry(
        ("get", "/api/v1/admin/retry-queue"),
        See,
        "Calls to outside services: those that are not done, then the newest",
        "",
        ("200", ""),
    ),
    entry(
        ("post", "/api/v1/admin/retry-queue/{id}/run"),
        Operate,
        "Tries a call again that was given up",
        "",
        ("204", ""),
    ),
    entry(
        ("post", "/api/v1/admin/retry-queue/{id}/drop"),
        Operate,
        "Drops a call that was given up",
        "",
        ("204", ""),
    ),
    entry(("get", "/api/v1/admin/users"), Administer, "Accounts", "", ("200", "")),
    entry(
        ("post", "/api/v1/admin/users"),
        Administer,
        "A new account",
        r#"{"name":"mark","role":"operator","password":"…"}"#,
        ("201", ""),
    ),
    entry(("get", "/api/v1/admin/audit"), Administer, "Who did what, newest first", "", ("200", "")),
    entry(
        ("post", "/agent/v1/enrol"),
        Public,
        "An agent exchanges a one-time code for an id",
        r#"{"code":"KX4T-9WMB","public_key":"…","site":"Ghent"}"#,
        ("200", ""),
    ),
    entry(
        ("post", "/agent/v1/token"),
        Public,
        "A token, for a signature over the nonce of the 401 before",
        r#"{"agent":"…","proof":{"nonce":"…","signature":"…"}}"#,
        ("200", ""),
    ),
    entry(("post", "/agent/v1/sync"), Agent, "Events up, assignments down; waits for news", "", ("200", "")),
    entry(("post", "/agent/v1/claim"), Agent, "The right to start a pooled job, once", "", ("200", "")),
    entry(("post", "/agent/v1/resync"), Agent, "Everything that the agent holds", "", ("200", "")),
    entry(
        ("get", "/agent/v1/blobs/{sha256}/ticket"),
        Agent,
        "Where a file is, and how long",
        "",
        ("200", r#"{"url":"/agent/v1/blobs/…","size":684,"expires_in_s":600}"#),
    ),
    entry(("get", "/agent/v1/blobs/{sha256}"), Agent, "A file; goes on with Range", "", ("200", "")),
    entry(
        ("put", "/agent/v1/blobs/{sha256}"),
        Agent,
        "A file, whole or in pieces with Content-Range; 202 says in Range how much is here",
        "",
        ("201", ""),
    ),
];

/// The whole document.
#[must_use]
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for it in ENTRIES {
        let path = paths.entry(it.path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(it.method.into(), operation(it));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Platewright hub", "version": env!("CARGO_PKG_VERSION"),
            "description": "Errors are application/problem+json with type, title, detail, correlation_id and errors[{pointer, detail}]." },
        "paths": paths,
        "components": { "securitySchemes": {
            "session": { "type": "apiKey", "in": "cookie", "name": super::auth::COOKIE,
                "description": "From /api/v1/login; every change needs its token as the header X-CSRF-Token." },
            "agent": { "type": "http", "scheme": "bearer", "description": "From /agent/v1/token." },
        } },
    })
}

fn operation(it: &Entry) -> Value {
    let content = |example: &str| {
        let value: Option<Value> = serde_json::from_str(example).ok();
        value.map(|example| json!({ "application/json": { "example": example } }))
    };
    let (status, answer) = it.answer;
    let mut responses = Map::new();
    let mut good = json!({ "description": "Done" });
    if let (Some(content), Some(good)) = (content(answer), good.as_object_mut()) {
        good.insert("content".into(), content);
    }
    responses.insert(status.into(), good);
    let problem = json!({ "description": "Not done; `detail` says why", "content": { "application/problem+json": {} } });
    responses.insert("default".into(), problem);
    let parameters: Vec<Value> = it
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    let (security, role) = match it.permission {
        Public => (json!([]), "nobody in particular"),
        Agent => (json!([{ "agent": [] }]), "agents"),
        See => (json!([{ "session": [] }]), "viewer, operator, admin"),
        Operate => (json!([{ "session": [] }]), "operator, admin"),
        Administer => (json!([{ "session": [] }]), "admin"),
    };
    let mut out = json!({ "summary": it.summary, "description": format!("For {role}."), "security": security,
        "parameters": parameters, "responses": responses });
    if let (Some(content), Some(out)) = (content(it.body), out.as_object_mut()) {
        out.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    out
}

/// `GET /api/docs`.
pub(super) async fn docs() -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=3600")], Json(document())).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::ENTRIES;
    use crate::clock::SystemClock;
    use crate::config::Config;
    use crate::hub::Hub;
    use crate::web::serve::routes;

    #[tokio::test]
    async fn every_route_for_programs_is_described_with_its_permission() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().display().to_string();
        let config = Config::load(None, [("CLOUD_HUB__HUB__DATA_DIR".to_owned(), data_dir)]).unwrap();
        let hub = Hub::open(config, Arc::new(SystemClock)).await.unwrap();
        let served = routes(&hub);
        let for_programs = |path: &str| {
            ["/api/", "/agent/", "/health", "/metrics", "/proxy/", "/shopify/"]
                .iter()
                .any(|p| path.starts_with(p))
        };
        let of = |path: &str, permission| format!("{path} {permission:?}");
        let there: BTreeSet<String> = served
            .listed()
            .iter()
            .filter(|(path, _)| for_programs(path))
            .map(|(path, p)| of(path, *p))
            .collect();
        let told: BTreeSet<String> = ENTRIES.iter().map(|e| of(e.path, e.permission)).collect();
        assert_eq!(there, told);
        for it in ENTRIES {
            for example in [it.body, it.answer.1].iter().filter(|e| !e.is_empty()) {
                assert!(serde_json::from_str::<serde_json::Value>(example).is_ok(), "{}: {example}", it.path);
            }
        }
    }
}
