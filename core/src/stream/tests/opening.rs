//! No session, and the handshake.

use super::testing::{ISN, Talk, lenient, seg, strict};
use crate::flow::record::TcpState;
use crate::packet::Checksum;
use crate::plan::{ExceptionPolicy, StreamSettings};
use crate::stream::Exception;

/// Segments without payload, then the state and the last one's events.
fn check(settings: &StreamSettings, segments: &[&str], state: TcpState, events: &[&str]) -> Talk {
    let mut talk = Talk::new(settings);
    talk.all(segments);
    assert_eq!((talk.state(), talk.events().as_slice()), (state, events), "{segments:?}");
    talk
}

fn midstream() -> StreamSettings {
    StreamSettings { midstream: true, ..strict() }
}

fn one_sided() -> StreamSettings {
    StreamSettings { async_oneside: true, ..strict() }
}

#[test]
fn no_session_begins_without_a_syn() {
    check(&strict(), &["c R 1"], TcpState::None, &["rst_but_no_session"]);
    check(&strict(), &["c FA 1 1"], TcpState::None, &["fin_but_no_session"]);
    check(&strict(), &["s SA 0 1"], TcpState::None, &[]);
    let talk = check(&strict(), &["c A 1 1"], TcpState::None, &[]);
    assert_eq!(talk.last.exception, Some((Exception::Midstream, ExceptionPolicy::Ignore)));
    check(&strict(), &["c S 0"], TcpState::SynSent, &[]);
    check(&strict(), &["c P 1"], TcpState::None, &[]);
}

#[test]
fn a_session_is_picked_up() {
    check(&midstream(), &["c R 1"], TcpState::None, &["rst_but_no_session"]);
    check(&midstream(), &["c FA 1 1"], TcpState::None, &["fin_but_no_session"]);
    let talk = check(&midstream(), &["c A 1 1"], TcpState::Established, &[]);
    assert_eq!(talk.last.exception, Some((Exception::Midstream, ExceptionPolicy::Ignore)), "its policy is noted");
    let mut talk = Talk::new(&midstream());
    assert!(talk.say("c FA 1 1", b"bye").established && talk.state() == TcpState::FinWait1);
    let mut talk = Talk::new(&midstream());
    let syn_ack = seg("s SA 0 1", b"");
    let step = talk.put(&super::testing::Tcp { to_server: true, ..syn_ack });
    assert!(step.swapped && talk.state() == TcpState::SynRecv);
    let talk = check(&midstream(), &["s SA 0 1", "c A 1 1"], TcpState::Established, &[]);
    assert_eq!(talk.streams.stats().midstream_pickups, 1);
}

#[test]
fn a_policy_forbids_the_pickup() {
    let settings = StreamSettings { midstream_policy: ExceptionPolicy::Bypass, ..midstream() };
    let talk = check(&settings, &["c A 1 1"], TcpState::None, &[]);
    assert_eq!(talk.last.exception, Some((Exception::Midstream, ExceptionPolicy::Bypass)));
    let settings = StreamSettings { midstream_policy: ExceptionPolicy::PassFlow, ..midstream() };
    let talk = check(&settings, &["c A 1 1"], TcpState::Established, &[]);
    assert_eq!(talk.last.exception, Some((Exception::Midstream, ExceptionPolicy::PassFlow)));
}

#[test]
fn three_segments_establish() {
    let mut talk = Talk::new(&strict());
    assert!(!talk.say("c S 0", b"").established);
    assert!(!talk.say("s SA 0 1", b"").established);
    let step = talk.say("c A 1 1", b"");
    assert!(step.established && !step.was_established && step.taken);
    assert!(talk.say("c A 1 1", b"x").was_established);
    assert_eq!(talk.streams.stats().sessions, 1);
}

