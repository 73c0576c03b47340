//! Look-ups in the live file, on a read-only connection of their own: they never wait for a commit, nor a commit for them.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension};
use septet_core::page::{ConsentRow, KeyRow, LogRow};

use crate::{Error, Filter, OnPage, row, schema};

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
            let mut statement = connection.prepare("SELECT seq, records, sum FROM journal ORDER BY seq")?;
            let mut rows = statement.query([])?;
            while let Some(found) = rows.next()? {
                last = found.get(0)?;
                let records = found.get_ref(1)?.as_blob()?;
                row::check(found, 2, row::sum_of_page(last, records))?;
                if let Err(reason) = on(last, records) {
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

    pub fn page(&self, seq: u64) -> Result<Option<Vec<u8>>, Error> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT records, sum FROM journal WHERE seq = ?1")?
                .query_row([seq], |found| {
                    let records = found.get_ref(0)?.as_blob()?;
                    row::check(found, 1, row::sum_of_page(seq, records))?;
                    Ok(records.to_vec())
                })
                .optional()
        })
    }

    /// The newest journal row's `seq`; 0 if there is none.
    pub fn last_seq(&self) -> Result<u64, Error> {
        self.with(|connection| connection.query_row("SELECT coalesce(max(seq), 0) FROM journal", [], |row| row.get(0)))
    }

    pub fn consent(&self, on: &mut dyn FnMut(ConsentRow)) -> Result<(), Error> {
        self.with(|connection| {
            let mut statement = connection.prepare("SELECT number, contact, opted_out, at, proof, sum FROM consent")?;
            let mut rows = statement.query([])?;
            while let Some(found) = rows.next()? {
                on(row::consent(found)?);
            }
            Ok(())
        })
    }

    pub fn query(&self, filter: &Filter, unfolded: (i64, i64)) -> Result<Vec<LogRow>, Error> {
        self.with(|connection| filter.ask_live(connection, unfolded))
    }

    /// The first and the last message row that wait for the fold; (1, 0) if there is none.
    pub fn waiting(&self) -> Result<(i64, i64), Error> {
        let sql = "SELECT coalesce(min(n), 1), coalesce(max(n), 0) FROM message";
        self.with(|connection| connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))))
    }

    pub fn key(&self, account: &str, key: &str) -> Result<Option<KeyRow>, Error> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT account, key, body_hash, answer, at, sum FROM idempotency WHERE account = ?1 AND key = ?2",
                )?
                .query_row([account, key], |found| row::key(found, 0))
                .optional()
        })
    }
}
