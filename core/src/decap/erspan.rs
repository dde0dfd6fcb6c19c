//! ERSPAN of all three types, behind GRE.

use super::{Carried, Found, Header, malformed};
use crate::anomaly::Anomaly;
use crate::frame::Link;
use crate::packet::Encapsulation;
use crate::wire::erspan::{Common, Erspan3, LEN2, LEN3};
use crate::wire::gre::{ERSPAN3, Gre};

/// Payload of type III that is an IP packet.
const IP: u8 = 2;

/// What the header behind GRE's `before` bytes says; type I, without a sequence number, has none.
pub(super) fn header(gre: &Gre<'_>, before: usize, carried: &Carried<'_>, found: &mut Found) -> Option<Header> {
    let is_type3 = gre.protocol() == ERSPAN3;
    if !is_type3 && !gre.has_sequence() {
        let (kind, link) = (Encapsulation::Erspan1, Link::Ethernet);
        return Some(Header { kind, number: 0, length: before, link, note: None });
    }
    let shortest = before + if is_type3 { LEN3 } else { LEN2 };
    if carried.sent < shortest {
        return malformed(found, Anomaly::ErspanTooShort);
    }
    // Where the capture ends inside the header there is nothing further in.
    let bytes = carried.payload.get(before..)?;
    let common = Common::parse(bytes)?;
    if common.version() != if is_type3 { 2 } else { 1 } {
        return malformed(found, Anomaly::ErspanVersion);
    }
    let (kind, length, link) = if is_type3 { type3(bytes)? } else { (Encapsulation::Erspan2, LEN2, Link::Ethernet) };
    let length = before + length;
    if length > carried.sent {
        return malformed(found, Anomaly::ErspanTooShort);
    }
    (carried.payload.len() >= length).then_some(Header { kind, number: common.session(), length, link, note: None })
}

fn type3(bytes: &[u8]) -> Option<(Encapsulation, usize, Link)> {
    let head = Erspan3::parse(bytes)?;
    let link = if head.frame_type() == IP { Link::Ip } else { Link::Ethernet };
    Some((Encapsulation::Erspan3, head.header_len(), link))
}
