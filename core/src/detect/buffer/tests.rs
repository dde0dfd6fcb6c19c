//! Lists asked of buffers, whole and cut.

use super::naive_tests as naive;
use super::*;
use crate::detect::rule::Place as Where;
use crate::detect::state::Shared;
use crate::packet::Packet;
use plan::{Base64, ByteExtract, ByteJump, ByteMath, ByteOp, ByteTest, Content, Digits, Entropy, IsDataAt, JumpBase};
use plan::{MathOp, Number, Op, Pcre, Place, Variable};
use proptest::prelude::*;

/// The payload of the specification's verified vectors.
const VECTORS: &[u8] = b"abcdefghij\x01\x02\x03\x04 123 0x1f 077xyz";

/// What a list comes to.
fn ask(list: &[Match], bytes: &[u8], original: usize) -> Truth {
    ask_settings(list, bytes, original, DetectSettings::default())
}

fn ask_settings(list: &[Match], bytes: &[u8], original: usize, settings: DetectSettings) -> Truth {
    let test = plan::BufferTest {
        buffer: "payload".into(),
        side: crate::plan::Way::Any,
        transforms: Vec::new(),
        matches: list.to_vec(),
    };
    ask_rule(vec![test], bytes, original, settings)
}

fn ask_rule(buffers: Vec<plan::BufferTest>, bytes: &[u8], original: usize, settings: DetectSettings) -> Truth {
    let rule = plan::Rule { buffers, ..plan::Rule::default() };
    let mut views = Views::default();
    let tests = Tests::new(&rule, &mut views, &settings).unwrap();
    let mut tools = Tools::new(&views, &settings);
    let shared = Shared::new(&plan::Rules::default()).unwrap();
    let memory = Memory { flow: None, shared: &shared, now: 0 };
    let packet = Packet::EMPTY;
    let buffer = Buffer { bytes, original };
    let payload = Payload { bytes: buffer, place: Where::Packet };
    tests.holds(&Subject::new(&packet, buffer), payload, &memory, &views, &mut tools)
}

fn number(n: i64) -> Place {
    Place::Number(n)
}

fn variable(var: u8) -> Place {
    Place::Variable(Variable { var })
}

fn content(pattern: &[u8]) -> Content {
    Content { pattern: pattern.to_vec().into(), ..Content::default() }
}

fn c(pattern: &str) -> Match {
    Match::Content(content(pattern.as_bytes()))
}

fn within(pattern: &str, n: i64) -> Match {
    Match::Content(Content { relative: true, within: Some(number(n)), ..content(pattern.as_bytes()) })
}

fn test(bytes: i64, op: ByteOp, value: i64, offset: i64) -> ByteTest {
    ByteTest {
        bytes: number(bytes),
        op,
        negated: false,
        value: number(value),
        offset: number(offset),
        relative: false,
        digits: Digits::default(),
        mask: 0,
    }
}

fn text(base: u8) -> Digits {
    Digits { text: true, base, ..Digits::default() }
}

fn jump(bytes: i64, offset: i64) -> ByteJump {
    ByteJump {
        bytes: number(bytes),
        offset: number(offset),
        relative: false,
        digits: Digits::default(),
        multiplier: 1,
        align: false,
        base: JumpBase::Here,
        post_offset: 0,
        mask: 0,
    }
}

fn extract(offset: i64) -> ByteExtract {
    let (offset, digits) = (number(offset), Digits::default());
    ByteExtract { bytes: 1, var: 0, offset, relative: false, digits, multiplier: 1, align: 0 }
}

fn math(offset: i64, oper: MathOp, operand: i64) -> ByteMath {
    ByteMath {
        bytes: number(1),
        var: 0,
        offset: number(offset),
        oper,
        operand: number(operand),
        relative: false,
        digits: Digits::default(),
        mask: 0,
    }
}

fn data_at(at: i64, negated: bool, relative: bool) -> Match {
    Match::IsDataAt(IsDataAt { at: number(at), negated, relative })
}

fn base64(list: Option<Vec<Match>>) -> Base64 {
    Base64 { bytes: Some(number(4)), matches: list, ..Base64::default() }
}

