//! Certificates (RFC 5280), read as far as they are there.

use super::Odd;
use super::der::{Der, Fault, tag};
use sha1::{Digest, Sha1};

/// What is known of a certificate.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// As it came, as far as it came.
    pub der: Vec<u8>,
    /// Bytes of it that are missing.
    pub missing: usize,
    /// Whom it is of, as `C=US, O=Org, CN=name`.
    pub subject: Option<Vec<u8>>,
    /// Who signed it.
    pub issuer: Option<Vec<u8>>,
    /// Its number, as `00:BB:2A`.
    pub serial: Option<String>,
    /// When it begins to hold, in seconds since 1970.
    pub not_before: Option<i64>,
    /// When it ends to.
    pub not_after: Option<i64>,
    /// Other names, in the order of the certificate.
    pub names: Vec<Vec<u8>>,
    /// SHA-1 of the whole, as `aa:bb`.
    pub fingerprint: Option<String>,
}

/// Names in an extension that are kept.
const MOST_NAMES: usize = 1024;
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];

impl Certificate {
    /// Of bytes behind which `missing` were cut off, and what is odd about it.
    pub(super) fn read(bytes: &[u8], missing: usize) -> (Self, Option<Odd>) {
        let mut certificate = Self { der: bytes.to_vec(), missing, ..Self::default() };
        if missing == 0 {
            certificate.fingerprint = Some(hex(&Sha1::digest(bytes), false));
        }
        let odd = match certificate.fill(Der::new(bytes, missing)) {
            Ok(()) | Err((Fault::Cut, _)) => None,
            Err((Fault::Invalid, odd)) => Some(odd),
        };
        (certificate, odd)
    }

    /// Read value after value; where that fails, what it was for.
    fn fill(&mut self, mut der: Der<'_>) -> Result<(), (Fault, Odd)> {
        let at = |odd: Odd| move |fault: Fault| (fault, odd);
        let mut certificate = der.expect(tag::SEQUENCE).map_err(at(Odd::CertificateInvalidDer))?;
        let mut body = certificate.expect(tag::SEQUENCE).map_err(at(Odd::CertificateInvalidDer))?;
        body.optional(0xa0).map_err(at(Odd::CertificateInvalidVersion))?;
        let serial = body.expect(tag::INTEGER).and_then(|serial| serial.bytes());
        self.serial = Some(hex(serial.map_err(at(Odd::CertificateInvalidSerial))?, true));
        body.expect(tag::SEQUENCE).map_err(at(Odd::CertificateInvalidAlgorithmidentifier))?;
        self.issuer = Some(name(&mut body).map_err(at(Odd::CertificateInvalidIssuer))?);
        let mut validity = body.expect(tag::SEQUENCE).map_err(at(Odd::CertificateInvalidValidity))?;
        self.not_before = Some(time(&mut validity).map_err(at(Odd::CertificateInvalidDate))?);
        self.not_after = Some(time(&mut validity).map_err(at(Odd::CertificateInvalidDate))?);
        self.subject = Some(name(&mut body).map_err(at(Odd::CertificateInvalidSubject))?);
        body.expect(tag::SEQUENCE).map_err(at(Odd::CertificateInvalidDer))?;
        body.optional(0x81).map_err(at(Odd::CertificateInvalidDer))?;
        body.optional(0x82).map_err(at(Odd::CertificateInvalidDer))?;
        if let Some(mut wrapped) = body.optional(0xa3).map_err(at(Odd::CertificateInvalidExtensions))? {
            let extensions = wrapped.expect(tag::SEQUENCE).map_err(at(Odd::CertificateInvalidExtensions))?;
            self.extensions(extensions).map_err(at(Odd::CertificateInvalidExtensions))?;
        }
        Ok(())
    }

    fn extensions(&mut self, mut extensions: Der<'_>) -> Result<(), Fault> {
        while !extensions.is_done() {
            let mut extension = extensions.expect(tag::SEQUENCE)?;
            let number = extension.expect(tag::OID)?.bytes()?;
            extension.optional(tag::BOOLEAN)?;
            let mut value = extension.expect(tag::OCTETS)?;
            if number == SUBJECT_ALTERNATIVE_NAME {
                self.alternatives(value.expect(tag::SEQUENCE)?)?;
            }
        }
        Ok(())
    }

