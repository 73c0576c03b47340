//! The checkpoint: on a thread of its own, what the log has is copied into the live file.
//!
//! The writer goes on meanwhile, and what it adds is not copied; so the log begins anew only when the writer copies the little
//! that is left, between two commits. A failure costs nothing yet: the log keeps it all.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use rusqlite::Connection;

use crate::writer::Shared;
use crate::{Durability, schema};

/// Lives on the thread.
pub struct Checkpoint {
    shared: Arc<Shared>,
    path: PathBuf,
    durability: Durability,
}

impl Checkpoint {
    pub const fn new(shared: Arc<Shared>, path: PathBuf, durability: Durability) -> Self {
        Self { shared, path, durability }
    }

    /// Runs until the store is closed.
    pub fn run(self) {
        loop {
            let state = self.shared.state();
            let idle = |state: &mut crate::writer::State| !state.closing && !state.crowded;
            let state = self.shared.checkpoint.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
            if state.closing {
                return;
            }
            drop(state);
            // A connection for each: after a sync that failed, one may believe what the disk has not got.
            let _ = schema::reconnect(&self.path, self.durability).and_then(|connection| copy(&connection, "PASSIVE"));
            self.shared.state().crowded = false;
        }
    }
}

/// Copies in this mode; gives the frames in the log, and how many of them are in the database.
pub fn copy(connection: &Connection, mode: &str) -> rusqlite::Result<(i64, i64)> {
    connection
        .prepare_cached(&format!("PRAGMA wal_checkpoint = {mode}"))?
        .query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
}
