//! Cutting a stream into PDUs (3.2): sixteen octets of header, then `command_length - 16` of body.

/// Room kept for the next cut PDU; more is given back after a large one, so that idle sessions stay small.
const KEEP: usize = 1_024;

/// Octets of a header.
pub const HEADER: usize = 16;

/// Largest PDU accepted unless configured: a full `message_payload` (65,535 octets), its tag and length, and room for
/// every mandatory parameter and the usual TLVs.
pub const DEFAULT_MAX_PDU: u32 = 65_536 + 4_096;

/// The header of a PDU, four big-endian integers.
///
/// ```text
///  0               4            8                12                16
/// +----------------+------------+----------------+-----------------+------
/// | command_length | command_id | command_status | sequence_number | body
/// +----------------+------------+----------------+-----------------+------
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Octets of the whole PDU, these sixteen included.
    pub length: u32,
    /// Which operation.
    pub command: u32,
    /// Outcome in a response, 0 in a request.
    pub status: u32,
    /// What a response repeats.
    pub sequence: u32,
}

impl Header {
    /// Reads the first sixteen octets, whatever they say.
    #[inline]
    pub fn read(octets: &[u8]) -> Option<Self> {
        let (head, _) = octets.split_first_chunk::<HEADER>()?;
        let [a, b, c, d] =
            [0, 4, 8, 12].map(|at| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]));
        Some(Self { length: a, command: b, status: c, sequence: d })
    }

    /// The sixteen octets.
    #[inline]
    pub fn octets(&self) -> [u8; HEADER] {
        let mut head = [0; HEADER];
        for (chunk, value) in
            head.as_chunks_mut::<4>().0.iter_mut().zip([self.length, self.command, self.status, self.sequence])
        {
            *chunk = value.to_be_bytes();
        }
        head
    }
}

/// What stands at the front of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front<'a> {
    /// A whole PDU, and what follows it.
    Pdu(Header, &'a [u8], &'a [u8]),
    /// The beginning of a PDU that has this many octets in all, as far as is known.
    Partial(usize),
    /// A `command_length` that cannot be true: where the next PDU begins is unknown, the stream is lost (4.3).
    Lost(Header),
}

/// Reads the front of `stream`. A length below 16 or above `max` is judged only when its header is complete, so that
/// the answer can repeat its sequence number however the octets arrived.
#[inline]
pub fn front(stream: &[u8], max: u32) -> Front<'_> {
    let Some(header) = Header::read(stream) else {
        return Front::Partial(HEADER);
    };
    if (header.length as usize) < HEADER || header.length > max {
        return Front::Lost(header);
    }
    match stream.split_at_checked(header.length as usize) {
        Some((pdu, rest)) => Front::Pdu(header, &pdu[HEADER..], rest),
        None => Front::Partial(header.length as usize),
    }
}

/// Appends a PDU whose body `write` appends, and sets its length.
#[inline]
pub fn put(out: &mut Vec<u8>, command: u32, status: u32, sequence: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&Header { length: 0, command, status, sequence }.octets());
    write(out);
    let length = (out.len() - start) as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

/// Keeps the incomplete end of a stream between two reads. Never holds more than one PDU of at most `max` octets.
#[derive(Debug, Clone)]
pub struct Framer {
    kept: Vec<u8>,
    max: u32,
    lost: bool,
}

impl Framer {
    /// An empty one that accepts PDUs of at most `max` octets.
    pub const fn new(max: u32) -> Self {
        Self { kept: Vec::new(), max, lost: false }
    }

    /// Changes the limit; what is already kept is judged by the new one.
    pub const fn set_max(&mut self, max: u32) {
        self.max = max;
    }

    /// True after a [`Front::Lost`]: nothing more will come.
    pub const fn is_lost(&self) -> bool {
        self.lost
    }

    /// Octets waiting for the rest of their PDU.
    pub const fn kept(&self) -> usize {
        self.kept.len()
    }

    /// Those octets.
    pub fn pending(&self) -> &[u8] {
        &self.kept
    }

    /// Takes a chunk and hands over each complete PDU (header and body), or the header that lost the stream, after which
    /// everything is ignored. `each` returns the limit for the next PDU, or None to stop here and drop the rest.
    #[inline]
    pub fn feed(&mut self, mut chunk: &[u8], mut each: impl FnMut(Result<(Header, &[u8]), Header>) -> Option<u32>) {
        // Only the PDU that began in an earlier chunk is copied; the others are read where they lie.
        while !self.lost && !self.kept.is_empty() && !chunk.is_empty() {
            let mut kept = std::mem::take(&mut self.kept);
            if let Front::Partial(need) = front(&kept, self.max) {
                let (take, rest) = chunk.split_at(chunk.len().min(need - kept.len()));
                kept.extend_from_slice(take);
                chunk = rest;
            }
            if self.take(&kept, &mut each).is_some() {
                kept.clear();
                kept.shrink_to(KEEP);
            }
            self.kept = kept;
        }
        while !self.lost && !chunk.is_empty() {
            if let Some(rest) = self.take(chunk, &mut each) {
                chunk = rest;
            } else {
                self.kept.extend_from_slice(chunk);
                break;
            }
        }
        if self.lost {
            self.kept = Vec::new();
        }
    }

    /// Hands over what stands at the front and returns what follows it; None if it is not complete.
    #[inline]
    fn take<'a>(
        &mut self,
        stream: &'a [u8],
        each: &mut impl FnMut(Result<(Header, &[u8]), Header>) -> Option<u32>,
    ) -> Option<&'a [u8]> {
        let (next, rest) = match front(stream, self.max) {
            Front::Partial(_) => return None,
            Front::Pdu(header, body, rest) => (each(Ok((header, body))), rest),
            Front::Lost(header) => {
                each(Err(header));
                (None, &stream[..0])
            }
        };
        match next {
            Some(max) => self.max = max,
            None => self.lost = true,
        }
        Some(rest)
    }
}
