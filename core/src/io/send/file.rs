//! Copies as a capture file: whole outer frames.

use super::{Copies, Counts};
use crate::error::{Error, Result};
use crate::frame::TimeUnit;
use crate::io::fault;
use crate::table::pcap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::fd::AsFd;

/// A capture that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    out: BufWriter<File>,
    name: String,
    row: Vec<u8>,
    unit: TimeUnit,
}

impl Writer {
    /// Create the file; "-" is standard output.
    pub fn create(path: &str, unit: TimeUnit) -> Result<Self> {
        let name = if path == "-" { "standard output" } else { path };
        let file = if path == "-" { stdout() } else { create(path) };
        let file = file.map_err(|error| Error::Output(fault::of(name, &error)))?;
        let mut row = Vec::new();
        pcap::header(&mut row, unit);
        let mut writer = Self { out: BufWriter::with_capacity(1 << 18, file), name: name.into(), row, unit };
        writer.put(&[])?;
        Ok(writer)
    }

    /// Write the copies of frames in the slab.
    pub fn send(&mut self, copies: &Copies, slab: &[u8], counts: &mut Counts) -> Result<()> {
        for copy in &copies.rows {
            let length = copy.frame_length() as u32;
            self.row.clear();
            pcap::row(&mut self.row, self.unit, copy.time, length, length);
            self.row.extend_from_slice(copies.head(copy));
            self.put(copy.body(slab))?;
            counts.sent(copy);
        }
        Ok(())
    }

    /// Write what is still in memory.
    pub fn finish(&mut self) -> Result<()> {
        self.out.flush().map_err(|error| Error::Output(fault::of(&self.name, &error)))
    }

    fn put(&mut self, body: &[u8]) -> Result<()> {
        let written = self.out.write_all(&self.row).and_then(|()| self.out.write_all(body));
        written.map_err(|error| Error::Output(fault::of(&self.name, &error)))
    }
}

#[allow(clippy::disallowed_methods)]
fn create(path: &str) -> std::io::Result<File> {
    File::create(path)
}

fn stdout() -> std::io::Result<File> {
    Ok(File::from(std::io::stdout().as_fd().try_clone_to_owned()?))
}
