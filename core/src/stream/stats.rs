//! What was counted of TCP sessions, by Suricata's names (`stats.tcp`).

/// Counts of one shard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Stats {
    pub syn: u64,
    pub synack: u64,
    pub rst: u64,
    pub urg: u64,
    pub sessions: u64,
    pub active_sessions: u64,
    /// Sessions that were not made for want of memory.
    pub ssn_memcap_drop: u64,
    pub invalid_checksum: u64,
    pub midstream_pickups: u64,
    /// Segments that were not stored for want of memory.
    pub segment_memcap_drop: u64,
    /// Directions that reached the depth.
    pub stream_depth_reached: u64,
    pub reassembly_gap: u64,
    pub overlap: u64,
    pub overlap_diff_data: u64,
    pub insert_data_normal_fail: u64,
    pub insert_data_overlap_fail: u64,
    pub urgent_oob_data: u64,
    pub ack_unseen_data: u64,
    /// Buffers that had been used before.
    pub segment_from_cache: u64,
    /// Buffers that were made.
    pub segment_from_pool: u64,
    /// Bytes that sessions take.
    pub memuse: u64,
    /// Bytes that stored data takes.
    pub reassembly_memuse: u64,
}

impl Stats {
    /// Add another shard's.
    pub fn merge(&mut self, other: &Self) {
        let sums = [
            (&mut self.syn, other.syn),
            (&mut self.synack, other.synack),
            (&mut self.rst, other.rst),
            (&mut self.urg, other.urg),
            (&mut self.sessions, other.sessions),
            (&mut self.active_sessions, other.active_sessions),
            (&mut self.ssn_memcap_drop, other.ssn_memcap_drop),
            (&mut self.invalid_checksum, other.invalid_checksum),
            (&mut self.midstream_pickups, other.midstream_pickups),
            (&mut self.segment_memcap_drop, other.segment_memcap_drop),
            (&mut self.stream_depth_reached, other.stream_depth_reached),
            (&mut self.reassembly_gap, other.reassembly_gap),
            (&mut self.overlap, other.overlap),
            (&mut self.overlap_diff_data, other.overlap_diff_data),
            (&mut self.insert_data_normal_fail, other.insert_data_normal_fail),
            (&mut self.insert_data_overlap_fail, other.insert_data_overlap_fail),
            (&mut self.urgent_oob_data, other.urgent_oob_data),
            (&mut self.ack_unseen_data, other.ack_unseen_data),
            (&mut self.segment_from_cache, other.segment_from_cache),
            (&mut self.segment_from_pool, other.segment_from_pool),
            (&mut self.memuse, other.memuse),
            (&mut self.reassembly_memuse, other.reassembly_memuse),
        ];
        sums.into_iter().for_each(|(sum, more)| *sum += more);
    }
}
