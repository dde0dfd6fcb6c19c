//! What rules ask of a packet, its flow and the mirror, outside of buffers: `tmrx/plan/checks.py`.

use super::applications::HashType;
use super::matches::Number;
use serde::Deserialize;
use serde_bytes::ByteBuf;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Ttl,
    Tos,
    IpId,
    IpProto,
    Fragoffset,
    Itype,
    Icode,
    IcmpId,
    IcmpSeq,
    #[serde(rename = "icmpv6_mtu")]
    Icmpv6Mtu,
    IgmpType,
    TcpSeq,
    TcpAck,
    TcpWindow,
    TcpMss,
    TcpWscale,
    SctpVtag,
    SctpChunkCnt,
    SctpChunkType,
    VlanLayers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    Any,
    All,
    AllOrAbsent,
    OrAbsent,
    Some,
    Count,
    At,
    AtOr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instances {
    pub which: Which,
    pub index: i32,
    pub number: Option<Number>,
    pub first: i32,
    pub end: Option<i32>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChecksumOf {
    Ipv4,
    Tcpv4,
    Tcpv6,
    Udpv4,
    Udpv6,
    Icmpv4,
    Icmpv6,
    Igmp,
}

/// Of which end of a flow: "to the server" is what the client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    #[serde(alias = "client")]
    ToServer,
    #[serde(alias = "server")]
    ToClient,
    Both,
    Either,
}

/// One direction, or none in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    #[default]
    #[serde(rename = "")]
    Any,
    ToServer,
    ToClient,
}

impl Way {
    /// Whether it is to the server, where it says so; else `otherwise`.
    pub fn to_server_or(self, otherwise: bool) -> bool {
        match self {
            Self::Any => otherwise,
            way => way == Self::ToServer,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowWhat {
    Age,
    Packets,
    Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowintOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Isset,
    Isnotset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum XbitTrack {
    IpSrc,
    IpDst,
    IpPair,
    IpBoth,
    Tx,
}

/// Whose variable it is that a pattern captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapturedOf {
    Flow,
    Packet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IprepSide {
    Any,
    Src,
    Dst,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IprepOp {
    Number,
    Isset,
    Isnotset,
}

/// Which of a flow's applications is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationOf {
    Direction,
    ToServer,
    ToClient,
    Either,
    Original,
    Final,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PacketHook {
    FlowStart,
    PreFlow,
    PreStream,
    All,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    Dsize {
        number: Number,
        negated: bool,
    },
    Field {
        field: Field,
        number: Number,
        negated: bool,
    },
    VlanId {
        number: Number,
        instances: Instances,
    },
    TcpFlags {
        op: FlagsOp,
        flags: u8,
        mask: u8,
    },
    #[serde(rename = "fragbits")]
    FragBits {
        op: FlagsOp,
        bits: u8,
    },
    IpOption {
        option: Option<u8>,
    },
    SameIp {},
    ChecksumIs {
        layer: ChecksumOf,
        valid: bool,
    },
    Rpc {
        program: u32,
        version: Option<u32>,
        procedure: Option<u32>,
    },
    Event {
        name: String,
    },
    StreamSize {
        side: Side,
        number: Number,
    },
    TcpSession {
        states: u8,
    },
    FlowNumber {
        what: FlowWhat,
        side: Side,
        number: Number,
    },
    FlowElephant {
        side: Side,
    },
    Flowbits {
        isset: bool,
        bits: Vec<u32>,
    },
    Flowint {
        name: u32,
        op: FlowintOp,
        value: u32,
        other: Option<u32>,
    },
    Xbits {
        isset: bool,
        bit: u32,
        track: XbitTrack,
    },
    Captured {
        of: CapturedOf,
        name: String,
        text: ByteBuf,
    },
    Iprep {
        side: IprepSide,
        category: u8,
        op: IprepOp,
        number: Option<Number>,
    },
    Application {
        names: Vec<String>,
        negated: bool,
        of: ApplicationOf,
    },
    Hook {
        hook: PacketHook,
    },
    MirrorSession {
        value: String,
        negated: bool,
    },
    MirrorVni {
        number: Number,
    },
    MirrorTruncated {
        causes: u8,
        negated: bool,
    },
    MirrorChecksum {
        layer: ChecksumLayer,
        verdicts: u8,
        negated: bool,
    },
    TransactionProgress {
        number: Number,
        #[serde(default)]
        side: Way,
    },
    TransactionEvent {
        protocol: String,
        name: String,
    },
    TransactionValue {
        value: String,
        number: Number,
        instances: Instances,
        #[serde(default)]
        negated: bool,
    },
    File {
        tests: Vec<FileTest>,
    },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum FileTest {
    Name { text: ByteBuf, negated: bool, end: bool },
    Magic { text: ByteBuf, negated: bool },
    Size { number: Number, negated: bool },
    Hash { hash: HashType, digests: ByteBuf, negated: bool },
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FragmentsCheck {
    #[serde(rename = "")]
    Any,
    Only,
    No,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowCheck {
    pub direction: FlowDirection,
    pub state: FlowStateCheck,
    pub only_stream: bool,
    pub no_stream: bool,
    pub fragments: FragmentsCheck,
}
