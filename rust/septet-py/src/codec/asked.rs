//! What `analyze` and `segment` are asked for, of one text or of many.
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyTuple};
use septet_core::text::flat::{Cost, Flat, Quick};
use septet_core::text::{self, Analysis, Encoding, SegmentOptions, Segments, Transliteration};
use septet_core::{Error, Result};

use super::view::flat;
use super::{languages, options, transliteration};
use crate::errors::OrRaise;

/// The arguments that these calls share.
pub(super) struct Asked {
    options: SegmentOptions,
    table: Option<Transliteration>,
    udh: Vec<u8>,
    quick: Option<Quick>,
}

/// What a text costs: the counts alone where they came quickly.
pub(super) enum Counted {
    Quick(Cost),
    Whole(Box<Analysis>),
}

impl Asked {
    #[allow(clippy::too_many_arguments)] // as many as there are
    pub(super) fn new(
        py: Python<'_>,
        encoding: &str,
        reference: u32,
        reference_bits: u8,
        mode: Option<&str>,
        languages: &Bound<'_, PyAny>,
        packed: bool,
        transliterate: &Bound<'_, PyAny>,
        udh: &[u8],
    ) -> PyResult<Self> {
        let mut options = options(py, encoding, reference, reference_bits, mode)?;
        options.languages = self::languages(languages)?;
        options.packed = packed;
        let table = transliteration(transliterate)?;
        let quick = Quick::new(udh, table.as_ref(), &options).or_raise(py)?;
        Ok(Self { options, table, udh: udh.to_vec(), quick })
    }

    pub(super) fn count(&self, text: Flat<'_>) -> Result<Counted> {
        match self.quick.and_then(|quick| quick.cost(text)) {
            Some(cost) => Ok(Counted::Quick(cost)),
            None => self.analyze(text).map(|whole| Counted::Whole(Box::new(whole))),
        }
    }

    pub(super) fn analyze(&self, text: Flat<'_>) -> Result<Analysis> {
        match self.quick.and_then(|quick| quick.analyze(text)) {
            Some(analysis) => Ok(analysis),
            None => text::analyze_with(&text.to_text()?, &self.udh, self.table.as_ref(), &self.options),
        }
    }

    pub(super) fn split(&self, text: Flat<'_>) -> Result<Segments> {
        match self.quick.and_then(|quick| quick.segment(text)) {
            Some(segments) => Ok(segments),
            None => text::segment_with(&text.to_text()?, &self.udh, self.table.as_ref(), &self.options),
        }
    }

    pub(super) fn parts(&self, text: Flat<'_>) -> Result<Parts> {
        match self.quick.and_then(|quick| quick.cost(text)) {
            Some(cost) => Ok(Parts::Quick(cost.segments)),
            None => self.split(text).map(|segments| Parts::Whole(Box::new(segments))),
        }
    }
}

/// The segments of a text: how many, where they will be made quickly.
pub(super) enum Parts {
    Quick(usize),
    Whole(Box<Segments>),
}

impl Parts {
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Quick(count) => *count,
            Self::Whole(segments) => segments.parts.len(),
        }
    }
}

impl Counted {
    pub(super) fn cost(&self) -> Cost {
        match self {
            Self::Quick(cost) => *cost,
            Self::Whole(whole) => Cost { encoding: whole.encoding, units: whole.units, segments: whole.segments },
        }
    }
}

/// The name of an encoding, without a new `str` each time.
pub(super) fn encoding_name(py: Python<'_>, encoding: Encoding) -> &Bound<'_, pyo3::types::PyString> {
    match encoding {
        Encoding::Gsm7 => pyo3::intern!(py, "gsm7"),
        Encoding::Ucs2 => pyo3::intern!(py, "ucs2"),
        Encoding::Latin1 => pyo3::intern!(py, "latin1"),
        Encoding::Binary => pyo3::intern!(py, "binary"),
    }
}

/// One result per item (each is a `what`); an error says which it is about.
pub(super) fn each<I, T>(what: &str, items: &[I], work: impl Fn(&I) -> Result<T>) -> Result<Vec<T>> {
    let mut out = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        out.push(work(item).map_err(|e| Error { message: format!("{what} {i}: {}", e.message), ..e })?);
    }
    Ok(out)
}

/// The same for the texts of a tuple, while other threads run.
pub(super) fn each_text<T: Send>(
    texts: &Bound<'_, PyTuple>,
    work: impl Fn(Flat<'_>) -> Result<T> + Sync,
) -> PyResult<Vec<T>> {
    let py = texts.py();
    let views = texts.as_slice().iter().map(|text| flat(text.cast()?)).collect::<PyResult<Vec<_>>>()?;
    py.detach(|| each("text", &views, |text| work(*text))).or_raise(py)
}

/// Counts as a tuple of `int`.
pub(super) fn column(py: Python<'_>, counts: impl ExactSizeIterator<Item = usize>) -> PyResult<Bound<'_, PyTuple>> {
    PyTuple::new(py, counts)
}
