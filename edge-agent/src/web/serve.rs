//! The only file that opens ports: the operators' pages and the control socket.

use std::{io, net::SocketAddr, path::Path, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use tokio_util::sync::CancellationToken;
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer};

use super::{App, api, health, host, pages, problem::Problem, routes::Routes, tls};
use crate::{
    config::Tls,
    control,
    files::{self, FileError},
    ledger::Ledger,
    tasks,
};

/// Largest body of a request, bytes.
const BODY_BYTES_MAX: usize = 2_000_000;
/// How long open requests may take after a stop was asked.
const GRACE: Duration = Duration::from_secs(3);
/// Control connections served at once.
const CONTROL_MAX: usize = 8;
const CSP: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// The pages cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port.
    #[error("cannot listen on {addr}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The certificate.
    #[error("cannot use the certificate")]
    Tls(#[from] tls::TlsError),
    /// The certificate's files.
    #[error("cannot read the certificate")]
    Certificate(#[source] io::Error),
    /// The address file.
    #[error("cannot write the address")]
    File(#[from] FileError),
}

/// Everything that is served.
pub fn router(app: App) -> Router {
    let hosts = host::Hosts::of_this_machine(&app.config.web.allowed_hosts);
    let routes = pages::add(health::add(api::add(Routes::new(app.clone()))));
    let header = |name: &'static str, value: &'static str| {
        SetResponseHeaderLayer::overriding(
            axum::http::HeaderName::from_static(name),
            axum::http::HeaderValue::from_static(value),
        )
    };
    routes
        .finish()
        .fallback(|| async { Problem::not_found("There is no such page.") })
        .layer(from_fn_with_state(app, pages::dress_problems))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(header("content-security-policy", CSP))
        .layer(header("x-content-type-options", "nosniff"))
        .layer(header("referrer-policy", "same-origin"))
        .layer(from_fn_with_state(hosts, host::check))
        .layer(CatchPanicLayer::new())
}

/// Opens the port, says where, and serves until `stop`.
///
/// # Errors
/// [`ServeError`] before the first request; none later.
pub async fn serve(app: App, stop: CancellationToken) -> Result<(), ServeError> {
    let addr = app.config.web.listen;
    let data_dir = app.config.site.data_dir.clone();
    let listener = std::net::TcpListener::bind(addr).map_err(|source| ServeError::Listen { addr, source })?;
    listener.set_nonblocking(true).map_err(|source| ServeError::Listen { addr, source })?;
    let bound = listener.local_addr().map_err(|source| ServeError::Listen { addr, source })?;
    let certificate = match &app.config.web.tls {
        Tls::Off => None,
        Tls::SelfSigned => Some(tls::self_signed(&data_dir)?),
        Tls::Files { cert, key } => Some((cert.clone(), key.clone())),
    };
    announce(&data_dir, if certificate.is_some() { "https" } else { "http" }, bound)?;
    let handle = Handle::new();
    let on_stop = handle.clone();
    drop(tasks::spawn(async move {
        stop.cancelled().await;
        on_stop.graceful_shutdown(Some(GRACE));
    }));
    let service = router(app).into_make_service();
    let served = match certificate {
        None => {
            axum_server::from_tcp(listener)
                .map_err(|source| ServeError::Listen { addr, source })?
                .handle(handle)
                .serve(service)
                .await
        }
        Some((cert, key)) => {
            let config = RustlsConfig::from_pem_file(cert, key).await.map_err(ServeError::Certificate)?;
            axum_server::from_tcp_rustls(listener, config)
                .map_err(|source| ServeError::Listen { addr, source })?
                .handle(handle)
                .serve(service)
                .await
        }
    };
    served.map_err(|source| ServeError::Listen { addr, source })
}

/// First line on stdout, and the same in `data_dir/listen`: ports may be 0.
#[expect(clippy::print_stdout, reason = "the address is the first line on stdout by contract")]
fn announce(data_dir: &Path, scheme: &str, bound: SocketAddr) -> Result<(), ServeError> {
    let url = format!("{scheme}://{bound}");
    files::write_atomic(&data_dir.join("listen"), format!("{url}\n").as_bytes(), false)?;
    println!("listening on {url}");
    Ok(())
}

/// Serves the control socket until `stop`.
pub async fn serve_control(
    listener: tokio::net::UnixListener,
    ledger: Ledger,
    data_dir: std::path::PathBuf,
    stop: CancellationToken,
) {
    let free = std::sync::Arc::new(tokio::sync::Semaphore::new(CONTROL_MAX));
    loop {
        let stream = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a command could not connect to the control socket");
                    continue;
                }
            },
        };
        let Ok(permit) = std::sync::Arc::clone(&free).acquire_owned().await else { return };
        let (ledger, data_dir) = (ledger.clone(), data_dir.clone());
        drop(tasks::spawn(async move {
            control::serve_one(stream, &ledger, &data_dir).await;
            drop(permit);
        }));
    }
}
