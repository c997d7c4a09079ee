//! What every page has: head, navigation, strip, theme; and pages for problems.

use askama::Template;
use axum::{
    Form,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    look::Look,
    words::{Clock, sentence},
};
use crate::{
    ledger::devices::Role,
    web::{App, assets, auth::Caller, problem::Problem},
};

/// A name, its value and one line below it.
#[derive(Debug, Clone, Default)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) more: String,
    pub(super) class: &'static str,
}

impl Fact {
    pub(super) fn new(name: &'static str, value: impl Into<String>, more: impl Into<String>) -> Self {
        Self { name, value: value.into(), more: more.into(), class: "" }
    }
}

/// What the frame of a page shows.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) title: String,
    pub(super) site: String,
    pub(super) at: &'static str,
    pub(super) here: String,
    pub(super) who: String,
    pub(super) csrf: String,
    pub(super) live: String,
    pub(super) clock: String,
    pub(super) made: String,
    pub(super) theme: &'static str,
    pub(super) strip: Vec<Fact>,
}

impl Page {
    /// The frame of a page that belongs to nobody.
    pub(super) fn bare(app: &App, headers: &HeaderMap, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            site: app.config.site.name.clone(),
            at: "",
            here: "/".into(),
            who: String::new(),
            csrf: String::new(),
            live: String::new(),
            clock: String::new(),
            made: String::new(),
            theme: theme_of(headers),
            strip: Vec::new(),
        }
    }

    /// The frame of a page `at` a place of the navigation, reached by `here`.
    pub(super) fn new(look: &Look, asked: &Asked, at: &'static str, title: impl Into<String>) -> Self {
        let title = title.into();
        let now = look.clock.now_ms;
        let role = match asked.caller.device.role {
            Role::Operator => "operator",
            Role::Admin => "administrator",
        };
        Self {
            at,
            here: asked.here.clone(),
            who: format!("{}, {role}", asked.caller.name()),
            csrf: asked.caller.csrf.clone().unwrap_or_default(),
            live: title.clone(),
            clock: look.clock.time(now),
            made: look.clock.second(now),
            strip: look.strip(),
            ..Self::bare(&look.app, &asked.headers, title)
        }
    }

    /// With one short sentence for the live line.
    pub(super) fn saying(self, live: impl Into<String>) -> Self {
        Self { live: live.into(), ..self }
    }
}

/// Who asks for a page, from where.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) caller: Caller,
    headers: HeaderMap,
    here: String,
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Asked {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut axum::http::request::Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let here = parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
        Ok(Self { caller, headers: parts.headers.clone(), here })
    }
}

/// Now, in the zone of this machine.
pub(super) fn clock(app: &App) -> Clock {
    Clock { now_ms: app.clock.wall().0, zone: jiff::tz::TimeZone::system() }
}

fn theme_of(headers: &HeaderMap) -> &'static str {
    let jar = axum_extra::extract::CookieJar::from_headers(headers);
    match jar.get("theme").map(axum_extra::extract::cookie::Cookie::value) {
        Some("light") => "light",
        Some("dark") => "dark",
        Some(_) | None => "auto",
    }
}

#[derive(Deserialize)]
pub(super) struct Theme {
    theme: String,
    #[serde(default)]
    back: String,
}

/// Remembers the theme in the browser; changes nothing else, so it needs no token.
pub(super) async fn theme(Form(wish): Form<Theme>) -> Response {
    let theme = match wish.theme.as_str() {
        "light" => "light",
        "dark" => "dark",
        _auto => "auto",
    };
    let cookie = format!("theme={theme}; Path=/; SameSite=Strict; Max-Age=31536000");
    ([(header::SET_COOKIE, cookie)], Redirect::to(local(&wish.back))).into_response()
}

/// A path of this site; anything else leads to the board.
pub(super) fn local(path: &str) -> &str {
    let is_here = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if is_here { path } else { "/" }
}

/// Renders a template; one that fails is our fault.
pub(super) fn show(template: &impl Template) -> Result<Response, Problem> {
    match template.render() {
        Ok(html) => Ok(Html(assets::with_icons(&html)).into_response()),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered: {error}");
            let detail = "The agent could not make this page. The log says why; nothing was started.";
            let code = StatusCode::INTERNAL_SERVER_ERROR;
            Err(Problem::new(code, "internal", "The agent has a problem", detail))
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    page: Page,
}

/// Problems reach people as pages, in their theme; programs get them as they are.
pub(in crate::web) async fn dress_problems(State(app): State<App>, request: Request, next: Next) -> Response {
    let accepts = request.headers().get(header::ACCEPT).and_then(|a| a.to_str().ok());
    let wants_page = accepts.is_some_and(|a| a.contains("text/html"));
    let page = Page::bare(&app, request.headers(), String::new());
    let answer = next.run(request).await;
    match answer.extensions().get::<Problem>() {
        Some(problem) if wants_page => {
            let page = Page { title: problem.title.to_owned(), live: sentence(&problem.detail), ..page };
            match (ProblemPage { page }).render() {
                Ok(html) => (problem.status(), Html(assets::with_icons(&html))).into_response(),
                Err(_fault) => answer,
            }
        }
        Some(_) | None => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn a_form_leads_back_to_this_site_only() {
        for (path, leads_to) in [
            ("/queue", "/queue"),
            ("/p/ada?x=1", "/p/ada?x=1"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("", "/"),
        ] {
            assert_eq!(local(path), leads_to, "{path}");
        }
    }
}
