//! The writer thread: takes what has arrived, commits it, says so, and never gives up a page.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use septet_core::page::Page;

use crate::day::Day;
use crate::reader::Reader;
use crate::reserve::Reserve;
use crate::transaction::{self, Position};
use crate::wake::Wake;
use crate::{Durability, Error, Finished, checkpoint, schema};

/// A transaction takes no further page past this size, so that one failure or one slow disk holds back no more.
const GROUP_OCTETS: usize = 8 << 20;
/// Durations kept for [`Finished::commit_seconds`].
const MOST_DURATIONS: usize = 4096;
/// The same for [`Finished::notes`].
const MOST_NOTES: usize = 64;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Log frames (pages of 4 KiB) not yet in the database after which they are copied: 16 MiB.
const CHECKPOINT: i64 = 4_096;
/// So few are left by a copy that the writer copies them itself, after which the log begins anew.
const CHECKPOINT_REST: i64 = 512;
/// A log of this many frames (256 MiB) is cut back even if look-ups must wait for it.
const CHECKPOINT_FORCED: i64 = 65_536;

/// What the writer and its callers share.
pub struct Shared {
    state: Mutex<State>,
    work: Condvar,
    /// The fold waits here.
    pub folding: Condvar,
    /// And the checkpoint here.
    pub checkpoint: Condvar,
    pub wake: Wake,
    #[cfg(test)]
    pub faults: Mutex<crate::store::faults::Faults>,
}

/// Guarded by one mutex that is never held during I/O.
pub struct State {
    pub queue: VecDeque<Page>,
    /// Pages in the transaction that runs.
    pub in_flight: usize,
    /// The last `seq` taken.
    pub taken: u64,
    pub finished: Finished,
    pub closing: bool,
    /// The log is to be copied into the database.
    pub crowded: bool,
    /// Ended messages committed in the live file: those that waited when it was opened, and all since.
    pub appended: u64,
    /// How many of them are synced in their days, and the last page of which that is true of all.
    pub folded: (u64, i64),
    /// Days that a look-up found damaged.
    pub suspects: BTreeSet<Day>,
    signalled: bool,
}

impl Shared {
    /// `last` is the newest page, `waiting` how many ended messages wait for the fold and the page before their first.
    pub fn new(last: u64, waiting: (u64, i64)) -> std::io::Result<Self> {
        Ok(Self {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                in_flight: 0,
                taken: last,
                finished: Finished { committed: last, ..Finished::default() },
                closing: false,
                crowded: false,
                appended: waiting.0,
                folded: (0, waiting.1),
                suspects: BTreeSet::new(),
                signalled: false,
            }),
            work: Condvar::new(),
            folding: Condvar::new(),
            checkpoint: Condvar::new(),
            wake: Wake::new()?,
            #[cfg(test)]
            faults: Mutex::default(),
        })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the writer that the queue, `folded` or `closing` changed.
    pub fn notify(&self) {
        self.work.notify_all();
    }

    /// Tells everybody that this is the end.
    pub fn close(&self) {
        self.state().closing = true;
        self.notify();
        self.folding.notify_all();
        self.checkpoint.notify_all();
    }

    /// Has a day looked at, because a look-up found it damaged.
    pub fn suspect(&self, day: Day) {
        self.state().suspects.insert(day);
        self.folding.notify_all();
    }

    /// Says something that an operator should know.
    pub fn note(&self, note: String) {
        let mut state = self.state();
        if state.finished.notes.len() < MOST_NOTES {
            state.finished.notes.push(note);
        }
        self.signal(&mut state);
    }

    pub fn fold_failed(&self, error: Option<Error>) {
        let mut state = self.state();
        if state.finished.log_failed != error {
            state.finished.log_failed = error;
            self.signal(&mut state);
        }
    }

    /// Tells the owner of the descriptor that there is news; one octet until it has looked.
    pub fn signal(&self, state: &mut State) {
        if !state.signalled {
            state.signalled = true;
            self.wake.signal();
        }
    }

    pub fn finished(&self) -> Finished {
        let mut state = self.state();
        if state.signalled {
            state.signalled = false;
            self.wake.drain();
        }
        let commit_seconds = std::mem::take(&mut state.finished.commit_seconds);
        let notes = std::mem::take(&mut state.finished.notes);
        let waiting = state.appended - state.folded.0;
        Finished { commit_seconds, waiting, notes, ..state.finished.clone() }
    }
}

