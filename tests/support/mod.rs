//! What the tests share. Each test program uses a part of it.
#![allow(dead_code, unreachable_pub, missing_docs)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

pub mod attributes;
pub mod boot;
pub mod checked;
pub mod corpus;
pub mod forge;
pub mod json;
pub mod large;
pub mod listing;
pub mod maker;
pub mod memory;
pub mod mounted;
pub mod one_file;
pub mod requests;
pub mod site;
pub mod source;
pub mod udf;
