//! Which application a flow speaks, found from the first bytes of its directions, and its parser.

use super::Shared;
use super::expectations::Meeting;
use crate::app::{self, Announced, Asked, Conversation, Direction, Event, Input, Parsed, Sought, Talk, Transport};
use crate::flow::record::TcpState;
use crate::packet::{Layer, Packet, tcp};
use crate::plan::AfterHandshake;
use crate::stream::{Gap, Next, Session, Step, Streams};

/// Bytes that nobody knows are kept up to so many, in case that the other direction tells what they are.
const MOST_UNKNOWN: usize = 1 << 16;

/// What is known of a flow's application.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    pub conversation: Conversation,
    /// What it says, from when its protocol is known, where that has a parser.
    pub talk: Option<Box<dyn Talk>>,
    /// What it said before it changed its protocol, until rules have looked at it.
    pub before: Option<Box<dyn Talk>>,
    /// What another flow announced of it, until its parser knows.
    announced: Option<Box<Announced>>,
    /// Nothing more of it is parsed.
    over: bool,
    /// Its parser gave up.
    failed: bool,
    /// Something new was parsed of a direction since rules looked at its transactions; to the server, to the client.
    pub fresh: [bool; 2],
    /// A direction was settled, and no packet of it came since.
    settled: [bool; 2],
    /// A message ended in a direction, and no packet of it came since.
    flushed: [bool; 2],
    /// What is encrypted began, and what is to become of it.
    encrypted: Option<AfterHandshake>,
    /// What came before it in a direction waits for rules to look at it for the last time.
    closing: [bool; 2],
    /// How many bytes of a direction are to be there before its parser is asked again.
    needs: [usize; 2],
    /// What is missing of a direction's beginning, until its parser knows.
    lost: [Option<Gap>; 2],
    /// A direction's parser knows that no more comes.
    pub ended: [bool; 2],
}

fn of<T>([up, down]: &mut [T; 2], to_server: bool) -> &mut T {
    if to_server { up } else { down }
}

/// A stream's two sides, and what is known of them.
pub(super) struct Sides<'a> {
    pub streams: &'a mut Streams,
    pub session: &'a mut Session,
    /// The client's port and the server's.
    pub ports: (u16, u16),
    /// What is asked of all flows.
    pub asked: &'a Asked,
    pub meeting: Meeting<'a>,
}

impl Sides<'_> {
    /// A side has sent something.
    fn has_spoken(&self, to_server: bool) -> bool {
        // Its initial sequence number counts for one.
        self.session.size(to_server) > 1
    }
}

impl Spoken {
    /// Look at what a TCP packet made visible: what it acknowledged, or what it brought itself.
    #[inline]
    pub fn segment(
        &mut self,
        shared: &Shared,
        sides: &mut Sides<'_>,
        packet: &Packet,
        step: &Step,
        to_server: bool,
    ) -> Option<Event> {
        let closed = step.closes;
        let over = closed || step.taken && step.state == TcpState::TimeWait && self.ended != [true; 2];
        // A reset says of the other direction no more than it acknowledges.
        let ends = |up| over && (up == to_server || packet.tcp_flags & tcp::RST == 0);
        let [up, down] = step.more;
        let [up, down] = [up || ends(true), down || ends(false)];
        if up || down {
            sides.asked.files.advance(packet.time, packet.domain);
        }
        sides.ports = if to_server { (packet.sport, packet.dport) } else { (packet.dport, packet.sport) };
        let first = up.then(|| self.stream(shared, sides, true, closed && ends(true))).flatten();
        down.then(|| self.stream(shared, sides, false, closed && ends(false))).flatten().or(first)
    }

    /// Whether a session's first bytes, of the directions that have more, say that the other side is the client.
    pub fn is_backwards(
        &self,
        (streams, session, sought): (&Streams, &Session, &Sought),
        (client, server): (u16, u16),
        [up, down]: [bool; 2],
        end: bool,
    ) -> bool {
        let looks = |up: bool| {
            let (sport, dport) = if up { (client, server) } else { (server, client) };
            let Next::Data(bytes) = streams.next(session, up, end) else { return false };
            let transport = Transport::Tcp;
            let direction = Direction { transport, to_server: up, sport, dport, bytes, end };
            self.conversation.is_backwards(&direction, sought)
        };
        up && looks(true) || down && looks(false)
    }

