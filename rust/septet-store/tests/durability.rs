//! Acknowledged means durable: what survives a close, a copy taken mid-write, and a killed process.

mod common;

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use common::{consent, consents, id, ids, journal, open, options, page, replay, wait};
use proptest::prelude::*;
use septet_core::page::Page;
use septet_store::{Durability, Filter, Options, Store};
use tempfile::tempdir;

#[test]
fn pages_come_back_in_order_after_a_reopen() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let store = open(&path);
    assert_eq!(replay(&store), []);
    for seq in [1, 2, 5] {
        store.commit(page(seq)).unwrap();
    }
    store.close().unwrap();
    let store = open(&path);
    let expected = [1, 2, 5].map(|seq| (seq, journal(seq)));
    assert_eq!(replay(&store), expected);
    assert_eq!(store.finished().committed, 5);
    assert_eq!(ids(&store, &Filter::default()), [5, 2, 1].map(id));
}

#[test]
fn a_sequence_number_never_repeats() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let store = open(&path);
    store.commit(page(3)).unwrap();

    for seq in [0, 2, 3, u64::MAX] {
        let page = Page { seq, ..Page::default() };
        assert_eq!(store.commit(page).unwrap_err().code, "store.order");
    }
    store.close().unwrap();
    assert_eq!(open(&path).commit(page(3)).unwrap_err().code, "store.order");
}

#[test]
fn close_commits_what_is_queued_and_may_be_called_again() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let store = open(&path);
    for seq in 1..=300 {
        store.commit(page(seq)).unwrap();
    }
    store.close().unwrap();
    store.close().unwrap();
    assert_eq!(store.finished().committed, 300);
    assert_eq!(store.commit(page(301)).unwrap_err().code, "store.closed");
    assert_eq!(store.query(&Filter::default()).unwrap_err().code, "store.closed");
    assert_eq!(fs::metadata(path.with_extension("db-wal")).map_or(0, |file| file.len()), 0);
    assert_eq!(replay(&open(&path)).len(), 300);
}

#[test]
fn pages_that_wait_share_a_commit() {
    let folder = tempdir().unwrap();
    let store = Store::open(Options::new(folder.path().join("septet.db"))).unwrap();
    for seq in 1..=1000 {
        store.commit(page(seq)).unwrap();
    }
    store.close().unwrap();
    let finished = store.finished();
    assert_eq!(finished.committed, 1000);
    assert!(finished.commits < 500, "{} commits for 1000 pages", finished.commits);
    assert_eq!(finished.commit_seconds.len() as u64, finished.commits);
    assert!(store.finished().commit_seconds.is_empty());
}

#[test]
fn a_full_queue_says_busy_and_takes_pages_again_later() {
    let folder = tempdir().unwrap();
    let store = Store::open(Options { max_pages: 2, ..Options::new(folder.path().join("septet.db")) }).unwrap();
    let mut refused = false;
    for seq in 1..=1000 {
        if let Err(error) = store.commit(page(seq)) {
            assert_eq!(error.code, "store.busy");
            refused = true;
            wait(&store, seq - 1);
            store.commit(page(seq)).unwrap();
        }
    }
    assert!(refused);
    wait(&store, 1000);
    assert_eq!(store.room(), 2);
}

#[test]
fn the_journal_forgets_what_is_no_longer_needed_but_never_its_newest_page() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let store = open(&path);
    for seq in 1..=500 {
        store.commit(page(seq)).unwrap();
    }
    wait(&store, 500);
    for seq in 501..=510 {
        let all = Page { keep_from: u64::MAX, ..page(seq) };
        store.commit(all).unwrap();
        wait(&store, seq);
    }
    store.close().unwrap();
    let store = open(&path);
    assert_eq!(replay(&store), [(510, journal(510))]);
    assert_eq!(ids(&store, &Filter { limit: 1000, ..Filter::default() }).len(), 510);
}

#[test]
fn a_page_that_the_reader_refuses_is_named() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let store = open(&path);
    store.commit(page(1)).unwrap();
    store.commit(page(2)).unwrap();
    wait(&store, 2);
    let error = store
        .replay(&mut |seq, _| {
            if seq == 2 { Err("bad record".to_owned()) } else { Ok(()) }
        })
        .unwrap_err();
    assert_eq!(error.code, "store.corrupt");
    assert!(error.message.contains("row 2") && error.message.contains("bad record"), "{error}");
}

/// Journal octets, log rows, and a contact whose consent toggles.
type Draft = (usize, usize, Option<u8>);

