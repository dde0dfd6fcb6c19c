//! Which of this machine's addresses copies come from. Pure.

use crate::frame::Addr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address in the system's form.
pub(super) fn ip(addr: Addr) -> IpAddr {
    Ipv6Addr::from(addr.0).to_canonical()
}

/// No address, of the same family.
pub(super) fn any(like: IpAddr) -> IpAddr {
    if like.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) }
}

/// Where copies of a session with this outer source come from, when they go to `to`: from the outer source, or, where
/// they stay on this machine, from a loopback address of its own.
pub(super) fn source(outer: Addr, to: IpAddr) -> IpAddr {
    let own = ip(outer);
    match to {
        IpAddr::V4(to) if to.is_loopback() => IpAddr::V4(loopback(own)),
        IpAddr::V6(to) if to.is_loopback() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        _ if own.is_ipv4() == to.is_ipv4() => own,
        _ => any(to),
    }
}

/// The low 24 bits in 127.0.0.0/8, but for the net's first and last address (`tmrx.mirror.mirror.loopback`).
fn loopback(own: IpAddr) -> Ipv4Addr {
    let IpAddr::V4(own) = own else { return Ipv4Addr::LOCALHOST };
    let low = (own.to_bits() & 0x00ff_ffff).clamp(1, 0x00ff_fffe);
    Ipv4Addr::from_bits(0x7f00_0000 | low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outer_source_has_a_loopback_address() {
        let cases = [
            ("10.1.2.3", "127.0.0.1", "127.1.2.3"),
            ("10.0.0.0", "127.0.0.1", "127.0.0.1"),
            ("10.255.255.255", "127.9.9.9", "127.255.255.254"),
            ("fd00::1", "127.0.0.1", "127.0.0.1"),
            ("fd00::1", "::1", "::1"),
            ("10.1.2.3", "::1", "::1"),
            ("10.1.2.3", "192.0.2.1", "10.1.2.3"),
            ("10.1.2.3", "2001:db8::1", "::"),
            ("fd00::1", "192.0.2.1", "0.0.0.0"),
        ];
        for (outer, to, from) in cases {
            let outer = match outer.parse().unwrap() {
                IpAddr::V4(v4) => Addr::v4(v4.octets()),
                IpAddr::V6(v6) => Addr(v6.octets()),
            };
            assert_eq!(source(outer, to.parse().unwrap()), from.parse::<IpAddr>().unwrap(), "{outer:?} to {to}");
        }
    }
}
