//! A submit_sm with replace_if_present_flag (SMPP 3.4 §5.2.18): it takes the place of what its account has waiting from the same
//! source to the same destination with the same service_type. What has left already is the carrier's to replace: the flag goes on to it.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::envelope::{Envelope, flag};
use super::ledger::Live;
use super::tables::digits;
use super::{Engine, Wake};
use crate::clock::{Micros, SECOND};

/// The walk through all that is alive is made at most this often, for all that came meanwhile.
const EVERY: Micros = SECOND;

/// The newest order of each (account, source, destination, service_type) that replaces what is older; beside it the pair by
/// which a cold message is known.
#[derive(Default)]
pub(super) struct Replacements(HashMap<u128, (u64, u64)>);

impl Engine {
    fn replaced_by(&self, account: u16, env: &Envelope) -> u128 {
        let (from, to) = (digits(env.from().addr), digits(env.to().addr));
        super::keyed::key(self.seed, &[&account.to_le_bytes(), from, to, env.service_type()])
    }

    /// Remembers that a message that is taken in replaces others.
    pub(super) fn note_replacement(&mut self, env: &Envelope, account: u16, now: Micros) {
        if !env.has(flag::REPLACE) {
            return;
        }
        if self.replacements.0.is_empty() {
            self.wakes.push(Reverse((now + EVERY, Wake::Replace)));
        }
        let newest = (env.order(), self.pair(account, digits(env.to().addr)));
        self.replacements.0.insert(self.replaced_by(account, env), newest);
    }

    /// Withdraws what waits and is older than its replacement; its sender hears of it like of any that it cancels.
    pub(super) fn withdraw_replaced(&mut self, now: Micros) {
        let newest = std::mem::take(&mut self.replacements);
        let pairs: HashMap<u64, u64> = newest.0.values().map(|(order, pair)| (*pair, *order)).collect();
        let (mut found, mut cold) = (Vec::new(), Vec::new());
        for (handle, live) in self.ledger.iter() {
            match live {
                Live::Mt(mt) => {
                    let by = newest.0.get(&self.replaced_by(mt.account, &mt.env));
                    found.extend(by.filter(|(order, _)| mt.env.order() < *order).map(|_| handle));
                }
                Live::Cold(stub) => {
                    cold.extend(pairs.get(&stub.pair).filter(|order| stub.order < **order).map(|_| handle));
                }
                _ => {}
            }
        }
        for handle in found {
            self.withdraw(handle, now);
        }
        // What is cold is read back, and looked at again.
        if !cold.is_empty() {
            self.wakes.push(Reverse((now + EVERY, Wake::Replace)));
            self.replacements = newest;
        }
        for handle in cold {
            self.want(handle, true);
        }
    }
}
