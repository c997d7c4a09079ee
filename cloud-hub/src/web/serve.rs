//! The only file that opens ports: puts the routes together, listens, answers until asked to stop, then drains.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use super::permissions::{Permission, Routes};
use super::{api, health, openapi, pages};
use crate::hub::Hub;
use crate::{agents, files, inbox};

/// Largest body of routes that say nothing else, bytes.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// Nothing is loaded from elsewhere, nothing may frame us.
pub(super) const CSP: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Everything that is served.
pub fn router(hub: &Arc<Hub>) -> Router {
    routes(hub).finish().layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).layer(from_fn(headers))
}

/// All routes of the hub.
pub(super) fn routes(hub: &Arc<Hub>) -> Routes {
    let webhook = DefaultBodyLimit::max(hub.config.web.webhook_bytes_max);
    let routes = Routes::new(Arc::clone(hub))
        .route("/health", Permission::Public, get(health::health))
        .route("/health/live", Permission::Public, get(health::live))
        .route("/health/ready", Permission::Public, get(health::ready))
        .route("/health/dependencies", Permission::Public, get(health::dependencies))
        .route("/metrics", Permission::Public, get(health::metrics))
        .route("/api/docs", Permission::Public, get(openapi::docs))
        // The signature over the body is the permission.
        .route(
            "/api/v1/webhooks/shopify/{endpoint}",
            Permission::Public,
            post(inbox::receive::by_endpoint).layer(webhook),
        )
        .route(
            "/api/v1/webhooks/shopify",
            Permission::Public,
            post(inbox::receive::by_header).layer(webhook),
        );
    super::proxy::routes(super::install::routes(pages::routes(api::routes(agents::routes(routes)))))
}

async fn headers(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let out = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        out.entry(name).or_insert(HeaderValue::from_static(value));
    }
    out.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

/// A listening hub.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    /// `http://ADDRESS:PORT`.
    pub url: String,
}

/// Opens the port of the settings and writes the address to `data_dir/listen`.
///
/// # Errors
/// When the port is taken or the file cannot be written.
#[expect(clippy::disallowed_methods, reason = "the only place that opens ports")]
pub async fn listen(hub: &Hub) -> std::io::Result<Listening> {
    let listener = TcpListener::bind(hub.config.web.listen).await?;
    let url = format!("http://{}", listener.local_addr()?);
    files::write_atomic(&hub.config.hub.data_dir.join("listen"), format!("{url}\n").as_bytes())?;
    Ok(Listening { listener, url })
}

/// Serves until `stop`, then finishes the requests in hand.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    hub: &Arc<Hub>,
    it: Listening,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // `into_make_service` shares the routes between connections: half the memory per waiting poll (measured).
    axum::serve(it.listener, router(hub).into_make_service()).with_graceful_shutdown(stop).await
}
