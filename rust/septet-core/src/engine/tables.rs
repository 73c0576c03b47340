//! What the configuration says, compiled: policy as data that Python gives and Rust applies to each message.

use std::collections::HashMap;

use super::quirks::{AccountQuirks, CarrierQuirks};
use crate::clock::Micros;
use crate::keywords::{Matcher, Mode, normalise};
use crate::smpp::session::BindMode;
use crate::{Error, Result};

/// A customer.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Unanswered submit_sm per bind.
    pub window: usize,
    /// Unanswered deliver_sm per bind.
    pub deliver_window: usize,
    /// It has a webhook.
    pub webhook: bool,
    /// MOs go out over SMPP.
    pub mo_smpp: bool,
    /// MOs go to the webhook.
    pub mo_webhook: bool,
    /// command_status for a recipient who opted out.
    pub optout_status: u32,
    /// What it does differently.
    pub quirks: AccountQuirks,
}

/// A carrier and what its links need.
#[derive(Clone, Debug)]
pub struct Carrier {
    /// Its id.
    pub id: String,
    /// How its links bind.
    pub mode: BindMode,
    /// How many links.
    pub links: u16,
    /// The first carrier at the same message centre: a message sent by one of them may have its receipt from another.
    pub centre: u16,
    /// Unanswered submit_sm per link.
    pub window: usize,
    /// What we bind as.
    pub system_id: String,
    /// With which password.
    pub password: String,
    /// SMPP 3.4 §5.2.3.
    pub system_type: String,
    /// SMPP 3.4 §5.2.7.
    pub address_range: String,
    /// Idle time before an enquire_link.
    pub enquire_link: Micros,
    /// How long a response may take.
    pub response_timeout: Micros,
    /// service_type where the sender gave none.
    pub service_type: String,
    /// Type and plan of source addresses, where fixed.
    pub source: (Option<u8>, Option<u8>),
    /// Type and plan of destination addresses, where fixed.
    pub dest: (Option<u8>, Option<u8>),
    /// Temporary refusals before a message fails.
    pub retry_attempts: u8,
    /// First pause before a retry.
    pub retry_base: Micros,
    /// Longest pause before a retry.
    pub retry_max: Micros,
    /// The newest version to speak with it, one of [`crate::smpp::command::version`].
    pub interface_version: u8,
    /// A submit_sm that it never answers is not sent again.
    pub hold: bool,
    /// Silence after which it is asked about a message by query_sm, in milliseconds; 0 = never.
    pub query_after_ms: u64,
    /// It is asked by cancel_sm to withdraw what it has taken.
    pub cancels: bool,
    /// It is asked by replace_sm to take another text for it.
    pub replaces: bool,
    /// It connects to us and says outbind, with this system_id and password; then we bind.
    pub outbind: Option<(String, String)>,
    /// What it does differently.
    pub quirks: CarrierQuirks,
}

/// An address we own.
#[derive(Clone, Debug, Default)]
pub struct Number {
    /// Digits.
    pub address: String,
    /// Its account if dedicated.
    pub account: Option<u16>,
    /// The carrier it is reached over; `None` = whichever an MO came from.
    pub carrier: Option<u16>,
    /// The node handles STOP, START and HELP.
    pub node_optout: bool,
    /// The one confirmation of an opt-out; empty = none.
    pub stop_reply: String,
    /// The answer to an opt-in; empty = none.
    pub start_reply: String,
    /// The answer to HELP; empty = none.
    pub help_reply: String,
}

/// A rule for inbound text.
#[derive(Clone, Debug)]
pub struct Keyword {
    /// The rule's id, for metrics and webhooks.
    pub id: String,
    /// The number it stands on.
    pub number: u16,
    /// The word.
    pub word: String,
    /// How it matches.
    pub mode: Mode,
    /// The account that gets the message; `None` = the number's.
    pub account: Option<u16>,
    /// The answer; empty = none.
    pub reply: String,
}

/// A route: the first that matches wins.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// Only this account.
    pub account: Option<u16>,
    /// Only this source address.
    pub from: Option<String>,
    /// Destination prefixes; an empty one matches all.
    pub prefixes: Vec<String>,
    /// Carriers and weights.
    pub carriers: Vec<(u16, u32)>,
    /// Carriers to fall back to, in order.
    pub failover: Vec<u16>,
}

