//! Sending to sockets and interfaces is Linux. Elsewhere neither can be opened, and says so; files work everywhere.

use super::{Copies, Copy, Sent};
use crate::error::{Error, Fault, Result};
use crate::frame::Addr;
use std::net::SocketAddr;

fn refusal(what: &str) -> Error {
    Error::Usage(Fault::new(what, "sending needs Linux", "write a capture instead (-w)"))
}

/// There is none on this system.
#[derive(Debug)]
pub(super) enum Pool {}

impl Pool {
    /// Fails.
    pub fn new(to: Option<SocketAddr>, _: Vec<Addr>, _: bool) -> Result<Self> {
        Err(refusal(&to.map_or_else(|| "targets".into(), |to| to.to_string())))
    }

    /// Never called: there is no pool.
    pub fn fits(&self, _: &Copy) -> bool {
        match *self {}
    }

    /// Never called: there is no pool.
    pub fn send(&mut self, _: &Copies, _: &[u8], _: &mut Sent) -> Result<()> {
        match *self {}
    }
}

/// There is none on this system.
#[derive(Debug)]
pub(super) enum Wire {}

impl Wire {
    /// Fails.
    pub fn open(name: &str) -> Result<Self> {
        Err(refusal(name))
    }

    /// Never called: there is no interface.
    pub fn fits(&self, _: &Copy) -> bool {
        match *self {}
    }

    /// Never called: there is no interface.
    pub fn mtu(&self) -> usize {
        match *self {}
    }

    /// Never called: there is no interface.
    pub fn name(&self) -> &str {
        match *self {}
    }

    /// Never called: there is no interface.
    pub fn send(&mut self, _: &Copies, _: &[u8], _: &mut Sent) -> Result<()> {
        match *self {}
    }
}
