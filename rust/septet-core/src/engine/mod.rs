//! The engine: every session, every living message, every queue, and the journal, without a socket or a clock.
//!
//! Python calls it once for each chunk read, once for each grant, once for each commit. It answers with
//! counts and with *attention*: which sessions have octets to write, which carriers have work, which accounts
//! have something to be told. What it writes to the journal it also applies to itself by the same functions
//! that a restart replays, so memory after a crash is memory before it.
//!
//! | file | idea |
//! |---|---|
//! | `tables` | policy as data: accounts, carriers, numbers, routes, keywords |
//! | `peers` | sessions: ESMEs and carrier links, chunk in, octets out |
//! | `outbind` | whoever connects asks to be bound to |
//! | `deadlines` | which sessions' timers are due |
//! | `accept`, `given` | an MT is admitted: consent, route, carrier, parts |
//! | `multi` | a submit_multi: many MTs under one id |
//! | `quirks`, `shape` | what differs from link to link, and a message as its carrier wants it |
//! | `outgoing`, `bundle` | a message as the PDU that it leaves in; many in one |
//! | `submit` | an MT goes to its carrier: grant, window, response, retry, failover |
//! | `cold` | what waits deep in a queue stays in the store |
//! | `hold` | for carriers whose unanswered submits are held, not sent again |
//! | `ask` | a carrier is asked after a message whose receipt does not come |
//! | `recall` | a carrier is asked to withdraw or replace what it has taken |
//! | `relayed` | what carriers answer to requests that are no segments |
//! | `again` | what rests after a refusal, and what is taken back from the log |
//! | `replacing` | a submit_sm that takes the place of what waits |
//! | `operations` | an ESME asks after a message, withdraws or replaces it |
//! | `broadcast` | broadcasts, passed on to a carrier that speaks 5.0 |
//! | `receipts`, `cause` | a receipt finds its message, now or later |
//! | `inbound` | an MO: parts, consent words, keywords, replies |
//! | `deliver` | receipts and MOs go to their account |
//! | `settle` | a message ends: status, what to tell, folding into the log |
//! | `journal`, `replay` | pages of records, and their way back into memory |
//! | `view` | one message as the API shows it |

mod accept;
mod again;
mod ask;
mod broadcast;
mod bundle;
mod cause;
mod cold;
mod deadlines;
mod deliver;
mod envelope;
mod given;
mod hold;
mod id;
mod inbound;
mod journal;
mod keyed;
mod ledger;
mod message;
mod multi;
mod operations;
mod outbind;
mod outgoing;
mod peers;
mod queue;
pub mod quirks;
mod recall;
mod receipts;
mod relayed;
mod replacing;
mod replay;
mod settle;
mod shape;
mod submit;
pub mod tables;
mod tally;
mod view;
mod wire;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, VecDeque};

pub use accept::{Post, Posted, Refusal};
pub use cold::views_of_page;
pub use deliver::{Hook, HookKind};
pub use id::{Id, Naming};
pub use ledger::Handle;
pub use message::{Event, NO_RESPONSE, NOBODY, Status};
pub use operations::Lookup;
pub use peers::{BAD_STREAMS, BindRequest, MAX_PDU};
pub use tally::{Asked, BOUNDS, CarrierTally, Direction, Histogram, Tally};
pub use view::{Filter, View, view_of_record};

use crate::Result;
use crate::clock::{Micros, WallMs};
use crate::page::{ConsentRow, KeyRow, Page};
use crate::text::reassemble::Reassembler;
use id::Ids;
use journal::{Effect, Journal};
use keyed::{Consent, Correlation};
use ledger::Ledger;
use queue::Queue;
use tables::{Config, Tables};

/// What waits for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wake {
    /// An MT may (again) be queued: its token.
    Queue(u64),
    /// An account may be told again: its token.
    Tell(u64),
    /// The response to a held segment will not come any more: its token.
    GiveUp(u64),
    /// Time to withdraw groups of messages.
    CancelGroups,
    /// Time to withdraw what newer messages take the place of.
    Replace,
}

