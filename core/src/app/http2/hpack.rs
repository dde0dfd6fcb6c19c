//! HPACK (RFC 7541): header fields, as one direction of a connection packs them.

use super::huffman;
use super::static_table::FIELDS;
use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};

/// What an entry counts besides its bytes (RFC 7541, section 4.1).
pub(super) const OVERHEAD: usize = 32;
/// The table's size until one says another (RFC 9113, section 6.5.2).
const USUAL: usize = 4096;
/// Bits that a number has at most; what is larger is of no use.
const MOST_BITS: u32 = 32;

/// A header field.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

impl Field {
    /// What it counts in a table.
    pub(super) fn size(&self) -> usize {
        self.name.len() + self.value.len() + OVERHEAD
    }
}

/// Why an item is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Bytes that are no field.
    Wrong,
    /// A place that the table has not.
    NotIndexed,
    /// A number that is too large.
    Overflow,
    /// Bytes behind the fields that are the beginning of one, and no more.
    Rest,
}

/// What a block is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A field.
    Field(Arc<Field>),
    /// A field of which the end is missing.
    Cut(Arc<Field>),
    /// The table is to be of this size.
    Resized(u64),
    /// What is none; nothing more of its block is read.
    Flawed(Flaw),
}

/// How reading of an item ended before its end.
#[derive(Debug)]
enum Stop {
    Flawed(Flaw),
    /// The rest is missing; a field whose value began.
    Cut(Option<Field>),
    /// A field that stands where bytes were lost before.
    Lost,
}

impl From<Flaw> for Stop {
    fn from(flaw: Flaw) -> Self {
        Self::Flawed(flaw)
    }
}

static STATIC: LazyLock<Vec<Arc<Field>>> = LazyLock::new(|| {
    let field = |(name, value): &(&str, &str)| Field { name: name.as_bytes().into(), value: value.as_bytes().into() };
    FIELDS.iter().map(field).map(Arc::new).collect()
});

/// One direction's table.
#[derive(Debug)]
pub(super) struct Decoder {
    /// The newest first.
    entries: VecDeque<Arc<Field>>,
    size: usize,
    limit: usize,
    /// The largest that it may become.
    most: usize,
    /// Entries were lost that blocks may name.
    is_lost: bool,
}

/// Bytes of a block that are not read yet.
struct Reader<'a> {
    rest: &'a [u8],
    is_cut: bool,
}

impl Decoder {
    pub fn new(most: usize) -> Self {
        Self { entries: VecDeque::new(), size: 0, limit: USUAL.min(most), most, is_lost: false }
    }

    /// Blocks were lost, and what they put into the table.
    pub fn lose(&mut self) {
        self.entries.clear();
        (self.size, self.is_lost) = (0, true);
    }

    /// Read a block, of which the end may be missing (`is_cut`), as long as `tell` wants more. False: not all of its
    /// fields are known.
    pub fn read(&mut self, block: &[u8], is_cut: bool, tell: &mut impl FnMut(Item) -> bool) -> bool {
        let mut reader = Reader { rest: block, is_cut };
        let mut is_whole = !is_cut;
        while !reader.rest.is_empty() {
            let goes_on = match self.item(&mut reader) {
                Ok(item) => tell(item),
                Err(Stop::Lost) => {
                    is_whole = false;
                    true
                }
                Err(Stop::Cut(begun)) => {
                    begun.into_iter().for_each(|field| _ = tell(Item::Cut(Arc::new(field))));
                    false
                }
                Err(Stop::Flawed(flaw)) => {
                    tell(Item::Flawed(flaw));
                    false
                }
            };
            if !goes_on {
                self.lose();
                return false;
            }
        }
        if is_cut {
            self.lose();
        }
        is_whole
    }

    fn item(&mut self, reader: &mut Reader<'_>) -> Result<Item, Stop> {
        match reader.rest.first().copied().unwrap_or_default() {
            0x80.. => {
                let place = reader.number(7)?;
                self.place(place).map(Item::Field)
            }
            0x40.. => self.literal(reader, 6, true),
            0x20.. => {
                let size = reader.number(5)?;
                self.resize(usize::try_from(size).unwrap_or(usize::MAX));
                Ok(Item::Resized(size))
            }
            _ => self.literal(reader, 4, false),
        }
    }

    /// The field at a place.
    fn place(&self, place: u64) -> Result<Arc<Field>, Stop> {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let own = place.checked_sub(STATIC.len() + 1);
        let found = match own {
            Some(own) => self.entries.get(own),
            None => place.checked_sub(1).and_then(|place| STATIC.get(place)),
        };
        match found {
            Some(field) => Ok(Arc::clone(field)),
            None if self.is_lost && own.is_some() => Err(Stop::Lost),
            None => Err(Flaw::NotIndexed.into()),
        }
    }

    /// A field whose value, and perhaps name, stands there; the table may keep it.
    fn literal(&mut self, reader: &mut Reader<'_>, bits: u32, is_kept: bool) -> Result<Item, Stop> {
        let name = match reader.number(bits)? {
            0 => match reader.string()? {
                (name, true) => Some(name),
                (_, false) => return Err(Stop::Cut(None)),
            },
            place => match self.place(place) {
                Ok(field) => Some(field.name.clone()),
                Err(Stop::Lost) => None,
                Err(stop) => return Err(stop),
            },
        };
        let (value, is_whole) = reader.string()?;
        let is_known = name.is_some();
        let field = Field { name: name.unwrap_or_default(), value };
        if !is_whole {
            return Err(Stop::Cut(is_known.then_some(field)));
        }
        let field = Arc::new(field);
        if is_kept {
            self.add(&field);
        }
        if is_known { Ok(Item::Field(field)) } else { Err(Stop::Lost) }
    }

