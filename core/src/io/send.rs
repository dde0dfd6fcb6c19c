//! The sender: each frame of a capture, wrapped as the mirror wraps it, to a UDP socket or into a capture file.
//!
//! `source ─► wrap ─► pace ─► sink`: a source fills a batch, the profile makes a head for each frame, the schedule says
//! when it is due, and the sink takes runs of copies, in order.

mod file;
mod pace;
#[cfg(target_os = "linux")]
mod udp;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
use elsewhere as udp;

pub use pace::Pace;

use super::{Capture, Fill, Source, WAIT, clock};
use crate::error::{Error, Fault, Result};
use crate::frame::Batch;
use crate::mirror::{Copies, Copy, Fate, Mirror, Outcome};
use crate::packet::Causes;
use crate::plan::mirror::MirrorPlan;
use crate::time::Nanos;
use pace::Schedule;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Copies that go to the sink at once, and so how many may be sent between two looks at the clock.
const RUN: usize = 64;
/// A copy due within this time is due: the clock and the system's timers are not finer.
const SLACK: Nanos = 50_000;

/// Where copies go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// A receiver's socket.
    Socket(SocketAddr),
    /// A capture file of outer frames, written without waiting; "-" is standard output.
    File(String),
}

/// What is done to each frame, and when.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the mirror does.
    pub plan: MirrorPlan,
    /// How fast.
    pub pace: Pace,
    /// How often the capture is sent, at least once.
    pub loops: u64,
}

/// What became of the frames so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames read.
    pub frames: u64,
    /// Copies sent.
    pub sent: u64,
    /// Bytes of them, outer headers included.
    pub bytes: u64,
    /// Copies that the packet length cut.
    pub cut: u64,
    /// Frames that fit in no datagram and were left out.
    pub too_large: u64,
    /// Times that the receiver's host said that nothing listens there.
    pub refused: u64,
}

impl Counts {
    fn sent(&mut self, copy: &Copy) {
        self.sent += 1;
        self.bytes += copy.frame_length() as u64;
    }
}

#[derive(Debug)]
enum Sink {
    Socket(udp::Pool),
    File(file::Writer),
}

/// Sends a capture. It is driven in steps, so that its owner can show progress and take signals.
#[derive(Debug)]
pub struct Sender {
    path: String,
    source: Capture,
    options: Options,
    sink: Sink,
    batch: Batch,
    /// The batch's first frame that was not sent yet.
    next: usize,
    mirror: Mirror,
    run: Copies,
    outcomes: Vec<Outcome>,
    schedule: Schedule,
    /// Set by the first step.
    start: Option<Instant>,
    loops_left: u64,
    /// Added to the capture's times, so that they go on where the last round ended.
    shift: Nanos,
    /// The first and the last time of this round.
    span: Option<(Nanos, Nanos)>,
    counts: Counts,
}

impl Sender {
    /// Open the capture, then the socket or the file.
    ///
    /// # Errors
    /// `Error::Usage` for options that contradict each other, `Error::Input` for the capture, `Error::Output` for where it goes.
    pub fn open(path: &str, to: &To, options: Options) -> Result<Self> {
        check(path, &options)?;
        let mirror = Mirror::new(&options.plan)?;
        let source = Capture::open(path)?;
        let sink = match to {
            To::Socket(address) => Sink::Socket(udp::Pool::new(*address, options.pace == Pace::FlatOut)?),
            To::File(name) if source.is_file(name) => {
                return Err(Error::Usage(Fault::new(name, "is the capture that is read", "write to another file")));
            }
            To::File(name) => Sink::File(file::Writer::create(name, source.time_unit())?),
        };
        let pace = if matches!(sink, Sink::File(_)) { Pace::FlatOut } else { options.pace };
        Ok(Self {
            path: path.into(),
            source,
            loops_left: options.loops,
            options,
            sink,
            batch: Batch::default(),
            next: 0,
            mirror,
            run: Copies::default(),
            outcomes: Vec::new(),
            schedule: Schedule::new(pace),
            start: None,
            shift: 0,
            span: None,
            counts: Counts::default(),
        })
    }