/// What a carrier is doing.
struct Lane {
    queue: Queue,
    /// Sessions of its links, by link.
    links: Vec<Option<u32>>,
    /// Whether routing may choose it; the node decides.
    usable: bool,
    /// Submits written and not answered.
    in_flight: usize,
    /// Submits answered, whose record is not yet durable: a crash would send them again.
    unsettled: usize,
    /// Messages whose leaving is being written down; see `hold`.
    arming: usize,
    /// It has refused a submit_multi as such, so it gets none until a link comes up again.
    alone: bool,
}

/// What an account has waiting.
#[derive(Default)]
struct Desk {
    sessions: Vec<u32>,
    /// Receipts and MOs for SMPP, each with its bit of `message::tell`.
    out: VecDeque<(Handle, u8)>,
    /// Events for the webhook, each with its bit of `message::tell`.
    hooks: VecDeque<(Handle, u8)>,
}

/// What the caller should look at, since it last asked.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Attention {
    /// Sessions with octets to write (or to be closed after them).
    pub output: BTreeSet<u32>,
    /// Sessions whose peer wants to bind.
    pub binds: BTreeSet<u32>,
    /// Sessions with submits to admit.
    pub inboxes: BTreeSet<u32>,
    /// Sessions to close once their output is written.
    pub closing: BTreeSet<u32>,
    /// Carriers with something to write and perhaps room in a window.
    pub carriers: BTreeSet<u16>,
    /// Carriers whose links came up or went down.
    pub links: BTreeSet<u16>,
    /// Carriers that throttled us.
    pub throttled: BTreeSet<u16>,
    /// Accounts with something for SMPP.
    pub accounts: BTreeSet<u16>,
    /// Accounts with something for their webhook.
    pub hooks: BTreeSet<u16>,
    /// An ESME asks after messages that only the log may know: [`Engine::take_lookups`].
    pub lookups: bool,
    /// Pages are to be read from the store: [`Engine::take_pages`].
    pub pages: bool,
}

/// See the module.
pub struct Engine {
    tables: Tables,
    ids: Ids,
    ledger: Ledger,
    journal: Journal,
    consent: Consent,
    correlation: Correlation,
    questions: operations::Questions,
    replacements: replacing::Replacements,
    relays: broadcast::Relays,
    bundles: bundle::Bundles,
    spill: cold::Spill,
    asks: ask::Asks,
    recalls: recall::Recalls,
    reassembly: Reassembler<Handle>,
    lanes: Vec<Lane>,
    desks: Vec<Desk>,
    peers: Vec<peers::Place>,
    free_peers: Vec<u32>,
    deadlines: deadlines::Deadlines,
    wakes: BinaryHeap<Reverse<(Micros, Wake)>>,
    /// Messages that may not leave yet, by the wall clock: their tokens.
    scheduled: BinaryHeap<Reverse<(WallMs, u64)>>,
    attention: Attention,
    tally: Tally,
    order: u64,
    /// Wall milliseconds at monotonic zero.
    wall_zero: i64,
    /// Concatenation references in use, by a hash of the destination.
    references: Box<[u16; 1024]>,
    sweep: u32,
    seed: u64,
    /// Nothing new may come in: the store cannot take it.
    refusing: bool,
    /// Nothing new may come in: this is the end.
    leaving: bool,
    /// Since when the open page could be closed, but is not waited for.
    idle_since: Option<Micros>,
}

/// Pages that may be with the store at once; what comes meanwhile fills the next page.
const PAGES_UNDER_WAY: usize = 2;
/// How long a page waits for company if nobody waits for it: some commits of a quick disk.
const LEISURE: Micros = 1_000;

/// The open page waits for company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtLeisure;

