//! The memory of all streams of a shard: bounded, counted, and buffers that are used again.

/// A buffer for a few segments: what a stream holds until the other side acknowledges.
const SMALL: usize = 4096;
/// Buffers that wait for their next use.
const SPARE: usize = 256;

/// Buffers and the bytes that they take.
#[derive(Debug)]
pub(super) struct Pool {
    spare: Vec<Vec<u8>>,
    used: usize,
    limit: usize,
    /// Buffers that had been used before.
    pub again: u64,
    /// Buffers that were made.
    pub made: u64,
}

impl Pool {
    pub fn new(limit: usize) -> Self {
        Self { spare: Vec::new(), used: 0, limit, again: 0, made: 0 }
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
        if before == 0 && needed <= SMALL {
            return self.take(buffer);
        }
        let capacity = needed.max(2 * before);
        if !self.claim(capacity - before) {
            return false;
        }
        self.made += u64::from(before == 0);
        buffer.reserve_exact(capacity - buffer.len());
        self.used += buffer.capacity().saturating_sub(capacity);
        true
    }

    fn take(&mut self, buffer: &mut Vec<u8>) -> bool {
        if !self.claim(SMALL) {
            return false;
        }
        match self.spare.pop() {
            Some(spare) => {
                self.again += 1;
                *buffer = spare;
            }
            None => {
                self.made += 1;
                buffer.reserve_exact(SMALL);
                self.used += buffer.capacity().saturating_sub(SMALL);
            }
        }
        true
    }

    /// Take a buffer back.
    #[inline]
    pub fn give(&mut self, mut buffer: Vec<u8>) {
        self.release(buffer.capacity());
        if buffer.capacity() == SMALL && self.spare.len() < SPARE {
            buffer.clear();
            self.spare.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_counted_and_used_again() {
        let mut pool = Pool::new(3 * SMALL);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        assert!(pool.append(&mut first, &[1; 10]) && pool.used() == SMALL);
        assert!(pool.append(&mut second, &[2; SMALL + 1]) && pool.used() == 2 * SMALL + 1);
        assert!(!pool.append(&mut second, &[3; SMALL]) && second.len() == SMALL + 1);
        pool.give(second);
        pool.give(first);
        assert_eq!(pool.used(), 0);
        let mut third = Vec::new();
        assert!(pool.append(&mut third, &[4]) && third == [4]);
        assert_eq!((pool.made, pool.again), (2, 1));
    }
}
