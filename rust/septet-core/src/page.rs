//! What the engine hands to a store: pages of journal, folded log rows and consent rows, committed together.

use crate::clock::WallMs;

/// One unit of durability. A store commits a page whole or not at all; pages commit in the order of `seq`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Position in the journal; starts at 1 and never repeats.
    pub seq: u64,
    /// Concatenated records of this page, in the engine's versioned format; may be empty.
    pub journal: Vec<u8>,
    /// Messages that ended in this page, folded into one row each. Writing a row twice is harmless (same id, same row).
    pub log: Vec<LogRow>,
    /// Consent that changed in this page.
    pub consent: Vec<ConsentRow>,
    /// Idempotency keys taken in this page.
    pub keys: Vec<KeyRow>,
    /// Journal rows with a smaller `seq` carry nothing alive any more and may go.
    pub keep_from: u64,
}

/// The final row of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// The public message id (20 characters).
    pub id: String,
    /// `mt` or `mo`.
    pub direction: &'static str,
    /// The account's id; empty for an MO nobody owns.
    pub account: String,
    /// Source address as digits or alphanumeric.
    pub from: String,
    /// Destination address.
    pub to: String,
    /// The carrier's id; empty if none had it.
    pub carrier: String,
    /// Segments or parts.
    pub segments: u32,
    /// The final status's name.
    pub status: &'static str,
    /// The last command_status or receipt error; 0 = none.
    pub error: u32,
    /// When the node accepted it.
    pub created: WallMs,
    /// When it reached its final status.
    pub updated: WallMs,
    /// The whole message as one record in the engine's versioned format.
    pub record: Vec<u8>,
}

/// Consent of one contact for one own number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRow {
    /// The own number.
    pub number: String,
    /// The person's number, E.164 digits.
    pub contact: String,
    /// True: opted out. False: opted in again.
    pub opted_out: bool,
    /// When.
    pub at: WallMs,
    /// The text that did it, as proof; or who (`api`).
    pub proof: String,
}

/// An idempotency key and what it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// The account's id.
    pub account: String,
    /// The caller's key.
    pub key: String,
    /// Hash of the request's body.
    pub body_hash: Vec<u8>,
    /// The answer to replay (a JSON body).
    pub answer: Vec<u8>,
    /// When it was taken.
    pub at: WallMs,
}
