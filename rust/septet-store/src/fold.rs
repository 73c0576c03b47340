//! The fold: on a thread of its own, ended messages move from the live file into files by day.
//!
//! A row leaves the live file only after its day is synced, and a row's day follows from its id alone. So a crash at any
//! point loses nothing, and what is folded a second time takes the place of the first.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension};
use septet_core::page::LogRow;

use crate::aside;
use crate::day::{self, Day};
use crate::writer::Shared;
use crate::{Durability, Error, ended, row, schema};

/// How the log is folded and kept.
#[derive(Debug, Clone)]
pub struct Folding {
    /// Days that are kept before today; 0 keeps all.
    pub retention_days: u32,
    /// Rows that are folded at once, without waiting for more.
    pub rows: usize,
    /// How long fewer rows wait for more.
    pub pause: Duration,
}

impl Default for Folding {
    /// Everything is kept; 20,000 rows or two seconds.
    fn default() -> Self {
        Self { retention_days: 0, rows: 20_000, pause: Duration::from_secs(2) }
    }
}

/// Rows folded at once, and octets of their records: what a fold holds in memory. The more, the fewer times a page of an index is
/// written.
const MOST_ROWS: usize = 100_000;
/// The same while so few wait: a sync of much would hold up the traffic's, and its core.
const FEW_ROWS: usize = 10_000;
const FEW_WAIT: u64 = 200_000;
const MOST_OCTETS: usize = 32 << 20;
/// Days open for writing: today, and yesterday for what ends late.
const MOST_OPEN: usize = 3;
/// How often days that are too old are looked for.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 100 });
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Log frames (pages of 4 KiB) of a day after which they are copied into the file.
const CHECKPOINT: i64 = 16_384;

/// Lives on the thread.
pub struct Fold {
    shared: Arc<Shared>,
    path: PathBuf,
    folder: PathBuf,
    folding: Folding,
    /// Reads the live file; `None` after an error.
    live: Option<Connection>,
    /// The last one used is the last.
    open: Vec<(Day, Connection)>,
    kept: Instant,
}

impl Fold {
    /// `path` is the live file; the days lie beside it.
    pub fn new(shared: Arc<Shared>, path: PathBuf, folding: Folding) -> Self {
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        Self { shared, path, folder, folding, live: None, open: Vec::new(), kept: Instant::now() }
    }

