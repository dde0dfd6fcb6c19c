//! Archives, documents, sound and film.

use super::{little16, little32};
use memchr::memmem;

/// What kind of container it is, if it is one.
pub(super) fn describe(bytes: &[u8]) -> Option<String> {
    let text = match bytes {
        [b'P', b'K', 3, 4, ..] => return zip(bytes),
        [b'R', b'I', b'F', b'F', _, _, _, _, kind @ ..] => riff(kind),
        [0x1f, 0x8b, 8, flags, ..] => gzip(*flags, bytes),
        [b'B', b'Z', b'h', level @ b'1'..=b'9', ..] => {
            format!("bzip2 compressed data, block size = {}00k", char::from(*level))
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0, _, check, ..] => xz(*check),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, major, minor, ..] => {
            format!("7-zip archive data, version {major}.{minor}")
        }
        [b'%', b'P', b'D', b'F', b'-', major, b'.', minor, ..] => {
            format!("PDF document, version {}.{}", char::from(*major), char::from(*minor))
        }
        [b'{', b'\\', b'r', b't', b'f', ..] => rich(bytes),
        [form @ (b'C' | b'F' | b'Z'), b'W', b'S', version @ 1..=0x40, ..] => flash(*form, *version),
        [b'I', b'D', b'3', major, minor, ..] => format!("Audio file with ID3 version 2.{major}.{minor}"),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => film(brand),
        [0x1a, b'E', 0xdf, 0xa3, ..] => {
            if memmem::find(bytes.get(..64).unwrap_or(bytes), b"webm").is_some() { "WebM" } else { "Matroska data" }
                .to_owned()
        }
        _ => return tar(bytes),
    };
    Some(text)
}

/// A ZIP archive (PKWARE's APPNOTE, section 4.3.7), or what others keep in one.
fn zip(bytes: &[u8]) -> Option<String> {
    let (version, method, name) = (little16(bytes, 4)?, little16(bytes, 8)?, bytes.get(30..)?);
    let kept = OFFICE.iter().find(|(member, _)| memmem::find(bytes, member).is_some());
    if name.starts_with(b"[Content_Types].xml") || name.starts_with(b"_rels/.rels") || name.starts_with(b"docProps") {
        return Some(kept.map_or("Microsoft OOXML", |(_, text)| text).to_owned());
    }
    if let Some(kind) = name.strip_prefix(b"mimetypeapplication/") {
        let text = OPEN.iter().find(|(start, _)| kind.starts_with(start)).map(|(_, text)| (*text).to_owned());
        return text.or_else(|| Some("Zip data (MIME type application)".to_owned()));
    }
    let method = match method {
        0 => "store",
        8 => "deflate",
        12 => "bzip2",
        14 => "lzma",
        _ => "unknown",
    };
    let (major, minor) = (version / 10, version % 10);
    Some(format!("Zip archive data, at least v{major}.{minor} to extract, compression method={method}"))
}

const OFFICE: [(&[u8], &str); 3] =
    [(b"word/", "Microsoft Word 2007+"), (b"ppt/", "Microsoft PowerPoint 2007+"), (b"xl/", "Microsoft Excel 2007+")];

const OPEN: [(&[u8], &str); 4] = [
    (b"vnd.oasis.opendocument.text", "OpenDocument Text"),
    (b"vnd.oasis.opendocument.spreadsheet", "OpenDocument Spreadsheet"),
    (b"vnd.oasis.opendocument.presentation", "OpenDocument Presentation"),
    (b"epub+zip", "EPUB document"),
];

fn riff(kind: &[u8]) -> String {
    let kind = match kind.get(..4) {
        Some(b"WAVE") => ", WAVE audio",
        Some(b"AVI ") => ", AVI",
        Some(b"WEBP") => ", Web/P image",
        _ => "",
    };
    format!("RIFF (little-endian) data{kind}")
}

/// gzip (RFC 1952, section 2.3). Its original size stands behind it, which may not have come yet.
fn gzip(flags: u8, bytes: &[u8]) -> String {
    let mut text = "gzip compressed data".to_owned();
    let name = bytes.get(10..).filter(|_| flags & 0x0c == 8).and_then(|rest| rest.split(|byte| *byte == 0).next());
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        text += &format!(", was \"{}\"", String::from_utf8_lossy(name));
    }
    let strength = match bytes.get(8) {
        Some(2) => ", max compression",
        Some(4) => ", max speed",
        _ => "",
    };
    let system = match bytes.get(9) {
        Some(0) => ", from FAT filesystem (MS-DOS, OS/2, NT)",
        Some(3) => ", from Unix",
        Some(10) => ", from NTFS filesystem (NT)",
        _ => "",
    };
    text + strength + system
}

fn xz(check: u8) -> String {
    let check = match check & 15 {
        1 => ", checksum CRC32",
        4 => ", checksum CRC64",
        10 => ", checksum SHA-256",
        _ => "",
    };
    format!("XZ compressed data{check}")
}

fn rich(bytes: &[u8]) -> String {
    let version = bytes.get(5).filter(|digit| digit.is_ascii_digit()).map_or(1, |digit| digit - b'0');
    let set = if memmem::find(bytes.get(..64).unwrap_or(bytes), b"\\ansi").is_some() { ", ANSI" } else { "" };
    format!("Rich Text Format data, version {version}{set}")
}

fn flash(form: u8, version: u8) -> String {
    let form = match form {
        b'C' => " (compressed)",
        b'Z' => " (lzma compressed)",
        _ => "",
    };
    format!("Macromedia Flash data{form}, version {version}")
}

/// A file of the ISO base media format, by its brand.
fn film(brand: &[u8]) -> String {
    let brand = match brand.get(..4) {
        Some(b"isom") => ", MP4 Base Media v1 [ISO 14496-12:2003]",
        Some(b"iso2") => ", MP4 Base Media v2 [ISO 14496-12:2005]",
        Some(b"mp41") => ", MP4 v1 [ISO 14496-1:ch13]",
        Some(b"mp42") => ", MP4 v2 [ISO 14496-14]",
        Some(b"qt  ") => ", Apple QuickTime movie, Apple QuickTime (.MOV/QT)",
        Some(b"M4A ") => ", Apple iTunes ALAC/AAC-LC (.M4A) Audio",
        Some(b"avif") => ", AVIF Image",
        Some(b"heic") => ", HEIF Image HEVC Main or Main Still Picture Profile",
        _ => "",
    };
    format!("ISO Media{brand}")
}

fn tar(bytes: &[u8]) -> Option<String> {
    let text = match bytes.get(257..)?.first_chunk()? {
        b"ustar\0" => "POSIX tar archive",
        b"ustar " => "POSIX tar archive (GNU)",
        _ => return None,
    };
    (little32(bytes, 0)? != 0).then(|| text.to_owned())
}
