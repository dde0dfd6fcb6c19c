//! How addresses, times and protocols are spelled in records.

use crate::frame::Addr;
use crate::packet::proto;
use crate::table::json::{hex, number};
use crate::time::{Nanos, SECOND};
use std::io::Write;
use std::net::Ipv6Addr;

/// Whether an address is IPv4 in its mapped form (RFC 4291, section 2.5.5.2).
pub fn is_v4(address: &Addr) -> bool {
    matches!(address.0, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ..])
}

/// The IP version of an address: 4 for the mapped form.
pub fn family(address: &Addr) -> u8 {
    if is_v4(address) { 4 } else { 6 }
}

/// Append an address of a packet of IP version `ip`: IPv4 dotted, IPv6 as eight groups of four digits.
pub fn address(out: &mut Vec<u8>, address: &Addr, ip: u8) {
    if ip == 4 { dotted(out, address) } else { groups(out, address) }
}

/// Append an IPv6 address in its short form (RFC 5952).
pub fn compressed(out: &mut Vec<u8>, address: &Addr) {
    // Writing to memory can't fail.
    let _ = write!(out, "{}", Ipv6Addr::from(address.0));
}

/// Append an address whose family only its form tells.
pub fn mapped(out: &mut Vec<u8>, address: &Addr) {
    if is_v4(address) { dotted(out, address) } else { groups(out, address) }
}

fn dotted(out: &mut Vec<u8>, address: &Addr) {
    for (place, byte) in address.low4().into_iter().enumerate() {
        if place > 0 {
            out.push(b'.');
        }
        number(out, byte);
    }
}

fn groups(out: &mut Vec<u8>, address: &Addr) {
    for (place, byte) in address.0.into_iter().enumerate() {
        if place > 0 && place % 2 == 0 {
            out.push(b':');
        }
        hex(out, u64::from(byte), 2);
    }
}

/// The name of an IP protocol where records use one (IANA's keywords).
pub fn protocol(number: u8) -> Option<&'static str> {
    Some(match number {
        0 => "HOPOPT",
        proto::ICMP => "ICMP",
        2 => "IGMP",
        4 => "IP-in-IP",
        proto::TCP => "TCP",
        8 => "EGP",
        9 => "IGP",
        proto::UDP => "UDP",
        33 => "DCCP",
        41 => "IPv6",
        43 => "IPv6-Route",
        44 => "IPv6-Frag",
        46 => "RSVP",
        47 => "GRE",
        50 => "ESP",
        51 => "AH",
        proto::ICMPV6 => "IPv6-ICMP",
        59 => "IPv6-NoNxt",
        60 => "IPv6-Opts",
        88 => "EIGRP",
        89 => "OSPFIGP",
        94 => "IPIP",
        103 => "PIM",
        112 => "VRRP",
        115 => "L2TP",
        132 => "SCTP",
        135 => "Mobility Header",
        136 => "UDPLite",
        137 => "MPLS-in-IP",
        139 => "HIP",
        140 => "Shim6",
        _ => return None,
    })
}

/// Spells times, in UTC; what a second has in common is kept from one time to the next.
#[derive(Debug, Clone)]
pub struct Clock {
    second: i64,
    year: [u8; 4],
    month: [u8; 2],
    day: [u8; 2],
    time: [u8; 8],
}

impl Default for Clock {
    fn default() -> Self {
        Self { second: 0, year: *b"1970", month: *b"01", day: *b"01", time: *b"00:00:00" }
    }
}

impl Clock {
    /// Append `2016-05-27T06:56:11.304062+0000`.
    pub fn eve(&mut self, out: &mut Vec<u8>, time: Nanos) {
        self.turn(time);
        for part in
            [&self.year[..], b"-", &self.month, b"-", &self.day, b"T", &self.time, b".", &micros(time), b"+0000"]
        {
            out.extend_from_slice(part);
        }
    }

    /// Append `05/27/2016-06:56:11.304062`.
    pub fn fast(&mut self, out: &mut Vec<u8>, time: Nanos) {
        self.turn(time);
        for part in [&self.month[..], b"/", &self.day, b"/", &self.year, b"-", &self.time, b".", &micros(time)] {
            out.extend_from_slice(part);
        }
    }

