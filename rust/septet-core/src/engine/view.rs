//! One message as the API shows it, whether it lives or lies in the log.

use super::Engine;
use super::envelope::flag;
use super::id::Id;
use super::journal::{Kind, VERSION};
use super::ledger::Live;
use super::message::{Event, Mo, Mt, NOBODY};
use super::quirks::vendor;
use super::tables::{Tables, digits};
use super::wire::Take;
use crate::clock::WallMs;
use crate::smpp::tlv::Tlvs;
use crate::text::{self, DefaultAlphabet, udh};
use crate::{Error, Result};

/// What the API shows of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Its id.
    pub id: Id,
    /// `mt` or `mo`.
    pub direction: &'static str,
    /// Its account's id, or empty.
    pub account: String,
    /// The carrier's id, or empty.
    pub carrier: String,
    /// Source address.
    pub from: String,
    /// Destination address.
    pub to: String,
    /// Its text, if it is one.
    pub text: Option<String>,
    /// Its octets, if it is no text.
    pub data: Option<Vec<u8>>,
    /// `gsm7`, `ucs2`, `latin1` or `binary`.
    pub encoding: &'static str,
    /// Segments or parts.
    pub segments: usize,
    /// The status's name.
    pub status: &'static str,
    /// The last command_status or receipt error; 0 = none.
    pub error: u32,
    /// The last receipt's `err:`, as the carrier wrote it; empty without an error.
    pub err: String,
    /// The last receipt's network_error_code: network type and code.
    pub network_error: Option<(u8, u16)>,
    /// TLVs of the carrier's own: what the sender gave, or what came with an MO.
    pub params: Vec<(String, String)>,
    /// The sender's reference.
    pub client_ref: String,
    /// The sender's tags.
    pub tags: Vec<String>,
    /// When it was accepted.
    pub created: WallMs,
    /// When it last changed.
    pub updated: WallMs,
    /// Its life.
    pub events: Vec<Event>,
    /// The rule that matched an MO, or empty.
    pub keyword: String,
    /// Parts of an MO are missing.
    pub incomplete: bool,
}

/// Which living messages to show. Empty and zero fields match all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The account's id.
    pub account: String,
    /// Source address.
    pub from: String,
    /// Destination address.
    pub to: String,
    /// Status name.
    pub status: String,
    /// `mt` or `mo`.
    pub direction: String,
    /// Accepted at or after.
    pub since: WallMs,
    /// Accepted before; 0 = now.
    pub until: WallMs,
    /// Only ids smaller than this one.
    pub before: Option<Id>,
}

const ENCODINGS: [&str; 4] = ["gsm7", "ucs2", "latin1", "binary"];

