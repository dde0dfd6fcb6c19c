//! Streams in, transactions out.

use super::*;
use crate::app::ask::Bytes;
use crate::app::{Application as _, Entry};
use crate::stream::{Cause, Gap};
use proptest::prelude::*;

/// A parser with its transactions.
struct Flow {
    parser: Application,
    transactions: Transactions<Tx>,
}

impl Flow {
    fn new() -> Self {
        Self { parser: Application::new(&Applications::default()), transactions: Transactions::new::<Application>() }
    }

    fn data(&mut self, to_server: bool, bytes: &[u8]) -> Parsed {
        self.parser.parse(to_server, Input::Data(bytes), &mut self.transactions)
    }

    fn gap(&mut self, to_server: bool, len: u64) {
        self.parser.parse(to_server, Input::Gap(Gap { len, cause: Cause::Lost }), &mut self.transactions);
    }

    fn eof(&mut self) {
        for to_server in [true, false] {
            self.parser.parse(to_server, Input::Eof, &mut self.transactions);
        }
    }

    fn entries(&self) -> Vec<&Entry<Tx>> {
        self.transactions.iter().collect()
    }

    /// A line for each transaction.
    fn told(&self) -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let tell = |entry: &Entry<Tx>| {
            let tx = &entry.tx;
            let files: Vec<_> = entry.head.files.iter().map(|file| (text(&file.name), file.size, file.state)).collect();
            let parts = [tx.method(), tx.host(), tx.uri(), tx.status_text(), tx.body(true), tx.body(false)].map(text);
            format!("{parts:?} {} {files:?} {:?} {:?}", tx.length(), entry.head.partial, entry.head.is_complete())
        };
        self.transactions.iter().map(tell).collect()
    }

    fn events(&self, place: usize) -> Vec<&'static str> {
        self.entries()[place].head.events().iter().map(|event| events::NAMES[usize::from(*event)]).collect()
    }
}

fn after(requests: &[u8], responses: &[u8]) -> Flow {
    let mut flow = Flow::new();
    flow.data(true, requests);
    flow.data(false, responses);
    flow.eof();
    flow
}

const GET: &[u8] = b"GET /eicar.txt HTTP/1.1\r\nHost: Evader.example.com:80\r\n\r\n";
const EICAR: &[u8] = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";

