//! One transaction: a group of pages, and the little bit of pruning that rides along.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, params};
use septet_core::page::{LogRow, Page};

/// An idempotency key is kept this long.
pub const KEY_LIFE_MS: u64 = 24 * 3600 * 1000;
/// Rows pruned in a transaction beyond twice what it adds: pruning overtakes writing, yet stays short.
const PRUNE_SPARE: usize = 64;

/// How far the journal has been pruned. Changes only with a commit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pruned {
    /// Rows before this `seq` may go.
    keep_from: u64,
    /// Some of them are still there.
    behind: bool,
}

/// Writes all pages or none. After an error the transaction is rolled back.
pub fn write(connection: &Connection, pages: &[Page], pruned: Pruned) -> rusqlite::Result<Pruned> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let outcome = fill(connection, pages, pruned).and_then(|pruned| {
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(pruned)
    });
    if outcome.is_err() && !connection.is_autocommit() {
        // Some errors have rolled back by themselves; a failure here shows as a transaction that is still open.
        let _ = connection.execute_batch("ROLLBACK");
    }
    outcome
}

fn fill(connection: &Connection, pages: &[Page], pruned: Pruned) -> rusqlite::Result<Pruned> {
    journal(connection, pages)?;
    messages(connection, pages)?;
    consent(connection, pages)?;
    keys(connection, pages)?;
    prune(connection, pages, pruned)
}

fn journal(connection: &Connection, pages: &[Page]) -> rusqlite::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = now.as_millis() as i64;
    // REPLACE: after a sync that failed, the same page may be written a second time.
    let mut insert =
        connection.prepare_cached("INSERT OR REPLACE INTO journal(seq, at, records) VALUES(?1, ?2, ?3)")?;
    for page in pages {
        insert.execute(params![page.seq, now, page.journal])?;
    }
    Ok(())
}

fn messages(connection: &Connection, pages: &[Page]) -> rusqlite::Result<()> {
    let mut rows: Vec<&LogRow> = pages.iter().flat_map(|page| &page.log).collect();
    if rows.is_empty() {
        return Ok(());
    }
    // In order of id, SQLite appends instead of seeking; the sort is stable, so the last writer of an id still wins.
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO message(id, direction, account, source, destination, status, created, updated, record) \
         VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for row in rows {
        insert.execute(params![
            row.id,
            row.direction,
            row.account,
            row.from,
            row.to,
            row.status,
            row.created,
            row.updated,
            row.record
        ])?;
    }
    Ok(())
}

fn consent(connection: &Connection, pages: &[Page]) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO consent(number, contact, opted_out, at, proof) VALUES(?1, ?2, ?3, ?4, ?5)",
    )?;
    for row in pages.iter().flat_map(|page| &page.consent) {
        insert.execute(params![row.number, row.contact, row.opted_out, row.at, row.proof])?;
    }
    Ok(())
}

fn keys(connection: &Connection, pages: &[Page]) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO idempotency(account, key, body_hash, answer, at) VALUES(?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut newest = 0;
    let mut count = 0;
    for row in pages.iter().flat_map(|page| &page.keys) {
        insert.execute(params![row.account, row.key, row.body_hash, row.answer, row.at])?;
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

fn prune(connection: &Connection, pages: &[Page], pruned: Pruned) -> rusqlite::Result<Pruned> {
    let last = pages.last().map_or(0, |page| page.seq);
    let wanted = pages.iter().map(|page| page.keep_from).max().unwrap_or(0);
    // The newest row always stays: it is what tells the next start which `seq` comes next.
    let keep_from = pruned.keep_from.max(wanted.min(last));
    if keep_from == pruned.keep_from && !pruned.behind {
        return Ok(pruned);
    }
    let most = 2 * pages.len() + PRUNE_SPARE;
    let gone = connection
        .prepare_cached(
            "DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE seq < ?1 ORDER BY seq LIMIT ?2)",
        )?
        .execute(params![keep_from, most])?;
    Ok(Pruned { keep_from, behind: gone == most })
}
