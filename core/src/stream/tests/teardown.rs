//! ESTABLISHED, the closing states and RST.

use super::testing::{Talk, lenient, seg, strict, with_policy};
use crate::flow::record::TcpState;
use crate::plan::StreamPolicy;

/// After the handshake: segments without payload, then the state and the last one's events.
fn check(segments: &[&str], state: TcpState, events: &[&str]) -> Talk {
    let mut talk = Talk::open(&strict());
    talk.all(segments);
    assert_eq!((talk.state(), talk.events().as_slice()), (state, events), "{segments:?}");
    talk
}

#[test]
fn a_syn_in_an_established_session() {
    let established = TcpState::Established;
    check(&["c S 0"], established, &["est_syn_resend"]);
    check(&["c S 77"], established, &["est_syn_resend_diff_seq"]);
    check(&["s S 77"], established, &["est_syn_toclient"]);
    check(&["s SA 0 1"], established, &["est_synack_resend"]);
    check(&["s SA 0 3"], established, &["est_synack_resend_with_diff_ack"]);
    check(&["s SA 3 1"], established, &["est_synack_resend_with_diff_seq"]);
    check(&["c SA 3 1"], established, &["est_synack_toserver"]);
}

#[test]
fn windows_are_kept() {
    let mut talk = check(&["c A 1 70000"], TcpState::Established, &["est_invalid_ack", "pkt_invalid_ack"]);
    assert!(!talk.last.taken);
    talk.say("c PA 65521 1", b"far away");
    assert_eq!(talk.events(), ["est_packet_out_of_window"]);
    talk.say("c PA 1 1", b"abcd");
    talk.say("s A 1 5", b"");
    talk.say("c PA 1 1", b"abc");
    assert_eq!(talk.events(), ["est_pkt_before_last_ack", "pkt_retransmission", "pkt_spurious_retransmission"]);
}

#[test]
fn what_comes_again_says_so() {
    let mut talk = Talk::open(&strict());
    talk.say("c PA 1 1", b"abcd");
    talk.say("c PA 1 1", b"abcd");
    assert_eq!(talk.events(), ["pkt_retransmission"]);
    talk.say("s A 1 5", b"");
    talk.reads(true, false);
    talk.blocks(true, false);
    talk.say("c PA 1 1", b"abcd");
    assert_eq!(talk.events(), ["pkt_retransmission", "pkt_spurious_retransmission"]);
    assert!(talk.last.taken, "skipped, not refused");
    let mut talk = Talk::open(&lenient());
    talk.say("c PA 1 1", b"abcd");
    talk.put(&seg("c PA 1 1", b"abcd").through(7));
    assert_eq!(talk.events(), Vec::<&str>::new(), "a copy through another mirror session");
}

#[test]
fn keep_alives_and_probes_say_nothing() {
    let mut talk = Talk::open(&strict());
    talk.say("c PA 1 1", b"abcd");
    talk.say("s A 1 5", b"");
    talk.say("c A 4 1", b"");
    assert_eq!((talk.events(), talk.last.taken), (vec![], true));
    talk.say("s A 1 5", b"");
    talk.say("c A 4 1", b"x");
    assert_eq!(talk.events(), Vec::<&str>::new());
    talk.put(&seg("s A 1 5", b"").window(0));
    assert!(talk.say("c A 5 1", b"e").taken, "a probe of the closed window");
    talk.put(&seg("s A 1 5", b"").window(0));
    assert_eq!(talk.events(), Vec::<&str>::new());
    talk.say("s A 1 6", b"");
    assert_eq!(talk.events(), ["est_ack_zwp_data"]);
    assert_eq!(talk.reads(true, false), ["abcde"]);
}

#[test]
fn a_window_does_not_shrink_out_of_nothing() {
    let mut talk = Talk::open(&strict());
    talk.put(&seg("c A 50 50", b"").window(10));
    assert_eq!(talk.events(), ["pkt_bad_window_update"]);
}

