//! Python's view of `septet_core::text`. `septet.codec` documents it for users.
//!
//! A batch call takes every input out of Python, lets go of the interpreter once, works, and keeps its results in Rust
//! until they are read.
use std::sync::{Arc, OnceLock};

use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyString, PyTuple};
use septet_core::text::quick::{self, Cost, Parcel};
use septet_core::text::{self, Choice, DefaultAlphabet, Encoding, SegmentOptions, gsm7};
use septet_core::{Error, Result};

use crate::errors::OrRaise;

mod batch;
mod reassembler;

use batch::{AnalysisBatch, Counted, SegmentBatch, SegmentList};

/// The text of a `str`. One with a lone surrogate has no UTF-8 form and no place in a message.
pub(crate) fn utf8(text: &Bound<'_, PyString>) -> PyResult<PyBackedStr> {
    let py = text.py();
    PyBackedStr::try_from(text.clone()).or_else(|e| {
        let at: usize = e.value(py).getattr("start")?.extract()?;
        let unit: PyBackedStr = text.get_item(at)?.repr()?.extract()?;
        let message = format!("{unit} at character {at} is half a surrogate pair and no character: leave it out");
        Err(Error::at("text.unencodable", at, message)).or_raise(py)
    })
}

/// The texts of an iterable. A bare `str` is one too, but passing it is always a slip.
pub(crate) fn utf8_all(texts: &Bound<'_, PyAny>) -> PyResult<Vec<PyBackedStr>> {
    if texts.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("expected several texts, got one str: put it in a list"));
    }
    texts.try_iter()?.map(|item| utf8(item?.cast::<PyString>()?)).collect()
}

/// An error that says which text it is about.
fn about(i: usize, mut e: Error) -> Error {
    e.message.insert_str(0, &format!("text {i}: "));
    e
}

/// One result per text.
fn each<T: Send>(py: Python<'_>, texts: &[PyBackedStr], work: impl Fn(&str) -> Result<T> + Sync) -> PyResult<Vec<T>> {
    let one = |(i, text): (usize, &PyBackedStr)| work(text).map_err(|e| about(i, e));
    py.detach(|| texts.iter().enumerate().map(one).collect::<Result<Vec<_>>>()).or_raise(py)
}

/// The segments of all texts.
fn parcel(texts: &[PyBackedStr], options: SegmentOptions) -> Result<Parcel> {
    let mut out = Parcel::default();
    for (i, text) in texts.iter().enumerate() {
        out.push(text, &options).map_err(|e| about(i, e))?;
    }
    Ok(out)
}

fn no_languages(py: Python<'_>, languages: &Bound<'_, PyAny>) -> PyResult<()> {
    if languages.len()? == 0 {
        return Ok(());
    }
    let message =
        format!("languages {} cannot be used: national language tables are not supported yet", languages.repr()?);
    Err(Error::new("text.bad_argument", message)).or_raise(py)
}

fn options(
    py: Python<'_>,
    encoding: &str,
    reference: u32,
    reference_bits: u8,
    packed: bool,
    transliterate: bool,
) -> PyResult<SegmentOptions> {
    let reference = u16::try_from(reference)
        .map_err(|_| Error::new("text.bad_argument", format!("reference {reference} does not fit in 16 bits")))
        .or_raise(py)?;
    let encoding = Choice::from_name(encoding).or_raise(py)?;
    Ok(SegmentOptions { encoding, reference, reference_bits, packed, transliterate })
}

/// The index of a sequence that Python means by `at`.
fn index(at: isize, len: usize) -> PyResult<usize> {
    let from_end = || len.checked_sub(at.unsigned_abs());
    let found = if at < 0 { from_end() } else { usize::try_from(at).ok() };
    found.filter(|i| *i < len).ok_or_else(|| PyIndexError::new_err("batch index out of range"))
}

/// What a text will cost: see `septet.analyze`. Its counts are there at once, the rest is worked out when it is read.
#[pyclass(frozen, eq, module = "septet._septet")]
struct Analysis {
    cost: Cost,
    whole: OnceLock<Box<text::Analysis>>,
    /// What `whole` is worked out from.
    source: Option<(PyBackedStr, u8)>,
}

