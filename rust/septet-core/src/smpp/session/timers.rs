//! The session's timers (7.2): what is due, and when the next one is.

use super::super::command;
use super::{CloseReason, Event, Session, State};
use crate::clock::Micros;

impl Session {
    /// When [`Session::tick`] wants to be called; a time already past means at once. None when nothing can become due.
    pub fn next_deadline(&self) -> Option<Micros> {
        let after = |start: Micros, wait: Micros| start.saturating_add(wait);
        let config = &self.config;
        let mut next = self.window.oldest().map_or(Micros::MAX, |sent| after(sent, config.response_timeout));
        if self.closing.is_some() {
            return Some(0);
        }
        match self.state {
            State::Closed => return None,
            State::Open | State::Outbound | State::Binding => {
                next = next.min(after(self.opened, config.session_init));
            }
            State::Unbinding | State::Unbound => {
                if self.is_left() {
                    return Some(0);
                }
                next = next.min(self.leave_by);
            }
            State::Bound => {
                if config.inactivity > 0 && self.window_in_used == 0 && self.window.used() == 0 {
                    next = next.min(after(self.last_message, config.inactivity));
                }
                match self.enquire {
                    Some(ask) => next = next.min(after(ask.at, config.response_timeout)),
                    None if config.enquire_link > 0 => {
                        next = next.min(after(self.heard, config.enquire_link));
                    }
                    None => {}
                }
            }
        }
        (next != Micros::MAX).then_some(next)
    }

    /// Does what is due at `now`. Calling it early or often is harmless.
    pub fn tick(&mut self, now: Micros, on: &mut dyn FnMut(Event<'_>)) {
        if self.state == State::Closed {
            return;
        }
        self.settle(now, on);
        if self.state == State::Closed {
            return;
        }
        if let Some(sent_by) = now.checked_sub(self.config.response_timeout) {
            while let Some(token) = self.window.expire(sent_by) {
                on(Event::TimedOut { token });
            }
        }
        self.send_unbind(now);
        match self.state {
            State::Open | State::Outbound | State::Binding => {
                if now >= self.opened.saturating_add(self.config.session_init) {
                    self.close(CloseReason::InitTimeout, on);
                }
            }
            State::Bound => self.keep_alive(now, on),
            State::Unbinding => {
                if now >= self.leave_by {
                    self.close(CloseReason::UnbindTimeout, on);
                }
            }
            State::Unbound => {
                if now >= self.leave_by {
                    // What is still unanswered now was not carried out in time; the peer need not wait for it.
                    self.window_in_used = 0;
                    self.answer_unbind();
                    self.settle(now, on);
                }
            }
            State::Closed => {}
        }
    }

    fn keep_alive(&mut self, now: Micros, on: &mut dyn FnMut(Event<'_>)) {
        let config = &self.config;
        if let Some(ask) = self.enquire.filter(|ask| now >= ask.at.saturating_add(config.response_timeout)) {
            // A peer that sends other things lives; only silence ends the session.
            if self.heard <= ask.at {
                self.close(CloseReason::EnquireTimeout, on);
                return;
            }
            self.enquire = None;
        }
        let idle = self.window_in_used == 0 && self.window.used() == 0;
        if config.inactivity > 0 && idle && now >= self.last_message.saturating_add(config.inactivity) {
            self.leave(now, CloseReason::Inactive);
            return;
        }
        let silent = now >= self.heard.saturating_add(config.enquire_link);
        if config.enquire_link > 0 && self.enquire.is_none() && silent {
            self.enquire = Some(self.ask(now, command::ENQUIRE_LINK, |_| {}));
        }
    }

    /// True if our unbind is answered and nothing of the peer's is open.
    fn is_left(&self) -> bool {
        self.state == State::Unbinding && self.unbind_answered && self.window_in_used == 0
    }

    /// Goes on with an unbind as far as it can, and reports a close that was decided meanwhile.
    pub(super) fn settle(&mut self, now: Micros, on: &mut dyn FnMut(Event<'_>)) {
        if self.state == State::Bound && self.closing.is_none() {
            return;
        }
        self.send_unbind(now);
        if self.is_left() {
            self.closing = Some(self.leaving);
        }
        if let Some(reason) = self.closing.take() {
            self.close(reason, on);
        }
    }
}
