//! All that is alive, by handle and by id.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use hashbrown::HashTable;

use super::cold::Cold;
use super::id::Id;
use super::message::{Held, Mo, Mt, Part};

/// Ids are random in their low bits: they are their own hash.
#[derive(Default)]
pub(super) struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, octets: &[u8]) {
        for chunk in octets.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = self.0.rotate_left(29) ^ u64::from_le_bytes(word);
        }
        self.0 = self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    fn write_u128(&mut self, value: u128) {
        self.0 = (value as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// A map whose keys are random already.
pub(super) type IdMap<V> = HashMap<u128, V, BuildHasherDefault<Ready>>;

/// Something alive.
#[derive(Debug)]
pub(super) enum Live {
    Mt(Box<Mt>),
    Mo(Box<Mo>),
    Part(Box<Part>),
    Held(Box<Held>),
    /// An MT of which the store has the rest.
    Cold(Box<Cold>),
}

/// Names something alive; stale once that has ended, even if the place is taken again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle {
    index: u32,
    generation: u32,
}

impl Handle {
    /// Names nothing: the place in a queue of what has left it.
    pub(super) const NONE: Self = Self { index: u32::MAX, generation: 0 };
}

const GENERATION: u32 = 0x00FF_FFFF;

impl Handle {
    /// A handle and a segment as the token of a request: 32 bits place, 24 bits generation, 8 bits segment.
    pub(super) fn token(self, part: u8) -> u64 {
        u64::from(self.index) | u64::from(self.generation) << 32 | u64::from(part) << 56
    }

    pub(super) fn from_token(token: u64) -> (Self, u8) {
        let generation = (token >> 32) as u32 & GENERATION;
        (Self { index: token as u32, generation }, (token >> 56) as u8)
    }
}

struct Slot {
    generation: u32,
    live: Option<Live>,
}

/// The slab of live things.
#[derive(Default)]
pub(super) struct Ledger {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Places by id. The ids themselves are in what lives there: a million of them are worth not keeping twice.
    ids: HashTable<u32>,
}

fn hash(id: Id) -> u64 {
    let mut hasher = Ready::default();
    hasher.write_u128(id.0);
    hasher.finish()
}

fn id_at(slots: &[Slot], index: u32) -> Option<Id> {
    slots.get(index as usize)?.live.as_ref().map(Live::id)
}

impl Ledger {
    pub(super) fn insert(&mut self, id: Id, live: Live) -> Handle {
        let handle = if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.live = Some(live);
            Handle { index, generation: slot.generation }
        } else {
            self.slots.push(Slot { generation: 0, live: Some(live) });
            Handle { index: self.slots.len() as u32 - 1, generation: 0 }
        };
        if let Some(place) =
            self.ids.find_mut(hash(id), |index| *index != handle.index && id_at(&self.slots, *index) == Some(id))
        {
            *place = handle.index;
        } else {
            let rehash = |index: &u32| id_at(&self.slots, *index).map_or(0, hash);
            self.ids.insert_unique(hash(id), handle.index, rehash);
        }
        handle
    }

    fn slot(&self, handle: Handle) -> Option<&Slot> {
        self.slots.get(handle.index as usize).filter(|s| s.generation == handle.generation)
    }

    pub(super) fn live(&self, handle: Handle) -> Option<&Live> {
        self.slot(handle)?.live.as_ref()
    }

    fn live_mut(&mut self, handle: Handle) -> Option<&mut Live> {
        let slot = self.slots.get_mut(handle.index as usize)?;
        if slot.generation == handle.generation { slot.live.as_mut() } else { None }
    }

    pub(super) fn mt(&self, handle: Handle) -> Option<&Mt> {
        match self.live(handle)? {
            Live::Mt(it) => Some(it),
            _ => None,
        }
    }

    pub(super) fn mt_mut(&mut self, handle: Handle) -> Option<&mut Mt> {
        match self.live_mut(handle)? {
            Live::Mt(it) => Some(it),
            _ => None,
        }
    }

    pub(super) fn mo_mut(&mut self, handle: Handle) -> Option<&mut Mo> {
        match self.live_mut(handle)? {
            Live::Mo(it) => Some(it),
            _ => None,
        }
    }

    pub(super) fn part(&self, handle: Handle) -> Option<&Part> {
        match self.live(handle)? {
            Live::Part(it) => Some(it),
            _ => None,
        }
    }

    pub(super) fn held(&self, handle: Handle) -> Option<&Held> {
        match self.live(handle)? {
            Live::Held(it) => Some(it),
            _ => None,
        }
    }

    pub(super) fn cold(&self, handle: Handle) -> Option<&Cold> {
        match self.live(handle)? {
            Live::Cold(it) => Some(it),
            _ => None,
        }
    }

    pub(super) fn cold_mut(&mut self, handle: Handle) -> Option<&mut Cold> {
        match self.live_mut(handle)? {
            Live::Cold(it) => Some(it),
            _ => None,
        }
    }

    /// Another form of the same thing.
    pub(super) fn put(&mut self, handle: Handle, live: Live) {
        if let Some(place) = self.live_mut(handle) {
            *place = live;
        }
    }

    pub(super) fn find(&self, id: Id) -> Option<Handle> {
        let index = self.ids.find(hash(id), |index| id_at(&self.slots, *index) == Some(id))?;
        self.at(*index)
    }

    pub(super) fn remove(&mut self, handle: Handle) -> Option<Live> {
        let slot = self.slots.get_mut(handle.index as usize)?;
        if slot.generation != handle.generation {
            return None;
        }
        let live = slot.live.take()?;
        slot.generation = (slot.generation + 1) & GENERATION;
        self.free.push(handle.index);
        if let Ok(entry) = self.ids.find_entry(hash(live.id()), |index| *index == handle.index) {
            entry.remove();
        }
        Some(live)
    }

    /// Places, taken or not, for a walk in slices.
    pub(super) fn places(&self) -> usize {
        self.slots.len()
    }

    /// What lives at a place.
    pub(super) fn at(&self, index: u32) -> Option<Handle> {
        let slot = self.slots.get(index as usize)?;
        slot.live.as_ref().map(|_| Handle { index, generation: slot.generation })
    }

    /// How many are alive.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Handle, &Live)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            let handle = Handle { index: index as u32, generation: slot.generation };
            Some((handle, slot.live.as_ref()?))
        })
    }
}

