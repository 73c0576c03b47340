//! Behaviour of the whole engine, with an injected clock.
