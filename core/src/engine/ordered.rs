//! The state stage where what rules do for one flow may decide about another: the rows of all shards in the frames'
//! order, by one worker.

use super::parsed::{Parsed, QUOTED, SHARDS};

/// Give `take` the rows of all shards in the order of the frames, as runs of one shard each.
pub(super) fn in_frame_order(parsed: &Parsed, mut take: impl FnMut(usize, &[u32])) {
    let of = |shard: usize| parsed.shard(shard).iter().map(move |row| (*row, shard));
    let mut all: Vec<(u32, usize)> = (0..SHARDS).flat_map(of).collect();
    // An ICMP error comes before what it is about.
    all.sort_unstable_by_key(|(row, shard)| (row & !QUOTED, row & QUOTED, *shard));
    let mut rows = Vec::new();
    for run in all.chunk_by(|(_, a), (_, b)| a == b) {
        rows.clear();
        rows.extend(run.iter().map(|(row, _)| *row));
        if let Some((_, shard)) = run.first() {
            take(*shard, &rows);
        }
    }
}
