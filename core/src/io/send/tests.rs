//! Captures sent to real sockets and into real files.

use super::*;
use crate::encap::FIRST_SOURCE_PORT;
use crate::frame::Addr;
use crate::io::udp::On;
use crate::io::{Capture, Listener};
use crate::packet::Encapsulation;
use crate::plan::mirror::{self as plan, MirrorPlan};
use serde_bytes::ByteBuf;
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

fn addr(addr: Addr) -> ByteBuf {
    ByteBuf::from(addr.0)
}

fn v4(a: [u8; 4]) -> ByteBuf {
    addr(Addr::v4(a))
}

fn session(id: &str, vni: u32, src: [u8; 4]) -> plan::SourceSession {
    let copies = plan::Copies {
        vni,
        src: v4(src),
        dst: vec![v4([192, 0, 2, 2])],
        macs: ByteBuf::from([2; 12]),
        gateway: None,
        packet_length: 0,
        mtu: 0,
    };
    plan::SourceSession { id: id.into(), filter: 0, copies }
}

/// Every frame through one session.
fn everything() -> MirrorPlan {
    MirrorPlan {
        version: 1,
        everything: true,
        sources: Vec::new(),
        sessions: vec![session("", 7, [192, 0, 2, 1])],
        filters: Vec::new(),
        firewalls: vec![],
        exclude_ntp: plan::ExcludeNtp::Amazon,
        truncated_checksum: plan::TruncatedChecksum::Pseudo,
        first_port: FIRST_SOURCE_PORT,
        impairments: plan::Impairments::default(),
    }
}

fn source(interface: &str, address: [u8; 4], sessions: Vec<u32>) -> plan::MirrorSource {
    plan::MirrorSource {
        interface: interface.into(),
        mac: ByteBuf::new(),
        addresses: vec![v4(address)],
        resolvers: Vec::new(),
        offload: true,
        inactive: if sessions.is_empty() { "target_deleted".into() } else { String::new() },
        sessions,
        firewall: None,
    }
}

/// Three sources, 10.0.0.0, .1 and .2, of which the last has no active session; the others mirror what leaves them.
fn sources() -> MirrorPlan {
    let all = plan::FilterRule { id: "all".into(), accept: true, matches: plan::PacketMatch::default() };
    let short = session("tms-b", 2, [10, 0, 0, 1]);
    let short = plan::SourceSession { copies: plan::Copies { packet_length: 64, ..short.copies }, ..short };
    MirrorPlan {
        everything: false,
        sources: vec![
            source("eni-a", [10, 0, 0, 0], vec![0]),
            source("eni-b", [10, 0, 0, 1], vec![1]),
            source("eni-c", [10, 0, 0, 2], vec![]),
        ],
        sessions: vec![session("tms-a", 1, [10, 0, 0, 0]), short],
        filters: vec![plan::MirrorFilter { egress: vec![all], ..plan::MirrorFilter::default() }],
        ..everything()
    }
}

fn options() -> Options {
    with(everything())
}

fn with(plan: MirrorPlan) -> Options {
    Options { plan, pace: Pace::FlatOut, loops: 1, truth: false }
}

