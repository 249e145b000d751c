//! The mount: the only room that names fuser. It translates, and knows no format.

mod adapter;
mod ahead;
mod attributes;
mod errno;
mod prefetch;
mod reader;
mod session;

pub use session::{End, MountOptions, Mounted};
