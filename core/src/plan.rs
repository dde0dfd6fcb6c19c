//! The plan: what Python compiled for the core. The same structs as in `tmrx/plan/`, which explains them.
#![allow(missing_docs)]

use crate::error::{Error, Fault, Result};
use serde::Deserialize;
use serde_bytes::ByteBuf;

pub mod mirror;

mod applications;
mod checks;
mod matches;
mod outputs;
mod rules;
mod streams;

pub use applications::*;
pub use checks::*;
pub use matches::*;
pub use outputs::*;
pub use rules::*;
pub use streams::*;

/// The schema that this core understands.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    pub tcp_new: u32,
    pub tcp_established: u32,
    pub tcp_closed: u32,
    pub other_new: u32,
    pub other_established: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowSettings {
    pub max_flows: u32,
    pub timeouts: Timeouts,
    pub by_depth: bool,
    pub by_vlan: bool,
    pub community_id_seed: u16,
    pub hash_seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tunnel {
    Erspan,
    Gre,
    Ip,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecapSettings {
    pub vxlan_ports: Vec<u16>,
    pub geneve_ports: Vec<u16>,
    pub vxlan_gpe_ports: Vec<u16>,
    pub gre_udp_ports: Vec<u16>,
    pub teredo_ports: Vec<u16>,
    pub tunnels: Vec<Tunnel>,
    pub max_depth: u8,
    pub vxlan_strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FragmentPolicy {
    Bsd,
    BsdRight,
    Linux,
    First,
    Solaris,
    Windows,
    Last,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FragmentHost {
    pub network: ByteBuf,
    pub prefix: u8,
    pub policy: FragmentPolicy,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FragmentSettings {
    pub policy: FragmentPolicy,
    pub hosts: Vec<FragmentHost>,
    pub timeout: u32,
    pub memory: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    pub vni: u32,
    pub outer_src: ByteBuf,
    pub endpoint: String,
    pub session: String,
    pub name: String,
    pub interface: String,
    pub vpc: String,
    pub comment: String,
    pub domain: u32,
    pub packet_length: u32,
    pub target_mtu: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    Learn,
    Refuse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownDomain {
    Shared,
    Own,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentitySettings {
    pub known: Vec<Identity>,
    pub unknown: Unknown,
    pub unknown_domain: UnknownDomain,
    pub max_learned: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterLink {
    Ethernet,
    Ip,
    Sll,
    Sll2,
    Chdlc,
    Wifi,
    Radiotap,
}

impl FilterLink {
    /// How many there are.
    pub const COUNT: usize = 7;
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Instruction(pub u16, pub u8, pub u8, pub u32);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    pub link: FilterLink,
    pub code: Vec<Instruction>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Test {
    There,
    Numbers { ranges: Vec<(ByteBuf, ByteBuf)>, mask: Option<u64> },
    Words { words: Vec<String> },
    Part { text: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Next {
    Verdict(bool),
    Step(u32),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub column: String,
    pub test: Test,
    pub negated: bool,
    pub yes: Next,
    pub no: Next,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub version: u32,
    pub decap: DecapSettings,
    pub identity: IdentitySettings,
    pub fragments: FragmentSettings,
    pub flow: FlowSettings,
    pub streams: StreamSettings,
    pub applications: Applications,
    pub rules: Rules,
    pub outputs: Outputs,
    pub inspect_outer: bool,
    pub truncated_is_invalid: bool,
    pub ignore_checksums: bool,
    pub filter: Vec<Program>,
    pub display: Vec<Step>,
}

impl Plan {
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

impl Rule {
    /// Read one rule as Python encodes it for a plan.
    ///
    /// # Errors
    /// `Error::Config` for a document that does not fit the schema.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        read(bytes)
    }
}

fn fault(why: String) -> Error {
    Error::Config(Fault::new("plan", why, "the Python package and its core are of different versions"))
}

fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    rmp_serde::from_slice(bytes).map_err(|error| fault(error.to_string()))
}

fn check_version(version: u32) -> Result<()> {
    if version == SCHEMA_VERSION {
        return Ok(());
    }
    Err(fault(format!("schema version {version} where {SCHEMA_VERSION} was expected")))
}
