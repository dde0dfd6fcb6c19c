//! Texts: what they are written in, what they are, and how their lines end.

use memchr::memmem;
use std::str;

/// Characters from which on a line is very long.
const LONG: usize = 300;

/// What a text is; none for bytes that are none.
pub(super) fn describe(bytes: &[u8]) -> Option<String> {
    let encoding = encoding(bytes)?;
    if encoding.starts_with("Unicode text, UTF-16") {
        return Some(encoding.to_owned());
    }
    Some(match kind(bytes) {
        Some(Kind::Whole(text)) => text,
        Some(Kind::Script(what)) => format!("{what} script, {encoding} executable{}", shape(bytes)),
        Some(Kind::In(what)) => format!("{what}, {encoding}{}", shape(bytes)),
        None => format!("{encoding}{}", shape(bytes)),
    })
}

/// What it is written in. A character may be cut off at the end.
fn encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, ..] => return Some("Unicode text, UTF-16, little-endian text"),
        [0xfe, 0xff, ..] => return Some("Unicode text, UTF-16, big-endian text"),
        _ => {}
    }
    if bytes.iter().any(|byte| *byte < 0x20 && !matches!(byte, 7..=13 | 0x1b) || *byte == 0x7f) {
        return None;
    }
    let is_utf8 = str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true);
    Some(match () {
        () if bytes.starts_with(b"\xef\xbb\xbf") && is_utf8 => "Unicode text, UTF-8 (with BOM) text",
        () if bytes.is_ascii() => "ASCII text",
        () if is_utf8 => "Unicode text, UTF-8 text",
        () if bytes.iter().all(|byte| !(0x80..0xa0).contains(byte)) => "ISO-8859 text",
        () => "Non-ISO extended-ASCII text",
    })
}

/// What a text is.
enum Kind {
    /// This, whatever its characters are.
    Whole(String),
    /// A script for this.
    Script(String),
    /// This, in its characters.
    In(&'static str),
}

/// Beginnings of texts, in any case, behind blanks.
const BEGINNINGS: [(&[u8], &str); 11] = [
    (b"<!doctype html", "HTML document"),
    (b"<html", "HTML document"),
    (b"<head", "HTML document"),
    (b"<title", "HTML document"),
    (b"<body", "HTML document"),
    (b"<script", "HTML document"),
    (b"<?php", "PHP script"),
    (b"@echo off", "DOS batch file"),
    (b"\"use strict\"", "JavaScript source"),
    (b"#include", "C source"),
    (b"from: ", "news or mail"),
];

fn kind(bytes: &[u8]) -> Option<Kind> {
    if let Some(line) = bytes.strip_prefix(b"#!") {
        return script(line);
    }
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if start.starts_with(b"<?xml") {
        let svg = memmem::find(start, b"<svg").is_some();
        return Some(if svg { Kind::Whole(SVG.to_owned()) } else { Kind::In("XML 1.0 document") });
    }
    match start.first() {
        Some(b'<') if start.starts_with(b"<svg") => return Some(Kind::Whole(SVG.to_owned())),
        Some(b'{' | b'[') if serde_json::from_slice::<serde::de::IgnoredAny>(start).is_ok() => {
            return Some(Kind::Whole("JSON text data".to_owned()));
        }
        Some(b'%') if start.starts_with(b"%!PS-Adobe-") => {
            let level = start.get(11..).unwrap_or_default().trim_ascii().get(..3).unwrap_or_default();
            let level = String::from_utf8_lossy(level);
            return Some(Kind::Whole(format!("PostScript document text conforming DSC level {level}")));
        }
        _ => {}
    }
    let begins = |with: &[u8]| start.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    BEGINNINGS.iter().find(|(with, _)| begins(with)).map(|(_, what)| Kind::In(what))
}

const SVG: &str = "SVG Scalable Vector Graphics image";

/// A script by its first line, behind `#!`.
fn script(line: &[u8]) -> Option<Kind> {
    let line = line.split(|byte| matches!(byte, b'\r' | b'\n')).next()?.trim_ascii();
    let mut words = line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
    let name = |word: &[u8]| word.rsplit(|byte| *byte == b'/').next().map(<[u8]>::to_vec);
    let program = name(words.next()?)?;
    let program = if program == b"env" { name(words.next()?)? } else { program };
    Some(match program.as_slice() {
        b"sh" | b"dash" => Kind::Script("POSIX shell".to_owned()),
        b"bash" => Kind::Script("Bourne-Again shell".to_owned()),
        b"perl" => Kind::Whole("Perl script text executable".to_owned()),
        program if program.starts_with(b"python") => Kind::Script("Python".to_owned()),
        _ => Kind::Script(format!("a {}", String::from_utf8_lossy(line))),
    })
}

/// How long its lines are, and how they end.
fn shape(bytes: &[u8]) -> String {
    let mut shape = String::new();
    let lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
    if let Some(longest) = lines.map(<[u8]>::len).max().filter(|longest| *longest >= LONG) {
        shape += &format!(", with very long lines ({longest})");
    }
    let crlf = memmem::find_iter(bytes, b"\r\n").count();
    let (cr, lf) = (memchr::memchr_iter(b'\r', bytes).count() - crlf, memchr::memchr_iter(b'\n', bytes).count() - crlf);
    let ends = [("CRLF", crlf), ("CR", cr), ("LF", lf)].map(|(name, count)| (count > 0).then_some(name));
    let ends: Vec<_> = ends.into_iter().flatten().collect();
    match ends.as_slice() {
        [] => shape += ", with no line terminators",
        ["LF"] => {}
        ends => shape += &format!(", with {} line terminators", ends.join(", ")),
    }
    if bytes.contains(&0x1b) {
        shape += ", with escape sequences";
    }
    shape
}
