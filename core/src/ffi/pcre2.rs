//! PCRE2 patterns: compiled once and shared, matched with limits and with partial matching.
#![allow(unsafe_code)]

use pcre2_sys as sys;
use std::alloc::{Layout, handle_alloc_error};
use std::ops::Range;
use std::ptr::{NonNull, null_mut};
use std::sync::OnceLock;

/// The most groups of a pattern that are told of.
const GROUPS: u32 = 32;

/// How much work one match may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `pcre2_set_match_limit`.
    pub matches: u32,
    /// `pcre2_set_depth_limit`.
    pub depth: u32,
}

impl Default for Limits {
    /// Suricata's stock values.
    fn default() -> Self {
        Self { matches: 3500, depth: 1500 }
    }
}

/// Why a pattern is not one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// PCRE2's own words.
    pub message: String,
    /// The byte of the pattern where it noticed.
    pub offset: usize,
}

/// What a pattern says of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It matches these bytes.
    Match {
        /// First byte of the match.
        start: usize,
        /// The byte after it; below `start` only with `\K` in an assertion.
        end: usize,
    },
    /// It does not match.
    No,
    /// More bytes could decide.
    Partial,
    /// A limit was reached, or the subject is not what the pattern asks for (UTF-8).
    Failed,
}

/// A compiled pattern.
#[derive(Debug)]
pub struct Code {
    raw: NonNull<sys::pcre2_code_8>,
    /// Whether it is machine code: made when it is first matched, as most patterns of a rule set never are. It stays
    /// without where a sandbox forbids writable executable memory: slower, same answers.
    jit: OnceLock<bool>,
    anchored: bool,
    unlimited: bool,
    groups: u32,
}

// SAFETY: a compiled pattern, JIT code included, is never changed by matching, and `prepare` adds that code once ("Multithreading" in pcre2api).
unsafe impl Send for Code {}
// SAFETY: as above.
unsafe impl Sync for Code {}

impl Code {
    /// Compile `pattern`. `flags` are of `imsxAEG` and `O` (no limits); others mean nothing here.
    ///
    /// # Errors
    /// What PCRE2 says of a pattern that it does not take.
    pub fn new(pattern: &[u8], flags: &str) -> Result<Self, PatternError> {
        let options = flags.chars().map(option).fold(0, |all, one| all | one);
        let (mut code, mut offset) = (0, 0);
        // SAFETY: the pattern is read for `len` bytes during the call, both out-pointers are to live integers, and a
        // null compile context stands for the defaults.
        let raw = unsafe {
            sys::pcre2_compile_8(pattern.as_ptr(), pattern.len(), options, &mut code, &mut offset, null_mut())
        };
        let raw = NonNull::new(raw).ok_or_else(|| PatternError { message: message(code), offset })?;
        let anchored = options_of(raw) & sys::PCRE2_ANCHORED != 0;
        let groups = groups_of(raw);
        Ok(Self { jit: OnceLock::new(), raw, anchored, unlimited: flags.contains('O'), groups })
    }

    /// Make machine code of it, once; whoever comes at the same time waits.
    #[inline]
    fn prepare(&self) {
        self.jit.get_or_init(|| {
            // SAFETY: the pattern is alive, and no one matches it yet: every match is preceded by this call, of which
            // one runs and the others wait for it.
            let status = unsafe {
                sys::pcre2_jit_compile_8(self.raw.as_ptr(), sys::PCRE2_JIT_COMPLETE | sys::PCRE2_JIT_PARTIAL_HARD)
            };
            status == 0
        });
    }

    /// Whether it can only match at the start of its subject.
    pub fn is_anchored(&self) -> bool {
        self.anchored
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        // SAFETY: `raw` came from pcre2_compile_8 and is freed once.
        unsafe { sys::pcre2_code_free_8(self.raw.as_ptr()) }
    }
}

/// The memory that matching needs; one for each thread, used again and again.
#[derive(Debug)]
pub struct Matcher {
    data: NonNull<sys::pcre2_match_data_8>,
    limits: NonNull<sys::pcre2_match_context_8>,
    /// Groups whose offsets the last match has set.
    groups: u32,
}

// SAFETY: both blocks belong to this value alone, and PCRE2 ties neither to a thread.
unsafe impl Send for Matcher {}

