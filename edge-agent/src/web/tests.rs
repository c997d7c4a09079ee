//! Doors that stay shut, words that say why, and every page with data on it.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use firmware_profiles::Library;
use protocol::{
    attempt::{Event, Lost, Owner},
    bed::{Cause, Confirmation, ConfirmedBy},
    ids::{AttemptNo, JobId, PrinterId, Sha256},
    units::{StateVersion, WallMs},
    wire::v1::Summary,
};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{App, auth, serve::router};
use crate::{
    blobs::BlobStore,
    clock::Clock,
    config::{Config, Connection, Limits, Printer, Sandbox, Site, Slicer, Tls, Web},
    floor::{Floor, Station, heat::Heat},
    ledger::{
        Ledger,
        artifacts::Facts,
        devices::Role,
        intent::{Guards, Intent},
    },
    printer::{
        self, Doing, PrinterView,
        task::{Ends, channels},
    },
    sync::{Link, LinkState},
};

const TOKEN: &str = "0123456789abcdef";

/// An agent with two printers that never answer a request; what they say of themselves is set by the test.
struct Bench {
    app: App,
    router: Router,
    printers: Vec<Ends>,
    _folder: tempfile::TempDir,
    _link: watch::Sender<LinkState>,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: String,
}

impl Answer {
    fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |v| v.to_str().unwrap())
    }
}

