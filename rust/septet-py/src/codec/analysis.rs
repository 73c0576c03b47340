//! `analyze` and its results.
use std::sync::{Arc, OnceLock};

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use septet_core::text;
use septet_core::text::flat::Cost;
use septet_core::text::national::NAMES;

use super::asked::{Asked, Counted, column, each_text, encoding_name};
use super::index;
use super::view::{flat, items};
use crate::errors::OrRaise;

/// What a text will cost: see `septet.analyze`.
#[pyclass(frozen, module = "septet._septet")]
struct Analysis {
    cost: Cost,
    /// The text as long as no more is known of it than its cost, and what was asked.
    source: Option<(Py<PyString>, Arc<Asked>)>,
    whole: OnceLock<Box<text::Analysis>>,
}

fn language(id: u8) -> Option<&'static str> {
    (id > 0).then(|| NAMES[usize::from(id)])
}

impl Analysis {
    fn new(text: &Bound<'_, PyString>, asked: &Arc<Asked>, counted: &Counted) -> Self {
        let (source, whole) = match counted {
            Counted::Quick(_) => (Some((text.clone().unbind(), Arc::clone(asked))), OnceLock::new()),
            Counted::Whole(whole) => (None, OnceLock::from(whole.clone())),
        };
        Self { cost: counted.cost(), source, whole }
    }

    /// All that can be said of the text, worked out when it is first asked for.
    fn whole(&self, py: Python<'_>) -> PyResult<&text::Analysis> {
        if let (None, Some((text, asked))) = (self.whole.get(), &self.source) {
            let whole = asked.analyze(flat(text.bind(py))?).or_raise(py)?;
            let _ = self.whole.set(Box::new(whole)); // another thread may have been quicker, with the same result
        }
        Ok(self.whole.get().expect("without a source it was whole from the start"))
    }
}

#[pymethods]
impl Analysis {
    /// "gsm7" or "ucs2", or as asked for.
    #[getter]
    fn encoding<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        encoding_name(py, self.cost.encoding).clone()
    }

    /// The national language whose tables are used, both joined by "+" (locking shift first) if they differ; None for the default
    /// tables.
    #[getter]
    fn language(&self, py: Python<'_>) -> PyResult<Option<String>> {
        Ok(self.whole(py)?.shift.name())
    }

    /// The language of the locking shift table, if it is not the default alphabet.
    #[getter]
    fn locking(&self, py: Python<'_>) -> PyResult<Option<&'static str>> {
        Ok(language(self.whole(py)?.shift.locking))
    }

    /// The language of the single shift table, if it is not the default extension.
    #[getter]
    fn single(&self, py: Python<'_>) -> PyResult<Option<&'static str>> {
        Ok(language(self.whole(py)?.shift.single))
    }

    /// What transliteration replaced by what, each once, in order of appearance.
    #[getter]
    fn replaced<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.whole(py)?.replaced.iter().map(|(from, to)| (&**from, &**to)))
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
        PyTuple::new(py, &self.whole(py)?.segment_units)
    }

    /// The characters that force UCS-2, each once, in order of appearance.
    #[getter]
    fn forced_by<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        if self.cost.encoding == text::Encoding::Gsm7 {
            return Ok(PyTuple::empty(py));
        }
        PyTuple::new(py, &self.whole(py)?.forced_by)
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else { return Ok(false) };
        let other = other.get();
        Ok(self.cost == other.cost && self.whole(py)? == other.whole(py)?)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let forced: String = self.whole(py)?.forced_by.iter().collect();
        let Cost { encoding, units, segments } = self.cost;
        let encoding = encoding.name();
        Ok(format!("Analysis(encoding={encoding:?}, units={units}, segments={segments}, forced_by={forced:?})"))
    }
}

/// The results of `analyze_many`: counts, and items when they are read.
#[pyclass(frozen, sequence, module = "septet._septet")]
struct AnalysisBatch {
    texts: Py<PyTuple>,
    asked: Arc<Asked>,
    counts: Vec<Counted>,
}

#[pymethods]
impl AnalysisBatch {
    fn __len__(&self) -> usize {
        self.counts.len()
    }

    fn __getitem__(&self, py: Python<'_>, at: isize) -> PyResult<Analysis> {
        let at = index(at, self.counts.len())?;
        Ok(Analysis::new(self.texts.bind(py).as_slice()[at].cast()?, &self.asked, &self.counts[at]))
    }

    /// Units of each text.
    fn units<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        column(py, self.counts.iter().map(|counted| counted.cost().units))
    }

    /// Short messages of each text.
    fn segments<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        column(py, self.counts.iter().map(|counted| counted.cost().segments))
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
    let asked = Arc::new(Asked::new(py, encoding, 0, reference_bits, mode, languages, false, transliterate, udh)?);
    let counted = asked.count(flat(text)?).or_raise(py)?;
    Ok(Analysis::new(text, &asked, &counted))
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
    let asked = Asked::new(py, encoding, 0, reference_bits, mode, languages, false, transliterate, udh)?;
    let texts = items(texts)?;
    Ok(AnalysisBatch {
        counts: each_text(&texts, |text| asked.count(text))?,
        texts: texts.unbind(),
        asked: Arc::new(asked),
    })
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Analysis>()?;
    m.add_class::<AnalysisBatch>()?;
    m.add_function(wrap_pyfunction!(analyze, m)?)?;
    m.add_function(wrap_pyfunction!(analyze_many, m)?)
}
