//! Copies as whole outer frames on an interface, byte for byte (packet(7)). Linux.

use super::message::{Parts, Run};
use super::{Copies, Copy, Sent};
use crate::error::{Error, Fault, Result};
use crate::io::live::{interface, packet};
use crate::io::{OWN_MARK, fault, socket};
use std::io::ErrorKind;
use std::os::fd::OwnedFd;

/// Bytes of an Ethernet header, which an MTU leaves out.
const ETHERNET: usize = 14;

/// An interface that is sent on.
#[derive(Debug)]
pub(super) struct Wire {
    name: String,
    mtu: usize,
    socket: OwnedFd,
}

impl Wire {
    /// Open an interface by its name.
    pub fn open(name: &str) -> Result<Self> {
        let Some(index) = interface::index(name) else {
            let hint = format!("there are {}", interface::names().join(", "));
            return Err(Error::Output(Fault::new(name, "no such interface", hint)));
        };
        let (socket, kind) = open(index).map_err(|error| refused(name, &error))?;
        if !matches!(kind, libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK) {
            let why = format!("takes no Ethernet frames (hardware type {kind})");
            return Err(Error::Output(Fault::new(name, why, "name an Ethernet interface")));
        }
        let mtu = interface::mtu(&socket, name).map_err(|error| refused(name, &error))?;
        Ok(Self { name: name.into(), mtu, socket })
    }

    /// The interface's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The longest IP packet that it takes.
    pub fn mtu(&self) -> usize {
        self.mtu
    }

    /// Whether it takes the copy.
    pub fn fits(&self, copy: &Copy) -> bool {
        copy.frame_length() <= self.mtu + ETHERNET
    }

    /// Send the copies of frames in the slab, in order.
    pub fn send(&mut self, copies: &Copies, slab: &[u8], sent: &mut Sent) -> Result<()> {
        let parts = Parts { copies, slab, whole: true };
        let done = Run::new(&self.socket, parts, sent).apart(&copies.rows);
        done.map_err(|error| refused(&self.name, &error))
    }
}

/// A socket that sends on the interface and receives nothing, and the interface's kind of hardware.
fn open(index: u32) -> std::io::Result<(OwnedFd, u16)> {
    let socket = packet::unbound()?;
    // Without the right to, copies go unmarked.
    let _ = socket::set(&socket, libc::SOL_SOCKET, libc::SO_MARK, OWN_MARK as i32);
    packet::bind(&socket, index, 0)?;
    let kind = packet::hardware(&socket)?;
    Ok((socket, kind))
}

fn refused(name: &str, error: &std::io::Error) -> Error {
    let (why, hint) = match error.raw_os_error() {
        _ if error.kind() == ErrorKind::PermissionDenied => (
            "sending frames needs root or CAP_NET_RAW",
            "run as root, or give it to the Python that runs tmrx: setcap cap_net_raw+ep".into(),
        ),
        Some(libc::ENETDOWN) => ("the interface is down", format!("ip link set {name} up")),
        Some(libc::ENXIO | libc::ENODEV) => ("the interface is gone", String::new()),
        _ => return Error::Output(fault::of(name, error)),
    };
    Error::Output(Fault::new(name, why, hint))
}
