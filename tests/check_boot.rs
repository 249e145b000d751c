//! `isomount check` and what discs are started from: catalogs and partition tables that are whole, damaged, missing, by what it costs.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use support::{
    boot::{BootEntry, CATALOG, EFI, X86, boot_entry, fat, master_boot_record},
    checked::{self, Said, check},
    forge::{Forge, ROOT, SECTOR, file},
    maker::{self, Workshop, lacks},
};

const BLOCKS: u32 = 60;

/// A disc of [`BLOCKS`] with two boot images, which lie in block 30 and 40.
fn bootable(entries: &[BootEntry]) -> Forge {
    let mut forge = Forge::new();
    forge.directory(ROOT, ROOT, &[file("DATA.;1", 50, 3000)]).volume_size(BLOCKS).bootable(entries);
    forge.block(30, &maker::bytes(1, 4 * 512)).block(40, &fat(8, 512)).block(50, &maker::bytes(2, 3000));
    forge.block(BLOCKS - 1, b"end");
    forge.bytes.resize(BLOCKS as usize * SECTOR, 0);
    forge
}

const ENTRIES: [BootEntry; 2] = [
    BootEntry { platform: X86, emulation: 0, load_size: 4, block: 30 },
    BootEntry { platform: EFI, emulation: 0, load_size: 0, block: 40 },
];

fn of_bytes(bytes: &[u8], words: &[&str]) -> Said {
    let directory = tempfile::tempdir().unwrap();
    check(&checked::write(directory.path(), "image.iso", bytes), words)
}

/// What is hit in these bytes, with `--map`: kind and message.
fn hit(bytes: &[u8], at: usize, len: usize) -> BTreeSet<(String, String)> {
    let directory = tempfile::tempdir().unwrap();
    let map = checked::write(directory.path(), "map", format!("{at} {len}\n").as_bytes());
    let said = of_bytes(bytes, &["--quick", "--map", map.to_str().unwrap()]);
    let text = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let all = said.findings().iter().filter(|finding| finding["cause"] == "map");
    all.map(|finding| (text(finding, "kind"), text(finding, "message"))).collect()
}

