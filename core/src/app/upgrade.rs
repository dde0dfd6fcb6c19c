//! Requests of HTTP/1 that go on in another protocol.

/// A request whose answer is given there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Its method.
    pub method: Vec<u8>,
    /// What it asks for, as it is written.
    pub target: Vec<u8>,
    /// The names and values of its fields.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
}
