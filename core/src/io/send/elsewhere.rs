//! Sending to sockets is Linux. Elsewhere a pool can't be made, and says so; files work everywhere.

use super::{Copy, Counts};
use crate::error::{Error, Fault, Result};
use std::net::SocketAddr;

/// There is none on this system.
#[derive(Debug)]
pub(super) enum Pool {}

impl Pool {
    /// Fails.
    pub fn new(to: SocketAddr, _: bool) -> Result<Self> {
        let hint = "write a capture instead (-w)";
        Err(Error::Usage(Fault::new(to.to_string(), "sending to a socket needs Linux", hint)))
    }

    /// Never called: there is no pool.
    pub fn send(&mut self, _: &[Copy], _: &[u8], _: &mut Counts) -> Result<()> {
        match *self {}
    }
}
