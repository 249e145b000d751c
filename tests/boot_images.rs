//! `-o boot` and `extract --boot` on images that other programs make: every boot image and partition is what was put in.
//!
//! Mounts need root and `/dev/fuse`; what is missing is said on stderr, and the test passes.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    os::unix::fs::{DirEntryExt, MetadataExt},
    path::Path,
    process::{Command, Output},
};

use isomount::open::{Image, OpenOptions, Scheme, SizeBy};
use nix::sys::statvfs::statvfs;
use support::{
    boot::{CATALOG, X86, boot_entry, fat, master_boot_record},
    forge::{Forge, ROOT, SECTOR, file},
    maker::{self, Workshop, lacks},
    mounted::{self, Mounted, PROGRAM, said},
};

const FUSE: &str = "/dev/fuse";

/// What goes into images: a program that is loaded in part and ends in the middle of a sector, and a FAT file system.
struct Parts {
    program: Vec<u8>,
    efi: Vec<u8>,
}

/// A tree with both, and a file beside them.
fn parts(workshop: &Workshop) -> Parts {
    let program = maker::bytes(1, 30_001);
    let mut efi = fat(5000, 512);
    efi.extend(maker::bytes(2, 5000 * 512 - efi.len()));
    let source = workshop.source();
    fs::create_dir_all(source.join("boot/deep")).unwrap();
    fs::write(source.join("boot/deep/program.bin"), &program).unwrap();
    fs::write(source.join("boot/efi.img"), &efi).unwrap();
    fs::write(source.join("data"), maker::bytes(3, 3_000_000)).unwrap();
    fs::write(workshop.path("efi.img"), &efi).unwrap();
    fs::write(workshop.path("mbr"), maker::bytes(4, 432)).unwrap();
    Parts { program, efi }
}

/// What the program does with these words, the path of the image in the place of `{}`.
fn run(image: &Path, words: &[&str]) -> Output {
    let words = words.iter().map(|word| if *word == "{}" { image.as_os_str() } else { word.as_ref() });
    Command::new(PROGRAM).args(words).output().unwrap()
}

/// The files in `.boot`, by `extract`.
fn extracted(workshop: &Workshop) -> BTreeMap<String, Vec<u8>> {
    let to = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["extract", "--boot", "-C"]).arg(to.path()).arg(workshop.image()).arg(".boot");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let files = fs::read_dir(to.path().join(".boot")).unwrap().map(|entry| entry.unwrap());
    files.map(|f| (f.file_name().into_string().unwrap(), fs::read(f.path()).unwrap())).collect()
}

/// The bytes of a partition, by the numbers that xorriso says.
fn slice(workshop: &Workshop, start: usize, sectors: usize) -> Vec<u8> {
    fs::read(workshop.image()).unwrap()[start * 512..][..sectors * 512].to_vec()
}

fn assert_files(found: &BTreeMap<String, Vec<u8>>, expected: &[(&str, &[u8])]) {
    let there: BTreeSet<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(there, expected.iter().map(|(name, _)| *name).collect());
    for (name, bytes) in expected {
        assert_eq!(found[*name].len(), bytes.len(), "{name}");
        assert!(found[*name] == *bytes, "{name}");
    }
}

/// The words of `xorriso -as mkisofs` for the two images of [`parts`].
const PROGRAM_WORDS: [&str; 6] =
    ["-R", "-b", "boot/deep/program.bin", "-no-emul-boot", "-boot-load-size", "4"];

fn xorriso(workshop: &Workshop, words: &[&str]) {
    let (mbr, efi) = (workshop.path("mbr"), workshop.path("efi.img"));
    let fill = |word: &&str| match *word {
        "{mbr}" => mbr.to_str().unwrap().to_owned(),
        "{efi}" => efi.to_str().unwrap().to_owned(),
        word => word.to_owned(),
    };
    let words: Vec<String> = words.iter().map(fill).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    maker::xorriso(&workshop.image(), &workshop.source(), &words);
}

