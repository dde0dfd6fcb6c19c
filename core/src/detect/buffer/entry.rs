//! One entry of a buffer's list, compiled.

use super::base64::Mode;
use super::bytes::{Extract, Jump, Math, Test};
use super::content::Content;
use super::list::List;
use super::variables::Amount;
use crate::error::{Error, Fault, Result};
use crate::ffi::pcre2::Code;
use crate::plan::{self, Match};
use std::sync::Arc;

/// A `pcre`.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) code: Code,
    pub(super) negated: bool,
    pub(super) relative: bool,
    /// What becomes of its groups, from the first one on; of some nothing.
    pub(super) captures: Box<[Option<Capture>]>,
}

/// What becomes of a group, under which name.
type Capture = (plan::CaptureKind, Arc<str>);

/// `isdataat`.
#[derive(Debug)]
pub(super) struct DataAt {
    pub(super) at: Amount,
    pub(super) negated: bool,
    pub(super) relative: bool,
}

/// `base64_decode` with what follows `base64_data`.
#[derive(Debug)]
pub(super) struct Base64 {
    pub(super) bytes: Option<Amount>,
    pub(super) offset: Amount,
    pub(super) relative: bool,
    /// None: nobody looks at the result, and the rule never matches.
    pub(super) list: Option<List>,
}

impl Base64 {
    /// What is decoded of such text.
    pub(super) const MODE: Mode = Mode::SkipBlanks;
}

/// One entry of the list.
#[derive(Debug)]
pub(super) enum Entry {
    Content(Box<Content>),
    Pattern(Box<Pattern>),
    Test(Box<Test>),
    Jump(Box<Jump>),
    Extract(Box<Extract>),
    Math(Box<Math>),
    DataAt(DataAt),
    Size(plan::Number),
    Entropy(Box<plan::Entropy>, Arc<str>),
    Dataset(plan::DatasetTest),
    Datarep { set: u32, number: plan::Number },
    Asn1(plan::Asn1),
    Base64(Box<Base64>),
}

impl Entry {
    pub(super) fn new(entry: &Match, rule: &plan::Rule) -> Result<Self> {
        Ok(match entry {
            Match::Content(content) if content.pattern.is_empty() => {
                return Err(refused(rule, "an empty content", ""));
            }
            Match::Content(content) => Self::Content(Box::new(Content::new(content))),
            Match::Pcre(pcre) => Self::Pattern(Box::new(Pattern::new(pcre, rule)?)),
            Match::ByteTest(test) => Self::Test(Box::new(Test::new(test))),
            Match::ByteJump(jump) => Self::Jump(Box::new(Jump::new(jump))),
            Match::ByteExtract(extract) => Self::Extract(Box::new(Extract::new(extract))),
            Match::ByteMath(math) => Self::Math(Box::new(Math::new(math))),
            Match::IsDataAt(data) => {
                let plan::IsDataAt { at, negated, relative } = *data;
                Self::DataAt(DataAt { at: Amount::new(at), negated, relative })
            }
            Match::Bsize { number } => Self::Size(*number),
            Match::Entropy(entropy) => Self::Entropy(Box::new(entropy.clone()), Arc::from(entropy.name.as_str())),
            Match::Base64(base64) => Self::Base64(Box::new(Base64::new(base64, rule)?)),
            Match::Dataset(test) => Self::Dataset(test.clone()),
            Match::Datarep { set, number } => Self::Datarep { set: *set, number: *number },
            Match::Asn1(asn1) => Self::Asn1(*asn1),
            Match::Absent { .. } => return Err(refused(rule, "absent is not the first thing asked of its buffer", "")),
        })
    }

    /// It counts from the end of the last match.
    pub(super) fn is_relative(&self) -> bool {
        match self {
            Self::Content(content) => content.is_relative(),
            Self::Pattern(pattern) => pattern.relative,
            Self::Test(test) => test.field.relative,
            Self::Jump(jump) => jump.field.relative,
            Self::Extract(extract) => extract.field.relative,
            Self::Math(math) => math.field.relative,
            Self::DataAt(data) => data.relative,
            Self::Base64(base64) => base64.relative,
            Self::Asn1(asn1) => asn1.relative,
            Self::Size(_) | Self::Entropy(..) | Self::Dataset(_) | Self::Datarep { .. } => false,
        }
    }

    /// What follows it counts from where it ends.
    pub(super) fn leaves_position(&self) -> bool {
        match self {
            Self::Content(content) => !content.negated,
            Self::Pattern(pattern) => !pattern.negated,
            Self::Jump(_) | Self::Extract(_) | Self::Math(_) => true,
            _ => false,
        }
    }

    /// Add the variables that it sets.
    pub(super) fn sets(&self, variables: &mut Vec<u8>) {
        match self {
            Self::Extract(extract) => variables.push(extract.variable),
            Self::Math(math) => variables.push(math.variable),
            Self::Base64(base64) => base64.list.iter().for_each(|list| list.sets(variables)),
            _ => {}
        }
    }

    /// Whether it asks for one of these variables. Not said of what begins a chain, whatever it asks for.
    pub(super) fn uses(&self, variables: &[u8]) -> bool {
        let any = |used: &[Option<u8>]| used.iter().flatten().any(|used| variables.contains(used));
        match self {
            Self::Content(content) => any(&content.variables()),
            Self::Test(test) => any(&test.variables()),
            Self::DataAt(data) => any(&[data.at.variable()]),
            // What is asked of the result may name any.
            Self::Base64(_) => !variables.is_empty(),
            Self::Pattern(_)
            | Self::Jump(_)
            | Self::Extract(_)
            | Self::Math(_)
            | Self::Size(_)
            | Self::Entropy(..)
            | Self::Dataset(_)
            | Self::Datarep { .. }
            | Self::Asn1(_) => false,
        }
    }
}

impl Pattern {
    fn new(pcre: &plan::Pcre, rule: &plan::Rule) -> Result<Self> {
        let code = Code::new(&pcre.pattern, &pcre.flags).map_err(|error| {
            refused(rule, &format!("pcre: {} at byte {}", error.message, error.offset), "the syntax is PCRE2's")
        })?;
        let named = |capture: &plan::Capture| (capture.kind, Arc::from(capture.name.as_str()));
        let captures = pcre.captures.iter().map(|capture| capture.as_ref().map(named)).collect();
        Ok(Self { code, negated: pcre.negated, relative: pcre.relative, captures })
    }
}

impl Base64 {
    fn new(base64: &plan::Base64, rule: &plan::Rule) -> Result<Self> {
        let list = base64.matches.as_ref().map(|matches| List::new(matches, rule)).transpose()?;
        let (bytes, offset) = (base64.bytes.map(Amount::new), Amount::new(base64.offset));
        Ok(Self { bytes, offset, relative: base64.relative, list })
    }
}

pub(super) fn refused(rule: &plan::Rule, why: &str, hint: &str) -> Error {
    Error::Config(Fault::new(format!("rule {}:{}", rule.gid, rule.sid), why, hint))
}
