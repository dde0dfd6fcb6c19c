//! The plan: what Python compiled for the core. The same structs as `tmrx/plan.py`, which explains them.
#![allow(missing_docs)]

use crate::error::{Error, Fault, Result};
use serde::Deserialize;
use serde_bytes::ByteBuf;

pub mod mirror;

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
pub struct FragmentSettings {
    pub policy: FragmentPolicy,
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
pub enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Between,
    Outside,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    pub op: Op,
    pub a: u64,
    pub b: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    pub pattern: ByteBuf,
    pub negated: bool,
    pub nocase: bool,
    pub relative: bool,
    pub offset: u32,
    pub depth: Option<u32>,
    pub distance: i32,
    pub within: Option<u32>,
    pub startswith: bool,
    pub endswith: bool,
    pub fast_pattern: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pcre {
    pub pattern: ByteBuf,
    pub negated: bool,
    pub flags: String,
    pub relative: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Match {
    Content(Content),
    Pcre(Pcre),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagsOp {
    Exactly,
    All,
    Any,
    NotAll,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChecksumLayer {
    L3,
    L4,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    Dsize { number: Number, negated: bool },
    Ttl { number: Number },
    Itype { number: Number },
    Icode { number: Number },
    TcpFlags { op: FlagsOp, flags: u8, mask: u8 },
    MirrorSession { value: String, negated: bool },
    MirrorVni { number: Number },
    MirrorTruncated { causes: u8, negated: bool },
    MirrorChecksum { layer: ChecksumLayer, verdicts: u8, negated: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowDirection {
    #[serde(rename = "")]
    Any,
    ToServer,
    ToClient,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowStateCheck {
    #[serde(rename = "")]
    Any,
    Established,
    NotEstablished,
    Stateless,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowCheck {
    pub direction: FlowDirection,
    pub state: FlowStateCheck,
    pub only_stream: bool,
    pub no_stream: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressSet {
    pub any: bool,
    pub v4: Vec<(u32, u32)>,
    pub v6: Vec<(ByteBuf, ByteBuf)>,
    pub negated: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortSet {
    pub any: bool,
    pub ranges: Vec<(u16, u16)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Alert,
    Pass,
    Drop,
    Reject,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Packet,
    Flow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleProtocol {
    Ip,
    Ipv4,
    Ipv6,
    Tcp,
    TcpPkt,
    TcpStream,
    Udp,
    Icmp,
    Icmpv4,
    Icmpv6,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub action: Action,
    pub scope: Option<Scope>,
    pub protocol: RuleProtocol,
    pub src: u32,
    pub sport: u32,
    pub dst: u32,
    pub dport: u32,
    pub both_directions: bool,
    pub sid: u32,
    pub gid: u32,
    pub rev: u32,
    pub msg: String,
    pub category: String,
    pub priority: u32,
    pub references: Vec<String>,
    pub metadata: Vec<(String, Vec<String>)>,
    pub noalert: bool,
    pub flow: Option<FlowCheck>,
    pub checks: Vec<Check>,
    pub payload: Vec<Match>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub rules: Vec<Rule>,
    pub addresses: Vec<AddressSet>,
    pub ports: Vec<PortSet>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    Packets,
    Flows,
    Alerts,
    Anomalies,
}

impl Table {
    /// The name in the plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::Packets => "packets",
            Self::Flows => "flows",
            Self::Alerts => "alerts",
            Self::Anomalies => "anomalies",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineForm {
    Line,
    Table,
    Json,
    Csv,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    pub form: LineForm,
    pub columns: Vec<String>,
    pub most: u64,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptureSettings {
    pub pcapng: bool,
    pub rotate_size: u64,
    pub rotate_time: i64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outputs {
    pub eve: bool,
    pub fast: bool,
    pub pcap: bool,
    pub capture: CaptureSettings,
    pub tables: Vec<Table>,
    pub lines: Option<Lines>,
}

impl Outputs {
    /// Whether a table is wanted.
    pub fn wants(&self, table: Table) -> bool {
        self.tables.contains(&table)
    }
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
    pub rules: Rules,
    pub outputs: Outputs,
    pub inspect_outer: bool,
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
