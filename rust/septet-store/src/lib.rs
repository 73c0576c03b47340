//! The embedded store (under construction).
