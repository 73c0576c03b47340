//! Bodies: read as text, packed and unpacked, one or many.
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};
use septet_core::text::flat::Body;
use septet_core::text::{DefaultAlphabet, gsm7};

use super::asked::{column, each};
use super::index;
use super::view::{items, text};
use crate::errors::OrRaise;

#[pyfunction]
#[pyo3(signature = (body, data_coding, *, udh, packed, default_alphabet))]
fn decode<'py>(
    py: Python<'py>,
    body: &[u8],
    data_coding: u8,
    udh: &[u8],
    packed: bool,
    default_alphabet: &str,
) -> PyResult<Bound<'py, PyString>> {
    let default_alphabet = DefaultAlphabet::from_name(default_alphabet).or_raise(py)?;
    let body = Body { octets: body, data_coding, udh, packed, default_alphabet };
    text(py, &body.read().or_raise(py)?)
}

/// The results of `decode_many`: lengths, and texts when they are read.
#[pyclass(frozen, sequence, module = "septet._septet")]
struct TextBatch {
    bodies: Py<PyTuple>,
    packed: bool,
    default_alphabet: DefaultAlphabet,
    lengths: Vec<usize>,
}

/// The body of an item: its octets, data_coding, and the header that stood before it, if there is one.
fn body<'a>(item: &'a Bound<'_, PyAny>, packed: bool, default_alphabet: DefaultAlphabet) -> PyResult<Body<'a>> {
    let fields = item.cast::<PyTuple>()?.as_slice();
    let (octets, data_coding, udh) = match fields {
        [octets, data_coding] => (octets, data_coding, &[][..]),
        [octets, data_coding, udh] => (octets, data_coding, udh.cast::<PyBytes>()?.as_bytes()),
        _ => {
            return Err(pyo3::exceptions::PyTypeError::new_err(
                "a body is (octets, data_coding) or (octets, data_coding, udh)",
            ));
        }
    };
    let octets = octets.cast::<PyBytes>()?.as_bytes();
    Ok(Body { octets, data_coding: data_coding.extract()?, udh, packed, default_alphabet })
}

#[pymethods]
impl TextBatch {
    fn __len__(&self) -> usize {
        self.lengths.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, at: isize) -> PyResult<Bound<'py, PyString>> {
        let item = &self.bodies.bind(py).as_slice()[index(at, self.lengths.len())?];
        text(py, &body(item, self.packed, self.default_alphabet)?.read().or_raise(py)?)
    }

    /// Characters of each text.
    fn lengths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        column(py, self.lengths.iter().copied())
    }
}

#[pyfunction]
#[pyo3(signature = (bodies, *, packed, default_alphabet))]
fn decode_many(bodies: &Bound<'_, PyAny>, packed: bool, default_alphabet: &str) -> PyResult<TextBatch> {
    let py = bodies.py();
    let default_alphabet = DefaultAlphabet::from_name(default_alphabet).or_raise(py)?;
    let bodies = items(bodies)?;
    let views = bodies.as_slice().iter().map(|item| body(item, packed, default_alphabet));
    let views = views.collect::<PyResult<Vec<_>>>()?;
    let lengths = py.detach(|| each("body", &views, Body::count)).or_raise(py)?;
    Ok(TextBatch { bodies: bodies.unbind(), packed, default_alphabet, lengths })
}

#[pyfunction]
fn gsm7_pack<'py>(py: Python<'py>, septets: &[u8], fill_bits: u8) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &gsm7::pack(septets, fill_bits).or_raise(py)?))
}

#[pyfunction]
fn gsm7_unpack<'py>(py: Python<'py>, octets: &[u8], count: usize, fill_bits: u8) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &gsm7::unpack(octets, count, fill_bits).or_raise(py)?))
}

/// The results of `gsm7.pack_many` and `gsm7.unpack_many`: lengths, and octets when they are read.
#[pyclass(frozen, sequence, module = "septet._septet")]
struct OctetBatch {
    bodies: Py<PyTuple>,
    unpack: bool,
    fill_bits: u8,
    lengths: Vec<usize>,
}

/// Packed octets, and how many septets they hold.
fn packed<'a>(item: &'a Bound<'_, PyAny>) -> PyResult<(&'a [u8], usize)> {
    match item.cast::<PyTuple>()?.as_slice() {
        [octets, count] => Ok((octets.cast::<PyBytes>()?.as_bytes(), count.extract()?)),
        _ => Err(pyo3::exceptions::PyTypeError::new_err("packed octets are (octets, count of septets)")),
    }
}

#[pymethods]
impl OctetBatch {
    fn __len__(&self) -> usize {
        self.lengths.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, at: isize) -> PyResult<Bound<'py, PyBytes>> {
        let item = &self.bodies.bind(py).as_slice()[index(at, self.lengths.len())?];
        if self.unpack {
            let (octets, count) = packed(item)?;
            gsm7_unpack(py, octets, count, self.fill_bits)
        } else {
            gsm7_pack(py, item.cast::<PyBytes>()?.as_bytes(), self.fill_bits)
        }
    }

    /// Octets of each item.
    fn lengths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        column(py, self.lengths.iter().copied())
    }
}

#[pyfunction]
fn gsm7_pack_many(bodies: &Bound<'_, PyAny>, fill_bits: u8) -> PyResult<OctetBatch> {
    let py = bodies.py();
    let bodies = items(bodies)?;
    let views = bodies.as_slice().iter().map(|item| Ok(item.cast::<PyBytes>()?.as_bytes()));
    let views = views.collect::<PyResult<Vec<_>>>()?;
    let check = |septets: &&[u8]| {
        gsm7::check_pack(septets, fill_bits)?;
        Ok(gsm7::packed_len(septets.len(), fill_bits))
    };
    let lengths = py.detach(|| each("body", &views, check)).or_raise(py)?;
    Ok(OctetBatch { bodies: bodies.unbind(), unpack: false, fill_bits, lengths })
}

#[pyfunction]
fn gsm7_unpack_many(bodies: &Bound<'_, PyAny>, fill_bits: u8) -> PyResult<OctetBatch> {
    let py = bodies.py();
    let bodies = items(bodies)?;
    let views = bodies.as_slice().iter().map(packed).collect::<PyResult<Vec<_>>>()?;
    let check = |(octets, count): &(&[u8], usize)| {
        gsm7::check_unpack(octets, *count, fill_bits)?;
        Ok(*count)
    };
    let lengths = py.detach(|| each("body", &views, check)).or_raise(py)?;
    Ok(OctetBatch { bodies: bodies.unbind(), unpack: true, fill_bits, lengths })
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<TextBatch>()?;
    m.add_class::<OctetBatch>()?;
    m.add_function(wrap_pyfunction!(decode, m)?)?;
    m.add_function(wrap_pyfunction!(decode_many, m)?)?;
    m.add_function(wrap_pyfunction!(gsm7_pack, m)?)?;
    m.add_function(wrap_pyfunction!(gsm7_unpack, m)?)?;
    m.add_function(wrap_pyfunction!(gsm7_pack_many, m)?)?;
    m.add_function(wrap_pyfunction!(gsm7_unpack_many, m)?)
}
