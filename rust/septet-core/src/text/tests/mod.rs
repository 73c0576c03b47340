//! Vectors from the specifications, and properties against slow references.

mod national;
mod properties;
mod reassembly;
mod vectors;
