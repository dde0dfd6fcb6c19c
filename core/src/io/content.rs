//! What is in a file or comes through a pipe, decompressed where it is compressed.

use super::SLAB;
use super::input::{Got, Input};
use super::unpack::{Damage, Format, Unpacked};
use crate::error::Result;

#[derive(Debug)]
enum State {
    /// The first bytes, until they tell.
    Unknown(Input, Vec<u8>),
    Plain(Input),
    Packed(Unpacked),
    /// Opening it failed; for as long as one state is made of another.
    Gone,
}

/// An open file or pipe, as plain bytes.
#[derive(Debug)]
pub(super) struct Content {
    /// What messages call it.
    pub name: String,
    /// Bytes of the file, as it is; `None` for what is not a regular file.
    pub size: Option<u64>,
    /// Plain bytes given so far.
    pub given: u64,
    /// Which file it is: device and inode.
    identity: (u64, u64),
    state: State,
}

impl Content {
    /// Open a path; "-" is standard input. `grows`: its end is not yet the end.
    pub fn open(path: &str, grows: bool) -> Result<Self> {
        let mut input = Input::open(path)?;
        input.grows = grows;
        let (name, size, identity) = (input.name.clone(), input.size, input.identity());
        Ok(Self { name, size, given: 0, identity, state: State::Unknown(input, Vec::new()) })
    }

    /// Whether this path leads to the same file.
    pub fn is(&self, path: &str) -> bool {
        Input::identity_of(path) == Some(self.identity)
    }

    /// How it is compressed, where it is and that is known.
    pub fn compression(&self) -> Option<&'static str> {
        match &self.state {
            State::Packed(unpacked) => Some(unpacked.format.name()),
            _ => None,
        }
    }

    /// Bytes of the file or pipe read so far, compressed as they are.
    pub fn position(&self) -> u64 {
        match &self.state {
            State::Unknown(input, _) | State::Plain(input) => input.position,
            State::Packed(unpacked) => unpacked.position(),
            State::Gone => 0,
        }
    }

    /// Where the compressed bytes turned out to be damaged.
    pub fn damage(&self) -> Option<&Damage> {
        match &self.state {
            State::Packed(unpacked) => unpacked.damage.as_ref(),
            _ => None,
        }
    }

    /// The file grows no more: its end is the end.
    pub fn settle(&mut self) {
        match &mut self.state {
            State::Unknown(input, _) | State::Plain(input) => input.grows = false,
            State::Packed(unpacked) => unpacked.settle(),
            State::Gone => {}
        }
    }

    /// Append plain bytes to the slab, at most `SLAB` of them.
    pub fn read(&mut self, slab: &mut Vec<u8>) -> Result<Got> {
        let before = slab.len();
        let got = match &mut self.state {
            State::Plain(input) => input.read(slab, SLAB),
            State::Packed(unpacked) => unpacked.read(slab),
            State::Unknown(..) | State::Gone => self.begin(slab),
        };
        self.given += (slab.len() - before) as u64;
        got
    }

    /// Read first bytes until they tell.
    fn begin(&mut self, slab: &mut Vec<u8>) -> Result<Got> {
        let State::Unknown(input, head) = &mut self.state else { return Ok(Got::End) };
        let got = input.read(head, SLAB)?;
        if got == Got::Nothing || (got == Got::Bytes && head.len() < Format::MAGIC) {
            return Ok(Got::Nothing);
        }
        let State::Unknown(input, mut head) = std::mem::replace(&mut self.state, State::Gone) else {
            return Ok(Got::End);
        };
        if let Some(format) = Format::of(&head) {
            self.state = State::Packed(Unpacked::start(format, input, head));
            return Ok(Got::Nothing);
        }
        self.state = State::Plain(input);
        let got = if head.is_empty() { Got::End } else { Got::Bytes };
        slab.append(&mut head);
        Ok(got)
    }
}
