//! Real sockets on loopback.
// A deadline: a datagram that is lost must not hang the tests.
#![allow(clippy::disallowed_methods)]

use super::*;
use crate::frame::{Link, Outer};
use crate::packet::Encapsulation;
use crate::time::SECOND;
use std::time::{Duration, Instant};

fn on(address: &str) -> On {
    On { kind: Encapsulation::Vxlan, address: address.parse().unwrap() }
}

fn listen(addresses: &[&str]) -> Listener {
    let on: Vec<_> = addresses.iter().map(|a| on(a)).collect();
    Listener::open(&on, 1 << 20).unwrap()
}

fn client(to: SocketAddr) -> UdpSocket {
    let from: SocketAddr = if to.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" }.parse().unwrap();
    let socket = socket::open(from.ip()).unwrap();
    socket::bind(&socket, from).unwrap();
    socket.connect(SocketAddr::new(from.ip(), to.port())).unwrap();
    socket
}

/// Rows of payload, original length and outer tuple until `count` have come.
fn take(listener: &mut Listener, count: usize) -> Vec<(Vec<u8>, u32, Outer)> {
    let mut batch = Batch::default();
    let mut rows = Vec::new();
    let end = Instant::now() + Duration::from_secs(5);
    while rows.len() < count && Instant::now() < end {
        let fill = listener.fill(&mut batch).unwrap();
        assert_eq!(fill == Fill::More, !batch.frames.is_empty());
        for frame in &batch.frames {
            assert_eq!(frame.link, Link::UdpPayload);
            assert!((frame.time - clock::wall()).abs() < 10 * SECOND);
            rows.push((batch.bytes(frame).to_vec(), frame.original, batch.outers[frame.outer as usize]));
        }
    }
    rows
}

#[test]
fn datagrams_of_both_families_come_with_their_outer_tuple() {
    let mut listener = listen(&["0.0.0.0:0", "[::]:0"]);
    let [four, six] = [listener.on()[0].address, listener.on()[1].address];
    let clients = [client(four), client(six)];
    for (client, text) in clients.iter().zip([&b"four"[..], b"six"]) {
        client.send(text).unwrap();
        client.send(b"").unwrap();
    }
    let mut rows = take(&mut listener, 4);
    rows.sort_by_key(|row| (row.2.dst.0, row.0.len()));
    let loopback4 = Addr::v4([127, 0, 0, 1]);
    let loopback6 = Addr(std::net::Ipv6Addr::LOCALHOST.octets());
    let expected = |client: &UdpSocket, ip, to: SocketAddr| Outer {
        src: ip,
        dst: ip,
        sport: client.local_addr().unwrap().port(),
        dport: to.port(),
    };
    assert_eq!(rows[3], (b"four".to_vec(), 4, expected(&clients[0], loopback4, four)));
    assert_eq!(rows[1], (b"six".to_vec(), 3, expected(&clients[1], loopback6, six)));
    assert_eq!((rows[0].1, rows[2].1), (0, 0));
}

#[test]
fn nothing_arrives_is_idle() {
    let mut batch = Batch::default();
    batch.push(0, b"old", 3, Link::Ethernet);
    assert_eq!(listen(&["127.0.0.1:0"]).fill(&mut batch).unwrap(), Fill::Idle);
    assert!(batch.frames.is_empty());
}

#[test]
fn one_busy_port_starves_no_other() {
    let mut listener = listen(&["127.0.0.1:0", "127.0.0.1:0"]);
    let [busy, quiet] = [listener.on()[0].address, listener.on()[1].address];
    let loud = client(busy);
    for _ in 0..200 {
        loud.send(&[1; 2000]).unwrap();
    }
    client(quiet).send(b"hello").unwrap();
    let early = take(&mut listener, 65);
    assert!(early.iter().any(|row| row.2.dport == quiet.port()));
}

#[test]
fn joined_datagrams_are_received_apart() {
    let mut listener = listen(&["127.0.0.1:0"]);
    let client = client(listener.on()[0].address);
    // With segmentation offload one send makes many datagrams, which loopback delivers joined.
    socket::set(&client, libc::SOL_UDP, libc::UDP_SEGMENT, 100).unwrap();
    let sent: Vec<u8> = (0..1050u32).map(|i| (i / 100) as u8).collect();
    client.send(&sent).unwrap();
    let rows = take(&mut listener, 11);
    assert_eq!(rows.iter().map(|row| row.1).collect::<Vec<_>>(), [vec![100; 10], vec![50]].concat());
    assert_eq!(rows.iter().flat_map(|row| row.0.clone()).collect::<Vec<_>>(), sent);
}

#[test]
fn lost_datagrams_are_counted() {
    let mut listener = Listener::open(&[on("127.0.0.1:0")], 1).unwrap();
    let client = client(listener.on()[0].address);
    for _ in 0..200 {
        client.send(&[0; 1000]).unwrap();
    }
    let came = take(&mut listener, 1).len() as u64;
    assert!(came > 0 && came < 200);
    assert_eq!(listener.overflowed(), 200 - came);
    client.send(b"one more brings the count, which is not added twice").unwrap();
    take(&mut listener, 1);
    assert_eq!(listener.overflowed(), 200 - came);
}

#[test]
fn faults_are_named() {
    let held = listen(&["127.0.0.1:0"]);
    let why = |address: &str| Listener::open(&[on(address)], 0).unwrap_err().to_string();
    let taken = held.on()[0].address.to_string();
    assert!(why(&taken).contains(": the port is in use ("), "{}", why(&taken));
    assert!(why("192.0.2.1:4789").contains("192.0.2.1:4789: this machine has no such address"));
    assert!(Listener::open(&[], 0).unwrap_err().to_string().contains("no address"));
}

#[test]
fn a_mapped_address_is_an_ipv4_address() {
    let mut listener = listen(&["[::ffff:127.0.0.1]:0"]);
    let address = listener.on()[0].address;
    assert!(address.is_ipv4());
    client(address).send(b"x").unwrap();
    assert_eq!(take(&mut listener, 1)[0].2.dst, Addr::v4([127, 0, 0, 1]));
    assert!(listener.receive_buffer() > 0);
}

#[test]
fn ipv6_datagrams_without_a_checksum_arrive() {
    let mut listener = listen(&["[::1]:0"]);
    let client = client(listener.on()[0].address);
    socket::set(&client, libc::SOL_UDP, libc::UDP_NO_CHECK6_TX, 1).unwrap();
    client.send(b"bare").unwrap();
    assert_eq!(take(&mut listener, 1)[0].0, b"bare");
}
