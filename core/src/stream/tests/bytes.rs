//! What becomes visible when, and what is missing.

use super::testing::{Talk, Tcp, lenient, seg, strict};
use crate::flow::record::TcpState;
use crate::plan::{StreamSettings, Urgent};
use crate::stream::Next;

#[test]
fn data_is_visible_once_it_is_acknowledged() {
    let mut talk = Talk::open(&strict());
    assert_eq!(talk.say("c PA 1 1", b"GET / HTTP").more, [false, false]);
    assert!(talk.blocks(true, false).is_empty() && talk.reads(true, false).is_empty());
    assert_eq!(talk.say("s A 1 4", b"").more, [true, false]);
    assert_eq!((talk.blocks(true, false), talk.reads(true, false)), (vec!["0:GET".into()], vec!["GET".into()]));
    talk.say("s A 1 11", b"");
    assert_eq!((talk.blocks(true, false), talk.reads(true, false)), (vec!["3: / HTTP".into()], vec![" / HTTP".into()]));
    talk.say("c PA 11 1", b"/1.1");
    assert!(talk.blocks(true, false).is_empty());
    assert_eq!(talk.blocks(true, true), ["10:/1.1"]);
    let mut talk = Talk::open(&StreamSettings { inline: true, ..strict() });
    talk.say("c PA 1 1", b"now");
    assert_eq!(talk.blocks(true, false), ["0:now"]);
}

#[test]
fn each_reader_has_its_place() {
    let mut talk = Talk::open(&strict());
    talk.say("c PA 1 1", b"one");
    talk.say("s A 1 4", b"");
    assert_eq!(talk.blocks(true, false), ["0:one"]);
    talk.say("c PA 4 1", b"two");
    talk.say("s A 1 7", b"");
    assert_eq!((talk.reads(true, false), talk.blocks(true, false)), (vec!["onetwo".into()], vec!["3:two".into()]));
    assert_eq!(talk.streams.stats().reassembly_memuse, 0, "everybody has seen all of it");
}

#[test]
fn segments_may_come_in_any_order() {
    let mut talk = Talk::open(&strict());
    for (seq, bytes) in [(7, b"ghi"), (4, b"def"), (1, b"abc")] {
        talk.say(&format!("c PA {seq} 1"), bytes);
    }
    talk.say("s A 1 10", b"");
    assert_eq!((talk.blocks(true, false), talk.events()), (vec!["0:abcdefghi".to_string()], vec![]));
}

#[test]
fn what_was_acknowledged_and_never_came_is_a_gap() {
    let mut talk = Talk::open(&strict());
    talk.say("c PA 1 1", b"abc");
    talk.say("c PA 7 1", b"ghi");
    talk.say("s A 1 10", b"");
    assert_eq!(talk.events(), ["reassembly_seq_gap"]);
    assert_eq!(talk.streams.stats().reassembly_gap, 1);
    assert_eq!(talk.blocks(true, false), ["0:abc+3l", "3-6:ghi"]);
    assert_eq!(talk.reads(true, false), ["abc", "<3l>", "ghi"]);
    assert!(talk.session.as_ref().unwrap().has_gap(true));
    talk.say("c PA 4 1", b"def");
    assert!(talk.blocks(true, true).is_empty(), "too late");
}

#[test]
fn an_acknowledgment_of_more_than_was_seen_waits_for_what_follows() {
    let mut talk = Talk::open(&strict());
    talk.say("c PA 1 1", b"abc");
    talk.say("s A 1 7", b"");
    assert_eq!((talk.events(), talk.reads(true, false)), (vec![], vec!["abc".to_string()]));
    assert_eq!(talk.streams.stats().ack_unseen_data, 1);
    let mut late = Talk::open(&strict());
    late.say("c PA 1 1", b"abc");
    late.say("s A 1 7", b"");
    late.say("c PA 4 1", b"def");
    assert_eq!((late.events(), late.reads(true, false)), (vec![], vec!["abcdef".to_string()]));
    talk.say("c PA 7 1", b"ghi");
    assert_eq!(talk.events(), ["reassembly_seq_gap"]);
    talk.say("s A 1 10", b"");
    assert_eq!(
        (talk.reads(true, false), talk.blocks(true, false)),
        (vec!["<3l>".into(), "ghi".into()], vec!["0:abc+3l".into(), "3-6:ghi".into()])
    );
    let mut leading = Talk::open(&strict());
    leading.say("c PA 5 1", b"GOOD");
    leading.say("s A 1 9", b"");
    assert_eq!(leading.blocks(true, false), ["4-4:GOOD"]);
}

