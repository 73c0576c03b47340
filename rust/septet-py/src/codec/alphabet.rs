//! Octets and characters: decoding, data_coding, the 7-bit alphabet.
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use septet_core::text::coding::DataCoding as Core;
use septet_core::text::gsm7;
use septet_core::text::national::{NAMES, Shift, identifier};
use septet_core::{Error, Result};

use super::{languages, utf8};
use crate::errors::OrRaise;

/// What a data_coding octet says: see `septet.codec.data_coding`.
#[pyclass(frozen, get_all, eq, module = "septet._septet")]
#[derive(Clone, PartialEq)]
struct DataCoding {
    /// "default" (what the link means by 0), "gsm7", "ascii", "latin1", "jis", "iso8859-5", "iso8859-8", "euc-kr", "ucs2", "binary"
    /// or "unsupported".
    alphabet: &'static str,
    /// 0 (flash) to 3, or None.
    message_class: Option<u8>,
    /// What waits: "voice", "fax", "email", "other", or None.
    waiting: Option<&'static str>,
    /// Whether the indication is switched on.
    waiting_active: bool,
    /// False where only the indication matters and the text may be thrown away.
    store: bool,
    /// Whether the body is compressed, and so not read.
    compressed: bool,
    /// Whether the message is to be deleted once it was read.
    delete_after_reading: bool,
}

#[pymethods]
impl DataCoding {
    fn __repr__(&self) -> String {
        let or_none = |shown: Option<String>| shown.unwrap_or_else(|| "None".to_owned());
        format!(
            "DataCoding(alphabet={:?}, message_class={}, waiting={})",
            self.alphabet,
            or_none(self.message_class.map(|c| c.to_string())),
            or_none(self.waiting.map(|w| format!("{w:?}"))),
        )
    }
}

#[pyfunction]
fn data_coding(octet: u8) -> DataCoding {
    let Core { alphabet, class, waiting, compressed, delete_after_reading } = Core::of(octet);
    DataCoding {
        alphabet: alphabet.name(),
        message_class: class,
        waiting: waiting.map(|w| w.kind),
        waiting_active: waiting.is_some_and(|w| w.active),
        store: waiting.is_none_or(|w| w.store),
        compressed,
        delete_after_reading,
    }
}

fn shift(locking: Option<&str>, single: Option<&str>) -> Result<Shift> {
    let id = |name: Option<&str>| name.map_or(Ok(0), identifier);
    let shift = Shift { locking: id(locking)?, single: id(single)? };
    if NAMES[usize::from(shift.locking)] == "es" {
        return Err(Error::new("text.bad_argument", "locking: \"es\" has a single shift table only"));
    }
    Ok(shift)
}

fn name(id: u8) -> Option<&'static str> {
    (id > 0).then(|| NAMES[usize::from(id)])
}

#[pyfunction]
fn gsm7_choose(
    text: &Bound<'_, PyString>,
    languages: &Bound<'_, PyAny>,
) -> PyResult<(Option<&'static str>, Option<&'static str>)> {
    let chosen = gsm7::choose(&utf8(text)?, self::languages(languages)?).or_raise(text.py())?;
    Ok((name(chosen.locking), name(chosen.single)))
}

#[pyfunction]
fn gsm7_encode<'py>(
    text: &Bound<'py, PyString>,
    languages: &Bound<'_, PyAny>,
    locking: Option<&str>,
    single: Option<&str>,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = text.py();
    let (text, permitted) = (utf8(text)?, self::languages(languages)?);
    let mut shift = shift(locking, single).or_raise(py)?;
    if shift == Shift::NONE && !permitted.is_empty() {
        shift = gsm7::choose(&text, permitted).or_raise(py)?;
    }
    Ok(PyBytes::new(py, &gsm7::encode_with(&text, shift).or_raise(py)?))
}

#[pyfunction]
fn gsm7_decode(py: Python<'_>, octets: &[u8], locking: Option<&str>, single: Option<&str>) -> PyResult<String> {
    gsm7::decode_with(octets, shift(locking, single).or_raise(py)?).or_raise(py)
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<DataCoding>()?;
    m.add_function(wrap_pyfunction!(data_coding, m)?)?;
    m.add_function(wrap_pyfunction!(gsm7_choose, m)?)?;
    m.add_function(wrap_pyfunction!(gsm7_encode, m)?)?;
    m.add_function(wrap_pyfunction!(gsm7_decode, m)?)
}
