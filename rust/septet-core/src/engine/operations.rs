//! An ESME asks after a message, withdraws or replaces it: query_sm, cancel_sm, replace_sm (4.8 to 4.10).
//!
//! What lives is answered at once, or once the change is durable. What has ended is in the log, which only the caller can
//! read: such a question becomes a [`Lookup`], and its answer comes back through [`Engine::looked_up`]. A message is found
//! only by its own account, and only if the source address that the ESME names is the message's.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::accept::{led, receipts_asked, schedule};
use super::envelope::{Envelope, flag};
use super::id::{Id, Naming, parse_alias};
use super::journal::{Answer, Effect, Kind, VERSION};
use super::ledger::{Handle, IdMap, Live};
use super::message::{Mt, Segment, Stage, Status};
use super::recall::is_away;
use super::shape;
use super::tables::digits;
use super::wire::Take;
use super::{Engine, NOBODY, Wake};
use crate::clock::{Micros, SECOND, WallMs};
use crate::page::KeyRow;
use crate::smpp::command::{self, max, version};
use crate::smpp::field::put_cstring;
use crate::smpp::receipt::State;
use crate::smpp::session::Session;
use crate::smpp::sm::{Sm, UDHI};
use crate::smpp::{Pdu, Tlvs, status, time, tlv};

/// Groups are withdrawn together, by one walk over all that is alive, no more often than this.
const GROUPS_EVERY: Micros = SECOND;
/// An alias as an idempotency key; no key of the API begins with this character.
const ALIAS_KEY: &str = "\u{1}alias/";

/// A question that only the log can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// To be given back with the answer.
    pub token: u64,
    /// The account that asks.
    pub account: String,
    /// The message's id, where the ESME gave one.
    pub id: Option<Id>,
    /// Else the key under which the store keeps it: [`KeyRow::answer`] is then the id.
    pub key: String,
}

/// Who asked what, and how to answer.
#[derive(Clone, Copy)]
pub(super) struct Asker {
    pub(super) session: u32,
    pub(super) epoch: u32,
    account: u16,
    sequence: u32,
    pub(super) command: u32,
    version: u8,
}

/// What is being asked.
#[derive(Default)]
pub(super) struct Questions {
    /// Ids by account and alias.
    aliases: HashMap<(u16, u64), Id>,
    /// The messages of each submit_multi.
    groups: IdMap<Vec<Handle>>,
    fresh: Vec<Lookup>,
    asked: HashMap<u64, (Asker, Pdu)>,
    next: u64,
    cancels: Vec<(Asker, Pdu)>,
    /// What is asked about messages that have to be thawed first.
    parked: Vec<(Asker, Pdu)>,
}

/// Other names of a message than its id.
#[derive(Clone, Copy)]
pub(super) struct Names {
    account: u16,
    alias: Option<u64>,
    group: Option<Id>,
    given: Id,
}

impl Names {
    pub(super) fn of(mt: &Mt) -> Self {
        let given = mt.env.given_id();
        let group = mt.env.has(flag::MULTI).then_some(given);
        Self { account: mt.account, alias: mt.env.naming().alias(given), group, given }
    }

    fn of_live(live: &Live) -> Option<Self> {
        match live {
            Live::Mt(mt) => Some(Self::of(mt)),
            Live::Cold(cold) => {
                let given = cold.id();
                Some(Self { account: cold.account, alias: cold.naming.alias(given), group: None, given })
            }
            _ => None,
        }
    }
}

impl Engine {
    /// An id for a new message; its alias, if it needs one, is not that of another living message of the account.
    pub(super) fn fresh_id(&mut self, account: u16, naming: Naming, now: Micros) -> Id {
        loop {
            let id = self.ids.next(self.wall(now));
            let alias = naming.alias(id);
            if alias.is_none_or(|alias| !self.questions.aliases.contains_key(&(account, alias))) {
                return id;
            }
        }
    }

