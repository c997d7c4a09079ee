//! The farm page: which workshop is connected, what waits. Never shows what the hub cannot know as now.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::{Extension, Form};
use protocol::wire::v1::PrinterSummary;
use serde::Deserialize;

use super::layout::{Page, clock, show};
use super::orders::SILENT_MS;
use super::words::{self, Clock, Sign};
use crate::hub::Hub;
use crate::store::AgentRow;
use crate::web::api::make_code;
use crate::web::auth::Who;
use crate::web::permissions::Permission;
use crate::web::problem::Problem;

struct Printer {
    name: String,
    state: Sign,
    doing: String,
}

struct Site {
    name: String,
    state: Sign,
    is_offline: bool,
    heard: String,
    printers_n: usize,
    waiting_n: u32,
    jobs_n: u32,
    backlog_n: u64,
    printers: Vec<Printer>,
}

#[derive(Template)]
#[template(path = "farm.html")]
struct FarmPage {
    page: Page,
    summary: String,
    code: String,
    code_site: String,
    sites: Vec<Site>,
    may_administer: bool,
}

fn printer(it: &PrinterSummary) -> Printer {
    let doing = it
        .attempt
        .as_ref()
        .filter(|a| matches!(a.state.as_str(), "Printing" | "Paused"))
        .map(|a| format!("{} %", a.done_permille.get() / 10))
        .unwrap_or_default();
    Printer { name: it.name.clone(), state: words::of(&it.state), doing }
}

fn site(it: &AgentRow, clock: &Clock) -> Site {
    let silent = it.contact_ms.is_none_or(|at| clock.now_ms - at > SILENT_MS);
    let heard = match it.contact_ms {
        None => "Not heard yet".into(),
        Some(at) if silent => format!("All below is as it was at {}, {}", clock.time(at), clock.distance(at)),
        Some(at) => format!("Heard {}", clock.distance(at)),
    };
    let word = match (it.is_quarantined, silent) {
        (true, _) => "Attention",
        (false, true) => "Offline",
        (false, false) => "Connected",
    };
    Site {
        name: it.name.clone(),
        state: words::of(word),
        is_offline: silent,
        heard,
        printers_n: it.summary.printers.len(),
        waiting_n: it.summary.jobs_waiting,
        jobs_n: it.jobs_n,
        backlog_n: it.backlog_events,
        printers: it.summary.printers.iter().map(printer).collect(),
    }
}

async fn render(
    hub: &Hub,
    who: &Who,
    headers: &HeaderMap,
    code: String,
    code_site: String,
) -> Result<Response, Problem> {
    let clock = clock(hub);
    let agents = hub.store.agents(who.user.tenant).await?;
    let mut sites: Vec<Site> = agents.iter().filter(|a| !a.is_revoked).map(|a| site(a, &clock)).collect();
    // Offline first: these are the questions.
    sites.sort_by_key(|s| !s.is_offline);
    let connected = sites.iter().filter(|s| !s.is_offline).count();
    let title = match sites.len() {
        0 => "No workshop is connected".to_owned(),
        n => format!("{connected} of {} connected", words::count(n, "workshop", "workshops")),
    };
    let printers: usize = sites.iter().map(|s| s.printers_n).sum();
    let waiting: u32 = sites.iter().map(|s| s.waiting_n).sum();
    show(&FarmPage {
        summary: format!("{}, {waiting} plates in queues", words::count(printers, "printer", "printers")),
        page: Page::new(hub, headers, "farm", title.clone()).of(who, "/farm").saying(title),
        may_administer: Permission::Administer.is_granted_to(&who.user.role),
        code,
        code_site,
        sites,
    })
}

pub(super) async fn page(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    render(&hub, &who, &headers, String::new(), String::new()).await
}

#[derive(Deserialize)]
pub(super) struct Wish {
    site: String,
}

pub(super) async fn code(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    Form(it): Form<Wish>,
) -> Result<Response, Problem> {
    let site = it.site.trim().to_owned();
    if site.is_empty() {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "site", "Say which workshop the code is for."));
    }
    let code = make_code(&hub, &site, &who.user.name).await?;
    render(&hub, &who, &headers, code, site).await
}
