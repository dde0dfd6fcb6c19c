//! Transactions: a request with its answer, or a message, and how far each direction of it got.

use super::frame::Frames;
use super::{Announced, Application, Protocol, Request};
use crate::files::{File, Files, Wanted};
use crate::frame::Addr;
use crate::plan::{AfterHandshake, StoreScope};
use crate::time::Nanos;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

/// Odd things that are noted of a transaction, at most.
const MOST_EVENTS: usize = 64;
/// Transactions of a flow that are open at once, at most (specification, http.md: `max-tx`).
pub(super) const MOST_OPEN: usize = 512;

/// What every transaction has.
#[derive(Debug)]
pub struct Head {
    /// Its number in the flow, from 0.
    pub number: u64,
    /// When it was looked at last.
    pub time: Nanos,
    /// Who sent the packet that it was looked at for.
    pub source: Addr,
    /// Bytes of it are missing, to the server and to the client.
    pub partial: [bool; 2],
    /// The files that it carries.
    pub files: Files,
    progress: [u8; 2],
    ends: [u8; 2],
    events: Vec<u8>,
    /// Events that were told.
    told_events: usize,
    /// Its parser changed it since rules looked, to the server and to the client.
    changed: [bool; 2],
    /// More of it came that is not kept, as above.
    passed: [bool; 2],
    told: bool,
    /// What rules have found out about it.
    inspection: [Inspection; 2],
    /// Bits that rules have set (`xbits`, `track tx`).
    bits: RefCell<Vec<u32>>,
    /// A rule wants no events of it.
    unlogged: Cell<bool>,
    /// It is one message, which went this way.
    way: Option<bool>,
    /// Alerts that it was guessed for.
    guesses: Cell<u32>,
}

/// What rules have found out about one direction of a transaction.
#[derive(Debug, Default)]
pub struct Inspection {
    /// Views (by number) that were searched for fast patterns and don't change any more.
    pub searched: Vec<u32>,
    /// Rules that may still match, ascending.
    pub candidates: Vec<u32>,
    /// Rules that matched, and the file, from 1, that they matched for.
    pub matched: Vec<(u32, u32)>,
    /// All that there is was looked at.
    pub done: bool,
}

impl Head {
    fn new(number: u64, ends: [u8; 2], files: Files) -> Self {
        Self {
            number,
            time: 0,
            source: Addr::default(),
            partial: [false; 2],
            files,
            progress: [0; 2],
            ends,
            events: Vec::new(),
            told_events: 0,
            changed: [true; 2],
            passed: [false; 2],
            told: false,
            inspection: Default::default(),
            bits: RefCell::default(),
            unlogged: Cell::new(false),
            way: None,
            guesses: Cell::new(0),
        }
    }

    /// How far a direction got.
    #[inline]
    pub fn progress(&self, to_server: bool) -> u8 {
        let [up, down] = self.progress;
        if to_server { up } else { down }
    }

    /// A direction has come to its end.
    #[inline]
    pub fn has_ended(&self, to_server: bool) -> bool {
        let [up, down] = self.ends;
        self.progress(to_server) >= if to_server { up } else { down }
    }

    /// Both directions have come to their ends.
    pub fn is_complete(&self) -> bool {
        self.has_ended(true) && self.has_ended(false)
    }

    /// A direction got so far; it never goes back.
    pub fn advance(&mut self, to_server: bool, progress: u8) {
        let ([up, down], [up_end, down_end]) = (&mut self.progress, self.ends);
        let (at, end) = if to_server { (up, up_end) } else { (down, down_end) };
        *at = progress.clamp(*at, end.max(*at));
        self.change(to_server);
    }

    /// A direction is over.
    pub fn end(&mut self, to_server: bool) {
        self.advance(to_server, u8::MAX);
    }

    /// There is something new to look at, or more of it.
    pub fn change(&mut self, to_server: bool) {
        let [up, down] = &mut self.changed;
        *(if to_server { up } else { down }) = true;
    }

    /// More came of it that nothing is kept of.
    pub fn pass(&mut self, to_server: bool) {
        let [up, down] = &mut self.passed;
        *(if to_server { up } else { down }) = true;
    }

    /// Something is odd: its row among the protocol's events.
    pub fn event(&mut self, event: u8) {
        if self.events.len() < MOST_EVENTS && !self.events.contains(&event) {
            self.events.push(event);
        }
    }

    /// The same, for what is told each time that it is found.
    pub fn event_again(&mut self, event: u8) {
        if self.events.len() < MOST_EVENTS {
            self.events.push(event);
        }
    }

    /// What is odd, in the order in which it was found.
    pub fn events(&self) -> &[u8] {
        &self.events
    }

    /// Those events that were not told yet; they are, from now on.
    pub(crate) fn take_events(&mut self) -> Vec<u8> {
        let new = self.events.get(self.told_events..).unwrap_or_default().to_vec();
        self.told_events = self.events.len();
        new
    }

