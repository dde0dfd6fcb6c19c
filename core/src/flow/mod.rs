//! The flow table: inner conversations by domain, VLAN and 5-tuple.
//!
//! `key` names a packet's flow, `table` finds it and says where it stands, `record` is what is left when it ends.

pub mod record;
pub mod community;
pub mod hash;
pub mod key;
pub mod table;
mod entry;
mod history;
mod index;
mod tcp;
mod wheel;

pub use entry::Session;
pub use hash::{Seed, address_hash};
pub use key::{FlowKey, key, quoted_key};
pub use table::{Counters, FlowTable, Seen, Stats};

#[cfg(test)]
mod tests;
