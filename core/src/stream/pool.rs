//! The memory of all streams of a shard: bounded, counted, and buffers that are used again.

/// The sizes of buffers that are used again are powers of two, from one for a short message to one for a few segments.
/// What waits in a stream until the other side acknowledges it is mostly short, and there are many streams.
const SMALLEST: usize = 256;
const SIZES: usize = 5;
const LARGEST: usize = SMALLEST << (SIZES - 1);
/// Buffers of each size that wait for their next use.
const SPARE: usize = 64;

/// Buffers and the bytes that they take.
#[derive(Debug)]
pub(super) struct Pool {
    /// By size.
    spare: [Vec<Vec<u8>>; SIZES],
    used: usize,
    limit: usize,
    /// Buffers that had been used before.
    pub again: u64,
    /// Buffers that were made.
    pub made: u64,
}

impl Pool {
    pub fn new(limit: usize) -> Self {
        Self { spare: Default::default(), used: 0, limit, again: 0, made: 0 }
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Note that so many more bytes are in use; false where the limit forbids it.
    pub fn claim(&mut self, bytes: usize) -> bool {
        let fits = self.used.saturating_add(bytes) <= self.limit;
        if fits {
            self.used += bytes;
        }
        fits
    }

    /// Note that so many bytes are in use no more.
    pub fn release(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Add bytes to a buffer; false, and nothing done, where the limit forbids it.
    #[inline]
    pub fn append(&mut self, buffer: &mut Vec<u8>, bytes: &[u8]) -> bool {
        if buffer.capacity() - buffer.len() < bytes.len() && !self.grow(buffer, bytes.len()) {
            return false;
        }
        buffer.extend_from_slice(bytes);
        true
    }

    fn grow(&mut self, buffer: &mut Vec<u8>, more: usize) -> bool {
        let (before, needed) = (buffer.capacity(), buffer.len() + more);
        let capacity = match needed {
            ..=LARGEST => needed.next_power_of_two().max(SMALLEST),
            _ => needed.max(2 * before),
        };
        if !self.claim(capacity - before) {
            return false;
        }
        if before > 0 && capacity > LARGEST {
            buffer.reserve_exact(capacity - buffer.len());
        } else {
            let mut larger = self.take(capacity);
            larger.extend_from_slice(buffer);
            self.used += before;
            self.give(std::mem::replace(buffer, larger));
        }
        self.used += buffer.capacity().saturating_sub(capacity);
        true
    }

    /// An empty buffer of this capacity.
    fn take(&mut self, capacity: usize) -> Vec<u8> {
        if let Some(spare) = self.of_size(capacity).and_then(Vec::pop) {
            self.again += 1;
            return spare;
        }
        self.made += 1;
        Vec::with_capacity(capacity)
    }

    /// The spare buffers of a capacity, if such are used again.
    fn of_size(&mut self, capacity: usize) -> Option<&mut Vec<Vec<u8>>> {
        let size = (capacity / SMALLEST).checked_ilog2()?;
        self.spare.get_mut(size as usize).filter(|_| capacity == SMALLEST << size)
    }

    /// Take a buffer back.
    #[inline]
    pub fn give(&mut self, mut buffer: Vec<u8>) {
        self.release(buffer.capacity());
        if let Some(spare) = self.of_size(buffer.capacity()).filter(|spare| spare.len() < SPARE) {
            buffer.clear();
            spare.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_counted_and_used_again() {
        let mut pool = Pool::new(2 * LARGEST);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        assert!(pool.append(&mut first, &[1; 10]) && pool.used() == SMALLEST);
        assert!(pool.append(&mut second, &[2; LARGEST + 1]) && pool.used() == SMALLEST + LARGEST + 1);
        assert!(!pool.append(&mut second, &[3; LARGEST]) && second.len() == LARGEST + 1);
        pool.give(second);
        pool.give(first);
        assert_eq!(pool.used(), 0);
        let mut third = Vec::new();
        assert!(pool.append(&mut third, &[4]) && third == [4]);
        assert_eq!((pool.made, pool.again), (2, 1));
    }

    #[test]
    fn buffers_are_as_large_as_what_they_hold_asks_for() {
        let (mut pool, mut buffer) = (Pool::new(1 << 20), Vec::new());
        for (more, capacity) in [(1, 256), (255, 256), (1, 512), (1460, 2048), (1460, 4096), (4000, 8192)] {
            assert!(pool.append(&mut buffer, &vec![0; more]));
            assert_eq!((buffer.capacity(), pool.used()), (capacity, capacity));
        }
        pool.give(buffer);
        let spare: Vec<_> = pool.spare.iter().map(Vec::len).collect();
        assert_eq!(spare, [1, 1, 0, 1, 0], "those that were outgrown are kept, one of the last size is not");
    }
}
