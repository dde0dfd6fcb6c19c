//! The crate's one error type. Packets never make errors: a bad packet is data.

/// What went wrong, in the form `WHAT: WHY (HINT)` that the command line prints.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller asked for something that can't be (exit code 2).
    #[error("{0}")]
    Usage(Fault),
    /// A capture, socket or stream can't be read (exit code 2).
    #[error("{0}")]
    Input(Fault),
    /// An output can't be written (exit code 2).
    #[error("{0}")]
    Output(Fault),
    /// A plan, setting or rule the core can't take (exit code 2).
    #[error("{0}")]
    Config(Fault),
    /// A fault of tmrx itself (exit code 3).
    #[error("{0}")]
    Internal(Fault),
}

/// The three parts of an error message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The thing concerned: a path, an address, a setting.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
    /// What to do about it; empty when there is nothing to say.
    pub hint: String,
}

impl Fault {
    /// A fault from its parts.
    pub fn new(what: impl Into<String>, why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into(), hint: hint.into() }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.what, self.why)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, " ({})", self.hint) }
    }
}

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;
