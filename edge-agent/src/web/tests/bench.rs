//! An agent with two printers, its pages asked without a network.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use firmware_profiles::Library;
use protocol::{
    attempt::{Event, Owner},
    bed::{Cause, Confirmation, ConfirmedBy},
    ids::{AttemptNo, JobId, PrinterId, Sha256},
    units::{StateVersion, WallMs},
    wire::v1::Summary,
};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::web::{App, auth, serve::router};
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

pub(super) const TOKEN: &str = "0123456789abcdef";

/// An agent with two printers that never answer a request; what they say of themselves is set by the test.
pub(super) struct Bench {
    pub(super) app: App,
    router: Router,
    pub(super) printers: Vec<Ends>,
    _folder: tempfile::TempDir,
    _link: watch::Sender<LinkState>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: axum::http::HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |v| v.to_str().unwrap())
    }
}

pub(super) fn id(name: &str) -> PrinterId {
    name.parse().unwrap()
}

impl Bench {
    pub(super) async fn new() -> Self {
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

    pub(super) async fn ask(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = axum::body::to_bytes(answer.into_body(), 1_000_000).await.unwrap();
        Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// A page, as a paired browser asks for it.
    pub(super) async fn page(&self, path: &str) -> String {
        let answer = self.ask(browser("GET", path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        check(path, &answer.body);
        answer.body
    }

    /// A form with the session's token.
    pub(super) async fn post(&self, path: &str, fields: &str) -> Answer {
        self.post_raw(path, format!("csrf={}&{fields}", auth::csrf_of(TOKEN))).await
    }

    pub(super) async fn post_raw(&self, path: &str, body: String) -> Answer {
        self.form(TOKEN, path, body).await
    }

    /// A form of another device.
    pub(super) async fn post_as(&self, token: &str, path: &str, fields: &str) -> Answer {
        self.form(token, path, format!("csrf={}&{fields}", auth::csrf_of(token))).await
    }

    async fn form(&self, token: &str, path: &str, body: String) -> Answer {
        let cookie = format!("{}={token}", auth::COOKIE);
        let form = request("POST", path).header(header::ACCEPT, "text/html").header(header::COOKIE, cookie);
        let form = form.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(form.body(Body::from(body)).unwrap()).await
    }

    /// What a printer says of itself.
    pub(super) fn says(&self, n: usize, doing: Doing) {
        let heard = Some(Instant::now());
        let view =
            PrinterView { connection: printer::Connection::Up, doing, heard, ..PrinterView::unseen("") };
        self.printers[n].view.send_replace(view);
    }

    pub(super) async fn seen(&self, printer: &str) -> u64 {
        self.app.floor.ledger.snapshot().await.unwrap().beds[&id(printer)].version.get()
    }

    /// Local jobs made by the API.
    pub(super) async fn grid(&self) -> Vec<JobId> {
        let body =
            r#"{"grid":{"plate_size":[84,84],"bed_size":[250,220]},"material":"PLA","label":"Drawer"}"#;
        let request = api("POST", "/api/v1/jobs").header("idempotency-key", "1");
        let answer = self.ask(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let made: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        made["jobs"].as_array().unwrap().iter().map(|j| j.as_str().unwrap().parse().unwrap()).collect()
    }

    /// A print of the only job of [`Self::grid`] on Bruno.
    pub(super) async fn started(&self) -> AttemptNo {
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

    pub(super) async fn happens(&self, no: AttemptNo, event: Event) {
        self.app.floor.ledger.apply(no, event, "seen by the test".into()).await.unwrap();
    }
}

pub(super) fn config(folder: &std::path::Path, printers: Vec<Printer>) -> Config {
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

pub(super) fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:8090")
}

pub(super) fn api(method: &str, path: &str) -> axum::http::request::Builder {
    let paired = request(method, path).header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
    paired.header(header::CONTENT_TYPE, "application/json")
}

pub(super) fn browser(method: &str, path: &str) -> axum::http::request::Builder {
    let cookie = format!("{}={TOKEN}", auth::COOKIE);
    request(method, path).header(header::ACCEPT, "text/html").header(header::COOKIE, cookie)
}

/// Every page is whole by itself: its icons are in it, nothing comes from elsewhere, one live line, one h1.
pub(super) fn check(path: &str, html: &str) {
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

pub(super) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split(before).nth(1).and_then(|rest| rest.split(after).next()).unwrap_or_else(|| panic!("{before}"))
}