/// What was drawn for every copy.
fn impaired(impairments: plan::Impairments) -> Options {
    with(MirrorPlan { impairments, ..everything() })
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

fn send(path: &str, to: &To, options: &Options) -> Result<Sent> {
    run(path, to, options).map(|mut sender| {
        let stats = stats(&mut sender);
        let sum =
            |key: &str| stats[key].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum::<u64>();
        let plain = |key: &str| stats[key].as_u64().unwrap();
        let fates = ["rejected", "excluded", "no_session", "skipped"].map(sum).iter().sum::<u64>();
        assert_eq!(plain("outcomes"), plain("mirrored") + plain("not_at_source") + fates);
        sender.sent()
    })
}

fn run(path: &str, to: &To, options: &Options) -> Result<Sender> {
    let mut sender = Sender::open(path, to, options)?;
    while sender.step(0)? {}
    Ok(sender)
}

fn stats(sender: &mut Sender) -> serde_json::Value {
    serde_json::from_slice(&sender.stats()).unwrap()
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
    let sent = send(&folder.capture(1, &inner), &To::File(out.clone()), &options()).unwrap();
    let bytes = inner.iter().map(|f| f.len() as u64 + 50).sum();
    assert_eq!(sent, Sent { copies: 300, bytes, ..Sent::default() });
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
        send(&folder.capture(1, &inner), &to, &Options { pace, ..options() }).unwrap();
        let mut batch = Batch::default();
        let mut got = Vec::new();
        let mut ports = std::collections::BTreeMap::new();
        while listener.fill(&mut batch).unwrap() == Fill::More {
            for frame in &batch.frames {
                let bytes = batch.bytes(frame);
                let outer = batch.outers[frame.outer as usize];
                got.push(bytes[8..].to_vec());
                assert!(outer.sport >= FIRST_SOURCE_PORT);
                let from = if outer.src.low4()[0] == 0 { outer.dst } else { Addr::v4([127, 0, 2, 1]) };
                assert_eq!(outer.src, from);
                assert_eq!(*ports.entry(bytes[8 + 29]).or_insert(outer.sport), outer.sport);
            }
        }
        assert_eq!(ports.len(), 5);
        let flow = |frames: &[Vec<u8>], flow| frames.iter().filter(|f| f[29] == flow).cloned().collect::<Vec<_>>();
        assert!((0..5).all(|n| flow(&got, n) == flow(&inner, n)), "{address} {pace:?}");
        assert!(pace == Pace::FlatOut || got == inner);
    }
}

#[test]
fn runs_of_equal_sizes_are_joined_and_arrive_apart() {
    let folder = Folder::new("joined");
    let inner: Vec<_> = (0..400).map(|i| frame(1, if i % 50 == 49 { 80 } else { 400 + i / 100 })).collect();
    let (mut listener, to) = listener("127.0.0.1:0");
    let sent = send(&folder.capture(1, &inner), &to, &options()).unwrap();
    assert_eq!((sent.copies, sent.too_large), (400, 0));
    let rows = read(&mut listener, 400);
    assert_eq!(rows.iter().map(|row| &row.1[8..]).collect::<Vec<_>>(), inner);
}

#[test]
fn packet_length_cuts_and_raw_ip_gets_its_ethernet() {
    let folder = Folder::new("cut");
    let out = folder.path("out.pcap");
    let mut cut = options();
    cut.plan.sessions[0].copies.packet_length = 64;
    let path = folder.capture(1, &[frame(1, 60), frame(1, 900)]);
    let mut sender = run(&path, &To::File(out.clone()), &cut).unwrap();
    assert_eq!(stats(&mut sender)["truncated"]["packet_length"], 1);
    let rows = read(&mut Capture::open(&out).unwrap(), 2);
    assert_eq!(rows.iter().map(|row| row.1.len() - 50).collect::<Vec<_>>(), [60, 64]);
    send(&folder.capture(101, &[frame(1, 900)[14..].to_vec()]), &To::File(out.clone()), &cut).unwrap();
    let rows = read(&mut Capture::open(&out).unwrap(), 1);
    assert_eq!((rows[0].1.len(), &rows[0].1[62..66]), (114, &[8, 0, 0x45, 0][..]));
}

#[test]
fn a_load_balancer_in_front() {
    let folder = Folder::new("geneve");
    let mut behind = options();
    let node = plan::Gateway { src: v4([10, 0, 0, 1]), dst: vec![v4([10, 0, 0, 2])], endpoint: 1, attachment: 2 };
    behind.plan.sessions[0].copies.gateway = Some(node);
    let (mut listener, to) = listener("127.0.0.1:0");
    send(&folder.capture(1, &[frame(1, 70)]), &to, &behind).unwrap();
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
    let sent = send(&folder.capture(1, &frames(10)), &To::File(out.clone()), &options).unwrap();
    assert_eq!(sent.copies, 30);
    let rows = read(&mut Capture::open(&out).unwrap(), 30);
    assert!(rows.is_sorted_by_key(|row| row.0));
    assert_eq!(rows[29].0 - rows[0].0, 3 * 90_000_000);
    let sent = send(&folder.capture(1, &[]), &To::File(out), &options).unwrap();
    assert_eq!(sent.copies, 0, "a capture without frames ends all the same");
}

