//! `septet.Reassembler`: the core's reassembler with texts at its edges and seconds as floats.
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use septet_core::Error;
use septet_core::clock::{Micros, SECOND};
use septet_core::text::national::Shift;
use septet_core::text::reassemble::{Added, Key, Reassembler as Core};
use septet_core::text::udh::{self, Concat};
use septet_core::text::{DefaultAlphabet, decode};

use crate::errors::OrRaise;

/// What is kept of a part.
struct Piece {
    source: String,
    dest: String,
    total: u8,
    sequence: u8,
    data_coding: u8,
    /// The tables that its own header names: a header counts for one short message (TS 23.040 §9.2.3.24).
    shift: Shift,
    body: Vec<u8>,
}

/// Text and octets of pieces in order. Neighbours of one coding are joined before they are decoded, which heals
/// characters that a careless sender cut in two.
struct Content {
    text: Option<String>,
    data: Vec<u8>,
}

impl Content {
    fn of(pieces: &[Piece], alphabet: DefaultAlphabet) -> Self {
        let join = |run: &[Piece]| run.iter().flat_map(|p| p.body.iter().copied()).collect::<Vec<u8>>();
        let read = |run: &[Piece]| {
            let header = udh::build(&run[0].shift.elements()).unwrap_or_default();
            decode(&join(run), run[0].data_coding, &header, false, alphabet).ok()
        };
        let alike = |a: &Piece, b: &Piece| (a.data_coding, a.shift) == (b.data_coding, b.shift);
        let text = pieces.chunk_by(alike).map(read).collect();
        Self { text, data: join(pieces) }
    }

    fn data<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.text.is_none().then(|| PyBytes::new(py, &self.data))
    }
}

/// A complete message.
#[pyclass(frozen, get_all, module = "septet._septet")]
struct Whole {
    /// The sender.
    source: String,
    /// The receiver.
    dest: String,
    /// How many parts it came in.
    parts: usize,
    /// The `data_coding` of its first part.
    data_coding: u8,
    /// The text; None where the coding is binary, or the octets are no text of that coding.
    text: Option<String>,
    /// The octets where there is no text, else None.
    data: Option<Py<PyBytes>>,
}

impl Whole {
    fn new(py: Python<'_>, pieces: &[Piece], alphabet: DefaultAlphabet) -> Self {
        let content = Content::of(pieces, alphabet);
        Self {
            source: pieces[0].source.clone(),
            dest: pieces[0].dest.clone(),
            parts: pieces.len(),
            data_coding: pieces[0].data_coding,
            data: content.data(py).map(Bound::unbind),
            text: content.text,
        }
    }
}

#[pymethods]
impl Whole {
    fn __repr__(&self) -> String {
        format!("Whole(source={:?}, dest={:?}, parts={}, text={:?})", self.source, self.dest, self.parts, self.text)
    }
}

/// What came of a message that was never completed.
#[pyclass(frozen, get_all, module = "septet._septet")]
struct Partial {
    /// The sender.
    source: String,
    /// The receiver.
    dest: String,
    /// How many parts came.
    parts: usize,
    /// How many there should be.
    total: u8,
    /// The sequence numbers of those that did not come.
    missing: Py<PyTuple>,
    /// The `data_coding` of the first part that came.
    data_coding: u8,
    /// The text of what came, else None.
    text: Option<String>,
    /// The octets of what came where there is no text, else None.
    data: Option<Py<PyBytes>>,
}

impl Partial {
    fn new(py: Python<'_>, pieces: &[Piece], alphabet: DefaultAlphabet) -> PyResult<Self> {
        let content = Content::of(pieces, alphabet);
        let first = &pieces[0];
        let missing: Vec<u8> = (1..=first.total).filter(|s| pieces.iter().all(|p| p.sequence != *s)).collect();
        // A list of octets would become bytes, hence the wider integer.
        let missing = PyTuple::new(py, missing.into_iter().map(u16::from).collect::<Vec<_>>())?.unbind();
        Ok(Self {
            source: first.source.clone(),
            dest: first.dest.clone(),
            parts: pieces.len(),
            total: first.total,
            missing,
            data_coding: first.data_coding,
            data: content.data(py).map(Bound::unbind),
            text: content.text,
        })
    }
}

#[pymethods]
impl Partial {
    fn __repr__(&self) -> String {
        format!("Partial(source={:?}, dest={:?}, parts={}, total={})", self.source, self.dest, self.parts, self.total)
    }
}

