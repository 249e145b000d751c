//! Writes the seeds of the target udf into the folder that is its first argument: images of the test writer with every
//! structure, and those that its other arguments name, each as the choices and sectors that the target reads.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "written for the tests")]

#[path = "../../tests/support/udf/mod.rs"]
mod udf;

use std::{env, fs, path::Path};

use udf::{Anchor, Component, Damage, Extent, File, Forged, Integrity, Metadata, Partition, Time, Udf};

const SECTOR: usize = 512;

/// The sectors that a seed can have.
const SECTORS: usize = 4096;

fn main() {
    let mut arguments = env::args().skip(1);
    let folder = arguments.next().expect("a folder for the seeds");
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).unwrap();
    for (name, udf) in images() {
        let Forged { bytes, block, .. } = udf.build();
        for (variant, choices) in [("", [0, 0, 0]), ("-all", [0b11_0000, 0, 0]), ("-auto", [0b1000, 0, 0])] {
            write(&folder.join(format!("{name}{variant}")), choices, &bytes, block);
        }
    }
    for path in arguments {
        let name = path.replace('/', "-");
        write(&folder.join(name.trim_start_matches('-')), [0, 0, 0], &fs::read(&path).unwrap(), SECTOR);
    }
}

/// A seed with all sectors that are not zeros, and the last one.
fn write(path: &Path, mut choices: [u8; 3], image: &[u8], block: usize) {
    choices[0] |= (block / SECTOR).trailing_zeros() as u8;
    let mut seed = choices.to_vec();
    let count = image.len() / SECTOR;
    for (number, sector) in image.chunks_exact(SECTOR).enumerate().take(SECTORS) {
        if sector.iter().any(|byte| *byte != 0) || number + 1 == count {
            seed.extend(u16::try_from(number).unwrap().to_le_bytes());
            seed.extend(sector);
        }
    }
    fs::write(path, seed).unwrap();
}

fn noise(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 251) as u8).collect()
}

fn small() -> Udf {
    Udf::default().block_size(SECTOR)
}

/// Files and directories in every form, in images as small as can be.
fn images() -> Vec<(&'static str, Udf)> {
    let sparable = || Partition::Sparable(vec![0]);
    let metadata = |bitmap, duplicate, damage| Partition::Metadata(Metadata { bitmap, duplicate, damage });
    vec![
        ("files", files(small())),
        ("allocation", allocation(small())),
        ("attributes", attributes(small())),
        ("links", links(small())),
        ("names", names(small())),
        ("strategy", strategy(small())),
        ("files-102", files(small().revision(0x102))),
        ("attributes-102", attributes(small().revision(0x102))),
        ("large-blocks", files(Udf::default())),
        ("sparable", files(small().revision(0x150).partition(sparable()))),
        ("sparable-allocation", allocation(small().partition(sparable()))),
        ("virtual", files(small().partition(Partition::Virtual { inline: true }))),
        ("virtual-apart", strategy(small().partition(Partition::Virtual { inline: false }))),
        ("virtual-150", files(small().revision(0x150).partition(Partition::Virtual { inline: true }))),
        ("virtual-150-apart", names(small().revision(0x150).partition(Partition::Virtual { inline: false }))),
        ("metadata", files(small().revision(0x250).partition(metadata(true, true, Damage::None)))),
        (
            "metadata-single",
            strategy(small().revision(0x250).partition(metadata(false, false, Damage::None))),
        ),
        ("metadata-entry", files(small().revision(0x250).partition(metadata(true, true, Damage::Entry)))),
        (
            "metadata-content",
            attributes(small().revision(0x260).partition(metadata(true, true, Damage::Content))),
        ),
        ("two", two(small().partition(Partition::Two))),
        ("sequence", files(small().pointer().renewed().label("Ünïcode 日本"))),
        ("anchors", files(small().anchors(&[Anchor::Last, Anchor::Before256]))),
        ("anchor-512", files(small().anchors(&[Anchor::At(512)]))),
        ("no-integrity", files(small().without_integrity())),
        (
            "open",
            files(small().integrity(Integrity { closed: false, min_read: Some(0x150), free: vec![55] })),
        ),
        ("system", links(small().system_stream("*UDF Backup", noise(100)))),
    ]
}

