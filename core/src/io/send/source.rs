//! Where frames come from: a capture, which may be sent again, or a live interface.

use crate::error::{Error, Fault, Result};
use crate::frame::{Batch, TimeUnit};
use crate::io::{Capture, Fill, Live, Source, live};
use crate::mirror::check_links;
use std::time::Duration;

/// What is read.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one, which is never moved")]
pub(super) enum Input {
    Capture(String, Capture),
    Live(Live),
}

impl Input {
    /// Open a capture's path, "-" or an interface, as in `iface:eth0`, to send it so often.
    pub fn open(name: &str, loops: u64) -> Result<Self> {
        if loops == 0 {
            return Err(Error::Usage(Fault::new("loop", "a capture is sent at least once", "")));
        }
        let interface = live::interface(name);
        if loops > 1 && (interface.is_some() || name == "-") {
            let what = if name == "-" { "standard input" } else { name };
            return Err(Error::Usage(Fault::new(
                "loop",
                format!("{what} can be sent once only"),
                "name a capture file",
            )));
        }
        match interface {
            Some(interface) => Ok(Self::Live(Live::open(interface)?)),
            None => Ok(Self::Capture(name.into(), Capture::open(name)?)),
        }
    }

    /// Begin a capture again.
    pub fn again(&mut self) -> Result<()> {
        if let Self::Capture(path, capture) = self {
            *capture = Capture::open(path)?;
        }
        Ok(())
    }

    /// How finely it tells time.
    pub fn time_unit(&self) -> TimeUnit {
        match self {
            Self::Capture(_, capture) => capture.time_unit(),
            Self::Live(_) => TimeUnit::default(),
        }
    }

    /// Whether this path is the file that is read.
    pub fn is_file(&self, path: &str) -> bool {
        matches!(self, Self::Capture(_, capture) if capture.is_file(path))
    }

    /// Of a live interface: frames lost so far, and those that are not as on the wire.
    pub fn live(&mut self) -> (u64, u64) {
        match self {
            Self::Capture(..) => (0, 0),
            Self::Live(live) => (live.dropped(), live.uncut()),
        }
    }

    /// How long a fill may wait for a live interface's frames.
    pub fn wait_at_most(&mut self, time: Duration) {
        if let Self::Live(live) = self {
            live.wait_at_most(time);
        }
    }

    fn source(&self) -> &dyn Source {
        match self {
            Self::Capture(_, capture) => capture,
            Self::Live(live) => live,
        }
    }
}

impl Source for Input {
    fn fill(&mut self, batch: &mut Batch) -> Result<Fill> {
        match self {
            Self::Capture(path, capture) => {
                let filled = capture.fill(batch)?;
                check_links(batch, path).map(|()| filled)
            }
            Self::Live(live) => live.fill(batch),
        }
    }

    fn is_live(&self) -> bool {
        self.source().is_live()
    }

    fn position(&self) -> u64 {
        self.source().position()
    }

    fn size(&self) -> Option<u64> {
        self.source().size()
    }

    fn warning(&self) -> Option<&str> {
        self.source().warning()
    }
}
