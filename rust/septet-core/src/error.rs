//! One error type for the core: a stable code, a sentence, and for bytes the offset.

use std::fmt;

/// What went wrong, in words that name the place and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// A stable identifier, e.g. `text.unencodable`; listed in [`CODES`].
    pub code: &'static str,
    /// What, where and how to mend it.
    pub message: String,
    /// Where in the input (octets for bytes, characters for text), if there is one place.
    pub offset: Option<usize>,
}

/// Every code that the core can raise. A test in Python fails if one is never covered.
pub const CODES: &[&str] = &[
    "text.unencodable",
    "text.too_many_segments",
    "text.bad_encoding",
    "text.bad_udh",
    "text.bad_data_coding",
    "text.undecodable",
    "text.bad_argument",
    "keywords.bad_pattern",
    "smpp.bad_length",
    "smpp.truncated",
    "smpp.bad_field",
    "smpp.unknown_command",
    "receipt.not_a_receipt",
    "engine.bad_record",
    "engine.page_missing",
    "engine.bad_table",
    "load.bad_argument",
];

/// The core's result.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error without a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        debug_assert!(CODES.contains(&code), "{code} is not in CODES");
        Self { code, message: message.into(), offset: None }
    }

    /// An error at an offset of the input.
    pub fn at(code: &'static str, offset: usize, message: impl Into<String>) -> Self {
        Self { offset: Some(offset), ..Self::new(code, message) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
