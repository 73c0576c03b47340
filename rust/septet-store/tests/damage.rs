//! A flipped bit, a lost page, a cut file: found at open or when it is read, set aside, and saved from.

mod common;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{consent, ids, journal, key, open, options, page, wait};
use proptest::prelude::*;
use septet_core::page::{ConsentRow, KeyRow, LogRow, Page};
use septet_store::{Durability, Error, Filter, Folding, Options, Store, salvage};
use tempfile::{TempDir, tempdir};

const PAGES: u64 = 60;

/// A store whose log is not folded while a test runs.
fn slow(path: &Path) -> Options {
    Options {
        folding: Folding { rows: usize::MAX, pause: Duration::from_secs(3600), ..Folding::default() },
        ..options(path)
    }
}

/// A closed store with a bit of everything, in one file.
fn filled() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let store = Store::open(slow(&path)).unwrap();
    for seq in 1..=PAGES {
        let name = seq.to_string();
        let rest = Page { consent: vec![consent(&name, seq % 2 == 0)], keys: vec![key(&name, seq)], ..Page::default() };
        store.commit(Page { consent: rest.consent, keys: rest.keys, ..page(seq) }).unwrap();
    }
    store.close().unwrap();
    (folder, path)
}

type Content = (Vec<(u64, Vec<u8>)>, Vec<ConsentRow>, Vec<KeyRow>, Vec<LogRow>);

/// All that a node reads of its store.
fn read(store: &Store) -> Result<Content, Error> {
    let (mut pages, mut consents, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    store.replay(&mut |seq, records| {
        pages.push((seq, records.to_vec()));
        Ok(())
    })?;
    store.consent(&mut |row| consents.push(row))?;
    consents.sort_by(|a, b| a.contact.cmp(&b.contact));
    for seq in 1..=PAGES {
        keys.extend(store.key("acme", &seq.to_string())?);
    }
    let log = store.query(&Filter { limit: usize::MAX, ..Filter::default() })?;
    for row in &log {
        assert_eq!(ids(store, &Filter { id: Some(row.id.clone()), ..Filter::default() }), [row.id.as_str()]);
    }
    Ok((pages, consents, keys, log))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_flipped_bit_is_found_or_changes_nothing(place in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let (_folder, path) = filled();
        let whole = read(&Store::open(slow(&path)).unwrap()).unwrap();
        let mut octets = fs::read(&path).unwrap();
        let place = place.index(octets.len());
        octets[place] ^= 1 << bit;
        fs::write(&path, &octets).unwrap();
        match Store::open(slow(&path)).and_then(|store| read(&store)) {
            Ok(found) => prop_assert_eq!(found, whole, "octet {} passed unseen", place),
            Err(error) => {
                prop_assert!(["store.corrupt", "store.schema"].contains(&error.code), "octet {}: {}", place, error);
                prop_assert!(error.message.contains("septet.db"), "{}", error);
            }
        }
    }
}

#[test]
fn a_table_with_another_definition_is_refused_and_an_index_of_the_operators_own_is_not() {
    let (_folder, path) = filled();
    let by_hand = |sql: &str| {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.execute_batch(sql).unwrap();
    };
    by_hand("CREATE INDEX mine ON idempotency(at)");
    drop(Store::open(slow(&path)).unwrap());
    by_hand(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'proof', 'prouf') WHERE name = 'consent'",
    );
    let refused = Store::open(slow(&path)).err().expect("refused");
    assert_eq!(refused.code, "store.schema");
    assert!(refused.message.contains("the table consent"), "{refused}");
}

#[test]
fn a_lost_page_costs_what_was_in_it_and_the_file_is_kept_as_it_was() {
    let (folder, path) = filled();
    let whole = read(&Store::open(slow(&path)).unwrap()).unwrap();
    let count = fs::metadata(&path).unwrap().len() / 4096;
    let mut complete = 0;
    for lost in 1..count {
        let copy = folder.path().join(format!("{lost}")).join("septet.db");
        fs::create_dir(copy.parent().unwrap()).unwrap();
        fs::copy(&path, &copy).unwrap();
        OpenOptions::new().write(true).open(&copy).unwrap().write_all_at(&[0xFF; 4096], lost * 4096).unwrap();
        let damaged = fs::read(&copy).unwrap();
        let error = Store::open(slow(&copy)).and_then(|store| read(&store)).unwrap_err();
        assert_eq!(error.code, "store.corrupt", "page {lost}");
        let saved = salvage(&copy).unwrap();
        assert_eq!(fs::read(&saved.aside).unwrap(), damaged);
        let (pages, consents, keys, log) = read(&Store::open(slow(&copy)).unwrap()).unwrap();
        assert_eq!(saved.pages, pages.len() as u64);
        assert_eq!((saved.consent, saved.keys), (consents.len() as u64, keys.len() as u64));
        assert_eq!(saved.messages, log.len() as u64);
        for (seq, records) in &pages {
            assert_eq!(*records, journal(*seq), "what is taken over is whole");
        }
        assert!(log.iter().all(|row| whole.3.contains(row)));
        assert!(consents.iter().all(|row| whole.1.contains(row)));
        let all = (pages, consents, keys, log) == whole;
        assert!(all || !saved.lost.is_empty(), "page {lost}: something is missing and nothing says so");
        complete += u64::from(all);
    }
    assert!(complete < count - 1, "no page was worth anything");
}

