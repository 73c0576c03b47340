//! One node, one file: an advisory lock beside the database.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::Error;

/// Held as long as the store is open; the system releases it when the process dies.
///
/// It is a file of its own because closing any descriptor of the database would drop the locks SQLite holds on it.
/// It is never removed: removing it would let two nodes lock two files of one name.
pub struct Lock {
    _file: File,
}

impl Lock {
    pub fn take(database: &Path) -> Result<Self, Error> {
        let mut name = database.as_os_str().to_owned();
        name.push("-lock");
        let path = PathBuf::from(name);
        let failed = |error: &dyn std::fmt::Display| {
            Error::new(Error::OPEN, format!("{}: {error} (check that the folder can be written)", path.display()))
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::new(
                Error::LOCKED,
                format!(
                    "{}: another node has this store open (stop it, or give this one its own data_dir)",
                    database.display()
                ),
            )),
            Err(TryLockError::Error(error)) => Err(failed(&error)),
        }
    }
}
