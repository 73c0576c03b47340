//! Octets read as decisions: a cursor that never ends, and texts that meet the edges.

/// Takes decisions from the front of the fuzzer's octets; once they are used up every decision is 0.
#[derive(Debug, Clone)]
pub struct Steer<'a> {
    rest: &'a [u8],
}

/// Characters on which alphabets, cuts and clusters turn: one septet, two, none; one UTF-16 unit, two; joiners, marks.
const PALETTE: [char; 64] = [
    'a', 'b', 'Z', '0', ' ', '\n', '\r', '@', '£', '$', '¥', 'è', 'Ç', 'Ø', 'å', 'Δ', '_', 'Φ', 'Ω', 'Ξ', 'Æ', 'ß',
    '¤', '¡', 'Ä', '§', '¿', 'à', '\u{0C}', '^', '{', '}', '\\', '[', '~', ']', '|', '€', '\u{1B}', '\0', '`', 'ç',
    'á', 'ğ', 'İ', 'ı', 'õ', 'ж', '–', '’', '…', '\u{A0}', '中', 'अ', 'ி', 'ٹ', '😀', '👍', '🏽', '\u{200D}',
    '\u{FE0F}', '🇸', '\u{301}', '\u{FFFF}',
];

impl<'a> Steer<'a> {
    /// Begins at the first octet.
    pub const fn new(data: &'a [u8]) -> Self {
        Self { rest: data }
    }

    /// True once every further decision is 0.
    pub const fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// One octet.
    pub fn octet(&mut self) -> u8 {
        let Some((&first, rest)) = self.rest.split_first() else {
            return 0;
        };
        self.rest = rest;
        first
    }

    /// Two octets, big endian.
    pub fn word(&mut self) -> u16 {
        u16::from_be_bytes([self.octet(), self.octet()])
    }

    /// Four octets, big endian.
    pub fn long(&mut self) -> u32 {
        u32::from(self.word()) << 16 | u32::from(self.word())
    }

    /// At most so many octets.
    pub fn octets(&mut self, count: usize) -> &'a [u8] {
        let (head, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        head
    }

    /// All that is left.
    pub fn all(&mut self) -> &'a [u8] {
        self.octets(usize::MAX)
    }

    /// All that is left, as a text of at most `longest` characters, in one of four ways: UTF-8 as it stands, one edge
    /// character per octet, runs of one character, code points of 21 bits.
    pub fn text(&mut self, how: u8, longest: usize) -> String {
        match how % 4 {
            0 => String::from_utf8_lossy(self.all()).chars().take(longest).collect(),
            1 => self.all().iter().take(longest).map(|octet| PALETTE[usize::from(octet % 64)]).collect(),
            2 => {
                let mut out = String::new();
                let mut count = 0;
                while !self.is_over() && count < longest {
                    let c = PALETTE[usize::from(self.octet() % 64)];
                    let times = usize::from(self.octet()).min(longest - count);
                    out.extend(std::iter::repeat_n(c, times));
                    count += times.max(1);
                }
                out
            }
            _ => {
                let mut out = String::new();
                for _ in 0..longest {
                    if self.is_over() {
                        break;
                    }
                    let code = u32::from(self.octet() & 0x1F) << 16 | u32::from(self.word());
                    out.extend(char::from_u32(code % 0x11_0000));
                }
                out
            }
        }
    }
}