    /// Notes the other names of a message that lives from now on.
    pub(super) fn learn(&mut self, names: Names, handle: Handle) {
        let Names { account, alias, group, given } = names;
        if let Some(alias) = alias {
            self.questions.aliases.insert((account, alias), given);
        }
        if let Some(group) = group {
            self.questions.groups.entry(group.0).or_default().push(handle);
        }
    }

    /// Forgets them.
    pub(super) fn unlearn(&mut self, handle: Handle) {
        let Some(names) = self.ledger.live(handle).and_then(Names::of_live) else { return };
        let Names { account, alias, group, given } = names;
        let mut last = true;
        if let Some(group) = group
            && let Some(members) = self.questions.groups.get_mut(&group.0)
        {
            members.retain(|member| *member != handle);
            last = members.is_empty();
            if last {
                self.questions.groups.remove(&group.0);
            }
        }
        if let Some(alias) = alias.filter(|_| last)
            && self.questions.aliases.get(&(account, alias)) == Some(&given)
        {
            self.questions.aliases.remove(&(account, alias));
        }
    }

    /// The store remembers an alias for as long as an idempotency key: the message may end sooner than its sender asks.
    pub(super) fn keep_alias(&mut self, envelope: &Envelope, now: Micros) {
        let Some(alias) = envelope.naming().alias(envelope.id()) else { return };
        let row = KeyRow {
            account: String::from_utf8_lossy(envelope.account()).into_owned(),
            key: format!("{ALIAS_KEY}{alias:08X}"),
            body_hash: Vec::new(),
            answer: envelope.id().encode().to_vec(),
            at: self.wall(now),
        };
        self.journal.keys.push(row);
    }

    /// An operation of an ESME that brings no new message.
    pub(super) fn operation(&mut self, session: u32, pdu: Pdu, now: Micros) {
        let epoch = self.epoch(session);
        let Some(peer) = self.peer(session) else { return };
        let super::peers::Kind::Esme { account } = peer.kind else {
            return;
        };
        if account == NOBODY {
            return;
        }
        let version = peer.session.version();
        let (sequence, command) = (pdu.sequence, pdu.command);
        let asker = Asker { session, epoch, account, sequence, command, version };
        match command {
            command::QUERY_SM | command::CANCEL_SM | command::REPLACE_SM => self.question(asker, pdu, now),
            command::BROADCAST_SM | command::QUERY_BROADCAST_SM | command::CANCEL_BROADCAST_SM => {
                self.relay(session, account, &pdu, now);
            }
            _ => self.refuse(asker, status::ESME_RINVCMDID),
        }
    }

    fn question(&mut self, asker: Asker, pdu: Pdu, now: Micros) {
        let name = pdu.text("message_id");
        if name.is_empty() && asker.command == command::CANCEL_SM {
            // 4.9.1: all that is pending between these addresses.
            if pdu.text("source_addr").is_empty() || pdu.text("destination_addr").is_empty() {
                self.refuse(asker, status::ESME_RCANCELFAIL);
                return;
            }
            if self.questions.cancels.is_empty() {
                self.wakes.push(Reverse((now + GROUPS_EVERY, Wake::CancelGroups)));
            }
            self.questions.cancels.push((asker, pdu));
            return;
        }
        let (id, alias) = (Id::parse(name), parse_alias(name));
        let known = id.or_else(|| self.questions.aliases.get(&(asker.account, alias?)).copied());
        let members = known.map(|id| self.members(asker.account, id)).unwrap_or_default();
        let cold: Vec<Handle> = members.iter().copied().filter(|h| self.ledger.cold(*h).is_some()).collect();
        if !cold.is_empty() {
            for handle in cold {
                self.want(handle, false);
            }
            self.questions.parked.push((asker, pdu));
        } else if !members.is_empty() {
            self.decide(asker, &pdu, &members, now);
        } else if id.is_some() || alias.is_some() {
            self.look_up(asker, pdu, known, alias);
        } else {
            self.refuse(asker, status::ESME_RINVMSGID);
        }
    }

