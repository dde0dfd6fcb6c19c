//! The state stage where what rules do for one flow may decide about another: the packets of all shards in the frames'
//! order, by one worker.

use super::parsed::SHARDS;
use super::shard::RUN;
use super::{Engine, Sequenced, lock};

impl Engine {
    /// All shards' packets of a batch, in the order of the frames.
    pub(super) fn in_frame_order(&self, batch: &Sequenced) {
        let (shared, parsed, identities) = (&self.shared, &batch.parsed, self.identities());
        let mut shards: Vec<_> =
            self.shards.iter().zip(&batch.outs).map(|(shard, out)| (lock(shard), lock(out))).collect();
        let mut all = parsed.in_frame_order();
        let (mut window, mut rows) = (Vec::with_capacity(RUN), Vec::with_capacity(RUN));
        loop {
            window.clear();
            window.extend(all.by_ref().take(RUN));
            if window.is_empty() {
                return;
            }
            let mut keys = [None; RUN];
            for (key, (row, shard)) in keys.iter_mut().zip(&window) {
                *key = shards.get(*shard).and_then(|(shard, _)| shard.fetch_index(shared, parsed, *row));
            }
            for (key, (_, shard)) in keys.iter().zip(&window) {
                shards.get(*shard).into_iter().for_each(|(shard, _)| shard.fetch_entry(key));
            }
            let mut keys = keys.as_slice();
            for run in window.chunk_by(|(_, a), (_, b)| a == b) {
                rows.clear();
                rows.extend(run.iter().map(|(row, _)| *row));
                let shard = run.first().map_or(SHARDS, |(_, shard)| *shard);
                if let Some((shard, out)) = shards.get_mut(shard) {
                    shard.rows(shared, parsed, (&rows, keys), &identities, out);
                }
                keys = keys.get(run.len()..).unwrap_or_default();
            }
        }
    }
}
