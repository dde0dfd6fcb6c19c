//! The one catalogue of anomalies: something wrong with a packet, never an error of ours.

/// How much an anomaly should worry its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Unusual; a broken sender or a configuration that does not fit.
    Notice,
    /// Should not happen on a healthy mirror.
    Warning,
}

/// One row of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// `layer.what`, as records print it.
    pub name: &'static str,
    /// The layer it is found at.
    pub layer: &'static str,
    /// How much it should worry.
    pub severity: Severity,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// Suricata's event of the same condition, or empty.
    pub suricata: &'static str,
}

macro_rules! catalogue {
    ($($id:ident $name:literal $layer:literal $severity:ident $suricata:literal $meaning:literal;)*) => {
        /// An anomaly; its number is its row in `CATALOGUE`.
        #[allow(missing_docs)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Anomaly { $($id),* }

        impl Anomaly {
            /// Every anomaly, in the catalogue's order.
            pub const ALL: &'static [Anomaly] = &[$(Anomaly::$id),*];

            /// The catalogue's row.
            pub const fn entry(self) -> &'static Entry {
                match self { $(Anomaly::$id => &Entry {
                    name: $name, layer: $layer, severity: Severity::$severity,
                    suricata: $suricata, meaning: $meaning,
                }),* }
            }
        }
    };
}

catalogue! {
    UnknownIdentity "mirror.unknown_identity" "mirror" Notice "" "The outer source and VNI belong to no session that tmrx was told of.";
    ExcludedTraffic "mirror.excluded_traffic" "mirror" Warning "" "Traffic that the mirror never copies (ARP, DHCP, instance metadata, time sync, Windows activation): forged, or not from a mirror.";
    TooDeep "mirror.too_deep" "mirror" Warning "decoder.too_many_layers" "More encapsulations than the configured depth; the rest is not looked into.";
    VxlanTooShort "vxlan.too_short" "vxlan" Warning "" "A datagram to a VXLAN port with fewer than 8 bytes (RFC 7348, section 5).";
    VxlanNoVni "vxlan.no_vni" "vxlan" Warning "" "The I flag is not set: not VXLAN (RFC 7348, section 5).";
    VxlanReserved "vxlan.reserved_bits" "vxlan" Info "" "Reserved bits are set; they are ignored (RFC 7348, section 5).";
    GeneveTooShort "geneve.too_short" "geneve" Warning "" "A datagram to a GENEVE port with fewer than 8 bytes (RFC 8926, section 3.4).";
    GeneveVersion "geneve.version" "geneve" Warning "" "GENEVE of a version other than 0 (RFC 8926, section 3.4).";
    GeneveOptions "geneve.options_overrun" "geneve" Warning "" "Options run past their area or the datagram (RFC 8926, section 3.5).";
    GeneveCritical "geneve.unknown_critical" "geneve" Notice "" "A critical option that tmrx does not know (RFC 8926, section 3.5.1).";
    GeneveReserved "geneve.reserved_bits" "geneve" Info "" "Reserved bits are set; they are ignored (RFC 8926, section 3.4).";
    GenevePayload "geneve.unknown_payload" "geneve" Notice "decoder.geneve.unknown_payload_type" "The payload's protocol type has no decoder.";
    EthernetTooShort "ethernet.too_short" "ethernet" Warning "decoder.ethernet.pkt_too_small" "Fewer than the 14 bytes of an Ethernet header.";
    EthernetUnknownType "ethernet.unknown_type" "ethernet" Info "decoder.ethernet.unknown_ethertype" "The EtherType has no decoder.";
    VlanTooMany "vlan.too_many" "vlan" Notice "decoder.vlan.too_many_layers" "More VLAN tags than are followed.";
    ArpMalformed "arp.malformed" "arp" Notice "" "ARP that is not Ethernet/IPv4 or has impossible sizes (RFC 826).";
    Ipv4Version "ipv4.version" "ipv4" Warning "decoder.ipv4.wrong_ip_version" "The version nibble is not 4 where IPv4 was announced.";
    Ipv4HeaderLength "ipv4.header_length" "ipv4" Warning "decoder.ipv4.hlen_too_small" "The header length is below 20 bytes (RFC 791, section 3.1).";
    Ipv4TotalLength "ipv4.total_length" "ipv4" Warning "decoder.ipv4.iplen_smaller_than_hlen" "The total length is below the header length (RFC 791, section 3.1).";
    Ipv4LengthZero "ipv4.total_length_zero" "ipv4" Info "" "Total length 0, as segmentation offload leaves it; the length was taken from the frame.";
    Ipv4Options "ipv4.options" "ipv4" Notice "decoder.ipv4.opt_invalid_len" "An option's length is impossible (RFC 791, section 3.1).";
    Ipv4ReservedFlag "ipv4.reserved_flag" "ipv4" Notice "" "The reserved flag is set (RFC 791, section 3.1).";
    Ipv4FragmentTooLarge "ipv4.fragment_too_large" "ipv4" Warning "decoder.ipv4.frag_pkt_too_large" "The fragment would end beyond 65535 bytes.";
    Ipv4BadChecksum "ipv4.bad_checksum" "ipv4" Warning "" "The whole header is there and its checksum is wrong (RFC 1071).";
    Ipv6Version "ipv6.version" "ipv6" Warning "decoder.ipv6.wrong_ip_version" "The version nibble is not 6 where IPv6 was announced.";
    Ipv6Extension "ipv6.extension_length" "ipv6" Warning "decoder.ipv6.trunc_exthdr" "An extension header runs past the packet's own length (RFC 8200, section 4).";
    Ipv6ExtensionsTooMany "ipv6.extensions_too_many" "ipv6" Warning "" "More extension headers than are followed.";
    Ipv6RoutingType0 "ipv6.routing_type_0" "ipv6" Notice "decoder.ipv6.rh_type_0" "A type 0 routing header (deprecated by RFC 5095).";
    Ipv6FragmentTooLarge "ipv6.fragment_too_large" "ipv6" Warning "decoder.ipv6.frag_pkt_too_large" "The fragment would end beyond 65535 bytes.";
    IpUnknownVersion "ip.unknown_version" "ip" Warning "decoder.ipraw.invalid_ip_version" "Raw IP whose version nibble is neither 4 nor 6.";
    TcpTooShort "tcp.too_short" "tcp" Warning "decoder.tcp.pkt_too_small" "The IP length leaves fewer than 20 bytes for TCP.";
    TcpHeaderLength "tcp.header_length" "tcp" Warning "decoder.tcp.hlen_too_small" "The data offset is below 5 or beyond the segment (RFC 9293, section 3.1).";
    TcpOptions "tcp.options" "tcp" Notice "decoder.tcp.opt_invalid_len" "An option's length is impossible (RFC 9293, section 3.1).";
    TcpFlags "tcp.flags" "tcp" Notice "" "A combination of flags no stack sends: none at all, SYN with FIN or RST, FIN without ACK.";
    TcpBadChecksum "tcp.bad_checksum" "tcp" Warning "" "All covered bytes are there and the checksum is wrong (RFC 9293, section 3.1).";
    UdpTooShort "udp.too_short" "udp" Warning "decoder.udp.hlen_too_small" "The IP length leaves fewer than 8 bytes for UDP.";
    UdpLength "udp.length" "udp" Warning "decoder.udp.len_invalid" "The UDP length is below 8 (RFC 768).";
    UdpLengthTooLong "udp.length_too_long" "udp" Warning "decoder.udp.pkt_too_small" "The UDP length is beyond the IP payload: one datagram of two lengths.";
    UdpLengthTooShort "udp.length_too_short" "udp" Notice "" "The UDP length is below the IP payload: one datagram of two lengths.";
    UdpBadChecksum "udp.bad_checksum" "udp" Warning "" "All covered bytes are there and the checksum is wrong (RFC 768).";
    IcmpTooShort "icmp.too_short" "icmp" Warning "decoder.icmpv4.pkt_too_small" "The IP length leaves fewer than 8 bytes for ICMP (RFC 792).";
    IcmpBadChecksum "icmp.bad_checksum" "icmp" Warning "" "All covered bytes are there and the checksum is wrong (RFC 792).";
    Icmpv6TooShort "icmpv6.too_short" "icmpv6" Warning "decoder.icmpv6.pkt_too_small" "The IP length leaves fewer than 4 bytes for ICMPv6 (RFC 4443).";
    Icmpv6BadChecksum "icmpv6.bad_checksum" "icmpv6" Warning "" "All covered bytes are there and the checksum is wrong (RFC 4443).";
}

