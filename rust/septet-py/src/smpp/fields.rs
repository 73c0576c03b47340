//! Mandatory parameters as a Python mapping: a value becomes a Python object when it is asked for.
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyIterator, PyList, PyString};
use septet_core::smpp::command::{Kind, Operation};
use septet_core::smpp::pdu::{Destination, Failure};
use septet_core::smpp::{Pdu, Value};
use septet_core::{Error, Result};

use super::PyPdu;
use crate::errors::OrRaise;

/// The fields of a PDU, in wire order: a `Mapping` that makes a value when it is asked for.
///
/// >>> from septet.smpp import Pdu
/// >>> fields = Pdu("submit_sm", fields={"short_message": b"Hi"}).fields
/// >>> fields.get("sm_length"), fields.get("source_addr"), "colour" in fields
/// (2, '', False)
#[pyclass(frozen, mapping, module = "septet.smpp")]
pub(crate) struct Fields(pub(super) Py<PyPdu>);

impl Fields {
    fn find(&self, name: &Bound<'_, PyAny>) -> Option<&Value> {
        let name = name.cast::<PyString>().ok()?.to_cow().ok()?;
        let (_, value) = self.pdu().fields.iter().find(|(found, _)| *found == name)?;
        Some(value)
    }

    fn pdu(&self) -> &Pdu {
        &self.0.get().0
    }
}

#[pymethods]
impl Fields {
    fn __len__(&self) -> usize {
        self.pdu().fields.len()
    }

    fn __contains__(&self, name: &Bound<'_, PyAny>) -> bool {
        self.find(name).is_some()
    }

    fn __getitem__<'py>(&self, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match self.find(name) {
            Some(value) => object(name.py(), value),
            None => Err(PyKeyError::new_err(name.clone().unbind())),
        }
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, self.keys())?.try_iter()
    }

    /// The names.
    fn keys(&self) -> Vec<&'static str> {
        self.pdu().fields.iter().map(|(name, _)| *name).collect()
    }

    /// The values.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.pdu().fields.iter().map(|(_, value)| object(py, value)).collect()
    }

    /// Names and values.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        self.pdu().fields.iter().map(|(name, value)| Ok((*name, object(py, value)?))).collect()
    }

    /// A value, or `default` if the PDU does not have the field.
    #[pyo3(signature = (name, default = None, /))]
    fn get<'py>(
        &self,
        name: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.find(name).map_or(Ok(default), |value| object(name.py(), value).map(Some))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        if let Ok(other) = other.cast::<Self>() {
            return Ok(self.pdu().fields == other.get().pdu().fields);
        }
        dict(other.py(), self.pdu())?.eq(other)
    }

    #[classattr]
    fn __hash__() -> Option<Py<PyAny>> {
        None
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(dict(py, self.pdu())?.repr()?.to_string())
    }
}

/// All fields as a `dict`.
pub(super) fn dict<'py>(py: Python<'py>, pdu: &Pdu) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in &pdu.fields {
        dict.set_item(name, object(py, value)?)?;
    }
    Ok(dict)
}

/// A C-octet string as `str`. Each octet is the character of its number, so any octets survive the way there and back.
fn text(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

fn object<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    let sme = |ton: u8, npi: u8, addr: &[u8]| -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("dest_addr_ton", ton)?;
        dict.set_item("dest_addr_npi", npi)?;
        dict.set_item("destination_addr", text(addr))?;
        Ok(dict)
    };
    let destination = |one: &Destination| match one {
        Destination::Sme(ton, npi, addr) => {
            let dict = sme(*ton, *npi, addr)?;
            dict.set_item("dest_flag", 1)?;
            Ok(dict)
        }
        Destination::List(name) => {
            let dict = PyDict::new(py);
            dict.set_item("dest_flag", 2)?;
            dict.set_item("dl_name", text(name))?;
            Ok(dict)
        }
    };
    let failure = |one: &Failure| {
        let dict = sme(one.ton, one.npi, &one.addr)?;
        dict.set_item("error_status_code", one.status)?;
        Ok(dict)
    };
    Ok(match value {
        Value::Int(value) => value.into_pyobject(py)?.into_any(),
        Value::Text(octets) => PyString::new(py, &text(octets)).into_any(),
        Value::Octets(octets) => PyBytes::new(py, octets).into_any(),
        Value::Destinations(all) => {
            let all: Vec<_> = all.iter().map(destination).collect::<PyResult<_>>()?;
            PyList::new(py, all)?.into_any()
        }
        Value::Failures(all) => {
            let all: Vec<_> = all.iter().map(failure).collect::<PyResult<_>>()?;
            PyList::new(py, all)?.into_any()
        }
    })
}

