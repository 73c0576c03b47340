//! One transaction: a group of pages, and the little bit of pruning that rides along.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, params};
use septet_core::page::{LogRow, Page};

use crate::{ended, row};

/// An idempotency key is kept this long.
pub const KEY_LIFE_MS: u64 = 24 * 3600 * 1000;
/// Rows pruned in a transaction beyond twice what it adds: pruning overtakes writing, yet stays short.
const PRUNE_SPARE: usize = 64;
/// Pages of folded messages that an idle writer takes away at once: a page that comes meanwhile waits for some milliseconds.
const TRIM_IDLE: usize = 8;

/// What the writer knows of the file. Changes only with a commit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Position {
    /// Journal rows before this `seq` may go.
    pub keep_from: u64,
    /// Some of them are still there.
    pub behind: bool,
    /// Ended messages written since the store was opened, with those that waited then.
    pub appended: u64,
    /// The ended messages of pages up to this `seq` are gone.
    pub trimmed: i64,
}

/// Writes all pages or none, and takes away some of what is no longer needed: the ended messages of pages up to
/// `folded` lie in the files by day. After an error the transaction is rolled back.
pub fn write(connection: &Connection, pages: &[Page], position: Position, folded: i64) -> rusqlite::Result<Position> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let outcome = fill(connection, pages, position, folded).and_then(|position| {
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(position)
    });
    if outcome.is_err() && !connection.is_autocommit() {
        // Some errors have rolled back by themselves; a failure here shows as a transaction that is still open.
        let _ = connection.execute_batch("ROLLBACK");
    }
    outcome
}

fn fill(connection: &Connection, pages: &[Page], mut position: Position, folded: i64) -> rusqlite::Result<Position> {
    journal(connection, pages)?;
    for page in pages.iter().filter(|page| !page.log.is_empty()) {
        ended(connection, page.seq as i64, &page.log)?;
        position.appended += page.log.len() as u64;
    }
    consent(connection, pages)?;
    keys(connection, pages)?;
    prune(connection, pages, &mut position)?;
    trim(connection, pages, &mut position, folded)?;
    Ok(position)
}

fn journal(connection: &Connection, pages: &[Page]) -> rusqlite::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = now.as_millis() as i64;
    // REPLACE: after a sync that failed, the same page may be written a second time.
    let mut insert =
        connection.prepare_cached("INSERT OR REPLACE INTO journal(seq, at, records, sum) VALUES(?1, ?2, ?3, ?4)")?;
    for page in pages {
        insert.execute(params![page.seq, now, page.journal, row::sum_of_page(page.seq, &page.journal)])?;
    }
    Ok(())
}

/// The ended messages of a page, in the order in which they ended, so that the last writer of an id wins.
pub fn ended(connection: &Connection, seq: i64, rows: &[LogRow]) -> rusqlite::Result<()> {
    let ids = || rows.iter().map(|row| &row.id);
    connection
        .prepare_cached("INSERT OR REPLACE INTO ended(seq, first, last, records) VALUES(?1, ?2, ?3, ?4)")?
        .execute(params![seq, ids().min(), ids().max(), ended::encode(rows)])?;
    Ok(())
}

fn consent(connection: &Connection, pages: &[Page]) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO consent(number, contact, opted_out, at, proof, sum) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for row in pages.iter().flat_map(|page| &page.consent) {
        let sum = row::sum_of_consent(row);
        insert.execute(params![row.number, row.contact, row.opted_out, row.at, row.proof, sum])?;
    }
    Ok(())
}

fn keys(connection: &Connection, pages: &[Page]) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO idempotency(account, key, body_hash, answer, at, sum) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let mut newest = 0;
    let mut count = 0;
    for row in pages.iter().flat_map(|page| &page.keys) {
        insert.execute(params![row.account, row.key, row.body_hash, row.answer, row.at, row::sum_of_key(row)])?;
        newest = newest.max(row.at);
        count += 1;
    }
    if count > 0 {
        // Row ids are in order of insertion, so the oldest keys come first and no index on `at` is needed.
        connection
            .prepare_cached(
                "DELETE FROM idempotency WHERE rowid IN (SELECT rowid FROM idempotency ORDER BY rowid LIMIT ?1) AND at < ?2",
            )?
            .execute(params![2 * count + PRUNE_SPARE, newest.saturating_sub(KEY_LIFE_MS)])?;
    }
    Ok(())
}

fn prune(connection: &Connection, pages: &[Page], position: &mut Position) -> rusqlite::Result<()> {
    let last = pages.last().map_or(0, |page| page.seq);
    let wanted = pages.iter().map(|page| page.keep_from).max().unwrap_or(0);
    // The newest row always stays: it is what tells the next start which `seq` comes next.
    let keep_from = position.keep_from.max(wanted.min(last));
    if keep_from == position.keep_from && !position.behind {
        return Ok(());
    }
    let most = 2 * pages.len() + PRUNE_SPARE;
    let gone = connection
        .prepare_cached(
            "DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE seq < ?1 ORDER BY seq LIMIT ?2)",
        )?
        .execute(params![keep_from, most])?;
    (position.keep_from, position.behind) = (keep_from, gone == most);
    Ok(())
}

fn trim(connection: &Connection, pages: &[Page], position: &mut Position, folded: i64) -> rusqlite::Result<()> {
    if folded <= position.trimmed {
        return Ok(());
    }
    // With nothing to commit there is time for more.
    let most = if pages.is_empty() { TRIM_IDLE } else { 2 * pages.len() };
    let gone = connection
        .prepare_cached("DELETE FROM ended WHERE seq IN (SELECT seq FROM ended WHERE seq <= ?1 ORDER BY seq LIMIT ?2)")?
        .execute(params![folded, most])?;
    position.trimmed = if gone < most {
        folded
    } else {
        let sql = "SELECT coalesce(min(seq) - 1, ?1) FROM ended";
        connection.prepare_cached(sql)?.query_row([folded], |row| row.get::<_, i64>(0))?.min(folded)
    };
    Ok(())
}
