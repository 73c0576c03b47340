//! `analyze` and its results.
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use septet_core::text;
use septet_core::text::national::NAMES;

use super::{each, index, languages, options, transliteration, utf8, utf8_all};
use crate::errors::OrRaise;

/// What a text will cost: see `septet.analyze`.
#[pyclass(frozen, eq, module = "septet._septet")]
#[derive(Clone, PartialEq)]
struct Analysis(text::Analysis);

fn language(id: u8) -> Option<&'static str> {
    (id > 0).then(|| NAMES[usize::from(id)])
}

#[pymethods]
impl Analysis {
    /// "gsm7" or "ucs2", or as asked for.
    #[getter]
    fn encoding(&self) -> &'static str {
        self.0.encoding.name()
    }

    /// The national language whose tables are used, both joined by "+" (locking shift first) if they differ; None for the default
    /// tables.
    #[getter]
    fn language(&self) -> Option<String> {
        self.0.shift.name()
    }

    /// The language of the locking shift table, if it is not the default alphabet.
    #[getter]
    fn locking(&self) -> Option<&'static str> {
        language(self.0.shift.locking)
    }

    /// The language of the single shift table, if it is not the default extension.
    #[getter]
    fn single(&self) -> Option<&'static str> {
        language(self.0.shift.single)
    }

    /// What transliteration replaced by what, each once, in order of appearance.
    #[getter]
    fn replaced<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.replaced.iter().map(|(from, to)| (&**from, &**to)))
    }

    /// Septets or UTF-16 units of all segments, headers not counted.
    #[getter]
    fn units(&self) -> usize {
        self.0.units
    }

    /// How many short messages the text needs.
    #[getter]
    fn segments(&self) -> usize {
        self.0.segments
    }

    /// Units of each segment.
    #[getter]
    fn segment_units<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.segment_units)
    }

    /// The characters that force UCS-2, each once, in order of appearance.
    #[getter]
    fn forced_by<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.forced_by)
    }

    fn __repr__(&self) -> String {
        let a = &self.0;
        let forced: String = a.forced_by.iter().collect();
        format!(
            "Analysis(encoding={:?}, units={}, segments={}, forced_by={forced:?})",
            a.encoding.name(),
            a.units,
            a.segments
        )
    }
}

/// The results of `analyze_many`, made when they are read.
#[pyclass(frozen, module = "septet._septet")]
struct AnalysisBatch(Vec<text::Analysis>);

#[pymethods]
impl AnalysisBatch {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __getitem__(&self, at: isize) -> PyResult<Analysis> {
        Ok(Analysis(self.0[index(at, self.0.len())?].clone()))
    }
}

#[pyfunction]
#[pyo3(signature = (text, *, languages, reference_bits, transliterate, encoding, udh, mode))]
#[allow(clippy::too_many_arguments)] // all but one by name
fn analyze(
    text: &Bound<'_, PyString>,
    languages: &Bound<'_, PyAny>,
    reference_bits: u8,
    transliterate: &Bound<'_, PyAny>,
    encoding: &str,
    udh: &[u8],
    mode: Option<&str>,
) -> PyResult<Analysis> {
    let py = text.py();
    let mut options = options(py, encoding, 0, reference_bits, mode)?;
    options.languages = self::languages(languages)?;
    let table = transliteration(transliterate)?;
    text::analyze_with(&utf8(text)?, udh, table.as_ref(), &options).map(Analysis).or_raise(py)
}

#[pyfunction]
#[pyo3(signature = (texts, *, languages, reference_bits, transliterate, encoding, udh, mode))]
#[allow(clippy::too_many_arguments)] // all but one by name
fn analyze_many(
    texts: &Bound<'_, PyAny>,
    languages: &Bound<'_, PyAny>,
    reference_bits: u8,
    transliterate: &Bound<'_, PyAny>,
    encoding: &str,
    udh: &[u8],
    mode: Option<&str>,
) -> PyResult<AnalysisBatch> {
    let py = texts.py();
    let mut options = options(py, encoding, 0, reference_bits, mode)?;
    options.languages = self::languages(languages)?;
    let table = transliteration(transliterate)?;
    each(py, &utf8_all(texts)?, |text| text::analyze_with(text, udh, table.as_ref(), &options)).map(AnalysisBatch)
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Analysis>()?;
    m.add_class::<AnalysisBatch>()?;
    m.add_function(wrap_pyfunction!(analyze, m)?)?;
    m.add_function(wrap_pyfunction!(analyze_many, m)?)
}
