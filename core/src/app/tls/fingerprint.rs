//! Fingerprints of hellos: JA3, JA3S and JA4, as their authors describe them.

use super::hello::{ClientHello, ServerHello, is_grease};
use md5::{Digest, Md5};
use sha2::Sha256;

/// A JA3 or JA3S.
#[derive(Debug, PartialEq, Eq)]
pub struct Ja3 {
    /// What is hashed.
    pub string: String,
    /// MD5 of it.
    pub hash: String,
}

impl Ja3 {
    fn of(string: String) -> Self {
        let hash = hex(&Md5::digest(string.as_bytes()));
        Self { string, hash }
    }

    /// Of what a client offers: version, ciphers, extensions, groups, forms of points.
    pub(super) fn client(hello: &ClientHello) -> Self {
        let points: Vec<u16> = hello.points.iter().map(|point| u16::from(*point)).collect();
        let lists = [&hello.ciphers, &hello.extensions, &hello.groups, &points].map(|list| dashes(list));
        Self::of(format!("{},{}", hello.version, lists.join(",")))
    }

    /// Of what a server chose: version, cipher, extensions.
    pub(super) fn server(hello: &ServerHello) -> Self {
        Self::of(format!("{},{},{}", hello.version, hello.cipher, dashes(&hello.extensions)))
    }
}

fn dashes(values: &[u16]) -> String {
    let values = values.iter().filter(|value| !is_grease(**value));
    values.map(u16::to_string).collect::<Vec<_>>().join("-")
}

/// The JA4 of a client's hello over TCP.
pub(super) fn ja4(hello: &ClientHello) -> String {
    let mut ciphers: Vec<u16> = hello.ciphers.iter().copied().filter(|cipher| !is_grease(*cipher)).collect();
    let extensions: Vec<u16> = hello.extensions.iter().copied().filter(|number| !is_grease(*number)).collect();
    let named = if hello.extensions.contains(&0) { 'd' } else { 'i' };
    let (version, alpn) = (version(hello.highest()), alpn(hello));
    let counts = format!("{:02}{:02}", ciphers.len().min(99), extensions.len().min(99));
    ciphers.sort_unstable();
    // Which server and which protocol it wants is no trait of a client.
    let mut sorted: Vec<u16> = extensions.into_iter().filter(|number| !matches!(number, 0 | 16)).collect();
    sorted.sort_unstable();
    let signatures: Vec<u16> = hello.signatures.iter().copied().filter(|number| !is_grease(*number)).collect();
    let traits = format!("{}_{}", list(&sorted), list(&signatures));
    format!("t{version}{named}{counts}{alpn}_{}_{}", digest(&list(&ciphers)), digest(&traits))
}

fn version(number: u16) -> &'static str {
    match number {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    }
}

/// The first and last characters of the first protocol; of its hex digits where they are no letters or digits.
fn alpn(hello: &ClientHello) -> String {
    let Some([first, last]) = hello.alpns.first().and_then(|name| Some([*name.first()?, *name.last()?])) else {
        return "00".to_owned();
    };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [first, last].map(char::from).iter().collect();
    }
    let (first, last) = (format!("{first:02x}"), format!("{last:02x}"));
    first.chars().take(1).chain(last.chars().skip(1)).collect()
}

fn list(values: &[u16]) -> String {
    values.iter().map(|value| format!("{value:04x}")).collect::<Vec<_>>().join(",")
}

/// Twelve hex digits.
fn digest(text: &str) -> String {
    hex(Sha256::digest(text.as_bytes()).get(..6).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
