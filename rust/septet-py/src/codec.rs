//! Python's view of `septet_core::text`. `septet.codec` documents it for users.
//!
//! A batch call looks at every input where it lies, lets go of the interpreter once, checks and counts all of them, and
//! keeps the counts; what an item holds is made when it is read.
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBool, PyMapping, PyString, PyTuple};
use septet_core::text::national::Languages;
use septet_core::text::{Choice, Mode, SegmentOptions, Transliteration};
use septet_core::{Error, Result};

use crate::errors::OrRaise;

mod alphabet;
mod analysis;
mod asked;
mod bodies;
mod reassembler;
mod segments;
mod view;

pub(crate) use view::latin1;

/// The text of a `str`. One with a lone surrogate has no UTF-8 form and no place in a message.
pub(crate) fn utf8(text: &Bound<'_, PyString>) -> PyResult<PyBackedStr> {
    PyBackedStr::try_from(text.clone()).or_else(|e| match view::flat(text)?.to_text() {
        Ok(_) => Err(e),
        Err(surrogate) => Err(surrogate).or_raise(text.py()),
    })
}

/// The texts of an iterable. A bare `str` is one too, but passing it is always a slip.
pub(crate) fn utf8_all(texts: &Bound<'_, PyAny>) -> PyResult<Vec<PyBackedStr>> {
    if texts.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("expected several texts, got one str: put it in a list"));
    }
    texts.try_iter()?.map(|item| utf8(item?.cast::<PyString>()?)).collect()
}

/// The languages of an iterable of names. A bare `str` is one too, but passing it is always a slip.
fn languages(names: &Bound<'_, PyAny>) -> PyResult<Languages> {
    if names.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("languages is one str: put it in a tuple"));
    }
    if names.cast::<PyTuple>().is_ok_and(PyTupleMethods::is_empty) {
        return Ok(Languages::default());
    }
    let names_py = names.py();
    let names = names.try_iter()?.map(|name| name?.extract::<PyBackedStr>()).collect::<PyResult<Vec<_>>>()?;
    Languages::from_names(names.iter().map(|name| &**name)).or_raise(names_py)
}

/// `transliterate=`: a switch, or rows that go on top of the built-in table.
fn transliteration(asked: &Bound<'_, PyAny>) -> PyResult<Option<Transliteration>> {
    if let Ok(switch) = asked.cast::<PyBool>() {
        return Ok(switch.is_true().then(Transliteration::default));
    }
    let rows = asked.cast::<PyMapping>()?.items()?;
    let rows = rows.iter().map(|row| row.extract::<(PyBackedStr, PyBackedStr)>()).collect::<PyResult<Vec<_>>>()?;
    Transliteration::with(rows.iter().map(|(c, to)| (&**c, &**to))).or_raise(asked.py()).map(Some)
}

/// `mode=`, and the width of the reference that it may say.
fn mode(name: Option<&str>, reference_bits: u8) -> Result<(Mode, u8)> {
    match name {
        None => Ok((Mode::Udh, reference_bits)),
        Some("udh8") => Ok((Mode::Udh, 8)),
        Some("udh16") => Ok((Mode::Udh, 16)),
        Some("sar") => Ok((Mode::Sar, reference_bits)),
        Some("payload") => Ok((Mode::Payload, reference_bits)),
        Some(other) => Err(Error::new(
            "text.bad_argument",
            format!("mode {other:?} is unknown: use \"udh8\", \"udh16\", \"sar\" or \"payload\""),
        )),
    }
}

fn options(
    py: Python<'_>,
    encoding: &str,
    reference: u32,
    reference_bits: u8,
    mode_name: Option<&str>,
) -> PyResult<SegmentOptions> {
    let reference = u16::try_from(reference)
        .map_err(|_| Error::new("text.bad_argument", format!("reference {reference} does not fit in 16 bits")))
        .or_raise(py)?;
    let encoding = Choice::from_name(encoding).or_raise(py)?;
    let (mode, reference_bits) = mode(mode_name, reference_bits).or_raise(py)?;
    Ok(SegmentOptions { encoding, reference, reference_bits, mode, ..SegmentOptions::default() })
}

/// The index of a sequence that Python means by `at`.
fn index(at: isize, len: usize) -> PyResult<usize> {
    let from_end = || len.checked_sub(at.unsigned_abs());
    let found = if at < 0 { from_end() } else { usize::try_from(at).ok() };
    found.filter(|i| *i < len).ok_or_else(|| PyIndexError::new_err("batch index out of range"))
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    analysis::register(m)?;
    segments::register(m)?;
    alphabet::register(m)?;
    bodies::register(m)?;
    reassembler::register(m)
}
