//! What a disc can be started from, of forged images: what is known of it, how long each boot image is and why, and the directory
//! `.boot`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use isomount::{
    Error, limits,
    open::{
        Boot, BootImage, Emulation, Image, OpenOptions, PartitionType, Platform, Scheme, Session, SizeBy,
        TreeOptions, View,
    },
    source::Source,
    tree::{Kind, Policy},
};
use support::{
    boot::*,
    forge::*,
    source::{Stretched, Tally},
    udf::Udf,
};

const KIB: u64 = 1 << 10;

/// Where boot images lie in forged discs.
const IMAGE: u32 = 100;

fn with_boot() -> OpenOptions {
    OpenOptions { boot: true, policy: Policy::of_user(0, 0), ..OpenOptions::default() }
}

fn boot(forge: &Forge) -> Arc<Boot> {
    forge.open().unwrap().boot().unwrap()
}

fn images(forge: &Forge) -> Vec<BootImage> {
    boot(forge).catalog.clone().map(|catalog| catalog.images).unwrap_or_default()
}

/// Size of each boot image, and what says so.
fn sizes(forge: &Forge) -> Vec<(u64, SizeBy)> {
    images(forge).iter().map(|image| (image.size, image.size_by)).collect()
}

/// A disc of 4 MiB with one boot image.
fn one(entry: BootEntry, start: &[u8]) -> Forge {
    let mut forge = Forge::new();
    forge.bootable(&[entry]).block(IMAGE, start).volume_size(2048);
    forge.bytes.resize(2048 * SECTOR, 0);
    forge
}

#[test]
fn entries_and_partitions_are_told_with_every_field() {
    let mut forge = Forge::new();
    forge.bootable(&[boot_entry(X86, 4, 30), boot_entry(EFI, 8, 40).emulating(2)]);
    forge.master_boot_record(&[(0x80, 0, 0, 4000), (0, 0xef, 160, 5760)]);
    forge.bytes.resize(200 * SECTOR, 0);
    let boot = boot(&forge);
    let catalog = boot.catalog.as_ref().unwrap();
    assert_eq!((catalog.at, catalog.platform), (u64::from(CATALOG) * 2048, Platform::X86));
    let [first, second] = &catalog.images[..] else { panic!("{catalog:?}") };
    assert_eq!((first.number, first.platform, first.emulation), (1, Platform::X86, Emulation::None));
    assert!(first.is_bootable);
    assert_eq!((first.load_segment, first.load_size, first.at), (0, 4, 30 * 2048));
    assert_eq!((second.number, second.platform, second.emulation), (2, Platform::Efi, Emulation::Floppy1440));
    assert_eq!((second.at, second.size, second.available(200 * 2048)), (40 * 2048, 1_474_560, 160 * 2048));
    let [table] = &boot.tables[..] else { panic!("{:?}", boot.tables) };
    assert_eq!((table.scheme, table.at, table.sector), (Scheme::Mbr, 0, 512));
    let [whole, efi] = &table.partitions[..] else { panic!("{table:?}") };
    assert_eq!((whole.at, whole.size, whole.is_bootable), (0, 4000 * 512, true));
    assert_eq!(whole.available(200 * 2048), 200 * 2048);
    assert_eq!((efi.number, &efi.kind), (2, &PartitionType::Mbr(0xef)));
    assert_eq!(efi.kind.name(), Some("EFI system"));
    let names: Vec<String> = boot.files().into_iter().map(|file| file.name).collect();
    assert_eq!(names, ["eltorito-1-x86.img", "eltorito-2-efi-floppy.img", "mbr-2-efi.img"]);
    assert_eq!(*self::boot(&Forge::new()), Boot::default());
}

#[test]
fn a_floppy_disk_is_as_long_as_its_kind() {
    for (emulation, size) in [(1, 1200 * KIB), (2, 1440 * KIB), (3, 2880 * KIB)] {
        // Neither a file nor a file system changes that.
        let mut forge = one(boot_entry(X86, 1, IMAGE).emulating(emulation), &fat(100, 512));
        forge.directory(ROOT, ROOT, &[file("IMAGE.;1", IMAGE, 5000)]);
        assert_eq!(sizes(&forge), [(size, SizeBy::Floppy)]);
    }
    // Not into the next image, nor past the end; of a disc that is cut, of the volume.
    let mut forge = one(boot_entry(X86, 1, IMAGE).emulating(2), &[]);
    forge.bootable(&[boot_entry(X86, 1, IMAGE).emulating(2), boot_entry(EFI, 4, IMAGE + 10)]);
    assert_eq!(sizes(&forge)[0], (10 * 2048, SizeBy::Floppy));
    let mut forge = one(boot_entry(X86, 1, IMAGE).emulating(2), &[]);
    forge.bytes.truncate(200 * SECTOR);
    assert_eq!(sizes(&forge), [(1440 * KIB, SizeBy::Floppy)]);
    forge.volume_size(150);
    assert_eq!(sizes(&forge), [(100 * 2048, SizeBy::Floppy)]);
}

