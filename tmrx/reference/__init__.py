"""The slow, obviously right decoder: the executable specification that the core must agree with.

It takes one frame at a time and follows `mirroring.md` field by field, with dpkt's header tables for the fixed headers
of packets and plain slicing for everything that dpkt refuses to read when cut (dpkt has no tunnels). A file a concern:
`link` (with `ppp` and `wifi`), `network`, `transport` (with `options`, `icmp`, `igmp`, `sctp`), `tunnel`, `restore`,
and `frame`, where they meet.
Nothing here is fast; every field stands beside the sentence that defines it. dpkt is a development dependency.
The sending side is `tmrx.reference.mirror`, with decisions of its own.

Where the specification is silent, these decisions hold, here and in the core:

 1. A header that the captured bytes cut short is `stop = truncated` and no anomaly. `*.too_short` is said only where a
    length leaves no room for the header: of Ethernet that of the frame on the wire, of all others the IP header's.
    (A mirror's copy of fewer than 14 bytes is truncated: `PacketLength` may be as small as 1.)
 2. A layer is reached when its fixed header is whole and of the right version; when it then contradicts itself, it is
    reached all the same (addresses and ports are told) and `stop = malformed`. ICMP is reached with its first 4 bytes.
 3. `l3` is where the network header begins, once all link headers are whole; `l4` is where the IP payload begins, once
    the IP header with options or extensions is whole; `payload` is what follows the transport header with its options,
    and the IP payload of a later fragment or a protocol without decoder. What is not reached equals `captured`.
 4. `captured` leaves out what follows the IP datagram (Ethernet padding). `original` is link header + IP length; where
    no IP length is known it is the frame's own length. It is never below `captured`.
 5. A fragment other than the first stops with `fragment` at the IP layer, without ports and L4 verdict. The first one's
    transport header is read; its checksum's covered bytes are never all there.
 6. Three VLAN tags are followed (0x8100, 0x88a8, 0x9100), and 16 headers in all up to the network header. Where those
    are not enough, or what follows has no decoder, `stop = unknown` and `l3` is where that begins.
 7. Eight IPv6 extension headers are followed (0, 43, 44, 51, 60, 135, 139, 140). A ninth is `ipv6.extensions_too_many`
    and `stop = unknown`. `proto` is the next header of the last extension whose first 8 bytes are there. Payload length
    0 with a jumbo payload option of 65,536 bytes to 16 MiB takes its length from there; where the header that may have
    the option is cut, the length is not known. Over IPv4 one authentication header is followed, and is itself `l4`
    until it is whole.
 8. IPv4 total length 0: the datagram ends where the frame's own length ends; `length_source` stays `frame`.
 9. The pseudo-header's destination is the last address of the last routing header with segments left: of type 4
    (RFC 8754) the first entry of the list, which is written back to front; of any other type the header's end.
10. ICMP over IPv6, ICMPv6 over IPv4, "no next header" and every other protocol are `layer = other`, `stop = unknown`.
11. UDP: the payload ends where the shorter of UDP length and IP payload ends. The checksum covers the UDP length.
12. A transport header that contradicts itself makes its checksum `unverifiable`: what it covers is not known. One that
    was cut has the verdict that its checksum field allows, where the field is there.
13. Tunnels are told by the UDP *destination* port and by headers that are whole and sound: a fragment, a UDP length
    beyond the IP payload, or IPv4 total length 0 is no tunnel. A datagram that is not valid VXLAN or GENEVE has the
    anomaly and stays a plain packet; a tunnel header that the capture cut has none. So does a jumbogram. A GRE header
    that is not sound, and IP in IP whose version or room does not fit, is `malformed` besides; IP in GRE, VXLAN-GPE
    and Teredo too is IP by the type that was announced, in GENEVE and ERSPAN by its version nibble. Teredo is told by
    either port, and only where the IPv6 packet inside fills the datagram.
14. Anomalies of tunnel headers are said of the innermost packet of the frame. Reserved bits, unknown critical options
    and options that overrun one another are followed all the same (RFC 7348; the specification's section 7: leniently).
15. The mirror is the outermost encapsulation, GENEVE in front of VXLAN counting as one; what a host encapsulates itself
    is taken off too, but identity, lengths and options are those of the mirror.
16. `mirror.unknown_identity` is said of the first packet of each unknown identity.
17. The number of an identity is the VNI, ERSPAN's session id, GRE's key, PPTP's call, else 0; those of VXLAN and
    GENEVE, of ERSPAN, of GRE and of bare IP are four families that are never the same. Excluded traffic is said of the
    first alone: a switch mirrors everything.
18. Google's word of class 0x0132, type 1, is 28 bits of cookie, three reserved ones, and the direction in the last bit.
19. An 802.11 frame other than data, or protected, is `stop = unknown` and no anomaly; of several frames in one the
    first is followed. The frame check sequence is no part of the packet.
20. What an ICMP error quotes may be cut anywhere behind its addresses; an anomaly is said only where a length leaves no
    room for the header, or the version is another. A quoted later fragment has no ports.
21. A fragment's extent is what was sent, not what was captured; a datagram that was cut ends at its first hole, and
    what cut it is what cut its fragments. Its headers are those of the first fragment at offset 0 that is held,
    without what made it one. One that is given up is of the frame of its latest fragment, and comes before the
    packets of the frame whose time showed that it was over.
22. A first fragment that ends inside the transport header has an anomaly, and is `stop = fragment` like a later one.
    The same fragment through another session is no overlap. Where the completed datagram's identity is refused, so is
    the frame that completed it.
23. Causes are asked for only where bytes are missing. `packet_length` and `mtu` need the mirror to have sent less than
    the original, or a header to be cut where its copy ends; `snaplen` needs the record to be cut; `unknown` stands
    alone where nothing else is known.
"""

from tmrx.reference.decode import decode
from tmrx.reference.frame import Frame, Outcome, Reference
from tmrx.reference.packet import Link, Packet, Quoted, Wrap

__all__ = ["Frame", "Link", "Outcome", "Packet", "Quoted", "Reference", "Wrap", "decode"]
