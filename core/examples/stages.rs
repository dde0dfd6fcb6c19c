//! What each stage costs, in nanoseconds a frame: `stages CAPTURE PLAN`.
//!
//! The stages of parsing are too short to be timed by themselves: each one's figure is a run with it less a run without.
//! The plan is msgpack, as `tmrx.plan` writes it.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

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

/// The engine's stages over the whole capture, each batch's timed by itself: read, parse, sequence, shards, merge; the
/// round with the least sum, in ns a frame.
fn engine(path: &str, plan: &Plan) -> [f64; 5] {
    let mut best = [f64::MAX; 5];
    for _ in 0..ROUNDS {
        let engine = Engine::new(plan.clone(), 0).unwrap();
        let (mut source, mut sums) = (Capture::open(path).unwrap(), [Duration::ZERO; 5]);
        for number in 0.. {
            let mut clock = Instant::now();
            let mut lap = |stage: usize| {
                sums[stage] += clock.elapsed();
                clock = Instant::now();
            };
            let mut parsed = engine.take();
            if source.fill(&mut parsed.batch).unwrap() != Fill::More {
                break;
            }
            lap(0);
            engine.parse(&mut parsed);
            lap(1);
            let batch = engine.sequence(number, parsed);
            lap(2);
            engine.shards(0, 1, &batch);
            lap(3);
            engine.merge(batch);
            lap(4);
        }
        let each = sums.map(|sum| sum.as_nanos() as f64 / engine.frames() as f64);
        if each.iter().sum::<f64>() < best.iter().sum() {
            best = each;
        }
    }
    best
}

/// The whole with several workers, in ns a frame.
fn team(path: &str, plan: &Plan, workers: usize) -> f64 {
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
    let (path, plan) = (arguments.first().expect("stages CAPTURE PLAN"), arguments.get(1));
    let plan = Plan::decode(&std::fs::read(plan.expect("stages CAPTURE PLAN")).unwrap()).unwrap();
    let decap = Decap::new(&plan.decap);
    let mut ruleless = plan.clone();
    ruleless.rules.rules.clear();
    let read = time(path, |batch| {
        std::hint::black_box(batch.frames.len());
    });
    let stages = [0, 1, 2].map(|stages| {
        time(path, |batch| {
            std::hint::black_box(packets(batch, &decap, stages));
        }) - read
    });
    let line = |name: &str, ns: f64| println!("{name:<24}{ns:>8.1}");
    line("  decap", stages[0]);
    line("  decode", stages[1] - stages[0]);
    line("  verify", stages[2] - stages[1]);
    let bare = engine(path, &ruleless);
    for (name, ns) in ["read", "parse (these three)", "sequence", "flow, count", "merge"].iter().zip(bare) {
        line(name, ns);
    }
    if !plan.rules.rules.is_empty() {
        line("detect", engine(path, &plan)[3] - bare[3]);
    }
    line("all, one worker", team(path, &plan, 1));
    line("all, two workers", team(path, &plan, 2));
}
