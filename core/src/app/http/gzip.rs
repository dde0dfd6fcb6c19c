//! What is before the data in gzip (RFC 1952, section 2.3), whatever its flags and its checksum.

/// The fields of a fixed length.
const FIXED: usize = 10;
const CHECKSUM: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

/// What came of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read<'a> {
    /// The data that is behind it; none where it goes on.
    Data(&'a [u8]),
    /// It is no gzip.
    Wrong,
}

/// What is read next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Fixed,
    ExtraLength,
    Extra,
    Name,
    Comment,
    Checksum,
    Data,
}

/// A header that is read byte by byte.
#[derive(Debug, Default)]
pub(super) struct Header {
    at: At,
    flags: u8,
    /// Bytes of this part so far.
    count: usize,
    /// Bytes of the extra field.
    extra: usize,
}

impl Header {
    /// The next bytes.
    pub fn read<'a>(&mut self, mut bytes: &'a [u8]) -> Read<'a> {
        while self.at != At::Data {
            let Some((byte, rest)) = bytes.split_first() else { break };
            bytes = rest;
            if !self.byte(*byte) {
                return Read::Wrong;
            }
        }
        Read::Data(bytes)
    }

    /// One byte; false: it is no gzip.
    fn byte(&mut self, byte: u8) -> bool {
        self.count += 1;
        match (self.at, self.count) {
            (At::Fixed, 1) => return byte == 0x1f,
            (At::Fixed, 2) => return byte == 0x8b,
            (At::Fixed, 3) => return byte == 8,
            (At::Fixed, 4) => self.flags = byte,
            (At::Fixed, FIXED) => self.next(At::ExtraLength),
            (At::ExtraLength, 1) => self.extra = usize::from(byte),
            (At::ExtraLength, _) => {
                self.extra |= usize::from(byte) << 8;
                self.next(if self.extra == 0 { At::Name } else { At::Extra });
            }
            (At::Extra, count) if count == self.extra => self.next(At::Name),
            (At::Name, _) if byte == 0 => self.next(At::Comment),
            (At::Comment, _) if byte == 0 => self.next(At::Checksum),
            (At::Checksum, 2) => self.next(At::Data),
            _ => (),
        }
        true
    }

    /// Go on with this part, or with the next one that there is.
    fn next(&mut self, at: At) {
        self.count = 0;
        let has = |flag| self.flags & flag != 0;
        self.at = match at {
            At::ExtraLength if !has(EXTRA) => return self.next(At::Name),
            At::Name if !has(NAME) => return self.next(At::Comment),
            At::Comment if !has(COMMENT) => return self.next(At::Checksum),
            At::Checksum if !has(CHECKSUM) => At::Data,
            there => there,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts() {
        let bytes = b"\x1f\x8b\x08\xffTIMExo\x02\0abname\0comment\0CCdata";
        assert_eq!(Header::default().read(bytes), Read::Data(b"data"));
        for (flags, rest) in
            [(0, b"data".as_slice()), (0xe0, b"data"), (2, b"CCdata"), (4, b"\0\0data"), (16, b"c\0data")]
        {
            let bytes = [b"\x1f\x8b\x08".as_slice(), &[flags], b"TIMExo", rest].concat();
            assert_eq!(Header::default().read(&bytes), Read::Data(b"data"), "{flags}");
            let mut header = Header::default();
            let last = bytes.chunks(1).filter(|byte| header.read(byte) != Read::Data(b"")).count();
            assert_eq!(last, 4, "{flags}");
        }
        assert_eq!(Header::default().read(b"\x1f\x8c"), Read::Wrong);
    }
}
