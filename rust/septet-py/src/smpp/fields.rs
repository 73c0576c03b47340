//! Mandatory parameters as a Python mapping: a value becomes a Python object when it is asked for.
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyIterator, PyList, PyString};
use septet_core::smpp::Value;
use septet_core::smpp::command::Kind;
use septet_core::smpp::pdu::{self, Destination, Failure};

use super::PyPdu;
use crate::codec::latin1;

/// The fields of a PDU, in wire order: a `Mapping` that makes a value when it is asked for.
///
/// >>> from septet.smpp import Pdu
/// >>> fields = Pdu("submit_sm", fields={"short_message": b"Hi"}).fields
/// >>> fields.get("sm_length"), fields.get("source_addr"), "colour" in fields
/// (2, '', False)
#[pyclass(frozen, mapping, freelist = 64, module = "septet.smpp")]
pub(crate) struct Fields(pub(super) Py<PyPdu>);

impl Fields {
    fn place(&self, name: &Bound<'_, PyAny>) -> Option<usize> {
        let pdu = self.0.get();
        pdu.names.place(name, 0).filter(|at| *at < pdu.layout.len())
    }
}

#[pymethods]
impl Fields {
    fn __len__(&self) -> usize {
        self.0.get().layout.len()
    }

    fn __contains__(&self, name: &Bound<'_, PyAny>) -> bool {
        self.place(name).is_some()
    }

    fn __getitem__<'py>(&self, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match self.place(name) {
            Some(at) => self.0.get().object(name.py(), at),
            None => Err(PyKeyError::new_err(name.clone().unbind())),
        }
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, self.keys())?.try_iter()
    }

    /// The names.
    fn keys(&self) -> &[Py<PyString>] {
        self.0.get().keys()
    }

    /// The values.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let pdu = self.0.get();
        PyList::new(py, (0..pdu.layout.len()).map(|at| pdu.object(py, at)).collect::<PyResult<Vec<_>>>()?)
    }

    /// Names and values.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&Py<PyString>, Bound<'py, PyAny>)>> {
        let pdu = self.0.get();
        pdu.keys().iter().enumerate().map(|(at, name)| Ok((name, pdu.object(py, at)?))).collect()
    }

    /// A value, or `default` if the PDU does not have the field.
    #[pyo3(signature = (name, default = None, /))]
    fn get<'py>(
        &self,
        name: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.place(name).map_or(Ok(default), |at| self.0.get().object(name.py(), at).map(Some))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        if let Ok(other) = other.cast::<Self>() {
            return dict(other.py(), self.0.get())?.eq(dict(other.py(), other.get().0.get())?);
        }
        dict(other.py(), self.0.get())?.eq(other)
    }

    #[classattr]
    fn __hash__() -> Option<Py<PyAny>> {
        None
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(dict(py, self.0.get())?.repr()?.to_string())
    }
}

/// All fields as a `dict`.
pub(super) fn dict<'py>(py: Python<'py>, pdu: &PyPdu) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (at, name) in pdu.keys().iter().enumerate() {
        dict.set_item(name, pdu.object(py, at)?)?;
    }
    Ok(dict)
}

/// The value of a field from its octets.
#[inline]
pub(super) fn object<'py>(py: Python<'py>, kind: Kind, octets: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    match kind {
        Kind::Int1 | Kind::Int4 | Kind::Count => Ok(pdu::int(octets).into_pyobject(py)?.into_any()),
        Kind::CString(_) => Ok(latin1(py, pdu::text(octets))?.into_any()),
        Kind::Octets => Ok(PyBytes::new(py, octets).into_any()),
        Kind::Destinations | Kind::Failures => several(py, Value::read(kind, octets)),
    }
}

fn several(py: Python<'_>, value: Value) -> PyResult<Bound<'_, PyAny>> {
    let sme = |ton: u8, npi: u8, addr: &[u8]| -> PyResult<Bound<'_, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("dest_addr_ton", ton)?;
        dict.set_item("dest_addr_npi", npi)?;
        dict.set_item("destination_addr", latin1(py, addr)?)?;
        Ok(dict)
    };
    let destination = |one: Destination| match one {
        Destination::Sme(ton, npi, addr) => {
            let dict = sme(ton, npi, &addr)?;
            dict.set_item("dest_flag", 1)?;
            Ok(dict)
        }
        Destination::List(name) => {
            let dict = PyDict::new(py);
            dict.set_item("dest_flag", 2)?;
            dict.set_item("dl_name", latin1(py, &name)?)?;
            Ok(dict)
        }
    };
    let failure = |one: Failure| {
        let dict = sme(one.ton, one.npi, &one.addr)?;
        dict.set_item("error_status_code", one.status)?;
        Ok(dict)
    };
    let all: PyResult<Vec<_>> = match value {
        Value::Destinations(all) => all.into_iter().map(destination).collect(),
        Value::Failures(all) => all.into_iter().map(failure).collect(),
        Value::Int(_) | Value::Text(_) | Value::Octets(_) => Ok(Vec::new()),
    };
    Ok(PyList::new(py, all?)?.into_any())
}
