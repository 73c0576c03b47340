//! Parts of concatenated messages put together again, in whatever order they come.
//!
//! The reassembler keeps whatever its caller needs per part (`T`) and never loses one: a part is inside, or was handed back
//! by [`add`](Reassembler::add) or [`expire`](Reassembler::expire). Parts belong together when source, destination,
//! reference, its width and the total agree (TS 23.040 §9.2.3.24.1).
//!
//! Both maps have limits: parts held at most `capacity`, remembered sets at most `capacity` parts as well.

use std::collections::{BTreeMap, HashMap};

use super::udh::Concat;
use crate::clock::Micros;

/// Whose part it is, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The sender, as octets that compare equal for the same sender.
    pub source: Box<[u8]>,
    /// The receiver.
    pub dest: Box<[u8]>,
    /// The concatenation. A reference out of the `sar_*` TLVs counts as a 16-bit one.
    pub concat: Concat,
}

/// What became of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added<T> {
    /// The message is complete: its parts in sequence order, this one among them.
    Whole(Vec<T>),
    /// Kept until the others come.
    Waiting,
    /// The same part with the same octets is here already, or belonged to a message completed within the time to live.
    Duplicate(T),
}

/// The message that a part belongs to: a [`Key`] without its sequence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Message {
    source: Box<[u8]>,
    dest: Box<[u8]>,
    reference: u16,
    wide: bool,
    total: u8,
}

#[derive(Debug)]
struct Open<T> {
    id: u64,
    /// In sequence order. Only parts that came take room: a total of 255 costs a peer nothing to claim.
    pieces: Vec<Piece<T>>,
}

#[derive(Debug)]
struct Piece<T> {
    sequence: u8,
    fingerprint: u64,
    part: T,
}

impl<T> Open<T> {
    /// Where the piece of that sequence is, or belongs.
    fn find(&self, sequence: u8) -> Result<usize, usize> {
        self.pieces.binary_search_by_key(&sequence, |piece| piece.sequence)
    }
}

#[derive(Debug)]
struct Done {
    id: u64,
    at: Micros,
    fingerprints: Vec<u64>,
}

/// Sets of parts by message. No clock: `now` is an argument, and time that runs backwards only makes sets live longer.
#[derive(Debug)]
pub struct Reassembler<T> {
    ttl: Micros,
    capacity: usize,
    open: HashMap<Message, Open<T>>,
    /// Open sets by age: when they were opened and a serial number.
    ages: BTreeMap<u64, (Micros, Message)>,
    done: HashMap<Message, Done>,
    done_ages: BTreeMap<u64, (Micros, Message)>,
    displaced: Vec<Vec<T>>,
    held: usize,
    remembered: usize,
    serial: u64,
}

impl<T> Reassembler<T> {
    /// Sets live for `ttl`; at most `capacity` parts are held (at least one message's worth is always admitted).
    pub fn new(ttl: Micros, capacity: usize) -> Self {
        Self {
            ttl,
            capacity,
            open: HashMap::new(),
            ages: BTreeMap::new(),
            done: HashMap::new(),
            done_ages: BTreeMap::new(),
            displaced: Vec::new(),
            held: 0,
            remembered: 0,
            serial: 0,
        }
    }

    /// Takes a part in. `fingerprint` is a hash of its octets, by which a repeated part is known.
    ///
    /// A different part where one is already held means that the sender used the reference again: the old set is displaced
    /// (see [`expire`](Self::expire)) and the part opens a new one. So does a part of a set older than the time to live.
    /// A concatenation with impossible numbers, or of one part, is whole at once.
    pub fn add(&mut self, key: Key, fingerprint: u64, part: T, now: Micros) -> Added<T> {
        let Concat { reference, wide, total, sequence } = key.concat;
        if total <= 1 || key.concat.checked().is_none() {
            return Added::Whole(vec![part]);
        }
        let message = Message { source: key.source, dest: key.dest, reference, wide, total };
        self.forget_done(now);
        if let Some(open) = self.open.get(&message) {
            let same = open.find(sequence).ok().map(|at| open.pieces[at].fingerprint == fingerprint);
            let (id, opened) = (open.id, self.ages[&open.id].0);
            if self.aged(opened, now) || same == Some(false) {
                self.displace(id);
            } else if same == Some(true) {
                return Added::Duplicate(part);
            }
        }
        if !self.open.contains_key(&message) {
            let done = self.done.get(&message);
            if done.is_some_and(|d| d.fingerprints[usize::from(sequence) - 1] == fingerprint) {
                return Added::Duplicate(part);
            }
            self.open_set(&message, now);
        }
        let Some(open) = self.open.get_mut(&message) else {
            return Added::Whole(vec![part]);
        };
        let (Ok(at) | Err(at)) = open.find(sequence);
        open.pieces.insert(at, Piece { sequence, fingerprint, part });
        self.held += 1;
        if open.pieces.len() == usize::from(total) {
            return Added::Whole(self.complete(message, now));
        }
        let newest = open.id;
        while self.held > self.capacity {
            match self.ages.keys().next().copied() {
                Some(oldest) if oldest != newest => self.displace(oldest),
                _ => break,
            }
        }
        Added::Waiting
    }

