//! Look-ups that read the store: they block, and may come from any thread.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use septet_core::engine::{Filter, Id, views_of_page};
use septet_store::Backend;

use super::convert::{self, shown};
use crate::errors::OrRaise;
use crate::store::store_error;

/// The log of ended messages; its calls block and may come from any thread.
#[pyclass(module = "septet._septet", frozen)]
pub(crate) struct Log(pub(super) Arc<dyn Backend>);

#[pymethods]
impl Log {
    /// Ended messages that match, newest first.
    fn messages<'py>(&self, py: Python<'py>, wanted: &Bound<'_, PyDict>, limit: usize) -> PyResult<Bound<'py, PyList>> {
        let filter: Filter = convert::filter(wanted)?;
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let named =
            |key: &str| -> PyResult<Option<String>> { wanted.get_item(key)?.map(|value| value.extract()).transpose() };
        let (id, carrier) = (named("id")?, named("carrier")?.filter(|carrier| !carrier.is_empty()));
        let query = septet_store::Filter {
            account: some(&filter.account),
            id: id.map(|id| id.to_ascii_uppercase()),
            source: some(&filter.from),
            destination: some(&filter.to),
            carrier,
            status: some(&filter.status),
            direction: some(&filter.direction),
            since: (filter.since > 0).then_some(filter.since),
            until: (filter.until > 0).then_some(filter.until),
            before_id: filter.before.map(|id| id.to_string()),
            limit,
        };
        let rows = py.detach(|| self.0.query(&query)).map_err(|e| store_error(py, &e))?;
        let list = PyList::empty(py);
        for row in rows {
            let view = septet_core::engine::view_of_record(&row.record).or_raise(py)?;
            list.append(shown(py, &view)?)?;
        }
        Ok(list)
    }

    /// For each (account or "" for any, id or None, key) the record of the ended message, or None; `key` names the id where there
    /// is none.
    fn records<'py>(
        &self,
        py: Python<'py>,
        wanted: Vec<(String, Option<String>, String)>,
    ) -> PyResult<Vec<Option<Bound<'py, PyBytes>>>> {
        let find = |(account, id, key): (String, Option<String>, String)| -> Result<_, septet_store::Error> {
            let id = match id {
                None if key.is_empty() => None,
                None => self.0.key(&account, &key)?.map(|row| String::from_utf8_lossy(&row.answer).into_owned()),
                id => id,
            };
            let Some(id) = id else { return Ok(None) };
            let account = (!account.is_empty()).then_some(account);
            let id = Some(id.to_ascii_uppercase());
            let filter = septet_store::Filter { account, id, ..Default::default() };
            let rows = self.0.query(&septet_store::Filter { limit: 1, ..filter })?;
            Ok(rows.into_iter().next().map(|row| row.record))
        };
        let found: Result<Vec<_>, _> = py.detach(|| wanted.into_iter().map(find).collect());
        let found = found.map_err(|e| store_error(py, &e))?;
        Ok(found.into_iter().map(|record| record.map(|octets| PyBytes::new(py, &octets))).collect())
    }

    /// The journal of a page that is kept, or None.
    fn page<'py>(&self, py: Python<'py>, seq: u64) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let found = py.detach(|| self.0.page(seq)).map_err(|e| store_error(py, &e))?;
        Ok(found.map(|journal| PyBytes::new(py, &journal)))
    }

    /// (body hash, answer, wall milliseconds) of an idempotency key, or None.
    fn key<'py>(&self, py: Python<'py>, account: &str, key: &str) -> PyResult<Option<Answer<'py>>> {
        let row = py.detach(|| self.0.key(account, key)).map_err(|e| store_error(py, &e))?;
        Ok(row.map(|row| (PyBytes::new(py, &row.body_hash), PyBytes::new(py, &row.answer), row.at)))
    }
}

type Answer<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, u64);

/// Living messages whose text is only in the store; its call blocks and may come from any thread.
#[pyclass(module = "septet._septet", frozen)]
pub(crate) struct Spilled {
    pub(super) store: Arc<dyn Backend>,
    pub(super) found: Vec<(u64, Id)>,
    pub(super) filter: Filter,
}

#[pymethods]
impl Spilled {
    /// Those that match, newest first. One that has left its page meanwhile is left out.
    fn messages<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Bound<'py, PyList>> {
        let read = || -> Result<_, septet_store::Error> {
            let mut views = Vec::new();
            for group in self.found.chunk_by(|(one, _), (next, _)| one == next) {
                let ids: Vec<Id> = group.iter().map(|(_, id)| *id).collect();
                let page = self.store.page(group[0].0)?.unwrap_or_default();
                let more = views_of_page(&page, &ids, &self.filter);
                views.extend(more.map_err(|e| septet_store::Error {
                    code: septet_store::Error::CORRUPT,
                    message: format!("journal page {} cannot be read: {}", group[0].0, e.message),
                })?);
                if views.len() >= limit {
                    break;
                }
            }
            Ok(views)
        };
        let mut views = py.detach(read).map_err(|e| store_error(py, &e))?;
        views.sort_unstable_by_key(|view| std::cmp::Reverse(view.id));
        let list = PyList::empty(py);
        for view in views.iter().take(limit) {
            list.append(shown(py, view)?)?;
        }
        Ok(list)
    }
}
