//! Community ID, version 1: one name for a flow in every tool that knows it.

use super::key::{icmp_counterpart, icmpv6_counterpart};
use crate::frame::Addr;
use crate::packet::proto;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// Length of an id: `1:` and 20 bytes in base64.
pub const LEN: usize = 30;

/// The id of a flow or packet, whichever way it goes; `ip` is 4 or 6, and for ICMP the ports are type and code.
pub fn community_id(seed: u16, ip: u8, proto: u8, src: &Addr, dst: &Addr, sport: u16, dport: u16) -> [u8; LEN] {
    let counterpart = match proto {
        proto::ICMP => icmp_counterpart(sport),
        proto::ICMPV6 => icmpv6_counterpart(sport),
        _ => None,
    };
    let one_way = matches!(proto, proto::ICMP | proto::ICMPV6) && counterpart.is_none();
    let dport = counterpart.map_or(dport, |(other, _)| other);
    let (from, to) = if one_way || (src, sport) <= (dst, dport) {
        ((src, sport), (dst, dport))
    } else {
        ((dst, dport), (src, sport))
    };
    let mut hash = Sha1::new();
    hash.update(seed.to_be_bytes());
    for addr in [from.0, to.0] {
        if ip == 4 { hash.update(addr.low4()) } else { hash.update(addr.0) }
    }
    hash.update([proto, 0]);
    if matches!(proto, proto::TCP | proto::UDP | proto::ICMP | proto::ICMPV6) {
        hash.update(from.1.to_be_bytes());
        hash.update(to.1.to_be_bytes());
    }
    let mut id = *b"1:0000000000000000000000000000";
    if let Some(text) = id.get_mut(2..) {
        // 20 bytes make 28 letters: it fits.
        let _ = STANDARD.encode_slice(hash.finalize(), text);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn id(seed: u16, proto: u8, src: &str, dst: &str, sport: u16, dport: u16) -> String {
        let parse = |text: &str| match text.parse().unwrap() {
            IpAddr::V4(a) => (4, Addr::v4(a.octets())),
            IpAddr::V6(a) => (6, Addr(a.octets())),
        };
        let ((ip, src), (_, dst)) = (parse(src), parse(dst));
        String::from_utf8(community_id(seed, ip, proto, &src, &dst, sport, dport).to_vec()).unwrap()
    }

    /// The vectors published with the specification (github.com/corelight/community-id-spec, baseline).
    #[test]
    fn published_vectors() {
        let (tcp, udp, icmp, icmp6) = (proto::TCP, proto::UDP, proto::ICMP, proto::ICMPV6);
        for (seed, proto, src, dst, sport, dport, want) in [
            (0, tcp, "128.232.110.120", "66.35.250.204", 34855, 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            (0, tcp, "66.35.250.204", "128.232.110.120", 80, 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            (1, tcp, "128.232.110.120", "66.35.250.204", 34855, 80, "1:3V71V58M3Ksw/yuFALMcW0LAHvc="),
            (0, udp, "192.168.1.52", "8.8.8.8", 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
            (0, icmp, "192.168.0.89", "192.168.0.1", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
            (0, icmp, "192.168.0.1", "192.168.0.89", 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
            (
                0,
                icmp6,
                "fe80::200:86ff:fe05:80da",
                "fe80::260:97ff:fe07:69ea",
                135,
                0,
                "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=",
            ),
            (
                0,
                icmp6,
                "fe80::260:97ff:fe07:69ea",
                "fe80::200:86ff:fe05:80da",
                136,
                0,
                "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=",
            ),
            (
                0,
                icmp6,
                "3ffe:507:0:1:200:86ff:fe05:80da",
                "3ffe:507:0:1:260:97ff:fe07:69ea",
                3,
                0,
                "1:/OGBt9BN1ofenrmSPWYicpij2Vc=",
            ),
            (0, 46, "10.1.24.4", "10.1.12.1", 0, 0, "1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4="),
            (0, 46, "10.1.12.1", "10.1.24.4", 0, 0, "1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4="),
            (
                0,
                icmp6,
                "3ffe:507:0:1:260:97ff:fe07:69ea",
                "3ffe:507:0:1:200:86ff:fe05:80da",
                3,
                0,
                "1:NdobDX8PQNJbAyfkWxhtL2Pqp5w=",
            ),
        ] {
            assert_eq!(id(seed, proto, src, dst, sport, dport), want, "{src} {dst} {sport} {dport} {seed}");
        }
    }
}