#[test]
fn a_boot_information_table_knows_the_length_of_its_own_file() {
    let size = |descriptor, block, len| {
        let mut forge = one(boot_entry(X86, 4, IMAGE), &boot_program(descriptor, block, len));
        forge.directory(ROOT, ROOT, &[file("OTHER.;1", IMAGE, 5000)]);
        sizes(&forge)[0]
    };
    assert_eq!(size(16, IMAGE, 38_912), (38_912, SizeBy::BootInfoTable));
    assert_eq!(size(16, IMAGE, 64), (64, SizeBy::BootInfoTable));
    // Another place, another descriptor, a length that cannot be.
    for (descriptor, block, len) in
        [(16, IMAGE + 1, 38_912), (17, IMAGE, 38_912), (16, IMAGE, 63), (16, IMAGE, u32::MAX)]
    {
        assert_eq!(size(descriptor, block, len), (5000, SizeBy::File), "{descriptor} {block} {len}");
    }
}

#[test]
fn a_file_that_begins_there_says_how_long_it_is() {
    let mut forge = one(boot_entry(X86, 4, IMAGE), &[]);
    forge.directory(ROOT, ROOT, &[file("EMPTY.;1", IMAGE, 0), directory("A", 22)]);
    forge.directory(22, ROOT, &[directory("B", 23), directory("LOOP", ROOT)]);
    forge.directory(23, 22, &[file("BEFORE.;1", IMAGE - 1, 9000), file("BOOT.IMG;1", IMAGE, 5001)]);
    assert_eq!(sizes(&forge), [(5001, SizeBy::File)]);
    // Of several sections all count.
    let first = file("BOOT.IMG;1", IMAGE, 4096).flagged(MULTI_EXTENT);
    let more = file("BOOT.IMG;1", IMAGE + 2, 4096).flagged(MULTI_EXTENT);
    forge.directory(23, 22, &[first, more, file("BOOT.IMG;1", IMAGE + 4, 7), file("C.;1", IMAGE + 9, 100)]);
    assert_eq!(sizes(&forge), [(8199, SizeBy::File)]);
    // It comes before the file system inside, where nothing confirms that.
    forge.directory(23, 22, &[file("BOOT.IMG;1", IMAGE, 5001)]);
    forge.block(IMAGE, &fat(100, 512));
    assert_eq!(sizes(&forge), [(5001, SizeBy::File)]);
}

#[test]
fn a_fat_file_system_inside_has_its_own_size() {
    for (entry, sectors, sector_size, size) in [
        (boot_entry(EFI, 1, IMAGE), 2880, 512, 2880 * 512),
        (boot_entry(EFI, 0, IMAGE), 100, 2048, 100 * 2048),
        (boot_entry(EFI, u16::MAX, IMAGE), 3000, 512, 3000 * 512),
        (boot_entry(X86, 4, IMAGE), 90, 512, 90 * 512),
        // Claims of many gigabytes end where the image does.
        (boot_entry(EFI, 1, IMAGE), u32::MAX, 4096, 1948 * 2048),
    ] {
        let forge = one(entry, &fat(sectors, sector_size));
        assert_eq!(sizes(&forge), [(size, SizeBy::FileSystem)], "{sectors} of {sector_size}");
    }
    // Where the load size says the same, no file is looked for.
    let mut forge = one(boot_entry(EFI, 100, IMAGE), &fat(100, 512));
    forge.directory(ROOT, ROOT, &[file("OTHER.;1", IMAGE, 9000)]);
    assert_eq!(sizes(&forge), [(100 * 512, SizeBy::FileSystem)]);
    // It does not reach into the next file, as far as that is known.
    let mut forge = one(boot_entry(EFI, 1, IMAGE), &fat(1000, 512));
    forge.directory(ROOT, ROOT, &[file("LATER.;1", IMAGE + 20, 9), file("NEXT.;1", IMAGE + 10, 9)]);
    assert_eq!(sizes(&forge), [(10 * 2048, SizeBy::FileSystem)]);
    // Nothing that is not one: each of these bytes alone makes it none.
    for at in [0, 12, 13, 14, 16, 19, 21] {
        let mut sector = fat(100, 512);
        sector[at] = 0;
        let forge = one(boot_entry(X86, 8, IMAGE), &sector);
        assert_eq!(sizes(&forge), [(8 * 512, SizeBy::LoadSize)], "byte {at}");
    }
}

