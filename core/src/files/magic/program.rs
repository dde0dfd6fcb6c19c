//! Programs.

use super::{big16, little16, little32};

/// What kind of program it is, if it is one.
pub(super) fn describe(bytes: &[u8]) -> Option<String> {
    match bytes {
        [b'M', b'Z', ..] => Some(windows(bytes).unwrap_or_else(|| "MS-DOS executable, MZ for MS-DOS".to_owned())),
        [0x7f, b'E', b'L', b'F', ..] => elf(bytes),
        [0xca, 0xfe, 0xba, 0xbe, ..] => java(bytes),
        [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => mach(bytes),
        _ => None,
    }
}

/// A portable executable (Microsoft's PE format, "File Headers").
fn windows(bytes: &[u8]) -> Option<String> {
    let header = bytes.get(little32(bytes, 0x3c)? as usize..)?.strip_prefix(b"PE\0\0")?;
    let optional = header.get(20..)?;
    let magic = little16(optional, 0)?;
    // Where the directory of the .NET header is.
    let (name, net) = match magic {
        0x10b => ("PE32", 208),
        0x20b => ("PE32+", 224),
        _ => return None,
    };
    let library = if little16(header, 18)? & 0x2000 > 0 { " (DLL)" } else { "" };
    let subsystem = match little16(optional, 68)? {
        1 => " (native)",
        2 => " (GUI)",
        3 => " (console)",
        10 => " (EFI application)",
        _ => "",
    };
    let machine = match little16(header, 0)? {
        0x14c => " Intel 80386",
        0x1c0 | 0x1c4 => " ARM",
        0x8664 => " x86-64",
        0xaa64 => " Aarch64",
        _ => "",
    };
    let net = if little32(optional, net).is_some_and(|place| place > 0) { " Mono/.Net assembly" } else { "" };
    let sections = little16(header, 2)?;
    Some(format!("{name} executable{library}{subsystem}{machine}{net}, for MS Windows, {sections} sections"))
}

/// ELF (System V ABI, "ELF Header"), as far as its header goes.
fn elf(bytes: &[u8]) -> Option<String> {
    let [_, _, _, _, class, order, _, system, ..] = bytes else { return None };
    let (bits, order) = match (class, order) {
        (1, 1) => ("32-bit", "LSB"),
        (2, 1) => ("64-bit", "LSB"),
        (1, 2) => ("32-bit", "MSB"),
        (2, 2) => ("64-bit", "MSB"),
        _ => return None,
    };
    let number = |at| if order == "LSB" { little16(bytes, at) } else { big16(bytes, at) };
    let kind = match number(16)? {
        1 => "relocatable",
        2 => "executable",
        3 => "shared object",
        4 => "core file",
        _ => return None,
    };
    let machine = match number(18)? {
        3 => "Intel 80386",
        8 => "MIPS, MIPS-I",
        20 => "PowerPC or cisco 4500",
        40 => "ARM",
        62 => "x86-64",
        183 => "ARM aarch64",
        243 => "UCB RISC-V",
        _ => return Some(format!("ELF {bits} {order} {kind}")),
    };
    let system = if *system == 3 { "GNU/Linux" } else { "SYSV" };
    Some(format!("ELF {bits} {order} {kind}, {machine}, version 1 ({system})"))
}

/// A class of Java (JVM specification, section 4.1).
fn java(bytes: &[u8]) -> Option<String> {
    let (minor, major) = (big16(bytes, 4)?, big16(bytes, 6)?);
    let name = match major {
        45..=48 => format!("Java 1.{}", major - 44),
        49..=52 => format!("Java 1.{}", major - 44),
        53.. => format!("Java SE {}", major - 44),
        _ => return None,
    };
    Some(format!("compiled Java class data, version {major}.{minor} ({name})"))
}

fn mach(bytes: &[u8]) -> Option<String> {
    let bits = if bytes.first() == Some(&0xcf) { "64-bit" } else { "32-bit" };
    let machine = match little32(bytes, 4)? {
        7 => "i386",
        0x0100_0007 => "x86_64",
        12 => "arm",
        0x0100_000c => "arm64",
        _ => return None,
    };
    let kind = match little32(bytes, 12)? {
        1 => "object",
        2 => "executable",
        6 => "dynamically linked shared library",
        8 => "bundle",
        _ => return None,
    };
    Some(match bits {
        "64-bit" => format!("Mach-O {bits} {machine} {kind}"),
        _ => format!("Mach-O {machine} {kind}"),
    })
}
