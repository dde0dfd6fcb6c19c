//! A small language for TCP conversations: `c:S 100` is the client's SYN with sequence number 100.

use crate::flow::record::TcpState;
use crate::frame::Addr;
use crate::packet::{Checksum, Layer, Packet, tcp};
use crate::plan::{ExceptionPolicy, HostPolicy, StreamPolicy, StreamSettings, Urgent};
use crate::stream::{Cause, Next, Session, Step, Streams};
use crate::time::SECOND;

pub const CLIENT: Addr = Addr::v4([10, 0, 0, 1]);
pub const SERVER: Addr = Addr::v4([10, 0, 0, 2]);
/// Initial sequence numbers; the client's wrap around soon.
pub const ISN: [u32; 2] = [u32::MAX - 20, 5000];

/// Suricata's own defaults.
pub fn strict() -> StreamSettings {
    StreamSettings {
        enabled: true,
        midstream: false,
        async_oneside: false,
        lossy: false,
        inline: false,
        checksums: true,
        memcap: 64 << 20,
        reassembly_memcap: 256 << 20,
        depth: 1 << 20,
        chunk_size: 2560,
        max_syn_queued: 10,
        max_synack_queued: 5,
        urgent: Urgent::Inline,
        urgent_limit: Urgent::Inline,
        bypass: false,
        compare_overlaps: true,
        policy: StreamPolicy::Bsd,
        hosts: Vec::<HostPolicy>::new(),
        midstream_policy: ExceptionPolicy::Ignore,
        memcap_policy: ExceptionPolicy::Ignore,
        reassembly_memcap_policy: ExceptionPolicy::Ignore,
    }
}

/// tmrx's own.
pub fn lenient() -> StreamSettings {
    StreamSettings { midstream: true, lossy: true, ..strict() }
}

pub fn with_policy(policy: StreamPolicy) -> StreamSettings {
    StreamSettings { policy, ..strict() }
}

/// One segment. Numbers count from the first byte of each side: 1 is the first after the SYN.
#[derive(Clone, Debug)]
pub struct Tcp {
    pub to_server: bool,
    pub flags: u8,
    pub seq: u32,
    pub ack: u32,
    pub window: u16,
    pub options: Vec<u8>,
    pub payload: Vec<u8>,
    /// Payload bytes that the mirror cut off.
    pub cut: u32,
    pub urgent: u16,
    pub time: i64,
    pub identity: u32,
    pub checksum: Checksum,
}

impl Tcp {
    fn packet(&self) -> (Packet, Vec<u8>) {
        let mut bytes = vec![0; 20];
        bytes[18..20].copy_from_slice(&self.urgent.to_be_bytes());
        bytes.extend(&self.options);
        let payload = bytes.len() as u16;
        bytes.extend(&self.payload);
        let (src, dst) = if self.to_server { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        let length = self.payload.len() as u32 + self.cut;
        let packet = Packet {
            layer: Layer::Tcp,
            time: self.time * SECOND,
            captured: bytes.len() as u32,
            original: bytes.len() as u32 + self.cut,
            payload,
            payload_original: length,
            tcp_flags: self.flags,
            seq: self.seq,
            ack: self.ack,
            window: self.window,
            identity: self.identity,
            l4_checksum: self.checksum,
            src,
            dst,
            ..Packet::EMPTY
        };
        (packet, bytes)
    }

    pub fn at(mut self, time: i64) -> Self {
        self.time = time;
        self
    }

    pub fn options(mut self, options: &[u8]) -> Self {
        self.options = options.to_vec();
        self
    }

    /// With a timestamp and nothing else.
    pub fn stamp(self, stamp: u32) -> Self {
        let [a, b, c, d] = stamp.to_be_bytes();
        self.options(&[1, 1, 8, 10, a, b, c, d, 0, 0, 0, 0])
    }

    pub fn window(mut self, window: u16) -> Self {
        self.window = window;
        self
    }

    pub fn urgent(mut self, pointer: u16) -> Self {
        self.flags |= tcp::URG;
        self.urgent = pointer;
        self
    }

    pub fn cut(mut self, cut: u32) -> Self {
        self.cut = cut;
        self
    }

    pub fn through(mut self, identity: u32) -> Self {
        self.identity = identity;
        self
    }
}

fn flags(text: &str) -> u8 {
    let of = |c| match c {
        'S' => tcp::SYN,
        'A' => tcp::ACK,
        'F' => tcp::FIN,
        'R' => tcp::RST,
        'P' => tcp::PSH,
        _ => 0,
    };
    text.chars().fold(0, |all, c| all | of(c))
}

/// `c` or `s`, flags, sequence number, acknowledgment number; both count from the initial ones.
pub fn seg(text: &str, payload: &[u8]) -> Tcp {
    let words: Vec<&str> = text.split(' ').collect();
    let to_server = words[0] == "c";
    let [mine, theirs] = if to_server { ISN } else { [ISN[1], ISN[0]] };
    let number = |index: usize| words.get(index).and_then(|word| word.parse::<i64>().ok());
    Tcp {
        to_server,
        flags: flags(words[1]),
        seq: mine.wrapping_add(number(2).unwrap_or(0) as u32),
        ack: number(3).map_or(0, |ack| theirs.wrapping_add(ack as u32)),
        window: 0xfff0,
        options: Vec::new(),
        payload: payload.to_vec(),
        cut: 0,
        urgent: 0,
        time: 1,
        identity: 0,
        checksum: Checksum::Valid,
    }
}

/// A session with what was seen of it.
pub struct Talk {
    pub streams: Streams,
    pub session: Option<Box<Session>>,
    pub last: Step,
}

impl Talk {
    pub fn new(settings: &StreamSettings) -> Self {
        let mut streams = Streams::new(settings, (0, 1));
        streams.set_readers(true, true);
        Self { streams, session: None, last: Step::default() }
    }

