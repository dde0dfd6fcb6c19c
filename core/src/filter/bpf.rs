//! Classic BPF: programs as libpcap's compiler makes them, checked once, then run without a fault.
//!
//! McCanne and Jacobson, "The BSD Packet Filter" (1993); `MOD` and `XOR` as libpcap has them. A jump goes forward only,
//! so every program ends. A load beyond the captured bytes and a division by zero end it without a match.

use crate::error::{Error, Fault, Result};
use crate::plan;

/// The longest program (the kernel's limit).
pub const MAX_INSTRUCTIONS: usize = 4096;
const WORDS: usize = 16;

/// How many bytes a load takes.
#[derive(Debug, Clone, Copy)]
enum Size {
    Word,
    Half,
    Byte,
}

/// What goes with the accumulator into an operation or a comparison.
#[derive(Debug, Clone, Copy)]
enum Operand {
    Constant(u32),
    Index,
}

#[derive(Debug, Clone, Copy)]
enum Operation {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
}

#[derive(Debug, Clone, Copy)]
enum Comparison {
    Equal,
    Greater,
    GreaterOrEqual,
    Bits,
}

/// One instruction; jumps name the place they go to.
#[derive(Debug, Clone, Copy)]
enum Instruction {
    Load(Size, u32),
    LoadFromIndex(Size, u32),
    LoadLength,
    LoadConstant(u32),
    LoadMemory(u8),
    IndexLength,
    IndexConstant(u32),
    IndexMemory(u8),
    /// Four times the low nibble of a byte: the length of an IPv4 header.
    IndexHeaderLength(u32),
    Store(u8),
    StoreIndex(u8),
    Calculate(Operation, Operand),
    Negate,
    Jump(u16),
    Branch {
        test: Comparison,
        operand: Operand,
        yes: u16,
        no: u16,
    },
    ToIndex,
    FromIndex,
    Return(bool),
    ReturnAccumulator,
}

/// A program that was checked.
#[derive(Debug, Clone)]
pub struct Program(Vec<Instruction>);

impl Program {
    /// Check a program.
    ///
    /// # Errors
    /// `Error::Config` for one that is empty or too long, does not end with a return, jumps or stores beyond its
    /// bounds, divides by a constant zero, or has an instruction that is none, or the kernel's alone.
    pub fn new(code: &[plan::Instruction]) -> Result<Self> {
        if code.is_empty() || code.len() > MAX_INSTRUCTIONS {
            return Err(fault(0, "the program has no instructions, or too many"));
        }
        let checked: Vec<_> = code
            .iter()
            .enumerate()
            .map(|(at, instruction)| checked(at, code.len(), instruction).map_err(|why| fault(at, why)))
            .collect::<Result<_>>()?;
        match checked.last() {
            Some(Instruction::Return(_) | Instruction::ReturnAccumulator) => Ok(Self(checked)),
            _ => Err(fault(code.len() - 1, "the program does not end with a return")),
        }
    }

    /// Whether a packet matches: its captured bytes, and its length on the wire.
    #[inline]
    pub fn matches(&self, bytes: &[u8], original: u32) -> bool {
        let mut machine = Machine { bytes, original, a: 0, x: 0, memory: [0; WORDS] };
        let mut at = 0;
        while let Some(instruction) = self.0.get(at) {
            match machine.step(*instruction) {
                Step::Next => at += 1,
                Step::To(place) => at = usize::from(place),
                Step::Done(verdict) => return verdict,
            }
        }
        false
    }
}

fn fault(at: usize, why: &str) -> Error {
    Error::Config(Fault::new("plan: filter", format!("instruction {at}: {why}"), ""))
}

type Checked = std::result::Result<Instruction, &'static str>;

const BEYOND: &str = "jumps beyond the end";
const UNKNOWN: &str = "is none of BPF";

