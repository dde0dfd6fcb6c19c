//! Frames: the parts of a direction's bytes that a parser tells apart by their form, for rules and events to ask for.

use super::{Inspection, PARSERS, Protocol};
use crate::plan;

/// The number of the frame that is all of a stream's direction, in every protocol; a protocol's own follow.
pub const STREAM: u8 = 0;
/// What rules and events call it.
const STREAM_NAME: &str = "stream";
/// Frames of a direction that wait to be looked at, at most: what comes beyond that is counted, and not looked at.
const MOST: usize = 1024;
/// Bytes of a frame that are looked at, and kept until they are.
pub const MOST_KEPT: u64 = 1 << 20;

/// What rules call protocols in the names of frames, where that is not their name.
const OTHER_NAMES: [(Protocol, &str); 1] = [(Protocol::Http, "http1")];

/// A kind of frame: its protocol, and its number there.
pub type Kind = (Protocol, u8);

/// All kinds, with the names that rules have for them as buffers: `frame.tls.pdu`.
pub fn frames() -> impl Iterator<Item = (String, Kind)> {
    PARSERS.iter().flat_map(|parser| {
        let own = (1..).zip(parser.frames).map(|(number, name)| (number, *name));
        let stream = parser.has_streams.then_some((STREAM, STREAM_NAME));
        let named = |(number, name)| (format!("frame.{}.{name}", owner(parser.protocol)), (parser.protocol, number));
        stream.into_iter().chain(own).map(named)
    })
}

/// The kind with this name.
pub fn frame(name: &str) -> Option<Kind> {
    if name.starts_with("frame.") { frames().find(|(known, _)| known == name).map(|(_, kind)| kind) } else { None }
}

fn owner(protocol: Protocol) -> &'static str {
    let other = OTHER_NAMES.iter().find(|(known, _)| *known == protocol);
    other.map_or(protocol.name(), |(_, name)| name)
}

/// What events call a kind.
pub fn name((protocol, number): Kind) -> &'static str {
    let parser = PARSERS.iter().find(|parser| parser.protocol == protocol.parsed_as());
    let own = |place| parser.and_then(|parser| parser.frames.get(usize::from(place))).copied();
    number.checked_sub(1).map_or(STREAM_NAME, |place| own(place).unwrap_or_default())
}

/// Which frames something asks for: by protocol, a bit for each of its numbers.
#[derive(Clone, Debug, Default)]
pub struct WantedFrames(Vec<(Protocol, u32)>);

impl WantedFrames {
    /// Those that rules ask for; or all, where events tell of them.
    pub fn new(rules: &[plan::Rule], all: bool) -> Self {
        if all {
            return Self(PARSERS.iter().map(|parser| (parser.protocol, u32::MAX)).collect());
        }
        let kinds = rules.iter().flat_map(|rule| &rule.buffers).filter_map(|test| frame(&test.buffer));
        Self(kinds.map(|(protocol, number)| (protocol, 1 << number)).collect())
    }

    /// Nothing asks for any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(&self, protocol: Protocol) -> u32 {
        let own = self.0.iter().filter(|(known, _)| *known == protocol);
        own.fold(0, |bits, (_, more)| bits | more)
    }
}

/// A frame.
#[derive(Debug)]
pub struct Frame {
    /// Its number in its direction, from 1.
    pub id: u64,
    /// Its number among the protocol's kinds.
    pub kind: u8,
    /// Offset of its first byte, in the direction's stream or in the datagram.
    pub start: u64,
    /// How many bytes it has, once that is known.
    pub length: Option<u64>,
    /// The transaction that it belongs to, by its number.
    pub transaction: Option<u64>,
    /// Its end is missing, and nobody knows how long it was.
    pub is_cut: bool,
    /// What rules have found out about it.
    pub(crate) inspection: Inspection,
    /// How many of its bytes rules have looked at.
    pub(crate) looked: u64,
    /// They have looked at all of it.
    pub(crate) is_looked_at: bool,
    /// Events were told of it.
    pub(crate) told: bool,
}

impl Frame {
    /// Offset behind the bytes of it that are of use.
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.length.unwrap_or(u64::MAX).min(MOST_KEPT))
    }
}

/// A flow's frames that were not done with.
#[derive(Debug, Default)]
pub struct Frames {
    wanted: u32,
    /// Offset of the input that is parsed.
    at: [u64; 2],
    count: [u64; 2],
    open: [Vec<Frame>; 2],
    /// From where on bytes may be of a frame that was not begun yet.
    pending: [Option<u64>; 2],
    /// Those that were too many.
    pub dropped: u64,
}

fn of<T>([up, down]: &mut [T; 2], to_server: bool) -> &mut T {
    if to_server { up } else { down }
}

impl Frames {
    pub(super) fn new(protocol: Protocol, wanted: &WantedFrames) -> Self {
        Self { wanted: wanted.of(protocol), ..Self::default() }
    }

    /// Something asks for some.
    #[inline]
    pub fn are_wanted(&self) -> bool {
        self.wanted != 0
    }

