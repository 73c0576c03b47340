//! What each character contributes to a normal form, looked up instead of computed.
//!
//! A character's contribution does not depend on its neighbours, with one exception: marks with a combining class that
//! follow one another are sorted by it. Two of them in a row are left to the slow way. So each page of 256 characters is
//! worked out once, when a text first needs it, from the definition in `normalise`.

use std::sync::OnceLock;

use unicode_normalization::char::canonical_combining_class;

use super::normalise::{is_part_of_word, kept, stream};

/// Pages up to U+1FFFF; nobody writes beyond.
static PAGES: [OnceLock<Box<Page>>; 0x200] = [const { OnceLock::new() }; 0x200];

/// ASCII: the lower-case letter or digit, or a space.
const ASCII: [u8; 128] = {
    let mut out = [b' '; 128];
    let mut i = 0u8;
    while i < 128 {
        if i.is_ascii_alphanumeric() {
            out[i as usize] = i.to_ascii_lowercase();
        }
        i += 1;
    }
    out
};

struct Page {
    entries: [Entry; 256],
    /// What does not fit into an entry.
    long: Vec<String>,
}

/// What one character contributes.
#[derive(Clone, Copy)]
struct Entry {
    /// UTF-8, or the number of a long one.
    octets: [u8; 4],
    len: u8,
    /// Zero for nearly every letter.
    flags: u8,
}

/// Nothing, or only spaces, or marks at an edge, or something longer than the character itself.
const NOTHING: u8 = 1;
const SPACE: u8 = 2;
const STARTS_WITH_MARK: u8 = 4;
const ENDS_WITH_MARK: u8 = 8;
const LONG: u8 = 16;

/// A normal form while it is written, not yet trimmed at its end.
struct Writer<'a> {
    out: &'a mut Vec<u8>,
    used: usize,
    /// Whether something was written and no space behind it.
    in_word: bool,
    /// Whether the last character written is a mark that has an order among marks.
    after_mark: bool,
}

/// Writes the normal form of `text` over `out` and returns its length; None if marks have to be sorted, and then `out` is of
/// no use. What is in `out` behind it means nothing: clearing it would take longer than writing.
pub(super) fn write(text: &str, out: &mut Vec<u8>) -> Option<usize> {
    let octets = text.as_bytes();
    if out.len() < octets.len() + ROOM {
        out.resize(octets.len() + ROOM, 0);
    }
    let mut writer = Writer { out, used: 0, in_word: false, after_mark: false };
    let mut at = 0;
    while let Some(&octet) = octets.get(at) {
        if octet < 0x80 {
            at = writer.ascii(octets, at);
            continue;
        }
        let (code, len) = character(octets, at)?;
        at += len;
        let page = PAGES.get(code >> 8)?.get_or_init(|| Page::new(code as u32 & !0xFF));
        let entry = page.entries[code & 0xFF];
        if entry.flags == 0 {
            writer.put(entry);
        } else if !writer.put_rare(entry, page, octets.len() - at) {
            return None;
        }
    }
    Some(writer.used - usize::from(writer.used > 0 && !writer.in_word))
}

/// Entries are written whole, so this much may be written too much.
const ROOM: usize = 4;

/// The character at `at`, which is not ASCII, and its length.
#[inline]
fn character(octets: &[u8], at: usize) -> Option<(usize, usize)> {
    let six = |n: usize| octets.get(at + n).map(|octet| usize::from(octet & 0x3F));
    let first = usize::from(octets[at]);
    Some(match first {
        0xF0.. => ((first & 0x07) << 18 | six(1)? << 12 | six(2)? << 6 | six(3)?, 4),
        0xE0.. => ((first & 0x0F) << 12 | six(1)? << 6 | six(2)?, 3),
        _ => ((first & 0x1F) << 6 | six(1)?, 2),
    })
}

