//! `segment` and its results.
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};
use septet_core::text::national::Shift;
use septet_core::text::{self, Encoding, Mode};

use super::asked::{Asked, Parts, column, each_text};
use super::view::{flat, items};
use super::{index, options};
use crate::errors::OrRaise;

/// One short message of a text: see `septet.segment`.
#[pyclass(frozen, eq, module = "septet._septet")]
#[derive(Clone, PartialEq)]
struct Segment {
    encoding: Encoding,
    data_coding: u8,
    shift: Shift,
    mode: Mode,
    /// Reference, total and sequence.
    place: (u16, u8, u8),
    part: text::Part,
}

#[pymethods]
impl Segment {
    /// "gsm7", "ucs2", "latin1" or "binary".
    #[getter]
    fn encoding(&self) -> &'static str {
        self.encoding.name()
    }

    /// The SMPP `data_coding`.
    #[getter]
    fn data_coding(&self) -> u8 {
        self.data_coding
    }

    /// The national language whose tables are used, as `Analysis.language` has it.
    #[getter]
    fn language(&self) -> Option<String> {
        self.shift.name()
    }

    /// Reference, total and sequence: the values of the `sar_*` parameters to send in mode "sar"; None where none are needed.
    #[getter]
    fn sar(&self) -> Option<(u16, u8, u8)> {
        (self.mode == Mode::Sar && self.place.1 > 1).then_some(self.place)
    }

    /// Whether `short_message` is to be sent as the parameter message_payload: mode "payload".
    #[getter]
    fn payload(&self) -> bool {
        self.mode == Mode::Payload
    }

    /// The user data header with its length octet; empty in a message of one part.
    #[getter]
    fn udh<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.part.udh())
    }

    /// What follows the header: a septet per octet unless packed.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.part.body())
    }

    /// Header and body as they go into a PDU.
    #[getter]
    fn short_message<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.part.octets)
    }

    fn __repr__(&self) -> String {
        let octets = self.part.octets.len();
        format!(
            "Segment(encoding={:?}, data_coding={}, udh={} octets, short_message={octets} octets)",
            self.encoding.name(),
            self.data_coding,
            self.part.udh_len
        )
    }
}

fn segments_of(segments: text::Segments) -> Vec<Segment> {
    let text::Segments { encoding, data_coding, parts, shift, mode, reference, .. } = segments;
    let total = parts.len() as u8;
    let place = |i: usize| (reference, total, i as u8 + 1);
    let one = |(i, part)| Segment { encoding, data_coding, shift, mode, place: place(i), part };
    parts.into_iter().enumerate().map(one).collect()
}

/// The results of `segment_many`: counts, and items when they are read.
#[pyclass(frozen, sequence, module = "septet._septet")]
struct SegmentBatch {
    texts: Py<PyTuple>,
    asked: Asked,
    counts: Vec<Parts>,
}

#[pymethods]
impl SegmentBatch {
    fn __len__(&self) -> usize {
        self.counts.len()
    }

    fn __getitem__(&self, py: Python<'_>, at: isize) -> PyResult<Vec<Segment>> {
        let at = index(at, self.counts.len())?;
        match &self.counts[at] {
            Parts::Quick(_) => {
                let text = flat(self.texts.bind(py).as_slice()[at].cast()?)?;
                self.asked.split(text).map(segments_of).or_raise(py)
            }
            Parts::Whole(segments) => Ok(segments_of(text::Segments::clone(segments))),
        }
    }

    /// Short messages of each text.
    fn segments<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        column(py, self.counts.iter().map(Parts::count))
    }
}

#[pyfunction]
#[pyo3(signature = (text, *, reference, reference_bits, encoding, languages, packed, transliterate, udh, mode))]
#[allow(clippy::too_many_arguments)] // all but one by name
fn segment(
    text: &Bound<'_, PyString>,
    reference: u32,
    reference_bits: u8,
    encoding: &str,
    languages: &Bound<'_, PyAny>,
    packed: bool,
    transliterate: &Bound<'_, PyAny>,
    udh: &[u8],
    mode: Option<&str>,
) -> PyResult<Vec<Segment>> {
    let py = text.py();
    let asked = Asked::new(py, encoding, reference, reference_bits, mode, languages, packed, transliterate, udh)?;
    asked.split(flat(text)?).map(segments_of).or_raise(py)
}

#[pyfunction]
#[pyo3(signature = (texts, *, reference, reference_bits, encoding, languages, packed, transliterate, udh, mode))]
#[allow(clippy::too_many_arguments)] // all but one by name
fn segment_many(
    texts: &Bound<'_, PyAny>,
    reference: u32,
    reference_bits: u8,
    encoding: &str,
    languages: &Bound<'_, PyAny>,
    packed: bool,
    transliterate: &Bound<'_, PyAny>,
    udh: &[u8],
    mode: Option<&str>,
) -> PyResult<SegmentBatch> {
    let py = texts.py();
    let asked = Asked::new(py, encoding, reference, reference_bits, mode, languages, packed, transliterate, udh)?;
    let texts = items(texts)?;
    let counts = each_text(&texts, |text| asked.parts(text))?;
    Ok(SegmentBatch { counts, texts: texts.unbind(), asked })
}

#[pyfunction]
#[pyo3(signature = (data, *, udh, data_coding, reference, reference_bits, mode))]
fn segment_binary(
    py: Python<'_>,
    data: &[u8],
    udh: &[u8],
    data_coding: u8,
    reference: u32,
    reference_bits: u8,
    mode: Option<&str>,
) -> PyResult<Vec<Segment>> {
    let options = options(py, "auto", reference, reference_bits, mode)?;
    text::segment_binary(data, udh, data_coding, &options).map(segments_of).or_raise(py)
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Segment>()?;
    m.add_class::<SegmentBatch>()?;
    m.add_function(wrap_pyfunction!(segment, m)?)?;
    m.add_function(wrap_pyfunction!(segment_many, m)?)?;
    m.add_function(wrap_pyfunction!(segment_binary, m)?)
}
