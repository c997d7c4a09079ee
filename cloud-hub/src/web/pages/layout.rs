//! What every page has: head, navigation, theme, icons; and pages for problems.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::words::Clock;
use crate::hub::Hub;
use crate::web::auth::Who;
use crate::web::problem::Problem;

/// Files of the design system, embedded in the binary.
#[derive(rust_embed::RustEmbed)]
#[folder = "ui"]
struct Ui;

const ICONS: &str = include_str!("../../../ui/icons.svg");
/// Icons that every page uses.
const COMMON: [&str; 6] = ["mark", "orders", "farm", "log", "clock", "warn"];

/// What the frame of a page shows.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) title: String,
    pub(super) company: String,
    pub(super) at: &'static str,
    pub(super) who: String,
    pub(super) csrf: String,
    pub(super) live: String,
    pub(super) made: String,
    pub(super) zone: String,
    pub(super) theme: &'static str,
    pub(super) icons: String,
}

impl Page {
    /// The frame of a page `at` a place of the navigation.
    pub(super) fn new(hub: &Hub, headers: &HeaderMap, at: &'static str, title: impl Into<String>) -> Self {
        let clock = clock(hub);
        Self {
            title: title.into(),
            company: hub.config.hub.name.clone(),
            at,
            who: String::new(),
            csrf: String::new(),
            live: String::new(),
            made: clock.second(clock.now_ms),
            zone: hub.config.hub.time_zone.clone(),
            theme: theme_of(headers),
            icons: icons(&[]),
        }
    }

    /// With the person's name and token, and these icons.
    pub(super) fn of(self, who: &Who, used: &[&str]) -> Self {
        Self {
            who: format!("{}, {}", who.user.name, who.user.role),
            csrf: who.csrf.clone(),
            icons: icons(used),
            ..self
        }
    }

    /// With one short sentence for the live line.
    pub(super) fn saying(self, live: impl Into<String>) -> Self {
        Self { live: live.into(), ..self }
    }
}

/// Clock and zone of the pages.
pub(super) fn clock(hub: &Hub) -> Clock {
    // Checked when the settings were read.
    let zone = jiff::tz::TimeZone::get(&hub.config.hub.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    Clock { now_ms: hub.clock.wall().0, zone }
}

/// Only the symbols that a page uses: they are most of its bytes.
fn icons(used: &[&str]) -> String {
    let mut out =
        String::from("<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\">");
    for line in ICONS.lines() {
        let id = line.strip_prefix("<symbol id=\"").and_then(|rest| rest.split('"').next());
        if id.is_some_and(|id| COMMON.contains(&id) || used.contains(&id)) {
            out.push_str(line);
        }
    }
    out + "</svg>"
}

fn theme_of(headers: &HeaderMap) -> &'static str {
    let cookies = headers.get(header::COOKIE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    match cookies.split(';').filter_map(|c| c.trim().strip_prefix("theme=")).next() {
        Some("light") => "light",
        Some("dark") => "dark",
        Some(_) | None => "auto",
    }
}

#[derive(Deserialize)]
pub(super) struct Theme {
    theme: String,
}

/// Remembers the theme in the browser; changes nothing else, so it needs no token.
pub(super) async fn theme(headers: HeaderMap, Form(wish): Form<Theme>) -> Response {
    let theme = if ["light", "dark"].contains(&wish.theme.as_str()) { wish.theme.as_str() } else { "auto" };
    let cookie = format!("theme={theme}; Path=/; SameSite=Lax; Max-Age=31536000");
    // Back to where the form was, on this host only.
    let referer =
        headers.get(header::REFERER).and_then(|v| v.to_str().ok()).and_then(|r| url::Url::parse(r).ok());
    let back = referer.map_or_else(|| "/".to_owned(), |url| url.path().to_owned());
    ([(header::SET_COOKIE, cookie)], Redirect::to(&back)).into_response()
}

/// Style sheets, embedded.
pub(super) async fn asset(Path(file): Path<String>) -> Response {
    let kind = match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some(_) | None => return Problem::not_found("file").into_response(),
    };
    match Ui::get(&file) {
        Some(found) => (
            [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=300")],
            found.data.into_owned(),
        )
            .into_response(),
        None => Problem::not_found("file").into_response(),
    }
}

/// Renders a template; one that fails is our fault.
pub(super) fn show(template: &impl Template) -> Result<Response, PageProblem> {
    match template.render() {
        Ok(html) => Ok(Html(html).into_response()),
        Err(error) => {
            tracing::error!(error = %error, "a page cannot be rendered: {error}");
            Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "page",
                "This page cannot be shown because of a fault in the hub.",
            )
            .into())
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    page: Page,
}

/// A problem as a page.
#[derive(Debug)]
pub(super) struct PageProblem(Problem);

impl From<Problem> for PageProblem {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<crate::store::StoreError> for PageProblem {
    fn from(error: crate::store::StoreError) -> Self {
        Self(Problem::of_store(&error))
    }
}

impl IntoResponse for PageProblem {
    fn into_response(self) -> Response {
        problem_page(self.0)
    }
}

/// A problem for a person: the log-in page, or a page that says what is wrong.
pub(in crate::web) fn problem_page(problem: Problem) -> Response {
    if problem.status() == StatusCode::UNAUTHORIZED {
        return Redirect::to("/login").into_response();
    }
    let title = match problem.status() {
        StatusCode::NOT_FOUND => "Not here",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::CONFLICT => "Not now",
        _fault => "This did not work",
    };
    let page = Page {
        title: title.into(),
        company: String::new(),
        at: "",
        who: String::new(),
        csrf: String::new(),
        live: problem.detail().to_owned(),
        made: String::new(),
        zone: String::new(),
        theme: "auto",
        icons: String::new(),
    };
    match (ProblemPage { page }).render() {
        Ok(html) => (problem.status(), Html(html)).into_response(),
        Err(_fault) => problem.into_response(),
    }
}
