//! The live interface between two network namespaces. Needs root and iproute2; says so and passes where they are not.
#![cfg(target_os = "linux")]
#![allow(missing_docs, unsafe_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::disallowed_methods, clippy::expect_used)]

mod live {
    pub mod lab;
    pub mod watch;
}

use live::lab::{Lab, within};
use live::watch::{Kept, Watch};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use tmrx_core::frame::{Batch, Link};
use tmrx_core::io::{Fill, Live, OWN_MARK, Source};
use tmrx_core::packet::{Checksum, Layer};

const MTU: usize = 1500;
const BULK: usize = 20 << 20;

/// Bytes that tell where in the stream they are.
fn pattern(length: usize) -> Vec<u8> {
    (0..length as u32 / 4).flat_map(|i| i.wrapping_mul(0x9e37_79b9).to_le_bytes()).collect()
}

/// Send bytes over TCP from one namespace to another.
fn transfer(lab: &Lab, address: &str, data: &[u8]) -> u16 {
    let listener = within(&lab.b, || TcpListener::bind((address, 0)).unwrap());
    let port = listener.local_addr().unwrap().port();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let mut received = Vec::new();
            stream.read_to_end(&mut received).unwrap();
            assert!(received == data);
        });
        let mut stream = within(&lab.a, || TcpStream::connect((address, port)).unwrap());
        stream.write_all(data).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let _ = stream.read(&mut [0]);
    });
    port
}

/// The bytes that went to a port, put together from the segments seen.
fn stream(frames: &[Kept], port: u16) -> Vec<u8> {
    let to = || frames.iter().filter(|frame| frame.packet.layer == Layer::Tcp && frame.packet.dport == port);
    let first = to().find(|frame| frame.packet.tcp_flags & 2 != 0).expect("the SYN was seen").packet.seq + 1;
    let parts: BTreeMap<u32, &[u8]> = to()
        .map(|frame| (frame.packet.seq.wrapping_sub(first), frame.payload()))
        .filter(|part| !part.1.is_empty())
        .collect();
    let mut joined = Vec::new();
    for (at, part) in parts {
        let known = joined.len().checked_sub(at as usize).expect("no byte is missing");
        joined.extend_from_slice(part.get(known..).unwrap_or_default());
    }
    joined
}

/// As on the wire: none too long, all lengths and checksums right.
fn assert_wire_like(frames: &[Kept]) {
    for frame in frames {
        let packet = &frame.packet;
        assert!(frame.bytes.len() <= MTU + 14, "{} bytes", frame.bytes.len());
        assert_eq!(packet.original as usize, frame.bytes.len());
        if matches!(packet.layer, Layer::Tcp | Layer::Udp) {
            assert_eq!(packet.l4_checksum, Checksum::Valid, "{packet:?}");
            assert!(packet.ip == 6 || packet.l3_checksum == Checksum::Valid);
        }
    }
}

/// The most frames that came out of one that the kernel had not cut: they have its time.
fn cut_from_one(frames: &[Kept]) -> usize {
    frames.chunk_by(|one, next| one.time == next.time).map(<[Kept]>::len).max().unwrap_or(0)
}

/// `segments`: more than so many came out of one frame, or offloads were not on as they should be.
fn bulk(lab: &Lab, address: &str, segments: usize) {
    let data = pattern(BULK);
    let watches = [Watch::start(&lab.a, "veth0"), Watch::start(&lab.b, "veth0")];
    let port = transfer(lab, address, &data);
    for watch in watches {
        let seen = watch.stop();
        assert_eq!((seen.dropped, seen.uncut, &seen.warning), (0, 0, &None));
        assert_wire_like(&seen.frames);
        assert!(stream(&seen.frames, port) == data, "the stream is whole");
        assert!(cut_from_one(&seen.frames) > segments);
    }
}

#[test]
fn a_bulk_transfer_is_seen_as_on_the_wire() {
    let Some(lab) = Lab::new("bulk") else { return };
    bulk(&lab, "10.9.0.2", 20);
    bulk(&lab, "fd00:9::2", 20);
}

