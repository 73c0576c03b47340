//! Tables and messages from Python, and messages and refusals to it.

use super::quirks::{AccountQuirksIn, CarrierQuirksIn};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use septet_core::engine::tables::{Account, Carrier, Config, Keyword, Limits, Number, Route, Smpp, Verb};
use septet_core::engine::{Filter, Hook, HookKind, Id, Post, Refusal, View};
use septet_core::keywords::Mode;
use septet_core::smpp::receipt::State;
use septet_core::smpp::session::BindMode;
use septet_core::text::Choice;

fn bad(what: &str, value: &str) -> PyErr {
    PyValueError::new_err(format!("{what} {value:?}"))
}

fn micros(seconds: f64) -> u64 {
    (seconds * 1e6) as u64
}

fn millis(seconds: f64) -> u64 {
    (seconds * 1e3) as u64
}

type Share = (u16, u32);
type RouteRow = (Option<u16>, Option<String>, Vec<String>, Vec<Share>, Vec<u16>);
type NumberRow = (String, Option<u16>, Option<u16>, String, String, String, String);
type KeywordRow = (u16, String, String, Option<u16>, Option<String>, String);

/// Everything the engine must know of the configuration.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct TablesIn {
    accounts: Vec<AccountIn>,
    carriers: Vec<CarrierIn>,
    numbers: Vec<NumberRow>,
    keywords: Vec<KeywordRow>,
    routes: Vec<RouteRow>,
    words: Vec<(String, String)>,
    limits: LimitsIn,
    smpp: SmppIn,
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct AccountIn {
    id: String,
    window: usize,
    deliver_window: usize,
    webhook: bool,
    mo: String,
    optout_status: u32,
    quirks: AccountQuirksIn,
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct CarrierIn {
    id: String,
    bind: String,
    binds: u16,
    centre: u16,
    window: usize,
    system_id: String,
    password: String,
    system_type: String,
    address_range: String,
    service_type: String,
    enquire_link: f64,
    response_timeout: f64,
    default_alphabet: String,
    source_ton: Option<u8>,
    source_npi: Option<u8>,
    dest_ton: Option<u8>,
    dest_npi: Option<u8>,
    retry_attempts: u8,
    retry_base: f64,
    retry_max: f64,
    interface_version: u8,
    hold: bool,
    query_after: f64,
    cancels: bool,
    replaces: bool,
    outbind: Option<(String, String)>,
    quirks: CarrierQuirksIn,
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct LimitsIn {
    messages: usize,
    queue_in_memory: usize,
    validity: f64,
    validity_max: f64,
    unknown_grace: f64,
    reassembly_ttl: f64,
    reassembly_parts: usize,
    unmatched_receipt_ttl: f64,
    delivery_ttl: f64,
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct SmppIn {
    system_id: String,
    session_init: f64,
    enquire_link: f64,
    inactivity: f64,
    response_timeout: f64,
}

fn verb(name: &str) -> PyResult<Verb> {
    match name {
        "stop" => Ok(Verb::Stop),
        "start" => Ok(Verb::Start),
        "start_if_out" => Ok(Verb::StartIfOut),
        "help" => Ok(Verb::Help),
        other => Err(bad("no consent verb", other)),
    }
}

impl CarrierIn {
    fn into_table(self) -> PyResult<Carrier> {
        Ok(Carrier {
            mode: BindMode::named(&self.bind).ok_or_else(|| bad("no bind mode", &self.bind))?,
            quirks: self.quirks.into_table(&self.default_alphabet)?,
            id: self.id,
            links: self.binds,
            centre: self.centre,
            window: self.window,
            system_id: self.system_id,
            password: self.password,
            system_type: self.system_type,
            address_range: self.address_range,
            service_type: self.service_type,
            enquire_link: micros(self.enquire_link),
            response_timeout: micros(self.response_timeout),
            source: (self.source_ton, self.source_npi),
            dest: (self.dest_ton, self.dest_npi),
            retry_attempts: self.retry_attempts,
            retry_base: micros(self.retry_base),
            retry_max: micros(self.retry_max),
            interface_version: self.interface_version,
            hold: self.hold,
            query_after_ms: micros(self.query_after) / 1_000,
            cancels: self.cancels,
            replaces: self.replaces,
            outbind: self.outbind,
        })
    }
}

impl AccountIn {
    fn into_table(self) -> PyResult<Account> {
        Ok(Account {
            id: self.id,
            window: self.window,
            deliver_window: self.deliver_window,
            webhook: self.webhook,
            mo_smpp: self.mo != "webhook",
            mo_webhook: self.mo != "smpp",
            optout_status: self.optout_status,
            quirks: self.quirks.into_table()?,
        })
    }
}

impl TablesIn {
    pub(super) fn into_config(self) -> PyResult<Config> {
        let number = |(address, account, carrier, optout, stop_reply, start_reply, help_reply): NumberRow| {
            let node_optout = optout == "node";
            Number { address, account, carrier, node_optout, stop_reply, start_reply, help_reply }
        };
        let keyword = |(number, word, mode, account, reply, id): KeywordRow| {
            let mode = Mode::from_name(&mode).map_err(|e| bad("no keyword mode", &e.message))?;
            PyResult::Ok(Keyword { id, number, word, mode, account, reply: reply.unwrap_or_default() })
        };
        let route = |(account, from, prefixes, carriers, failover): RouteRow| Route {
            account,
            from,
            prefixes,
            carriers,
            failover,
        };
        let word = |(word, name): (String, String)| PyResult::Ok((word, verb(&name)?));
        Ok(Config {
            accounts: self.accounts.into_iter().map(AccountIn::into_table).collect::<PyResult<_>>()?,
            carriers: self.carriers.into_iter().map(CarrierIn::into_table).collect::<PyResult<_>>()?,
            numbers: self.numbers.into_iter().map(number).collect(),
            keywords: self.keywords.into_iter().map(keyword).collect::<PyResult<_>>()?,
            routes: self.routes.into_iter().map(route).collect(),
            words: self.words.into_iter().map(word).collect::<PyResult<_>>()?,
            limits: Limits {
                live: self.limits.messages,
                hot: self.limits.queue_in_memory,
                validity_ms: millis(self.limits.validity),
                validity_max_ms: millis(self.limits.validity_max),
                unknown_grace_ms: millis(self.limits.unknown_grace),
                reassembly_ttl: micros(self.limits.reassembly_ttl),
                reassembly_parts: self.limits.reassembly_parts,
                held_ttl_ms: millis(self.limits.unmatched_receipt_ttl),
                delivery_ttl_ms: millis(self.limits.delivery_ttl),
                ..Limits::default()
            },
            smpp: Smpp {
                system_id: self.smpp.system_id,
                session_init: micros(self.smpp.session_init),
                enquire_link: micros(self.smpp.enquire_link),
                inactivity: micros(self.smpp.inactivity),
                response_timeout: micros(self.smpp.response_timeout),
            },
        })
    }
}

/// A message of the API: the attributes of `septet.message.Draft`.
#[derive(FromPyObject)]
pub(super) struct PostIn {
    #[pyo3(attribute("from_"))]
    from: String,
    to: String,
    text: Option<String>,
    #[pyo3(attribute("body"))]
    data: Option<Vec<u8>>,
    #[pyo3(attribute("header"))]
    udh: Vec<u8>,
    encoding: String,
    transliterate: bool,
    validity: Option<u64>,
    due_ms: u64,
    receipt: bool,
    priority: u8,
    flash: bool,
    client_ref: Option<String>,
    #[pyo3(attribute("joined_tags"))]
    tags: String,
    #[pyo3(attribute("param_items"))]
    params: Vec<(String, String)>,
}

impl PostIn {
    pub(super) fn as_post(&self) -> Post<'_> {
        Post {
            from: &self.from,
            to: &self.to,
            text: self.text.as_deref(),
            data: self.data.as_deref().unwrap_or_default(),
            udh: &self.udh,
            encoding: Choice::from_name(&self.encoding).unwrap_or_default(),
            transliterate: self.transliterate,
            validity_ms: self.validity.unwrap_or(0) * 1_000,
            due: self.due_ms,
            receipt: self.receipt,
            priority: self.priority,
            flash: self.flash,
            client_ref: self.client_ref.as_deref().unwrap_or_default(),
            tags: &self.tags,
            params: &self.params,
        }
    }
}

/// (code, status, field, detail).
pub(super) fn refusal<'py>(py: Python<'py>, error: &Refusal) -> PyResult<Bound<'py, PyTuple>> {
    (error.code, error.status, error.field, &error.detail).into_pyobject(py)
}

