//! What each stage costs, in nanoseconds a frame: `stages CAPTURE [PLAN]`.
//!
//! Stages are measured by leaving them out: each line's figure is the time of a run with one stage more, less the time
//! of the run before it. The plan is msgpack, as `tmrx.plan` writes it; without one there are no rules.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used)]

use std::time::{Duration, Instant};
use tmrx_core::decap::{Decap, Outers};
use tmrx_core::decode::decode;
use tmrx_core::engine::Engine;
use tmrx_core::frame::Batch;
use tmrx_core::io::driver::{Limits, run};
use tmrx_core::io::{Capture, Fill, Source};
use tmrx_core::packet::Packet;
use tmrx_core::plan::Plan;
use tmrx_core::verify::verify;

const ROUNDS: usize = 5;

/// Run over the whole capture, batch by batch; the best of some rounds, in ns a frame.
fn time(path: &str, mut work: impl FnMut(&Batch)) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let (mut source, mut batch, mut frames) = (Capture::open(path).unwrap(), Batch::default(), 0);
        let start = Instant::now();
        while source.fill(&mut batch).unwrap() == Fill::More {
            work(&batch);
            frames += batch.frames.len();
        }
        best = best.min(start.elapsed().as_nanos() as f64 / frames as f64);
    }
    best
}

/// Decap, and as many of decode and verify as asked for, of every frame.
fn packets(batch: &Batch, decap: &Decap, stages: usize) -> u64 {
    let (mut sum, mut outers) = (0u64, Outers::default());
    for frame in &batch.frames {
        let bytes = batch.bytes(frame);
        let found = decap.frame(bytes, frame.original as usize, frame.link, &mut outers);
        let bytes = bytes.get(found.inner.start as usize..).unwrap_or_default();
        let mut packet = Packet { captured: bytes.len() as u32, original: found.inner.received, ..Packet::EMPTY };
        if stages > 0 {
            decode(bytes, found.inner.link, &mut packet);
        }
        if stages > 1 {
            verify(bytes.get(..packet.captured as usize).unwrap_or(bytes), &mut packet);
        }
        sum = sum.wrapping_add(u64::from(packet.payload) + packet.l4_checksum as u64 + found.depth as u64);
    }
    sum
}

fn engine(path: &str, plan: &Plan, workers: usize) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let engine = Engine::new(plan.clone(), 0).unwrap();
        let mut source = Capture::open(path).unwrap();
        let limits = Limits { frames: u64::MAX, time: Duration::from_secs(3600), workers };
        let start = Instant::now();
        run(&engine, &mut source, limits).unwrap();
        best = best.min(start.elapsed().as_nanos() as f64 / engine.frames() as f64);
    }
    best
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (path, plan) = (arguments.first().expect("stages CAPTURE [PLAN]"), arguments.get(1));
    let plan = Plan::decode(&std::fs::read(plan.expect("a plan")).unwrap()).unwrap();
    let decap = Decap::new(&plan.decap);
    let mut ruleless = plan.clone();
    ruleless.rules.rules.clear();
    let mut before = 0.0;
    let mut line = |name: &str, total: f64| {
        println!("{name:<22}{:>8.1}{total:>10.1}", total - before);
        before = total;
    };
    println!("{:<22}{:>8}{:>10}", "stage", "ns", "so far");
    line(
        "read",
        time(path, |batch| {
            std::hint::black_box(batch.frames.len());
        }),
    );
    line(
        "decap",
        time(path, |batch| {
            std::hint::black_box(packets(batch, &decap, 0));
        }),
    );
    line(
        "decode",
        time(path, |batch| {
            std::hint::black_box(packets(batch, &decap, 1));
        }),
    );
    line(
        "verify",
        time(path, |batch| {
            std::hint::black_box(packets(batch, &decap, 2));
        }),
    );
    line("identify, flow, count", engine(path, &ruleless, 1));
    if !plan.rules.rules.is_empty() {
        line("detect", engine(path, &plan, 1));
    }
    println!("{:<22}{:>18.1}", "all, two workers", engine(path, &plan, 2));
}