impl Engine {
    /// An engine without state. `wall_zero` is the wall clock in milliseconds when `now` was 0.
    pub fn new(config: Config, seed: [u8; 32], wall_zero: i64) -> Result<Self> {
        let mut ids = Ids::new(seed);
        let hash_seed = ids.below(u64::MAX);
        let lane = |links: u16| Lane {
            queue: Queue::new(links, config.limits.hot),
            links: vec![None; links as usize],
            usable: false,
            in_flight: 0,
            unsettled: 0,
            arming: 0,
            alone: false,
        };
        let lanes = config.carriers.iter().map(|c| lane(c.links)).collect();
        let centres = config.carriers.iter().map(|c| c.centre).collect();
        let mut desks = Vec::new();
        desks.resize_with(config.accounts.len(), Desk::default);
        let mut references = Box::new([0; 1024]);
        references.iter_mut().for_each(|r| *r = ids.below(0x1_0000) as u16);
        Ok(Self {
            reassembly: Reassembler::new(config.limits.reassembly_ttl, config.limits.reassembly_parts),
            tally: Tally::new(config.carriers.len()),
            tables: Tables::new(config)?,
            ids,
            ledger: Ledger::default(),
            journal: Journal::new(0),
            consent: Consent::new(hash_seed),
            correlation: Correlation::new(hash_seed, centres),
            questions: operations::Questions::default(),
            replacements: replacing::Replacements::default(),
            relays: broadcast::Relays::default(),
            bundles: bundle::Bundles::default(),
            spill: cold::Spill::default(),
            asks: ask::Asks::default(),
            recalls: recall::Recalls::default(),
            lanes,
            desks,
            peers: Vec::new(),
            free_peers: Vec::new(),
            deadlines: deadlines::Deadlines::default(),
            wakes: BinaryHeap::new(),
            scheduled: BinaryHeap::new(),
            attention: Attention::default(),
            order: 0,
            wall_zero,
            references,
            sweep: 0,
            seed: hash_seed,
            refusing: false,
            leaving: false,
            idle_since: None,
        })
    }

    /// The wall clock moved: what it shows when `now` was 0.
    pub fn set_wall_zero(&mut self, wall_zero: i64) {
        self.wall_zero = wall_zero;
    }

    fn wall(&self, now: Micros) -> WallMs {
        (self.wall_zero + (now / 1_000) as i64).max(0) as WallMs
    }

    /// What has happened since the last call.
    pub fn attention(&mut self) -> Attention {
        std::mem::take(&mut self.attention)
    }

    /// Closes the open page, if it holds anything and the store has room for it.
    pub fn close_page(&mut self) -> Option<Page> {
        if self.journal.under_way() >= PAGES_UNDER_WAY {
            return None;
        }
        self.last_page()
    }

    /// The same, but a page whose commit nobody waits for stays open for a moment: what comes meanwhile is committed with it, and
    /// does not wait for two commits.
    pub fn close_page_at(&mut self, now: Micros) -> std::result::Result<Option<Page>, AtLeisure> {
        // What waits in a queue may wait for that room.
        if self.journal.is_idle() && self.lanes.iter().all(|lane| lane.unsettled == 0 || lane.queue.is_empty()) {
            let since = *self.idle_since.get_or_insert(now);
            if now < since + LEISURE {
                return Err(AtLeisure);
            }
        }
        Ok(self.close_page())
    }

    /// The same, however many pages are with the store: for the end, when no page follows.
    pub fn last_page(&mut self) -> Option<Page> {
        if self.journal.is_clean() {
            return None;
        }
        if self.journal.is_crowded(self.tables.config.limits.journal) {
            self.rewrite_oldest();
        }
        self.idle_since = None;
        Some(self.journal.close())
    }

    /// Whether something waits to be committed.
    pub fn is_dirty(&self) -> bool {
        !self.journal.is_clean()
    }

    /// Pages with the store.
    pub fn pages_under_way(&self) -> usize {
        self.journal.under_way()
    }

    /// All pages up to `seq` are durable: responses may leave, messages may go on.
    pub fn committed(&mut self, seq: u64, now: Micros) {
        let effects = self.journal.committed(seq);
        self.pages_durable();
        for effect in effects {
            match effect {
                Effect::Answer(answer) => self.answer(&answer, now),
                Effect::Multi(answer) => self.answer_multi(&answer.0, &answer.1, now),
                Effect::Armed(carrier, handle) => self.armed(carrier, handle),
                Effect::Queue(handle) => self.enqueue(handle, false, now),
                Effect::Settled(carrier) => {
                    self.lanes[carrier as usize].unsettled -= 1;
                    self.attention.carriers.insert(carrier);
                }
                Effect::HandOver(handle) => self.hand_over(handle),
                Effect::Cool(handle) => self.cool(handle),
            }
        }
    }

