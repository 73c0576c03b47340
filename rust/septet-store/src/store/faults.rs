//! A disk that fails on demand, and what the store promises then.

use rusqlite::{Connection, ffi};

use crate::Error;

/// What the next attempts meet.
#[derive(Default)]
pub struct Faults {
    /// `PRAGMA max_page_count`, to be set on the writer's connection.
    pub max_page_count: Option<u32>,
    /// Attempts to fail with this extended result code.
    pub codes: Vec<i32>,
    /// Points of the fold, in the order in which they fail: `open`, `commit`, `written`.
    pub points: Vec<&'static str>,
    /// No space for the reserve.
    pub no_room: bool,
}

impl Faults {
    /// Fails if this point of the fold is the next to fail.
    pub fn fold(&mut self, point: &'static str) -> Result<(), Error> {
        if self.points.first() == Some(&point) {
            self.points.remove(0);
            return Err(Error::new(Error::IO, format!("injected at {point}")));
        }
        Ok(())
    }

    pub fn inject(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if let Some(count) = self.max_page_count.take() {
            connection.query_row(&format!("PRAGMA max_page_count = {count}"), [], |_| Ok(()))?;
        }
        match self.codes.pop() {
            Some(code) => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
            None => Ok(()),
        }
    }
}

mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::time::{Duration, Instant};

    use proptest::prelude::*;
    use septet_core::engine::Id;
    use septet_core::page::{LogRow, Page};
    use tempfile::{TempDir, tempdir};

    use super::ffi;
    use crate::{Durability, Filter, Finished, Folding, Options, Store};

    const NO_LIMIT: u32 = 1 << 30;

    fn store() -> (TempDir, Store) {
        let folder = tempdir().unwrap();
        let store = Store::open(Options::new(folder.path().join("septet.db"))).unwrap();
        (folder, store)
    }

    fn reopen(folder: &TempDir) -> Vec<u64> {
        let store = Store::open(Options::new(folder.path().join("septet.db"))).unwrap();
        let mut seqs = Vec::new();
        store
            .replay(&mut |seq, records| {
                assert_eq!(records, page(seq).journal);
                seqs.push(seq);
                Ok(())
            })
            .unwrap();
        seqs
    }

    fn page(seq: u64) -> Page {
        Page { seq, journal: vec![seq as u8; 500_000], ..Page::default() }
    }

    fn until(store: &Store, done: impl Fn(&Finished) -> bool) -> Finished {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let finished = store.finished();
            if done(&finished) {
                return finished;
            }
            assert!(Instant::now() < deadline, "{finished:?}");
            std::thread::yield_now();
        }
    }

    fn limit(store: &Store, pages: u32) {
        store.shared.faults.lock().unwrap().max_page_count = Some(pages);
    }

    #[test]
    fn a_full_disk_keeps_the_pages_and_goes_on_when_space_returns() {
        let (folder, store) = store();
        limit(&store, 100);
        store.commit(page(1)).unwrap();
        let stuck = until(&store, |finished| finished.failed.is_some());
        assert_eq!(stuck.failed.unwrap().code, "store.full");
        assert_eq!(stuck.committed, 0);
        store.commit(page(2)).unwrap();
        assert!(store.finished().failed.is_some(), "it lasts until a commit succeeds");
        assert_eq!(store.query(&Filter::default()), Ok(Vec::new()), "look-ups go on");
        limit(&store, NO_LIMIT);
        let freed = until(&store, |finished| finished.committed == 2);
        assert_eq!(freed.failed, None);
        store.close().unwrap();
        drop(store);
        assert_eq!(reopen(&folder), [1, 2]);
    }

    #[test]
    fn closing_on_a_full_disk_is_prompt_and_says_that_pages_were_lost() {
        let (folder, store) = store();
        store.commit(page(1)).unwrap();
        until(&store, |finished| finished.committed == 1);
        limit(&store, 1);
        store.commit(page(2)).unwrap();
        until(&store, |finished| finished.failed.is_some());
        let error = store.close().unwrap_err();
        assert_eq!(error.code, "store.full");
        assert_eq!(store.close(), Err(error));
        assert_eq!(store.finished().committed, 1);
        drop(store);
        assert_eq!(reopen(&folder), [1]);
    }

    #[test]
    fn after_a_failed_sync_the_pages_are_written_again_on_a_new_connection() {
        let (folder, store) = store();
        store.shared.faults.lock().unwrap().codes = vec![ffi::SQLITE_IOERR_FSYNC; 2];
        store.commit(page(1)).unwrap();
        let failed = until(&store, |finished| finished.failed.is_some());
        assert_eq!(failed.failed.unwrap().code, "store.io");
        assert_eq!(failed.committed, 0);
        until(&store, |finished| finished.committed == 1 && finished.failed.is_none());
        store.commit(page(2)).unwrap();
        store.close().unwrap();
        drop(store);
        assert_eq!(reopen(&folder), [1, 2]);
    }

    #[test]
    fn the_descriptor_is_readable_while_there_is_news() {
        let (_folder, store) = store();
        assert!(!store.shared.wake.readable());
        store.commit(page(1)).unwrap();
        until(&store, |finished| finished.committed == 1);
        assert!(!store.shared.wake.readable(), "finished() has drained it");
        for seq in 2..5 {
            store.commit(page(seq)).unwrap();
        }
        store.close().unwrap();
        assert!(store.shared.wake.readable());
        assert_eq!(store.finished().committed, 4);
        assert!(!store.shared.wake.readable());
    }

    #[test]
    fn a_full_disk_releases_the_reserve_and_takes_it_back_when_there_is_space() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("septet.db");
        let store = Store::open(Options { reserve: 1 << 20, ..Options::new(&path) }).unwrap();
        let reserve = folder.path().join("septet.db-reserve");
        until(&store, |_| reserve.exists());
        {
            let mut faults = store.shared.faults.lock().unwrap();
            faults.no_room = true;
            faults.codes = vec![ffi::SQLITE_FULL];
        }
        store.commit(page(1)).unwrap();
        let low = until(&store, |finished| finished.low && finished.committed == 1);
        assert_eq!(low.failed, None, "what must get in gets in");
        assert!(!reserve.exists());
        store.commit(page(2)).unwrap();
        assert!(until(&store, |finished| finished.committed == 2).low);
        store.shared.faults.lock().unwrap().no_room = false;
        until(&store, |finished| !finished.low);
        assert_eq!(fs::metadata(&reserve).unwrap().len(), 1 << 20);
        store.close().unwrap();
        assert!(!reserve.exists());
        drop(store);
        assert_eq!(reopen(&folder), [1, 2]);
    }

    fn row(number: u8, version: u8) -> LogRow {
        let days = u64::from(number % 3);
        LogRow {
            id: Id(Id::floor(1_795_564_800_000 + days * 86_400_000).0 | u128::from(number)).to_string(),
            direction: "mt",
            account: "acme".to_owned(),
            from: "12345".to_owned(),
            to: "46701".to_owned(),
            carrier: "north".to_owned(),
            segments: 1,
            status: "delivered",
            error: 0,
            created: days * 1000,
            updated: u64::from(version),
            record: vec![version; 100],
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

        /// The folder is copied at some point, as a killed process leaves it; the fold fails here and there. Neither loses a
        /// row nor shows one twice, and the last writer of an id wins.
        #[test]
        fn wherever_a_fold_is_cut_every_row_is_found_once(
            pages in prop::collection::vec(prop::collection::vec(0..40_u8, 0..12), 1..12),
            points in prop::collection::vec(prop::sample::select(vec!["open", "commit", "written"]), 0..5),
            cut in any::<prop::sample::Index>(),
        ) {
            let folder = tempdir().unwrap();
            let options = |folder: &TempDir| Options {
                durability: Durability::Os,
                folding: Folding { rows: 1, pause: Duration::ZERO, ..Folding::default() },
                ..Options::new(folder.path().join("septet.db"))
            };
            let store = Store::open(options(&folder)).unwrap();
            store.shared.faults.lock().unwrap().points = points;
            let cut = cut.index(pages.len());
            let (mut expected, mut at_cut) = (BTreeMap::new(), BTreeMap::new());
            let copy = tempdir().unwrap();
            for (index, numbers) in pages.iter().enumerate() {
                let seq = index as u64 + 1;
                let log: Vec<_> = numbers.iter().map(|number| row(*number, index as u8)).collect();
                expected.extend(log.iter().map(|row| (row.id.clone(), row.clone())));
                store.commit(Page { seq, log, ..Page::default() }).unwrap();
                until(&store, |finished| finished.committed == seq);
                if index == cut {
                    at_cut = expected.clone();
                    let _still = store.shared.faults.lock().unwrap();
                    // The live file first: what leaves it meanwhile is in the days already.
                    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().path()).collect();
                    names.sort_by_key(|it| (!it.ends_with("septet.db"), !it.ends_with("septet.db-wal"), it.clone()));
                    names.extend(fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().path()));
                    for from in names {
                        let to = copy.path().join(from.file_name().unwrap());
                        if !to.exists() && !from.to_string_lossy().ends_with("-shm") {
                            let _ = fs::copy(from, to);
                        }
                    }
                }
            }
            let everything = Filter { limit: usize::MAX, ..Filter::default() };
            let shown = |store: &Store| -> BTreeMap<String, LogRow> {
                let rows = store.query(&everything).unwrap();
                let count = rows.len();
                let map: BTreeMap<_, _> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
                assert_eq!(map.len(), count, "a row came twice");
                map
            };
            prop_assert_eq!(&shown(&store), &expected);
            let all_folded = |store: &Store| until(store, |_| {
                let state = store.shared.state();
                state.folded.0 == state.appended
            });
            all_folded(&store);
            prop_assert_eq!(&shown(&store), &expected);
            store.close().unwrap();
            let store = Store::open(options(&copy)).unwrap();
            prop_assert_eq!(&shown(&store), &at_cut);
            all_folded(&store);
            prop_assert_eq!(&shown(&store), &at_cut);
        }
    }
}
