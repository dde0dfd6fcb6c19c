//! Rules of any shape asked of any packet: nothing panics, a whole packet leaves nothing unknown, and what is known of
//! a packet that was cut is so of the whole one.

use std::sync::LazyLock;
use tmrx_core::app;
use tmrx_core::decode::decode;
use tmrx_core::detect::state::{Memory, Shared};
use tmrx_core::detect::{Buffer, Outcome, Rules, Subject, Truth, buffers};
use tmrx_core::frame::Link;
use tmrx_core::packet::Packet;
use tmrx_core::plan::{
    self, AddressSet, Base64, BufferTest, ByteExtract, ByteJump, ByteMath, ByteOp, ByteTest, Check, ChecksumOf,
    Content, DetectSettings, Digits, Entropy, Field, FlagsOp, IsDataAt, JumpBase, Match, MathOp, Number, Op, Pcre,
    Place, PortSet, Transform, TransformName, Variable, Way,
};
use tmrx_core::verify::verify;

/// Bytes of a packet: few enough that no list reaches its limit of steps.
const MOST: usize = 48;
const PATTERNS: [&[u8]; 10] =
    [b"a", b"ab+", b"^ab", b"b$", br"a\b", b"a.*b", b"(?=ab)a", b"(?<=a)b", b"(?>abab|a)b", b"^(?:a|b)+$"];
const OPS: [Op; 10] =
    [Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge, Op::Between, Op::Outside, Op::MaskEq, Op::MaskNe];
const BYTE_OPS: [ByteOp; 7] = [ByteOp::Lt, ByteOp::Gt, ByteOp::Eq, ByteOp::Le, ByteOp::Ge, ByteOp::And, ByteOp::Or];
const MATHS: [MathOp; 6] = [MathOp::Add, MathOp::Sub, MathOp::Mul, MathOp::Div, MathOp::Shl, MathOp::Shr];
const BASES: [JumpBase; 3] = [JumpBase::Here, JumpBase::Beginning, JumpBase::End];
const TRANSFORMS: [TransformName; 19] = [
    TransformName::CompressWhitespace,
    TransformName::StripWhitespace,
    TransformName::StripPseudoHeaders,
    TransformName::ToMd5,
    TransformName::ToSha1,
    TransformName::ToSha256,
    TransformName::Dotprefix,
    TransformName::UrlDecode,
    TransformName::Xor,
    TransformName::ToLowercase,
    TransformName::ToUppercase,
    TransformName::HeaderLowercase,
    TransformName::FromBase64,
    TransformName::Domain,
    TransformName::Tld,
    TransformName::Gunzip,
    TransformName::ZlibDeflate,
    TransformName::Subslice,
    TransformName::Pcrexform,
];
const FIELDS: [Field; 20] = [
    Field::Ttl,
    Field::Tos,
    Field::IpId,
    Field::IpProto,
    Field::Fragoffset,
    Field::Itype,
    Field::Icode,
    Field::IcmpId,
    Field::IcmpSeq,
    Field::Icmpv6Mtu,
    Field::IgmpType,
    Field::TcpSeq,
    Field::TcpAck,
    Field::TcpWindow,
    Field::TcpMss,
    Field::TcpWscale,
    Field::SctpVtag,
    Field::SctpChunkCnt,
    Field::SctpChunkType,
    Field::VlanLayers,
];
const FLAGS: [FlagsOp; 4] = [FlagsOp::Exactly, FlagsOp::All, FlagsOp::Any, FlagsOp::NotAll];
const SUMS: [ChecksumOf; 4] = [ChecksumOf::Ipv4, ChecksumOf::Udpv4, ChecksumOf::Tcpv6, ChecksumOf::Icmpv4];

/// Buffers that rules look into, and what their texts are made of.
pub(super) struct Ground<'a> {
    pub(super) buffers: &'a [String],
    pub(super) letters: &'a [u8],
}

/// The input, read byte by byte, zeros after its end; how many variables the rule has so far; what rules look into.
pub(super) struct Bytes<'a>(pub(super) &'a [u8], pub(super) u8, pub(super) Ground<'a>);

