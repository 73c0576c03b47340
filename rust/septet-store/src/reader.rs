//! Look-ups in the live file, on a read-only connection of their own: they never wait for a commit, nor a commit for them.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension};
use septet_core::engine::Id;
use septet_core::page::{ConsentRow, KeyRow, LogRow};

use crate::{Error, Filter, OnPage, ended, row, schema};

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
            None => self.last_seq(),
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

    /// The newest page's `seq`; 0 if there is none. Where the journal was damaged, ended messages may lie beyond its end.
    pub fn last_seq(&self) -> Result<u64, Error> {
        let sql = "SELECT max(seq) FROM (SELECT 0 AS seq UNION ALL SELECT max(seq) FROM journal UNION ALL SELECT max(seq) FROM ended)";
        self.with(|connection| connection.query_row(sql, [], |row| row.get(0)))
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

    /// Ended messages of the pages after `folded` that match, newest first. They are read one by one, from the last page back, as
    /// long as one may be among the newest; where one has ended more than once, the last page has it as it is.
    pub fn query(&self, filter: &Filter, folded: i64) -> Result<Vec<LogRow>, Error> {
        let (first, before) = match &filter.id {
            Some(id) => (Some(id.clone()), None),
            None => filter.ids(),
        };
        let most = filter.rows() as usize;
        let mut seen = HashSet::new();
        let mut found: BTreeMap<String, LogRow> = BTreeMap::new();
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT last, records FROM ended WHERE seq > ?1 AND last >= ?2 AND (?3 IS NULL OR first < ?3) ORDER BY seq DESC",
            )?;
            let mut pages = statement.query((folded, first.unwrap_or_default(), before))?;
            while let Some(page) = pages.next()? {
                let last = page.get_ref(0)?.as_str()?;
                if found.len() >= most && found.first_key_value().is_none_or(|(oldest, _)| last < oldest.as_str()) {
                    continue;
                }
                let rows: Vec<_> = ended::decode(page.get_ref(1)?.as_blob()?).collect::<rusqlite::Result<_>>()?;
                for row in rows.into_iter().rev() {
                    if seen.insert(Id::parse(row.id.as_bytes()).map(|id| id.0)) && filter.matches(&row) {
                        found.insert(row.id.clone(), row);
                    }
                    if found.len() > most {
                        found.pop_first();
                    }
                }
            }
            Ok(())
        })?;
        Ok(found.into_values().rev().collect())
    }

    /// How many ended messages wait for the fold, and the page before their first. A damaged one is an error.
    pub fn waiting(&self) -> Result<(u64, i64), Error> {
        self.with(|connection| {
            let mut statement = connection.prepare("SELECT seq, records FROM ended ORDER BY seq DESC")?;
            let mut pages = statement.query([])?;
            let (mut count, mut before) = (0, 0);
            while let Some(page) = pages.next()? {
                before = page.get::<_, i64>(0)? - 1;
                for row in ended::decode(page.get_ref(1)?.as_blob()?) {
                    row?;
                    count += 1;
                }
            }
            Ok((count, before))
        })
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
