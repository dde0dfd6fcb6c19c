//! A flow's frames: rules look at them, alerts show them, and events tell of them.

use super::Shared;
use super::applications::Spoken;
use super::finds::What;
use crate::app::Talk;
use crate::app::frame::{self, Frame, MOST_KEPT, STREAM};
use crate::detect::state::Memory;
use crate::detect::{Buffer, ENDLESS, FrameFacts, Outcome, Rules, Scratch, Subject};
use crate::stream::{Session, Streams};
use crate::table::eve::{self, Along, ShownFrame, TransactionEvent};

/// A growing frame is looked at again whenever something is new as long as it is no longer than this; later when a
/// quarter is new, so that the work stays in proportion to the bytes.
const SMALL: u64 = 4096;
/// Bytes of a frame that alerts show.
const SHOWN: usize = 4096;

/// Where the bytes of frames are.
#[derive(Clone, Copy)]
pub(super) enum Bytes<'a> {
    /// In a direction's stream.
    Stream(&'a Streams, &'a Session),
    /// In the datagram.
    Datagram(Buffer<'a>),
}

/// What there is of a frame.
struct Sight<'a> {
    bytes: Buffer<'a>,
    /// No more of it comes, or is kept.
    whole: bool,
}

impl<'a> Bytes<'a> {
    /// What there is of a frame from its start on; `over`: nothing more comes of its direction.
    fn sight(&self, frame: &Frame, to_server: bool, over: bool) -> Sight<'a> {
        let (bytes, missing) = match self {
            Self::Stream(streams, session) => {
                let read = streams.read_up_to(session, to_server);
                let end = frame.end().min(read);
                match streams.first_bytes(session, to_server, frame.start, end) {
                    Some((offset, bytes)) if offset == frame.start => (bytes, end > offset + bytes.len() as u64),
                    _ => (&[][..], end > frame.start),
                }
            }
            Self::Datagram(datagram) => {
                let start = usize::try_from(frame.start).unwrap_or(usize::MAX);
                (datagram.bytes.get(start..).unwrap_or_default(), true)
            }
        };
        let length = frame.length.and_then(|length| usize::try_from(length).ok());
        let bytes = length.and_then(|length| bytes.get(..length)).unwrap_or(bytes);
        let there = bytes.len();
        let is_cut = missing || frame.is_cut || there as u64 >= MOST_KEPT;
        let original = match length {
            Some(length) => length.max(there),
            None if over && !is_cut => there,
            None => there.saturating_add(ENDLESS),
        };
        Sight { bytes: Buffer { bytes, original }, whole: over || is_cut || there == original }
    }

    /// The first bytes of a frame as events show them, with a word on what is missing among them; and whether all are
    /// there.
    fn shown(&self, frame: &Frame, to_server: bool, over: bool, most: usize) -> (Vec<u8>, bool) {
        let sight = self.sight(frame, to_server, over);
        let complete = sight.bytes.bytes.len() == sight.bytes.original;
        let Self::Stream(streams, session) = self else {
            return (sight.bytes.bytes.iter().take(most).copied().collect(), complete);
        };
        let end = frame.end().min(streams.read_up_to(session, to_server));
        (streams.joined(session, to_server, (frame.start, end), most), complete)
    }
}

/// Whether enough of a frame is new to look at it again.
fn is_due(frame: &Frame, there: u64, whole: bool) -> bool {
    let looked = frame.looked;
    whole || there > looked && (there <= SMALL || there - looked >= looked / 4)
}

/// Ask the rules about what is new of a flow's frames that go in the packet's direction. `over`: nothing more comes of it.
pub(super) fn inspect(
    rules: &Rules,
    spoken: &mut Spoken,
    (subject, bytes, over): (&Subject<'_>, Bytes<'_>, bool),
    memory: &mut Memory<'_>,
    scratch: &mut Scratch,
    outcome: &mut Outcome,
) {
    for (talk, over) in [(&mut spoken.before, true), (&mut spoken.talk, over)] {
        if let Some(talk) = talk {
            inspect_of(rules, &mut **talk, (subject, bytes, over), memory, scratch, outcome);
        }
    }
}

