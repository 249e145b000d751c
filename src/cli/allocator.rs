//! How the system's allocator is used.
#![allow(unsafe_code)]

/// Lets all threads take memory from one place. With one for each thread, as glibc has it, what one thread has decoded and another
/// gives back is not used again soon: after four walks through a million files the process has 43 MiB instead of 20, and is not
/// faster (`docs/BENCHMARKS.md`).
pub(super) fn share() {
    #[cfg(target_env = "gnu")]
    // SAFETY: sets a number that the allocator looks at when a thread asks for memory for the first time.
    let _ = unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}
