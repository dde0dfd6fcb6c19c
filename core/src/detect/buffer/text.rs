//! A buffer as matching sees it: its bytes, and the same in lower case once a list asks for it.

use crate::detect::subject::{Buffer, ENDLESS};

/// A buffer's bytes in both forms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    exact: &'a [u8],
    /// In lower case, or empty where no content of the list asks for it.
    folded: &'a [u8],
    pub(super) original: usize,
}

impl<'a> Text<'a> {
    #[inline]
    pub(super) fn bytes(&self, nocase: bool) -> &'a [u8] {
        if nocase { self.folded } else { self.exact }
    }

    /// How many bytes there were is not known.
    #[inline]
    pub(super) fn is_endless(&self) -> bool {
        self.original.saturating_sub(self.exact.len()) >= ENDLESS
    }

    /// Bytes are missing at the end.
    #[inline]
    pub(super) fn is_cut(&self) -> bool {
        self.exact.len() < self.original
    }
}

/// The lower-case copy of a buffer, made when first asked for, its memory used again.
#[derive(Debug, Default)]
pub(super) struct Folded {
    bytes: Vec<u8>,
    ready: bool,
}

impl Folded {
    /// Another buffer.
    #[inline]
    pub(super) fn forget(&mut self) {
        self.ready = false;
    }

    /// The buffer for a list that does or does not ignore case somewhere.
    #[inline]
    pub(super) fn text<'a>(&'a mut self, buffer: Buffer<'a>, nocase: bool) -> Text<'a> {
        if nocase && !self.ready {
            self.bytes.clear();
            self.bytes.extend_from_slice(buffer.bytes);
            self.bytes.make_ascii_lowercase();
            self.ready = true;
        }
        let folded = if nocase { self.bytes.as_slice() } else { &[] };
        Text { exact: buffer.bytes, folded, original: buffer.original }
    }
}
