//! Transforms: what is made of a buffer before its list is asked.

mod coded;
mod letters;
mod part;

use super::entry::refused;
use crate::detect::subject::Buffer;
use crate::error::Result;
use crate::ffi::pcre2::{Code, Matcher};
use crate::plan::{self, TransformName};
use coded::{Base64, OwnKey};
use part::Slice;

/// Bytes that a decompressing transform makes where the rule does not say.
const DECOMPRESSED: u64 = 1024;

/// A rule's transforms in the order in which they are applied.
#[derive(Debug, Default)]
pub(super) struct Chain {
    steps: Box<[Step]>,
}

/// What a chain made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// As many bytes as these were to be, those that are there in the output.
    Known(usize),
    /// The missing bytes decide what it is.
    Unknown,
}

/// One transform with what it takes.
#[derive(Debug)]
enum Step {
    CompressWhitespace,
    StripWhitespace,
    StripPseudoHeaders,
    Md5,
    Sha1,
    Sha256,
    DotPrefix,
    UrlDecode,
    Xor(Box<[u8]>),
    XorOwn(OwnKey),
    Lowercase,
    Uppercase,
    HeaderLowercase,
    FromBase64(Base64),
    Domain,
    Suffix,
    Gunzip(u64),
    Inflate(u64),
    Subslice(Slice),
    Pcre(Box<Code>),
}

impl Chain {
    pub(super) fn new(transforms: &[plan::Transform], rule: &plan::Rule) -> Result<Self> {
        let steps = transforms.iter().map(|transform| Step::new(transform, rule)).collect::<Result<_>>()?;
        Ok(Self { steps })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Apply them all; the result is then in `out`.
    pub(super) fn apply(
        &self,
        buffer: Buffer<'_>,
        out: &mut Vec<u8>,
        spare: &mut Vec<u8>,
        matcher: &mut Matcher,
    ) -> Made {
        out.clear();
        out.extend_from_slice(buffer.bytes);
        let mut missing = buffer.original.saturating_sub(buffer.bytes.len());
        for step in &self.steps {
            if missing > 0 && !step.keeps_places() {
                return Made::Unknown;
            }
            std::mem::swap(out, spare);
            out.clear();
            step.apply(spare, out, matcher);
            missing = missing.min(usize::MAX - out.len());
        }
        Made::Known(out.len() + missing)
    }
}

impl Step {
    fn new(transform: &plan::Transform, rule: &plan::Rule) -> Result<Self> {
        let text = transform.text.as_slice();
        let number = |index: usize| transform.numbers.get(index).copied().flatten();
        let limit = || number(0).and_then(|limit| u64::try_from(limit).ok()).unwrap_or(DECOMPRESSED);
        Ok(match transform.name {
            TransformName::CompressWhitespace => Self::CompressWhitespace,
            TransformName::StripWhitespace => Self::StripWhitespace,
            TransformName::StripPseudoHeaders => Self::StripPseudoHeaders,
            TransformName::ToMd5 => Self::Md5,
            TransformName::ToSha1 => Self::Sha1,
            TransformName::ToSha256 => Self::Sha256,
            TransformName::Dotprefix => Self::DotPrefix,
            TransformName::UrlDecode => Self::UrlDecode,
            TransformName::Xor if text.is_empty() => {
                let part = |index| number(index).and_then(|number| usize::try_from(number).ok()).unwrap_or_default();
                let key = OwnKey { offset: part(0), length: part(1), at: part(2) };
                if key.length == 0 {
                    return Err(refused(rule, "xor: an empty key", ""));
                }
                Self::XorOwn(key)
            }
            TransformName::Xor => Self::Xor(text.into()),
            TransformName::ToLowercase => Self::Lowercase,
            TransformName::ToUppercase => Self::Uppercase,
            TransformName::HeaderLowercase => Self::HeaderLowercase,
            TransformName::FromBase64 => {
                let base64 = Base64::new(text, number(0), number(1));
                Self::FromBase64(base64.ok_or_else(|| refused(rule, "from_base64: a mode that is not known", ""))?)
            }
            TransformName::Domain => Self::Domain,
            TransformName::Tld => Self::Suffix,
            TransformName::Gunzip => Self::Gunzip(limit()),
            TransformName::ZlibDeflate => Self::Inflate(limit()),
            TransformName::Subslice => Self::Subslice(Slice {
                offset: number(0).unwrap_or_default(),
                length: number(1),
                truncate: number(2).is_some_and(|truncate| truncate != 0),
            }),
            TransformName::Pcrexform => Self::Pcre(Box::new(Code::new(text, "").map_err(|error| {
                refused(
                    rule,
                    &format!("pcrexform: {} at byte {}", error.message, error.offset),
                    "the syntax is PCRE2's",
                )
            })?)),
        })
    }

    /// What comes of a part is a part of what comes of the whole, and as many bytes are missing behind it.
    fn keeps_places(&self) -> bool {
        matches!(self, Self::DotPrefix | Self::Xor(_) | Self::Lowercase | Self::Uppercase | Self::HeaderLowercase)
    }

    fn apply(&self, bytes: &[u8], out: &mut Vec<u8>, matcher: &mut Matcher) {
        match self {
            Self::CompressWhitespace => letters::compress_whitespace(bytes, out),
            Self::StripWhitespace => letters::strip_whitespace(bytes, out),
            Self::StripPseudoHeaders => letters::strip_pseudo_headers(bytes, out),
            Self::Md5 => coded::digest::<md5::Md5>(bytes, out),
            Self::Sha1 => coded::digest::<sha1::Sha1>(bytes, out),
            Self::Sha256 => coded::digest::<sha2::Sha256>(bytes, out),
            Self::DotPrefix => letters::dot_prefix(bytes, out),
            Self::UrlDecode => coded::url_decode(bytes, out),
            Self::Xor(key) => coded::xor(bytes, key, out),
            Self::XorOwn(key) => key.xor(bytes, out),
            Self::Lowercase => out.extend(bytes.iter().map(u8::to_ascii_lowercase)),
            Self::Uppercase => out.extend(bytes.iter().map(u8::to_ascii_uppercase)),
            Self::HeaderLowercase => letters::header_lowercase(bytes, out),
            Self::FromBase64(base64) => base64.decode(bytes, out),
            Self::Domain => out.extend_from_slice(part::domain(bytes)),
            Self::Suffix => out.extend_from_slice(part::suffix(bytes)),
            Self::Gunzip(limit) => coded::gunzip(bytes, *limit, out),
            Self::Inflate(limit) => coded::inflate(bytes, *limit, out),
            Self::Subslice(slice) => out.extend_from_slice(slice.of(bytes)),
            Self::Pcre(code) => out.extend_from_slice(part::first_group(bytes, code, matcher)),
        }
    }
}

#[cfg(test)]
mod tests;
