//! Bytes of a file or of standard input, by read(2) straight into a slab.

use super::{WAIT, fault};
use crate::error::{Error, Fault, Result};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;

/// What one read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Got {
    /// Bytes were appended.
    Bytes,
    /// Nothing arrived in time, or a signal came.
    Nothing,
    /// The end.
    End,
}

/// An open file or pipe.
#[derive(Debug)]
pub(super) struct Input {
    file: File,
    /// What messages call it.
    pub name: String,
    /// Bytes in it; `None` for what is not a regular file.
    pub size: Option<u64>,
    /// Bytes read so far.
    pub position: u64,
    /// The file may become longer: its end is not yet the end.
    pub grows: bool,
}

impl Input {
    /// Open a path; "-" is standard input.
    pub fn open(path: &str) -> Result<Self> {
        let name = if path == "-" { "standard input" } else { path };
        let input = |error: std::io::Error| Error::Input(fault::of(name, &error));
        let file = if path == "-" { stdin() } else { open(path) }.map_err(input)?;
        let about = file.metadata().map_err(input)?;
        if about.is_dir() {
            return Err(Error::Input(Fault::new(name, "is a folder", "name a capture file in it")));
        }
        let size = about.is_file().then_some(about.len());
        if size.is_some() {
            sequential(&file);
        }
        Ok(Self { file, name: name.into(), size, position: 0, grows: false })
    }

    /// Which file it is: device and inode.
    pub fn identity(&self) -> (u64, u64) {
        self.file.metadata().map_or((0, 0), |about| (about.dev(), about.ino()))
    }

    /// Which file a path leads to.
    pub fn identity_of(path: &str) -> Option<(u64, u64)> {
        std::fs::metadata(path).ok().map(|about| (about.dev(), about.ino()))
    }

    /// Append at most `most` bytes to the slab.
    pub fn read(&mut self, slab: &mut Vec<u8>, most: usize) -> Result<Got> {
        if self.size.is_none() && !ready(&self.file) {
            return Ok(Got::Nothing);
        }
        match append(&self.file, slab, most) {
            Ok(0) if self.grows && self.size.is_some() => Ok(Got::Nothing),
            Ok(0) => Ok(Got::End),
            Ok(count) => {
                self.position += count as u64;
                Ok(Got::Bytes)
            }
            Err(error) if matches!(error.kind(), std::io::ErrorKind::Interrupted | std::io::ErrorKind::WouldBlock) => {
                Ok(Got::Nothing)
            }
            Err(error) => Err(Error::Input(fault::of(&self.name, &error))),
        }
    }
}

#[allow(clippy::disallowed_methods)]
fn open(path: &str) -> std::io::Result<File> {
    File::open(path)
}

fn stdin() -> std::io::Result<File> {
    Ok(File::from(std::io::stdin().as_fd().try_clone_to_owned()?))
}

/// Read ahead further: a capture is read once, from front to back. A kernel that won't is no error.
#[allow(unsafe_code)]
fn sequential(file: &File) {
    #[cfg(target_os = "linux")]
    // SAFETY: the descriptor is open for as long as `file` lives, and advice touches no memory of ours.
    unsafe {
        libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_SEQUENTIAL);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}

/// Wait for bytes or the end, so that a silent pipe does not hold the caller for longer than `WAIT`.
#[allow(unsafe_code)]
fn ready(file: &File) -> bool {
    let mut poll = libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid pollfd, and the count says one.
    unsafe { libc::poll(&raw mut poll, 1, WAIT.as_millis() as libc::c_int) > 0 }
}

/// read(2) into the spare room behind the slab's bytes: they are written once and never zeroed first.
#[allow(unsafe_code)]
fn append(file: &File, slab: &mut Vec<u8>, most: usize) -> std::io::Result<usize> {
    slab.reserve(most);
    let spare = slab.spare_capacity_mut();
    let room = spare.len().min(most);
    // SAFETY: `spare` is at least `room` bytes of memory that the slab owns and nobody else refers to.
    let count = unsafe { libc::read(file.as_raw_fd(), spare.as_mut_ptr().cast(), room) };
    let count = usize::try_from(count).map_err(|_| std::io::Error::last_os_error())?;
    // SAFETY: the kernel has written `count` bytes, at most `room`, right behind the slab's length.
    unsafe { slab.set_len(slab.len() + count) };
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named() {
        let why = |path: &str| Input::open(path).unwrap_err().to_string();
        assert!(why("/nowhere/a.pcap").contains("/nowhere/a.pcap: no such file"));
        assert!(why("/").contains("is a folder"));
    }

    #[test]
    fn reads_in_steps_to_the_end() {
        let path = std::env::temp_dir().join(format!("tmrx-input-{}", std::process::id()));
        std::fs::write(&path, [7u8; 100]).unwrap();
        let mut input = Input::open(path.to_str().unwrap()).unwrap();
        let mut slab = vec![1, 2];
        assert_eq!(input.read(&mut slab, 60).unwrap(), Got::Bytes);
        assert_eq!((slab.len(), input.position, input.size), (62, 60, Some(100)));
        assert_eq!(input.read(&mut slab, 60).unwrap(), Got::Bytes);
        assert_eq!(input.read(&mut slab, 60).unwrap(), Got::End);
        assert_eq!(slab.len(), 102);
        std::fs::remove_file(path).unwrap();
    }
}
