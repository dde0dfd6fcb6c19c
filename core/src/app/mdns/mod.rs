//! Multicast DNS (RFC 6762).

crate::app::dns::kin!("mdns", true);
