//! What leaves the core: EVE, fast.log and pcap bytes, the summary, and the tables. Pure: bytes into buffers, no I/O.
//!
//! Each writer stands alone, so that what no one asked for is not built.

pub mod json;
pub mod text;
pub mod tunnel;
pub mod names;
pub mod known;
pub mod mirror;
pub mod fate;
pub mod counters;
pub mod summary;
pub mod stats;
pub mod eve;
pub mod fast;
pub mod pcap;
pub mod pcapng;
pub mod capture;
pub mod arrow;
pub mod columns;
pub mod cell;
pub mod display;
pub mod lines;

#[cfg(test)]
mod testing;
