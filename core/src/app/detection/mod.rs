//! Which protocol a flow speaks: patterns first, then probes by port, in each direction by itself.

mod patterns;
mod probe;

use super::Protocol;
use crate::plan;

/// What carries the application's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A stream.
    Tcp,
    /// Datagrams.
    Udp,
}

/// The first bytes of one direction, and where they go.
#[derive(Clone, Copy, Debug)]
pub struct Direction<'a> {
    /// What carries them.
    pub transport: Transport,
    /// They were sent by the client.
    pub to_server: bool,
    /// The sender's port.
    pub sport: u16,
    /// The receiver's port.
    pub dport: u16,
    /// All bytes from the direction's start on.
    pub bytes: &'a [u8],
    /// No more bytes come.
    pub end: bool,
}

/// Which protocols are looked for, and where else than at their usual ports.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    off: Vec<Protocol>,
    ports: Vec<(Protocol, Transport, Vec<u16>)>,
}

impl Sought {
    /// As the settings say.
    pub fn new(settings: &plan::Applications) -> Self {
        let named = |name: &String| Protocol::ALL.iter().copied().find(|protocol| protocol.name() == name);
        let ports = settings.ports.iter().filter_map(|row| {
            let transport = if row.udp { Transport::Udp } else { Transport::Tcp };
            Some((named(&row.protocol)?, transport, row.ports.clone()))
        });
        Self { off: settings.off.iter().filter_map(named).collect(), ports: ports.collect() }
    }

    /// A protocol is looked for.
    #[inline]
    pub fn has(&self, protocol: Protocol) -> bool {
        !self.off.contains(&protocol)
    }

    /// The ports of a protocol, the usual ones of which are these.
    fn ports<'a>(&'a self, protocol: Protocol, transport: Transport, usual: &'a [u16]) -> &'a [u16] {
        let own = self.ports.iter().find(|(known, over, _)| (*known, *over) == (protocol, transport));
        own.map_or(usual, |(_, _, ports)| ports)
    }
}

/// What some bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes(Protocol),
    No,
    /// More bytes would tell.
    More,
}

/// What is strange about the two directions of a flow; Suricata's events of protocol detection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// One direction's protocol is known, the other's can't be.
    OnlyOneDirection,
    /// Each direction has a protocol of its own.
    Mismatch,
    /// Another protocol than the one that was announced.
    Unexpected,
    /// TLS was announced, and something else came.
    NoTls,
    /// The server spoke first, which it never does in its protocol.
    WrongDirection,
}

impl Event {
    /// As Suricata names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OnlyOneDirection => "APPLAYER_DETECT_PROTOCOL_ONLY_ONE_DIRECTION",
            Self::Mismatch => "APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS",
            Self::Unexpected => "APPLAYER_UNEXPECTED_PROTOCOL",
            Self::NoTls => "APPLAYER_NO_TLS_AFTER_STARTTLS",
            Self::WrongDirection => "APPLAYER_WRONG_DIRECTION_FIRST_DATA",
        }
    }
}

/// What became of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
enum Side {
    #[default]
    Undecided,
    Found(Protocol),
    Failed,
}

/// What is known of a flow's protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    /// To the server, to the client.
    sides: [Side; 2],
    /// The side that was found first gives the flow its protocol.
    first: Option<Protocol>,
    /// It is of datagrams: one that nobody knows has failed, whatever else comes.
    datagrams: bool,
    /// The protocol before it changed, and the one that was announced then.
    original: Option<Protocol>,
    expected: Option<Protocol>,
    /// The server spoke first, and should not have: the flow has none.
    wrong: bool,
    /// The flow that announced it.
    parent: Option<u64>,
}

/// Protocols in which the client speaks first.
const CLIENT_FIRST: [Protocol; 4] = [Protocol::Http, Protocol::Tls, Protocol::Dns, Protocol::Dcerpc];

/// The most bytes of a direction that are looked at.
const ENOUGH: usize = 4096;

impl Conversation {
    /// Whether a direction's protocol is settled: its bytes need not be shown again.
    pub fn is_settled(&self, to_server: bool) -> bool {
        self.side(to_server) != Side::Undecided
    }

    /// Look at a direction's bytes. A direction that settles with nothing to show against what the other one found is
    /// said by an event.
    pub fn look(&mut self, direction: &Direction<'_>, sought: &Sought) -> Option<Event> {
        if self.is_settled(direction.to_server) || direction.bytes.is_empty() {
            return None;
        }
        self.datagrams = direction.transport == Transport::Udp;
        let answer = match self.expected {
            // Its bytes show nothing: it is what was announced.
            Some(Protocol::Websocket) => Answer::Yes(Protocol::Websocket),
            _ if self.is_of_http2(direction, sought) => Answer::Yes(Protocol::Http2),
            _ => answer(direction, sought),
        };
        let side = match answer {
            Answer::Yes(protocol) => Side::Found(protocol),
            // Once the other one is known, this one is that or nothing that is known.
            Answer::No if self.first.is_some() => Side::Failed,
            // What is none of the known may yet be: a direction is given up late.
            Answer::No | Answer::More if !direction.end && direction.bytes.len() < ENOUGH => return None,
            Answer::No | Answer::More => Side::Failed,
        };
        if let (None, Side::Found(protocol)) = (self.first, side) {
            self.first = Some(protocol);
            let unexpected = self.expected().map(|expected| match expected {
                Protocol::Tls => Event::NoTls,
                _ => Event::Unexpected,
            });
            return self.settle(direction.to_server, side).or(unexpected);
        }
        self.settle(direction.to_server, side)
    }

