//! What is taken in (`-f`): an expression in pcap-filter syntax, compiled by Python, asked of each innermost packet.

mod bpf;

pub use bpf::Program;

use crate::error::Result;
use crate::frame::Link;
use crate::packet::Packet;
use crate::plan::{self, FilterLink};

/// What is taken in.
#[derive(Debug, Clone)]
pub struct Filter {
    /// By `FilterLink`; none where the expression can't be asked of such a frame.
    programs: [Option<Program>; FilterLink::COUNT],
}

impl Filter {
    /// From the plan; `None` where everything is taken in.
    ///
    /// # Errors
    /// `Error::Config` for a program that can't be run.
    pub fn new(programs: &[plan::Program]) -> Result<Option<Self>> {
        let mut filter = Self { programs: [const { None }; FilterLink::COUNT] };
        for program in programs {
            if let Some(slot) = filter.programs.get_mut(program.link as usize) {
                *slot = Some(Program::new(&program.code)?);
            }
        }
        Ok((!programs.is_empty()).then_some(filter))
    }

    /// Whether a packet is taken in; `bytes` are its captured ones from the link header on, the link's padding included.
    #[inline]
    pub fn admits(&self, packet: &Packet, bytes: &[u8]) -> bool {
        let original = packet.original.max(bytes.len() as u32);
        let (link, skipped) = match packet.link {
            Link::Ethernet => (FilterLink::Ethernet, 0),
            Link::Sll => (FilterLink::Sll, 0),
            Link::Sll2 => (FilterLink::Sll2, 0),
            Link::Chdlc => (FilterLink::Chdlc, 0),
            Link::Wifi => (FilterLink::Wifi, 0),
            Link::Radiotap => (FilterLink::Radiotap, 0),
            Link::Ip | Link::Ipv4 | Link::Ipv6 | Link::UdpPayload => (FilterLink::Ip, 0),
            // Headers of several forms, of which libpcap knows one or none.
            Link::Null | Link::Ppp | Link::Type(_) => (FilterLink::Ip, u32::from(packet.l3)),
        };
        let Some(Some(program)) = self.programs.get(link as usize) else { return false };
        program.matches(bytes.get(skipped as usize..).unwrap_or_default(), original.saturating_sub(skipped))
    }
}
