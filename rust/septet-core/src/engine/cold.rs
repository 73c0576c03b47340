//! Cold messages: what waits deep in a queue stays in the store, and memory keeps a stub of it.
//!
//! A queued MT to which nothing has happened yet is what its record in the journal says, and no more. So where a queue is
//! long, such a message is *frozen* once its page is durable: its place in the queue stays, its envelope goes. It is
//! *thawed* from the same page before its turn comes, or because somebody asks after it. What reads the pages is the caller:
//!
//! ```text
//! want ──▶ attention.pages ──▶ take_pages ──▶ (the caller reads the store) ──▶ thaw: the message lives again, in its place
//! ```
//!
//! A cold message at the head of its line holds the line: nothing overtakes it. A page that cannot be read is an error for
//! the caller to say; what is wanted of it stays wanted.

use std::collections::{BTreeMap, HashMap};

use super::Engine;
use super::envelope::{Envelope, flag};
use super::id::{Id, Naming};
use super::journal::{Effect, Kind, VERSION};
use super::ledger::{Handle, IdMap, Live};
use super::message::{Mt, NOBODY, Segment, Status};
use super::tables::digits;
use super::view::{Filter, View, mt_view};
use super::wire::{Put, Take};
use crate::clock::{Micros, WallMs};
use crate::{Error, Result};

/// Pages that are read at once.
const PAGES: usize = 16;
/// Messages of a queue that moves to other carriers, thawed at once.
const MOVED: usize = 1_000;

/// It is to stay in memory: its turn comes.
const STAY: u8 = 1;
/// Somebody asks after it; then it may be frozen again.
const LOOK: u8 = 2;

/// What memory keeps of a frozen MT. A million of them may be in a queue: every octet counts.
#[derive(Debug)]
pub(super) struct Cold {
    id: [u64; 2],
    pub(super) home: u64,
    pub(super) order: u64,
    pub(super) expires: WallMs,
    pub(super) pair: u64,
    pub(super) account: u16,
    pub(super) carrier: u16,
    pub(super) priority: u8,
    pub(super) naming: Naming,
    wanted: u8,
}

impl Cold {
    pub(super) fn id(&self) -> Id {
        Id(u128::from(self.id[0]) << 64 | u128::from(self.id[1]))
    }
}

/// What is wanted of a page.
#[derive(Default)]
struct Wanted {
    /// Cold messages to be thawed.
    messages: usize,
    /// It is being read.
    reading: bool,
}

/// The engine's part of it.
#[derive(Default)]
pub(super) struct Spill {
    pages: BTreeMap<u64, Wanted>,
    /// The oldest page, whose cold messages are to be written again at the tail of the journal.
    carry: Option<u64>,
    pub(super) replaying: bool,
    /// While replaying: messages in memory to which nothing has happened.
    waiting: usize,
    /// While replaying: records about cold messages.
    later: IdMap<Vec<u8>>,
}

/// Whether nothing has happened to a message: its record in its home page says all.
fn untouched(mt: &Mt) -> bool {
    mt.attempts == 0
        && mt.again == 0
        && mt.error == 0
        && mt.tell == 0
        && mt.told == 0
        && mt.offered == 0
        && !mt.armed
        && mt.status == Status::Queued
        && mt.cause.is_none()
        && mt.events.is_empty()
        && mt.tried.is_empty()
        && mt.segments.iter().all(|segment| *segment == Segment::default())
        && mt.account != NOBODY
        && mt.carrier != NOBODY
        // Whom it belongs to, only its envelope holds.
        && !mt.env.has(flag::MULTI)
}

/// The whole records of MTs in a page.
fn whole_records(records: &[u8]) -> Result<Vec<(Id, Kind, &[u8])>> {
    let mut found = Vec::new();
    if records.is_empty() {
        return Ok(found);
    }
    let mut from = Take::new(records);
    if from.u8()? != VERSION {
        return Err(Error::new("engine.bad_record", "the journal page has another format than when it was written"));
    }
    while !from.is_empty() {
        let (number, body) = (from.u8()?, from.bytes()?);
        if let Some(kind @ (Kind::Mt | Kind::Snapshot)) = Kind::from_number(number) {
            // Both begin with the envelope, and that with the id.
            let id = Id(Take::new(Take::new(body).bytes()?).u128()?);
            found.push((id, kind, body));
        }
    }
    Ok(found)
}

