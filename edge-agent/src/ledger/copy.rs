//! A copy of the ledger for a backup, and whether a file is one.

use std::path::Path;

use super::{LedgerError, meta, meta::key};
use crate::db;

/// Makes a copy remember no start: put in place, it is an older one than the file beside it says, whenever it was made.
///
/// # Errors
/// [`LedgerError`] when the file is no whole ledger.
pub fn mark(copy: &Path) -> Result<(), LedgerError> {
    let connection = db::open(copy)?;
    if meta::get(&connection, key::INCARNATION)?.is_none() {
        return Err(LedgerError::corrupt("incarnation", copy.display().to_string()));
    }
    meta::set(&connection, key::STARTS, "0")
}
