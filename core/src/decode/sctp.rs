//! SCTP: the common header, and its chunks as far as they go.

use super::{carry, malformed};
use crate::anomaly::Anomaly;
use crate::packet::{Layer, Layers, Packet, Stop};
use crate::wire::Header;
use crate::wire::sctp::{Chunk, ChunkSet, Sctp, chunk};

/// More chunks than this are odd: a packet of 1500 bytes has room for some 70 of the smallest with data.
const MANY: u16 = 64;

pub(super) fn packet(bytes: &[u8], at: usize, length: usize, packet: &mut Packet) {
    if length < Sctp::LEN {
        return malformed(packet, Anomaly::SctpTooShort);
    }
    let Some((head, rest)) = Sctp::parse(bytes) else {
        packet.stop = Stop::Truncated;
        return;
    };
    packet.layer = Layer::Sctp;
    packet.layers.add(Layers::SCTP);
    (packet.sport, packet.dport) = (head.sport(), head.dport());
    packet.seq = head.tag();
    carry(at + Sctp::LEN, length - Sctp::LEN, packet);
    let (set, count) = chunks(rest, length - Sctp::LEN, packet);
    (packet.ack, packet.window) = (set.0, count);
    if count > MANY {
        packet.anomalies.add(Anomaly::SctpManyChunks);
    }
    if (set.has(chunk::INIT) || set.has(chunk::INIT_ACK)) && count > 1 {
        packet.anomalies.add(Anomaly::SctpInitBundled);
    }
    if set.has(chunk::INIT) && head.tag() != 0 {
        packet.anomalies.add(Anomaly::SctpInitTag);
    }
    if (set.has(chunk::DATA) || set.has(chunk::I_DATA)) && head.tag() == 0 {
        packet.anomalies.add(Anomaly::SctpDataTag);
    }
}

/// The chunks' types and their number; `left` bytes of them were sent. Those that were cut off are not known.
fn chunks(mut bytes: &[u8], mut left: usize, packet: &mut Packet) -> (ChunkSet, u16) {
    let (mut set, mut count, mut data) = (ChunkSet::default(), 0u16, 0u16);
    // Of a first fragment the chunks go on in the next ones.
    while left > 0 && !packet.fragment {
        if left < Chunk::LEN {
            packet.anomalies.add(Anomaly::SctpChunkTooShort);
            break;
        }
        let Some((head, _)) = Chunk::parse(bytes) else { break };
        let length = head.length();
        if length < Chunk::LEN || length > left {
            packet.anomalies.add(Anomaly::SctpChunkLength);
            break;
        }
        set.add(head.kind());
        count = count.saturating_add(1);
        data = data.saturating_add(u16::from(matches!(head.kind(), chunk::DATA | chunk::I_DATA)));
        // The last chunk's padding may be left out.
        let padded = length.next_multiple_of(4).min(left);
        bytes = bytes.get(padded..).unwrap_or_default();
        left -= padded;
    }
    if data > MANY {
        packet.anomalies.add(Anomaly::SctpManyDataChunks);
    }
    (set, count)
}
