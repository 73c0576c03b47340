//! What each character contributes to a normal form, looked up instead of computed.
//!
//! A character's contribution does not depend on its neighbours, with one exception: marks with a combining class that
//! follow one another are sorted by it. Two of them in a row are left to the slow way. So each page of 256 characters is
//! worked out once, when a text first needs it, from the definition in `normalise`.

use std::sync::OnceLock;

use unicode_normalization::char::canonical_combining_class;

use super::normalise::{is_part_of_word, push, stream};

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
    /// Contributions of more than four octets, or with spaces among them.
    long: Vec<String>,
}

#[derive(Clone, Copy)]
struct Entry {
    /// UTF-8, or the number of a long one.
    octets: [u8; 4],
    len: u8,
    starts_with_mark: bool,
    ends_with_mark: bool,
}

/// `len` of an entry that stands in `Page::long`.
const LONG: u8 = 5;

/// Appends the normal form of `text` without trimming it; false if marks have to be sorted, and then `out` is of no use.
pub(super) fn append(text: &str, out: &mut Vec<u8>) -> bool {
    let octets = text.as_bytes();
    let mut at = 0;
    let mut after_mark = false;
    while let Some(&octet) = octets.get(at) {
        if octet < 0x80 {
            let run = octets[at..].iter().position(|o| *o >= 0x80).unwrap_or(octets.len() - at);
            append_ascii(&octets[at..at + run], out);
            after_mark = false;
            at += run;
            continue;
        }
        let Some(c) = text[at..].chars().next() else { return false };
        at += c.len_utf8();
        let code = c as usize;
        let Some(page) = PAGES.get(code >> 8) else { return false };
        let page = page.get_or_init(|| Page::new(code as u32 & !0xFF));
        let entry = page.entries[code & 0xFF];
        if after_mark && entry.starts_with_mark {
            return false;
        }
        match entry.len {
            0 => continue,
            2 => out.extend_from_slice(&entry.octets[..2]),
            3 => out.extend_from_slice(&entry.octets[..3]),
            LONG => {
                for c in page.long[usize::from(entry.octets[0])].split_inclusive(' ') {
                    push(out, c.trim_end_matches(' ').as_bytes());
                    if c.ends_with(' ') {
                        push(out, b" ");
                    }
                }
            }
            len => push(out, &entry.octets[..usize::from(len)]),
        }
        after_mark = entry.ends_with_mark;
    }
    true
}

fn append_ascii(octets: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let mut in_word = out.last().is_some_and(|last| *last != b' ');
    // Every octet is written, and the next one over it unless it counts: a branch at each word's end would cost more.
    out.resize(start + octets.len(), 0);
    let target = &mut out[start..];
    let mut used = 0usize;
    for octet in octets {
        let folded = ASCII[usize::from(octet & 0x7F)];
        let word = folded != b' ';
        target[used] = folded;
        used = used.wrapping_add(usize::from(word | in_word));
        in_word = word;
    }
    out.truncate(start + used);
}

impl Page {
    fn new(first: u32) -> Box<Self> {
        let nothing = Entry { octets: [0; 4], len: 0, starts_with_mark: false, ends_with_mark: false };
        let mut page = Box::new(Self { entries: [nothing; 256], long: Vec::new() });
        for i in 0..256 {
            let Some(c) = char::from_u32(first + i) else { continue };
            let all: Vec<char> = stream(c.encode_utf8(&mut [0; 4])).collect();
            let text: String = all.iter().map(|c| if is_part_of_word(*c) { *c } else { ' ' }).collect();
            let entry = &mut page.entries[i as usize];
            let is_mark = |c: Option<&char>| c.is_some_and(|c| canonical_combining_class(*c) != 0);
            entry.starts_with_mark = is_mark(all.first());
            entry.ends_with_mark = is_mark(all.last());
            if text.len() <= 4 && (text == " " || !text.contains(' ')) {
                entry.len = text.len() as u8;
                entry.octets[..text.len()].copy_from_slice(text.as_bytes());
            } else {
                entry.len = LONG;
                entry.octets[0] = page.long.len() as u8;
                page.long.push(text);
            }
        }
        page
    }
}
