//! Look-ups, on a read-only connection of their own: they never wait for a commit, nor a commit for them.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use septet_core::page::{ConsentRow, KeyRow, LogRow};

use crate::{Error, Filter, OnPage, schema};

/// Every name that a row's `direction` or `status` can have.
const NAMES: [&str; 17] = [
    "mt",
    "mo",
    "scheduled",
    "accepted",
    "queued",
    "submitted",
    "delivered",
    "undeliverable",
    "expired",
    "rejected",
    "failed",
    "cancelled",
    "blocked",
    "unknown",
    "received",
    "handed_over",
    "dead",
];

/// The read-only connection; `None` after the store was closed.
pub struct Reader {
    connection: Mutex<Option<Connection>>,
    place: String,
}

impl Reader {
    pub fn open(path: &Path) -> Result<Self, Error> {
        let place = path.display().to_string();
        let connection = schema::connect_read_only(path).map_err(|error| Error::sqlite(&error, &place))?;
        Ok(Self { connection: Mutex::new(Some(connection)), place })
    }

    pub fn close(&self) {
        self.hold().take();
    }

    /// Keeps look-ups out while it lives.
    pub fn hold(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let guard = self.hold();
        let connection = guard.as_ref().ok_or_else(Error::closed)?;
        work(connection).map_err(|error| Error::sqlite(&error, &self.place))
    }

    pub fn replay(&self, on: &mut OnPage<'_>) -> Result<u64, Error> {
        let mut last = 0;
        let mut refused = None;
        self.with(|connection| {
            let mut statement = connection.prepare("SELECT seq, records FROM journal ORDER BY seq")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                last = row.get(0)?;
                if let Err(reason) = on(last, row.get_ref(1)?.as_blob()?) {
                    refused = Some(reason);
                    break;
                }
            }
            Ok(())
        })?;
        match refused {
            None => Ok(last),
            Some(reason) => {
                Err(Error::new(Error::CORRUPT, format!("{}: journal row {last} cannot be read: {reason}", self.place)))
            }
        }
    }

    /// The newest journal row's `seq`; 0 if there is none.
    pub fn last_seq(&self) -> Result<u64, Error> {
        self.with(|connection| connection.query_row("SELECT coalesce(max(seq), 0) FROM journal", [], |row| row.get(0)))
    }

    pub fn consent(&self, on: &mut dyn FnMut(ConsentRow)) -> Result<(), Error> {
        self.with(|connection| {
            let mut statement = connection.prepare("SELECT number, contact, opted_out, at, proof FROM consent")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                on(ConsentRow {
                    number: row.get(0)?,
                    contact: row.get(1)?,
                    opted_out: row.get(2)?,
                    at: row.get(3)?,
                    proof: row.get(4)?,
                });
            }
            Ok(())
        })
    }

    pub fn query(&self, filter: &Filter) -> Result<Vec<LogRow>, Error> {
        let (sql, values) = filter.sql();
        self.with(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            statement.query_map(params_from_iter(values), message)?.collect()
        })
    }

    pub fn key(&self, account: &str, key: &str) -> Result<Option<KeyRow>, Error> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT account, key, body_hash, answer, at FROM idempotency WHERE account = ?1 AND key = ?2",
                )?
                .query_row([account, key], |row| {
                    Ok(KeyRow {
                        account: row.get(0)?,
                        key: row.get(1)?,
                        body_hash: row.get(2)?,
                        answer: row.get(3)?,
                        at: row.get(4)?,
                    })
                })
                .optional()
        })
    }
}

fn message(row: &Row<'_>) -> rusqlite::Result<LogRow> {
    Ok(LogRow {
        id: row.get(0)?,
        direction: name(row, 1)?,
        account: row.get(2)?,
        from: row.get(3)?,
        to: row.get(4)?,
        status: name(row, 5)?,
        created: row.get(6)?,
        updated: row.get(7)?,
        record: row.get(8)?,
    })
}

fn name(row: &Row<'_>, column: usize) -> rusqlite::Result<&'static str> {
    let value = row.get_ref(column)?.as_str()?;
    NAMES.into_iter().find(|known| *known == value).ok_or_else(|| {
        let reason = format!("unknown name {value:?}");
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, reason.into())
    })
}
