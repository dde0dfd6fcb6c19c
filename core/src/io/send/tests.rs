//! Captures sent to real sockets and into real files.

use super::*;
use crate::encap::{Ends, FIRST_SOURCE_PORT, GENEVE_PORT, Gateway, VXLAN_PORT};
use crate::frame::Addr;
use crate::io::Listener;
use crate::io::udp::On;
use crate::packet::Encapsulation;
use std::path::PathBuf;

/// A folder that is removed at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tmrx-send-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// A capture of these frames, 10 ms apart from 1000 s on.
    fn capture(&self, link: u32, frames: &[Vec<u8>]) -> String {
        let words = [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 262_144, link];
        let mut out: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        for (number, frame) in frames.iter().enumerate() {
            let fields = [1000, number as u32 * 10_000, frame.len() as u32, frame.len() as u32];
            out.extend(fields.iter().flat_map(|w| w.to_le_bytes()));
            out.extend(frame);
        }
        let path = self.path("in.pcap");
        std::fs::write(&path, out).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn options() -> Options {
    let ends = Ends { src: Addr::v4([192, 0, 2, 1]), dst: Addr::v4([192, 0, 2, 2]), dport: VXLAN_PORT };
    let profile = Profile { vni: 7, mirror: ends, gateway: None };
    Options { profile, packet_length: None, pace: Pace::FlatOut, loops: 1 }
}

/// A UDP packet in Ethernet of a flow by number.
fn frame(flow: u8, length: usize) -> Vec<u8> {
    let mut frame = vec![2; 12];
    frame.extend([8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, flow, 10, 0, 1, 1, 4, flow, 0, 80]);
    frame.resize(length.max(frame.len()), flow);
    frame
}

fn frames(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|i| frame((i % 5) as u8, 60 + 13 * (i % 7))).collect()
}

fn send(path: &str, to: &To, options: Options) -> Result<Counts> {
    let mut sender = Sender::open(path, to, options)?;
    while sender.step()? {}
    Ok(sender.counts())
}

/// Time and bytes of each frame.
fn read(source: &mut dyn Source, count: usize) -> Vec<(Nanos, Vec<u8>)> {
    let mut batch = Batch::default();
    let mut rows = Vec::new();
    for _ in 0..50 {
        let fill = source.fill(&mut batch).unwrap();
        rows.extend(batch.frames.iter().map(|f| (f.time, batch.bytes(f).to_vec())));
        if fill == Fill::End || rows.len() >= count {
            break;
        }
    }
    rows
}

fn listener(address: &str) -> (Listener, To) {
    let on = On { kind: Encapsulation::Vxlan, address: address.parse().unwrap() };
    let listener = Listener::open(&[on], 1 << 22).unwrap();
    let to = To::Socket(listener.on()[0].address);
    (listener, to)
}

#[test]
fn a_file_holds_outer_frames_with_the_original_times() {
    let folder = Folder::new("file");
    let inner = frames(300);
    let out = folder.path("out.pcap");
    let counts = send(&folder.capture(1, &inner), &To::File(out.clone()), options()).unwrap();
    let bytes = inner.iter().map(|f| f.len() as u64 + 50).sum();
    assert_eq!(counts, Counts { frames: 300, sent: 300, bytes, ..Counts::default() });
    let rows = read(&mut Capture::open(&out).unwrap(), 300);
    for (number, (row, inner)) in rows.iter().zip(&inner).enumerate() {
        assert_eq!(row.0, 1000 * crate::time::SECOND + number as i64 * 10_000_000);
        assert_eq!(row.1[50..], inner[..]);
        assert_eq!(row.1[42..50], [8, 0, 0, 0, 0, 0, 7, 0]);
    }
    assert_eq!(rows.len(), 300);
}

