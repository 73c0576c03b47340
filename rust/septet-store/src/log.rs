//! The log as look-ups see it: the rows that wait in the live file, and the days.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use septet_core::page::LogRow;

use crate::day::{self, Day};
use crate::reader::Reader;
use crate::writer::Shared;
use crate::{Error, Filter, plan, schema};

/// Days open for look-ups, three descriptors each: as many as are kept unless told otherwise.
const MOST_OPEN: usize = 96;

/// Reads both.
pub struct Log {
    shared: Arc<Shared>,
    live: Arc<Reader>,
    folder: PathBuf,
    /// The last one used is the last.
    open: Mutex<Vec<(Day, Connection)>>,
}

impl Log {
    pub fn new(shared: Arc<Shared>, live: Arc<Reader>, path: &Path) -> Self {
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        Self { shared, live, folder, open: Mutex::default() }
    }

    /// Rows of both, newest first. The live file is read first, and of it what is not folded: a row that has left it by then, or
    /// is folded, is in its day already.
    pub fn query(&self, filter: &Filter) -> Result<Vec<LogRow>, Error> {
        let folded = self.shared.state().folded.1;
        let waiting = self.live.query(filter, folded)?;
        let most = filter.rows() as usize;
        let mut folded = Vec::new();
        for day in self.days(filter)? {
            if folded.len() >= most {
                break;
            }
            folded.extend(self.ask(day, filter)?);
        }
        let mut rows = waiting;
        rows.extend(folded);
        // Stable: of a row in both places the waiting one is first, and it is the newer.
        rows.sort_by(|a, b| b.id.cmp(&a.id));
        rows.dedup_by(|later, first| later.id == first.id);
        rows.truncate(most);
        Ok(rows)
    }

    /// Newest first.
    fn days(&self, filter: &Filter) -> Result<Vec<Day>, Error> {
        let failed = |error: std::io::Error| Error::new(Error::IO, format!("{}: {error}", self.folder.display()));
        let mut days = day::list(&self.folder).map_err(failed)?;
        let (first, last) = filter.days();
        days.retain(|day| first.is_none_or(|first| *day >= first) && last.is_none_or(|last| *day <= last));
        Ok(days)
    }

    fn ask(&self, day: Day, filter: &Filter) -> Result<Vec<LogRow>, Error> {
        let path = day.path(&self.folder);
        // Nobody waits for another's look-up: whoever finds a day's connection taken opens one more.
        let known = {
            let mut open = self.open();
            let at = open.iter().rposition(|(open, _)| *open == day);
            at.map(|at| open.remove(at).1)
        };
        let outcome = known.map_or_else(|| schema::connect_day(&path), Ok).and_then(|connection| {
            let rows = plan::ask(&connection, filter)?;
            let mut open = self.open();
            open.push((day, connection));
            if open.len() > MOST_OPEN {
                open.remove(0);
            }
            Ok(rows)
        });
        match outcome {
            Ok(rows) => Ok(rows),
            // Removed or set aside meanwhile: there is nothing to be found in it.
            Err(_) if !path.exists() => Ok(Vec::new()),
            Err(error) => {
                let error = Error::sqlite(&error, &path.display().to_string());
                if error.code == Error::CORRUPT {
                    self.shared.suspect(day);
                }
                Err(error)
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, Vec<(Day, Connection)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn close(&self) {
        self.open().clear();
    }
}