fn entropy(op: Op, a: f64) -> Entropy {
    Entropy { op, a, b: 0.0, offset: 0, bytes: 0, name: "content".into() }
}

#[test]
fn verified_vectors_that_match() {
    let little = Digits { little: true, ..Digits::default() };
    let at_variable = |pattern: &str, depth| {
        let content = Content { offset: variable(0), depth, ..content(pattern.as_bytes()) };
        Match::Content(content)
    };
    let rows: Vec<Vec<Match>> = vec![
        vec![c("xyz"), data_at(1, true, true)],
        vec![c("xyz"), data_at(0, false, true)],
        vec![c("xy"), data_at(1, false, true)],
        vec![data_at(29, false, false)],
        vec![data_at(28, false, false)],
        vec![data_at(100, true, false)],
        vec![c("\x01\x02"), Match::ByteTest(ByteTest { relative: true, ..test(1, ByteOp::Eq, 3, 0) })],
        vec![c("\x01\x02"), Match::ByteTest(ByteTest { relative: true, ..test(2, ByteOp::Eq, 772, 0) })],
        vec![
            c("\x01\x02"),
            Match::ByteTest(ByteTest { relative: true, digits: little, ..test(2, ByteOp::Eq, 1027, 0) }),
        ],
        vec![Match::ByteTest(ByteTest { digits: text(10), ..test(3, ByteOp::Eq, 123, 15) })],
        vec![Match::ByteTest(ByteTest { digits: text(16), ..test(4, ByteOp::Eq, 31, 19) })],
        vec![Match::ByteTest(ByteTest { digits: text(8), ..test(3, ByteOp::Eq, 63, 24) })],
        vec![Match::ByteTest(ByteTest { digits: text(10), ..test(0, ByteOp::Eq, 123, 14) })],
        vec![Match::ByteTest(test(1, ByteOp::And, 1, 10))],
        vec![Match::ByteJump(jump(1, 10)), within("\x03", 1)],
        vec![Match::ByteJump(jump(1, 11)), within(" ", 1)],
        vec![
            Match::ByteJump(jump(1, 12)),
            Match::Content(Content { relative: true, distance: number(-2), within: Some(number(1)), ..content(b" ") }),
        ],
        vec![Match::ByteExtract(extract(11)), at_variable("c", Some(number(1)))],
        vec![Match::ByteExtract(extract(12)), at_variable("d", None)],
        vec![Match::ByteMath(math(11, MathOp::Mul, 3)), at_variable("g", Some(number(1)))],
        vec![Match::ByteTest(ByteTest { mask: 0x0f00, ..test(2, ByteOp::Eq, 3, 12) })],
        vec![Match::ByteTest(ByteTest { mask: 0xffff, ..test(2, ByteOp::Eq, 772, 12) })],
        vec![Match::Base64(base64(Some(vec![Match::Content(content(b"i\xb7\x1d"))])))],
        vec![Match::ByteJump(ByteJump { base: JumpBase::Beginning, ..jump(1, 10) }), within("b", 1)],
        vec![Match::ByteJump(ByteJump { base: JumpBase::Beginning, post_offset: 1, ..jump(1, 11) }), within("d", 1)],
        vec![Match::ByteJump(ByteJump { base: JumpBase::End, post_offset: -3, ..jump(1, 10) }), within("yz", 2)],
        vec![Match::ByteJump(ByteJump { post_offset: 3, ..jump(0, 0) }), within("d", 1)],
        vec![Match::Entropy(entropy(Op::Gt, 1.0))],
    ];
    for (row, list) in rows.iter().enumerate() {
        assert_eq!(ask(list, VECTORS, VECTORS.len()), Truth::True, "row {row}");
    }
}

