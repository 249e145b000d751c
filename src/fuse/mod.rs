//! The mount: the only room that names fuser. It translates, and knows no format.

mod adapter;
mod ahead;
mod attributes;
mod errno;
mod idle;
mod listed;
mod mount_table;
mod prefetch;
mod reader;
mod session;
mod unmount;
mod watch;

pub use mount_table::{MountEntry, canonical, has_ended, mounted_on, mounts};
pub use session::{Access, End, MountOptions, Mounted, block_signals};
pub use unmount::{fusermount, unmount};