impl Bytes<'_> {
    pub(super) fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(super) fn flag(&mut self) -> bool {
        self.next() & 1 == 1
    }

    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.next()) % of.len()]
    }

    /// Mostly small, some of them beyond everything.
    fn number(&mut self) -> i64 {
        match self.next() {
            0xff => i64::MAX,
            0xfe => i64::MIN,
            byte => i64::from(byte % 32) - 8,
        }
    }

    fn place(&mut self) -> Place {
        match self.next() % 8 {
            0 if self.1 > 0 => Place::Variable(Variable { var: self.next() % self.1 }),
            1 => Place::Large(u64::MAX),
            _ => Place::Number(self.number()),
        }
    }

    /// A new one.
    fn variable(&mut self) -> u8 {
        self.1 += 1;
        self.1 - 1
    }

    fn digits(&mut self) -> Digits {
        Digits { little: self.flag(), text: self.flag(), base: self.one(&[0, 8, 10, 16]), dce: false }
    }

    pub(super) fn number_test(&mut self) -> Number {
        Number { op: self.one(&OPS), a: u64::from(self.next()), b: u64::from(self.next()) }
    }

    pub(super) fn text(&mut self, most: u8) -> Vec<u8> {
        let length = 1 + self.next() % most;
        (0..length).map(|_| self.one(self.2.letters)).collect()
    }

    fn content(&mut self) -> Match {
        let pattern = self.text(4).into();
        let (negated, nocase, endswith) = (self.flag(), self.flag(), self.next().is_multiple_of(4));
        let content = Content { pattern, negated, nocase, endswith, ..Content::default() };
        let size = if self.flag() { Some(self.place()) } else { None };
        Match::Content(match self.next() % 3 {
            0 => Content { startswith: true, ..content },
            1 => Content { offset: self.place(), depth: size, ..content },
            _ => Content { relative: true, distance: self.place(), within: size, ..content },
        })
    }

    fn pcre(&mut self) -> Match {
        let pattern = self.one(&PATTERNS).to_vec().into();
        let flags = self.one(&["", "i", "s", "m", "A", "G", "E"]).to_owned();
        Match::Pcre(Pcre { pattern, flags, negated: self.flag(), relative: self.flag(), captures: Vec::new() })
    }

    fn bytes(&mut self) -> Match {
        let (bytes, offset, relative) = (self.place(), self.place(), self.flag());
        let (digits, mask) = (self.digits(), u64::from(self.next()));
        match self.next() % 4 {
            0 => {
                let (op, negated, value) = (self.one(&BYTE_OPS), self.flag(), self.place());
                Match::ByteTest(ByteTest { bytes, op, negated, value, offset, relative, digits, mask })
            }
            1 => {
                let (multiplier, align, base) = (u32::from(self.next()) << 24, self.flag(), self.one(&BASES));
                let post_offset = self.number();
                let jump = ByteJump { bytes, offset, relative, digits, multiplier, align, base, post_offset, mask };
                Match::ByteJump(jump)
            }
            2 => {
                let (bytes, multiplier, align) = (self.next() % 10, u32::from(self.next()) << 24, self.next() % 8);
                let var = self.variable();
                Match::ByteExtract(ByteExtract { bytes, var, offset, relative, digits, multiplier, align })
            }
            _ => {
                let (oper, operand, var) = (self.one(&MATHS), self.place(), self.variable());
                Match::ByteMath(ByteMath { bytes, var, offset, oper, operand, relative, digits, mask })
            }
        }
    }

    fn entry(&mut self, depth: u8) -> Match {
        match self.next() % 12 {
            0..4 => self.content(),
            4 => self.pcre(),
            5..8 => self.bytes(),
            8 => Match::IsDataAt(IsDataAt { at: self.place(), negated: self.flag(), relative: self.flag() }),
            9 => Match::Bsize { number: self.number_test() },
            10 if depth == 0 => {
                let matches = Some((0..self.next() % 3).map(|_| self.entry(1)).collect());
                let bytes = if self.flag() { Some(self.place()) } else { None };
                Match::Base64(Base64 { bytes, offset: self.place(), relative: self.flag(), matches })
            }
            _ => {
                let (offset, bytes) = (u64::from(self.next() % 16), u64::from(self.next() % 16));
                let (op, a) = (self.one(&OPS), f64::from(self.next()) / 32.0);
                Match::Entropy(Entropy { op, a, b: 8.0, offset, bytes, name: "content".into() })
            }
        }
    }

    fn transform(&mut self) -> Transform {
        let name = self.one(&TRANSFORMS);
        let text = match name {
            TransformName::FromBase64 => self.one(&[b"".as_slice(), b"rfc2045", b"strict"]).to_vec(),
            TransformName::Pcrexform => b"a(.*)b".to_vec(),
            _ => self.text(3),
        };
        let numbers = (0..3).map(|_| if self.flag() { Some(self.number()) } else { None }).collect();
        Transform { name, text: text.into(), numbers }
    }

    pub(super) fn test(&mut self) -> BufferTest {
        let names = self.2.buffers;
        let buffer = if self.flag() { "payload" } else { &*names[usize::from(self.next()) % names.len()] };
        let transforms = (0..(self.next() % 4).saturating_sub(1)).map(|_| self.transform()).collect();
        let mut matches: Vec<_> = (0..1 + self.next() % 4).map(|_| self.entry(0)).collect();
        if self.next().is_multiple_of(16) {
            matches.insert(0, Match::Absent { or_else: true });
        }
        BufferTest { buffer: buffer.to_owned(), side: Way::Any, transforms, matches }
    }

    pub(super) fn check(&mut self) -> Check {
        match self.next() % 8 {
            0..4 => Check::Field { field: self.one(&FIELDS), number: self.number_test(), negated: self.flag() },
            4 => Check::Dsize { number: self.number_test(), negated: self.flag() },
            5 => Check::FragBits { op: self.one(&FLAGS), bits: self.next() % 8 },
            6 => Check::IpOption { option: if self.flag() { Some(self.next()) } else { None } },
            _ => Check::ChecksumIs { layer: self.one(&SUMS), valid: self.flag() },
        }
    }

    fn rule(&mut self) -> plan::Rule {
        let checks = (0..self.next() % 3).map(|_| self.check()).collect();
        let buffers = (0..self.next() % 3).map(|_| self.test()).collect();
        plan::Rule { checks, buffers, ..plan::Rule::default() }
    }
}

