//! Columns to values and back: ids, JSON and numbers, each failure naming its row.

use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::StoreError;

/// A text column as an id or anything else that parses.
pub(super) fn parsed<T: std::str::FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|e| conversion(row, column, Box::new(e)))
}

/// The same for a column that may be null.
pub(super) fn parsed_opt<T: std::str::FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: Option<String> = row.get(column)?;
    text.map(|t| t.parse().map_err(|e| conversion(row, column, Box::new(e)))).transpose()
}

/// A JSON column.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|e| conversion(row, column, Box::new(e)))
}

/// A counter column; negative numbers are not ours.
pub(super) fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    let n: i64 = row.get(column)?;
    u64::try_from(n).map_err(|e| conversion(row, column, Box::new(e)))
}

/// A small counter column.
pub(super) fn small(row: &Row<'_>, column: &str) -> rusqlite::Result<u32> {
    let n: i64 = row.get(column)?;
    u32::try_from(n).map_err(|e| conversion(row, column, Box::new(e)))
}

fn conversion(
    row: &Row<'_>,
    column: &str,
    cause: Box<dyn std::error::Error + Send + Sync>,
) -> rusqlite::Error {
    let index = row.as_ref().column_index(column).unwrap_or(0);
    rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, cause)
}

/// A value as stored JSON.
pub(super) fn to_json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Stored {
        what,
        object: "a new row".into(),
        text: e.to_string(),
    })
}

/// A counter as SQLite has it.
pub(super) fn int(n: u64) -> Result<i64, StoreError> {
    i64::try_from(n).map_err(|_too_large| StoreError::NumbersUsedUp("a counter"))
}

/// A length as SQLite has it.
pub(super) fn len(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
