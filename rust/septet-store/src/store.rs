//! The handle: opens the file, starts the writer, takes pages, answers look-ups.

use std::fs;
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use septet_core::page::{ConsentRow, KeyRow, LogRow, Page};

use crate::checkpoint::Checkpoint;
use crate::fold::{Fold, Folding};
use crate::lock::Lock;
use crate::log::Log;
use crate::reader::Reader;
use crate::reserve::Reserve;
use crate::writer::{Shared, Writer};
use crate::{Error, Filter, Finished, OnPage, aside, schema, wal};

#[cfg(test)]
pub(crate) mod faults;

/// What "committed" promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// On disk: survives a power cut.
    #[default]
    Full,
    /// With the operating system: survives a killed process.
    Os,
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// The database; made if missing, its folder is not.
    pub path: PathBuf,
    /// What "committed" promises.
    pub durability: Durability,
    /// Pages that wait for the writer, or are with it, before [`Store::commit`] says `store.busy`. At least 1.
    pub max_pages: usize,
    /// How the log is folded into days.
    pub folding: Folding,
    /// Octets set apart on the disk for what must still get in when it is full; 0: none.
    pub reserve: u64,
}

impl Options {
    /// Full durability, up to 1,024 waiting pages, a log that is kept for ever, no reserve.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            durability: Durability::Full,
            max_pages: 1024,
            folding: Folding::default(),
            reserve: 0,
        }
    }
}

/// An open store. Dropping it closes it.
pub struct Store {
    shared: Arc<Shared>,
    reader: Arc<Reader>,
    log: Log,
    running: Mutex<Running>,
    max_pages: usize,
}

/// What ends with [`Store::close`].
enum Running {
    Yes { writer: JoinHandle<Result<(), Error>>, others: [JoinHandle<()>; 2], lock: Lock },
    No(Result<(), Error>),
}

impl Store {
    /// Opens or makes the file and locks it against a second node.
    pub fn open(options: Options) -> Result<Self, Error> {
        let Options { path, durability, max_pages, folding, reserve } = options;
        let path = resolve(&path)?;
        let lock = Lock::take(&path)?;
        if durability == Durability::Full {
            wal::check(&path)?;
        }
        let connection = schema::open(&path, &schema::LIVE, durability)?;
        aside::integrity_check(&connection, &path)?;
        let reader = Arc::new(Reader::open(&path)?);
        let failed = |error: std::io::Error| Error::new(Error::OPEN, format!("{}: {error}", path.display()));
        let shared = Arc::new(Shared::new(reader.last_seq()?, reader.waiting()?).map_err(failed)?);
        let log = Log::new(Arc::clone(&shared), Arc::clone(&reader), &path);
        let reserve = Reserve::new(&path, reserve);
        let writer =
            Writer::new(Arc::clone(&shared), Arc::clone(&reader), connection, path.clone(), durability, reserve);
        let writer = thread::Builder::new()
            .name("septet-store".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || supervise(&shared, writer)
            })
            .map_err(failed)?;
        let aside = |name: &str, run: Box<dyn FnOnce() + Send>| {
            thread::Builder::new().name(name.to_owned()).spawn(run).map_err(|error| {
                shared.close();
                failed(error)
            })
        };
        let checkpoint = Checkpoint::new(Arc::clone(&shared), path.clone(), durability);
        let fold = Fold::new(Arc::clone(&shared), path.clone(), folding);
        let others = [
            aside("septet-copy", Box::new(move || checkpoint.run()))?,
            aside("septet-fold", Box::new(move || fold.run()))?,
        ];
        let running = Mutex::new(Running::Yes { writer, others, lock });
        Ok(Self { shared, reader, log, running, max_pages: max_pages.max(1) })
    }

    /// See [`crate::Backend::replay`].
    pub fn replay(&self, on: &mut OnPage<'_>) -> Result<u64, Error> {
        self.reader.replay(on)
    }

    /// See [`crate::Backend::page`].
    pub fn page(&self, seq: u64) -> Result<Option<Vec<u8>>, Error> {
        self.reader.page(seq)
    }

    /// See [`crate::Backend::consent`].
    pub fn consent(&self, on: &mut dyn FnMut(ConsentRow)) -> Result<(), Error> {
        self.reader.consent(on)
    }

    /// See [`crate::Backend::commit`].
    pub fn commit(&self, page: Page) -> Result<(), Error> {
        let mut state = self.shared.state();
        if state.closing {
            return Err(Error::closed());
        }
        if page.seq <= state.taken || i64::try_from(page.seq).is_err() {
            let message = format!("page {} came after page {}", page.seq, state.taken);
            return Err(Error::new(Error::ORDER, message));
        }
        if state.queue.len() + state.in_flight >= self.max_pages {
            let message = format!("{} pages wait for the disk (max_pages)", self.max_pages);
            return Err(Error::new(Error::BUSY, message));
        }
        state.taken = page.seq;
        state.queue.push_back(page);
        drop(state);
        self.shared.notify();
        Ok(())
    }

    /// See [`crate::Backend::room`].
    pub fn room(&self) -> usize {
        let state = self.shared.state();
        self.max_pages.saturating_sub(state.queue.len() + state.in_flight)
    }

    /// See [`crate::Backend::wake_fd`].
    pub fn wake_fd(&self) -> RawFd {
        self.shared.wake.fd()
    }

    /// See [`crate::Backend::finished`].
    pub fn finished(&self) -> Finished {
        self.shared.finished()
    }

    /// See [`crate::Backend::query`].
    pub fn query(&self, filter: &Filter) -> Result<Vec<LogRow>, Error> {
        self.log.query(filter)
    }

    /// See [`crate::Backend::key`].
    pub fn key(&self, account: &str, key: &str) -> Result<Option<KeyRow>, Error> {
        self.reader.key(account, key)
    }

    /// See [`crate::Backend::close`]. If the disk refuses, the last attempt's error comes back and what was queued is lost;
    /// none of it was reported committed.
    pub fn close(&self) -> Result<(), Error> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.close();
        let outcome = match std::mem::replace(&mut *running, Running::No(Ok(()))) {
            Running::No(outcome) => outcome,
            Running::Yes { writer, others, lock } => {
                for other in others {
                    // One that died by a bug of ours leaves everything where it was.
                    let _ = other.join();
                }
                let outcome = writer.join().unwrap_or_else(|_| Err(stopped()));
                self.log.close();
                drop(lock);
                outcome
            }
        };
        *running = Running::No(outcome.clone());
        outcome
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.close();
    }
}

/// A writer that dies by a bug of ours must not look like one that is merely slow.
fn supervise(shared: &Shared, writer: Writer) -> Result<(), Error> {
    catch_unwind(AssertUnwindSafe(|| writer.run())).unwrap_or_else(|_| {
        let mut state = shared.state();
        state.finished.failed = Some(stopped());
        shared.signal(&mut state);
        Err(stopped())
    })
}

fn stopped() -> Error {
    Error::new(Error::IO, "the writer thread has stopped (this is a bug; restart the node)")
}

/// One name for one file, so that a link to it takes the same lock.
pub fn resolve(path: &Path) -> Result<PathBuf, Error> {
    if let Ok(path) = fs::canonicalize(path) {
        return Ok(path);
    }
    let failed = |reason: &dyn std::fmt::Display| Error::new(Error::OPEN, format!("{}: {reason}", path.display()));
    let name = path.file_name().ok_or_else(|| failed(&"not a file name"))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = fs::canonicalize(folder).map_err(|error| failed(&error))?;
    Ok(folder.join(name))
}