#[test]
fn a_transaction() {
    let flow = after(GET, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    let want = r#"["GET", "evader.example.com", "/eicar.txt", "200", "", "abc"] 3 [("/eicar.txt", 3, Closed)] [false, false] true"#;
    assert_eq!(flow.told(), [want]);
    assert_eq!(flow.events(0), [] as [&str; 0]);
}

/// The table of the specification: http.md, "Verified outcomes".
#[test]
fn verified_outcomes() {
    let eicar = std::str::from_utf8(EICAR).unwrap();
    let chunked = format!("44\r\n{eicar}\r\n0\r\n\r\n");
    let ok = "HTTP/1.1 200 ok\r\n";
    let table: &[(String, u64, u64, &[&str])] = &[
        (format!("{ok}Transfer-Encoding: xchunked\r\n\r\n{chunked}"), 68, 77, &["RESPONSE_ABNORMAL_TRANSFER_ENCODING"]),
        (format!("{ok}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n{chunked}"), 68, 77, &[]),
        (
            format!("HTTP/1.0 200 ok\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}"),
            68,
            77,
            &["RESPONSE_CHUNKED_OLD_PROTO"],
        ),
        (format!("HTTP/1.1 200 ok\nA: b\n\n{eicar}"), 68, 68, &[]),
        (eicar.to_owned(), 68, 68, &[]),
        (format!("XTTP/1.1 200 ok\r\nA: b\r\n\r\n{eicar}"), 93, 93, &[]),
        (format!(" {ok}\r\n{eicar}"), 68, 68, &[]),
        (format!("HTTP/1.1 204 ok\r\nContent-Length: 68\r\n\r\n{eicar}"), 68, 68, &["RESPONSE_BODY_UNEXPECTED"]),
        (format!("HTTP/1.1 304 ok\r\n\r\n{eicar}"), 68, 68, &[]),
        (format!("HTTP/1.1 100 Continue\r\n\r\n{ok}\r\n{eicar}"), 68, 68, &[]),
        (
            format!("{ok}Transfer-Encoding: chunked\r\n\r\n \t44;x=y\r\n{eicar}\r\n0\r\n\r\n"),
            68,
            83,
            &["RESPONSE_CHUNK_EXTENSION"],
        ),
        (format!("{ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n{eicar}"), 72, 76, &["INVALID_RESPONSE_CHUNK_LEN"]),
        (format!("{ok}A: b\r\na: c\r\n\r\n{eicar}"), 68, 68, &["RESPONSE_HEADER_REPETITION"]),
        (format!("{ok}A: b\n\r\r\n{eicar}"), 68, 68, &[]),
        (format!("{ok}A: b\n\rC: d\n\r\n\r{eicar}"), 68, 68, &["DEFORMED_EOL"]),
        (format!("{ok}A: b\r\n\r\r\nC: d\r\n\r\n{eicar}"), 68, 68, &["DEFORMED_EOL"]),
        (format!("{ok}A: b\n \n{eicar}"), 68, 68, &[]),
        (format!("{ok}A: b\n \n\n{eicar}"), 68, 68, &[]),
        (format!("{ok}Content-Length: 68xx\r\n\r\n{eicar}"), 68, 68, &["CONTENT_LENGTH_EXTRA_DATA_END"]),
        (format!("{ok}Content-Length: 10\r\n\r\n{eicar}"), 68, 68, &[]),
        (format!("{ok}X: y\r\n Transfer-Encoding: chunked\r\n\r\n{chunked}"), 68, 77, &[]),
        (format!("{ok}Transfer-Encoding:\r\n chunked\r\n\r\n{chunked}"), 68, 77, &[]),
        (format!("{ok}Transfer-Encoding : chunked\r\n\r\n{chunked}"), 68, 77, &["RESPONSE_INVALID_LWS_AFTER_NAME"]),
        (format!("{ok}Transfer-Encoding\0: chunked\r\n\r\n{chunked}"), 68, 77, &["RESPONSE_HEADER_NAME_NOT_TOKEN"]),
    ];
    for (response, size, length, events) in table {
        let flow = after(GET, response.as_bytes());
        let entries = flow.entries();
        let files: Vec<_> = entries[0].head.files.iter().map(|file| file.size).collect();
        assert_eq!((entries.len(), &files[..], entries[0].tx.length()), (1, &[*size][..], *length), "{response}");
        assert_eq!(&flow.events(0), events, "{response}");
    }
    let mut flow = Flow::new();
    flow.data(true, GET);
    assert_eq!(flow.data(false, format!("{ok}Content-Length: xx\r\n\r\n{eicar}").as_bytes()), Parsed::Failed);
    assert_eq!(flow.entries()[0].head.files.iter().count(), 0);
    let flow = after(GET, format!("HTTP/1.1 200 ok\rA: b\r\r{eicar}").as_bytes());
    assert_eq!(flow.entries()[0].head.files.iter().count(), 0);
}

const REQUESTS: &[u8] = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\n\r\nhello\
    PUT /c HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\nHEAD /d HTTP/1.1\r\nhost: d\r\n\r\n";
const RESPONSES: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\noneHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 OK\r\n\
    Transfer-Encoding: chunked\r\n\r\n2\r\ntw\r\n1\r\no\r\n0\r\n\r\nHTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";

#[test]
fn pipelined() {
    let flow = after(REQUESTS, RESPONSES);
    let want = [
        r#"["GET", "a", "/a", "200", "", "one"] 3 [("/a", 3, Closed)] [false, false] true"#,
        r#"["POST", "b", "/b", "201", "hello", "two"] 16 [("/b", 5, Closed), ("/b", 3, Closed)] [false, false] true"#,
        r#"["PUT", "c", "/c", "204", "abc", ""] 0 [("/c", 3, Closed)] [false, false] true"#,
        r#"["HEAD", "d", "/d", "200", "", ""] 0 [] [false, false] true"#,
    ];
    assert_eq!(flow.told(), want);
}

#[test]
fn gaps_within_bodies() {
    let mut flow = Flow::new();
    flow.data(true, b"GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
    flow.data(false, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
    flow.gap(false, 97);
    flow.data(false, b"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc");
    flow.gap(false, 13);
    flow.data(false, b"\r\n0\r\n\r\n");
    let told = flow.told();
    assert!(told[0].contains("\"200\"") && told[0].ends_with("[false, true] true"), "{told:?}");
    assert!(told[1].contains("\"201\"") && told[1].ends_with("[false, true] true"), "{told:?}");
}

#[test]
fn heads_that_are_cut() {
    let mut flow = Flow::new();
    for number in 0..3 {
        flow.data(true, format!("GET /{number} HTTP/1.1\r\nHost: h\r\nUser-Agent: some").as_bytes());
        flow.gap(true, 300);
        flow.data(false, format!("HTTP/1.1 20{number} OK\r\nServer: x\r\nDat").as_bytes());
        flow.gap(false, 1000);
        flow.data(false, b"some more of a body, cut as well");
        flow.gap(false, 1000);
    }
    flow.eof();
    let told = flow.told();
    assert_eq!(told.len(), 3, "{told:?}");
    for (number, told) in told.iter().enumerate() {
        assert!(told.contains(&format!(r#"["GET", "h", "/{number}", "20{number}", "#)), "{told}");
    }
    let get = |name: &str| {
        let buffer = buffers::ROWS.iter().find(|buffer| buffer.name == name).unwrap();
        let entry = flow.entries()[0];
        (buffer.get)(&entry.tx, &entry.head, true, 0)
    };
    assert_eq!(get("http.uri"), Bytes::whole(b"/0"));
    assert_eq!(get("http.host"), Bytes::whole(b"h"));
    assert_eq!(get("http.user_agent"), Bytes::There { bytes: b"some", original: 5 });
    assert_eq!(get("http.cookie"), Bytes::Unknown);
}

#[test]
fn messages_that_are_lost() {
    let mut flow = Flow::new();
    flow.data(true, b"GET /0 HTTP/1.1\r\nHost: h\r\n\r\n");
    flow.gap(false, 500);
    flow.data(true, b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    flow.data(false, b"HTTP/1.1 201 OK\r\nContent-Length: 1\r\n\r\n1");
    flow.gap(true, 30);
    flow.data(false, b"HTTP/1.1 202 OK\r\nContent-Length: 1\r\n\r\n2");
    flow.data(true, b"GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
    flow.data(false, b"HTTP/1.1 203 OK\r\nContent-Length: 1\r\n\r\n3");
    let told: Vec<_> = flow.entries().iter().map(|entry| (entry.tx.uri().to_vec(), entry.tx.status())).collect();
    let want: [(&[u8], _); 4] = [(b"/0", None), (b"/1", Some(201)), (message::UNSEEN, Some(202)), (b"/3", Some(203))];
    assert_eq!(told, want.map(|(uri, status)| (uri.to_vec(), status)));
}

#[test]
fn other_protocols() {
    let mut flow = Flow::new();
    let connect = b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n";
    assert_eq!(
        flow.data(true, &[connect.as_slice(), b"\x16\x03\x01"].concat()),
        Parsed::Consumed { bytes: 39, need: 0 }
    );
    let answer = b"HTTP/1.1 200 OK\r\n\r\n";
    assert_eq!(flow.data(false, answer), Parsed::Change { bytes: answer.len(), expected: None });
    let mut flow = Flow::new();
    flow.data(true, b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\n");
    let answer = b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n";
    let expected = Some(crate::app::Protocol::Http2);
    assert_eq!(
        flow.data(false, &[answer, b"more".as_slice()].concat()),
        Parsed::Change { bytes: answer.len(), expected }
    );
}

#[test]
fn old_requests() {
    let mut flow = Flow::new();
    flow.data(true, b"GET /old\r\n");
    flow.data(false, b"<html>nothing else</html>\n");
    flow.eof();
    let want =
        r#"["GET", "", "/old", "", "", "<html>nothing else</html>\n"] 26 [("/old", 26, Closed)] [false, false] true"#;
    assert_eq!(flow.told(), [want]);
}

fn split(bytes: &[u8], places: &[usize]) -> Vec<Vec<u8>> {
    let mut places: Vec<_> = places.iter().map(|place| place % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|ends| bytes[ends[0]..ends[1]].to_vec()).collect()
}

proptest! {
    #[test]
    fn however_it_is_split(up in prop::collection::vec(any::<usize>(), 0..9), down in prop::collection::vec(any::<usize>(), 0..9)) {
        let mut flow = Flow::new();
        for piece in split(REQUESTS, &up) {
            flow.data(true, &piece);
        }
        for piece in split(RESPONSES, &down) {
            flow.data(false, &piece);
        }
        flow.eof();
        prop_assert_eq!(flow.told(), after(REQUESTS, RESPONSES).told());
    }

    #[test]
    fn whatever_is_missing(steps in prop::collection::vec((any::<bool>(), any::<bool>(), any::<usize>(), 0..60usize), 0..40)) {
        let mut flow = Flow::new();
        let mut at = [0usize; 2];
        for (to_server, is_gap, skip, len) in steps {
            let stream = if to_server { REQUESTS } else { RESPONSES };
            let place = &mut at[usize::from(to_server)];
            let piece = &stream[(*place).min(stream.len())..(*place + len).min(stream.len())];
            *place += len;
            if is_gap {
                flow.gap(to_server, (len + skip % 3) as u64);
            } else {
                flow.data(to_server, piece);
            }
        }
        flow.eof();
        for entry in flow.transactions.iter() {
            for buffer in buffers::ROWS {
                for to_server in [true, false] {
                    (buffer.get)(&entry.tx, &entry.head, to_server, 0);
                }
            }
        }
    }

    #[test]
    fn never_panics(pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..80)), 0..20)) {
        let mut flow = Flow::new();
        for (to_server, bytes) in pieces {
            flow.data(to_server, &bytes);
        }
        flow.eof();
    }
}
