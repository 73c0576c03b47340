//! SQLite's log, looked at before SQLite reads it.
//!
//! SQLite takes the first frame whose sum is wrong for the end of the log. After a power cut that is right for the last
//! transaction, which was never reported. It is damage, and what follows would be lost without a word, where a later
//! transaction follows, where the header is what is wrong (it is synced before the first frame is written), and where the index
//! beside the log counts more frames: it is brought up to date only after the sync.
//!
//! ```text
//! header 32   magic 4  format 4  page size 4  checkpoint 4  salt 8  sum 8
//! frame  24   page number 4  pages after commit or 0, 4  salt 8  sum 8, then the page
//! ```
//! (sqlite.org/fileformat2.html, section 4.) The index begins with two copies of:
//! ```text
//! index  48   version 4  0 4  changes 4  ready 1  order 1  page size 2  frames 4  pages 4  sum 8  salt 8  its own sum 8
//! ```
//! in the machine's order, but for the salt (sqlite.org/walformat.html, section 2.1).

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

use crate::{Error, day};

const HEADER: usize = 32;
const FRAME: usize = 24;
/// The lowest bit says whether words are summed in big-endian order.
const MAGIC: u32 = 0x377F_0682;

/// The part of the index that is looked at.
const INDEX: usize = 48;

/// Why SQLite would leave out something that was committed.
#[derive(Debug, PartialEq, Eq)]
enum Damage {
    Header,
    /// The first frame whose sum is wrong, and the transactions that end in it or after it.
    Frame(u64, u64),
    /// The frames that are whole, and those that were synced.
    Short(u64, u64),
}

/// Fails if the log of a database that syncs each commit has lost a transaction that was synced.
pub fn check(database: &Path) -> Result<(), Error> {
    let [_, path, index] = day::files(database);
    let failed = |error: std::io::Error| Error::new(Error::IO, format!("{}: {error}", path.display()));
    let Some(file) = open(&path).map_err(failed)? else {
        return Ok(());
    };
    let mut head = [0; 2 * INDEX];
    // An index that cannot be read says nothing; SQLite makes a new one of it.
    let known = open(&index).and_then(|file| file.map_or(Ok(false), |mut file| fill(&mut file, &mut head)));
    let synced = if known.unwrap_or(false) { frames_of(&head) } else { None };
    let says = match damaged(&mut BufReader::with_capacity(1 << 20, &file), synced).map_err(failed)? {
        // SQLite will take a transaction for committed whose sync a kill took: it must be durable before anybody is told of it.
        None => {
            file.sync_all().map_err(failed)?;
            // Its name too, if that was made by the one that was killed.
            let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
            return File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()).map_err(failed);
        }
        Some(Damage::Header) => "the header is damaged, and frames follow it".to_owned(),
        Some(Damage::Frame(frame, commits)) => {
            format!("frame {frame} is damaged, and {commits} transactions follow it")
        }
        Some(Damage::Short(whole, synced)) => format!("only {whole} of {synced} frames are whole"),
    };
    Err(Error::new(Error::CORRUPT, format!("{}: {says}", path.display())))
}

fn open(path: &Path) -> std::io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The salt of a log and how many of its frames an index counts; `None` where it is not whole.
fn frames_of(index: &[u8; 2 * INDEX]) -> Option<([u8; 8], u64)> {
    let (one, other) = index.split_at(INDEX);
    let native = |at: usize| u32::from_ne_bytes([one[at], one[at + 1], one[at + 2], one[at + 3]]);
    let sum = add((0, 0), &one[..40], cfg!(target_endian = "big"));
    if one != other || sum != (native(40), native(44)) || one[12] == 0 {
        return None;
    }
    Some((one[32..40].try_into().ok()?, u64::from(native(16))))
}

/// What was lost, if it is more than the one transaction that a power cut may have torn.
fn damaged(log: &mut impl Read, synced: Option<([u8; 8], u64)>) -> std::io::Result<Option<Damage>> {
    let mut header = [0; HEADER];
    if !fill(log, &mut header)? {
        return Ok(None);
    }
    let magic = word(&header, 0);
    let big = magic == MAGIC | 1;
    let size = word(&header, 8) as usize;
    let mut sum = add((0, 0), &header[..24], big);
    let known = magic & !1 == MAGIC && size.is_power_of_two() && (512..=65_536).contains(&size);
    if !known || sum != (word(&header, 24), word(&header, 28)) {
        return Ok(fill(log, &mut [0; FRAME])?.then_some(Damage::Header));
    }
    let salt = header[16..24].to_vec();
    let mut frame = vec![0; FRAME + size];
    let mut whole = 0;
    let mut broken = false;
    let mut commits = 0;
    while fill(log, &mut frame)? {
        // What is left of an earlier round of the log has another salt.
        let current = frame[8..16] == salt;
        if !broken {
            let summed = add(add(sum, &frame[..8], big), &frame[FRAME..], big);
            broken = !current || summed != (word(&frame, 16), word(&frame, 20));
            if !broken {
                sum = summed;
                whole += 1;
            }
        }
        if broken {
            commits += u64::from(current && word(&frame, 4) != 0);
        }
    }
    if commits > 1 {
        return Ok(Some(Damage::Frame(whole + 1, commits)));
    }
    let synced = synced.filter(|(of, synced)| *of == *salt && *synced > whole);
    Ok(synced.map(|(_, synced)| Damage::Short(whole, synced)))
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