#[test]
fn verified_vectors_that_do_not() {
    let rows: Vec<Vec<Match>> = vec![
        vec![c("abc"), data_at(1, true, true)],
        vec![c("xyz"), data_at(1, false, true)],
        vec![c("xy"), data_at(2, false, true)],
        vec![data_at(28, true, false)],
        vec![data_at(30, false, false)],
        vec![Match::ByteTest(ByteTest { negated: true, ..test(1, ByteOp::Eq, 1, 10) })],
        vec![Match::ByteTest(test(1, ByteOp::Or, 1, 10))],
        vec![Match::Base64(base64(None))],
        vec![Match::ByteJump(ByteJump { align: true, ..jump(1, 10) }), within(" ", 1)],
        vec![Match::ByteJump(ByteJump { multiplier: 2, ..jump(1, 11) }), within("1", 1)],
        vec![Match::ByteMath(math(11, MathOp::Div, 0))],
        vec![Match::ByteMath(math(11, MathOp::Shl, 64))],
        vec![Match::ByteTest(test(1, ByteOp::Ge, 0, 30))],
        vec![Match::ByteTest(test(9, ByteOp::Ge, 0, 0))],
        vec![Match::ByteTest(ByteTest { digits: text(10), ..test(3, ByteOp::Ge, 0, 0) })],
        vec![Match::ByteJump(ByteJump { post_offset: 31, ..jump(0, 0) })],
    ];
    for (row, list) in rows.iter().enumerate() {
        assert_eq!(ask(list, VECTORS, VECTORS.len()), Truth::False, "row {row}");
    }
}

#[test]
fn jumps_are_rounded_up() {
    for (value, x) in [(4, 5), (5, 9), (6, 9), (7, 9), (8, 9)] {
        let bytes: Vec<u8> = (0..12)
            .map(|at| {
                if at == 0 {
                    value
                } else if at == x {
                    b'x'
                } else {
                    b'.'
                }
            })
            .collect();
        let aligned = Match::ByteJump(ByteJump { align: true, ..jump(1, 0) });
        assert_eq!(ask(&[aligned, within("x", 1)], &bytes, bytes.len()), Truth::True, "{value}");
    }
}

#[test]
fn comparisons() {
    let ask = |op, value| ask(&[Match::ByteTest(test(1, op, value, 0))], &[5], 1) == Truth::True;
    for (op, less, same, more) in [
        (ByteOp::Lt, false, false, true),
        (ByteOp::Gt, true, false, false),
        (ByteOp::Eq, false, true, false),
        (ByteOp::Le, false, true, true),
        (ByteOp::Ge, true, true, false),
    ] {
        assert_eq!([4, 5, 6].map(|value| ask(op, value)), [less, same, more], "{op:?}");
    }
    assert!(ask(ByteOp::And, 4) && !ask(ByteOp::And, 2));
    assert!(ask(ByteOp::Or, 4) && !ask(ByteOp::Or, 5));
}

#[test]
fn text_ends_where_its_digits_do() {
    let after = |base, count, bytes: &[u8]| {
        let digits = text(base);
        let list = [Match::ByteJump(ByteJump { digits, multiplier: 0, ..jump(count, 0) }), within("|", 1)];
        ask(&list, bytes, bytes.len()) == Truth::True
    };
    assert!(after(10, 3, b"12|"));
    assert!(after(10, 0, b" \t12|"));
    assert!(after(16, 5, b"0xfF|"));
    assert!(after(16, 2, b"0|x"));
    assert!(after(0, 4, b"077|"));
    assert!(after(0, 5, b"0x7f|"));
    assert!(after(8, 2, b"7|9"));
    assert!(!after(10, 2, b" |"));
    assert!(after(10, 21, b"18446744073709551615|") && !after(10, 21, b"18446744073709551616|"));
    let of = |base, bytes: &[u8], value| {
        let list = [Match::ByteTest(ByteTest { digits: text(base), ..test(bytes.len() as i64, ByteOp::Eq, value, 0) })];
        ask(&list, bytes, bytes.len()) == Truth::True
    };
    assert!(of(0, b"010", 8) && of(0, b"0x10", 16) && of(0, b"10", 10));
    assert!(of(16, b"0xg", 0));
}

