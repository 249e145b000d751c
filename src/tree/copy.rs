//! The way from a file of an image into a file on disk.

use std::{fs::File, io, os::unix::fs::FileExt};

use super::{NodeId, Piece, Tree, data_of};
use crate::{
    bytes::{as_u64, as_usize},
    error::{Error, Result},
    limits,
};

/// Why bytes did not come from the image into a file.
#[derive(Debug)]
pub enum CopyError {
    /// They cannot be read.
    Image(Error),
    /// They cannot be written.
    Target(io::Error),
}

impl Tree {
    /// Has the kernel write bytes of a file from `at` on, at most `len`, to where `to` is to be written next: a file or a pipe.
    /// Returns how many it were: 0 where it does not, and they are to be [read](Self::read).
    ///
    /// # Errors
    /// The file has no bytes, or cannot be decoded.
    pub fn send(&self, id: NodeId, at: u64, len: u64, to: &File) -> Result<u64> {
        let node = self.node_to_read(id)?;
        match data_of(&node)?.pieces(at, len).next() {
            Some(Piece::Run { at, len }) => Ok(self.reader.send(at, len, to)),
            _ => Ok(0),
        }
    }

    /// Writes bytes of a file from `at` on, at most `len`, to the same place of `to`, and returns how far it came: at least one
    /// byte on, unless the file ends there. Holes are passed over, so that `to` must be new, and given its length afterwards.
    ///
    /// # Errors
    /// [`CopyError::Image`] as [`read`](Self::read); then nothing was written.
    pub fn copy_to(&self, id: NodeId, at: u64, len: u64, to: &File) -> Result<u64, CopyError> {
        let node = self.node_to_read(id).map_err(CopyError::Image)?;
        let data = data_of(&node).map_err(CopyError::Image)?;
        let end = at.saturating_add(len).min(data.size());
        match data.pieces(at, len).next() {
            None => return Ok(end.max(at)),
            Some(Piece::Hole { len }) => return Ok(at.saturating_add(len)),
            Some(Piece::Run { at: place, len }) => {
                let copied = self.reader.copy_to(place, len, to, at);
                if copied > 0 {
                    return Ok(at.saturating_add(copied.min(len)));
                }
            }
            Some(_) => {}
        }
        let end = data.seek_hole(at).map_or(end, |hole| hole.min(end));
        let len = end.saturating_sub(at).min(limits::REQUEST.into());
        let write = |bytes: &[u8]| to.write_all_at(bytes, at).map(|()| as_u64(bytes.len()));
        let written = self.reader.lend(id, data, at, as_usize(len), write).map_err(CopyError::Image)?;
        match written {
            Ok(written) => Ok(at.saturating_add(written)),
            // What was lent from the map is no longer there; reading says so.
            Err(error) if error.raw_os_error() == Some(libc::EFAULT) => {
                let mut bytes = vec![0; as_usize(len)];
                let read = self.reader.copy(id, data, at, &mut bytes).map_err(CopyError::Image)?;
                let bytes = bytes.get(..read).unwrap_or_default();
                write(bytes).map(|written| at.saturating_add(written)).map_err(CopyError::Target)
            }
            Err(error) => Err(CopyError::Target(error)),
        }
    }
}
