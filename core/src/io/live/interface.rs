//! The machine's network interfaces. Linux.

use std::ffi::{CStr, CString};
use std::os::fd::AsRawFd;

/// The number of the interface of that name, or alternative name; `None` where there is none.
#[allow(unsafe_code)]
pub(in crate::io) fn index(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: a string that ends with a zero and outlives the call.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    (index != 0).then_some(index)
}

/// The names that there are.
#[allow(unsafe_code)]
pub(in crate::io) fn names() -> Vec<String> {
    let mut names = Vec::new();
    // SAFETY: the result is null, or a list that ends with index 0, each entry before it with a name that ends with a
    // zero; it is freed once, after its last use.
    unsafe {
        let list = libc::if_nameindex();
        let mut entry = list;
        while !entry.is_null() && (*entry).if_index != 0 {
            names.push(CStr::from_ptr((*entry).if_name).to_string_lossy().into_owned());
            entry = entry.add(1);
        }
        if !list.is_null() {
            libc::if_freenameindex(list);
        }
    }
    names
}

/// The longest packet that the interface takes. `socket`: any.
#[allow(unsafe_code)]
pub(in crate::io) fn mtu(socket: &impl AsRawFd, name: &str) -> std::io::Result<usize> {
    // SAFETY: plain numbers and pointers, for which all zeros are valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (place, byte) in request.ifr_name.iter_mut().take(libc::IFNAMSIZ - 1).zip(name.bytes()) {
        *place = byte as libc::c_char;
    }
    // SAFETY: `request` is a struct ifreq with a name that ends with a zero, which the call reads and writes.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFMTU as _, &raw mut request) };
    if result != 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: the call has written the union's MTU.
    Ok(usize::try_from(unsafe { request.ifr_ifru.ifru_mtu }).unwrap_or_default())
}
