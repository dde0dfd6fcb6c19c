//! Fragments put together without the engine around: many times as fast as `restore`, which says what it makes of them.

use super::{SECOND, fragment};
use std::collections::BTreeMap;
use tmrx_core::decode::decode;
use tmrx_core::frame::Link;
use tmrx_core::packet::Packet;
use tmrx_core::plan::{FragmentPolicy, FragmentSettings};
use tmrx_core::restore::{Datagram, Place, Restorer, Taken};

const POLICIES: [FragmentPolicy; 7] = [
    FragmentPolicy::Bsd,
    FragmentPolicy::BsdRight,
    FragmentPolicy::Linux,
    FragmentPolicy::First,
    FragmentPolicy::Solaris,
    FragmentPolicy::Windows,
    FragmentPolicy::Last,
];
/// A frame's link header, which stays in front of a datagram.
const ETHERNET: usize = 14;

/// What was sent of datagrams: by IP version and identification, offset and bytes of each fragment.
type Sent = BTreeMap<(bool, u8), Vec<(usize, Vec<u8>)>>;

/// What is held in the end: frames whose datagrams are not there yet.
#[derive(Default)]
struct Model {
    sent: Sent,
    held: u64,
}

impl Model {
    fn done(&mut self, datagram: Option<Datagram>, frames: u64) {
        assert!(frames <= self.held, "{frames} of {}", self.held);
        self.held -= frames;
        datagram.into_iter().for_each(|datagram| self.check(&datagram));
    }

    /// A datagram is no longer than it was, and each of its bytes was sent at its place.
    fn check(&self, Datagram { bytes, original, .. }: &Datagram) {
        assert!(bytes.len() <= *original as usize, "{original}");
        let is_v6 = bytes[ETHERNET] >> 4 == 6;
        let (header, ids) =
            if is_v6 { (ETHERNET + 40, 0..4) } else { (ETHERNET + 20, bytes[ETHERNET + 5]..bytes[ETHERNET + 5] + 1) };
        let fits = |pieces: &Vec<(usize, Vec<u8>)>| {
            (0..).zip(&bytes[header..]).all(|(at, byte)| {
                pieces.iter().any(|(start, piece)| {
                    let place = usize::checked_sub(at, *start).and_then(|place| piece.get(place));
                    place == Some(byte)
                })
            })
        };
        // A datagram of IPv6 does not say which it is.
        assert!(ids.into_iter().filter_map(|id| self.sent.get(&(is_v6, id))).any(fits), "{bytes:02x?}");
    }
}

/// Eight bytes a fragment, as `restore` reads them; the first byte is the policy and how much may be held.
pub fn fragments(data: &[u8]) {
    let Some((&bits, rest)) = data.split_first() else { return };
    let policy = POLICIES[usize::from(bits & 7) % POLICIES.len()];
    let memory = 1 << (12 + (bits >> 3 & 7));
    let mut restorer = Restorer::new(&FragmentSettings { policy, hosts: Vec::new(), timeout: 30, memory });
    let (mut model, mut now) = (Model::default(), 0);
    for (number, piece) in (0..).zip(rest.chunks_exact(8).take(512)) {
        now += i64::from(piece[6]) * SECOND / 8;
        while let Some(given) = restorer.expire(now) {
            model.done(given.datagram, given.frames);
        }
        // Without a mirror's copy around it.
        let mut shape = [0; 8];
        shape.copy_from_slice(piece);
        shape[0] &= !2;
        let (bytes, cut) = fragment(&shape);
        let kept = &bytes[..bytes.len().saturating_sub(cut)];
        let mut packet = Packet { captured: kept.len() as u32, original: bytes.len() as u32, ..Packet::EMPTY };
        packet.time = now;
        decode(kept, Link::Ethernet, &mut packet);
        if !packet.fragment {
            continue;
        }
        let header = ETHERNET + if shape[0] & 1 == 0 { 20 } else { 48 };
        let offset = usize::from(u16::from_le_bytes([shape[2], shape[3]]) & 0x1fff) * 8;
        let payload = kept.get(header..).unwrap_or_default().to_vec();
        model.sent.entry((shape[0] & 1 == 1, shape[1] % 4)).or_default().push((offset, payload));
        while let Some(given) = restorer.make_room(&packet) {
            model.done(given.datagram, given.frames);
        }
        let place = Place { now, number, holds: true, wrap: None };
        match restorer.take(kept, &mut packet, place, policy) {
            Taken::No => {}
            Taken::Held => model.held += 1,
            Taken::Complete { datagram, frames } => model.done(datagram, frames),
        }
    }
    while let Some(given) = restorer.end() {
        model.done(given.datagram, given.frames);
    }
    assert_eq!(model.held, 0);
}
