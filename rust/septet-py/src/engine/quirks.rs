//! Quirks from Python, as tables of the core.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use septet_core::engine::Naming;
use septet_core::engine::quirks::{
    AccountQuirks, Base, CarrierQuirks, Coding, Country, IdForm, Kind, LongText, SendTlvs, Style, VendorTlv,
};
use septet_core::smpp::receipt::{Dialect, Source, State, Unmarked};
use septet_core::smpp::status::Class;
use septet_core::text::DefaultAlphabet;

/// One of a few names, or an error that says which.
fn one_of<T: Copy>(what: &str, name: &str, known: &[(&str, T)]) -> PyResult<T> {
    let found = known.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value).ok_or_else(|| PyValueError::new_err(format!("no {what} {name:?}")))
}

const SEND_TLVS: [(&str, SendTlvs); 3] =
    [("by_version", SendTlvs::ByVersion), ("always", SendTlvs::Always), ("never", SendTlvs::Never)];

fn coding(alphabet: &str, packed: bool) -> PyResult<Coding> {
    let alphabet = DefaultAlphabet::from_name(alphabet).map_err(|e| PyValueError::new_err(e.message))?;
    Ok(Coding { alphabet, packed })
}

fn style(name: &str, country: &Country) -> PyResult<Style> {
    match name {
        "as_is" => Ok(Style::AsIs),
        "digits" => Ok(Style::Digits),
        "plus" => Ok(Style::Plus),
        "00" => Ok(Style::ZeroZero),
        "national" => Ok(Style::National(country.clone())),
        other => Err(PyValueError::new_err(format!("no address format {other:?}"))),
    }
}

fn state(name: &str) -> PyResult<State> {
    const NAMES: [&str; 8] =
        ["enroute", "delivered", "expired", "deleted", "undeliverable", "accepted", "unknown", "rejected"];
    let found = NAMES.iter().zip(State::ALL).find(|(known, _)| **known == name);
    found.map(|(_, state)| state).ok_or_else(|| PyValueError::new_err(format!("no receipt state {name:?}")))
}

/// What a carrier does differently.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct CarrierQuirksIn {
    message_id: String,
    strip_zeros: bool,
    fold_case: bool,
    receipt_from: String,
    receipt_unmarked: String,
    receipt_words: Vec<(String, String)>,
    statuses: Vec<(u32, String)>,
    packed: bool,
    data_sm: bool,
    destinations: u8,
    long_text: String,
    source_format: String,
    dest_format: String,
    country_code: String,
    trunk_prefix: String,
    address: (u8, u8),
    strip_nul: bool,
    append_nul: bool,
    tlvs: Vec<(String, u16, String, Option<String>)>,
    send_tlvs: String,
}

impl CarrierQuirksIn {
    pub(super) fn into_table(self, alphabet: &str) -> PyResult<CarrierQuirks> {
        let forms = [
            ("as_is", (Base::AsIs, Base::AsIs)),
            ("hex_to_decimal", (Base::Hex, Base::Decimal)),
            ("decimal_to_hex", (Base::Decimal, Base::Hex)),
        ];
        let (response, receipt) = one_of("message id form", &self.message_id, &forms)?;
        let sources = [("both", Source::Both), ("tlvs", Source::Tlv), ("text", Source::Text)];
        let unmarked = [("strict", Unmarked::Strict), ("loose", Unmarked::Loose), ("never", Unmarked::Never)];
        let long = [
            ("udh8", LongText::Udh8),
            ("udh16", LongText::Udh16),
            ("sar", LongText::Sar),
            ("payload", LongText::Payload),
        ];
        let classes = [("throttle", Class::Throttle), ("retry", Class::Retry), ("permanent", Class::Permanent)];
        let word = |(word, name): (String, String)| PyResult::Ok((word.into_bytes().into(), state(&name)?));
        let status = |(code, name): (u32, String)| PyResult::Ok((code, one_of("status class", &name, &classes)?));
        let country = Country { code: self.country_code, trunk: self.trunk_prefix };
        Ok(CarrierQuirks {
            message_id: IdForm { response, receipt, strip_zeros: self.strip_zeros, fold_case: self.fold_case },
            dialect: Dialect {
                source: one_of("receipt source", &self.receipt_from, &sources)?,
                unmarked: one_of("rule for unmarked receipts", &self.receipt_unmarked, &unmarked)?,
                words: self.receipt_words.into_iter().map(word).collect::<PyResult<_>>()?,
                packed: self.packed,
            },
            statuses: self.statuses.into_iter().map(status).collect::<PyResult<_>>()?,
            data_sm: self.data_sm,
            destinations: self.destinations,
            long_text: one_of("form of long texts", &self.long_text, &long)?,
            coding: coding(alphabet, self.packed)?,
            source: style(&self.source_format, &country)?,
            dest: style(&self.dest_format, &country)?,
            country,
            address: self.address,
            strip_nul: self.strip_nul,
            append_nul: self.append_nul,
            tlvs: self.tlvs.into_iter().map(vendor).collect::<PyResult<_>>()?,
            send_tlvs: one_of("rule for TLVs", &self.send_tlvs, &SEND_TLVS)?,
        })
    }
}

fn vendor((name, tag, kind, value): (String, u16, String, Option<String>)) -> PyResult<VendorTlv> {
    let kinds = [
        ("string", Kind::String),
        ("cstring", Kind::CString),
        ("int8", Kind::Int(1)),
        ("int16", Kind::Int(2)),
        ("int32", Kind::Int(4)),
        ("hex", Kind::Hex),
    ];
    let kind = one_of("type of TLV", &kind, &kinds)?;
    let bad = |value: &str| PyValueError::new_err(format!("{value:?} is no value of the TLV {name:?}"));
    let value = value.map(|value| kind.encode(&value).ok_or_else(|| bad(&value))).transpose()?;
    Ok(VendorTlv { name, tag, kind, value })
}

/// What an account does differently.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct AccountQuirksIn {
    default_alphabet: String,
    packed: bool,
    country_code: String,
    trunk_prefix: String,
    address_format: String,
    strip_nul: bool,
    append_nul: bool,
    message_id: String,
    receipt_states: Vec<String>,
    receipt_seconds: bool,
    send_tlvs: String,
}

impl AccountQuirksIn {
    pub(super) fn into_table(self) -> PyResult<AccountQuirks> {
        let country = Country { code: self.country_code, trunk: self.trunk_prefix };
        let mut receipts = 0;
        let namings = [
            ("as_is", Naming::Own),
            ("hex", Naming::Hex),
            ("decimal", Naming::Decimal),
            ("hex_to_decimal", Naming::HexToDecimal),
            ("decimal_to_hex", Naming::DecimalToHex),
        ];
        for name in &self.receipt_states {
            receipts |= 1 << state(name)?.message_state();
        }
        Ok(AccountQuirks {
            coding: coding(&self.default_alphabet, self.packed)?,
            style: style(&self.address_format, &country)?,
            country,
            strip_nul: self.strip_nul,
            append_nul: self.append_nul,
            naming: one_of("message id form", &self.message_id, &namings)?,
            receipts,
            receipt_seconds: self.receipt_seconds,
            send_tlvs: one_of("rule for TLVs", &self.send_tlvs, &SEND_TLVS)?,
        })
    }
}
