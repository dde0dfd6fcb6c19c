//! A flow's parser and its transactions, as the engine, the rules and the events see them whatever the protocol is.

use super::frame::{Frames, WantedFrames};
use super::{
    Announced, Application, Body, Bytes, Head, Input, PARSERS, Parsed, Protocol, Request, Sought, Transactions,
};
use crate::files::{File, Wanted};
use crate::plan::{AfterHandshake, Applications, StoreScope};
use std::fmt::Debug;
use std::sync::Arc;

/// What a flow says: its parser with its transactions, of which the live ones are counted from 0.
pub trait Talk: Debug + Send {
    /// Its protocol.
    fn protocol(&self) -> Protocol;
    /// Take in what comes next of one direction.
    fn parse(&mut self, to_server: bool, input: Input<'_>) -> Parsed;
    /// How many transactions there were so far.
    fn count(&self) -> u64;
    /// How many transactions are live.
    fn live(&self) -> usize;
    /// What every transaction has.
    fn head(&self, index: usize) -> Option<&Head>;
    /// The same, to change it.
    fn head_mut(&mut self, index: usize) -> Option<&mut Head>;
    /// What its protocol made of it.
    fn body(&self, index: usize) -> Option<Body<'_>>;
    /// A buffer by its row in the protocol's table, of a direction, by its place among several.
    fn bytes(&self, index: usize, row: u8, to_server: bool, place: usize) -> Bytes<'_>;
    /// From which progress on a direction has a buffer; none: it never does.
    fn buffer_ready(&self, row: u8, to_server: bool) -> Option<u8>;
    /// There may be several of a buffer.
    fn has_several(&self, row: u8) -> bool;
    /// A value, as `bytes` says.
    fn value(&self, index: usize, row: u8, to_server: bool, place: usize) -> Option<u64>;
    /// As of a buffer.
    fn value_ready(&self, row: u8, to_server: bool) -> Option<u8>;
    /// Whether a transaction is to be told of; `end`: for the last time.
    fn is_told(&self, index: usize, end: bool) -> bool;
    /// What its events are called.
    fn events(&self) -> &'static [&'static str];
    /// The names of a direction's progress.
    fn states(&self, to_server: bool) -> &'static [&'static str];
    /// Each message is a transaction of its own.
    fn is_one_way(&self) -> bool;
    /// Whether a message ended in this direction since the last call.
    fn take_flush(&mut self, to_server: bool) -> bool;
    /// Whether what went the other way said something new about this direction since the last call.
    fn take_renewed(&mut self, to_server: bool) -> bool;
    /// Flows that were announced since the last call.
    fn take_announced(&mut self) -> Vec<Announced>;
    /// A request that goes on in another protocol since the last call.
    fn take_upgraded(&mut self) -> Option<Request>;
    /// Take over a request that began in another protocol.
    fn upgraded(&mut self, request: &Request);
    /// A rule has files stored of a transaction's direction: those that `which` says yes to, or more, as `scope` says.
    fn store(&mut self, index: usize, to_server: bool, rule: (u32, StoreScope), which: &dyn Fn(&File) -> bool);
    /// What is to become of the flow, where what is encrypted began since the last call.
    fn take_encrypted(&mut self) -> Option<AfterHandshake>;
    /// The frames that were not done with.
    fn frames(&self) -> &Frames;
    /// The same, to change them.
    fn frames_mut(&mut self) -> &mut Frames;
    /// All transactions are over.
    fn end(&mut self);
    /// Forget the oldest transactions as long as `done` says so.
    fn forget(&mut self, done: &dyn Fn(&Head) -> bool);
}

/// Begins to parse a flow.
type Start = fn(Protocol, &Applications, &Asked, Option<Announced>) -> Box<dyn Talk>;

/// What the table of protocols knows of one that is parsed.
#[derive(Debug)]
pub(super) struct Parser {
    pub protocol: Protocol,
    pub buffers: fn() -> Vec<&'static str>,
    pub values: fn() -> Vec<&'static str>,
    pub events: &'static [&'static str],
    pub frames: &'static [&'static str],
    pub has_streams: bool,
    start: Start,
}

impl Parser {
    pub const fn of<A: Application>(protocol: Protocol) -> Self
    where
        for<'a> Body<'a>: From<&'a A::Tx>,
    {
        Self {
            protocol,
            buffers: || A::BUFFERS.iter().map(|buffer| buffer.name).collect(),
            values: || A::VALUES.iter().map(|value| value.name).collect(),
            events: A::EVENTS,
            frames: A::FRAMES,
            has_streams: A::HAS_STREAMS,
            start: |protocol, settings, asked, announced| {
                let mut transactions = Transactions::new::<A>();
                transactions.wanted = Arc::clone(&asked.files);
                transactions.frames = Frames::new(protocol, &asked.frames);
                let parser = match announced {
                    Some(announced) => A::expected(settings, announced),
                    None => A::new(settings),
                };
                Box::new(Running { protocol, parser, transactions })
            },
        }
    }
}