#[test]
fn copies_wait_until_they_are_due() {
    let folder = Folder::new("pace");
    let path = folder.capture(1, &frames(21));
    for (pace, least) in [(Pace::Packets(100.0), 200), (Pace::Captured(1.0), 200), (Pace::Captured(2.0), 100)] {
        let (_listener, to) = listener("127.0.0.1:0");
        let mut sender = Sender::open(&path, &to, &Options { pace, ..options() }).unwrap();
        let start = clock::steady();
        let mut steps = 1;
        while sender.step(0).unwrap() {
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
    let mut sender = run(&path, &to, &options()).unwrap();
    assert_eq!((sender.frames(), sender.sent().copies), (3, 2));
    assert_eq!(stats(&mut sender)["skipped"]["too_large"], 1);
    assert_eq!(read(&mut listener, 2).iter().map(|row| row.1.len()).collect::<Vec<_>>(), [65_008, 68]);
    drop(listener);
    for pace in [Pace::FlatOut, Pace::Packets(1e6)] {
        let sent = send(&folder.capture(1, &frames(50)), &to, &Options { pace, ..options() }).unwrap();
        assert_eq!(sent.copies, 50);
        assert!(sent.refused > 0);
    }
}

#[test]
fn faults_are_named_and_harm_nothing() {
    let folder = Folder::new("faults");
    let path = folder.capture(1, &frames(5000));
    let why = |to: To, options: Options| send(&path, &to, &options).unwrap_err().to_string();
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
    let bad = |change: fn(&mut MirrorPlan)| {
        let mut options = options();
        change(&mut options.plan);
        why(out(), options)
    };
    assert!(bad(|plan| plan.sessions[0].copies.vni = 1 << 24).contains("vni: is above 16777215"));
    assert!(bad(|plan| plan.sessions[0].copies.dst = vec![addr(Addr::default())]).contains("two families"));
    assert!(bad(|plan| plan.impairments.loss = 1.5).contains("impairments"));
    assert!(bad(|plan| plan.impairments.jitter = -1).contains("impairments"));
    let once = |name: &str| run(name, &To::Nowhere, &Options { loops: 2, ..options() }).unwrap_err().to_string();
    assert!(once("-").contains("loop: standard input can be sent once only"));
    assert!(once("iface:eth0").contains("loop: iface:eth0 can be sent once only"));
    assert!(!std::path::Path::new(&folder.path("out.pcap")).exists());
}

#[test]
fn a_capture_that_is_mirrored_already_is_wrapped_again() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures/aws-mirror-2019.pcap");
    let Some(path) = path.to_str().filter(|path| std::path::Path::new(path).exists()) else { return };
    let folder = Folder::new("aws");
    let out = folder.path("out.pcap");
    assert_eq!(send(path, &To::File(out.clone()), &options()).unwrap().copies, 100);
    let inner = read(&mut Capture::open(path).unwrap(), 100);
    let outer = read(&mut Capture::open(&out).unwrap(), 100);
    assert!(inner.iter().zip(&outer).all(|(a, b)| a.0 == b.0 && a.1 == b.1[50..]));
}

/// A capture of a frame of each of the flows 0 to 9, of 42 bytes and more.
fn ten(folder: &Folder) -> String {
    folder.capture(1, &(0..10).map(|flow| frame(flow, 100)).collect::<Vec<_>>())
}

#[test]
fn sums_and_the_truth_are_of_all_rounds_and_agree() {
    let folder = Folder::new("truth");
    let options = Options { loops: 2, truth: true, ..with(sources()) };
    let mut sender = run(&ten(&folder), &To::Nowhere, &options).unwrap();
    let truth = String::from_utf8(sender.take_truth()).unwrap();
    let lines: Vec<serde_json::Value> = truth.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines.iter().map(|line| line["packet"].as_u64().unwrap()).collect::<Vec<_>>(),
        (1..=20).collect::<Vec<_>>()
    );
    let count = |fate: &str| lines.iter().filter(|line| line["fate"] == fate).count();
    assert_eq!([count("mirrored"), count("no_session"), count("not_at_source")], [4, 2, 14]);
    assert!(sender.take_truth().is_empty());
    let sessions = serde_json::json!([
        {"session": "tms-a", "vni": 1, "source": "eni-a", "packets": 2, "copies": 2, "bytes": 200, "truncated": 0},
        {"session": "tms-b", "vni": 2, "source": "eni-b", "packets": 2, "copies": 2, "bytes": 128, "truncated": 2},
    ]);
    let wanted = serde_json::json!({
        "frames": 20, "bytes": 2000, "outcomes": 20, "mirrored": 4,
        "rejected": {"rule": 0, "no_rule": 0, "no_amazon_dns": 0},
        "excluded": {"arp": 0, "dhcp": 0, "instance_metadata": 0, "ntp": 0, "windows_activation": 0, "mirrored_copy": 0,
                     "security_group": 0, "network_acl": 0},
        "no_session": {"target_deleted": 2}, "not_at_source": 14, "skipped": {"too_large": 0},
        "copies": {"sent": 4, "bytes": 528, "lost": 0, "duplicated": 0, "reordered": 0, "delayed": 0, "corrupted": 0,
                   "too_large": 0, "refused": 0},
        "truncated": {"packet_length": 2, "mtu": 0, "snaplen": 0},
        "checksum": {"pseudo": 2, "zero": 0, "kept": 2}, "sessions": sessions, "live": {"dropped": 0, "uncut": 0},
    });
    assert_eq!(stats(&mut sender), wanted);
}

