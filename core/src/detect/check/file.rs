//! What rules ask of files: one of them has to satisfy all.

use crate::detect::number::compare;
use crate::detect::subject::{Subject, TransactionFacts};
use crate::detect::truth::Truth;
use crate::files::{File, State};
use crate::plan::{FileTest, HashType, Number, Op};

/// Whether one file of the transaction's direction satisfies all tests, as far as that is known by now.
pub(super) fn holds(tests: &[FileTest], subject: &Subject<'_>) -> Truth {
    let Some(TransactionFacts { talk, index }) = subject.transaction else { return Truth::False };
    let Some(head) = talk.head(index) else { return Truth::False };
    let to_server = subject.flow.is_none_or(|flow| flow.to_server);
    let files = head.files.current(to_server);
    files.fold(Truth::False, |found, file| if found == Truth::True { found } else { found.or(passes(tests, file)) })
}

/// Whether a file satisfies all tests. What is not known yet is false; what never will be is unknown.
pub(super) fn passes(tests: &[FileTest], file: &File) -> Truth {
    tests.iter().fold(Truth::True, |truth, test| if truth == Truth::False { truth } else { truth.and(one(test, file)) })
}

fn one(test: &FileTest, file: &File) -> Truth {
    match test {
        FileTest::Name { text, negated, end } => {
            let name = file.name.to_ascii_lowercase();
            let found = if *end { has_extension(&name, text) } else { contains(&name, text) };
            Truth::from(found != *negated)
        }
        FileTest::Magic { text, negated } => {
            file.magic().is_some_and(|magic| contains(magic.as_bytes(), text) != *negated).into()
        }
        FileTest::Size { number, negated } => size(*number, *negated, file),
        FileTest::Hash { hash, digests, negated } => digest(*hash, digests, *negated, file),
    }
}

fn has_extension(name: &[u8], extension: &[u8]) -> bool {
    name.strip_suffix(extension).is_some_and(|rest| rest.ends_with(b"."))
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    memchr::memmem::find(bytes, text).is_some()
}

/// While a file grows, only that it is larger than something is sure.
fn size(number: Number, negated: bool, file: &File) -> Truth {
    let grows = !file.has_ended();
    if grows && (negated || !matches!(number.op, Op::Gt | Op::Ge)) {
        return Truth::False;
    }
    Truth::from(compare(number, file.size) != negated)
}

/// Whether the digest of a whole file is in a list, or is not: digests of one length in a row, in order.
fn digest(hash: HashType, digests: &[u8], negated: bool, file: &File) -> Truth {
    let Some(sums) = file.sums().filter(|_| file.state == State::Closed) else {
        return if file.has_gaps { Truth::Unknown } else { Truth::False };
    };
    let listed = match hash {
        HashType::Md5 => sums.md5.is_some_and(|sum| is_listed(&sum, digests)),
        HashType::Sha1 => sums.sha1.is_some_and(|sum| is_listed(&sum, digests)),
        HashType::Sha256 => sums.sha256.is_some_and(|sum| is_listed(&sum, digests)),
    };
    Truth::from(listed != negated)
}

fn is_listed<const N: usize>(sum: &[u8; N], digests: &[u8]) -> bool {
    digests.as_chunks().0.binary_search(sum).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Files, Wanted};
    use crate::plan::FileSettings;
    use serde_bytes::ByteBuf;

    const ABC: [u8; 16] = [0x90, 1, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0, 0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72];

    fn files() -> Files {
        let settings = FileSettings { hashes: vec![HashType::Md5], ..FileSettings::default() };
        Files::new(&Wanted::new(&settings, &[], (0, 1)), Default::default())
    }

    fn ask(test: FileTest, files: &Files) -> Truth {
        passes(&[test], files.iter().next().unwrap())
    }

    fn name(text: &str, end: bool) -> FileTest {
        FileTest::Name { text: ByteBuf::from(text), negated: false, end }
    }

    #[test]
    fn names() {
        let mut files = files();
        files.open(true, b"/a/B.TaR.gz");
        for (text, end, expected) in [
            ("b.tar", false, true),
            ("c", false, false),
            ("gz", true, true),
            ("tar.gz", true, true),
            ("z", true, false),
        ] {
            assert_eq!(ask(name(text, end), &files), expected.into(), "{text} {end}");
        }
    }

    #[test]
    fn sizes() {
        let mut files = files();
        let file = files.open(true, b"").unwrap();
        files.data(file, b"abc");
        let size = |op, a| FileTest::Size { number: Number { op, a, b: 0 }, negated: false };
        assert_eq!(ask(size(Op::Gt, 2), &files), Truth::True);
        assert_eq!(ask(size(Op::Lt, 9), &files), Truth::False, "it may still grow");
        files.close(file, State::Closed);
        assert_eq!(ask(size(Op::Lt, 9), &files), Truth::True);
    }

    #[test]
    fn digests() {
        let mut files = files();
        let file = files.open(true, b"").unwrap();
        files.data(file, b"abc");
        let listed = |negated| {
            let digests = ByteBuf::from([[0; 16], ABC, [0xff; 16]].concat());
            FileTest::Hash { hash: HashType::Md5, digests, negated }
        };
        files.close(file, State::Closed);
        assert_eq!((ask(listed(false), &files), ask(listed(true), &files)), (Truth::True, Truth::False));
    }
}
