//! Live input is Linux. Elsewhere an interface can't be opened, and says so.

use super::PREFIX;
use crate::error::{Error, Fault, Result};
use crate::frame::Batch;
use crate::io::{Fill, Source};

/// There is none on this system.
#[derive(Debug)]
pub enum Live {}

impl Live {
    /// Fails.
    ///
    /// # Errors
    /// `Error::Usage`, always.
    pub fn open(name: &str) -> Result<Self> {
        let what = format!("{PREFIX}{name}");
        Err(Error::Usage(Fault::new(what, "live input needs Linux", "send a capture instead")))
    }

    /// Never called: there is no open interface.
    pub fn wait_at_most(&mut self, _: std::time::Duration) {
        match *self {}
    }

    /// None that could be opened.
    pub fn interfaces() -> Vec<String> {
        Vec::new()
    }

    /// Never called: there is no open interface.
    pub fn dropped(&mut self) -> u64 {
        match *self {}
    }

    /// Never called: there is no open interface.
    pub fn uncut(&self) -> u64 {
        match *self {}
    }
}

impl Source for Live {
    fn fill(&mut self, _: &mut Batch) -> Result<Fill> {
        match *self {}
    }

    fn position(&self) -> u64 {
        match *self {}
    }
}
