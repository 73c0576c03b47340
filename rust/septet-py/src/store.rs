//! Stores as Python sees them, and a store written in Python as the engine sees it. Thin: converts and maps errors.

use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};
use septet_core::page::{ConsentRow, KeyRow, LogRow, Page as CorePage};
use septet_store::{
    Backend, Durability, Error, Filter, Finished, Folding, Memory, OnPage, Options, Store, known_name, salvage,
};

use crate::errors::raise;

/// A store error under its own code.
pub(crate) fn store_error(py: Python<'_>, error: &Error) -> PyErr {
    let known = Error::CODES.iter().find(|c| **c == error.code);
    let message = error.message.clone();
    raise(py, &septet_core::Error { code: known.copied().unwrap_or(Error::IO), message, offset: None })
}

/// The other way: what a store written in Python raised.
fn raised(py: Python<'_>, error: &PyErr) -> Error {
    let code: Option<String> = error.value(py).getattr("code").and_then(|code| code.extract()).ok();
    let known = Error::CODES.into_iter().find(|known| Some(*known) == code.as_deref());
    Error { code: known.unwrap_or(Error::IO), message: error.value(py).to_string() }
}

/// A named tuple of `septet.store.interface`.
fn named<'py>(py: Python<'py>, name: &str, values: Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
    py.import("septet.store.interface")?.getattr(name)?.call1(values)
}

type LogFields = (String, String, String, String, String, String, u32, String, u32, u64, u64, Vec<u8>);

fn log_row<'py>(py: Python<'py>, row: &LogRow) -> PyResult<Bound<'py, PyAny>> {
    let record = PyBytes::new(py, &row.record);
    let first = (&row.id, row.direction, &row.account, &row.from, &row.to, &row.carrier).into_pyobject(py)?;
    let rest = (row.segments, row.status, row.error, row.created, row.updated, record).into_pyobject(py)?;
    named(py, "MessageRow", first.as_sequence().concat(rest.as_sequence())?.to_tuple()?)
}

fn log_row_of(row: &Bound<'_, PyAny>) -> PyResult<LogRow> {
    let (id, direction, account, from, to, carrier, segments, status, error, created, updated, record): LogFields =
        row.extract()?;
    let name = |name: &str| known_name(name).ok_or_else(|| PyValueError::new_err(format!("no such name: {name:?}")));
    let (direction, status) = (name(&direction)?, name(&status)?);
    Ok(LogRow { id, direction, account, from, to, carrier, segments, status, error, created, updated, record })
}

fn consent_row<'py>(py: Python<'py>, row: &ConsentRow) -> PyResult<Bound<'py, PyAny>> {
    let values = (&row.number, &row.contact, row.opted_out, row.at, &row.proof).into_pyobject(py)?;
    named(py, "ConsentRow", values)
}

fn consent_row_of(row: &Bound<'_, PyAny>) -> PyResult<ConsentRow> {
    let (number, contact, opted_out, at, proof) = row.extract()?;
    Ok(ConsentRow { number, contact, opted_out, at, proof })
}

fn key_row<'py>(py: Python<'py>, row: &KeyRow) -> PyResult<Bound<'py, PyAny>> {
    let (hash, answer) = (PyBytes::new(py, &row.body_hash), PyBytes::new(py, &row.answer));
    named(py, "KeyRow", (&row.account, &row.key, hash, answer, row.at).into_pyobject(py)?)
}

fn key_row_of(row: &Bound<'_, PyAny>) -> PyResult<KeyRow> {
    let (account, key, body_hash, answer, at) = row.extract()?;
    Ok(KeyRow { account, key, body_hash, answer, at })
}

fn rows<'py, T>(
    py: Python<'py>,
    rows: &[T],
    show: fn(Python<'py>, &T) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for row in rows {
        list.append(show(py, row)?)?;
    }
    Ok(list)
}

/// What the engine wants committed together. Rows become Python objects only when they are read.
#[pyclass(module = "septet._septet", frozen)]
pub(crate) struct Page(CorePage);

#[pymethods]
impl Page {
    #[new]
    #[allow(clippy::needless_pass_by_value, reason = "so PyO3 hands it over")]
    #[pyo3(signature = (seq, journal=None, *, log=None, consent=None, keys=None, keep_from=0))]
    fn new(
        seq: u64,
        journal: Option<Vec<u8>>,
        log: Option<Vec<Bound<'_, PyAny>>>,
        consent: Option<Vec<Bound<'_, PyAny>>>,
        keys: Option<Vec<Bound<'_, PyAny>>>,
        keep_from: u64,
    ) -> PyResult<Self> {
        let log = log.iter().flatten().map(log_row_of).collect::<PyResult<_>>()?;
        let consent = consent.iter().flatten().map(consent_row_of).collect::<PyResult<_>>()?;
        let keys = keys.iter().flatten().map(key_row_of).collect::<PyResult<_>>()?;
        let journal = journal.unwrap_or_default();
        Ok(Self(CorePage { seq, journal, log, consent, keys, keep_from }))
    }
    #[getter]
    fn seq(&self) -> u64 {
        self.0.seq
    }
    #[getter]
    fn keep_from(&self) -> u64 {
        self.0.keep_from
    }
    #[getter]
    fn journal<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.journal)
    }
    #[getter]
    fn log<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        rows(py, &self.0.log, log_row)
    }
    #[getter]
    fn consent<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        rows(py, &self.0.consent, consent_row)
    }
    #[getter]
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        rows(py, &self.0.keys, key_row)
    }
}

