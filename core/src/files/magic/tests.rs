use super::*;
use proptest::prelude::*;

/// Rows of `samples.txt`: what libmagic says, and of which bytes.
fn samples() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let rows = include_str!("samples.txt").lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let (text, bytes) = line.split_once('\t').unwrap();
        (text, unpacked(bytes))
    })
}

fn unpacked(packed: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in packed.split_inclusive(['*', ' ']) {
        if let Some(count) = part.strip_suffix(' ') {
            bytes.resize(bytes.len() + count.parse::<usize>().unwrap(), 0);
            continue;
        }
        let digits = part.strip_suffix('*').unwrap_or(part).as_bytes();
        let pairs = digits.as_chunks::<2>().0.iter().map(|pair| str::from_utf8(pair).unwrap());
        bytes.extend(pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()));
    }
    bytes
}

/// What libmagic tells of the inside or of the end of a file is left out.
const SHORTER: [&str; 2] = ["JPEG image data, JFIF", "RIFF (little-endian) data, WAVE"];

#[test]
fn in_libmagics_words() {
    let mut count = 0;
    for (expected, bytes) in samples() {
        let text = describe(&bytes);
        let shorter = SHORTER.iter().any(|start| expected.starts_with(start)) || expected.contains("original size");
        assert!(text == expected || shorter && expected.starts_with(&text), "{text} is not {expected}");
        count += 1;
    }
    assert!(count > 50);
}

#[test]
fn it_is_known_once_there_is_enough() {
    let mut magic = Magic::default();
    magic.update(b"%PDF-1.4");
    assert_eq!(magic.text(), None);
    magic.update(&[b'a'; ENOUGH]);
    assert_eq!(magic.text(), Some("PDF document, version 1.4"));
    magic.update(b"more");
    magic.finish();
    assert_eq!(magic.text(), Some("PDF document, version 1.4"));
}

proptest! {
    #[test]
    fn any_bytes_are_something(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(!describe(&bytes).is_empty());
    }

    #[test]
    fn any_piece_of_a_file_is_something(sample in 0..50_usize, cut in 0..600_usize) {
        let (_, bytes) = samples().nth(sample).unwrap();
        prop_assert!(!describe(bytes.get(..cut).unwrap_or(&bytes)).is_empty());
    }
}
