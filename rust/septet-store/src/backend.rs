//! What every store can do, whatever is behind it.

use std::os::fd::RawFd;

use septet_core::page::{ConsentRow, KeyRow, LogRow, Page};

use crate::{Error, Filter, Memory, Store};

/// What has happened since the last call of [`Backend::finished`].
#[derive(Debug, Clone, Default)]
pub struct Finished {
    /// Every page up to this `seq` is durable. 0: none yet.
    pub committed: u64,
    /// Commits since the store was opened.
    pub commits: u64,
    /// Durations in seconds of the commits since the last call; at most 4,096, the rest is left out.
    pub commit_seconds: Vec<f32>,
    /// Set as long as the writer cannot commit. It keeps the pages and tries again by itself.
    pub failed: Option<Error>,
    /// The disk is full: the reserve is in use, for what must still get in. Nothing else should be let in.
    pub low: bool,
    /// Set as long as the log cannot be folded into days. Nothing is lost: its rows wait in the live file.
    pub log_failed: Option<Error>,
    /// Message rows that wait in the live file for the fold.
    pub waiting: u64,
    /// What an operator should know, since the last call: files removed by age, files set aside. At most 64.
    pub notes: Vec<String>,
}

/// What [`Backend::replay`] calls with a page's `seq` and journal; the reason it gives for a refusal ends the replay.
pub type OnPage<'a> = dyn FnMut(u64, &[u8]) -> Result<(), String> + 'a;

/// A store of pages. Calls may come from any thread; pages come from one at a time.
pub trait Backend: Send + Sync {
    /// Hands every kept journal row to `on`, in order of `seq`, and returns the last `seq` (0: none).
    /// Call it before the first commit.
    fn replay(&self, on: &mut OnPage<'_>) -> Result<u64, Error>;
    /// The journal of a page that was committed and is kept; `None` if it is not kept any more.
    fn page(&self, seq: u64) -> Result<Option<Vec<u8>>, Error>;
    /// Hands every consent row to `on`, in no particular order.
    fn consent(&self, on: &mut dyn FnMut(ConsentRow)) -> Result<(), Error>;
    /// Queues a page and returns at once. `store.busy` when [`Backend::room`] is 0; the page is dropped then, so ask first.
    fn commit(&self, page: Page) -> Result<(), Error>;
    /// How many pages `commit` would take now.
    fn room(&self) -> usize;
    /// Readable when [`Backend::finished`] has something new. Stays open and owned by the store.
    fn wake_fd(&self) -> RawFd;
    /// Drains the descriptor and says what is durable.
    fn finished(&self) -> Finished;
    /// Final message rows, newest first.
    fn query(&self, filter: &Filter) -> Result<Vec<LogRow>, Error>;
    /// An idempotency key, if it was taken. It may be older than its 24 hours: look at `at`.
    fn key(&self, account: &str, key: &str) -> Result<Option<KeyRow>, Error>;
    /// Commits what is queued and releases everything. A second call does nothing and returns the first one's outcome.
    fn close(&self) -> Result<(), Error>;
}

macro_rules! backend {
    ($name:ident) => {
        impl Backend for $name {
            fn replay(&self, on: &mut OnPage<'_>) -> Result<u64, Error> {
                $name::replay(self, on)
            }
            fn page(&self, seq: u64) -> Result<Option<Vec<u8>>, Error> {
                $name::page(self, seq)
            }
            fn consent(&self, on: &mut dyn FnMut(ConsentRow)) -> Result<(), Error> {
                $name::consent(self, on)
            }
            fn commit(&self, page: Page) -> Result<(), Error> {
                $name::commit(self, page)
            }
            fn room(&self) -> usize {
                $name::room(self)
            }
            fn wake_fd(&self) -> RawFd {
                $name::wake_fd(self)
            }
            fn finished(&self) -> Finished {
                $name::finished(self)
            }
            fn query(&self, filter: &Filter) -> Result<Vec<LogRow>, Error> {
                $name::query(self, filter)
            }
            fn key(&self, account: &str, key: &str) -> Result<Option<KeyRow>, Error> {
                $name::key(self, account, key)
            }
            fn close(&self) -> Result<(), Error> {
                $name::close(self)
            }
        }
    };
}

backend!(Store);
backend!(Memory);
