//! Which application a flow speaks, found from the first bytes of its directions.

use crate::app::{Conversation, Direction, Event, Transport};
use crate::packet::{Layer, Packet};
use crate::stream::{Next, Session, Step, Streams};

/// What is known of a flow's application.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Talk {
    pub conversation: Conversation,
    /// A direction was settled, and no packet of it came since; to the server, to the client.
    settled: [bool; 2],
}

impl Talk {
    /// Look at what a TCP packet made visible: what it acknowledged, or what it brought itself.
    #[inline]
    pub fn segment(
        &mut self,
        streams: &mut Streams,
        session: &mut Session,
        packet: &Packet,
        step: &Step,
        to_server: bool,
    ) -> Option<Event> {
        let [up, down] = step.more;
        let ports = if to_server { (packet.sport, packet.dport) } else { (packet.dport, packet.sport) };
        let first = up.then(|| self.stream(streams, session, ports, true, false)).flatten();
        down.then(|| self.stream(streams, session, ports, false, false)).flatten().or(first)
    }

    /// Look at a direction's stream as far as it goes; `ports` are the client's and the server's, `end`: for the last time.
    pub fn stream(
        &mut self,
        streams: &mut Streams,
        session: &mut Session,
        (client, server): (u16, u16),
        to_server: bool,
        end: bool,
    ) -> Option<Event> {
        if self.conversation.is_settled(to_server) {
            return None;
        }
        let (sport, dport) = if to_server { (client, server) } else { (server, client) };
        let bytes = match streams.next(session, to_server, end) {
            Next::Data(bytes) => bytes,
            // What began with a gap can't be told.
            Next::Gap(_) => {
                self.settle(streams, session, to_server);
                return None;
            }
            Next::Eof | Next::Wait => return None,
        };
        let event =
            self.conversation.look(&Direction { transport: Transport::Tcp, to_server, sport, dport, bytes, end });
        if self.conversation.is_settled(to_server) {
            self.settle(streams, session, to_server);
        }
        event
    }

    fn settle(&mut self, streams: &mut Streams, session: &mut Session, to_server: bool) {
        streams.stop_reading(session, to_server);
        self.mark(to_server, true);
    }

    /// Look at a datagram.
    #[inline]
    pub fn datagram(&mut self, packet: &Packet, bytes: &[u8], to_server: bool) -> Option<Event> {
        if packet.layer != Layer::Udp || self.conversation.is_settled(to_server) {
            return None;
        }
        let (transport, end) = (Transport::Udp, true);
        let direction = Direction { transport, to_server, sport: packet.sport, dport: packet.dport, bytes, end };
        let event = self.conversation.look(&direction);
        self.mark(to_server, self.conversation.is_settled(to_server));
        event
    }

    fn mark(&mut self, to_server: bool, settled: bool) {
        let [up, down] = &mut self.settled;
        *(if to_server { up } else { down }) = settled;
    }

    /// Whether this is a direction's first packet since its application was settled.
    pub fn take_settled(&mut self, to_server: bool) -> bool {
        let [up, down] = &mut self.settled;
        std::mem::take(if to_server { up } else { down })
    }
}
