//! Rows as SQLite keeps them, each with a sum that finds a flipped bit when the row is read.

use rusqlite::types::Type;
use rusqlite::{Row, ToSql};
use septet_core::engine::Status;
use septet_core::page::{ConsentRow, KeyRow, LogRow};

/// The columns of a message row, in the order in which they are bound and read.
pub const MESSAGE: &str =
    "id, direction, account, source, destination, carrier, segments, status, error, created, updated, record, sum";

/// CRC-32 over fields that are kept apart.
fn sum(texts: &[&[u8]], numbers: &[u64]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text);
    }
    for number in numbers {
        hasher.update(&number.to_le_bytes());
    }
    hasher.finalize()
}

pub fn sum_of_page(seq: u64, journal: &[u8]) -> u32 {
    sum(&[journal], &[seq])
}

pub fn sum_of_consent(row: &ConsentRow) -> u32 {
    let texts = [row.number.as_bytes(), row.contact.as_bytes(), row.proof.as_bytes()];
    sum(&texts, &[row.opted_out.into(), row.at])
}

pub fn sum_of_key(row: &KeyRow) -> u32 {
    sum(&[row.account.as_bytes(), row.key.as_bytes(), &row.body_hash, &row.answer], &[row.at])
}

pub fn sum_of_message(row: &LogRow) -> u32 {
    let texts = [&row.id, row.direction, &row.account, &row.from, &row.to, &row.carrier, row.status];
    let [id, direction, account, from, to, carrier, status] = texts.map(str::as_bytes);
    let numbers = [row.segments.into(), row.error.into(), row.created, row.updated];
    sum(&[id, direction, account, from, to, carrier, status, &row.record], &numbers)
}

/// Calls `execute` with the values of a message row, in the order of [`MESSAGE`].
pub fn bind<T>(row: &LogRow, execute: impl FnOnce(&[&dyn ToSql]) -> T) -> T {
    execute(&[
        &row.id,
        &row.direction,
        &row.account,
        &row.from,
        &row.to,
        &row.carrier,
        &row.segments,
        &row.status,
        &row.error,
        &row.created,
        &row.updated,
        &row.record,
        &sum_of_message(row),
    ])
}

/// Reads the columns of [`MESSAGE`] from `first` on.
pub fn message(row: &Row<'_>, first: usize) -> rusqlite::Result<LogRow> {
    let found = LogRow {
        id: row.get(first)?,
        direction: name(row, first + 1)?,
        account: row.get(first + 2)?,
        from: row.get(first + 3)?,
        to: row.get(first + 4)?,
        carrier: row.get(first + 5)?,
        segments: row.get(first + 6)?,
        status: name(row, first + 7)?,
        error: row.get(first + 8)?,
        created: row.get(first + 9)?,
        updated: row.get(first + 10)?,
        record: row.get(first + 11)?,
    };
    check(row, first + 12, sum_of_message(&found))?;
    Ok(found)
}

pub fn consent(row: &Row<'_>) -> rusqlite::Result<ConsentRow> {
    let found = ConsentRow {
        number: row.get(0)?,
        contact: row.get(1)?,
        opted_out: row.get(2)?,
        at: row.get(3)?,
        proof: row.get(4)?,
    };
    check(row, 5, sum_of_consent(&found))?;
    Ok(found)
}

/// Reads account, key, body_hash, answer, at and sum from `first` on.
pub fn key(row: &Row<'_>, first: usize) -> rusqlite::Result<KeyRow> {
    let found = KeyRow {
        account: row.get(first)?,
        key: row.get(first + 1)?,
        body_hash: row.get(first + 2)?,
        answer: row.get(first + 3)?,
        at: row.get(first + 4)?,
    };
    check(row, first + 5, sum_of_key(&found))?;
    Ok(found)
}

/// Rows from before there were sums have none.
pub fn check(row: &Row<'_>, column: usize, is: u32) -> rusqlite::Result<()> {
    match row.get::<_, Option<u32>>(column)? {
        Some(was) if was != is => Err(damaged(column, "its sum does not match its content".to_owned())),
        _ => Ok(()),
    }
}

/// A row's `direction` or `status` under the program's own name for it.
pub fn known_name(value: &str) -> Option<&'static str> {
    ["mt", "mo"].into_iter().chain(Status::ALL.into_iter().map(Status::name)).find(|known| *known == value)
}

fn name(row: &Row<'_>, column: usize) -> rusqlite::Result<&'static str> {
    let value = row.get_ref(column)?.as_str()?;
    known_name(value).ok_or_else(|| damaged(column, format!("unknown name {value:?}")))
}

/// [`crate::Error::sqlite`] takes it for a damaged row.
fn damaged(column: usize, reason: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Null, reason.into())
}
