//! Flows that another one announces: a connection that two hosts agree on, and what goes over it.

use super::Protocol;

/// A flow between the same two hosts that is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// What it speaks.
    pub protocol: Protocol,
    /// The port that it is opened to.
    pub port: u16,
    /// The command that it is for.
    pub command: &'static str,
    /// The name of the file that it carries, which may be empty; none where it carries no file.
    pub file: Option<Vec<u8>>,
    /// What it carries goes to its server: to the side that it is opened to.
    pub to_server: bool,
}