/// A store of this extension: what SQLite and memory share.
#[pyclass(module = "septet._septet", frozen, subclass)]
pub(crate) struct NativeStore(pub(crate) Arc<dyn Backend>);

#[pymethods]
impl NativeStore {
    fn replay<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let mut pages = Vec::new();
        let outcome = py.detach(|| {
            self.0.replay(&mut |seq, journal| {
                pages.push((seq, journal.to_vec()));
                Ok(())
            })
        });
        outcome.map_err(|e| store_error(py, &e))?;
        rows(py, &pages, |py, (seq, journal)| Ok((*seq, PyBytes::new(py, journal)).into_pyobject(py)?.into_any()))
    }
    fn page<'py>(&self, py: Python<'py>, seq: u64) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let found = py.detach(|| self.0.page(seq)).map_err(|e| store_error(py, &e))?;
        Ok(found.map(|journal| PyBytes::new(py, &journal)))
    }
    fn consent<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let mut found = Vec::new();
        py.detach(|| self.0.consent(&mut |row| found.push(row))).map_err(|e| store_error(py, &e))?;
        rows(py, &found, consent_row)
    }
    fn commit(&self, py: Python<'_>, page: &Page) -> PyResult<()> {
        self.0.commit(page.0.clone()).map_err(|e| store_error(py, &e))
    }
    fn room(&self) -> usize {
        self.0.room()
    }
    fn fileno(&self) -> RawFd {
        self.0.wake_fd()
    }
    fn finished<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let it = self.0.finished();
        let text = |error: Option<Error>| error.map(|e| e.message);
        let values = (
            it.committed,
            it.commits,
            it.commit_seconds,
            text(it.failed),
            it.low,
            text(it.log_failed),
            it.waiting,
            it.notes,
        );
        named(py, "Finished", values.into_pyobject(py)?)
    }
    fn query<'py>(&self, py: Python<'py>, query: &Bound<'_, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let filter = filter_of(query)?;
        let found = py.detach(|| self.0.query(&filter)).map_err(|e| store_error(py, &e))?;
        rows(py, &found, log_row)
    }
    fn key<'py>(&self, py: Python<'py>, account: &str, key: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = py.detach(|| self.0.key(account, key)).map_err(|e| store_error(py, &e))?;
        found.map(|row| key_row(py, &row)).transpose()
    }
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.0.close()).map_err(|e| store_error(py, &e))
    }
}

/// The embedded store.
#[pyclass(module = "septet._septet", frozen, extends = NativeStore)]
pub(crate) struct SqliteStore;

#[pymethods]
impl SqliteStore {
    #[new]
    #[pyo3(signature = (path, *, durability="full", retention=0, reserve=0, fold_rows=None, fold_pause=None))]
    fn new(
        py: Python<'_>,
        path: String,
        durability: &str,
        retention: u32,
        reserve: u64,
        fold_rows: Option<usize>,
        fold_pause: Option<f64>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let durability = match durability {
            "full" => Durability::Full,
            "os" => Durability::Os,
            other => return Err(PyValueError::new_err(format!("durability {other:?}"))),
        };
        let usual = Folding::default();
        let folding = Folding {
            retention_days: retention,
            rows: fold_rows.unwrap_or(usual.rows),
            pause: fold_pause.map_or(usual.pause, Duration::from_secs_f64),
        };
        let options = Options { durability, folding, reserve, ..Options::new(path) };
        let store = py.detach(|| Store::open(options)).map_err(|e| store_error(py, &e))?;
        Ok(PyClassInitializer::from(NativeStore(Arc::new(store))).add_subclass(Self))
    }

    /// Sets a damaged store aside and makes a new one of what can be read: (where it is kept, pages, consent, keys, messages,
    /// what was lost).
    #[staticmethod]
    fn salvage(py: Python<'_>, path: &str) -> PyResult<(String, u64, u64, u64, u64, Vec<String>)> {
        let found = py.detach(|| salvage(path.as_ref())).map_err(|e| store_error(py, &e))?;
        let aside = found.aside.display().to_string();
        Ok((aside, found.pages, found.consent, found.keys, found.messages, found.lost))
    }
}

/// A store that loses everything.
#[pyclass(module = "septet._septet", frozen, extends = NativeStore)]
pub(crate) struct MemoryStore;