impl Live {
    pub(super) fn id(&self) -> Id {
        match self {
            Self::Mt(it) => it.env.id(),
            Self::Mo(it) => it.id,
            Self::Part(it) => it.inbound.id,
            Self::Held(it) => it.id,
            Self::Cold(it) => it.id(),
        }
    }

    pub(super) fn home(&self) -> u64 {
        match self {
            Self::Mt(it) => it.home,
            Self::Mo(it) => it.home,
            Self::Part(it) => it.home,
            Self::Held(it) => it.home,
            Self::Cold(it) => it.home,
        }
    }
}

impl Ledger {
    pub(super) fn set_home(&mut self, handle: Handle, home: u64) {
        match self.live_mut(handle) {
            Some(Live::Mt(it)) => it.home = home,
            Some(Live::Mo(it)) => it.home = home,
            Some(Live::Part(it)) => it.home = home,
            Some(Live::Held(it)) => it.home = home,
            Some(Live::Cold(it)) => it.home = home,
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(id: u128) -> Live {
        let state = crate::smpp::receipt::State::Delivered;
        let (carrier, carrier_id, contact) = (String::new(), Box::default(), Box::default());
        let (id, at, error, home) = (Id(id), 0, 0, 0);
        Live::Held(Box::new(Held { id, at, carrier, carrier_id, contact, state, error, cause: None, home }))
    }

    #[test]
    fn a_handle_is_stale_after_its_end_even_when_the_place_is_taken_again() {
        let mut ledger = Ledger::default();
        let old = ledger.insert(Id(1), held(1));
        assert_eq!(Handle::from_token(old.token(7)), (old, 7));
        assert!(ledger.remove(old).is_some());
        let new = ledger.insert(Id(2), held(2));
        assert!(ledger.held(old).is_none() && ledger.held(new).is_some());
        assert!(ledger.remove(old).is_none());
        assert_eq!((ledger.find(Id(1)), ledger.find(Id(2)), ledger.len()), (None, Some(new), 1));
    }
}
