//! What carriers answer to requests that are no segments: each goes to whoever asked, known by its token.

use super::Engine;
use super::ask::is_question;
use super::recall::is_recall;
use crate::clock::Micros;

/// Such an answer, on its way from the session that it came over.
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
        match status {
            Some(status) if is_question(token) => self.ask_answered(carrier, token, status, body, now),
            None if is_question(token) => self.ask_unanswered(token),
            _ if is_recall(token) => self.recall_answered(token, status, now),
            _ => self.relayed(token, status, body),
        }
    }
}