    /// Messages have been thawed: answers who asked after them.
    pub(super) fn answer_parked(&mut self, now: Micros) {
        for (asker, pdu) in std::mem::take(&mut self.questions.parked) {
            self.question(asker, pdu, now);
        }
    }

    /// They cannot be: the ESME may ask again.
    pub(super) fn refuse_parked(&mut self) {
        for (asker, _) in std::mem::take(&mut self.questions.parked) {
            self.refuse(asker, status::ESME_RSYSERR);
        }
    }

    /// The living messages of an account that this id stands for.
    fn members(&self, account: u16, id: Id) -> Vec<Handle> {
        let group = self.questions.groups.get(&id.0).cloned();
        let all = group.unwrap_or_else(|| self.ledger.find(id).into_iter().collect());
        let ours = |handle: &Handle| match self.ledger.live(*handle) {
            Some(Live::Mt(mt)) => mt.account == account,
            Some(Live::Cold(cold)) => cold.account == account,
            _ => false,
        };
        all.into_iter().filter(ours).collect()
    }

    fn decide(&mut self, asker: Asker, pdu: &Pdu, members: &[Handle], now: Micros) {
        let fits = |handle: &&Handle| self.ledger.mt(**handle).is_some_and(|mt| matches(&mt.env, pdu));
        let fitting: Vec<Handle> = members.iter().filter(fits).copied().collect();
        let Some(first) = fitting.first().copied() else {
            self.refuse(asker, failed(asker.command));
            return;
        };
        match asker.command {
            command::QUERY_SM => {
                let body = self.ledger.mt(first).map(|mt| state_of(mt, pdu, asker.version));
                self.tell(asker, &body.unwrap_or_default());
            }
            command::CANCEL_SM => self.withdraw_all(asker, &fitting, now),
            _ => self.replace_message(asker, first, pdu, now),
        }
    }

    /// Withdraws a message that has not left; false if it is too late.
    pub(super) fn withdraw(&mut self, handle: Handle, now: Micros) -> bool {
        let waits = |mt: &&Mt| !mt.is_final() && mt.segments.iter().all(|s| s.stage == Stage::Waiting);
        let waits = self.ledger.mt(handle).as_ref().is_some_and(waits);
        if waits {
            self.end(handle, Status::Cancelled, 0, now);
        }
        waits
    }

    /// Groups that are to be withdrawn, found by one walk for all of them.
    pub(super) fn cancel_groups(&mut self, now: Micros) {
        let cancels = std::mem::take(&mut self.questions.cancels);
        let cancels = self.thaw_groups(cancels, now);
        let place = |account: u16, from: &[u8], to: &[u8]| {
            super::keyed::key(self.seed, &[&account.to_le_bytes(), digits(from), digits(to)])
        };
        let mut wanted: HashMap<u128, Vec<usize>> = HashMap::new();
        for (index, (asker, pdu)) in cancels.iter().enumerate() {
            let key = place(asker.account, pdu.text("source_addr"), pdu.text("destination_addr"));
            wanted.entry(key).or_default().push(index);
        }
        let mut found: Vec<(usize, Handle)> = Vec::new();
        for (handle, live) in self.ledger.iter() {
            let Live::Mt(mt) = live else { continue };
            let here = wanted.get(&place(mt.account, mt.env.from().addr, mt.env.to().addr));
            let index = here.and_then(|all| all.iter().find(|index| matches(&mt.env, &cancels[**index].1)));
            found.extend(index.map(|index| (*index, handle)));
        }
        let mut groups = vec![Vec::new(); cancels.len()];
        for (index, handle) in found {
            groups[index].push(handle);
        }
        for ((asker, _), group) in cancels.into_iter().zip(groups) {
            self.withdraw_all(asker, &group, now);
        }
    }

