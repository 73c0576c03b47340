//! Times as SMPP writes them (7.1.1), and the shorter stamps of receipts.
//!
//! ```text
//! YYMMDDhhmmsstnnp     t tenths of a second, nn quarter hours, p '+' local is ahead of UTC, '-' behind,
//!                      'R' the digits are a duration and nn is 00
//! ```

use crate::clock::WallMs;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const QUARTER: u64 = 15 * MINUTE;

/// A `schedule_delivery_time` or `validity_period`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Empty: at once, or the message centre's default.
    Unset,
    /// At this moment.
    At(WallMs),
    /// This many milliseconds from now. Years count 365 days and months 30: the specification leaves them open.
    In(u64),
}

impl Time {
    /// The moment meant, for a field read at `now`.
    pub const fn after(self, now: WallMs) -> Option<WallMs> {
        match self {
            Self::Unset => None,
            Self::At(at) => Some(at),
            Self::In(wait) => Some(now.saturating_add(wait)),
        }
    }
}

/// Reads a time field without its NUL; None if it is not one.
pub fn parse(field: &[u8]) -> Option<Time> {
    if field.is_empty() {
        return Some(Time::Unset);
    }
    let field: &[u8; 16] = field.try_into().ok()?;
    let [year, month, day, hour, minute, second] = pairs(&field[..12])?;
    let tenths = pairs::<1>(&[b'0', field[12]])?[0];
    let [quarters] = pairs(&field[13..15])?;
    let fraction = tenths * 100;
    match field[15] {
        b'R' => {
            let days = year * 365 + month * 30 + day;
            Some(Time::In(days * DAY + hour * HOUR + minute * MINUTE + second * SECOND + fraction))
        }
        sign @ (b'+' | b'-') if quarters <= 48 => {
            let local = moment(2000 + year, [month, day, hour, minute, second])? + fraction;
            let ahead = quarters * QUARTER;
            Some(Time::At(if sign == b'+' { local.checked_sub(ahead)? } else { local + ahead }))
        }
        _ => None,
    }
}

/// Appends an absolute time in UTC, rounded down to tenths. Years outside 2000 to 2099 cannot be written and give the
/// nearest moment that can.
pub fn write_absolute(out: &mut Vec<u8>, at: WallMs) {
    let at = clamp(at);
    stamp(out, at, 6);
    out.push(b'0' + (at % SECOND / 100) as u8);
    out.extend_from_slice(b"00+");
}

/// Appends a duration in whole seconds, at most 63 years.
pub fn write_relative(out: &mut Vec<u8>, seconds: u64) {
    let ms = seconds.min(63 * 365 * DAY / SECOND) * SECOND;
    let days = ms / DAY;
    let (years, days) = (days / 365, days % 365);
    // Twelve months of 30 days leave five days over, which still fit: 12 months and 4 days at most.
    let parts = [years, days / 30, days % 30, ms % DAY / HOUR, ms % HOUR / MINUTE, ms % MINUTE / SECOND];
    for part in parts {
        two(out, part);
    }
    out.extend_from_slice(b"000R");
}

/// Appends `YYMMDDhhmm`, as receipts write it (appendix B), in UTC.
pub fn write_stamp(out: &mut Vec<u8>, at: WallMs) {
    stamp(out, clamp(at), 5);
}

/// Appends `YYMMDDhhmmss` in UTC.
pub fn write_stamp_seconds(out: &mut Vec<u8>, at: WallMs) {
    stamp(out, clamp(at), 6);
}

/// Reads a receipt's date as carriers write it: 10 digits, 12 with seconds, 14 with a four-digit year as well, 17 with
/// milliseconds too, an absolute time, seconds or milliseconds since 1970 (from 2001 to 2033), or any of them with separators, as in
/// `2026-01-02 15:04:05`. Dates carry no zone; they are read as UTC.
pub fn parse_stamp(text: &[u8]) -> Option<WallMs> {
    if let [b'0'..=b'9', .., b'+' | b'-'] = text {
        return match parse(text)? {
            Time::At(at) => Some(at),
            Time::Unset | Time::In(_) => None,
        };
    }
    let mut digits = [0; 17];
    let mut length = 0;
    for octet in text {
        match octet {
            b'0'..=b'9' => {
                *digits.get_mut(length)? = *octet;
                length += 1;
            }
            b'-' | b'/' | b':' | b'.' | b' ' | b'T' | b'Z' => {}
            _ => return None,
        }
    }
    let digits = &digits[..length];
    let number = || digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    match length {
        10 => pairs(digits)
            .and_then(|[y, mo, d, h, mi]| moment(2000 + y, [mo, d, h, mi, 0]))
            .or_else(|| (digits[0] == b'1').then(|| number() * SECOND)),
        12 => pairs(digits).and_then(|[y, mo, d, h, mi, s]| moment(2000 + y, [mo, d, h, mi, s])),
        13 => (digits[0] == b'1').then(number),
        14 => pairs(digits).and_then(|[c, y, mo, d, h, mi, s]| moment(c * 100 + y, [mo, d, h, mi, s])),
        17 => {
            let whole = pairs(&digits[..14]).and_then(|[c, y, mo, d, h, mi, s]| moment(c * 100 + y, [mo, d, h, mi, s]));
            whole.map(|at| at + number() % SECOND)
        }
        _ => None,
    }
}

