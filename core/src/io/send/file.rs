//! Copies as a capture file: whole outer frames, gathered from where they are (writev(2)).

use super::{Copies, Sent};
use crate::error::{Error, Result};
use crate::frame::TimeUnit;
use crate::io::compress::{Compressor, Form};
use crate::io::fault;
use crate::mirror::ROOM;
use crate::table::pcap;
use std::fs::File;
use std::io::{ErrorKind, IoSlice, Write};
use std::os::fd::AsFd;

const _: () = assert!(pcap::ROW == ROOM);
/// Copies that one call writes: half as many as the vectors that the system takes (IOV_MAX), for a head and a body each.
const MOST: usize = 512;

/// A capture that is being written, compressed where its name says so.
#[derive(Debug)]
pub(super) struct Writer {
    out: Compressor<File>,
    name: String,
    unit: TimeUnit,
}

impl Writer {
    /// Create the file; "-" is standard output.
    pub fn create(path: &str, unit: TimeUnit) -> Result<Self> {
        let name = if path == "-" { "standard output" } else { path };
        let file = if path == "-" { stdout() } else { create(path) };
        let out = file.and_then(|file| Compressor::new(Form::of_name(path), file));
        let out = out.map_err(|error| Error::Output(fault::of(name, &error)))?;
        let mut writer = Self { out, name: name.into(), unit };
        let mut header = Vec::new();
        pcap::header(&mut header, unit);
        write_all(&mut writer.out, &mut [IoSlice::new(&header)]).map_err(|error| writer.fault(&error))?;
        Ok(writer)
    }

    /// Write the copies of frames in the slab. Their record headers go into the room in front of their heads.
    pub fn send(&mut self, copies: &mut Copies, slab: &[u8], sent: &mut Sent) -> Result<()> {
        let Copies { heads, rows } = copies;
        for rows in rows.chunks(MOST) {
            for copy in rows {
                let length = copy.frame_length() as u32;
                if let Some(room) = copy.room(heads) {
                    *room = pcap::row_of(self.unit, copy.time, length, length);
                }
                sent.add(copy);
            }
            let mut slices = Vec::with_capacity(rows.len() * 2);
            for copy in rows {
                slices.push(IoSlice::new(copy.room_and_head(heads)));
                slices.push(IoSlice::new(copy.body(slab)));
            }
            write_all(&mut self.out, &mut slices).map_err(|error| self.fault(&error))?;
        }
        Ok(())
    }

    /// End the file.
    pub fn finish(&mut self) -> Result<()> {
        self.out.finish().map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &std::io::Error) -> Error {
        Error::Output(fault::of(&self.name, error))
    }
}

/// Write all of them; a pipe may take a part at a time.
fn write_all(out: &mut impl Write, mut slices: &mut [IoSlice<'_>]) -> std::io::Result<()> {
    // Empty ones in front would look as if nothing could be written.
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match out.write_vectored(slices) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut slices, count),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[allow(clippy::disallowed_methods)]
fn create(path: &str) -> std::io::Result<File> {
    File::create(path)
}

fn stdout() -> std::io::Result<File> {
    Ok(File::from(std::io::stdout().as_fd().try_clone_to_owned()?))
}
