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
    VxlanGpeVersion "vxlan.gpe_version" "vxlan" Warning "" "VXLAN-GPE of a version other than 0 (draft-ietf-nvo3-vxlan-gpe, section 3).";
    VxlanPayload "vxlan.unknown_payload" "vxlan" Notice "decoder.vxlan.unknown_payload_type" "VXLAN-GPE's next protocol has no decoder.";
    GeneveTooShort "geneve.too_short" "geneve" Warning "" "A datagram to a GENEVE port with fewer than 8 bytes (RFC 8926, section 3.4).";
    GeneveVersion "geneve.version" "geneve" Warning "" "GENEVE of a version other than 0 (RFC 8926, section 3.4).";
    GeneveOptions "geneve.options_overrun" "geneve" Warning "" "Options run past their area or the datagram (RFC 8926, section 3.5).";
    GeneveCritical "geneve.unknown_critical" "geneve" Notice "" "A critical option that tmrx does not know (RFC 8926, section 3.5.1).";
    GeneveReserved "geneve.reserved_bits" "geneve" Info "" "Reserved bits are set; they are ignored (RFC 8926, section 3.4).";
    GenevePayload "geneve.unknown_payload" "geneve" Notice "decoder.geneve.unknown_payload_type" "The payload's protocol type has no decoder.";
    GreTooShort "gre.too_short" "gre" Warning "decoder.gre.pkt_too_small" "The IP length leaves fewer than 4 bytes for GRE (RFC 2784, section 2).";
    GreVersion "gre.version" "gre" Warning "decoder.gre.wrong_version" "GRE of a version other than 0 and 1.";
    GreRecursion "gre.recursion" "gre" Warning "decoder.gre.version0_recur" "The recursion control is not 0 (RFC 2784, section 2.3).";
    GreFlags "gre.reserved_flags" "gre" Warning "decoder.gre.version0_flags" "Reserved flags are set (RFC 2784, section 2.3).";
    GreHeaderLength "gre.header_length" "gre" Warning "decoder.gre.version0_hdr_too_big" "The flags announce a header longer than the packet.";
    GreSourceRoute "gre.source_route" "gre" Warning "decoder.gre.version0_malformed_sre_hdr" "The source route entries run past the packet, or are too many (RFC 1701).";
    GreBadChecksum "gre.bad_checksum" "gre" Warning "" "All covered bytes are there and the checksum is wrong (RFC 2784, section 2.4).";
    PptpChecksum "pptp.checksum" "pptp" Warning "decoder.gre.version1_chksum" "The C bit is set in GRE of version 1 (RFC 2637, section 4.1).";
    PptpRouting "pptp.routing" "pptp" Warning "decoder.gre.version1_route" "The R bit is set in GRE of version 1 (RFC 2637, section 4.1).";
    PptpStrictRoute "pptp.strict_route" "pptp" Warning "decoder.gre.version1_ssr" "The s bit is set in GRE of version 1 (RFC 2637, section 4.1).";
    PptpRecursion "pptp.recursion" "pptp" Warning "decoder.gre.version1_recur" "The recursion control is not 0 in GRE of version 1 (RFC 2637, section 4.1).";
    PptpFlags "pptp.reserved_flags" "pptp" Warning "decoder.gre.version1_flags" "Reserved flags are set in GRE of version 1 (RFC 2637, section 4.1).";
    PptpProtocol "pptp.protocol" "pptp" Warning "decoder.gre.version1_wrong_protocol" "GRE of version 1 with another payload than PPP (RFC 2637, section 4.1).";
    PptpNoKey "pptp.no_key" "pptp" Warning "decoder.gre.version1_no_key" "The K bit is not set in GRE of version 1 (RFC 2637, section 4.1).";
    PptpHeaderLength "pptp.header_length" "pptp" Warning "decoder.gre.version1_hdr_too_big" "The flags announce a header longer than the packet.";
    ErspanTooShort "erspan.too_short" "erspan" Warning "decoder.erspan.header_too_small" "The packet ends inside ERSPAN's header (draft-foschiano-erspan, section 4).";
    ErspanVersion "erspan.version" "erspan" Warning "decoder.erspan.unsupported_version" "The version is not that of the type that GRE announced (draft-foschiano-erspan, section 4).";
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
    ArpTooShort "arp.too_short" "arp" Warning "decoder.arp.pkt_too_small" "Fewer than the 28 bytes of ARP for Ethernet and IPv4 (RFC 826).";
    ArpHardware "arp.hardware" "arp" Notice "decoder.arp.unsupported_hardware" "The hardware type is not Ethernet's (RFC 826).";
    ArpProtocol "arp.protocol" "arp" Notice "decoder.arp.unsupported_protocol" "The protocol type is not IPv4's (RFC 826).";
    ArpHardwareLength "arp.hardware_length" "arp" Notice "decoder.arp.invalid_hardware_size" "The length of hardware addresses is not 6 (RFC 826).";
    ArpProtocolLength "arp.protocol_length" "arp" Notice "decoder.arp.invalid_protocol_size" "The length of protocol addresses is not 4 (RFC 826).";
    ArpOperation "arp.operation" "arp" Notice "decoder.arp.unsupported_opcode" "The operation is none of 1 to 4 (RFC 826, RFC 903).";
    Ipv4TooShort "ipv4.too_short" "ipv4" Warning "decoder.ipv4.pkt_too_small" "Fewer than the 20 bytes of an IPv4 header.";
    Ipv4Version "ipv4.version" "ipv4" Warning "decoder.ipv4.wrong_ip_version" "The version nibble is not 4 where IPv4 was announced.";
    Ipv4HeaderLength "ipv4.header_length" "ipv4" Warning "decoder.ipv4.hlen_too_small" "The header length is below 20 bytes (RFC 791, section 3.1).";
    Ipv4TotalLength "ipv4.total_length" "ipv4" Warning "decoder.ipv4.iplen_smaller_than_hlen" "The total length is below the header length (RFC 791, section 3.1).";
    Ipv4Truncated "ipv4.truncated" "ipv4" Warning "decoder.ipv4.trunc_pkt" "Less was captured than the total length says, where truncated packets are invalid.";
    Ipv4LengthZero "ipv4.total_length_zero" "ipv4" Info "" "Total length 0, as segmentation offload leaves it; the length was taken from the frame.";
    Ipv4Options "ipv4.options" "ipv4" Notice "decoder.ipv4.opt_invalid_len" "An option's length is impossible (RFC 791, section 3.1).";
    Ipv4OptionUnknown "ipv4.option_unknown" "ipv4" Info "decoder.ipv4.opt_invalid" "An option of a type that is not known.";
    Ipv4OptionMalformed "ipv4.option_malformed" "ipv4" Notice "decoder.ipv4.opt_malformed" "A route's or timestamp's pointer does not fit its list (RFC 791, section 3.1).";
    Ipv4OptionPadding "ipv4.option_padding" "ipv4" Info "decoder.ipv4.opt_pad_required" "The options do not fill a multiple of 8 bytes, which no standard asks for.";
    Ipv4OptionEnd "ipv4.option_end" "ipv4" Notice "decoder.ipv4.opt_eol_required" "One stray byte stands behind the options.";
    Ipv4OptionTwice "ipv4.option_twice" "ipv4" Notice "decoder.ipv4.opt_duplicate" "An option stands there twice.";
    Ipv4Icmpv6 "ipv4.icmpv6" "ipv4" Notice "decoder.ipv4.icmpv6" "ICMPv6 over IPv4.";
    Ipv4UnknownProtocol "ipv4.unknown_protocol" "ipv4" Info "decoder.ipv4.unknown_protocol" "The protocol has no decoder.";
    Ipv4ReservedFlag "ipv4.reserved_flag" "ipv4" Notice "" "The reserved flag is set (RFC 791, section 3.1).";
    Ipv4FragmentTooLarge "ipv4.fragment_too_large" "ipv4" Warning "decoder.ipv4.frag_pkt_too_large" "The fragment would end beyond 65535 bytes.";
    Ipv4FragmentOverlap "ipv4.fragment_overlap" "ipv4" Warning "decoder.ipv4.frag_overlap" "The fragment covers bytes that another fragment of its datagram covers.";
    Ipv4FragmentEnd "ipv4.fragment_end" "ipv4" Warning "" "The fragment does not agree with another about where its datagram ends.";
    Ipv4FragmentIgnored "ipv4.fragment_ignored" "ipv4" Warning "decoder.ipv4.frag_ignored" "More fragments than a datagram can have; this one is not used.";
    Ipv4TinyFragment "ipv4.tiny_fragment" "ipv4" Warning "" "A first fragment that is too short for the transport header (RFC 1858, section 3).";
    Ipv4BadChecksum "ipv4.bad_checksum" "ipv4" Warning "" "The whole header is there and its checksum is wrong (RFC 1071).";
    Ipv6TooShort "ipv6.too_short" "ipv6" Warning "decoder.ipv6.pkt_too_small" "Fewer than the 40 bytes of an IPv6 header.";
    Ipv6Version "ipv6.version" "ipv6" Warning "decoder.ipv6.wrong_ip_version" "The version nibble is not 6 where IPv6 was announced.";
    Ipv6Truncated "ipv6.truncated" "ipv6" Warning "decoder.ipv6.trunc_pkt" "Less was captured than the payload length says, where truncated packets are invalid.";
    Ipv6Extension "ipv6.extension_length" "ipv6" Warning "decoder.ipv6.trunc_exthdr" "An extension header runs past the packet's own length (RFC 8200, section 4).";
    Ipv6ExtensionsTooMany "ipv6.extensions_too_many" "ipv6" Warning "" "More extension headers than are followed.";
    Ipv6RoutingType0 "ipv6.routing_type_0" "ipv6" Notice "decoder.ipv6.rh_type_0" "A type 0 routing header (deprecated by RFC 5095).";
    Ipv6SegmentRouting "ipv6.segment_routing" "ipv6" Notice "" "A segment routing header's last entry or segments left contradict its length (RFC 8754, section 4.3.1.1).";
    Ipv6Jumbogram "ipv6.jumbogram" "ipv6" Warning "" "A jumbo payload length where it must not be: with a payload length, on a fragment, below 65536, or beyond 16 MiB (RFC 2675, section 3).";
    Ipv6HopByHopTwice "ipv6.hop_by_hop_twice" "ipv6" Notice "decoder.ipv6.exthdr_dupl_hh" "A second hop-by-hop options header (RFC 8200, section 4.1).";
    Ipv6RoutingTwice "ipv6.routing_twice" "ipv6" Notice "decoder.ipv6.exthdr_dupl_rh" "A second routing header (RFC 8200, section 4.1).";
    Ipv6FragmentTwice "ipv6.fragment_twice" "ipv6" Notice "decoder.ipv6.exthdr_dupl_fh" "A second fragment header (RFC 8200, section 4.1).";
    Ipv6DestinationThrice "ipv6.destination_thrice" "ipv6" Notice "decoder.ipv6.exthdr_dupl_dh" "A third destination options header (RFC 8200, section 4.1).";
    Ipv6FragmentUseless "ipv6.fragment_useless" "ipv6" Info "decoder.ipv6.exthdr_useless_fh" "A fragment header on a whole packet (RFC 6946).";
    Ipv6FragmentReserved "ipv6.fragment_reserved" "ipv6" Notice "decoder.ipv6.fh_non_zero_reserved_field" "A fragment header's reserved byte is not 0 (RFC 8200, section 4.5).";
    Ipv6OptionLength "ipv6.option_length" "ipv6" Notice "decoder.ipv6.exthdr_invalid_optlen" "An option's length is impossible (RFC 8200, section 4.2).";
    Ipv6HopByHopOption "ipv6.hop_by_hop_option" "ipv6" Info "decoder.ipv6.hopopts_unknown_opt" "A hop-by-hop option of a type that is not known.";
    Ipv6HopByHopPadding "ipv6.hop_by_hop_padding" "ipv6" Notice "decoder.ipv6.hopopts_only_padding" "A hop-by-hop options header with nothing but padding.";
    Ipv6DestinationOption "ipv6.destination_option" "ipv6" Info "decoder.ipv6.dstopts_unknown_opt" "A destination option of a type that is not known.";
    Ipv6DestinationPadding "ipv6.destination_padding" "ipv6" Notice "decoder.ipv6.dstopts_only_padding" "A destination options header with nothing but padding.";
    Ipv6PadZero "ipv6.pad_zero" "ipv6" Info "decoder.ipv6.zero_len_padn" "A PadN option without data.";
    Ipv6AhReserved "ipv6.ah_reserved" "ipv6" Notice "decoder.ipv6.exthdr_ah_res_not_null" "An authentication header's reserved field is not 0 (RFC 4302, section 2.3).";
    Ipv6DataAfterNone "ipv6.data_after_none" "ipv6" Notice "decoder.ipv6.data_after_none_header" "Bytes follow the header that says nothing does (RFC 8200, section 4.7).";
    Ipv6UnknownNextHeader "ipv6.unknown_next_header" "ipv6" Info "decoder.ipv6.unknown_next_header" "The next header has no decoder.";
    Ipv6Icmp "ipv6.icmpv4" "ipv6" Notice "decoder.ipv6.icmpv4" "ICMP of IPv4 over IPv6.";
    AhLength "ah.length" "ah" Warning "" "An authentication header runs past the packet's own length (RFC 4302, section 2.2).";
    AhTwice "ah.twice" "ah" Notice "decoder.ipv6.exthdr_dupl_ah" "A second authentication header.";
    EspTooShort "esp.too_short" "esp" Warning "decoder.esp.pkt_too_small" "The IP length leaves fewer than 8 bytes for ESP (RFC 4303, section 2).";
    Ipv6FragmentTooLarge "ipv6.fragment_too_large" "ipv6" Warning "decoder.ipv6.frag_pkt_too_large" "The fragment would end beyond 65535 bytes.";
    Ipv6FragmentOverlap "ipv6.fragment_overlap" "ipv6" Warning "decoder.ipv6.frag_overlap" "The fragment covers bytes that another fragment of its datagram covers, which RFC 5722 forbids.";
    Ipv6FragmentEnd "ipv6.fragment_end" "ipv6" Warning "" "The fragment does not agree with another about where its datagram ends.";
    Ipv6FragmentLength "ipv6.fragment_length" "ipv6" Warning "decoder.ipv6.frag_invalid_length" "A fragment other than the last whose length is no multiple of 8; it is not used (RFC 8200, section 4.5).";
    Ipv6FragmentIgnored "ipv6.fragment_ignored" "ipv6" Warning "decoder.ipv6.frag_ignored" "More fragments than a datagram can have; this one is not used.";
    Ipv6TinyFragment "ipv6.tiny_fragment" "ipv6" Warning "" "A first fragment that is too short for the transport header (RFC 7112, section 5).";
    Ipv4InIpv6TooShort "ipv6.ipv4_inside_too_short" "ipv6" Warning "decoder.ipv6.ipv4_in_ipv6_too_small" "Fewer than 20 bytes for the IPv4 packet inside (RFC 2473).";
    Ipv4InIpv6Version "ipv6.ipv4_inside_version" "ipv6" Warning "decoder.ipv6.ipv4_in_ipv6_wrong_version" "The version nibble of the IPv4 packet inside is not 4 (RFC 2473).";
    Ipv6InIpv6TooShort "ipv6.ipv6_inside_too_short" "ipv6" Warning "decoder.ipv6.ipv6_in_ipv6_too_small" "Fewer than 40 bytes for the IPv6 packet inside (RFC 2473).";
    Ipv6InIpv6Version "ipv6.ipv6_inside_version" "ipv6" Warning "decoder.ipv6.ipv6_in_ipv6_wrong_version" "The version nibble of the IPv6 packet inside is not 6 (RFC 2473).";
    IpInsideTooShort "ip.inside_too_short" "ip" Warning "" "A tunnel announces IP and leaves fewer bytes than its fixed header has.";
    IpUnknownVersion "ip.unknown_version" "ip" Warning "decoder.ipraw.invalid_ip_version" "Raw IP whose version nibble is neither 4 nor 6.";
    TcpTooShort "tcp.too_short" "tcp" Warning "decoder.tcp.pkt_too_small" "The IP length leaves fewer than 20 bytes for TCP.";
    TcpHeaderLength "tcp.header_length" "tcp" Warning "decoder.tcp.hlen_too_small" "The data offset is beyond the segment (RFC 9293, section 3.1).";
    TcpDataOffset "tcp.data_offset" "tcp" Warning "decoder.tcp.invalid_optlen" "The data offset is below 5 (RFC 9293, section 3.1).";
    TcpOptionTwice "tcp.option_twice" "tcp" Notice "decoder.tcp.opt_duplicate" "An option that stands once at most is there twice.";
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
    IcmpUnknownType "icmp.unknown_type" "icmp" Info "decoder.icmpv4.unknown_type" "The type is not known (RFC 792).";
    IcmpUnknownCode "icmp.unknown_code" "icmp" Notice "decoder.icmpv4.unknown_code" "The type has no such code (RFC 792).";
    IcmpQuoteTooShort "icmp.quote_too_short" "icmp" Notice "decoder.icmpv4.ipv4_trunc_pkt" "An error quotes fewer than the 20 bytes of an IPv4 header, or another message's body is too short (RFC 792).";
    IcmpQuoteVersion "icmp.quote_version" "icmp" Notice "decoder.icmpv4.ipv4_unknown_ver" "An error quotes a packet that is not IPv4 (RFC 792).";
    Icmpv6TooShort "icmpv6.too_short" "icmpv6" Warning "decoder.icmpv6.pkt_too_small" "The IP length leaves fewer than 4 bytes for ICMPv6 (RFC 4443).";
    Icmpv6UnknownType "icmpv6.unknown_type" "icmpv6" Info "decoder.icmpv6.unknown_type" "The type is not known (RFC 4443).";
    Icmpv6UnknownCode "icmpv6.unknown_code" "icmpv6" Notice "decoder.icmpv6.unknown_code" "The type has no such code (RFC 4443).";
    Icmpv6Unassigned "icmpv6.unassigned_type" "icmpv6" Notice "decoder.icmpv6.unassigned_type" "The type is not assigned (RFC 4443, section 2.1).";
    Icmpv6Experiment "icmpv6.experiment" "icmpv6" Info "decoder.icmpv6.experimentation_type" "A type for private experiments (RFC 4443, section 2.1).";
    Icmpv6HopLimit "icmpv6.mld_hop_limit" "icmpv6" Notice "decoder.icmpv6.mld_message_with_invalid_hl" "Multicast listener discovery with a hop limit other than 1 (RFC 2710, section 3).";
    Icmpv6QuoteTooShort "icmpv6.quote_too_short" "icmpv6" Notice "decoder.icmpv6.ipv6_trunc_pkt" "An error quotes fewer than the 40 bytes of an IPv6 header (RFC 4443, section 2.4).";
    Icmpv6QuoteVersion "icmpv6.quote_version" "icmpv6" Notice "decoder.icmpv6.ipv6_unknown_version" "An error quotes a packet that is not IPv6 (RFC 4443, section 2.4).";
    Icmpv6BadChecksum "icmpv6.bad_checksum" "icmpv6" Warning "" "All covered bytes are there and the checksum is wrong (RFC 4443).";
    SctpTooShort "sctp.too_short" "sctp" Warning "decoder.sctp.pkt_too_small" "The IP length leaves fewer than 12 bytes for SCTP (RFC 9260, section 3.1).";
    SctpChunkTooShort "sctp.chunk_too_short" "sctp" Warning "decoder.sctp.chunk_too_small" "Fewer than 4 bytes are left for a chunk (RFC 9260, section 3.2).";
    SctpChunkLength "sctp.chunk_length" "sctp" Warning "decoder.sctp.chunk_len_invalid" "A chunk's length is below 4 or runs past the packet (RFC 9260, section 3.2).";
    SctpManyChunks "sctp.many_chunks" "sctp" Notice "decoder.sctp.too_many_chunks" "More than 64 chunks.";
    SctpManyDataChunks "sctp.many_data_chunks" "sctp" Notice "decoder.sctp.too_many_data_chunks" "More than 64 chunks of data.";
    SctpInitBundled "sctp.init_bundled" "sctp" Warning "decoder.sctp.init_chunk_bundled" "INIT or INIT ACK together with other chunks (RFC 9260, section 3).";
    SctpInitTag "sctp.init_tag" "sctp" Warning "decoder.sctp.init_with_non_zero_vtag" "INIT with a verification tag other than 0 (RFC 9260, section 8.5.1).";
    SctpDataTag "sctp.data_tag" "sctp" Warning "decoder.sctp.data_with_zero_vtag" "DATA with a verification tag of 0 (RFC 9260, section 8.5).";
    SctpBadChecksum "sctp.bad_checksum" "sctp" Warning "" "All covered bytes are there and the checksum is wrong (RFC 9260, section 6.8).";
    IgmpTooShort "igmp.too_short" "igmp" Warning "decoder.igmp.pkt_too_small" "The IP length leaves fewer than 8 bytes for IGMP (RFC 2236, section 2).";
    IgmpV3TooShort "igmp.v3_too_short" "igmp" Warning "decoder.igmp.v3_pkt_too_small" "A version 3 query or report is shorter than its list (RFC 3376, section 4).";
    IgmpMalformed "igmp.malformed" "igmp" Notice "decoder.igmp.malformed" "A message of an unknown type.";
    IgmpBadChecksum "igmp.bad_checksum" "igmp" Warning "" "All covered bytes are there and the checksum is wrong (RFC 2236, section 2.3).";
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

    /// Those of the set that stand before this one in the catalogue.
    pub fn before(self, anomaly: Anomaly) -> Self {
        let mut found = Self::EMPTY;
        self.iter().filter(|other| (*other as usize) < anomaly as usize).for_each(|other| found.add(other));
        found
    }

    /// Whether it holds this one.
    #[inline]
    pub fn has(&self, anomaly: Anomaly) -> bool {
        let number = anomaly as usize;
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Whether it holds one of another set's.
    #[inline]
    pub fn meets(&self, other: Self) -> bool {
        self.0.iter().zip(other.0).any(|(word, more)| word & more != 0)
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