fn string(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// The bodies of an MT's parts without their headers, one after the other.
pub(super) fn body_of_mt(mt: &Mt) -> Vec<u8> {
    let env = &mt.env;
    let udhi = env.esm_class() & 0x40 != 0;
    let mut body = Vec::new();
    for index in 0..env.parts() as usize {
        body.extend_from_slice(udh::split(env.part(index), udhi).1);
    }
    body
}

/// The text of an MT, read back from its parts.
pub(super) fn text_of_mt(mt: &Mt) -> Option<String> {
    let env = &mt.env;
    let udhi = env.esm_class() & 0x40 != 0;
    let body = body_of_mt(mt);
    if text::is_binary(env.data_coding()) {
        return None;
    }
    // The header may name national tables.
    let (header, _) = udh::split(env.part(0), udhi);
    text::decode(&body, env.data_coding(), header, false, DefaultAlphabet::Gsm7).ok()
}

fn params(tlvs: &[u8]) -> Vec<(String, String)> {
    vendor::params(&Tlvs::new(tlvs)).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

pub(super) fn of_mt(mt: &Mt, tables: &Tables) -> View {
    let carrier = tables.config.carriers.get(mt.carrier as usize);
    mt_view(mt, carrier.map_or("", |c| c.id.as_str()))
}

pub(super) fn mt_view(mt: &Mt, carrier: &str) -> View {
    let env = &mt.env;
    let text = text_of_mt(mt);
    let tags = string(env.tags());
    View {
        id: env.id(),
        direction: "mt",
        account: string(env.account()),
        carrier: carrier.to_owned(),
        from: string(env.from().addr),
        to: string(env.to().addr),
        data: text.is_none().then(|| env.body().to_vec()),
        text,
        encoding: ENCODINGS[env.encoding() as usize % ENCODINGS.len()],
        segments: env.parts() as usize,
        status: mt.status.name(),
        error: mt.error,
        err: mt.cause.as_ref().map(|cause| string(&cause.err)).unwrap_or_default(),
        network_error: mt
            .cause
            .as_ref()
            .and_then(|cause| cause.network)
            .map(|[network, high, low]| (network, u16::from_be_bytes([high, low]))),
        params: if env.has(flag::PARAMS) { params(env.tlvs()) } else { Vec::new() },
        client_ref: string(env.client_ref()),
        tags: tags.split('\u{1f}').filter(|t| !t.is_empty()).map(str::to_owned).collect(),
        created: env.created(),
        updated: mt.updated(),
        events: mt.events.clone(),
        keyword: String::new(),
        incomplete: false,
    }
}

pub(super) fn of_mo(mo: &Mo) -> View {
    let first = mo.parts.first();
    let coding = first.map_or(0, |p| p.data_coding);
    let octets = || mo.parts.iter().flat_map(|p| p.octets.iter().copied()).collect();
    View {
        id: mo.id,
        direction: "mo",
        account: mo.account.clone(),
        carrier: first.map(|p| p.carrier.clone()).unwrap_or_default(),
        from: first.map(|p| string(&p.from.2)).unwrap_or_default(),
        to: first.map(|p| string(&p.to.2)).unwrap_or_default(),
        text: mo.text.clone(),
        data: mo.text.is_none().then(octets),
        encoding: match coding {
            8 => "ucs2",
            3 => "latin1",
            _ if mo.text.is_none() => "binary",
            _ => "gsm7",
        },
        segments: mo.parts.len(),
        status: mo.status.name(),
        error: 0,
        err: String::new(),
        network_error: None,
        params: first.map(|p| params(&p.named)).unwrap_or_default(),
        client_ref: String::new(),
        tags: Vec::new(),
        // When it was whole: the time that its id carries.
        created: mo.id.at(),
        updated: mo.updated,
        events: Vec::new(),
        keyword: mo.keyword.clone(),
        incomplete: mo.incomplete,
    }
}

/// Reads the record of a log row.
pub fn view_of_record(record: &[u8]) -> Result<View> {
    let mut from = Take::new(record);
    let (version, kind) = (from.u8()?, from.u8()?);
    if version != VERSION {
        return Err(Error::new("engine.bad_record", format!("the log row has format {version}")));
    }
    match Kind::from_number(kind) {
        Some(Kind::Snapshot) => {
            let (mt, carrier) = Mt::take(&mut from)?;
            Ok(mt_view(&mt, &carrier))
        }
        Some(Kind::Mo) => Ok(of_mo(&Mo::take(&mut from)?)),
        _ => Err(Error::new("engine.bad_record", format!("the log row is of kind {kind}"))),
    }
}

impl Engine {
    /// A living message by its id.
    pub fn view(&self, id: Id) -> Option<View> {
        match self.ledger.live(self.ledger.find(id)?)? {
            Live::Mt(mt) => Some(of_mt(mt, &self.tables)),
            Live::Mo(mo) => Some(of_mo(mo)),
            _ => None,
        }
    }

    /// Living messages, newest first. Walks all that is alive.
    pub fn find(&self, filter: &Filter, limit: usize) -> Vec<View> {
        let account = self.tables.account(filter.account.as_bytes()).unwrap_or(NOBODY);
        let mut found: Vec<(Id, &Live)> = self
            .ledger
            .iter()
            .filter(|(_, live)| filter.matches(live, account))
            .map(|(_, live)| (live.id(), live))
            .filter(|(id, _)| filter.before.is_none_or(|before| *id < before))
            .collect();
        found.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
        found.truncate(limit);
        let show = |(_, live): (Id, &Live)| match live {
            Live::Mt(mt) => Some(of_mt(mt, &self.tables)),
            Live::Mo(mo) => Some(of_mo(mo)),
            _ => None,
        };
        found.into_iter().filter_map(show).collect()
    }
}

impl Filter {
    fn matches(&self, live: &Live, account: u16) -> bool {
        let (direction, owner, status, created, from, to): (_, _, _, _, &[u8], &[u8]) = match live {
            Live::Mt(mt) => ("mt", mt.account, mt.status, mt.env.created(), mt.env.from().addr, mt.env.to().addr),
            Live::Mo(mo) => {
                let Some(first) = mo.parts.first() else {
                    return false;
                };
                ("mo", mo.account_index, mo.status, mo.id.at(), &first.from.2, &first.to.2)
            }
            _ => return false,
        };
        let same = |wanted: &str, address: &[u8]| wanted.is_empty() || digits(wanted.as_bytes()) == digits(address);
        (self.account.is_empty() || owner == account && account != NOBODY)
            && (self.status.is_empty() || self.status == status.name())
            && (self.direction.is_empty() || self.direction == direction)
            && created >= self.since
            && (self.until == 0 || created < self.until)
            && same(&self.from, from)
            && same(&self.to, to)
    }
}
