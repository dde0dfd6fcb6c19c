//! What rules look for inside a buffer: `tmrx/plan/matches.py`.

use super::checks::Way;
use serde::Deserialize;
use serde_bytes::ByteBuf;

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
    MaskEq,
    MaskNe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    pub op: Op,
    pub a: u64,
    pub b: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    pub var: u8,
}

/// A place or a size in bytes, or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Place {
    Number(i64),
    Large(u64),
    Variable(Variable),
}

impl Place {
    /// The number where it is one; a variable's is known at the evaluation only.
    pub fn number(self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Large(number) => i64::try_from(number).ok(),
            Self::Variable(_) => None,
        }
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::Number(0)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Content {
    pub pattern: ByteBuf,
    pub negated: bool,
    pub nocase: bool,
    pub relative: bool,
    pub offset: Place,
    pub depth: Option<Place>,
    pub distance: Place,
    pub within: Option<Place>,
    pub startswith: bool,
    pub endswith: bool,
    pub fast_pattern: bool,
    pub chop: Option<(u16, u16)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureKind {
    Flow,
    Packet,
    PacketKey,
    Alert,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    pub kind: CaptureKind,
    pub name: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pcre {
    pub pattern: ByteBuf,
    pub negated: bool,
    pub flags: String,
    pub relative: bool,
    pub captures: Vec<Option<Capture>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Digits {
    pub little: bool,
    pub text: bool,
    pub base: u8,
    pub dce: bool,
}

impl Default for Digits {
    fn default() -> Self {
        Self { little: false, text: false, base: 10, dce: false }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByteOp {
    Lt,
    Gt,
    Eq,
    Le,
    Ge,
    And,
    Or,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByteTest {
    pub bytes: Place,
    pub op: ByteOp,
    #[serde(default)]
    pub negated: bool,
    pub value: Place,
    #[serde(default)]
    pub offset: Place,
    #[serde(default)]
    pub relative: bool,
    #[serde(default)]
    pub digits: Digits,
    #[serde(default)]
    pub mask: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JumpBase {
    #[default]
    Here,
    Beginning,
    End,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByteJump {
    pub bytes: Place,
    #[serde(default)]
    pub offset: Place,
    #[serde(default)]
    pub relative: bool,
    #[serde(default)]
    pub digits: Digits,
    #[serde(default = "one")]
    pub multiplier: u32,
    #[serde(default)]
    pub align: bool,
    #[serde(default)]
    pub base: JumpBase,
    #[serde(default)]
    pub post_offset: i64,
    #[serde(default)]
    pub mask: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByteExtract {
    pub bytes: u8,
    pub var: u8,
    #[serde(default)]
    pub offset: Place,
    #[serde(default)]
    pub relative: bool,
    #[serde(default)]
    pub digits: Digits,
    #[serde(default = "one")]
    pub multiplier: u32,
    #[serde(default)]
    pub align: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MathOp {
    Add,
    Sub,
    Mul,
    Div,
    Shl,
    Shr,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByteMath {
    pub bytes: Place,
    pub var: u8,
    #[serde(default)]
    pub offset: Place,
    pub oper: MathOp,
    pub operand: Place,
    #[serde(default)]
    pub relative: bool,
    #[serde(default)]
    pub digits: Digits,
    #[serde(default)]
    pub mask: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IsDataAt {
    pub at: Place,
    #[serde(default)]
    pub negated: bool,
    #[serde(default)]
    pub relative: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entropy {
    pub op: Op,
    pub a: f64,
    #[serde(default)]
    pub b: f64,
    #[serde(default)]
    pub offset: u64,
    #[serde(default)]
    pub bytes: u64,
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetOp {
    Set,
    Unset,
    Isset,
    Isnotset,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetTest {
    pub op: SetOp,
    pub set: u32,
    #[serde(default)]
    pub subdomain: bool,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Asn1 {
    pub bitstring_overflow: bool,
    pub double_overflow: bool,
    pub oversize_length: Option<u32>,
    pub offset: i64,
    pub relative: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Base64 {
    pub bytes: Option<Place>,
    pub offset: Place,
    pub relative: bool,
    pub matches: Option<Vec<Match>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Match {
    Content(Content),
    Pcre(Pcre),
    ByteTest(ByteTest),
    ByteJump(ByteJump),
    ByteExtract(ByteExtract),
    ByteMath(ByteMath),
    #[serde(rename = "isdataat")]
    IsDataAt(IsDataAt),
    Bsize {
        number: Number,
    },
    Absent {
        #[serde(default)]
        or_else: bool,
    },
    Entropy(Entropy),
    Dataset(DatasetTest),
    Datarep {
        set: u32,
        number: Number,
    },
    Base64(Base64),
    Asn1(Asn1),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransformName {
    CompressWhitespace,
    StripWhitespace,
    StripPseudoHeaders,
    #[serde(rename = "to_md5")]
    ToMd5,
    #[serde(rename = "to_sha1")]
    ToSha1,
    #[serde(rename = "to_sha256")]
    ToSha256,
    Dotprefix,
    UrlDecode,
    Xor,
    ToLowercase,
    ToUppercase,
    HeaderLowercase,
    #[serde(rename = "from_base64")]
    FromBase64,
    Domain,
    Tld,
    Gunzip,
    ZlibDeflate,
    Subslice,
    Pcrexform,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    pub name: TransformName,
    #[serde(default)]
    pub text: ByteBuf,
    #[serde(default)]
    pub numbers: Vec<Option<i64>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BufferTest {
    #[serde(default = "payload")]
    pub buffer: String,
    #[serde(default)]
    pub side: Way,
    #[serde(default)]
    pub transforms: Vec<Transform>,
    pub matches: Vec<Match>,
}

fn payload() -> String {
    "payload".to_owned()
}
