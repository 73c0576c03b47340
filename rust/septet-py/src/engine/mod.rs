//! `Engine`: the core's engine and its store, as Python calls them. Thin: converts, commits, maps errors.

mod convert;
mod log;
mod measures;
mod quirks;

use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};
use septet_core::clock::Micros;
use septet_core::engine::{AtLeisure, BAD_STREAMS, Engine as Core, Filter, Id, NOBODY};
use septet_core::page::KeyRow;
use septet_store::Backend;

use crate::errors::OrRaise;
use crate::store::{backend, store_error};
use convert::{PostIn, TablesIn, hook, refusal, shown};
use log::{Log, Spilled};
use measures::Commits;

/// The engine with its store.
#[pyclass(module = "septet._septet")]
pub(crate) struct Engine {
    core: Core,
    store: Arc<dyn Backend>,
    commits: Commits,
}

#[pymethods]
impl Engine {
    /// Replays the journal of an open store and brings everything back to life.
    #[new]
    #[pyo3(signature = (tables, store, *, seed, now, wall_zero))]
    fn new(
        py: Python<'_>,
        tables: TablesIn,
        store: &Bound<'_, PyAny>,
        seed: [u8; 32],
        now: Micros,
        wall_zero: i64,
    ) -> PyResult<Self> {
        let config = tables.into_config()?;
        let mut core = Core::new(config, seed, wall_zero).or_raise(py)?;
        let store = backend(store);
        let corrupt = |error: septet_core::Error| septet_store::Error {
            code: septet_store::Error::CORRUPT,
            message: error.message,
        };
        let replayed = py.detach(|| -> Result<(), septet_store::Error> {
            store.consent(&mut |row| core.load_consent(&row))?;
            let last = store.replay(&mut |seq, records| core.replay(seq, records).map_err(|e| e.message))?;
            // What happened to messages that are kept in the store is told to them before they come back to life.
            loop {
                let wanted = core.take_pages();
                if wanted.is_empty() {
                    break;
                }
                for seq in wanted {
                    let records = store.page(seq)?;
                    core.thaw(seq, records.as_deref(), now).map_err(corrupt)?;
                }
            }
            core.resume_after(last, now);
            Ok(())
        });
        replayed.map_err(|e| store_error(py, &e))?;
        Ok(Self { core, store, commits: Commits::default() })
    }

    /// Somebody has connected over SMPP: gives the session's number.
    fn open_esme(&mut self, now: Micros) -> u32 {
        self.core.open_esme(now)
    }

    /// We have connected to a carrier: binds, and gives the session's number.
    fn open_link(&mut self, carrier: u16, link: u16, now: Micros) -> u32 {
        self.core.open_link(carrier, link, now)
    }

    /// One chunk as it was read; True if its peer does not heed its window.
    fn receive(&mut self, session: u32, chunk: &[u8], now: Micros) -> bool {
        self.core.receive(session, chunk, now)
    }

