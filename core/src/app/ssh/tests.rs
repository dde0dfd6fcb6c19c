#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::app::Application as _;
use proptest::prelude::*;

struct Told {
    parser: Application,
    transactions: Transactions<Tx>,
}

impl Told {
    fn new() -> Self {
        let ssh = SshSettings { hassh: true, ..SshSettings::default() };
        let parser = Application::new(&Applications { ssh, ..Applications::default() });
        Self { parser, transactions: Transactions::new::<Application>() }
    }

    fn say(&mut self, to_server: bool, bytes: &[u8]) {
        self.parser.parse(to_server, Input::Data(bytes), &mut self.transactions);
    }

    fn lose(&mut self, to_server: bool, len: u64) {
        self.parser.parse(to_server, Input::Gap(Gap { len, cause: Cause::Truncated }), &mut self.transactions);
    }

    fn entry(&self) -> &Entry<Tx> {
        self.transactions.iter().next().unwrap()
    }

    /// Protocol and software of a side.
    fn brief(&self, to_server: bool) -> [String; 2] {
        let Peer { protocol, software, .. } = self.entry().tx.peer(to_server);
        [protocol, software].map(|text| {
            text.as_ref().map_or_else(String::new, |text| String::from_utf8_lossy(&text.bytes).into_owned())
        })
    }
}

fn packet(code: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len() as u32 + 2;
    [length.to_be_bytes().as_slice(), &[0, code], content].concat()
}

fn offer() -> Vec<u8> {
    let names = ["kex", "key", "c1", "c2", "m1", "m2", "z1", "z2", "", ""];
    let lists = names.map(|name| [(name.len() as u32).to_be_bytes().as_slice(), name.as_bytes()].concat()).concat();
    packet(20, &[vec![7; 16], lists, vec![0; 5]].concat())
}

fn opening(banner: &str) -> Vec<u8> {
    [banner.as_bytes(), &offer(), &packet(30, &[1; 300]), &packet(21, b""), &[9; 40]].concat()
}

#[test]
fn a_session_is_known_by_its_banners_and_offers() {
    let mut told = Told::new();
    told.say(false, &opening("SSH-2.0-Server_1 some comment\r\n"));
    assert!(!Application::is_told(told.entry(), false));
    told.say(true, &opening("SSH-1.99-Client-2\n"));
    assert!(Application::is_told(told.entry(), false));
    assert_eq!(told.brief(true), ["1.99", "Client-2"]);
    assert_eq!(told.brief(false), ["2.0", "Server_1"]);
    let strings = [true, false].map(|side| told.entry().tx.peer(side).hassh.as_ref().unwrap().string.clone());
    assert_eq!(strings, [b"kex;c1;m1;z1".to_vec(), b"kex;c2;m2;z2".to_vec()]);
    assert_eq!(told.entry().tx.client.hassh.as_ref().unwrap().hash.len(), 32);
    assert_eq!([true, false].map(|side| told.entry().head.progress(side)), [progress::FINISHED; 2]);
    assert!(told.entry().head.events().is_empty());
}

#[test]
fn what_is_odd_is_said() {
    let long = ["SSH-2.0-A ".as_bytes(), &[b'x'; 300]].concat();
    let huge = [b"SSH-2.0-A\r\n", 70_000_u32.to_be_bytes().as_slice(), &[0, 20]].concat();
    let short = b"SSH-2.0-A\r\n\0\0\0\x01\0\x14".to_vec();
    let broken = [b"SSH-2.0-A\r\n", packet(20, &[0; 17]).as_slice()].concat();
    for (bytes, odd) in [
        (b"Welcome\r\nSSH-2.0-A\r\n".to_vec(), Odd::InvalidBanner),
        (b"SSH-none\r\n".to_vec(), Odd::InvalidBanner),
        (long, Odd::LongBanner),
        (huge, Odd::LongKexRecord),
        (short, Odd::InvalidRecord),
        (broken, Odd::InvalidRecord),
    ] {
        let mut told = Told::new();
        told.say(true, &bytes);
        assert_eq!(told.entry().head.events(), [odd as u8], "{odd:?}");
    }
}

#[test]
fn a_long_banner_is_waited_out() {
    let mut told = Told::new();
    told.say(true, &["SSH-2.0-A ".as_bytes(), &[b'x'; 300]].concat());
    assert_eq!(told.entry().head.progress(true), progress::BANNER_WAIT_EOL);
    told.say(true, &opening("more\n"));
    assert_eq!(told.brief(true), ["2.0", "A"]);
    assert!(told.entry().tx.client.hassh.is_some());
}

#[test]
fn what_was_seen_before_a_cut_is_told() {
    let mut told = Told::new();
    told.say(true, b"SSH-2.0-Open");
    told.lose(true, 20);
    told.say(true, &opening("x\n"));
    assert_eq!(told.brief(true), ["2.0", "Open"]);
    assert_eq!(told.entry().tx.client.software.as_ref().unwrap().missing, 20);
    assert!(told.entry().head.partial[0] && told.entry().tx.client.hassh.is_none());
    // A packet that is cut is passed by its length.
    let whole = opening("SSH-2.0-B\r\n");
    told.say(false, &whole[..11 + 20]);
    told.lose(false, 20);
    told.say(false, &whole[11 + 40..]);
    assert_eq!(told.entry().head.progress(false), progress::FINISHED);
    assert!(told.entry().head.partial[1] && told.entry().tx.server.hassh.is_none());
}

proptest! {
    #[test]
    fn pieces_say_what_the_whole_says(sizes in prop::collection::vec(1..40usize, 40)) {
        let (mut whole, mut pieces) = (Told::new(), Told::new());
        for (to_server, banner) in [(true, "SSH-2.0-A b\r\n"), (false, "hello\nSSH-1.99-B\n")] {
            let bytes = opening(banner);
            whole.say(to_server, &bytes);
            let (mut rest, mut sizes) = (bytes.as_slice(), sizes.iter().cycle());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
                pieces.say(to_server, piece);
                rest = after;
            }
        }
        prop_assert_eq!(&whole.entry().tx.client, &pieces.entry().tx.client);
        prop_assert_eq!(&whole.entry().tx.server, &pieces.entry().tx.server);
        prop_assert_eq!(whole.entry().head.events(), pieces.entry().head.events());
    }

    #[test]
    fn a_gap_anywhere_invents_nothing(from in 0..500usize, bytes in 1..200usize) {
        let mut told = Told::new();
        let whole = opening("SSH-2.0-Name\r\n");
        let (from, end) = (from.min(whole.len()), (from + bytes).min(whole.len()));
        told.say(true, &whole[..from]);
        told.lose(true, (end - from) as u64);
        told.say(true, &whole[end..]);
        let Peer { protocol, software, hassh } = &told.entry().tx.client;
        prop_assert!(protocol.as_ref().is_none_or(|text| b"2.0".starts_with(&text.bytes)));
        prop_assert!(software.as_ref().is_none_or(|text| b"Name".starts_with(&text.bytes)));
        prop_assert!(hassh.as_ref().is_none_or(|hassh| hassh.string == b"kex;c1;m1;z1"));
    }

    #[test]
    fn any_bytes_will_do(steps in prop::collection::vec((any::<bool>(), 0..5u8, prop::collection::vec(any::<u8>(), 0..40)), 0..20)) {
        let mut told = Told::new();
        for (to_server, kind, bytes) in steps {
            match kind {
                0 => told.lose(to_server, 9),
                1 => told.say(to_server, b"SSH-2.0-A\n"),
                _ => told.say(to_server, &bytes),
            }
        }
    }
}