impl Matcher {
    /// Memory for matching within limits.
    pub fn new(most: Limits) -> Self {
        // SAFETY: a null general context stands for malloc and free.
        let data = allocated(unsafe { sys::pcre2_match_data_create_8(GROUPS + 1, null_mut()) });
        // SAFETY: as above.
        let limits = allocated(unsafe { sys::pcre2_match_context_create_8(null_mut()) });
        // SAFETY: `limits` is a live match context.
        unsafe {
            sys::pcre2_set_match_limit_8(limits.as_ptr(), most.matches);
            sys::pcre2_set_depth_limit_8(limits.as_ptr(), most.depth);
        }
        Self { data, limits, groups: 0 }
    }

    /// Match `code` in `subject` from byte `start` on; what is before it is seen by assertions only. `more`: bytes are
    /// missing after the subject, so that an answer that depends on its end is `Partial`.
    pub fn find(&mut self, code: &Code, subject: &[u8], start: usize, more: bool) -> Found {
        code.prepare();
        let partial = if more { sys::PCRE2_PARTIAL_HARD } else { 0 };
        let mut status = self.run(code, subject, start, partial);
        if status == sys::PCRE2_ERROR_JIT_STACKLIMIT {
            // The interpreter keeps its frames on the heap, up to the limits.
            status = self.run(code, subject, start, partial | sys::PCRE2_NO_JIT);
        }
        match status {
            0.. => {
                self.groups = code.groups.min(GROUPS);
                self.offsets()
            }
            sys::PCRE2_ERROR_NOMATCH => Found::No,
            sys::PCRE2_ERROR_PARTIAL => Found::Partial,
            _ => Found::Failed,
        }
    }

    fn run(&mut self, code: &Code, subject: &[u8], start: usize, options: u32) -> i32 {
        let limits = if code.unlimited { null_mut() } else { self.limits.as_ptr() };
        // SAFETY: code, match data and context are alive, the match data is ours alone, and the subject is read within
        // its length; PCRE2 answers BADOFFSET for a start beyond it. A null context stands for PCRE2's own limits.
        unsafe {
            sys::pcre2_match_8(
                code.raw.as_ptr(),
                subject.as_ptr(),
                subject.len(),
                start,
                options,
                self.data.as_ptr(),
                limits,
            )
        }
    }

    fn offsets(&self) -> Found {
        let (start, end) = self.pair(0);
        Found::Match { start, end }
    }

    /// The bytes of the subject that a group took in the last match, if it did: groups are counted from 1.
    pub fn group(&self, number: u32) -> Option<Range<usize>> {
        let (start, end) = self.pair(Some(number).filter(|number| *number <= self.groups)?);
        (start <= end && end != usize::MAX).then_some(start..end)
    }

    /// A pair of offsets, `number` up to `self.groups`.
    fn pair(&self, number: u32) -> (usize, usize) {
        let at = 2 * number.min(self.groups) as usize;
        // SAFETY: match data made for `GROUPS + 1` pairs has two offsets for each, `self.groups` is not above `GROUPS`,
        // and a match sets those of its pattern's groups, to PCRE2_UNSET where they took nothing.
        unsafe {
            let pair = sys::pcre2_get_ovector_pointer_8(self.data.as_ptr()).add(at);
            (pair.read(), pair.add(1).read())
        }
    }
}

impl Drop for Matcher {
    fn drop(&mut self) {
        // SAFETY: both came from their create functions and are freed once.
        unsafe {
            sys::pcre2_match_data_free_8(self.data.as_ptr());
            sys::pcre2_match_context_free_8(self.limits.as_ptr());
        }
    }
}

fn option(flag: char) -> u32 {
    match flag {
        'i' => sys::PCRE2_CASELESS,
        'm' => sys::PCRE2_MULTILINE,
        's' => sys::PCRE2_DOTALL,
        'x' => sys::PCRE2_EXTENDED,
        'A' => sys::PCRE2_ANCHORED,
        'E' => sys::PCRE2_DOLLAR_ENDONLY,
        'G' => sys::PCRE2_UNGREEDY,
        _ => 0,
    }
}

/// The pattern's options, those that PCRE2 found out by itself included.
fn options_of(code: NonNull<sys::pcre2_code_8>) -> u32 {
    let mut options = 0_u32;
    // SAFETY: `code` is alive, and this is documented to be a uint32_t.
    unsafe { sys::pcre2_pattern_info_8(code.as_ptr(), sys::PCRE2_INFO_ALLOPTIONS, (&raw mut options).cast()) };
    options
}

/// How many groups take a part of the subject.
fn groups_of(code: NonNull<sys::pcre2_code_8>) -> u32 {
    let mut groups = 0_u32;
    // SAFETY: `code` is alive, and this is documented to be a uint32_t.
    unsafe { sys::pcre2_pattern_info_8(code.as_ptr(), sys::PCRE2_INFO_CAPTURECOUNT, (&raw mut groups).cast()) };
    groups
}