#[test]
fn frames_beyond_64_kib_too() {
    let Some(lab) = Lab::new("big") else { return };
    for (setting, address) in [("gso_max_size", "fd00:9::2"), ("gso_ipv4_max_size", "10.9.0.2")] {
        if lab.try_ip(&format!("link set veth0 {setting} 400000")) {
            // 64 KiB are 46 segments.
            bulk(&lab, address, 50);
        } else {
            eprintln!("skipped: this system's ip knows no {setting}");
        }
    }
}

#[test]
fn traffic_in_a_tunnel_is_cut_too() {
    let Some(lab) = Lab::new("vxlan") else { return };
    for (kind, rest) in [("vxlan", "dstport 4789 udpcsum"), ("vxlan", "dstport 8472 noudpcsum"), ("geneve", "")] {
        let local = if kind == "vxlan" { "local 10.9.0.1" } else { "" };
        if !lab.try_ip(&format!("link add tun0 mtu 1400 type {kind} id 42 remote 10.9.0.2 {local} {rest}")) {
            eprintln!("skipped: this system has no {kind}");
            continue;
        }
        let local = if kind == "vxlan" { "local 10.9.0.2" } else { "" };
        lab.ip_b(&format!("link add tun0 mtu 1400 type {kind} id 42 remote 10.9.0.1 {local} {rest}"));
        lab.address("tun0", 8);
        let data = pattern(BULK / 4);
        let watch = Watch::start(&lab.a, "veth0");
        transfer(&lab, "10.8.0.2", &data);
        let seen = watch.stop();
        assert_eq!((seen.dropped, seen.uncut), (0, 0), "{kind}");
        let mut bytes = 0;
        for frame in seen.frames.iter().filter(|frame| matches!(frame.packet.dport, 4789 | 8472 | 6081)) {
            assert!(frame.bytes.len() <= MTU + 14);
            assert_eq!(frame.packet.original as usize, frame.bytes.len());
            assert_ne!(frame.packet.l4_checksum, Checksum::Bad);
            let inner = Kept::new(frame.time, &frame.payload()[8..], Link::Ethernet);
            assert!(
                inner.packet.layer != Layer::Tcp || inner.packet.l4_checksum == Checksum::Valid,
                "{kind}: {inner:?}"
            );
            bytes += inner.payload().len();
        }
        assert!(bytes >= data.len(), "{kind}: {bytes}");
        assert!(cut_from_one(&seen.frames) > 20, "{kind}: offloads were on");
        lab.ip("link del tun0");
        lab.ip_b("link del tun0");
    }
}

#[test]
fn datagrams_sent_as_one_come_apart() {
    let Some(lab) = Lab::new("uso") else { return };
    let watch = Watch::start(&lab.a, "veth0");
    let client = within(&lab.a, || UdpSocket::bind("10.9.0.1:0").unwrap());
    set(&client, libc::SOL_UDP, libc::UDP_SEGMENT, 1000);
    let data = pattern(20_400);
    client.send_to(&data, "10.9.0.2:4000").unwrap();
    let seen = watch.stop();
    assert_wire_like(&seen.frames);
    let datagrams: Vec<_> = seen.frames.iter().filter(|frame| frame.packet.dport == 4000).map(Kept::payload).collect();
    assert_eq!(datagrams.iter().map(|bytes| bytes.len()).collect::<Vec<_>>(), [vec![1000; 20], vec![400]].concat());
    assert!(datagrams.concat() == data);
}

#[test]
fn what_tmrx_sends_itself_is_left_out() {
    let Some(lab) = Lab::new("mark") else { return };
    let watch = Watch::start(&lab.a, "veth0");
    let client = within(&lab.a, || UdpSocket::bind("10.9.0.1:0").unwrap());
    client.send_to(b"theirs", "10.9.0.2:4000").unwrap();
    set(&client, libc::SOL_SOCKET, libc::SO_MARK, OWN_MARK as i32);
    client.send_to(b"mine", "10.9.0.2:4000").unwrap();
    set(&client, libc::SOL_SOCKET, libc::SO_MARK, 7);
    client.send_to(b"theirs too", "10.9.0.2:4000").unwrap();
    assert_eq!(watch.stop().sent_to(4000), [&b"theirs"[..], b"theirs too"]);
}