/// Reads a whole record; gives the carrier's id beside it.
fn whole(kind: Kind, body: &[u8]) -> Result<(Mt, String)> {
    let mut from = Take::new(body);
    if kind == Kind::Snapshot {
        return Mt::take(&mut from);
    }
    let envelope = Envelope::from_octets(from.bytes()?)?;
    let carrier = from.string()?;
    Ok((Mt::new(envelope, NOBODY, NOBODY), carrier))
}

/// Cold messages of a page, as the API shows them.
pub fn views_of_page(records: &[u8], wanted: &[Id], filter: &Filter) -> Result<Vec<View>> {
    let mut found = HashMap::new();
    for (id, kind, body) in whole_records(records)?.into_iter().filter(|(id, ..)| wanted.contains(id)) {
        let (mut mt, carrier) = whole(kind, body)?;
        mt.status = Status::Queued;
        found.insert(id.0, mt_view(&mt, &carrier));
    }
    let same = |wanted: &str, own: &str| wanted.is_empty() || digits(wanted.as_bytes()) == digits(own.as_bytes());
    Ok(found.into_values().filter(|view| same(&filter.from, &view.from) && same(&filter.to, &view.to)).collect())
}

impl Engine {
    /// Freezes a message that waits deep in its queue, at once or when its page is durable.
    pub(super) fn cool(&mut self, handle: Handle) {
        let Some(mt) = self.ledger.mt(handle).filter(|mt| mt.queued && untouched(mt)) else {
            return;
        };
        if mt.home > self.journal.durable() {
            self.journal.after_commit(Effect::Cool(handle));
            return;
        }
        self.lanes[mt.carrier as usize].queue.cold += 1;
        self.freeze(handle);
    }

    /// The envelope goes, a stub stays.
    fn freeze(&mut self, handle: Handle) {
        let Some(mt) = self.ledger.mt(handle) else { return };
        let id = mt.env.id().0;
        let cold = Cold {
            id: [(id >> 64) as u64, id as u64],
            home: mt.home,
            order: mt.env.order(),
            expires: mt.env.expires(),
            pair: self.pair(mt.account, digits(mt.env.to().addr)),
            account: mt.account,
            carrier: mt.carrier,
            priority: mt.env.priority(),
            naming: mt.env.naming(),
            wanted: 0,
        };
        self.ledger.put(handle, Live::Cold(Box::new(cold)));
    }

    /// A cold message is to be thawed; to stay, or only until somebody has looked at it.
    pub(super) fn want(&mut self, handle: Handle, stay: bool) {
        let Some(cold) = self.ledger.cold_mut(handle) else { return };
        if cold.wanted == 0 {
            self.spill.pages.entry(cold.home).or_default().messages += 1;
            self.attention.pages = true;
        }
        cold.wanted |= if stay { STAY } else { LOOK };
    }

    /// Asks for what will soon be at the head of a carrier's queue.
    pub(super) fn look_ahead(&mut self, carrier: u16) {
        let queue = &mut self.lanes[carrier as usize].queue;
        if queue.cold > 0 {
            for handle in queue.ahead() {
                self.want(handle, true);
            }
        }
    }

    /// A living message that is cold: it is asked for, to stay. False if it is not cold, or not this account's.
    pub fn recall(&mut self, id: Id, account: u16) -> bool {
        let Some(handle) = self.ledger.find(id) else { return false };
        let ours = self.ledger.cold(handle).is_some_and(|cold| account == NOBODY || cold.account == account);
        if ours {
            self.want(handle, true);
        }
        ours
    }

    /// The cold messages that may match, newest first, each with its page. Addresses are only in the page: there
    /// [`views_of_page`] looks at them. Walks all that is alive.
    pub fn spilled(&self, filter: &Filter) -> Vec<(u64, Id)> {
        let account = self.tables.account(filter.account.as_bytes()).unwrap_or(NOBODY);
        let fits = |cold: &Cold| {
            let created = cold.id().at();
            (filter.account.is_empty() || cold.account == account && account != NOBODY)
                && (filter.status.is_empty() || filter.status == Status::Queued.name())
                && (filter.direction.is_empty() || filter.direction == "mt")
                && created >= filter.since
                && (filter.until == 0 || created < filter.until)
                && filter.before.is_none_or(|before| cold.id() < before)
        };
        let cold = self.ledger.iter().filter_map(|(_, live)| match live {
            Live::Cold(cold) if fits(cold) => Some((cold.home, cold.id())),
            _ => None,
        });
        let mut found: Vec<(u64, Id)> = cold.collect();
        found.sort_unstable_by_key(|(_, id)| std::cmp::Reverse(*id));
        found
    }