    /// Send what is due for about `WAIT`; false when all was sent and written.
    ///
    /// # Errors
    /// `Error::Input` when the capture can't be read, `Error::Output` when copies can't be sent or written.
    pub fn step(&mut self) -> Result<bool> {
        let start = *self.start.get_or_insert_with(clock::steady);
        let end = since(start) + WAIT.as_nanos() as Nanos;
        loop {
            let now = since(start);
            if now >= end {
                return Ok(true);
            }
            if self.next >= self.batch.frames.len() {
                match self.refill(now)? {
                    Fill::More => {}
                    Fill::Idle => return Ok(true),
                    Fill::End => return Ok(false),
                }
            }
            if let Some(due) = self.gather(now) {
                std::thread::sleep(Duration::from_nanos((due.min(end) - now).max(0) as u64));
            }
            self.flush()?;
        }
    }

    /// Write what is still in memory. A step that says false has done it.
    ///
    /// # Errors
    /// `Error::Output` when it can't be written.
    pub fn finish(&mut self) -> Result<()> {
        match &mut self.sink {
            Sink::Socket(_) => Ok(()),
            Sink::File(writer) => writer.finish(),
        }
    }

    /// What became of the frames so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The capture that is read, for its position, size and warning.
    pub fn source(&self) -> &Capture {
        &self.source
    }

    /// The next batch, of the next round where this one is over.
    fn refill(&mut self, now: Nanos) -> Result<Fill> {
        self.next = 0;
        let fill = self.source.fill(&mut self.batch)?;
        if fill != Fill::End {
            return Ok(fill);
        }
        self.loops_left -= 1;
        // A capture without frames has nothing to repeat.
        if self.loops_left == 0 || self.span.is_none() {
            self.finish()?;
            return Ok(Fill::End);
        }
        if let Some((first, last)) = self.span.take() {
            self.shift = self.shift.saturating_add(last.saturating_sub(first));
        }
        self.schedule.again(now);
        self.source = Capture::open(&self.path)?;
        Ok(Fill::Idle)
    }

    /// Wrap the frames that are due, at most `RUN`; where there is none, say when the next is.
    fn gather(&mut self, now: Nanos) -> Option<Nanos> {
        self.run.clear();
        while let Some(frame) = self.batch.frames.get(self.next).filter(|_| self.run.rows.len() < RUN) {
            let due = self.schedule.due(frame.time);
            if due > now + SLACK {
                return self.run.rows.is_empty().then_some(due);
            }
            self.next += 1;
            self.counts.frames += 1;
            let (first, last) = self.span.unwrap_or((frame.time, frame.time));
            self.span = Some((first.min(frame.time), last.max(frame.time)));
            let first = self.run.rows.len();
            self.outcomes.clear();
            self.mirror.frame(&self.batch, frame, &mut self.run, &mut self.outcomes);
            for outcome in &self.outcomes {
                self.counts.too_large += u64::from(outcome.fate == Fate::Skipped);
                self.counts.cut += u64::from(outcome.cut_by & Causes::PACKET_LENGTH);
            }
            for copy in self.run.rows.iter_mut().skip(first) {
                copy.time = copy.time.saturating_add(self.shift);
                self.schedule.sent(copy.frame_length());
            }
        }
        None
    }

    fn flush(&mut self) -> Result<()> {
        match &mut self.sink {
            Sink::Socket(pool) => pool.send(&self.run, &self.batch.slab, &mut self.counts),
            Sink::File(writer) => writer.send(&self.run, &self.batch.slab, &mut self.counts),
        }
    }
}

/// Nanoseconds since then.
fn since(start: Instant) -> Nanos {
    Nanos::try_from(clock::steady().duration_since(start).as_nanos()).unwrap_or(Nanos::MAX)
}

fn check(path: &str, options: &Options) -> Result<()> {
    let usage = |what: &str, why: &str, hint: &str| Err(Error::Usage(Fault::new(what, why, hint)));
    let rate = match options.pace {
        Pace::Captured(rate) | Pace::Packets(rate) | Pace::Bits(rate) => rate,
        Pace::FlatOut => 1.0,
    };
    if !(rate > 0.0 && rate.is_finite()) {
        return usage("pace", "a rate or speed must be above 0", "--flat-out sends without waiting");
    }
    if options.loops == 0 || (options.loops > 1 && path == "-") {
        return usage("loop", "standard input can be sent once only, and a file at least once", "name a file");
    }
    Ok(())
}

#[cfg(test)]
#[path = "send/tests.rs"]
mod tests;
