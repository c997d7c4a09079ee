//! Why the store could not answer. Refusals and missing things are data of the single methods, not errors.

use crate::db::DbError;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed or is busy.
    #[error("the database cannot be used")]
    Db(#[from] DbError),
    /// A statement failed.
    #[error("a statement of the store failed")]
    Sql(#[from] rusqlite::Error),
    /// A stored value cannot be read back.
    #[error("the stored {what} of {object} cannot be read: {text}")]
    Stored {
        /// Which column.
        what: &'static str,
        /// Of which row.
        object: String,
        /// Why.
        text: String,
    },
    /// A secret cannot be opened.
    #[error("a stored secret cannot be opened")]
    Secret(#[from] crate::secrets::SecretError),
    /// The numbers of an agent's epochs or cursors are used up.
    #[error("the number range of {0} is used up")]
    NumbersUsedUp(&'static str),
}
