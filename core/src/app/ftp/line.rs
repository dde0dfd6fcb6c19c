//! Lines of one direction (RFC 959, section 4.1.3): they end with CR LF; a bare LF does as well.

/// A line without its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Its text, as far as it is there.
    pub text: Vec<u8>,
    /// Bytes behind it that the mirror lost, its end among them.
    pub missing: usize,
    /// It was longer than lines may be.
    pub is_long: bool,
    /// It follows a gap: it may be the end of a line.
    pub is_doubtful: bool,
}

/// Takes the lines out of a stream.
#[derive(Debug)]
pub(super) struct Lines {
    /// The most bytes of a line.
    most: usize,
    begun: Vec<u8>,
    /// The rest of a line that was too long goes by.
    skips: bool,
    /// Bytes were lost since the last line.
    is_lost: bool,
}

impl Lines {
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), begun: Vec::new(), skips: false, is_lost: false }
    }

    /// The next line, which is taken out of `bytes`; none where its end is yet to come.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Option<Line> {
        if self.skips {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            *bytes = end.and_then(|end| bytes.get(end + 1..)).unwrap_or_default();
            self.skips = end.is_none();
        }
        if self.skips {
            return None;
        }
        match bytes.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                let (line, rest) = bytes.split_at(end);
                *bytes = rest.get(1..).unwrap_or_default();
                self.begin(line);
                Some(self.take(0))
            }
            None => {
                self.begin(bytes);
                *bytes = &[];
                self.skips = self.begun.len() > self.most;
                self.skips.then(|| self.take(0))
            }
        }
    }

    /// Bytes are lost: what was there of a line before them.
    pub fn gap(&mut self, missing: u64) -> Option<Line> {
        let line = (!self.begun.is_empty()).then(|| self.take(usize::try_from(missing).unwrap_or(usize::MAX)));
        (self.skips, self.is_lost) = (false, true);
        line
    }

    /// Put by what comes of a line: one byte more than a line may have says that it is too long.
    fn begin(&mut self, bytes: &[u8]) {
        let room = (self.most + 1).saturating_sub(self.begun.len());
        self.begun.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn take(&mut self, missing: usize) -> Line {
        let mut text = std::mem::take(&mut self.begun);
        let is_long = text.len() > self.most;
        text.truncate(self.most);
        if text.last() == Some(&b'\r') && !is_long {
            text.pop();
        }
        Line { text, missing, is_long, is_doubtful: std::mem::take(&mut self.is_lost) }
    }
}
