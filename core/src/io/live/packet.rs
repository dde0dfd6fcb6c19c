//! The packet socket (packet(7)) on one interface. Linux.

use super::RECEIVE_BUFFER;
use crate::io::{OWN_MARK, socket};
use std::io::{Error, Result};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

// linux/if_packet.h; libc has these for some systems only.
const PACKET_STATISTICS: i32 = 6;
const PACKET_VNET_HDR: i32 = 15;
const PACKET_OUTGOING: u32 = 4;

/// A socket that sees every frame of the interface in both directions, with the header of what is left to do.
pub(super) fn open(index: u32) -> Result<OwnedFd> {
    let socket = unbound()?;
    socket::enlarge(&socket, RECEIVE_BUFFER);
    socket::set(&socket, libc::SOL_PACKET, PACKET_VNET_HDR, 1)?;
    // Without it the clock tells the time.
    let _ = socket::set(&socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1);
    filter(&socket)?;
    bind(&socket, index, libc::ETH_P_ALL as u16)?;
    Ok(socket)
}

/// Protocol 0: it sees nothing until it is bound, and so nothing past the filter.
#[allow(unsafe_code)]
pub(in crate::io) fn unbound() -> Result<OwnedFd> {
    // SAFETY: no memory is passed; the result is checked before it is owned.
    let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return Err(Error::last_os_error());
    }
    // SAFETY: a descriptor that was just opened and that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Leave out what tmrx sent, and on loopback, where each frame is seen sent and received, those sent.
#[allow(unsafe_code)]
fn filter(socket: &OwnedFd) -> Result<()> {
    let load = |what: i32| step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, (libc::SKF_AD_OFF + what) as u32);
    let equal = |value, yes, no| step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, yes, no, value);
    let give = |bytes| step(libc::BPF_RET | libc::BPF_K, 0, 0, bytes);
    let mut program = [
        load(libc::SKF_AD_MARK),
        equal(OWN_MARK, 5, 0),
        load(libc::SKF_AD_HATYPE),
        equal(u32::from(libc::ARPHRD_LOOPBACK), 0, 2),
        load(libc::SKF_AD_PKTTYPE),
        equal(PACKET_OUTGOING, 1, 0),
        give(u32::MAX),
        give(0),
    ];
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    let size = size_of::<libc::sock_fprog>() as u32;
    // SAFETY: the program points to as many steps as it says, and both outlive the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const program).cast(),
            size,
        )
    };
    if result == 0 { Ok(()) } else { Err(Error::last_os_error()) }
}

fn step(code: u32, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt, jf, k }
}

/// Bind it to an interface, to see frames of this protocol; 0 for none.
#[allow(unsafe_code)]
pub(in crate::io) fn bind(socket: &OwnedFd, index: u32, protocol: u16) -> Result<()> {
    let name = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: protocol.to_be(),
        sll_ifindex: index as i32,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let size = size_of::<libc::sockaddr_ll>() as u32;
    // SAFETY: `name` is an address of the family it says, `size` bytes long, and outlives the call.
    let result = unsafe { libc::bind(socket.as_raw_fd(), (&raw const name).cast(), size) };
    if result != 0 {
        return Err(Error::last_os_error());
    }
    // An interface that is down is bound to all the same, and the error kept for later.
    match socket::get(socket, libc::SOL_SOCKET, libc::SO_ERROR)? {
        [0] => Ok(()),
        [code] => Err(Error::from_raw_os_error(code as i32)),
    }
}

/// The bound interface's kind of hardware (ARPHRD_…).
#[allow(unsafe_code)]
pub(in crate::io) fn hardware(socket: &OwnedFd) -> Result<u16> {
    // SAFETY: plain numbers, for which all zeros are valid.
    let mut name: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    let mut size = size_of::<libc::sockaddr_ll>() as u32;
    // SAFETY: `name` is writable for `size` bytes, and any bytes are valid in it.
    let result = unsafe { libc::getsockname(socket.as_raw_fd(), (&raw mut name).cast(), &raw mut size) };
    if result == 0 { Ok(name.sll_hatype) } else { Err(Error::last_os_error()) }
}

/// Frames that found the buffer full since this was last asked.
pub(super) fn take_drops(socket: &OwnedFd) -> u32 {
    // Frames seen, and those of them that were dropped.
    socket::get::<2>(socket, libc::SOL_PACKET, PACKET_STATISTICS).map_or(0, |[_, drops]| drops)
}
