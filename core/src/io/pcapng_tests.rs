//! Blocks by hand, in both byte orders.

use super::*;

/// Writes blocks in one byte order.
struct Ink {
    big: bool,
    out: Vec<u8>,
}

impl Ink {
    fn new(big: bool) -> Self {
        Self { big, out: Vec::new() }
    }

    fn u16(&self, v: u16) -> [u8; 2] {
        if self.big { v.to_be_bytes() } else { v.to_le_bytes() }
    }

    fn u32(&self, v: u32) -> [u8; 4] {
        if self.big { v.to_be_bytes() } else { v.to_le_bytes() }
    }

    fn words(&self, words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|&w| self.u32(w)).collect()
    }

    fn block(mut self, kind: u32, body: &[u8]) -> Self {
        let padded = body.len().next_multiple_of(4);
        let length = self.u32(padded as u32 + 12);
        let kind = self.u32(kind);
        self.out.extend(kind.iter().chain(&length).chain(body));
        self.out.resize(self.out.len() + padded - body.len(), 0);
        self.out.extend(length);
        self
    }

    fn section(self) -> Self {
        let mut body = self.words(&[0x1a2b_3c4d]);
        body.extend(self.u16(1).into_iter().chain(self.u16(0)).chain([0xff; 8]));
        self.block(SECTION, &body)
    }

    fn interface(self, link: u16, snaplen: u32, options: &[(u16, &[u8])]) -> Self {
        let mut body: Vec<u8> = self.u16(link).into_iter().chain([0, 0]).chain(self.u32(snaplen)).collect();
        for (code, value) in options {
            body.extend(self.u16(*code).into_iter().chain(self.u16(value.len() as u16)).chain(value.iter().copied()));
            body.resize(body.len().next_multiple_of(4), 0);
        }
        self.block(INTERFACE, &body)
    }

    fn packet(self, interface: u32, ticks: u64, original: u32, bytes: &[u8]) -> Self {
        let mut body = self.words(&[interface, (ticks >> 32) as u32, ticks as u32, bytes.len() as u32, original]);
        body.extend(bytes);
        self.block(ENHANCED_PACKET, &body)
    }
}

fn walk(slab: &[u8]) -> (Vec<Frame>, usize, Halt) {
    let mut frames = Vec::new();
    let (at, halt) = Pcapng::default().walk(slab, &mut frames);
    (frames, at, halt)
}

fn bytes<'a>(slab: &'a [u8], frame: &Frame) -> &'a [u8] {
    &slab[frame.offset as usize..][..frame.captured as usize]
}

#[test]
fn enhanced_packets_of_several_interfaces_in_both_orders() {
    for big in [false, true] {
        let slab = Ink::new(big)
            .section()
            .interface(1, 0, &[])
            .interface(101, 0, &[(OPTION_TSRESOL, &[9]), (OPTION_END, &[])])
            .packet(0, 5_000_001, 60, b"abcde")
            .packet(1, 7_000_000_009, 3, b"xyz")
            .out;
        let (frames, at, halt) = walk(&slab);
        assert_eq!((frames.len(), at, halt), (2, slab.len(), Halt::More));
        assert_eq!((frames[0].time, frames[0].original, frames[0].link), (5_000_001_000, 60, Link::Ethernet));
        assert_eq!(bytes(&slab, &frames[0]), b"abcde");
        assert_eq!((frames[1].time, frames[1].link), (7_000_000_009, Link::Ip));
        assert_eq!(bytes(&slab, &frames[1]), b"xyz");
    }
}

