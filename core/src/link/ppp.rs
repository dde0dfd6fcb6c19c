//! PPP and PPP over Ethernet.

use super::{Header, Step, Walk};
use crate::anomaly::Anomaly;
use crate::packet::{Layer, Layers, Stop};
use crate::wire::ethernet::ethertype;
use crate::wire::ppp::{self, Pppoe, protocol};
use crate::wire::{ipv4, ipv6};

impl Walk<'_> {
    pub(super) fn ppp(&mut self) -> Step {
        let Some((protocol, rest)) = ppp::parse(self.rest) else {
            return Err(self.missing(self.rest.len() + 1, Anomaly::PppTooShort));
        };
        (self.at, self.rest) = (self.at + self.rest.len() - rest.len(), rest);
        self.passed(Layer::Link, Layers::PPP);
        match protocol {
            protocol::IPV4 => self.ppp_ip(ethertype::IPV4, ipv4::LEN, Anomaly::PppIpv4TooShort),
            protocol::IPV6 => self.ppp_ip(ethertype::IPV6, ipv6::LEN, Anomaly::PppIpv6TooShort),
            protocol::MPLS => Ok(Header::Type(ethertype::MPLS)),
            protocol::MPLS_MULTICAST => Ok(Header::Type(ethertype::MPLS_MULTICAST)),
            protocol::VJ_UNCOMPRESSED if self.left() < ipv4::LEN => Err(self.malformed(Anomaly::PppVjTooShort)),
            protocol if protocol::WITHOUT_DECODER.contains(&protocol) => self.unknown(Anomaly::PppNoDecoder),
            _ => self.unknown(Anomaly::PppUnknownProtocol),
        }
    }

    fn ppp_ip(&mut self, ethertype: u16, header: usize, short: Anomaly) -> Step {
        if self.left() < header { Err(self.malformed(short)) } else { Ok(Header::Type(ethertype)) }
    }

    /// Bytes that were sent and are not walked yet.
    pub(super) fn left(&self) -> usize {
        self.sent.saturating_sub(self.at)
    }

    pub(super) fn pppoe_session(&mut self) -> Step {
        self.take::<Pppoe<'_>>(Anomaly::PppoeTooShort)?;
        self.passed(Layer::Link, Layers::PPPOE);
        Ok(Header::Ppp)
    }

    /// Complete in itself: nothing follows.
    pub(super) fn pppoe_discovery(&mut self) -> Step {
        let head: Pppoe<'_> = self.take(Anomaly::PppoeTooShort)?;
        self.passed(Layer::Link, Layers::PPPOE);
        if !ppp::is_discovery(head.code()) {
            return Err(self.malformed(Anomaly::PppoeCode));
        }
        let length = usize::from(head.length());
        if length > self.left() {
            return Err(self.malformed(Anomaly::PppoeTags));
        }
        match self.rest.get(..length) {
            Some(tags) if ppp::tags_well_formed(tags) => Err(Stop::Complete),
            Some(_) => Err(self.malformed(Anomaly::PppoeTags)),
            None => Err(Stop::Truncated),
        }
    }
}
