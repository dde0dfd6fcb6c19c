//! Sockets with the options that std does not know. Linux.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// A sockaddr_in or sockaddr_in6 as the kernel reads and writes it.
pub(super) type Name = [u8; 28];

/// An unbound UDP socket of an address's family. IPv6 sockets take IPv6 only, so that 0.0.0.0 and [::] coexist.
#[allow(unsafe_code)]
pub(super) fn open(address: IpAddr) -> std::io::Result<UdpSocket> {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    // SAFETY: no memory is passed; the result is checked before it is owned.
    let fd = unsafe { libc::socket(family, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: a descriptor that was just opened and that nobody else owns.
    let socket = UdpSocket::from(unsafe { OwnedFd::from_raw_fd(fd) });
    if address.is_ipv6() {
        set(&socket, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 1)?;
    }
    Ok(socket)
}

/// Set an option that is an int.
#[allow(unsafe_code)]
pub(super) fn set(socket: &impl AsRawFd, level: i32, option: i32, value: i32) -> std::io::Result<()> {
    // SAFETY: `value` is an int that outlives the call, and its size is given.
    let result = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), size_of::<i32>() as u32)
    };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// Get an option that is an array of ints; what the kernel leaves out stays 0.
#[allow(unsafe_code)]
pub(super) fn get<const N: usize>(socket: &impl AsRawFd, level: i32, option: i32) -> std::io::Result<[u32; N]> {
    let mut values = [0u32; N];
    let mut length = size_of::<[u32; N]>() as u32;
    // SAFETY: `values` is writable for `length` bytes, and any bytes are valid ints.
    let result =
        unsafe { libc::getsockopt(socket.as_raw_fd(), level, option, values.as_mut_ptr().cast(), &raw mut length) };
    if result == 0 { Ok(values) } else { Err(std::io::Error::last_os_error()) }
}

/// Ask for a larger receive buffer: beyond the system's limit with the rights to, else up to it.
pub(super) fn enlarge(socket: &impl AsRawFd, bytes: usize) {
    // The kernel doubles what it is asked for.
    let half = i32::try_from(bytes / 2).unwrap_or(i32::MAX / 2);
    if set(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, half).is_err() {
        let _ = set(socket, libc::SOL_SOCKET, libc::SO_RCVBUF, half);
    }
}

/// How many files the process may have open at once.
#[allow(unsafe_code)]
pub(super) fn most_files() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is writable, and any numbers are valid in it.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    if result == 0 { usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX) } else { 0 }
}

/// Bind it.
#[allow(unsafe_code)]
pub(super) fn bind(socket: &UdpSocket, address: SocketAddr) -> std::io::Result<()> {
    let (name, length) = encode(address);
    // SAFETY: `name` is a socket address of the family that `length` says, and outlives the call.
    let result = unsafe { libc::bind(socket.as_raw_fd(), name.as_ptr().cast(), length) };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// Which of them have something to read, after waiting at most `milliseconds`; none on a signal.
#[allow(unsafe_code)]
pub(super) fn readable(polls: &mut [libc::pollfd], milliseconds: i32) -> bool {
    // SAFETY: the slice is valid, and its own length is given.
    unsafe { libc::poll(polls.as_mut_ptr(), polls.len() as libc::nfds_t, milliseconds) > 0 }
}

/// An address as the kernel reads it, and its length there.
fn encode(address: SocketAddr) -> (Name, u32) {
    let mut name = Name::default();
    let (family, octets, at, length) = match address.ip() {
        IpAddr::V4(ip) => (libc::AF_INET, ip.to_ipv6_mapped().octets(), 4, 16),
        IpAddr::V6(ip) => (libc::AF_INET6, ip.octets(), 8, 28),
    };
    let octets = if at == 4 { octets.get(12..).unwrap_or_default() } else { &octets };
    let scope = if let SocketAddr::V6(v6) = address { v6.scope_id() } else { 0 };
    put(&mut name, 0, &(family as u16).to_ne_bytes());
    put(&mut name, 2, &address.port().to_be_bytes());
    put(&mut name, 24, &scope.to_ne_bytes());
    put(&mut name, at, octets);
    (name, length)
}

fn put(name: &mut Name, at: usize, bytes: &[u8]) {
    if let Some(room) = name.get_mut(at..at + bytes.len()) {
        room.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binds_both_families_on_one_port_and_reads_options_back() {
        let four = open("0.0.0.0".parse().unwrap()).unwrap();
        bind(&four, "0.0.0.0:0".parse().unwrap()).unwrap();
        let port = four.local_addr().unwrap().port();
        let six = open("::".parse().unwrap()).unwrap();
        bind(&six, SocketAddr::new("::".parse().unwrap(), port)).unwrap();
        assert_eq!(six.local_addr().unwrap().port(), port);
        set(&four, libc::IPPROTO_IP, libc::IP_TTL, 255).unwrap();
        assert_eq!(get::<1>(&four, libc::IPPROTO_IP, libc::IP_TTL).unwrap(), [255]);
        assert_eq!(bind(&six, "[::1]:1".parse().unwrap()).unwrap_err().raw_os_error(), Some(libc::EINVAL));
    }
}
