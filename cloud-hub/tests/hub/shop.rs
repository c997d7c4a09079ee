//! A shop that installs the app: tokens that end, subscriptions that get lost, and goodbyes that are true or not.

use crate::farm::{Agent, Farm, fault};
use crate::pages::{page, sign_in};
use peers::control::FaultKind;
use serde_json::{Value, json};

const SHOPS: &str = "/api/v1/shopify/oauth/shops";
const SUBSCRIPTIONS: usize = 15;

/// An address as the browser asks it, redirects not followed: status, where it leads, the cookie it sets, the page.
async fn visit(farm: &Farm, url: &str, cookie: &str) -> (u16, String, String, String) {
    let http = cloud_hub::net::http_client(std::time::Duration::from_secs(10));
    let answer = http.get(url).header("cookie", cookie).header("accept", "text/html").send().await.unwrap();
    let header =
        |name: &str| answer.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    let (status, to) = (answer.status().as_u16(), header("location"));
    let set = header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(!farm.url.is_empty());
    (status, to, set, answer.text().await.unwrap())
}

/// Goes to Shopify and comes back: the address with the answer, and the cookies that belong to it.
async fn agree(farm: &Farm, session: &str) -> (String, String) {
    let begin = format!("{}/shopify/oauth/authorize?shop=Demo-Grids.myshopify.com", farm.url);
    let (status, to, set, html) = visit(farm, &begin, session).await;
    assert_eq!(status, 303, "{html}");
    assert!(to.starts_with(&format!("{}/admin/oauth/authorize?", farm.shopify_url)), "{to}");
    let (status, back, ..) = visit(farm, &to, "").await;
    assert_eq!(status, 302, "the merchant agrees");
    let back = back.strip_prefix("https://hub.example").unwrap();
    (format!("{}{back}", farm.url), format!("{session}; {set}"))
}

async fn connect(farm: &Farm, session: &str) {
    let (back, cookies) = agree(farm, session).await;
    let (status, to, _, html) = visit(farm, &back, &cookies).await;
    assert_eq!((status, to.as_str()), (303, "/settings"), "{html}");
}

/// The one shop, once `is_so`.
async fn until_shop(farm: &mut Farm, is_so: impl Fn(&Value) -> bool) -> Value {
    farm.until(SHOPS, |v| is_so(&v["shops"][0])).await["shops"][0].clone()
}

async fn tell(farm: &Farm, what: &str, body: Value) {
    let url = format!("{}/__control/{what}", farm.shopify_url);
    assert!(farm.http.post(url).json(&body).send().await.unwrap().status().is_success(), "{what}");
}

#[tokio::test]
async fn a_shop_installs_the_app_and_its_orders_are_printed() {
    let mut farm = Farm::with_app(3_600).await;
    let mut agent = Agent::enrol(&farm).await;
    assert_eq!(farm.get(SHOPS).await["shops"], json!([]));
    let session = sign_in(&farm).await;
    let asked =
        farm.http.get(format!("{}/settings", farm.url)).header("cookie", &session).send().await.unwrap();
    let policy = asked.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let leads_to =
        format!("form-action 'self' https://*.myshopify.com https://*.shopify.com {}", farm.shopify_url);
    assert!(policy.contains(&leads_to), "the form may lead to Shopify: {policy}");
    let html = page(&farm, "/settings", &session).await;
    assert!(html.contains("name.myshopify.com") && html.contains("Connect it"), "{html}");
    let (status, .., html) =
        visit(&farm, &format!("{}/shopify/oauth/authorize?shop=evil.example", farm.url), &session).await;
    assert!(status == 400 && html.contains("it ends with .myshopify.com"), "{html}");
    let (back, cookies) = agree(&farm, &session).await;
    let rows = [
        (back.clone(), session.clone(), "belongs to another try, or to another browser"),
        (back.replace("code=code", "code=edoc"), cookies.clone(), "is not signed with the app"),
    ];
    for (back, cookies, words) in rows {
        let (status, .., html) = visit(&farm, &back, &cookies).await;
        assert!(status == 400 && html.contains(words), "{html}");
    }
    assert_eq!(visit(&farm, &back, &cookies).await.0, 303);
    let (status, .., html) = visit(&farm, &back, &cookies).await;
    assert!(status == 502 && html.contains("Nothing was changed."), "a code is good once: {html}");
    let shop = until_shop(&mut farm, |s| s["state"] == "connected").await;
    assert_eq!((&shop["has_token"], &shop["missing_scopes"]), (&json!(true), &json!([])), "{shop}");
    let html = page(&farm, "/settings", &session).await;
    assert!(html.contains("demo-grids.myshopify.com") && html.contains("Connected"), "{html}");
    farm.place(json!({ "delivery": { "body": "{\"id\":1}" } })).await;
    agent.make(&farm, 4).await;
    farm.until_word("Shipped").await;
    assert_eq!(farm.shop_state().await["violations"], json!([]));
    let stored = std::fs::read(farm.folder.path().join("data/hub.db")).unwrap();
    assert!(!stored.windows(6).any(|w| w == b"shpat_" || w == b"shprt_"), "tokens are sealed");
    assert!(!farm.log().contains("shpat_") && !farm.log().contains("shprt_"), "and never logged");
}

