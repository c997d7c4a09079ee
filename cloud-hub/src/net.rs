//! The only place that builds HTTP clients.

use std::time::Duration;

/// Longest wait for a connection to an outside service.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(10);
/// Idle connections kept per service.
const IDLE_MAX: usize = 4;

/// A client for outside services whose calls end after `wait_max` at the latest. Follows no redirects: a request
/// with a token must not be led elsewhere.
///
/// # Panics
/// Never in practice: building fails only without a TLS provider, which is installed here.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where clients are built")]
pub fn http_client(wait_max: Duration) -> reqwest::Client {
    // Installed by an earlier call: the same provider.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .connect_timeout(CONNECT_WAIT_MAX)
        .timeout(wait_max)
        .pool_max_idle_per_host(IDLE_MAX)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("platewright-cloud-hub/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("the TLS provider is installed")
}