impl Analysis {
    fn quick(cost: Cost, text: PyBackedStr, reference_bits: u8) -> Self {
        Self { cost, whole: OnceLock::new(), source: Some((text, reference_bits)) }
    }

    fn whole(&self) -> &text::Analysis {
        self.whole.get_or_init(|| {
            let (text, reference_bits) = self.source.as_ref().expect("what is not whole has a source");
            Box::new(text::analyze(text, *reference_bits, false).expect("what was counted fits"))
        })
    }
}

impl From<text::Analysis> for Analysis {
    fn from(whole: text::Analysis) -> Self {
        let cost = Cost { encoding: whole.encoding, units: whole.units, segments: whole.segments };
        Self { cost, whole: OnceLock::from(Box::new(whole)), source: None }
    }
}

impl PartialEq for Analysis {
    fn eq(&self, other: &Self) -> bool {
        self.whole() == other.whole()
    }
}

#[pymethods]
impl Analysis {
    /// "gsm7" or "ucs2".
    #[getter]
    fn encoding(&self) -> &'static str {
        self.cost.encoding.name()
    }

    /// The national language whose tables are used; None for the default tables.
    #[getter]
    #[allow(clippy::unused_self)] // a getter has a self
    fn language(&self) -> Option<&'static str> {
        None
    }

    /// Septets or UTF-16 units of all segments, headers not counted.
    #[getter]
    fn units(&self) -> usize {
        self.cost.units
    }

    /// How many short messages the text needs.
    #[getter]
    fn segments(&self) -> usize {
        self.cost.segments
    }

    /// Units of each segment.
    #[getter]
    fn segment_units<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        if self.cost.segments == 1 {
            return PyTuple::new(py, [self.cost.units]);
        }
        PyTuple::new(py, &self.whole().segment_units)
    }

    /// The characters that force UCS-2, each once, in order of appearance.
    #[getter]
    fn forced_by<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        if self.cost.encoding == Encoding::Gsm7 {
            return Ok(PyTuple::empty(py));
        }
        PyTuple::new(py, &self.whole().forced_by)
    }

    fn __repr__(&self) -> String {
        let a = self.whole();
        let forced: String = a.forced_by.iter().collect();
        format!(
            "Analysis(encoding={:?}, units={}, segments={}, forced_by={forced:?})",
            a.encoding.name(),
            a.units,
            a.segments
        )
    }
}

/// One short message of a text: see `septet.segment`.
#[pyclass(frozen, eq, module = "septet._septet")]
#[derive(Clone, PartialEq)]
struct Segment {
    encoding: Encoding,
    data_coding: u8,
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
    let text::Segments { encoding, data_coding, parts, .. } = segments;
    parts.into_iter().map(|part| Segment { encoding, data_coding, part }).collect()
}

#[pyfunction]
#[pyo3(signature = (text, *, languages, reference_bits, transliterate))]
fn analyze(
    text: &Bound<'_, PyString>,
    languages: &Bound<'_, PyAny>,
    reference_bits: u8,
    transliterate: bool,
) -> PyResult<Analysis> {
    let py = text.py();
    no_languages(py, languages)?;
    let text = utf8(text)?;
    match quick::cost(&text, reference_bits, !transliterate) {
        Some(cost) => Ok(Analysis::quick(cost, text, reference_bits)),
        None => text::analyze(&text, reference_bits, transliterate).map(Into::into).or_raise(py),
    }
}

#[pyfunction]
#[pyo3(signature = (texts, *, languages, reference_bits, transliterate))]
fn analyze_many(
    texts: &Bound<'_, PyAny>,
    languages: &Bound<'_, PyAny>,
    reference_bits: u8,
    transliterate: bool,
) -> PyResult<AnalysisBatch> {
    let py = texts.py();
    no_languages(py, languages)?;
    let texts = utf8_all(texts)?;
    let costs = each(py, &texts, |text| Counted::new(text, reference_bits, transliterate))?;
    Ok(AnalysisBatch { texts, costs, reference_bits })
}