#[tokio::test]
async fn lost_subscriptions_are_made_again() {
    let mut farm = Farm::with_app(3_600).await;
    let session = sign_in(&farm).await;
    connect(&farm, &session).await;
    for round in 0..2 {
        let deadline = tokio::time::Instant::now() + crate::farm::WAIT_MAX;
        loop {
            let state = farm.shop_state().await;
            let all = state["subscriptions"].as_array().unwrap();
            let right = all.iter().filter(|s| {
                s["uri"]
                    .as_str()
                    .unwrap()
                    .strip_prefix("https://hub.example/api/v1/webhooks/shopify/")
                    .is_some_and(|end| end.len() > 20 && !end.contains('/'))
            });
            if right.count() == SUBSCRIPTIONS && all.len() == SUBSCRIPTIONS {
                break;
            }
            assert!(tokio::time::Instant::now() < deadline, "round {round}: {all:#?}\n{}", farm.log());
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        if round == 0 {
            tell(&farm, "lose-subscriptions", json!({})).await;
        }
    }
    let told = farm.get("/api/v1/admin/audit").await.to_string();
    assert!(told.contains("subscriptions restored"), "{told}");
}

#[tokio::test]
async fn tokens_are_renewed_before_they_end_even_when_an_answer_is_lost() {
    // Five minutes before the end is two seconds after the beginning.
    let mut farm = Farm::with_app(302).await;
    let mut agent = Agent::enrol(&farm).await;
    let session = sign_in(&farm).await;
    connect(&farm, &session).await;
    let first = until_shop(&mut farm, |s| s["has_token"] == true).await["token_expires"].clone();
    farm.shopify.plan(fault("access_token", FaultKind::HangAfter, 1));
    let next = until_shop(&mut farm, |s| s["token_expires"] != first).await;
    assert_eq!(next["state"], "connected", "{next}");
    assert!(farm.shop_state().await["refreshed_n"].as_u64().unwrap() >= 2, "asked again with the old token");
    farm.place(json!({})).await;
    agent.make(&farm, 4).await;
    farm.until_word("Shipped").await;
}

#[tokio::test]
async fn a_goodbye_is_believed_only_when_the_token_is_dead_and_everything_goes_on_after_the_return() {
    let mut farm = Farm::with_app(3_600).await;
    let mut agent = Agent::enrol(&farm).await;
    let session = sign_in(&farm).await;
    connect(&farm, &session).await;
    let to = farm.webhook_url();
    tell(&farm, "uninstall", json!({ "to": to, "lie": true })).await;
    let settled = farm.until("/api/v1/webhooks", |v| v["webhooks"][0]["state"] == "ignored").await;
    assert!(settled["webhooks"][0]["note"].as_str().unwrap().contains("not believed"), "{settled}");
    assert_eq!(farm.get(SHOPS).await["shops"][0]["state"], "connected");

    tell(&farm, "uninstall", json!({ "to": to })).await;
    let shop = until_shop(&mut farm, |s| s["state"] == "uninstalled").await;
    assert_eq!(shop["has_token"], false, "a token of a removed app is not kept");
    connect(&farm, &session).await;
    until_shop(&mut farm, |s| s["state"] == "connected" && s["has_token"] == true).await;

    tell(&farm, "revoke", json!({})).await;
    until_shop(&mut farm, |s| s["state"] == "refused").await;
    let html = page(&farm, "/settings", &session).await;
    assert!(html.contains("1 connection needs you") && html.contains("Connect again"), "{html}");
    // An order of these hours: its webhook comes, and cannot be read yet.
    farm.place(json!({})).await;
    farm.until("/api/v1/webhooks", |v| {
        v["webhooks"][0]["topic"].as_str().unwrap_or_default().starts_with("orders/")
    })
    .await;
    connect(&farm, &session).await;
    agent.make(&farm, 4).await;
    farm.until_word("Shipped").await;
}
