#![allow(clippy::unwrap_used)]

use super::*;
use crate::app::Application as _;
use crate::stream::{Cause, Gap};
use proptest::prelude::*;

/// A parser, with all that became of what it was given.
struct Told {
    parser: Application,
    transactions: Transactions<Tx>,
}

impl Told {
    fn new() -> Self {
        Self { parser: Application::new(&Applications::default()), transactions: Transactions::new::<Application>() }
    }

    fn say(&mut self, to_server: bool, text: &str) -> Parsed {
        self.parser.parse(to_server, Input::Data(text.as_bytes()), &mut self.transactions)
    }

    fn lose(&mut self, to_server: bool, len: u64) {
        self.parser.parse(to_server, Input::Gap(Gap { len, cause: Cause::Truncated }), &mut self.transactions);
    }

    /// Commands with their arguments, and the codes of their replies.
    fn brief(&self) -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let replies = |tx: &Tx| {
            let reply = |reply: &Reply| reply.code.map_or_else(|| "-".to_owned(), |code| text(&code));
            tx.replies.iter().map(reply).collect::<Vec<_>>().join(",")
        };
        let name = |tx: &Tx| tx.command.map_or("", |command| command.name);
        self.transactions
            .iter()
            .map(|entry| format!("{} {} {}", name(&entry.tx), text(&entry.tx.argument), replies(&entry.tx)))
            .collect()
    }

    fn announced(&mut self) -> Vec<(u16, &'static str, bool)> {
        let all = std::mem::take(&mut self.transactions.announced);
        all.into_iter().map(|announced| (announced.port, announced.command, announced.to_server)).collect()
    }
}

#[test]
fn replies_go_to_the_oldest_command_without_one() {
    let mut told = Told::new();
    told.say(false, "220-Welcome\r\n220 ready\r\n");
    told.say(true, "user Bob\r\nPASS x\r\nFEAT\r\n");
    told.say(false, "331 more\r\n230 in\r\n");
    told.say(false, "211 End\r\n");
    assert_eq!(told.brief(), ["  -,220", "USER Bob 331", "PASS x 230", "  211"]);
    assert!(told.transactions.iter().all(|entry| entry.head.is_complete()));
}

#[test]
fn preliminary_replies_keep_a_command_open() {
    let mut told = Told::new();
    told.say(true, "LIST\r\n");
    told.say(false, "150 here it comes\r\n");
    assert!(!told.transactions.iter().next().unwrap().tx.is_answered);
    told.say(false, "226 done\r\n");
    assert_eq!(told.brief(), ["LIST  150,226"]);
}

#[test]
fn data_connections_are_announced() {
    let mut told = Told::new();
    told.say(true, "PASV\r\n");
    told.say(false, "227 Entering Passive Mode (10,0,0,1,7,208).\r\n");
    told.say(true, "RETR a\r\n");
    assert_eq!(told.announced(), [(2000, "RETR", false)]);
    told.say(false, "226 done\r\n");
    told.say(true, "PORT 10,0,0,2,7,209\r\n");
    told.say(false, "200 done\r\n");
    told.say(true, "NLST\r\n");
    assert_eq!(told.announced(), [(2001, "NLST", true)]);
    told.say(false, "226 done\r\n");
    told.say(true, "EPRT |2|::1|2002|\r\n");
    told.say(false, "200 done\r\n");
    told.say(true, "STOR b\r\nSTOR c\r\n");
    assert_eq!(told.announced(), [(2002, "STOR", false)]);
    told.say(false, "226 done\r\n226 done\r\n");
    told.say(true, "EPSV\r\n");
    told.say(false, "229 Entering Extended Passive Mode (|||2003|)\r\n");
    told.say(true, "STOU\r\n");
    assert_eq!(told.announced(), [(2003, "STOU", true)]);
    let events: Vec<_> = told.transactions.iter().flat_map(|entry| entry.head.events().to_vec()).collect();
    assert_eq!(events, [Odd::FileBeforePort as u8]);
}

#[test]
fn a_port_that_is_none_is_no_port() {
    for line in ["PORT 1234", "PORT 1,2,3,4,256,1", "PORT 1,2,3,4,0,0", "EPRT |1|1.2.3.4|70000|", "EPRT", "PORT"] {
        let mut told = Told::new();
        told.say(true, &format!("{line}\r\n"));
        told.say(false, "500 no\r\n");
        told.say(true, "RETR x\r\n");
        assert_eq!(told.announced(), [], "{line}");
    }
    for reply in ["227 no", "227 (1,2,3,4,5", "229 (|||x|)", "229 |||5|"] {
        let mut told = Told::new();
        told.say(true, if reply.starts_with("227") { "PASV\r\n" } else { "EPSV\r\n" });
        told.say(false, &format!("{reply}\r\n"));
        told.say(true, "RETR x\r\n");
        assert_eq!(told.announced(), [], "{reply}");
    }
}

