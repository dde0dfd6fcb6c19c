//! Members together, cut and flipped, bombs.

use super::*;
use crate::io::content::Content;
use crate::io::input::Got;
use std::io::Write;
use std::path::PathBuf;

/// A file that is removed at the end of the test.
struct Temp(PathBuf);

impl Temp {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("tmrx-unpack-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }

    fn open(&self) -> Content {
        Content::open(self.0.to_str().unwrap(), false).unwrap()
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const ALL: [Format; 3] = [Format::Gzip, Format::Zstd, Format::Lz4];

fn packed(format: Format, bytes: &[u8]) -> Vec<u8> {
    match format {
        Format::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Format::Zstd => zstd::encode_all(bytes, 1).unwrap(),
        Format::Lz4 => lz4(bytes),
    }
}

/// A frame of blocks of 64 KiB that are stored as they are (lz4's frame format), with a checksum of the header only.
fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
    for block in bytes.chunks(64 << 10) {
        out.extend((block.len() as u32 | 1 << 31).to_le_bytes());
        out.extend(block);
    }
    out.extend([0; 4]);
    out
}

fn skippable() -> Vec<u8> {
    [&[0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0][..], b"ahead"].concat()
}

fn noise(length: usize) -> Vec<u8> {
    (0..length as u32).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 20) as u8).collect()
}

fn read_all(content: &mut Content) -> Vec<u8> {
    let mut slab = Vec::new();
    while content.read(&mut slab).unwrap() != Got::End {}
    slab
}

#[test]
fn is_told_by_content() {
    for format in ALL {
        assert_eq!(Format::of(&packed(format, b"bytes")), Some(format));
    }
    assert_eq!(Format::of(&skippable()), Some(Format::Zstd));
    assert_eq!(Format::of(b"\xd4\xc3\xb2\xa1"), None);
    assert_eq!(Format::of(b"\x1f\x8b"), None);
}

#[test]
fn members_one_after_another_are_one_content() {
    for format in ALL {
        let parts = [noise(1_000_000), Vec::new(), noise(3)];
        let mut bytes: Vec<u8> = parts.iter().flat_map(|part| packed(format, part)).collect();
        match format {
            Format::Gzip => bytes.extend([0; 700]),
            Format::Zstd | Format::Lz4 => bytes.extend(skippable()),
        }
        let file = Temp::new(&format!("members-{}", format.name()), &bytes);
        let mut content = file.open();
        assert!(read_all(&mut content) == parts.concat(), "{format:?}");
        assert_eq!((content.damage(), content.position()), (None, bytes.len() as u64));
        assert_eq!((content.given, content.compression()), (1_000_003, Some(format.name())));
    }
}

#[test]
fn a_cut_anywhere_is_damage_and_what_came_before_is_given() {
    let plain = noise(3000);
    for format in ALL {
        let one = packed(format, &plain);
        let whole = [&one[..], &one[..]].concat();
        for cut in (Format::MAGIC..whole.len()).filter(|cut| cut % 7 == 0 || *cut < 40 || *cut > whole.len() - 40) {
            let file = Temp::new(&format!("cut-{}", format.name()), &whole[..cut]);
            let mut content = file.open();
            let got = read_all(&mut content);
            assert!(plain.repeat(2).starts_with(&got), "{format:?} {cut}");
            let damage = content.damage();
            assert_eq!(damage.is_none(), cut == one.len(), "{format:?} {cut}");
            if let Some(damage) = damage {
                assert!(damage.why.ends_with("data is cut"), "{format:?} {cut}: {}", damage.why);
            }
        }
    }
}

#[test]
fn damage_and_what_follows_have_their_place() {
    for format in ALL {
        let whole = packed(format, &noise(2000));
        let bytes = [&whole[..], b"something else that no tool would write there"].concat();
        let file = Temp::new(&format!("tail-{}", format.name()), &bytes);
        let mut content = file.open();
        assert_eq!(read_all(&mut content).len(), 2000, "{format:?}");
        let damage = content.damage().unwrap();
        assert!(damage.why.contains("is not valid"), "{damage:?}");
        assert_eq!(damage.place + damage.left, bytes.len() as u64, "{format:?}");
        assert!(damage.place.abs_diff(whole.len() as u64) < 16, "{format:?} {damage:?}");
    }
}

#[test]
fn flips_end_without_a_panic() {
    for format in ALL {
        let whole = packed(format, &noise(500));
        for at in Format::MAGIC..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            let mut content = Temp::new(&format!("flip-{}", format.name()), &bytes).open();
            let mut slab = Vec::new();
            while let Ok(Got::Bytes | Got::Nothing) = content.read(&mut slab) {
                assert!(slab.len() < 1 << 20);
            }
            assert!(
                content.damage().is_none_or(|damage| !damage.why.contains("decompressor failed")),
                "{format:?} {at}"
            );
        }
    }
}

/// Zeros, a gigabyte of them, as a few kilobytes to a megabyte.
#[test]
fn a_bomb_takes_no_memory() {
    const PIECE: usize = 16 << 20;
    for format in [Format::Gzip, Format::Zstd] {
        let piece = packed(format, &vec![0; PIECE]);
        let file = Temp::new(&format!("bomb-{}", format.name()), &piece.repeat(64));
        let mut content = file.open();
        let (mut slab, mut total) = (Vec::new(), 0);
        while content.read(&mut slab).unwrap() != Got::End {
            total += slab.len();
            assert!(slab.capacity() <= SLAB);
            slab.clear();
        }
        assert_eq!(total, 64 * PIECE);
    }
}

#[test]
fn who_reads_no_further_ends_the_thread() {
    let file = Temp::new("left", &packed(Format::Zstd, &vec![0; 64 << 20]));
    let mut content = file.open();
    let mut slab = Vec::new();
    while content.read(&mut slab).unwrap() != Got::Bytes {}
    drop(content);
}
