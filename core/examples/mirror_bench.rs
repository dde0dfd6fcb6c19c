//! What the source path costs, in nanoseconds a frame: `mirror_bench CAPTURE PLAN`; the plan is a mirror's, as msgpack.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::time::Instant;
use tmrx_core::frame::Batch;
use tmrx_core::io::{Capture, Fill, Source};
use tmrx_core::mirror::{Copies, Counts, Mirror};
use tmrx_core::plan::mirror::MirrorPlan;

fn main() {
    let [path, plan] = [1, 2].map(|n| std::env::args().nth(n).expect("CAPTURE PLAN"));
    let plan = MirrorPlan::decode(&std::fs::read(plan).unwrap()).unwrap();
    let (mut read_best, mut best) = (f64::MAX, f64::MAX);
    for _ in 0..5 {
        let mut mirror = Mirror::new(&plan).unwrap();
        let (mut source, mut batch, mut frames) = (Capture::open(&path).unwrap(), Batch::default(), 0);
        let (mut copies, mut outcomes, mut counts) = (Copies::default(), Vec::new(), Counts::default());
        let (start, mut inside) = (Instant::now(), 0);
        while source.fill(&mut batch).unwrap() == Fill::More {
            let clock = Instant::now();
            copies.clear();
            outcomes.clear();
            for frame in &batch.frames {
                mirror.frame(&batch, frame, &mut copies, &mut outcomes);
            }
            outcomes.iter().for_each(|outcome| counts.add(outcome));
            inside += clock.elapsed().as_nanos();
            frames += batch.frames.len();
        }
        let whole = start.elapsed().as_nanos();
        read_best = read_best.min((whole - inside) as f64 / frames as f64);
        best = best.min(inside as f64 / frames as f64);
    }
    println!("read {read_best:.1} ns, mirror {best:.1} ns");
}