fn kinds(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn assert_hit(found: &BTreeSet<(String, String)>, kind: &str, what: &str) {
    assert!(found.iter().any(|(k, text)| k == kind && text.contains(what)), "{kind} {what}: {found:?}");
}

#[test]
fn boot_images_and_catalogs_are_whole_or_cost_what_they_are() {
    let whole = bootable(&ENTRIES);
    let said = of_bytes(&whole.bytes, &[]);
    said.assert_whole();
    assert!(said.findings().is_empty(), "{}", said.json);
    let changed = |change: &dyn Fn(&mut Forge)| {
        let mut forge = bootable(&ENTRIES);
        change(&mut forge);
        of_bytes(&forge.bytes, &[])
    };
    let catalog = CATALOG as usize * SECTOR;
    // A byte of the name of its maker: the checksum says so.
    let said = changed(&|forge| {
        forge.put(catalog + 5, b"x");
    });
    assert_eq!((said.damage(), said.remarks()), (kinds(&["boot-catalog"]), kinds(&[])));
    said.assert_damaged();
    assert_eq!(said.of("boot-catalog")[0]["at"], catalog);
    // A checksum that nobody has made, and a key that nobody has written.
    let said = changed(&|forge| {
        forge.put(catalog + 28, &[0, 0]);
    });
    assert_eq!((said.code, said.remarks()), (0, kinds(&["boot-catalog-mark"])), "{}", said.json);
    // Not even the first mark.
    let said = changed(&|forge| {
        forge.put(catalog, &[0; 64]);
    });
    assert_eq!(said.damage(), kinds(&["boot-catalog"]));
    // Sections without end.
    let said = changed(&|forge| {
        let header: Vec<u8> = std::iter::once(0x90).chain([0xef, 0, 0]).chain([0; 28]).collect();
        forge.put(catalog + 64, &header.repeat(1000));
    });
    assert!(said.damage().contains("boot-catalog"), "{}", said.json);
    // An image behind the volume, and the catalog itself.
    let said = of_bytes(&bootable(&[ENTRIES[0], boot_entry(EFI, 8, 5000)]).bytes, &[]);
    assert_eq!(
        (said.damage(), said.of("boot-image")[0]["at"].as_u64()),
        (kinds(&["boot-image"]), Some(5000 * 2048))
    );
    assert!(
        said.of("boot-image")[0]["message"].as_str().unwrap().contains("boot image 2 (EFI) of 4096 bytes")
    );
    let said = changed(&|forge| {
        forge.put(17 * SECTOR + 71, &6000u32.to_le_bytes());
    });
    assert_eq!(said.damage(), kinds(&["boot-image"]), "{}", said.json);
}

#[test]
fn maps_and_cuts_name_boot_images_and_partitions() {
    let mut forge = bootable(&ENTRIES);
    // The disc itself, the second boot image, and one behind the volume.
    forge.master_boot_record(&[(0x80, 0x17, 0, 240), (0, 0xef, 160, 8), (0, 0x83, 240, 16)]);
    forge.bytes.resize(256 * 512, 7);
    let said = of_bytes(&forge.bytes, &[]);
    said.assert_whole();
    assert!(said.findings().is_empty(), "{}", said.json);
    let catalog = CATALOG as usize * SECTOR;
    let needed = "structure-bytes";
    assert_hit(&hit(&forge.bytes, catalog, 1), needed, "1 bytes of the boot catalog");
    assert_hit(&hit(&forge.bytes, 30 * SECTOR, 9), needed, "9 bytes of boot image 1 (x86)");
    assert_hit(&hit(&forge.bytes, 0, 512), needed, "512 bytes of the MBR");
    let found = hit(&forge.bytes, 40 * SECTOR, 5);
    assert_hit(&found, needed, "5 bytes of boot image 2 (EFI)");
    assert_hit(&found, needed, "5 bytes of partition 2 of the MBR (EFI system)");
    assert_hit(&hit(&forge.bytes, 250 * 512, 5), needed, "5 bytes of partition 3 of the MBR (Linux)");
    // The size of the second is that of its FAT, 8 sectors.
    assert!(!hit(&forge.bytes, 42 * SECTOR, 5).iter().any(|(kind, _)| kind == needed));
    // Cut in the partition behind the volume.
    let said = of_bytes(&forge.bytes[..250 * 512], &[]);
    assert_eq!((said.json["missing"].as_u64(), said.damage()), (Some(6 * 512), kinds(&["cut", needed])));
    // In front of the catalog: it is told by its bytes.
    let said = of_bytes(&forge.bytes[..catalog - SECTOR / 2], &[]);
    let texts: Vec<&str> = said.of(needed).iter().map(|f| f["message"].as_str().unwrap()).collect();
    assert!(texts.iter().any(|text| text.contains("bytes of the boot catalog are lost")), "{texts:?}");
    assert!(!said.damage().contains("boot-image"), "{}", said.json);
}

/// An image with boot images, which is a disk too, by these words of xorriso.
fn hybrid(workshop: &Workshop, words: &[&str]) -> PathBuf {
    let source = workshop.source();
    fs::create_dir_all(source.join("boot")).unwrap();
    let mut efi = fat(5000, 512);
    efi.extend(maker::bytes(2, 5000 * 512 - efi.len()));
    fs::write(source.join("boot/program.bin"), maker::bytes(1, 30_000)).unwrap();
    fs::write(source.join("data"), maker::bytes(3, 1_000_000)).unwrap();
    let (mbr, appended) = (workshop.path("mbr"), workshop.path("efi.img"));
    fs::write(&mbr, maker::bytes(4, 432)).unwrap();
    fs::write(&appended, efi).unwrap();
    let common = ["-R", "-b", "boot/program.bin", "-no-emul-boot", "-boot-load-size", "4"];
    let own = words.iter().map(|word| match *word {
        "{mbr}" => mbr.to_str().unwrap(),
        "{efi}" => appended.to_str().unwrap(),
        word => word,
    });
    let words: Vec<&str> = common.into_iter().chain(own).collect();
    maker::xorriso(&workshop.image(), &source, &words);
    workshop.image()
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_gpt_is_whole_or_its_first_or_its_copy_is_damaged() {
    if lacks(&["xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let words = ["-eltorito-alt-boot", "-e", "--interval:appended_partition_2:::", "-no-emul-boot"];
    let words = [&words[..], &["-append_partition", "2", "0xef", "{efi}", "-appended_part_as_gpt"]].concat();
    let image = hybrid(&workshop, &words);
    let said = check(&image, &[]);
    said.assert_whole();
    assert!(said.findings().is_empty(), "{}", said.json);
    let bytes = fs::read(&image).unwrap();
    let copy = bytes.len() - 512;
    assert!(bytes[512..].starts_with(b"EFI PART") && bytes[copy..].starts_with(b"EFI PART"));
    let changed = |at: &[usize]| {
        let mut bytes = bytes.clone();
        at.iter().for_each(|at| bytes[*at] ^= 1);
        of_bytes(&bytes, &[])
    };
    // In the header: its number of the disk; in the entries: the name of the first.
    for at in [512 + 60, 1024 + 56] {
        let said = changed(&[at]);
        said.assert_damaged();
        assert_eq!(
            (said.damage(), said.of("partition-table")[0]["at"].as_u64()),
            (kinds(&["partition-table"]), Some(512))
        );
    }
    let said = changed(&[copy + 60]);
    assert_eq!((said.code, said.remarks()), (0, kinds(&["partition-table-copy"])), "{}", said.json);
    let said = changed(&[512 + 60, copy + 60]);
    assert_eq!((said.code, said.damage()), (5, kinds(&["partition-table"])));
    // What each is when a map hits it; the appended partition is a boot image too.
    assert_hit(&hit(&bytes, 512, 92), "spare-bytes", "92 bytes of the GPT");
    assert_hit(&hit(&bytes, copy, 92), "spare-bytes", "92 bytes of the copy of the GPT");
    let efi = bytes.windows(11).position(|window| window == b"\xeb\x3c\x90FORGED  ").unwrap();
    let found = hit(&bytes, efi + 1000, 10);
    assert_hit(&found, "structure-bytes", "10 bytes of boot image 2 (EFI)");
    assert_hit(&found, "structure-bytes", "10 bytes of partition 2 of the GPT");
    // Partitions that fill what lies between others are nothing of their own.
    let data = bytes.windows(64).position(|window| window == &maker::bytes(3, 64)[..]).unwrap();
    let found = hit(&bytes, data, 10);
    assert_eq!(found.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), ["file-bytes"], "{found:?}");
    // The picture has the file of the first boot image, and the second, which is none.
    let picture = workshop.path("p.svg");
    check(&image, &["--quick", "--picture", picture.to_str().unwrap()]);
    let text = text_of(&picture);
    for part in [">/data&#10;", ">partition 2 of the GPT (EFI system)&#10;", ">boot images, partitions<"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn an_apple_partition_map_is_read_and_its_damage_told() {
    if lacks(&["xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = hybrid(&workshop, &["-hfsplus", "-apm-block-size", "2048"]);
    let bytes = fs::read(&image).unwrap();
    let Some(block) = [512usize, 1024, 2048].into_iter().find(|at| bytes[*at..].starts_with(b"PM")) else {
        eprintln!("skipped: this xorriso makes no Apple partition map so");
        return;
    };
    let said = check(&image, &[]);
    said.assert_whole();
    assert_eq!(said.remarks(), kinds(&[]), "{}", said.json);
    assert_hit(&hit(&bytes, block, 50), "structure-bytes", "50 bytes of the Apple partition map");
    let mut damaged = bytes.clone();
    damaged[2 * block] ^= 1;
    let said = of_bytes(&damaged, &[]);
    said.assert_damaged();
    assert_eq!(
        (said.damage(), said.of("partition-table")[0]["at"].as_u64()),
        (kinds(&["partition-table"]), Some(2 * block as u64))
    );
}

#[test]
fn partitions_that_lie_in_each_other_are_no_work() {
    // As many as a GPT can have, all over the same bytes, and a chain of extended ones.
    let mut forge = bootable(&ENTRIES);
    let mut record = master_boot_record(&[(0, 5, 128, 1000)]);
    forge.put(0, &record);
    for n in 128..1000u32 {
        record = master_boot_record(&[(0, 0x83, 0, u32::MAX), (0, 5, n - 127, 60)]);
        forge.put(n as usize * 512, &record);
    }
    let directory = tempfile::tempdir().unwrap();
    let picture = directory.path().join("p.svg");
    let start = std::time::Instant::now();
    let said = of_bytes(&forge.bytes, &["--picture", picture.to_str().unwrap()]);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    assert!(said.damage().contains("partition-table"), "{}", said.json);
    assert!(text_of(&picture).len() < 4 << 20);
}
