//! What forms carry, and buttons that post one. A form of a session without its token is refused, so that no other
//! site can act for whoever is paired.

use askama::Template;
use axum::{
    Form,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::Redirect,
};

use super::layout::local;
use crate::web::{App, auth::Caller, problem::Problem};

/// Fields of one form at most.
const FIELDS_MAX: usize = 1_000;

/// A form whose token was right.
#[derive(Debug)]
pub(super) struct Posted {
    fields: Vec<(String, String)>,
    /// Who sent it.
    pub(super) by: String,
}

impl Posted {
    /// The first field of this name; empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).unwrap_or_default()
    }

    /// Every field of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A number.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, Problem> {
        let text = self.text(name);
        text.trim()
            .parse()
            .map_err(|_bad| Problem::bad_input(format!("{name}: expected a number, found {text:?}.")))
    }

    /// The version that the page was made from.
    pub(super) fn seen(&self) -> Result<u64, Problem> {
        self.number("seen")
    }

    /// Back to where the form was, or to `otherwise`.
    pub(super) fn back(&self, otherwise: &str) -> Redirect {
        let back = self.text("back");
        Redirect::to(local(if back.is_empty() { otherwise } else { back }))
    }
}

impl FromRequest<App> for Posted {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let caller = request.extensions().get::<Caller>().cloned();
        let Some(caller) = caller else {
            let detail = "Pair this browser first.";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "not-paired", "Not paired", detail));
        };
        let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, app)
            .await
            .map_err(|e| Problem::bad_input(format!("The form is not understood: {e}.")))?;
        if fields.len() > FIELDS_MAX {
            return Err(Problem::bad_input("The form has too many fields."));
        }
        let by = caller.name().to_owned();
        let it = Self { fields, by };
        if caller.csrf.is_some_and(|right| !is_same(it.text("csrf"), &right)) {
            let detail = "Nothing was done. Open the page again and repeat it.";
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "csrf",
                "This form is not from this page",
                detail,
            ));
        }
        Ok(it)
    }
}

/// Compares without telling by the time taken where the texts differ.
fn is_same(found: &str, right: &str) -> bool {
    let differing = found.bytes().zip(right.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    found.len() == right.len() && differing == 0
}

/// One button: a form that posts, or a link.
#[derive(Debug, Clone, Template)]
#[template(path = "act.html")]
pub(super) struct Action {
    is_post: bool,
    href: String,
    label: String,
    /// Of what, for those who hear the page.
    of: String,
    class: &'static str,
    csrf: String,
    fields: Vec<(&'static str, String)>,
}

impl Action {
    /// A link.
    pub(super) fn link(href: impl Into<String>, label: impl Into<String>, of: impl Into<String>) -> Self {
        let (href, label, of) = (href.into(), label.into(), of.into());
        Self { is_post: false, href, label, of, class: "btn full", csrf: String::new(), fields: Vec::new() }
    }

    /// A form with the version that the page was made from.
    pub(super) fn post(href: impl Into<String>, label: impl Into<String>, csrf: &str, seen: u64) -> Self {
        let csrf = csrf.to_owned();
        let fields = vec![("seen", seen.to_string())];
        Self { is_post: true, csrf, fields, ..Self::link(href, label, "") }
    }

    /// What the button says.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// With one more field.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Of this, for those who hear the page.
    pub(super) fn of(self, of: impl Into<String>) -> Self {
        Self { of: of.into(), ..self }
    }

    /// Looking like this.
    pub(super) fn like(self, class: &'static str) -> Self {
        Self { class, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn tokens_are_the_same_only_when_they_are() {
        assert!(is_same("abc", "abc"));
        for found in ["", "ab", "abd", "abcd"] {
            assert!(!is_same(found, "abc"), "{found}");
        }
    }
}
