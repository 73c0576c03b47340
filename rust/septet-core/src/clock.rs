//! Time as the core sees it: arguments, never a clock.

/// Monotonic microseconds since an arbitrary start. Timers, pacing and windows use this alone.
pub type Micros = u64;

/// Wall-clock milliseconds since 1970-01-01 UTC. Only for what people and peers read, and what a restart must keep.
pub type WallMs = u64;

/// Microseconds in a second.
pub const SECOND: Micros = 1_000_000;