/// What rules and outputs ask of all flows.
#[derive(Debug, Default)]
pub struct Asked {
    /// Of files.
    pub files: Arc<Wanted>,
    /// Which frames.
    pub frames: WantedFrames,
    /// Which protocols.
    pub sought: Sought,
}

/// Begin to parse a flow of this protocol, where it has a parser; `announced` is what another flow said of it.
pub fn start(
    protocol: Protocol,
    settings: &Applications,
    asked: &Asked,
    announced: Option<Announced>,
) -> Option<Box<dyn Talk>> {
    let parser = PARSERS.iter().find(|parser| parser.protocol == protocol)?;
    Some((parser.start)(protocol, settings, asked, announced))
}

#[derive(Debug)]
struct Running<A: Application> {
    protocol: Protocol,
    parser: A,
    transactions: Transactions<A::Tx>,
}

fn of_direction<T: Copy>([up, down]: [T; 2], to_server: bool) -> T {
    if to_server { up } else { down }
}

impl<A: Application> Talk for Running<A>
where
    for<'a> Body<'a>: From<&'a A::Tx>,
{
    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn parse(&mut self, to_server: bool, input: Input<'_>) -> Parsed {
        let parsed = self.parser.parse(to_server, input, &mut self.transactions);
        self.protocol = self.transactions.renamed.take().unwrap_or(self.protocol);
        parsed
    }

    fn count(&self) -> u64 {
        self.transactions.count()
    }

    fn live(&self) -> usize {
        self.transactions.iter().len()
    }

    fn head(&self, index: usize) -> Option<&Head> {
        Some(&self.transactions.at(index)?.head)
    }

    fn head_mut(&mut self, index: usize) -> Option<&mut Head> {
        Some(&mut self.transactions.at_mut(index)?.head)
    }

    fn body(&self, index: usize) -> Option<Body<'_>> {
        Some(Body::from(&self.transactions.at(index)?.tx))
    }

    fn bytes(&self, index: usize, row: u8, to_server: bool, place: usize) -> Bytes<'_> {
        let (Some(entry), Some(buffer)) = (self.transactions.at(index), A::BUFFERS.get(usize::from(row))) else {
            return Bytes::Absent;
        };
        if place > 0 && !buffer.several {
            return Bytes::Absent;
        }
        (buffer.get)(&entry.tx, &entry.head, to_server, place)
    }

    fn buffer_ready(&self, row: u8, to_server: bool) -> Option<u8> {
        of_direction(A::BUFFERS.get(usize::from(row))?.ready, to_server)
    }

    fn has_several(&self, row: u8) -> bool {
        A::BUFFERS.get(usize::from(row)).is_some_and(|buffer| buffer.several)
    }

    fn value(&self, index: usize, row: u8, to_server: bool, place: usize) -> Option<u64> {
        let (entry, value) = (self.transactions.at(index)?, A::VALUES.get(usize::from(row))?);
        (value.get)(&entry.tx, &entry.head, to_server, place)
    }

    fn value_ready(&self, row: u8, to_server: bool) -> Option<u8> {
        of_direction(A::VALUES.get(usize::from(row))?.ready, to_server)
    }

    fn is_told(&self, index: usize, end: bool) -> bool {
        self.transactions.at(index).is_some_and(|entry| A::is_told(entry, end))
    }

    fn events(&self) -> &'static [&'static str] {
        A::EVENTS
    }

    fn states(&self, to_server: bool) -> &'static [&'static str] {
        of_direction(A::PROGRESS, to_server)
    }

    fn is_one_way(&self) -> bool {
        A::ONE_WAY
    }

    fn take_flush(&mut self, to_server: bool) -> bool {
        let [up, down] = &mut self.transactions.flush;
        std::mem::take(if to_server { up } else { down })
    }

    fn take_renewed(&mut self, to_server: bool) -> bool {
        let [up, down] = &mut self.transactions.renewed;
        std::mem::take(if to_server { up } else { down })
    }

    fn take_announced(&mut self) -> Vec<Announced> {
        std::mem::take(&mut self.transactions.announced)
    }

    fn take_upgraded(&mut self) -> Option<Request> {
        self.transactions.upgraded.take()
    }

    fn upgraded(&mut self, request: &Request) {
        self.parser.upgraded(request, &mut self.transactions);
    }

    fn store(&mut self, index: usize, to_server: bool, rule: (u32, StoreScope), which: &dyn Fn(&File) -> bool) {
        self.transactions.store(index, to_server, rule, which);
    }

    fn take_encrypted(&mut self) -> Option<AfterHandshake> {
        self.transactions.encrypted.take()
    }

    fn frames(&self) -> &Frames {
        &self.transactions.frames
    }

    fn frames_mut(&mut self) -> &mut Frames {
        &mut self.transactions.frames
    }

    fn end(&mut self) {
        self.transactions.end();
    }

    fn forget(&mut self, done: &dyn Fn(&Head) -> bool) {
        self.transactions.forget(done);
    }
}
