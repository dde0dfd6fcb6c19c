//! What was counted of TCP sessions, by Suricata's names (`stats.tcp`).

macro_rules! stats {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        /// Counts of one shard.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64),*
        }

        impl Stats {
            /// Add another shard's.
            pub fn merge(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
            }

            /// All of them with their names.
            pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name)),*].into_iter()
            }
        }
    };
}

stats! {
    syn;
    synack;
    rst;
    urg;
    sessions;
    active_sessions;
    /// Sessions that were not made for want of memory.
    ssn_memcap_drop;
    invalid_checksum;
    midstream_pickups;
    /// Segments that were not stored for want of memory.
    segment_memcap_drop;
    /// Directions that reached the depth.
    stream_depth_reached;
    reassembly_gap;
    overlap;
    overlap_diff_data;
    insert_data_normal_fail;
    insert_data_overlap_fail;
    urgent_oob_data;
    ack_unseen_data;
    /// Buffers that had been used before.
    segment_from_cache;
    /// Buffers that were made.
    segment_from_pool;
    /// Bytes that sessions take.
    memuse;
    /// Bytes that stored data takes.
    reassembly_memuse;
}