impl Writer<'_> {
    /// Reads ASCII from `at` and returns where it ends, or at least goes on later.
    #[inline]
    fn ascii(&mut self, octets: &[u8], mut at: usize) -> usize {
        self.after_mark = false;
        while let Some(eight) = octets[at..].first_chunk::<8>() {
            if u64::from_le_bytes(*eight) & 0x8080_8080_8080_8080 != 0 {
                break;
            }
            // Every octet is written, and the next one over it unless it counts: a branch at each word's end would cost more.
            let Some(target) = self.out[self.used..].first_chunk_mut::<8>() else { break };
            let mut used = 0;
            for octet in eight {
                let folded = ASCII[usize::from(octet & 0x7F)];
                let word = folded != b' ';
                target[used & 7] = folded;
                used += usize::from(word | self.in_word);
                self.in_word = word;
            }
            self.used += used;
            at += 8;
        }
        while let Some(octet) = octets.get(at).filter(|octet| **octet < 0x80) {
            let folded = ASCII[usize::from(octet & 0x7F)];
            let word = folded != b' ';
            self.out[self.used] = folded;
            self.used += usize::from(word | self.in_word);
            self.in_word = word;
            at += 1;
        }
        at
    }

    #[inline]
    fn put(&mut self, entry: Entry) {
        self.out[self.used..self.used + 4].copy_from_slice(&entry.octets);
        self.used += usize::from(entry.len);
        self.in_word = true;
        self.after_mark = false;
    }

    /// Whatever has flags; `left` octets of the text follow. False if marks have to be sorted.
    fn put_rare(&mut self, entry: Entry, page: &Page, left: usize) -> bool {
        if entry.flags & NOTHING != 0 {
            return true;
        }
        if self.after_mark && entry.flags & STARTS_WITH_MARK != 0 {
            return false;
        }
        if entry.flags & LONG != 0 {
            let long = page.long[usize::from(entry.octets[0])].as_bytes();
            let enough = self.used + long.len() + left + ROOM;
            if self.out.len() < enough {
                self.out.resize(enough, 0);
            }
            for octet in long {
                let word = *octet != b' ';
                self.out[self.used] = *octet;
                self.used += usize::from(word | self.in_word);
                self.in_word = word;
            }
        } else if entry.flags & SPACE != 0 {
            self.out[self.used] = b' ';
            self.used += usize::from(self.in_word);
            self.in_word = false;
        } else {
            self.put(entry);
        }
        self.after_mark = entry.flags & ENDS_WITH_MARK != 0;
        true
    }
}

impl Page {
    fn new(first: u32) -> Box<Self> {
        let nothing = Entry { octets: [0; 4], len: 0, flags: NOTHING };
        let mut page = Box::new(Self { entries: [nothing; 256], long: Vec::new() });
        for i in 0..256 {
            let Some(c) = char::from_u32(first + i) else { continue };
            let all: Vec<char> = stream(c.encode_utf8(&mut [0; 4])).collect();
            let unfolded: Vec<char> = kept(c.encode_utf8(&mut [0; 4])).collect();
            let text: String = all.iter().map(|c| if is_part_of_word(*c) { *c } else { ' ' }).collect();
            if text.is_empty() {
                continue;
            }
            let entry = &mut page.entries[i as usize];
            // Marks are sorted before and after folding.
            let mark = |one: Option<&char>, other: Option<&char>, flag| {
                let is = [one, other].into_iter().flatten().any(|c| canonical_combining_class(*c) != 0);
                if is { flag } else { 0 }
            };
            entry.flags = mark(all.first(), unfolded.first(), STARTS_WITH_MARK)
                | mark(all.last(), unfolded.last(), ENDS_WITH_MARK);
            if text == " " {
                entry.flags |= SPACE;
            } else if text.len() <= c.len_utf8() && !text.contains(' ') {
                entry.len = text.len() as u8;
                entry.octets[..text.len()].copy_from_slice(text.as_bytes());
            } else {
                entry.flags |= LONG;
                entry.octets[0] = page.long.len() as u8;
                page.long.push(text);
            }
        }
        page
    }
}
