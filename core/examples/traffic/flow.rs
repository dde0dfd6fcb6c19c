//! What a flow sends, frame by frame.

use super::mix;

pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const ICMP: u8 = 1;

pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const PSH: u8 = 0x08;
pub const ACK: u8 = 0x10;

/// Sources (interfaces that are mirrored) and how many of them have a session that truncates.
const SOURCES: u32 = 256;
const MSS: u32 = 1448;
const DATAGRAM: u32 = 1600;
/// The payload of a first fragment within an MTU of 1500, a multiple of 8.
pub const FIRST_FRAGMENT: usize = 1480;

/// What a flow has sent so far.
#[derive(Clone, Copy, Default)]
pub struct Flow {
    sent: u32,
    /// Payload bytes from the client, from the server.
    bytes: [u32; 2],
}

/// What does not change over a flow: all of it follows from the seed and the flow's index.
pub struct Plan {
    pub key: u64,
    pub size: u32,
    pub protocol: u8,
    pub ipv6: bool,
    pub fragments: bool,
    pub source: u32,
    pub client: u32,
    pub server: u32,
    pub client_port: u16,
    pub server_port: u16,
}

/// One packet to be built.
#[derive(Default)]
pub struct Segment {
    pub from_server: bool,
    pub flags: u8,
    pub seq: u32,
    pub ack: u32,
    pub payload: u32,
    /// Where in the pool the payload is.
    pub at: u32,
    /// Of a datagram in two fragments, which one.
    pub fragment: Option<u8>,
    pub number: u32,
}

impl Plan {
    pub fn new(seed: u64, index: u32, size: u32) -> Self {
        let key = mix(seed.wrapping_mul(0x1_0000_0001) ^ u64::from(index));
        let rank = index + 1;
        let ipv6 = rank % 20 == 6;
        // Shares of ranks that come to about the same shares of frames under Zipf's law.
        let fragments = !ipv6 && rank % 100 == 20;
        let protocol = match key % 100 {
            _ if fragments => UDP,
            0..2 => ICMP,
            2..12 => UDP,
            12..60 if size < 4 => UDP,
            _ => TCP,
        };
        let ports = if protocol == TCP { [443, 443, 80, 22] } else { [53, 53, 443, 123] };
        Self {
            key,
            size,
            protocol,
            ipv6,
            fragments,
            source: index % SOURCES,
            // Unique for each index: the flow is told apart by address and port, whatever the key.
            client: index >> 4,
            server: (key >> 40) as u32 % 4096,
            client_port: 32768 + ((index % 16) as u16) * 2048 + (key >> 20) as u16 % 2048,
            server_port: ports[(key >> 32) as usize % 4],
        }
    }

    /// The next packet; `random` decides what is free, `large` whether a large one is wanted.
    pub fn next(&self, flow: &mut Flow, random: u64, large: bool) -> Segment {
        let number = flow.sent;
        flow.sent += 1;
        let segment = match self.protocol {
            TCP => self.tcp(flow, number, random, large),
            UDP if self.fragments => self.fragment(number),
            UDP => Segment { from_server: number % 2 == 1, payload: udp_payload(random, large), ..Segment::default() },
            _ => Segment { from_server: number % 2 == 1, payload: 56, ..Segment::default() },
        };
        let at = if segment.fragment.is_some() { u64::from(number / 2) } else { random >> 32 };
        Segment { number, at: (at % super::wire::POOL as u64) as u32, ..segment }
    }

    /// A handshake, data both ways, and for flows of some length an end.
    fn tcp(&self, flow: &mut Flow, number: u32, random: u64, large: bool) -> Segment {
        let ends = self.size >= 8 && self.key >> 60 != 0;
        let (from_server, flags, payload) = match number {
            0 => (false, SYN, 0),
            1 => (true, SYN | ACK, 0),
            2 => (false, ACK, 0),
            _ if ends && number + 3 == self.size => (false, FIN | ACK, 0),
            _ if ends && number + 2 == self.size => (true, FIN | ACK, 0),
            _ if ends && number + 1 == self.size => (false, ACK, 0),
            _ => data(random, large),
        };
        let side = usize::from(from_server);
        let control = u32::from(number + 2 > self.size && ends);
        let base = |side: usize| mix(self.key ^ side as u64) as u32;
        // SYN takes one number, FIN another (RFC 9293, section 3.4).
        let sent =
            |side: usize| base(side).wrapping_add(flow.bytes[side]).wrapping_add(u32::from(number > side as u32));
        let seq = sent(side).wrapping_add(control);
        let peer_fin = u32::from(ends && number + 1 >= self.size || ends && from_server && number + 2 == self.size);
        let ack = if number == 0 { 0 } else { sent(1 - side).wrapping_add(peer_fin) };
        flow.bytes[side] = flow.bytes[side].wrapping_add(payload);
        Segment { from_server, flags, seq, ack, payload, ..Segment::default() }
    }

    /// One half of a datagram that did not fit.
    fn fragment(&self, number: u32) -> Segment {
        Segment { payload: DATAGRAM, fragment: Some((number % 2) as u8), ..Segment::default() }
    }
}

/// Half acknowledgments, the rest data, mostly from the server.
fn data(random: u64, large: bool) -> (bool, u8, u32) {
    let from_server = random & 7 < 5;
    let size = (random >> 8) as u32;
    match random >> 4 & 15 {
        0..8 => (!from_server, ACK, 0),
        8..13 if !large => (from_server, PSH | ACK, 20 + size % 300),
        8..11 => (from_server, PSH | ACK, 200 + size % 1000),
        _ if large => (from_server, ACK, MSS),
        _ => (from_server, ACK, 0),
    }
}

fn udp_payload(random: u64, large: bool) -> u32 {
    let size = (random >> 8) as u32;
    if large && random & 3 == 0 { 600 + size % 750 } else { 30 + size % 120 }
}