#[test]
fn jumps_may_end_where_the_buffer_does() {
    let list = |post_offset| [Match::ByteJump(ByteJump { post_offset, ..jump(0, 0) }), data_at(1, true, true)];
    assert_eq!(ask(&list(3), b"abc", 3), Truth::True);
    assert_eq!(ask(&list(4), b"abc", 3), Truth::False);
    let back = [Match::ByteJump(ByteJump { post_offset: -5, ..jump(0, 2) }), within("a", 1)];
    assert_eq!(ask(&back, b"abc", 3), Truth::True);
}

#[test]
fn later_choices_change_variables() {
    let bytes = b"a\x01a\x04bcd";
    let relative = Match::ByteExtract(ByteExtract { relative: true, ..extract(0) });
    let list = |at: Place, pattern: &str| {
        let found = Content { offset: at, depth: Some(number(1)), ..content(pattern.as_bytes()) };
        [c("a"), relative.clone(), Match::Content(found)]
    };
    // The first `a` satisfies its chain: its variable is the one that the next chain sees.
    assert_eq!(ask(&list(variable(0), "b"), bytes, bytes.len()), Truth::False);
    assert_eq!(ask(&list(variable(0), "\x01"), bytes, bytes.len()), Truth::True);
    // A test in the chain asks for another choice.
    let greater = Match::ByteTest(ByteTest { value: number(2), ..test(1, ByteOp::Gt, 2, 0) });
    let of_variable = |value| match greater.clone() {
        Match::ByteTest(test) => Match::ByteTest(ByteTest { offset: variable(0), value: number(value), ..test }),
        other => other,
    };
    assert_eq!(ask(&[c("a"), relative.clone(), of_variable(97)], bytes, bytes.len()), Truth::True);
    assert_eq!(ask(&[c("a"), relative.clone(), of_variable(98)], bytes, bytes.len()), Truth::False);
    // So does a content that must not be there.
    let absent = Content { negated: true, offset: variable(0), depth: Some(number(1)), ..content(b"\x01") };
    assert_eq!(ask(&[c("a"), relative, Match::Content(absent)], bytes, bytes.len()), Truth::True);
}

#[test]
fn a_number_that_is_not_there_leaves_its_variable() {
    // The second number is not in the buffer after the first `a`; its place is counted in the variable that it sets.
    let next = ByteExtract { relative: true, offset: variable(0), digits: text(10), ..extract(0) };
    let list = [Match::ByteExtract(ByteExtract { digits: text(10), ..extract(0) }), c("a"), Match::ByteExtract(next)];
    assert_eq!(ask(&list, b"1ab.a..", 7), Truth::False);
    assert_eq!(ask(&list, b"1ab.a.3", 7), Truth::True);
}

#[test]
fn variables_go_on_to_later_buffers() {
    let payload = |matches| plan::BufferTest {
        buffer: "payload".into(),
        side: crate::plan::Way::Any,
        transforms: Vec::new(),
        matches,
    };
    let found = Content { offset: variable(0), depth: Some(number(1)), ..content(b"c") };
    let rule = vec![payload(vec![Match::ByteExtract(extract(0))]), payload(vec![Match::Content(found)])];
    let ask = |bytes: &[u8]| ask_rule(rule.clone(), bytes, bytes.len(), DetectSettings::default());
    assert_eq!(ask(b"\x02bc"), Truth::True);
    assert_eq!(ask(b"\x01bc"), Truth::False);
}

#[test]
fn what_missing_bytes_say_of_variables() {
    let found = |at| Match::Content(Content { offset: at, depth: Some(number(1)), ..content(b"b") });
    let list = [Match::ByteExtract(extract(3)), found(variable(0))];
    assert_eq!(ask(&list, b"abc", 5), Truth::Unknown);
    assert_eq!(ask(&list, b"abc\x01", 5), Truth::True);
    assert_eq!(ask(&list, b"abc", 3), Truth::False);
    // The choice depends on the missing byte, and with it the variable.
    let relative = Match::ByteExtract(ByteExtract { relative: true, ..extract(0) });
    let chain = [c("a"), relative, within("z", 1), found(variable(0))];
    assert_eq!(ask(&chain, b"xba\x01za\x02", 8), Truth::True);
    assert_eq!(ask(&chain, b"xba\x01ya\x01", 8), Truth::Unknown);
    assert_eq!(ask(&chain, b"xba\x01ya\x01", 7), Truth::False);
}

