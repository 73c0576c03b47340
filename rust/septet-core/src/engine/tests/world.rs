//! An engine between an ESME and two carriers, all in memory.

use crate::clock::{Micros, SECOND};
use crate::engine::quirks::CarrierQuirks;
use crate::engine::tables::{Account, Carrier, Config, Keyword, Limits, Number, Route, Smpp, Verb};
use crate::engine::{Engine, Post, Posted, Refusal, View};
use crate::keywords::Mode;
use crate::page::{ConsentRow, KeyRow, LogRow, Page};
use crate::smpp::command;
use crate::smpp::frame;
use crate::smpp::pdu::{Pdu, Value};
use crate::smpp::session::{BindMode, Role};
use crate::smpp::sm::{Addr, Sm};

pub(super) use super::end::{End, Got};

pub(super) const CONTACT: &str = "46701234567";
pub(super) const NUMBER: &str = "12345";
pub(super) const WALL: i64 = 1_700_000_000_000;

/// Everything.
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) now: Micros,
    pub(super) pages: Vec<Page>,
    pub(super) log: Vec<LogRow>,
    pub(super) consent: Vec<ConsentRow>,
    pub(super) keys: Vec<KeyRow>,
    pub(super) esme: Option<End>,
    pub(super) carriers: Vec<Option<End>>,
    /// Status with which carriers that connect from now on answer submits, or none for silence.
    pub(super) mood: Option<u32>,
    /// The same of ESMEs and receipts.
    pub(super) esme_mood: Option<u32>,
    /// Pages are committed at once, or wait.
    pub(super) commits: bool,
    /// Pages that are wanted back are read at once, or wait.
    pub(super) reads: bool,
    /// Segments that carriers may still be given.
    pub(super) grant: u32,
    account: u16,
    asks: bool,
    under_way: Vec<u64>,
    crashes: u8,
    closing: std::collections::BTreeSet<u32>,
}

pub(super) fn config() -> Config {
    let account = |id: &str| Account {
        id: id.into(),
        window: 100,
        deliver_window: 10,
        mo_smpp: true,
        optout_status: 0x400,
        ..Account::default()
    };
    let carrier = |id: &str, centre: u16| Carrier {
        id: id.into(),
        mode: BindMode::Transceiver,
        links: 1,
        centre,
        window: 10,
        system_id: "septet".into(),
        password: "secret".into(),
        system_type: String::new(),
        address_range: String::new(),
        service_type: String::new(),
        enquire_link: 30 * SECOND,
        response_timeout: 60 * SECOND,
        source: (None, None),
        dest: (None, None),
        retry_attempts: 2,
        retry_base: SECOND,
        retry_max: 10 * SECOND,
        interface_version: 0x34,
        hold: false,
        query_after_ms: 0,
        cancels: false,
        replaces: false,
        outbind: None,
        quirks: CarrierQuirks::default(),
    };
    let keyword = |word: &str, reply: &str| Keyword {
        id: word.into(),
        number: 0,
        word: word.into(),
        mode: Mode::FirstWord,
        account: None,
        reply: reply.into(),
    };
    Config {
        accounts: vec![account("acme"), account("other")],
        carriers: vec![carrier("north", 0), carrier("south", 1)],
        numbers: vec![Number {
            address: NUMBER.into(),
            account: Some(0),
            carrier: Some(0),
            node_optout: true,
            stop_reply: "You are out.".into(),
            start_reply: "You are in.".into(),
            help_reply: "Help is near.".into(),
        }],
        keywords: vec![keyword("INFO", "Open 9-17"), keyword("QUIET", "")],
        routes: vec![Route {
            prefixes: vec![String::new()],
            carriers: vec![(0, 1)],
            failover: vec![1],
            ..Route::default()
        }],
        words: [("STOP", Verb::Stop), ("opt out", Verb::Stop), ("START", Verb::Start), ("HELP", Verb::Help)]
            .map(|(word, verb)| (word.to_owned(), verb))
            .into(),
        limits: Limits::default(),
        smpp: Smpp::default(),
    }
}

impl World {
    /// Both carriers and the ESME are bound.
    pub(super) fn new() -> Self {
        Self::with(config())
    }

    pub(super) fn with(config: Config) -> Self {
        let mut world = Self::empty(config);
        world.connect(0);
        world.connect(1);
        world.bind();
        world
    }

