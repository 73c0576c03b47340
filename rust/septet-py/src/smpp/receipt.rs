//! The text of a delivery receipt, part by part.
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyString;
use septet_core::Error;
use septet_core::smpp::receipt;

use crate::errors::OrRaise;

/// Each part as written, or None where it is missing.
#[pyclass(frozen, get_all, eq, name = "Receipt", module = "septet")]
#[derive(PartialEq, Eq)]
pub(crate) struct PyReceipt {
    /// The message's id at whoever wrote the receipt.
    id: Option<String>,
    /// How many were submitted.
    sub: Option<String>,
    /// How many were delivered.
    dlvrd: Option<String>,
    /// When it was submitted, in the writer's own form.
    submit_date: Option<String>,
    /// When it reached its state, in the writer's own form.
    done_date: Option<String>,
    /// The state's word, such as `DELIVRD`.
    stat: Option<String>,
    /// The writer's own error code.
    err: Option<String>,
    /// The beginning of the message.
    text: Option<String>,
}

#[pymethods]
impl PyReceipt {
    #[classattr]
    fn __hash__() -> Option<Py<PyAny>> {
        None
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut parts = Vec::new();
        for (name, value) in [
            ("id", &self.id),
            ("sub", &self.sub),
            ("dlvrd", &self.dlvrd),
            ("submit_date", &self.submit_date),
            ("done_date", &self.done_date),
            ("stat", &self.stat),
            ("err", &self.err),
            ("text", &self.text),
        ] {
            parts.push(format!("{name}={}", value.as_deref().into_pyobject(py)?.repr()?));
        }
        Ok(format!("Receipt({})", parts.join(", ")))
    }
}

/// Reads the text of a receipt as carriers write it.
#[pyfunction]
pub(super) fn parse_receipt(body: &Bound<'_, PyAny>) -> PyResult<PyReceipt> {
    // Half a surrogate pair has no UTF-8 form; no carrier's receipt holds one.
    let octets = if let Ok(text) = body.cast::<PyString>() {
        text.to_cow().map(|text| text.as_bytes().to_vec()).unwrap_or_default()
    } else if let Ok(octets) = body.extract::<PyBackedBytes>() {
        octets.to_vec()
    } else {
        return Err(PyTypeError::new_err("the body of a receipt is a str or bytes"));
    };
    let missing = || {
        let message = "this is no delivery receipt: it has no id with a state or a date";
        Error::new("receipt.not_a_receipt", message)
    };
    let found = receipt::parse(&octets).ok_or_else(missing).or_raise(body.py())?;
    Ok(PyReceipt {
        id: found.id.map(text),
        sub: found.sub.map(text),
        dlvrd: found.dlvrd.map(text),
        submit_date: found.submit_date.map(text),
        done_date: found.done_date.map(text),
        stat: found.stat.map(text),
        err: found.err.map(text),
        text: found.text.map(text),
    })
}

/// UTF-8 where it is that, else each octet as the character of its number.
fn text(octets: &[u8]) -> String {
    std::str::from_utf8(octets).map_or_else(|_| octets.iter().map(|octet| char::from(*octet)).collect(), str::to_owned)
}
