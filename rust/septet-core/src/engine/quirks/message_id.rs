//! The message id of a submit_sm_resp beside that of a receipt: the same id, written otherwise (SMPP 3.4 §5.2.23 leaves the form open).

/// How a number is written as an id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// It is no number: the octets count.
    #[default]
    AsIs,
    /// Decimal digits.
    Decimal,
    /// Hexadecimal digits, in any case.
    Hex,
}

/// How a link's ids are compared. The ids themselves are kept as they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdForm {
    /// How its submit_sm_resp writes them.
    pub response: Base,
    /// How its receipts write them.
    pub receipt: Base,
    /// Zeros at the beginning do not count: one side pads or drops them.
    pub strip_zeros: bool,
    /// Capital and small letters are the same.
    pub fold_case: bool,
}

/// Where an id was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Place {
    /// In a submit_sm_resp.
    Response,
    /// In a receipt.
    Receipt,
}

/// Room for an id in its comparable form; SMPP ids have at most 64 octets.
pub(in crate::engine) type Room = [u8; 64];

impl IdForm {
    /// The id in the form in which both sides are equal. What is no number of the base, or too long, stays as it is.
    pub(in crate::engine) fn comparable<'a>(self, id: &'a [u8], place: Place, room: &'a mut Room) -> &'a [u8] {
        let base = match place {
            Place::Response => self.response,
            Place::Receipt => self.receipt,
        };
        if base != Base::AsIs {
            let Some(number) = number(id, base) else { return id };
            let octets = &mut room[..16];
            octets.copy_from_slice(&number.to_be_bytes());
            return octets;
        }
        let id = if self.strip_zeros { without_zeros(id) } else { id };
        if !self.fold_case || id.len() > room.len() {
            return id;
        }
        let folded = &mut room[..id.len()];
        folded.copy_from_slice(id);
        folded.make_ascii_lowercase();
        folded
    }
}

fn without_zeros(id: &[u8]) -> &[u8] {
    let zeros = id.iter().take_while(|octet| **octet == b'0').count();
    // An id of zeros alone keeps one.
    &id[zeros.min(id.len().saturating_sub(1))..]
}

fn number(id: &[u8], base: Base) -> Option<u128> {
    let (radix, digits) = match base {
        Base::Hex => (16, id.strip_prefix(b"0x").or_else(|| id.strip_prefix(b"0X")).unwrap_or(id)),
        _ => (10, id),
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u128, |sum, octet| {
        let digit = char::from(*octet).to_digit(radix)?;
        sum.checked_mul(u128::from(radix))?.checked_add(u128::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(form: IdForm, response: &[u8], receipt: &[u8]) -> bool {
        let (mut one, mut other) = ([0; 64], [0; 64]);
        form.comparable(response, Place::Response, &mut one) == form.comparable(receipt, Place::Receipt, &mut other)
    }

    const AS_IS: IdForm = IdForm { response: Base::AsIs, receipt: Base::AsIs, strip_zeros: false, fold_case: false };

    #[test]
    fn as_it_is_every_octet_counts() {
        assert!(same(AS_IS, b"00Ab", b"00Ab"));
        for other in [&b"Ab"[..], b"00ab", b"00Ab ", b""] {
            assert!(!same(AS_IS, b"00Ab", other));
        }
    }

    #[test]
    fn one_number_in_two_bases() {
        let hex = IdForm { response: Base::Hex, receipt: Base::Decimal, ..AS_IS };
        assert!(same(hex, b"1B4", b"436") && same(hex, b"000001b4", b"0000000436") && same(hex, b"0x1b4", b"436"));
        assert!(!same(hex, b"1B4", b"1B4"));
        let decimal = IdForm { response: Base::Decimal, receipt: Base::Hex, ..AS_IS };
        assert!(same(decimal, b"18446744073709551617", b"10000000000000001"), "past 64 bits");
        assert!(same(decimal, b"no-number", b"no-number"), "what is no number is compared as it is");
    }

    #[test]
    fn zeros_and_case() {
        let loose = IdForm { strip_zeros: true, fold_case: true, ..AS_IS };
        assert!(same(loose, b"00012aB", b"12Ab") && same(loose, b"000", b"0"));
        assert!(!same(loose, b"0", b""), "an id of zeros is not none");
        let zeros = IdForm { strip_zeros: true, ..AS_IS };
        assert!(same(zeros, b"123", b"0000000123") && !same(zeros, b"ab", b"AB"));
    }

    proptest! {
        #[test]
        fn any_number_is_the_same_in_both_bases(value: u128, width in 0usize..40) {
            let form = IdForm { response: Base::Hex, receipt: Base::Decimal, ..AS_IS };
            let (hex, padded, other) = (format!("{value:X}"), format!("{value:0width$}"), (value ^ 1).to_string());
            prop_assert!(same(form, hex.as_bytes(), padded.as_bytes()));
            prop_assert!(!same(form, hex.as_bytes(), other.as_bytes()));
        }

        #[test]
        fn any_octets_have_a_comparable_form(id in prop::collection::vec(any::<u8>(), 0..100), strip: bool, fold: bool) {
            for base in [Base::AsIs, Base::Decimal, Base::Hex] {
                let form = IdForm { response: base, receipt: base, strip_zeros: strip, fold_case: fold };
                prop_assert!(same(form, &id, &id));
            }
        }
    }
}
