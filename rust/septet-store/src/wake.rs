//! A descriptor that an event loop can watch: readable while there is news.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

/// Both ends of a non-blocking socket pair. The owner keeps at most one octet in it.
pub struct Wake {
    watched: UnixStream,
    other: UnixStream,
}

impl Wake {
    pub fn new() -> io::Result<Self> {
        let (watched, other) = UnixStream::pair()?;
        watched.set_nonblocking(true)?;
        other.set_nonblocking(true)?;
        Ok(Self { watched, other })
    }

    pub fn fd(&self) -> RawFd {
        self.watched.as_raw_fd()
    }

    /// A full pair is already readable, so an error here loses nothing.
    pub fn signal(&self) {
        let _ = (&self.other).write(&[1]);
    }

    pub fn drain(&self) {
        let mut octets = [0; 16];
        while matches!((&self.watched).read(&mut octets), Ok(count) if count > 0) {}
    }
}

#[cfg(test)]
impl Wake {
    /// Looks without taking: what was read is put back.
    pub fn readable(&self) -> bool {
        let found = matches!((&self.watched).read(&mut [0]), Ok(1));
        if found {
            self.signal();
        }
        found
    }
}
