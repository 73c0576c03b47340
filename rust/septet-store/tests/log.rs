//! The log by day: folded from the live file, kept for a time, found by every question.

mod common;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::{ids, options, row, wait};
use rusqlite::Connection;
use septet_core::engine::Id;
use septet_core::page::{LogRow, Page};
use septet_store::{Filter, Folding, Options, Store};
use tempfile::tempdir;

const DAY: u64 = 24 * 3600 * 1000;
/// 2026-11-25.
const TODAY: u64 = 1_795_564_800_000;

fn folding(path: &Path) -> Options {
    let folding = Folding { rows: 1, pause: Duration::ZERO, ..Folding::default() };
    Options { folding, ..options(path) }
}

/// A row whose id was made at `at`.
fn at(at: u64, number: u64) -> LogRow {
    let id = Id(Id::floor(at).0 | u128::from(number)).to_string();
    LogRow { id, created: at, updated: at + 7, ..row(number) }
}

fn commit(store: &Store, seq: u64, log: Vec<LogRow>) {
    store.commit(Page { seq, log, ..Page::default() }).unwrap();
    wait(store, seq);
}

fn count(path: &Path, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    Connection::open(path).unwrap().query_row(&sql, [], |row| row.get(0)).unwrap()
}

/// Blocks until the live file holds no ended message.
fn folded(path: &Path) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while count(path, "ended") > 0 {
        assert!(Instant::now() < deadline, "some were never folded");
        std::thread::yield_now();
    }
}

/// As [`folding`], but nothing is folded while a test runs.
fn waiting(path: &Path) -> Options {
    let folding = Folding { rows: usize::MAX, pause: Duration::from_secs(3600), ..Folding::default() };
    Options { folding, ..options(path) }
}

/// Blocks until the store has something to say.
fn notes(store: &Store) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let notes = store.finished().notes;
        if !notes.is_empty() {
            return notes;
        }
        assert!(Instant::now() < deadline, "the store said nothing");
        std::thread::yield_now();
    }
}

fn everything() -> Filter {
    Filter { limit: usize::MAX, ..Filter::default() }
}

#[test]
fn rows_move_to_the_day_that_their_id_names_and_are_found_all_the_while() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let store = Store::open(folding(&path)).unwrap();
    let mut expected = Vec::new();
    for seq in 1..=60 {
        let row = at(TODAY + seq * DAY / 20, seq);
        commit(&store, seq, vec![row.clone()]);
        expected.insert(0, row);
        assert_eq!(store.query(&everything()).unwrap(), expected);
    }
    folded(&path);
    assert_eq!(store.query(&everything()).unwrap(), expected);
    for (name, rows) in [("log-2026-11-25.db", 19), ("log-2026-11-26.db", 20), ("log-2026-11-28.db", 1)] {
        assert_eq!(count(&folder.path().join(name), "message"), rows, "{name}");
    }
    store.close().unwrap();
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    names.sort();
    let days = ["log-2026-11-25.db", "log-2026-11-26.db", "log-2026-11-27.db", "log-2026-11-28.db"];
    assert_eq!(names, [&days[..], &["septet.db", "septet.db-lock"]].concat(), "a day is one file");
    assert_eq!(Store::open(folding(&path)).unwrap().query(&everything()).unwrap(), expected);
}

#[test]
fn what_a_crash_left_in_both_places_is_there_once() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let store = Store::open(waiting(&path)).unwrap();
    let rows: Vec<_> = (1..=50).map(|number| at(TODAY + number, number)).collect();
    commit(&store, 1, rows.clone());
    store.close().unwrap();
    let before = fs::read(&path).unwrap();
    let store = Store::open(folding(&path)).unwrap();
    folded(&path);
    store.close().unwrap();
    // As if the node had died after the day was synced and before the rows left the live file.
    fs::write(&path, before).unwrap();
    let store = Store::open(folding(&path)).unwrap();
    let mut expected = rows;
    expected.reverse();
    assert_eq!(store.query(&everything()).unwrap(), expected);
    folded(&path);
    assert_eq!(store.query(&everything()).unwrap(), expected);
    assert_eq!(count(&folder.path().join("log-2026-11-25.db"), "message"), 50);
}

