//! Any bytes as an image: opened, walked and read, each answer compared with what the tree said before.
//!
//! The first byte of the input chooses the options ([`options`]). The rest is the image from sector 16 on; the system
//! area in front of it, at which no reader looks, is zeros.
#![no_main]

mod check;

use std::sync::Arc;

use isomount::{
    fs::{NameMap, Options, View},
    open::{Image, OpenOptions},
    tree::Policy,
};
use libfuzzer_sys::fuzz_target;

use self::check::{CHUNK, Check};

/// Bytes in front of the first volume descriptor.
const SYSTEM_AREA: usize = 16 * 2048;

fuzz_target!(|input: &[u8]| {
    let Some((choice, sectors)) = input.split_first() else { return };
    let image = [&vec![0; SYSTEM_AREA], sectors].concat();
    let Ok(image) = Image::from_source(Arc::new(image), &options(*choice, sectors.len())) else { return };
    Check::new(image.tree()).all();
});

/// Bits 0 and 1: view; 2: `norock`; 3: `nojoliet`; 4 and 5: map, or caches that keep as little as they can (when the
/// image is small, because everything is decoded again and again then); 6: `hide`; 7: `showassoc`.
fn options(choice: u8, len: usize) -> OpenOptions {
    let has = |bit: u8| choice & (1 << bit) != 0;
    let (map, cache_size) = match choice >> 4 & 3 {
        0 => (NameMap::Normal, 4 << 20),
        1 => (NameMap::Off, 4 << 20),
        2 => (NameMap::Acorn, 4 << 20),
        _ if len > CHUNK => (NameMap::Normal, 4 << 20),
        _ => (NameMap::Normal, 0),
    };
    let tree = Options {
        view: [View::Auto, View::RockRidge, View::Joliet, View::Iso9660][usize::from(choice & 3)],
        rock_ridge: !has(2),
        joliet: !has(3),
        map,
        hide: has(6).then_some(true),
        show_associated: has(7),
        ..Options::default()
    };
    OpenOptions { tree, policy: Policy::of_user(0, 0), cache_size }
}