fn ask(rules: &Rules, sent: &[u8], kept: usize) -> (Truth, Packet) {
    let mut packet = Packet { captured: kept as u32, original: sent.len() as u32, link: Link::Ip, ..Packet::EMPTY };
    decode(&sent[..kept], Link::Ip, &mut packet);
    let headers = &sent[..packet.captured as usize];
    verify(headers, &mut packet);
    let payload = Buffer { bytes: packet.payload_bytes(sent), original: packet.payload_original as usize };
    let subject = Subject { headers, ..Subject::new(&packet, payload) };
    let shared = Shared::new(&plan::Rules::default()).unwrap();
    let mut memory = Memory { flow: None, shared: &shared, now: 0 };
    let (mut scratch, mut outcome) = (rules.scratch(), Outcome::default());
    rules.inspect(&subject, &mut memory, &mut scratch, &mut outcome);
    let truth = match (outcome.hits.len(), scratch.unknown[0]) {
        (0, 0) => Truth::False,
        (0, _) => Truth::Unknown,
        _ => Truth::True,
    };
    (truth, packet)
}

/// The buffers that rules for packets have.
fn of_packets() -> Vec<String> {
    let of_applications = |name: &String| app::buffers().all().any(|other| other == name);
    let is_frame = |name: &String| app::frame::frames().any(|(other, _)| other == *name);
    buffers().into_iter().filter(|name| !of_applications(name) && !is_frame(name)).collect()
}

/// A rule, and an IP packet: how much of it is kept, and its bytes.
pub fn rules(data: &[u8]) {
    static BUFFERS: LazyLock<Vec<String>> = LazyLock::new(of_packets);
    let ground = Ground { buffers: &BUFFERS, letters: b"abAB\x00\x01 1:%" };
    let mut bytes = Bytes(data, 0, ground);
    let rule = bytes.rule();
    let any = AddressSet { any: true, v4: Vec::new(), v6: Vec::new(), negated: false };
    let limits = DetectSettings { recursion_limit: 1 << 20, ..DetectSettings::default() };
    let plan = plan::Rules {
        rules: vec![rule],
        addresses: vec![any],
        ports: vec![PortSet { any: true, ranges: Vec::new() }],
        settings: limits,
        ..plan::Rules::default()
    };
    let Ok(rules) = Rules::new(&plan) else { return };
    let kept = usize::from(bytes.next());
    let sent = &bytes.0[..bytes.0.len().min(MOST)];
    let (whole, packet) = ask(&rules, sent, sent.len());
    if packet.original as usize > sent.len() {
        return;
    }
    assert_ne!(whole, Truth::Unknown, "{plan:?}");
    let (cut, part) = ask(&rules, sent, kept.min(sent.len()));
    // Of a packet whose IP header or fast pattern was cut off nothing is asked.
    let asked = part.ip != 0 && cut != Truth::False;
    assert!(!asked || cut == whole || cut == Truth::Unknown, "{cut:?} of {kept}, {whole:?}: {plan:?}");
}
