//! A packet's cells: what each column of the packets table holds, for expressions (`-Y`) and for lines (`tmrx packets`).

use crate::anomaly::{Anomaly, AnomalySet};
use crate::frame::Addr;
use crate::identify::Identities;
use crate::packet::{Causes, Checksum, Encapsulation, Layer, MAX_VLANS, Packet, Wrap};
use crate::table::eve::Context;
use crate::table::known::Known;
use crate::table::names;
use crate::time::Nanos;

/// What a column's cells are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// A time, in nanoseconds UTC.
    Time,
    /// An IPv4 or IPv6 address.
    Address,
    /// Yes or no.
    Flag,
    /// Any text.
    Text,
    /// One of so many words.
    Word,
    /// Any of so many words.
    Words,
}

impl Kind {
    /// As the documentation names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Time => "time",
            Self::Address => "address",
            Self::Flag => "flag",
            Self::Text => "text",
            Self::Word => "word",
            Self::Words => "words",
        }
    }
}

/// One row of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// The column's name in the packets table.
    pub name: &'static str,
    /// What its cells are.
    pub kind: Kind,
    /// What it says, in a sentence.
    pub meaning: &'static str,
}

macro_rules! catalogue {
    ($($id:ident $name:literal $kind:ident $meaning:literal;)*) => {
        /// A column of the packets table.
        #[allow(missing_docs)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Column { $($id),* }

        impl Column {
            /// Every column, in the table's order.
            pub const ALL: &'static [Self] = &[$(Self::$id),*];

            /// The catalogue's row.
            pub const fn entry(self) -> &'static Entry {
                match self { $(Self::$id => &Entry { name: $name, kind: Kind::$kind, meaning: $meaning }),* }
            }
        }
    };
}

catalogue! {
    Frame "frame" Number "The frame's number in the run, from 1.";
    Time "time" Time "When it was captured or received.";
    Session "session" Text "The mirror session's id; its name fits as well.";
    Vni "vni" Number "VXLAN's or GENEVE's network identifier.";
    ErspanSession "erspan_session" Number "ERSPAN's session id.";
    GreKey "gre_key" Number "GRE's key.";
    OuterSrc "outer_src" Address "Who sent the mirror's datagram.";
    OuterDst "outer_dst" Address "Whom it was sent to.";
    Encapsulation "encapsulation" Word "What the mirror put around the packet, outside in.";
    Domain "domain" Number "The address space (VPC): 0 is that of unknown sessions.";
    Vlan "vlan" Number "VLAN ids, the outermost first.";
    Ip "ip" Number "4 or 6.";
    Src "src" Address "Source address.";
    Dst "dst" Address "Destination address.";
    Proto "proto" Number "IP protocol, of IPv6 the upper-layer one.";
    Sport "sport" Number "Source port; of ICMP the type.";
    Dport "dport" Number "Destination port; of ICMP the code.";
    Ttl "ttl" Number "TTL or hop limit.";
    TcpFlags "tcp_flags" Number "TCP flags: FIN 1, SYN 2, RST 4, PSH 8, ACK 0x10, URG 0x20, ECE 0x40, CWR 0x80.";
    Seq "seq" Number "TCP sequence number.";
    Ack "ack" Number "TCP acknowledgment number.";
    Window "window" Number "TCP window, unscaled.";
    Layer "layer" Word "The innermost layer that was reached.";
    Stop "stop" Word "Why decoding ended there.";
    Length "length" Number "Bytes that the host sent, from the link header on.";
    Captured "captured" Number "Bytes of those that arrived.";
    LengthSource "length_source" Word "What `length` was taken from.";
    L3 "l3" Number "Where the network header begins.";
    L4 "l4" Number "Where the transport header begins.";
    Payload "payload" Number "Where the payload begins.";
    PayloadLength "payload_length" Number "Bytes of payload that the host sent.";
    PayloadCaptured "payload_captured" Number "Bytes of payload that arrived.";
    Fragment "fragment" Flag "Whether it is an IP fragment, the first included.";
    Defragmented "defragmented" Flag "Whether it is a datagram that was put together of its fragments.";
    Truncated "truncated" Words "What cut it short.";
    L3Checksum "l3_checksum" Word "What is known of the IP header's checksum.";
    L4Checksum "l4_checksum" Word "What is known of the transport's checksum.";
    FlowId "flow_id" Number "The number of its flow.";
    Anomalies "anomalies" Words "What is wrong with it.";
}

/// What a cell holds.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub enum Cell<'a> {
    /// The packet has no such thing.
    Absent,
    Number(u64),
    Time(Nanos),
    Address(Addr),
    Flag(bool),
    Word(&'static str),
    /// A session's id and name.
    Session(&'a str, &'a str),
    /// Ids, and how many there are.
    Vlans([u16; MAX_VLANS], u8),
    Causes(Causes),
    Anomalies(AnomalySet),
}