#[pyfunction]
#[pyo3(signature = (text, *, reference, reference_bits, encoding, languages, packed, transliterate))]
fn segment(
    text: &Bound<'_, PyString>,
    reference: u32,
    reference_bits: u8,
    encoding: &str,
    languages: &Bound<'_, PyAny>,
    packed: bool,
    transliterate: bool,
) -> PyResult<Vec<Segment>> {
    let py = text.py();
    no_languages(py, languages)?;
    let options = options(py, encoding, reference, reference_bits, packed, transliterate)?;
    text::segment(&utf8(text)?, &options).map(segments_of).or_raise(py)
}

#[pyfunction]
#[pyo3(signature = (texts, *, reference, reference_bits, encoding, languages, packed, transliterate))]
fn segment_many(
    texts: &Bound<'_, PyAny>,
    reference: u32,
    reference_bits: u8,
    encoding: &str,
    languages: &Bound<'_, PyAny>,
    packed: bool,
    transliterate: bool,
) -> PyResult<SegmentBatch> {
    let py = texts.py();
    no_languages(py, languages)?;
    let options = options(py, encoding, reference, reference_bits, packed, transliterate)?;
    let texts = utf8_all(texts)?;
    let parcel = py.detach(|| parcel(&texts, options)).or_raise(py)?;
    Ok(SegmentBatch(Arc::new(parcel)))
}

#[pyfunction]
#[pyo3(signature = (data, *, udh, data_coding, reference, reference_bits))]
fn segment_binary(
    py: Python<'_>,
    data: &[u8],
    udh: &[u8],
    data_coding: u8,
    reference: u32,
    reference_bits: u8,
) -> PyResult<Vec<Segment>> {
    let options = options(py, "auto", reference, reference_bits, false, false)?;
    text::segment_binary(data, udh, data_coding, &options).map(segments_of).or_raise(py)
}

#[pyfunction]
#[pyo3(signature = (body, data_coding, *, udh, packed, default_alphabet))]
fn decode(
    py: Python<'_>,
    body: &[u8],
    data_coding: u8,
    udh: &[u8],
    packed: bool,
    default_alphabet: &str,
) -> PyResult<String> {
    let alphabet = DefaultAlphabet::from_name(default_alphabet).or_raise(py)?;
    text::decode(body, data_coding, udh, packed, alphabet).or_raise(py)
}

#[pyfunction]
fn gsm7_encode<'py>(text: &Bound<'py, PyString>, languages: &Bound<'_, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let py = text.py();
    no_languages(py, languages)?;
    Ok(PyBytes::new(py, &gsm7::encode(&utf8(text)?).or_raise(py)?))
}

#[pyfunction]
fn gsm7_decode(py: Python<'_>, octets: &[u8]) -> PyResult<String> {
    gsm7::decode(octets).or_raise(py)
}

#[pyfunction]
fn gsm7_pack<'py>(py: Python<'py>, septets: &[u8], fill_bits: u8) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &gsm7::pack(septets, fill_bits).or_raise(py)?))
}

#[pyfunction]
fn gsm7_unpack<'py>(py: Python<'py>, octets: &[u8], count: usize, fill_bits: u8) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &gsm7::unpack(octets, count, fill_bits).or_raise(py)?))
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Analysis>()?;
    m.add_class::<AnalysisBatch>()?;
    m.add_class::<Segment>()?;
    m.add_class::<SegmentBatch>()?;
    m.add_class::<SegmentList>()?;
    m.add_function(wrap_pyfunction!(analyze, m)?)?;
    m.add_function(wrap_pyfunction!(analyze_many, m)?)?;
    m.add_function(wrap_pyfunction!(segment, m)?)?;
    m.add_function(wrap_pyfunction!(segment_many, m)?)?;
    m.add_function(wrap_pyfunction!(segment_binary, m)?)?;
    m.add_function(wrap_pyfunction!(decode, m)?)?;
    m.add_function(wrap_pyfunction!(gsm7_encode, m)?)?;
    m.add_function(wrap_pyfunction!(gsm7_decode, m)?)?;
    m.add_function(wrap_pyfunction!(gsm7_pack, m)?)?;
    m.add_function(wrap_pyfunction!(gsm7_unpack, m)?)?;
    reassembler::register(m)
}
