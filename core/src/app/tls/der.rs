//! DER (ITU-T X.690) as far as certificates need it, of which the mirror may have cut the end off.

/// Classes and numbers of tags.
pub(super) mod tag {
    pub const BOOLEAN: u8 = 1;
    pub const INTEGER: u8 = 2;
    pub const OCTETS: u8 = 4;
    pub const OID: u8 = 6;
    pub const UTC_TIME: u8 = 23;
    pub const GENERALIZED_TIME: u8 = 24;
    pub const BMP_STRING: u8 = 30;
    pub const SEQUENCE: u8 = 0x30;
    pub const SET: u8 = 0x31;
}

/// Why a value can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It lies behind what is there.
    Cut,
    /// It is no DER, or not what is expected.
    Invalid,
}

/// Values one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Der<'a> {
    bytes: &'a [u8],
    /// Bytes that follow those, and are not there.
    missing: usize,
}

/// One value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a> {
    pub tag: u8,
    pub inside: Der<'a>,
}

impl<'a> Der<'a> {
    pub fn new(bytes: &'a [u8], missing: usize) -> Self {
        Self { bytes, missing }
    }

    /// Nothing follows.
    pub fn is_done(&self) -> bool {
        self.bytes.is_empty() && self.missing == 0
    }

    /// The bytes themselves, all of them.
    pub fn bytes(&self) -> Result<&'a [u8], Fault> {
        if self.missing == 0 { Ok(self.bytes) } else { Err(Fault::Cut) }
    }

    /// The next value.
    pub fn next(&mut self) -> Result<Value<'a>, Fault> {
        let tag = self.byte()?;
        let length = self.length()?;
        let there = length.min(self.bytes.len());
        let missing = length - there;
        if missing > self.missing {
            return Err(Fault::Invalid);
        }
        let (inside, rest) = self.bytes.split_at_checked(there).ok_or(Fault::Invalid)?;
        (self.bytes, self.missing) = (rest, self.missing - missing);
        Ok(Value { tag, inside: Der { bytes: inside, missing } })
    }

    /// The inside of the next value, which has to be of this tag.
    pub fn expect(&mut self, tag: u8) -> Result<Der<'a>, Fault> {
        let value = self.next()?;
        if value.tag == tag { Ok(value.inside) } else { Err(Fault::Invalid) }
    }

    /// The inside of the next value if it is of this tag.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Der<'a>>, Fault> {
        if self.bytes.first() == Some(&tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        let fault = if self.missing > 0 { Fault::Cut } else { Fault::Invalid };
        let (byte, rest) = self.bytes.split_first().ok_or(fault)?;
        self.bytes = rest;
        Ok(*byte)
    }

    fn length(&mut self) -> Result<usize, Fault> {
        let first = self.byte()?;
        match first {
            0..=0x7f => Ok(usize::from(first)),
            0x81..=0x83 => (0x80..first).try_fold(0, |length, _| Ok(length << 8 | usize::from(self.byte()?))),
            _ => Err(Fault::Invalid),
        }
    }
}
