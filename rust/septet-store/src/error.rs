//! The store's errors: a stable code, and a message that says where and how to mend it.

use std::fmt;

use rusqlite::ErrorCode;

/// Why the store could not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// One of [`Error::CODES`]; stable.
    pub code: &'static str,
    /// One line for a person: what, in which file, what to do.
    pub message: String,
}

impl Error {
    /// The file or its folder cannot be opened or created.
    pub const OPEN: &'static str = "store.open";
    /// The file is damaged, or is no store at all.
    pub const CORRUPT: &'static str = "store.corrupt";
    /// The file was written by a newer version, or belongs to another program.
    pub const SCHEMA: &'static str = "store.schema";
    /// Reading or writing failed.
    pub const IO: &'static str = "store.io";
    /// No space left.
    pub const FULL: &'static str = "store.full";
    /// Too many pages wait for the writer, or another program holds the database.
    pub const BUSY: &'static str = "store.busy";
    /// Another node has the file open.
    pub const LOCKED: &'static str = "store.locked";
    /// A page came out of order; the caller is at fault.
    pub const ORDER: &'static str = "store.order";
    /// The store was closed before.
    pub const CLOSED: &'static str = "store.closed";

    /// Every code there is.
    pub const CODES: [&'static str; 9] = [
        Self::OPEN,
        Self::CORRUPT,
        Self::SCHEMA,
        Self::IO,
        Self::FULL,
        Self::BUSY,
        Self::LOCKED,
        Self::ORDER,
        Self::CLOSED,
    ];

    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn closed() -> Self {
        Self::new(Self::CLOSED, "the store is closed")
    }

    /// Maps what SQLite says; `place` is the file concerned.
    pub(crate) fn sqlite(error: &rusqlite::Error, place: &str) -> Self {
        use rusqlite::Error as Of;
        if let Of::FromSqlConversionFailure(..)
        | Of::InvalidColumnType(..)
        | Of::IntegralValueOutOfRange(..)
        | Of::Utf8Error(..) = error
        {
            return Self::new(Self::CORRUPT, format!("{place}: a row is damaged: {error}"));
        }
        let (code, hint) = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => (Self::FULL, "free some space; the node goes on by itself"),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                (Self::CORRUPT, "the file is damaged or is no store: keep it, and restore a backup or move it aside")
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                (Self::BUSY, "another program holds the database")
            }
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
                (Self::OPEN, "check that the file and its folder can be written")
            }
            _ => (Self::IO, "check the disk"),
        };
        Self::new(code, format!("{place}: {error} ({hint})"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}
