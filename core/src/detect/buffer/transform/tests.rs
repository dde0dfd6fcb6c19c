//! Each transform on whole bytes, and chains of them on parts.

use super::*;
use crate::ffi::pcre2::Limits;
use plan::Transform;
use std::io::Write;

fn transform(name: TransformName, text: &[u8], numbers: &[Option<i64>]) -> Transform {
    Transform { name, text: text.to_vec().into(), numbers: numbers.to_vec() }
}

fn apply(transforms: &[Transform], bytes: &[u8], original: usize) -> (Made, Vec<u8>) {
    let chain = Chain::new(transforms, &plan::Rule::default()).unwrap();
    let (mut out, mut spare) = (b"old".to_vec(), b"older".to_vec());
    let made = chain.apply(Buffer { bytes, original }, &mut out, &mut spare, &mut Matcher::new(Limits::default()));
    (made, out)
}

fn made(name: TransformName, text: &[u8], numbers: &[Option<i64>], bytes: &[u8]) -> Vec<u8> {
    let (made, out) = apply(&[transform(name, text, numbers)], bytes, bytes.len());
    assert_eq!(made, Made::Known(out.len()));
    out
}

const AGENT: &[u8] = b"A  b\tc d";

#[test]
fn verified_vectors() {
    use TransformName as T;
    type Row = (T, &'static [u8], &'static [u8], &'static [u8]);
    let rows: Vec<Row> = vec![
        (T::CompressWhitespace, b"", AGENT, b"A b\tc d"),
        (T::CompressWhitespace, b"", b"A \t b\t c", b"A b\tc"),
        (T::StripWhitespace, b"", AGENT, b"Abcd"),
        (T::Dotprefix, b"", b"mail.evil.co.uk", b".mail.evil.co.uk"),
        (T::Domain, b"", b"mail.evil.co.uk", b"evil.co.uk"),
        (T::Tld, b"", b"mail.evil.co.uk", b"co.uk"),
        (T::Domain, b"", b"co.uk", b""),
        (T::Tld, b"", b"co.uk", b""),
        (T::Domain, b"", b"a.b.unheardof", b"b.unheardof"),
        (T::UrlDecode, b"", b"AbC+%41%4g%20%zz!", b"AbC A%4g %zz!"),
        (T::UrlDecode, b"", b"%4%%41%", b"%4%A%"),
        (T::Xor, b"\x20", b"AbC", b"aBc"),
        (T::Xor, b"\x20\x00", b"AbC", b"abc"),
        (T::FromBase64, b"", b"SGVs bG8=", b"Hel"),
        (T::FromBase64, b"rfc2045", b"SGVs bG8=", b"Hello"),
        (T::FromBase64, b"strict", b"SGVs bG8=", b"SGVs bG8="),
        (T::Pcrexform, br"A\s+(b)", AGENT, b"b"),
        (T::Pcrexform, br"Q\s+(b)", AGENT, AGENT),
        (T::StripPseudoHeaders, b"", b":method: GET\r\nhost: a\r\n:x", b"host: a\r\n"),
        (T::ToLowercase, b"", b"AbC\xc4", b"abc\xc4"),
        (T::ToUppercase, b"", b"AbC\xe4", b"ABC\xe4"),
        (T::HeaderLowercase, b"", b"User-Agent: Me: You\r\nX: Y", b"user-agent: Me: You\r\nx: Y"),
        (T::ToMd5, b"", b"", b"\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e"),
    ];
    for (name, text, bytes, expected) in rows {
        assert_eq!(made(name, text, &[], bytes), expected, "{name:?} {}", bytes.escape_ascii());
    }
    assert_eq!(made(T::ToSha1, b"", &[], b"").len(), 20);
    assert_eq!(made(T::ToSha256, b"", &[], b"").len(), 32);
}

#[test]
fn places_in_base64() {
    let made = |bytes, offset| made(TransformName::FromBase64, b"rfc4648", &[bytes, offset], b"SGVs bG8=");
    assert_eq!(made(None, Some(5)), b"lo");
    assert_eq!(made(Some(4), None), b"Hel");
    assert_eq!(made(Some(2), Some(5)), b"l");
    assert_eq!(made(Some(9), None), b"SGVs bG8=");
    assert_eq!(made(None, Some(9)), b"SGVs bG8=");
}

#[test]
fn slices() {
    let rows: [(i64, Option<i64>, bool, &[u8]); 9] = [
        (-1, None, false, b"d"),
        (3, None, false, b"b\tc d"),
        (0, Some(-1), false, b"A  b\tc "),
        (3, Some(100), false, b""),
        (3, Some(100), true, b"b\tc d"),
        (-100, Some(3), true, b"A  "),
        (-100, Some(3), false, b""),
        (5, Some(-6), false, b" b\t"),
        (i64::MAX, Some(i64::MAX), true, b""),
    ];
    for (offset, length, truncate, expected) in rows {
        let numbers = [Some(offset), length, Some(truncate.into())];
        assert_eq!(made(TransformName::Subslice, b"", &numbers, AGENT), expected, "{offset} {length:?}");
    }
}

#[test]
fn decompression_stops_at_its_limit() {
    let data = [b'a'; 3000];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&data).unwrap();
    zlib.write_all(&data).unwrap();
    let (gzip, zlib) = (gzip.finish().unwrap(), zlib.finish().unwrap());
    for (name, packed) in [(TransformName::Gunzip, &gzip), (TransformName::ZlibDeflate, &zlib)] {
        assert_eq!(made(name, b"", &[], packed), &data[..1024]);
        assert_eq!(made(name, b"", &[Some(5)], packed), &data[..5]);
        assert_eq!(made(name, b"", &[Some(5000)], packed), &data);
        assert!(made(name, b"", &[], b"no such thing").is_empty());
    }
}

#[test]
fn a_key_in_the_buffer() {
    let own = |numbers: [i64; 3], bytes| made(TransformName::Xor, b"", &numbers.map(Some), bytes);
    assert_eq!(own([4, 4, 0], b"\x0d\x0a\xc8\xff\x7d\x6b\xbb\x8c\x7a"), b"\x0d\x0a\xc8\xffpassw");
    assert_eq!(own([0, 1, 0], b"B+,"), b"\0in");
    assert_eq!(own([7, 1, 6], b"B*'..-7@XE[S"), b"B*'..-7world");
    assert_eq!(own([0, 4, 0], b"abc"), b"abc");
    assert_eq!(own([9, 1, 0], b"abc"), b"abc");
}

#[test]
fn what_comes_of_a_part() {
    use TransformName as T;
    let one = |name| transform(name, b"k", &[]);
    assert_eq!(apply(&[one(T::ToLowercase), one(T::Dotprefix)], b"AB", 5), (Made::Known(6), b".ab".to_vec()));
    assert_eq!(apply(&[one(T::Xor), one(T::StripWhitespace)], b"AB", 5).0, Made::Unknown);
    assert_eq!(apply(&[one(T::ToMd5)], b"AB", 5).0, Made::Unknown);
}

#[test]
fn refused() {
    let refused = |name, text| Chain::new(&[transform(name, text, &[])], &plan::Rule::default()).is_err();
    assert!(refused(TransformName::Xor, b""));
    assert!(refused(TransformName::FromBase64, b"rfc1"));
    assert!(refused(TransformName::Pcrexform, b"a(b"));
}