    fn wants(&self, kind: u8) -> bool {
        1_u32.checked_shl(u32::from(kind)).is_some_and(|bit| self.wanted & bit != 0)
    }

    /// Offset in the direction of what is parsed now.
    #[inline]
    pub fn at(&self, to_server: bool) -> u64 {
        let [up, down] = self.at;
        if to_server { up } else { down }
    }

    /// A direction's input from this offset on is parsed now; that of a stream belongs to the stream's frame.
    pub fn input(&mut self, to_server: bool, at: u64, is_stream: bool) {
        *of(&mut self.at, to_server) = at;
        if is_stream && self.wants(STREAM) && self.is_unbegun(to_server) {
            self.begin(to_server, STREAM, at, None);
        }
    }

    fn is_unbegun(&self, to_server: bool) -> bool {
        let [up, down] = self.count;
        (if to_server { up } else { down }) == 0
    }

    /// A frame begins at an offset of its direction; its length, where that is known.
    pub fn begin(&mut self, to_server: bool, kind: u8, start: u64, length: Option<u64>) {
        if !self.wants(kind) {
            return;
        }
        let (count, open) = (of(&mut self.count, to_server), of(&mut self.open, to_server));
        *count += 1;
        if open.len() >= MOST {
            self.dropped += 1;
            return;
        }
        open.push(Frame {
            id: *count,
            kind,
            start,
            length,
            transaction: None,
            is_cut: false,
            inspection: Inspection::default(),
            looked: 0,
            is_looked_at: false,
            told: false,
        });
    }

    /// The newest frame of a kind belongs to a transaction.
    pub fn tie(&mut self, to_server: bool, kind: u8, transaction: u64) {
        if let Some(frame) = self.newest(to_server, kind) {
            frame.transaction = Some(transaction);
        }
    }

    /// The newest frame of a kind, of which the length was not known, ends at an offset.
    pub fn end(&mut self, to_server: bool, kind: u8, end: u64) {
        if let Some(frame) = self.newest(to_server, kind).filter(|frame| frame.length.is_none()) {
            frame.length = Some(end.saturating_sub(frame.start));
        }
    }

    /// The newest frame of a kind goes no further than its bytes: its end is missing.
    pub fn cut(&mut self, to_server: bool, kind: u8) {
        if let Some(frame) = self.newest(to_server, kind).filter(|frame| frame.length.is_none()) {
            frame.is_cut = true;
        }
    }

    fn newest(&mut self, to_server: bool, kind: u8) -> Option<&mut Frame> {
        of(&mut self.open, to_server).iter_mut().rev().find(|frame| frame.kind == kind)
    }

    /// From this offset on, bytes may be of a frame that will begin.
    pub fn hold(&mut self, to_server: bool, from: Option<u64>) {
        *of(&mut self.pending, to_server) = from;
    }

    /// From which offset on bytes of a direction are wanted that was read so far.
    pub(crate) fn wanted_from(&self, to_server: bool, read: u64) -> u64 {
        let ([up, down], [up_pending, down_pending]) = (&self.open, self.pending);
        let (open, pending) = if to_server { (up, up_pending) } else { (down, down_pending) };
        let first = open.iter().map(|frame| frame.start).chain(pending).min();
        first.map_or(u64::MAX, |first| first.max(read.saturating_sub(MOST_KEPT)))
    }

    /// Those of a direction that were not done with, the oldest first.
    pub(crate) fn open(&mut self, to_server: bool) -> &mut Vec<Frame> {
        of(&mut self.open, to_server)
    }

    /// Some were not done with.
    pub(crate) fn are_open(&self) -> bool {
        self.open.iter().any(|open| !open.is_empty())
    }