#[test]
fn sessions_close_in_every_order() {
    use TcpState as S;
    check(&["c FA 1 1"], S::CloseWait, &[]);
    check(&["c FA 1 1", "s A 1 2"], S::CloseWait, &[]);
    check(&["c FA 1 1", "s FA 1 2"], S::LastAck, &[]);
    check(&["c FA 1 1", "s FA 1 2", "c A 2 2"], S::Closed, &[]);
    check(&["s FA 1 1"], S::FinWait1, &[]);
    check(&["s FA 1 1", "c A 1 2"], S::FinWait2, &[]);
    check(&["s FA 1 1", "c A 1 2", "c FA 1 2"], S::TimeWait, &[]);
    check(&["s FA 1 1", "c A 1 2", "c FA 1 2", "s A 2 2"], S::Closed, &[]);
    check(&["s FA 1 1", "c FA 1 2"], S::TimeWait, &[]);
    check(&["s FA 1 1", "c FA 1 1"], S::Closing, &[]);
    check(&["s FA 1 1", "c FA 1 1", "s A 2 2"], S::TimeWait, &[]);
    check(&["c FA 1 1", "c FA 1 1"], S::CloseWait, &[]);
    check(&["c SFA 1 1"], S::CloseWait, &["fin_syn"]);
}

#[test]
fn closing_states_complain() {
    use TcpState as S;
    check(&["c FA 1 70000"], S::Established, &["fin_invalid_ack", "pkt_invalid_ack"]);
    check(&["c FA 66000 1"], S::Established, &["fin_out_of_window"]);
    check(&["c FA 1 1", "s A 1 70000"], S::CloseWait, &["closewait_invalid_ack", "pkt_invalid_ack"]);
    check(&["c FA 1 1", "s A 66000 1"], S::CloseWait, &["closewait_ack_out_of_window"]);
    check(&["c FA 1 1", "s FA 66000 1"], S::CloseWait, &["closewait_fin_out_of_window"]);
    check(&["s FA 1 1", "c A 1 70000"], S::FinWait1, &["fin1_invalid_ack", "pkt_invalid_ack"]);
    check(&["s FA 1 1", "c A 66000 1"], S::FinWait1, &["fin1_ack_wrong_seq"]);
    check(&["s FA 1 1", "c FA 66000 1"], S::FinWait1, &["fin1_fin_wrong_seq"]);
    let second = ["s FA 1 1", "c A 1 2"];
    let after = |last: &'static str| [&second[..], &[last]].concat();
    check(&after("c A 66000 2"), S::FinWait2, &["fin2_ack_wrong_seq"]);
    check(&after("c FA 66000 2"), S::FinWait2, &["fin2_fin_wrong_seq"]);
    check(&after("c A 1 70000"), S::FinWait2, &["fin2_invalid_ack", "pkt_invalid_ack"]);
    check(&["s FA 1 1", "c FA 1 1", "s A 9 2"], S::Closing, &["closing_ack_wrong_seq"]);
    check(&["s FA 1 1", "c FA 1 1", "s A 2 70000"], S::Closing, &["closing_invalid_ack", "pkt_invalid_ack"]);
    check(&["c FA 1 1", "s FA 1 2", "c A 9 2"], S::LastAck, &["lastack_ack_wrong_seq"]);
    check(&["c FA 1 1", "s FA 1 2", "c A 2 70000"], S::LastAck, &["lastack_invalid_ack", "pkt_invalid_ack"]);
    check(&["s FA 1 1", "c FA 1 2", "s A 9 2"], S::TimeWait, &["timewait_ack_wrong_seq"]);
    check(&["s FA 1 1", "c FA 1 2", "s A 2 70000"], S::TimeWait, &["timewait_invalid_ack", "pkt_invalid_ack"]);
    check(&["s FA 1 1", "c S 0"], S::FinWait1, &["shutdown_syn_resend"]);
    let mut talk = Talk::open(&strict());
    talk.say("s A 1 1", b"abcd");
    talk.all(&["c FA 1 5"]);
    talk.say("s A 1 2", b"ab");
    assert!(talk.events().contains(&"closewait_pkt_before_last_ack"), "{:?}", talk.events());
}