/// What xorriso says of partitions: scheme and number, first sector, sectors.
fn partitions_by_xorriso(image: &Path) -> BTreeMap<(String, u64), (u64, u64)> {
    let words = ["-no_rc", "-indev", image.to_str().unwrap(), "-report_system_area", "plain"];
    let output = maker::output("xorriso", words);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut found = Vec::new();
    let mut block = 512;
    for line in said.lines() {
        let Some((what, rest)) = line.split_once(':') else { continue };
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |at: usize| fields[at].parse::<u64>().unwrap();
        match (what.trim(), fields.len()) {
            ("APM block size", 1) => block = number(0),
            ("MBR partition", 5) => found.push((("mbr".to_owned(), number(0)), (number(3), number(4)))),
            ("GPT start and size", 3) => {
                found.push((("gpt".to_owned(), number(0)), (number(1), number(2))));
            }
            // It does not count the entry of the map itself.
            ("APM start and size", 3) => {
                let place = (number(1) * block / 512, number(2) * block / 512);
                found.push((("apple".to_owned(), number(0) + 1), place));
            }
            _ => {}
        }
    }
    found.into_iter().collect()
}

/// The partitions are where xorriso says.
fn assert_partitions(workshop: &Workshop, count: usize) {
    let image = Image::open(&workshop.image(), &OpenOptions::default()).unwrap();
    let boot = image.boot().unwrap();
    assert_eq!((&boot.findings.lost[..], &boot.findings.noted[..]), (&[][..], &[][..]));
    let mut found = BTreeMap::new();
    for table in &boot.tables {
        for partition in &table.partitions {
            // That of the map itself.
            if table.scheme == Scheme::Apple && partition.number == 1 {
                continue;
            }
            let key = (table.scheme.word().to_owned(), partition.number.into());
            found.insert(key, (partition.at / 512, partition.size / 512));
        }
    }
    assert_eq!(found, partitions_by_xorriso(&workshop.image()));
    assert_eq!(found.len(), count);
}

