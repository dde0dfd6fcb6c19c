//! What is taken in (`-f`) and what is shown (`-Y`): expressions that Python compiled, asked of each packet.

mod bpf;

pub use bpf::Program;

use crate::error::Result;
use crate::frame::Link;
use crate::packet::Packet;
use crate::plan;

/// What is taken in, by how a frame begins.
#[derive(Debug, Clone)]
pub struct Filter {
    ethernet: Option<Program>,
    ip: Option<Program>,
}

impl Filter {
    /// From the plan; `None` where everything is taken in.
    ///
    /// # Errors
    /// `Error::Config` for a program that can't be run.
    pub fn new(programs: &[plan::Program]) -> Result<Option<Self>> {
        if programs.is_empty() {
            return Ok(None);
        }
        let of = |link| programs.iter().find(|program| program.link == link).map(|p| Program::new(&p.code)).transpose();
        Ok(Some(Self { ethernet: of(plan::FilterLink::Ethernet)?, ip: of(plan::FilterLink::Ip)? }))
    }

    /// Whether a packet is taken in; `bytes` are its captured ones from the link header on, the link's padding included.
    ///
    /// What the expression can't be asked of is not.
    #[inline]
    pub fn admits(&self, link: Link, packet: &Packet, bytes: &[u8]) -> bool {
        let original = packet.original.max(bytes.len() as u32);
        let program = match link {
            Link::Ethernet => &self.ethernet,
            Link::Ip | Link::UdpPayload => &self.ip,
        };
        program.as_ref().is_some_and(|program| program.matches(bytes, original))
    }
}