/// One instruction, where it stands among `length`.
fn checked(at: usize, length: usize, instruction: &plan::Instruction) -> Checked {
    let plan::Instruction(code, yes, no, k) = *instruction;
    // Where a jump over so many instructions goes.
    let to = |over: u32| {
        let place = (at + 1).checked_add(over as usize).filter(|place| *place < length).ok_or(BEYOND)?;
        u16::try_from(place).map_err(|_| BEYOND)
    };
    let operand = if code & 0x08 == 0 { Operand::Constant(k) } else { Operand::Index };
    Ok(match code {
        0x00 | 0x20 | 0x40 | 0x60 | 0x28 | 0x48 | 0x30 | 0x50 | 0x80 => load(code, k)?,
        0x01 => Instruction::IndexConstant(k),
        0x61 => Instruction::IndexMemory(word(k)?),
        0x81 => Instruction::IndexLength,
        0xb1 => Instruction::IndexHeaderLength(not_the_kernels(k)?),
        0x02 => Instruction::Store(word(k)?),
        0x03 => Instruction::StoreIndex(word(k)?),
        0x84 => Instruction::Negate,
        0x05 => Instruction::Jump(to(k)?),
        0x15 | 0x1d | 0x25 | 0x2d | 0x35 | 0x3d | 0x45 | 0x4d => {
            Instruction::Branch { test: comparison(code)?, operand, yes: to(u32::from(yes))?, no: to(u32::from(no))? }
        }
        0x06 => Instruction::Return(k != 0),
        0x16 => Instruction::ReturnAccumulator,
        0x07 => Instruction::ToIndex,
        0x87 => Instruction::FromIndex,
        _ if code & 0xff07 == 0x04 => calculation(code, operand)?,
        _ => return Err(UNKNOWN),
    })
}

fn load(code: u16, k: u32) -> Checked {
    let size = match code & 0x18 {
        0x00 => Size::Word,
        0x08 => Size::Half,
        _ => Size::Byte,
    };
    Ok(match code & 0xe0 {
        0x00 => Instruction::LoadConstant(k),
        0x20 => Instruction::Load(size, not_the_kernels(k)?),
        0x40 => Instruction::LoadFromIndex(size, k),
        0x60 => Instruction::LoadMemory(word(k)?),
        _ => Instruction::LoadLength,
    })
}

/// Offsets from the end of the numbers on are the kernel's: ancillary data that a capture has not.
fn not_the_kernels(k: u32) -> std::result::Result<u32, &'static str> {
    if k < 1 << 31 { Ok(k) } else { Err("loads what only a kernel has") }
}

fn word(k: u32) -> std::result::Result<u8, &'static str> {
    u8::try_from(k).ok().filter(|word| usize::from(*word) < WORDS).ok_or("names a word of memory that is not there")
}

fn calculation(code: u16, operand: Operand) -> Checked {
    let operation = match code & 0xf0 {
        0x00 => Operation::Add,
        0x10 => Operation::Sub,
        0x20 => Operation::Mul,
        0x30 => Operation::Div,
        0x40 => Operation::Or,
        0x50 => Operation::And,
        0x60 => Operation::ShiftLeft,
        0x70 => Operation::ShiftRight,
        0x90 => Operation::Mod,
        0xa0 => Operation::Xor,
        _ => return Err(UNKNOWN),
    };
    match (operation, operand) {
        (Operation::Div | Operation::Mod, Operand::Constant(0)) => Err("divides by zero"),
        _ => Ok(Instruction::Calculate(operation, operand)),
    }
}

fn comparison(code: u16) -> std::result::Result<Comparison, &'static str> {
    Ok(match code & 0xf0 {
        0x10 => Comparison::Equal,
        0x20 => Comparison::Greater,
        0x30 => Comparison::GreaterOrEqual,
        0x40 => Comparison::Bits,
        _ => return Err(UNKNOWN),
    })
}

/// What follows an instruction.
enum Step {
    Next,
    To(u16),
    Done(bool),
}

struct Machine<'a> {
    bytes: &'a [u8],
    original: u32,
    a: u32,
    x: u32,
    memory: [u32; WORDS],
}