    pub(super) fn empty(config: Config) -> Self {
        let engine = Engine::new(config, [9; 32], WALL).unwrap();
        Self {
            engine,
            now: SECOND,
            pages: Vec::new(),
            log: Vec::new(),
            consent: Vec::new(),
            keys: Vec::new(),
            esme: None,
            carriers: vec![None, None],
            mood: Some(0),
            esme_mood: Some(0),
            commits: true,
            reads: true,
            grant: u32::MAX,
            account: 0,
            asks: false,
            under_way: Vec::new(),
            crashes: 0,
            closing: std::collections::BTreeSet::new(),
        }
    }

    pub(super) fn connect(&mut self, carrier: u16) {
        let sid = self.engine.open_link(carrier, 0, self.now);
        self.carrier_at(carrier, sid);
    }

    /// A carrier that speaks every version stands at the other end of a session.
    pub(super) fn carrier_at(&mut self, carrier: u16, sid: u32) {
        let reply = self.mood;
        self.carriers[carrier as usize] = Some(End { reply, ..End::new(Role::Server, sid, 0x50, self.now) });
        self.engine.set_usable(carrier, true);
        self.run();
    }

    pub(super) fn cut(&mut self, carrier: u16) {
        let end = self.carriers[carrier as usize].take().unwrap();
        self.engine.closed(end.sid);
        self.run();
    }

    pub(super) fn bind(&mut self) {
        self.bind_as(0, 0x34);
    }

    /// Binds an ESME of an account, in a version.
    pub(super) fn bind_as(&mut self, account: u16, version: u8) {
        self.account = account;
        let sid = self.engine.open_esme(self.now);
        let mut end = End { reply: self.esme_mood, ..End::new(Role::Client, sid, version, self.now) };
        end.session.bind(self.now, BindMode::Transceiver, b"acme", b"pw", b"", b"");
        self.esme = Some(end);
        self.run();
    }

    pub(super) fn leave(&mut self) {
        let end = self.esme.take().unwrap();
        self.engine.closed(end.sid);
        self.run();
    }

    /// The node dies and comes back with what was committed; everybody has to connect again.
    pub(super) fn crash(&mut self) {
        self.restart(self.engine.config().clone());
    }

    /// The same, with another configuration.
    pub(super) fn restart(&mut self, config: Config) {
        self.crashes += 1;
        let seed = [9 + self.crashes; 32];
        let mut engine = Engine::new(config, seed, WALL).unwrap();
        for row in &self.consent {
            engine.load_consent(row);
        }
        let mut last = 0;
        for page in &self.pages {
            engine.replay(page.seq, &page.journal).unwrap();
            last = page.seq;
        }
        read_pages(&mut engine, &self.pages, self.now);
        engine.resume_after(last, self.now);
        self.engine = engine;
        self.under_way.clear();
        self.esme = None;
        self.carriers = vec![None, None];
    }

    fn store(&mut self, page: Page) {
        self.log.extend(page.log.iter().cloned());
        self.consent.extend(page.consent.iter().cloned());
        self.keys.extend(page.keys.iter().cloned());
        self.pages.retain(|p| p.seq >= page.keep_from);
        self.pages.push(page);
    }

    /// Lets everything happen until the engine wants sessions closed; gives them.
    pub(super) fn run_until_closing(&mut self) -> std::collections::BTreeSet<u32> {
        self.run();
        std::mem::take(&mut self.closing)
    }

    /// Lets everything happen that can happen now.
    pub(super) fn run(&mut self) {
        for _ in 0..200 {
            let mut attention = self.engine.attention();
            self.closing.append(&mut attention.closing);
            if !self.closing.is_empty() {
                return;
            }
            for sid in &attention.binds {
                assert!(self.engine.bind_request(*sid).is_some());
                self.engine.accept_bind(*sid, self.account, self.now);
            }
            for sid in &attention.inboxes {
                self.engine.admit(*sid, u64::MAX, false, self.now);
            }
            for carrier in 0..2 {
                let written = self.engine.pump(carrier, self.grant, self.now);
                if self.grant != u32::MAX {
                    self.grant -= written;
                }
            }
            self.engine.deliver(self.account, self.now);
            if attention.lookups && self.commits && !self.engine.is_dirty() {
                self.answer_lookups();
            } else {
                self.asks |= attention.lookups;
            }
            if self.commits {
                while let Some(page) = self.engine.close_page() {
                    self.under_way.push(page.seq);
                    self.store(page);
                }
                if let Some(seq) = self.under_way.pop() {
                    self.under_way.clear();
                    self.engine.committed(seq, self.now);
                }
            }
            let mut moved = self.reads && read_pages(&mut self.engine, &self.pages, self.now);
            let ends = self.esme.iter_mut().chain(self.carriers.iter_mut().flatten());
            for (index, end) in ends.enumerate() {
                let chunk = self.engine.output(end.sid);
                end.read(&chunk, &format!("c{index}-"), self.now);
                let back = std::mem::take(end.session.output());
                moved |= !chunk.is_empty() || !back.is_empty();
                self.engine.receive(end.sid, &back, self.now);
            }
            if self.asks && self.commits && !self.engine.is_dirty() {
                self.asks = false;
                self.answer_lookups();
                moved = true;
            }
            if !moved && self.engine.attention() == crate::engine::Attention::default() && !self.engine.is_dirty() {
                return;
            }
        }
    }

