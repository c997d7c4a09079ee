//! Who comes in, and what an old or foreign page may do: nothing.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use super::bench::{Bench, api, check, request};
use crate::ledger::devices::Role;

#[tokio::test]
async fn without_pairing_every_door_is_shut() {
    let bench = Bench::new().await;
    for (method, path) in [
        ("GET", "/api/v1/state"),
        ("GET", "/api/v1/events"),
        ("POST", "/api/v1/jobs"),
        ("POST", "/api/v1/printers/ada/emergency-stop"),
        ("POST", "/p/ada/stop"),
        ("POST", "/grid"),
        ("GET", "/queue"),
    ] {
        for token in [None, Some("Bearer wrong")] {
            let mut asked = request(method, path);
            if let Some(token) = token {
                asked = asked.header(header::AUTHORIZATION, token);
            }
            let answer = bench.ask(asked.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json", "{path}");
            assert!(answer.body.contains("edge-agent pair"), "{}", answer.body);
        }
    }
    for path in ["/", "/queue", "/grid", "/p/ada"] {
        let asked = request("GET", path).header(header::ACCEPT, "text/html").body(Body::empty()).unwrap();
        let answer = bench.ask(asked).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/pair"), "{path}");
    }
}

#[tokio::test]
async fn another_name_in_the_address_bar_is_refused() {
    let bench = Bench::new().await;
    let asked = Request::builder().uri("/pair").header(header::HOST, "evil.example:8090");
    let answer = bench.ask(asked.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
    assert!(answer.body.contains("allowed_hosts"), "{}", answer.body);
}

#[tokio::test]
async fn a_code_pairs_once_and_a_wrong_one_never() {
    let bench = Bench::new().await;
    let pair = |code: &str| {
        let body = format!(r#"{{"code":"{code}","name":"Eva"}}"#);
        let asked = request("POST", "/api/v1/pair").header(header::CONTENT_TYPE, "application/json");
        asked.body(Body::from(body)).unwrap()
    };
    let wrong = bench.ask(pair("AAAA-AAAA")).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(wrong.body.contains("wrong-code"), "{}", wrong.body);
    assert_eq!(bench.ask(pair("GOOD-CODE")).await.status, StatusCode::FORBIDDEN, "it was used");

    bench.app.floor.ledger.add_pairing_code("NEXT-CODE", Role::Operator).await.unwrap();
    let page = bench.ask(request("GET", "/pair").body(Body::empty()).unwrap()).await;
    check("/pair", &page.body);
    assert!(page.body.contains("<h1>Pair this browser</h1>"));
    let refused = bench.post_raw("/pair", "code=AAAA&name=Eva".into()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("The code is wrong"), "{}", refused.body);
    let paired = bench.post_raw("/pair", "code=NEXT-CODE&name=Eva".into()).await;
    assert_eq!((paired.status, paired.location()), (StatusCode::SEE_OTHER, "/"), "{}", paired.body);
    let cookie = paired.headers[header::SET_COOKIE].to_str().unwrap();
    for flag in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    let session = cookie.split(';').next().unwrap();
    let board = request("GET", "/").header(header::COOKIE, session).body(Body::empty()).unwrap();
    assert!(bench.ask(board).await.body.contains("Signed in as Eva, operator"));
}

#[tokio::test]
async fn a_form_without_its_token_does_nothing() {
    let bench = Bench::new().await;
    let seen = bench.seen("ada").await;
    let fields = format!("cause=new-printer&seen={seen}");
    for token in ["", "csrf=&", "csrf=0123&"] {
        let answer = bench.post_raw("/p/ada/clear", format!("{token}{fields}")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token}");
        assert!(answer.body.contains("Nothing was done."), "{}", answer.body);
    }
    assert_eq!(bench.seen("ada").await, seen, "the bed is as it was");
    let done = bench.post("/p/ada/clear", &format!("{fields}&back=/")).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/"), "{}", done.body);
    assert!(bench.seen("ada").await > seen);
}

#[tokio::test]
async fn an_old_page_is_refused_with_what_happened_meanwhile() {
    let bench = Bench::new().await;
    let seen = bench.seen("ada").await;
    let clear = format!(r#"{{"cause":"new-printer","seen":{seen}}}"#);
    let asked = || {
        let asked = api("POST", "/api/v1/printers/ada/bed-clear");
        asked.body(Body::from(clear.clone())).unwrap()
    };
    assert_eq!(bench.ask(asked()).await.status, StatusCode::OK);
    let stale = bench.ask(asked()).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.body);
    let problem: serde_json::Value = serde_json::from_str(&stale.body).unwrap();
    assert_eq!(problem["type"], "stale", "{problem}");
    assert!(
        problem["detail"].as_str().unwrap().contains("already cleared by Mark"),
        "it says who: {problem}"
    );
    assert_eq!(problem["seen"], bench.seen("ada").await);
    let page = bench.post("/p/ada/clear", &format!("cause=new-printer&seen={seen}")).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.body.contains("<h1>Something happened meanwhile</h1>"), "{}", page.body);
    assert!(page.body.contains("Nothing was done") && page.body.contains("Mark"), "{}", page.body);
}
