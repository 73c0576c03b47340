//! The tables of [`super::command`] and [`super::tlv`] as `docs/smpp.md` shows them.

use std::fmt::Write as _;

use super::command::{self, Operation};
use super::tlv;

/// The states of the table with their columns.
const STATES: [(&str, u8); 6] = [
    ("OPEN", command::OPEN),
    ("OUTBOUND", command::OUTBOUND),
    ("BOUND_TX", command::TX),
    ("BOUND_RX", command::RX),
    ("BOUND_TRX", command::TRX),
    ("UNBOUND", command::UNBOUND),
];

fn version(since: u8) -> String {
    format!("{}.{}", since >> 4, since & 0xF)
}

fn who(row: &Operation, bit: u8) -> &'static str {
    match (row.esme & bit != 0, row.smsc & bit != 0) {
        (true, true) => "both",
        (true, false) => "ESME",
        (false, true) => "MC",
        (false, false) => "",
    }
}

/// Who may send what in which state, and since which version.
pub fn operations() -> String {
    let mut out = String::from("| operation | id | since |");
    for (name, _) in STATES {
        let _ = write!(out, " {name} |");
    }
    out.push_str("\n|---|---|---|---|---|---|---|---|---|\n");
    for row in command::TABLE {
        let _ = write!(out, "| {} | {:08X} | {} |", row.name, row.id, version(row.since));
        for (_, bit) in STATES {
            let _ = write!(out, " {} |", who(row, bit));
        }
        out.push('\n');
    }
    out.replace("|  |", "| |").replace("|  |", "| |")
}

/// Every TLV by its version.
pub fn tlvs() -> String {
    let mut out = String::from("| tag | name | since |\n|---|---|---|\n");
    for row in tlv::TABLE {
        let _ = writeln!(out, "| {:04X} | {} | {} |", row.tag, row.name, version(row.since));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_shows_the_tables() {
        let doc = include_str!("../../../../docs/smpp.md");
        let mend = "docs/smpp.md is not true any more: put in what `cargo run -p septet-core --example matrix` prints";
        assert!(doc.contains(&operations()) && doc.contains(&tlvs()), "{mend}");
    }
}