    pub(super) fn read(&mut self) -> bool {
        read_pages(&mut self.engine, &self.pages, self.now)
    }

    /// Reads the log for those who asked, as the node does.
    fn answer_lookups(&mut self) {
        for lookup in self.engine.take_lookups() {
            let known = self.keys.iter().rev().find(|row| row.account == lookup.account && row.key == lookup.key);
            let id =
                lookup.id.map(|id| id.to_string()).or(known.map(|row| String::from_utf8_lossy(&row.answer).into()));
            let mut rows = self.log.iter().rev();
            let row = rows.find(|row| row.account == lookup.account && Some(&row.id) == id.as_ref());
            self.engine.looked_up(lookup.token, row.map(|row| row.record.as_slice()));
        }
    }

    /// Something that an ESME asks for.
    pub(super) fn request(&mut self, command: u32, fields: Vec<(String, Value)>, tlvs: Vec<(u16, Vec<u8>)>) {
        let body = Pdu::build(command, 0, 1, fields, tlvs).unwrap().encode().unwrap()[frame::HEADER..].to_vec();
        let end = self.esme.as_mut().unwrap();
        end.session.request(self.now, command, 0, |out| out.extend_from_slice(&body)).unwrap();
        self.run();
    }

    /// The same, with its answer.
    pub(super) fn ask(&mut self, command: u32, fields: Vec<(String, Value)>, tlvs: Vec<(u16, Vec<u8>)>) -> Pdu {
        let before = self.esme().bodies.len();
        self.request(command, fields, tlvs);
        if self.esme().bodies.len() == before {
            self.pass(2);
        }
        self.esme().bodies[before..].last().cloned().expect("an answer")
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds * 4 {
            self.now += SECOND / 4;
            self.engine.tick(self.now);
            self.run();
        }
    }

    pub(super) fn submit(&mut self, text: &str) {
        self.submit_sm(text.as_bytes(), 0, 0, 1);
    }