/// What an opt-out, opt-in or help word does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Opts out.
    Stop,
    /// Opts in.
    Start,
    /// Opts in only somebody who is out.
    StartIfOut,
    /// Asks for help.
    Help,
}

/// Limits and times of the whole node.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Messages, parts and receipts alive at once.
    pub live: usize,
    /// Messages to which nothing has happened that a line of a carrier's queue keeps in memory; the rest is cold.
    pub hot: usize,
    /// Octets of journal that living things may hold back before the oldest page is written again.
    pub journal: usize,
    /// Validity of an MT whose sender sets none, in milliseconds.
    pub validity_ms: u64,
    /// How long after its validity a receipt is waited for, in milliseconds.
    pub unknown_grace_ms: u64,
    /// Longest validity a sender may ask for, in milliseconds.
    pub validity_max_ms: u64,
    /// How long the parts of an MO wait for each other.
    pub reassembly_ttl: Micros,
    /// Parts of MOs that may wait at once.
    pub reassembly_parts: usize,
    /// How long an unmatched receipt is kept, in milliseconds.
    pub held_ttl_ms: u64,
    /// How long a receipt or MO waits for its account, in milliseconds.
    pub delivery_ttl_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            live: 1_000_000,
            hot: 50_000,
            journal: 256 << 20,
            validity_ms: 86_400_000,
            validity_max_ms: 604_800_000,
            unknown_grace_ms: 3_600_000,
            reassembly_ttl: 3_600_000_000,
            reassembly_parts: 100_000,
            held_ttl_ms: 86_400_000,
            delivery_ttl_ms: 259_200_000,
        }
    }
}

/// What an ESME's session needs.
#[derive(Clone, Debug)]
pub struct Smpp {
    /// What we call ourselves in a bind_resp.
    pub system_id: String,
    /// Time to bind after the connection.
    pub session_init: Micros,
    /// Idle time before an enquire_link.
    pub enquire_link: Micros,
    /// Idle time before the session ends; 0 = never.
    pub inactivity: Micros,
    /// How long a deliver_sm_resp may take.
    pub response_timeout: Micros,
}

impl Default for Smpp {
    fn default() -> Self {
        Self {
            system_id: "septet".into(),
            session_init: 10_000_000,
            enquire_link: 30_000_000,
            inactivity: 0,
            response_timeout: 60_000_000,
        }
    }
}

/// Everything, as given.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Customers.
    pub accounts: Vec<Account>,
    /// Carriers.
    pub carriers: Vec<Carrier>,
    /// Own addresses.
    pub numbers: Vec<Number>,
    /// Inbound rules.
    pub keywords: Vec<Keyword>,
    /// Routes in order.
    pub routes: Vec<Route>,
    /// Consent words.
    pub words: Vec<(String, Verb)>,
    /// Limits.
    pub limits: Limits,
    /// The SMPP server.
    pub smpp: Smpp,
}

/// The rules of one number, one automaton for each mode.
#[derive(Default)]
pub(super) struct Rules {
    matchers: Vec<(Matcher, Vec<u16>)>,
}

/// Everything, ready for use.
pub(super) struct Tables {
    pub(super) config: Config,
    numbers: HashMap<Vec<u8>, u16>,
    rules: Vec<Rules>,
    words: HashMap<String, Verb>,
}

