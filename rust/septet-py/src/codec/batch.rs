//! What `analyze_many` and `segment_many` return: results stay in Rust, items become Python objects when they are read.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyList, PySlice};
use septet_core::Result;
use septet_core::text::quick::{self, Cost, Parcel};
use septet_core::text::{self, Part};

use super::{Analysis, Segment, index};

/// A result of `analyze_many`: the counts alone where they came quickly.
pub(super) enum Counted {
    Quick(Cost),
    Whole(Box<text::Analysis>),
}

impl Counted {
    pub(super) fn new(text: &str, reference_bits: u8, transliterate: bool) -> Result<Self> {
        match quick::cost(text, reference_bits, !transliterate) {
            Some(cost) => Ok(Self::Quick(cost)),
            None => text::analyze(text, reference_bits, transliterate).map(|whole| Self::Whole(Box::new(whole))),
        }
    }
}

/// The results of `analyze_many`.
#[pyclass(frozen, module = "septet._septet")]
pub(super) struct AnalysisBatch {
    pub(super) texts: Vec<PyBackedStr>,
    pub(super) costs: Vec<Counted>,
    pub(super) reference_bits: u8,
}

impl AnalysisBatch {
    fn item(&self, py: Python<'_>, at: usize) -> Option<Analysis> {
        Some(match self.costs.get(at)? {
            Counted::Quick(cost) => Analysis::quick(*cost, self.texts[at].clone_ref(py), self.reference_bits),
            Counted::Whole(whole) => text::Analysis::clone(whole).into(),
        })
    }
}

#[pymethods]
impl AnalysisBatch {
    fn __len__(&self) -> usize {
        self.costs.len()
    }

    fn __getitem__(&self, py: Python<'_>, at: isize) -> PyResult<Analysis> {
        let at = index(at, self.costs.len())?;
        self.item(py, at).ok_or_else(|| unreachable!("an index in range"))
    }

    fn __iter__(slf: Py<Self>) -> AnalysisIterator {
        AnalysisIterator { batch: slf, next: AtomicUsize::new(0) }
    }
}

#[pyclass(frozen, module = "septet._septet")]
struct AnalysisIterator {
    batch: Py<AnalysisBatch>,
    next: AtomicUsize,
}

#[pymethods]
impl AnalysisIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> Option<Analysis> {
        self.batch.get().item(py, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// The results of `segment_many`.
#[pyclass(frozen, module = "septet._septet")]
pub(super) struct SegmentBatch(pub(super) Arc<Parcel>);

#[pymethods]
impl SegmentBatch {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __getitem__(&self, at: isize) -> PyResult<SegmentList> {
        Ok(SegmentList { parcel: Arc::clone(&self.0), text: index(at, self.0.len())? })
    }

    fn __iter__(&self) -> SegmentBatchIterator {
        SegmentBatchIterator { parcel: Arc::clone(&self.0), next: AtomicUsize::new(0) }
    }
}

#[pyclass(frozen, module = "septet._septet")]
struct SegmentBatchIterator {
    parcel: Arc<Parcel>,
    next: AtomicUsize,
}

#[pymethods]
impl SegmentBatchIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self) -> Option<SegmentList> {
        let text = self.next.fetch_add(1, Ordering::Relaxed);
        (text < self.parcel.len()).then(|| SegmentList { parcel: Arc::clone(&self.parcel), text })
    }
}

/// The segments of one text of a batch; equal to the list that `segment` returns.
#[pyclass(frozen, sequence, module = "septet._septet")]
pub(super) struct SegmentList {
    parcel: Arc<Parcel>,
    text: usize,
}

impl SegmentList {
    fn item(&self, number: usize) -> Segment {
        let (encoding, data_coding, udh_len, octets) = self.parcel.part(self.text, number);
        Segment { encoding, data_coding, part: Part { udh_len, octets: octets.to_vec() } }
    }

    fn all<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let items = (0..self.parcel.parts(self.text)).map(|number| Bound::new(py, self.item(number)));
        PyList::new(py, items.collect::<PyResult<Vec<_>>>()?)
    }
}

#[pymethods]
impl SegmentList {
    fn __len__(&self) -> usize {
        self.parcel.parts(self.text)
    }

    fn __getitem__<'py>(&self, py: Python<'py>, at: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if at.is_instance_of::<PySlice>() {
            return self.all(py)?.as_any().get_item(at);
        }
        let number = index(at.extract()?, self.__len__())?;
        Ok(Bound::new(py, self.item(number))?.into_any())
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.all(py)?.try_iter()?.into_any())
    }

    fn __reversed__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.all(py)?.call_method0("__reversed__")
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let same = self.all(py)?;
        match other.cast::<Self>() {
            Ok(other) => same.eq(other.get().all(py)?),
            Err(_) => same.eq(other),
        }
    }

    fn index<'py>(&self, py: Python<'py>, value: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.all(py)?.call_method1("index", (value,))
    }

    fn count<'py>(&self, py: Python<'py>, value: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.all(py)?.call_method1("count", (value,))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.all(py)?.repr()?.to_string())
    }
}