#[test]
fn on_loopback_each_frame_is_seen_once() {
    let Some(lab) = Lab::new("lo") else { return };
    let watch = Watch::start(&lab.a, "lo");
    let client = within(&lab.a, || UdpSocket::bind("127.0.0.1:0").unwrap());
    client.send_to(b"one", "127.0.0.1:4000").unwrap();
    client.send_to(b"two", "127.0.0.1:4000").unwrap();
    let seen = watch.stop();
    assert_eq!(seen.sent_to(4000), [b"one", b"two"]);
    assert!(
        seen.frames.iter().all(|frame| frame.packet.layer != Layer::Udp || frame.packet.l4_checksum == Checksum::Valid)
    );
}

#[test]
fn an_interface_of_bare_ip_frames_is_read() {
    let Some(lab) = Lab::new("tun") else { return };
    let Some(_device) = within(&lab.a, || live::lab::tun("tun0")) else {
        return eprintln!("skipped: this system has no tun devices");
    };
    lab.ip("address add 10.7.0.1/24 dev tun0");
    lab.ip("link set tun0 up");
    let watch = Watch::start(&lab.a, "tun0");
    let client = within(&lab.a, || UdpSocket::bind("10.7.0.1:0").unwrap());
    client.send_to(b"bare", "10.7.0.2:4000").unwrap();
    let seen = watch.stop();
    assert_eq!(seen.sent_to(4000), [b"bare"]);
    let frame = seen.frames.iter().find(|frame| frame.packet.dport == 4000).unwrap();
    assert_eq!((frame.bytes[0], frame.packet.l4_checksum), (0x45, Checksum::Valid));
}

/// The error that ends it, and that it ends.
fn until_error(mut live: Live) -> String {
    let mut batch = Batch::default();
    for _ in 0..50 {
        match live.fill(&mut batch) {
            Ok(fill) => assert_ne!(fill, Fill::End),
            Err(error) => {
                assert_eq!(live.fill(&mut batch).unwrap(), Fill::End);
                return error.to_string();
            }
        }
    }
    panic!("it went on");
}

#[test]
fn an_interface_that_goes_away_ends_the_run() {
    let Some(lab) = Lab::new("down") else { return };
    let expected = "iface:veth0: the interface went down or is gone (frames until then were read)";
    for end in ["link set veth0 down", "link del veth0"] {
        let live = within(&lab.a, || Live::open("veth0").unwrap());
        lab.ip(end);
        assert_eq!(until_error(live), expected);
        if end.ends_with("down") {
            let error = within(&lab.a, || Live::open("veth0").unwrap_err().to_string());
            assert_eq!(error, "iface:veth0: the interface is down (ip link set veth0 up)");
            lab.ip("link set veth0 up");
        }
    }
}

#[test]
fn an_unknown_interface_is_named_with_those_there_are() {
    let names = Live::interfaces();
    for name in ["nosuch0", "", "a\0b", "a name that is longer than any"] {
        let error = Live::open(name).unwrap_err().to_string();
        assert_eq!(error, format!("iface:{name}: no such interface (there are {})", names.join(", ")));
    }
}

#[test]
fn without_the_right_to_capture_it_says_what_is_needed() {
    let Some(name) = Live::interfaces().into_iter().next() else { return };
    let error = std::thread::spawn(move || {
        // SAFETY: no memory is passed. The bare system call changes this thread only.
        unsafe { libc::syscall(libc::SYS_setresuid, 65534, 65534, 65534) };
        Live::open(&name).unwrap_err().to_string()
    });
    assert!(error.join().unwrap().contains(": capturing needs root or CAP_NET_RAW ("));
}

#[test]
fn other_kinds_of_interfaces_are_refused_by_name() {
    let Some(lab) = Lab::new("kind") else { return };
    if !lab.try_ip("link add other0 type nlmon") {
        return eprintln!("skipped: this system has no netlink monitors");
    }
    lab.ip("link set other0 up");
    let error = within(&lab.a, || Live::open("other0").unwrap_err().to_string());
    assert!(error.starts_with("iface:other0: frames of this kind of interface (hardware type 824)"), "{error}");
}

fn set(socket: &UdpSocket, level: i32, option: i32, value: i32) {
    // SAFETY: `value` is an int that outlives the call, and its size is given.
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const value).cast(), 4) };
    assert_eq!(result, 0);
}
