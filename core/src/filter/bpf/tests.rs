use super::*;
use proptest::prelude::*;

type Code = (u16, u8, u8, u32);

fn program(code: &[Code]) -> Result<Program> {
    let code: Vec<_> = code.iter().map(|&(code, yes, no, k)| plan::Instruction(code, yes, no, k)).collect();
    Program::new(&code)
}

/// `tcp port 80` on Ethernet, as libpcap 1.10 compiles it.
const TCP_PORT_80: [Code; 18] = [
    (0x28, 0, 0, 12),
    (0x15, 0, 6, 0x86dd),
    (0x30, 0, 0, 20),
    (0x15, 0, 13, 6),
    (0x28, 0, 0, 54),
    (0x15, 10, 0, 80),
    (0x28, 0, 0, 56),
    (0x15, 8, 9, 80),
    (0x15, 0, 8, 0x800),
    (0x30, 0, 0, 23),
    (0x15, 0, 6, 6),
    (0x28, 0, 0, 20),
    (0x45, 4, 0, 0x1fff),
    (0xb1, 0, 0, 14),
    (0x48, 0, 0, 14),
    (0x15, 0, 1, 80),
    (0x06, 0, 0, 262_144),
    (0x06, 0, 0, 0),
];

fn tcp(dport: u16) -> Vec<u8> {
    let mut bytes = vec![0; 54];
    bytes[12..14].copy_from_slice(&[8, 0]);
    bytes[14] = 0x45;
    bytes[23] = 6;
    bytes[36..38].copy_from_slice(&dport.to_be_bytes());
    bytes
}

#[test]
fn a_port() {
    let mut code = TCP_PORT_80.to_vec();
    // The source port only, in that shortened form; the destination port stands two bytes on.
    code[14] = (0x48, 0, 0, 16);
    let program = program(&code).unwrap();
    assert!(program.matches(&tcp(80), 54) && !program.matches(&tcp(81), 54));
    // Beyond the captured bytes nothing matches.
    assert!((0..38).all(|end| !program.matches(&tcp(80)[..end], 54)));
    assert!(program.matches(&tcp(80)[..38], 54));
}

#[test]
fn the_length_is_the_original_one() {
    let greater = program(&[(0x80, 0, 0, 0), (0x35, 0, 1, 1000), (0x06, 0, 0, 1), (0x06, 0, 0, 0)]).unwrap();
    assert!(greater.matches(b"", 1000) && !greater.matches(b"", 999));
}

/// `a op b` by an instruction with an operand in the index register.
fn calculated(code: u16, a: u32, b: u32) -> Option<u32> {
    let same = |k| {
        let code =
            [(0x01, 0, 0, b), (0x00, 0, 0, a), (code, 0, 0, 0), (0x15, 0, 1, k), (0x06, 0, 0, 1), (0x06, 0, 0, 0)];
        program(&code).unwrap().matches(b"", 0)
    };
    [a.wrapping_add(b), a.wrapping_sub(b), a.wrapping_mul(b), a.checked_div(b)?, a % b, a & b, a | b, a ^ b, 0, 56, 1]
        .into_iter()
        .find(|&k| same(k))
}

#[test]
fn arithmetic() {
    let table = [
        (0x0c, u32::MAX, 2, 1),
        (0x1c, 1, 2, u32::MAX),
        (0x2c, 1 << 31, 3, 1 << 31),
        (0x3c, 14, 2, 7),
        (0x4c, 12, 3, 15),
        (0x5c, 14, 3, 2),
        (0x6c, 14, 2, 56),
        (0x6c, 14, 32, 0),
        (0x7c, 7, 2, 1),
        (0x7c, 7, 33, 0),
        (0x9c, 14, 4, 2),
        (0xac, 14, 7, 9),
    ];
    for (code, a, b, want) in table {
        assert_eq!(calculated(code, a, b), Some(want), "{code:#x}");
    }
    let divide = program(&[(0x00, 0, 0, 1), (0x3c, 0, 0, 0), (0x06, 0, 0, 1)]).unwrap();
    assert!(!divide.matches(b"", 0), "a division by zero matches nothing");
    let negate = program(&[(0x00, 0, 0, 1), (0x84, 0, 0, 0), (0x15, 0, 1, u32::MAX), (0x06, 0, 0, 1), (0x06, 0, 0, 0)]);
    assert!(negate.unwrap().matches(b"", 0));
}

#[test]
fn memory_and_registers() {
    let code = [
        (0x00, 0, 0, 7),
        (0x02, 0, 0, 15),
        (0x61, 0, 0, 15),
        (0x03, 0, 0, 0),
        (0x60, 0, 0, 0),
        (0x07, 0, 0, 0),
        (0x00, 0, 0, 0),
        (0x87, 0, 0, 0),
        (0x1d, 0, 1, 0),
        (0x16, 0, 0, 0),
        (0x06, 0, 0, 0),
    ];
    assert!(program(&code).unwrap().matches(b"", 0));
}

#[test]
fn what_is_refused() {
    let end = (0x06, 0, 0, 0);
    let table: [(&[Code], &str); 11] = [
        (&[], "no instructions"),
        (&[end; MAX_INSTRUCTIONS + 1], "too many"),
        (&[(0x00, 0, 0, 0)], "does not end with a return"),
        (&[(0x05, 0, 0, 1), end], "beyond the end"),
        (&[(0x05, 0, 0, u32::MAX), end], "beyond the end"),
        (&[(0x15, 0, 1, 0), end], "beyond the end"),
        (&[(0x02, 0, 0, 16), end], "word of memory"),
        (&[(0x34, 0, 0, 0), end], "by zero"),
        (&[(0x28, 0, 0, 0xffff_f000), end], "only a kernel"),
        (&[(0xff, 0, 0, 0), end], "none of BPF"),
        (&[(0x0100, 0, 0, 0), end], "none of BPF"),
    ];
    for (code, why) in table {
        let told = program(code).unwrap_err().to_string();
        assert!(told.contains(why), "{told}");
    }
}

/// Instructions that are mostly right, so that programs of them are often taken.
fn instruction() -> impl Strategy<Value = Code> {
    let codes = prop::sample::select(vec![
        0x00u16, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x60, 0x80, 0x01, 0x61, 0x81, 0xb1, 0x02, 0x03, 0x04, 0x0c, 0x1c,
        0x24, 0x3c, 0x34, 0x54, 0x64, 0x6c, 0x84, 0x94, 0x9c, 0xac, 0x05, 0x15, 0x1d, 0x25, 0x35, 0x45, 0x06, 0x16,
        0x07, 0x87,
    ]);
    let k = prop_oneof![0u32..16, 0u32..80, any::<u32>()];
    (prop_oneof![30 => codes, 1 => any::<u16>()], 0u8..4, 0u8..4, k)
}

proptest! {
    #[test]
    fn no_program_fails_on_any_bytes(
        mut code in prop::collection::vec(instruction(), 0..40),
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        original: u32,
    ) {
        code.push((0x16, 0, 0, 0));
        if let Ok(program) = program(&code) {
            program.matches(&bytes, original);
        }
    }
}