    /// A frame of a direction by its number.
    pub(crate) fn get(&self, to_server: bool, id: u64) -> Option<&Frame> {
        let [up, down] = &self.open;
        (if to_server { up } else { down }).iter().find(|frame| frame.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Asked, Input, Parsed, start};
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn names_lead_to_kinds_and_back() {
        for (full, kind) in frames() {
            assert_eq!(frame(&full), Some(kind));
            assert!(full.ends_with(name(kind)));
        }
        assert_eq!(frame("frame.http1.request").map(name), Some("request"));
        assert_eq!(frame("frame.mdns.stream"), None);
        assert_eq!(frame("http.uri"), None);
    }

    #[test]
    fn no_more_are_kept_than_the_bound() {
        let mut frames = Frames::new(Protocol::Tls, &WantedFrames(vec![(Protocol::Tls, u32::MAX)]));
        for start in 0..2 * MOST as u64 {
            frames.begin(true, 1, start, Some(1));
        }
        assert_eq!((frames.open(true).len(), frames.dropped), (MOST, MOST as u64));
    }

    #[test]
    fn what_nobody_asks_for_is_not_kept() {
        let mut frames = Frames::new(Protocol::Tls, &WantedFrames(vec![(Protocol::Tls, 0b10)]));
        frames.input(true, 0, true);
        frames.begin(true, 2, 0, Some(5));
        frames.begin(true, 1, 7, Some(5));
        assert_eq!(frames.open(true).iter().map(|frame| (frame.id, frame.kind)).collect::<Vec<_>>(), [(1, 1)]);
        assert_eq!(frames.wanted_from(true, 20), 7);
        assert_eq!(frames.wanted_from(false, 20), u64::MAX);
    }

    /// A frame: its kind, where it is, and its transaction.
    type Told = (u8, u64, Option<u64>, Option<u64>);

    /// The frames of what a direction says, in pieces that end at these places.
    fn told(protocol: Protocol, to_server: bool, bytes: &[u8], ends: &[usize]) -> Vec<Told> {
        let asked = Asked { frames: WantedFrames::new(&[], true), ..Asked::default() };
        let mut talk = start(protocol, &plan::Applications::default(), &asked, None).unwrap();
        let mut at = 0;
        for end in ends.iter().copied().chain([bytes.len()]) {
            let piece = bytes.get(at..end).unwrap_or_default();
            talk.frames_mut().input(to_server, at as u64, true);
            match talk.parse(to_server, Input::Data(piece)) {
                Parsed::Consumed { bytes, .. } => at += bytes,
                _ => break,
            }
        }
        talk.frames_mut().input(to_server, at as u64, false);
        talk.parse(to_server, Input::Eof);
        let told = |frame: &Frame| (frame.kind, frame.start, frame.length, frame.transaction);
        talk.frames_mut().open(to_server).iter().map(told).collect()
    }

    fn requests(bodies: &[Vec<u8>]) -> Vec<u8> {
        let request = |body: &Vec<u8>| {
            let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
            [head.as_bytes(), body].concat()
        };
        bodies.iter().flat_map(request).collect()
    }

    fn records(contents: &[Vec<u8>]) -> Vec<u8> {
        let record = |content: &Vec<u8>| [&[23, 3, 3, 0, content.len() as u8], content.as_slice()].concat();
        contents.iter().flat_map(record).collect()
    }

    fn messages(rests: &[Vec<u8>]) -> Vec<u8> {
        let question = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03www\0\0\x01\0\x01";
        let message =
            |rest: &Vec<u8>| [&[0, (question.len() + rest.len()) as u8], question.as_slice(), rest.as_slice()].concat();
        rests.iter().flat_map(message).collect()
    }

    #[test]
    fn each_protocol_has_its_frames() {
        let first = requests(&[b"abc".to_vec()]).len() as u64;
        let http = told(Protocol::Http, true, &requests(&[b"abc".to_vec(), Vec::new()]), &[]);
        let of_http = [(0, 0, None, None), (1, 0, Some(first), Some(0)), (1, first, Some(first - 3), Some(1))];
        assert_eq!(http, of_http);
        let tls = told(Protocol::Tls, true, &records(&[b"abc".to_vec()]), &[]);
        let of_tls = [(0, 0, None, None), (1, 0, Some(8), Some(0)), (2, 0, Some(5), Some(0)), (3, 5, Some(3), Some(0))];
        assert_eq!(tls, of_tls);
        let dns = told(Protocol::Dns, true, &messages(&[Vec::new(), Vec::new()]), &[]);
        assert_eq!(dns, [(0, 0, None, None), (1, 2, Some(21), Some(0)), (1, 25, Some(21), Some(1))]);
    }

    #[test]
    fn what_is_held_of_a_frame_that_has_not_begun_is_kept() {
        let asked = Asked { frames: WantedFrames(vec![(Protocol::Tls, 0b10)]), ..Asked::default() };
        let mut talk = start(Protocol::Tls, &plan::Applications::default(), &asked, None).unwrap();
        talk.frames_mut().input(true, 40, true);
        talk.parse(true, Input::Data(&[23, 3, 3]));
        assert_eq!(talk.frames().wanted_from(true, 43), 40);
        talk.frames_mut().input(true, 43, true);
        talk.parse(true, Input::Data(&[0, 4]));
        assert_eq!(talk.frames_mut().open(true).iter().map(|frame| frame.start).collect::<Vec<_>>(), [40]);
    }

    proptest! {
        #[test]
        fn frames_are_the_same_wherever_the_stream_is_split(
            bodies in vec(vec(any::<u8>(), 0..40), 1..6),
            places in vec(any::<prop::sample::Index>(), 0..8),
        ) {
            for (protocol, bytes) in [
                (Protocol::Http, requests(&bodies)),
                (Protocol::Tls, records(&bodies)),
                (Protocol::Dns, messages(&bodies)),
            ] {
                let mut ends: Vec<_> = places.iter().map(|place| place.index(bytes.len())).collect();
                ends.sort_unstable();
                ends.dedup();
                ends.retain(|end| *end > 0);
                prop_assert_eq!(told(protocol, true, &bytes, &ends), told(protocol, true, &bytes, &[]));
            }
        }
    }
}
