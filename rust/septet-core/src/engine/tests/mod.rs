//! Behaviour of the whole engine: its peers are real sessions in memory, its clock is an argument, its store a list.

mod again;
mod ask;
mod bundle;
mod cold;
mod consent;
mod crash;
mod damage;
mod end;
mod flow;
mod hold;
mod lifecycle;
mod operations;
mod peers;
mod promises;
mod quirks;
mod recall;
mod receipts;
mod strict;
mod versions;
mod world;