    /// Runs until the store is closed; what is not folded then is folded after the next start.
    pub fn run(mut self) {
        // Where cores are scarce, the traffic comes first: the log may wait in the live file. Only Linux has such a thing for a
        // single thread; a refusal costs nothing.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::nice(15);
        let mut pause = FIRST_PAUSE;
        self.housekeeping();
        while self.wait() {
            match self.step() {
                Ok(()) => {
                    pause = FIRST_PAUSE;
                    self.shared.fold_failed(None);
                }
                Err(error) => {
                    self.live = None;
                    self.shared.fold_failed(Some(error));
                    let state = self.shared.state();
                    drop(self.shared.folding.wait_timeout_while(state, pause, |state| !state.closing));
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Waits for rows, then for more of them; `false` when the store closes.
    fn wait(&mut self) -> bool {
        let idle = |state: &mut crate::writer::State| {
            !state.closing && state.suspects.is_empty() && (state.appended <= state.folded.0 || state.finished.low)
        };
        loop {
            let state = self.shared.state();
            let waited = self.shared.folding.wait_timeout_while(state, HOUSEKEEPING, idle);
            let (state, timeout) = waited.unwrap_or_else(std::sync::PoisonError::into_inner);
            if timeout.timed_out() || self.kept.elapsed() > HOUSEKEEPING {
                drop(state);
                self.housekeeping();
                if timeout.timed_out() {
                    continue;
                }
                return !self.shared.state().closing;
            }
            let rows = self.folding.rows as u64;
            let few = |state: &mut crate::writer::State| {
                !state.closing && state.suspects.is_empty() && state.appended - state.folded.0 < rows
            };
            let waited = self.shared.folding.wait_timeout_while(state, self.folding.pause, few);
            let (state, _) = waited.unwrap_or_else(std::sync::PoisonError::into_inner);
            return !state.closing;
        }
    }

    /// Looks at days that a look-up found damaged, then folds what there is, up to a limit.
    fn step(&mut self) -> Result<(), Error> {
        let suspects = std::mem::take(&mut self.shared.state().suspects);
        for day in suspects {
            self.examine(day)?;
        }
        let folded = self.shared.state().folded;
        let waiting = self.shared.state().appended - folded.0;
        let (last, rows) = self.read(folded.1, if waiting < FEW_WAIT { FEW_ROWS } else { MOST_ROWS })?;
        let count = rows.len() as u64;
        if count > 0 {
            self.write(rows)?;
            self.shared.state().folded = (folded.0 + count, last);
            self.shared.notify();
        }
        Ok(())
    }

    /// The ended messages of the pages after this one, up to a limit, and the last of those pages.
    fn read(&mut self, after: i64, most: usize) -> Result<(i64, Vec<LogRow>), Error> {
        let failed = |error: rusqlite::Error| Error::sqlite(&error, &self.path.display().to_string());
        if self.live.is_none() {
            self.live = Some(schema::connect_read_only(&self.path).map_err(failed)?);
        }
        let mut last = after;
        let mut all: Vec<LogRow> = Vec::new();
        let Some(live) = &self.live else { return Ok((last, all)) };
        let sql = "SELECT seq, records FROM ended WHERE seq > ?1 ORDER BY seq LIMIT 1";
        let mut next = live.prepare_cached(sql).map_err(failed)?;
        let mut octets = 0;
        // One at a time: as long as a look-up runs, SQLite cannot begin its log anew.
        while all.len() < most && octets < MOST_OCTETS {
            let found = next.query_row([last], |it| {
                let records = it.get_ref(1)?.as_blob()?;
                octets += records.len();
                for row in ended::decode(records) {
                    all.push(row?.take());
                }
                it.get(0)
            });
            match found.optional().map_err(failed)? {
                Some(seq) => last = seq,
                None => break,
            }
        }
        Ok((last, all))
    }

    /// Every row into its day, synced.
    fn write(&mut self, rows: Vec<LogRow>) -> Result<(), Error> {
        let oldest = self.oldest();
        let mut rows: Vec<(Day, LogRow)> = rows.into_iter().map(|row| (Day::of_id(&row.id), row)).collect();
        // In order of id, SQLite appends instead of seeking; the sort is stable, so the last writer of an id still wins.
        rows.sort_by(|a, b| a.1.id.cmp(&b.1.id));
        for group in rows.chunk_by(|a, b| a.0 == b.0) {
            let day = group[0].0;
            // What is older than the log is kept has no file any more.
            if oldest.is_some_and(|oldest| day < oldest) {
                continue;
            }
            match self.write_day(day, group) {
                Err(error) if error.code == Error::CORRUPT => {
                    self.set_aside(day, &error)?;
                    self.write_day(day, group)?;
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }

    fn write_day(&mut self, day: Day, rows: &[(Day, LogRow)]) -> Result<(), Error> {
        #[cfg(test)]
        self.shared.faults.lock().unwrap().fold("open")?;
        let place = day.path(&self.folder);
        let failed = |error: rusqlite::Error| Error::sqlite(&error, &place.display().to_string());
        let connection = self.take(day)?;
        connection.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
        let written = self.insert(&connection, rows).map_err(failed);
        #[cfg(test)]
        let written = written.and_then(|()| self.shared.faults.lock().unwrap().fold("commit"));
        let written = written.and_then(|()| connection.execute_batch("COMMIT").map_err(failed));
        if let Err(error) = written {
            // The connection is dropped: after a failed sync it may believe what the disk has not got.
            let _ = connection.execute_batch("ROLLBACK");
            // A test that copies the files holds this lock: to close a database is to write to it.
            #[cfg(test)]
            let _still = self.shared.faults.lock().unwrap();
            drop(connection);
            return Err(error);
        }
        let frames = connection.query_row("PRAGMA wal_checkpoint = NOOP", [], |it| it.get::<_, i64>(1));
        if frames.is_ok_and(|frames| frames > CHECKPOINT) {
            let _ = connection.execute_batch("PRAGMA wal_checkpoint = PASSIVE");
        }
        self.open.push((day, connection));
        #[cfg(test)]
        self.shared.faults.lock().unwrap().fold("written")?;
        Ok(())
    }

    fn insert(&self, connection: &Connection, rows: &[(Day, LogRow)]) -> rusqlite::Result<()> {
        let sql = format!(
            "INSERT OR REPLACE INTO message({}) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            row::MESSAGE
        );
        let mut insert = connection.prepare_cached(&sql)?;
        for (count, (_, it)) in rows.iter().enumerate() {
            if count % 1024 == 0 && self.shared.state().closing {
                return Err(rusqlite::Error::SqliteFailure(
                    rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT),
                    None,
                ));
            }
            row::bind(it, |values| insert.execute(values))?;
        }
        Ok(())
    }

    /// The connection of a day, out of the open ones.
    fn take(&mut self, day: Day) -> Result<Connection, Error> {
        if let Some(at) = self.open.iter().position(|(open, _)| *open == day) {
            return Ok(self.open.remove(at).1);
        }
        if self.open.len() >= MOST_OPEN {
            self.open.remove(0);
        }
        let path = day.path(&self.folder);
        if !path.exists() {
            self.make(&path)?;
        }
        // Rows leave the live file once they are here, so here they are on disk whatever the store promises elsewhere.
        schema::open(&path, &schema::DAY, Durability::Full)
    }

    /// Makes a day under another name first: a look-up, or a crash, finds a whole file or none.
    fn make(&self, path: &Path) -> Result<(), Error> {
        let failed = |error: std::io::Error| Error::new(Error::IO, format!("{}: {error}", path.display()));
        let unfinished = path.with_extension("new");
        for file in day::files(&unfinished) {
            let _ = fs::remove_file(file);
        }
        drop(schema::open(&unfinished, &schema::DAY, Durability::Full)?);
        fs::rename(&unfinished, path).map_err(failed)?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// A look-up found this day damaged: if it is, it is set aside.
    fn examine(&mut self, day: Day) -> Result<(), Error> {
        let path = day.path(&self.folder);
        if !path.exists() {
            return Ok(());
        }
        self.open.retain(|(open, _)| *open != day);
        match aside::check(&path, &schema::DAY) {
            Err(error) if error.code == Error::CORRUPT => self.set_aside(day, &error),
            _ => Ok(()),
        }
    }

    /// Renames a damaged day; what can still be read of it goes into a new one.
    fn set_aside(&mut self, day: Day, why: &Error) -> Result<(), Error> {
        self.open.retain(|(open, _)| *open != day);
        let path = day.path(&self.folder);
        let aside = aside::rename(&path)?;
        let mut saved = 0u64;
        let salvaged = aside::messages(&aside, &mut |rows| {
            let rows: Vec<(Day, LogRow)> = rows.into_iter().map(|row| (Day::of_id(&row.id), row)).collect();
            let mine: Vec<_> = rows.into_iter().filter(|(of, _)| *of == day).collect();
            saved += mine.len() as u64;
            self.write_day(day, &mine)
        });
        let lost = match salvaged {
            Ok(0) => String::new(),
            Ok(gaps) => format!("; {gaps} places could not be read"),
            Err(error) => format!("; the rest cannot be read: {error}"),
        };
        let place = aside.display();
        self.shared.note(format!("{why}; kept as {place}, {saved} messages are in a new file{lost}"));
        Ok(())
    }

    fn oldest(&self) -> Option<Day> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        (self.folding.retention_days > 0).then(|| Day::of(now.as_millis() as u64).back(self.folding.retention_days))
    }

    /// Removes days that are too old. What fails is tried again at the next look.
    fn housekeeping(&mut self) {
        self.kept = Instant::now();
        let Some(oldest) = self.oldest() else { return };
        let gone: BTreeSet<Day> =
            day::list(&self.folder).unwrap_or_default().into_iter().filter(|d| *d < oldest).collect();
        self.open.retain(|(day, _)| !gone.contains(day));
        for day in gone {
            let path = day.path(&self.folder);
            self.shared.note(format!("{}: older than the log is kept, removed", path.display()));
            // The database first: without it, its side files mean nothing.
            for file in day::files(&path) {
                let _ = fs::remove_file(file);
            }
        }
    }
}
