//! `edge-agent run`, and the commands that ask the running agent for a code.

use tracing_subscriber::EnvFilter;

use super::{Failed, print_line, this_program};
use crate::{
    assemble::{self, StartError},
    config::Config,
    control::{self, Ask},
};

/// Threads of the daemon: one per two cores of a Pi is enough for its tasks.
const WORKERS: usize = 2;
/// Threads for file and ledger reads.
const BLOCKING_MAX: usize = 8;
/// Stack of a thread, bytes.
const STACK_BYTES: usize = 1024 * 1024;

pub(super) fn pair(config: &Config, role: &str) -> Result<(), Failed> {
    let code = ask(config, Ask::Pair { role: role.to_owned() })?;
    print_line(&code);
    Ok(())
}

pub(super) fn enrol(config: &Config, hub: url::Url, code: &str) -> Result<(), Failed> {
    install_crypto();
    let site = config.site.name.clone();
    let answer = ask(config, Ask::Enrol { hub, code: code.to_owned(), site })?;
    print_line(&answer);
    Ok(())
}

fn ask(config: &Config, what: Ask) -> Result<String, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(control::ask(&config.site.data_dir, what))?)
}

/// One TLS provider for the whole process; a second call is harmless.
pub(super) fn install_crypto() {
    drop(rustls::crypto::ring::default_provider().install_default());
}

pub(super) fn run(config: &Config) -> Result<(), Failed> {
    install_crypto();
    log_to_stderr();
    let agent = this_program()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING_MAX)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()?;
    match runtime.block_on(assemble::run(config.clone(), agent)) {
        Ok(()) => Ok(()),
        Err(bad @ (StartError::NoProfile { .. } | StartError::WrongConnection { .. })) => {
            Err(Failed::bad_input(bad.to_string()))
        }
        Err(other) => Err(other.into()),
    }
}

/// JSON lines; `EDGE_AGENT_LOG=debug` shows wire lines.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("EDGE_AGENT_LOG").unwrap_or_else(|_unset| EnvFilter::new("info"));
    let subscriber =
        tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).finish();
    // Only the second call in one process fails, and there is one.
    drop(tracing::subscriber::set_global_default(subscriber));
}
