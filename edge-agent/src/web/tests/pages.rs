//! Every page with data on it, and what its main form does.

use axum::{
    body::Body,
    http::{StatusCode, header},
};
use protocol::attempt::{Event, Lost};

use super::bench::{Bench, TOKEN, between, browser, id, request};
use crate::{printer::Doing, web::auth};

#[tokio::test]
async fn the_board_says_who_needs_a_hand_in_the_order_of_the_shelves() {
    let bench = Bench::new().await;
    bench.says(0, Doing::Idle);
    bench.says(1, Doing::Idle);
    let html = bench.page("/").await;
    assert!(html.contains("<title>2 need you · Board</title>"), "{html}");
    assert!(html.contains("Board: 2 of 2 printers need you"));
    assert!(html.find("id=\"p-bruno\"") < html.find("id=\"p-ada\""), "printers stand as in the settings");
    assert!(html.contains("All of these beds are clear") && html.contains("Offline since"));
    let beds: Vec<_> =
        html.split("name=\"bed\" value=\"").skip(1).filter_map(|b| b.split('"').next()).collect();
    let fields: Vec<_> = beds.iter().map(|b| format!("bed={}", b.replace(' ', "+"))).collect();
    let cleared = bench.post("/beds/clear", &fields.join("&")).await;
    assert_eq!(cleared.status, StatusCode::SEE_OTHER, "{}", cleared.body);
    let html = bench.page("/").await;
    assert!(html.contains("All clear.") && html.contains("said Mark"), "{html}");
    let again = bench.post("/beds/clear", &fields.join("&")).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "beds that were cleared meanwhile are named");
}

#[tokio::test]
async fn a_printer_page_holds_its_controls() {
    let bench = Bench::new().await;
    let no = bench.started().await;
    bench.happens(no, Event::FirstLineAcked).await;
    bench.says(0, Doing::Printing);
    let html = bench.page("/p/bruno").await;
    assert!(html.contains("<title>Bruno: Printing</title>"), "{html}");
    for words in ["Drawer A1", "Cancel this print", "Stop Bruno now", ">Pause<", "Loaded material"] {
        assert!(html.contains(words), "{words}");
    }
    let missing = bench.ask(browser("GET", "/p/zoe").body(Body::empty()).unwrap()).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let seen = bench.seen("ada").await;
    let loaded = bench.post("/p/ada/material", &format!("material=PLA&color=%3Cred%3E&seen={seen}")).await;
    assert_eq!((loaded.status, loaded.location()), (StatusCode::SEE_OTHER, "/p/ada"), "{}", loaded.body);
    let html = bench.page("/p/ada").await;
    assert!(html.contains("PLA &#60;red&#62;"), "what people write is escaped");
    let strange =
        bench.post("/p/ada/material", &format!("material=Gold&seen={}", bench.seen("ada").await)).await;
    assert!(strange.body.contains("expected one of"), "{}", strange.body);
    let confirm = bench.post("/p/ada/confirm", &format!("seen={seen}")).await;
    assert_eq!(confirm.status, StatusCode::FORBIDDEN, "only an administrator confirms a model");
}

