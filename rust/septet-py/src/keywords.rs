//! `septet.KeywordMatcher` over `septet_core::keywords`.
use std::cell::RefCell;

use pyo3::prelude::*;
use pyo3::types::PyString;
use septet_core::keywords::{self, Matcher, Mode, Words};

use crate::codec::{utf8, utf8_all};
use crate::errors::OrRaise;

thread_local! {
    /// Normal forms of single texts, so that a call allocates nothing.
    static WORDS: RefCell<Words> = RefCell::new(Words::new());
}

/// A text longer than this leaves no large buffer behind.
const KEPT: usize = 64 * 1024;

/// A keyword found in a text.
#[pyclass(frozen, eq, get_all, module = "septet._septet")]
#[derive(Clone, PartialEq)]
struct Hit {
    /// The keyword's position in the list that was given.
    id: usize,
    /// Its first character in the normalised text.
    start: usize,
    /// One past its last character there.
    end: usize,
}

#[pymethods]
impl Hit {
    fn __repr__(&self) -> String {
        format!("Hit(id={}, start={}, end={})", self.id, self.start, self.end)
    }
}

/// Finds which keyword a text means. Case, accents, punctuation and spacing make no difference.
///
/// `mode` is `"first_word"` (the text begins with the keyword, which may be several words), `"whole_text"` or `"anywhere"` (as whole
/// words). `match` answers with the leftmost that fits, and of those the longest; `find_all` with all of them. A keyword's id is
/// its position in `keywords`; of two that normalise to the same, the first.
///
/// >>> from septet import KeywordMatcher
/// >>> matcher = KeywordMatcher(["STOP", "stop all", "Arrêt"])
/// >>> matcher.match("  arret!"), matcher.match("Stop all of it"), matcher.match("nonstop")
/// (2, 1, None)
/// >>> matcher.match_many(["stop", "go"])
/// [0, None]
/// >>> KeywordMatcher(["tea", "milk"], mode="anywhere").find_all("Milk, no TEA")
/// [Hit(id=1, start=0, end=4), Hit(id=0, start=8, end=11)]
#[pyclass(frozen, module = "septet._septet")]
#[allow(clippy::doc_link_with_quotes)] // a list in a Python example
struct KeywordMatcher(Matcher);

#[pymethods]
impl KeywordMatcher {
    #[new]
    #[pyo3(signature = (keywords, *, mode = "first_word"))]
    fn new(keywords: &Bound<'_, PyAny>, mode: &str) -> PyResult<Self> {
        let py = keywords.py();
        let words = utf8_all(keywords)?;
        let mode = Mode::from_name(mode).or_raise(py)?;
        py.detach(|| Matcher::new(&words, mode)).map(Self).or_raise(py)
    }

    /// The id of the keyword that `text` means, or None.
    #[pyo3(name = "match")]
    fn find(&self, text: &Bound<'_, PyString>) -> PyResult<Option<usize>> {
        let text = utf8(text)?;
        Ok(with_words(&text, |words| self.0.find(words)))
    }

    /// `match` for each of `texts`; other threads run meanwhile.
    fn match_many(&self, py: Python<'_>, texts: &Bound<'_, PyAny>) -> PyResult<Vec<Option<usize>>> {
        let texts = utf8_all(texts)?;
        Ok(py.detach(|| {
            let mut words = Words::new();
            texts.iter().map(|text| self.0.find(words.read(text))).collect()
        }))
    }

    /// Every keyword in `text`, also within and across others, by start and then by end; unless `overlapping`, only those that
    /// `match` would find one behind the other. Positions are those in `normalise(text)`.
    #[pyo3(signature = (text, *, overlapping = true))]
    fn find_all(&self, text: &Bound<'_, PyString>, overlapping: bool) -> PyResult<Vec<Hit>> {
        let text = utf8(text)?;
        Ok(with_words(&text, |words| {
            let hits = if overlapping { self.0.find_all(words) } else { self.0.find_apart(words) };
            let (mut at, mut seen) = (0, 0);
            let to_characters = |hit: keywords::Hit| {
                let start = seen + characters(&words.as_ref()[at..hit.start]);
                let end = start + characters(&words.as_ref()[hit.start..hit.end]);
                (at, seen) = (hit.start, start);
                Hit { id: hit.id, start, end }
            };
            hits.into_iter().map(to_characters).collect()
        }))
    }

    /// How many keywords there are.
    fn __len__(&self) -> usize {
        self.0.len()
    }
}

/// What `look` says of the normal form of `text`.
fn with_words<T>(text: &str, look: impl FnOnce(&Words) -> T) -> T {
    if text.len() > KEPT {
        return look(Words::new().read(text));
    }
    WORDS.with_borrow_mut(|words| look(words.read(text)))
}

/// Characters of a piece of UTF-8. A chunk's count fits into an octet, so that many are counted by one instruction.
fn characters(octets: &[u8]) -> usize {
    let begins = |count: u8, octet: &u8| count.wrapping_add(u8::from(octet & 0xC0 != 0x80));
    octets.chunks(255).map(|chunk| usize::from(chunk.iter().fold(0, begins))).sum()
}

#[pyfunction]
fn normalise(text: &Bound<'_, PyString>) -> PyResult<String> {
    Ok(keywords::normalise(&utf8(text)?))
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Hit>()?;
    m.add_class::<KeywordMatcher>()?;
    m.add_function(wrap_pyfunction!(normalise, m)?)
}
