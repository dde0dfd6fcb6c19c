//! Traffic that the mirror never copies (specification, section 3).

use crate::frame::Addr;
use crate::packet::{Layer, Packet};

/// Instance metadata and Amazon Time Sync: never mirrored, whatever the protocol and port.
const SERVICES_V4: [[u8; 4]; 2] = [[169, 254, 169, 254], [169, 254, 169, 123]];
/// Windows activation: never mirrored on TCP 1688.
const ACTIVATION_V4: [[u8; 4]; 2] = [[169, 254, 169, 250], [169, 254, 169, 251]];
const ACTIVATION_PORT: u16 = 1688;
/// The `fd00:ec2::` addresses of the same services end in these.
const METADATA_V6: u16 = 0x254;
const TIME_V6: u16 = 0x123;
const ACTIVATION_V6: u16 = 0x250;

/// Whether the mirror would not have copied this packet.
#[inline]
pub fn is_excluded(packet: &Packet) -> bool {
    match (packet.ip, packet.layer) {
        (0, layer) => layer == Layer::Arp,
        (4, Layer::Udp) if is_dhcp(packet, 67, 68) => true,
        (6, Layer::Udp) if is_dhcp(packet, 546, 547) => true,
        _ => is_service(packet, &packet.src) || is_service(packet, &packet.dst),
    }
}

#[inline]
fn is_dhcp(packet: &Packet, server: u16, client: u16) -> bool {
    [packet.sport, packet.dport].iter().any(|&port| port == server || port == client)
}

#[inline]
fn is_service(packet: &Packet, address: &Addr) -> bool {
    if packet.ip == 4 {
        let address = address.low4();
        return address.starts_with(&[169, 254])
            && (SERVICES_V4.contains(&address) || ACTIVATION_V4.contains(&address) && is_activation(packet));
    }
    if !address.0.starts_with(&[0xfd, 0x00, 0x0e, 0xc2]) {
        return false;
    }
    let low = u128::from_be_bytes(address.0) & ((1 << 96) - 1);
    low == u128::from(METADATA_V6)
        || low == u128::from(TIME_V6)
        || low == u128::from(ACTIVATION_V6) && is_activation(packet)
}

fn is_activation(packet: &Packet) -> bool {
    packet.layer == Layer::Tcp && (packet.sport == ACTIVATION_PORT || packet.dport == ACTIVATION_PORT)
}
