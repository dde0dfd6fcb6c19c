use super::*;
use crate::plan::{BufferTest, Check, FileSettings, FileTest, HashType, Rule};
use proptest::prelude::*;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

fn rule_on(buffer: &str) -> Rule {
    let test = BufferTest {
        buffer: buffer.to_owned(),
        side: crate::plan::Way::Any,
        transforms: Vec::new(),
        matches: Vec::new(),
    };
    Rule { buffers: vec![test], ..Rule::default() }
}

/// With every digest, looked into, and to be stored.
fn all_wanted(store_all: bool) -> Arc<Wanted> {
    let hashes = vec![HashType::Md5, HashType::Sha1, HashType::Sha256];
    let settings = FileSettings { hashes, magic: true, store: true, store_all, ..FileSettings::default() };
    Wanted::new(&settings, &[rule_on("file.data")], (3, 8))
}

fn files(wanted: &Arc<Wanted>) -> Files {
    Files::new(wanted, Default::default())
}

fn pieces(files: &Files) -> Vec<(Vec<u8>, usize)> {
    files.of(true).flat_map(File::pieces).map(|(bytes, original)| (bytes.to_vec(), original)).collect()
}

#[test]
fn rules_say_what_is_wanted() {
    let hash = FileTest::Hash { hash: HashType::Sha1, digests: ByteBuf::new(), negated: false };
    let rule = Rule { checks: vec![Check::File { tests: vec![hash] }], ..Rule::default() };
    let wanted = Wanted::new(&FileSettings::default(), &[rule, rule_on("file.magic")], (0, 1));
    assert_eq!((wanted.md5, wanted.sha1, wanted.sha256), (false, true, false));
    assert_eq!((wanted.magic, wanted.content, wanted.store), (true, false, false));
}

#[test]
fn a_file_from_beginning_to_end() {
    let mut files = files(&all_wanted(false));
    let file = files.open(true, b"eicar.txt").unwrap();
    files.data(file, b"ab");
    files.data(file, b"c");
    assert!(!files.has_untold());
    files.close(file, State::Closed);
    files.data(file, b"more");
    files.close(file, State::Error);
    let told = files.untold(true).next().unwrap();
    assert_eq!((told.size, told.state, told.has_gaps), (3, State::Closed, false));
    let sums = told.sums().unwrap();
    assert_eq!(sums.sha256.unwrap(), <[u8; 32]>::from(Sha256::digest(b"abc")));
    assert_eq!((sums.md5.unwrap()[0], sums.sha1.unwrap()[0]), (0x90, 0xa9));
    files.tell(true, &mut Vec::new());
    assert!(!files.has_untold());
}

#[test]
fn lost_bytes_count_and_truncate() {
    let mut files = files(&all_wanted(false));
    let file = files.open(true, b"").unwrap();
    files.data(file, b"abc");
    files.lost(file, 7);
    files.data(file, b"xy");
    assert_eq!(pieces(&files), [(b"abc".to_vec(), 10), (b"xy".to_vec(), 2)]);
    files.close(file, State::Closed);
    let told = files.untold(true).next().unwrap();
    assert_eq!((told.size, told.state, told.has_gaps), (12, State::Truncated, true));
    let sums = told.sums().unwrap();
    assert!(sums.md5.is_none() && sums.sha1.is_none() && sums.sha256.is_some());
}

#[test]
fn what_was_looked_at_goes() {
    let mut files = files(&all_wanted(false));
    let file = files.open(true, b"").unwrap();
    files.reach(file, Reach { minimum: 4, again: 2 });
    files.data(file, b"abc");
    files.inspected(true);
    assert_eq!(pieces(&files), []);
    files.data(file, b"def");
    assert_eq!(pieces(&files), [(b"abcdef".to_vec(), 6)]);
    files.inspected(true);
    files.data(file, b"g");
    assert_eq!(pieces(&files), [(b"efg".to_vec(), 3)]);
}

#[test]
fn a_small_file_is_looked_at_once_it_ended() {
    let mut files = files(&all_wanted(false));
    let file = files.open(true, b"").unwrap();
    files.reach(file, Reach { minimum: 100, again: 0 });
    files.data(file, b"abc");
    assert_eq!(pieces(&files), []);
    files.truncate(true);
    assert_eq!(pieces(&files), [(b"abc".to_vec(), 3)]);
}

#[test]
fn no_rule_looks_and_nothing_is_held() {
    let mut files = files(&Arc::default());
    let file = files.open(true, b"").unwrap();
    files.data(file, b"abc");
    files.close(file, State::Closed);
    assert_eq!(pieces(&files), []);
    assert!(files.untold(true).next().unwrap().sums().is_none());
}

