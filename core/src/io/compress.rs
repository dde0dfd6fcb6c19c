//! Compression of outputs: gzip (RFC 1952) or zstd (RFC 8878), as a stream, or none.

use flate2::write::GzEncoder;
use std::io::{IoSlice, Result, Write};
use zstd::stream::write::Encoder;

/// Both programs' fast side: captures are to be written as they come.
const GZIP_LEVEL: u32 = 3;
const ZSTD_LEVEL: i32 = 3;

/// A form of compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// None.
    Plain,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

impl Form {
    /// What a file's name asks for, by its ending.
    pub fn of_name(name: &str) -> Self {
        match name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// Compresses what is written to it, on its way to `W`. Flushed, all that was written can be read again.
pub enum Compressor<W: Write> {
    /// As it is.
    Plain(W),
    /// gzip.
    Gzip(GzEncoder<W>),
    /// zstd.
    Zstd(Encoder<'static, W>),
}

impl<W: Write> Compressor<W> {
    /// Begin a stream.
    ///
    /// # Errors
    /// Where the compressor's memory can't be had.
    pub fn new(form: Form, to: W) -> Result<Self> {
        Ok(match form {
            Form::Plain => Self::Plain(to),
            Form::Gzip => Self::Gzip(GzEncoder::new(to, flate2::Compression::new(GZIP_LEVEL))),
            Form::Zstd => {
                let mut encoder = Encoder::new(to, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Self::Zstd(encoder)
            }
        })
    }

    /// Where to.
    pub fn get_mut(&mut self) -> &mut W {
        match self {
            Self::Plain(to) => to,
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Zstd(encoder) => encoder.get_mut(),
        }
    }

    /// End the stream; nothing may be written after it.
    ///
    /// # Errors
    /// Where its end can't be written.
    pub fn finish(&mut self) -> Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Gzip(encoder) => encoder.try_finish(),
            Self::Zstd(encoder) => encoder.do_finish(),
        }
    }
}

impl<W: Write> std::fmt::Debug for Compressor<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compressor").finish_non_exhaustive()
    }
}

impl<W: Write> Write for Compressor<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Self::Plain(to) => to.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        match self {
            Self::Plain(to) => to.write_vectored(slices),
            _ => self.write(slices.iter().find(|slice| !slice.is_empty()).map_or(&[], |slice| slice)),
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self {
            Self::Plain(to) => to.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// What can be read of a stream, whole or not.
    fn read(form: Form, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        // The fault of a stream without an end comes after what it holds.
        let _ = match form {
            Form::Plain => out.write(bytes),
            Form::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut out),
            Form::Zstd => zstd::stream::read::Decoder::new(bytes).unwrap().read_to_end(&mut out),
        };
        out
    }

    #[test]
    fn what_was_flushed_can_be_read_before_the_end() {
        let text = b"frames inside ".repeat(1000);
        for form in [Form::Plain, Form::Gzip, Form::Zstd] {
            let mut compressor = Compressor::new(form, Vec::new()).unwrap();
            compressor.write_all(&text).unwrap();
            compressor.flush().unwrap();
            assert_eq!(read(form, compressor.get_mut()), text);
            (0..2).for_each(|_| compressor.finish().unwrap());
            let whole = compressor.get_mut();
            assert!(form == Form::Plain || whole.len() < 500);
            assert_eq!(read(form, whole), text);
        }
    }

    #[test]
    fn names() {
        let names = ["a.pcap", "-", "zst", "a.gz/b", "a.pcap.zst", ".GZ"];
        let plain = Form::Plain;
        assert_eq!(names.map(Form::of_name), [plain, plain, plain, plain, Form::Zstd, Form::Gzip]);
    }
}
