//! `edge-agent explain`: the record of one attempt, from the running daemon or from the ledger itself.

use protocol::ids::AttemptNo;

use super::{Failed, print_line};
use crate::{
    config::Config,
    control::{self, Ask},
};

pub(super) fn explain(config: &Config, attempt: AttemptNo) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let text = runtime.block_on(control::ask(&config.site.data_dir, Ask::Explain { attempt }))?;
    print_line(&text);
    Ok(())
}