    /// The page of a message that is cold.
    pub fn page_of(&self, id: Id) -> Option<u64> {
        self.ledger.find(id).and_then(|handle| self.ledger.cold(handle)).map(|cold| cold.home)
    }

    /// Messages of which memory has only a stub.
    pub fn cold(&self) -> usize {
        self.lanes.iter().map(|lane| lane.queue.cold).sum()
    }

    /// Pages that are to be read now, a few at a time; each must come back through [`Engine::thaw`] or
    /// [`Engine::thaw_failed`].
    pub fn take_pages(&mut self) -> Vec<u64> {
        let durable = self.journal.durable();
        let waiting = self.spill.pages.range_mut(..=durable).filter(|(_, page)| !page.reading).take(PAGES);
        waiting
            .map(|(seq, page)| {
                page.reading = true;
                *seq
            })
            .collect()
    }

    /// A page as the store holds it, or `None` if it holds it no more: what is wanted of it lives again. An error if it does
    /// not hold what it must; then it is wanted still.
    pub fn thaw(&mut self, seq: u64, records: Option<&[u8]>, now: Micros) -> Result<()> {
        let mut looked = Vec::new();
        let read = records.map_or(Ok(()), |records| self.thaw_page(seq, records, &mut looked, now));
        let missing = self.spill.pages.get(&seq).map_or(0, |page| page.messages);
        if read.is_ok() && self.spill.carry == Some(seq) {
            self.spill.carry = None;
        }
        if read.is_ok() && missing == 0 {
            self.spill.pages.remove(&seq);
        } else {
            self.thaw_failed(seq);
        }
        self.answer_parked(now);
        for handle in looked {
            self.cool(handle);
        }
        for carrier in 0..self.lanes.len() as u16 {
            self.advance(carrier);
        }
        read?;
        if missing > 0 {
            let message = format!("journal page {seq} does not hold {missing} messages that wait there");
            return Err(Error::new("engine.page_missing", message));
        }
        Ok(())
    }

    /// A page cannot be read now. It is wanted still: ask again after a while. Whoever waits for an answer is told.
    pub fn thaw_failed(&mut self, seq: u64) {
        if let Some(page) = self.spill.pages.get_mut(&seq) {
            page.reading = false;
            self.refuse_parked();
        }
    }

    fn thaw_page(&mut self, seq: u64, records: &[u8], looked: &mut Vec<Handle>, now: Micros) -> Result<()> {
        // A page may hold a message twice; the last record is the one.
        let (mut order, mut newest) = (Vec::new(), HashMap::new());
        for (id, kind, body) in whole_records(records)? {
            let Some(handle) = self.ledger.find(id) else { continue };
            if self.ledger.cold(handle).is_some_and(|cold| cold.home == seq)
                && newest.insert(handle, (kind, body)).is_none()
            {
                order.push(handle);
            }
        }
        let carry = self.spill.carry == Some(seq);
        for handle in order {
            let ((kind, body), Some(cold)) = (newest[&handle], self.ledger.cold(handle)) else { continue };
            match cold.wanted {
                0 if carry => {
                    self.journal.record(kind, |out| out.extend_from_slice(body));
                    self.move_home(handle);
                }
                0 => {}
                wanted => {
                    let (mt, _) = whole(kind, body)?;
                    self.revive(handle, mt, now)?;
                    if wanted == LOOK {
                        looked.push(handle);
                    }
                }
            }
        }
        Ok(())
    }

    /// A message read from its page takes the place of its stub.
    fn revive(&mut self, handle: Handle, mut mt: Mt, now: Micros) -> Result<()> {
        let Some(cold) = self.ledger.cold(handle) else { return Ok(()) };
        let (id, home, carrier, expires) = (cold.id(), cold.home, cold.carrier, cold.expires);
        mt.account = cold.account;
        mt.carrier = carrier;
        mt.home = home;
        mt.status = Status::Queued;
        mt.queued = !self.spill.replaying;
        self.ledger.put(handle, Live::Mt(Box::new(mt)));
        if let Some(page) = self.spill.pages.get_mut(&home) {
            page.messages -= 1;
        }
        if self.spill.replaying {
            return self.catch_up(id);
        }
        self.lanes[carrier as usize].queue.cold -= 1;
        if expires < self.wall(now) {
            self.expire(handle, now);
        }
        self.attention.carriers.insert(carrier);
        Ok(())
    }

