//! A disk that fails on demand, and what the store promises then.

use rusqlite::{Connection, ffi};

/// What the next attempts meet.
#[derive(Default)]
pub struct Faults {
    /// `PRAGMA max_page_count`, to be set on the writer's connection.
    pub max_page_count: Option<u32>,
    /// Attempts to fail with this extended result code.
    pub codes: Vec<i32>,
}

impl Faults {
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