#[test]
fn parts_of_numbers_and_of_base64() {
    let digits = text(10);
    let list = [Match::ByteTest(ByteTest { digits, ..test(4, ByteOp::Eq, 12, 0) })];
    assert_eq!(ask(&list, b"12", 6), Truth::Unknown);
    assert_eq!(ask(&list, b"12x", 6), Truth::True);
    assert_eq!(ask(&list, b"x", 6), Truth::False);
    assert_eq!(ask(&list, b"12x", 3), Truth::False);
    let list = |pattern: &str| [Match::Base64(base64(Some(vec![c(pattern)])))];
    assert_eq!(ask(&list("i"), b"ab", 6), Truth::Unknown);
    assert_eq!(ask(&list("i"), b"ab!", 6), Truth::True);
    assert_eq!(ask(&list("x"), b"ab!", 6), Truth::False);
    assert_eq!(ask(&list("i"), b"!", 6), Truth::False);
    let far = Match::Base64(Base64 { offset: number(6), ..base64(Some(vec![c("i")])) });
    assert_eq!(ask(&[far], b"ab", 6), Truth::False);
}

#[test]
fn sizes_and_entropy() {
    let size = |op, a| [Match::Bsize { number: Number { op, a, b: 0 } }];
    assert_eq!(ask(&size(Op::Eq, 5), b"ab", 5), Truth::True);
    assert_eq!(ask(&size(Op::Gt, 5), b"ab", 5), Truth::False);
    let of = |op, a, offset, bytes| [Match::Entropy(Entropy { offset, bytes, ..entropy(op, a) })];
    assert_eq!(ask(&of(Op::Eq, 1.0, 0, 0), b"abab", 4), Truth::True);
    assert_eq!(ask(&of(Op::Eq, 1.0, 0, 4), b"abab", 9), Truth::True);
    assert_eq!(ask(&of(Op::Eq, 1.0, 0, 0), b"abab", 9), Truth::Unknown);
    assert_eq!(ask(&of(Op::Ge, 0.0, 5, 0), b"abab", 4), Truth::False);
    assert_eq!(ask(&of(Op::Ge, 0.0, 2, 3), b"abab", 4), Truth::False);
    assert_eq!(ask(&of(Op::Eq, 0.0, 4, 0), b"abab", 4), Truth::True);
}

#[test]
fn a_limit_of_its_own() {
    let bytes = [b"a".repeat(200), b"b".to_vec()].concat();
    let list = [c("a"), within("b", 1)];
    let limited = |recursion_limit| {
        ask_settings(&list, &bytes, bytes.len(), DetectSettings { recursion_limit, ..DetectSettings::default() })
    };
    assert_eq!(limited(100), Truth::False);
    assert_eq!(limited(3000), Truth::True);
    assert_eq!(limited(0), Truth::True);
    let slow = [Match::Pcre(Pcre { pattern: b"^(a+a+)+c".to_vec().into(), ..Pcre::default() })];
    assert_eq!(ask(&slow, &bytes, bytes.len()), Truth::False);
}

#[test]
fn a_long_literal_is_looked_for_before_a_short_one() {
    let there = [c("a"), within("needle", 60)];
    let absent = [c("a"), Match::Content(Content { relative: true, negated: true, ..content(b"needle") })];
    for (bytes, original, wanted, otherwise) in [
        (b"aaaa needle".as_slice(), 11, Truth::True, Truth::False),
        (b"needle a", 8, Truth::False, Truth::True),
        (b"aaaaaaaa", 8, Truth::False, Truth::True),
        (b"aaaaaaaa", 30, Truth::Unknown, Truth::Unknown),
    ] {
        assert_eq!((ask(&there, bytes, original), ask(&absent, bytes, original)), (wanted, otherwise), "{bytes:?}");
    }
}

