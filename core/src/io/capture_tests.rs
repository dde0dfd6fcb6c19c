//! Whole files: by hand, cut, flipped, and the real ones where they are.

use super::*;
use crate::frame::Link;
use crate::io::SLAB;
use std::path::{Path, PathBuf};

/// A file that is removed at the end of the test.
struct Temp(PathBuf);

impl Temp {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("tmrx-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }

    fn open(&self) -> Result<Capture> {
        Capture::open(self.0.to_str().unwrap())
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn pcap(link: u32, lengths: impl IntoIterator<Item = usize>) -> Vec<u8> {
    let mut out: Vec<u8> =
        [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 262_144, link].iter().flat_map(|w| w.to_le_bytes()).collect();
    for (number, length) in lengths.into_iter().enumerate() {
        let fields = [number as u32, 0, length as u32, length as u32];
        out.extend(fields.iter().flat_map(|w| w.to_le_bytes()));
        out.extend(std::iter::repeat_n(number as u8, length));
    }
    out
}

type Row = (i64, u32, u32, Link, Vec<u8>);

fn read_all(capture: &mut Capture) -> Result<Vec<Row>> {
    let mut batch = Batch::default();
    let mut rows = Vec::new();
    loop {
        match capture.fill(&mut batch)? {
            Fill::More => {
                assert!(!batch.frames.is_empty());
                rows.extend(
                    batch.frames.iter().map(|f| (f.time, f.captured, f.original, f.link, batch.bytes(f).to_vec())),
                );
            }
            Fill::Idle => assert!(batch.frames.is_empty()),
            Fill::End => return Ok(rows),
        }
    }
}

#[test]
fn records_larger_and_smaller_than_a_slab_come_whole_and_in_order() {
    let lengths: Vec<usize> = (0..3000).map(|i| if i % 500 == 0 { 262_144 } else { i % 1500 }).collect();
    let file = Temp::new("large", &pcap(1, lengths.iter().copied()));
    let mut capture = file.open().unwrap();
    let rows = read_all(&mut capture).unwrap();
    assert_eq!(rows.len(), lengths.len());
    for (number, (row, length)) in rows.iter().zip(&lengths).enumerate() {
        assert_eq!((row.0, row.1 as usize), (number as i64 * crate::time::SECOND, *length));
        assert!(row.4.iter().all(|&b| b == number as u8));
    }
    assert_eq!(capture.warning(), None);
    assert_eq!(Some(capture.position()), capture.size());
}

#[test]
fn memory_stays_flat() {
    let file = Temp::new("flat", &pcap(1, (0..20_000).map(|i| i % 1500)));
    let mut capture = file.open().unwrap();
    let mut batch = Batch::default();
    while capture.fill(&mut batch).unwrap() != Fill::End {
        assert!(batch.slab.capacity() <= 4 * SLAB && capture.carry.capacity() <= 2 * SLAB);
    }
}

#[test]
fn an_empty_capture_is_no_error() {
    let file = Temp::new("none", &pcap(1, []));
    let mut capture = file.open().unwrap();
    assert_eq!(read_all(&mut capture).unwrap(), []);
    assert_eq!(capture.warning(), None);
}

#[test]
fn a_damaged_tail_is_a_warning_with_its_place_and_size() {
    let whole = pcap(1, [100, 100, 100]);
    let file = Temp::new("cut", &whole[..whole.len() - 30]);
    let mut capture = file.open().unwrap();
    assert_eq!(read_all(&mut capture).unwrap().len(), 2);
    let place = 24 + 2 * 116;
    assert!(
        capture
            .warning()
            .unwrap()
            .ends_with(&format!("damaged at byte {place}: the last record is cut; 86 bytes left unread"))
    );

    let mut bad = whole.clone();
    bad[place + 11] = 0xff;
    let file = Temp::new("impossible", &bad);
    let mut capture = file.open().unwrap();
    assert_eq!(read_all(&mut capture).unwrap().len(), 2);
    let warning = capture.warning().unwrap();
    assert!(warning.contains(&format!("damaged at byte {place}: a record claims")), "{warning}");
    assert!(warning.ends_with("116 bytes left unread"), "{warning}");
}

/// A pipe with a name, and what is written into it bit by bit.
#[allow(unsafe_code)]
fn pipe(name: &str, bytes: Vec<u8>, chunk: usize) -> (Temp, std::thread::JoinHandle<()>) {
    let path = std::env::temp_dir().join(format!("tmrx-{}-{name}", std::process::id()));
    let text = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: a string that ends in 0 and outlives the call.
    assert_eq!(unsafe { libc::mkfifo(text.as_ptr(), 0o600) }, 0);
    let writer = {
        let path = path.clone();
        std::thread::spawn(move || {
            let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
            for (number, chunk) in bytes.chunks(chunk).enumerate() {
                if number < 4 {
                    std::thread::sleep(std::time::Duration::from_millis(130));
                }
                std::io::Write::write_all(&mut file, chunk).unwrap();
            }
        })
    };
    (Temp(path), writer)
}

#[test]
fn a_slow_pipe_is_idle_between_its_frames() {
    let whole = pcap(1, (0..3000).map(|i| i % 1500));
    let (pipe, writer) = pipe("slow", whole.clone(), 701);
    let mut capture = pipe.open().unwrap();
    let mut batch = Batch::default();
    assert_eq!(capture.fill(&mut batch).unwrap(), Fill::Idle, "a fill waits no longer than 100 ms");
    assert_eq!(read_all(&mut capture).unwrap().len(), 3000);
    assert_eq!((capture.size(), capture.position(), capture.warning()), (None, whole.len() as u64, None));
    writer.join().unwrap();
}

#[test]
fn a_header_may_come_in_pieces() {
    let (pipe, writer) = pipe("pieces", pcap(1, [100]), 9);
    assert_eq!(read_all(&mut pipe.open().unwrap()).unwrap().len(), 1);
    writer.join().unwrap();
}

#[test]
fn a_followed_file_is_read_as_it_grows() {
    let whole = pcap(1, [100, 200, 300]);
    let file = Temp::new("grows", b"");
    let mut capture = Capture::follow(file.0.to_str().unwrap()).unwrap();
    let (mut batch, mut frames) = (Batch::default(), 0);
    for (at, byte) in whole.iter().enumerate() {
        assert_eq!(capture.fill(&mut batch).unwrap(), Fill::Idle);
        let mut out = std::fs::OpenOptions::new().append(true).open(&file.0).unwrap();
        std::io::Write::write_all(&mut out, &[*byte]).unwrap();
        if [140, 356, 672].contains(&(at + 1)) {
            assert_eq!(capture.fill(&mut batch).unwrap(), Fill::More, "{at}");
            frames += batch.frames.len();
        }
    }
    assert_eq!((frames, capture.fill(&mut batch).unwrap()), (3, Fill::Idle));
    capture.settle();
    assert_eq!(read_all(&mut capture).unwrap(), []);
    assert_eq!(capture.warning(), None);
}

#[test]
fn a_damaged_pipe_is_read_to_its_end_and_counted() {
    let mut bytes = pcap(1, (0..1000).map(|_| 1000));
    let place = 24 + 10 * 1016;
    bytes[place + 11] = 0xff;
    let (pipe, writer) = pipe("damaged", bytes, 701);
    let mut capture = pipe.open().unwrap();
    assert_eq!(read_all(&mut capture).unwrap().len(), 10);
    let warning = capture.warning().unwrap();
    assert!(warning.contains(&format!("damaged at byte {place}:")), "{warning}");
    assert!(warning.ends_with(&format!("{} bytes left unread", 990 * 1016)), "{warning}");
    writer.join().unwrap();
}

#[test]
fn what_is_no_capture_is_refused_in_words() {
    let why = |name: &str, bytes: &[u8]| Temp::new(name, bytes).open().unwrap_err().to_string();
    assert!(why("zero", b"").contains("is empty (0 bytes)"));
    assert!(why("text", b"Dear reader,\n").contains("is not a capture"));
    assert!(why("text2", &[b'x'; 5000]).contains("is not a capture"));
    assert!(why("xz", b"\xfd7zXZ\0\0\0\0\0").contains("is compressed (xz) (pipe it through xzcat"));
    assert!(why("gzip", b"\x1f\x8b\x08\0\0\0\0\0").contains("the gzip data is cut at byte 8"));
    assert!(why("short", &pcap(1, [])[..10]).contains("ends within the capture's header (10 bytes)"));
    assert!(why("ng", b"\x0a\x0d\x0d\x0a\x1c\0\0\0").contains("ends within the capture's header"));
    assert!(why("usb", &pcap(189, [])).contains("link type 189 (USB_LINUX) is not read"));
}

#[test]
fn frames_before_a_refused_interface_are_given_first() {
    let mut bytes: Vec<u8> = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let length = (body.len() as u32 + 12).to_le_bytes();
        bytes.extend(kind.to_le_bytes().iter().chain(&length).chain(body).chain(&length));
    };
    block(0x0a0d_0d0a, b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
    block(1, b"\x01\0\0\0\0\0\0\0");
    block(1, b"\xbd\0\0\0\0\0\0\0");
    for interface in [0u8, 1] {
        block(6, &[&[interface][..], &[0; 11], &[4, 0, 0, 0, 4, 0, 0, 0], b"abcd"].concat());
    }
    let file = Temp::new("refused", &bytes);
    let mut capture = file.open().unwrap();
    let mut batch = Batch::default();
    assert_eq!(capture.fill(&mut batch).unwrap(), Fill::More);
    assert_eq!(batch.frames.len(), 1);
    assert!(capture.fill(&mut batch).unwrap_err().to_string().contains("USB_LINUX"));
    assert_eq!(capture.fill(&mut batch).unwrap(), Fill::End);
}

/// A small, seeded generator (Marsaglia's xorshift): the same cuts and flips in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let named = std::env::var_os("TMRX_SHARED").map(PathBuf::from);
    named.into_iter().chain([beside]).find(|path| path.is_dir())
}

/// Every way of cutting and flipping ends, without a panic, in frames that are prefixes of their batch.
fn survives(name: &str, original: &[u8], rounds: usize, random: &mut Random) {
    for _ in 0..rounds {
        let mut bytes = original.to_vec();
        bytes.truncate(random.below(bytes.len()) + 1);
        for _ in 0..random.below(8) {
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
        }
        let file = Temp::new(name, &bytes);
        if let Ok(mut capture) = file.open() {
            let _ = read_all(&mut capture);
        }
    }
}

#[test]
fn cuts_and_flips_never_panic() {
    survives("flips", &pcap(1, (0..60).map(|i| i * 7)), 300, &mut Random(1));
}

#[test]
fn the_real_mirror_capture() {
    let Some(shared) = shared() else { return };
    let path = shared.join("captures/aws-mirror-2019.pcap");
    let mut capture = Capture::open(path.to_str().unwrap()).unwrap();
    assert_eq!(read_all(&mut capture).unwrap().len(), 100);
    survives("aws", &std::fs::read(path).unwrap(), 100, &mut Random(2));
}

#[test]
fn every_capture_of_the_suite_is_read_to_its_end_or_refused_by_name() {
    let Some(shared) = shared() else { return };
    let mut folders = vec![shared.join("conformance/suite")];
    let (mut read, mut refused) = (0, 0);
    let mut random = Random(3);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| ["pcap", "pcapng", "cap"].iter().any(|x| e == *x)) {
                match Capture::open(path.to_str().unwrap()).and_then(|mut c| read_all(&mut c)) {
                    Ok(_) => read += 1,
                    Err(error) => {
                        assert!(error.to_string().contains("link type"), "{error}");
                        refused += 1;
                    }
                }
                if let Some(bytes) = std::fs::read(&path).ok().filter(|bytes| bytes.len() < 100_000) {
                    survives("suite", &bytes, 2, &mut random);
                }
            }
        }
    }
    assert!(read > 500, "{read} read, {refused} refused");
}