    pub(super) fn submit_to(&mut self, to: &str, text: &str) {
        let end = self.esme.as_mut().unwrap();
        let sm = Sm {
            source: Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() },
            dest: Addr { ton: 1, npi: 1, addr: to.as_bytes() },
            short_message: text.as_bytes(),
            ..Sm::default()
        };
        end.session.request(self.now, command::SUBMIT_SM, 0, |out| sm.write(command::SUBMIT_SM, out)).unwrap();
        self.run();
    }

    pub(super) fn submit_sm(&mut self, body: &[u8], data_coding: u8, esm_class: u8, registered: u8) {
        self.submit_with(&Sm {
            source: Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() },
            dest: Addr { ton: 1, npi: 1, addr: CONTACT.as_bytes() },
            short_message: body,
            data_coding,
            esm_class,
            registered,
            ..Sm::default()
        });
    }

    pub(super) fn submit_with(&mut self, sm: &Sm<'_>) {
        let end = self.esme.as_mut().unwrap();
        let write = |out: &mut Vec<u8>| sm.write(command::SUBMIT_SM, out);
        end.session.request(self.now, command::SUBMIT_SM, 0, write).unwrap();
        self.run();
    }

    pub(super) fn post(&mut self, text: &str) -> Result<Posted, Refusal> {
        self.post_to(&[CONTACT], text).remove(0)
    }

    /// One text to many, as one batch of the API.
    pub(super) fn post_to(&mut self, all: &[&str], text: &str) -> Vec<Result<Posted, Refusal>> {
        let post = Post { from: NUMBER, text: Some(text), receipt: true, ..Post::default() };
        let posted = all.iter().map(|to| self.engine.post(0, &Post { to, ..post.clone() }, self.now)).collect();
        self.run();
        posted
    }

    /// A deliver_sm from a carrier.
    pub(super) fn send_up(&mut self, carrier: usize, sm: &Sm<'_>) {
        self.send_up_by(command::DELIVER_SM, carrier, sm);
    }

    /// A deliver_sm or data_sm from a carrier.
    pub(super) fn send_up_by(&mut self, command: u32, carrier: usize, sm: &Sm<'_>) {
        let end = self.carriers[carrier].as_mut().unwrap();
        let write = |out: &mut Vec<u8>| sm.write(command, out);
        end.session.request(self.now, command, 0, write).unwrap();
        self.run();
    }

    pub(super) fn mo(&mut self, text: &[u8]) {
        self.mo_with(text, 0);
    }

    pub(super) fn mo_with(&mut self, body: &[u8], esm_class: u8) {
        self.send_up(
            0,
            &Sm {
                source: Addr { ton: 1, npi: 1, addr: CONTACT.as_bytes() },
                dest: Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() },
                short_message: body,
                esm_class,
                ..Sm::default()
            },
        );
    }

    /// The first submit that a carrier has not answered gets this id.
    pub(super) fn answer(&mut self, carrier: usize, id: &str) {
        let end = self.carriers[carrier].as_mut().unwrap();
        let sequence = end.got.remove(0).sequence;
        end.session.respond(sequence, command::SUBMIT_SM, 0, id.as_bytes());
        self.run();
    }

    pub(super) fn receipt(&mut self, carrier: usize, id: &str, stat: &str) {
        self.receipt_about(carrier, CONTACT, id, stat);
    }

    /// The receipt of what went to this person.
    pub(super) fn receipt_about(&mut self, carrier: usize, to: &str, id: &str, stat: &str) {
        let text = format!("id:{id} sub:001 dlvrd:001 submit date:2311142213 done date:2311142213 stat:{stat} err:000");
        let addr = Addr { ton: 1, npi: 1, addr: to.as_bytes() };
        let dest = Addr { ton: 3, npi: 0, addr: NUMBER.as_bytes() };
        let sm = Sm { source: addr, dest, esm_class: 4, short_message: text.as_bytes(), ..Sm::default() };
        self.send_up(carrier, &sm);
    }

    pub(super) fn north(&mut self) -> &mut End {
        self.carriers[0].as_mut().unwrap()
    }

    pub(super) fn south(&mut self) -> &mut End {
        self.carriers[1].as_mut().unwrap()
    }

    pub(super) fn esme(&mut self) -> &mut End {
        self.esme.as_mut().unwrap()
    }

    /// A message by id, alive or in the log.
    pub(super) fn view(&self, id: &[u8]) -> View {
        let id = crate::engine::Id::parse(id).expect("an id");
        self.engine.view(id).or_else(|| self.view_of_cold(id)).unwrap_or_else(|| {
            let row = self.log.iter().rev().find(|row| row.id == id.to_string()).expect("in the log");
            crate::engine::view_of_record(&row.record).unwrap()
        })
    }

    /// The id of the oldest message that lives.
    pub(super) fn oldest(&self) -> Vec<u8> {
        let ids = self.engine.ledger.iter().map(|(_, live)| live.id());
        ids.min().expect("something lives").encode().to_vec()
    }

    fn view_of_cold(&self, id: crate::engine::Id) -> Option<View> {
        let seq = self.engine.page_of(id)?;
        let page = self.pages.iter().find(|page| page.seq == seq).expect("the page of what is cold");
        crate::engine::views_of_page(&page.journal, &[id], &crate::engine::Filter::default()).unwrap().pop()
    }

    pub(super) fn last_id(&mut self) -> Vec<u8> {
        self.esme().answers.last().unwrap().2.clone()
    }
}

/// Gives an engine the pages that it wants back, as the node does; true if there were any.
fn read_pages(engine: &mut Engine, pages: &[Page], now: Micros) -> bool {
    let mut any = false;
    loop {
        let wanted = engine.take_pages();
        if wanted.is_empty() {
            return any;
        }
        any = true;
        for seq in wanted {
            let page = pages.iter().find(|page| page.seq == seq);
            engine.thaw(seq, page.map(|page| page.journal.as_slice()), now).expect("the page holds what it must");
        }
    }
}