#[test]
fn what_the_mirror_cut_off_has_its_length() {
    let mut talk = Talk::open(&lenient());
    talk.put(&seg("c PA 1 1", b"abc").cut(100));
    talk.put(&seg("c PA 104 1", b"def").cut(50));
    talk.say("c PA 157 1", b"ghi");
    talk.say("s A 1 160", b"");
    assert_eq!(talk.events(), Vec::<&str>::new(), "nothing was lost");
    assert_eq!(talk.blocks(true, false), ["0:abc+100t", "100-103:def+50t", "50-156:ghi"]);
    assert_eq!(talk.reads(true, false), ["abc", "<100t>", "def", "<50t>", "ghi"]);
    assert_eq!(talk.streams.stats().reassembly_memuse, 0);
}

#[test]
fn a_whole_copy_fills_what_was_cut_off() {
    let mut talk = Talk::open(&lenient());
    talk.put(&seg("c PA 1 1", b"abc").cut(3));
    talk.put(&seg("c PA 1 1", b"abcdef").through(2));
    talk.say("s A 1 7", b"");
    assert_eq!(talk.reads(true, false), ["abcdef"]);
}

#[test]
fn headers_alone_are_one_gap() {
    let mut talk = Talk::open(&lenient());
    for segment in 0..50 {
        talk.put(&seg(&format!("c PA {} 1", 1 + segment * 1000), b"").cut(1000));
    }
    talk.say("s A 1 50001", b"");
    assert_eq!(talk.reads(true, false), ["<50000t>"]);
    assert!(talk.blocks(true, false).is_empty());
}

#[test]
fn no_more_than_the_depth_is_put_together() {
    let mut talk = Talk::open(&StreamSettings { depth: 5, ..strict() });
    talk.say("c PA 1 1", b"abc");
    let step = talk.say("c PA 4 1", b"defgh");
    assert!(step.taken && !step.stored && talk.events() == ["reassembly_depth_reached"]);
    let step = talk.say("c PA 9 1", b"ijk");
    assert!(step.taken && !step.stored && talk.events().is_empty());
    talk.say("s A 1 12", b"");
    assert_eq!(
        (talk.blocks(true, false), talk.reads(true, false)),
        (vec!["0:abc+8d".into()], vec!["abc".into(), "<8d>".into()])
    );
    let session = talk.session.as_ref().unwrap();
    assert_eq!(talk.streams.next(session, true, false), Next::Eof);
    assert_eq!(talk.streams.stats().stream_depth_reached, 1);
}

#[test]
fn a_stream_ends_with_its_session() {
    let mut talk = Talk::open(&strict());
    talk.say("c FPA 1 1", b"bye");
    talk.say("s A 1 5", b"");
    assert_eq!((talk.state(), talk.reads(true, false)), (TcpState::CloseWait, vec!["bye".to_string()]));
    let next = |talk: &Talk| {
        let session = talk.session.as_ref().unwrap();
        [true, false].map(|to_server| talk.streams.next(session, to_server, false) == Next::Eof)
    };
    assert_eq!(next(&talk), [false; 2]);
    talk.say("s FA 1 5", b"");
    assert_eq!((talk.state(), next(&talk)), (TcpState::LastAck, [false; 2]));
    talk.say("c A 5 2", b"");
    assert_eq!((talk.state(), next(&talk)), (TcpState::Closed, [true; 2]));
    let session = talk.session.as_ref().unwrap();
    assert_eq!((session.size(true), session.size(false)), (4, 1));
}

#[test]
fn urgent_bytes_by_the_policy() {
    let run = |policy, pointer: u16| {
        let mut talk = Talk::open(&StreamSettings { urgent: policy, ..strict() });
        talk.put(&seg("c PA 1 1", b"abcX").urgent(pointer));
        talk.say("c PA 5 1", b"def");
        talk.say("s A 1 8", b"");
        let urgent = talk.session.as_ref().unwrap().urgent(true);
        (talk.reads(true, true).concat(), urgent)
    };
    assert_eq!(run(Urgent::Inline, 4), ("abcXdef".into(), 0));
    assert_eq!(run(Urgent::Oob, 4), ("abcdef".into(), 1));
    assert_eq!(run(Urgent::Oob, 1), ("abcdef".into(), 1));
    assert_eq!(run(Urgent::Oob, 5), ("abcXdef".into(), 0));
    assert_eq!(run(Urgent::Gap, 4), ("abc<1l>def".into(), 0));
    assert_eq!(run(Urgent::Drop, 4), ("<4l>def".into(), 0));
}

#[test]
fn what_was_sent_before_an_urgent_byte_keeps_its_place() {
    let mut talk = Talk::open(&StreamSettings { urgent: Urgent::Oob, ..strict() });
    talk.put(&seg("c PA 4 1", b"deX").urgent(3));
    talk.say("c PA 1 1", b"abc");
    talk.say("c PA 7 1", b"f");
    talk.say("s A 1 8", b"");
    assert_eq!(talk.reads(true, false), ["abcdef"]);
}

