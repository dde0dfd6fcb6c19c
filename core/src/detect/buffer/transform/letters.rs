//! Transforms that look at single letters and lines.

/// What Suricata takes for white space: C's `isspace`.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// Of each run of white space the first byte.
pub(super) fn compress_whitespace(bytes: &[u8], out: &mut Vec<u8>) {
    let mut in_space = false;
    for byte in bytes {
        let space = is_space(*byte);
        if !(space && in_space) {
            out.push(*byte);
        }
        in_space = space;
    }
}

pub(super) fn strip_whitespace(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(bytes.iter().filter(|byte| !is_space(**byte)));
}

/// All lines but those that begin with a colon (HTTP/2's pseudo headers).
pub(super) fn strip_pseudo_headers(bytes: &[u8], out: &mut Vec<u8>) {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines.filter(|line| !line.starts_with(b":")).for_each(|line| out.extend_from_slice(line));
}

/// A dot in front, so that a name's labels all begin with one.
pub(super) fn dot_prefix(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'.');
    out.extend_from_slice(bytes);
}

/// The names of headers in lower case: on each line what is before the first colon.
pub(super) fn header_lowercase(bytes: &[u8], out: &mut Vec<u8>) {
    let mut in_name = true;
    for byte in bytes {
        out.push(if in_name { byte.to_ascii_lowercase() } else { *byte });
        in_name = match byte {
            b':' => false,
            b'\n' => true,
            _ => in_name,
        };
    }
}