fn id(name: &str) -> PrinterId {
    name.parse().unwrap()
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path(), Clock::of_this_machine()).unwrap().0;
        let library = Arc::new(Library::embedded().unwrap());
        let profile = Arc::new(library.profile("creality/cr-10").unwrap().clone());
        let (mut stations, mut printers) = (Vec::new(), Vec::new());
        for name in ["Bruno", "Ada"] {
            let id = id(&name.to_lowercase());
            ledger.add_bed(id.clone()).await.unwrap();
            let (reports, _) = tokio::sync::mpsc::channel(1);
            let (handle, ends) =
                channels(id.clone(), reports, CancellationToken::new(), Duration::from_secs(1));
            let connection = Connection::Serial { port: "/dev/null".into(), baud: None };
            let (profile_id, tags) = (profile.id.to_string(), vec![]);
            let it = Printer { id, name: name.into(), profile: profile_id, connection, tags };
            let (profile, heat) = (profile.clone(), Heat::default());
            stations.push(Station { settings: it, profile, owner: Owner::Stream, handle, heat });
            printers.push(ends);
        }
        let config = config(folder.path(), stations.iter().map(|s| s.settings.clone()).collect());
        ledger.add_pairing_code("GOOD-CODE", Role::Operator).await.unwrap();
        assert!(ledger.pair("GOOD-CODE", "Mark".into(), TOKEN).await.unwrap().is_some());
        let blobs = BlobStore::open(folder.path()).unwrap();
        let floor = Floor { ledger, blobs, library, stations: Arc::new(stations) };
        let (link_end, link) = watch::channel(LinkState { link: Link::Offline, since: WallMs(0) });
        let (_, summary) = watch::channel(Summary::default());
        let app = App { floor, config: Arc::new(config), link, summary, clock: Clock::of_this_machine() };
        let router = router(app.clone());
        Self { app, router, printers, _folder: folder, _link: link_end }
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = axum::body::to_bytes(answer.into_body(), 1_000_000).await.unwrap();
        Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// A page, as a paired browser asks for it.
    async fn page(&self, path: &str) -> String {
        let answer = self.ask(browser("GET", path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        check(path, &answer.body);
        answer.body
    }

    /// A form with the session's token.
    async fn post(&self, path: &str, fields: &str) -> Answer {
        self.post_raw(path, format!("csrf={}&{fields}", auth::csrf_of(TOKEN))).await
    }

    async fn post_raw(&self, path: &str, body: String) -> Answer {
        let form = browser("POST", path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(form.body(Body::from(body)).unwrap()).await
    }

    /// What a printer says of itself.
    fn says(&self, n: usize, doing: Doing) {
        let heard = Some(Instant::now());
        let view =
            PrinterView { connection: printer::Connection::Up, doing, heard, ..PrinterView::unseen("") };
        self.printers[n].view.send_replace(view);
    }

    async fn seen(&self, printer: &str) -> u64 {
        self.app.floor.ledger.snapshot().await.unwrap().beds[&id(printer)].version.get()
    }

    /// Local jobs made by the API.
    async fn grid(&self) -> Vec<JobId> {
        let body =
            r#"{"grid":{"plate_size":[84,84],"bed_size":[250,220]},"material":"PLA","label":"Drawer"}"#;
        let request = api("POST", "/api/v1/jobs").header("idempotency-key", "1");
        let answer = self.ask(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let made: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        made["jobs"].as_array().unwrap().iter().map(|j| j.as_str().unwrap().parse().unwrap()).collect()
    }

    /// A print of the only job of [`Self::grid`] on Bruno.
    async fn started(&self) -> AttemptNo {
        let job = self.grid().await[0];
        let ledger = &self.app.floor.ledger;
        let gcode = Sha256::of(b"g");
        let facts = Facts { time_s: 60, filament_mm: 1.0, mass_g: 0.1, layers: 3, max_z_mm: 0.6, lines: 9 };
        ledger.stage_began(job).await.unwrap();
        ledger.staged(job, ("creality/cr-10".into(), "PLA".into()), gcode, facts).await.unwrap();
        ledger.claim(job).await.unwrap();
        let saw = Confirmation { saw: Cause::NewPrinter, by: ConfirmedBy::Person };
        let seen = StateVersion::new(self.seen("bruno").await);
        ledger.clear_bed(id("bruno"), saw, seen, "Mark".into()).await.unwrap();
        let guards = Guards { held: vec![("bed".into(), "clear".into())] };
        let printer = id("bruno");
        let intent = Intent { job, printer, owner: Owner::Stream, artifact: gcode, guards };
        ledger.write_intent(intent).await.unwrap().attempt()
    }

    async fn happens(&self, no: AttemptNo, event: Event) {
        self.app.floor.ledger.apply(no, event, "seen by the test".into()).await.unwrap();
    }
}

fn config(folder: &std::path::Path, printers: Vec<Printer>) -> Config {
    let slicer = Slicer { command: vec![], threads: 1, sandbox: Sandbox::None, time_s_max: 1 };
    Config {
        site: Site { name: "Workshop Ghent".into(), data_dir: folder.to_owned() },
        hub: None,
        web: Web { listen: ([127, 0, 0, 1], 0).into(), tls: Tls::SelfSigned, allowed_hosts: vec![] },
        slicer,
        limits: Limits { blobs_bytes_max: 1_000_000, free_bytes_min: 0 },
        printers,
    }
}

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:8090")
}

fn api(method: &str, path: &str) -> axum::http::request::Builder {
    let paired = request(method, path).header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
    paired.header(header::CONTENT_TYPE, "application/json")
}

fn browser(method: &str, path: &str) -> axum::http::request::Builder {
    let cookie = format!("{}={TOKEN}", auth::COOKIE);
    request(method, path).header(header::ACCEPT, "text/html").header(header::COOKIE, cookie)
}

/// Every page is whole by itself: its icons are in it, nothing comes from elsewhere, one live line, one h1.
fn check(path: &str, html: &str) {
    let used = html.split("<use href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
    for icon in used {
        assert!(html.contains(&format!("<symbol id=\"{icon}\"")), "{path}: the icon {icon} is missing");
    }
    assert_eq!(html.matches("aria-live").count(), 1, "{path}");
    assert_eq!(html.matches("<h1").count(), 1, "{path}");
    assert!(!html.replace("http://www.w3.org/2000/svg", "").contains("http"), "{path} loads from elsewhere");
    assert!(html.matches("<script").count() <= 1 && !html.contains("<script>"), "{path}: script inside");
    assert!(html.len() < 40_000, "{path} has {} bytes", html.len());
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split(before).nth(1).and_then(|rest| rest.split(after).next()).unwrap_or_else(|| panic!("{before}"))
}

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
    for each in ["con=cross&mag=press", "con=none&mag=none", "con=none&mag=press"] {
        let html = bench.page(&format!("/grid?w=200&d=100&{each}")).await;
        assert!(html.contains("All fit"), "every option of the form can be made: {each}");
    }
    let fault = bench.page("/grid?w=4&d=x").await;
    assert!(fault.contains("This grid cannot be made so"), "{fault}");
    let mut fields = String::from("for=Order+1057");
    for name in ["key", "w", "d", "bed", "con", "mag", "mat", "copies"] {
        let form = html.split("method=\"post\" action=\"/grid\"").nth(1).unwrap();
        let value = between(form, &format!("name=\"{name}\" value=\""), "\"");
        fields.push_str(&format!("&{name}={value}"));
    }
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
