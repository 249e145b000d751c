//! The file set descriptor, ECMA-167 4/8.3.1 and 4/14.1: where the root directory is.

use super::{
    name,
    raw::{self, LongAd, tag},
    space::{Address, Space},
};
use crate::{
    bytes::as_usize,
    error::{Corrupt, Error, Result},
    limits,
};

const STRUCTURE: &str = "file set descriptor";

/// What a file set descriptor says.
#[derive(Debug, Clone)]
pub(super) struct FileSet {
    /// The ICB of the root directory.
    pub(super) root: Address,
    pub(super) identifier: String,
    pub(super) copyright_file: String,
    pub(super) abstract_file: String,
}

/// The newest file set descriptor in an extent and in those that it leads to.
///
/// # Errors
/// [`Error::Corrupt`] when there is none that is in order.
pub(super) fn newest(space: &Space, extent: &LongAd) -> Result<FileSet> {
    let mut newest: Option<(u32, FileSet)> = None;
    let mut failed: Option<Error> = None;
    let mut next = Some(*extent);
    let mut count: u32 = 0;
    while let Some(extent) = next.take() {
        let first = Address::of(&extent.location);
        let blocks = u64::from(extent.length.get() & 0x3fff_ffff).div_ceil(space.block_size);
        // Some writers leave the length out.
        for block in (first.block..=u32::MAX).take(as_usize(blocks.max(1))) {
            count = count.saturating_add(1);
            if count > limits::VOLUME_SEQUENCE_BLOCKS {
                break;
            }
            let descriptor = match space.descriptor(Address { block, ..first }) {
                Ok(descriptor) if descriptor.identifier == tag::FILE_SET => descriptor,
                // Behind the last one is a terminator, or a block that was not written.
                Ok(_) => break,
                Err(error) => {
                    failed = failed.or(Some(error));
                    continue;
                }
            };
            let raw: &raw::FileSet = descriptor.as_ref(STRUCTURE)?;
            let number = raw.descriptor_number.get();
            if raw.number.get() == 0 && newest.as_ref().is_none_or(|(known, _)| number >= *known) {
                let file_set = FileSet {
                    root: Address::of(&raw.root.location),
                    identifier: name::dstring(&raw.identifier),
                    copyright_file: name::dstring(&raw.copyright_file),
                    abstract_file: name::dstring(&raw.abstract_file),
                };
                newest = Some((number, file_set));
                next = Address::of_icb(&raw.next).map(|_| raw.next);
            }
        }
    }
    newest.map(|(_, file_set)| file_set).ok_or_else(|| {
        failed.unwrap_or_else(|| {
            let place = space.at(extent.location.block.get());
            Corrupt::new(STRUCTURE, place, "tag identifier", "another", "must be 256").into()
        })
    })
}