#[test]
fn a_hybrid_image_for_bios_and_efi() {
    if lacks(&["xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let parts = parts(&workshop);
    let efi = ["-eltorito-alt-boot", "-e", "boot/efi.img", "-no-emul-boot", "-isohybrid-gpt-basdat"];
    let words = [&PROGRAM_WORDS[..], &["-boot-info-table"], &efi, &["-isohybrid-mbr", "{mbr}"]].concat();
    xorriso(&workshop, &words);
    assert_partitions(&workshop, 4);
    let found = extracted(&workshop);
    // The table is written into the program.
    let program = [&parts.program[..8], &found["eltorito-1-x86.img"][8..64], &parts.program[64..]].concat();
    let expected = [
        ("eltorito-1-x86.img", &program[..]),
        ("eltorito-2-efi.img", &parts.efi),
        ("gpt-2.img", &parts.efi),
        ("mbr-2-efi.img", &parts.efi),
    ];
    assert_files(&found, &expected);
    let image = Image::open(&workshop.image(), &OpenOptions::default()).unwrap();
    let boot = image.boot().unwrap();
    let by: Vec<SizeBy> = boot.catalog.iter().flat_map(|c| &c.images).map(|image| image.size_by).collect();
    assert_eq!(by, [SizeBy::BootInfoTable, SizeBy::FileSystem]);
}

#[test]
fn appended_partitions_are_what_was_appended() {
    if lacks(&["xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let parts = parts(&workshop);
    let alone = ["-append_partition", "2", "0xef", "{efi}", "-append_partition", "3", "0x83", "{mbr}"];
    xorriso(&workshop, &[&PROGRAM_WORDS[..], &alone].concat());
    assert_partitions(&workshop, 3);
    // They are filled up to a block of the image.
    let filled = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
        bytes
    };
    let (efi, mbr) = (filled(&parts.efi), filled(&maker::bytes(4, 432)));
    let expected = [("eltorito-1-x86.img", &parts.program[..]), ("mbr-2-efi.img", &efi), ("mbr-3.img", &mbr)];
    assert_files(&extracted(&workshop), &expected);
    // As a GPT, and a boot image at once, behind a copy of the descriptors.
    let as_image = ["-eltorito-alt-boot", "-e", "--interval:appended_partition_2:all::", "-no-emul-boot"];
    let appended =
        ["-append_partition", "2", "0xef", "{efi}", "-appended_part_as_gpt", "-partition_offset", "16"];
    xorriso(&workshop, &[&PROGRAM_WORDS[..], &["-boot-info-table"], &as_image, &appended].concat());
    assert_partitions(&workshop, 4);
    let found = extracted(&workshop);
    assert!(found["eltorito-2-efi.img"][..parts.efi.len()] == parts.efi);
    assert!(found["gpt-2-efi.img"] == efi);
    assert_eq!(found["eltorito-1-x86.img"].len(), parts.program.len());
    let names: Vec<&String> = found.keys().collect();
    // The last is what libisofs calls a gap.
    assert_eq!(names, ["eltorito-1-x86.img", "eltorito-2-efi.img", "gpt-2-efi.img", "gpt-3.img"]);
}

#[test]
fn an_apple_map_leads_to_hfs_plus() {
    if lacks(&["xorriso"]) {
        return;
    }
    let with_gpt = ["-efi-boot-part", "--efi-boot-image", "--grub2-mbr", "{mbr}", "--protective-msdos-label"];
    for (block, words) in [("512", &[][..]), ("2048", &with_gpt)] {
        let workshop = Workshop::new();
        let parts = parts(&workshop);
        let hfs = ["-hfsplus", "-apm-block-size", block];
        let efi = ["-eltorito-alt-boot", "-e", "boot/efi.img", "-no-emul-boot"];
        xorriso(&workshop, &[&PROGRAM_WORDS[..], &efi, &hfs, words].concat());
        let map = partitions_by_xorriso(&workshop.image());
        assert_partitions(&workshop, map.len());
        let found = extracted(&workshop);
        assert!(found["eltorito-2-efi.img"] == parts.efi);
        assert!(
            found["eltorito-1-x86.img"] == parts.program,
            "by the file, as nothing else says how long it is"
        );
        let hfs: Vec<&String> = found.keys().filter(|name| name.ends_with("-hfs.img")).collect();
        assert_eq!(hfs.len(), if words.is_empty() { 1 } else { 2 }, "{hfs:?}");
        for name in hfs {
            assert_eq!(&found[name][1024..1026], b"H+", "{name}");
            let mut words = name.split('-');
            let key = (words.next().unwrap().to_owned(), words.next().unwrap().parse().unwrap());
            let (start, sectors) = map[&key];
            assert!(found[name] == slice(&workshop, start as usize, sectors as usize), "{name}");
        }
        assert!(!found.keys().any(|name| name.starts_with("mbr-")), "it only protects: {:?}", found.keys());
    }
}

#[test]
fn floppies_and_hard_disks_of_genisoimage() {
    if lacks(&["genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let source = workshop.source();
    let mut floppy = maker::bytes(5, 1440 << 10);
    floppy[0] = 0xeb;
    let mut disk = master_boot_record(&[(0x80, 6, 63, 2000)]);
    disk.extend(maker::bytes(6, 2063 * 512 + 700 - disk.len()));
    fs::write(source.join("floppy.img"), &floppy).unwrap();
    fs::write(source.join("disk.img"), &disk).unwrap();
    fs::write(source.join("other"), maker::bytes(7, 5_000_000)).unwrap();
    for options in [&["-R"][..], &["-J"], &["-R", "-udf"]] {
        maker::genisoimage(&workshop.image(), &source, &[options, &["-b", "floppy.img"]].concat());
        assert_files(&extracted(&workshop), &[("eltorito-1-x86-floppy.img", &floppy)]);
        let hard_disk = ["-b", "disk.img", "-hard-disk-boot"];
        maker::genisoimage(&workshop.image(), &source, &[options, &hard_disk].concat());
        assert_files(&extracted(&workshop), &[("eltorito-1-x86-disk.img", &disk)]);
        let loaded = ["-b", "disk.img", "-no-emul-boot", "-boot-load-size", "4"];
        maker::genisoimage(&workshop.image(), &source, &[options, &loaded].concat());
        assert_files(&extracted(&workshop), &[("eltorito-1-x86.img", &disk)]);
    }
}

#[test]
fn a_mount_shows_the_directory_as_any_other() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let parts = parts(&workshop);
    fs::create_dir(workshop.path("source/empty")).unwrap();
    let efi = ["-eltorito-alt-boot", "-e", "boot/efi.img", "-no-emul-boot", "-isohybrid-gpt-basdat"];
    xorriso(&workshop, &[&PROGRAM_WORDS[..], &efi, &["-isohybrid-mbr", "{mbr}"]].concat());
    let plain = Mounted::new(&workshop.image(), "");
    assert!(!plain.join(".boot").exists());
    let mount = Mounted::new(&workshop.image(), "boot,check=relaxed,uid=7,umask=022");
    let (before, root) = (fs::metadata(plain.path()).unwrap(), fs::metadata(mount.path()).unwrap());
    assert_eq!(root.nlink(), if before.nlink() > 1 { before.nlink() + 1 } else { 1 });
    let names = mounted::names(mount.path());
    let mut expected = mounted::names(plain.path());
    expected.insert(".boot".into());
    assert_eq!(names, expected);
    let boot = mount.join(".boot");
    let stat = fs::metadata(&boot).unwrap();
    assert_eq!((stat.mode(), stat.nlink(), stat.uid(), stat.mtime()), (0o040_555, 2, 7, root.mtime()));
    let files = ["eltorito-1-x86.img", "eltorito-2-efi.img", "gpt-2.img", "mbr-2-efi.img"];
    assert_eq!(mounted::names(&boot), files.map(OsString::from).into());
    assert_eq!(fs::metadata(boot.join("..")).unwrap().ino(), root.ino());
    for entry in fs::read_dir(&boot).unwrap() {
        let entry = entry.unwrap();
        let stat = fs::metadata(entry.path()).unwrap();
        assert_eq!((entry.ino(), stat.mode(), stat.nlink(), stat.uid()), (stat.ino(), 0o100_444, 1, 7));
        let name = entry.file_name().into_string().unwrap();
        let bytes = if name.starts_with("eltorito-1") { &parts.program } else { &parts.efi };
        assert!(fs::read(entry.path()).unwrap() == *bytes, "{name}");
    }
    assert!(fs::read(mount.join(".BOOT/ElTorito-1-X86.img")).unwrap() == parts.program);
    let (with, without) = (statvfs(mount.path()).unwrap(), statvfs(plain.path()).unwrap());
    assert_eq!((with.blocks(), with.files()), (without.blocks(), without.files()));
    assert_eq!(fs::write(boot.join("new"), "x").unwrap_err().raw_os_error(), Some(30));
    // The numbers are the same in the next mount.
    let again = Mounted::new(&workshop.image(), "boot");
    for name in files {
        let number = |mount: &Mounted| fs::metadata(mount.join(".boot").join(name)).unwrap().ino();
        assert_eq!(number(&mount), number(&again), "{name}");
    }
}

#[test]
fn every_command_has_the_directory_when_it_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let (image, to) = (directory.path().join("image.iso"), directory.path().join("to"));
    let mut forge = Forge::new();
    forge.directory(ROOT, ROOT, &[file("A.;1", 30, 3)]).block(30, b"abc");
    forge.bootable(&[boot_entry(X86, 1, 31)]).block(31, &[b'y'; 512]);
    fs::write(&image, &forge.bytes).unwrap();
    let said = |words: &[&str]| {
        let output = run(&image, words);
        assert!(output.status.success(), "{words:?}: {}", mounted::said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(said(&["find", "-o", "boot", "{}", "*"]), "/.boot\n/.boot/eltorito-1-x86.img\n/a\n");
    assert_eq!(said(&["find", "{}", "*"]), "/a\n");
    assert_eq!(said(&["cat", "-o", "boot", "{}", ".boot/eltorito-1-x86.img"]), "y".repeat(512));
    assert_eq!(said(&["ls", "-o", "boot", "{}", ".boot"]), "eltorito-1-x86.img\n");
    assert!(said(&["tree", "-a", "-o", "boot", "{}"]).contains("eltorito-1-x86.img"));
    for (words, names) in [
        (&["--boot", "{}"][..], &[".boot", "a"][..]),
        (&["-o", "boot", "{}"], &[".boot", "a"]),
        (&["--boot", "{}", ".boot"], &[".boot"]),
        (&["{}"], &["a"]),
    ] {
        said(&[&["extract", "-C", to.to_str().unwrap()], words].concat());
        assert_eq!(mounted::names(&to), names.iter().map(OsString::from).collect(), "{words:?}");
        fs::remove_dir_all(&to).unwrap();
    }
    // An image without anything to start from.
    fs::write(&image, &Forge::new().bytes).unwrap();
    assert_eq!(said(&["find", "-o", "boot", "{}", "*"]), "/.boot\n");
}

#[test]
fn what_is_lost_of_a_catalog_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image.iso");
    let mut forge = Forge::new();
    forge.bootable(&[boot_entry(X86, 4, 30)]);
    let catalog = CATALOG as usize * SECTOR;
    let listed = |forge: &Forge| {
        fs::write(&image, &forge.bytes).unwrap();
        let output = run(&image, &["ls", "-R", "-a", "-o", "boot", "{}"]);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), said(&output))
    };
    forge.bytes[catalog] = 9;
    let (code, names, told) = listed(&forge);
    assert_eq!(code, Some(5), "{told}");
    assert!(told.contains("boot catalog at byte 38912: validation entry is missing"), "{told}");
    assert!(names.contains(".boot") && !names.contains("eltorito"), "{names}");
    // A checksum is noted only.
    forge.bytes[catalog] = 1;
    forge.bytes[catalog + 28] ^= 1;
    let (code, names, told) = listed(&forge);
    assert!(code == Some(0) && told.is_empty() && names.contains("eltorito-1-x86.img"), "{told}{names}");
}

#[test]
fn what_a_cut_image_has_of_a_partition_is_extracted_on_request() {
    let directory = tempfile::tempdir().unwrap();
    let (image, to) = (directory.path().join("image.iso"), directory.path().join("to"));
    let mut forge = Forge::new();
    forge.master_boot_record(&[(0, 0xef, 200, 16)]);
    forge.block(50, &[7; 3 * SECTOR]);
    fs::write(&image, &forge.bytes).unwrap();
    let extract = |words: &[&str]| {
        run(&image, &[&["extract", "--boot", "-C", to.to_str().unwrap()], words, &["{}"]].concat())
    };
    let output = extract(&[]);
    assert_eq!(output.status.code(), Some(5));
    assert!(said(&output).contains(".boot/mbr-1-efi.img: damaged at byte 6144"), "{}", said(&output));
    assert!(!to.join(".boot/mbr-1-efi.img").exists());
    assert_eq!(extract(&["--keep-damaged"]).status.code(), Some(5));
    let kept = fs::read(to.join(".boot/mbr-1-efi.img")).unwrap();
    assert!(kept[..6144] == [7; 6144] && kept[6144..] == [0; 2048]);
}
