//! A damaged store: set aside whole, and what can be read of it taken over into a new one.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row, params};

use crate::lock::Lock;
use crate::store::resolve;
use crate::{Durability, Error, aside, ended, row, schema, transaction, wal};

/// What became of a damaged store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvage {
    /// Where the damaged file is kept, with its side files beside it.
    pub aside: PathBuf,
    /// Journal pages taken over: messages on their way, parts, receipts.
    pub pages: u64,
    /// Consent rows taken over.
    pub consent: u64,
    /// Idempotency keys taken over.
    pub keys: u64,
    /// Ended messages taken over; those folded into days before lie there.
    pub messages: u64,
    /// Places that could not be read, and why. Empty: nothing was lost.
    pub lost: Vec<String>,
}

/// Sets the file aside, and makes a new one of what can be read of it. The damaged file is never changed or removed.
pub fn salvage(path: &Path) -> Result<Salvage, Error> {
    let path = resolve(path)?;
    let _lock = Lock::take(&path)?;
    let aside = aside::rename(&path)?;
    let failed = |error: rusqlite::Error| Error::sqlite(&error, &path.display().to_string());
    let new = schema::open(&path, &schema::LIVE, Durability::Full)?;
    let mut found = Salvage { aside, pages: 0, consent: 0, keys: 0, messages: 0, lost: Vec::new() };
    // SQLite stops at damage in its log and says nothing.
    found.lost.extend(wal::check(&found.aside).err().map(|error| error.message));
    // A copy is read, because SQLite writes to a file that it recovers; the original stays as it was found.
    let copy = path.with_extension("salvage");
    let outcome = copy_all(&found.aside, &copy).and_then(|()| {
        let old = aside::attach(&copy).map_err(failed)?;
        new.execute_batch("BEGIN").map_err(failed)?;
        take_over(&old, &new, &mut found).map_err(failed)?;
        new.execute_batch("COMMIT").map_err(failed)
    });
    for file in crate::day::files(&copy) {
        let _ = std::fs::remove_file(file);
    }
    outcome.map(|()| found)
}

fn copy_all(from: &Path, to: &Path) -> Result<(), Error> {
    for (from, to) in crate::day::files(from).into_iter().zip(crate::day::files(to)) {
        match std::fs::copy(&from, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::new(Error::IO, format!("{}: {error}", to.display())));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Tables without a number of their own are read in their order and, from the other end, against it.
fn take_over(old: &Connection, new: &Connection, found: &mut Salvage) -> rusqlite::Result<()> {
    let Salvage { pages, consent, keys, messages, lost, .. } = found;
    let mut take =
        |table: &str, key: &str, columns: &str, on: &mut dyn FnMut(i64, &Row<'_>) -> rusqlite::Result<()>| {
            match aside::rows(old, (columns, table, key), on) {
                Ok(0) => {}
                Ok(gaps) => lost.push(format!("{table}: {gaps} places cannot be read")),
                Err(error) => lost.push(format!("{table}: {error}")),
            }
        };
    let mut insert = new.prepare("INSERT OR REPLACE INTO journal(seq, at, records, sum) VALUES(?1, ?2, ?3, ?4)")?;
    take("journal", "seq", "at, records, sum", &mut |seq, it| {
        let records = it.get_ref(2)?.as_blob()?;
        row::check(it, 3, row::sum_of_page(seq as u64, records))?;
        insert.execute(params![seq, it.get::<_, i64>(1)?, records, row::sum_of_page(seq as u64, records)])?;
        *pages += 1;
        Ok(())
    });
    take("ended", "seq", "records", &mut |seq, it| {
        let mut damaged = Ok(());
        let rows = ended::decode(it.get_ref(1)?.as_blob()?);
        let rows: Vec<_> =
            rows.filter_map(|row| row.map_err(|error| damaged = Err(error)).ok().map(|row| row.take())).collect();
        if !rows.is_empty() {
            transaction::ended(new, seq, &rows)?;
            *messages += rows.len() as u64;
        }
        damaged
    });
    let mut insert = new.prepare(
        "INSERT OR REPLACE INTO idempotency(account, key, body_hash, answer, at, sum) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    take("idempotency", "rowid", "account, key, body_hash, answer, at, sum", &mut |_, it| {
        let it = row::key(it, 1)?;
        insert.execute(params![it.account, it.key, it.body_hash, it.answer, it.at, row::sum_of_key(&it)])?;
        *keys += 1;
        Ok(())
    });
    let mut insert = new.prepare(
        "INSERT OR REPLACE INTO consent(number, contact, opted_out, at, proof, sum) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for order in ["ASC", "DESC"] {
        let sql = format!(
            "SELECT number, contact, opted_out, at, proof, sum FROM consent ORDER BY number {order}, contact {order}"
        );
        let outcome = old.prepare(&sql).and_then(|mut statement| {
            let mut rows = statement.query([])?;
            while let Some(it) = rows.next()? {
                let Ok(it) = row::consent(it) else {
                    lost.push("consent: a row is damaged".to_owned());
                    continue;
                };
                let sum = row::sum_of_consent(&it);
                insert.execute(params![it.number, it.contact, it.opted_out, it.at, it.proof, sum])?;
            }
            Ok(())
        });
        match outcome {
            Ok(()) => break,
            Err(error) => lost.push(format!("consent: {error}")),
        }
    }
    *consent = new.query_row("SELECT count(*) FROM consent", [], |it| it.get(0))?;
    Ok(())
}
