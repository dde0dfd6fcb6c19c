//! The sender: what the sources of a mirror do with the frames of a capture or an interface, and their copies on the way.
//!
//! ```text
//! source ─► pace ─► mirror ─► impairments ─► sink
//!                     └─ outcomes ─► sums, truth
//! ```
//! A source fills a batch, the schedule says when each frame is due, the mirror makes copies of it, and the sink takes runs
//! of them. Impairments may hold copies back; without any, no payload is copied on its way from the source to the kernel.

mod file;
mod impair;
mod pace;
mod report;
mod source;
#[cfg(target_os = "linux")]
mod joined;
#[cfg(target_os = "linux")]
mod local;
#[cfg(target_os = "linux")]
mod message;
#[cfg(target_os = "linux")]
mod raw;
#[cfg(target_os = "linux")]
mod udp;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
use elsewhere::{Pool, Wire};
#[cfg(target_os = "linux")]
use {raw::Wire, udp::Pool};

pub use pace::Pace;
pub use report::Sent;

use super::{Fill, Source, WAIT, clock};
use crate::error::{Error, Fault, Result};
use crate::frame::Batch;
use crate::mirror::{Copies, Copy, Fate, Mirror, Outcome, Reason};
use crate::plan::mirror::MirrorPlan;
use crate::time::Nanos;
use impair::Way;
use pace::{Clock, Schedule};
use report::Report;
use source::Input;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Frames that go to the sink at once where they wait to be due, and so how many are sent between two looks at the clock.
const RUN: usize = 64;
/// The same where none wait: more of them go through one socket.
const LONG_RUN: usize = 1024;
/// A copy due within this time is due: the clock and the system's timers are not finer.
const SLACK: Nanos = 50_000;

/// Where copies go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// A receiver's socket.
    Socket(SocketAddr),
    /// Each copy to its session's target.
    Targets,
    /// A capture file of outer frames, written without waiting; "-" is standard output.
    File(String),
    /// An interface, as outer frames.
    Raw(String),
    /// Nowhere: what would be done is told.
    Nowhere,
}

/// What is done to each frame, and when.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the mirror does.
    pub plan: MirrorPlan,
    /// How fast; a live interface's frames are sent as they come.
    pub pace: Pace,
    /// How often the capture is sent, at least once.
    pub loops: u64,
    /// A line is wanted for each outcome.
    pub truth: bool,
}

#[derive(Debug)]
enum Sink {
    Udp(Pool),
    Raw(Wire),
    File(file::Writer),
    Nowhere,
}

/// Sends a capture, or what a live interface sees. It is driven in steps, so that its owner can show progress and take
/// signals.
#[derive(Debug)]
pub struct Sender {
    source: Input,
    loops_left: u64,
    batch: Batch,
    /// The batch's first frame that was not sent yet.
    next: usize,
    mirror: Mirror,
    run: Copies,
    outcomes: Vec<Outcome>,
    way: Option<Way>,
    sink: Sink,
    schedule: Schedule,
    /// Set by the first step.
    start: Option<Instant>,
    /// The source has no more.
    ended: bool,
    report: Report,
}

impl Sender {
    /// Open a capture's path, "-" or an interface (`iface:NAME`), then where copies go.
    ///
    /// # Errors
    /// `Error::Usage` for options that contradict each other, `Error::Config` for the plan, `Error::Input` for the source,
    /// `Error::Output` for where copies go.
    pub fn open(source: &str, to: &To, options: &Options) -> Result<Self> {
        check(options.pace)?;
        let mirror = Mirror::new(&options.plan)?;
        let way = Way::new(&options.plan.impairments)?;
        let source = Input::open(source, options.loops)?;
        let pace = if matches!(to, To::File(_) | To::Nowhere) { Pace::FlatOut } else { options.pace };
        let sink = open(to, &source, &mirror, pace == Pace::FlatOut && !source.is_live())?;
        Ok(Self {
            schedule: Schedule::new(pace, source.is_live()),
            source,
            loops_left: options.loops,
            batch: Batch::default(),
            next: 0,
            mirror,
            run: Copies::default(),
            outcomes: Vec::new(),
            way,
            sink,
            start: None,
            ended: false,
            report: Report::new(&options.plan, options.truth),
        })
    }

    /// Send what is due for about `WAIT`, at most so many frames (0: any number), as long as there is room for the truth;
    /// false when all was sent and written.
    ///
    /// # Errors
    /// `Error::Input` when the source can't be read, `Error::Output` when copies can't be sent or written.
    pub fn step(&mut self, most: u64) -> Result<bool> {
        let most = if most == 0 { u64::MAX } else { self.report.frames.saturating_add(most) };
        let begun = self.since();
        loop {
            let left = begun + WAIT.as_nanos() as Nanos - self.since();
            if left <= 0 || self.report.frames >= most || self.report.is_full() {
                return Ok(true);
            }
            let filled = self.refill()?;
            let due = self.gather(most);
            self.flush()?;
            if self.ended && self.way.as_ref().is_none_or(Way::is_empty) {
                return Ok(false);
            }
            self.wait(due, left);
            if filled == Fill::Idle {
                return Ok(true);
            }
        }
    }