#[test]
fn a_line_has_a_limit() {
    let mut told = Told::new();
    told.say(true, &format!("RETR {}", "A".repeat(5000)));
    told.say(true, &format!("{}\r\nPWD\r\n", "A".repeat(5000)));
    told.say(false, &format!("226 {}\r\n257 b\r\n", "B".repeat(9000)));
    let txs: Vec<_> = told.transactions.iter().collect();
    assert_eq!(txs.iter().map(|entry| entry.tx.argument.len()).collect::<Vec<_>>(), [4091, 0]);
    assert_eq!(txs[0].tx.replies[0].text.len(), 4092);
    assert!(txs[0].tx.is_long && txs[0].tx.has_long_replies && !txs[1].tx.is_long);
    let odd = [Odd::RequestCommandTooLong as u8, Odd::FileBeforePort as u8, Odd::ResponseCommandTooLong as u8];
    assert_eq!(txs[0].head.events(), odd);
}

#[test]
fn tls_begins_behind_its_reply() {
    let mut told = Told::new();
    told.say(true, "AUTH TLS\r\n");
    let parsed = told.say(false, "234 go\r\n\x16\x03\x01");
    assert_eq!(parsed, Parsed::Change { bytes: 8, expected: Some(Protocol::Tls) });
    assert_eq!(told.brief(), ["AUTH TLS  234"]);
}

#[test]
fn what_was_seen_of_a_line_is_told() {
    let mut told = Told::new();
    told.say(true, "RETR secr");
    told.lose(true, 20);
    told.say(true, "et\r\nPWD\r\n");
    told.say(false, "550 Fail");
    told.lose(false, 10);
    told.say(false, "ed.\r\n257 \"/\"\r\n");
    assert_eq!(told.brief(), ["RETR secr 550", "PWD  257"]);
    assert_eq!(told.transactions.iter().next().unwrap().tx.missing, 20);
    // The reply to this one is lost.
    told.say(true, "CWD a\r\n");
    told.lose(false, 10);
    told.say(true, "CWD b\r\n");
    told.say(false, "250 done\r\n");
    assert_eq!(told.brief()[2..], ["CWD a ", "CWD b 250"]);
}

/// A whole session: turns, each to the server or to the client.
const SESSION: [(bool, &str); 8] = [
    (false, "220 ready\r\n"),
    (true, "USER bob\r\n"),
    (false, "331 more\r\n"),
    (true, "PASV\r\n"),
    (false, "227 Entering Passive Mode (10,0,0,1,7,208).\r\n"),
    (true, "RETR some file\r\n"),
    (false, "150 here\r\n"),
    (false, "226 done\r\n"),
];

proptest! {
    #[test]
    fn pieces_say_what_the_whole_says(sizes in prop::collection::vec(1..9usize, 60)) {
        let (mut whole, mut pieces) = (Told::new(), Told::new());
        let mut sizes = sizes.into_iter().cycle();
        for (to_server, text) in SESSION {
            whole.say(to_server, text);
            let mut rest = text;
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(sizes.next().unwrap().min(rest.len()));
                pieces.say(to_server, piece);
                rest = after;
            }
        }
        prop_assert_eq!(whole.brief(), pieces.brief());
        prop_assert_eq!(whole.announced(), pieces.announced());
    }

    #[test]
    fn a_gap_anywhere_keeps_the_rest(turn in 0..SESSION.len(), from in 0..40usize, bytes in 1..40usize) {
        let mut told = Told::new();
        for (number, (to_server, text)) in SESSION.into_iter().enumerate() {
            let (from, end) = (from.min(text.len()), (from + bytes).min(text.len()));
            if number == turn && from < end {
                told.say(to_server, &text[..from]);
                told.lose(to_server, (end - from) as u64);
                told.say(to_server, &text[end..]);
            } else {
                told.say(to_server, text);
            }
        }
        let brief = told.brief();
        for (number, line) in [(1, "USER"), (3, "PASV"), (5, "RETR")] {
            prop_assert!(number == turn || brief.iter().any(|one| one.starts_with(line)), "{:?}", brief);
        }
        prop_assert!(told.transactions.iter().len() <= 6);
    }

    #[test]
    fn any_bytes_will_do(steps in prop::collection::vec((any::<bool>(), 0..4u8, "[A-Z0-9 ,|()\r\n-]{0,40}"), 0..30)) {
        let mut told = Told::new();
        for (to_server, kind, text) in steps {
            match kind {
                0 => told.lose(to_server, 5),
                _ => drop(told.say(to_server, &text)),
            }
        }
        prop_assert!(told.transactions.iter().all(|entry| entry.tx.replies.len() <= MOST_REPLIES));
    }
}
