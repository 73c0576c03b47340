//! The tables of the GSM 7-bit default alphabet as data (3GPP TS 23.038 §6.2.1), and their inverse.

/// The code that leads to the extension table; it is no character itself (§6.2.1).
pub const ESCAPE: u8 = 0x1B;

/// §6.2.1: the character of each septet. The cell of the escape code holds the control character ESC, which no text can reach.
#[rustfmt::skip]
pub const DEFAULT: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1B}', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// §6.2.1.1: the characters behind the escape code, two septets each.
pub const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{0C}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// Marks a code point that neither table holds.
const NONE: u16 = 0xFFFF;

/// Code point to septets for U+0000 to U+00FF, built from the tables above; an escape pair is `0x1B00 | code`.
const LOW: [u16; 256] = low();
/// The same for the Greek capitals, of which ten are in the default table; past them there is only the euro.
const GREEK: [u16; 32] = greek();
const FIRST_GREEK: usize = 0x390;
const EURO: usize = 0x20AC;
const EURO_PAIR: u16 = pair(0x65);

const fn low() -> [u16; 256] {
    let mut out = [NONE; 256];
    let mut i = 0;
    while i < 128 {
        let c = DEFAULT[i] as usize;
        if c < 256 && i != ESCAPE as usize {
            out[c] = i as u16;
        }
        i += 1;
    }
    let mut i = 0;
    while i < EXTENSION.len() {
        let (code, c) = EXTENSION[i];
        if (c as usize) < 256 {
            out[c as usize] = pair(code);
        }
        i += 1;
    }
    out
}

const fn greek() -> [u16; 32] {
    let mut out = [NONE; 32];
    let mut i = 0;
    while i < 128 {
        let c = DEFAULT[i] as usize;
        if c > 0xFF {
            out[c - FIRST_GREEK] = i as u16;
        }
        i += 1;
    }
    out
}

const fn pair(code: u8) -> u16 {
    (ESCAPE as u16) << 8 | code as u16
}

/// The septets of `c`: below 0x80 one, else `0x1B00 | code` for an escape pair; `None` if neither table holds it.
#[inline]
pub fn septets(c: char) -> Option<u16> {
    let code = c as usize;
    let found = match code {
        0..256 => LOW[code],
        FIRST_GREEK..0x3B0 => GREEK[code - FIRST_GREEK],
        EURO => EURO_PAIR,
        _ => NONE,
    };
    (found != NONE).then_some(found)
}

/// Whether all of `octets` are ASCII characters that take one septet.
///
/// One pass without a branch per octet, which the compiler turns into vector code: most messages end here.
#[inline]
#[allow(clippy::needless_bitwise_bool)] // a lazy operator is a branch
pub(super) fn all_plain(octets: &[u8]) -> bool {
    let plain = |o: u8| {
        (o.wrapping_sub(b' ') <= b'Z' - b' ')
            | (o.wrapping_sub(b'a') <= b'z' - b'a')
            | (o == b'_')
            | (o == b'\n')
            | (o == b'\r')
    };
    octets.chunks(64).all(|chunk| chunk.iter().fold(true, |all, o| all & plain(*o)))
}

/// What the escape code followed by `code` stands for.
///
/// §6.2.1.1: a second escape is reserved for a further table and shown as a space; a code without a character there is shown
/// as the default table shows it.
#[inline]
pub fn extended(code: u8) -> char {
    EXTENDED[usize::from(code & 0x7F)]
}

const EXTENDED: [char; 128] = {
    let mut out = DEFAULT;
    out[ESCAPE as usize] = ' ';
    let mut i = 0;
    while i < EXTENSION.len() {
        let (code, c) = EXTENSION[i];
        out[code as usize] = c;
        i += 1;
    }
    out
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_its_inverse() {
        for (code, c) in DEFAULT.iter().enumerate() {
            let want = (code != usize::from(ESCAPE)).then_some(code as u16);
            assert_eq!(septets(*c), want, "{c:?}");
        }
        for (code, c) in EXTENSION {
            assert_eq!(septets(c), Some(pair(code)), "{c:?}");
            assert_eq!(extended(code), c);
        }
    }

    #[test]
    fn plain_octets_are_those_of_one_septet() {
        for o in 0..=255u8 {
            let one = o.is_ascii() && septets(char::from(o)).is_some_and(|code| code < 0x80);
            assert_eq!(all_plain(&[b'a', o]), one, "{o:02X}");
        }
    }

    #[test]
    fn exactly_137_characters_have_septets() {
        let all = (0..=char::MAX as u32).filter_map(char::from_u32);
        assert_eq!(all.filter(|c| septets(*c).is_some()).count(), 127 + 10);
    }
}
