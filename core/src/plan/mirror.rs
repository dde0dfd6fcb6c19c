//! The plan of the sending side: sources, sessions, filters, and what happens to copies on their way.
#![allow(missing_docs)]

use super::{check_version, read};
use crate::error::Result;
use serde::Deserialize;
use serde_bytes::ByteBuf;

/// First and last address of a block.
pub type Block = (ByteBuf, ByteBuf);

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PacketMatch {
    pub ip: u8,
    pub protocol: Option<u8>,
    pub src: Option<Block>,
    pub dst: Option<Block>,
    pub sports: Option<(u16, u16)>,
    pub dports: Option<(u16, u16)>,
    pub icmp: Option<(i16, i16)>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterRule {
    pub id: String,
    pub accept: bool,
    #[serde(rename = "match")]
    pub matches: PacketMatch,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MirrorFilter {
    pub ingress: Vec<FilterRule>,
    pub egress: Vec<FilterRule>,
    pub amazon_dns: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    pub src: ByteBuf,
    pub dst: Vec<ByteBuf>,
    pub endpoint: u64,
    pub attachment: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copies {
    pub vni: u32,
    pub src: ByteBuf,
    pub dst: Vec<ByteBuf>,
    pub macs: ByteBuf,
    pub gateway: Option<Gateway>,
    pub packet_length: u32,
    pub mtu: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSession {
    pub id: String,
    pub filter: u32,
    pub copies: Copies,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firewall {
    pub ingress: Option<Vec<PacketMatch>>,
    pub egress: Option<Vec<PacketMatch>>,
    pub acl: Option<Vec<FilterRule>>,
    pub subnet: Vec<Block>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MirrorSource {
    pub interface: String,
    pub mac: ByteBuf,
    pub addresses: Vec<ByteBuf>,
    pub resolvers: Vec<ByteBuf>,
    pub offload: bool,
    pub sessions: Vec<u32>,
    pub inactive: String,
    pub firewall: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Impairments {
    pub seed: u64,
    pub loss: f64,
    pub duplicate: f64,
    pub reorder: f64,
    pub reorder_depth: u32,
    pub delay: i64,
    pub jitter: i64,
    pub corrupt: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExcludeNtp {
    #[default]
    Amazon,
    All,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TruncatedChecksum {
    #[default]
    Pseudo,
    Zero,
    Kept,
}

impl TruncatedChecksum {
    /// The names that records print, by number.
    pub const NAMES: [&'static str; 3] = ["pseudo", "zero", "kept"];

    /// The name that records print.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or_default()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MirrorPlan {
    pub version: u32,
    pub everything: bool,
    pub sources: Vec<MirrorSource>,
    pub sessions: Vec<SourceSession>,
    pub filters: Vec<MirrorFilter>,
    pub firewalls: Vec<Firewall>,
    pub exclude_ntp: ExcludeNtp,
    pub truncated_checksum: TruncatedChecksum,
    pub first_port: u16,
    pub impairments: Impairments,
}

impl MirrorPlan {
    /// Read a plan from msgpack.
    ///
    /// # Errors
    /// `Error::Config` for a document that does not fit the schema, or one of another version.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let plan: Self = read(bytes)?;
        check_version(plan.version)?;
        Ok(plan)
    }
}
