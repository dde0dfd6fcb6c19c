//! Detection as data: a direction's first bytes and what they are.

use super::*;

fn look(transport: Transport, to_server: bool, port: u16, bytes: &[u8], end: bool) -> Conversation {
    let mut flow = Conversation::default();
    let (sport, dport) = if to_server { (40_000, port) } else { (port, 40_000) };
    flow.look(&Direction { transport, to_server, sport, dport, bytes, end }, &Sought::default());
    flow
}

#[test]
fn streams_by_pattern() {
    for (to_server, bytes, name) in [
        (true, b"GET / HTTP/1.1\r\n".as_slice(), "http"),
        (true, b"version-control\t/", "http"),
        (false, b"http/1.1 200 OK", "http"),
        (true, b"PRI * HTTP/2.0\r\n\r\n", "http2"),
        (true, &[0x16, 3, 1, 2, 0], "tls"),
        (true, &[0x80, 0x2e, 1, 3, 1], "tls"),
        (false, &[0x15, 3, 3, 0], "tls"),
        (false, b"SSH-2.0-x", "ssh"),
        (true, b"ehlo me", "smtp"),
        (true, b"USER me", "ftp"),
        (false, b"220 (vsFTPd)", "ftp"),
        (true, b"\0\0\0\x54\xffSMBr", "smb"),
        (true, &[5, 0, 11, 3], "dcerpc"),
        (true, b"INVITE sip:a SIP/2.0\r\n", "sip"),
        (true, b"OPTIONS sip:a SIP/2.0\r\n", "sip"),
        (true, b"OPTIONS * HTTP/1.1", "http"),
        (false, b"HTTP/1.1 200 OK", "http"),
    ] {
        assert_eq!(look(Transport::Tcp, to_server, 9999, bytes, false).name(), Some(name), "{bytes:?}");
        let cut = bytes.get(..1).unwrap();
        assert!(!look(Transport::Tcp, to_server, 9999, cut, false).is_settled(to_server), "{bytes:?} cut");
        assert!(look(Transport::Tcp, to_server, 9999, cut, true).is_settled(to_server), "{bytes:?} ended");
    }
}

#[test]
fn nothing_known_fails_in_the_end() {
    assert!(!look(Transport::Tcp, true, 9999, b"hello there", false).is_settled(true));
    let mut flow = look(Transport::Tcp, true, 9999, b"hello there", true);
    assert!(flow.is_settled(true) && flow.name().is_none());
    let answer = Direction {
        transport: Transport::Tcp,
        to_server: false,
        sport: 9999,
        dport: 4,
        bytes: b"nothing known",
        end: true,
    };
    flow.look(&answer, &Sought::default());
    assert_eq!(flow.name(), Some("failed"));
    assert_eq!(look(Transport::Udp, true, 9999, b"hello", true).name(), Some("failed"));
}

#[test]
fn directions_that_differ() {
    let mut flow = look(Transport::Tcp, true, 80, b"GET / HTTP/1.0", false);
    let answer =
        |bytes| Direction { transport: Transport::Tcp, to_server: false, sport: 80, dport: 4, bytes, end: true };
    assert_eq!(flow.look(&answer(b"SSH-2.0-x"), &Sought::default()), Some(Event::Mismatch));
    assert_eq!((flow.name(), flow.differs(true), flow.differs(false)), (Some("http"), None, Some("ssh")));
    let mut flow = look(Transport::Tcp, true, 80, b"GET / HTTP/1.0", false);
    assert_eq!(flow.look(&answer(b"nothing known"), &Sought::default()), Some(Event::OnlyOneDirection));
    assert_eq!(flow.differs(false), Some("failed"));
    assert_eq!(flow.look(&answer(b"SSH-2.0-x"), &Sought::default()), None, "a settled direction stays");
}

#[test]
fn datagrams_by_port() {
    let question = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\x03com\0\0\x01\0\x01";
    for (port, bytes, name) in [
        (53, question.as_slice(), "dns"),
        (5353, question, "mdns"),
        (5355, question, "llmnr"),
        (123, &[0x23; 48], "ntp"),
        (161, b"\x30\x29\x02\x01\x01\x04\x06public", "snmp"),
        (69, b"\0\x01file\0octet\0", "tftp"),
        (9999, question, "failed"),
    ] {
        for to_server in [true, false] {
            assert_eq!(look(Transport::Udp, to_server, port, bytes, true).name(), Some(name), "{port}");
        }
    }
}

#[test]
fn a_server_that_speaks_first() {
    for (bytes, event, name) in [
        (b"HTTP/1.1 200 OK".as_slice(), Some(Event::WrongDirection), Some("failed")),
        (b"SSH-2.0-x", None, Some("ssh")),
        (b"nothing known", None, None),
    ] {
        let mut flow = look(Transport::Tcp, false, 9999, bytes, false);
        assert_eq!((flow.server_first(), flow.name()), (event, name));
        assert_eq!(flow.protocol().is_none(), event.is_some() || name.is_none());
    }
}

#[test]
fn ports_and_words_that_several_have() {
    assert_eq!(look(Transport::Tcp, true, 110, b"USER me", true).name(), Some("pop3"));
    assert_eq!(look(Transport::Tcp, true, 21, b"USER me", true).name(), Some("ftp"));
    assert_eq!(look(Transport::Tcp, true, 5060, b"NOTIFY sip:a SIP/2.0\r\n", true).name(), Some("sip"));
    assert_eq!(look(Transport::Tcp, true, 2869, b"NOTIFY /upnp HTTP/1.1", true).name(), None);
}

#[test]
fn what_is_off_is_not_known_and_ports_are_as_set() {
    let question = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\x03com\0\0\x01\0\x01";
    let look = |settings: &crate::plan::Applications, (transport, dport), bytes| {
        let mut flow = Conversation::default();
        let direction = Direction { transport, to_server: true, sport: 4, dport, bytes, end: true };
        flow.look(&direction, &Sought::new(settings));
        flow.protocol()
    };
    let off = crate::plan::Applications { off: vec!["http".into(), "dns".into()], ..Default::default() };
    assert_eq!(look(&off, (Transport::Tcp, 80), b"GET / HTTP/1.1\r\n"), None);
    assert_eq!(look(&off, (Transport::Udp, 53), question), None);
    let row = crate::plan::DetectionPorts { protocol: "dns".into(), udp: true, ports: vec![1053] };
    let moved = crate::plan::Applications { ports: vec![row], ..Default::default() };
    assert_eq!(look(&moved, (Transport::Udp, 1053), question), Some(Protocol::Dns));
    assert_eq!(look(&moved, (Transport::Udp, 53), question), None);
}

#[test]
fn names_are_told_apart() {
    let mut names: Vec<_> = Protocol::ALL.iter().map(|protocol| protocol.name()).collect();
    names.dedup();
    assert_eq!(names.len(), Protocol::ALL.len());
}
