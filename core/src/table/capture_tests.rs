use super::*;
use crate::anomaly::Anomaly;
use crate::packet::Causes;
use crate::plan;
use crate::table::testing::{TIME, identities, packet, raw_packet};
use crate::time::SECOND;

fn ng() -> CaptureSettings {
    CaptureSettings { pcapng: true, ..CaptureSettings::default() }
}

fn writer(settings: CaptureSettings) -> Writer {
    Writer::new(settings, None, TimeUnit::Micros)
}

/// The types of the blocks of a pcapng.
fn kinds(mut bytes: &[u8]) -> Vec<u32> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        found.push(word(0));
        bytes = &bytes[word(4) as usize..];
    }
    found
}

#[test]
fn ether_types_do_not_make_interfaces() {
    let (mut writer, identities) = (writer(ng()), identities());
    for ethertype in [0x0800, 0x86dd, 0x0806, 0x6558, 0x88cc] {
        writer.packet(&Packet { link: Link::Type(ethertype), l3: 0, ..packet() }, b"bytes", TIME, &identities);
    }
    // Raw IP, and Ethernet with headers that were made up.
    assert_eq!(kinds(&writer.take().bytes), [0x0a0d_0d0a, 1, 6, 6, 1, 6, 6, 6]);
}

fn contains(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

#[test]
fn an_interface_for_each_session_and_link() {
    let (mut writer, identities) = (writer(ng()), identities());
    for packet in [packet(), packet(), raw_packet(), Packet { identity: 1, ..packet() }] {
        writer.packet(&packet, b"bytes", TIME, &identities);
    }
    writer.finish(TIME);
    let chunk = writer.take();
    assert_eq!(chunk.files, [(0, TIME)]);
    assert_eq!(kinds(&chunk.bytes), [0x0a0d_0d0a, 1, 6, 6, 1, 6, 1, 6, 5, 5, 5]);
    let described = "session tms-0123456789abcdef0, interface eni-0a, VPC vpc-0b, vxlan 5569041 from 172.31.0.238";
    for text in ["we\"b", described, "Watches the front end", "1@172.31.0.238"] {
        assert!(contains(&chunk.bytes, text), "{text}");
    }
}

#[test]
fn frames_without_encapsulation_have_an_interface_too() {
    let mut writer = writer(ng());
    writer.packet(&Packet { identity: NONE, ..packet() }, b"bytes", TIME, &identities());
    assert!(contains(&writer.take().bytes, "\x02\0\x04\0none"));
}

#[test]
fn what_is_wrong_with_a_packet_is_its_comment() {
    let mut odd = packet();
    odd.truncated.0 = Causes::MTU | Causes::SNAPLEN;
    odd.anomalies.add(Anomaly::TcpFlags);
    let mut out = Vec::new();
    comment(&mut out, &odd);
    assert_eq!(out, b"tmrx: truncated (mtu, snaplen); tcp.flags");
    odd.truncated.0 = 0;
    out.clear();
    comment(&mut out, &odd);
    assert_eq!(out, b"tmrx: tcp.flags");
}

#[test]
fn without_packets_there_is_a_capture() {
    for settings in [CaptureSettings::default(), ng()] {
        let mut writer = writer(settings);
        writer.finish(7);
        let chunk = writer.take();
        assert_eq!(chunk.files, [(0, 7)]);
        assert!(!chunk.bytes.is_empty());
    }
}

#[test]
fn a_file_ends_when_it_has_its_size() {
    let identities = identities();
    // A header of 24 bytes, then records of 16 + 4.
    for (rotate_size, starts) in [(63, vec![0, 64]), (64, vec![0, 64]), (65, vec![0]), (1, vec![0, 44, 88])] {
        let mut writer = writer(CaptureSettings { rotate_size, ..CaptureSettings::default() });
        (0..3).for_each(|_| writer.packet(&packet(), b"four", TIME, &identities));
        writer.finish(TIME);
        let files: Vec<_> = writer.take().files.iter().map(|(at, _)| *at).collect();
        assert_eq!(files, starts, "{rotate_size}");
    }
}

#[test]
fn a_file_ends_when_its_time_is_over() {
    let identities = identities();
    let mut writer = writer(CaptureSettings { rotate_time: 10 * SECOND, ..ng() });
    let mut chunks = Vec::new();
    for second in [0, 9, 3, 10, 25] {
        let time = TIME + second * SECOND;
        writer.packet(&Packet { time, ..packet() }, b"four", time, &identities);
        chunks.push(writer.take());
    }
    let files: Vec<_> = chunks.iter().flat_map(|chunk| &chunk.files).map(|(_, time)| (time - TIME) / SECOND).collect();
    assert_eq!(files, [0, 10, 25]);
    // Each file is whole: what ends one is before where the next begins, and the interface is described again.
    let last = chunks.last().unwrap();
    let (old, new) = last.bytes.split_at(last.files[0].0);
    assert_eq!((kinds(old), kinds(new)), (vec![5], vec![0x0a0d_0d0a, 1, 6]));
}

#[test]
fn a_full_section_gives_way_to_another() {
    let (mut interfaces, identities, mut out) = (Interfaces::default(), identities(), Vec::new());
    interfaces.begin(&mut out);
    interfaces.received.resize(pcapng::MAX_INTERFACES, 1);
    out.clear();
    interfaces.packet(&mut out, &packet(), b"four", &identities);
    let kinds = kinds(&out);
    assert_eq!(kinds.len(), pcapng::MAX_INTERFACES + 3);
    assert_eq!(kinds[pcapng::MAX_INTERFACES..], [0x0a0d_0d0a, 1, 6]);
}

#[test]
fn what_the_filter_leaves_out_begins_the_first_file_all_the_same() {
    // ldh [12]; jeq #0x0800: return all or nothing.
    let code = [(0x28, 0, 0, 12), (0x15, 0, 1, 0x0800), (6, 0, 0, 1), (6, 0, 0, 0)];
    let code = code.map(|(op, yes, no, k)| plan::Instruction(op, yes, no, k)).to_vec();
    let filter = Filter::new(&[plan::Program { link: plan::FilterLink::Ethernet, code }]).unwrap();
    let mut writer = Writer::new(CaptureSettings::default(), filter, TimeUnit::Micros);
    let (frame, identities) = ([[0; 12].as_slice(), &[8, 0]].concat(), identities());
    writer.packet(&Packet { time: TIME, ..packet() }, &[0; 14], TIME, &identities);
    writer.packet(&Packet { time: TIME + SECOND, ..packet() }, &frame, TIME + SECOND, &identities);
    assert_eq!(writer.counts(), Counts { written: 1, filtered: 1 });
    let chunk = writer.take();
    assert_eq!((chunk.files, chunk.bytes.len()), (vec![(0, TIME)], 24 + 16 + 14));
}