    /// Append `5/27/2016 -- 06:56:11`.
    pub fn log(&mut self, out: &mut Vec<u8>, time: Nanos) {
        self.turn(time);
        let short = |digits: &[u8; 2]| if let [b'0', digit] = digits { vec![*digit] } else { digits.to_vec() };
        for part in [&short(&self.month)[..], b"/", &self.day, b"/", &self.year, b" -- ", &self.time] {
            out.extend_from_slice(part);
        }
    }

    /// Append `2016-05-27T06:56:11.304062999Z`.
    pub fn iso(&mut self, out: &mut Vec<u8>, time: Nanos) {
        self.turn(time);
        let nanos: [u8; 9] = digits(time.rem_euclid(SECOND) as u32);
        for part in [&self.year[..], b"-", &self.month, b"-", &self.day, b"T", &self.time, b".", &nanos, b"Z"] {
            out.extend_from_slice(part);
        }
    }

    /// Append `06:56:11.304062`.
    pub fn of_day(&mut self, out: &mut Vec<u8>, time: Nanos) {
        self.turn(time);
        for part in [&self.time[..], b".", &micros(time)] {
            out.extend_from_slice(part);
        }
    }

    fn turn(&mut self, time: Nanos) {
        let second = time.div_euclid(SECOND);
        if second == self.second {
            return;
        }
        self.second = second;
        let (year, month, day) = civil(second.div_euclid(86_400));
        (self.year, self.month, self.day) = (digits(year), digits(month), digits(day));
        let clock = second.rem_euclid(86_400) as u32;
        let ([h, i], [m, n], [s, t]) = (digits(clock / 3600), digits(clock / 60 % 60), digits(clock % 60));
        self.time = [h, i, b':', m, n, b':', s, t];
    }
}

fn micros(time: Nanos) -> [u8; 6] {
    digits((time.rem_euclid(SECOND) / 1000) as u32)
}

fn digits<const N: usize>(mut number: u32) -> [u8; N] {
    let mut text = [b'0'; N];
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    text
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Years are counted from March, so that the leap day is a year's last; the times of a capture lie in 1677 to 2262.
fn civil(days: i64) -> (u32, u32, u32) {
    let since_march_0 = days + 719_468;
    let era = since_march_0.div_euclid(146_097);
    let day_of_era = since_march_0.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year as u32, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eve(time: Nanos) -> String {
        let mut out = Vec::new();
        Clock::default().eve(&mut out, time);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn times() {
        // Seconds from `date -u -d … +%s`.
        let table = [
            (0, "1970-01-01T00:00:00.000000+0000"),
            (-1, "1969-12-31T23:59:59.999999+0000"),
            (1_464_332_171_304_062_999, "2016-05-27T06:56:11.304062+0000"),
            (951_782_400 * SECOND, "2000-02-29T00:00:00.000000+0000"),
            (4_107_542_399 * SECOND, "2100-02-28T23:59:59.000000+0000"),
            (4_107_542_400 * SECOND, "2100-03-01T00:00:00.000000+0000"),
            (i64::MAX, "2262-04-11T23:47:16.854775+0000"),
            (i64::MIN, "1677-09-21T00:12:43.145224+0000"),
        ];
        for (time, want) in table {
            assert_eq!(eve(time), want);
        }
    }

    #[test]
    fn the_cached_second_is_not_stale() {
        let mut clock = Clock::default();
        let mut out = Vec::new();
        for time in [0, 5 * SECOND, 5 * SECOND + 1_000, 0] {
            clock.fast(&mut out, time);
            out.push(b' ');
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "01/01/1970-00:00:00.000000 01/01/1970-00:00:05.000000 01/01/1970-00:00:05.000001 01/01/1970-00:00:00.000000 "
        );
    }

    #[test]
    fn addresses() {
        let mut out = Vec::new();
        let v4 = Addr::v4([172, 31, 0, 238]);
        address(&mut out, &v4, 4);
        out.push(b' ');
        address(&mut out, &v4, 6);
        out.push(b' ');
        mapped(&mut out, &v4);
        out.push(b' ');
        mapped(&mut out, &Addr([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]));
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "172.31.0.238 0000:0000:0000:0000:0000:ffff:ac1f:00ee 172.31.0.238 2001:0db8:0000:0000:0000:0000:0000:0001"
        );
    }
}
