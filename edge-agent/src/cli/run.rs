//! `edge-agent run`, and the commands that ask the running agent for a code.

use super::{Failed, print_line};
use crate::{
    config::Config,
    control::{self, Ask},
};

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

pub(super) fn run(_config: &Config) -> Result<(), Failed> {
    install_crypto();
    Err(Failed::not_possible("not wired yet"))
}
