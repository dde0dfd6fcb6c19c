#![allow(clippy::unwrap_used)]

use super::*;
use crate::app::{Application as _, Protocol};
use crate::stream::Gap;

fn announced(file: Option<&str>, to_server: bool) -> Announced {
    let file = file.map(|name| name.as_bytes().to_vec());
    Announced { protocol: Protocol::FtpData, port: 2000, command: "RETR", file, to_server }
}

fn talk(announced: Announced, inputs: &[(bool, Input<'_>)]) -> Transactions<Tx> {
    let mut transactions = Transactions::new::<Application>();
    let mut parser = Application::expected(&Applications::default(), announced);
    for (to_server, input) in inputs {
        parser.parse(*to_server, *input, &mut transactions);
    }
    transactions
}

#[test]
fn a_connection_carries_a_file() {
    let inputs = [(true, Input::Data(b"none")), (false, Input::Data(b"some")), (false, Input::Data(b"thing"))];
    let transactions = talk(announced(Some("name"), false), &inputs);
    let Entry { head, tx } = transactions.iter().next().unwrap();
    assert_eq!((tx.command, tx.name.as_slice()), ("RETR", b"name".as_slice()));
    let file = head.files.of(false).next().unwrap();
    assert_eq!((file.size, file.state), (9, State::Open));
    assert!(!head.is_complete());
}

#[test]
fn a_file_ends_with_its_connection() {
    let gap = |cause| Input::Gap(Gap { len: 5, cause });
    for (inputs, state, size) in [
        (vec![Input::Data(b"abc"), Input::Eof], State::Closed, 3),
        (vec![Input::Data(b"abc"), gap(Cause::Truncated), Input::Eof], State::Truncated, 8),
        (vec![Input::Data(b"abc"), gap(Cause::Depth)], State::Truncated, 3),
    ] {
        let inputs: Vec<_> = inputs.into_iter().map(|input| (true, input)).collect();
        let transactions = talk(announced(Some(""), true), &inputs);
        let head = &transactions.iter().next().unwrap().head;
        let file = head.files.of(true).next().unwrap();
        assert_eq!((file.state, file.size), (state, size));
        assert!(head.has_ended(true));
    }
}

#[test]
fn a_list_is_no_file() {
    let transactions = talk(announced(None, false), &[(false, Input::Data(b"a\r\nb\r\n")), (false, Input::Eof)]);
    let head = &transactions.iter().next().unwrap().head;
    assert!(head.files.is_empty() && head.has_ended(false));
}

#[test]
fn what_nobody_announced_is_none() {
    let mut parser = Application::new(&Applications::default());
    let parsed = parser.parse(true, Input::Data(b"abc"), &mut Transactions::new::<Application>());
    assert_eq!(parsed, Parsed::Failed);
}
