//! Requests to carriers that are not one segment: whose each is, and whoever made it gets the answer.

use super::Engine;
use crate::clock::Micros;

/// Whose such a request is: the octet behind the first of its token.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Whose {
    /// An ESME's, about a broadcast.
    Broadcast = 1,
    /// The node's own, about a message without its receipt.
    Question,
    /// An ESME's, to withdraw or replace what has left.
    Recall,
    /// Many messages in one.
    Bundle,
}

/// The first octet of such a token; no message has a segment of this number.
const NO_SEGMENT: u64 = 0xFF << 56;

impl Whose {
    /// The token of the request of this number.
    pub(super) const fn token(self, number: u64) -> u64 {
        NO_SEGMENT | (self as u64) << 48 | number & 0xFFFF_FFFF_FFFF
    }

    /// `None`: it is the token of a segment.
    pub(super) fn of(token: u64) -> Option<Self> {
        let all = [Self::Broadcast, Self::Question, Self::Recall, Self::Bundle];
        all.into_iter().find(|whose| whose.token(token) == token)
    }

    /// Whether its answer changes no segment.
    pub(super) fn is_relayed(token: u64) -> bool {
        Self::of(token).is_some_and(|whose| whose != Self::Bundle)
    }
}

/// The answer to a request that changes no segment, on its way from the session that it came over.
pub(super) struct Relayed {
    pub(super) token: u64,
    /// None: it will not come any more.
    pub(super) status: Option<u32>,
    pub(super) body: Vec<u8>,
}

impl Relayed {
    /// The answer that will not come.
    pub(super) const fn none(token: u64) -> Self {
        Self { token, status: None, body: Vec::new() }
    }
}

impl Engine {
    /// A carrier has answered such a request, or will not any more.
    pub(super) fn request_answered(&mut self, carrier: u16, answer: &Relayed, now: Micros) {
        let Relayed { token, status, ref body } = *answer;
        match (Whose::of(token), status) {
            (Some(Whose::Question), Some(status)) => self.ask_answered(carrier, token, status, body, now),
            (Some(Whose::Question), None) => self.ask_unanswered(token),
            (Some(Whose::Recall), _) => self.recall_answered(token, status, now),
            _ => self.relayed(token, status, body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Handle;

    #[test]
    fn a_token_says_whose_it_is_and_a_segments_is_nobodys() {
        for whose in [Whose::Broadcast, Whose::Question, Whose::Recall, Whose::Bundle] {
            for number in [0, 1, u64::MAX] {
                assert!(Whose::of(whose.token(number)) == Some(whose));
                assert_eq!(Whose::is_relayed(whose.token(number)), whose != Whose::Bundle);
            }
        }
        let (handle, _) = Handle::from_token(u64::MAX);
        assert!(Whose::of(handle.token(254)).is_none() && Whose::of(handle.token(0)).is_none());
    }
}
