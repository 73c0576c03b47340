//! What happens to a damaged file: it is kept under another name, and what can be read of it is taken over.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags, Row};
use septet_core::page::LogRow;
use septet_core::smpp::time;

use crate::schema::{self, Kind};
use crate::{Error, day, row};

/// Rows handed on at once.
const ROWS: usize = 10_000;

/// Whether the file is whole, as far as SQLite can tell, and ours.
pub fn check(path: &Path, kind: &Kind) -> Result<(), Error> {
    let failed = |error: rusqlite::Error| Error::sqlite(&error, &path.display().to_string());
    let connection = schema::connect_read_only(path).map_err(failed)?;
    schema::identify(&connection, kind, path)?;
    integrity_check(&connection, path)?;
    let mut statement = connection.prepare(&format!("SELECT {} FROM message", row::MESSAGE)).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(found) = rows.next().map_err(failed)? {
        row::message(found, 0).map_err(failed)?;
    }
    Ok(())
}

/// Reads every page and follows every index; the error says what is wrong with the first that is damaged.
pub fn integrity_check(connection: &Connection, path: &Path) -> Result<(), Error> {
    let failed = |error: rusqlite::Error| Error::sqlite(&error, &path.display().to_string());
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if found == "ok" {
        return Ok(());
    }
    let found = found.replace('\n', " ");
    Err(Error::new(Error::CORRUPT, format!("{}: the file is damaged: {found}", path.display())))
}

/// Gives the file and its side files the name of this moment: `septet.db.corrupt-20261125-081500`.
pub fn rename(path: &Path) -> Result<PathBuf, Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut stamp = Vec::new();
    time::write_stamp_seconds(&mut stamp, now.as_millis() as u64);
    let stamp = String::from_utf8_lossy(&stamp).into_owned();
    let name = |count: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".corrupt-20{}-{}", &stamp[..6], &stamp[6..]));
        if count > 0 {
            name.push(format!(".{count}"));
        }
        PathBuf::from(name)
    };
    let to = (0..1000).map(name).find(|name| !name.exists()).ok_or_else(|| {
        Error::new(Error::OPEN, format!("{}: too many damaged files of one second lie here", path.display()))
    })?;
    // The side files first: the database must not be read without its log.
    for (from, to) in day::files(path).into_iter().zip(day::files(&to)).rev() {
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::new(Error::OPEN, format!("{}: cannot be set aside: {error}", from.display())));
            }
            _ => {}
        }
    }
    Ok(to)
}

/// A connection to a file that is known to be damaged.
pub fn attach(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Reads a table whose integer key is `key`, around what is damaged: upwards until a page cannot be read, downwards from
/// the end, and one by one in between. Gives how many keys in between could not be read.
pub fn rows(
    connection: &Connection,
    (columns, table, key): (&str, &str, &str),
    on: &mut dyn FnMut(i64, &Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<u64> {
    /// Gaps this long are not probed: a key is a row at most, and probing has to end.
    const MOST_PROBES: usize = 1_000_000;
    let (mut low, mut high) = (i64::MIN, i64::MAX);
    let mut gaps = 0;
    for order in ["ASC", "DESC"] {
        let sql = format!("SELECT {key}, {columns} FROM {table} ORDER BY {key} {order}");
        let Ok(mut statement) = connection.prepare(&sql) else { continue };
        let Ok(mut found) = statement.query([]) else { continue };
        loop {
            match found.next() {
                Ok(Some(row)) => {
                    let at: i64 = row.get(0)?;
                    if order == "DESC" && at <= low {
                        return Ok(gaps);
                    }
                    gaps += u64::from(on(at, row).is_err());
                    *(if order == "ASC" { &mut low } else { &mut high }) = at;
                }
                // Everything was read.
                Ok(None) => return Ok(gaps),
                Err(_) => break,
            }
        }
    }
    if low == i64::MIN || high == i64::MAX {
        return Ok(gaps + 1);
    }
    let sql = format!("SELECT {key}, {columns} FROM {table} WHERE {key} = ?1");
    let mut one = connection.prepare(&sql)?;
    for at in (low + 1..high).take(MOST_PROBES) {
        gaps += u64::from(one.query_row([at], |row| on(at, row)).is_err());
    }
    Ok(gaps)
}

/// Hands on every message row that can be read, many at a time; gives the places that could not be read.
pub fn messages(path: &Path, on: &mut dyn FnMut(Vec<LogRow>) -> Result<(), Error>) -> Result<u64, Error> {
    let failed = |error: rusqlite::Error| Error::sqlite(&error, &path.display().to_string());
    let connection = attach(path).map_err(failed)?;
    let mut batch = Vec::new();
    let mut refused = Ok(());
    let gaps = rows(&connection, (row::MESSAGE, "message", "n"), &mut |_, found| {
        batch.push(row::message(found, 1)?);
        if batch.len() >= ROWS && refused.is_ok() {
            refused = on(std::mem::take(&mut batch));
        }
        Ok(())
    });
    let gaps = gaps.map_err(failed)?;
    refused?;
    on(batch)?;
    Ok(gaps)
}
