//! text (under construction).