#[test]
fn a_syn_ack_acknowledges_the_syn() {
    let events = ["3whs_synack_with_wrong_ack"];
    check(&strict(), &["c S 0", "s SA 0 2"], TcpState::SynSent, &events);
    check(&strict(), &["c S 0", "c SA 0 1"], TcpState::SynSent, &["3whs_synack_in_wrong_direction"]);
    let open = ["c S 0", "s SA 0 1"];
    let after = |more: &'static str| [open[0], open[1], more];
    check(&strict(), &after("c SA 0 1"), TcpState::SynRecv, &["3whs_synack_toserver_on_syn_recv"]);
    check(&strict(), &after("s SA 0 9"), TcpState::SynRecv, &["3whs_synack_resend_with_diff_ack"]);
    check(&strict(), &after("s SA 0 1"), TcpState::SynRecv, &[]);
    check(&strict(), &after("c S 0"), TcpState::SynRecv, &[]);
    check(&strict(), &after("c S 7"), TcpState::SynRecv, &["3whs_syn_resend_diff_seq_on_syn_recv"]);
    check(&strict(), &after("s S 0"), TcpState::SynRecv, &["3whs_syn_toclient_on_syn_recv"]);
    check(&strict(), &after("c A 1 2"), TcpState::SynRecv, &["3whs_right_seq_wrong_ack_evasion"]);
    check(&strict(), &after("c A -5 2"), TcpState::SynRecv, &["3whs_wrong_seq_wrong_ack"]);
    check(&strict(), &after("s A 1 1"), TcpState::SynRecv, &[]);
    let inline = StreamSettings { inline: true, ..strict() };
    check(&inline, &after("s A 1 1"), TcpState::SynRecv, &["3whs_ack_in_wrong_dir"]);
    let mut talk = check(&inline, &open, TcpState::SynRecv, &[]);
    talk.say("s A 1 1", b"early");
    assert_eq!(talk.events(), ["3whs_ack_data_inject"]);
}

#[test]
fn data_of_the_server_stands_for_a_lost_ack() {
    let mut talk = check(&strict(), &["c S 0", "s SA 0 1"], TcpState::SynRecv, &[]);
    assert!(talk.say("s A 1 1", b"220 hello").established);
    assert_eq!(talk.state(), TcpState::Established);
}

#[test]
fn the_syn_that_is_answered_counts() {
    let mut talk =
        check(&strict(), &["c S 0", "c S 100", "c S 200", "s SA 0 101", "c A 101 1"], TcpState::Established, &[]);
    talk.say("c A 101 1", b"hello");
    talk.say("s A 1 106", b"");
    assert_eq!(talk.reads(true, false), ["hello"]);
    let mut syns = vec!["c S 0".to_string()];
    syns.extend((1..12).map(|n| format!("c S {}", n * 10)));
    let syns: Vec<&str> = syns.iter().map(String::as_str).collect();
    check(&strict(), &syns[..11], TcpState::SynSent, &[]);
    check(&strict(), &syns, TcpState::SynSent, &["3whs_syn_flood"]);
}

#[test]
fn the_syn_ack_that_is_answered_counts() {
    let all = ["c S 0", "s SA 0 1", "s SA 50 1", "s SA 60 1", "s SA 70 1", "s SA 80 1", "s SA 90 1", "s SA 95 1"];
    check(&strict(), &all, TcpState::SynRecv, &["3whs_synack_flood"]);
    let mut talk = check(&strict(), &["c S 0", "s SA 0 1", "s SA 50 1", "c A 1 51"], TcpState::Established, &[]);
    talk.say("s A 51 1", b"banner");
    talk.say("c A 1 57", b"");
    assert_eq!(talk.reads(false, false), ["banner"]);
}

