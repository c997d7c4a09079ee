//! The only place that builds HTTP clients: time-outs, roots, one connection per hub.

use std::time::Duration;

/// How long a connection may take to come up.
pub const CONNECT_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long an answer may take beyond what the other side was asked to wait.
pub const ANSWER_SLACK: Duration = Duration::from_secs(15);
/// How long unacknowledged bytes keep a dead connection alive.
const UNACKED_WAIT_MAX: Duration = Duration::from_secs(25);

/// The client could not be built: the system's certificate store cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client")]
pub struct ClientError(#[source] reqwest::Error);

/// A client for one hub. HTTP/1.1, one idle connection: a cancelled request closes it, so a dead one is never
/// used again.
///
/// # Errors
/// [`ClientError`].
pub fn http_client() -> Result<reqwest::Client, ClientError> {
    #[expect(clippy::disallowed_methods, reason = "the one home of HTTP clients")]
    let builder = reqwest::Client::builder();
    builder
        .connect_timeout(CONNECT_WAIT_MAX)
        .pool_max_idle_per_host(1)
        .tcp_keepalive(Duration::from_secs(20))
        .tcp_user_timeout(UNACKED_WAIT_MAX)
        .redirect(reqwest::redirect::Policy::none())
        .http1_only()
        .user_agent(concat!("edge-agent/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(ClientError)
}