/// Puts the parts of concatenated messages together, in whatever order they come.
///
/// `ttl` is how long, in seconds, a set waits for its parts and a completed one is remembered; `capacity` how many parts are
/// held. Past it the oldest set is given up; it comes out of the next `expire`, unless as many parts again follow before.
/// `default_alphabet` is what data_coding 0 means: "gsm7", "latin1" or "ascii".
///
/// >>> from septet import Reassembler, segment
/// >>> parts = segment("x" * 200, reference=7)
/// >>> box = Reassembler(ttl=60)
/// >>> box.add("4670", "12345", parts[1].body, data_coding=0, udh=parts[1].udh, now=0.0)
/// >>> whole = box.add("4670", "12345", parts[0].body, data_coding=0, udh=parts[0].udh, now=1.0)
/// >>> whole.parts, whole.text == "x" * 200
/// (2, True)
#[pyclass(module = "septet._septet")]
struct Reassembler {
    core: Core<Piece>,
    capacity: usize,
    alphabet: DefaultAlphabet,
    given_up: VecDeque<Vec<Piece>>,
    /// Parts in `given_up`.
    waiting: usize,
}

#[pymethods]
impl Reassembler {
    #[new]
    #[pyo3(signature = (*, ttl = 3600.0, capacity = 100_000, default_alphabet = "gsm7"))]
    fn new(py: Python<'_>, ttl: f64, capacity: usize, default_alphabet: &str) -> PyResult<Self> {
        let alphabet = DefaultAlphabet::from_name(default_alphabet).or_raise(py)?;
        if ttl.is_nan() || ttl <= 0.0 {
            let message = format!("ttl is {ttl} seconds: use a positive number");
            return Err(Error::new("text.bad_argument", message)).or_raise(py);
        }
        let core = Core::new(micros(ttl), capacity);
        Ok(Self { core, capacity, alphabet, given_up: VecDeque::new(), waiting: 0 })
    }

    /// Takes a part in and returns the message that it completes, if any. A part that needs no other comes back at once.
    ///
    /// `udh` is the header with its length octet; `sar` the values of the `sar_*` parameters (reference, total, sequence). An
    /// impossible one counts as none. `now` is in seconds on any clock that does not jump. Sets older than ttl take no more parts; the
    /// next `expire` hands them on.
    #[pyo3(signature = (source, dest, body, *, data_coding, now, udh = b"".as_slice(), sar = None), text_signature = "($self, source, dest, body, *, data_coding, now, udh=b'', sar=None)")]
    #[allow(clippy::too_many_arguments)] // the fields of a short message, all but three by name
    fn add(
        &mut self,
        py: Python<'_>,
        source: &str,
        dest: &str,
        body: &[u8],
        data_coding: u8,
        now: f64,
        udh: &[u8],
        sar: Option<(i64, i64, i64)>,
    ) -> Option<Whole> {
        let now = micros(now);
        let aged = self.core.take_aged(now);
        self.keep(aged);
        let alone = Concat { reference: 0, wide: false, total: 1, sequence: 1 };
        let concat = udh::concat(udh).or_else(|| sar.and_then(from_sar)).unwrap_or(alone);
        let piece = Piece {
            source: source.to_owned(),
            dest: dest.to_owned(),
            total: concat.total,
            sequence: concat.sequence,
            data_coding,
            shift: Shift::of(udh),
            body: body.to_vec(),
        };
        let mut hasher = DefaultHasher::new();
        (data_coding, body).hash(&mut hasher);
        let key = Key { source: source.as_bytes().into(), dest: dest.as_bytes().into(), concat };
        let added = self.core.add(key, hasher.finish(), piece, now);
        self.keep_given_up();
        match added {
            Added::Whole(pieces) => Some(Whole::new(py, &pieces, self.alphabet)),
            Added::Waiting | Added::Duplicate(_) => None,
        }
    }

    /// Takes out what will not be completed: sets older than ttl, and those that had to make room.
    fn expire(&mut self, py: Python<'_>, now: f64) -> PyResult<Vec<Partial>> {
        let aged = self.core.take_aged(micros(now));
        self.keep_given_up();
        self.waiting = 0;
        let alphabet = self.alphabet;
        self.given_up.drain(..).chain(aged).map(|pieces| Partial::new(py, &pieces, alphabet)).collect()
    }

    /// How many parts are waiting.
    fn __len__(&self) -> usize {
        self.core.len()
    }
}

impl Reassembler {
    /// Keeps what the core gave up for the next `expire`, within the capacity: a caller need not ever ask for it.
    fn keep_given_up(&mut self) {
        let displaced = self.core.take_displaced();
        self.keep(displaced);
    }

    fn keep(&mut self, sets: Vec<Vec<Piece>>) {
        for pieces in sets {
            self.waiting += pieces.len();
            self.given_up.push_back(pieces);
        }
        while self.waiting > self.capacity {
            self.waiting -= self.given_up.pop_front().map_or(self.waiting, |pieces| pieces.len());
        }
    }
}

fn from_sar((reference, total, sequence): (i64, i64, i64)) -> Option<Concat> {
    let (reference, total) = (reference.try_into().ok()?, total.try_into().ok()?);
    Concat { reference, wide: true, total, sequence: sequence.try_into().ok()? }.checked()
}

/// Seconds as the core counts them. Casts from floats saturate, so no number can do harm.
#[allow(clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn micros(seconds: f64) -> Micros {
    (seconds * SECOND as f64) as Micros
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Whole>()?;
    m.add_class::<Partial>()?;
    m.add_class::<Reassembler>()
}
