//! Space set apart for what must still get in when the disk is full: receipts, inbound messages, opt-outs.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file of this size beside the database. Removing it gives the space back.
pub struct Reserve {
    path: PathBuf,
    octets: u64,
}

const CHUNK: usize = 1 << 20;

impl Reserve {
    /// 0 octets: no reserve.
    pub fn new(database: &Path, octets: u64) -> Self {
        let mut name = database.as_os_str().to_owned();
        name.push("-reserve");
        Self { path: PathBuf::from(name), octets }
    }

    /// Whether there is a reserve to speak of.
    pub fn is_wanted(&self) -> bool {
        self.octets > 0
    }

    /// Whether it is whole.
    pub fn is_held(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.len() >= self.octets)
    }

    /// Sets the space apart, if as much again stays free; says whether it is.
    pub fn hold(&self) -> bool {
        if !self.is_wanted() || self.is_held() {
            return true;
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let free = rustix::fs::statvfs(folder).map(|it| it.f_bavail.saturating_mul(it.f_frsize));
        if free.is_ok_and(|free| free < 2 * self.octets) {
            return false;
        }
        let held = self.fill().is_ok();
        if !held {
            self.release();
        }
        held
    }

    /// Octets that no file system leaves out as a hole or packs away.
    fn fill(&self) -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut left = self.octets;
        while left > 0 {
            let mut chunk = Vec::with_capacity(CHUNK);
            while chunk.len() < CHUNK {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                chunk.extend_from_slice(&state.to_le_bytes());
            }
            chunk.truncate(left.min(CHUNK as u64) as usize);
            file.write_all(&chunk)?;
            left -= chunk.len() as u64;
        }
        file.sync_all()
    }

    /// Gives the space back; says whether there was any.
    pub fn release(&self) -> bool {
        let held = fs::remove_file(&self.path).is_ok();
        if let (true, Some(Ok(folder))) = (held, self.path.parent().map(File::open)) {
            // Some file systems free the space of a removed file only with their next commit.
            let _ = folder.sync_all();
        }
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_its_space_and_gives_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("septet.db");
        let reserve = Reserve::new(&path, 3_000_000);
        assert!(!reserve.is_held() && reserve.hold() && reserve.is_held());
        assert_eq!(fs::metadata(folder.path().join("septet.db-reserve")).unwrap().len(), 3_000_000);
        assert!(reserve.release() && !reserve.is_held() && !reserve.release());
        assert!(!Reserve::new(&path, u64::MAX / 4).hold(), "no disk has so much");
        assert!(Reserve::new(&path, 0).hold());
    }
}
