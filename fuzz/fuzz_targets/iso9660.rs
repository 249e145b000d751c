//! Any bytes as an image: opened, walked and read, each answer compared with what the tree said before.
//!
//! The first two bytes of the input choose the options ([`options`]). The rest is the image from sector 16 on; the system
//! area in front of it, in which only partition tables are looked for (target `partition`), is zeros.
#![no_main]

mod check;
mod examination;

use std::sync::Arc;

use isomount::{
    charset::Charset,
    fs::{NameMap, Options, Session, View},
    open::{Image, OpenOptions, describe_source},
    tree::Policy,
};
use libfuzzer_sys::fuzz_target;

use self::check::{CHUNK, Check};

/// Bytes in front of the first volume descriptor.
const SYSTEM_AREA: usize = 16 * 2048;

fuzz_target!(|input: &[u8]| {
    let Some((choices, sectors)) = input.split_first_chunk() else { return };
    let image = [&vec![0; SYSTEM_AREA], sectors].concat();
    let (image, options) = (Arc::new(image), options(*choices, sectors.len()));
    let opened = Image::from_source(image.clone(), &options);
    examination::examine(image.clone(), &options);
    let described = describe_source(image, &options).and_then(|described| described.image);
    assert_eq!(described.is_ok(), opened.is_ok());
    let Ok(image) = opened else { return };
    Check::new(image.tree()).all();
    let (boot, again) = (image.boot().unwrap(), image.boot().unwrap());
    assert_eq!((&*boot, boot.tables.len()), (&*again, 0));
    assert!(
        boot.catalog
            .iter()
            .flat_map(|catalog| &catalog.images)
            .all(|image| image.available(u64::MAX) == image.size)
    );
});

/// Bits 0 and 1: view; 2: `norock`; 3: `nojoliet`; 4 and 5: map, or caches that keep as little as they can (when the
/// image is small, because everything is decoded again and again then); 6: `hide`; 7: `showassoc`; 8: `check=relaxed`; 9: `cruft`;
/// 10: `nocompress`; 11: an encoding; 12: `overriderockperm`; 13 and 14: session; 15: `noudf`.
fn options(choices: [u8; 2], len: usize) -> OpenOptions {
    let bits = u16::from_le_bytes(choices);
    let has = |bit: u16| bits & (1 << bit) != 0;
    let (map, cache_size) = match bits >> 4 & 3 {
        0 => (NameMap::Normal, 4 << 20),
        1 => (NameMap::Off, 4 << 20),
        2 => (NameMap::Acorn, 4 << 20),
        _ if len > CHUNK => (NameMap::Normal, 4 << 20),
        _ => (NameMap::Normal, 0),
    };
    let tree = Options {
        view: [View::Auto, View::RockRidge, View::Joliet, View::Iso9660][usize::from(bits & 3)],
        rock_ridge: !has(2),
        joliet: !has(3),
        udf: !has(15),
        map,
        relaxed: has(8),
        charset: has(11).then(|| Charset::named("cp932").unwrap()),
        hide: has(6).then_some(true),
        show_associated: has(7),
        overrides_rock_ridge: has(12),
        cruft: has(9),
        keeps_packed: has(10),
        session: [None, Some(Session::Number(1)), Some(Session::Number(2)), Some(Session::Start(0))]
            [usize::from(bits >> 13 & 3)],
        ..Options::default()
    };
    OpenOptions { tree, policy: Policy::of_user(0, 0), boot: true, cache_size }
}