#[test]
fn resolutions_and_offsets() {
    assert_eq!(Units::new(6).nanos(1_500_000), 1_500_000_000);
    assert_eq!(Units::new(0).nanos(3), 3 * SECOND);
    assert_eq!(Units::new(12).nanos(5_000), 5);
    assert_eq!(Units::new(0x80 | 10).nanos(1536), SECOND + SECOND / 2);
    assert_eq!(Units::new(127).nanos(u64::MAX), 1, "no clock is that fine, and nothing overflows");
    assert_eq!(Units::new(0xff).nanos(u64::MAX), 0);
    assert_eq!(Units::new(0).nanos(u64::MAX), Nanos::MAX);
    let ink = Ink::new(false).section();
    let hour = (-3600i64).to_le_bytes();
    let slab = ink.interface(1, 0, &[(OPTION_TSOFFSET, &hour)]).packet(0, 7_200_000_000, 1, b"a").out;
    assert_eq!(walk(&slab).0[0].time, 3600 * SECOND);
}

#[test]
fn each_section_has_its_own_byte_order_and_interfaces() {
    let first = Ink::new(false).section().interface(1, 0, &[]).packet(0, 1, 1, b"a").out;
    let second = Ink::new(true).section().interface(101, 0, &[]).packet(0, 2, 1, b"b").out;
    let slab = [first, second].concat();
    let (frames, at, _) = walk(&slab);
    assert_eq!(at, slab.len());
    assert_eq!(frames.iter().map(|f| (f.time, f.link)).collect::<Vec<_>>(), [(1000, Link::Ethernet), (2000, Link::Ip)]);
}

#[test]
fn simple_packets_have_the_interfaces_snaplen_and_the_last_time() {
    let ink = Ink::new(false).section().interface(1, 4, &[]).packet(0, 9, 1, b"a");
    let mut body = ink.words(&[6]);
    body.extend(b"abcd");
    let slab = ink.block(SIMPLE_PACKET, &body).out;
    let (frames, ..) = walk(&slab);
    assert_eq!((frames[1].time, frames[1].captured, frames[1].original), (9000, 4, 6));
    assert_eq!(bytes(&slab, &frames[1]), b"abcd");
}

#[test]
fn the_obsolete_packet_block() {
    let ink = Ink::new(true).section().interface(1, 0, &[]);
    let mut body: Vec<u8> = ink.u16(0).into_iter().chain(ink.u16(77)).collect();
    body.extend(ink.words(&[0, 8, 2, 2]));
    body.extend(b"ab");
    let slab = ink.block(PACKET, &body).out;
    let (frames, ..) = walk(&slab);
    assert_eq!((frames[0].time, bytes(&slab, &frames[0])), (8000, &b"ab"[..]));
}

#[test]
fn a_block_that_is_skipped_may_end_beyond_the_slab() {
    let start = Ink::new(false).section().interface(1, 0, &[]).block(0x0bad, &[0; 1000]).out;
    let mut pcapng = Pcapng::default();
    let mut frames = Vec::new();
    let cut = start.len() - 300;
    assert_eq!(pcapng.walk(&start[..cut], &mut frames), (cut, Halt::More));
    assert_eq!(pcapng.skip, 300);
    let rest = [&start[cut..], &Ink::new(false).packet(0, 1, 1, b"a").out].concat();
    assert_eq!(pcapng.walk(&rest, &mut frames), (rest.len(), Halt::More));
    assert_eq!(frames.len(), 1);
}

#[test]
fn what_can_not_be_is_damage() {
    let good = || Ink::new(false).section().interface(1, 0, &[]);
    let start = good().out.len();
    let mut differ = good().packet(0, 1, 1, b"a").out;
    let last = differ.len() - 4;
    differ[last] ^= 4;
    let mut long = good().packet(0, 1, 1, b"a").out;
    long[start + 20] = 200;
    let version = {
        let mut body = Ink::new(false).words(&[0x1a2b_3c4d]);
        body.extend([2, 0, 0, 0]);
        good().block(SECTION, &body).out
    };
    let cases = [
        differ,
        long,
        version,
        good().packet(3, 1, 1, b"a").out,
        good().block(ENHANCED_PACKET, &[0; 8]).out,
        good().block(SIMPLE_PACKET, &[]).out,
        good().block(INTERFACE, &[1, 0]).out,
        [good().out, vec![6, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0]].concat(),
        [good().out, vec![6, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0]].concat(),
        [good().out, vec![10, 13, 13, 10, 28, 0, 0, 0, 1, 2, 3, 4]].concat(),
    ];
    for (number, slab) in cases.iter().enumerate() {
        let (frames, at, halt) = walk(slab);
        assert!(matches!(halt, Halt::Damaged(_)), "case {number}: {halt:?}");
        assert_eq!((frames.len(), at), (0, start), "case {number}");
    }
}

