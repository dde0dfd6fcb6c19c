//! Link-local multicast name resolution (RFC 4795).

crate::app::dns::kin!("llmnr", false);
