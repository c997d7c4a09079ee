//! Copies, checks and what can still be read of a damaged file. Never changes the database that it looks at.

use std::{
    fmt::Write as _,
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

use rusqlite::{Connection, ErrorCode, types::ValueRef};

use super::open::{OpenError, open_reader};
use crate::files::{self, FileError};

/// Findings of a check that are listed.
const FINDINGS_MAX: u32 = 100;

/// Why a copy or a check did not happen.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// `SQLite` refused.
    #[error("cannot read the database")]
    Sqlite(#[from] rusqlite::Error),
    /// The disk.
    #[error("cannot write")]
    File(#[from] FileError),
}

/// Writes a whole, compact copy of one moment, also while another process writes. The file must not exist.
///
/// # Errors
/// [`KeepError`].
pub fn copy(from: &Path, to: &Path) -> Result<(), KeepError> {
    let connection = open_reader(from)?;
    connection.execute("vacuum into ?1", [to.to_string_lossy()])?;
    files::make_private(to)?;
    Ok(())
}

/// Everything that is wrong with a database; empty: nothing.
///
/// # Errors
/// [`KeepError`] when it cannot be looked at for another reason than damage.
pub fn check(path: &Path) -> Result<Vec<String>, KeepError> {
    match findings(path) {
        Err(KeepError::Sqlite(source) | KeepError::Open(OpenError::Sqlite { source, .. }))
            if is_damage(&source) =>
        {
            Ok(vec![source.to_string()])
        }
        looked => looked,
    }
}

/// Damage so bad that not even the check can read on.
fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn findings(path: &Path) -> Result<Vec<String>, KeepError> {
    let connection = open_reader(path)?;
    let mut findings = Vec::new();
    let mut statement = connection.prepare(&format!("pragma integrity_check({FINDINGS_MAX})"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        findings.extend(Some(row.get::<_, String>(0)?).filter(|f| f != "ok"));
    }
    let mut statement = connection.prepare("pragma foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        findings.push(format!("a row of {table} names a row of {parent} that is not there"));
    }
    Ok(findings)
}

/// What was read of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged {
    /// The table.
    pub table: String,
    /// Rows written.
    pub rows_n: u64,
    /// Whether these are all: none was hidden by damage.
    pub is_whole: bool,
}

/// Writes every row that can still be read to `TABLE.jsonl` below `out`: from the first up to the damage, then from the
/// last back to it.
///
/// # Errors
/// [`KeepError`] when not even the list of tables can be read, or `out` cannot be written.
pub fn salvage(path: &Path, out: &Path) -> Result<Vec<Salvaged>, KeepError> {
    const TABLES: &str =
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name";
    let connection = open_reader(path)?;
    files::make_folder(out)?;
    let mut statement = connection.prepare(TABLES)?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    names.into_iter().map(|table| one_table(&connection, out, table)).collect()
}

fn one_table(connection: &Connection, out: &Path, table: String) -> Result<Salvaged, KeepError> {
    let path = out.join(format!("{table}.jsonl"));
    let file = File::create_new(&path).map_err(FileError::of("make", &path))?;
    let mut file = BufWriter::new(file);
    let quoted = table.replace('"', "\"\"");
    let (mut rows_n, last) =
        rows(connection, &format!("select rowid, * from \"{quoted}\" order by rowid"), None, &mut file)
            .map_err(FileError::of("write", &path))?;
    let is_whole = last.is_none();
    if let Some(last) = last {
        let backwards = format!("select rowid, * from \"{quoted}\" order by rowid desc");
        let (more, _) =
            rows(connection, &backwards, Some(last), &mut file).map_err(FileError::of("write", &path))?;
        rows_n += more;
    }
    file.flush().map_err(FileError::of("write", &path))?;
    Ok(Salvaged { table, rows_n, is_whole })
}

/// Writes rows until the end, the damage, or `down_to`. The second answer is the last rowid before damage; none: the end.
fn rows(
    connection: &Connection,
    sql: &str,
    down_to: Option<i64>,
    out: &mut impl std::io::Write,
) -> std::io::Result<(u64, Option<i64>)> {
    let (mut n, mut last) = (0, i64::MIN);
    let Ok(mut statement) = connection.prepare(sql) else { return Ok((0, Some(last))) };
    let names: Vec<String> = statement.column_names().iter().skip(1).map(ToString::to_string).collect();
    let Ok(mut found) = statement.query([]) else { return Ok((0, Some(last))) };
    loop {
        let row = match found.next() {
            Ok(Some(row)) => row,
            Ok(None) => return Ok((n, None)),
            Err(_damaged) => return Ok((n, Some(last))),
        };
        let Ok(rowid) = row.get::<_, i64>(0) else { return Ok((n, Some(last))) };
        if down_to.is_some_and(|end| rowid <= end) {
            return Ok((n, Some(rowid)));
        }
        let cells = names.iter().enumerate().map(|(at, name)| {
            let value = row.get_ref(at + 1).map_or(serde_json::Value::Null, json);
            (name.clone(), value)
        });
        let row: serde_json::Map<_, _> = cells.collect();
        writeln!(out, "{}", serde_json::Value::Object(row))?;
        (n, last) = (n + 1, rowid);
    }
}

fn json(value: ValueRef<'_>) -> serde_json::Value {
    match value {
        ValueRef::Null => serde_json::Value::Null,
        ValueRef::Integer(n) => n.into(),
        ValueRef::Real(x) => x.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        ValueRef::Blob(bytes) => {
            let mut hex = String::with_capacity(bytes.len() * 2);
            for byte in bytes {
                // Writing to a string cannot fail.
                let _infallible = write!(hex, "{byte:02x}");
            }
            hex.into()
        }
    }
}