#[test]
fn a_hard_disk_reaches_to_the_end_of_its_last_partition() {
    let disk = |start: &[u8]| one(boot_entry(X86, 1, IMAGE).emulating(4), start);
    let table = master_boot_record(&[(0x80, 6, 63, 1000), (0, 0, 0, 0)]);
    assert_eq!(sizes(&disk(&table)), [(1063 * 512, SizeBy::PartitionTable)]);
    let mut with_file = disk(&table);
    with_file.directory(ROOT, ROOT, &[file("DISK.IMG;1", IMAGE, 700_000)]);
    assert_eq!(sizes(&with_file), [(700_000, SizeBy::File)]);
    let hostile = master_boot_record(&[(0x80, 5, u32::MAX, u32::MAX)]);
    assert_eq!(sizes(&disk(&hostile)), [(1948 * 2048, SizeBy::PartitionTable)]);
    // How much is loaded of one says nothing.
    assert_eq!(sizes(&disk(&[])), [(1948 * 2048, SizeBy::NextKnown)]);
}

#[test]
fn a_partition_that_begins_there_is_the_image() {
    let with = |entry: BootEntry, start: &[u8]| {
        let mut forge = one(entry, start);
        forge.master_boot_record(&[(0, 0xef, IMAGE * 4, 77)]);
        forge
    };
    assert_eq!(sizes(&with(boot_entry(EFI, 0, IMAGE), &[])), [(77 * 512, SizeBy::Partition)]);
    assert_eq!(sizes(&with(boot_entry(EFI, 0, IMAGE + 1), &[])), [(1947 * 2048, SizeBy::NextKnown)]);
    // Where it says the same as the load size, no file is looked for.
    let mut forge = with(boot_entry(EFI, 77, IMAGE), &fat(70, 512));
    forge.directory(ROOT, ROOT, &[file("OTHER.;1", IMAGE, 9000)]);
    assert_eq!(sizes(&forge), [(77 * 512, SizeBy::Partition)]);
    // Else a file, or the file system in it, comes first.
    assert_eq!(sizes(&with(boot_entry(EFI, 1, IMAGE), &fat(70, 512))), [(70 * 512, SizeBy::FileSystem)]);
    // One behind the volume of an image that is cut is as long as it was.
    let mut forge = with(boot_entry(EFI, 0, IMAGE), &fat(75, 512));
    forge.volume_size(50).bytes.truncate(101 * SECTOR);
    assert_eq!(sizes(&forge), [(75 * 512, SizeBy::FileSystem)]);
}

#[test]
fn what_is_loaded_is_the_last_to_be_asked() {
    let size = |entry| sizes(&one(entry, &[]))[0];
    assert_eq!(size(boot_entry(X86, 1, IMAGE)), (512, SizeBy::LoadSize));
    assert_eq!(size(boot_entry(X86, 4, IMAGE)), (2048, SizeBy::LoadSize));
    assert_eq!(size(boot_entry(EFI, 2, IMAGE)), (1024, SizeBy::LoadSize));
    // Not past what is known to be there.
    assert_eq!(size(boot_entry(X86, 4, 2047)), (2048, SizeBy::LoadSize));
    assert_eq!(size(boot_entry(X86, 60_000, IMAGE)), (1948 * 2048, SizeBy::LoadSize));
    // These say nothing: the rest of the disc, then.
    for (platform, load_size) in [(X86, 0), (X86, u16::MAX), (EFI, 0), (EFI, 1), (EFI, u16::MAX)] {
        let entry = boot_entry(platform, load_size, IMAGE);
        assert_eq!(size(entry), (1948 * 2048, SizeBy::NextKnown), "{platform} {load_size}");
    }
    // Or as far as the next file, image, partition, or the catalog.
    let entry = boot_entry(EFI, 0, IMAGE);
    let mut forge = one(entry, &[]);
    forge.directory(ROOT, ROOT, &[file("NEXT.;1", IMAGE + 70, 1)]);
    assert_eq!(sizes(&forge)[0].0, 70 * 2048);
    forge.master_boot_record(&[(0, 0x83, 4 * (IMAGE + 60), 1)]);
    assert_eq!(sizes(&forge)[0].0, 60 * 2048);
    forge.bootable(&[entry, boot_entry(X86, 4, IMAGE + 50)]);
    assert_eq!(sizes(&forge)[0].0, 50 * 2048);
    forge.put(17 * SECTOR, &boot_record(IMAGE + 40)).block(IMAGE + 40, &catalog(&[entry]));
    assert_eq!(sizes(&forge)[0].0, 40 * 2048);
}