/// Words of a set: room for 256 anomalies.
const WORDS: usize = 4;

/// A set of anomalies, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AnomalySet(pub [u64; WORDS]);

const _: () = assert!(Anomaly::ALL.len() <= 64 * WORDS);

impl AnomalySet {
    /// The set of none.
    pub const EMPTY: Self = Self([0; WORDS]);

    /// Add one.
    #[inline]
    pub fn add(&mut self, anomaly: Anomaly) {
        let number = anomaly as usize;
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    /// Add those of another set.
    pub fn merge(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(word, more)| *word |= more);
    }

    /// Whether it holds this one.
    #[inline]
    pub fn has(&self, anomaly: Anomaly) -> bool {
        let number = anomaly as usize;
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Whether it holds none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0 == [0; WORDS]
    }

    /// Those it holds, in the catalogue's order.
    pub fn iter(self) -> impl Iterator<Item = Anomaly> {
        self.numbers().filter_map(|number| Anomaly::ALL.get(number).copied())
    }

    /// The numbers of those it holds, in order.
    #[inline]
    pub fn numbers(self) -> impl Iterator<Item = usize> {
        self.0.into_iter().enumerate().flat_map(|(index, mut word)| {
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros() as usize;
                word &= word.wrapping_sub(1);
                (bit < 64).then_some(index * 64 + bit)
            })
        })
    }
}