    /// Groups of which nothing is cold; for the others, which wait for the next walk, what may be theirs is thawed.
    fn thaw_groups(&mut self, cancels: Vec<(Asker, Pdu)>, now: Micros) -> Vec<(Asker, Pdu)> {
        let pair = |(asker, pdu): &(Asker, Pdu)| self.pair(asker.account, digits(pdu.text("destination_addr")));
        let mut cold: HashMap<u64, Vec<Handle>> = cancels.iter().map(|cancel| (pair(cancel), Vec::new())).collect();
        for (handle, live) in self.ledger.iter() {
            if let Live::Cold(stub) = live
                && let Some(all) = cold.get_mut(&stub.pair)
            {
                all.push(handle);
            }
        }
        let (wait, go): (Vec<_>, _) =
            cancels.into_iter().partition(|cancel| cold.get(&pair(cancel)).is_some_and(|all| !all.is_empty()));
        for handle in cold.into_values().flatten() {
            self.want(handle, true);
        }
        if !wait.is_empty() {
            self.wakes.push(Reverse((now + GROUPS_EVERY, Wake::CancelGroups)));
            self.questions.cancels = wait;
        }
        go
    }

    /// Gives a message another text, time or receipt, or asks its carrier to, if it has left.
    fn replace_message(&mut self, asker: Asker, handle: Handle, pdu: &Pdu, now: Micros) {
        let away = self.ledger.mt(handle).is_some_and(|mt| is_away(mt) && self.carrier_table(mt.carrier).replaces);
        let outcome = match self.rewritten(handle, away, pdu, now) {
            Ok(envelope) if away => match self.ask_to_replace(asker, handle, envelope, pdu, now) {
                Ok(()) => return,
                refused => refused,
            },
            Ok(envelope) => {
                self.rewrite(handle, envelope, now);
                Ok(())
            }
            Err(status) => Err(status),
        };
        self.done(asker, outcome, now);
    }

    /// A message as a replace_sm wants it (4.10.1). What is empty stays as it was.
    fn rewritten(&mut self, handle: Handle, away: bool, pdu: &Pdu, now: Micros) -> Result<Envelope, u32> {
        let wall = self.wall(now);
        let waits = |mt: &&Mt| !mt.is_final() && !mt.armed && mt.segments.iter().all(|s| s.stage == Stage::Waiting);
        let waits = |mt: &&Mt| away || waits(mt);
        let ours = |mt: &&Mt| mt.env.has(flag::VIA_SMPP) && mt.account != NOBODY && mt.carrier != NOBODY;
        let env = self.ledger.mt(handle).filter(waits).filter(ours).map(|mt| mt.env.clone());
        let env = env.ok_or(status::ESME_RREPLACEFAIL)?;
        let mut draft = env.draft();
        match pdu.text("schedule_delivery_time") {
            b"" => {}
            text => draft.due = schedule(text, wall).map_err(|refusal| refusal.status)?,
        }
        let validity = pdu.text("validity_period");
        if !validity.is_empty() {
            draft.flags |= flag::VALIDITY;
        }
        if !validity.is_empty() || draft.flags & flag::VALIDITY == 0 && draft.due > env.due() {
            draft.expires = self.expiry(validity, wall, draft.due).map_err(|refusal| refusal.status)?;
        }
        draft.registered = pdu.octet("registered_delivery");
        draft.flags &= !(flag::RECEIPT | flag::TELL_SUCCESS | flag::TELL_FAILURE);
        draft.flags |= receipts_asked(draft.registered);
        if away {
            // Its end is still to be known, whoever is told.
            draft.flags |= flag::RECEIPT;
        }
        let payload = match pdu.text("short_message") {
            b"" => pdu.tlv(tlv::MESSAGE_PAYLOAD).unwrap_or_default(),
            text => text,
        };
        Ok(if payload.is_empty() {
            Envelope::build(&draft, (0..env.parts() as usize).map(|index| env.part(index)))
        } else {
            if env.has(flag::SEGMENTED) {
                draft.flags &= !(shape::LONG | flag::SEGMENTED);
                draft.esm_class &= !UDHI;
            }
            let (account, carrier) =
                self.ledger.mt(handle).map(|mt| (mt.account, mt.carrier)).ok_or(status::ESME_RREPLACEFAIL)?;
            let made = draft.esm_class & UDHI != 0 || Tlvs::new(draft.tlvs).get(tlv::SAR_TOTAL_SEGMENTS).is_some();
            let (data_coding, esm_class) = (draft.data_coding, draft.esm_class);
            let sm = Sm { short_message: payload, data_coding, esm_class, ..Sm::default() };
            let (payload, data_coding) = self.tables.config.accounts[account as usize].quirks.read(&sm);
            led(esm_class & UDHI != 0, &payload).map_err(|refusal| refusal.status)?;
            let cut = self.cut(carrier, payload, data_coding, made, draft.to.addr);
            let cut = cut.map_err(|refusal| refusal.status)?;
            draft.flags |= cut.flags;
            draft.esm_class |= if cut.udhi { UDHI } else { 0 };
            (draft.data_coding, draft.encoding) = (cut.data_coding, cut.encoding);
            Envelope::build(&draft, cut.parts.iter().map(AsRef::as_ref))
        })
    }