/// Lives on the thread.
pub struct Writer {
    shared: Arc<Shared>,
    reader: Arc<Reader>,
    /// `None` after an error that the connection may not survive.
    connection: Option<Connection>,
    path: PathBuf,
    durability: Durability,
    reserve: Reserve,
    /// When there last was a look for space.
    looked: Instant,
    position: Position,
}

impl Writer {
    pub fn new(
        shared: Arc<Shared>,
        reader: Arc<Reader>,
        connection: Connection,
        path: PathBuf,
        durability: Durability,
        reserve: Reserve,
    ) -> Self {
        let (appended, trimmed) = {
            let state = shared.state();
            (state.appended, state.folded.1)
        };
        let position = Position { appended, trimmed, ..Position::default() };
        Self {
            shared,
            reader,
            connection: Some(connection),
            path,
            durability,
            reserve,
            looked: Instant::now(),
            position,
        }
    }

    /// Runs until the store is closed; an error means that pages were left uncommitted.
    pub fn run(mut self) -> Result<(), Error> {
        let mut outcome = Ok(());
        self.hold_reserve();
        while let Some(pages) = self.next() {
            if pages.is_empty() {
                self.hold_reserve();
                self.tidy();
            } else {
                outcome = self.persist(&pages);
                if outcome.is_err() {
                    break;
                }
                if self.looked.elapsed() > LONGEST_PAUSE && self.shared.state().finished.low {
                    self.hold_reserve();
                }
            }
            self.checkpoint();
        }
        self.reader.close();
        // A store that is closed has nothing to let in; the next start sets it apart again.
        self.reserve.release();
        if let Some(connection) = self.connection.take() {
            // The log survives a failure here, and the next start reads it.
            let _ = checkpoint::copy(&connection, "TRUNCATE");
            let _ = connection.close();
        }
        outcome
    }

    /// Waits for pages and takes all that have come, in order; an empty list when there is time to tidy, `None` when
    /// closing and nothing is left.
    fn next(&self) -> Option<Vec<Page>> {
        let mut state = self.shared.state();
        while state.queue.is_empty() {
            if state.closing {
                return None;
            }
            if state.folded.1 > self.position.trimmed && self.connection.is_some() {
                return Some(Vec::new());
            }
            // Space may return while nothing comes.
            let timeout = if state.finished.low { LONGEST_PAUSE } else { Duration::MAX };
            let (waited, late) = self.shared.work.wait_timeout(state, timeout).unwrap_or_else(PoisonError::into_inner);
            state = waited;
            if late.timed_out() && state.queue.is_empty() {
                return Some(Vec::new());
            }
        }
        let mut octets = 0;
        let mut count = 0;
        while count < state.queue.len() && octets < GROUP_OCTETS {
            octets += weight(&state.queue[count]);
            count += 1;
        }
        state.in_flight = count;
        Some(state.queue.drain(..count).collect())
    }

