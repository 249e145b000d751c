//! UDF structure by structure, in images written in code (`tests/support/udf`).
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use isomount::{
    Error,
    open::{Image, OpenOptions, Session, TreeOptions, View},
    tree::{Device, Kind, Piece, Policy, Timestamp},
};
use support::{
    forge::{Counted, Scratched, content, link, names, names_in, stat},
    udf::{Anchor, *},
};

fn with_tree(tree: TreeOptions) -> OpenOptions {
    OpenOptions { tree, ..OpenOptions::default() }
}

/// Bytes that differ from block to block.
fn noise(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 251) as u8).collect()
}

fn attribute(image: &Image, path: &str, name: &str) -> Result<Vec<u8>, Error> {
    image.tree().attribute(stat(image, path).unwrap().id, name.as_bytes())
}

fn attribute_names(image: &Image, path: &str) -> Vec<String> {
    let names = image.tree().attribute_names(stat(image, path).unwrap().id).unwrap();
    names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

/// A tree with something of everything.
fn sample(udf: Udf) -> Udf {
    udf.file("a.txt", b"hello")
        .file("dir/sub/deep", b"deep")
        .file("large", noise(300_000))
        .file("split", File::from(noise(50_000)).split(8192).long())
        .link("dir/a", "a.txt")
        .symlink("link", "dir/a")
}

fn check_sample(image: &Image, what: &str) {
    assert_eq!(names(image), ["a.txt", "dir", "large", "split", "link"], "{what}");
    assert_eq!(names_in(image, "dir"), ["sub", "a"], "{what}");
    assert_eq!(content(image, "a.txt").unwrap(), b"hello", "{what}");
    assert_eq!(content(image, "dir/sub/deep").unwrap(), b"deep", "{what}");
    assert_eq!(content(image, "large").unwrap(), noise(300_000), "{what}");
    assert_eq!(content(image, "split").unwrap(), noise(50_000), "{what}");
    assert_eq!(stat(image, "dir/a").unwrap(), stat(image, "a.txt").unwrap(), "{what}");
    assert_eq!(link(image, "link").unwrap(), "dir/a", "{what}");
    for path in ["dir", "dir/sub"] {
        let parent = image.tree().parent(stat(image, path).unwrap().id).unwrap();
        let above = path.rsplit_once('/').map_or("", |(above, _)| above);
        assert_eq!(parent, stat(image, above).unwrap().id, "{what}: the parent of {path}");
    }
}

#[test]
fn every_kind_of_partition_in_every_block_size_and_revision() {
    let broken = |damage| Partition::Metadata(Metadata { damage, ..Metadata::default() });
    let kinds: [(Partition, &[u16]); 8] = [
        (Partition::Physical, &[0x102, 0x150, 0x200, 0x201, 0x250, 0x260]),
        (Partition::Two, &[0x201]),
        (Partition::Virtual { inline: false }, &[0x150, 0x200, 0x201]),
        (Partition::Virtual { inline: true }, &[0x150, 0x260]),
        (Partition::sparable(), &[0x150, 0x201]),
        (Partition::metadata(), &[0x250, 0x260]),
        (broken(Damage::Entry), &[0x250]),
        (broken(Damage::Content), &[0x250]),
    ];
    for (partition, revisions) in kinds {
        for revision in revisions {
            for block in [512, 1024, 2048, 4096] {
                let what = format!("{partition:?}, {revision:x}, {block}");
                let udf = Udf::default().revision(*revision).block_size(block).partition(partition.clone());
                let image = sample(udf).build().open().unwrap_or_else(|error| panic!("{what}: {error}"));
                check_sample(&image, &what);
                let (major, minor) = (revision >> 8, revision & 0xff);
                assert_eq!(image.tree().format(), format!("UDF {major}.{minor:02x}"), "{what}");
                assert_eq!(image.tree().statistics().block_size as usize, block, "{what}");
                assert_eq!(image.tree().label(), "FORGED", "{what}");
            }
        }
    }
}

#[test]
fn a_damaged_metadata_file_is_told_and_its_mirror_read() {
    let broken = Partition::Metadata(Metadata { damage: Damage::Entry, ..Metadata::default() });
    let image = sample(Udf::default().revision(0x250).partition(broken)).build().open().unwrap();
    let notes = image.tree().notes();
    assert!(notes.iter().any(|note| note.contains("its mirror is used")), "{notes:?}");
}

#[test]
fn a_bad_block_in_the_metadata_is_read_from_the_mirror() {
    let udf = Udf::default().revision(0x250).partition(Partition::metadata());
    let names: Vec<String> = (0..200).map(|i| format!("a file with a long name, number {i:03}")).collect();
    let udf = names.iter().fold(udf, |udf, name| udf.file(&format!("d/{name}"), b"x")).build();
    let places = [udf.data("d")[0] + udf.block, udf.icb(&format!("d/{}", names[7])), udf.icb("d")];
    for at in places {
        let bad = Scratched::new(udf.bytes.clone(), at, udf.block);
        let image = Image::from_source(std::sync::Arc::new(bad), &OpenOptions::default()).unwrap();
        assert_eq!(names_in(&image, "d"), names, "{at}");
        assert_eq!(content(&image, &format!("d/{}", names[7])).unwrap(), b"x", "{at}");
    }
}

#[test]
fn an_older_virtual_table_is_used_and_told() {
    let mut udf = sample(Udf::default().partition(Partition::Virtual { inline: true })).build();
    let (vat, block) = (udf.vat.unwrap(), udf.block);
    assert!(udf.open().unwrap().tree().notes().is_empty());
    // A newer one behind it, whose CRC is wrong.
    let newer = udf.bytes.len();
    let copy = udf.bytes[vat..vat + block].to_vec();
    udf.bytes.extend(copy);
    let location = u32::from_le_bytes(udf.bytes[vat + 12..vat + 16].try_into().unwrap());
    let location = location + ((newer - vat) / block) as u32;
    udf.forge(newer, 12, &location.to_le_bytes());
    udf.patch(newer + 60, &[0xee]);
    let image = udf.open().unwrap();
    check_sample(&image, "the older table");
    let notes = image.tree().notes();
    assert!(
        notes.iter().any(|note| note.starts_with("an older virtual allocation table is used")),
        "{notes:?}"
    );
}

#[test]
fn data_in_another_partition_than_its_entry() {
    let image = Udf::default()
        .partition(Partition::Two)
        .file("first", noise(5000))
        .file("second", File::from(noise(6000)).long().data_in(1))
        .file("far", File::from(noise(7000)).short().entry_in(1).data_in(1))
        .build()
        .open()
        .unwrap();
    for (name, len) in [("first", 5000), ("second", 6000), ("far", 7000)] {
        assert_eq!(content(&image, name).unwrap(), noise(len), "{name}");
    }
}

#[test]
fn every_kind_of_allocation_descriptor_and_chains_of_them() {
    for block in [512, 2048] {
        let data = noise(9 * block + 5);
        let file = || File::from(data.clone());
        let kinds: [(&str, File); 11] = [
            ("inline", File::from(noise(150)).inline()),
            ("short", file().short()),
            ("long", file().long()),
            ("extended", file().extended_descriptors()),
            ("split", file().short().split(2 * block)),
            ("split-extended", file().extended_descriptors().split(block)),
            ("chain", file().short().split(block).chain(3)),
            ("chain-long", file().long().split(block).chain(2)),
            ("chain-extended", file().extended_descriptors().split(block).chain(2)),
            ("tail", file().tail(3 * block as u64)),
            ("real-time", File::real_time(data.clone())),
        ];
        let udf =
            kinds.iter().fold(Udf::default().block_size(block), |udf, (name, f)| udf.file(name, f.clone()));
        let image = udf.build().open().unwrap();
        for (name, _) in &kinds {
            let expected = if *name == "inline" { noise(150) } else { data.clone() };
            assert_eq!(stat(&image, name).unwrap().size as usize, expected.len(), "{name}");
            assert_eq!(content(&image, name).unwrap(), expected, "{name}");
        }
        let pieces = image.tree().pieces(stat(&image, "short").unwrap().id, 0, 9).unwrap();
        assert!(matches!(pieces[..], [Piece::Run { .. }]), "one extent is one piece: {pieces:?}");
    }
}

#[test]
fn extents_that_are_not_recorded_are_holes() {
    let block = 2048;
    let file = File::of_extents(vec![
        Extent::Hole(3 * block),
        Extent::Recorded(noise(2048)),
        Extent::Allocated(2 * block),
        Extent::Recorded(noise(4096)),
        Extent::Hole(77),
    ]);
    let image = Udf::default().file("holes", file).build().open().unwrap();
    let zeros = |len: u64| vec![0; len as usize];
    let expected = [zeros(3 * block), noise(2048), zeros(2 * block), noise(4096), zeros(77)].concat();
    assert_eq!(content(&image, "holes").unwrap(), expected);
    let id = stat(&image, "holes").unwrap().id;
    let tree = image.tree();
    assert_eq!(tree.seek_data(id, 0).unwrap(), 3 * block);
    assert_eq!(tree.seek_hole(id, 3 * block + 1).unwrap(), 4 * block);
    assert_eq!(tree.seek_data(id, 4 * block).unwrap(), 6 * block);
    assert_eq!(tree.seek_hole(id, 6 * block).unwrap(), 8 * block);
    assert!(matches!(tree.seek_data(id, 8 * block), Err(Error::NoOffset)));
    assert!(stat(&image, "holes").unwrap().allocated < expected.len() as u64);
}

#[test]
fn a_file_of_more_than_4_gib() {
    let hole = (5 << 30) + 2048;
    let file = File::of_extents(vec![
        Extent::Recorded(noise(2048)),
        Extent::Hole(hole),
        Extent::Recorded(noise(3000)),
    ]);
    let image = Udf::default().file("large", file).build().open().unwrap();
    let large = stat(&image, "large").unwrap();
    assert_eq!(large.size, 2048 + hole + 3000);
    let mut buf = vec![1; 4000];
    assert_eq!(image.tree().read_into(large.id, 2048 + hole - 1000, &mut buf).unwrap(), 4000);
    assert_eq!(buf, [vec![0; 1000], noise(3000)].concat());
}

#[test]
fn entries_of_both_kinds_and_both_strategies() {
    let made = Time::new(2001, 2, 3, 4, 5, 6);
    for extended in [false, true] {
        let image = Udf::default()
            .file("plain", File::from(b"now").extended(extended).created(made))
            .file("renewed", File::from(b"third").extended(extended).older(b"first").older(b"second"))
            .file("dir", File::directory().older(File::directory()))
            .file("dir/x", b"x")
            .build()
            .open()
            .unwrap();
        assert_eq!(content(&image, "plain").unwrap(), b"now");
        assert_eq!(content(&image, "renewed").unwrap(), b"third", "the newest entry of strategy 4096");
        assert_eq!(content(&image, "dir/x").unwrap(), b"x");
        let created = stat(&image, "plain").unwrap().created.unwrap();
        assert_eq!(created.seconds, 981_173_106, "from the entry or from its attributes");
    }
}

#[test]
fn symbolic_links_have_every_kind_of_component() {
    let agreed = Component { kind: 1, identifier: b"\x08vol".to_vec() };
    let root = [Component::of_kind(1), Component::name("naïve"), Component::name("日本")];
    let image = Udf::default()
        .symlink("relative", "../a/./b")
        .symlink("absolute", "/usr/bin")
        .symlink("root", "/")
        .file("agreed", File::symlink_of(&[agreed, Component::name("x")]))
        .file("root-by-agreement", File::symlink_of(&root).inline())
        .file("long", File::symlink_of(&vec![Component::name(&"n".repeat(250)); 16]))
        .file("too-long", File::symlink_of(&vec![Component::name(&"n".repeat(250)); 17]))
        .file("empty", File::symlink_of(&[]))
        .build()
        .open()
        .unwrap();
    assert_eq!(link(&image, "relative").unwrap(), "../a/./b");
    assert_eq!(link(&image, "absolute").unwrap(), "/usr/bin");
    assert_eq!(link(&image, "root").unwrap(), "/");
    assert_eq!(link(&image, "agreed").unwrap(), "x");
    assert_eq!(link(&image, "root-by-agreement").unwrap(), "/naïve/日本");
    assert_eq!(link(&image, "long").unwrap().len(), 16 * 251 - 1);
    assert!(matches!(link(&image, "too-long"), Err(Error::NameTooLong)));
    assert!(matches!(link(&image, "empty"), Err(Error::Corrupt(_))));
    let relative = stat(&image, "relative").unwrap();
    assert_eq!((relative.kind, relative.permissions, relative.size), (Kind::Symlink, 0o777, 8));
}

#[test]
fn devices_fifos_and_sockets() {
    let image = Udf::default()
        .file("char", File::character_device(5, 7))
        .file("block", File::block_device(8, 300).inline())
        .file("fifo", File::fifo())
        .file("socket", File::socket())
        .build()
        .open()
        .unwrap();
    let kind = |name| stat(&image, name).unwrap().kind;
    let device = |name| stat(&image, name).unwrap().device;
    assert_eq!((kind("char"), device("char")), (Kind::CharDevice, Some(Device { major: 5, minor: 7 })));
    assert_eq!((kind("block"), device("block")), (Kind::BlockDevice, Some(Device { major: 8, minor: 300 })));
    assert_eq!((kind("fifo"), device("fifo")), (Kind::Fifo, None));
    assert_eq!((kind("socket"), device("socket")), (Kind::Socket, None));
}

#[test]
fn permissions_and_owners_of_udf() {
    let udf = Udf::default()
        .file("mode", File::from(b"").mode(0o7541).owner(1000, 1001))
        // Of the five bits of each only read, write and execute have a counterpart.
        .file("all", File::from(b"").permissions(0x7fff).owner(u32::MAX, u32::MAX))
        .file("delete", File::from(b"").permissions(0x18 << 10 | 0x18 << 5 | 0x18))
        .file("dir", File::directory().mode(0o1700).owner(5, 6))
        .symlink("link", "mode");
    let image = udf.build();
    let shown = |policy: Policy, tree: TreeOptions, path: &str| {
        let options = OpenOptions { policy, tree, ..OpenOptions::default() };
        let image = Image::from_source(std::sync::Arc::new(image.bytes.clone()), &options).unwrap();
        let stat = stat(&image, path).unwrap();
        (stat.permissions, stat.uid, stat.gid)
    };
    let policy = || Policy::of_user(77, 78);
    let plain = |path| shown(policy(), TreeOptions::default(), path);
    assert_eq!(plain("mode"), (0o7541, 1000, 1001));
    assert_eq!(plain("all"), (0o777, 65534, 65534), "no owner is nobody");
    assert_eq!(plain("delete"), (0, 0, 0));
    assert_eq!(plain("dir"), (0o1700, 5, 6));
    let ignored = Policy { ignores_uid: true, ignores_gid: true, umask: 0o22, ..policy() };
    assert_eq!(shown(ignored, TreeOptions::default(), "all"), (0o755, 77, 78));
    let masked = Policy { umask: 0o77, ..policy() };
    assert_eq!(shown(masked, TreeOptions::default(), "link").0, 0o777, "of a link nothing is taken away");
    let set =
        Policy { uid: Some(1), gid: Some(2), mode: Some(0o640), directory_mode: Some(0o750), ..policy() };
    let overridden =
        TreeOptions { overrides_mode: true, overrides_directory_mode: true, ..TreeOptions::default() };
    assert_eq!(shown(set.clone(), overridden.clone(), "mode"), (0o640, 1, 2));
    assert_eq!(shown(set, overridden, "dir"), (0o750, 1, 2));
}

#[test]
fn time_stamps_of_udf_have_a_zone_and_microseconds() {
    let noon = Time::new(2021, 7, 1, 12, 0, 0);
    let image = Udf::default()
        .file("east", File::from(b"").modified(noon.zone(330).fraction(12, 34, 56)))
        .file("west", File::from(b"").modified(Time::new(1960, 1, 1, 0, 0, 0).zone(-210)))
        .file("none", File::from(b"").modified(Time::new(2040, 1, 1, 0, 0, 0).zone(NO_ZONE)))
        .file(
            "all",
            File::from(b"").accessed(noon.fraction(1, 0, 0)).changed(noon.fraction(0, 1, 0)).modified(noon),
        )
        .build()
        .open()
        .unwrap();
    let modified = |name| stat(&image, name).unwrap().modified;
    let noon = 1_625_140_800;
    assert_eq!(modified("east"), Timestamp { seconds: noon - 330 * 60, nanoseconds: 123_456_000 });
    assert_eq!(modified("west"), Timestamp { seconds: -315_619_200 + 210 * 60, nanoseconds: 0 });
    assert_eq!(modified("none"), Timestamp { seconds: 2_208_988_800, nanoseconds: 0 });
    let all = stat(&image, "all").unwrap();
    assert_eq!(all.accessed, Timestamp { seconds: noon, nanoseconds: 10_000_000 });
    assert_eq!(all.changed, Timestamp { seconds: noon, nanoseconds: 100_000 });
    assert_eq!(all.modified, Timestamp { seconds: noon, nanoseconds: 0 });
}

#[test]
fn names_in_8_and_16_bits_up_to_254_bytes() {
    let wide = "日".repeat(85);
    let image = Udf::default()
        .file("naïve ÿ", b"1")
        .file("日本 \u{1f600}", b"2")
        .file("ascii", File::from(b"3").wide_name())
        .file(&"x".repeat(254), b"4")
        .file(&wide, b"5")
        .file("used", File::from(b"6").name_use(&noise(40)))
        .build()
        .open()
        .unwrap();
    let all = ["naïve ÿ", "日本 \u{1f600}", "ascii", &"x".repeat(254), &wide, "used"];
    assert_eq!(names(&image), all);
    for (name, text) in all.iter().zip(["1", "2", "3", "4", "5", "6"]) {
        assert_eq!(content(&image, name).unwrap(), text.as_bytes(), "{name}");
    }
}

#[test]
fn hidden_and_deleted_files_of_udf_are_shown_on_request() {
    let udf = Udf::default()
        .file("shown", b"s")
        .file("hidden", File::from(b"h").hidden())
        .file("deleted", File::from(b"d").deleted())
        .build();
    let with = |hide, undelete| {
        let tree = TreeOptions { hide, undelete, ..TreeOptions::default() };
        names(&udf.open_with(&with_tree(tree)).unwrap())
    };
    assert_eq!(with(None, false), ["shown"]);
    assert_eq!(with(Some(false), false), ["shown", "hidden"]);
    assert_eq!(with(None, true), ["shown", "deleted"]);
    assert_eq!(with(Some(false), true), ["shown", "hidden", "deleted"]);
    let all = TreeOptions { undelete: true, ..TreeOptions::default() };
    assert_eq!(content(&udf.open_with(&with_tree(all)).unwrap(), "deleted").unwrap(), b"d");
}

#[test]
fn names_of_one_icb_are_one_node_and_numbers_stay() {
    let udf = Udf::default().file("a", b"x").link("b", "a").link("d/c", "a").file("e", b"x").build();
    let image = udf.open().unwrap();
    let id = |image: &Image, name| stat(image, name).unwrap().id;
    assert_eq!(id(&image, "a"), id(&image, "b"));
    assert_eq!(id(&image, "a"), id(&image, "d/c"));
    assert_ne!(id(&image, "a"), id(&image, "e"));
    assert_eq!(stat(&image, "a").unwrap().links, 3);
    assert_eq!(id(&image, "e"), id(&udf.open().unwrap(), "e"));
}

#[test]
fn streams_and_extended_attributes_are_xattrs() {
    // Each number with its low byte first: type, creator, flags, location, folder; then what is extended.
    let finder: Vec<u8> = [&[0; 6][..], b"TXETttxt", &[0, 1], &[0; 22], &[0; 8]].concat();
    let dvd = b"\x00\x00\x00\x00";
    let image = Udf::default()
        .file(
            "f",
            File::from(b"data")
                .stream("Zone.Identifier", b"[ZoneTransfer]")
                .stream("*UDF Macintosh Resource Fork", noise(5000))
                .stream("too large", noise(70_000))
                .implementation_attribute("*UDF Mac FinderInfo", &finder)
                .implementation_attribute("*UDF DVD CGMS Info", dvd)
                .implementation_attribute("*Maker Thing", b"value")
                .application_attribute("*Program", b"other"),
        )
        .file("apart", File::from(b"").implementation_attribute("*Maker Thing", b"apart").attributes_apart())
        .file("none", b"")
        .build()
        .open()
        .unwrap();
    let mut names = attribute_names(&image, "f");
    names.sort();
    let expected = [
        "com.apple.FinderInfo",
        "com.apple.ResourceFork",
        "user.Maker Thing",
        "user.Program",
        "user.Zone.Identifier",
    ];
    assert_eq!(names, expected);
    assert_eq!(attribute(&image, "f", "user.Zone.Identifier").unwrap(), b"[ZoneTransfer]");
    assert_eq!(attribute(&image, "f", "com.apple.ResourceFork").unwrap(), noise(5000));
    assert_eq!(attribute(&image, "f", "user.com.apple.ResourceFork").unwrap(), noise(5000));
    let info = attribute(&image, "f", "com.apple.FinderInfo").unwrap();
    assert_eq!((info.len(), &info[..10]), (32, &b"TEXTtxtt\x01\x00"[..]), "high byte first, as macOS has it");
    assert_eq!(attribute(&image, "f", "user.Maker Thing").unwrap(), b"value");
    assert_eq!(attribute(&image, "f", "user.Program").unwrap(), b"other");
    assert!(matches!(attribute(&image, "f", "user.too large"), Err(Error::NoAttribute)));
    assert_eq!(attribute(&image, "apart", "user.Maker Thing").unwrap(), b"apart");
    assert!(attribute_names(&image, "none").is_empty());
    assert_eq!(content(&image, "f").unwrap(), b"data");
}

#[test]
fn an_anchor_is_enough_wherever_it_is() {
    for block in [512, 1024, 2048, 4096] {
        for anchor in [Anchor::At(256), Anchor::At(512), Anchor::Last, Anchor::Before256] {
            let udf = sample(Udf::default().block_size(block).anchors(&[anchor])).build();
            check_sample(&udf.open().unwrap_or_else(|e| panic!("{anchor:?}: {e}")), &format!("{anchor:?}"));
        }
    }
}

#[test]
fn a_volume_without_recognition_sequence_is_found() {
    let udf = sample(Udf::default().recognized_by(&[])).build();
    check_sample(&udf.open().unwrap(), "no recognition sequence");
}

#[test]
fn the_newest_descriptors_count_and_pointers_are_followed() {
    check_sample(&sample(Udf::default().renewed()).build().open().unwrap(), "renewed");
    check_sample(&sample(Udf::default().pointer()).build().open().unwrap(), "pointer");
    check_sample(
        &sample(Udf::default().without_integrity()).build().open().unwrap(),
        "no integrity descriptor",
    );
}

#[test]
fn label_space_and_counts_are_those_of_the_volume() {
    let integrity = Integrity { closed: true, min_read: Some(0x102), free: vec![40] };
    let image = sample(Udf::default().label("Été 日本").integrity(integrity)).build().open().unwrap();
    assert_eq!(image.tree().label(), "Été 日本");
    assert_eq!(image.tree().format(), "UDF 1.02");
    let statistics = image.tree().statistics();
    assert_eq!(statistics.free_blocks, 40);
    assert!(statistics.blocks > 40);
    assert!(statistics.nodes >= 7, "{statistics:?}");
    let virtual_label = Udf::default().partition(Partition::Virtual { inline: false }).table_label("renamed");
    assert_eq!(virtual_label.build().open().unwrap().tree().label(), "renamed", "the table is newer");
}

/// An image with a second volume behind the first, whose descriptors have that label: those of another session, or what
/// is left of an older volume when they lie where the first has its reserve sequence.
fn two_volumes(is_behind: bool) -> Forged {
    let mut udf = sample(Udf::default().label("first").anchors(&[Anchor::At(256), Anchor::Last])).build();
    let [first, last] = udf.anchors[..] else { panic!("two anchors") };
    let block = udf.block;
    let reserve = udf.bytes[first + 24..first + 32].to_vec();
    let at = u32::from_le_bytes(reserve[4..].try_into().unwrap()) as usize * block;
    let len = u32::from_le_bytes(reserve[..4].try_into().unwrap()) as usize;
    let start = if is_behind { udf.bytes.len() } else { at };
    let number = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let partition = udf.descriptor(Descriptor::Partition, Sequence::Reserve);
    let (first_block, blocks) = (number(&udf.bytes, partition + 188), number(&udf.bytes, partition + 192));
    let moved = ((udf.bytes.len() + len) / block) as u32;
    if is_behind {
        let places = [at..at + len, first_block as usize * block..(first_block + blocks) as usize * block];
        let parts = places
            .into_iter()
            .chain(std::iter::once(last..last + block))
            .map(|place| udf.bytes[place].to_vec());
        let parts: Vec<u8> = parts.flatten().collect();
        udf.bytes.extend(parts);
    }
    for place in (start..start + len).step_by(block) {
        let identifier = udf.bytes[place];
        if identifier == 6 {
            udf.patch(place + 84, b"\x08second\0").patch(place + 84 + 127, &[7]);
        }
        if identifier == 5 && is_behind {
            udf.patch(place + 188, &moved.to_le_bytes());
        }
        if identifier != 0 {
            udf.forge(place, 12, &((place / block) as u32).to_le_bytes());
        }
    }
    let last = if is_behind { udf.bytes.len() - block } else { last };
    let extent = [reserve[..4].to_vec(), ((start / block) as u32).to_le_bytes().to_vec()].concat();
    udf.patch(last + 16, &[extent.clone(), extent].concat());
    udf.forge(last, 12, &((last / block) as u32).to_le_bytes());
    let main = udf.bytes[first + 16..first + 24].to_vec();
    udf.forge(first, 24, &main);
    udf
}

#[test]
fn of_several_sessions_of_udf_the_last_is_shown_and_options_choose_another() {
    let udf = two_volumes(true);
    let label = |tree: TreeOptions| udf.open_with(&with_tree(tree)).map(|image| image.tree().label());
    assert_eq!(label(TreeOptions::default()).unwrap(), "second");
    check_sample(&udf.open().unwrap(), "the second session");
    let session = |n: u32| TreeOptions { session: Some(n.into()), ..TreeOptions::default() };
    assert_eq!(session(1).session, Some(Session::Number(1)));
    assert_eq!(label(session(1)).unwrap(), "first");
    let last_block = Some((udf.bytes.len() / udf.block - 4) as u32);
    assert_eq!(label(TreeOptions { last_block, ..TreeOptions::default() }).unwrap(), "first");
    assert_eq!(label(TreeOptions { anchor: Some(256), ..TreeOptions::default() }).unwrap(), "first");
    assert!(label(session(2)).is_err(), "no recognition sequence begins another session");
}

#[test]
fn what_is_left_of_another_volume_is_not_shown() {
    assert_eq!(two_volumes(false).open().unwrap().tree().label(), "first");
}

#[test]
fn an_older_volume_behind_a_smaller_one_is_not_a_session() {
    // Of it only the reserve sequence is left: something was written over the main one.
    let mut udf = two_volumes(true);
    let last = udf.bytes.len() - udf.block;
    let main = udf.bytes[udf.anchors[0] + 16..][..4].to_vec();
    udf.forge(last, 16, &[main, 70u32.to_le_bytes().to_vec()].concat());
    let image = udf.open().unwrap();
    assert_eq!(image.tree().label(), "first");
    check_sample(&image, "the volume in front");
}

#[test]
fn options_say_where_to_look() {
    let mut udf = sample(Udf::default().anchors(&[Anchor::At(256)])).build();
    // The anchor moves to a place where nobody looks.
    let (from, to) = (udf.anchors[0], udf.bytes.len());
    let (anchor, zeros) = (udf.bytes[from..from + udf.block].to_vec(), vec![0; udf.block]);
    udf.bytes.resize(to + 20 * udf.block, 0);
    let block = (to / udf.block) as u32;
    udf.patch(to, &anchor).patch(from, &zeros).forge(to, 12, &block.to_le_bytes());
    assert!(matches!(udf.open(), Err(Error::Corrupt(_))), "announced and not found");
    let tree = TreeOptions { anchor: Some(block), block_size: Some(2048), ..TreeOptions::default() };
    check_sample(&udf.open_with(&with_tree(tree)).unwrap(), "anchor=");
    let wrong_size = TreeOptions { block_size: Some(512), ..TreeOptions::default() };
    assert!(sample(Udf::default()).build().open_with(&with_tree(wrong_size)).is_err());
}

#[test]
fn opening_reads_little() {
    let udf = sample(Udf::default()).file("more", noise(3_000_000)).build();
    let counted = std::sync::Arc::new(Counted::new(udf.bytes));
    let image = Image::from_source(counted.clone(), &OpenOptions::default()).unwrap();
    assert_eq!(names(&image).len(), 6);
    assert!(counted.bytes_read() < 256 * 1024, "{}", counted.bytes_read());
}

#[test]
fn a_view_of_a_pure_udf_disc_that_is_not_there_names_udf() {
    let udf = sample(Udf::default()).build();
    let wanted = TreeOptions { view: View::Joliet, ..TreeOptions::default() };
    let error = udf.open_with(&with_tree(wanted)).err().unwrap();
    assert_eq!(error.to_string(), "the disc has no joliet tree; it has: udf");
    let forced = TreeOptions { view: View::Udf, ..TreeOptions::default() };
    check_sample(&udf.open_with(&with_tree(forced)).unwrap(), "forced");
}
