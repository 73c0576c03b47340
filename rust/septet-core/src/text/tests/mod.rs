//! Vectors from the specifications, and properties against slow references.

mod properties;
mod reassembly;
mod vectors;
