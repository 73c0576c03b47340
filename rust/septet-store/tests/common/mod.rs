//! What the store's tests share. Each test file uses a part of it.
#![allow(dead_code)]

use std::path::Path;
use std::time::{Duration, Instant};

use septet_core::engine::Id;
use septet_core::page::{ConsentRow, KeyRow, LogRow, Page};
use septet_store::{Backend, Durability, Filter, Options, Store};

pub fn open(path: &Path) -> Store {
    Store::open(options(path)).unwrap()
}

pub fn options(path: &Path) -> Options {
    Options { durability: Durability::Os, ..Options::new(path) }
}

/// A page whose content follows from `seq`, so that a reader can tell whether it is whole.
pub fn page(seq: u64) -> Page {
    Page { seq, journal: journal(seq), log: vec![row(seq)], ..Page::default() }
}

pub fn journal(seq: u64) -> Vec<u8> {
    vec![seq as u8; (seq as usize * 37) % 9000 + 1]
}

pub fn row(number: u64) -> LogRow {
    LogRow {
        id: id(number),
        direction: if number.is_multiple_of(2) { "mt" } else { "mo" },
        account: format!("account-{}", number % 3),
        from: "12345".to_owned(),
        to: format!("4670{}", number % 5),
        carrier: "north".to_owned(),
        segments: 1,
        error: 0,
        // An inbound one ends otherwise.
        status: match number % 4 {
            0 => "delivered",
            2 => "failed",
            _ => "handed_over",
        },
        created: 1_000 * number,
        updated: 1_000 * number + 7,
        record: vec![number as u8; 180],
    }
}

pub fn id(number: u64) -> String {
    Id(u128::from(1_000 * number) << 58 | u128::from(number)).to_string()
}

pub fn consent(contact: &str, opted_out: bool) -> ConsentRow {
    ConsentRow { number: "12345".to_owned(), contact: contact.to_owned(), opted_out, at: 5, proof: "STOP".to_owned() }
}

pub fn key(name: &str, at: u64) -> KeyRow {
    KeyRow { account: "acme".to_owned(), key: name.to_owned(), body_hash: vec![1; 32], answer: b"{}".to_vec(), at }
}

/// Blocks until `seq` is durable.
pub fn wait(store: &dyn Backend, seq: u64) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while store.finished().committed < seq {
        assert!(Instant::now() < deadline, "page {seq} was never committed");
        std::thread::yield_now();
    }
}

pub fn replay(store: &Store) -> Vec<(u64, Vec<u8>)> {
    let mut rows = Vec::new();
    let last = store
        .replay(&mut |seq, records| {
            rows.push((seq, records.to_vec()));
            Ok(())
        })
        .unwrap();
    assert_eq!(last, rows.last().map_or(0, |(seq, _)| *seq));
    rows
}

pub fn ids(store: &dyn Backend, filter: &Filter) -> Vec<String> {
    let rows = store.query(filter).unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

pub fn consents(store: &dyn Backend) -> Vec<(String, bool)> {
    let mut rows = Vec::new();
    store.consent(&mut |row| rows.push((row.contact, row.opted_out))).unwrap();
    rows.sort();
    rows
}