#[test]
fn both_sides_may_begin_with_a_syn() {
    let crossed = ["c S 0", "s S 0", "s SA 0 1", "c SA 0 1"];
    check(&strict(), &crossed, TcpState::SynRecv, &[]);
    let with = |last: &'static str| [&crossed[..], &[last]].concat();
    check(&strict(), &with("c A 1 1"), TcpState::Established, &[]);
    check(&strict(), &with("c A 2 1"), TcpState::SynRecv, &["4whs_wrong_seq"]);
    check(&strict(), &with("c A 1 2"), TcpState::SynRecv, &["4whs_invalid_ack"]);
    // Five segments: the server's ACK first, then its SYN.
    let mut talk = check(&strict(), &["c S 0", "s A 1 1", "s S 0", "c SA 0 1", "s A 1 1"], TcpState::Established, &[]);
    talk.say("c A 1 1", b"EVIL");
    talk.say("s A 1 5", b"");
    assert_eq!(talk.reads(true, false), ["EVIL"]);
    check(&strict(), &["c S 0", "s S 0", "s SA 0 9"], TcpState::SynSent, &["4whs_synack_with_wrong_ack"]);
    check(&strict(), &["c S 0", "s S 0", "s SA 9 1"], TcpState::SynSent, &["4whs_synack_with_wrong_syn"]);
}

#[test]
fn one_side_is_enough_where_that_is_asked_for() {
    check(&strict(), &["c S 0", "c A 1 1"], TcpState::SynSent, &[]);
    check(&one_sided(), &["c S 0", "c A 1 1"], TcpState::Established, &[]);
    check(&one_sided(), &["c S 0", "c A 9 1"], TcpState::SynSent, &["3whs_async_wrong_seq"]);
    let mut talk = check(&one_sided(), &["c S 0", "c A 1 1"], TcpState::Established, &[]);
    talk.say("c PA 1 1", b"GET");
    talk.say("c PA 4 700", b" /x");
    assert_eq!(talk.reads(true, false), ["GET /x"]);
    talk.say("s A 700 7", b"late");
    talk.say("c A 7 704", b"");
    assert_eq!((talk.events(), talk.reads(false, false)), (vec![], vec!["late".to_string()]));
}

#[test]
fn one_side_that_is_picked_up_is_read_as_it_comes() {
    let settings = StreamSettings { midstream: true, ..one_sided() };
    let mut talk = check(&settings, &["c A 1 1"], TcpState::Established, &[]);
    talk.say("c PA 1 1", b"GET");
    assert_eq!(talk.reads(true, false), ["GET"]);
    // The other side is there: from now on what it acknowledged is read.
    talk.say("s A 1 4", b"OK");
    talk.say("c PA 4 3", b" /x");
    assert_eq!((talk.reads(false, false), talk.reads(true, false)), (vec!["OK".to_string()], vec![]));
}

#[test]
fn a_full_queue_of_syns_complains_of_each() {
    let settings = StreamSettings { max_syn_queued: 2, ..strict() };
    let queued = ["c S 0", "c S 50", "c S 60"];
    check(&settings, &queued, TcpState::SynSent, &[]);
    for last in ["c S 70", "c S 60"] {
        check(&settings, &[&queued[..], &[last]].concat(), TcpState::SynSent, &["3whs_syn_flood"]);
    }
}

#[test]
fn a_server_has_no_timestamps_that_the_syn_did_not_offer() {
    for segment in ["s RA 0 1", "s FA 0 1"] {
        let mut talk = Talk::new(&strict());
        talk.say("c S 0", b"");
        talk.put(&seg(segment, b"").stamp(100));
        assert_eq!((talk.state(), talk.events()), (TcpState::SynSent, vec!["pkt_invalid_timestamp"]), "{segment}");
        talk.all(&["s SA 0 1", "c A 1 1"]);
        assert_eq!(talk.state(), TcpState::Established);
    }
}

