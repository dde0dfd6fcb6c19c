//! The system's errors in words that help.

use crate::error::Fault;
use std::io::{Error, ErrorKind};

/// What the system said of `what`, and what to do about it.
pub(super) fn of(what: &str, error: &Error) -> Fault {
    let (why, hint) = match error.kind() {
        ErrorKind::NotFound => ("no such file", "check the path"),
        ErrorKind::PermissionDenied => ("permission denied", ""),
        ErrorKind::IsADirectory => ("is a folder", "name a file in it"),
        ErrorKind::AddrInUse => ("the port is in use", "another receiver has it: stop that one or choose another port"),
        ErrorKind::AddrNotAvailable => ("this machine has no such address", "`ip address` lists those it has"),
        ErrorKind::NetworkUnreachable => ("the network is unreachable", "check the address and the routes"),
        ErrorKind::HostUnreachable => ("the host is unreachable", "check the address and the routes"),
        ErrorKind::StorageFull => ("no space left on the device", "free some space or write elsewhere"),
        ErrorKind::QuotaExceeded => ("the disk quota is used up", "free some space or write elsewhere"),
        ErrorKind::FileTooLarge => ("the file is as large as the system allows", "write elsewhere or raise the limit"),
        ErrorKind::BrokenPipe => ("the reader of the pipe has gone", ""),
        _ => return Fault::new(what, plain(error), ""),
    };
    Fault::new(what, why, hint)
}

/// The system's own words without Rust's "(os error N)".
fn plain(error: &Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_errors_have_hints_and_others_their_own_words() {
        let text = |code| of("x", &Error::from_raw_os_error(code)).to_string();
        assert_eq!(text(libc::ENOENT), "x: no such file (check the path)");
        assert_eq!(text(libc::ENOSPC), "x: no space left on the device (free some space or write elsewhere)");
        assert_eq!(text(libc::EMFILE), "x: too many open files");
    }
}
