//! The client as proxies name it in a request (specification, http.md, "EVE `http`"; RFC 7239 has a successor of it).

use crate::app::Body;
use crate::frame::Addr;
use crate::plan::Xff;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The client that a transaction's request names, where that is wanted and is an address.
pub fn client(xff: Option<&Xff>, body: Body<'_>) -> Option<Addr> {
    let (xff, Body::Http(tx)) = (xff?, body) else { return None };
    let value = std::str::from_utf8(tx.field(true, &xff.header)?).ok()?;
    let named = if xff.last { value.rsplit(',').next() } else { value.split(',').next() };
    address(named?.trim().trim_matches('"'))
}

/// `10.0.0.1`, `10.0.0.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`; IPv4 in its mapped form.
fn address(text: &str) -> Option<Addr> {
    let in_brackets = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match in_brackets {
        Some(inner) => IpAddr::V6(inner.parse::<Ipv6Addr>().ok()?),
        None => text.parse().or_else(|_| text.parse::<SocketAddr>().map(|both| both.ip())).ok()?,
    };
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    Some(Addr(address.octets()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn addresses() {
        let mapped = |last| Some(Addr(Ipv4Addr::new(10, 0, 0, last).to_ipv6_mapped().octets()));
        let v6 = Some(Addr("2001:db8::1".parse::<Ipv6Addr>().unwrap().octets()));
        for (text, want) in [
            ("10.0.0.1", mapped(1)),
            ("10.0.0.2:80", mapped(2)),
            ("2001:db8::1", v6),
            ("[2001:db8::1]", v6),
            ("[2001:db8::1]:80", v6),
            ("unknown", None),
            ("10.0.0", None),
            ("[10.0.0.1]", None),
            ("", None),
        ] {
            assert_eq!(address(text), want, "{text}");
        }
    }
}
