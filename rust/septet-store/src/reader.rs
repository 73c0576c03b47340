//! Look-ups in the live file, on a read-only connection of their own: they never wait for a commit, nor a commit for them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension};
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
            Some(id) => (Some(id.clone()), Some(format!("{id}~"))),
            None => filter.ids(),
        };
        let wanted = filter.rows() as usize;
        let range = (folded, first.unwrap_or_default(), before);
        let mut most = wanted;
        self.with(|connection| {
            loop {
                let mut found: BTreeMap<String, (i64, LogRow)> = BTreeMap::new();
                walk(connection, &range, |seq, _, last, records| {
                    let oldest = found.first_key_value().filter(|_| found.len() >= most);
                    if oldest.is_some_and(|(oldest, _)| last < oldest.as_str()) {
                        return Ok(());
                    }
                    for row in ended::decode(records) {
                        let row = row?;
                        let before = found.get(row.id).map(|(at, _)| *at);
                        if before.is_some_and(|at| at > seq) {
                            continue;
                        }
                        if filter.matches(&row) {
                            found.insert(row.id.to_owned(), (seq, row.take()));
                        } else if before.is_some() {
                            found.remove(row.id);
                        }
                        if found.len() > most {
                            found.pop_first();
                        }
                    }
                    Ok(())
                })?;
                let count = found.len();
                // A dead letter that lived again and has ended once more.
                if let Some(oldest) = found.values().map(|(seq, _)| *seq).min() {
                    walk(connection, &(oldest, range.1.clone(), range.2.clone()), |seq, _, _, records| {
                        for row in ended::decode(records) {
                            let row = row?;
                            if found.get(row.id).is_some_and(|(at, _)| *at < seq) {
                                found.remove(row.id);
                            }
                        }
                        Ok(())
                    })?;
                }
                let stale = count - found.len();
                if stale == 0 || count < most {
                    return Ok(found.into_values().rev().map(|(_, row)| row).take(wanted).collect());
                }
                // What it stood in the way of.
                most += stale;
            }
        })
    }

    /// How many ended messages wait for the fold, and the page before their first. A damaged one is an error.
    pub fn waiting(&self) -> Result<(u64, i64), Error> {
        self.with(|connection| {
            let (mut count, mut before) = (0, 0);
            walk(connection, &(i64::MIN, String::new(), None), |seq, first, last, records| {
                before = seq - 1;
                let rows = ended::decode(records).collect::<rusqlite::Result<Vec<_>>>()?;
                count += rows.len() as u64;
                let ids = || rows.iter().map(|row| row.id);
                // By these a look-up decides whether to read the page.
                if (ids().min(), ids().max()) == (Some(first), Some(last)) { Ok(()) } else { Err(ended::damaged()) }
            })?;
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

/// Shows the ended messages of each page after one, newest page first, whose ids may lie between two: its `seq`, its first and
/// last id, and they themselves.
fn walk(
    connection: &Connection,
    range: &(i64, String, Option<String>),
    mut on: impl FnMut(i64, &str, &str, &[u8]) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, first, last, records FROM ended
         WHERE seq > ?1 AND last >= ?2 AND (?3 IS NULL OR first < ?3) ORDER BY seq DESC",
    )?;
    let mut pages = statement.query((range.0, &range.1, &range.2))?;
    while let Some(page) = pages.next()? {
        let text = |column| page.get_ref(column).and_then(|it| Ok(it.as_str()?));
        on(page.get(0)?, text(1)?, text(2)?, page.get_ref(3)?.as_blob()?)?;
    }
    Ok(())
}
