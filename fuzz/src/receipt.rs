//! Receipts: any octets are read in place or are none; what is written is read back.

use septet_core::smpp::receipt::{Dialect, Form, Reading, Receipt, Source, State, Unmarked, parse, read};
use septet_core::smpp::sm::Sm;
use septet_core::smpp::time;
use septet_core::smpp::tlv::Tlvs;

use crate::steer::Steer;

fn fields<'a>(receipt: &Receipt<'a>) -> [Option<&'a [u8]>; 8] {
    let r = receipt;
    [r.id, r.sub, r.dlvrd, r.submit_date, r.done_date, r.stat, r.err, r.text]
}

/// Any octets as a receipt, as a time, and as the parts of one that we write.
pub fn any(data: &[u8]) {
    if let Some(receipt) = parse(data) {
        assert!(receipt.id.is_some_and(|id| !id.is_empty()));
        assert!(receipt.stat.is_some() || receipt.submit_date.is_some() || receipt.done_date.is_some());
        let range = data.as_ptr_range();
        for field in fields(&receipt).into_iter().flatten() {
            let within = field.as_ptr_range();
            assert!(range.start <= within.start && within.end <= range.end, "a field is not of the body");
        }
        if let Some(state) = receipt.stat.and_then(State::from_stat) {
            assert_eq!(State::from_stat(state.stat().as_bytes()), Some(state));
            assert_eq!(State::from_message_state(state.message_state()), Some(state));
        }
    }
    times(data);
    written(data);
    in_any_dialect(data);
}

/// A message that may be a receipt, whatever its link says of receipts.
fn in_any_dialect(data: &[u8]) {
    let mut steer = Steer::new(data);
    let (esm_class, data_coding, choice) = (steer.octet(), steer.octet(), steer.octet());
    let length = usize::from(steer.octet() % 64);
    let tlvs = steer.octets(length);
    let sm = Sm { esm_class, data_coding, short_message: steer.all(), tlvs: Tlvs::new(tlvs), ..Sm::default() };
    let dialect = Dialect {
        source: [Source::Both, Source::Tlv, Source::Text][usize::from(choice % 3)],
        unmarked: [Unmarked::Strict, Unmarked::Loose, Unmarked::Never][usize::from(choice / 3 % 3)],
        words: Vec::new(),
        packed: choice & 0x80 != 0,
    };
    match read(&sm, &dialect, &mut Vec::new()) {
        Reading::Receipt(outcome) => assert!(!outcome.id.is_empty()),
        Reading::Unreadable => assert!(matches!(esm_class & 0x3C, 0x04 | 0x20)),
        Reading::Message => assert!(!matches!(esm_class & 0x3C, 0x04 | 0x20)),
    }
}

fn times(data: &[u8]) {
    let front = &data[..data.len().min(16)];
    for length in [10, 12, 14, 16] {
        let _ = data.get(..length).and_then(time::parse_stamp);
    }
    if let Some(time::Time::At(at)) = time::parse(front) {
        let mut out = Vec::new();
        time::write_absolute(&mut out, at);
        let back = time::parse(&out).expect("what is written is a time");
        // Half a day around the century's ends cannot be written and gives the nearest moment that can.
        let time::Time::At(back) = back else { panic!("{back:?}") };
        assert!(back == at || at.abs_diff(back) <= 12 * 3_600_000, "{at} became {back}");
    }
}

fn written(data: &[u8]) {
    let mut steer = Steer::new(data);
    let state = State::ALL[usize::from(steer.octet() % 8)];
    let (sub, dlvrd) = (steer.word(), steer.word());
    let (submit, done) = (u64::from(steer.long()) * 1_000, u64::from(steer.long()) * 1_000);
    let length = usize::from(steer.octet() % 20) + 1;
    let id: Vec<u8> = steer.octets(length).iter().map(|o| b"0123456789ABCDEF"[usize::from(o % 16)]).collect();
    let text = steer.all();
    if id.is_empty() {
        return;
    }
    let mut out = Vec::new();
    Form { id: &id, state, err: b"", submit, done, text, sub, dlvrd, seconds: false }.write(&mut out);
    let back = parse(&out).expect("our own receipt is one");
    assert_eq!(back.id, Some(&id[..]));
    assert_eq!(back.stat, Some(state.stat().as_bytes()));
    assert_eq!(back.sub, Some(format!("{:03}", sub.min(999)).as_bytes()));
    assert_eq!(back.dlvrd, Some(format!("{:03}", dlvrd.min(999)).as_bytes()));
    assert_eq!(back.err, Some(&b"000"[..]));
    let day = |field: Option<&[u8]>| field.and_then(time::parse_stamp).expect("our own date is one");
    // Two digits of a year reach from 2000 to 2099.
    let minute = |at: u64| at.clamp(946_684_800_000, 4_102_444_799_999) / 60_000 * 60_000;
    assert_eq!((day(back.submit_date), day(back.done_date)), (minute(submit), minute(done)));
    assert!(back.text.is_some_and(|read| text.starts_with(read)), "{:?}", back.text);
}
