//! Behaviour of the whole engine: its peers are real sessions in memory, its clock is an argument, its store a list.

mod consent;
mod crash;
mod damage;
mod flow;
mod peers;
mod quirks;
mod receipts;
mod strict;
mod world;
