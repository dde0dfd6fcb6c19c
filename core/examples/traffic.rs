//! A capture of mirrored traffic for measurements: `traffic OUT.pcap FLOWS FRAMES [SEED [plain]]`; plain: as it was before
//! it was mirrored.
//!
//! Flow sizes follow Zipf's law, 5 % of the frames are IPv6 and 1 % fragments; sessions that truncate cut 3 %; the mean is
//! 350 bytes a frame, outer headers included where there are any. 256 sources and 64 VNIs. TCP has its handshake, options, sequence numbers and
//! right checksums. The same arguments give the same file. Memory: 12 bytes a flow and 4 a frame.

// A tool of the project: its numbers are its own, and a fault may end it.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

#[path = "traffic/flow.rs"]
mod flow;
#[path = "traffic/wire.rs"]
mod wire;

use flow::{Flow, Plan};
use std::fs::File;
use std::io::{BufWriter, Write};

const MEAN: u64 = 350;
const FIRST_SECOND: u64 = 1_700_000_000;
const MICROS_PER_FRAME: u64 = 2;

/// SplitMix64: numbers that look random, the same for the same input.
fn mix(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// How many frames each flow has: Zipf with exponent 1, at least one, `frames` in all.
fn sizes(flows: u32, frames: u32) -> Vec<u32> {
    let size = |scale: f64, rank: u32| ((scale / f64::from(rank)) as u32).max(1);
    let total = |scale: f64| (1..=flows).map(|rank| u64::from(size(scale, rank))).sum::<u64>();
    let (mut low, mut high) = (0.0, f64::from(frames));
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if total(middle) <= u64::from(frames) { low = middle } else { high = middle }
    }
    let mut sizes: Vec<u32> = (1..=flows).map(|rank| size(low, rank)).collect();
    sizes[0] += frames - total(low) as u32;
    sizes
}

/// Which flow each frame belongs to: every flow as often as its size says, in an order that favours no cache.
fn order(sizes: &[u32], seed: u64) -> Vec<u32> {
    let mut order: Vec<u32> =
        sizes.iter().zip(0..).flat_map(|(&size, flow)| std::iter::repeat_n(flow, size as usize)).collect();
    for last in (1..order.len()).rev() {
        let other = ((u128::from(mix(seed ^ last as u64)) * (last as u128 + 1)) >> 64) as usize;
        order.swap(last, other);
    }
    order
}

/// What was written, by kind.
#[derive(Default)]
struct Count {
    frames: u64,
    bytes: u64,
    ipv6: u64,
    fragments: u64,
    truncated: u64,
}

impl Count {
    fn add(&mut self, made: &wire::Made, length: usize) {
        self.frames += 1;
        self.bytes += length as u64;
        self.ipv6 += u64::from(made.ipv6);
        self.fragments += u64::from(made.fragment);
        self.truncated += u64::from(made.truncated);
    }

    fn report(&self, flows: u32) {
        let share = |part: u64| 100.0 * part as f64 / self.frames as f64;
        println!(
            "{} frames, {flows} flows, mean {} bytes, {:.1} % IPv6, {:.1} % fragments, {:.1} % truncated",
            self.frames,
            self.bytes / self.frames.max(1),
            share(self.ipv6),
            share(self.fragments),
            share(self.truncated),
        );
    }
}

fn generate(path: &str, flows: u32, frames: u32, seed: u64, headers: usize) -> std::io::Result<Count> {
    let sizes = sizes(flows, frames);
    let mut states = vec![Flow::default(); flows as usize];
    let pool = wire::pool(seed);
    let mut frame = Vec::with_capacity(2048);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    out.write_all(&wire::pcap_header())?;
    let mut count = Count::default();
    for (number, &index) in (0u64..).zip(&order(&sizes, seed)) {
        let plan = Plan::new(seed, index, sizes[index as usize]);
        let below_mean = count.bytes <= MEAN * count.frames;
        let segment = plan.next(&mut states[index as usize], mix(seed ^ !number), below_mean);
        let made = wire::frame(&mut frame, &plan, &segment, &pool);
        let frame = &frame[wire::OUTER - headers..];
        let micros = FIRST_SECOND * 1_000_000 + number * MICROS_PER_FRAME;
        out.write_all(&wire::record_header(micros, frame.len() as u32))?;
        out.write_all(frame)?;
        count.add(&made, frame.len());
    }
    out.flush()?;
    Ok(count)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.replace('_', "").parse::<u32>().ok());
    let (Some(path), Some(flows), Some(frames)) = (arguments.first(), number(1), number(2)) else {
        eprintln!("usage: traffic OUT.pcap FLOWS FRAMES [SEED [plain]]");
        std::process::exit(2);
    };
    if flows == 0 || frames < flows {
        eprintln!("traffic: there must be a frame for each flow, and a flow at least");
        std::process::exit(2);
    }
    let headers = if arguments.get(4).is_some_and(|kind| kind == "plain") { 0 } else { wire::OUTER };
    match generate(path, flows, frames, u64::from(number(3).unwrap_or(1)), headers) {
        Ok(count) => count.report(flows),
        Err(error) => {
            eprintln!("traffic: {path}: {error}");
            std::process::exit(2);
        }
    }
}
