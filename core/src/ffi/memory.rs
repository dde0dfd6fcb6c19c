//! Hints on memory to the kernel.

/// A page that the kernel may use in place of 512 small ones.
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;

/// Ask for huge pages behind a large array that is read at random, so that its look-ups don't wait for page tables.
/// A hint: nothing changes where the kernel declines.
#[cfg_attr(target_os = "linux", allow(unsafe_code))]
pub fn prefer_huge_pages<T>(place: &mut [T]) {
    #[cfg(target_os = "linux")]
    {
        let start = place.as_mut_ptr().addr();
        let end = start.saturating_add(size_of_val(place)) & !(HUGE_PAGE - 1);
        let Some(from) = start.checked_next_multiple_of(HUGE_PAGE) else { return };
        if from < end {
            let first = place.as_mut_ptr().wrapping_byte_add(from - start);
            // SAFETY: whole pages inside a slice that is borrowed for writing; MADV_HUGEPAGE keeps what is in them.
            unsafe { libc::madvise(first.cast(), end - from, libc::MADV_HUGEPAGE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = place;
}

#[cfg(test)]
mod tests {
    use super::prefer_huge_pages;

    #[test]
    fn keeps_what_is_there() {
        let mut large: Vec<u32> = (0..2_000_000).collect();
        prefer_huge_pages(&mut large);
        prefer_huge_pages(&mut large[..100]);
        prefer_huge_pages::<u32>(&mut []);
        assert!(large.iter().copied().eq(0..2_000_000));
    }
}