impl Machine<'_> {
    #[inline(always)]
    fn step(&mut self, instruction: Instruction) -> Step {
        match instruction {
            Instruction::Load(size, k) => return self.load(size, Some(k)),
            Instruction::LoadFromIndex(size, k) => return self.load(size, self.x.checked_add(k)),
            Instruction::LoadLength => self.a = self.original,
            Instruction::LoadConstant(k) => self.a = k,
            Instruction::LoadMemory(word) => self.a = self.word(word),
            Instruction::IndexLength => self.x = self.original,
            Instruction::IndexConstant(k) => self.x = k,
            Instruction::IndexMemory(word) => self.x = self.word(word),
            Instruction::IndexHeaderLength(k) => {
                let Some(byte) = self.bytes.get(k as usize) else { return Step::Done(false) };
                self.x = u32::from(byte & 0x0f) * 4;
            }
            Instruction::Store(word) => self.store(word, self.a),
            Instruction::StoreIndex(word) => self.store(word, self.x),
            Instruction::Calculate(operation, operand) => return self.calculate(operation, self.value(operand)),
            Instruction::Negate => self.a = self.a.wrapping_neg(),
            Instruction::Jump(place) => return Step::To(place),
            Instruction::Branch { test, operand, yes, no } => {
                return Step::To(if self.compare(test, self.value(operand)) { yes } else { no });
            }
            Instruction::ToIndex => self.x = self.a,
            Instruction::FromIndex => self.a = self.x,
            Instruction::Return(verdict) => return Step::Done(verdict),
            Instruction::ReturnAccumulator => return Step::Done(self.a != 0),
        }
        Step::Next
    }

    #[inline(always)]
    fn load(&mut self, size: Size, at: Option<u32>) -> Step {
        let bytes = at.and_then(|at| self.bytes.get(at as usize..)).unwrap_or_default();
        let loaded = match size {
            Size::Word => bytes.first_chunk().map(|word| u32::from_be_bytes(*word)),
            Size::Half => bytes.first_chunk().map(|half| u32::from(u16::from_be_bytes(*half))),
            Size::Byte => bytes.first().map(|byte| u32::from(*byte)),
        };
        let Some(value) = loaded else { return Step::Done(false) };
        self.a = value;
        Step::Next
    }

    fn word(&self, word: u8) -> u32 {
        self.memory.get(usize::from(word)).copied().unwrap_or_default()
    }

    fn store(&mut self, word: u8, value: u32) {
        if let Some(slot) = self.memory.get_mut(usize::from(word)) {
            *slot = value;
        }
    }

    #[inline(always)]
    fn value(&self, operand: Operand) -> u32 {
        match operand {
            Operand::Constant(k) => k,
            Operand::Index => self.x,
        }
    }

    fn calculate(&mut self, operation: Operation, b: u32) -> Step {
        let a = self.a;
        let result = match operation {
            Operation::Add => Some(a.wrapping_add(b)),
            Operation::Sub => Some(a.wrapping_sub(b)),
            Operation::Mul => Some(a.wrapping_mul(b)),
            Operation::Div => a.checked_div(b),
            Operation::Mod => a.checked_rem(b),
            Operation::And => Some(a & b),
            Operation::Or => Some(a | b),
            Operation::Xor => Some(a ^ b),
            Operation::ShiftLeft => Some(a.checked_shl(b).unwrap_or_default()),
            Operation::ShiftRight => Some(a.checked_shr(b).unwrap_or_default()),
        };
        let Some(result) = result else { return Step::Done(false) };
        self.a = result;
        Step::Next
    }

    #[inline(always)]
    fn compare(&self, test: Comparison, b: u32) -> bool {
        match test {
            Comparison::Equal => self.a == b,
            Comparison::Greater => self.a > b,
            Comparison::GreaterOrEqual => self.a >= b,
            Comparison::Bits => self.a & b != 0,
        }
    }
}

#[cfg(test)]
mod tests;
