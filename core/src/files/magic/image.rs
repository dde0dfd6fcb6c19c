//! Images.

use super::{big32, little16, little32};

/// What kind of image it is, if it is one.
pub(super) fn describe(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => png(bytes),
        [b'G', b'I', b'F', b'8', version, b'a', ..] => {
            let (width, height) = (little16(bytes, 6)?, little16(bytes, 8)?);
            Some(format!("GIF image data, version 8{}a, {width} x {height}", char::from(*version)))
        }
        [0xff, 0xd8, 0xff, ..] => Some(jpeg(bytes)),
        [b'B', b'M', ..] if little32(bytes, 14) == Some(40) => {
            let [width, height] = [18, 22].map(|at| little32(bytes, at).map(u32::cast_signed));
            Some(format!("PC bitmap, Windows 3.x format, {} x {} x {}", width?, height?, little16(bytes, 28)?))
        }
        [b'I', b'I', b'*', 0, ..] => Some("TIFF image data, little-endian".to_owned()),
        [b'M', b'M', 0, b'*', ..] => Some("TIFF image data, big-endian".to_owned()),
        [0, 0, 1, 0, count, 0, width, height, _, 0, ..] if *count > 0 => {
            let plural = if *count > 1 { "s" } else { "" };
            Some(format!("MS Windows icon resource - {count} icon{plural}, {width}x{height}"))
        }
        _ => None,
    }
}

/// PNG (RFC 2083, section 4.1.1).
fn png(bytes: &[u8]) -> Option<String> {
    let (width, height) = (big32(bytes, 16)?, big32(bytes, 20)?);
    let [depth, color, _, _, interlaced] = *bytes.get(24..)?.first_chunk()?;
    let color = match color {
        0 => " grayscale",
        2 => "/color RGB",
        3 => " colormap",
        4 => " gray+alpha",
        6 => "/color RGBA",
        _ => return None,
    };
    let interlaced = if interlaced == 0 { "non-interlaced" } else { "interlaced" };
    Some(format!("PNG image data, {width} x {height}, {depth}-bit{color}, {interlaced}"))
}

fn jpeg(bytes: &[u8]) -> String {
    let kind = match bytes.get(6..) {
        Some([b'J', b'F', b'I', b'F', 0, major, minor, ..]) => format!(", JFIF standard {major}.{minor:02}"),
        Some([b'E', b'x', b'i', b'f', 0, ..]) => ", Exif standard".to_owned(),
        _ => String::new(),
    };
    format!("JPEG image data{kind}")
}
