//! What a load came to.

use std::collections::BTreeMap;

use super::Tally;
use super::histogram::Latency;
use crate::clock::{Micros, SECOND};
use crate::smpp::status as st;

/// Counts and times of a run. Latencies of answers and of receipts are from the writing of the submit; in an
/// open loop from when it was due, so that a peer that stalls cannot hide what it held up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Different submits written; one for each part of each message begun.
    pub submits: u64,
    /// Submits answered `ESME_ROK`.
    pub acked: u64,
    /// Answers by status, "throttled" aside.
    pub by_status: BTreeMap<u32, u64>,
    /// Answers `ESME_RTHROTTLED` and `ESME_RMSGQFUL`; each was sent again.
    pub throttled: u64,
    /// Submits that nobody answered in time.
    pub timed_out: u64,
    /// Submits unanswered when their connection ended.
    pub lost: u64,
    /// Submits unanswered now.
    pub pending: u64,
    /// Messages never begun, and parts that were to be sent, or sent again.
    pub unsent: u64,
    /// Receipts by state.
    pub by_state: BTreeMap<&'static str, u64>,
    /// Submits that have their final receipt.
    pub receipts: u64,
    /// Of those, the ones whose receipt came before the answer.
    pub receipts_early: u64,
    /// Accepted submits without a final receipt; 0 if none was asked for.
    pub receipts_missing: u64,
    /// Final receipts after the first for the same id.
    pub receipts_duplicate: u64,
    /// Final receipts for an id that no answer gave.
    pub receipts_unknown: u64,
    /// Answers that gave an id already given; counted with receipts alone.
    pub duplicate_ids: u64,
    /// Messages from subscribers.
    pub messages_in: u64,
    /// The status with which a bind was refused.
    pub bind_refused: Option<u32>,
    /// Why the first connection that ended did.
    pub ended: Option<&'static str>,
    /// Submits to answers.
    pub ack_latency: Latency,
    /// Submits to receipts.
    pub receipt_latency: Latency,
    /// Answered `ESME_ROK` a second, from the first submit to the last answer.
    pub acked_per_second: f64,
    /// With their receipts a second, from the first submit to the last receipt.
    pub complete_per_second: f64,
    /// Every submit was accepted and, if asked for, has exactly one receipt.
    pub success: bool,
}

impl Tally {
    pub(super) fn report(&self, unsent: u64, began: Option<Micros>) -> Report {
        let ledger = &self.ledger;
        let acked = ledger.status(st::ESME_ROK);
        let missing = if self.receipts { acked.saturating_sub(ledger.matched) } else { 0 };
        let every = acked == self.submits && unsent == 0 && self.submits > 0 && self.refused.is_none();
        let strange = [missing, ledger.duplicate, ledger.unknown(), ledger.duplicate_ids];
        Report {
            submits: self.submits,
            acked,
            by_status: ledger.by_status.clone(),
            throttled: self.throttled,
            timed_out: self.timed_out,
            lost: self.lost,
            pending: self.pending,
            unsent,
            by_state: ledger.by_state.clone(),
            receipts: ledger.matched,
            receipts_early: ledger.matched_early,
            receipts_missing: missing,
            receipts_duplicate: ledger.duplicate,
            receipts_unknown: ledger.unknown(),
            duplicate_ids: ledger.duplicate_ids,
            messages_in: self.messages_in,
            bind_refused: self.refused,
            ended: self.ended,
            ack_latency: ledger.acks.latency(),
            receipt_latency: ledger.receipts.latency(),
            acked_per_second: per_second(acked, began, ledger.last_ack),
            complete_per_second: per_second(ledger.matched, began, ledger.last_receipt),
            success: every && (!self.receipts || strange.iter().all(|count| *count == 0)),
        }
    }
}

fn per_second(count: u64, from: Option<Micros>, to: Option<Micros>) -> f64 {
    match (from, to) {
        (Some(from), Some(to)) => count as f64 * SECOND as f64 / to.saturating_sub(from).max(1) as f64,
        _ => 0.0,
    }
}