#[test]
fn images_outside_of_the_disc_are_told_and_cannot_be_read() {
    let mut forge = one(boot_entry(X86, 4, 5000), &[]);
    forge.bootable(&[boot_entry(X86, 4, 5000), boot_entry(EFI, 1, u32::MAX)]);
    let boot = boot(&forge);
    let images = &boot.catalog.as_ref().unwrap().images;
    assert_eq!((images[0].size, images[0].available(forge.bytes.len() as u64)), (2048, 0));
    assert_eq!((images[1].size, images[1].size_by), (0, SizeBy::NextKnown));
    assert!(boot.findings.lost.is_empty());
    let wrong = "boot catalog at byte 38912: start of an image is 5000, the image ends at byte 4194304";
    assert_eq!(boot.findings.noted[0].to_string(), wrong);
    let image = forge.open_with(&with_boot()).unwrap();
    assert!(matches!(content(&image, ".boot/eltorito-1-x86.img"), Err(Error::Corrupt(_))));
    assert!(content(&image, ".boot/eltorito-2-efi.img").unwrap().is_empty());
}

#[test]
fn a_catalog_that_is_none_costs_itself() {
    let mut forge = one(boot_entry(X86, 4, IMAGE), &[]);
    for (block, wrong) in [
        (
            u32::MAX,
            "boot catalog at byte 8796093020160: place is past the end, the image ends at byte 4194304",
        ),
        (IMAGE, "boot catalog at byte 204800: validation entry is missing, must be the first record"),
    ] {
        forge.put(17 * SECTOR, &boot_record(block));
        forge.directory(ROOT, ROOT, &[file("A.;1", 22, 4)]);
        let boot = boot(&forge);
        assert_eq!(boot.catalog, None);
        assert_eq!(boot.findings.lost[0].to_string(), wrong);
        let image = forge.open_with(&with_boot()).unwrap();
        assert_eq!(
            (names(&image), names_in(&image, ".boot").len()),
            (vec!["a".to_owned(), ".boot".to_owned()], 0)
        );
    }
    // A boot record of something else.
    forge.put(17 * SECTOR + 7, b"ANOTHER SYSTEM         ");
    assert_eq!(*boot(&forge), Boot::default());
}

#[test]
fn sections_and_chains_without_end_are_bounded() {
    let mut forge = one(boot_entry(X86, 4, IMAGE), &[]);
    let mut endless = catalog(&[boot_entry(X86, 4, IMAGE)]);
    let mut section = vec![0x90, EFI, 1, 0];
    section.resize(32, 0);
    section.extend(&catalog(&[boot_entry(EFI, 4, IMAGE + 1)])[32..]);
    (0..10_000).for_each(|_| endless.extend(&section));
    forge.put(17 * SECTOR, &boot_record(1000)).block(1000, &endless);
    // An extended partition whose records lead to each other.
    forge.master_boot_record(&[(0, 5, 4 * 300, 9000)]);
    for (n, next) in [(300, 4), (301, 0)] {
        forge.block(n, &master_boot_record(&[(0, 0x83, 1, 1), (0, 5, next, 1)]));
    }
    let boot = boot(&forge);
    assert!(boot.catalog.as_ref().unwrap().images.len() <= limits::BOOT_CATALOG_RECORDS as usize);
    assert_eq!(boot.tables[0].partitions.len(), 3);
    let lost: Vec<String> = boot.findings.lost.iter().map(ToString::to_string).collect();
    assert!(
        lost.len() == 2 && lost[0].contains("one from before") && lost[1].contains("last section"),
        "{lost:?}"
    );
    let image = forge.open_with(&with_boot()).unwrap();
    assert_eq!(names_in(&image, ".boot").len(), boot.files().len());
    assert!(exercise(&image) > 100);
}

