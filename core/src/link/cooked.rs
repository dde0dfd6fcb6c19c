//! Link headers that a capturing host makes up, and Cisco's HDLC.

use super::{Header, Step, Walk};
use crate::anomaly::Anomaly;
use crate::packet::{Layer, Layers, Stop};
use crate::wire::cooked::{self, Chdlc, Loopback, Sll, Sll2, arphrd, family};
use crate::wire::ethernet::{MAX_LENGTH, ethertype};

impl Walk<'_> {
    pub(super) fn loopback(&mut self) -> Step {
        let head: Loopback<'_> = self.take(Anomaly::LoopbackTooShort)?;
        self.passed(Layer::Link, Layers::NULL);
        match head.family() {
            family::IPV4 => Ok(Header::Type(ethertype::IPV4)),
            family::IPV6_LINUX | family::IPV6_NETBSD | family::IPV6_FREEBSD | family::IPV6_DARWIN => {
                Ok(Header::Type(ethertype::IPV6))
            }
            _ => self.unknown(Anomaly::LoopbackFamily),
        }
    }

    pub(super) fn sll(&mut self) -> Step {
        let head: Sll<'_> = self.take(Anomaly::SllTooShort)?;
        self.passed(Layer::Link, Layers::SLL);
        self.cooked(head.hardware(), head.protocol())
    }

    pub(super) fn sll2(&mut self) -> Step {
        let head: Sll2<'_> = self.take(Anomaly::Sll2TooShort)?;
        self.passed(Layer::Link, Layers::SLL2);
        self.cooked(head.hardware(), head.protocol())
    }

    /// The protocol is an EtherType on most kinds of link.
    fn cooked(&mut self, hardware: u16, protocol: u16) -> Step {
        match (hardware, protocol) {
            (arphrd::NETLINK, _) => Err(Stop::Unknown),
            (arphrd::IEEE80211, _) => Ok(Header::Wifi),
            (arphrd::IEEE80211_RADIOTAP, _) => Ok(Header::Radiotap),
            (_, cooked::LLC) => Ok(Header::Llc),
            (_, protocol) if protocol <= MAX_LENGTH => self.without_decoder(),
            (_, protocol) => Ok(Header::Type(protocol)),
        }
    }

    pub(super) fn chdlc(&mut self) -> Step {
        let head: Chdlc<'_> = self.take(Anomaly::ChdlcTooShort)?;
        self.passed(Layer::Link, Layers::CHDLC);
        match head.protocol() {
            protocol if protocol <= MAX_LENGTH => self.without_decoder(),
            protocol => Ok(Header::Type(protocol)),
        }
    }
}
