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
    use std::time::{Duration, Instant};

    use septet_core::page::Page;
    use tempfile::{TempDir, tempdir};

    use super::ffi;
    use crate::{Filter, Finished, Options, Store};

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
}
