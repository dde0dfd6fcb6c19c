//! Captures side by side, one after another, of thousands of files.

use super::*;
use crate::time::SECOND;
use std::path::PathBuf;

/// A folder that is removed at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tmrx-merge-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().into()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A capture of frames at these seconds, each 60 bytes of the file's own byte.
fn pcap(own: u8, seconds: impl IntoIterator<Item = u32>) -> Vec<u8> {
    let mut out: Vec<u8> =
        [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 262_144, 1].iter().flat_map(|w| w.to_le_bytes()).collect();
    for second in seconds {
        out.extend([second, 0, 60, 60].iter().flat_map(|w| w.to_le_bytes()));
        out.extend([own; 60]);
    }
    out
}

/// Second and file of each frame; and how many files were open at most.
fn read_all(merged: &mut Merged) -> (Vec<(i64, u8)>, usize) {
    let (mut batch, mut rows, mut open) = (Batch::default(), Vec::new(), 0);
    loop {
        let filled = merged.fill(&mut batch).unwrap();
        open = open.max(merged.parts.iter().filter(|part| part.open.is_some()).count());
        match filled {
            Fill::End => return (rows, open),
            Fill::Idle => assert!(batch.frames.is_empty()),
            Fill::More => {
                assert!(!batch.frames.is_empty());
                for frame in &batch.frames {
                    let bytes = batch.bytes(frame);
                    assert_eq!((bytes.len(), bytes), (60, &[bytes[0]; 60][..]));
                    rows.push((frame.time / SECOND, bytes[0]));
                }
            }
        }
    }
}

#[test]
fn frames_come_by_time_and_at_equal_times_in_the_order_named() {
    let folder = Folder::new("order");
    let paths = [
        folder.file("z", &pcap(0, [1, 5, 5, 9])),
        folder.file("y", &pcap(1, [])),
        folder.file("x", &pcap(2, [2, 5, 3, 9, 20])),
        folder.file("w", &pcap(3, [0, 5, 30])),
    ];
    let mut merged = Merged::open(&paths).unwrap();
    let (rows, _) = read_all(&mut merged);
    let want = [(0, 3), (1, 0), (2, 2), (5, 0), (5, 0), (5, 2), (3, 2), (5, 3), (9, 0), (9, 2), (20, 2), (30, 3)];
    assert_eq!(rows, want, "what is out of order within a file stays so");
    assert_eq!((merged.position(), merged.warnings().len()), (merged.size().unwrap(), 0));
}

#[test]
fn a_rotated_capture_has_one_file_open_at_a_time() {
    let folder = Folder::new("rotated");
    let paths: Vec<String> =
        (0..200u32).rev().map(|n| folder.file(&format!("{n}"), &pcap(n as u8, n * 100..n * 100 + 100))).collect();
    let (rows, open) = read_all(&mut Merged::open(&paths).unwrap());
    assert_eq!((rows.len(), open), (20_000, 1));
    assert!(rows.is_sorted());
}

#[test]
fn many_that_overlap_are_merged_like_a_sort() {
    let folder = Folder::new("overlap");
    let seconds = |n: u32| (0..700u32).map(move |i| (i * 31 + n * 17) / 3);
    let paths: Vec<String> = (0..50).map(|n| folder.file(&format!("{n}"), &pcap(n as u8, seconds(n)))).collect();
    let mut want: Vec<(i64, u8)> =
        (0..50).flat_map(|n| seconds(n).map(move |second| (i64::from(second), n as u8))).collect();
    want.sort();
    assert_eq!(read_all(&mut Merged::open(&paths).unwrap()).0, want);
}

#[test]
fn one_alone_is_read_straight_into_the_batch() {
    let folder = Folder::new("alone");
    let path = folder.file("a", &pcap(7, 0..20_000));
    let mut merged = Merged::open(&[path]).unwrap();
    assert_eq!(read_all(&mut merged).0.len(), 20_000);
    assert!(merged.parts[0].open.is_none());
}

#[test]
fn each_damaged_tail_is_told_with_its_name() {
    let folder = Folder::new("damaged");
    let whole = pcap(1, 0..10);
    let paths = [
        folder.file("a", &whole[..whole.len() - 1]),
        folder.file("b", &pcap(2, 0..10)),
        folder.file("c", &whole[..30]),
    ];
    let mut merged = Merged::open(&paths).unwrap();
    assert_eq!(read_all(&mut merged).0.len(), 19);
    let warnings = merged.warnings();
    assert_eq!(warnings.len(), 2);
    assert!(
        warnings.iter().any(|text| text.starts_with(&format!("{}: damaged at byte 708:", paths[0]))),
        "{warnings:?}"
    );
}

#[test]
fn frames_before_an_error_are_given_first() {
    let folder = Folder::new("gone");
    let paths = [folder.file("a", &pcap(1, 0..10)), folder.file("b", &pcap(2, 100..110))];
    let mut merged = Merged::open(&paths).unwrap();
    std::fs::remove_file(&paths[1]).unwrap();
    let mut batch = Batch::default();
    assert_eq!(merged.fill(&mut batch).unwrap(), Fill::More);
    assert_eq!(batch.frames.len(), 10);
    assert!(merged.fill(&mut batch).unwrap_err().to_string().contains("no such file"));
    assert_eq!(merged.fill(&mut batch).unwrap(), Fill::End);
}

#[test]
fn what_is_no_capture_is_known_at_once() {
    let folder = Folder::new("refused");
    let paths = [folder.file("a", &pcap(1, [1])), folder.file("b", b"Dear reader")];
    assert!(Merged::open(&paths).unwrap_err().to_string().contains("is not a capture"));
}

#[test]
fn the_finest_unit_holds_for_all() {
    let folder = Folder::new("unit");
    let mut fine = pcap(2, [1]);
    fine[..4].copy_from_slice(&0xa1b2_3c4du32.to_le_bytes());
    let paths = [folder.file("a", &pcap(1, [0])), folder.file("b", &fine)];
    let mut batch = Batch::default();
    Merged::open(&paths).unwrap().fill(&mut batch).unwrap();
    assert_eq!(batch.unit, TimeUnit::Nanos);
}
