//! Counts for metrics: plain integers here, names and labels in Python when somebody scrapes.

use std::collections::HashMap;

use super::message::Status;
use crate::clock::Micros;

/// A histogram with fixed bounds in microseconds.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// How many observations fell at or below each bound and above the one before; the last is +Inf.
    pub counts: [u64; BOUNDS.len() + 1],
    /// Sum of all, in microseconds.
    pub sum: u64,
}

/// Upper bounds in microseconds, from 5 µs to 5 minutes.
pub const BOUNDS: [Micros; 22] = [
    5,
    10,
    25,
    50,
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    15_000_000,
    60_000_000,
    300_000_000,
];

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: [0; BOUNDS.len() + 1], sum: 0 }
    }
}

impl Histogram {
    /// Counts one observation.
    pub fn observe(&mut self, micros: Micros) {
        self.counts[BOUNDS.partition_point(|bound| *bound < micros)] += 1;
        self.sum = self.sum.saturating_add(micros);
    }
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To a person.
    Mt,
    /// From a person.
    Mo,
}

/// Requests to a carrier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Written.
    pub written: u64,
    /// Of these, refused or never answered.
    pub failed: u64,
}

/// What is counted by carrier.
#[derive(Clone, Debug, Default)]
pub struct CarrierTally {
    /// Segments written.
    pub segments: u64,
    /// Responses by status.
    pub responses: HashMap<u32, u64>,
    /// Receipts by state's stat.
    pub receipts: HashMap<&'static str, u64>,
    /// Receipts whose message was never found.
    pub unmatched: u64,
    /// Receipts that told what was known already, or came after the end.
    pub duplicates: u64,
    /// Submits the carrier throttled.
    pub throttled: u64,
    /// query_sm written.
    pub queries: u64,
    /// Those refused, or answered by nothing that can be read.
    pub queries_failed: u64,
    /// cancel_sm passed on for ESMEs.
    pub cancels: Asked,
    /// replace_sm passed on for ESMEs.
    pub replaces: Asked,
    /// Its alert_notifications.
    pub alerts: u64,
    /// From write to response.
    pub submit: Histogram,
    /// From acceptance to final receipt.
    pub delivery: Histogram,
}

/// Everything counted since the start.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// By direction, account, carrier and outcome.
    pub messages: HashMap<(Direction, u16, u16, Status), u64>,
    /// By carrier.
    pub carriers: Vec<CarrierTally>,
    /// From a submit_sm in to its response out.
    pub accept: Histogram,
    /// By account: submits refused for their rate.
    pub throttled: HashMap<u16, u64>,
    /// By number and rule.
    pub keywords: HashMap<(u16, u16), u64>,
    /// By number.
    pub optouts: HashMap<u16, u64>,
    /// By reason.
    pub blocked: HashMap<&'static str, u64>,
    /// By peer (an account's or carrier's id, or `unauthenticated`) and reason.
    pub bad_pdus: HashMap<(String, &'static str), u64>,
}

impl Tally {
    pub(super) fn new(carriers: usize) -> Self {
        Self { carriers: vec![CarrierTally::default(); carriers], ..Self::default() }
    }

    pub(super) fn message(&mut self, way: Direction, account: u16, carrier: u16, status: Status) {
        *self.messages.entry((way, account, carrier, status)).or_default() += 1;
    }

    pub(super) fn bad(&mut self, peer: &str, reason: &'static str) {
        // A lookup by a borrowed pair is not to be had; bad PDUs are rare.
        *self.bad_pdus.entry((peer.to_owned(), reason)).or_default() += 1;
    }
}
