//! Ended messages as the live file keeps them until they are folded: those of a page together, in one row of `ended`.
//!
//! ```text
//! row   length 4   sum 4   body
//! body  segments 4  error 4  created 8  updated 8  direction 1  status 1  id, account, from, to, carrier: length 2, text
//!       and the record, to its end
//! ```
//! Numbers are little-endian. The sum is CRC-32 of the body, so that a flipped bit costs one message and not its page.

use rusqlite::types::Type;
use septet_core::clock::WallMs;
use septet_core::engine::Status;
use septet_core::page::LogRow;

const DIRECTIONS: [&str; 2] = ["mt", "mo"];
/// Octets of the body before its texts.
const NUMBERS: usize = 26;

/// A row where it lies; one is looked at far more often than taken.
pub struct Seen<'a> {
    pub id: &'a str,
    pub direction: &'static str,
    pub account: &'a str,
    pub from: &'a str,
    pub to: &'a str,
    pub carrier: &'a str,
    pub status: &'static str,
    pub created: WallMs,
    updated: WallMs,
    segments: u32,
    error: u32,
    record: &'a [u8],
}

impl<'a> From<&'a LogRow> for Seen<'a> {
    fn from(row: &'a LogRow) -> Self {
        Self {
            id: &row.id,
            direction: row.direction,
            account: &row.account,
            from: &row.from,
            to: &row.to,
            carrier: &row.carrier,
            status: row.status,
            created: row.created,
            updated: row.updated,
            segments: row.segments,
            error: row.error,
            record: &row.record,
        }
    }
}

impl Seen<'_> {
    pub fn take(&self) -> LogRow {
        LogRow {
            id: self.id.to_owned(),
            direction: self.direction,
            account: self.account.to_owned(),
            from: self.from.to_owned(),
            to: self.to.to_owned(),
            carrier: self.carrier.to_owned(),
            segments: self.segments,
            status: self.status,
            error: self.error,
            created: self.created,
            updated: self.updated,
            record: self.record.to_vec(),
        }
    }
}

/// The rows of a page, one behind the other.
pub fn encode(rows: &[LogRow]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.iter().map(|row| row.record.len() + 128).sum());
    for row in rows {
        let start = out.len();
        out.extend([0; 8]);
        out.extend(row.segments.to_le_bytes());
        out.extend(row.error.to_le_bytes());
        out.extend(row.created.to_le_bytes());
        out.extend(row.updated.to_le_bytes());
        out.push(DIRECTIONS.iter().position(|it| *it == row.direction).unwrap_or(0) as u8);
        out.push(Status::ALL.iter().position(|it| it.name() == row.status).unwrap_or(0) as u8);
        for text in [&row.id, &row.account, &row.from, &row.to, &row.carrier] {
            // Longer than any name or address may be.
            let text = &text.as_bytes()[..text.len().min(u16::MAX.into())];
            out.extend((text.len() as u16).to_le_bytes());
            out.extend(text);
        }
        out.extend(&row.record);
        let body = &out[start + 8..];
        let (length, sum) = (body.len() as u32, crc32fast::hash(body));
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
        out[start + 4..start + 8].copy_from_slice(&sum.to_le_bytes());
    }
    out
}

/// Reads them back; an error stands for a damaged one, and where its length is what is damaged, for all that follow.
pub fn decode(records: &[u8]) -> impl Iterator<Item = rusqlite::Result<Seen<'_>>> {
    let mut left = records;
    std::iter::from_fn(move || {
        if left.is_empty() {
            return None;
        }
        let row = split(&mut left);
        if row.is_none() {
            left = &[];
        }
        Some(row.and_then(|(sum, body)| (crc32fast::hash(body) == sum).then(|| read(body))?).ok_or_else(damaged))
    })
}

/// The sum and the body of the first.
fn split<'a>(left: &mut &'a [u8]) -> Option<(u32, &'a [u8])> {
    let length = number(left)? as usize;
    let sum = number(left)?;
    let (body, rest) = left.split_at_checked(length)?;
    *left = rest;
    Some((sum, body))
}

fn read(mut body: &[u8]) -> Option<Seen<'_>> {
    let (numbers, texts) = body.split_first_chunk::<NUMBERS>()?;
    let mut numbers = &numbers[..];
    let (segments, error) = (number(&mut numbers)?, number(&mut numbers)?);
    let (created, updated) = (long(&mut numbers)?, long(&mut numbers)?);
    let direction = DIRECTIONS.get(usize::from(numbers[0]))?;
    let status = Status::ALL.get(usize::from(numbers[1]))?.name();
    body = texts;
    let mut text = || {
        let (length, rest) = body.split_first_chunk()?;
        let (text, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        body = rest;
        str::from_utf8(text).ok()
    };
    let (id, account, from, to, carrier) = (text()?, text()?, text()?, text()?, text()?);
    let record = body;
    Some(Seen { id, direction, account, from, to, carrier, status, created, updated, segments, error, record })
}

fn number(from: &mut &[u8]) -> Option<u32> {
    let (octets, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(u32::from_le_bytes(*octets))
}

fn long(from: &mut &[u8]) -> Option<u64> {
    let (octets, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(u64::from_le_bytes(*octets))
}

/// [`crate::Error::sqlite`] takes it for a damaged row.
pub fn damaged() -> rusqlite::Error {
    let reason = "ended messages do not match their sum";
    rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, reason.into())
}
