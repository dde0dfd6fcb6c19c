//! Protocols that have the messages of DNS, and names of their own for what rules ask.

/// The parser, the transaction and the tables of one. `$is_multicast`: responses go the way of requests.
macro_rules! kin {
    ($name:literal, $is_multicast:literal) => {
        use crate::app::ask::{Buffer, Value};
        use crate::app::dns::{self, Message, Messages};
        use crate::app::{Input, Parsed, Transactions};
        use crate::plan::Applications;

        /// The parser of a flow.
        #[derive(Debug)]
        pub struct Application {
            messages: Messages,
        }

        /// A message.
        #[derive(Debug)]
        pub struct Tx(pub Message);

        impl From<Message> for Tx {
            fn from(message: Message) -> Self {
                Self(message)
            }
        }

        impl AsRef<Message> for Tx {
            fn as_ref(&self) -> &Message {
                &self.0
            }
        }

        const RESPONSES: [Option<u8>; 2] = if $is_multicast { [Some(1), None] } else { [None, Some(1)] };

        impl crate::app::Application for Application {
            type Tx = Tx;
            const BUFFERS: &'static [Buffer<Tx>] = &[
                dns::names(concat!($name, ".queries.rrname"), dns::BOTH, dns::queries),
                dns::names(concat!($name, ".answers.rrname"), dns::BOTH, dns::answers),
                dns::names(concat!($name, ".authorities.rrname"), dns::BOTH, dns::authorities),
                dns::names(concat!($name, ".additionals.rrname"), dns::BOTH, dns::additionals),
                dns::names(concat!($name, ".response.rrname"), RESPONSES, dns::all),
            ];
            const VALUES: &'static [Value<Tx>] = &[];
            const EVENTS: &'static [&'static str] = dns::EVENTS;
            const FRAMES: &'static [&'static str] = dns::FRAMES;
            const HAS_STREAMS: bool = false;
            const PROGRESS: [&'static [&'static str]; 2] = dns::PROGRESS;
            const ONE_WAY: bool = true;

            fn new(_: &Applications) -> Self {
                Self { messages: Messages::new($is_multicast) }
            }

            fn parse(&mut self, to_server: bool, input: Input<'_>, transactions: &mut Transactions<Tx>) -> Parsed {
                self.messages.parse(to_server, input, transactions)
            }
        }
    };
}
pub(in crate::app) use kin;