#[test]
fn interfaces_are_bounded() {
    let one = Ink::new(false).interface(1, 0, &[]).out;
    let slab = [Ink::new(false).section().out, one.repeat(MAX_INTERFACES + 1)].concat();
    assert!(matches!(walk(&slab).2, Halt::Damaged(why) if why.contains("interfaces")));
}

#[test]
fn only_a_packet_refuses_the_link_type() {
    let slab = Ink::new(false).section().interface(189, 0, &[]).interface(1, 0, &[]).packet(1, 1, 1, b"a").out;
    assert_eq!(walk(&slab).2, Halt::More);
    let slab = Ink::new(false).section().interface(189, 0, &[]).packet(0, 1, 1, b"a").out;
    assert_eq!(walk(&slab).2, Halt::LinkType(189));
}

#[test]
fn other_blocks_are_passed_over() {
    for big in [false, true] {
        // Name resolution, systemd journal, decryption secrets, custom (to be copied or not), unknown.
        let mut ink = Ink::new(big).section().interface(1, 0, &[(1, b"a comment of the interface")]);
        for kind in [4, 9, 10, 0xbad, 0x4000_0bad, 0x7777_0001] {
            ink = ink.block(kind, &[0xff; 41]).packet(0, 1, 3, b"xyz");
        }
        let slab = ink.out;
        let (frames, at, halt) = walk(&slab);
        assert_eq!((frames.len(), at, halt), (6, slab.len(), Halt::More));
    }
}

#[test]
fn a_packets_comment_is_no_part_of_it() {
    let mut ink = Ink::new(false).section().interface(1, 0, &[]);
    let mut body = ink.words(&[0, 0, 1, 3, 3]);
    body.extend(b"xyz\0\x01\0\x05\0hello\0\0\0\0\0\0\0");
    ink = ink.block(ENHANCED_PACKET, &body);
    let (frames, _, _) = walk(&ink.out);
    assert_eq!(bytes(&ink.out, &frames[0]), b"xyz");
}

impl Ink {
    fn statistics(self, interface: u32, options: &[(u16, u64)]) -> Self {
        let mut body = self.words(&[interface, 0, 1]);
        for (code, value) in options {
            body.extend(self.u16(*code).into_iter().chain(self.u16(8)));
            body.extend(if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
        }
        self.block(STATISTICS, &body)
    }
}

#[test]
fn the_last_statistics_of_each_interface_and_section_are_summed() {
    for big in [false, true] {
        let first = Ink::new(big)
            .section()
            .interface(1, 0, &[])
            .interface(1, 0, &[])
            .statistics(0, &[(OPTION_RECEIVED, 100), (OPTION_DROPPED, 50)])
            .statistics(
                0,
                &[(OPTION_RECEIVED, 200), (OPTION_DROPPED, 3), (OPTION_DROPPED_BY_SYSTEM, 4), (OPTION_END, 0)],
            )
            .statistics(1, &[(6, 9), (OPTION_DROPPED, u64::MAX)])
            .statistics(7, &[(OPTION_RECEIVED, 1)]);
        let whole = first.section().interface(1, 0, &[]).statistics(0, &[(OPTION_RECEIVED, 1000)]);
        let mut pcapng = Pcapng::default();
        assert_eq!(pcapng.counts(), None);
        assert_eq!(pcapng.walk(&whole.out, &mut Vec::new()), (whole.out.len(), Halt::More));
        assert_eq!(pcapng.counts(), Some(Captured { received: 1200, dropped: 7 }), "a negative count says nothing");
    }
}