    /// Puts a message that has not left in the place of the old one.
    fn rewrite(&mut self, handle: Handle, envelope: Envelope, now: Micros) {
        let scheduled = envelope.due() > self.wall(now);
        let Some(mt) = self.ledger.mt_mut(handle) else { return };
        mt.segments = vec![Segment::default(); envelope.parts() as usize];
        mt.env = envelope;
        // It keeps its place in the queue, unless it leaves it until it is due or may leave earlier than it was to.
        if scheduled || !mt.queued {
            mt.status = if scheduled { Status::Scheduled } else { Status::Queued };
            if std::mem::take(&mut mt.queued)
                && let Some(lane) = self.lanes.get_mut(mt.carrier as usize)
            {
                lane.queue.depth -= 1;
            }
            self.journal.after_commit(Effect::Queue(handle));
        }
        self.snapshot(handle);
    }

    fn look_up(&mut self, asker: Asker, pdu: Pdu, id: Option<Id>, alias: Option<u64>) {
        let token = self.questions.next;
        self.questions.next += 1;
        let account = self.tables.config.accounts[asker.account as usize].id.clone();
        let key = alias.map(|alias| format!("{ALIAS_KEY}{alias:08X}")).unwrap_or_default();
        self.questions.fresh.push(Lookup { token, account, id, key });
        self.questions.asked.insert(token, (asker, pdu));
        self.attention.lookups = true;
    }

    /// Takes what only the log can answer; each must come back through [`Engine::looked_up`]. The log must hold what has
    /// ended until now: wait until the open page is durable.
    pub fn take_lookups(&mut self) -> Vec<Lookup> {
        std::mem::take(&mut self.questions.fresh)
    }

    /// The log has, or has not, a row of this message: its record.
    pub fn looked_up(&mut self, token: u64, record: Option<&[u8]>) {
        let Some((asker, pdu)) = self.questions.asked.remove(&token) else {
            return;
        };
        let account = self.tables.config.accounts[asker.account as usize].id.as_bytes();
        let Some(mt) = record.and_then(ended).filter(|mt| mt.env.account() == account) else {
            self.refuse(asker, status::ESME_RINVMSGID);
            return;
        };
        if asker.command == command::QUERY_SM && matches(&mt.env, &pdu) {
            self.tell(asker, &state_of(&mt, &pdu, asker.version));
        } else {
            self.refuse(asker, failed(asker.command));
        }
    }