    /// Look at a direction's stream as far as it goes; `end`: for the last time.
    pub fn stream(&mut self, shared: &Shared, sides: &mut Sides<'_>, to_server: bool, end: bool) -> Option<Event> {
        let event = self.tell_apart(sides, to_server, end);
        if self.over {
            stop(sides);
            return event;
        }
        let begins = self.talk.is_none();
        if begins && !self.begin(shared, sides.asked) {
            let known = self.conversation.protocol().is_some() || self.conversation.is_settled(!to_server);
            let waits = sides.streams.next(sides.session, to_server, false);
            let is_much = matches!(waits, Next::Data(bytes) if bytes.len() > MOST_UNKNOWN);
            if (known || is_much) && self.conversation.is_settled(to_server) {
                // It has no parser, or nobody knows it.
                sides.streams.stop_reading(sides.session, to_server);
            }
            return event;
        }
        // What waited in the other direction is told apart by what was found in this one.
        if begins && self.conversation.protocol() == Some(app::Protocol::Http) && shared.mixes {
            let settings = &shared.applications.http;
            for (direction, body) in [(true, &settings.request), (false, &settings.response)] {
                sides.streams.hold(sides.session, direction, body.minimum);
            }
        }
        let event = event.or_else(|| if begins { self.tell_apart(sides, !to_server, false) } else { None });
        for direction in if begins { [true, false] } else { [to_server, !to_server] } {
            if self.conversation.is_settled(direction) {
                let own = direction == to_server;
                self.read(sides, direction, (own, own && end));
            }
        }
        event
    }

    /// Find out what a direction's first bytes are of.
    fn tell_apart(&mut self, sides: &mut Sides<'_>, to_server: bool, end: bool) -> Option<Event> {
        if self.conversation.is_settled(to_server) {
            return None;
        }
        let (client, server) = sides.ports;
        let (sport, dport) = if to_server { (client, server) } else { (server, client) };
        let event = match sides.streams.next(sides.session, to_server, end) {
            Next::Data(bytes) => {
                let direction = Direction { transport: Transport::Tcp, to_server, sport, dport, bytes, end };
                let event = self.conversation.look(&direction, &sides.asked.sought);
                let first = !to_server && !sides.session.is_guessed() && !sides.has_spoken(true);
                let wrong = if first { self.conversation.server_first() } else { None };
                self.over |= wrong.is_some();
                wrong.or(event)
            }
            // What begins with a gap can't be told; what follows may be parsed all the same.
            Next::Gap(gap) => {
                *of(&mut self.lost, to_server) = Some(gap);
                sides.streams.taken(sides.session, to_server, gap.len);
                self.conversation.give_up(to_server)
            }
            Next::Eof | Next::Wait => return None,
        };
        let event = if self.meet(sides, server) { None } else { event };
        *of(&mut self.settled, to_server) |= self.conversation.is_settled(to_server);
        event
    }

    /// What nobody knows by its bytes, another flow may have announced.
    fn meet(&mut self, sides: &mut Sides<'_>, port: u16) -> bool {
        if self.conversation.protocol().is_some() {
            return false;
        }
        let met = sides.meeting.meet(port).filter(|(_, announced)| sides.asked.sought.has(announced.protocol));
        let Some((parent, announced)) = met else { return false };
        self.conversation.announced(announced.protocol, parent);
        self.announced = Some(Box::new(announced));
        true
    }

    /// Begin to parse what the flow speaks. False: nobody knows it, or there is no parser for it.
    fn begin(&mut self, shared: &Shared, asked: &Asked) -> bool {
        let settings = &shared.applications;
        let protocol = self.conversation.protocol().filter(|_| shared.parses);
        let wanted = protocol.filter(|protocol| !settings.named.iter().any(|name| name == protocol.name()));
        let announced = self.announced.take().map(|announced| *announced);
        self.talk = wanted.and_then(|protocol| app::start(protocol, settings, asked, announced));
        self.talk.is_some()
    }

