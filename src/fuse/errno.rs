//! The one table from errors to errnos.

use fuser::Errno;

use crate::error::Error;

/// The errno that the kernel is told.
pub(super) fn of(error: &Error) -> Errno {
    match error {
        Error::Io { .. } | Error::Corrupt(_) | Error::NotADisc(_) => Errno::EIO,
        Error::Unsupported(_) => Errno::EOPNOTSUPP,
        Error::NotFound => Errno::ENOENT,
        Error::NoAttribute => Errno::ENODATA,
        Error::NoOffset => Errno::ENXIO,
        Error::NotADirectory => Errno::ENOTDIR,
        Error::IsADirectory => Errno::EISDIR,
        Error::NotALink => Errno::EINVAL,
        Error::NameTooLong => Errno::ENAMETOOLONG,
        Error::Loop => Errno::ELOOP,
    }
}
