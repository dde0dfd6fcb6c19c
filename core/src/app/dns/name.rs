//! Names in messages, which may go on at earlier places (RFC 1035, section 4.1.4).

use super::message::Flaw;
use super::reader::{End, Reader};

/// Bytes of a name that are kept.
const MOST_BYTES: usize = 1025;
/// Labels of a name that are kept.
const MOST_LABELS: usize = 255;
/// Bytes of all names of a message together: pointers make much of a small message.
const MOST_TOGETHER: usize = 1 << 20;

/// A name as text, with dots between its labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// Its bytes as they came.
    pub text: Vec<u8>,
    /// It was longer than what is kept.
    pub is_truncated: bool,
    /// So many bytes of it at least are missing, as the mirror cut them off.
    pub missing: usize,
}

/// Reads the names of one message.
#[derive(Debug, Default)]
pub(super) struct Names {
    together: usize,
}

impl Names {
    /// The name at the reader's place, which moves behind it, and how it ended.
    pub fn read(&mut self, reader: &mut Reader<'_>, flaws: &mut Vec<Flaw>) -> (Name, Result<(), End>) {
        let mut name = Name::default();
        let ended = follow(reader, flaws, &mut name);
        let most = MOST_BYTES.min(MOST_TOGETHER.saturating_sub(self.together));
        if name.text.len() > most {
            name.text.truncate(most);
            name.is_truncated = true;
            flaws.push(Flaw::NameTooLong);
        }
        if ended == Err(End::Cut) {
            name.missing = name.missing.max(1);
        }
        self.together += name.text.len();
        (name, ended)
    }
}

/// Collect labels, through pointers that only go back: so it always ends.
fn follow(reader: &mut Reader<'_>, flaws: &mut Vec<Flaw>, name: &mut Name) -> Result<(), End> {
    let mut run = reader.place();
    let mut elsewhere: Option<Reader<'_>> = None;
    let mut labels = 0;
    loop {
        let is_enough = labels > MOST_LABELS || name.text.len() > MOST_BYTES;
        if is_enough && elsewhere.is_some() {
            return Ok(());
        }
        let at = elsewhere.as_mut().unwrap_or(&mut *reader);
        let length = at.byte()?;
        match length >> 6 {
            0 if length == 0 => return Ok(()),
            0 if is_enough => drop(at.take(usize::from(length))?),
            0 => label(at, usize::from(length), name)?,
            3 => {
                let target = usize::from(length & 0x3f) << 8 | usize::from(at.byte()?);
                if target >= run {
                    flaws.push(Flaw::InfiniteLoop);
                    return Ok(());
                }
                run = target;
                elsewhere = Some(reader.elsewhere(target));
            }
            _ => return Err(End::Malformed),
        }
        labels += 1;
        if labels == MOST_LABELS + 1 {
            flaws.push(Flaw::TooManyLabels);
        }
    }
}

fn label(at: &mut Reader<'_>, length: usize, name: &mut Name) -> Result<(), End> {
    if !name.text.is_empty() {
        name.text.push(b'.');
    }
    let (rest, taken) = (at.rest(), at.take(length));
    let bytes = taken.unwrap_or(rest);
    name.text.extend_from_slice(bytes);
    name.missing = length.saturating_sub(bytes.len());
    taken.map(drop)
}
