//! What becomes of each message that the carrier has taken: its end, and when it comes.

use std::collections::VecDeque;

use crate::clock::Micros;
use crate::smpp::receipt::State;
use crate::smpp::sm::Sm;

/// One message.
#[derive(Debug)]
pub(super) struct Entry {
    /// The id that its sender knows: that of the first destination of a submit_multi.
    pub(super) name: u64,
    pub(super) from: Box<[u8]>,
    pub(super) to: Box<[u8]>,
    pub(super) service_type: Box<[u8]>,
    /// How it ends.
    pub(super) state: State,
    /// When.
    pub(super) due: Micros,
    /// The receipts that will say so.
    pub(super) owed: Vec<u64>,
}

impl Entry {
    pub(super) fn of(name: u64, sm: &Sm<'_>, state: State, due: Micros, owed: Vec<u64>) -> Self {
        let (from, to, service_type) = (sm.source.addr.into(), sm.dest.addr.into(), sm.service_type.into());
        Self { name, from, to, service_type, state, due, owed }
    }

    /// Whether it is still on its way.
    pub(super) const fn waits(&self, now: Micros) -> bool {
        now < self.due
    }

    /// Whether the addresses and the service_type, as far as they are given, are its own.
    pub(super) fn fits(&self, from: &[u8], to: &[u8], service_type: &[u8]) -> bool {
        let same = |asked: &[u8], own: &[u8]| asked.is_empty() || asked == own;
        same(from, &self.from) && same(to, &self.to) && same(service_type, &self.service_type)
    }
}

/// The newest messages. Ids follow one another, so an id is a place.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// The id of the first.
    first: u64,
    kept: VecDeque<Entry>,
}

impl Book {
    /// Keeps a message under the next id, and forgets the oldest beyond `keep`.
    pub(super) fn put(&mut self, id: u64, entry: Entry, keep: usize) {
        if self.kept.is_empty() {
            self.first = id;
        }
        self.kept.push_back(entry);
        while self.kept.len() > keep {
            self.kept.pop_front();
            self.first += 1;
        }
    }

    /// The ids of the messages of this name.
    pub(super) fn named(&self, name: u64) -> Vec<u64> {
        let place = name.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        let rest = place.map(|place| self.kept.range(place.min(self.kept.len())..));
        let same = rest.into_iter().flatten().take_while(|entry| entry.name == name);
        same.zip(name..).map(|(_, id)| id).collect()
    }

    /// The ids of all that waits and fits.
    pub(super) fn waiting(&self, now: Micros, fits: impl Fn(&Entry) -> bool) -> Vec<u64> {
        let all = self.kept.iter().zip(self.first..);
        all.filter(|(entry, _)| entry.waits(now) && fits(entry)).map(|(_, id)| id).collect()
    }

    pub(super) fn get(&mut self, id: u64) -> Option<&mut Entry> {
        self.kept.get_mut(usize::try_from(id.checked_sub(self.first)?).ok()?)
    }
}
