//! Which submits were acknowledged, and which receipt belongs to which: each id exactly once.

use std::collections::{BTreeMap, HashMap};

use super::histogram::Histogram;
use crate::clock::Micros;
use crate::smpp::receipt::State;

/// An acknowledged submit that is to have a receipt.
#[derive(Debug, Clone, Copy)]
struct Acked {
    sent: Micros,
    receipted: bool,
}

/// Counts of acknowledgements and receipts.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    ids: HashMap<Box<[u8]>, Acked>,
    /// Receipts whose submit has no answer yet, by when they came.
    early: HashMap<Box<[u8]>, Micros>,
    pub by_status: BTreeMap<u32, u64>,
    pub by_state: BTreeMap<&'static str, u64>,
    pub matched: u64,
    /// Of those matched, how many came before the answer to their submit.
    pub matched_early: u64,
    pub duplicate: u64,
    pub duplicate_ids: u64,
    /// Counted as unknown because too many wait already.
    overflow: u64,
    pub last_ack: Option<Micros>,
    pub last_receipt: Option<Micros>,
    pub acks: Histogram,
    pub receipts: Histogram,
}

impl Ledger {
    /// An answer other than "throttled". `sent` is when its submit was written.
    pub fn answered(&mut self, status: u32, sent: Micros, now: Micros) {
        *self.by_status.entry(status).or_default() += 1;
        self.acks.record(now.saturating_sub(sent));
        self.last_ack = Some(now);
    }

    /// A submit was accepted under `id` and a receipt is to follow.
    pub fn expect(&mut self, id: &[u8], sent: Micros) {
        if id.is_empty() {
            return;
        }
        let came = if self.early.is_empty() { None } else { self.early.remove(id) };
        let acked = Acked { sent, receipted: came.is_some() };
        if self.ids.contains_key(id) {
            self.duplicate_ids += 1;
            return;
        }
        self.ids.insert(id.into(), acked);
        if let Some(came) = came {
            self.matched_early += 1;
            self.matched(sent, came);
        }
    }

    /// A receipt. At most `waiting` may be kept that belong to nothing yet: more submits than that have no answer owing.
    pub fn receipt(&mut self, id: &[u8], state: State, now: Micros, waiting: usize) {
        *self.by_state.entry(state.stat()).or_default() += 1;
        if !state.is_final() {
            return;
        }
        match self.ids.get_mut(id) {
            Some(acked) if acked.receipted => self.duplicate += 1,
            Some(acked) => {
                acked.receipted = true;
                let sent = acked.sent;
                self.matched(sent, now);
            }
            None if self.early.contains_key(id) => self.duplicate += 1,
            None if self.early.len() >= waiting => self.overflow += 1,
            None => {
                self.early.insert(id.into(), now);
            }
        }
    }

    fn matched(&mut self, sent: Micros, now: Micros) {
        self.matched += 1;
        self.receipts.record(now.saturating_sub(sent));
        self.last_receipt = self.last_receipt.max(Some(now));
    }

    /// Receipts that belong to nothing that was acknowledged until now.
    pub fn unknown(&self) -> u64 {
        self.overflow + self.early.len() as u64
    }

    /// Ids whose receipt has not come yet.
    pub fn owing(&self) -> u64 {
        self.ids.len() as u64 - self.matched
    }

    /// Submits that were answered with `status`.
    pub fn status(&self, status: u32) -> u64 {
        self.by_status.get(&status).copied().unwrap_or_default()
    }

    #[cfg(test)]
    pub fn kept_early(&self) -> usize {
        self.early.len()
    }
}