#[test]
fn buffers_that_are_not_there() {
    let header = |matches| plan::BufferTest {
        buffer: "tcp.hdr".into(),
        side: crate::plan::Way::Any,
        transforms: Vec::new(),
        matches,
    };
    let ask = |matches| ask_rule(vec![header(matches)], b"x", 1, DetectSettings::default());
    assert_eq!(ask(vec![Match::Absent { or_else: false }]), Truth::True);
    assert_eq!(ask(vec![Match::Absent { or_else: true }, c("x")]), Truth::True);
    assert_eq!(ask(vec![Match::Content(Content { negated: true, ..content(b"x") })]), Truth::False);
    let payload = |matches| plan::BufferTest {
        buffer: "payload".into(),
        side: crate::plan::Way::Any,
        transforms: Vec::new(),
        matches,
    };
    let ask = |matches| ask_rule(vec![payload(matches)], b"x", 1, DetectSettings::default());
    assert_eq!(ask(vec![Match::Absent { or_else: false }]), Truth::False);
    assert_eq!(ask(vec![Match::Absent { or_else: true }, c("x")]), Truth::True);
    assert_eq!(ask(vec![Match::Absent { or_else: true }, c("y")]), Truth::False);
}

#[test]
fn refused() {
    let refused = |buffer: &str, matches: Vec<Match>| {
        let buffers = vec![plan::BufferTest {
            buffer: buffer.into(),
            side: crate::plan::Way::Any,
            transforms: Vec::new(),
            matches,
        }];
        let rule = plan::Rule { buffers, ..plan::Rule::default() };
        Tests::new(&rule, &mut Views::default(), &DetectSettings::default()).unwrap_err().to_string()
    };
    assert!(refused("no.such", vec![c("x")]).contains("no.such"));
    assert!(refused("payload", vec![c("x"), Match::Absent { or_else: false }]).contains("absent"));
    assert!(refused("payload", vec![c("")]).contains("empty"));
}

fn any_place(low: i64, high: i64) -> impl Strategy<Value = Place> {
    prop_oneof![6 => (low..high).prop_map(Place::Number), 1 => (0..3_u8).prop_map(variable)]
}

fn any_content() -> impl Strategy<Value = Match> {
    let flags = (any::<bool>(), any::<bool>(), 0..6_u8, any::<bool>());
    let places = (any_place(0, 8), proptest::option::of(any_place(1, 12)), any_place(-6, 6));
    let within = proptest::option::of(any_place(1, 9));
    ("[ab\x01\x02]{1,3}", flags, places, within).prop_map(
        |(pattern, (negated, nocase, place, endswith), (offset, depth, distance), within)| {
            let mut content = content(pattern.as_bytes());
            (content.negated, content.nocase, content.endswith) =
                (negated && place > 1, nocase, endswith && place == 2);
            match place {
                0 => content.startswith = true,
                1 | 2 => (content.offset, content.depth) = (offset, depth),
                _ => (content.relative, content.distance, content.within) = (true, distance, within),
            }
            Match::Content(content)
        },
    )
}

fn any_digits() -> impl Strategy<Value = Digits> {
    (any::<bool>(), 0..4_u8).prop_map(|(little, text)| Digits { little, text: text == 0, base: 10, dce: false })
}

