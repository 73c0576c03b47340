//! A store that forgets everything when it is dropped, for benchmarks and dry runs.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::os::fd::RawFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use septet_core::page::{ConsentRow, KeyRow, LogRow, Page};

use crate::ended::Seen;
use crate::transaction::KEY_LIFE_MS;
use crate::wake::Wake;
use crate::{Error, Filter, Finished, OnPage};

/// Message rows kept; the oldest go first.
const MOST_ROWS: usize = 100_000;

/// Same behaviour as [`crate::Store`], without a file: a page counts as committed as soon as it is taken.
pub struct Memory {
    state: Mutex<State>,
    wake: Wake,
}

#[derive(Default)]
struct State {
    pages: BTreeMap<u64, Vec<u8>>,
    log: BTreeMap<String, LogRow>,
    consent: HashMap<(String, String), ConsentRow>,
    keys: HashMap<(String, String), KeyRow>,
    /// The keys of `keys` in the order of their arrival.
    key_order: VecDeque<(u64, (String, String))>,
    finished: Finished,
    signalled: bool,
    closed: bool,
}

impl Memory {
    /// An empty store. Fails only if the process is out of descriptors.
    pub fn open() -> Result<Self, Error> {
        let wake = Wake::new().map_err(|error| Error::new(Error::OPEN, format!("memory: {error}")))?;
        Ok(Self { state: Mutex::default(), wake })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing to replay: no row survives.
    pub fn replay(&self, _on: &mut OnPage<'_>) -> Result<u64, Error> {
        Ok(0)
    }

    /// See [`crate::Backend::page`].
    pub fn page(&self, seq: u64) -> Result<Option<Vec<u8>>, Error> {
        let state = self.state();
        if state.closed {
            return Err(Error::closed());
        }
        Ok(state.pages.get(&seq).cloned())
    }

    /// See [`crate::Backend::consent`].
    pub fn consent(&self, on: &mut dyn FnMut(ConsentRow)) -> Result<(), Error> {
        self.state().consent.values().cloned().for_each(on);
        Ok(())
    }

    /// See [`crate::Backend::commit`].
    pub fn commit(&self, page: Page) -> Result<(), Error> {
        let mut guard = self.state();
        let state = &mut *guard;
        if state.closed {
            return Err(Error::closed());
        }
        if page.seq <= state.finished.committed {
            let message = format!("page {} came after page {}", page.seq, state.finished.committed);
            return Err(Error::new(Error::ORDER, message));
        }
        state.pages.insert(page.seq, page.journal);
        while state.pages.first_key_value().is_some_and(|(seq, _)| *seq < page.keep_from) {
            state.pages.pop_first();
        }
        for row in page.log {
            state.log.insert(row.id.clone(), row);
        }
        while state.log.len() > MOST_ROWS {
            state.log.pop_first();
        }
        for row in page.consent {
            state.consent.insert((row.number.clone(), row.contact.clone()), row);
        }
        for row in page.keys {
            let name = (row.account.clone(), row.key.clone());
            state.key_order.push_back((row.at, name.clone()));
            state.forget_keys(row.at);
            state.keys.insert(name, row);
        }
        state.finished.committed = page.seq;
        state.finished.commits += 1;
        if !state.signalled {
            state.signalled = true;
            self.wake.signal();
        }
        Ok(())
    }

    /// Always 1: a page is committed as soon as it is taken.
    pub fn room(&self) -> usize {
        1
    }

    /// See [`crate::Backend::wake_fd`].
    pub fn wake_fd(&self) -> RawFd {
        self.wake.fd()
    }

    /// See [`crate::Backend::finished`]; a commit has no duration here.
    pub fn finished(&self) -> Finished {
        let mut state = self.state();
        if state.signalled {
            state.signalled = false;
            self.wake.drain();
        }
        state.finished.clone()
    }

    /// See [`crate::Backend::query`].
    pub fn query(&self, filter: &Filter) -> Result<Vec<LogRow>, Error> {
        let state = self.state();
        if state.closed {
            return Err(Error::closed());
        }
        let matching = state.log.values().rev().filter(|row| filter.matches(&Seen::from(*row)));
        Ok(matching.take(filter.rows() as usize).cloned().collect())
    }

    /// See [`crate::Backend::key`].
    pub fn key(&self, account: &str, key: &str) -> Result<Option<KeyRow>, Error> {
        let state = self.state();
        if state.closed {
            return Err(Error::closed());
        }
        Ok(state.keys.get(&(account.to_owned(), key.to_owned())).cloned())
    }

    /// See [`crate::Backend::close`].
    pub fn close(&self) -> Result<(), Error> {
        self.state().closed = true;
        Ok(())
    }
}

impl State {
    fn forget_keys(&mut self, now: u64) {
        while let Some((at, _)) = self.key_order.front() {
            if *at + KEY_LIFE_MS >= now {
                break;
            }
            if let Some((at, name)) = self.key_order.pop_front()
                && self.keys.get(&name).is_some_and(|row| row.at == at)
            {
                self.keys.remove(&name);
            }
        }
    }
}
