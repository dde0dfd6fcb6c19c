//! Traffic that the mirror never copies (specification, section 3).

use crate::frame::Addr;
use crate::packet::{Layer, Packet};

/// Instance metadata.
const METADATA_V4: [u8; 4] = [169, 254, 169, 254];
/// Amazon Time Sync.
const TIME_V4: [u8; 4] = [169, 254, 169, 123];
/// Windows activation: never mirrored on TCP 1688.
const ACTIVATION_V4: [[u8; 4]; 2] = [[169, 254, 169, 250], [169, 254, 169, 251]];
const ACTIVATION_PORT: u16 = 1688;
/// The `fd00:ec2::` addresses of the same services end in these.
const METADATA_V6: u16 = 0x254;
const TIME_V6: u16 = 0x123;
const ACTIVATION_V6: u16 = 0x250;

/// What a packet that is never mirrored belongs to; what fits first is said, time last, since it may be let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Exclusion {
    Arp,
    Dhcp,
    InstanceMetadata,
    WindowsActivation,
    /// Amazon Time Sync, whatever the protocol and port.
    Ntp,
}

/// Why the mirror would not copy this packet; `None` where it would.
#[inline]
pub fn exclusion(packet: &Packet) -> Option<Exclusion> {
    match (packet.ip, packet.layer) {
        (0, layer) => (layer == Layer::Arp).then_some(Exclusion::Arp),
        (4, Layer::Udp) if is_dhcp(packet, 67, 68) => Some(Exclusion::Dhcp),
        (6, Layer::Udp) if is_dhcp(packet, 546, 547) => Some(Exclusion::Dhcp),
        _ => {
            let (src, dst) = (service(packet, &packet.src), service(packet, &packet.dst));
            if src.is_some() && dst.is_some() { src.min(dst) } else { src.or(dst) }
        }
    }
}

#[inline]
fn is_dhcp(packet: &Packet, server: u16, client: u16) -> bool {
    [packet.sport, packet.dport].iter().any(|&port| port == server || port == client)
}

#[inline]
fn service(packet: &Packet, address: &Addr) -> Option<Exclusion> {
    if packet.ip == 4 { service_v4(packet, address.low4()) } else { service_v6(packet, address) }
}

#[inline]
fn service_v4(packet: &Packet, address: [u8; 4]) -> Option<Exclusion> {
    if !address.starts_with(&[169, 254]) {
        return None;
    }
    match address {
        METADATA_V4 => Some(Exclusion::InstanceMetadata),
        TIME_V4 => Some(Exclusion::Ntp),
        _ => (ACTIVATION_V4.contains(&address) && is_activation(packet)).then_some(Exclusion::WindowsActivation),
    }
}

#[inline]
fn service_v6(packet: &Packet, address: &Addr) -> Option<Exclusion> {
    let low = address.0.strip_prefix(&[0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
    match u16::from_be_bytes(low.try_into().ok()?) {
        METADATA_V6 => Some(Exclusion::InstanceMetadata),
        TIME_V6 => Some(Exclusion::Ntp),
        ACTIVATION_V6 if is_activation(packet) => Some(Exclusion::WindowsActivation),
        _ => None,
    }
}

fn is_activation(packet: &Packet) -> bool {
    packet.layer == Layer::Tcp && (packet.sport == ACTIVATION_PORT || packet.dport == ACTIVATION_PORT)
}