    /// What is to be written to a session's socket.
    fn output<'py>(&mut self, py: Python<'py>, session: u32) -> Bound<'py, PyBytes> {
        self.core.write(session, |octets| PyBytes::new(py, octets))
    }

    /// What has arrived of a PDU that is not whole yet.
    fn pending<'py>(&self, py: Python<'py>, session: u32) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.core.pending(session))
    }

    /// The connection of a session is gone.
    fn closed(&mut self, session: u32) {
        self.core.closed(session);
    }

    /// Counts what is wrong with a session's stream before there is SMPP in it.
    fn bad_stream(&mut self, session: u32, reason: &str) -> PyResult<()> {
        if !BAD_STREAMS.contains(&reason) {
            return Err(PyValueError::new_err(format!("reason {reason:?}")));
        }
        self.core.bad_stream(session, reason);
        Ok(())
    }

    /// The node stops: new messages are refused from now on.
    fn leave(&mut self) {
        self.core.leave();
    }

    /// Begins an orderly end of a session.
    fn unbind(&mut self, session: u32, now: Micros) {
        self.core.unbind(session, now);
    }

    /// (mode, system_id, password, interface_version) of a peer that waits to be let in.
    fn bind_request(&mut self, session: u32) -> Option<(&'static str, String, String, u8)> {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let ask = self.core.bind_request(session)?;
        Some((ask.mode.name(), text(&ask.system_id), text(&ask.password), ask.interface_version))
    }

    fn accept_bind(&mut self, session: u32, account: u16, now: Micros) {
        self.core.accept_bind(session, account, now);
    }

    fn refuse_bind(&mut self, session: u32, status: u32) {
        self.core.refuse_bind(session, status);
    }

    /// We have connected to an ESME: asks it to bind.
    fn outbind(&mut self, session: u32, system_id: &str, password: &str, now: Micros) {
        self.core.outbind(session, system_id, password, now);
    }

    /// (carrier, link) for a message centre that has connected and said outbind; None if it is nobody we know.
    fn outbind_request(&mut self, session: u32) -> Option<(u16, u16)> {
        self.core.outbind_request(session)
    }

    /// Binds to it over the connection that it made.
    fn accept_outbind(&mut self, session: u32, carrier: u16, link: u16, now: Micros) {
        self.core.accept_outbind(session, carrier, link, now);
    }

    fn refuse_outbind(&mut self, session: u32) {
        self.core.refuse_outbind(session);
    }

    /// (messages, segments) that wait for admission on a session.
    fn inbox(&mut self, session: u32) -> (usize, u64) {
        self.core.inbox(session)
    }

    /// Takes waiting submits until their segments reach `segments`; the rest is kept or throttled. Gives those taken.
    fn admit(&mut self, session: u32, segments: u64, keep: bool, now: Micros) -> u64 {
        self.core.admit(session, segments, keep, now)
    }

    /// Takes messages of the API: for each (id, encoding, segments) or (code, status, field, detail).
    fn post<'py>(
        &mut self,
        py: Python<'py>,
        account: u16,
        messages: Vec<PostIn>,
        now: Micros,
    ) -> PyResult<Bound<'py, PyList>> {
        let results = PyList::empty(py);
        for message in messages {
            match self.core.post(account, &message.as_post(), now) {
                Ok(posted) => {
                    results.append((posted.id.to_string(), posted.encoding.name(), posted.segments))?;
                }
                Err(error) => results.append(refusal(py, &error)?)?,
            }
        }
        Ok(results)
    }

    /// The page that is being filled: what was taken until now is durable once this page is.
    fn page(&self) -> u64 {
        self.core.page()
    }

    /// Hands the open page to the store: 0 if nothing is left, 1 if something waits for the store, 2 if it can wait: with `now`,
    /// a page that nobody waits for stays open for up to a millisecond. Ask again then.
    #[pyo3(signature = (now = None))]
    fn flush(&mut self, py: Python<'_>, now: Option<Micros>) -> PyResult<u8> {
        if self.store.room() > 0 {
            let page = match now {
                Some(now) => self.core.close_page_at(now),
                None => Ok(self.core.close_page()),
            };
            match page {
                Ok(Some(page)) => self.store.commit(page).map_err(|e| store_error(py, &e))?,
                Ok(None) => {}
                Err(AtLeisure) => return Ok(2),
            }
        }
        Ok(u8::from(self.core.is_dirty()))
    }

    /// Readable when commits have finished.
    fn wake_fd(&self) -> i32 {
        self.store.wake_fd()
    }

    /// Looks what has become durable: (last page, why nothing new is let in or None, what an operator should know). While
    /// nothing new is let in, it is refused here.
    fn committed(&mut self, now: Micros) -> (u64, Option<String>, Vec<String>) {
        let finished = self.store.finished();
        self.commits.observe(&finished);
        self.core.set_refusing(finished.failed.is_some() || finished.low);
        self.core.committed(finished.committed, now);
        let low = finished.low.then(|| "the disk is full: only receipts and inbound messages are let in".to_owned());
        let failure = finished.failed.map(|e| e.message).or(low);
        let mut notes = finished.notes;
        if let Some(error) = finished.log_failed
            && self.commits.log_failed.as_ref() != Some(&error.message)
        {
            notes.push(format!("the log cannot be folded, it waits in the live file: {}", error.message));
            self.commits.log_failed = Some(error.message);
        }
        (finished.committed, failure, notes)
    }

    /// Timers; ten times a second.
    fn tick(&mut self, now: Micros) {
        self.core.tick(now);
    }

    /// The wall clock in milliseconds when `now` was 0.
    fn set_wall_zero(&mut self, wall_zero: i64) {
        self.core.set_wall_zero(wall_zero);
    }

    /// What wants attention since the last call, or None.
    fn attention(&mut self) -> Option<Attention> {
        let attention = self.core.attention();
        (attention != septet_core::engine::Attention::default()).then_some(Attention(attention))
    }

    /// Whether a carrier has something ready and a link with room for it.
    fn sendable(&mut self, carrier: u16) -> bool {
        self.core.sendable(carrier)
    }

    /// Writes at most `grant` segments to a carrier; gives how many.
    fn pump(&mut self, carrier: u16, grant: u32, now: Micros) -> u32 {
        self.core.pump(carrier, grant, now)
    }

    /// Writes what waits for an account to its receiver binds; gives how many PDUs.
    fn deliver(&mut self, account: u16, now: Micros) -> u32 {
        self.core.deliver(account, now)
    }

    fn set_usable(&mut self, carrier: u16, usable: bool) {
        self.core.set_usable(carrier, usable);
    }

    /// Moves what waits for a carrier to others of its routes; gives how many messages moved.
    fn reroute(&mut self, carrier: u16, now: Micros) -> usize {
        self.core.reroute(carrier, now)
    }

    /// Which links of a carrier are bound.
    fn links_up(&self, carrier: u16) -> Vec<bool> {
        self.core.links_up(carrier)
    }

    /// How many sessions an account has.
    fn session_count(&self, account: u16) -> usize {
        self.core.sessions_of(account).len()
    }

    /// Sessions of an account.
    fn sessions_of(&self, account: u16) -> Vec<u32> {
        self.core.sessions_of(account).to_vec()
    }

    /// (messages waiting, segments in flight) of a carrier.
    fn load_of(&self, carrier: u16) -> (usize, usize) {
        (self.core.queue_depth(carrier), self.core.in_flight(carrier))
    }

    /// Messages, parts and receipts alive.
    fn alive(&self) -> usize {
        self.core.alive()
    }

    /// Events for the webhook of an account: (token, type, wall milliseconds, message).
    fn take_hooks<'py>(&mut self, py: Python<'py>, account: u16, limit: usize) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for event in self.core.take_hooks(account, limit) {
            list.append(hook(py, &event)?)?;
        }
        Ok(list)
    }

    /// A webhook event was taken, or is given up.
    fn hook_done(&mut self, token: u64, delivered: bool, now: Micros) {
        self.core.hook_done(token, delivered, now);
    }

    /// `cancelled`, `too_late`, `not_found`, or `cold`: ask again once it has been thawed.
    fn cancel(&mut self, id: &str, account: Option<u16>, now: Micros) -> &'static str {
        let (id, account) = (Id::parse(id.as_bytes()), account.unwrap_or(NOBODY));
        if id.is_some_and(|id| self.core.recall(id, account)) {
            return "cold";
        }
        match id.and_then(|id| self.core.cancel(id, account, now)) {
            Some(true) => "cancelled",
            Some(false) => "too_late",
            None => "not_found",
        }
    }

    /// A living message, or None.
    fn message<'py>(&self, py: Python<'py>, id: &str) -> PyResult<Option<Bound<'py, PyDict>>> {
        let view = Id::parse(id.as_bytes()).and_then(|id| self.core.view(id));
        view.map(|view| shown(py, &view)).transpose()
    }

    /// Living messages that match, newest first.
    fn messages<'py>(&self, py: Python<'py>, wanted: &Bound<'_, PyDict>, limit: usize) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for view in self.core.find(&convert::filter(wanted)?, limit) {
            list.append(shown(py, &view)?)?;
        }
        Ok(list)
    }

    /// A living message of which memory has only a stub, or None.
    fn spilled_message(&self, id: &str) -> Option<Spilled> {
        let id = Id::parse(id.as_bytes())?;
        let found = vec![(self.core.page_of(id)?, id)];
        Some(Spilled { store: Arc::clone(&self.store), found, filter: Filter::default() })
    }

    /// Living messages that may match and of which memory has only stubs, or None.
    fn spilled(&self, wanted: &Bound<'_, PyDict>) -> PyResult<Option<Spilled>> {
        let filter = convert::filter(wanted)?;
        let found = self.core.spilled(&filter);
        Ok((!found.is_empty()).then(|| Spilled { store: Arc::clone(&self.store), found, filter }))
    }

    /// Pages of the store that the engine wants back; each must come back through `thaw` or `thaw_failed`.
    fn take_pages(&mut self) -> Vec<u64> {
        self.core.take_pages()
    }

    /// One of them as `Log.page` gave it; raises if it does not hold what it must, which is asked for again.
    #[pyo3(signature = (seq, records, now))]
    fn thaw(&mut self, py: Python<'_>, seq: u64, records: Option<&[u8]>, now: Micros) -> PyResult<()> {
        self.core.thaw(seq, records, now).or_raise(py)
    }

    /// One of them could not be read; it is asked for again.
    fn thaw_failed(&mut self, seq: u64) {
        self.core.thaw_failed(seq);
    }

    /// Living messages of which memory has only stubs.
    fn cold(&self) -> usize {
        self.core.cold()
    }

    /// A dead letter lives again, from the record that `Log.records` gave: None, or (code, status, field, detail). The record
    /// must be the log's newest: read once the open page is durable.
    fn again<'py>(&mut self, py: Python<'py>, record: &[u8], now: Micros) -> PyResult<Option<Bound<'py, PyTuple>>> {
        self.core.again(record, now).err().map(|error| refusal(py, &error)).transpose()
    }

    /// Questions of ESMEs that only the log can answer: (token, account, id or None, key). Each must come back through
    /// `looked_up`, once the open page is durable.
    fn take_lookups(&mut self) -> Vec<(u64, String, Option<String>, String)> {
        let taken = self.core.take_lookups().into_iter();
        taken.map(|it| (it.token, it.account, it.id.map(|id| id.to_string()), it.key)).collect()
    }

    /// Answers one of them with the record that `Log.records` gave.
    #[pyo3(signature = (token, record))]
    fn looked_up(&mut self, token: u64, record: Option<&[u8]>) {
        self.core.looked_up(token, record);
    }

    /// The log could not be read.
    fn lookup_failed(&mut self, token: u64) {
        self.core.lookup_failed(token);
    }

    /// A handle on the store for look-ups off the loop.
    fn log(&self) -> Log {
        Log(Arc::clone(&self.store))
    }

    /// Takes an idempotency key in the open page.
    fn take_key(&mut self, account: String, key: String, body_hash: Vec<u8>, answer: Vec<u8>, at: u64) {
        self.core.take_key(KeyRow { account, key, body_hash, answer, at });
    }

    /// Counts for metrics, as families of samples.
    fn families<'py>(&self, py: Python<'py>, now: Micros) -> PyResult<Bound<'py, PyList>> {
        measures::families(py, &self.core, &self.commits, now)
    }

    /// Commits what is left and closes the store.
    fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        self.core.stand_down();
        if let Some(page) = self.core.last_page() {
            self.store.commit(page).map_err(|e| store_error(py, &e))?;
        }
        let store = Arc::clone(&self.store);
        py.detach(|| store.close()).map_err(|e| store_error(py, &e))
    }
}

/// What wants attention, by kind; each a list of numbers.
#[pyclass(module = "septet._septet", frozen)]
pub(crate) struct Attention(septet_core::engine::Attention);

macro_rules! lists {
    ($($name:ident: $type:ty;)*) => {
        #[pymethods]
        impl Attention {
            #[getter]
            fn lookups(&self) -> bool {
                self.0.lookups
            }
            #[getter]
            fn pages(&self) -> bool {
                self.0.pages
            }
            $(
                #[getter]
                fn $name(&self) -> Vec<$type> {
                    self.0.$name.iter().copied().collect()
                }
            )*
        }
    };
}

lists! {
    output: u32;
    binds: u32;
    inboxes: u32;
    closing: u32;
    carriers: u16;
    links: u16;
    throttled: u16;
    accounts: u16;
    hooks: u16;
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Engine>()?;
    m.add_class::<Attention>()?;
    m.add_class::<Spilled>()?;
    m.add_class::<Log>()
}
