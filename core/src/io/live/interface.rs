//! The machine's network interfaces. Linux.

use std::ffi::{CStr, CString};

/// The number of the interface of that name, or alternative name; `None` where there is none.
#[allow(unsafe_code)]
pub(super) fn index(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: a string that ends with a zero and outlives the call.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    (index != 0).then_some(index)
}

/// The names that there are.
#[allow(unsafe_code)]
pub(super) fn names() -> Vec<String> {
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
