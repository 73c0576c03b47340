//! SQLite's log, looked at before SQLite reads it.
//!
//! SQLite takes the first frame whose sum is wrong for the end of the log. After a power cut that is right for the last
//! transaction, which was never reported. Where a later transaction follows, the frame was on disk once: it is damaged, and
//! what follows would be lost without a word.
//!
//! ```text
//! header 32   magic 4  format 4  page size 4  checkpoint 4  salt 8  sum 8
//! frame  24   page number 4  pages after commit or 0, 4  salt 8  sum 8, then the page
//! ```
//! (sqlite.org/fileformat2.html, section 4.)

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

use crate::{Error, day};

const HEADER: usize = 32;
const FRAME: usize = 24;
/// The lowest bit says whether words are summed in big-endian order.
const MAGIC: u32 = 0x377F_0682;

/// Fails if the log of a database that syncs each commit has a damaged frame before its last transaction.
pub fn check(database: &Path) -> Result<(), Error> {
    let [_, path, _] = day::files(database);
    let failed = |error: std::io::Error| Error::new(Error::IO, format!("{}: {error}", path.display()));
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    match damaged(&mut BufReader::with_capacity(1 << 20, file)).map_err(failed)? {
        None => Ok(()),
        Some((frame, commits)) => Err(Error::new(
            Error::CORRUPT,
            format!("{}: frame {frame} is damaged, and {commits} transactions follow it", path.display()),
        )),
    }
}

/// The first frame whose sum is wrong, and the transactions that end in it or after it, if that is more than the one
/// that a power cut may have torn.
fn damaged(log: &mut impl Read) -> std::io::Result<Option<(u64, u64)>> {
    let mut header = [0; HEADER];
    if !fill(log, &mut header)? {
        return Ok(None);
    }
    let big = match word(&header, 0) {
        magic if magic == MAGIC => false,
        magic if magic == MAGIC | 1 => true,
        _ => return Ok(None),
    };
    let size = word(&header, 8) as usize;
    let mut sum = add((0, 0), &header[..24], big);
    if sum != (word(&header, 24), word(&header, 28)) || !size.is_power_of_two() || !(512..=65_536).contains(&size) {
        return Ok(None);
    }
    let salt = header[16..24].to_vec();
    let mut frame = vec![0; FRAME + size];
    let mut count = 0;
    let mut broken = None;
    let mut commits = 0;
    while fill(log, &mut frame)? {
        count += 1;
        // What is left of an earlier round of the log has another salt.
        let current = frame[8..16] == salt;
        if broken.is_none() {
            if !current {
                return Ok(None);
            }
            sum = add(add(sum, &frame[..8], big), &frame[FRAME..], big);
            if sum != (word(&frame, 16), word(&frame, 20)) {
                broken = Some(count);
            }
        }
        if broken.is_some() {
            commits += u64::from(current && word(&frame, 4) != 0);
        }
    }
    Ok(broken.filter(|_| commits > 1).map(|frame| (frame, commits)))
}

/// Whether the buffer could be filled.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn word(octets: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]])
}

fn add((mut first, mut second): (u32, u32), octets: &[u8], big: bool) -> (u32, u32) {
    let (words, _) = octets.as_chunks::<4>();
    let (pairs, _) = words.as_chunks::<2>();
    for [a, b] in pairs {
        let read = |it: &[u8; 4]| if big { u32::from_be_bytes(*it) } else { u32::from_le_bytes(*it) };
        first = first.wrapping_add(read(a)).wrapping_add(second);
        second = second.wrapping_add(read(b)).wrapping_add(first);
    }
    (first, second)
}