    /// A server's settings are known wherever HTTP/2 is announced, or spoken by the client.
    fn is_of_http2(&self, direction: &Direction<'_>, sought: &Sought) -> bool {
        let is_it = |protocol| protocol == Some(Protocol::Http2);
        (is_it(self.expected) || is_it(self.first)) && sought.has(Protocol::Http2) && probe::is_http2(direction)
    }

    /// Whether these bytes, of which nothing is known as things go, would be known if they went the other way.
    pub fn is_backwards(&self, direction: &Direction<'_>, sought: &Sought) -> bool {
        let turned = Direction { to_server: !direction.to_server, ..*direction };
        let found = |direction| matches!(answer(direction, sought), Answer::Yes(_));
        *self == Self::default() && !found(direction) && found(&turned)
    }

    /// A direction can't be told.
    pub fn give_up(&mut self, to_server: bool) -> Option<Event> {
        self.settle(to_server, Side::Failed)
    }

    /// The server spoke, and the client had not: unless its protocol has that, the flow has none.
    pub fn server_first(&mut self) -> Option<Event> {
        self.wrong = self.first.is_some_and(|first| CLIENT_FIRST.contains(&first));
        self.wrong.then_some(Event::WrongDirection)
    }

    /// Another protocol begins: this one, where it was announced.
    pub fn change(&mut self, expected: Option<Protocol>) {
        let Self { first: original, datagrams, parent, .. } = *self;
        *self = Self { original, expected, datagrams, parent, ..Self::default() };
    }

    /// What it speaks turned out to be this.
    pub fn rename(&mut self, protocol: Protocol) {
        let found = self.sides.map(|side| if side == Side::Failed { side } else { Side::Found(protocol) });
        (self.original, self.first, self.sides) = (self.first, Some(protocol), found);
    }

    /// Another flow, that with this id, announced what it speaks.
    pub fn announced(&mut self, protocol: Protocol, parent: u64) {
        (self.sides, self.first, self.parent) = ([Side::Found(protocol); 2], Some(protocol), Some(parent));
    }

    /// The id of the flow that announced it.
    pub fn parent(&self) -> Option<u64> {
        self.parent
    }

    /// The protocol before the last change.
    pub fn original(&self) -> Option<Protocol> {
        self.original
    }

    /// The protocol that was announced, where another came.
    pub fn expected(&self) -> Option<Protocol> {
        self.expected.filter(|expected| self.first.is_some_and(|first| first != *expected))
    }

    fn settle(&mut self, to_server: bool, side: Side) -> Option<Event> {
        let [up, down] = &mut self.sides;
        *(if to_server { up } else { down }) = side;
        match (self.side(true), self.side(false)) {
            (Side::Found(a), Side::Found(b)) if a != b => Some(Event::Mismatch),
            (Side::Found(_), Side::Failed) | (Side::Failed, Side::Found(_)) => Some(Event::OnlyOneDirection),
            _ => None,
        }
    }

    /// The flow's protocol: `None` while nobody knows, "failed" once both directions gave up.
    pub fn name(&self) -> Option<&'static str> {
        match (self.first, self.sides) {
            (Some(_), _) if self.wrong => Some(FAILED),
            (Some(protocol), _) => Some(protocol.name()),
            (None, [Side::Failed, Side::Failed]) => Some(FAILED),
            (None, sides) => (self.datagrams && sides.contains(&Side::Failed)).then_some(FAILED),
        }
    }

    /// The protocol.
    pub fn protocol(&self) -> Option<Protocol> {
        self.first.filter(|_| !self.wrong)
    }

    /// What a direction gave, where that differs from the flow's.
    pub fn differs(&self, to_server: bool) -> Option<&'static str> {
        let first = self.first?;
        match self.side(to_server) {
            Side::Found(protocol) if self.wrong || protocol != first => Some(protocol.name()),
            Side::Failed => Some(FAILED),
            _ => None,
        }
    }

    /// What a direction gave: `None` while nobody knows. What the other one found counts until then.
    pub fn of_direction(&self, to_server: bool) -> Option<&'static str> {
        match self.side(to_server) {
            Side::Found(protocol) => Some(protocol.name()),
            Side::Failed => Some(FAILED),
            Side::Undecided => self.first.map(Protocol::name),
        }
    }

    fn side(&self, to_server: bool) -> Side {
        let [up, down] = self.sides;
        if to_server { up } else { down }
    }
}

const FAILED: &str = "failed";

fn answer(direction: &Direction<'_>, sought: &Sought) -> Answer {
    match patterns::answer(direction, sought) {
        // A user is named at a mailbox's port, too.
        Answer::Yes(Protocol::Ftp) => match probe::answer(direction, sought) {
            Answer::Yes(protocol) => Answer::Yes(protocol),
            _ => Answer::Yes(Protocol::Ftp),
        },
        Answer::No => probe::answer(direction, sought),
        Answer::More => match probe::answer(direction, sought) {
            Answer::No => Answer::More,
            found => found,
        },
        found => found,
    }
}