    /// Give a direction's parser all that there is; its end only where it is looked at for its `own` sake.
    fn read(&mut self, sides: &mut Sides<'_>, to_server: bool, (own, end): (bool, bool)) {
        if let (Some(talk), Some(gap)) = (&mut self.talk, of(&mut self.lost, to_server).take()) {
            talk.frames_mut().input(to_server, 0, false);
            talk.parse(to_server, Input::Gap(gap));
        }
        while let Some(talk) = self.talk.as_mut().filter(|_| !self.over) {
            let Sides { streams, session, .. } = &mut *sides;
            let need = of(&mut self.needs, to_server);
            let at = streams.read_up_to(session, to_server);
            let (parsed, length) = match streams.next(session, to_server, end) {
                Next::Data(bytes) if bytes.len() < *need => {
                    match streams.behind(session, to_server, end, bytes.len()) {
                        Next::Wait | Next::Data(_) => return,
                        // No more of it comes.
                        Next::Gap(_) | Next::Eof => {
                            let left = bytes.len() as u64;
                            *need = 0;
                            streams.taken(session, to_server, left);
                            continue;
                        }
                    }
                }
                Next::Data(bytes) => {
                    talk.frames_mut().input(to_server, at, true);
                    (talk.parse(to_server, Input::Data(bytes)), bytes.len())
                }
                Next::Gap(gap) => {
                    talk.frames_mut().input(to_server, at, false);
                    talk.parse(to_server, Input::Gap(gap));
                    streams.taken(session, to_server, gap.len);
                    (Parsed::Consumed { bytes: 0, need: 0 }, 0)
                }
                Next::Eof if own && !std::mem::replace(of(&mut self.ended, to_server), true) => {
                    talk.frames_mut().input(to_server, at, false);
                    (talk.parse(to_server, Input::Eof), 0)
                }
                Next::Eof | Next::Wait => return,
            };
            self.note(sides, to_server, at + length as u64);
            self.close_other(!to_server);
            let Sides { streams, session, .. } = sides;
            match parsed {
                Parsed::Consumed { bytes, need } => {
                    let bytes = bytes.min(length);
                    streams.taken(session, to_server, bytes as u64);
                    // Asked again for the same bytes, it would say the same.
                    let left = length - bytes;
                    *of(&mut self.needs, to_server) = if left > 0 { need.max(left + 1) } else { 0 };
                }
                Parsed::Failed => {
                    self.failed = true;
                    self.finish();
                    return stop(sides);
                }
                Parsed::Change { bytes, expected } => {
                    streams.taken(session, to_server, bytes.min(length) as u64);
                    return self.change(expected);
                }
            }
        }
    }

    /// What is new has nothing to wait for in a direction of which no more comes.
    fn close_other(&mut self, other: bool) {
        let Some(talk) = self.talk.as_mut().filter(|_| *of(&mut self.ended, other)) else { return };
        for index in 0..talk.live() {
            talk.head_mut(index).filter(|head| !head.has_ended(other)).into_iter().for_each(|head| head.end(other));
        }
    }

    /// Note what a parser has to say besides, which was given a direction's bytes up to an offset.
    fn note(&mut self, Sides { streams, session, meeting, .. }: &mut Sides<'_>, to_server: bool, upto: u64) {
        let Some(talk) = &mut self.talk else { return };
        *of(&mut self.fresh, to_server) = true;
        *of(&mut self.fresh, !to_server) |= talk.take_renewed(!to_server);
        *of(&mut self.flushed, to_server) |= talk.take_flush(to_server);
        meeting.announce(talk.take_announced());
        if let Some(after) = talk.take_encrypted().filter(|after| *after != AfterHandshake::Full) {
            (self.encrypted, self.closing) = (Some(after), [true; 2]);
        }
        if talk.frames().are_wanted() {
            streams.keep(session, to_server, talk.frames().wanted_from(to_server, upto));
        }
    }