#[test]
fn a_step_ends_when_the_truth_is_full_or_the_count_is_reached() {
    let folder = Folder::new("steps");
    let path = folder.capture(1, &frames(1000));
    let mut sender = Sender::open(&path, &To::Nowhere, &Options { truth: true, loops: 100, ..options() }).unwrap();
    assert!(sender.step(10).unwrap());
    assert_eq!(sender.frames(), 10);
    let mut lines = 0;
    while sender.step(0).unwrap() {
        let truth = sender.take_truth();
        assert!(truth.len() < 6 << 20);
        lines += truth.iter().filter(|byte| **byte == b'\n').count();
    }
    lines += sender.take_truth().iter().filter(|byte| **byte == b'\n').count();
    assert_eq!((sender.frames(), lines), (100_000, 100_000));
}

#[test]
fn each_source_has_a_loopback_address_of_its_own() {
    let folder = Folder::new("loopback");
    let path = ten(&folder);
    for pace in [Pace::FlatOut, Pace::Packets(1e6)] {
        let (mut listener, to) = listener("127.0.0.1:0");
        send(&path, &to, &Options { pace, ..with(sources()) }).unwrap();
        let mut batch = Batch::default();
        let mut seen = Vec::new();
        while seen.len() < 2 && listener.fill(&mut batch).unwrap() == Fill::More {
            seen.extend(batch.frames.iter().map(|f| (batch.outers[f.outer as usize].src, batch.bytes(f)[6])));
        }
        assert_eq!(
            seen,
            [(Addr::v4([127, 0, 0, 1]), 1), (Addr::v4([127, 0, 0, 1]), 2)],
            "10.0.0.0 has no alias of its own"
        );
    }
    let mut plan = sources();
    plan.sessions[0].copies.src = v4([172, 31, 0, 238]);
    let (mut listener, to) = listener("127.0.0.1:0");
    send(&path, &to, &with(plan)).unwrap();
    let mut batch = Batch::default();
    listener.fill(&mut batch).unwrap();
    assert_eq!(batch.outers[batch.frames[0].outer as usize].src, Addr::v4([127, 31, 0, 238]));
}

#[test]
fn each_copy_goes_to_its_own_target() {
    let folder = Folder::new("targets");
    let mut plan = sources();
    let on = |address: &str| {
        let on = On { kind: Encapsulation::Vxlan, address: address.parse().unwrap() };
        Listener::open(&[on], 1 << 20).ok()
    };
    let (Some(mut a), Some(mut b)) = (on("127.83.0.1:4789"), on("127.83.0.2:4789")) else {
        eprintln!("skipped: port 4789 is in use");
        return;
    };
    plan.sessions[0].copies.dst = vec![v4([127, 83, 0, 1])];
    plan.sessions[1].copies.dst = vec![v4([127, 83, 0, 2])];
    send(&ten(&folder), &To::Targets, &with(plan)).unwrap();
    assert_eq!(read(&mut a, 1).iter().map(|row| row.1[6]).collect::<Vec<_>>(), [1]);
    assert_eq!(read(&mut b, 1).iter().map(|row| row.1[6]).collect::<Vec<_>>(), [2]);
}