fn files(udf: Udf) -> Udf {
    udf.file("hello", b"hello")
        .file("inline", File::from(noise(150)).inline())
        .file("d/e/f", b"deep")
        .file("i", File::directory().inline())
        .file("i/x", b"")
        .symlink("l", "../a/./b")
}

fn allocation(udf: Udf) -> Udf {
    let hole = [Extent::Hole(1536), Extent::Recorded(noise(512)), Extent::Allocated(1024), Extent::Hole(77)];
    udf.file("chain", File::from(noise(2000)).split(512).chain(3).long())
        .file("short", File::from(noise(2000)).split(512).chain(2).tail(1024))
        .file("extended", File::from(noise(1500)).extended_descriptors().split(1024))
        .file("holes", File::of_extents(hole.to_vec()))
        .file("large", File::of_extents(vec![Extent::Hole(5 << 30), Extent::Recorded(b"end".to_vec())]))
        .file("d", File::directory().split(512).chain(2))
        .file(
            "d/a name that is somewhat long, and another, and one more, as long as it takes to fill some",
            b"a",
        )
        .file(
            "d/b name that is somewhat long, and another, and one more, as long as it takes to fill some",
            b"b",
        )
        .file(
            "d/c name that is somewhat long, and another, and one more, as long as it takes to fill some",
            b"c",
        )
        .file(
            "d/d name that is somewhat long, and another, and one more, as long as it takes to fill some",
            b"d",
        )
        .file(
            "d/e name that is somewhat long, and another, and one more, as long as it takes to fill some",
            b"e",
        )
}

fn attributes(udf: Udf) -> Udf {
    let finder = |file: File| file.implementation_attribute("*UDF Mac FinderInfo", &noise(42));
    udf.file(
        "mac",
        finder(File::from(b"m")).application_attribute("*Own", &noise(30)).created(Time::default()),
    )
    .file(
        "apart",
        finder(File::from(b"m"))
            .implementation_attribute("*UDF Mac ResourceFork", &noise(9))
            .attributes_apart(),
    )
    .file(
        "streams",
        File::from(b"s").stream("*UDF Macintosh Resource Fork", noise(600)).stream("other", b"o"),
    )
    .file("inline", File::from(b"s").stream("one", File::from(b"1").inline()).stream("two", noise(20)))
    .file("char", File::character_device(5, 7))
    .file("block", finder(File::block_device(8, 300)).inline())
    .file("fifo", File::fifo())
    .file("socket", File::socket())
    .file("real-time", File::real_time(noise(30)))
    .file("mode", File::from(b"").mode(0o7541).owner(1000, u32::MAX))
}

fn links(udf: Udf) -> Udf {
    let agreed = Component { kind: 1, identifier: b"\x08vol".to_vec() };
    udf.file("f", b"f")
        .link("again", "f")
        .symlink("l", "/usr/bin")
        .file("agreed", File::symlink_of(&[agreed, Component::name("x")]))
        .file("wide", File::symlink_of(&[Component::of_kind(1), Component::name("日本")]).inline())
        .symlink("d/up", "../../d")
        .link("d/hard", "f")
}

fn names(udf: Udf) -> Udf {
    udf.file("same", b"1")
        .file("other", File::from(b"2").raw_name(b"\x08same"))
        .file("hidden", File::from(b"h").hidden())
        .file("deleted", File::from(b"x").deleted().raw_name(b"\xfedeleted"))
        .file("used", File::from(b"u").name_use(&noise(40)))
        .file("naïve ÿ", b"latin")
        .file("wide", File::from(b"w").wide_name().version(7))
        .file("日本語-𝄞-😀", b"u16")
        .file("nul", File::from(b"").raw_name(b"\x08a/\0b"))
        .file("empty", File::from(b"").raw_name(b""))
}

fn strategy(udf: Udf) -> Udf {
    udf.root(File::directory().older(File::directory()))
        .file("f", File::from(noise(600)).older(b"oldest").older(File::from(b"older").inline()))
        .file("d", File::directory().older(File::directory()))
        .file("d/g", File::from(b"").older(b"x"))
}

fn two(udf: Udf) -> Udf {
    udf.file("second", File::from(noise(900)).data_in(1))
        .file("all", File::from(noise(901)).data_in(1).entry_in(1))
        .file("d", File::directory().data_in(1).entry_in(1))
        .file("d/x", b"x")
}