#[test]
fn rows_that_come_after_all_were_folded_are_folded_too() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let store = Store::open(folding(&path)).unwrap();
    for seq in 1..=20 {
        commit(&store, seq, (0..3).map(|number| at(TODAY + seq, 10 * seq + number)).collect());
        folded(&path);
    }
    assert_eq!(count(&folder.path().join("log-2026-11-25.db"), "message"), 60);
}

#[test]
fn every_question_is_answered_from_live_file_and_days_alike() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let rows: Vec<_> = (1..=200).map(|number| at(TODAY + number * DAY / 70, number)).collect();
    let store = Store::open(folding(&path)).unwrap();
    commit(&store, 1, rows[..120].to_vec());
    folded(&path);
    store.close().unwrap();
    // As if millions lay between them: half of each day's rows are in another stretch of its indexes.
    for day in ["log-2026-11-25.db", "log-2026-11-26.db"] {
        let day = Connection::open(folder.path().join(day)).unwrap();
        assert!(day.execute("UPDATE message SET n = n + (1 << 19) WHERE n % 2", []).unwrap() > 10);
    }
    let store = Store::open(waiting(&path)).unwrap();
    commit(&store, 2, rows[120..].to_vec());
    assert_eq!(count(&path, "ended"), 1);

    let some = |text: &str| Some(text.to_owned());
    let questions = [
        Filter { source: some("12345"), ..everything() },
        Filter { source: some("12345"), account: some("account-1"), status: some("failed"), ..everything() },
        Filter { source: some("12345"), status: some("delivered"), ..everything() },
        Filter { destination: some("46703"), ..everything() },
        Filter { destination: some("46703"), source: some("12345"), direction: some("mo"), ..everything() },
        Filter { destination: some("46703"), account: some("account-2"), status: some("failed"), ..everything() },
        Filter { account: some("account-0"), ..everything() },
        Filter { account: some("account-0"), status: some("delivered"), ..everything() },
        Filter { status: some("failed"), ..everything() },
        Filter { status: some("blocked"), ..everything() },
        Filter { direction: some("mt"), limit: 33, ..everything() },
        Filter { since: Some(TODAY + DAY), until: Some(TODAY + 2 * DAY), ..everything() },
        Filter { since: Some(TODAY + DAY / 2), until: Some(TODAY + DAY / 2 + 1), ..everything() },
        Filter { until: Some(TODAY + DAY), account: some("account-1"), ..everything() },
        Filter { since: Some(TODAY + 2 * DAY), destination: some("46701"), ..everything() },
        Filter { id: Some(rows[60].id.clone()), ..everything() },
        Filter { id: Some(rows[160].id.clone()), ..everything() },
        Filter { id: some("00000000000000000000"), ..everything() },
    ];
    for question in questions {
        let matching = |row: &&LogRow| {
            question.id.as_ref().is_none_or(|id| *id == row.id)
                && question.source.as_ref().is_none_or(|it| *it == row.from)
                && question.destination.as_ref().is_none_or(|it| *it == row.to)
                && question.account.as_ref().is_none_or(|it| *it == row.account)
                && question.status.as_ref().is_none_or(|it| *it == row.status)
                && question.direction.as_ref().is_none_or(|it| *it == row.direction)
                && question.since.is_none_or(|it| row.created >= it)
                && question.until.is_none_or(|it| row.created < it)
        };
        let expected: Vec<_> = rows.iter().rev().filter(matching).map(|row| row.id.clone()).collect();
        let expected = &expected[..expected.len().min(question.limit)];
        assert_eq!(ids(&store, &question), expected, "{question:?}");
        // Page by page, the same.
        let mut page = Filter { limit: 7, ..question.clone() };
        let mut seen = Vec::new();
        loop {
            let found = ids(&store, &page);
            let Some(last) = found.last() else { break };
            page.before_id = Some(last.clone());
            seen.extend(found);
        }
        seen.truncate(question.limit);
        assert_eq!(seen, expected, "{question:?}");
    }
}