#[test]
fn impairments_are_in_the_file_the_truth_and_the_sums() {
    let folder = Folder::new("impaired");
    let path = folder.capture(1, &frames(2000));
    let all = plan::Impairments {
        seed: 5,
        loss: 0.1,
        duplicate: 0.1,
        reorder: 0.1,
        reorder_depth: 3,
        delay: 20_000_000,
        jitter: 30_000_000,
        corrupt: 0.1,
    };
    let file = |name: &str| {
        let out = folder.path(name);
        let mut sender = run(&path, &To::File(out.clone()), &Options { truth: true, ..impaired(all) }).unwrap();
        let truth = String::from_utf8(sender.take_truth()).unwrap();
        (read(&mut Capture::open(&out).unwrap(), 2000), truth, stats(&mut sender))
    };
    let (rows, truth, stats) = file("a.pcap");
    assert_eq!((&rows, &truth), (&file("b.pcap").0, &file("b.pcap").1));
    assert!(rows.is_sorted_by_key(|row| row.0));
    let copies = &stats["copies"];
    let lines = |word: &str| truth.matches(&format!("\"{word}\"")).count();
    for word in ["lost", "duplicated", "reordered", "delayed", "corrupted"] {
        assert_eq!(copies[word], lines(word), "{word}");
        assert!(lines(word) > 100);
    }
    assert_eq!(copies["sent"], rows.len());
    assert_eq!(rows.len(), 2000 - lines("lost") + lines("duplicated"));
    assert_eq!(stats["sessions"][0]["copies"], rows.len());
    // The same befalls them on a socket, at another pace.
    let (mut listener, to) = listener("127.0.0.1:0");
    let fast = Options { pace: Pace::Captured(1e4), truth: true, ..impaired(all) };
    let mut sender = run(&path, &to, &fast).unwrap();
    assert_eq!(String::from_utf8(sender.take_truth()).unwrap(), truth);
    assert_eq!(read(&mut listener, rows.len()).len(), rows.len());
}

#[test]
fn held_copies_leave_in_time_and_at_the_end() {
    let folder = Folder::new("held");
    let path = folder.capture(1, &frames(5));
    let (mut listener, to) = listener("127.0.0.1:0");
    let late = plan::Impairments { delay: 300_000_000, ..plan::Impairments::default() };
    let start = clock::steady();
    let pace = Pace::Captured(1.0);
    run(&path, &to, &Options { pace, ..impaired(late) }).unwrap();
    let took = start.elapsed().as_millis();
    assert!((339..3000).contains(&took), "{took} ms");
    assert_eq!(read(&mut listener, 5).len(), 5);
    let behind = plan::Impairments { reorder: 1.0, reorder_depth: 100, ..late };
    let mut sender = Sender::open(&path, &to, &Options { pace, ..impaired(behind) }).unwrap();
    while sender.frames() < 5 {
        sender.step(0).unwrap();
    }
    assert_eq!(sender.sent().copies, 0);
    sender.finish().unwrap();
    assert_eq!(sender.sent().copies, 5);
}

#[test]
fn a_pipe_that_takes_little_at_a_time_gets_it_all() {
    let folder = Folder::new("pipe");
    let inner: Vec<_> = (0..400).map(|n| frame(n as u8, 1400 + n)).collect();
    let path = folder.capture(1, &inner);
    let fifo = folder.path("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || read(&mut Capture::open(&fifo).unwrap(), 400)
    });
    send(&path, &To::File(fifo), &options()).unwrap();
    let rows = reader.join().unwrap();
    assert!(rows.iter().zip(&inner).all(|(row, inner)| row.1[50..] == inner[..]) && rows.len() == 400);
}
