//! How a carrier wants texts cut, and what a message looks like on its way there.

use std::borrow::Cow;

use super::envelope::{Address, Draft, Envelope, flag};
use super::message::Mt;
use super::quirks::{CarrierQuirks, LongText, Style, append_nul, vendor};
use super::tables::Carrier;
use super::view;
use crate::smpp::sm::{Addr, UDHI};
use crate::smpp::tlv::{self, Tlvs};
use crate::text::coding::{Alphabet, DataCoding};
use crate::text::{self, Choice, Mode, SegmentOptions, Segments, udh};

/// Octets of user data in one short message (3GPP TS 23.040 §9.2.3.16): 140, or 160 unpacked septets.
pub(super) fn capacity(data_coding: u8) -> usize {
    let septets = data_coding == 0 || data_coding & 0xF4 == 0xF0 || data_coding & 0xFC == 0x10;
    if septets { 160 } else { 140 }
}

/// How this carrier wants a text cut.
pub(super) fn options(wanted: LongText, reference: u16) -> SegmentOptions {
    let (mode, reference_bits) = match wanted {
        // The message centre makes headers of SAR TLVs, so the parts must leave room for them.
        LongText::Udh8 | LongText::Sar => (Mode::Udh, 8),
        LongText::Udh16 => (Mode::Udh, 16),
        LongText::Payload => (Mode::Payload, 8),
    };
    let reference = if wanted == LongText::Udh16 { reference } else { reference & 0xFF };
    SegmentOptions { reference, reference_bits, mode, ..SegmentOptions::default() }
}

/// The flags that say how parts belong together.
pub(super) fn flags(wanted: LongText, made: &Segments) -> u16 {
    match wanted {
        LongText::Payload if made.parts[0].octets.len() > capacity(made.data_coding) => flag::PAYLOAD,
        _ if made.parts.len() < 2 => 0,
        LongText::Udh8 => flag::OWN_REFERENCE,
        LongText::Udh16 => flag::OWN_REFERENCE | flag::WIDE,
        LongText::Sar => flag::OWN_REFERENCE | flag::SAR,
        LongText::Payload => 0,
    }
}

pub(super) const LONG: u16 = flag::OWN_REFERENCE | flag::WIDE | flag::SAR | flag::PAYLOAD;

/// How the node cut this message; `None` where it did not.
fn made(env: &Envelope) -> Option<LongText> {
    let of = |bit, long| env.has(bit).then_some(long);
    of(flag::PAYLOAD, LongText::Payload)
        .or_else(|| of(flag::SAR, LongText::Sar))
        .or_else(|| of(flag::WIDE, LongText::Udh16))
        .or_else(|| of(flag::OWN_REFERENCE, LongText::Udh8))
}

/// Whether a body is text in the carrier's default alphabet.
pub(super) fn in_default_alphabet(data_coding: u8) -> bool {
    DataCoding::of(data_coding).alphabet == Alphabet::Default
}

/// Whether a text in the default alphabet has a character that the carrier's own lacks.
pub(super) fn is_foreign(quirks: &CarrierQuirks, body: &[u8], data_coding: u8) -> bool {
    in_default_alphabet(data_coding)
        && text::decode(body, data_coding, b"", false, text::DefaultAlphabet::Gsm7)
            .is_ok_and(|text| !quirks.coding.has(&text))
}

/// The message cut as another carrier wants it; `None` if it may go as it is.
pub(super) fn remake(mt: &Mt, quirks: &CarrierQuirks, reference: u16) -> Option<Envelope> {
    let env = &mt.env;
    if !env.has(flag::SEGMENTED) {
        return None;
    }
    let foreign = !quirks.coding.is_plain()
        && in_default_alphabet(env.data_coding())
        && view::text_of_mt(mt).is_some_and(|text| !quirks.coding.has(&text));
    if !foreign && made(env).is_none_or(|made| made == quirks.long_text) {
        return None;
    }
    let mut options = options(quirks.long_text, reference);
    let mut coding = env.data_coding();
    options.encoding = match env.encoding() {
        0 if foreign => Choice::Ucs2,
        0 => Choice::Gsm7,
        1 => Choice::Ucs2,
        _ => Choice::Latin1,
    };
    let segments = match view::text_of_mt(mt).filter(|_| env.encoding() < 3) {
        Some(text) => text::segment(&text, &options).ok()?,
        None => text::segment_binary(&view::body_of_mt(mt), b"", coding, &options).ok()?,
    };
    let mut encoding = env.encoding();
    if foreign {
        (coding, encoding) = (segments.data_coding, 1);
    }
    let draft = Draft {
        flags: env.flags() & !LONG | flags(quirks.long_text, &segments),
        esm_class: env.esm_class() & !UDHI | if segments.udhi { UDHI } else { 0 },
        data_coding: coding,
        encoding,
        ..env.draft()
    };
    Some(Envelope::build(&draft, segments.parts.iter().map(|part| part.octets.as_slice())))
}

/// One part as its carrier wants it.
pub(super) struct Dress<'a> {
    pub(super) source: Written<'a>,
    pub(super) dest: Written<'a>,
    pub(super) esm_class: u8,
    pub(super) data_coding: u8,
    pub(super) short_message: Vec<u8>,
    pub(super) tlvs: Vec<u8>,
}

/// An address, written anew or not.
pub(super) enum Written<'a> {
    Same(Address<'a>),
    Anew(super::quirks::address::Written),
}

