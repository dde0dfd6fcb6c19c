//! The flow table: inner conversations by domain, VLAN and 5-tuple.

pub mod record;