    /// Whether there is something new in a direction, which is looked at now.
    pub(crate) fn take_changed(&mut self, to_server: bool) -> bool {
        let [up, down] = &mut self.changed;
        std::mem::take(if to_server { up } else { down })
    }

    /// Whether more came in a direction that nothing is kept of, which is noticed now.
    pub(crate) fn take_passed(&mut self, to_server: bool) -> bool {
        let [up, down] = &mut self.passed;
        std::mem::take(if to_server { up } else { down })
    }

    /// Whether rules looked at a direction since its parser changed it.
    pub(super) fn was_looked_at(&self, to_server: bool) -> bool {
        let [up, down] = self.changed;
        !(if to_server { up } else { down })
    }

    /// What rules have found out about a direction.
    pub(crate) fn inspection(&mut self, to_server: bool) -> &mut Inspection {
        let [up, down] = &mut self.inspection;
        if to_server { up } else { down }
    }

    /// A rule has matched in a direction.
    pub(crate) fn has_matched(&self, to_server: bool, rule: u32) -> bool {
        let [up, down] = &self.inspection;
        let inspection = if to_server { up } else { down };
        inspection.matched.iter().any(|(matched, _)| *matched == rule)
    }

    /// Whether a rule has set a bit of it.
    pub(crate) fn has_bit(&self, bit: u32) -> bool {
        self.bits.try_borrow().is_ok_and(|bits| bits.contains(&bit))
    }

    /// A rule sets a bit of it.
    pub(crate) fn set_bit(&self, bit: u32) {
        if let Ok(mut bits) = self.bits.try_borrow_mut()
            && !bits.contains(&bit)
        {
            bits.push(bit);
        }
    }

    /// A rule wants no events of it.
    pub(crate) fn unlog(&self) {
        self.unlogged.set(true);
    }

    pub(crate) fn is_unlogged(&self) -> bool {
        self.unlogged.get()
    }

    /// It has something that goes in a direction.
    pub(crate) fn goes(&self, to_server: bool) -> bool {
        self.way.is_none_or(|way| way == to_server)
    }

    /// It is guessed for another alert, unless it was for so many.
    pub(crate) fn guess(&self, most: u32) -> bool {
        let guesses = self.guesses.get();
        self.guesses.set(guesses.saturating_add(1));
        guesses < most
    }

    /// Rules have looked at all of a direction.
    pub(crate) fn is_inspected(&self, to_server: bool) -> bool {
        let [up, down] = &self.inspection;
        if to_server { up.done } else { down.done }
    }

    pub(crate) fn is_told(&self) -> bool {
        self.told
    }

    pub(crate) fn tell(&mut self) {
        self.told = true;
    }
}

/// A transaction.
#[derive(Debug)]
pub struct Entry<T> {
    /// What every transaction has.
    pub head: Head,
    /// What its protocol made of it.
    pub tx: T,
}

/// A flow's transactions, from the oldest that is not done with.
#[derive(Debug)]
pub struct Transactions<T> {
    live: VecDeque<Entry<T>>,
    next: u64,
    ends: [u8; 2],
    /// A message ended, in this direction: rules look at the stream's data, however little there is of it.
    pub(crate) flush: [bool; 2],
    /// What is encrypted begins: what becomes of it, until the engine knows.
    pub(super) encrypted: Option<AfterHandshake>,
    /// What the parser tells apart in the bytes.
    pub frames: Frames,
    /// What went the other way says something new about a direction: rules look at it again.
    pub(super) renewed: [bool; 2],
    /// What the flow speaks turned out to be this.
    pub(super) renamed: Option<Protocol>,
    /// A request that goes on in another protocol.
    pub(super) upgraded: Option<Request>,
    /// Flows that were announced and not taken yet.
    pub(super) announced: Vec<Announced>,
    /// What is wanted of their files.
    pub(super) wanted: Arc<Wanted>,
    /// Rules that have all files stored, to the server and to the client.
    storing: [Vec<u32>; 2],
}

impl<T> Transactions<T> {
    pub(super) fn new<A: Application<Tx = T>>() -> Self {
        let ends = A::PROGRESS.map(|states| states.len().saturating_sub(1) as u8);
        Self {
            live: VecDeque::new(),
            next: 0,
            ends,
            flush: [false; 2],
            encrypted: None,
            frames: Frames::default(),
            renewed: [false; 2],
            renamed: None,
            upgraded: None,
            announced: Vec::new(),
            wanted: Arc::default(),
            storing: Default::default(),
        }
    }

    /// A new one; where too many are open, the oldest is ended.
    pub fn open(&mut self, tx: T) -> &mut Entry<T> {
        let open = self.live.len();
        if open >= MOST_OPEN
            && let Some(oldest) = self.live.get_mut(open - MOST_OPEN)
        {
            oldest.head.end(true);
            oldest.head.end(false);
        }
        let files = Files::new(&self.wanted, self.storing.clone());
        if self.live.is_empty() {
            // Most flows have one: room for more would be most of what is kept of them.
            self.live.reserve_exact(1);
        }
        self.live.push_back(Entry { head: Head::new(self.next, self.ends, files), tx });
        self.next += 1;
        let last = self.live.len() - 1;
        #[allow(clippy::indexing_slicing, reason = "it was pushed just now")]
        &mut self.live[last]
    }

