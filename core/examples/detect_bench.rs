//! What 100 content rules cost a packet of 300 payload bytes; and building and asking 26,000.
//! `cargo run --release --example detect_bench`
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::indexing_slicing)]

use aho_corasick::automaton::Automaton;
use aho_corasick::{Anchored, dfa::DFA};
use std::hint::black_box;
use std::time::Instant;
use tmrx_core::detect::state::{Memory, Shared};
use tmrx_core::detect::{Buffer, FlowFacts, Outcome, Rules, Subject};
use tmrx_core::packet::{Layer, Packet, Stop, proto};
use tmrx_core::plan::{self, AddressSet, Content, Match, PortSet, RuleProtocol};

const PAYLOAD: usize = 300;

/// A small generator (xorshift64*), so that runs are the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

const WORDS: [&str; 24] = [
    "GET /",
    "index",
    ".html",
    " HTTP/1.1\r\n",
    "Host: ",
    "www.",
    "example",
    ".com\r\n",
    "User-Agent: ",
    "Mozilla/5.0 ",
    "(Windows NT 10.0; ",
    "Win64; x64) ",
    "Accept: ",
    "text/html,",
    "application/xml;q=0.9",
    "\r\n",
    "Connection: ",
    "keep-alive\r\n",
    "Cookie: ",
    "session=",
    "Content-Type: ",
    "Cache-Control: ",
    "no-cache\r\n",
    "gzip, deflate",
];

fn text(random: &mut Random, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        bytes.extend_from_slice(WORDS[random.below(24) as usize].as_bytes());
        bytes.extend((0..random.below(6)).map(|_| b'a' + random.below(26) as u8));
    }
    bytes.truncate(length);
    bytes
}

fn binary(random: &mut Random, length: usize) -> Vec<u8> {
    (0..length).map(|_| random.below(256) as u8).collect()
}

fn pattern(random: &mut Random) -> Vec<u8> {
    let length = 4 + random.below(17) as usize;
    match random.below(3) {
        0 => binary(random, length),
        1 => (0..length).map(|_| b'a' + random.below(26) as u8).collect(),
        _ => {
            let mut pattern = WORDS[random.below(24) as usize].as_bytes().to_vec();
            pattern.extend((0..length).map(|_| b'!' + random.below(90) as u8));
            pattern
        }
    }
}

fn plan(random: &mut Random, count: u32) -> plan::Rules {
    let rule = |sid| {
        let content = Content { pattern: pattern(random).into(), nocase: sid % 3 == 0, ..Content::default() };
        plan::Rule {
            protocol: if sid % 2 == 0 { RuleProtocol::Tcp } else { RuleProtocol::Udp },
            sid,
            buffers: vec![plan::BufferTest {
                side: plan::Way::Any,
                buffer: "payload".into(),
                transforms: Vec::new(),
                matches: vec![Match::Content(content)],
            }],
            ..plan::Rule::default()
        }
    };
    plan::Rules {
        rules: (1..=count).map(rule).collect(),
        addresses: vec![AddressSet { any: true, v4: Vec::new(), v6: Vec::new(), negated: false }],
        ports: vec![PortSet { any: true, ranges: Vec::new() }],
        ..plan::Rules::default()
    }
}

fn packet() -> Packet {
    Packet {
        ip: 4,
        proto: proto::TCP,
        layer: Layer::Tcp,
        stop: Stop::Complete,
        sport: 40000,
        dport: 80,
        ..Packet::EMPTY
    }
}

/// The best round: others share the machine.
fn measure(name: &str, payloads: &[Vec<u8>], rounds: usize, mut each: impl FnMut(&[u8]) -> u64) {
    let (mut best, mut sum) = (f64::MAX, 0);
    for _ in 0..rounds {
        let start = Instant::now();
        sum = payloads.iter().map(|payload| each(black_box(payload))).sum::<u64>();
        best = best.min(start.elapsed().as_nanos() as f64 / payloads.len() as f64);
    }
    println!("{name:40} {best:8.1} ns/packet   {sum} hits");
}

fn rules(name: &str, plan: &plan::Rules, payloads: &[Vec<u8>], rounds: usize) {
    let start = Instant::now();
    let rules = Rules::new(plan).unwrap();
    println!("{name}: {} rules built in {:.1} ms", rules.len(), start.elapsed().as_secs_f64() * 1e3);
    let (packet, mut scratch, mut outcome) = (packet(), rules.scratch(), Outcome::default());
    let shared = Shared::new(&plan::Rules::default()).unwrap();
    let flow = Some(FlowFacts { to_server: true, ..FlowFacts::default() });
    measure(name, payloads, rounds, |payload| {
        let payload = Buffer { bytes: payload, original: payload.len() };
        let subject = Subject { flow, ..Subject::new(&packet, payload) };
        outcome.clear();
        let mut memory = Memory { flow: None, shared: &shared, now: 0 };
        rules.inspect(&subject, &mut memory, &mut scratch, &mut outcome);
        outcome.hits.len() as u64
    });
}

/// What a walk of aho-corasick's fastest automaton over the same patterns costs.
fn automaton(plan: &plan::Rules, payloads: &[Vec<u8>], rounds: usize) {
    let patterns = plan.rules.iter().filter(|rule| rule.protocol == RuleProtocol::Tcp).map(|rule| {
        match &rule.buffers[0].matches[0] {
            Match::Content(content) => content.pattern.as_slice(),
            _ => &[],
        }
    });
    let dfa = DFA::builder().ascii_case_insensitive(true).build(patterns).unwrap();
    measure("  aho-corasick DFA walk alone", payloads, rounds, |payload| {
        let mut state = dfa.start_state(Anchored::No).unwrap();
        let mut matches = 0;
        for byte in payload {
            state = dfa.next_state(Anchored::No, state, *byte);
            if dfa.is_special(state) {
                matches += u64::from(dfa.is_match(state));
            }
        }
        matches
    });
}

fn main() {
    let mut random = Random(7);
    let [small, large] = [200, 26_000].map(|count| plan(&mut random, count));
    for (kind, make) in [("text", text as fn(&mut Random, usize) -> Vec<u8>), ("binary", binary)] {
        let payloads: Vec<_> = (0..2000).map(|_| make(&mut random, PAYLOAD)).collect();
        println!("-- {kind}, {PAYLOAD} bytes");
        rules("100 rules for the packet", &small, &payloads, 200);
        automaton(&small, &payloads, 50);
        rules("100 rules, no payload", &small, &vec![Vec::new(); 2000], 200);
        rules("13,000 rules for the packet", &large, &payloads, 50);
    }
}