impl Tables {
    pub(super) fn new(config: Config) -> Result<Self> {
        let bad = |what: &str, index: u16| Error::new("engine.bad_table", format!("{what} {index} does not exist"));
        let (accounts, carriers) = (config.accounts.len(), config.carriers.len());
        let account = |a: &Option<u16>| a.map_or(Ok(()), |a| known("account", a, accounts, &bad));
        for number in &config.numbers {
            account(&number.account)?;
            number.carrier.map_or(Ok(()), |c| known("carrier", c, carriers, &bad))?;
        }
        for route in &config.routes {
            account(&route.account)?;
            for carrier in route.carriers.iter().map(|(c, _)| c).chain(&route.failover) {
                known("carrier", *carrier, carriers, &bad)?;
            }
        }
        let mut rules: Vec<Rules> = Vec::new();
        rules.resize_with(config.numbers.len(), Rules::default);
        for (number, place) in rules.iter_mut().enumerate() {
            for mode in [Mode::WholeText, Mode::FirstWord, Mode::Anywhere] {
                let of_mode = |(_, k): &(usize, &Keyword)| k.number as usize == number && k.mode == mode;
                let (ids, words): (Vec<u16>, Vec<&str>) = config
                    .keywords
                    .iter()
                    .enumerate()
                    .filter(of_mode)
                    .map(|(index, k)| (index as u16, k.word.as_str()))
                    .unzip();
                if !words.is_empty() {
                    place.matchers.push((Matcher::new(&words, mode)?, ids));
                }
            }
        }
        for keyword in &config.keywords {
            account(&keyword.account)?;
            known("number", keyword.number, config.numbers.len(), &bad)?;
        }
        let numbers = config.numbers.iter().enumerate();
        let numbers = numbers.map(|(i, n)| (digits(n.address.as_bytes()).to_vec(), i as u16)).collect();
        let words = config.words.iter().map(|(word, verb)| (compact(&normalise(word)), *verb)).collect();
        Ok(Self { config, numbers, rules, words })
    }

    /// Index of the own number with this address.
    pub(super) fn number(&self, address: &[u8]) -> Option<u16> {
        self.numbers.get(digits(address)).copied()
    }

    /// What a whole text means for consent.
    pub(super) fn verb(&self, normalised: &str) -> Option<Verb> {
        // No word is longer: a novel is not worth compacting.
        if normalised.len() > 64 { None } else { self.words.get(&compact(normalised)).copied() }
    }

    /// Index of the rule of this number that the text matches: whole text before first word before anywhere.
    pub(super) fn keyword(&self, number: u16, normalised: &str) -> Option<u16> {
        let rules = self.rules.get(number as usize)?;
        rules.matchers.iter().find_map(|(matcher, ids)| Some(ids[matcher.find(normalised)?]))
    }

    pub(super) fn account(&self, id: &[u8]) -> Option<u16> {
        let found = self.config.accounts.iter().position(|a| a.id.as_bytes() == id);
        found.map(|index| index as u16)
    }

    /// How many messages may have one id of the message centre that this carrier stands for.
    pub(super) fn sharers(&self, carrier: u16) -> usize {
        let carriers = &self.config.carriers;
        let centre = carriers.get(carrier as usize).map_or(carrier, |own| own.centre);
        let of_centre = carriers.iter().filter(|other| other.centre == centre);
        of_centre.map(|other| other.quirks.destinations.max(1).into()).max().unwrap_or(1)
    }

    pub(super) fn carrier(&self, id: &str) -> Option<u16> {
        self.config.carriers.iter().position(|c| c.id == id).map(|index| index as u16)
    }

    /// The route for an MT: the first that matches.
    pub(super) fn route(&self, account: u16, from: &[u8], to: &[u8]) -> Option<&Route> {
        let (from, to) = (digits(from), digits(to));
        self.config.routes.iter().find(|route| {
            route.account.is_none_or(|a| a == account)
                && route.from.as_ref().is_none_or(|f| digits(f.as_bytes()) == from)
                && route.prefixes.iter().any(|p| to.starts_with(p.as_bytes()))
        })
    }
}

fn known(what: &str, index: u16, count: usize, bad: &dyn Fn(&str, u16) -> Error) -> Result<()> {
    if (index as usize) < count { Ok(()) } else { Err(bad(what, index)) }
}

/// "opt out" and "opt-out" are one word.
fn compact(normalised: &str) -> String {
    normalised.split(' ').collect()
}

/// An address without the international prefix `+` or `00`; consent, conversations and routes key on it.
pub fn digits(address: &[u8]) -> &[u8] {
    let rest = address.strip_prefix(b"+").unwrap_or(address);
    rest.strip_prefix(b"00").filter(|r| !r.is_empty()).unwrap_or(rest)
}