/// A copy of a store as a killed process leaves it: the file, and a log with 20 transactions, of which the last begins
/// at the place given.
fn killed() -> (TempDir, PathBuf, u64) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let copy = folder.path().join("copy.db");
    let store = Store::open(Options { durability: Durability::Full, ..slow(&path) }).unwrap();
    let log = path.with_extension("db-wal");
    let mut last = 0;
    for seq in 1..=20 {
        last = fs::metadata(&log).unwrap().len();
        store.commit(page(seq)).unwrap();
        wait(&store, seq);
    }
    assert!(fs::metadata(&log).unwrap().len() > last);
    for end in ["", "-wal", "-shm"] {
        let name = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        fs::copy(name(&path), name(&copy)).unwrap();
    }
    (folder, copy, last)
}

fn flip(path: &Path, place: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut octet = [0];
    file.read_exact_at(&mut octet, place).unwrap();
    file.write_all_at(&[octet[0] ^ 1], place).unwrap();
}

fn side(path: &Path, end: &str) -> PathBuf {
    path.with_extension(format!("db-{end}"))
}

/// Opening says what is damaged; saving keeps what lies before it, and says that something is lost.
fn refused_and_saved(path: &Path, says: &str) {
    let full = Options { durability: Durability::Full, ..slow(path) };
    let error = Store::open(full.clone()).err().expect("a damaged log was read");
    assert_eq!(error.code, "store.corrupt");
    assert!(error.message.contains("copy.db-wal") && error.message.contains(says), "{error}");
    let saved = salvage(path).unwrap();
    assert!(saved.pages < 20 && saved.lost.iter().any(|it| it.contains(says)), "{saved:?}");
    let found = common::replay(&Store::open(full).unwrap());
    assert_eq!(found, (1..=saved.pages).map(|seq| (seq, journal(seq))).collect::<Vec<_>>());
}

/// The length of a frame in the log of a store.
const FRAME: u64 = 24 + 4096;

#[test]
fn damage_anywhere_in_the_log_is_not_taken_for_its_end() {
    let (_folder, path, last) = killed();
    let log = side(&path, "wal");
    let middle = 32 + (last / 2 / FRAME) * FRAME;
    let whole = [fs::read(&path).unwrap(), fs::read(&log).unwrap(), fs::read(side(&path, "shm")).unwrap()];
    for (place, says) in [
        (3, "header"),
        (9, "header"),
        (17, "header"),
        (25, "header"),
        // The page's number, the size after a commit, the salt, the sum, the page.
        (middle, "damaged"),
        (middle + 5, "damaged"),
        (middle + 9, "damaged"),
        (middle + 17, "damaged"),
        (middle + 1000, "damaged"),
        (last + 9, "whole"),
        (last + 100, "whole"),
    ] {
        for (file, octets) in [path.clone(), log.clone(), side(&path, "shm")].iter().zip(&whole) {
            fs::write(file, octets).unwrap();
        }
        flip(&log, place);
        refused_and_saved(&path, says);
    }
}

#[test]
fn a_log_that_lost_its_end_is_found_by_its_index() {
    for frames in [0, 1, 7] {
        let (_folder, path, last) = killed();
        let log = OpenOptions::new().write(true).open(side(&path, "wal")).unwrap();
        log.set_len(32 + frames * FRAME + 100).unwrap();
        assert!(32 + frames * FRAME + 100 < last);
        refused_and_saved(&path, &format!("only {frames} of"));
    }
}

#[test]
fn an_index_that_is_not_of_the_log_says_nothing() {
    for place in [16, 32, 40, 64] {
        let (_folder, path, last) = killed();
        flip(&side(&path, "wal"), last + 100);
        flip(&side(&path, "shm"), place);
        let store = Store::open(Options { durability: Durability::Full, ..slow(&path) }).unwrap();
        assert_eq!(common::replay(&store).len(), 19);
    }
}

#[test]
fn a_last_transaction_that_a_power_cut_tore_was_never_there() {
    let (_folder, path, last) = killed();
    flip(&side(&path, "wal"), last + 100);
    // The index is not synced: after a power cut it is gone or old.
    fs::remove_file(side(&path, "shm")).unwrap();
    let store = Store::open(Options { durability: Durability::Full, ..slow(&path) }).unwrap();
    assert_eq!(common::replay(&store).len(), 19);
}

#[test]
fn a_store_of_the_first_version_is_brought_over_whole() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let first = rusqlite::Connection::open(&path).unwrap();
    first.execute_batch(include_str!("version-1.sql")).unwrap();
    drop(first);
    let store = Store::open(slow(&path)).unwrap();
    assert_eq!(common::replay(&store), [(7, vec![1, 2, 3]), (8, vec![])]);
    assert_eq!(common::consents(&store), [("46701".to_owned(), true), ("46702".to_owned(), false)]);
    assert_eq!(store.key("acme", "k").unwrap().unwrap().answer, b"{}");
    let log = store.query(&Filter::default()).unwrap();
    let found: Vec<_> = log.iter().map(|row| (row.to.as_str(), row.status, row.created, row.record.clone())).collect();
    assert_eq!(
        found,
        [("46702", "failed", 1_795_651_200_000, vec![5]), ("46701", "delivered", 1_795_564_800_000, vec![4])]
    );
    store.commit(page(9)).unwrap();
    store.close().unwrap();
    // Once more, and folded.
    let store = open(&path);
    assert_eq!(common::replay(&store).len(), 3);
    assert_eq!(store.query(&Filter::default()).unwrap().len(), 3);
}