fn message(code: i32) -> String {
    let mut text = [0_u8; 256];
    // SAFETY: the buffer is written within its length, with a zero at the end.
    let length = unsafe { sys::pcre2_get_error_message_8(code, text.as_mut_ptr(), text.len()) };
    String::from_utf8_lossy(text.get(..usize::try_from(length).unwrap_or(0)).unwrap_or_default()).into_owned()
}

fn allocated<T>(raw: *mut T) -> NonNull<T> {
    NonNull::new(raw).unwrap_or_else(|| handle_alloc_error(Layout::new::<usize>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: &str, flags: &str, subject: &[u8], start: usize, more: bool) -> Found {
        Matcher::new(Limits::default()).find(&Code::new(pattern.as_bytes(), flags).unwrap(), subject, start, more)
    }

    const fn at(start: usize, end: usize) -> Found {
        Found::Match { start, end }
    }

    #[test]
    fn flags() {
        assert_eq!(find("B", "", b"abc", 0, false), Found::No);
        assert_eq!(find("B", "i", b"abc", 0, false), at(1, 2));
        assert_eq!(find("^b", "m", b"a\nb", 0, false), at(2, 3));
        assert_eq!(find("a.b", "s", b"a\nb", 0, false), at(0, 3));
        assert_eq!(find("a b", "x", b"ab", 0, false), at(0, 2));
        assert_eq!(find("b", "A", b"ab", 0, false), Found::No);
        assert_eq!(find("a$", "", b"a\n", 0, false), at(0, 1));
        assert_eq!(find("a$", "E", b"a\n", 0, false), Found::No);
        assert_eq!(find("a+", "G", b"aaa", 0, false), at(0, 1));
    }

    #[test]
    fn start_and_bytes_before_it() {
        assert_eq!(find("(?<=a)b", "", b"ab", 1, false), at(1, 2));
        assert_eq!(find("a", "", b"ab", 1, false), Found::No);
        assert_eq!(find("a", "", b"ab", 3, false), Found::Failed);
    }

    #[test]
    fn partial_where_the_end_could_decide() {
        assert_eq!(find("abc", "", b"xxab", 0, true), Found::Partial);
        assert_eq!(find("abc", "", b"xxab", 0, false), Found::No);
        assert_eq!(find("ab$", "", b"ab", 0, true), Found::Partial);
        assert_eq!(find(r"ab\b", "", b"ab", 0, true), Found::Partial);
        assert_eq!(find("ab", "", b"abx", 0, true), at(0, 2));
    }

    #[test]
    fn limits_unless_flag_o() {
        let (pattern, subject) = ("^(a+a+)+b$", b"aaaaaaaaaaaaaaaaaab!");
        assert_eq!(find(pattern, "", subject, 0, false), Found::Failed);
        assert_eq!(find(pattern, "O", subject, 0, false), Found::No);
    }

    #[test]
    fn what_is_wrong_with_a_pattern() {
        let error = Code::new(b"a(b", "").unwrap_err();
        assert_eq!(error.offset, 3);
        assert!(error.message.contains("parenthesis"), "{}", error.message);
    }

    #[test]
    fn machine_code_is_made_when_it_is_used() {
        let code = Code::new(b"a+", "").unwrap();
        assert_eq!(code.jit.get(), None);
        assert_eq!(Matcher::new(Limits::default()).find(&code, b"baa", 0, false), at(1, 3));
        assert!(code.jit.get().is_some());
    }

    #[test]
    fn groups_of_the_last_match() {
        let mut matcher = Matcher::new(Limits::default());
        matcher.find(&Code::new(b"(a)(b)?(c)", "").unwrap(), b"xac", 0, false);
        assert_eq!([1, 2, 3, 4].map(|group| matcher.group(group)), [Some(1..2), None, Some(2..3), None]);
        matcher.find(&Code::new(b"x", "").unwrap(), b"xac", 0, false);
        assert_eq!(matcher.group(1), None);
        matcher.find(&Code::new("()".repeat(40).as_bytes(), "").unwrap(), b"", 0, false);
        assert_eq!((matcher.group(32), matcher.group(33)), (Some(0..0), None));
    }

    #[test]
    fn anchored_is_known() {
        assert!(Code::new(b"^a|^b", "").unwrap().is_anchored());
        assert!(Code::new(b"a", "A").unwrap().is_anchored());
        assert!(!Code::new(b"^a", "m").unwrap().is_anchored());
    }
}