#[test]
fn memory_has_a_limit() {
    let mut talk = Talk::open(&StreamSettings { reassembly_memcap: 10_000, ..strict() });
    for at in 0..20 {
        talk.say(&format!("c PA {} 1", 1 + at * 1000), &[b'x'; 1000]);
    }
    assert_eq!(talk.events(), ["reassembly_no_segment"]);
    assert!(talk.streams.stats().reassembly_memuse <= 10_000 && talk.streams.stats().segment_memcap_drop > 0);
    assert!(talk.last.exception.is_some() && !talk.last.stored);
    let session = talk.session.take().unwrap();
    talk.streams.end(session);
    let stats = talk.streams.stats();
    assert_eq!((stats.reassembly_memuse, stats.memuse, stats.active_sessions), (0, 0, 0));
}

#[test]
fn pieces_have_a_limit() {
    let mut talk = Talk::open(&lenient());
    let settings = StreamSettings { midstream: true, ..lenient() };
    talk.streams = super::super::Streams::new(&settings, (0, 1));
    for at in 0..5000 {
        talk.say(&format!("c PA {} 1", 3 + at * 2), b"x");
    }
    assert_eq!(talk.events(), ["reassembly_insert_limit"]);
}

#[test]
fn what_nobody_wants_is_not_stored() {
    let mut talk = Talk::new(&strict());
    talk.streams.set_readers(false, false);
    talk.all(&["c S 0", "s SA 0 1", "c A 1 1"]);
    talk.say("c PA 1 1", b"abc");
    assert_eq!((talk.last.stored, talk.streams.stats().reassembly_memuse), (true, 0));
    talk.say("s A 1 4", b"");
    talk.say("c PA 1 1", b"abc");
    assert_eq!(talk.events(), ["pkt_retransmission", "pkt_spurious_retransmission"]);
}

#[test]
fn a_wrong_number_is_of_no_stream() {
    let mut talk = Talk::new(&lenient());
    talk.say("c A 1 1", b"abc");
    let far = Tcp { seq: seg("c A 1 1", b"").seq.wrapping_add(1 << 30).wrapping_add(9), ..seg("c A 1 1", b"no") };
    talk.put(&far);
    assert_eq!(talk.events(), ["reassembly_insert_invalid"]);
}

#[test]
fn what_rules_have_seen_is_held() {
    let mut talk = Talk::open(&strict());
    talk.streams.hold(talk.session.as_mut().unwrap(), true, 4);
    talk.say("c PA 1 1", b"abcdef");
    talk.say("s A 1 7", b"");
    assert_eq!(talk.blocks(true, false).len(), 1);
    talk.say("c PA 7 1", b"ghi");
    talk.say("s A 1 10", b"");
    let session = talk.session.as_deref().unwrap();
    let block = talk.streams.block(session, true, false).unwrap();
    assert_eq!((block.bytes, block.missing), (b"ghi".as_slice(), 0));
    assert_eq!(talk.streams.with_held(session, true, block).bytes, b"cdefghi");
}

#[test]
fn a_closed_session_gives_its_room_back() {
    let mut talk = Talk::open(&strict());
    talk.streams.hold(talk.session.as_mut().unwrap(), true, 4);
    talk.say("c PA 1 1", b"abcdef");
    talk.say("s A 1 7", b"");
    let close = |talk: &mut Talk, waits| talk.streams.close(talk.session.as_mut().unwrap(), waits);
    let used = |talk: &Talk| talk.streams.stats().reassembly_memuse;
    let run = used(&talk) - 256;
    close(&mut talk, false);
    assert_eq!(used(&talk), 6 + run, "what was not looked at stays, without room to grow");
    assert_eq!((talk.blocks(true, false).len(), talk.reads(true, false).concat()), (1, "abcdef".into()));
    close(&mut talk, true);
    assert_eq!(used(&talk), 4 + run, "and what is held, as long as something waits");
    close(&mut talk, false);
    assert_eq!(used(&talk), 0);
}

#[test]
fn a_stored_file_deepens_its_stream() {
    for (depth, given, wanted) in [(4, 8, "abcdef"), (4, 0, "abcdefghi"), (4, 2, "abc"), (0, 6, "abcdef")] {
        let mut talk = Talk::open(&StreamSettings { depth, ..strict() });
        talk.session.as_mut().unwrap().deepen(given);
        for (seq, bytes) in [(1, b"abc"), (4, b"def"), (7, b"ghi")] {
            talk.say(&format!("c PA {seq} 1"), bytes);
        }
        talk.say("s A 1 10", b"");
        assert_eq!(talk.reads(true, false).concat().split('<').next().unwrap(), wanted, "{depth}, {given}");
    }
}