    /// Another protocol begins.
    fn change(&mut self, expected: Option<app::Protocol>) {
        if let Some(mut talk) = self.talk.take() {
            talk.end();
            self.before = Some(talk);
        }
        self.conversation.change(expected);
        (self.needs, self.ended, self.fresh) = ([0; 2], [false; 2], [true; 2]);
    }

    /// Nothing more is parsed: what there is is all.
    pub fn finish(&mut self) {
        self.over = true;
        if let Some(talk) = &mut self.talk {
            talk.end();
            self.fresh = [true; 2];
        }
    }

    /// Look at a datagram.
    #[inline]
    pub fn datagram(
        &mut self,
        shared: &Shared,
        asked: &Asked,
        (packet, bytes, to_server): (&Packet, &[u8], bool),
    ) -> Option<Event> {
        if packet.layer != Layer::Udp {
            return None;
        }
        let mut event = None;
        if !self.conversation.is_settled(to_server) {
            let (transport, end) = (Transport::Udp, true);
            let direction = Direction { transport, to_server, sport: packet.sport, dport: packet.dport, bytes, end };
            event = self.conversation.look(&direction, &asked.sought);
            *of(&mut self.settled, to_server) = self.conversation.is_settled(to_server);
        }
        if self.over || self.conversation.protocol().is_none() || self.talk.is_none() && !self.begin(shared, asked) {
            return event;
        }
        let input = Input::Datagram { bytes, original: packet.payload_original as usize };
        if let Some(talk) = self.talk.as_mut().filter(|_| !bytes.is_empty()) {
            *of(&mut self.fresh, to_server) = true;
            talk.frames_mut().input(to_server, 0, false);
            if talk.parse(to_server, input) == Parsed::Failed {
                self.failed = true;
                self.finish();
            }
        }
        event
    }

    /// Whether this is a direction's first packet since a message ended in it.
    pub fn take_flushed(&mut self, to_server: bool) -> bool {
        std::mem::take(of(&mut self.flushed, to_server))
    }

    /// What it says is encrypted, and nobody looks into it.
    pub fn is_hidden(&self) -> bool {
        self.encrypted.is_some()
    }

    /// Its parser asks for it to be bypassed.
    pub fn is_to_bypass(&self) -> bool {
        self.encrypted == Some(AfterHandshake::Bypass)
    }

    /// Whether rules look at a direction's stream for the last time.
    pub fn take_closing(&mut self, to_server: bool) -> bool {
        std::mem::take(of(&mut self.closing, to_server))
    }

    /// Whether this is a direction's first packet since its application was settled.
    pub fn take_settled(&mut self, to_server: bool) -> bool {
        std::mem::take(of(&mut self.settled, to_server))
    }

    /// Whether something new is there for rules to look at in a direction.
    pub fn take_fresh(&mut self, to_server: bool) -> bool {
        std::mem::take(of(&mut self.fresh, to_server))
    }

    /// Count what there was of it.
    pub fn count(&self, counts: &mut app::Counts, udp: bool) {
        counts.add(&self.conversation, &[self.talk.as_deref(), self.before.as_deref()], udp, self.failed);
    }

    /// Nothing more is read of a direction.
    pub fn is_over(&self, to_server: bool) -> bool {
        let [up, down] = self.ended;
        self.over || if to_server { up } else { down }
    }

    /// Frames that something asks for were told apart.
    #[inline]
    pub fn has_frames(&self) -> bool {
        let has = |talk: &Option<Box<dyn Talk>>| talk.as_ref().is_some_and(|talk| talk.frames().are_open());
        has(&self.talk) || has(&self.before)
    }

    /// Transactions or frames that were not done with.
    pub fn has_open(&self) -> bool {
        let live = |talk: &Option<Box<dyn Talk>>| talk.as_ref().is_some_and(|talk| talk.live() > 0);
        live(&self.talk) || live(&self.before) || self.has_frames()
    }
}

fn stop(sides: &mut Sides<'_>) {
    sides.streams.stop_reading(sides.session, true);
    sides.streams.stop_reading(sides.session, false);
}
