//! Headers between link and network that have protocols of their own: MPLS and NSH.

use super::{Header, Step, Walk};
use crate::anomaly::Anomaly;
use crate::packet::{Layer, Layers, Stop};
use crate::wire::Header as _;
use crate::wire::ethernet::ethertype;
use crate::wire::mpls::{CONTROL_WORD_LEN, Label, label};
use crate::wire::nsh::{self, Nsh, next};

impl Walk<'_> {
    /// The label stack to its bottom.
    pub(super) fn mpls(&mut self) -> Step {
        let mut last: Label<'_> = self.take(Anomaly::MplsTooShort)?;
        self.passed(Layer::Link, Layers::MPLS);
        while !last.is_last() {
            last = self.take(Anomaly::MplsTooShort)?;
        }
        match last.label() {
            label::IPV4_EXPLICIT_NULL => Ok(Header::Type(ethertype::IPV4)),
            label::IPV6_EXPLICIT_NULL => Ok(Header::Type(ethertype::IPV6)),
            label::ROUTER_ALERT => self.unknown(Anomaly::MplsRouterAlert),
            label::IMPLICIT_NULL => self.unknown(Anomaly::MplsImplicitNull),
            special if special < label::FIRST => self.unknown(Anomaly::MplsReserved),
            _ => self.labelled(),
        }
    }

    /// The label does not say what follows: the first nibble has to (RFC 4928).
    fn labelled(&mut self) -> Step {
        let Some(first) = self.rest.first() else { return Err(self.missing(1, Anomaly::MplsPayloadTooShort)) };
        match first >> 4 {
            4 => Ok(Header::Type(ethertype::IPV4)),
            6 => Ok(Header::Type(ethertype::IPV6)),
            0 => {
                self.skip(CONTROL_WORD_LEN, Anomaly::MplsPayloadTooShort)?;
                Ok(Header::Ethernet)
            }
            _ => self.unknown(Anomaly::MplsUnknownPayload),
        }
    }

    pub(super) fn nsh(&mut self) -> Step {
        let head: Nsh<'_> = self.take(Anomaly::NshTooShort)?;
        self.passed(Layer::Link, Layers::NSH);
        self.check_nsh(&head)?;
        self.skip(head.header_len() - Nsh::LEN, Anomaly::NshLength)?;
        match head.next_protocol() {
            next::IPV4 => Ok(Header::Type(ethertype::IPV4)),
            next::IPV6 => Ok(Header::Type(ethertype::IPV6)),
            next::ETHERNET => Ok(Header::Ethernet),
            next::NSH => Ok(Header::Type(ethertype::NSH)),
            next::MPLS => Ok(Header::Type(ethertype::MPLS)),
            _ => self.unknown(Anomaly::NshUnknownPayload),
        }
    }

    fn check_nsh(&mut self, head: &Nsh<'_>) -> Result<(), Stop> {
        let length = head.header_len();
        let anomaly = match head.md_type() {
            _ if head.version() != 0 => Anomaly::NshVersion,
            0 | 15 => Anomaly::NshReservedType,
            1 if length != nsh::TYPE_1_LEN => Anomaly::NshLength,
            2 if length < Nsh::LEN => Anomaly::NshLength,
            1 | 2 => return Ok(()),
            _ => Anomaly::NshUnknownType,
        };
        Err(self.malformed(anomaly))
    }
}
