//! Prints the tables of `docs/smpp.md`.

use septet_core::smpp::matrix;

fn main() {
    println!("{}\n{}", matrix::operations(), matrix::tlvs());
}
