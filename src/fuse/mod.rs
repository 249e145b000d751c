//! The mount: the only room that names fuser. It translates, and knows no format.

mod adapter;
mod ahead;
mod attributes;
mod errno;
mod fusermount;
mod idle;
mod mount_table;
mod prefetch;
mod reader;
mod session;

pub use fusermount::{fusermount, unmount};
pub use mount_table::{MountEntry, canonical, has_ended, mounted_on, mounts};
pub use session::{Access, End, MountOptions, Mounted, block_signals};
