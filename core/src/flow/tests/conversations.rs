//! TCP sessions and others as tables: who sent what, the state and the history after it.

use super::*;
use crate::flow::record::{EndReason, FlowState, FlowState as F, TcpState, TcpState as T};

/// `>` from the host that spoke first in the table, `<` from the other; flags, seq, ack, payload; `!` a bad checksum.
type Line = (&'static str, &'static str, u32, u32, u32);

const SYN: Line = (">", "S", 100, 0, 0);
const SYN_ACK: Line = ("<", "SA", 900, 101, 0);
const ACK: Line = (">", "A", 101, 901, 0);
const HANDSHAKE: [Line; 3] = [SYN, SYN_ACK, ACK];

fn packet(line: &Line) -> Packet {
    let (way, flags, seq, ack, payload) = *line;
    let packet = segment(flags, seq, ack, payload);
    let packet = if way.starts_with('<') { reply(packet) } else { packet };
    if way.ends_with('!') { Packet { l4_checksum: Checksum::Bad, ..packet } } else { packet }
}

fn play(lines: &[Line]) -> (Vec<Seen>, Vec<FlowRecord>) {
    let mut run = Run::new(16);
    let seen = lines.iter().map(|line| run.push(packet(line))).collect();
    (seen, run.finish())
}