fn inspect_of(
    rules: &Rules,
    talk: &mut dyn Talk,
    (subject, bytes, over): (&Subject<'_>, Bytes<'_>, bool),
    memory: &mut Memory<'_>,
    scratch: &mut Scratch,
    outcome: &mut Outcome,
) {
    let to_server = subject.flow.is_some_and(|flow| flow.to_server);
    let protocol = talk.protocol().parsed_as();
    for frame in talk.frames_mut().open(to_server) {
        let Sight { bytes, whole } = bytes.sight(frame, to_server, over);
        if frame.is_looked_at || !is_due(frame, bytes.bytes.len() as u64, whole) {
            continue;
        }
        (frame.looked, frame.is_looked_at) = (bytes.bytes.len() as u64, whole);
        let (kind, id, transaction) = ((protocol, frame.kind), frame.id, frame.transaction);
        let subject = Subject { frame: Some(FrameFacts { kind, bytes, whole, id, transaction }), ..*subject };
        rules.inspect_frame(&subject, &mut frame.inspection, memory, scratch, outcome);
    }
}

/// A frame as an alert shows it: members of the event.
pub(super) fn matched(talk: &dyn Talk, id: u64, to_server: bool, bytes: Bytes<'_>, over: bool) -> Option<Vec<u8>> {
    let frame = talk.frames().get(to_server, id)?;
    Some(members(talk, frame, to_server, (bytes, over), SHOWN))
}

fn members(talk: &dyn Talk, frame: &Frame, to_server: bool, (bytes, over): (Bytes<'_>, bool), most: usize) -> Vec<u8> {
    let (shown, complete) = bytes.shown(frame, to_server, over, most);
    let offset = matches!(bytes, Bytes::Stream(..)).then_some(frame.start);
    eve::frame_members(&ShownFrame {
        name: frame::name((talk.protocol(), frame.kind)),
        id: frame.id,
        to_server,
        offset,
        length: frame.length,
        bytes: &shown,
        complete,
        transaction: frame.transaction,
    })
}

/// What the frames of a direction have to tell now, as far as it is wanted. Those that are done with are forgotten.
pub(super) fn tell(
    shared: &Shared,
    talk: &mut dyn Talk,
    (to_server, bytes, over): (bool, Bytes<'_>, bool),
    tell: &mut impl FnMut(What),
) {
    let mut open = std::mem::take(talk.frames_mut().open(to_server));
    let wanted = shared.outputs.wants_eve(|eve| eve.frame.is_some());
    for frame in open.iter_mut().filter(|frame| wanted && !frame.told) {
        close(frame, bytes, to_server, over);
        let is_due = if frame.kind == STREAM { over } else { bytes.sight(frame, to_server, over).whole };
        if !is_due {
            continue;
        }
        frame.told = true;
        for (section, options) in (0..).zip(&shared.outputs.eve) {
            let Some(options) = options.frame else { continue };
            let members = members(talk, frame, to_server, (bytes, over), options.payload_size as usize);
            let event = TransactionEvent { kind: eve::FRAME, along: Along::Packet, members };
            tell(What::Event { section, event, client: None });
        }
    }
    let is_datagram = matches!(bytes, Bytes::Datagram(_));
    let is_done = |frame: &Frame| (frame.told || !wanted) && (frame.is_looked_at || shared.rules.is_none());
    open.retain(|frame| !is_datagram && !is_done(frame));
    *talk.frames_mut().open(to_server) = open;
}

/// What is all of a stream has a length once the stream is over.
fn close(frame: &mut Frame, bytes: Bytes<'_>, to_server: bool, over: bool) {
    if let (Bytes::Stream(streams, session), true) = (bytes, over && frame.kind == STREAM) {
        let read = streams.read_up_to(session, to_server);
        frame.length = frame.length.or(Some(read.saturating_sub(frame.start)));
    }
}