fn any_number() -> impl Strategy<Value = Match> {
    let field = (any_place(0, 4), any_place(-3, 6), any::<bool>(), any_digits());
    let ops = [ByteOp::Lt, ByteOp::Gt, ByteOp::Eq, ByteOp::Le, ByteOp::Ge, ByteOp::And, ByteOp::Or];
    let maths = [MathOp::Add, MathOp::Sub, MathOp::Mul, MathOp::Div, MathOp::Shl, MathOp::Shr];
    let bases = [JumpBase::Here, JumpBase::Beginning, JumpBase::End];
    let choices = (proptest::sample::select(ops.to_vec()), proptest::sample::select(maths.to_vec()));
    let more = (proptest::sample::select(bases.to_vec()), any::<bool>(), -3..4_i64, 0..3_u8, any_place(0, 99), 0..4_u8);
    let mask = prop_oneof![Just(0), Just(0x0f), Just(0xf0)];
    (0..4_u8, field, choices, more, mask).prop_map(
        |(kind, (bytes, offset, relative, digits), (op, oper), (base, flag, post_offset, var, value, align), mask)| {
            match kind {
                0 => Match::ByteTest(ByteTest { bytes, op, negated: flag, value, offset, relative, digits, mask }),
                1 => {
                    let multiplier = u32::from(align);
                    let jump = ByteJump { multiplier, align: flag, base, post_offset, mask, ..jump(0, 0) };
                    Match::ByteJump(ByteJump { bytes, offset, relative, digits, ..jump })
                }
                2 => {
                    let bytes = bytes.number().unwrap_or(1) as u8;
                    let align = align & 2;
                    Match::ByteExtract(ByteExtract { bytes, var, offset, relative, digits, multiplier: 2, align })
                }
                _ => Match::ByteMath(ByteMath { bytes, var, offset, oper, operand: value, relative, digits, mask }),
            }
        },
    )
}

fn any_other() -> impl Strategy<Value = Match> {
    prop_oneof![
        (any_place(0, 12), any::<bool>(), any::<bool>())
            .prop_map(|(at, negated, relative)| Match::IsDataAt(IsDataAt { at, negated, relative })),
        (0..12_u64, any::<bool>()).prop_map(|(a, eq)| {
            let op = if eq { Op::Eq } else { Op::Gt };
            Match::Bsize { number: Number { op, a, b: 0 } }
        }),
    ]
}

fn any_list() -> impl Strategy<Value = Vec<Match>> {
    let entry = prop_oneof![4 => any_content(), 3 => any_number(), 1 => any_other()];
    proptest::collection::vec(entry, 1..6)
}

/// Each entry with only those variables that earlier ones set, as rules have them.
fn settled(list: Vec<Match>) -> Vec<Match> {
    let mut known = [false; 8];
    list.into_iter()
        .map(|mut entry| {
            let fix = |place: &mut Place| {
                if let Place::Variable(Variable { var }) = *place
                    && !known[usize::from(var)]
                {
                    *place = number(1);
                }
            };
            match &mut entry {
                Match::Content(content) => {
                    [&mut content.offset, &mut content.distance].into_iter().for_each(fix);
                    content.depth.iter_mut().chain(&mut content.within).for_each(fix);
                }
                Match::ByteTest(test) => [&mut test.bytes, &mut test.value, &mut test.offset].into_iter().for_each(fix),
                Match::ByteJump(jump) => [&mut jump.bytes, &mut jump.offset].into_iter().for_each(fix),
                Match::ByteExtract(extract) => {
                    fix(&mut extract.offset);
                    known[usize::from(extract.var)] = true;
                }
                Match::ByteMath(math) => {
                    [&mut math.bytes, &mut math.offset, &mut math.operand].into_iter().for_each(fix);
                    known[usize::from(math.var)] = true;
                }
                Match::IsDataAt(data) => fix(&mut data.at),
                _ => {}
            }
            entry
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn plain_evaluation_says_the_same(list in any_list(), bytes in "[abA\x00\x01\x02\x0312 ]{1,14}") {
        let list = settled(list);
        let expected = Truth::from(naive::holds(&list, bytes.as_bytes()));
        prop_assert_eq!(ask(&list, bytes.as_bytes(), bytes.len()), expected);
    }

    #[test]
    fn a_cut_never_contradicts_the_whole(
        list in any_list(), bytes in "[abA\x00\x01\x02\x0312 ]{1,14}", kept in 0..15_usize,
    ) {
        let list = settled(list);
        let part = &bytes.as_bytes()[..kept.min(bytes.len())];
        let whole = ask(&list, bytes.as_bytes(), bytes.len());
        let cut = ask(&list, part, bytes.len());
        prop_assert_ne!(whole, Truth::Unknown);
        prop_assert!(cut == whole || cut == Truth::Unknown, "{:?} of the part, {:?} of the whole", cut, whole);
    }
}
