//! Keyword matching (under construction).
