//! Zeek's history: one letter for each kind of packet and direction, in the order of their first appearance.

/// Kinds of packets; the bit of each in `Side::letters`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Syn,
    SynAck,
    PureAck,
    Data,
    Fin,
    Rst,
    BadChecksum,
    Retransmission,
}

const LETTERS: [u8; 8] = *b"SHADFRCT";

/// Letters in order; zero bytes after the last. Lower case is the server's.
pub(super) type History = [u8; 16];

impl Kind {
    /// Its bit in a set of kinds.
    #[inline]
    pub fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Add the letters of a set of kinds, while there is room.
#[cold]
pub(super) fn append(history: &mut History, kinds: u8, to_server: bool) {
    for (bit, letter) in LETTERS.iter().enumerate() {
        if kinds >> bit & 1 == 1 {
            push(history, if to_server { *letter } else { letter.to_ascii_lowercase() });
        }
    }
}

fn push(history: &mut History, letter: u8) {
    if let Some(free) = history.iter_mut().find(|at| **at == 0) {
        *free = letter;
    }
}

/// The client was the server after all: turn the letters, and say so with `^`.
pub(super) fn flip(history: &mut History) {
    for letter in history.iter_mut() {
        *letter ^= if letter.is_ascii_alphabetic() { 0x20 } else { 0 };
    }
    push(history, b'^');
}
