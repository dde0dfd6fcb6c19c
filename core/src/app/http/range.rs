//! Which part of a resource a response has (RFC 9110, section 14.4).

/// A Content-Range field: `bytes 0-9/100`, `bytes */100` or `bytes 0-9/*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// The first and the last byte.
    pub bytes: Option<(u64, u64)>,
    /// Bytes of the whole resource.
    pub size: Option<u64>,
}

impl ContentRange {
    /// The first and the last byte, where that is not all of it.
    pub fn part(self) -> Option<(u64, u64)> {
        let is_all = |(first, last): (u64, u64)| first == 0 && self.size.is_some() && self.size == last.checked_add(1);
        self.bytes.filter(|bytes| !is_all(*bytes))
    }

    /// Read a field's value.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?.trim();
        let (unit, rest) = text.split_at_checked(5)?;
        let (range, size) = rest.trim().split_once('/')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let bytes = match range.trim() {
            "*" => None,
            range => {
                let (first, last) = range.split_once('-')?;
                Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
            }
        };
        let size = match size.trim() {
            "*" => None,
            size => Some(size.parse().ok()?),
        };
        Some(Self { bytes, size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (value, want) in [
            ("bytes 0-9/100", Some((Some((0, 9)), Some(100)))),
            ("bytes */100", Some((None, Some(100)))),
            ("bytes 5-6/*", Some((Some((5, 6)), None))),
            ("lines 0-9/100", None),
            ("bytes 0-/100", None),
        ] {
            let range = want.map(|(bytes, size)| ContentRange { bytes, size });
            assert_eq!(ContentRange::parse(value.as_bytes()), range, "{value}");
        }
    }
}
