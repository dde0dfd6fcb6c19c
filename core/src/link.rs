//! From a packet's first byte to its network header: the one walk that `decap` and `decode` share.
//!
//! Ethernet with VLAN tags straight to IP, as nearly all packets have it, is walked in line by `plain`; everything
//! else, out of line, by `walk`.

mod cooked;
mod ppp;
mod shim;
mod wifi;

use crate::anomaly::{Anomaly, AnomalySet};
use crate::frame::Link;
use crate::packet::{Layer, Layers, MAX_VLANS, Stop};
use crate::wire::ethernet::{self, Ethernet, Tag, ethertype, is_ip, is_tag};
use crate::wire::llc::{Llc, Snap};
use crate::wire::tags::{self, ETag, VnTag};

/// Headers that the walk takes at most, as many as Suricata does.
const MAX_STEPS: usize = 16;

/// Where the network header begins and which it is, by EtherType; `None` where the bytes end before it or it is not known.
#[inline]
pub fn network(bytes: &[u8], link: Link) -> Option<(u16, usize)> {
    match link {
        Link::Ethernet => plain(bytes, |_| {}).or_else(|| beyond_plain(bytes, link)),
        Link::Ip | Link::Ipv4 | Link::Ipv6 => {
            Some((if bytes.first()? >> 4 == 6 { ethertype::IPV6 } else { ethertype::IPV4 }, 0))
        }
        _ => beyond_plain(bytes, link),
    }
}

#[cold]
fn beyond_plain(bytes: &[u8], link: Link) -> Option<(u16, usize)> {
    let walk = walk(bytes, usize::MAX, link);
    walk.stop.is_none().then_some((walk.ethertype, walk.at))
}

/// Through Ethernet and its VLAN tags straight to IP; `None` for everything else. `tag` gets the VLANs' numbers,
/// outermost first.
#[inline]
pub fn plain(bytes: &[u8], mut tag: impl FnMut(u16)) -> Option<(u16, usize)> {
    let (head, mut rest) = Ethernet::parse(bytes)?;
    let (mut ethertype, mut at) = (head.ethertype(), ethernet::LEN);
    for _ in 0..MAX_VLANS {
        if !is_tag(ethertype) {
            break;
        }
        let (head, after) = Tag::parse(rest)?;
        tag(head.id());
        (ethertype, rest) = (head.ethertype(), after);
        at += ethernet::TAG_LEN;
    }
    is_ip(ethertype).then_some((ethertype, at))
}

/// The layers of `count` VLAN tags.
#[inline]
pub fn vlan_layers(count: u8) -> Layers {
    let tags = [Layers::VLAN, Layers::VLAN_QINQ, Layers::VLAN_QINQINQ];
    Layers(tags.iter().take(usize::from(count)).fold(0, |set, layer| set | layer.0))
}

/// What comes next.
#[derive(Clone, Copy)]
enum Header {
    Ethernet,
    /// What this EtherType announces.
    Type(u16),
    Loopback,
    Sll,
    Sll2,
    Ppp,
    Chdlc,
    Radiotap,
    Wifi,
    Llc,
}

/// The next header, or why there is none.
type Step = Result<Header, Stop>;

/// The way from a packet's first byte to its network header.
pub struct Walk<'a> {
    /// What has not been walked yet.
    rest: &'a [u8],
    /// Bytes of the packet as it was sent.
    sent: usize,
    /// Said where an EtherType has no decoder.
    unknown: Anomaly,
    /// Where the walk ended.
    pub at: usize,
    /// The latest EtherType.
    pub ethertype: u16,
    /// The innermost layer.
    pub layer: Layer,
    /// All layers.
    pub layers: Layers,
    /// Numbers of the VLANs, outermost first.
    pub vlans: [u16; MAX_VLANS],
    /// How many of `vlans` are set.
    pub vlan_count: u8,
    /// Bytes at the packet's end that belong to the link.
    pub trailer: usize,
    /// What was wrong on the way.
    pub anomalies: AnomalySet,
    /// Why it ended; `None`: an IPv4, IPv6 or ARP header begins at `at`.
    pub stop: Option<Stop>,
}

