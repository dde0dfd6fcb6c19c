//! Live input is Linux. Elsewhere a listener can't be made, and says so.

use super::On;
use crate::error::{Error, Fault, Result};
use crate::frame::Batch;
use crate::io::{Fill, Source};

/// There is none on this system.
#[derive(Debug)]
pub enum Listener {}

impl Listener {
    /// Fails.
    ///
    /// # Errors
    /// `Error::Usage`, always.
    pub fn open(_: &[On], _: usize) -> Result<Self> {
        Err(Error::Usage(Fault::new("listen", "live input needs Linux", "analyse a capture instead")))
    }

    /// Never called: there is no listener.
    pub fn on(&self) -> Vec<On> {
        match *self {}
    }

    /// Never called: there is no listener.
    pub fn overflowed(&mut self) -> u64 {
        match *self {}
    }

    /// Never called: there is no listener.
    pub fn receive_buffer(&self) -> usize {
        match *self {}
    }
}

impl Source for Listener {
    fn fill(&mut self, _: &mut Batch) -> Result<Fill> {
        match *self {}
    }

    fn position(&self) -> u64 {
        match *self {}
    }
}