#[test]
fn a_receiver_gets_the_frames_in_order_with_a_port_for_each_flow() {
    let folder = Folder::new("socket");
    let inner = frames(200);
    for (address, pace) in [
        ("127.0.0.1:0", Pace::Packets(1e6)),
        ("127.0.0.1:0", Pace::FlatOut),
        ("[::1]:0", Pace::Packets(1e6)),
        ("[::1]:0", Pace::FlatOut),
    ] {
        let (mut listener, to) = listener(address);
        send(&folder.capture(1, &inner), &to, Options { pace, ..options() }).unwrap();
        let mut batch = Batch::default();
        let mut seen = 0;
        let mut ports = std::collections::BTreeMap::new();
        while listener.fill(&mut batch).unwrap() == Fill::More {
            for frame in &batch.frames {
                let bytes = batch.bytes(frame);
                let outer = batch.outers[frame.outer as usize];
                assert_eq!(bytes[8..], inner[seen][..]);
                assert!(outer.sport >= FIRST_SOURCE_PORT);
                assert_eq!(outer.src, outer.dst);
                assert_eq!(*ports.entry(bytes[8 + 29]).or_insert(outer.sport), outer.sport);
                seen += 1;
            }
        }
        assert_eq!(seen, 200, "{address} {pace:?}");
        assert_eq!(ports.len(), 5);
    }
}

#[test]
fn runs_of_equal_sizes_are_joined_and_arrive_apart() {
    let folder = Folder::new("joined");
    let inner: Vec<_> = (0..400).map(|i| frame(1, if i % 50 == 49 { 80 } else { 400 + i / 100 })).collect();
    let (mut listener, to) = listener("127.0.0.1:0");
    let counts = send(&folder.capture(1, &inner), &to, options()).unwrap();
    assert_eq!((counts.sent, counts.too_large), (400, 0));
    let rows = read(&mut listener, 400);
    assert_eq!(rows.iter().map(|row| &row.1[8..]).collect::<Vec<_>>(), inner);
}

#[test]
fn packet_length_cuts_and_raw_ip_gets_its_ethernet() {
    let folder = Folder::new("cut");
    let out = folder.path("out.pcap");
    let cut = Options { packet_length: Some(64), ..options() };
    let counts = send(&folder.capture(1, &[frame(1, 60), frame(1, 900)]), &To::File(out.clone()), cut).unwrap();
    assert_eq!(counts.cut, 1);
    let rows = read(&mut Capture::open(&out).unwrap(), 2);
    assert_eq!(rows.iter().map(|row| row.1.len() - 50).collect::<Vec<_>>(), [60, 64]);
    send(&folder.capture(101, &[frame(1, 900)[14..].to_vec()]), &To::File(out.clone()), cut).unwrap();
    let rows = read(&mut Capture::open(&out).unwrap(), 1);
    assert_eq!((rows[0].1.len(), &rows[0].1[62..66]), (114, &[8, 0, 0x45, 0][..]));
}

#[test]
fn a_load_balancer_in_front() {
    let folder = Folder::new("geneve");
    let ends = Ends { src: Addr::v4([10, 0, 0, 1]), dst: Addr::v4([10, 0, 0, 2]), dport: GENEVE_PORT };
    let profile = Profile { gateway: Some(Gateway { ends, endpoint: 1, attachment: 2 }), ..options().profile };
    let (mut listener, to) = listener("127.0.0.1:0");
    send(&folder.capture(1, &[frame(1, 70)]), &to, Options { profile, ..options() }).unwrap();
    let rows = read(&mut listener, 1);
    assert_eq!(rows[0].1.len(), 118 - 42 + 70);
    assert_eq!(rows[0].1[..4], [8, 0, 8, 0]);
    assert_eq!(rows[0].1[76..], frame(1, 70)[..]);
}

#[test]
fn rounds_go_on_where_the_last_one_ended() {
    let folder = Folder::new("loop");
    let out = folder.path("out.pcap");
    let options = Options { loops: 3, ..options() };
    let counts = send(&folder.capture(1, &frames(10)), &To::File(out.clone()), options).unwrap();
    assert_eq!(counts.sent, 30);
    let rows = read(&mut Capture::open(&out).unwrap(), 30);
    assert!(rows.is_sorted_by_key(|row| row.0));
    assert_eq!(rows[29].0 - rows[0].0, 3 * 90_000_000);
    let counts = send(&folder.capture(1, &[]), &To::File(out), options).unwrap();
    assert_eq!(counts.sent, 0, "a capture without frames ends all the same");
}

