//! Looks into Python's own objects: the characters of a `str` where they lie, and new ones without a detour over UTF-8.
//!
//! The only unsafe code of the extension. What makes it sound: a `str` never changes, and never moves while a reference
//! to it is held.
#![allow(unsafe_code)]

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::string::PyStringData;
use pyo3::types::{PyList, PyString, PyTuple};
use septet_core::text::flat::{Flat, Read};

/// The characters of `text`.
pub(super) fn flat<'a>(text: &'a Bound<'_, PyString>) -> PyResult<Flat<'a>> {
    // SAFETY: `text` is a `str`, which does not change, and the borrow keeps it alive.
    Ok(match unsafe { text.data() }? {
        PyStringData::Ucs1(chars) => Flat::One(chars),
        PyStringData::Ucs2(chars) => Flat::Two(chars),
        PyStringData::Ucs4(chars) => Flat::Four(chars),
    })
}

/// A new `str` of what was read.
pub(super) fn text<'py>(py: Python<'py>, read: &Read<'_>) -> PyResult<Bound<'py, PyString>> {
    match read {
        Read::Ascii(chars) => latin1(py, chars),
        Read::Two(chars) => new(py, chars),
        Read::Four(chars) => new(py, chars),
        Read::Text(text) => Ok(PyString::new(py, text)),
    }
}

/// A new `str` whose characters have the octets as their numbers.
pub(crate) fn latin1<'py>(py: Python<'py>, chars: &[u8]) -> PyResult<Bound<'py, PyString>> {
    new(py, chars)
}

/// A new `str` of characters of one, two or four octets each.
fn new<'py, U: Copy>(py: Python<'py>, chars: &[U]) -> PyResult<Bound<'py, PyString>> {
    const { assert!(matches!(size_of::<U>(), 1 | 2 | 4)) };
    let (kind, len) = (size_of::<U>() as i32, chars.len() as ffi::Py_ssize_t);
    // SAFETY: there are `len` characters of `kind` octets each. A null with an exception becomes an error.
    let made =
        unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyUnicode_FromKindAndData(kind, chars.as_ptr().cast(), len)) }?;
    Ok(made.cast_into::<PyString>()?)
}

/// The items of an iterable, kept alive by a tuple. A bare `str` or `bytes` is one too, but passing it is always a slip.
pub(super) fn items<'py>(several: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    if let Ok(list) = several.cast::<PyList>() {
        return Ok(list.to_tuple());
    }
    if several.is_instance_of::<PyString>() || several.is_instance_of::<pyo3::types::PyBytes>() {
        let kind = several.get_type().name()?;
        return Err(PyTypeError::new_err(format!("expected several, got one {kind}: put it in a list")));
    }
    match several.cast::<PyTuple>() {
        Ok(tuple) => Ok(tuple.clone()),
        Err(_) => PyTuple::new(several.py(), several.try_iter()?.collect::<PyResult<Vec<_>>>()?),
    }
}
