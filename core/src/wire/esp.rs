//! Encapsulating security payload (RFC 4303, section 2).

use super::{be32, view};

view! {
    /// The header; what follows is encrypted.
    Esp[8]
}

impl Esp<'_> {
    /// Security parameters index.
    pub fn spi(&self) -> u32 {
        be32!(self.0, 0)
    }

    /// Sequence number.
    pub fn sequence(&self) -> u32 {
        be32!(self.0, 4)
    }
}