/// Walk from the first byte of `bytes`, of which `sent` were sent, to the network header.
#[cold]
#[inline(never)]
pub fn walk(bytes: &[u8], sent: usize, link: Link) -> Walk<'_> {
    let mut walk = Walk {
        rest: bytes,
        sent,
        unknown: Anomaly::EthernetUnknownType,
        at: 0,
        ethertype: 0,
        layer: Layer::None,
        layers: Layers::default(),
        vlans: [0; MAX_VLANS],
        vlan_count: 0,
        trailer: 0,
        anomalies: AnomalySet::EMPTY,
        stop: None,
    };
    walk.stop = walk.run(first(link));
    walk
}

/// What a packet of this link begins with.
fn first(link: Link) -> Header {
    match link {
        // Raw IP and a socket's payload have no link header: `network` and `decode` never ask.
        Link::Ethernet | Link::Ip | Link::Ipv4 | Link::Ipv6 | Link::UdpPayload => Header::Ethernet,
        Link::Null => Header::Loopback,
        Link::Sll => Header::Sll,
        Link::Sll2 => Header::Sll2,
        Link::Ppp => Header::Ppp,
        Link::Chdlc => Header::Chdlc,
        Link::Wifi => Header::Wifi,
        Link::Radiotap => Header::Radiotap,
        Link::Type(ethertype) => Header::Type(ethertype),
    }
}

impl<'a> Walk<'a> {
    fn run(&mut self, mut header: Header) -> Option<Stop> {
        for _ in 0..MAX_STEPS {
            if let Header::Type(ethertype) = header {
                self.ethertype = ethertype;
                if matches!(ethertype, ethertype::IPV4 | ethertype::IPV6 | ethertype::ARP) {
                    return None;
                }
            }
            match self.step(header) {
                Ok(next) => header = next,
                Err(stop) => return Some(stop),
            }
        }
        self.anomalies.add(Anomaly::LinkTooManyLayers);
        Some(Stop::Unknown)
    }

    fn step(&mut self, header: Header) -> Step {
        match header {
            Header::Ethernet => self.ethernet(),
            Header::Type(ethertype) => self.ethertype(ethertype),
            Header::Loopback => self.loopback(),
            Header::Sll => self.sll(),
            Header::Sll2 => self.sll2(),
            Header::Ppp => self.ppp(),
            Header::Chdlc => self.chdlc(),
            Header::Radiotap => self.radiotap(),
            Header::Wifi => self.wifi(),
            Header::Llc => self.llc(),
        }
    }

    fn ethertype(&mut self, ethertype: u16) -> Step {
        match ethertype {
            ethertype::VLAN | ethertype::QINQ | ethertype::QINQ_OLD => self.vlan(),
            ethertype::IEEE8021AH => self.service_tag(),
            ethertype::VNTAG => self.vntag(),
            ethertype::ETAG => self.etag(),
            ethertype::DCE => self.dce(),
            ethertype::MPLS | ethertype::MPLS_MULTICAST => self.mpls(),
            ethertype::PPPOE_SESSION => self.pppoe_session(),
            ethertype::PPPOE_DISCOVERY => self.pppoe_discovery(),
            ethertype::NSH => self.nsh(),
            ethertype::BRIDGING => Ok(Header::Ethernet),
            0..=ethernet::MAX_LENGTH => Ok(Header::Llc),
            _ => self.without_decoder(),
        }
    }