    fn alternatives(&mut self, mut names: Der<'_>) -> Result<(), Fault> {
        while !names.is_done() && self.names.len() < MOST_NAMES {
            let name = names.next()?;
            let bytes = name.inside.bytes()?;
            match name.tag {
                // A mail address, a host, a URI.
                0x81 | 0x82 | 0x86 => self.names.push(bytes.to_vec()),
                0x87 => self.names.extend(address(bytes)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// An IP address as text.
fn address(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = match bytes.len() {
        4 => std::net::Ipv4Addr::from(*bytes.first_chunk::<4>()?).to_string(),
        16 => std::net::Ipv6Addr::from(*bytes.first_chunk::<16>()?).to_string(),
        _ => return None,
    };
    Some(text.into_bytes())
}

/// A distinguished name (RFC 5280, section 4.1.2.4): `C=US, O=Org + OU=Unit, CN=name`.
fn name(from: &mut Der<'_>) -> Result<Vec<u8>, Fault> {
    let (mut sets, mut text) = (from.expect(tag::SEQUENCE)?, Vec::new());
    while !sets.is_done() {
        let mut set = sets.expect(tag::SET)?;
        let mut separator: &[u8] = if text.is_empty() { b"" } else { b", " };
        while !set.is_done() {
            text.extend_from_slice(separator);
            attribute(set.expect(tag::SEQUENCE)?, &mut text)?;
            separator = b" + ";
        }
    }
    Ok(text)
}

fn attribute(mut pair: Der<'_>, text: &mut Vec<u8>) -> Result<(), Fault> {
    let number = pair.expect(tag::OID)?.bytes()?;
    let value = pair.next()?;
    match ATTRIBUTES.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => text.extend_from_slice(name.as_bytes()),
        None => text.extend_from_slice(dotted(number).as_bytes()),
    }
    text.push(b'=');
    let bytes = value.inside.bytes()?;
    if value.tag == tag::BMP_STRING {
        let units = bytes.chunks_exact(2).filter_map(|pair| pair.first_chunk().copied()).map(u16::from_be_bytes);
        text.extend(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect::<String>().into_bytes());
    } else {
        text.extend_from_slice(bytes);
    }
    Ok(())
}

/// Attributes of names by their object identifiers, as Suricata writes them.
const ATTRIBUTES: &[(&[u8], &str)] = &[
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 4], "Surname"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "streetAddress"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 12], "Title"),
    (&[0x55, 4, 13], "description"),
    (&[0x55, 4, 15], "businessCategory"),
    (&[0x55, 4, 17], "postalCode"),
    (&[0x55, 4, 41], "name"),
    (&[0x55, 4, 42], "givenName"),
    (&[0x55, 4, 43], "initials"),
    (&[0x55, 4, 44], "generationQualifier"),
    (&[0x55, 4, 46], "dnQualifier"),
    (&[0x55, 4, 65], "pseudonym"),
    (&[0x55, 4, 97], "organizationIdentifier"),
    (&[0x55, 0x1d, 0x11], "subjectAltName"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], "Email"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2], "unstructuredName"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 1], "msJurisdictionLocality"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 2], "msJurisdictionStateOrProvince"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 3], "msJurisdictionCountry"),
    (&[9, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1], "UID"),
    (&[9, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
];

/// An object identifier as text, `1.2.840` (ITU-T X.690, section 8.19).
fn dotted(bytes: &[u8]) -> String {
    let mut numbers = Vec::new();
    let mut number: u64 = 0;
    for byte in bytes {
        number = number.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.push(first);
                number -= first * 40;
            }
            numbers.push(std::mem::take(&mut number));
        }
    }
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// A time in seconds since 1970 (RFC 5280, section 4.1.2.5).
fn time(from: &mut Der<'_>) -> Result<i64, Fault> {
    let value = from.next()?;
    let text = value.inside.bytes()?;
    let (year, rest) = match value.tag {
        tag::UTC_TIME => {
            let (year, rest) = number(text, 2)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        tag::GENERALIZED_TIME => number(text, 4)?,
        _ => return Err(Fault::Invalid),
    };
    let (month, rest) = number(rest, 2)?;
    let (day, rest) = number(rest, 2)?;
    let (hour, rest) = number(rest, 2)?;
    let (minute, rest) = number(rest, 2)?;
    // Seconds may be left out.
    let second = number(rest, 2).map_or(0, |(second, _)| second);
    if !((1..=12).contains(&month) && (1..=31).contains(&day)) {
        return Err(Fault::Invalid);
    }
    Ok(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

fn number(text: &[u8], digits: usize) -> Result<(i64, &[u8]), Fault> {
    let (head, rest) = text.split_at_checked(digits).ok_or(Fault::Invalid)?;
    let number = std::str::from_utf8(head).ok().and_then(|text| text.parse::<u16>().ok());
    Ok((i64::from(number.ok_or(Fault::Invalid)?), rest))
}

/// Days since 1970 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have the leap day at their end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_years = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    of_years + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// Bytes in hex with colons between them.
pub(super) fn hex(bytes: &[u8], upper: bool) -> String {
    let digits = bytes.iter().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
    digits.collect::<Vec<_>>().join(":")
}
