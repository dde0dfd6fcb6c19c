//! How TCP is put together: `tmrx/plan/streams.py`.

use serde::Deserialize;
use serde_bytes::ByteBuf;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamPolicy {
    Bsd,
    Windows,
    #[serde(rename = "windows2k3")]
    Windows2k3,
    Vista,
    Linux,
    OldLinux,
    #[serde(rename = "hpux10")]
    Hpux10,
    #[serde(rename = "hpux11")]
    Hpux11,
    Irix,
    Macos,
    Solaris,
    First,
    Last,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionPolicy {
    Ignore,
    PassFlow,
    PassPacket,
    DropFlow,
    DropPacket,
    Bypass,
    Reject,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgent {
    Oob,
    Inline,
    Drop,
    Gap,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostPolicy {
    pub network: ByteBuf,
    pub prefix: u8,
    pub policy: StreamPolicy,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamSettings {
    pub enabled: bool,
    pub midstream: bool,
    pub async_oneside: bool,
    pub lossy: bool,
    pub inline: bool,
    pub checksums: bool,
    pub memcap: u64,
    pub reassembly_memcap: u64,
    pub depth: u64,
    pub chunk_size: u32,
    pub max_syn_queued: u8,
    pub max_synack_queued: u8,
    pub urgent: Urgent,
    pub urgent_limit: Urgent,
    pub bypass: bool,
    pub compare_overlaps: bool,
    pub policy: StreamPolicy,
    pub hosts: Vec<HostPolicy>,
    pub midstream_policy: ExceptionPolicy,
    pub memcap_policy: ExceptionPolicy,
    pub reassembly_memcap_policy: ExceptionPolicy,
}