    /// Take a header off. Where it is not all there, either fewer bytes were sent, or the rest was cut.
    fn take<H: crate::wire::Header<'a>>(&mut self, short: Anomaly) -> Result<H, Stop> {
        let Some((head, rest)) = H::parse(self.rest) else { return Err(self.missing(H::LEN, short)) };
        (self.rest, self.at) = (rest, self.at + H::LEN);
        Ok(head)
    }

    /// Take bytes off.
    fn skip(&mut self, length: usize, short: Anomaly) -> Result<(), Stop> {
        let Some(rest) = self.rest.get(length..) else { return Err(self.missing(length, short)) };
        (self.rest, self.at) = (rest, self.at + length);
        Ok(())
    }

    /// Why `length` bytes more are not there.
    fn missing(&mut self, length: usize, short: Anomaly) -> Stop {
        if length > self.sent.saturating_sub(self.at) { self.malformed(short) } else { Stop::Truncated }
    }

    fn malformed(&mut self, anomaly: Anomaly) -> Stop {
        self.anomalies.add(anomaly);
        Stop::Malformed
    }

    /// A protocol without a decoder, by this name.
    fn unknown(&mut self, anomaly: Anomaly) -> Step {
        self.anomalies.add(anomaly);
        Err(Stop::Unknown)
    }

    /// An EtherType without a decoder, or another protocol in its place.
    fn without_decoder(&mut self) -> Step {
        self.layers.add(Layers::UNKNOWN_ETHERTYPE);
        self.unknown(self.unknown)
    }

    fn passed(&mut self, layer: Layer, layers: Layers) {
        self.layer = layer;
        self.layers.add(layers);
    }

    fn ethernet(&mut self) -> Step {
        let head: Ethernet<'_> = self.take(Anomaly::EthernetTooShort)?;
        self.passed(Layer::Ethernet, Layers::ETHERNET);
        self.unknown = Anomaly::EthernetUnknownType;
        Ok(Header::Type(head.ethertype()))
    }

    fn vlan(&mut self) -> Step {
        let count = usize::from(self.vlan_count);
        if count == MAX_VLANS {
            return self.unknown(Anomaly::VlanTooMany);
        }
        let tag: Tag<'_> = self.take(Anomaly::VlanTooShort)?;
        if let Some(slot) = self.vlans.get_mut(count) {
            *slot = tag.id();
        }
        self.vlan_count += 1;
        self.passed(Layer::Vlan, vlan_layers(self.vlan_count));
        self.unknown = Anomaly::VlanUnknownType;
        Ok(Header::Type(tag.ethertype()))
    }

    /// The customer's whole Ethernet header follows the tag.
    fn service_tag(&mut self) -> Step {
        self.skip(tags::SERVICE_TAG_LEN, Anomaly::ServiceTagTooShort)?;
        let head: Ethernet<'_> = self.take(Anomaly::ServiceTagTooShort)?;
        self.passed(Layer::Link, Layers::IEEE8021AH);
        Ok(Header::Type(head.ethertype()))
    }

    fn vntag(&mut self) -> Step {
        let tag: VnTag<'_> = self.take(Anomaly::VnTagTooShort)?;
        self.passed(Layer::Link, Layers::VNTAG);
        self.unknown = Anomaly::VnTagUnknownType;
        Ok(Header::Type(tag.ethertype()))
    }

    fn etag(&mut self) -> Step {
        let tag: ETag<'_> = self.take(Anomaly::ETagTooShort)?;
        self.passed(Layer::Link, Layers::ETAG);
        self.unknown = Anomaly::ETagUnknownType;
        Ok(Header::Type(tag.ethertype()))
    }

    fn dce(&mut self) -> Step {
        self.skip(tags::DCE_LEN, Anomaly::DceTooShort)?;
        self.passed(Layer::Link, Layers::DCE);
        Ok(Header::Ethernet)
    }

    fn llc(&mut self) -> Step {
        let head: Llc<'_> = self.take(Anomaly::LlcTooShort)?;
        self.passed(Layer::Link, Layers::LLC);
        if !head.is_snap() {
            return self.without_decoder();
        }
        let snap: Snap<'_> = self.take(Anomaly::LlcTooShort)?;
        match snap.ethertype() {
            // A length in its place would go on with LLC for ever.
            Some(ethertype) if ethertype > ethernet::MAX_LENGTH => Ok(Header::Type(ethertype)),
            _ => self.without_decoder(),
        }
    }
}

#[cfg(test)]
mod tests;
