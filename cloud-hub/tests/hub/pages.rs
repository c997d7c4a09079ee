//! The pages: log-in by form, every page whole by itself, forms that do what they say.

use crate::farm::{Agent, Farm};
use serde_json::json;

/// Signs in by the form; the session's cookie.
async fn sign_in(farm: &Farm) -> String {
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

async fn page(farm: &Farm, path: &str, cookie: &str) -> String {
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
    let hold = |body: String| {
        let url = format!("{}/orders/{order}/hold", farm.url);
        farm.http
            .post(url)
            .header("cookie", &cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    };
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
