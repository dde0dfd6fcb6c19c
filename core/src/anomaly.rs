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
    VlanTooShort "vlan.too_short" "vlan" Warning "decoder.vlan.header_too_small" "The frame ends inside a VLAN tag (IEEE 802.1Q, clause 9).";
    VlanUnknownType "vlan.unknown_type" "vlan" Info "decoder.vlan.unknown_type" "The EtherType behind a VLAN tag has no decoder.";
    ServiceTagTooShort "service_tag.too_short" "service_tag" Warning "decoder.ieee8021ah.header_too_small" "The frame ends inside an 802.1ah tag (IEEE 802.1Q, clause 9.7).";
    VnTagTooShort "vntag.too_short" "vntag" Warning "decoder.vntag.header_too_small" "The frame ends inside a VN-Tag.";
    VnTagUnknownType "vntag.unknown_type" "vntag" Info "decoder.vntag.unknown_type" "The EtherType behind a VN-Tag has no decoder.";
    ETagTooShort "etag.too_short" "etag" Warning "decoder.etag.header_too_small" "The frame ends inside an E-Tag (IEEE 802.1BR, clause 7.6).";
    ETagUnknownType "etag.unknown_type" "etag" Info "decoder.etag.unknown_type" "The EtherType behind an E-Tag has no decoder.";
    DceTooShort "dce.too_short" "dce" Warning "decoder.dce.pkt_too_small" "The frame ends inside Cisco Data Center Ethernet's tag.";
    LlcTooShort "llc.too_short" "llc" Warning "" "The frame ends inside the LLC or SNAP header (IEEE 802.2, RFC 1042).";
    SllTooShort "sll.too_short" "sll" Warning "decoder.sll.pkt_too_small" "Fewer than the 16 bytes of a Linux cooked header.";
    Sll2TooShort "sll2.too_short" "sll2" Warning "decoder.sll2.pkt_too_small" "Fewer than the 20 bytes of a Linux cooked header of version 2.";
    LoopbackTooShort "loopback.too_short" "loopback" Warning "decoder.ltnull.pkt_too_small" "Fewer than the 4 bytes of a BSD loopback header.";
    LoopbackFamily "loopback.family" "loopback" Notice "decoder.ltnull.unsupported_type" "The address family is neither IPv4's nor IPv6's on any system.";
    ChdlcTooShort "chdlc.too_short" "chdlc" Warning "decoder.chdlc.pkt_too_small" "Fewer than the 4 bytes of Cisco's HDLC header.";
    PppTooShort "ppp.too_short" "ppp" Warning "decoder.ppp.pkt_too_small" "The frame ends inside the PPP header (RFC 1661, section 2).";
    PppVjTooShort "ppp.vj_too_short" "ppp" Warning "decoder.ppp.vju_pkt_too_small" "Too few bytes for the IP header that a VJ-uncompressed packet has (RFC 1144).";
    PppIpv4TooShort "ppp.ipv4_too_short" "ppp" Warning "decoder.ppp.ip4_pkt_too_small" "Fewer than 20 bytes for IPv4 in PPP.";
    PppIpv6TooShort "ppp.ipv6_too_short" "ppp" Warning "decoder.ppp.ip6_pkt_too_small" "Fewer than 40 bytes for IPv6 in PPP.";
    PppUnknownProtocol "ppp.unknown_protocol" "ppp" Notice "decoder.ppp.wrong_type" "The PPP protocol number is not assigned.";
    PppNoDecoder "ppp.no_decoder" "ppp" Info "decoder.ppp.unsup_proto" "A PPP protocol without a decoder: a control protocol, or VJ compression.";
    PppoeTooShort "pppoe.too_short" "pppoe" Warning "decoder.pppoe.pkt_too_small" "The frame ends inside the PPPoE header (RFC 2516, section 4).";
    PppoeCode "pppoe.code" "pppoe" Notice "decoder.pppoe.wrong_code" "A discovery message of an unknown code (RFC 2516, section 5).";
    PppoeTags "pppoe.tags" "pppoe" Notice "decoder.pppoe.malformed_tags" "A discovery message's tag runs past its end (RFC 2516, section 4).";
    MplsTooShort "mpls.too_short" "mpls" Warning "decoder.mpls.header_too_small" "The frame ends inside the label stack (RFC 3032, section 2.1).";
    MplsPayloadTooShort "mpls.payload_too_short" "mpls" Warning "decoder.mpls.pkt_too_small" "Too few bytes behind the label stack to tell what they are.";
    MplsRouterAlert "mpls.router_alert" "mpls" Notice "decoder.mpls.bad_label_router_alert" "Label 1 at the bottom of the stack (RFC 3032, section 2.1).";
    MplsImplicitNull "mpls.implicit_null" "mpls" Notice "decoder.mpls.bad_label_implicit_null" "Label 3, which never travels (RFC 3032, section 2.1).";
    MplsReserved "mpls.reserved_label" "mpls" Notice "decoder.mpls.bad_label_reserved" "A special label between 4 and 15 at the bottom of the stack.";
    MplsUnknownPayload "mpls.unknown_payload" "mpls" Info "decoder.mpls.unknown_payload_type" "The payload is neither IPv4, IPv6 nor a pseudowire with a control word.";
    NshTooShort "nsh.too_short" "nsh" Warning "decoder.nsh.header_too_small" "The frame ends inside the NSH base header (RFC 8300, section 2).";
    NshVersion "nsh.version" "nsh" Warning "decoder.nsh.unsupported_version" "NSH of a version other than 0 (RFC 8300, section 2.2).";
    NshLength "nsh.header_length" "nsh" Warning "decoder.nsh.bad_header_length" "The header length does not fit the frame or the kind of metadata (RFC 8300, section 2).";
    NshReservedType "nsh.reserved_type" "nsh" Warning "decoder.nsh.reserved_type" "Metadata of type 0 or 15, which are reserved (RFC 8300, section 2.2).";
    NshUnknownType "nsh.unknown_type" "nsh" Warning "decoder.nsh.unsupported_type" "Metadata of a type other than 1 and 2 (RFC 8300, section 2.2).";
    NshUnknownPayload "nsh.unknown_payload" "nsh" Notice "decoder.nsh.unknown_payload" "The next protocol has no decoder.";
    WifiTooShort "wifi.too_short" "wifi" Warning "" "The frame ends inside its IEEE 802.11 header (clause 9.2.4).";
    WifiBadFcs "wifi.bad_fcs" "wifi" Notice "" "The capture says that the frame check sequence was wrong.";
    RadiotapLength "wifi.radiotap_length" "wifi" Warning "" "The radiotap header is of another version, or its length is below 8 bytes or beyond the frame.";
    LinkTooManyLayers "link.too_many_layers" "link" Warning "decoder.too_many_layers" "More than 16 headers before the network header; the rest is not looked into.";
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