    /// The log cannot be read: the ESME may ask again.
    pub fn lookup_failed(&mut self, token: u64) {
        if let Some((asker, _)) = self.questions.asked.remove(&token) {
            self.refuse(asker, status::ESME_RSYSERR);
        }
    }

    /// The outcome of a change, once it is durable.
    pub(super) fn done(&mut self, asker: Asker, outcome: Result<(), u32>, now: Micros) {
        let Asker { session, epoch, sequence, command, .. } = asker;
        match outcome {
            Ok(()) => {
                let answer = Answer { session, epoch, sequence, command, status: 0, id: None, since: now };
                self.journal.after_commit(Effect::Answer(answer));
            }
            Err(status) => self.refuse(asker, status),
        }
    }

    fn refuse(&mut self, asker: Asker, status: u32) {
        self.say(asker, |session| session.respond(asker.sequence, asker.command, status, b""));
    }

    fn tell(&mut self, asker: Asker, body: &[u8]) {
        let write = |out: &mut Vec<u8>| out.extend_from_slice(body);
        self.say(asker, |session| session.respond_with(asker.sequence, asker.command, status::ESME_ROK, write));
    }

    /// Answers, if the session that asked is still there.
    fn say(&mut self, asker: Asker, answer: impl FnOnce(&mut Session)) {
        if self.epoch(asker.session) != asker.epoch {
            return;
        }
        if let Some(peer) = self.peer(asker.session) {
            answer(&mut peer.session);
            self.wrote(asker.session);
        }
    }
}

/// The message of a log row, if it is an MT's.
fn ended(record: &[u8]) -> Option<Mt> {
    let mut from = Take::new(record);
    let (version, kind) = (from.u8().ok()?, from.u8().ok()?);
    let snapshot = version == VERSION && kind == Kind::Snapshot as u8;
    if snapshot { Mt::take(&mut from).ok().map(|(mt, _)| mt) } else { None }
}

pub(super) const fn failed(command: u32) -> u32 {
    match command {
        command::QUERY_SM => status::ESME_RQUERYFAIL,
        command::CANCEL_SM => status::ESME_RCANCELFAIL,
        _ => status::ESME_RREPLACEFAIL,
    }
}

/// Whether the addresses and the service_type that a request names, as far as it names them, are the message's. Types and
/// plans are not compared: peers write others than when they submitted.
fn matches(env: &Envelope, pdu: &Pdu) -> bool {
    let same = |name: &str, own: &[u8]| {
        let asked = pdu.text(name);
        asked.is_empty() || digits(asked) == digits(own)
    };
    let service = pdu.text("service_type");
    same("source_addr", env.from().addr)
        && same("destination_addr", env.to().addr)
        && (service.is_empty() || service == env.service_type())
}

/// The body of a query_sm_resp (4.8.2).
fn state_of(mt: &Mt, pdu: &Pdu, asked_in: u8) -> Vec<u8> {
    let state = match mt.status {
        // 5.0 has a state of its own for what may not leave yet.
        Status::Scheduled if asked_in >= version::V50 => 0,
        Status::Delivered => State::Delivered.message_state(),
        Status::Expired => State::Expired.message_state(),
        Status::Cancelled => State::Deleted.message_state(),
        Status::Undeliverable | Status::Failed => State::Undeliverable.message_state(),
        Status::Rejected | Status::Blocked => State::Rejected.message_state(),
        Status::Unknown => State::Unknown.message_state(),
        _ => State::Enroute.message_state(),
    };
    let ended: Option<WallMs> = (state > State::Enroute.message_state()).then(|| mt.updated());
    let mut body = Vec::new();
    put_cstring(&mut body, pdu.text("message_id"), max::MESSAGE_ID);
    let mut date = Vec::new();
    if let Some(at) = ended {
        time::write_absolute(&mut date, at);
    }
    put_cstring(&mut body, &date, max::TIME);
    body.extend_from_slice(&[state, u8::try_from(mt.error).unwrap_or(u8::MAX)]);
    body
}