    fn add(&mut self, field: &Arc<Field>) {
        self.evict(self.limit.saturating_sub(field.size()));
        if field.size() <= self.limit {
            self.size += field.size();
            self.entries.push_front(Arc::clone(field));
        }
    }

    /// Another size; what is beyond the largest is as good as lost.
    fn resize(&mut self, size: usize) {
        self.is_lost |= size > self.most;
        self.limit = size.min(self.most);
        self.evict(self.limit);
    }

    /// Forget the oldest until so many bytes are left.
    fn evict(&mut self, left: usize) {
        while self.size > left
            && let Some(oldest) = self.entries.pop_back()
        {
            self.size -= oldest.size();
        }
    }
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, Stop> {
        let end = if self.is_cut { Stop::Cut(None) } else { Flaw::Rest.into() };
        let (byte, rest) = self.rest.split_first().ok_or(end)?;
        self.rest = rest;
        Ok(*byte)
    }

    /// A number whose first byte has so many bits for it (section 5.1).
    fn number(&mut self, bits: u32) -> Result<u64, Stop> {
        let most = (1_u64 << bits) - 1;
        let mut number = u64::from(self.byte()?) & most;
        if number < most {
            return Ok(number);
        }
        for shift in (0..MOST_BITS).step_by(7) {
            let byte = self.byte()?;
            number += u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Flaw::Overflow.into())
    }

    /// A string (section 5.2), and whether it is whole.
    fn string(&mut self) -> Result<(Vec<u8>, bool), Stop> {
        let is_coded = self.rest.first().is_some_and(|first| *first >= 0x80);
        let length = usize::try_from(self.number(7)?).unwrap_or(usize::MAX);
        let is_whole = length <= self.rest.len();
        if !is_whole && !self.is_cut {
            return Err(Flaw::Rest.into());
        }
        let (bytes, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        let text = if is_coded { huffman::decode(bytes, !is_whole).map_err(|_| Flaw::Wrong)? } else { bytes.to_vec() };
        Ok((text, is_whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(decoder: &mut Decoder, block: &[u8], is_cut: bool) -> (Vec<String>, bool) {
        let mut told = Vec::new();
        let is_whole = decoder.read(block, is_cut, &mut |item| {
            told.push(match item {
                Item::Field(field) | Item::Cut(field) => {
                    format!("{}={}", String::from_utf8_lossy(&field.name), String::from_utf8_lossy(&field.value))
                }
                other => format!("{other:?}"),
            });
            true
        });
        (told, is_whole)
    }

    /// RFC 7541, appendix C.4: three requests, one after the other.
    const REQUESTS: [&[u8]; 3] = [
        b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff",
        b"\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf",
        b"\x82\x87\x85\xbf\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf",
    ];

    #[test]
    fn the_examples_of_the_standard() {
        let mut decoder = Decoder::new(4096);
        let start = [":method=GET", ":scheme=http", ":path=/", ":authority=www.example.com"];
        assert_eq!(read(&mut decoder, REQUESTS[0], false), (start.map(str::to_owned).to_vec(), true));
        let (second, _) = read(&mut decoder, REQUESTS[1], false);
        assert_eq!(second[3..], [":authority=www.example.com", "cache-control=no-cache"]);
        let (third, _) = read(&mut decoder, REQUESTS[2], false);
        let want = [":method=GET", ":scheme=https", ":path=/index.html", ":authority=www.example.com"];
        assert_eq!(third[..4], want);
        assert_eq!(third[4], "custom-key=custom-value");
        assert_eq!((decoder.size, decoder.entries.len()), (164, 3));
    }

    #[test]
    fn the_table_is_bounded() {
        let mut decoder = Decoder::new(100);
        // A size of 4,096 is more than it may have; then a field of 3 + 3 + 32 bytes, thrice.
        let block = [b"\x3f\xe1\x1f".as_slice(), b"\x40\x03abc\x03xyz".repeat(3).as_slice(), b"\xbe"].concat();
        let (told, is_whole) = read(&mut decoder, &block, false);
        assert_eq!((told[0].as_str(), told.len(), is_whole), ("Resized(4096)", 5, true));
        assert_eq!((decoder.size, decoder.entries.len()), (76, 2));
    }

    #[test]
    fn what_is_no_block() {
        for (block, want) in [
            (b"\xff\x80\x80\x80\x80\x80\x80".as_slice(), Flaw::Overflow),
            (b"\xc0", Flaw::NotIndexed),
            (b"\x80", Flaw::NotIndexed),
            (b"\x40\x05ab", Flaw::Rest),
        ] {
            let (told, is_whole) = read(&mut Decoder::new(4096), block, false);
            assert_eq!((told, is_whole), (vec![format!("{:?}", Item::Flawed(want))], false));
        }
    }

    #[test]
    fn what_is_lost_is_no_flaw() {
        let mut decoder = Decoder::new(4096);
        let (told, is_whole) = read(&mut decoder, &REQUESTS[0][..14], true);
        assert_eq!((told[3].as_str(), is_whole), (":authority=www.example", false));
        let (told, is_whole) = read(&mut decoder, REQUESTS[1], false);
        assert_eq!((told.len(), told[3].as_str(), is_whole), (4, "cache-control=no-cache", false));
    }

    proptest! {
        #[test]
        fn any_bytes_keep_the_bound(block: Vec<u8>, is_cut: bool) {
            let mut decoder = Decoder::new(256);
            read(&mut decoder, &block, is_cut);
            let size: usize = decoder.entries.iter().map(|field| field.size()).sum();
            prop_assert!(size == decoder.size && size <= 256);
        }
    }
}