    /// Send all that is held back, and end a file: no more steps will come.
    ///
    /// # Errors
    /// `Error::Output` when it can't be sent or written.
    pub fn finish(&mut self) -> Result<()> {
        if let Some(way) = &mut self.way {
            way.drain();
        }
        self.flush()?;
        if let Sink::File(writer) = &mut self.sink { writer.finish() } else { Ok(()) }
    }

    /// Frames read so far.
    pub fn frames(&self) -> u64 {
        self.report.frames
    }

    /// What went out so far.
    pub fn sent(&self) -> Sent {
        self.report.sent
    }

    /// What became of the frames so far, as JSON.
    pub fn stats(&mut self) -> Vec<u8> {
        let live = self.source.live();
        self.report.json(&self.mirror, live)
    }

    /// The truth since this was last asked, as JSON lines.
    pub fn take_truth(&mut self) -> Vec<u8> {
        self.report.take_truth()
    }

    /// What is read, for its position and size.
    pub fn source(&self) -> &dyn Source {
        &self.source
    }

    /// What the user should know although the run goes on.
    pub fn warning(&mut self) -> Option<String> {
        let (dropped, _) = self.source.live();
        let lost = (dropped > 0).then(|| format!("{dropped} frames were lost before they could be read"));
        let large = match &self.sink {
            Sink::Raw(wire) if self.report.too_large > 0 => {
                let (name, mtu, count) = (wire.name(), wire.mtu(), self.report.too_large);
                Some(format!("{name}: its MTU of {mtu} is too small for {count} copies, which were left out"))
            }
            _ => None,
        };
        let all: Vec<String> = [self.source.warning().map(str::to_owned), lost, large].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Nanoseconds since the first step.
    fn since(&mut self) -> Nanos {
        let start = *self.start.get_or_insert_with(clock::steady);
        Nanos::try_from(clock::steady().duration_since(start).as_nanos()).unwrap_or(Nanos::MAX)
    }

    /// The time by the schedule's clock.
    fn now(&mut self) -> Nanos {
        match self.schedule.clock {
            Clock::Frames => Nanos::MAX,
            Clock::Start => self.since(),
            Clock::Wall => clock::wall(),
        }
    }

    /// Where the batch is done, the next, of the next round where this one is over.
    fn refill(&mut self) -> Result<Fill> {
        if self.ended || self.next < self.batch.frames.len() {
            return Ok(Fill::More);
        }
        self.next = 0;
        self.source.wait_at_most(self.patience());
        let fill = self.source.fill(&mut self.batch)?;
        if fill != Fill::End {
            return Ok(fill);
        }
        self.loops_left -= 1;
        let now = self.since();
        if self.loops_left > 0 && self.schedule.again(now) {
            self.source.again()?;
        } else {
            self.ended = true;
        }
        Ok(Fill::More)
    }

    /// How long a live source may wait for frames: until a held copy goes on.
    fn patience(&self) -> Duration {
        let next = self.way.as_ref().and_then(Way::next).filter(|_| self.schedule.clock == Clock::Wall);
        let left = next.map(|leaves| leaves.saturating_sub(clock::wall()).max(0) as u64);
        left.map_or(WAIT, |left| WAIT.min(Duration::from_nanos(left)))
    }

    /// Copy the frames that are due, at most a run of them; says when the next copy is due that is not yet.
    fn gather(&mut self, most: u64) -> Option<Nanos> {
        let now = self.now();
        let (run, waits) = if self.schedule.clock == Clock::Start { (RUN, true) } else { (LONG_RUN, false) };
        let mut due = None;
        for _ in 0..run {
            let Some(frame) = self.batch.frames.get(self.next).filter(|_| self.report.frames < most) else { break };
            let time = self.schedule.due(frame.time);
            if waits && time > now.saturating_add(SLACK) {
                due = Some(time);
                break;
            }
            self.frame(time);
            self.next += 1;
        }
        self.release(now, due.is_some());
        let held = self.way.as_ref().and_then(Way::next);
        due.into_iter().chain(held).min()
    }

    /// Decide on the next frame, and let its copies go their way.
    #[inline]
    fn frame(&mut self, time: Nanos) {
        let Some(frame) = self.batch.frames.get(self.next) else { return };
        self.report.frame(frame);
        let mut at = self.run.rows.len();
        self.outcomes.clear();
        self.mirror.frame(&self.batch, frame, &mut self.run, &mut self.outcomes);
        if let Some(way) = &mut self.way {
            way.release(time);
        }
        for outcome in &mut self.outcomes {
            if let Some(copy) = self.run.rows.get_mut(at).filter(|_| outcome.fate == Fate::Mirrored) {
                copy.time = time;
                if self.sink.fits(copy) {
                    self.schedule.sent(copy.frame_length());
                    if let (Some(way), Some(copy)) = (&mut self.way, self.run.rows.get(at)) {
                        way.enter(&self.run, copy, &self.batch.slab, outcome);
                    }
                    at += 1;
                } else {
                    self.run.rows.remove(at);
                    *outcome = too_large(outcome);
                    self.report.too_large += 1;
                }
            }
            self.report.add(&self.mirror, outcome);
        }
        if self.way.is_some() {
            self.run.clear();
        }
    }

    /// Let held copies go whose time has come, where no frame that is due could still come before them.
    fn release(&mut self, now: Nanos, caught_up: bool) {
        let Some(way) = &mut self.way else { return };
        let done = self.next >= self.batch.frames.len();
        if self.ended && done && self.schedule.clock == Clock::Frames {
            way.drain();
        } else if self.schedule.clock != Clock::Frames && (caught_up || done) {
            way.release(now.saturating_add(SLACK));
        }
        // Nothing will overtake them any more.
        if self.ended && done && way.next().is_none() {
            way.drain();
        }
    }

    fn flush(&mut self) -> Result<()> {
        match &mut self.way {
            None => {
                self.sink.send(&mut self.run, &self.batch.slab, &mut self.report.sent)?;
                self.run.clear();
            }
            Some(way) => {
                self.sink.send(&mut way.out, &way.slab, &mut self.report.sent)?;
                way.clear();
            }
        }
        Ok(())
    }

    /// Sleep until a copy is due, no longer than this. A live source waits by itself.
    fn wait(&mut self, due: Option<Nanos>, most: Nanos) {
        if let Some(due) = due.filter(|_| self.schedule.clock == Clock::Start) {
            let left = due.saturating_sub(self.since()).min(most);
            std::thread::sleep(Duration::from_nanos(left.max(0) as u64));
        }
    }
}

impl Sink {
    /// Whether the kernel would take the copy.
    #[inline]
    fn fits(&self, copy: &Copy) -> bool {
        match self {
            Self::Udp(pool) => pool.fits(copy),
            Self::Raw(wire) => wire.fits(copy),
            Self::File(_) | Self::Nowhere => true,
        }
    }

