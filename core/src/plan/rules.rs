//! Rules: `tmrx/plan/rules.py`.

use super::checks::{Check, FlowCheck, XbitTrack};
use super::matches::BufferTest;
use serde::Deserialize;
use serde_bytes::ByteBuf;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    #[default]
    Alert,
    Pass,
    Drop,
    Reject,
    Config,
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
    Sctp,
    Igmp,
    Ether,
    Arp,
    Pkthdr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[default]
    Packet,
    IpOnly,
    LikeIpOnly,
    DecoderEvent,
    ProtocolDetection,
    PacketAndStream,
    Stream,
    App,
    AppTx,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowintChange {
    Add,
    Sub,
    Set,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum XbitChange {
    Set,
    Unset,
    Toggle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagScope {
    Session,
    Host,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagUnit {
    Packets,
    Bytes,
    Seconds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagSide {
    Src,
    Dst,
}

/// Whose files are stored: "rule" stands for those that travel as what the rule matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreSide {
    Rule,
    ToServer,
    ToClient,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreScope {
    File,
    Tx,
    Flow,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    Flowbits { set: bool, bits: Vec<u32> },
    Flowint { name: u32, op: FlowintChange, value: u32, other: Option<u32> },
    Xbits { op: XbitChange, bit: u32, track: XbitTrack, expire: u32 },
    Tag { scope: TagScope, count: u32, unit: TagUnit, side: TagSide },
    Bypass {},
    Untrack {},
    Filestore { side: StoreSide, scope: StoreScope },
    Unlog { of: Unlogged },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unlogged {
    Flow,
    Transaction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitType {
    Limit,
    Threshold,
    Both,
    Backoff,
    DetectionFilter,
    RateFilter,
    Suppress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Track {
    #[default]
    #[serde(rename = "")]
    None,
    BySrc,
    ByDst,
    ByBoth,
    ByEither,
    ByRule,
    ByFlow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UniqueOn {
    #[default]
    #[serde(rename = "")]
    None,
    SrcPort,
    DstPort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewAction {
    #[default]
    #[serde(rename = "")]
    None,
    Alert,
    Drop,
    Pass,
    Log,
    Reject,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    pub r#type: LimitType,
    #[serde(default)]
    pub track: Track,
    #[serde(default)]
    pub count: u32,
    #[serde(default)]
    pub seconds: u32,
    #[serde(default)]
    pub multiplier: u32,
    #[serde(default)]
    pub unique_on: UniqueOn,
    #[serde(default)]
    pub addresses: Option<u32>,
    #[serde(default)]
    pub new_action: NewAction,
    #[serde(default)]
    pub timeout: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    #[default]
    #[serde(rename = "")]
    None,
    SrcIp,
    DestIp,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    pub action: Action,
    pub scope: Option<Scope>,
    pub kind: Kind,
    pub protocol: RuleProtocol,
    pub application: String,
    pub src: u32,
    pub sport: u32,
    pub dst: u32,
    pub dport: u32,
    pub both_directions: bool,
    pub transactional: bool,
    pub sid: u32,
    pub gid: u32,
    pub rev: u32,
    pub msg: String,
    pub category: String,
    pub priority: u32,
    pub references: Vec<String>,
    pub metadata: Vec<(String, Vec<String>)>,
    pub target: Target,
    pub text: String,
    pub noalert: bool,
    pub alert: bool,
    pub flow: Option<FlowCheck>,
    pub checks: Vec<Check>,
    pub buffers: Vec<BufferTest>,
    pub effects: Vec<Effect>,
    pub limits: Vec<Limit>,
}

impl Default for Rule {
    /// An alert on any IP packet.
    fn default() -> Self {
        Self {
            action: Action::Alert,
            scope: None,
            kind: Kind::Packet,
            protocol: RuleProtocol::Ip,
            application: String::new(),
            src: 0,
            sport: 0,
            dst: 0,
            dport: 0,
            both_directions: false,
            transactional: false,
            sid: 0,
            gid: 1,
            rev: 0,
            msg: String::new(),
            category: String::new(),
            priority: 3,
            references: Vec::new(),
            metadata: Vec::new(),
            target: Target::None,
            text: String::new(),
            noalert: false,
            alert: false,
            flow: None,
            checks: Vec::new(),
            buffers: Vec::new(),
            effects: Vec::new(),
            limits: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetType {
    String,
    Md5,
    Sha256,
    Ipv4,
    Ip,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    pub name: String,
    pub r#type: DatasetType,
    #[serde(default)]
    pub values: Vec<ByteBuf>,
    #[serde(default)]
    pub numbers: Vec<u32>,
    #[serde(default)]
    pub contexts: Vec<ByteBuf>,
    #[serde(default)]
    pub context_key: String,
    #[serde(default)]
    pub saved: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reputation {
    pub network: ByteBuf,
    pub prefix: u8,
    pub category: u8,
    pub score: u8,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectSettings {
    pub packet_alert_max: u32,
    pub recursion_limit: u32,
    pub pcre_match_limit: u32,
    pub pcre_recursion_limit: u32,
    #[serde(default)]
    pub guessed_transactions: u32,
    #[serde(default)]
    pub profile: bool,
}

impl Default for DetectSettings {
    /// Suricata's stock values.
    fn default() -> Self {
        Self {
            packet_alert_max: 15,
            recursion_limit: 3000,
            pcre_match_limit: 3500,
            pcre_recursion_limit: 1500,
            guessed_transactions: 0,
            profile: false,
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub rules: Vec<Rule>,
    pub addresses: Vec<AddressSet>,
    pub ports: Vec<PortSet>,
    pub flowbits: Vec<String>,
    pub flowints: Vec<String>,
    pub xbits: Vec<String>,
    pub datasets: Vec<Dataset>,
    pub reputation: Vec<Reputation>,
    pub failed: u32,
    pub skipped: u32,
    pub settings: DetectSettings,
}