#[test]
fn a_rule_has_a_file_stored() {
    let mut files = files(&all_wanted(false));
    let (first, second) = (files.open(true, b"a").unwrap(), files.open(true, b"b").unwrap());
    files.data(first, b"abc");
    files.data(second, b"no");
    let mut out = Vec::new();
    files.tell(true, &mut out);
    assert_eq!(out, []);
    files.store(true, 7, false, &|file| file.name == b"a");
    files.data(first, b"def");
    files.tell(true, &mut out);
    files.close(first, State::Closed);
    files.close(second, State::Closed);
    assert_eq!(files.iter().map(File::id).collect::<Vec<_>>(), [Some(4), None]);
    files.tell(true, &mut out);
    files.tell(true, &mut out);
    let whole = Then::Ended(Sha256::digest(b"abcdef").into());
    let expected = [(b"abcdef".to_vec(), Then::More), (Vec::new(), whole)];
    assert_eq!(out, expected.map(|(bytes, then)| Piece { id: 4, bytes, then }));
    assert_eq!(files.iter().next().unwrap().sids, [7]);
}

#[test]
fn a_rule_has_all_stored_that_come() {
    let mut files = files(&all_wanted(false));
    files.store(false, 7, true, &|_| false);
    let (up, down) = (files.open(true, b""), files.open(false, b""));
    assert_eq!((up, down), (Some(0), Some(1)));
    assert_eq!(files.iter().map(File::id).collect::<Vec<_>>(), [None, Some(4)]);
}

#[test]
fn there_are_no_more_than_so_many() {
    let wanted = all_wanted(true);
    let mut files = files(&wanted);
    let opened = (0..MOST + 5).filter_map(|_| files.open(true, b"")).count();
    assert_eq!(opened, MOST);
    assert_eq!(wanted.counts().refused, 5);
}

#[test]
fn what_does_not_fit_is_not_stored() {
    let wanted = all_wanted(true);
    let mut all: Vec<_> = (0..9).map(|_| files(&wanted)).collect();
    let bytes = vec![0; 1 << 17];
    let mut out = Vec::new();
    for files in &mut all {
        let file = files.open(true, b"").unwrap();
        files.data(file, &bytes);
    }
    for files in &mut all {
        files.tell(true, &mut out);
    }
    let given_up = out.iter().filter(|piece| piece.then == Then::GivenUp).count();
    assert_eq!(given_up, 5, "each is held to be looked into and to be stored");
    assert_eq!(wanted.counts().not_stored, 5);
}

#[derive(Clone, Debug)]
enum Step {
    Data(Vec<u8>),
    Lost(u64),
    Look,
    Store,
    Tell,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Step::Data),
        1 => (0_u64..9).prop_map(Step::Lost),
        2 => Just(Step::Look),
        1 => Just(Step::Store),
        2 => Just(Step::Tell),
    ];
    prop::collection::vec(step, 0..30)
}

proptest! {
    /// However a file's bytes come, its digest is theirs, what is stored is them, and rules see each that was not lost.
    #[test]
    fn nothing_is_mixed_up(steps in steps(), minimum in 0_u64..50, again in 0_u64..20) {
        let mut files = files(&all_wanted(false));
        let file = files.open(true, b"x").unwrap();
        files.reach(file, Reach { minimum, again });
        let (mut bytes, mut size, mut out, mut seen, mut stored) = (Vec::new(), 0, Vec::new(), 0_u64, false);
        for step in &steps {
            match step {
                Step::Data(more) => {
                    files.data(file, more);
                    bytes.extend_from_slice(more);
                    size += more.len() as u64;
                }
                Step::Lost(count) => {
                    files.lost(file, *count);
                    size += count;
                }
                Step::Look => {
                    seen += pieces(&files).iter().map(|(bytes, _)| bytes.len() as u64).sum::<u64>();
                    files.inspected(true);
                }
                Step::Store => {
                    files.store(true, 1, false, &|_| true);
                    stored = true;
                }
                Step::Tell => files.tell(true, &mut out),
            }
        }
        files.close(file, State::Closed);
        seen += pieces(&files).iter().map(|(bytes, _)| bytes.len() as u64).sum::<u64>();
        let told = files.untold(true).next().unwrap();
        prop_assert_eq!(told.size, size);
        prop_assert!(seen >= bytes.len() as u64);
        let digest = <[u8; 32]>::from(Sha256::digest(&bytes));
        prop_assert_eq!(told.sums().unwrap().sha256, Some(digest));
        files.tell(true, &mut out);
        if stored {
            let whole: Vec<u8> = out.iter().flat_map(|piece| piece.bytes.clone()).collect();
            prop_assert_eq!(whole, bytes);
            prop_assert_eq!(out.last().unwrap().then, Then::Ended(digest));
        } else {
            prop_assert_eq!(out, []);
        }
    }
}
