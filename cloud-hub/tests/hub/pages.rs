//! The pages: log-in by form, every page whole by itself, forms that do what they say.

use crate::farm::{Agent, Farm, fault};
use peers::control::FaultKind;
use serde_json::{Value, json};

/// Signs in by the form; the session's cookie.
pub(crate) async fn sign_in(farm: &Farm) -> String {
    let http = &farm.http;
    let form = [("name", "eva"), ("password", "correct horse battery")];
    let body = form.map(|(n, v)| format!("{n}={}", v.replace(' ', "+"))).join("&");
    let request = http
        .post(format!("{}/login", farm.url))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let answer = reqwest_without_redirects(request).await;
    assert_eq!(answer.0, 303, "{}", answer.2);
    answer.1.split(';').next().unwrap().to_owned()
}

async fn reqwest_without_redirects(request: reqwest::RequestBuilder) -> (u16, String, String) {
    let (client, request) = request.build_split();
    drop(client);
    let http = cloud_hub::net::http_client(std::time::Duration::from_secs(10));
    let answer = http.execute(request.unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let cookie =
        answer.headers().get("set-cookie").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    (status, cookie, answer.text().await.unwrap())
}

/// A form as a browser without script sends it.
fn form(farm: &Farm, path: &str, cookie: &str, body: String) -> reqwest::RequestBuilder {
    let request = farm.http.post(format!("{}{path}", farm.url)).header("cookie", cookie);
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}

pub(crate) async fn page(farm: &Farm, path: &str, cookie: &str) -> String {
    let answer = farm.http.get(format!("{}{path}", farm.url)).header("cookie", cookie).send().await.unwrap();
    let status = answer.status();
    let html = answer.text().await.unwrap();
    assert!(status.is_success(), "{path}: {status}\n{html}");
    html
}

/// Every page is whole by itself: its icons are in it, nothing comes from elsewhere, one live line, one h1.
fn check(path: &str, html: &str) {
    for used in
        html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).filter(|id| *id != "main")
    {
        assert!(html.contains(&format!("<symbol id=\"{used}\"")), "{path}: the icon {used} is missing");
    }
    assert_eq!(html.matches("aria-live").count(), 1, "{path}");
    assert_eq!(html.matches("<h1").count(), 1, "{path}");
    assert!(!html.contains("http://") && !html.contains("https://"), "{path} loads from elsewhere");
    assert!(html.len() < 40_000, "{path} has {} bytes", html.len());
}

#[tokio::test]
async fn every_page_is_whole_and_its_forms_do_what_they_say() {
    let mut farm = Farm::new().await;
    let mut agent = Agent::enrol(&farm).await;
    farm.place(json!({})).await;
    farm.place(json!({ "lines": [{ "sku": "BIN-3", "title": "Bin <b>&</b>" }] })).await;
    let some = agent.fetch(&farm, 4).await;
    agent.print_good(&farm, &some[0]).await;
    farm.until("/api/v1/orders", |v| v["orders"].as_array().unwrap().len() == 2).await;
    let cookie = sign_in(&farm).await;
    let order = farm.get("/api/v1/orders").await["orders"][0]["id"].as_str().unwrap().to_owned();
    let paths = ["/", "/farm", "/activity", &format!("/orders/{order}"), "/login"];
    for path in paths {
        let html = page(&farm, path, &cookie).await;
        check(path, &html);
    }
    let board = page(&farm, "/", &cookie).await;
    assert!(board.contains("<title>2 open orders, 1 needs you</title>"), "{board}");
    assert!(board.contains("Bin &#60;b&#62;") && !board.contains("Bin <b>"), "texts of the shop are escaped");
    let csrf = board.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let hold = |body: String| form(&farm, &format!("/orders/{order}/hold"), &cookie, body);
    let refused = reqwest_without_redirects(hold("reason=wait".into())).await;
    assert_eq!(refused.0, 403, "a form without its token");
    let done = reqwest_without_redirects(hold(format!("csrf={csrf}&reason=wait+for+Eva"))).await;
    assert_eq!(done.0, 303, "{}", done.2);
    assert!(page(&farm, &format!("/orders/{order}"), &cookie).await.contains("wait for Eva"));
    let stranger = reqwest_without_redirects(farm.http.get(format!("{}/farm", farm.url))).await;
    assert_eq!(stranger.0, 303, "a stranger is led to the log-in page");
    let asset = farm.http.get(format!("{}/ui/tokens.css", farm.url)).send().await.unwrap();
    assert_eq!(asset.headers()["content-type"], "text/css; charset=utf-8");
}