impl Written<'_> {
    pub(super) fn addr(&self, fixed: (Option<u8>, Option<u8>)) -> Addr<'_> {
        let (ton, npi, addr) = match self {
            Self::Same(at) => (at.ton, at.npi, at.addr),
            Self::Anew(at) => (at.ton, at.npi, at.addr()),
        };
        Addr { ton: fixed.0.unwrap_or(ton), npi: fixed.1.unwrap_or(npi), addr }
    }
}

/// An address as a link wants it.
pub(super) fn styled<'a>(style: &Style, at: Address<'a>) -> Written<'a> {
    style.write(at.ton, at.npi, at.addr).map_or(Written::Same(at), Written::Anew)
}

/// Whether a message goes out as it lies in memory.
pub(super) fn is_plain(table: &Carrier, env: &Envelope) -> bool {
    table.quirks.sends_plainly() && !env.has(flag::SAR | flag::PAYLOAD | flag::PARAMS)
}

impl<'a> Dress<'a> {
    /// Part `index` for this carrier.
    pub(super) fn of(table: &Carrier, env: &'a Envelope, index: usize, takes_tlvs: bool) -> Self {
        let quirks = &table.quirks;
        let mut tlvs = Vec::new();
        let mut esm_class = env.esm_class();
        let mut part = Cow::Borrowed(env.part(index));
        if env.has(flag::SAR) && takes_tlvs {
            part = Cow::Owned(as_sar(&part, &mut esm_class, &mut tlvs));
        } else if let Some(concat) = sar(env).filter(|_| !takes_tlvs)
            && let Some(headed) = as_header(&part, env.data_coding(), concat, &mut esm_class)
        {
            part = Cow::Owned(headed);
        }
        let (body, data_coding) = quirks.coding.write(&part, env.data_coding(), esm_class & UDHI != 0);
        let mut body = body.into_owned();
        if quirks.append_nul {
            append_nul(&mut body, data_coding);
        }
        if takes_tlvs {
            if env.has(flag::PAYLOAD) {
                tlv::put(&mut tlvs, tlv::MESSAGE_PAYLOAD, &body);
                body.clear();
            }
            vendor::write(&quirks.tlvs, &Tlvs::new(env.tlvs()), &mut tlvs);
        }
        Self {
            source: styled(&quirks.source, env.from()),
            dest: styled(&quirks.dest, env.to()),
            esm_class,
            data_coding,
            short_message: body,
            tlvs,
        }
    }
}

/// What the SAR TLVs of a part say that its sender made (SMPP 3.4 §5.3.2.22-24).
pub(super) fn sar(env: &Envelope) -> Option<udh::Concat> {
    if env.tlvs().is_empty() {
        return None;
    }
    let tlvs = Tlvs::new(env.tlvs());
    let int = |tag| tlvs.int(tag).and_then(|value| u8::try_from(value).ok());
    let (total, sequence) = (int(tlv::SAR_TOTAL_SEGMENTS)?, int(tlv::SAR_SEGMENT_SEQNUM)?);
    let reference = u16::try_from(tlvs.int(tlv::SAR_MSG_REF_NUM)?).ok()?;
    udh::Concat { reference, wide: reference > 0xFF, total, sequence }.checked()
}

/// A part with that as an element of its header, for a carrier that takes no TLVs; `None` where it has one, or no room for one.
fn as_header(part: &[u8], data_coding: u8, concat: udh::Concat, esm_class: &mut u8) -> Option<Vec<u8>> {
    let (header, body) = udh::split(part, *esm_class & UDHI != 0);
    if udh::concat(header).is_some() {
        return None;
    }
    let elements = [&concat.element(), header.get(1..).unwrap_or_default()].concat();
    let header = udh::build(&elements)?;
    let room = capacity(data_coding);
    // 3GPP TS 23.040 §9.2.3.24: septets begin anew at a septet's edge after the header.
    let taken = if room == 160 { (header.len() * 8).div_ceil(7) } else { header.len() };
    if taken + body.len() > room {
        return None;
    }
    *esm_class |= UDHI;
    Some([&header, body].concat())
}

/// A part without the concatenation element of its header, which is written as TLVs (SMPP 3.4 §5.3.2.22-24).
fn as_sar(part: &[u8], esm_class: &mut u8, tlvs: &mut Vec<u8>) -> Vec<u8> {
    let (header, body) = udh::split(part, *esm_class & UDHI != 0);
    let Some(concat) = udh::concat(header) else { return part.to_vec() };
    tlv::put(tlvs, tlv::SAR_MSG_REF_NUM, &concat.reference.to_be_bytes());
    tlv::put(tlvs, tlv::SAR_TOTAL_SEGMENTS, &[concat.total]);
    tlv::put(tlvs, tlv::SAR_SEGMENT_SEQNUM, &[concat.sequence]);
    let mut rest = Vec::new();
    for element in udh::elements(header).iter().filter(|e| !matches!(e.iei, udh::CONCAT_8 | udh::CONCAT_16)) {
        rest.extend_from_slice(&[element.iei, element.data.len() as u8]);
        rest.extend_from_slice(element.data);
    }
    let rest = udh::build(&rest).unwrap_or_default();
    if rest.is_empty() {
        *esm_class &= !UDHI;
    }
    [&rest, body].concat()
}