/// The fields that a caller gives, read by the operation's layout. Unknown names are left for the core to refuse.
pub(super) fn given(row: &Operation, all: &Bound<'_, PyAny>) -> PyResult<Vec<(String, Value)>> {
    let py = all.py();
    let all = PyDict::from_sequence(
        &all.call_method0("items")?.try_iter()?.collect::<PyResult<Vec<_>>>()?.into_pyobject(py)?,
    )?;
    let mut fields = Vec::with_capacity(all.len());
    for (name, value) in all.iter() {
        let name: String = name.extract()?;
        let kind = row.fields.iter().find(|field| field.name == name).map(|field| field.kind);
        let value = kind.map_or(Ok(Value::Int(0)), |kind| read(&name, kind, &value))?;
        fields.push((name, value));
    }
    Ok(fields)
}

fn wrong<T>(name: &str, why: &str) -> Result<T> {
    Err(Error::new("smpp.bad_field", format!("{name} {why}")))
}

fn read(name: &str, kind: Kind, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let py = value.py();
    match kind {
        Kind::Int1 | Kind::Int4 | Kind::Count => match value.extract() {
            Ok(value) => Ok(Value::Int(value)),
            Err(_) => wrong(name, "is an int that is not negative").or_raise(py),
        },
        Kind::CString(_) => characters(name, value).map(Value::Text),
        Kind::Octets => match value.extract() {
            Ok(octets) if !value.is_instance_of::<PyString>() => Ok(Value::Octets(octets)),
            _ => wrong(name, "is bytes: encode a text first, with septet.segment").or_raise(py),
        },
        Kind::Destinations => each(value, destination).map(Value::Destinations),
        Kind::Failures => each(value, failure).map(Value::Failures),
    }
}

fn each<T>(all: &Bound<'_, PyAny>, one: impl Fn(&Bound<'_, PyAny>) -> PyResult<T>) -> PyResult<Vec<T>> {
    all.try_iter()?.map(|item| one(&item?)).collect()
}

fn characters(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let py = value.py();
    let Ok(text) = value.cast::<PyString>() else {
        return wrong(name, "is a str").or_raise(py);
    };
    let octets: Option<Vec<u8>> = text.to_cow()?.chars().map(|c| u8::try_from(c).ok()).collect();
    match octets {
        Some(octets) => Ok(octets),
        None => wrong(name, "holds a character beyond U+00FF, which no octet stands for").or_raise(py),
    }
}

fn item<'py>(one: &Bound<'py, PyAny>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(if one.contains(name)? { Some(one.get_item(name)?) } else { None })
}

fn octet(one: &Bound<'_, PyAny>, name: &str) -> PyResult<u8> {
    let Some(value) = item(one, name)? else {
        return Ok(0);
    };
    match value.extract() {
        Ok(value) => Ok(value),
        Err(_) => wrong(name, "is an int from 0 to 255").or_raise(one.py()),
    }
}

fn sme(one: &Bound<'_, PyAny>) -> PyResult<(u8, u8, Vec<u8>)> {
    let addr = item(one, "destination_addr")?;
    let addr = addr.map_or(Ok(Vec::new()), |addr| characters("destination_addr", &addr))?;
    Ok((octet(one, "dest_addr_ton")?, octet(one, "dest_addr_npi")?, addr))
}

/// A slip in a name must not send to nobody.
fn only(one: &Bound<'_, PyAny>, names: &[&str]) -> PyResult<()> {
    for name in one.try_iter()? {
        let name: String = name?.extract()?;
        if !names.contains(&name.as_str()) {
            let why = format!("is not part of this; the parts are: {}", names.join(", "));
            return wrong(&name, &why).or_raise(one.py());
        }
    }
    Ok(())
}

fn destination(one: &Bound<'_, PyAny>) -> PyResult<Destination> {
    if let Some(name) = item(one, "dl_name")? {
        only(one, &["dest_flag", "dl_name"])?;
        return characters("dl_name", &name).map(Destination::List);
    }
    only(one, &["dest_flag", "dest_addr_ton", "dest_addr_npi", "destination_addr"])?;
    sme(one).map(|(ton, npi, addr)| Destination::Sme(ton, npi, addr))
}

fn failure(one: &Bound<'_, PyAny>) -> PyResult<Failure> {
    only(one, &["dest_addr_ton", "dest_addr_npi", "destination_addr", "error_status_code"])?;
    let (ton, npi, addr) = sme(one)?;
    let status = item(one, "error_status_code")?.map_or(Ok(0), |status| status.extract())?;
    Ok(Failure { ton, npi, addr, status })
}