/// The bytes that are read to find out what a disc can be started from.
fn cost(source: impl Source + 'static) -> (Arc<Boot>, u64) {
    let tally = Tally::of(source);
    let image = Image::from_source(tally.clone(), &OpenOptions::default()).unwrap();
    let (boot, read) = tally.during(|| image.boot().unwrap());
    let (_, again) = tally.during(|| image.boot().unwrap());
    assert_eq!(again, 0, "it is known then");
    (boot, read)
}

#[test]
fn opening_reads_no_more_and_looking_for_a_file_ends() {
    let mut forge = one(boot_entry(X86, 4, IMAGE), &boot_program(16, IMAGE, 3000));
    forge.master_boot_record(&[(0, 0xef, 4000, 5000)]);
    let opened = |options: &OpenOptions| {
        let tally = Tally::of(forge.bytes.clone());
        let image = Image::from_source(tally.clone(), options).unwrap();
        image.tree().stat(image.tree().root()).unwrap();
        assert_eq!(names(&image).contains(&".boot".to_owned()), options.boot);
        tally.bytes()
    };
    assert_eq!(opened(&with_boot()), opened(&OpenOptions::default()));
    for len in [0, 100 << 30] {
        let (boot, read) = cost(Stretched::new(forge.bytes.clone(), len));
        assert_eq!(boot.catalog.as_ref().unwrap().images[0].size, 3000);
        assert!(read < 64 * KIB, "{read}");
    }
    // Directories that hold nothing but each other, and one that says it is very long.
    let mut forge = one(boot_entry(X86, 4, IMAGE), &[]);
    forge.directory(ROOT, ROOT, &[Record { len: u32::MAX, ..directory("LONG", 1000) }]);
    let (boot, read) = cost(Stretched::new(forge.bytes.clone(), 1 << 30));
    assert_eq!(boot.catalog.as_ref().unwrap().images[0].size_by, SizeBy::LoadSize);
    assert!(read <= limits::BOOT_SEARCHED + 256 * KIB, "{read}");
    let mut forge = one(boot_entry(X86, 4, IMAGE), &[]);
    let many: Vec<Record> = (0..20_000).map(|n| directory(format!("D{n}"), 4000 + n)).collect();
    forge.directory(3000, ROOT, &many).directory(
        ROOT,
        ROOT,
        &[Record { len: 600 * 2048, ..directory("M", 3000) }],
    );
    let (_, read) = cost(Stretched::new(forge.bytes.clone(), 1 << 30));
    assert!(read <= 4 * limits::BOOT_SEARCHED, "{read}");
}

/// A disc with an image and a partition that are told apart by their bytes.
fn startable() -> Forge {
    let mut forge = one(boot_entry(X86, 4, IMAGE), &[]);
    forge.directory(ROOT, ROOT, &[file("A.;1", 22, 4), directory("D", 24)]).directory(24, ROOT, &[]);
    forge.master_boot_record(&[(0x80, 0x17, 0, 8192), (0, 0xef, 400, 8)]);
    forge.block(IMAGE, &[1; 4096]);
    forge
}

#[test]
fn boot_images_and_partitions_are_files_of_every_tree() {
    let mut iso = startable();
    let mut escape = [0; 32];
    escape[..3].copy_from_slice(b"%/E");
    iso.descriptor(18, 2, &escape, 28).terminator(23).directory(28, 28, &[file(b"\0J\0o", 22, 4)]);
    iso.put(17 * SECTOR, &boot_record(29)).block(29, &catalog(&[boot_entry(X86, 4, IMAGE)])).terminator(19);
    for (view, first) in [(View::Joliet, "Jo"), (View::Iso9660, "a")] {
        let options = OpenOptions { tree: TreeOptions { view, ..TreeOptions::default() }, ..with_boot() };
        let image = iso.open_with(&options).unwrap();
        assert_eq!(image.tree().view(), view.word());
        let names = names(&image);
        assert_eq!((names[0].as_str(), names.last().unwrap().as_str()), (first, ".boot"));
        assert_eq!(names_in(&image, ".boot"), ["eltorito-1-x86.img", "mbr-2-efi.img"]);
        for name in ["eltorito-1-x86.img", "mbr-2-efi.img"] {
            assert!(content(&image, &format!(".boot/{name}")).unwrap() == [1; 4096], "{name}");
        }
    }
}