#[test]
fn a_handshake_that_was_lost_in_part_is_none_for_tmrx() {
    check(&lenient(), &["c S 0", "c A 1 1"], TcpState::Established, &[]);
    check(&lenient(), &["c S 0", "s A 1 1"], TcpState::Established, &[]);
    check(&lenient(), &["s SA 0 1", "s A 1 1"], TcpState::SynRecv, &[]);
    let mut talk = Talk::new(&lenient());
    talk.say("c S 0", b"");
    talk.say("s A 1 40", b"answer");
    talk.say("c A 40 7", b"");
    assert_eq!((talk.state(), talk.reads(false, false)), (TcpState::Established, vec!["answer".to_string()]));
}

#[test]
fn a_syn_is_refused() {
    check(&strict(), &["c S 0", "s RA 0 1"], TcpState::Closed, &[]);
    check(&strict(), &["c S 0", "s RA 0 2"], TcpState::SynSent, &["rst_invalid_ack"]);
    check(&strict(), &["c S 0", "c R 1"], TcpState::Closed, &[]);
}

#[test]
fn data_may_come_with_the_syn() {
    let cookie = [34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1];
    let mut talk = Talk::new(&strict());
    let step = talk.put(&seg("c S 0", b"hello").options(&cookie));
    assert!(step.established && step.stored);
    assert_eq!(talk.blocks(true, false), ["0:hello"]);
    talk.all(&["s SA 0 6", "c A 6 1"]);
    assert_eq!((talk.state(), talk.events()), (TcpState::Established, vec![]));
    let mut talk = Talk::new(&strict());
    talk.put(&seg("c S 0", b"hello").options(&cookie));
    talk.say("s SA 0 1", b"");
    assert_eq!(talk.events(), ["3whs_synack_tfo_data_ignored"]);
    let mut talk = Talk::new(&strict());
    assert!(!talk.say("c S 0", b"hello").stored, "without the option it is no data");
}

#[test]
fn windows_are_scaled_when_both_agree() {
    let scale = |shift: u8| vec![1, 3, 3, shift];
    for (server, fits) in [(Some(7), true), (None, false)] {
        let mut talk = Talk::new(&strict());
        talk.put(&seg("c S 0", b"").options(&scale(7)).window(1000));
        talk.put(&seg("s SA 0 1", b"").options(&server.map_or(vec![], scale)).window(1000));
        talk.put(&seg("c A 1 1", b"").window(1000));
        let step = talk.say("s A 50001 1", b"far");
        assert_eq!(step.taken, fits);
        assert_eq!(talk.events().contains(&"est_packet_out_of_window"), !fits);
    }
}

#[test]
fn a_bad_checksum_is_of_no_session() {
    let mut talk = Talk::new(&strict());
    let mut syn = seg("c S 0", b"");
    syn.checksum = Checksum::Bad;
    assert!(!talk.put(&syn).taken && talk.session.is_none());
    assert_eq!(talk.streams.stats().invalid_checksum, 1);
    let mut open = Talk::open(&strict());
    let mut data = seg("c PA 1 1", b"abc");
    data.checksum = Checksum::Bad;
    let step = open.put(&data);
    assert!(step.was_established && step.established && !step.stored, "rules look into it as a packet");
    let mut talk = Talk::new(&StreamSettings { checksums: false, ..strict() });
    assert!(talk.put(&syn).taken);
}

#[test]
fn sessions_have_a_limit() {
    let settings = StreamSettings { memcap: 100, memcap_policy: ExceptionPolicy::Bypass, ..strict() };
    let talk = check(&settings, &["c S 0"], TcpState::None, &[]);
    assert_eq!(talk.last.exception, Some((Exception::Memory, ExceptionPolicy::Bypass)));
    assert_eq!(talk.streams.stats().ssn_memcap_drop, 1);
}

#[test]
fn an_acknowledgment_needs_its_flag() {
    let mut talk = Talk::new(&strict());
    let mut syn = seg("c S 0", b"");
    syn.ack = ISN[1];
    talk.put(&syn);
    assert_eq!(talk.events(), ["pkt_broken_ack"]);
}
