//! Forward-only migrations, embedded in the binary.

use rusqlite::Connection;

use super::DbError;

mod embedded {
    //! The files of `migrations/hub-sqlite`.
    refinery::embed_migrations!("../migrations/hub-sqlite");
}

/// Applies what is missing; a second run applies nothing. Answers how many were applied.
///
/// # Errors
/// When one fails, or an applied one was edited.
pub fn migrate(connection: &mut Connection) -> Result<usize, DbError> {
    let report = embedded::migrations::runner().run(connection).map_err(DbError::Migrate)?;
    Ok(report.applied_migrations().len())
}

/// Names of the migrations that are not applied yet.
///
/// # Errors
/// When the history cannot be read.
pub fn pending(connection: &mut Connection) -> Result<Vec<String>, DbError> {
    let runner = embedded::migrations::runner();
    let applied: Vec<_> = runner
        .get_applied_migrations(connection)
        .map_err(DbError::Migrate)?
        .iter()
        .map(refinery::Migration::version)
        .collect();
    let missing = runner.get_migrations().iter().filter(|m| !applied.contains(&m.version()));
    Ok(missing.map(ToString::to_string).collect())
}
