//! A simulated carrier to test against: binds, responses, receipts, MOs, queries, delays, errors, throttling. Sans-I/O, and
//! the same seed gives the same chances.

mod book;
mod carrier;
mod flood;
mod operations;
mod options;
mod shelf;
#[cfg(test)]
mod tests;

pub use carrier::{Carrier, Stats};
pub use flood::Flood;
pub use options::Options;
pub use shelf::{Message, Shelf};
