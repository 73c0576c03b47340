//! Fills the days of a log, by the tables and indexes that the program itself has made: rows first, then every index at once.
//!
//! `cargo run --release -p septet-store --example fill -- FOLDER ROWS DAYS`
//!
//! FOLDER holds a stopped node's store in which one message has been folded; its record, with another id and numbers of the
//! same length, is every row's. The days are the DAYS before 2026-11-25, with equally many rows. What the rows are is told in
//! `bench/lookups.py`, which asks for them.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use septet_core::engine::Id;
use septet_core::page::{LogRow, Page};
use septet_store::{Error, Options, Store};

/// 2026-11-25.
const END: u64 = 1_795_564_800_000;
const DAY: u64 = 24 * 3600 * 1000;
/// Distinct people.
const CONTACTS: u64 = 20_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, rows, days] = &arguments[..] else {
        eprintln!("usage: fill FOLDER ROWS DAYS");
        std::process::exit(2);
    };
    let number = |text: &String| text.parse::<u64>().unwrap_or_else(|_| panic!("not a number: {text}"));
    let (folder, rows, days) = (Path::new(folder), number(rows), number(days));
    let template = template(folder);
    make(folder, days).expect("the store makes the days");
    for day in 0..days {
        let first = END - (days - day) * DAY;
        let path = newest(folder, days - day - 1);
        fill(&path, &template, day, first, rows / days).expect("a day takes its rows");
    }
}

/// A message that a node has folded.
struct Template {
    id: Id,
    to: String,
    record: Vec<u8>,
}

fn template(folder: &Path) -> Template {
    let path = newest(folder, 0);
    let day = Connection::open(&path).expect("a day opens");
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?));
    let (id, to, record) =
        day.query_row("SELECT id, destination, record FROM message LIMIT 1", [], read).expect("a folded message");
    drop(day);
    std::fs::remove_file(&path).expect("its day can go");
    Template { id: Id::parse(id.as_bytes()).expect("an id"), to, record }
}

/// The day files, newest first.
fn newest(folder: &Path, place: u64) -> PathBuf {
    let files = std::fs::read_dir(folder).expect("the folder can be read").map(|entry| entry.expect("an entry").path());
    let is_day =
        |path: &PathBuf| path.to_string_lossy().contains("/log-") && path.extension().is_some_and(|it| it == "db");
    let mut days: Vec<_> = files.filter(is_day).collect();
    days.sort();
    days.swap_remove(days.len() - 1 - place as usize)
}

/// One row for each day goes the usual way, and with it come the files.
fn make(folder: &Path, days: u64) -> Result<(), Error> {
    let store = Store::open(Options::new(folder.join("septet.db")))?;
    let log: Vec<LogRow> = (0..days)
        .map(|day| {
            let created = END - (days - day) * DAY;
            let texts = [const { String::new() }; 4];
            let [account, from, to, carrier] = texts;
            let (id, record) = (Id::floor(created).to_string(), Vec::new());
            LogRow {
                id,
                direction: "mt",
                account,
                from,
                to,
                carrier,
                segments: 1,
                status: "delivered",
                error: 0,
                created,
                updated: created,
                record,
            }
        })
        .collect();
    let seq = store.replay(&mut |_, _| Ok(()))? + 1;
    store.commit(Page { seq, log, ..Page::default() })?;
    while store.finished().committed < seq || store.finished().waiting > 0 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    store.close()
}

fn fill(path: &Path, template: &Template, day: u64, first: u64, rows: u64) -> rusqlite::Result<()> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA temp_store = FILE",
    )?;
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    let indexes: Vec<(String, String)> =
        connection.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    connection.execute("DELETE FROM message", [])?;
    let id_at = find(&template.record, &template.id.0.to_le_bytes());
    let to_at = find(&template.record, template.to.as_bytes());
    let mut record = template.record.clone();
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare(
            "INSERT INTO message(id, direction, account, source, destination, carrier, segments, status, error, created, updated, record)
             VALUES(?1, ?2, ?3, ?4, ?5, 'carrier', 1, ?6, 0, ?7, ?8, ?9)",
        )?;
        let mut last = (0, 0);
        for number in 0..rows {
            let chance = spread(day * rows + number);
            let created = first + number * DAY / rows;
            // Within a millisecond, ids ascend: the table is filled in their order.
            last = if last.0 == created { (created, last.1 + 1) } else { (created, chance % 1_000_000) };
            let id = Id(Id::floor(created).0 | u128::from(last.1));
            let contact = format!("4670{:07}", spread(chance) % CONTACTS % 10_000_000);
            let own = format!("{}", 72_000 + (chance >> 20) % 200);
            let account = account(chance);
            let inbound = (chance >> 8).is_multiple_of(10);
            record[id_at..id_at + 16].copy_from_slice(&id.0.to_le_bytes());
            record[to_at..to_at + contact.len()].copy_from_slice(contact.as_bytes());
            let (direction, from, to) = if inbound { ("mo", &contact, &own) } else { ("mt", &own, &contact) };
            let status = status(spread(chance ^ 7), inbound);
            insert.execute(params![
                id.to_string(),
                direction,
                account,
                from,
                to,
                status,
                created,
                created + 3000,
                record
            ])?;
        }
    }
    transaction.commit()?;
    for (_, sql) in indexes {
        connection.execute_batch(&sql)?;
    }
    connection.execute_batch("PRAGMA journal_mode = WAL")
}

/// Half of all is one account's, the rest of a hundred; one in a million is of an account that hardly sends.
fn account(chance: u64) -> String {
    match (chance >> 30) % 1_000_000 {
        0 => "rare".to_owned(),
        1..=499_999 => "large".to_owned(),
        share => format!("account-{}", share % 100),
    }
}

fn status(chance: u64, inbound: bool) -> &'static str {
    match (inbound, chance % 10_000) {
        (true, 0..=9) => "dead",
        (true, _) => "handed_over",
        (false, 0) => "failed",
        (false, 1..=10) => "rejected",
        (false, 11..=100) => "expired",
        (false, 101..=500) => "undeliverable",
        (false, _) => "delivered",
    }
}

fn find(record: &[u8], what: &[u8]) -> usize {
    record.windows(what.len()).position(|it| it == what).expect("the record has the message's id and number")
}

/// Any fixed bijection that spreads neighbours far apart.
fn spread(number: u64) -> u64 {
    let mixed = (number ^ number >> 31).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 4
}
