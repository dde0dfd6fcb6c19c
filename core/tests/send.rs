//! The sender between two network namespaces. Needs root and iproute2; says so and passes where they are not.
#![cfg(target_os = "linux")]
#![allow(missing_docs, unsafe_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::disallowed_methods, clippy::expect_used, dead_code)]

mod live {
    pub mod lab;
    pub mod watch;
}

use live::lab::{Lab, within};
use live::watch::Watch;
use serde_bytes::ByteBuf;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::time::Duration;
use tmrx_core::frame::{Addr, Batch};
use tmrx_core::io::send::{Options, Pace, Sender, To};
use tmrx_core::io::{Capture, Fill, Source};
use tmrx_core::plan::mirror::{Copies, ExcludeNtp, Impairments, MirrorPlan, SourceSession, TruncatedChecksum};

/// Every frame, from 10.9.0.1 to 10.9.0.2.
fn everything() -> MirrorPlan {
    let v4 = |host| ByteBuf::from(Addr::v4([10, 9, 0, host]).0);
    let macs = ByteBuf::from([2; 12]);
    let copies = Copies { vni: 7, src: v4(1), dst: vec![v4(2)], macs, gateway: None, packet_length: 0, mtu: 0 };
    MirrorPlan {
        version: 1,
        everything: true,
        sources: Vec::new(),
        sessions: vec![SourceSession { id: String::new(), filter: 0, copies }],
        filters: Vec::new(),
        firewalls: vec![],
        exclude_ntp: ExcludeNtp::Amazon,
        truncated_checksum: TruncatedChecksum::Pseudo,
        first_port: 65408,
        impairments: Impairments::default(),
    }
}

fn options() -> Options {
    Options { plan: everything(), pace: Pace::FlatOut, loops: 1, truth: false }
}

/// UDP in IPv4 in Ethernet, of so many bytes.
fn frame(flow: u8, length: usize) -> Vec<u8> {
    let mut frame = vec![2; 12];
    frame.extend([8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, flow, 10, 0, 1, 1, 4, flow, 0, 80]);
    frame.resize(length.max(frame.len()), flow);
    frame
}

/// A capture of these frames, in a folder that is removed at the end of the test.
struct Files(PathBuf);

