//! What a sender gives and its carrier or the node wants otherwise: national numbers, values for TLVs.

use super::Engine;
use super::accept::Refusal;
use super::envelope::Address;
use super::quirks::{self, AccountQuirks, CarrierQuirks, vendor};
use crate::smpp::sm::Addr;
use crate::smpp::status;

/// An address as its sender wrote it, or with the country that the sender left out.
pub(super) enum Given<'a> {
    Same(Address<'a>),
    Anew(quirks::address::Written),
}

impl Given<'_> {
    pub(super) fn address(&self) -> Address<'_> {
        match self {
            Self::Same(at) => *at,
            Self::Anew(at) => Address { ton: at.ton, npi: at.npi, addr: at.addr() },
        }
    }

    pub(super) fn anew(&self) -> Option<Address<'_>> {
        matches!(self, Self::Anew(_)).then(|| self.address())
    }
}

/// An address of the API with the type that its form leaves open; with `+` or `00` it is international, so nothing is left.
pub(super) fn as_written<'a>(at: Address<'a>, text: &str) -> Addr<'a> {
    let ton = u8::from(at.addr.len() < text.len());
    Addr { ton, npi: at.npi, addr: at.addr }
}

/// A recipient, in the international form if it is national.
pub(super) fn dest_of<'a>(quirks: &AccountQuirks, at: &Addr<'a>) -> Given<'a> {
    match quirks.country.international(at.ton, at.addr) {
        Some(anew) => Given::Anew(anew),
        None => Given::Same(Address { ton: at.ton, npi: at.npi, addr: at.addr }),
    }
}

impl Engine {
    /// The same for a sender; a number of our own is written as it is configured.
    pub(super) fn source_of<'a>(&self, quirks: &AccountQuirks, at: &Addr<'a>) -> Given<'a> {
        // Most accounts have no country, and need no look-up.
        if quirks.country.code.is_empty() || self.tables.number(at.addr).is_some() {
            return Given::Same(Address { ton: at.ton, npi: at.npi, addr: at.addr });
        }
        dest_of(quirks, at)
    }

    /// The caller's values for TLVs, as they lie in a message; what a carrier does not know by name is kept for one that does.
    pub(super) fn params(&self, chosen: &CarrierQuirks, params: &[(String, String)]) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::new();
        for (name, value) in params {
            let named = |quirks: &&CarrierQuirks| quirks.tlvs.iter().any(|one| one.name == *name);
            if !self.tables.config.carriers.iter().map(|carrier| &carrier.quirks).any(|q| named(&q)) {
                let detail = format!("no carrier has a TLV named {name:?}");
                return Err(Refusal::new("bad_param", status::ESME_RINVOPTPARAMVAL, "params", detail));
            }
            let own = chosen.tlvs.iter().find(|one| one.name == *name);
            if own.is_some_and(|one| one.kind.encode(value).is_none_or(|octets| octets.len() > 255)) {
                let detail = format!("{value:?} is no value of the carrier's TLV {name:?}");
                return Err(Refusal::new("bad_param", status::ESME_RINVOPTPARAMVAL, "params", detail));
            }
            vendor::put_param(&mut out, name, value);
        }
        Ok(out)
    }
}