#[pymethods]
impl MemoryStore {
    #[new]
    fn new(py: Python<'_>) -> PyResult<PyClassInitializer<Self>> {
        let store = Memory::open().map_err(|e| store_error(py, &e))?;
        Ok(PyClassInitializer::from(NativeStore(Arc::new(store))).add_subclass(Self))
    }
}

/// A `septet.store.Query`.
fn filter_of(query: &Bound<'_, PyAny>) -> PyResult<Filter> {
    let (account, id, source, destination, status, direction, since, until, before_id, limit, carrier) =
        query.extract()?;
    Ok(Filter { account, id, source, destination, carrier, status, direction, since, until, before_id, limit })
}

/// A store written in Python, as the engine sees it. It is called once a page and once a look-up.
struct Foreign(Py<PyAny>);

impl Foreign {
    fn call<T>(&self, work: impl FnOnce(Python<'_>, &Bound<'_, PyAny>) -> PyResult<T>) -> Result<T, Error> {
        Python::attach(|py| work(py, self.0.bind(py)).map_err(|e| raised(py, &e)))
    }
}

impl Backend for Foreign {
    fn replay(&self, on: &mut OnPage<'_>) -> Result<u64, Error> {
        let mut last = 0;
        let mut refused = Ok(());
        self.call(|_, store| {
            for page in store.call_method0("replay")?.try_iter()? {
                let (seq, journal): (u64, Vec<u8>) = page?.extract()?;
                last = seq;
                refused = on(seq, &journal);
                if refused.is_err() {
                    break;
                }
            }
            Ok(())
        })?;
        let why =
            |reason| Error { code: Error::CORRUPT, message: format!("journal page {last} cannot be read: {reason}") };
        refused.map_err(why)?;
        Ok(last)
    }
    fn page(&self, seq: u64) -> Result<Option<Vec<u8>>, Error> {
        self.call(|_, store| store.call_method1("page", (seq,))?.extract())
    }
    fn consent(&self, on: &mut dyn FnMut(ConsentRow)) -> Result<(), Error> {
        self.call(|_, store| {
            for row in store.call_method0("consent")?.try_iter()? {
                on(consent_row_of(&row?)?);
            }
            Ok(())
        })
    }
    fn commit(&self, page: CorePage) -> Result<(), Error> {
        self.call(|_, store| store.call_method1("commit", (Page(page),)).map(drop))
    }
    fn room(&self) -> usize {
        self.call(|_, store| store.call_method0("room")?.extract()).unwrap_or(0)
    }
    fn wake_fd(&self) -> RawFd {
        self.call(|_, store| store.call_method0("fileno")?.extract()).unwrap_or(-1)
    }
    fn finished(&self) -> Finished {
        type Fields = (u64, u64, Vec<f32>, Option<String>, bool, Option<String>, u64, Vec<String>);
        let error = |message: String| Error { code: Error::IO, message };
        let found = self.call(|_, store| store.call_method0("finished")?.extract::<Fields>());
        match found {
            Ok((committed, commits, commit_seconds, failed, low, log_failed, waiting, notes)) => Finished {
                committed,
                commits,
                commit_seconds,
                failed: failed.map(error),
                low,
                log_failed: log_failed.map(error),
                waiting,
                notes,
            },
            Err(why) => Finished { failed: Some(why), ..Finished::default() },
        }
    }
    fn query(&self, filter: &Filter) -> Result<Vec<LogRow>, Error> {
        let f = filter;
        self.call(|py, store| {
            let values = (&f.account, &f.id, &f.source, &f.destination, &f.status);
            let rest = (&f.direction, f.since, f.until, &f.before_id, f.limit, &f.carrier).into_pyobject(py)?;
            let values = values.into_pyobject(py)?.as_sequence().concat(rest.as_sequence())?.to_tuple()?;
            let found = store.call_method1("query", (named(py, "Query", values)?,))?;
            found.try_iter()?.map(|row| log_row_of(&row?)).collect()
        })
    }
    fn key(&self, account: &str, key: &str) -> Result<Option<KeyRow>, Error> {
        self.call(|_, store| {
            let found = store.call_method1("key", (account, key))?;
            if found.is_none() { Ok(None) } else { key_row_of(&found).map(Some) }
        })
    }
    fn close(&self) -> Result<(), Error> {
        self.call(|_, store| store.call_method0("close").map(drop))
    }
}

/// Any store: one of this extension without a detour, any other by its methods.
pub(crate) fn backend(store: &Bound<'_, PyAny>) -> Arc<dyn Backend> {
    match store.cast::<NativeStore>() {
        Ok(native) => Arc::clone(&native.get().0),
        Err(_) => Arc::new(Foreign(store.clone().unbind())),
    }
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("STORE_ERROR_CODES", Error::CODES.to_vec())?;
    m.add_class::<Page>()?;
    m.add_class::<NativeStore>()?;
    m.add_class::<SqliteStore>()?;
    m.add_class::<MemoryStore>()
}
