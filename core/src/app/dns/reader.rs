//! A message's bytes, of which the mirror may have cut some off.

/// Why there is nothing more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The mirror cut it.
    Cut,
    /// The message itself ends too early, or says what can't be.
    Malformed,
}

/// A place in a message, and the end of what is read of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    original: usize,
    at: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    /// At the start of a message of `original` bytes.
    pub fn new(bytes: &'a [u8], original: usize) -> Self {
        let original = original.max(bytes.len());
        Self { bytes, original, at: 0, end: original }
    }

    /// At another place of the message.
    pub fn elsewhere(&self, place: usize) -> Self {
        Self { at: place, end: self.original, ..*self }
    }

    /// The bytes from the message's start.
    pub fn place(&self) -> usize {
        self.at
    }

    /// Bytes until the end, those included that are not there.
    pub fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// What is there until the end.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..self.end.min(self.bytes.len())).unwrap_or_default()
    }

    /// The next bytes.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], End> {
        let part = self.part(length)?;
        self.bytes.get(part.at..part.end).ok_or(End::Cut)
    }

    /// A reader of the next bytes, which are done with whether they are there or not.
    pub fn part(&mut self, length: usize) -> Result<Self, End> {
        if length > self.left() {
            return Err(End::Malformed);
        }
        let part = Self { end: self.at + length, ..*self };
        self.at = part.end;
        Ok(part)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], End> {
        self.take(N)?.first_chunk().copied().ok_or(End::Malformed)
    }

    pub fn byte(&mut self) -> Result<u8, End> {
        self.array().map(u8::from_be_bytes)
    }

    pub fn short(&mut self) -> Result<u16, End> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn long(&mut self) -> Result<u32, End> {
        self.array().map(u32::from_be_bytes)
    }
}