#[test]
fn a_disc_of_udf_has_the_boot_record_where_firmware_looks() {
    let mut udf = Udf::default().directory("d").file("d/f", b"x").build();
    let open = |bytes: &[u8]| Image::from_source(Arc::new(bytes.to_vec()), &with_boot()).unwrap();
    let image = open(&udf.bytes);
    assert_eq!((image.tree().view(), names_in(&image, ".boot").len()), ("udf", 0), "nothing to start from");
    let links = image.tree().stat(image.tree().root()).unwrap().links;
    let without = Image::from_source(Arc::new(udf.bytes.clone()), &OpenOptions::default()).unwrap();
    assert_eq!(links, without.tree().stat(without.tree().root()).unwrap().links + 1);
    // Its recognition sequence begins with the boot record, where it is none of the descriptors.
    let free = (udf.bytes.len() / SECTOR) as u32;
    udf.bytes.extend([7; 4 * SECTOR]);
    udf.bytes.extend(catalog(&[boot_entry(EFI, 8, free)]));
    udf.bytes.resize(udf.bytes.len().next_multiple_of(SECTOR), 0);
    udf.bytes[17 * SECTOR..18 * SECTOR].copy_from_slice(&boot_record(free + 4));
    let image = open(&udf.bytes);
    assert_eq!(image.tree().view(), "udf");
    assert!(content(&image, ".boot/eltorito-1-efi.img").unwrap() == [7; 4096]);
}

#[test]
fn the_session_that_is_shown_says_what_is_started_from() {
    let mut forge = one(boot_entry(X86, 4, IMAGE), &[1; 2048]);
    forge.volume_size(110).bytes.truncate(110 * SECTOR);
    let second = 160;
    let root = second + ROOT;
    forge.descriptor(second as usize + 16, 1, &[0; 32], root);
    forge.put((second as usize + 16) * SECTOR + 80, &both32(300));
    forge.put((second as usize + 17) * SECTOR, &boot_record(second + 19)).terminator(second as usize + 18);
    forge.block(second + 19, &catalog(&[boot_entry(EFI, 4, 200), boot_entry(EFI, 4, 201)]));
    // The table of the second program says where its own descriptor lies.
    forge.block(201, &boot_program(second + 16, 201, 100)).directory(root, root, &[file("TWO.;1", 22, 4)]);
    let images = |session| {
        let tree = TreeOptions { session, ..TreeOptions::default() };
        let image = forge.open_with(&OpenOptions { tree, ..with_boot() }).unwrap();
        names_in(&image, ".boot")
    };
    assert_eq!(images(None), ["eltorito-1-efi.img", "eltorito-2-efi.img"]);
    assert_eq!(images(Some(Session::Number(1))), ["eltorito-1-x86.img"]);
    assert_eq!(images(Some(Session::Start(second.into()))).len(), 2);
    assert_eq!(sizes(&forge)[1], (100, SizeBy::BootInfoTable));
}

#[test]
fn a_name_that_the_root_has_already_is_left_alone() {
    let mut forge = startable();
    let named = |name: &str, at| file("X", at, 4).with(&[&px(0o100_644, 1, 0, 0), &nm(0, name)]);
    forge.block(22, b"mine");
    for (names, relaxed, expected) in [
        (&[".boot"][..], false, ".boot~2"),
        (&[".boot", ".boot~2"], false, ".boot~3"),
        (&[".Boot"], false, ".boot"),
        (&[".Boot"], true, ".boot~2"),
        (&["boot"], true, ".boot"),
    ] {
        let records: Vec<Record> = names.iter().map(|name| named(name, 22)).collect();
        forge.rock_ridge_root(&records);
        let tree = TreeOptions { relaxed, ..TreeOptions::default() };
        let image = forge.open_with(&OpenOptions { tree, ..with_boot() }).unwrap();
        let all: Vec<&str> = names.iter().copied().chain([expected]).collect();
        assert_eq!(self::names(&image), all);
        assert_eq!(content(&image, names[0]).unwrap(), b"mine");
        assert_eq!(stat(&image, expected).unwrap().kind, Kind::Directory);
        assert_eq!(names_in(&image, expected).len(), 2);
        let other_case = stat(&image, &expected.to_uppercase());
        assert_eq!(other_case.is_ok(), relaxed);
        let inside = stat(&image, &format!("{expected}/MBR-2-EFI.img"));
        assert_eq!(inside.is_ok(), relaxed);
    }
}