fn pairs<const N: usize>(digits: &[u8]) -> Option<[u64; N]> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut values = [0; N];
    for (value, [tens, ones]) in values.iter_mut().zip(pairs) {
        *value = u64::from(tens - b'0') * 10 + u64::from(ones - b'0');
    }
    Some(values)
}

/// Milliseconds since 1970 of a date of the proleptic Gregorian calendar.
fn moment(year: u64, [month, day, hour, minute, second]: [u64; 5]) -> Option<WallMs> {
    let valid = year >= 1970
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !valid {
        return None;
    }
    let years: u64 = days_before_year(year) - days_before_year(1970);
    let months: u64 = (1..month).map(|month| days_in(year, month)).sum();
    Some((years + months + day - 1) * DAY + hour * HOUR + minute * MINUTE + second * SECOND)
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

const fn days_before_year(year: u64) -> u64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

/// The two-digit year reaches from 2000 to 2099.
fn clamp(at: WallMs) -> WallMs {
    const FIRST: WallMs = (days_before_year(2000) - days_before_year(1970)) * DAY;
    const LAST: WallMs = (days_before_year(2100) - days_before_year(1970)) * DAY - 1;
    at.clamp(FIRST, LAST)
}

fn stamp(out: &mut Vec<u8>, at: WallMs, parts: usize) {
    let mut days = at / DAY;
    let mut year = 1970 + days / 366;
    while days_before_year(year + 1) - days_before_year(1970) <= days {
        year += 1;
    }
    days -= days_before_year(year) - days_before_year(1970);
    let mut month = 1;
    while days >= days_in(year, month) {
        days -= days_in(year, month);
        month += 1;
    }
    let all = [year % 100, month, days + 1, at % DAY / HOUR, at % HOUR / MINUTE, at % MINUTE / SECOND];
    for part in &all[..parts] {
        two(out, *part);
    }
}

fn two(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&[b'0' + (value / 10 % 10) as u8, b'0' + (value % 10) as u8]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn known_moments() {
        // 2026-02-28T23:59:58.700Z
        let at = 1_772_323_198_700;
        assert_eq!(written(|out| write_absolute(out, at)), "260228235958700+");
        assert_eq!(parse(b"260228235958700+"), Some(Time::At(at)));
        assert_eq!(written(|out| write_stamp(out, at)), "2602282359");
        assert_eq!(parse_stamp(b"2602282359"), Some(at - 58_700));
        assert_eq!(parse_stamp(b"260228235958"), Some(at - 700));
        assert_eq!(parse_stamp(b"20260228235958"), Some(at - 700));
        assert_eq!(parse_stamp(b"260228235958700+"), Some(at));
        assert_eq!(parse_stamp(b"20260228235958700"), Some(at));
        assert_eq!(parse_stamp(b"2026-02-28 23:59:58"), Some(at - 700));
        assert_eq!(parse_stamp(b"2026/02/28T23:59:58.700Z"), Some(at));
        assert_eq!(parse_stamp(b"1772323198"), Some(at - 700));
        assert_eq!(parse_stamp(b"1772323198700"), Some(at));
    }

    #[test]
    fn zones_are_quarter_hours_from_utc() {
        let Some(Time::At(utc)) = parse(b"260101120000000+") else { panic!() };
        assert_eq!(parse(b"260101130000004+"), Some(Time::At(utc)));
        assert_eq!(parse(b"260101070000020-"), Some(Time::At(utc)));
        assert_eq!(parse(b"260101070000049-"), None);
    }

    #[test]
    fn durations() {
        assert_eq!(parse(b"000002030405000R"), Some(Time::In(2 * DAY + 3 * HOUR + 4 * MINUTE + 5 * SECOND)));
        assert_eq!(written(|out| write_relative(out, 90_061)), "000001010101000R");
        assert_eq!(Time::In(5).after(10), Some(15));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in [
            &b"260230000000000+"[..],
            b"261301000000000+",
            b"2601010000000000+",
            b"26010100000000",
            b"xxxxxxxxxxxxxxx+",
            b"260101000000000Z",
        ] {
            assert_eq!(parse(bad), None, "{}", String::from_utf8_lossy(bad));
        }
        for bad in
            [&b"0000000000"[..], b"", b"abc", b"2602292359", b"20261301000000", b"260228235958700+x", b"0000000000000"]
        {
            assert_eq!(parse_stamp(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }

    proptest! {
        #[test]
        fn any_moment_of_the_century_round_trips(at in 946_684_800_000u64..4_102_444_800_000) {
            let text = written(|out| write_absolute(out, at));
            prop_assert_eq!(parse(text.as_bytes()), Some(Time::At(at / 100 * 100)));
            let text = written(|out| write_stamp_seconds(out, at));
            prop_assert_eq!(parse_stamp(text.as_bytes()), Some(at / 1000 * 1000));
        }

        #[test]
        fn any_duration_round_trips(seconds in 0u64..(63 * 365 * 86_400)) {
            let text = written(|out| write_relative(out, seconds));
            prop_assert_eq!(parse(text.as_bytes()), Some(Time::In(seconds * 1000)));
        }

        #[test]
        fn any_octets_are_read_or_refused(text in prop::collection::vec(any::<u8>(), 0..20), at: u64) {
            let _ = (parse(&text), parse_stamp(&text));
            prop_assert_eq!(written(|out| write_absolute(out, at)).len(), 16);
        }
    }
}
