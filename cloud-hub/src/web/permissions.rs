//! Who may do what. A route cannot be registered without naming its permission, so a forgotten one does not exist.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;

use super::auth;
use super::pages::{problem_page, theme_of};
use super::problem::Problem;
use crate::hub::Hub;

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Anybody: log-in page, health, and routes that check a signature of their own.
    Public,
    /// A token of an agent.
    Agent,
    /// Any account.
    See,
    /// Accounts that run the production.
    Operate,
    /// Administrators.
    Administer,
}

impl Permission {
    /// Whether an account of `role` has it. Unknown roles have nothing.
    #[must_use]
    pub fn is_granted_to(self, role: &str) -> bool {
        match self {
            Self::Public => true,
            Self::Agent => false,
            Self::See => matches!(role, "viewer" | "operator" | "admin"),
            Self::Operate => matches!(role, "operator" | "admin"),
            Self::Administer => role == "admin",
        }
    }
}

/// Collects routes with their permissions.
#[derive(Debug)]
pub struct Routes {
    hub: Arc<Hub>,
    router: Router<Arc<Hub>>,
    listed: Vec<(String, Permission)>,
}

#[derive(Clone)]
struct Guard {
    hub: Arc<Hub>,
    permission: Permission,
}

impl Routes {
    /// No routes: everything is refused.
    #[must_use]
    pub fn new(hub: Arc<Hub>) -> Self {
        Self { hub, router: Router::new(), listed: Vec::new() }
    }

    /// Adds a route that only `permission` opens.
    #[must_use]
    pub fn route(mut self, path: &str, permission: Permission, methods: MethodRouter<Arc<Hub>>) -> Self {
        let guard = Guard { hub: Arc::clone(&self.hub), permission };
        let guarded = methods.layer(from_fn_with_state(guard, check));
        self.listed.push((path.to_owned(), permission));
        Self { router: self.router.route(path, guarded), ..self }
    }

    /// Paths with their permissions, as they were added.
    #[must_use]
    pub fn listed(&self) -> &[(String, Permission)] {
        &self.listed
    }

    /// The finished router.
    pub fn finish(self) -> Router {
        self.router.with_state(self.hub)
    }
}

/// Lets a request through that may; what is wrong reaches people as a page and programs as it is.
async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_page = !["/api/", "/agent/", "/proxy/"].iter().any(|start| path.starts_with(start));
    let theme = theme_of(request.headers());
    let answer = match admit(&guard, request).await {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let page = answer.extensions().get::<Problem>().filter(|_| is_page).and_then(|p| problem_page(p, theme));
    page.unwrap_or(answer)
}

async fn admit(guard: &Guard, request: Request) -> Result<Request, Problem> {
    Ok(match guard.permission {
        Permission::Public => request,
        Permission::Agent => auth::agent(&guard.hub, request).await?,
        Permission::See | Permission::Operate | Permission::Administer => {
            auth::person(&guard.hub, request, guard.permission).await?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::Permission::{Administer, Agent, Operate, Public, See};

    #[test]
    fn roles_have_exactly_these_permissions() {
        let rows = [
            ("admin", [true, false, true, true, true]),
            ("operator", [true, false, true, true, false]),
            ("viewer", [true, false, true, false, false]),
            ("owner", [true, false, false, false, false]),
            ("", [true, false, false, false, false]),
        ];
        for (role, expected) in rows {
            assert_eq!(
                [Public, Agent, See, Operate, Administer].map(|p| p.is_granted_to(role)),
                expected,
                "{role}"
            );
        }
    }
}
