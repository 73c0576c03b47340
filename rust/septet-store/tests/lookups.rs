//! What can be found, in a file and in memory alike.

mod common;

use common::{consent, consents, id, ids, key, open, page, row, wait};
use septet_core::page::Page;
use septet_store::{Backend, Filter, Memory};
use tempfile::{TempDir, tempdir};

/// Both stores, each with messages 1 to 20.
fn stores() -> (TempDir, [Box<dyn Backend>; 2]) {
    let folder = tempdir().unwrap();
    let stores: [Box<dyn Backend>; 2] =
        [Box::new(open(&folder.path().join("septet.db"))), Box::new(Memory::open().unwrap())];
    for store in &stores {
        for seq in 1..=20 {
            store.commit(page(seq)).unwrap();
        }
        wait(store.as_ref(), 20);
    }
    (folder, stores)
}

fn with(change: impl FnOnce(&mut Filter)) -> Filter {
    let mut filter = Filter::default();
    change(&mut filter);
    filter
}

#[test]
fn every_filter_narrows_newest_first() {
    let (_folder, stores) = stores();
    let cases: Vec<(Filter, Vec<u64>)> = vec![
        (with(|_| ()), (1..=20).rev().collect()),
        (with(|f| f.limit = 3), vec![20, 19, 18]),
        (with(|f| f.limit = 0), vec![]),
        (with(|f| f.id = Some(id(7))), vec![7]),
        (with(|f| f.account = Some("account-1".into())), vec![19, 16, 13, 10, 7, 4, 1]),
        (with(|f| f.account = Some("' OR 1 --".into())), vec![]),
        (with(|f| f.destination = Some("46703".into())), vec![18, 13, 8, 3]),
        (with(|f| f.source = Some("46703".into())), vec![]),
        (with(|f| (f.source, f.limit) = (Some("12345".into()), 2)), vec![20, 19]),
        (with(|f| (f.source, f.destination) = (Some("12345".into()), Some("467 03".into()))), vec![]),
        (with(|f| (f.source, f.destination) = (Some("12345".into()), Some("46703".into()))), vec![18, 13, 8, 3]),
        (with(|f| (f.source, f.destination) = (Some("12345".into()), Some("4670".into()))), vec![]),
        (with(|f| f.status = Some("delivered".into())), vec![20, 16, 12, 8, 4]),
        (with(|f| (f.direction, f.limit) = (Some("mo".into()), 2)), vec![19, 17]),
        (with(|f| f.since = Some(18_000)), vec![20, 19, 18]),
        (with(|f| f.until = Some(3_000)), vec![2, 1]),
        (with(|f| f.since = Some(u64::MAX)), vec![]),
        (with(|f| (f.status, f.account) = (Some("delivered".into()), Some("account-1".into()))), vec![16, 4]),
    ];
    for store in &stores {
        for (filter, expected) in &cases {
            let expected: Vec<_> = expected.iter().copied().map(id).collect();
            assert_eq!(ids(store.as_ref(), filter), expected, "{filter:?}");
        }
    }
}

#[test]
fn the_cursor_walks_through_everything_once() {
    let (_folder, stores) = stores();
    for store in &stores {
        let mut filter = Filter { direction: Some("mt".to_owned()), limit: 3, ..Filter::default() };
        let mut seen = Vec::new();
        loop {
            let found = ids(store.as_ref(), &filter);
            let Some(last) = found.last() else { break };
            filter.before_id = Some(last.clone());
            seen.extend(found);
        }
        assert_eq!(seen, [20, 18, 16, 14, 12, 10, 8, 6, 4, 2].map(id));
    }
}

#[test]
fn a_row_comes_back_as_it_was_and_the_last_writer_wins() {
    let (_folder, stores) = stores();
    for store in &stores {
        let mut changed = row(7);
        changed.status = "handed_over";
        changed.to = "4670999".to_owned();
        let again = Page { seq: 21, log: vec![row(7), row(2), changed.clone()], ..Page::default() };
        store.commit(again).unwrap();
        wait(store.as_ref(), 21);
        let one = |number| Filter { id: Some(id(number)), ..Filter::default() };
        assert_eq!(store.query(&one(7)).unwrap(), [changed]);
        assert_eq!(store.query(&one(2)).unwrap(), [row(2)]);
        let moved = Filter { destination: Some(row(7).to), ..Filter::default() };
        assert!(!ids(store.as_ref(), &moved).contains(&id(7)), "the index must follow");
    }
}

#[test]
fn consent_keeps_the_last_word() {
    let (_folder, stores) = stores();
    for store in &stores {
        let pages = [(21, vec![consent("46701", true), consent("46702", true)]), (22, vec![consent("46701", false)])];
        for (seq, consent) in pages {
            store.commit(Page { seq, consent, ..Page::default() }).unwrap();
        }
        wait(store.as_ref(), 22);
        let expected = [("46701".to_owned(), false), ("46702".to_owned(), true)];
        assert_eq!(consents(store.as_ref()), expected);
    }
}

#[test]
fn a_key_is_remembered_for_a_day() {
    const DAY: u64 = 24 * 3600 * 1000;
    let (_folder, stores) = stores();
    for store in &stores {
        let pages = [
            (21, key("old", 1000)),
            (22, key("renewed", 1000)),
            (23, key("young", 2000)),
            (24, key("renewed", DAY)),
            (25, key("new", 1001 + DAY)),
        ];
        for (seq, row) in pages {
            store.commit(Page { seq, keys: vec![row], ..Page::default() }).unwrap();
        }
        wait(store.as_ref(), 25);
        assert_eq!(store.key("acme", "old").unwrap(), None);
        assert_eq!(store.key("acme", "young").unwrap(), Some(key("young", 2000)));
        assert_eq!(store.key("acme", "renewed").unwrap(), Some(key("renewed", DAY)));
        assert_eq!(store.key("other", "young").unwrap(), None);
    }
}

#[test]
fn memory_behaves_like_a_store_that_was_just_made() {
    let store = Memory::open().unwrap();
    assert_eq!(store.replay(&mut |_, _| Err("nothing to replay".to_owned())), Ok(0));
    store.commit(page(4)).unwrap();
    assert_eq!(store.finished().committed, 4);
    assert_eq!(store.commit(page(4)).unwrap_err().code, "store.order");
    store.close().unwrap();
    store.close().unwrap();
    assert_eq!(store.commit(page(5)).unwrap_err().code, "store.closed");
    assert_eq!(store.query(&Filter::default()).unwrap_err().code, "store.closed");
}