    /// While replaying: what was recorded about a message after it had been frozen.
    fn catch_up(&mut self, id: Id) -> Result<()> {
        let records = self.spill.later.remove(&id.0).unwrap_or_default();
        let mut from = Take::new(&records);
        while !from.is_empty() {
            let (kind, body) = (from.u8()?, from.bytes()?);
            if let Some(kind) = Kind::from_number(kind) {
                self.apply(kind, &mut Take::new(body))?;
            }
        }
        Ok(())
    }

    /// While replaying: a record about a cold message waits until it is thawed. True if it does.
    pub(super) fn defer(&mut self, kind: Kind, body: &[u8]) -> Result<bool> {
        let id = Id(Take::new(body).u128()?);
        let Some(handle) = self.ledger.find(id) else { return Ok(false) };
        if self.ledger.cold(handle).is_none() {
            self.touch(handle);
            return Ok(false);
        }
        self.want(handle, true);
        let records = self.spill.later.entry(id.0).or_default();
        records.put_u8(kind as u8);
        records.put_bytes(body);
        Ok(true)
    }

    /// While replaying: something happens to a message in memory.
    pub(super) fn touch(&mut self, handle: Handle) {
        if self.ledger.mt(handle).is_some_and(untouched) {
            self.spill.waiting = self.spill.waiting.saturating_sub(1);
        }
    }

    /// While replaying: freezes a message if enough of those that wait are in memory.
    pub(super) fn keep_or_freeze(&mut self, handle: Handle) {
        if !self.ledger.mt(handle).is_some_and(|mt| untouched(mt) && mt.env.due() == 0) {
            return;
        }
        if self.spill.waiting < self.tables.config.limits.hot {
            self.spill.waiting += 1;
        } else {
            self.freeze(handle);
        }
    }

    /// At the end of the replay: a cold message takes its place in its queue.
    pub(super) fn queue_cold(&mut self, handle: Handle) {
        if let Some(cold) = self.ledger.cold(handle) {
            let queue = &mut self.lanes[cold.carrier as usize].queue;
            queue.push(cold.pair, cold.priority, handle);
            queue.depth += 1;
            queue.cold += 1;
        }
    }

    /// A cold message has been replaced while replaying.
    pub(super) fn drop_cold(&mut self, cold: &Cold) {
        self.spill.later.remove(&cold.id().0);
        if cold.wanted != 0
            && let Some(page) = self.spill.pages.get_mut(&cold.home)
        {
            page.messages -= 1;
        }
    }

    /// The cold messages of the oldest page are written again once it has been read.
    pub(super) fn carry(&mut self, seq: u64) {
        self.spill.carry = Some(seq);
        self.spill.pages.entry(seq).or_default();
        self.attention.pages = true;
    }

    /// Whether that is under way.
    pub(super) fn carries(&self, seq: u64) -> bool {
        self.spill.carry == Some(seq)
    }

    /// Pages became durable: what is wanted of them can be read.
    pub(super) fn pages_durable(&mut self) {
        self.attention.pages |= !self.spill.pages.is_empty();
    }

    /// A carrier is down ([`Engine::set_usable`]): what waits for it goes to other carriers of its routes, where one is
    /// usable. Gives how many messages moved at once; the cold ones follow as they are read, and until then new ones keep
    /// behind them.
    pub fn reroute(&mut self, carrier: u16, _now: Micros) -> usize {
        let lane = &mut self.lanes[carrier as usize];
        if lane.usable {
            return 0;
        }
        lane.queue.begin_move();
        self.advance(carrier)
    }

    /// Goes on moving the queue of a carrier that is down, up to a message that has to be thawed first.
    fn advance(&mut self, carrier: u16) -> usize {
        let elsewhere = self.lanes.iter().enumerate().any(|(other, lane)| lane.usable && other != carrier as usize);
        let mut moved = 0;
        for line in self.lanes[carrier as usize].queue.moving_lines() {
            while let Some((handle, deep)) = self.lanes[carrier as usize].queue.at_move(line) {
                if elsewhere && self.ledger.cold(handle).is_some() {
                    for handle in self.lanes[carrier as usize].queue.next_moves(line, MOVED) {
                        self.want(handle, true);
                    }
                    break;
                }
                let went = self.move_queued(carrier, handle);
                moved += usize::from(went);
                if deep && !went {
                    self.cool(handle);
                }
                self.lanes[carrier as usize].queue.moved(line, went);
            }
        }
        moved
    }
}