#[test]
fn a_day_older_than_the_log_is_kept_is_removed_and_not_made_again() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let rows = |age: u64| at(now - age * DAY, age);
    let store = Store::open(folding(&path)).unwrap();
    commit(&store, 1, vec![rows(5), rows(3), rows(0)]);
    folded(&path);
    store.close().unwrap();
    let mut kept = folding(&path);
    kept.folding.retention_days = 4;
    let store = Store::open(kept).unwrap();
    let notes = notes(&store);
    assert!(notes.len() == 1 && notes[0].contains("removed"), "{notes:?}");
    commit(&store, 2, vec![rows(6), rows(1)]);
    folded(&path);
    assert_eq!(ids(&store, &everything()), [rows(0).id, rows(1).id, rows(3).id]);
    store.close().unwrap();
    let days = fs::read_dir(folder.path())
        .unwrap()
        .filter(|it| it.as_ref().unwrap().file_name().to_string_lossy().starts_with("log-"));
    assert_eq!(days.count(), 3);
}

#[test]
fn a_damaged_day_is_reported_set_aside_and_what_it_still_holds_is_saved() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let store = Store::open(folding(&path)).unwrap();
    let rows: Vec<_> = (1..=2000).map(|number| at(TODAY + number, number)).collect();
    commit(&store, 1, rows.clone());
    folded(&path);
    store.close().unwrap();
    let day = folder.path().join("log-2026-11-25.db");
    let mut octets = fs::read(&day).unwrap();
    // One bit of one record, which only its sum can tell.
    let place = octets.windows(60).position(|window| window == [99; 60]).unwrap();
    octets[place + 30] ^= 4;
    fs::write(&day, &octets).unwrap();

    let store = Store::open(folding(&path)).unwrap();
    let error = store.query(&everything()).unwrap_err();
    assert_eq!(error.code, "store.corrupt");
    assert!(error.message.contains("log-2026-11-25.db"), "{error}");
    let notes = notes(&store);
    assert!(notes[0].contains(".corrupt-") && notes[0].contains("1999 messages"), "{notes:?}");
    let found = store.query(&everything()).unwrap();
    assert_eq!(found.len(), 1999);
    let aside = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().path());
    let aside: Vec<_> = aside.filter(|it| it.to_string_lossy().contains(".db.corrupt-")).collect();
    assert!(aside.iter().any(|it| fs::read(it).unwrap() == octets), "the damaged file is kept as it was: {aside:?}");
}

/// Questions to a day of the log, and the indexes that it may be answered by.
const PLANS: [(&str, &[&str]); 10] = [
    ("id", &["sqlite_autoindex_message_1 "]),
    ("source", &["message_source "]),
    ("destination", &["message_destination "]),
    ("account", &["message_account_status "]),
    ("status", &["message_status "]),
    ("direction", &["message_status "]),
    ("account, status", &["message_account_status "]),
    ("source, status", &["message_source ", "message_status "]),
    ("destination, account", &["message_destination ", "message_account_status "]),
    ("since", &["sqlite_autoindex_message_1 "]),
];

#[test]
fn no_question_walks_through_a_day() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let store = Store::open(folding(&path)).unwrap();
    commit(&store, 1, (1..=10).map(|number| at(TODAY + number, number)).collect());
    folded(&path);
    store.close().unwrap();
    let day = Connection::open(folder.path().join("log-2026-11-25.db")).unwrap();
    for (question, indexes) in &PLANS {
        let has = |name: &str| question.split(", ").any(|it| it == name);
        let value = |name: &str| has(name).then(|| "12345".to_owned());
        let filter = Filter {
            id: value("id"),
            source: value("source"),
            destination: value("destination"),
            account: value("account"),
            status: value("status"),
            direction: has("direction").then(|| "mo".to_owned()),
            since: has("since").then_some(TODAY),
            ..Filter::default()
        };
        let statements = filter.statements();
        assert_eq!(statements.len(), indexes.len(), "{question}");
        for ((sql, values), index) in statements.into_iter().zip(*indexes) {
            let mut statement = day.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let steps = statement.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
            let plan: Vec<String> = steps.map(Result::unwrap).collect();
            let search = |step: &&String| step.starts_with("SEARCH ") && step.contains(index);
            assert!(plan.iter().any(|step| search(&step)), "{question}: {plan:?}");
            // Whatever walks a table or an index, and whatever sorts.
            let bad = |step: &String| step.contains("SCAN") || step.contains("TEMP B-TREE");
            assert!(!plan.iter().any(bad), "{question}: {plan:?}");
        }
    }
}