    /// Timers: call at least ten times a second.
    pub fn tick(&mut self, now: Micros) {
        self.tick_peers(now);
        while let Some(Reverse((at, wake))) = self.wakes.peek().copied() {
            if at > now {
                break;
            }
            self.wakes.pop();
            match wake {
                Wake::Queue(token) => self.enqueue(Handle::from_token(token).0, false, now),
                Wake::Tell(token) => self.hand_over(Handle::from_token(token).0),
                Wake::GiveUp(token) => self.give_up(token, now),
                Wake::CancelGroups => self.cancel_groups(now),
                Wake::Replace => self.withdraw_replaced(now),
            }
        }
        let wall = self.wall(now);
        while let Some(Reverse((_, token))) = self.scheduled.peek().copied().filter(|Reverse((at, _))| *at <= wall) {
            self.scheduled.pop();
            self.enqueue(Handle::from_token(token).0, false, now);
        }
        self.expire_parts(now);
        self.bundles.forget_late(now);
        self.ask(now);
        self.sweep(now);
    }

    /// Notes consent that the store holds, or that somebody with the right to do so has changed.
    pub fn load_consent(&mut self, row: &ConsentRow) {
        self.consent.set(row.number.as_bytes(), row.contact.as_bytes(), row.opted_out);
    }

    /// The page that is being filled.
    pub fn page(&self) -> u64 {
        self.journal.seq()
    }

    /// After the replay of everything up to page `last`, and of the pages that [`Engine::take_pages`] names then: back to
    /// life.
    pub fn resume_after(&mut self, last: u64, now: Micros) {
        self.spill.replaying = false;
        self.journal.replaying(last + 1);
        self.resume(now);
    }

    /// Takes an idempotency key in the open page, beside the message that it stands for.
    pub fn take_key(&mut self, row: KeyRow) {
        self.journal.keys.push(row);
    }

    /// Counts for metrics.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The tables in force.
    pub fn config(&self) -> &Config {
        &self.tables.config
    }

    /// Whether routing may choose this carrier. The node decides: bound, or down for less than its grace.
    pub fn set_usable(&mut self, carrier: u16, usable: bool) {
        if let Some(lane) = self.lanes.get_mut(carrier as usize) {
            lane.usable = usable;
            if usable {
                lane.queue.end_move();
            }
        }
    }

    /// Messages waiting for a carrier.
    pub fn queue_depth(&self, carrier: u16) -> usize {
        self.lanes.get(carrier as usize).map_or(0, |lane| lane.queue.depth)
    }

    /// Submits written to a carrier and not answered.
    pub fn in_flight(&self, carrier: u16) -> usize {
        self.lanes.get(carrier as usize).map_or(0, |lane| lane.in_flight)
    }

    /// Age of the oldest message of each carrier that has not been submitted, in milliseconds. Walks all that is alive.
    pub fn oldest_ms(&self, now: Micros) -> HashMap<u16, u64> {
        let wall = self.wall(now);
        let mut oldest = HashMap::new();
        for (_, live) in self.ledger.iter() {
            let (carrier, created) = match live {
                ledger::Live::Mt(mt) if mt.queued => (mt.carrier, mt.env.created()),
                ledger::Live::Cold(cold) => (cold.carrier, cold.id().at()),
                _ => continue,
            };
            let age = wall.saturating_sub(created);
            let place = oldest.entry(carrier).or_insert(0);
            *place = age.max(*place);
        }
        oldest
    }

    /// Everything alive: messages, parts and receipts.
    pub fn alive(&self) -> usize {
        self.ledger.len()
    }

    /// Whether new messages are refused, because the store cannot take them. Receipts, inbound messages and what is queued
    /// go on.
    pub fn set_refusing(&mut self, refusing: bool) {
        self.refusing = refusing;
    }

    /// The node stops: from now on new messages are refused, as if it were full. What it has goes on.
    pub fn leave(&mut self) {
        self.leaving = true;
    }

    /// Whether another message may be sent.
    fn has_room(&self) -> bool {
        self.has_room_for(1)
    }

    fn has_room_for(&self, messages: usize) -> bool {
        !self.refusing && !self.leaving && self.ledger.len() + messages <= self.tables.config.limits.live
    }

    /// Whether something may come from a carrier. Messages that wait must not keep opt-outs and receipts out, so there is a
    /// sixteenth more room for them.
    fn has_room_inbound(&self) -> bool {
        let live = self.tables.config.limits.live;
        self.ledger.len() < live + live / 16 + 1
    }

    fn pair(&self, account: u16, contact: &[u8]) -> u64 {
        keyed::key(self.seed, &[&account.to_le_bytes(), contact]) as u64
    }
}