fn build(drafts: &[Draft]) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut made = 0;
    for (index, (octets, rows, contact)) in drafts.iter().enumerate() {
        let seq = index as u64 + 1;
        let first = made;
        made += *rows as u64;
        pages.push(Page {
            seq,
            journal: vec![seq as u8; *octets],
            log: (first..made).map(common::row).collect(),
            consent: contact.iter().map(|contact| consent(&contact.to_string(), index % 2 == 0)).collect(),
            ..Page::default()
        });
    }
    pages
}

/// The store at `path` must hold exactly the first pages, and at least `least` of them.
fn assert_prefix(path: &Path, pages: &[Page], least: u64) {
    let store = open(path);
    let rows = replay(&store);
    assert!(rows.len() as u64 >= least, "{} pages of {least} committed", rows.len());
    let kept = &pages[..rows.len()];
    let expected: Vec<_> = kept.iter().map(|page| (page.seq, page.journal.clone())).collect();
    assert_eq!(rows, expected);
    let mut log: Vec<_> = kept.iter().flat_map(|page| page.log.clone()).collect();
    log.reverse();
    let everything = Filter { limit: usize::MAX, ..Filter::default() };
    assert_eq!(store.query(&everything).unwrap(), log);
    let mut last = std::collections::BTreeMap::new();
    for row in kept.iter().flat_map(|page| &page.consent) {
        last.insert(row.contact.clone(), row.opted_out);
    }
    assert_eq!(consents(&store), last.into_iter().collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// A killed process leaves the two files as they are, and a power cut may take the end of the log that was never synced.
    #[test]
    fn whenever_it_is_killed_a_prefix_with_everything_reported_survives(
        drafts in prop::collection::vec((0..6000_usize, 0..5_usize, prop::option::of(0..4_u8)), 1..40),
        cut in any::<prop::sample::Index>(),
        torn in 0..=100_u64,
        full in any::<bool>(),
    ) {
        let folder = tempdir().unwrap();
        let path = folder.path().join("septet.db");
        let durability = if full { Durability::Full } else { Durability::Os };
        let store = Store::open(Options { durability, ..options(&path) }).unwrap();
        let pages = build(&drafts);
        let cut = cut.index(pages.len());
        let copy = folder.path().join("copy.db");
        let mut reported = 0;
        for (index, page) in pages.iter().enumerate() {
            store.commit(page.clone()).unwrap();
            if index == cut {
                reported = store.finished().committed;
                let synced = fs::metadata(path.with_extension("db-wal")).unwrap().len();
                fs::copy(&path, &copy).unwrap();
                let log = copy.with_extension("db-wal");
                fs::copy(path.with_extension("db-wal"), &log).unwrap();
                let beyond = fs::metadata(&log).unwrap().len() - synced;
                let file = OpenOptions::new().write(true).open(&log).unwrap();
                file.set_len(synced + beyond * torn / 100).unwrap();
            }
        }
        store.close().unwrap();
        assert_prefix(&copy, &pages, reported);
        assert_prefix(&path, &pages, pages.len() as u64);
    }
}

const VICTIM: &str = "SEPTET_STORE_VICTIM";

#[test]
#[ignore = "the other half of the next test, which runs it in a process of its own"]
fn victim() {
    let Ok(path) = std::env::var(VICTIM) else {
        return;
    };
    let store = open(Path::new(&path));
    let mut seq = 0;
    loop {
        if store.room() > 0 {
            seq += 1;
            store.commit(page(seq)).unwrap();
        }
        println!("committed {}", store.finished().committed);
    }
}

#[test]
fn a_killed_process_loses_nothing_it_reported() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("septet.db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim", "--ignored", "--nocapture"])
        .env(VICTIM, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reported = 0;
    let mut killed = false;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        // The kill may cut the last line short.
        let Ok(line) = line else { break };
        let Some((_, number)) = line.split_once("committed ") else {
            continue;
        };
        let Ok(number) = number.parse::<u64>() else {
            continue;
        };
        if !killed || number > reported {
            reported = reported.max(number);
        }
        if reported > 2000 && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    child.wait().unwrap();
    assert!(killed, "the child ended by itself");
    let store = open(&path);
    let rows = replay(&store);
    let last = rows.len() as u64;
    assert!(last >= reported, "{last} of {reported} pages survived");
    for (index, (seq, records)) in rows.iter().enumerate() {
        assert_eq!(*seq, index as u64 + 1);
        assert_eq!(*records, journal(*seq));
    }
    let newest = Filter { limit: 1, ..Filter::default() };
    assert_eq!(ids(&store, &newest), [id(last)], "log and journal end together");
}
