//! Files that are read by themselves: packed ones, which are unpacked, and those whose bytes do not lie in their order.

use super::{
    hash::{Hasher, hasher},
    job::{Job, Way},
    pass::{Passed, Watch},
};
use crate::{
    bytes::{as_u64, as_usize},
    error::Error,
    open::Medium,
    tree::{Algorithm, NodeId, Tree},
};

/// Bytes that are read at once.
const CHUNK: u64 = 1 << 20;

/// A file that cannot be read to its end.
#[derive(Debug)]
pub(super) struct Broken {
    /// The number of its job.
    pub(super) job: usize,
    /// Offset in the file from which on it cannot.
    pub(super) at: u64,
    pub(super) error: Error,
}

/// Reads the files that the pass has left out, and adds their checksums to what it has found.
pub(super) fn run(
    medium: &Medium,
    tree: &Tree,
    jobs: &[Job],
    watch: &dyn Watch,
    passed: &mut Passed,
) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (number, job) in jobs.iter().enumerate() {
        if watch.is_stopped() {
            break;
        }
        let mut hashers: Vec<(Algorithm, Hasher)> =
            job.algorithms().into_iter().map(|algorithm| (algorithm, hasher(algorithm))).collect();
        let mut take = |bytes: &[u8]| {
            for (_, hasher) in &mut hashers {
                hasher.update(bytes);
            }
            watch.advance(as_u64(bytes.len()));
        };
        let done = match &job.way {
            Way::InOrder(_) => continue,
            Way::Scattered(runs) => {
                let mut done = Ok(());
                for run in runs {
                    done = read_run(medium, run.at, run.len, watch, &mut take).map_err(|error| (0, error));
                    if done.is_err() {
                        break;
                    }
                }
                done
            }
            Way::Tree(id) => read_file(tree, *id, job.len, watch, &mut take),
        };
        if watch.is_stopped() {
            break;
        }
        match done {
            Ok(()) => {
                passed.digests.extend(
                    hashers.into_iter().map(|(algorithm, hasher)| ((number, algorithm), hasher.finalize())),
                );
            }
            Err((at, error)) => broken.push(Broken { job: number, at, error }),
        }
    }
    broken
}

fn read_run(
    medium: &Medium,
    at: u64,
    len: u64,
    watch: &dyn Watch,
    take: &mut impl FnMut(&[u8]),
) -> Result<(), Error> {
    let mut buffer = vec![0; as_usize(CHUNK.min(len))];
    let mut done: u64 = 0;
    while done < len && !watch.is_stopped() {
        let part = buffer.get_mut(..as_usize(CHUNK.min(len.saturating_sub(done)))).unwrap_or_default();
        medium.read(part, at.saturating_add(done))?;
        take(part);
        done = done.saturating_add(as_u64(part.len()));
    }
    Ok(())
}

/// Reads a file of the tree. An error has the offset up to which it can be read.
fn read_file(
    tree: &Tree,
    id: NodeId,
    len: u64,
    watch: &dyn Watch,
    take: &mut impl FnMut(&[u8]),
) -> Result<(), (u64, Error)> {
    let mut buffer = vec![0; as_usize(CHUNK.min(len))];
    let mut at: u64 = 0;
    // Where a chunk ends that cannot be read whole.
    let mut careful_until: u64 = 0;
    while at < len && !watch.is_stopped() {
        let most = if at < careful_until { CHUNK / 256 } else { CHUNK };
        let part = buffer.get_mut(..as_usize(most.min(len.saturating_sub(at)))).unwrap_or_default();
        match tree.read_into(id, at, part) {
            Ok(0) => break,
            Ok(read) => {
                take(part.get(..read).unwrap_or_default());
                at = at.saturating_add(as_u64(read));
            }
            Err(_) if at >= careful_until => careful_until = at.saturating_add(CHUNK),
            Err(error) => return Err((at, error)),
        }
    }
    Ok(())
}