    /// Remembers a set that was completed at `at`, in another life. `key` is that of any of its parts; the fingerprints are in
    /// sequence order. One that is not of the size of its set, or too old at `now`, is forgotten at once.
    pub fn restore(&mut self, key: Key, fingerprints: Vec<u64>, at: Micros, now: Micros) {
        let Concat { reference, wide, total, .. } = key.concat;
        if fingerprints.len() == usize::from(total) {
            self.remember(Message { source: key.source, dest: key.dest, reference, wide, total }, fingerprints, at);
            self.forget_done(now);
        }
    }

    /// Hands out what will not be completed: sets older than the time to live, those displaced by a reused reference, and
    /// those that had to make room. Each holds its parts in sequence order. Call it when [`next_deadline`](Self::next_deadline) says.
    pub fn expire(&mut self, now: Micros) -> Vec<Vec<T>> {
        let mut out = self.take_displaced();
        out.extend(self.take_aged(now));
        out
    }

    /// The part of [`expire`](Self::expire) that does not depend on time.
    pub fn take_displaced(&mut self) -> Vec<Vec<T>> {
        std::mem::take(&mut self.displaced)
    }

    /// The part of [`expire`](Self::expire) that depends on time alone.
    pub fn take_aged(&mut self, now: Micros) -> Vec<Vec<T>> {
        self.forget_done(now);
        let earlier = std::mem::take(&mut self.displaced);
        while let Some((&id, &(opened, _))) = self.ages.first_key_value() {
            if !self.aged(opened, now) {
                break;
            }
            self.displace(id);
        }
        std::mem::replace(&mut self.displaced, earlier)
    }

    /// When [`expire`](Self::expire) has something to do next: 0 if it has now, `None` if never.
    pub fn next_deadline(&self) -> Option<Micros> {
        if !self.displaced.is_empty() {
            return Some(0);
        }
        self.ages.first_key_value().map(|(_, (opened, _))| opened.saturating_add(self.ttl))
    }

    /// Parts held in open sets.
    pub fn len(&self) -> usize {
        self.held
    }

    /// Whether no part is held.
    pub fn is_empty(&self) -> bool {
        self.held == 0
    }

    fn aged(&self, since: Micros, now: Micros) -> bool {
        now.saturating_sub(since) >= self.ttl
    }

    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn open_set(&mut self, message: &Message, now: Micros) {
        let id = self.next_serial();
        self.ages.insert(id, (now, message.clone()));
        let pieces = Vec::new();
        self.open.insert(message.clone(), Open { id, pieces });
    }

    fn close(&mut self, id: u64) -> Vec<Piece<T>> {
        let Some((_, message)) = self.ages.remove(&id) else {
            return Vec::new();
        };
        let pieces = self.open.remove(&message).map(|open| open.pieces).unwrap_or_default();
        self.held -= pieces.len();
        pieces
    }

    fn displace(&mut self, id: u64) {
        let pieces = self.close(id);
        if !pieces.is_empty() {
            self.displaced.push(pieces.into_iter().map(|piece| piece.part).collect());
        }
    }

    fn complete(&mut self, message: Message, now: Micros) -> Vec<T> {
        let id = self.open[&message].id;
        let pieces = self.close(id).into_iter();
        let (fingerprints, parts): (Vec<_>, Vec<_>) = pieces.map(|piece| (piece.fingerprint, piece.part)).unzip();
        self.remember(message, fingerprints, now);
        parts
    }

    fn remember(&mut self, message: Message, fingerprints: Vec<u64>, now: Micros) {
        if let Some(before) = self.done.remove(&message) {
            self.done_ages.remove(&before.id);
            self.remembered -= before.fingerprints.len();
        }
        let id = self.next_serial();
        self.remembered += fingerprints.len();
        self.done_ages.insert(id, (now, message.clone()));
        self.done.insert(message, Done { id, at: now, fingerprints });
    }

    /// Forgets completed sets that are too old or, oldest first, too many.
    fn forget_done(&mut self, now: Micros) {
        while let Some((&id, (at, _))) = self.done_ages.first_key_value() {
            if !self.aged(*at, now) && self.remembered <= self.capacity {
                break;
            }
            let Some((at, message)) = self.done_ages.remove(&id) else {
                break;
            };
            if let Some(done) = self.done.remove(&message) {
                debug_assert_eq!(done.at, at);
                self.remembered -= done.fingerprints.len();
            }
        }
    }
}