#[test]
fn a_rst_is_believed_as_its_receiver_would() {
    use StreamPolicy as P;
    let cases = [
        (P::Windows, 5, true),
        (P::Windows, 4, false),
        (P::Windows, 505, false),
        (P::Bsd, 6, false),
        (P::Linux, 3, true),
        (P::Linux, 2, false),
        (P::Linux, 505, true),
        (P::Linux, 70000, false),
        (P::Solaris, 505, true),
        (P::Hpux11, 505, true),
        (P::Hpux11, 4, false),
    ];
    for (policy, seq, believed) in cases {
        let mut talk = Talk::open(&with_policy(policy));
        talk.say("s PA 1 1", b"abcd");
        talk.say("c A 1 3", b"");
        talk.say(&format!("s RA {seq} 1"), b"");
        let state = if believed { TcpState::Closed } else { TcpState::Established };
        assert_eq!((talk.state(), talk.last.taken), (state, believed), "{policy:?} {seq}");
    }
}

#[test]
fn a_rst_may_be_odd() {
    check(&["c RA 1 70000"], TcpState::Established, &["rst_invalid_ack"]);
    let mut talk = Talk::open(&strict());
    talk.say("c RA 1 1", b"why");
    assert_eq!((talk.state(), talk.events()), (TcpState::Closed, vec!["rst_with_data"]));
    talk.say("c A 1 1", b"on");
    assert_eq!(talk.events(), ["suspected_rst_inject"]);
    let mut talk = Talk::open(&lenient());
    talk.say("s PA 1 1", b"abcd");
    talk.say("s RA 2 1", b"");
    assert_eq!(talk.state(), TcpState::Closed, "behind what was sent, where packets get lost");
}

#[test]
fn timestamps_do_not_go_back() {
    let mut talk = Talk::new(&strict());
    talk.put(&seg("c S 0", b"").stamp(1000));
    talk.put(&seg("s SA 0 1", b"").stamp(500));
    talk.put(&seg("c A 1 1", b"").stamp(1001));
    talk.put(&seg("c PA 1 1", b"a").stamp(1000));
    assert!(talk.last.taken, "one tick is nothing");
    talk.put(&seg("c PA 2 1", b"b").stamp(900));
    assert_eq!((talk.events(), talk.last.taken), (vec!["pkt_invalid_timestamp"], false));
    talk.put(&seg("c PA 2 1", b"b").stamp(900).at(3_000_000));
    assert!(talk.last.taken, "after 24 days it says nothing any more");
    let mut talk = Talk::new(&strict());
    talk.put(&seg("c S 0", b"").stamp(1000));
    talk.all(&["s SA 0 1"]);
    talk.put(&seg("c A 1 1", b"").stamp(5));
    assert!(talk.last.taken, "the server did not offer them");
}

#[test]
fn a_new_syn_begins_a_new_session_when_the_old_is_over() {
    let closed = check(&["c FA 1 1", "s FA 1 2", "c A 2 2"], TcpState::Closed, &[]);
    let session = closed.session.unwrap();
    let syn = crate::packet::Packet { tcp_flags: 2, seq: 99_999, ..crate::packet::Packet::EMPTY };
    assert!(session.is_reused_by(&syn, true));
    assert!(!session.is_reused_by(&crate::packet::Packet { seq: super::testing::ISN[0], ..syn }, true));
    let open = check(&["c A 1 1"], TcpState::Established, &[]).session.unwrap();
    assert!(!open.is_reused_by(&syn, true));
}