/// A message as a dictionary; times in wall milliseconds.
pub(super) fn shown<'py>(py: Python<'py>, view: &View) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("id", view.id.to_string())?;
    dict.set_item("direction", view.direction)?;
    dict.set_item("account", &view.account)?;
    dict.set_item("carrier", &view.carrier)?;
    dict.set_item("from", &view.from)?;
    dict.set_item("to", &view.to)?;
    dict.set_item("text", view.text.as_deref())?;
    dict.set_item("data", view.data.as_deref().map(hex))?;
    dict.set_item("encoding", view.encoding)?;
    dict.set_item("segments", view.segments)?;
    dict.set_item("status", view.status)?;
    dict.set_item("error", view.error)?;
    dict.set_item("err", &view.err)?;
    dict.set_item("network_error", view.network_error)?;
    let params = PyDict::new(py);
    for (name, value) in &view.params {
        params.set_item(name, value)?;
    }
    dict.set_item("params", params)?;
    dict.set_item("client_ref", &view.client_ref)?;
    dict.set_item("tags", &view.tags)?;
    dict.set_item("keyword", &view.keyword)?;
    dict.set_item("incomplete", view.incomplete)?;
    dict.set_item("created", view.created)?;
    dict.set_item("updated", view.updated)?;
    let events: Vec<_> =
        view.events.iter().map(|e| (e.at, e.status.name(), e.part, e.code, e.receipt.map(State::stat))).collect();
    dict.set_item("events", events)?;
    Ok(dict)
}

fn hex(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// (token, type, wall milliseconds, message).
pub(super) fn hook<'py>(py: Python<'py>, event: &Hook) -> PyResult<Bound<'py, PyTuple>> {
    let kind = match event.kind {
        HookKind::Submitted => "message.submitted",
        HookKind::Delivered => "message.delivered",
        HookKind::Failed => "message.failed",
        HookKind::Received => "message.received",
        HookKind::OptedOut => "optout.created",
        HookKind::OptedIn => "optin.created",
    };
    (event.token, kind, event.at, shown(py, &event.view)?).into_pyobject(py)
}

/// A filter from a dictionary; what is missing matches all.
pub(super) fn filter(dict: &Bound<'_, PyDict>) -> PyResult<Filter> {
    let text = |key: &str| -> PyResult<String> {
        Ok(dict.get_item(key)?.map(|v| v.extract()).transpose()?.unwrap_or_default())
    };
    let number =
        |key: &str| -> PyResult<u64> { Ok(dict.get_item(key)?.map(|v| v.extract()).transpose()?.unwrap_or_default()) };
    Ok(Filter {
        account: text("account")?,
        from: text("from")?,
        to: text("to")?,
        status: text("status")?,
        direction: text("direction")?,
        since: number("since")?,
        until: number("until")?,
        before: Id::parse(text("before")?.as_bytes()),
    })
}