    /// Tries until the pages are committed. Gives up only when an attempt that began after `closing` fails.
    fn persist(&mut self, pages: &[Page]) -> Result<(), Error> {
        let mut pause = FIRST_PAUSE;
        loop {
            let last_try = self.shared.state().closing;
            let start = Instant::now();
            match self.attempt(pages) {
                Ok(position) => {
                    self.position = position;
                    self.report(pages, start.elapsed());
                    return Ok(());
                }
                Err(error) => {
                    let error = Error::sqlite(&error, &self.path.display().to_string());
                    let mut state = self.shared.state();
                    if state.finished.failed.as_ref() != Some(&error) {
                        state.finished.failed = Some(error.clone());
                        self.shared.signal(&mut state);
                    }
                    if last_try {
                        return Err(error);
                    }
                    if error.code == Error::FULL && !state.finished.low && self.reserve.is_wanted() {
                        state.finished.low = true;
                        self.shared.signal(&mut state);
                        drop(state);
                        if self.reserve.release() {
                            continue;
                        }
                        state = self.shared.state();
                    }
                    let waited = self.shared.work.wait_timeout_while(state, pause, |state| !state.closing);
                    drop(waited);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Sets the reserve apart, now or again, and says whether there is one.
    fn hold_reserve(&mut self) {
        self.looked = Instant::now();
        #[cfg(test)]
        let room = !self.shared.faults.lock().unwrap().no_room;
        #[cfg(not(test))]
        let room = true;
        let low = !(room && self.reserve.hold());
        let mut state = self.shared.state();
        if state.finished.low != low {
            state.finished.low = low;
            self.shared.signal(&mut state);
            self.shared.folding.notify_all();
        }
    }

    /// Takes folded rows away while nobody waits. What fails here is not in anybody's way: the rows go with the next pages,
    /// and the connection is not used again.
    fn tidy(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let folded = self.shared.state().folded.1;
        if let Ok(position) = transaction::write(&connection, &[], self.position, folded) {
            self.position = position;
            self.connection = Some(connection);
        }
    }

    fn attempt(&mut self, pages: &[Page]) -> rusqlite::Result<Position> {
        let folded = self.shared.state().folded.1;
        let connection = match self.connection.take() {
            Some(connection) => connection,
            // The reader stays open meanwhile. So nothing is recovered from the log, whose end may not be on disk: what a
            // failed sync left behind is not seen, and the next commit writes over it and syncs it anew.
            None => schema::reconnect(&self.path, self.durability)?,
        };
        #[cfg(test)]
        self.shared.faults.lock().unwrap().inject(&connection)?;
        let outcome = transaction::write(&connection, pages, self.position, folded);
        let usable = match &outcome {
            Ok(_) => true,
            Err(error) => error.sqlite_error_code() != Some(ErrorCode::SystemIoFailure) && connection.is_autocommit(),
        };
        if usable {
            self.connection = Some(connection);
        }
        outcome
    }

    fn report(&self, pages: &[Page], took: Duration) {
        let mut state = self.shared.state();
        state.in_flight = 0;
        if state.appended < self.position.appended {
            state.appended = self.position.appended;
            self.shared.folding.notify_all();
        }
        let finished = &mut state.finished;
        finished.committed = pages.last().map_or(finished.committed, |page| page.seq);
        finished.commits += 1;
        finished.failed = None;
        if finished.commit_seconds.len() < MOST_DURATIONS {
            finished.commit_seconds.push(took.as_secs_f32());
        }
        self.shared.signal(&mut state);
    }

    /// Has the log moved into the database when it has grown, and moves the last of it. A failure costs nothing yet: the log keeps
    /// it all, and when the log cannot grow either, the commit fails and says so.
    fn checkpoint(&self) {
        let Some(connection) = &self.connection else {
            return;
        };
        let Ok((frames, copied)) = checkpoint::copy(connection, "NOOP") else {
            return;
        };
        if frames >= CHECKPOINT_FORCED {
            // A log only restarts when no look-up uses it; between two of them, none does.
            let held = self.reader.hold();
            let _ = checkpoint::copy(connection, "TRUNCATE");
            drop(held);
        } else if frames - copied >= CHECKPOINT {
            let mut state = self.shared.state();
            if !state.crowded {
                state.crowded = true;
                self.shared.checkpoint.notify_all();
            }
        } else if frames >= CHECKPOINT && frames > copied && frames - copied < CHECKPOINT_REST {
            let _ = checkpoint::copy(connection, "PASSIVE");
        }
    }
}

/// Octets a page adds to a transaction, roughly.
fn weight(page: &Page) -> usize {
    let log: usize = page.log.iter().map(|row| row.record.len() + 256).sum();
    let keys: usize = page.keys.iter().map(|row| row.answer.len() + 128).sum();
    page.journal.len() + log + keys + 256 * page.consent.len()
}
