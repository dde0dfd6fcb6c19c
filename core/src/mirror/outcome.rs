//! What became of a packet at a source.

use crate::packet::NONE;
use crate::plan::mirror::TruncatedChecksum;

/// A packet's direction, from the source's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// It leaves the source.
    Egress,
    /// It arrives there.
    Ingress,
}

impl Direction {
    /// The name that records print.
    pub fn name(self) -> &'static str {
        match self {
            Self::Egress => "egress",
            Self::Ingress => "ingress",
        }
    }
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Fate {
    Mirrored,
    Rejected,
    Excluded,
    NoSession,
    NotAtSource,
    Skipped,
}

impl Fate {
    /// The names that records print, by number.
    pub const NAMES: [&'static str; 6] = ["mirrored", "rejected", "excluded", "no_session", "not_at_source", "skipped"];

    /// The name that records print.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or_default()
    }
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// There is nothing to say.
    None,
    /// A rule decided.
    Rule,
    /// The filter mirrors the resolver's traffic.
    AmazonDns,
    /// No rule matched.
    NoRule,
    /// It is the resolver's traffic, which no session's filter mirrors.
    NoAmazonDns,
    /// Never mirrored (specification, section 3).
    Arp,
    /// Never mirrored.
    Dhcp,
    /// Never mirrored.
    InstanceMetadata,
    /// Never mirrored, by setting.
    Ntp,
    /// Never mirrored.
    WindowsActivation,
    /// It is a copy itself.
    MirroredCopy,
    /// The source's security groups drop it.
    SecurityGroup,
    /// The subnet's network ACL drops it.
    NetworkAcl,
    /// The source has no active session; it says why itself.
    Inactive,
    /// It fits in no datagram.
    TooLarge,
}

impl Reason {
    /// The names that records print, by number; empty where it says nothing itself.
    pub const NAMES: [&'static str; 15] = [
        "",
        "rule",
        "amazon_dns",
        "no_rule",
        "no_amazon_dns",
        "arp",
        "dhcp",
        "instance_metadata",
        "ntp",
        "windows_activation",
        "mirrored_copy",
        "security_group",
        "network_acl",
        "",
        "too_large",
    ];

    /// The name that records print.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or_default()
    }

    /// The reasons that go with a fate, in the order that they are listed.
    pub fn of(fate: Fate) -> &'static [Self] {
        match fate {
            Fate::Mirrored | Fate::NoSession | Fate::NotAtSource => &[],
            Fate::Rejected => &[Self::Rule, Self::NoRule, Self::NoAmazonDns],
            Fate::Skipped => &[Self::TooLarge],
            Fate::Excluded => &[
                Self::Arp,
                Self::Dhcp,
                Self::InstanceMetadata,
                Self::Ntp,
                Self::WindowsActivation,
                Self::MirroredCopy,
                Self::SecurityGroup,
                Self::NetworkAcl,
            ],
        }
    }
}

/// What happened to copies on their way, as bits.
pub mod impairment {
    /// Not sent.
    pub const LOST: u8 = 1;
    /// Sent twice.
    pub const DUPLICATED: u8 = 2;
    /// Overtaken by later ones.
    pub const REORDERED: u8 = 4;
    /// Sent later.
    pub const DELAYED: u8 = 8;
    /// A bit was flipped.
    pub const CORRUPTED: u8 = 16;
    /// The names that records print, by bit.
    pub const NAMES: [&str; 5] = ["lost", "duplicated", "reordered", "delayed", "corrupted"];
}

/// One packet at one source, or at none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its number, from 1, in the order that packets were read.
    pub packet: u64,
    /// The source's index; `NONE` where it touches none.
    pub source: u32,
    /// Which way it went there.
    pub direction: Option<Direction>,
    /// What became of it.
    pub fate: Fate,
    /// Why.
    pub reason: Reason,
    /// The session that decided; `NONE` for none.
    pub session: u32,
    /// The rule that decided: its place among the session's filter's for that direction; `NONE` for none.
    pub rule: u32,
    /// Copies sent.
    pub copies: u8,
    /// Bytes of a copy after the VXLAN header.
    pub sent: u32,
    /// Bytes of the frame that are not in it.
    pub cut: u32,
    /// What cut it: bits of `packet::Causes`.
    pub cut_by: u8,
    /// What was done to its checksums.
    pub checksum: TruncatedChecksum,
    /// What happened to it on its way.
    pub impairment: u8,
}

impl Outcome {
    /// Of a packet that touches no source.
    pub const BLANK: Self = Self {
        packet: 0,
        source: NONE,
        direction: None,
        fate: Fate::NotAtSource,
        reason: Reason::None,
        session: NONE,
        rule: NONE,
        copies: 0,
        sent: 0,
        cut: 0,
        cut_by: 0,
        checksum: TruncatedChecksum::Kept,
        impairment: 0,
    };
}