/// What is played, its lines, the session's and the flow's state after them, the history.
type Session = (&'static str, &'static [Line], T, F, &'static str);

const SESSIONS: &[Session] = &[
    ("SYN", &[SYN], T::SynSent, F::New, "S"),
    ("SYN and SYN/ACK", &[SYN, SYN_ACK], T::SynRecv, F::New, "Sh"),
    ("handshake", &[SYN, SYN_ACK, ACK], T::Established, F::Established, "ShA"),
    ("each packet twice", &[SYN, SYN, SYN_ACK, SYN_ACK, ACK, ACK], T::Established, F::Established, "ShA"),
    ("SYN/ACK before SYN", &[SYN_ACK, SYN, ACK], T::Established, F::Established, "^hSA"),
    ("a SYN again", &[SYN, (">", "S", 500, 0, 0), ("<", "SA", 900, 501, 0)], T::SynRecv, F::New, "Sh"),
    ("both open", &[SYN, ("<", "S", 900, 0, 0), (">", "SA", 100, 901, 0)], T::SynRecv, F::New, "SsH"),
    ("lost SYN", &[SYN_ACK, ACK], T::Established, F::Established, "^hA"),
    ("lost SYN/ACK", &[SYN, ACK], T::Established, F::Established, "SA"),
    ("lost ACK", &[SYN, SYN_ACK, (">", "AP", 101, 901, 5)], T::Established, F::Established, "ShD"),
    ("server first", &[SYN, SYN_ACK, ("<", "AP", 901, 101, 5)], T::Established, F::Established, "Shd"),
    ("server's bare ACK", &[SYN, SYN_ACK, ("<", "A", 901, 101, 0)], T::SynRecv, F::New, "Sha"),
    ("only the server", &[SYN_ACK, ("<", "AP", 901, 101, 5)], T::Established, F::Established, "^hd"),
    ("midstream", &[(">", "AP", 7, 9, 5)], T::Established, F::Established, "D"),
    ("midstream ACK", &[(">", "A", 7, 9, 0), ("<", "AP", 9, 7, 3)], T::Established, F::Established, "Ad"),
    ("FIN with data", &[(">", "FA", 7, 9, 5)], T::FinWait1, F::Established, "DF"),
    ("bare FIN", &[(">", "FA", 7, 9, 0)], T::None, F::New, "F"),
    ("bare RST", &[(">", "R", 7, 0, 0)], T::None, F::New, "R"),
    ("no flags", &[(">", "", 7, 0, 0)], T::None, F::New, ""),
    ("refused", &[SYN, ("<", "RA", 0, 101, 0)], T::Closed, F::Closed, "Sr"),
    ("refused wrongly", &[SYN, ("<", "RA", 0, 77, 0)], T::SynSent, F::New, "Sr"),
    ("RST", &[SYN, SYN_ACK, ACK, ("<", "RA", 901, 101, 0)], T::Closed, F::Closed, "ShAr"),
    ("RST too high", &[SYN, SYN_ACK, ACK, (">", "R", 601, 0, 0)], T::Established, F::Established, "ShAR"),
    (
        "RST after a gap",
        &[SYN, SYN_ACK, ACK, (">", "A", 400, 901, 9), (">", "R", 601, 0, 0)],
        T::Closed,
        F::Closed,
        "ShADR",
    ),
    ("client closes", &[SYN, SYN_ACK, ACK, (">", "FA", 101, 901, 0)], T::CloseWait, F::Established, "ShAF"),
    (
        "client closes, acknowledged twice",
        &[
            SYN,
            SYN_ACK,
            ACK,
            (">", "FA", 101, 901, 0),
            ("<", "A", 901, 102, 0),
            ("<", "FA", 901, 102, 0),
            ("<", "A", 901, 102, 0),
        ],
        T::LastAck,
        F::Closed,
        "ShAFaf",
    ),
    (
        "client closes first",
        &[
            SYN,
            SYN_ACK,
            ACK,
            (">", "FA", 101, 901, 0),
            ("<", "FA", 901, 102, 0),
            ("<", "FA", 901, 102, 0),
            (">", "A", 102, 902, 0),
        ],
        T::Closed,
        F::Closed,
        "ShAFf",
    ),
    ("server closes", &[SYN, SYN_ACK, ACK, ("<", "FA", 901, 101, 0)], T::FinWait1, F::Established, "ShAf"),
    (
        "server closes, acknowledged",
        &[SYN, SYN_ACK, ACK, ("<", "FA", 901, 101, 0), (">", "A", 101, 902, 0)],
        T::FinWait2,
        F::Established,
        "ShAf",
    ),
    (
        "server closes first",
        &[
            SYN,
            SYN_ACK,
            ACK,
            ("<", "FA", 901, 101, 0),
            (">", "A", 101, 902, 0),
            (">", "FA", 101, 902, 0),
            (">", "FA", 101, 902, 0),
        ],
        T::TimeWait,
        F::Closed,
        "ShAfF",
    ),
    (
        "server closes first, to the end",
        &[SYN, SYN_ACK, ACK, ("<", "FA", 901, 101, 0), (">", "FA", 101, 902, 0), ("<", "A", 902, 102, 0)],
        T::Closed,
        F::Closed,
        "ShAfFa",
    ),
    (
        "both close at once",
        &[SYN, SYN_ACK, ACK, ("<", "FA", 901, 101, 0), (">", "FA", 101, 901, 0)],
        T::Closing,
        F::Established,
        "ShAfF",
    ),
    (
        "both close at once, acknowledged",
        &[
            SYN,
            SYN_ACK,
            ACK,
            ("<", "FA", 901, 101, 0),
            (">", "FA", 101, 901, 0),
            (">", "A", 102, 902, 0),
            ("<", "A", 902, 102, 0),
        ],
        T::Closed,
        F::Closed,
        "ShAfFa",
    ),
    (
        "a late SYN",
        &[SYN, SYN_ACK, ACK, SYN, SYN_ACK, (">", "AP", 101, 901, 5)],
        T::Established,
        F::Established,
        "ShAD",
    ),
    ("another SYN", &[SYN, SYN_ACK, ACK, (">", "S", 70_000, 0, 0)], T::Established, F::Established, "ShA"),
    (
        "data again",
        &[SYN, SYN_ACK, ACK, (">", "A", 101, 901, 5), (">", "A", 101, 901, 5)],
        T::Established,
        F::Established,
        "ShADT",
    ),
    ("bad SYN", &[(">!", "S", 100, 0, 0)], T::None, F::New, "C"),
    ("bad RST", &[SYN, SYN_ACK, ACK, (">!", "R", 101, 0, 0)], T::Established, F::Established, "ShAC"),
    (
        "numbers wrap",
        &[(">", "S", u32::MAX, 0, 0), ("<", "SA", u32::MAX, 0, 0), (">", "AP", 0, 0, 3), ("<", "RA", 0, 3, 0)],
        T::Closed,
        F::Closed,
        "ShDr",
    ),
];

#[test]
fn sessions() {
    for (name, lines, tcp, state, letters) in SESSIONS {
        let (_, records) = play(lines);
        assert_eq!(records.len(), 1, "{name}");
        let record = &records[0];
        assert_eq!((record.tcp_state, record.state, history(record).as_str()), (*tcp, *state, *letters), "{name}");
        assert_eq!(record.packets.iter().sum::<u64>(), lines.len() as u64, "{name}");
        assert_eq!((record.sport, record.dport), (1000, 80), "{name}: the client is the client");
    }
}

#[test]
fn established_is_what_it_was_before_the_packet() {
    let r = (">", "AP", 101, 901, 5);
    let established = |lines: &[Line]| play(lines).0.iter().map(|seen| seen.established).collect::<Vec<_>>();
    assert_eq!(established(&[&HANDSHAKE[..], &[r]].concat()), [false, false, false, true]);
    // The ACK was lost, or all of the handshake: the data itself is looked at.
    assert_eq!(established(&[HANDSHAKE[0], HANDSHAKE[1], r]), [false, false, true]);
    assert_eq!(established(&[r]), [true]);
    assert_eq!(established(&[HANDSHAKE[2], r]), [false, true]);
    // A session that is over was established.
    assert_eq!(established(&[HANDSHAKE[0], ("<", "RA", 0, 101, 0), r]), [false, false, true]);
}

#[test]
fn flags_are_those_that_the_session_took() {
    let (_, records) =
        play(&[HANDSHAKE[0], HANDSHAKE[1], HANDSHAKE[2], (">", "AP", 101, 901, 5), ("<", "A", 901, 106, 0)]);
    assert_eq!(records[0].tcp_flags, [0x1a, 0x12]);
    let (_, records) = play(&[(">!", "S", 1, 0, 0), (">", "R", 1, 0, 0)]);
    assert_eq!(records[0].tcp_flags, [0, 0]);
}

#[test]
fn a_new_syn_on_a_session_that_is_over_begins_another_flow() {
    let over = [HANDSHAKE[0], ("<", "RA", 0, 101, 0)];
    let (seen, records) =
        play(&[over[0], over[1], (">", "S", 100, 0, 0), (">", "S", 5000, 0, 0), ("<", "SA", 1, 5001, 0)]);
    let ids: Vec<u64> = seen.iter().map(|seen| seen.id).collect();
    assert_eq!(ids, [1, 1, 1, 2, 2], "a late copy of the first SYN does not");
    assert_eq!(seen.iter().map(|seen| seen.new).collect::<Vec<_>>(), [true, false, false, true, false]);
    assert_eq!(
        (records[0].reason, records[0].packets, records[0].state),
        (EndReason::TcpReuse, [2, 1], FlowState::Closed)
    );
    assert_eq!(
        (records[1].reason, records[1].packets, records[1].tcp_state),
        (EndReason::Shutdown, [1, 1], TcpState::SynRecv)
    );

    let (seen, records) = play(&[over[0], over[1], ("<", "S", 900, 0, 0)]);
    assert_eq!((records.len(), records[1].sport, records[1].dport), (2, 80, 1000), "the server opens one");
    assert!(seen[2].to_server);
    let (_, records) = play(&[over[0], over[1], (">!", "S", 5000, 0, 0)]);
    assert_eq!(records.len(), 1, "a bad checksum opens none");
}

#[test]
fn copies_through_another_session_are_no_retransmissions() {
    let mut run = Run::new(4);
    for line in HANDSHAKE.iter().chain(&[(">", "AP", 101, 901, 5)]) {
        for identity in [3, 8] {
            run.push(Packet { identity, ..packet(line) });
        }
    }
    let records = run.finish();
    assert_eq!(history(&records[0]), "ShAD");
    assert_eq!((records[0].identity_count, &records[0].identities[..2]), (2, &[3, 8][..]));
}

#[test]
fn udp_is_established_when_both_spoke() {
    let mut run = Run::new(4);
    let up = run.push(udp());
    assert_eq!((up.to_server, up.established, up.first_in_direction, up.new), (true, false, true, true));
    let up = run.push(udp());
    assert_eq!((up.established, up.first_in_direction, up.new), (false, false, false));
    let down = run.push(reply(udp()));
    assert_eq!((down.to_server, down.established, down.first_in_direction, down.id), (false, true, true, up.id));
    run.push(Packet { l4_checksum: Checksum::Bad, ..udp() });
    let records = run.finish();
    assert_eq!((records[0].state, history(&records[0]).as_str()), (FlowState::Established, "DdC"));
}

#[test]
fn the_sender_of_an_icmp_conversations_first_message_is_the_client() {
    let mut run = Run::new(4);
    let answer = Packet { sport: 0, ..reply(icmp(8, 0)) };
    let answer = Packet { dport: 0, ..answer };
    let pinged_too = Packet { src: answer.src, dst: answer.dst, ..icmp(8, 0) };
    let seen = [answer, icmp(8, 0), pinged_too].map(|packet| run.push(packet));
    assert_eq!(seen.map(|seen| seen.to_server), [true, false, true]);
    assert_eq!(seen.map(|seen| seen.id), [1, 1, 2], "the other host's ping is another flow");
}

#[test]
fn icmp_records_show_types() {
    let mut run = Run::new(4);
    let echo = icmp(8, 0);
    let answer = Packet { sport: 0, dport: 0, ..reply(echo) };
    assert_eq!((run.push(echo).to_server, run.push(answer).to_server), (true, false));
    let unreachable = icmp(3, 1);
    run.push(unreachable);
    let records = run.finish();
    assert_eq!(records.len(), 2);
    assert_eq!((records[0].sport, records[0].dport, records[0].response_icmp), (8, 0, Some((0, 0))));
    assert_eq!((records[0].packets, records[0].state), ([1, 1], FlowState::Established));
    assert_eq!((records[1].sport, records[1].dport, records[1].response_icmp), (3, 1, None));

    let mut run = Run::new(4);
    run.push(answer);
    run.push(echo);
    let records = run.finish();
    assert_eq!((records[0].src, records[0].packets, records[0].response_icmp), (answer.src, [1, 1], Some((8, 0))));
}

#[test]
fn what_is_encrypted_is_told_apart_by_its_index() {
    let mut run = Run::new(8);
    let esp = |spi| Packet { proto: proto::ESP, layer: Layer::Esp, sport: 0, dport: 0, seq: spi, ..udp() };
    let spis = [0x0001_0002, 0x0002_0001];
    for packet in [esp(spis[0]), esp(spis[1]), reply(esp(spis[0]))] {
        run.push(packet);
    }
    let told: Vec<_> = run.finish().iter().map(|flow| (flow.spi, flow.packets, flow.sport, flow.dport)).collect();
    assert_eq!(told, [(Some(spis[0]), [1, 1], 0, 0), (Some(spis[1]), [1, 0], 0, 0)]);
}
