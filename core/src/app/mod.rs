//! Applications: which protocol a flow speaks.
//!
//! A protocol is a row of `Protocol`'s table; its patterns stand in `detection/patterns.rs`, its probe, where it is known
//! by its port only, in `detection/probe.rs`.

mod detection;

pub use detection::{Conversation, Direction, Event, Transport};

macro_rules! protocols {
    ($($id:ident $name:literal;)*) => {
        /// A protocol, by the name that rules and events give it.
        #[allow(missing_docs)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Protocol { $($id),* }

        impl Protocol {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$id),*];

            /// The name in rules and events.
            pub fn name(self) -> &'static str {
                match self { $(Self::$id => $name),* }
            }
        }
    };
}

protocols! {
    BittorrentDht "bittorrent-dht";
    Dcerpc "dcerpc";
    Dhcp "dhcp";
    Dns "dns";
    Ftp "ftp";
    Http "http";
    Http2 "http2";
    Ike "ike";
    Imap "imap";
    Krb5 "krb5";
    Ldap "ldap";
    Llmnr "llmnr";
    Mdns "mdns";
    Mqtt "mqtt";
    Nfs "nfs";
    Ntp "ntp";
    Pop3 "pop3";
    Quic "quic";
    Rdp "rdp";
    Rfb "rfb";
    Sip "sip";
    Smb "smb";
    Smtp "smtp";
    Snmp "snmp";
    Ssh "ssh";
    Telnet "telnet";
    Tftp "tftp";
    Tls "tls";
}

#[cfg(test)]
mod tests;