#[test]
fn copies_wait_until_they_are_due() {
    let folder = Folder::new("pace");
    let path = folder.capture(1, &frames(21));
    for (pace, least) in [(Pace::Packets(100.0), 200), (Pace::Captured(1.0), 200), (Pace::Captured(2.0), 100)] {
        let (_listener, to) = listener("127.0.0.1:0");
        let mut sender = Sender::open(&path, &to, Options { pace, ..options() }).unwrap();
        let start = clock::steady();
        let mut steps = 1;
        while sender.step().unwrap() {
            steps += 1;
        }
        let took = start.elapsed().as_millis();
        assert!(took + 1 >= least && took < 10 * least, "{pace:?} took {took} ms");
        assert!(steps > least / 150, "{pace:?}: a step lasts no longer than 100 ms");
    }
}

#[test]
fn what_is_too_large_is_left_out_and_what_nobody_takes_is_counted() {
    let folder = Folder::new("large");
    let (mut listener, to) = listener("127.0.0.1:0");
    let path = folder.capture(1, &[frame(1, 65_530), frame(1, 65_000), frame(1, 60)]);
    let counts = send(&path, &to, options()).unwrap();
    assert_eq!((counts.frames, counts.sent, counts.too_large), (3, 2, 1));
    assert_eq!(read(&mut listener, 2).iter().map(|row| row.1.len()).collect::<Vec<_>>(), [65_008, 68]);
    drop(listener);
    for pace in [Pace::FlatOut, Pace::Packets(1e6)] {
        let counts = send(&folder.capture(1, &frames(50)), &to, Options { pace, ..options() }).unwrap();
        assert_eq!(counts.sent, 50);
        assert!(counts.refused > 0);
    }
}

#[test]
fn faults_are_named_and_harm_nothing() {
    let folder = Folder::new("faults");
    let path = folder.capture(1, &frames(5000));
    let why = |to: To, options| send(&path, &to, options).unwrap_err().to_string();
    let file = |name: &str| To::File(name.into());
    assert!(why(file("/nowhere/out.pcap"), options()).contains("/nowhere/out.pcap: no such file"));
    assert!(why(file("/dev/full"), options()).contains("/dev/full: no space left on the device (free some space"));
    assert!(why(file(&path), options()).contains("is the capture that is read"));
    assert_eq!(read(&mut Capture::open(&path).unwrap(), 5000).len(), 5000);
    let broadcast = To::Socket("255.255.255.255:4789".parse().unwrap());
    assert!(why(broadcast, options()).contains("255.255.255.255:4789: permission denied (a firewall"));
    let out = || file(&folder.path("out.pcap"));
    assert!(why(out(), Options { loops: 0, ..options() }).contains("loop"));
    assert!(why(out(), Options { pace: Pace::Bits(0.0), ..options() }).contains("above 0"));
    assert!(why(out(), Options { pace: Pace::Captured(f64::NAN), ..options() }).contains("above 0"));
    let vni = Profile { vni: 1 << 24, ..options().profile };
    assert!(why(out(), Options { profile: vni, ..options() }).contains("vni: is above 16777215"));
    let mixed = Ends { dst: Addr::default(), ..vni.mirror };
    let mixed = Profile { vni: 1, mirror: mixed, gateway: None };
    assert!(why(out(), Options { profile: mixed, ..options() }).contains("two families"));
    assert!(!std::path::Path::new(&folder.path("out.pcap")).exists());
}

#[test]
fn a_capture_that_is_mirrored_already_is_wrapped_again() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures/aws-mirror-2019.pcap");
    let Some(path) = path.to_str().filter(|path| std::path::Path::new(path).exists()) else { return };
    let folder = Folder::new("aws");
    let out = folder.path("out.pcap");
    assert_eq!(send(path, &To::File(out.clone()), options()).unwrap().sent, 100);
    let inner = read(&mut Capture::open(path).unwrap(), 100);
    let outer = read(&mut Capture::open(&out).unwrap(), 100);
    assert!(inner.iter().zip(&outer).all(|(a, b)| a.0 == b.0 && a.1 == b.1[50..]));
}