impl Files {
    fn new(name: &str, frames: &[Vec<u8>]) -> Self {
        let folder = std::env::temp_dir().join(format!("tmrx-lab-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
        let mut out = words(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, 1]);
        for frame in frames {
            out.extend(words(&[1000, 0, frame.len() as u32, frame.len() as u32]));
            out.extend(frame);
        }
        std::fs::write(folder.join("in.pcap"), out).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(source: &str, to: &To, options: &Options) -> Sender {
    let mut sender = Sender::open(source, to, options).unwrap();
    while sender.step(0).unwrap() {}
    sender
}

fn stats(sender: &mut Sender) -> serde_json::Value {
    serde_json::from_slice(&sender.stats()).unwrap()
}

fn read(path: &str) -> Vec<Vec<u8>> {
    let (mut capture, mut batch, mut frames) = (Capture::open(path).unwrap(), Batch::default(), Vec::new());
    while capture.fill(&mut batch).unwrap() != Fill::End {
        frames.extend(batch.frames.iter().map(|frame| batch.bytes(frame).to_vec()));
    }
    frames
}

#[test]
fn an_interface_gets_the_bytes_that_a_file_gets() {
    let Some(lab) = Lab::new("raw") else { return };
    let inner: Vec<_> = (0..500usize).map(|n| frame((n % 9) as u8, 60 + 8 * (n % 200))).collect();
    let files = Files::new("raw", &inner);
    let (from, out) = (files.path("in.pcap"), files.path("out.pcap"));
    run(&from, &To::File(out.clone()), &options());
    let watch = Watch::start(&lab.b, "veth0");
    let mut sender = within(&lab.a, || run(&from, &To::Raw("veth0".into()), &options()));
    let seen: Vec<_> = watch.stop().frames.into_iter().filter(|frame| frame.packet.dport == 4789).collect();
    // What the MTU of 1500 takes: the others are told.
    let file: Vec<_> = read(&out).into_iter().filter(|frame| frame.len() <= 1514).collect();
    assert_eq!(seen.iter().map(|frame| &frame.bytes).collect::<Vec<_>>(), file.iter().collect::<Vec<_>>());
    let left_out = 500 - file.len();
    assert!(left_out > 0);
    let stats = stats(&mut sender);
    assert_eq!((&stats["skipped"]["too_large"], &stats["mirrored"]), (&left_out.into(), &file.len().into()));
    let warning = format!("veth0: its MTU of 1500 is too small for {left_out} copies, which were left out");
    assert_eq!(sender.warning(), Some(warning));
}

#[test]
fn what_can_not_be_sent_on_is_said_so() {
    let Some(lab) = Lab::new("rawless") else { return };
    let files = Files::new("rawless", &[frame(1, 60)]);
    let from = files.path("in.pcap");
    let why = |name: &str| {
        let opened = within(&lab.a, || Sender::open(&from, &To::Raw(name.into()), &options()));
        opened.unwrap_err().to_string()
    };
    assert_eq!(why("eth9"), "eth9: no such interface (there are lo, veth0)");
    let mut sender = within(&lab.a, || Sender::open(&from, &To::Raw("veth0".into()), &options()).unwrap());
    lab.ip("link set veth0 down");
    assert_eq!(sender.step(0).unwrap_err().to_string(), "veth0: the interface is down (ip link set veth0 up)");
    lab.ip("link del veth0");
    let error = sender.finish().unwrap_err().to_string();
    assert!(error.contains("veth0: the interface is"), "{error}");
    let mut sender = within(&lab.a, || Sender::open(&from, &To::Socket("10.9.0.2:4789".parse().unwrap()), &options()));
    assert!(sender.is_err() || sender.as_mut().unwrap().step(0).is_err(), "no route is left");
}

#[test]
fn without_the_right_to_it_says_what_is_needed() {
    let files = Files::new("rights", &[frame(1, 60)]);
    let from = files.path("in.pcap");
    let error = std::thread::spawn(move || {
        // SAFETY: no memory is passed. The bare system call changes this thread only.
        unsafe { libc::syscall(libc::SYS_setresuid, 65534, 65534, 65534) };
        Sender::open(&from, &To::Raw("lo".into()), &options()).unwrap_err().to_string()
    });
    assert!(error.join().unwrap().starts_with("lo: sending frames needs root or CAP_NET_RAW ("));
}

/// What is sent of a live interface while something happens there.
fn live(lab: &Lab, to: &To, options: &Options, act: impl FnOnce() + Send) -> Sender {
    within(&lab.a, || {
        let mut sender = Sender::open("iface:veth0", to, options).unwrap();
        act();
        for _ in 0..5 {
            assert!(sender.step(0).unwrap());
        }
        sender.finish().unwrap();
        sender
    })
}

#[test]
fn a_live_interface_is_mirrored_but_never_its_copies() {
    let Some(lab) = Lab::new("mirror") else { return };
    let receiver = within(&lab.b, || UdpSocket::bind("10.9.0.2:4789").unwrap());
    receiver.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let client = within(&lab.a, || UdpSocket::bind("10.9.0.1:0").unwrap());
    let say = || {
        for n in 0..20u8 {
            client.send_to(&[n; 100], "10.9.0.2:4000").unwrap();
        }
    };
    for to in [To::Socket("10.9.0.2:4789".parse().unwrap()), To::Targets, To::Raw("veth0".into())] {
        let mut sender = live(&lab, &to, &options(), say);
        let stats = stats(&mut sender);
        // 20 datagrams, what the other end says of them, and address resolution; but no copy of a copy.
        let frames = stats["frames"].as_u64().unwrap();
        assert!((20..60).contains(&frames), "{to:?}: {frames} frames");
        assert_eq!((&stats["copies"]["sent"], &stats["live"]["dropped"]), (&stats["frames"], &0.into()));
        if !matches!(to, To::Raw(_)) {
            let mut seen = 0;
            while receiver.recv(&mut [0; 2000]).is_ok() {
                seen += 1;
            }
            assert_eq!(seen, frames);
        }
    }
}

#[test]
fn copies_of_a_live_interface_are_delayed_no_longer_than_asked() {
    let Some(lab) = Lab::new("delay") else { return };
    let receiver = within(&lab.b, || UdpSocket::bind("10.9.0.2:4789").unwrap());
    receiver.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let client = within(&lab.a, || UdpSocket::bind("10.9.0.1:0").unwrap());
    let mut plan = everything();
    plan.impairments.delay = 30_000_000;
    let to = To::Socket("10.9.0.2:4789".parse().unwrap());
    let (said, begun) = std::sync::mpsc::channel();
    let waiting = std::thread::spawn(move || {
        receiver.recv(&mut [0; 2000]).unwrap();
        begun.recv().map(|begun: std::time::Instant| begun.elapsed().as_millis()).unwrap()
    });
    live(&lab, &to, &Options { plan, ..options() }, || {
        said.send(std::time::Instant::now()).unwrap();
        client.send_to(b"once", "10.9.0.2:4000").unwrap();
    });
    let took = waiting.join().unwrap();
    assert!((29..90).contains(&took), "{took} ms");
}
