//! The embedded store: one SQLite file for every promise, one writer thread, group commit; and a log by day, folded from it.
//!
//! The engine hands over a [`Page`](septet_core::page::Page) and goes on; the writer thread puts every page that
//! arrived while its last commit ran into the next transaction. There is no fixed wait: a lone page commits at once,
//! and the price of a sync is shared by more pages the busier the node is.
//!
//! Invariants:
//! - A page is committed whole or not at all, and pages commit in the order of `seq`.
//! - [`Finished::committed`] never names a page that a restart could miss.
//! - A page that cannot be committed stays with the writer until it can, or until the store is closed.
//! - A message row leaves the live file only after its day is synced, and its day follows from its id.
#![forbid(unsafe_code)]

mod aside;
mod backend;
mod checkpoint;
mod day;
mod ended;
mod error;
mod filter;
mod fold;
mod lock;
mod log;
mod memory;
mod plan;
mod reader;
mod reserve;
mod row;
mod salvage;
mod schema;
mod store;
mod transaction;
mod wake;
mod wal;
mod writer;

pub use backend::{Backend, Finished, OnPage};
pub use error::Error;
pub use filter::Filter;
pub use fold::Folding;
pub use memory::Memory;
pub use row::known_name;
pub use salvage::{Salvage, salvage};
pub use store::{Durability, Options, Store};
