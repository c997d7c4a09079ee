//! A router whose routes cannot be added without naming what they need.

use axum::{Router, handler::Handler, middleware::from_fn_with_state, routing::MethodRouter};

use super::{App, auth, auth::Need};

/// Routes with their needs.
pub struct Routes {
    app: App,
    router: Router<App>,
}

impl Routes {
    /// No routes yet.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self { app, router: Router::new() }
    }

    /// A page or reading.
    #[must_use]
    pub fn get<T: 'static>(self, path: &str, need: Need, handler: impl Handler<T, App>) -> Self {
        self.add(path, need, axum::routing::get(handler))
    }

    /// An action.
    #[must_use]
    pub fn post<T: 'static>(self, path: &str, need: Need, handler: impl Handler<T, App>) -> Self {
        self.add(path, need, axum::routing::post(handler))
    }

    fn add(mut self, path: &str, need: Need, route: MethodRouter<App>) -> Self {
        let guard = from_fn_with_state((self.app.clone(), need), auth::require);
        self.router = self.router.route(path, route.route_layer(guard));
        self
    }

    /// The finished router.
    pub fn finish(self) -> Router {
        self.router.with_state(self.app)
    }
}