#[tokio::test]
async fn the_queue_says_why_and_what_unblocks() {
    let bench = Bench::new().await;
    let job = bench.grid().await[0];
    let html = bench.page("/queue").await;
    assert!(html.contains("<h1>1 plate, 1 is stuck</h1>"), "{html}");
    assert!(html.contains("1. Drawer A1") && html.contains("Why not yet:"), "{html}");
    assert!(html.contains("Bring these") && html.contains("1 plate waits for it."), "{html}");
    let seen = between(&html, "name=\"seen\" value=\"", "\"").to_owned();
    let held = bench.post(&format!("/jobs/{job}/hold"), &format!("seen={seen}")).await;
    assert_eq!((held.status, held.location()), (StatusCode::SEE_OTHER, "/queue"), "{}", held.body);
    assert!(bench.page("/queue").await.contains("Release"));
    let stale = bench.post(&format!("/jobs/{job}/give-back"), &format!("seen={seen}")).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_plate_is_signed_off_once() {
    let bench = Bench::new().await;
    let no = bench.started().await;
    bench.happens(no, Event::FirstLineAcked).await;
    bench.app.floor.ledger.mark_last_line_next(no).await.unwrap();
    bench.happens(no, Event::StreamDone).await;
    bench.says(0, Doing::Idle);
    assert!(bench.page("/").await.contains("Sign off 1 part"));
    let path = format!("/finish/{no}");
    let html = bench.page(&path).await;
    assert!(html.contains("<h1>Bruno: how did Drawer A1 come out?</h1>"), "{html}");
    let fields = format!("all=good&seen={}", between(&html, "name=\"seen\" value=\"", "\""));
    let done = bench.post(&format!("/attempts/{no}/sign-off"), &fields).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/"), "{}", done.body);
    let snapshot = bench.app.floor.ledger.snapshot().await.unwrap();
    assert!(snapshot.beds[&id("bruno")].bed.is_clear(), "the same tap cleared the bed");
    let again = bench.post(&format!("/attempts/{no}/sign-off"), &fields).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.body.contains("already signed off"), "{}", again.body);
}

#[tokio::test]
async fn scrap_is_printed_again_when_the_box_is_ticked() {
    let bench = Bench::new().await;
    let no = bench.started().await;
    bench.happens(no, Event::FirstLineAcked).await;
    bench.app.floor.ledger.mark_last_line_next(no).await.unwrap();
    bench.happens(no, Event::StreamDone).await;
    let fields = format!("all=marked&scrap=1&why=Other&reprint=yes&seen={}", bench.seen("bruno").await);
    let done = bench.post(&format!("/attempts/{no}/sign-off"), &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let snapshot = bench.app.floor.ledger.snapshot().await.unwrap();
    assert!(!snapshot.beds[&id("bruno")].bed.is_clear(), "nobody said that the bed is clear");
    assert!(snapshot.open.iter().any(|j| j.body.replaces.is_some()), "a replacement waits");
}

#[tokio::test]
async fn an_unknown_print_is_decided_by_a_person() {
    let bench = Bench::new().await;
    let no = bench.started().await;
    bench.happens(no, Event::EvidenceLost(Lost::StartNotConfirmed)).await;
    assert!(bench.page("/").await.contains("Decide: did it start?"));
    assert!(bench.page("/queue").await.contains("It will not be started again by itself."));
    let html = bench.page(&format!("/unknown/{no}")).await;
    assert!(html.contains("<h1>Bruno: did Drawer A1 start?</h1>"), "{html}");
    assert!(!html.contains("printing-now"), "a streamed print cannot go on without us");
    let fields = format!("answer=plastic-only&seen={}", between(&html, "name=\"seen\" value=\"", "\""));
    let done = bench.post(&format!("/attempts/{no}/decide"), &fields).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, format!("/finish/{no}").as_str()));
    let again = bench.post(&format!("/attempts/{no}/decide"), &fields).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
}

