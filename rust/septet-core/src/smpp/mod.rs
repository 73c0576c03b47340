//! smpp (under construction).
