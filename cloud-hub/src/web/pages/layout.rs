//! What every page has: head, navigation, theme; and pages for problems.

use askama::Template;
use axum::Form;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::assets::with_icons;
use super::words::Clock;
use crate::hub::Hub;
use crate::web::auth::Who;
use crate::web::problem::Problem;

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
    pub(super) here: String,
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
            here: "/".into(),
        }
    }

    /// With the person's name and token, reached by `here`.
    pub(super) fn of(self, who: &Who, here: impl Into<String>) -> Self {
        Self {
            who: format!("{}, {}", who.user.name, who.user.role),
            csrf: who.csrf.clone(),
            here: here.into(),
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

/// The theme that the browser remembers.
pub(in crate::web) fn theme_of(headers: &HeaderMap) -> &'static str {
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
    let cookie = format!("theme={theme}; Path=/; SameSite=Lax; Max-Age=31536000");
    ([(header::SET_COOKIE, cookie)], Redirect::to(local(&wish.back))).into_response()
}

/// A path of this site; anything else leads to the orders.
fn local(path: &str) -> &str {
    let is_here = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if is_here { path } else { "/" }
}

/// Renders a template; one that fails is our fault.
pub(super) fn show(template: &impl Template) -> Result<Response, Problem> {
    match template.render() {
        Ok(html) => Ok(Html(with_icons(&html)).into_response()),
        Err(error) => {
            tracing::error!(error = %error, "a page cannot be rendered: {error}");
            Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "page",
                "This page cannot be shown because of a fault in the hub.",
            ))
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    page: Page,
}

/// A problem for a person: the log-in page, or a page that says what is wrong, in their theme.
pub(in crate::web) fn problem_page(problem: &Problem, theme: &'static str) -> Option<Response> {
    if problem.status() == StatusCode::UNAUTHORIZED {
        return Some(Redirect::to("/login").into_response());
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
        theme,
        here: "/".into(),
    };
    let html = (ProblemPage { page }).render().ok()?;
    Some((problem.status(), Html(html)).into_response())
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn the_theme_form_leads_back_to_this_site_only() {
        for (path, leads_to) in [
            ("/farm", "/farm"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("", "/"),
        ] {
            assert_eq!(local(path), leads_to, "{path}");
        }
    }
}