#[tokio::test]
async fn an_open_page_hears_that_something_changed_and_nothing_else() {
    let farm = Farm::new().await;
    let cookie = sign_in(&farm).await;
    let url = format!("{}/api/v1/events", farm.url);
    let mut stream = farm.http.get(url).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut said = String::new();
    let mut placed = false;
    let deadline = tokio::time::Instant::now() + crate::farm::WAIT_MAX;
    let versions = loop {
        let chunk = tokio::time::timeout_at(deadline, stream.chunk()).await;
        said.push_str(&String::from_utf8_lossy(&chunk.expect(&said).unwrap().unwrap()));
        let versions: Vec<u64> =
            said.split("\"version\":").skip(1).filter_map(|t| t.split('}').next()?.parse().ok()).collect();
        if !placed && !versions.is_empty() {
            farm.place(json!({})).await;
            placed = true;
        }
        if versions.windows(2).any(|w| w[0] < w[1]) {
            break versions;
        }
    };
    assert!(!said.contains("1001"), "the page asks for itself: {said} {versions:?}");
}

/// Sends the form of an order's page whose address begins so, with every field that the page put into it.
async fn send(farm: &Farm, order: &str, cookie: &str, action: &str) -> (u16, String) {
    let html = page(farm, &format!("/orders/{order}"), cookie).await;
    let shown =
        html.split("<form ").find(|f| f.contains(&format!("action=\"{action}")) && f.contains("</form>"));
    let shown = shown.unwrap_or_else(|| panic!("no form {action} in {html}"));
    let of = |text: &str, name: &str| {
        text.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let fields: Vec<_> =
        shown.split("<input ").skip(1).map(|i| format!("{}={}", of(i, "name"), of(i, "value"))).collect();
    let (status, _, body) =
        reqwest_without_redirects(form(farm, &of(shown, "action"), cookie, fields.join("&"))).await;
    (status, body)
}

#[tokio::test]
async fn a_plate_is_printed_again_and_a_label_bought_again_by_forms() {
    let mut farm = Farm::new().await;
    let mut agent = Agent::enrol(&farm).await;
    farm.sendcloud.plan(fault("announce", FaultKind::FailedAnnounce, 1));
    farm.place(json!({ "lines": [{ "sku": "GRID-CUSTOM", "properties": [["Width (mm)", "84"], ["Height (mm)", "84"]] }] })).await;
    let only = agent.fetch(&farm, 1).await.remove(0);
    agent.print_cancelled(&farm, &only).await;
    farm.until("/api/v1/orders", |v| v["orders"][0]["word"] == "On hold").await;
    let cookie = sign_in(&farm).await;
    let order = farm.get("/api/v1/orders").await["orders"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(send(&farm, &order, &cookie, "/jobs/").await.0, 303);
    let again = agent.fetch(&farm, 1).await.remove(0);
    assert_eq!(again.replaces, Some(only.job));
    let html = page(&farm, &format!("/orders/{order}"), &cookie).await;
    assert!(!html.contains("action=\"/jobs/"), "asked and answered: {html}");
    agent.print_good(&farm, &again).await;
    farm.until("/api/v1/admin/retry-queue", |v| v["effects"][0]["state"] == "dead").await;
    let (status, body) = send(&farm, &order, &cookie, "/effects/").await;
    assert_eq!(status, 303, "{body}");
    farm.until("/api/v1/admin/retry-queue", |v| v["effects"][0]["state"] == "dead").await;
    assert_eq!(
        farm.label_state().await["shipments"].as_array().unwrap().len(),
        1,
        "looked up, not bought again"
    );
    let html = page(&farm, &format!("/orders/{order}"), &cookie).await;
    let drop_it =
        html.split("action=\"").find(|a| a.starts_with("/effects/") && a.contains("/drop")).unwrap();
    let drop_it = drop_it.split('"').next().unwrap().to_owned();
    assert_eq!(send(&farm, &order, &cookie, &drop_it).await.0, 303);
    farm.until_word("Shipped").await;
}

/// A form with a file, as a browser sends it: the token first.
fn with_file(
    farm: &Farm,
    cookie: &str,
    fields: &[(&str, &str)],
    file: (&str, &[u8]),
) -> reqwest::RequestBuilder {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    let (name, bytes) = file;
    let head = "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=";
    body.extend(format!("{head}\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n").bytes());
    body.extend(bytes);
    body.extend(b"\r\n--xyz--\r\n");
    let request = farm.http.post(format!("{}/products/part", farm.url)).header("cookie", cookie);
    request.header("content-type", "multipart/form-data; boundary=xyz").body(body)
}

const MODEL: &[u8] = b"solid x\nvertex 0 0 0\nvertex 30 0 0\nvertex 0 20 5\nendsolid x\n";

#[tokio::test]
async fn a_product_that_was_sold_gets_its_parts_and_the_order_goes_on_by_itself() {
    let mut farm = Farm::new().await;
    let mut agent = Agent::enrol(&farm).await;
    farm.place(json!({ "lines": [{ "sku": "BIN-3/A", "title": "Bin <3>" }] })).await;
    farm.place(json!({ "lines": [{ "sku": "SCREW", "title": "Screws" }] })).await;
    let on_hold = |v: &Value| {
        v["orders"].as_array().is_some_and(|all| all.len() == 2 && all.iter().all(|o| o["word"] == "On hold"))
    };
    farm.until("/api/v1/orders", on_hold).await;
    let cookie = sign_in(&farm).await;
    let list = page(&farm, "/products", &cookie).await;
    check("/products", &list);
    assert!(list.contains("<h1>2 products were sold but cannot be printed yet</h1>"), "{list}");
    assert!(list.contains("Bin &#60;3&#62;") && list.contains("waits"), "{list}");
    let edit = list.split("href=\"/products/edit?").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(edit, "sku=BIN-3%2FA");
    let html = page(&farm, &format!("/products/edit?{edit}"), &cookie).await;
    check("/products/edit", &html);
    let csrf = html.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let mut fields = vec![
        ("csrf", csrf.as_str()),
        ("sku", "BIN-3/A"),
        ("label", ""),
        ("per_piece", "2"),
        ("material", "PETG"),
    ];
    let sent = async |fields: &[(&str, &str)], file: (&str, &[u8])| {
        let (status, _, body) = reqwest_without_redirects(with_file(&farm, &cookie, fields, file)).await;
        (status, body)
    };
    for token in ["", "0123"] {
        fields[0].1 = token;
        assert_eq!(sent(&fields, ("bin.stl", MODEL)).await.0, 403, "token {token:?}");
    }
    assert_eq!(sent(&fields[1..], ("bin.stl", MODEL)).await.0, 403, "the token comes first or not at all");
    fields[0].1 = &csrf;
    let (status, body) = sent(&fields, ("bin.step", MODEL)).await;
    assert_eq!(status, 400);
    assert!(body.contains("bin.step is neither a model (.stl) nor G-code (.gcode)"), "{body}");
    assert_eq!(sent(&fields, ("bin.stl", MODEL)).await.0, 303);
    let (status, body) = sent(&fields, ("bin.stl", MODEL)).await;
    assert!(status == 400 && body.contains("There is a part bin already"), "{body}");
    let html = page(&farm, &format!("/products/edit?{edit}"), &cookie).await;
    assert!(html.contains("2 × bin") && html.contains("bin.stl, 30 × 20 mm, PETG"), "{html}");
    // Nobody touched the order in the shop: it goes on because its product is known now.
    let jobs = agent.fetch(&farm, 2).await;
    assert_eq!(
        (jobs[0].units[0].box_mm, jobs[0].wants.material.as_deref()),
        ([0.0, 0.0, 30.0, 20.0], Some("PETG"))
    );
    let pick = |sku: &str| form(&farm, "/products/pick", &cookie, format!("csrf={csrf}&sku={sku}"));
    assert_eq!(reqwest_without_redirects(pick("SCREW")).await.0, 303);
    let none_waits =
        |v: &Value| v["orders"].as_array().is_some_and(|all| all.iter().all(|o| o["word"] != "On hold"));
    farm.until("/api/v1/orders", none_waits).await;
    let list = page(&farm, "/products", &cookie).await;
    assert!(list.contains("<h1>Every product that was sold can be printed</h1>"), "{list}");
    let gone = form(&farm, "/products/remove", &cookie, format!("csrf={csrf}&sku=BIN-3/A&label=bin"));
    assert_eq!(reqwest_without_redirects(gone).await.0, 303);
    let found = page(&farm, "/products?q=screw", &cookie).await;
    assert!(found.contains("Only packed") && !found.contains("BIN-3/A"), "{found}");
}