#[tokio::test]
async fn a_grid_is_shown_first_and_made_once() {
    let bench = Bench::new().await;
    assert!(bench.page("/grid").await.contains("<h1>New grid</h1>"));
    let html = bench.page("/grid?w=450&d=320&con=cross&copies=1").await;
    assert!(html.contains("class=\"plate\"") && html.contains("Print "), "{html}");
    for each in [
        "con=cross&mag=press",
        "con=none&mag=none",
        "con=none&mag=press",
        "con=edge&mag=press",
        "con=cross&mag=top",
        "con=cross&mag=below&ribs=on&mount=on&relief=on&fit=0,5&turns=on",
        "fill=third&round=0&north=5&east=2.5&south=-1&west=%E2%88%922",
        "fill=one&screws=all&screw=4&floor=6&weights=on&numbers=no",
        "fill=pad&strips=on&screws=edges",
    ] {
        let html = bench.page(&format!("/grid?w=200&d=100&{each}")).await;
        assert!(html.contains("All fit"), "every option of the form can be made: {each}");
    }
    let fault = bench.page("/grid?w=4&d=x").await;
    assert!(fault.contains("This grid cannot be made so"), "{fault}");
    // What is wrong stands at its field, and what was typed is still there.
    assert!(
        fault.contains("<small id=\"d-e\"") && fault.contains("name=\"d\" inputmode=\"numeric\" value=\"x\"")
    );
    let fault = bench.page("/grid?w=450&d=320&floor=1&weights=on&relief=on&fit=2&north=left").await;
    assert!(
        fault.contains("<small id=\"north-e\"") && !fault.contains("<small id=\"fit-e\""),
        "numbers first"
    );
    let fault = bench.page("/grid?w=450&d=320&floor=1&weights=on&fit=2").await;
    for field in ["weights", "fit"] {
        let at = format!("<small id=\"{field}-e\"");
        assert!(fault.contains(&at), "{field} says nothing: {fault}");
    }
    assert!(fault.contains("Fit of the crossing puzzle, 2: a number from 0 to 1"), "{fault}");
    assert!(fault.contains("Floor and screws</summary>") && fault.contains("value=\"2\""));
    let mut fields = String::from("for=Order+1057");
    for name in ["key", "w", "d", "bed", "con", "mag", "mat", "copies"] {
        let form = html.split("method=\"post\" action=\"/grid\"").nth(1).unwrap();
        let value = between(form, &format!("name=\"{name}\" value=\""), "\"");
        fields.push_str(&format!("&{name}={value}"));
    }
    let more = bench.page("/grid?w=100&d=50&floor=2&screws=corners").await;
    let form = more.split("method=\"post\" action=\"/grid\"").nth(1).unwrap();
    assert!(
        form.contains("name=\"floor\" value=\"2\"") && form.contains("name=\"screws\" value=\"corners\"")
    );
    // Two taps at the same moment, and one later.
    let (one, two) = tokio::join!(bench.post("/grid", &fields), bench.post("/grid", &fields));
    for made in [one, two, bench.post("/grid", &fields).await] {
        assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/queue"), "{}", made.body);
    }
    let open = bench.app.floor.ledger.snapshot().await.unwrap().open;
    assert_eq!(open.len(), html.matches("class=\"plate\"").count(), "one job per plate, once");
    assert!(bench.page("/queue").await.contains("Order 1057 A1"));
}

#[tokio::test]
async fn files_are_kept_until_they_change_and_the_first_load_is_small() {
    let bench = Bench::new().await;
    let mut bytes = bench.page("/").await.len();
    for file in ["tokens.css", "components.css", "live.js"] {
        let path = format!("/ui/{file}");
        let first = bench.ask(request("GET", &path).body(Body::empty()).unwrap()).await;
        assert_eq!(first.status, StatusCode::OK);
        bytes += first.body.len();
        let known = request("GET", &path).header(header::IF_NONE_MATCH, &first.headers[header::ETAG]);
        let again = bench.ask(known.body(Body::empty()).unwrap()).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert!(!first.body.contains("://"), "{file} loads from elsewhere");
    }
    assert!(bytes < 100_000, "{bytes} bytes");
    let csp = bench.ask(request("GET", "/pair").body(Body::empty()).unwrap()).await;
    assert!(csp.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"));
    let dark = bench.post_raw("/theme", "theme=dark&back=//evil.example".into()).await;
    assert_eq!((dark.status, dark.location()), (StatusCode::SEE_OTHER, "/"));
    let paired = format!("theme=dark; {}={TOKEN}", auth::COOKIE);
    let board = request("GET", "/").header(header::COOKIE, paired).body(Body::empty()).unwrap();
    assert!(bench.ask(board).await.body.contains("data-theme=\"dark\""));
}