    fn send(&mut self, copies: &mut Copies, slab: &[u8], sent: &mut Sent) -> Result<()> {
        match self {
            Self::Udp(pool) => pool.send(copies, slab, sent),
            Self::Raw(wire) => wire.send(copies, slab, sent),
            Self::File(writer) => writer.send(copies, slab, sent),
            Self::Nowhere => {
                copies.rows.iter().for_each(|copy| sent.add(copy));
                Ok(())
            }
        }
    }
}

fn open(to: &To, source: &Input, mirror: &Mirror, flat_out: bool) -> Result<Sink> {
    let sources =
        || (0..mirror.sessions() as u32).map(|index| mirror.outer_source(index).unwrap_or_default()).collect();
    let pool = |to| -> Result<Sink> { Ok(Sink::Udp(Pool::new(to, sources(), flat_out)?)) };
    match to {
        To::Socket(address) => pool(Some(*address)),
        To::Targets => pool(None),
        To::Raw(interface) => Ok(Sink::Raw(Wire::open(interface)?)),
        To::File(name) if source.is_file(name) => {
            Err(Error::Usage(Fault::new(name, "is the capture that is read", "write to another file")))
        }
        To::File(name) => Ok(Sink::File(file::Writer::create(name, source.time_unit())?)),
        To::Nowhere => Ok(Sink::Nowhere),
    }
}

/// The outcome where the way out takes no copy of that size.
fn too_large(outcome: &Outcome) -> Outcome {
    let Outcome { packet, source, direction, session, rule, .. } = *outcome;
    let fate = (Fate::Skipped, Reason::TooLarge);
    Outcome { packet, source, direction, session, rule, fate: fate.0, reason: fate.1, ..Outcome::BLANK }
}

fn check(pace: Pace) -> Result<()> {
    let (Pace::Captured(rate) | Pace::Packets(rate) | Pace::Bits(rate)) = pace else { return Ok(()) };
    if rate > 0.0 && rate.is_finite() {
        return Ok(());
    }
    Err(Error::Usage(Fault::new("pace", "a rate or speed must be above 0", "--flat-out sends without waiting")))
}

#[cfg(test)]
#[path = "send/tests.rs"]
mod tests;
