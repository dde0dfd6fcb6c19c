//! From a packet's first byte to its network header: the one walk that `decap` and `decode` share.

use crate::frame::Link;
use crate::wire::ethernet::{self, Ethernet, Tag, ethertype, is_tag};

/// Where the network header begins and which it is, by EtherType; `None` where the bytes end before it or it is not known.
#[inline]
pub fn network(bytes: &[u8], link: Link) -> Option<(u16, usize)> {
    match link {
        Link::Ethernet => through_ethernet(bytes),
        _ => Some((if bytes.first()? >> 4 == 6 { ethertype::IPV6 } else { ethertype::IPV4 }, 0)),
    }
}

/// Through Ethernet and its tags.
#[inline]
fn through_ethernet(bytes: &[u8]) -> Option<(u16, usize)> {
    let (head, mut rest) = Ethernet::parse(bytes)?;
    let (mut ethertype, mut at) = (head.ethertype(), ethernet::LEN);
    for _ in 0..2 {
        if !is_tag(ethertype) {
            break;
        }
        let (tag, after) = Tag::parse(rest)?;
        (ethertype, rest) = (tag.ethertype(), after);
        at += ethernet::TAG_LEN;
    }
    Some((ethertype, at))
}