impl Column {
    /// The column of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|column| column.entry().name == name)
    }

    /// The words that its cells hold; none where it has no list of them.
    pub fn words(self) -> Vec<&'static str> {
        match self {
            Self::Encapsulation => Encapsulation::NAMES.to_vec(),
            Self::Layer => names::LAYERS.to_vec(),
            Self::Stop => names::STOPS.to_vec(),
            Self::LengthSource => names::LENGTH_SOURCES.to_vec(),
            Self::Truncated => Causes::NAMES.to_vec(),
            Self::L3Checksum | Self::L4Checksum => Checksum::NAMES.to_vec(),
            Self::Anomalies => Anomaly::ALL.iter().map(|anomaly| anomaly.entry().name).collect(),
            _ => Vec::new(),
        }
    }

    /// A packet's cell in this column.
    #[inline]
    pub fn cell<'a>(self, at: &Context<'_>, identities: &'a Identities) -> Cell<'a> {
        let packet = at.packet;
        match self {
            Self::Frame => Cell::Number(at.frame),
            Self::Time => Cell::Time(packet.time),
            Self::Session | Self::OuterSrc | Self::OuterDst => self.mirrors(at, identities),
            Self::Vni => numbered(at.wrap.and_then(Wrap::network)),
            Self::ErspanSession => numbered(at.wrap.and_then(Wrap::erspan_session)),
            Self::GreKey => numbered(at.wrap.and_then(Wrap::gre_key)),
            Self::Encapsulation => Cell::Word(at.wrap.map(|wrap| wrap.encapsulation).unwrap_or_default().name()),
            Self::Domain => Cell::Number(u64::from(packet.domain)),
            Self::Vlan if packet.vlan_count == 0 => Cell::Absent,
            Self::Vlan => Cell::Vlans(packet.vlans, packet.vlan_count),
            Self::Ip | Self::Src | Self::Dst | Self::Proto | Self::Ttl if packet.ip == 0 => Cell::Absent,
            Self::Sport | Self::Dport if !packet.has_l4() => Cell::Absent,
            Self::TcpFlags | Self::Seq | Self::Ack | Self::Window if packet.layer != Layer::Tcp => Cell::Absent,
            Self::FlowId => at.flow.map_or(Cell::Absent, |flow| Cell::Number(flow.id)),
            _ => self.headers(packet),
        }
    }

    /// The mirror's columns.
    fn mirrors<'a>(self, at: &Context<'_>, identities: &'a Identities) -> Cell<'a> {
        let Some(wrap) = at.wrap else { return Cell::Absent };
        match self {
            Self::OuterSrc => Cell::Address(wrap.outer_src),
            Self::OuterDst => Cell::Address(wrap.outer_dst),
            _ => {
                let known = Known::of(identities, at.packet.identity);
                if known.known { Cell::Session(known.session, known.name) } else { Cell::Absent }
            }
        }
    }

    /// The columns of the packet itself, where it has them.
    fn headers(self, packet: &Packet) -> Cell<'static> {
        match self {
            Self::Src => Cell::Address(packet.src),
            Self::Dst => Cell::Address(packet.dst),
            Self::Layer => Cell::Word(names::layer(packet.layer)),
            Self::Stop => Cell::Word(names::stop(packet.stop)),
            Self::LengthSource => Cell::Word(names::length_source(packet.length_source)),
            Self::L3Checksum => Cell::Word(packet.l3_checksum.name()),
            Self::L4Checksum => Cell::Word(packet.l4_checksum.name()),
            Self::Fragment => Cell::Flag(packet.fragment),
            Self::Defragmented => Cell::Flag(packet.defragmented),
            Self::Truncated if packet.truncated == Causes(0) => Cell::Absent,
            Self::Truncated => Cell::Causes(packet.truncated),
            Self::Anomalies if packet.anomalies.is_empty() => Cell::Absent,
            Self::Anomalies => Cell::Anomalies(packet.anomalies),
            _ => Cell::Number(self.number(packet)),
        }
    }

    fn number(self, packet: &Packet) -> u64 {
        match self {
            Self::Ip => u64::from(packet.ip),
            Self::Proto => u64::from(packet.proto),
            Self::Ttl => u64::from(packet.ttl),
            Self::TcpFlags => u64::from(packet.tcp_flags),
            Self::Sport => u64::from(packet.sport),
            Self::Dport => u64::from(packet.dport),
            Self::Window => u64::from(packet.window),
            Self::L3 => u64::from(packet.l3),
            Self::L4 => u64::from(packet.l4),
            Self::Payload => u64::from(packet.payload),
            Self::Seq => u64::from(packet.seq),
            Self::Ack => u64::from(packet.ack),
            Self::Length => u64::from(packet.original),
            Self::Captured => u64::from(packet.captured),
            Self::PayloadLength => u64::from(packet.payload_original),
            Self::PayloadCaptured => u64::from(packet.payload_captured()),
            _ => 0,
        }
    }
}

fn numbered(number: Option<u32>) -> Cell<'static> {
    number.map_or(Cell::Absent, |number| Cell::Number(u64::from(number)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::columns::Packets;

    #[test]
    fn the_columns_of_the_table() {
        let batch = Packets::default().finish().unwrap();
        let table: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        // A row number of the output is nothing to choose packets by; which flow an ICMP error is about is known only
        // after packets are chosen.
        let apart = ["parent", "related_flow_id"];
        let ours: Vec<_> = Column::ALL.iter().map(|column| column.entry().name).collect();
        assert_eq!(table.iter().filter(|name| !apart.contains(&name.as_str())).collect::<Vec<_>>(), ours);
    }

    #[test]
    fn words_are_there_where_cells_are_words() {
        for column in Column::ALL {
            let has = matches!(column.entry().kind, Kind::Word | Kind::Words);
            assert_eq!(column.words().is_empty(), !has, "{column:?}");
            assert_eq!(Column::named(column.entry().name), Some(*column));
        }
    }
}
