//! Applications: which protocol a flow speaks, and what its parser makes of it.
//!
//! A protocol is a row of `Protocol`'s table. Its patterns stand in `detection/patterns.rs`, its probe, where it is known
//! by its port only, in `detection/probe.rs`. A row that names a folder has a parser there: an `Application` and its
//! transaction. What all of them share is here: transactions and how far they got (`transaction.rs`), what rules can ask
//! of them (`ask.rs`), and the face that the engine sees (`talk.rs`).

mod announced;
mod ask;
mod counts;
mod detection;
pub mod dns;
mod files;
pub mod frame;
pub mod ftp;
pub mod ftp_data;
pub mod http;
pub mod http2;
pub mod llmnr;
pub mod mdns;
pub mod ssh;
mod talk;
pub mod tls;
mod transaction;
mod upgrade;

pub use announced::Announced;
pub use ask::{Bytes, Names, buffers, values};
pub use counts::{Count, Counts};
pub use detection::{Conversation, Direction, Event, Sought, Transport};
pub use talk::{Asked, Talk, start};
pub use transaction::{Entry, Head, Inspection, Transactions};

pub use upgrade::Request;

use crate::stream::Gap;

macro_rules! protocols {
    ($($id:ident $name:literal $($folder:ident)?;)*) => {
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

        /// A transaction of one of the protocols that are parsed.
        #[allow(missing_docs)]
        #[derive(Clone, Copy, Debug)]
        pub enum Body<'a> { $($($id(&'a $folder::Tx),)?)* }

        $($(impl<'a> From<&'a $folder::Tx> for Body<'a> {
            fn from(tx: &'a $folder::Tx) -> Self {
                Self::$id(tx)
            }
        })?)*

        /// A row of the table with a parser: its protocol, what rules can ask of it, and how it starts.
        const PARSERS: &[talk::Parser] = &[$($(talk::Parser::of::<$folder::Application>(Protocol::$id),)?)*];
    };
}

protocols! {
    BittorrentDht "bittorrent-dht";
    Dcerpc "dcerpc";
    Dhcp "dhcp";
    Dns "dns" dns;
    Doh2 "doh2";
    Ftp "ftp" ftp;
    FtpData "ftp-data" ftp_data;
    Http "http" http;
    Http2 "http2" http2;
    Ike "ike";
    Imap "imap";
    Krb5 "krb5";
    Ldap "ldap";
    Llmnr "llmnr" llmnr;
    Mdns "mdns" mdns;
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
    Ssh "ssh" ssh;
    Telnet "telnet";
    Tftp "tftp";
    Tls "tls" tls;
    Websocket "websocket";
}

impl Protocol {
    /// The protocol whose parser reads it: what HTTP/2 carries may turn out to be DNS.
    pub fn parsed_as(self) -> Self {
        if self == Self::Doh2 { Self::Http2 } else { self }
    }
}

/// What can be odd about transactions: protocols and their events.
pub fn events() -> impl Iterator<Item = (Protocol, &'static str)> {
    PARSERS.iter().flat_map(|parser| parser.events.iter().map(|name| (parser.protocol, *name)))
}

/// What a parser is given of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// Bytes of the stream: those that were not consumed come again, with more behind them.
    Data(&'a [u8]),
    /// A whole datagram of `original` bytes, of which the mirror may have cut some off.
    Datagram {
        /// The bytes that are there.
        bytes: &'a [u8],
        /// How many there were.
        original: usize,
    },
    /// Bytes of the stream that are missing; what was not consumed before them is gone.
    Gap(Gap),
    /// Nothing more comes of this direction.
    Eof,
}

/// What a parser made of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// So many bytes are done with. Where some are left it wants more, at least so many behind what is done with: `need`
    /// may be 0 where that is not known. (A gap and a datagram are always done with.)
    Consumed {
        /// Bytes that are done with.
        bytes: usize,
        /// Bytes that it waits for, those included that were left.
        need: usize,
    },
    /// These bytes are none of its protocol's: nothing more of the flow is parsed.
    Failed,
    /// So many bytes are done with, and another protocol begins behind them: this one where it was announced.
    Change {
        /// Bytes that are done with.
        bytes: usize,
        /// The protocol that was announced.
        expected: Option<Protocol>,
    },
}

impl Parsed {
    /// Everything is done with.
    pub const fn all(bytes: &[u8]) -> Self {
        Self::Consumed { bytes: bytes.len(), need: 0 }
    }
}

/// The parser of one flow. It never blocks, never panics, and holds bounded memory whatever it is given.
pub trait Application: std::fmt::Debug + Send + Sized + 'static {
    /// What it makes of its messages.
    type Tx: std::fmt::Debug + Send + 'static;
    /// What rules can look into: buffers by the names of their keywords.
    const BUFFERS: &'static [ask::Buffer<Self::Tx>];
    /// Numbers that rules can ask for.
    const VALUES: &'static [ask::Value<Self::Tx>];
    /// What can be odd, as events show it (specification, suricata-events.csv); a parser names them by their place here.
    const EVENTS: &'static [&'static str];
    /// What it tells apart in its bytes, as rules and events name it (specification, app-layer.md, "Frames"); a parser
    /// names them by their place here, from 1.
    const FRAMES: &'static [&'static str] = &[];
    /// Streams carry it, too: all of a direction is a frame.
    const HAS_STREAMS: bool = true;
    /// How far a transaction gets to the server and to the client: the names of its states in order, the last of which
    /// is its end. (specification, app-layer.md, "Progress names")
    const PROGRESS: [&'static [&'static str]; 2];
    /// Each message is a transaction of its own, so that what goes one way is no answer to what went the other way.
    const ONE_WAY: bool = false;

    /// For a new flow.
    fn new(settings: &crate::plan::Applications) -> Self;

    /// For a new flow that another one announced.
    fn expected(settings: &crate::plan::Applications, _announced: Announced) -> Self {
        Self::new(settings)
    }

    /// Take over a request of HTTP/1 that goes on in this protocol.
    fn upgraded(&mut self, _request: &Request, _transactions: &mut Transactions<Self::Tx>) {}

    /// Take in what comes next of one direction.
    fn parse(&mut self, to_server: bool, input: Input<'_>, transactions: &mut Transactions<Self::Tx>) -> Parsed;

    /// Whether a transaction is to be told of now; at the flow's end (`end`), those that never were are asked again.
    fn is_told(entry: &Entry<Self::Tx>, end: bool) -> bool {
        end || entry.head.is_complete()
    }
}

#[cfg(test)]
mod tests;