    /// A message that is whole and went one way: rules for the other way don't look at it.
    pub fn message(&mut self, tx: T, to_server: bool) -> &mut Entry<T> {
        let entry = self.open(tx);
        entry.head.end(true);
        entry.head.end(false);
        entry.head.inspection(!to_server).done = true;
        entry.head.way = Some(to_server);
        entry
    }

    /// A transaction by its number, unless it is done with.
    pub fn get(&mut self, number: u64) -> Option<&mut Entry<T>> {
        let first = self.live.front()?.head.number;
        self.live.get_mut(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    /// A transaction by its number, or else a new one.
    pub fn at_or_open(&mut self, number: u64, tx: impl FnOnce() -> T) -> &mut Entry<T> {
        let first = self.live.front().map_or(u64::MAX, |entry| entry.head.number);
        let place = number.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        match place.filter(|place| *place < self.live.len()) {
            #[allow(clippy::indexing_slicing, reason = "it was counted just now")]
            Some(place) => &mut self.live[place],
            None => self.open(tx()),
        }
    }

    /// All that are live, the oldest first, to change them.
    pub fn each(&mut self, change: impl FnMut(&mut Entry<T>)) {
        self.live.iter_mut().for_each(change);
    }

    /// A transaction by its number, and the frames.
    pub fn with_frames(&mut self, number: u64) -> Option<(&mut Entry<T>, &mut Frames)> {
        let place = number.checked_sub(self.live.front()?.head.number)?;
        Some((self.live.get_mut(usize::try_from(place).ok()?)?, &mut self.frames))
    }

    /// The newest.
    pub fn newest(&mut self) -> Option<&mut Entry<T>> {
        self.live.back_mut()
    }

    /// The oldest whose direction has not ended.
    pub fn unended(&mut self, to_server: bool) -> Option<&mut Entry<T>> {
        self.live.iter_mut().find(|entry| !entry.head.has_ended(to_server))
    }

    /// How many there were so far.
    pub fn count(&self) -> u64 {
        self.next
    }

    /// Rules are to look at the stream's data of a direction now: a message ended there.
    pub fn flush(&mut self, to_server: bool) {
        let [up, down] = &mut self.flush;
        *(if to_server { up } else { down }) = true;
    }

    /// All that follows in both directions is encrypted: this is to become of it, as the protocol's settings say. Said
    /// once.
    pub fn encrypted(&mut self, after: AfterHandshake) {
        self.encrypted = Some(after);
    }

    /// What went the other way settles something about a direction, as an answer may about what was asked: rules are to
    /// look at that, too.
    pub fn renew(&mut self, to_server: bool) {
        let [up, down] = &mut self.renewed;
        *(if to_server { up } else { down }) = true;
    }

    /// What the flow speaks turns out to be a protocol of its own, which the same parser reads.
    pub fn rename(&mut self, protocol: Protocol) {
        self.renamed = Some(protocol);
    }

    /// A request goes on in another protocol.
    pub fn upgrade(&mut self, request: Request) {
        self.upgraded = Some(request);
    }

    /// A flow between the same hosts is to come.
    pub fn announce(&mut self, announced: Announced) {
        self.announced.push(announced);
    }

    /// All that are live, the oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Entry<T>> {
        self.live.iter()
    }

    pub(super) fn at(&self, index: usize) -> Option<&Entry<T>> {
        self.live.get(index)
    }

    pub(super) fn at_mut(&mut self, index: usize) -> Option<&mut Entry<T>> {
        self.live.get_mut(index)
    }

    /// A rule has files of a direction stored that `which` says yes to, as far as `scope` goes.
    pub(super) fn store(
        &mut self,
        index: usize,
        to_server: bool,
        (sid, scope): (u32, StoreScope),
        which: &dyn Fn(&File) -> bool,
    ) {
        let Some(entry) = self.live.get_mut(index) else { return };
        entry.head.files.store(to_server, sid, scope != StoreScope::File, which);
        let [up, down] = &mut self.storing;
        let storing = if to_server { up } else { down };
        if scope == StoreScope::Flow && !storing.contains(&sid) {
            storing.push(sid);
        }
    }

    /// All are over.
    pub(super) fn end(&mut self) {
        for entry in &mut self.live {
            entry.head.files.truncate(true);
            entry.head.files.truncate(false);
            entry.head.end(true);
            entry.head.end(false);
        }
    }

    /// Forget the oldest as long as they are done with.
    pub(super) fn forget(&mut self, done: impl Fn(&Head) -> bool) {
        while self.live.front().is_some_and(|entry| done(&entry.head)) {
            self.live.pop_front();
        }
        if self.live.is_empty() {
            self.live = VecDeque::new();
        }
    }
}
