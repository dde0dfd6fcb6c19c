//! The state stage where what rules do for one flow may decide about another: the packets of all shards in the frames'
//! order, by one worker.

use super::parsed::SHARDS;
use super::{Engine, Sequenced, lock};

/// Packets whose flows are fetched ahead of their use.
const AHEAD: usize = 32;

impl Engine {
    /// All shards' packets of a batch, in the order of the frames.
    pub(super) fn in_frame_order(&self, batch: &Sequenced) {
        let (shared, parsed) = (&self.shared, &batch.parsed);
        let mut shards: Vec<_> =
            self.shards.iter().zip(&batch.outs).map(|(shard, out)| (lock(shard), lock(out))).collect();
        let all: Vec<(u32, usize)> = parsed.in_frame_order().collect();
        let mut rows = Vec::with_capacity(AHEAD);
        for window in all.chunks(AHEAD) {
            let mut hashes = [None; AHEAD];
            for (hash, (row, shard)) in hashes.iter_mut().zip(window) {
                *hash = shards.get(*shard).and_then(|(shard, _)| shard.fetch_index(shared, parsed, *row));
            }
            for (hash, (_, shard)) in hashes.iter().zip(window) {
                if let (Some(hash), Some((shard, _))) = (hash, shards.get(*shard)) {
                    shard.fetch_entry(*hash);
                }
            }
            for run in window.chunk_by(|(_, a), (_, b)| a == b) {
                rows.clear();
                rows.extend(run.iter().map(|(row, _)| *row));
                let shard = run.first().map_or(SHARDS, |(_, shard)| *shard);
                if let Some((shard, out)) = shards.get_mut(shard) {
                    shard.rows(shared, parsed, &rows, &self.identities, out);
                }
            }
        }
    }
}