#[test]
fn numbers_are_the_same_again_and_those_of_nothing_else() {
    let mut forge = startable();
    // Names of one file have numbers of a kind of their own.
    let linked =
        |name: &str| file(name, 22, 4).with(&[&px_with_serial(0o140_644, 2, u32::MAX), &nm(0, name)]);
    forge.rock_ridge_root(&[linked("a"), linked("b")]);
    let numbers = |options: &OpenOptions| -> Vec<(Vec<u8>, u64)> {
        let image = forge.open_with(options).unwrap();
        image.tree().walk().map(|walked| (walked.path, walked.stat.unwrap().id.0)).collect()
    };
    let (first, plain) = (numbers(&with_boot()), numbers(&OpenOptions::default()));
    assert_eq!(first, numbers(&with_boot()));
    assert!(plain.iter().all(|known| first.contains(known) && known.1 < 1 << 63));
    let own: Vec<u64> =
        first.iter().filter(|known| !plain.contains(known)).map(|(_, number)| *number).collect();
    assert_eq!(own, [1 << 63, 1 << 63 | 1, 1 << 63 | 1 << 24 | 2]);
    let image = forge.open_with(&with_boot()).unwrap();
    // Known by their numbers alone, as to a server of NFS that was started anew.
    assert_eq!(image.tree().stat(isomount::tree::NodeId(own[2])).unwrap().size, 4096);
    assert_eq!(image.tree().parent(isomount::tree::NodeId(own[0])).unwrap(), image.tree().root());
    assert!(image.tree().stat(isomount::tree::NodeId(1 << 63 | 99)).is_err());
}

#[test]
fn links_times_and_owners_are_those_of_a_subdirectory_of_nobody() {
    let mut forge = startable();
    let root_px = px(0o040_700, 5, 70, 80);
    let stamp = entry(b"TF", &[&[0x0e][..], &[100, 1, 2, 3, 4, 5, 0].repeat(3)].concat());
    forge.directory_with(ROOT, ROOT, &[&sp(0)[..], &root_px, &stamp, &er()].concat(), &root_px, &[]);
    let image = forge.open_with(&with_boot()).unwrap();
    let (root, boot) = (stat(&image, "").unwrap(), stat(&image, ".boot").unwrap());
    assert_eq!((root.links, root.uid), (6, 70));
    assert_eq!((boot.links, boot.uid, boot.gid, boot.permissions), (2, 0, 0, 0o555));
    assert_eq!((boot.modified, boot.changed), (root.modified, root.changed));
    let file = stat(&image, ".boot/mbr-2-efi.img").unwrap();
    assert_eq!(
        (file.links, file.permissions, file.modified, file.allocated),
        (1, 0o444, root.modified, 4096)
    );
    // A number of 1 counts no directories.
    assert_eq!(stat(&startable().open_with(&with_boot()).unwrap(), "").unwrap().links, 1);
    let plain = forge.open().unwrap();
    assert_eq!(image.tree().statistics(), plain.tree().statistics());
}

#[test]
fn what_the_image_does_not_have_of_a_partition_cannot_be_read() {
    let mut forge = startable();
    forge.master_boot_record(&[(0, 0xef, 400, 8), (0, 0x83, 8000, 500), (0, 0x83, 1 << 30, 7)]);
    let image = forge.open_with(&with_boot()).unwrap();
    let (len, id) = {
        let stat = stat(&image, ".boot/mbr-2.img").unwrap();
        (stat.size, stat.id)
    };
    assert_eq!(len, 500 * 512);
    let mut buf = vec![0; 192 * 512];
    assert_eq!(image.tree().read_into(id, 0, &mut buf).unwrap(), buf.len());
    assert!(matches!(image.tree().read_into(id, 192 * 512, &mut buf[..1]), Err(Error::Corrupt(_))));
    assert!(content(&image, ".boot/mbr-3.img").is_err());
    assert!(content(&image, ".boot/mbr-1-efi.img").unwrap() == [1; 4096]);
}
