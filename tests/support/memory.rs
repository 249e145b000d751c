//! How much memory a test takes: an allocator that counts, thread by thread.
#![allow(unsafe_code, reason = "counting allocations needs an allocator")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static TOTAL: Cell<isize> = const { Cell::new(0) };
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all is passed on to the system's allocator; the counters are plain cells without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.with(|live| {
            live.set(live.get() + layout.size() as isize);
            PEAK.with(|peak| peak.set(peak.get().max(live.get())));
        });
        TOTAL.with(|total| total.set(total.get() + layout.size() as isize));
        COUNT.with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.with(|live| live.set(live.get() - layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `work` allocates at its peak.
pub fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = LIVE.get();
    PEAK.set(before);
    let result = work();
    (result, (PEAK.get() - before).max(0) as usize)
}

/// Does `work`, which may allocate so many mebibytes at once, and one after the other.
pub fn within<T>(at_once: isize, in_all: isize, work: impl FnOnce() -> T) -> T {
    let before = LIVE.get();
    PEAK.set(before);
    TOTAL.set(0);
    let result = work();
    let (peak, total) = ((PEAK.get() - before) >> 20, TOTAL.get() >> 20);
    assert!(peak <= at_once, "{peak} MiB at once");
    assert!(total <= in_all, "{total} MiB in all");
    result
}

/// How many times `work` allocates.
pub fn allocations<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = COUNT.get();
    let result = work();
    (result, COUNT.get() - before)
}

/// How many more bytes there are when `work` is done.
pub fn kept<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = LIVE.get();
    let result = work();
    (result, (LIVE.get() - before).max(0) as usize)
}