    /// A session after its three segments.
    pub fn open(settings: &StreamSettings) -> Self {
        let mut talk = Self::new(settings);
        talk.all(&["c S 0", "s SA 0 1", "c A 1 1"]);
        assert_eq!(talk.state(), TcpState::Established);
        talk
    }

    pub fn put(&mut self, tcp: &Tcp) -> Step {
        let (packet, bytes) = tcp.packet();
        self.last = self.streams.packet(&mut self.session, &packet, &bytes, tcp.to_server);
        self.last
    }

    pub fn say(&mut self, text: &str, payload: &[u8]) -> Step {
        self.put(&seg(text, payload))
    }

    /// Segments without payload.
    pub fn all(&mut self, segments: &[&str]) {
        for text in segments {
            self.say(text, b"");
        }
    }

    pub fn state(&self) -> TcpState {
        self.session.as_ref().map_or(TcpState::None, |session| session.state())
    }

    /// The names of the last packet's events, in the catalogue's order.
    pub fn events(&self) -> Vec<&'static str> {
        self.last.events.iter().map(|event| event.entry().name.trim_start_matches("stream.")).collect()
    }

    /// What rules are shown now of a direction.
    pub fn blocks(&mut self, to_server: bool, all: bool) -> Vec<String> {
        let Some(session) = &mut self.session else { return Vec::new() };
        let mut found = Vec::new();
        while let Some(block) = self.streams.block(session, to_server, all) {
            let end = block.end();
            let gap = block.gap.map_or(String::new(), |gap| format!("+{}{}", gap.len, letter(gap.cause)));
            let missing = if block.missing > 0 { format!("{}-", block.missing) } else { String::new() };
            found.push(format!("{missing}{}:{}{gap}", block.offset, String::from_utf8_lossy(block.bytes)));
            self.streams.inspected(session, to_server, end);
        }
        found
    }

    /// What an application reads now of a direction: neighbouring data and gaps as one.
    pub fn reads(&mut self, to_server: bool, all: bool) -> Vec<String> {
        let Some(session) = &mut self.session else { return Vec::new() };
        let mut pieces: Vec<(Option<Cause>, Vec<u8>, u64)> = Vec::new();
        loop {
            let (cause, bytes, length) = match self.streams.next(session, to_server, all) {
                Next::Data(bytes) => (None, bytes.to_vec(), bytes.len() as u64),
                Next::Gap(gap) => (Some(gap.cause), Vec::new(), gap.len),
                Next::Eof | Next::Wait => break,
            };
            self.streams.taken(session, to_server, length);
            match pieces.last_mut() {
                Some((last, held, sum)) if *last == cause => {
                    held.extend(bytes);
                    *sum += length;
                }
                _ => pieces.push((cause, bytes, length)),
            }
        }
        let show = |(cause, bytes, length): (Option<Cause>, Vec<u8>, u64)| match cause {
            None => String::from_utf8_lossy(&bytes).into_owned(),
            Some(cause) => format!("<{length}{}>", letter(cause)),
        };
        pieces.into_iter().map(show).collect()
    }
}

fn letter(cause: Cause) -> &'static str {
    match cause {
        Cause::Truncated => "t",
        Cause::Lost => "l",
        Cause::Depth => "d",
        Cause::Memory => "m",
    }
}
