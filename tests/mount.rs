//! Real mounts of images that other programs make, compared with the tree they were made of.
//!
//! They need root, `/dev/fuse` and the programs that make images; what is missing is said on stderr, and the test passes.
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
    ffi::OsString,
    fs::{self, File},
    io::{self, ErrorKind, Read},
    os::unix::{
        ffi::OsStrExt,
        fs::{FileExt, MetadataExt, PermissionsExt, chown, symlink},
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use nix::sys::{signal::Signal, statfs::statfs, statvfs::statvfs};
use support::{
    listing::{self, Lines},
    maker::{self, Abilities, GENISOIMAGE, GENISOIMAGE_LEVEL_4, Workshop, XORRISO, lacks},
    mounted::{self, Mounted, PATIENCE},
};

const FUSE: &str = "/dev/fuse";

fn assert_same(source: &Lines, found: &Lines) {
    let differences = listing::differences(source, found);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

/// Makes an image of one of everything, mounts it and compares; returns the names that share a number in the source and in
/// the mount.
fn everything_by(can: Abilities, make: impl Fn(&Path, &Path)) -> [BTreeSet<BTreeSet<String>>; 2] {
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    maker::everything(&source, can);
    make(&image, &source);
    let mounted = Mounted::new(&image, "");
    assert_same(&mounted::on_disk(&source), &mounted::on_disk(mounted.path()));
    [&*source, mounted.path()].map(mounted::hard_links)
}

/// Without the numbers of RRIP 1.12 only names with the same bytes are known to be one file.
fn assert_some_hard_links([source, found]: [BTreeSet<BTreeSet<String>>; 2]) {
    let names = ["./hard/first", "./hard/second", "./hard/below/third"].map(str::to_owned);
    assert!(found.contains(&BTreeSet::from(names)), "{found:?}");
    assert!(found.is_subset(&source), "{found:?}");
}

#[test]
fn everything_from_xorriso() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    for options in
        [&["-R"][..], &["-R", "-J", "-joliet-long"], &["-R", "-iso-level", "4"], &["-R", "--old-root-no-md5"]]
    {
        if options.contains(&"--old-root-no-md5") {
            continue;
        }
        assert_some_hard_links(everything_by(XORRISO, |image, source| {
            maker::xorriso(image, source, options)
        }));
    }
}

#[test]
fn hard_links_from_xorriso_share_a_number() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let commands = ["-outdev", "{}", "-hardlinks", "on", "-map", "{}", "/"];
    let [source, found] = everything_by(XORRISO, |i, s| maker::native_xorriso(&commands, &[i, s]));
    assert_eq!(source.len(), 5);
    assert_eq!(found, source);
}

#[test]
fn everything_from_genisoimage() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    for level in ["1", "2", "3"] {
        let options = ["-R", "-iso-level", level];
        assert_some_hard_links(everything_by(GENISOIMAGE, |i, s| maker::genisoimage(i, s, &options)));
    }
    let options = ["-R", "-iso-level", "4", "-allow-leading-dots"];
    assert_some_hard_links(everything_by(GENISOIMAGE_LEVEL_4, |i, s| maker::genisoimage(i, s, &options)));
    let options = ["-R", "-J", "-joliet-long"];
    assert_some_hard_links(everything_by(GENISOIMAGE, |i, s| maker::genisoimage(i, s, &options)));
}

#[test]
fn dates_behind_2027_from_genisoimage() {
    if lacks(&["root", FUSE, "genisoimage", "env"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    for moment in [1_897_487_800, 2_147_483_648, 2_200_000_000, 4_294_967_296, 5_869_500_000] {
        fs::write(source.join(format!("time{moment}")), b"").unwrap();
        maker::set_time(&source.join(format!("time{moment}")), moment);
    }
    maker::set_time(&source, maker::SOME_TIME);
    // It records a time zone of -24 hours, which is none: the stamp counts as it is.
    let program = ["TZ=UTC", "genisoimage", "-quiet", "-R", "-o"].map(Path::new);
    maker::run("env", program.into_iter().chain([&*image, &*source]));
    let mounted = Mounted::new(&image, "");
    assert_same(&mounted::on_disk(&source), &mounted::on_disk(mounted.path()));
}

#[test]
fn xa_information_in_front_of_rock_ridge() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    assert_some_hard_links(everything_by(GENISOIMAGE, |i, s| maker::genisoimage(i, s, &["-R", "-XA"])));
}

#[test]
fn sockets() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    maker::node(&source.join("socket"), nix::sys::stat::SFlag::S_IFSOCK, 0, 0);
    fs::write(source.join("file"), b"x").unwrap();
    maker::xorriso(&image, &source, &["-R"]);
    let mounted = Mounted::new(&image, "");
    assert_same(&mounted::on_disk(&source), &mounted::on_disk(mounted.path()));
}

/// `CL`, with which Rock Ridge names the true place of a relocated directory.
const CHILD_LINK: &[u8] = b"CL\x0c\x01";

/// Makes an image of deep directories with relocation, mounts it and compares.
fn relocated_by(source: &Path, image: &Path, make: impl Fn()) {
    maker::deep(&source.join("deep"), 12);
    maker::settle(source, maker::SOME_TIME);
    make();
    assert!(maker::contains(image, CHILD_LINK), "nothing was relocated");
    let mounted = Mounted::new(image, "");
    assert_same(&mounted::on_disk(source), &mounted::on_disk(mounted.path()));
    // `..` leads up the true path, and back to the root.
    let deepest: PathBuf = (1..=12).map(|level| format!("level{level}")).take(11).collect();
    let deepest = mounted.join("deep").join(deepest);
    for directory in deepest.ancestors().take_while(|place| *place != mounted.path()) {
        let above = fs::metadata(directory.join("..")).unwrap().ino();
        let parent = fs::metadata(directory.parent().unwrap()).unwrap().ino();
        assert_eq!(above, parent, "{}", directory.display());
        assert_dots(directory);
    }
}

#[test]
fn relocated_directories_from_genisoimage() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    relocated_by(&source, &image, || maker::genisoimage(&image, &source, &["-R"]));
}

#[test]
fn relocated_directories_from_xorriso() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    // The last one means the root.
    for place in ["rr_moved", ".rr_moved", "elsewhere", ""] {
        for has_own in [false, true] {
            let workshop = Workshop::new();
            let (source, image) = (workshop.source(), workshop.image());
            if has_own {
                fs::create_dir_all(source.join(place).join("mine")).unwrap();
                fs::write(source.join(place).join("also mine"), place).unwrap();
            }
            let start = ["-outdev", "{}", "-compliance", "deep_paths_off", "-rr_reloc_dir", place];
            let commands = [&start[..], &["-map", "{}", "/"]].concat();
            relocated_by(&source, &image, || maker::native_xorriso(&commands, &[&image, &source]));
        }
    }
}

#[test]
fn many_files_in_one_directory() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    const COUNT: usize = 20_000;
    let workshop = Workshop::new();
    let directory = workshop.source().join("many");
    fs::create_dir(&directory).unwrap();
    let name = |i: usize| format!("file number {i}");
    let size = |i: usize| i % 7;
    for i in 0..COUNT {
        fs::write(directory.join(name(i)), &b"1234567"[..size(i)]).unwrap();
    }
    maker::xorriso(&workshop.image(), &workshop.source(), &["-R"]);
    let mounted = Mounted::new(&workshop.image(), "");
    let directory = mounted.join("many");
    // Looked up before anything is listed, and not in order: 7919 and 20 000 have no common divisor.
    for i in (0..COUNT).map(|i| i * 7919 % COUNT) {
        assert_eq!(fs::metadata(directory.join(name(i))).unwrap().len(), size(i) as u64, "{}", name(i));
    }
    let error = fs::metadata(directory.join(name(COUNT))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let expected: BTreeSet<OsString> = (0..COUNT).map(|i| name(i).into()).collect();
    assert_eq!(mounted::names(&directory), expected);
    // Through a buffer for a few names at a time: each once, and none left out.
    let entries = raw::entries(&directory, 200);
    assert_eq!(entries.len(), COUNT + 2);
    let listed: BTreeSet<OsString> = entries.into_iter().map(|(name, _)| name).collect();
    assert!(expected.is_subset(&listed));
}

/// What a view without owners and permissions shows of a source.
fn without_rock_ridge(mut lines: Lines) -> Lines {
    for fields in lines.values_mut() {
        fields[1] = "555".into();
        if fields[0] == "f" {
            fields[2] = "1".into();
        }
        (fields[3], fields[4]) = ("0".into(), "0".into());
    }
    lines
}

#[test]
fn the_joliet_view() {
    if lacks(&["root", FUSE, "xorriso", "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let source = workshop.source();
    let long = |len: usize| format!("{}.txt", "l".repeat(len - 4));
    let umlauts = "é".repeat(40);
    let all = [
        "a",
        "MixedCase.Text",
        "with space",
        "Ünïcödé ☃ 日本.txt",
        "no.version.here",
        ".dot",
        "b.c~d",
        &umlauts,
    ];
    fs::create_dir_all(source.join("directory/Below it")).unwrap();
    for name in all.iter().map(|name| (*name).to_owned()).chain([long(64), long(63)]) {
        fs::write(source.join(&name), &name).unwrap();
        fs::write(source.join("directory/Below it").join(&name), b"").unwrap();
    }
    fs::write(source.join("directory/large"), maker::bytes(3, 300_001)).unwrap();
    maker::settle(&source, maker::SOME_TIME);
    let compare = |image: &Path| {
        let expected = without_rock_ridge(mounted::on_disk(&source));
        for options in ["view=joliet", "norock"] {
            let mounted = Mounted::new(image, options);
            assert_same(&expected, &mounted::on_disk(mounted.path()));
        }
    };
    maker::xorriso(&workshop.image(), &source, &["-R", "-J"]);
    compare(&workshop.image());
    maker::genisoimage(&workshop.image(), &source, &["-R", "-J"]);
    compare(&workshop.image());
    fs::write(source.join(long(103)), b"long").unwrap();
    maker::settle(&source, maker::SOME_TIME);
    maker::xorriso(&workshop.image(), &source, &["-R", "-J", "-joliet-long"]);
    compare(&workshop.image());
    maker::genisoimage(&workshop.image(), &source, &["-R", "-J", "-joliet-long"]);
    compare(&workshop.image());
}

#[test]
fn the_plain_view() {
    if lacks(&["root", FUSE, "xorriso", "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    fs::create_dir_all(source.join("dir1/dir2")).unwrap();
    for name in ["readme.txt", "none", "dir1/a.b", "dir1/dir2/numbers1.234"] {
        fs::write(source.join(name), name).unwrap();
    }
    maker::settle(&source, maker::SOME_TIME);
    let compare = || {
        let mounted = Mounted::new(&image, "norock,nojoliet");
        assert_same(&without_rock_ridge(mounted::on_disk(&source)), &mounted::on_disk(mounted.path()));
    };
    for level in ["1", "2", "3"] {
        maker::genisoimage(&image, &source, &["-R", "-J", "-iso-level", level]);
        compare();
        maker::xorriso(&image, &source, &["-R", "-J", "-iso-level", level]);
        compare();
    }
    // Level 4 takes names as they are. With Rock Ridge genisoimage leaves them 193 bytes.
    for name in [
        "MixedCase and spaces.Text",
        "a.b.c",
        "Ünïcödé ☃ 日本.txt",
        "semi;colon",
        "trailing.",
        &"l".repeat(190),
    ] {
        fs::write(source.join(name), name).unwrap();
    }
    maker::settle(&source, maker::SOME_TIME);
    maker::genisoimage(&image, &source, &["-R", "-iso-level", "4"]);
    compare();
    maker::xorriso(&image, &source, &["-R", "-iso-level", "4"]);
    compare();
}

#[test]
fn a_file_of_more_than_4_gib() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    if workshop.lacks_room(15) {
        return;
    }
    const SIZE: u64 = 4_400_000_123;
    const ISLAND: usize = 100_000;
    // One lies across the end of the first section, which is the largest number of whole sectors in 32 bits.
    let islands =
        [0, 1_234_567, (1 << 31) - 50_000, (1 << 32) - 2048 - 50_000, (1 << 32) - 1024, SIZE - ISLAND as u64];
    let file = File::create(source.join("huge")).unwrap();
    file.set_len(SIZE).unwrap();
    for (seed, at) in islands.into_iter().enumerate() {
        file.write_all_at(&maker::bytes(seed as u64, ISLAND), at).unwrap();
    }
    drop(file);
    fs::write(source.join("after"), b"after").unwrap();
    let mut xorriso = Command::new("xorriso");
    xorriso.args(["-as", "mkisofs", "-quiet", "-iso-level", "3", "-R"]).arg(&source);
    let mut xorriso = xorriso.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    maker::write_sparsely(xorriso.stdout.take().unwrap(), &image);
    assert!(xorriso.wait().unwrap().success());

    let mounted = Mounted::new(&image, "");
    assert_eq!(fs::read(mounted.join("after")).unwrap(), b"after");
    let (expected, found) =
        (File::open(source.join("huge")).unwrap(), File::open(mounted.join("huge")).unwrap());
    assert_eq!(found.metadata().unwrap().len(), SIZE);
    let compare = |at: u64, len: usize| {
        let read = |file: &File| {
            let mut buf = vec![0; len];
            file.read_exact_at(&mut buf, at).unwrap();
            buf
        };
        assert!(read(&expected) == read(&found), "{len} bytes at {at}");
    };
    for at in islands {
        let before = at.saturating_sub(3333);
        compare(before, (ISLAND + 6666).min(usize::try_from(SIZE - before).unwrap()));
    }
    for word in maker::bytes(42, 8 * 64).chunks_exact(8) {
        let at = u64::from_le_bytes(word.try_into().unwrap());
        compare(at % (SIZE - 10_000), 10_000);
    }
    assert_eq!(found.read_at(&mut [0; 10], SIZE).unwrap(), 0);
    assert_eq!(found.read_at(&mut [0; 10], SIZE - 3).unwrap(), 3);
}

/// Files that are worth packing, of sizes around those of blocks.
fn packable(source: &Path) {
    fs::create_dir(source.join("sizes")).unwrap();
    for size in [0, 1, 2047, 32_767, 32_768, 32_769, 65_536, 131_072, 131_073, 1_048_577] {
        fs::write(source.join("sizes").join(format!("{size}")), maker::prose(size)).unwrap();
    }
    // Text, then blocks of zeros, which take no room, then what cannot be packed, then text.
    let mixed =
        [maker::prose(200_000), vec![0; 400_000], maker::bytes(1, 300_000), maker::prose(99_999)].concat();
    fs::write(source.join("mixed"), mixed).unwrap();
    fs::write(source.join("zeros"), vec![0; 500_000]).unwrap();
    maker::settle(source, maker::SOME_TIME);
}

/// Compares a mount with its source, and odd ranges of its largest file.
fn compare_unpacked(source: &Path, image: &Path) {
    // Odd ranges first, while nothing is in the kernel's cache.
    let mounted = Mounted::new(image, "");
    let expected = fs::read(source.join("mixed")).unwrap();
    let file = File::open(mounted.join("mixed")).unwrap();
    for pair in maker::bytes(9, 16 * 100).chunks_exact(16) {
        let [at, len] =
            [&pair[..8], &pair[8..]].map(|word| u64::from_le_bytes(word.try_into().unwrap()) as usize);
        let (at, len) = ((at % expected.len()) | 1, len % 70_000);
        let mut buf = vec![0; len];
        let n = file.read_at(&mut buf, at as u64).unwrap();
        let end = (at + len).min(expected.len()).max(at.min(expected.len()));
        assert!(buf[..n] == expected[at.min(end)..end], "{len} bytes at {at}");
    }
    assert_same(&mounted::on_disk(source), &mounted::on_disk(mounted.path()));
}

#[test]
fn zisofs_from_xorriso() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    packable(&source);
    // What -zisofs is told, and how the field in the image then begins.
    let settings = [
        ("default", &b"ZF\x10\x01pz"[..]),
        ("level=1:block_size=64k", b"ZF\x10\x01pz"),
        ("block_size=128k", b"ZF\x10\x01pz"),
        ("version_2=on", b"ZF\x10\x02PZ"),
        ("version_2=on:block_size_v2=32k", b"ZF\x10\x02PZ"),
        ("version_2=on:block_size_v2=1m", b"ZF\x10\x02PZ"),
        ("version_2=on:susp_z2=on", b"Z2\x10\x02PZ"),
        ("version_2=as_needed", b"ZF\x10\x01pz"),
    ];
    for (setting, field) in settings {
        let _ = fs::remove_file(&image);
        let start = ["-outdev", "{}", "-zisofs", setting, "-map", "{}", "/"];
        let commands = [&start[..], &["-set_filter_r", "--zisofs", "/", "--"]].concat();
        maker::native_xorriso(&commands, &[&image, &source]);
        assert!(maker::contains(&image, field), "nothing was packed with {setting}");
        compare_unpacked(&source, &image);
    }
}

#[test]
fn zisofs_from_mkzftree() {
    if lacks(&["root", FUSE, "mkzftree", "genisoimage", "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image, packed) = (workshop.source(), workshop.image(), workshop.path("packed"));
    packable(&source);
    maker::run("mkzftree", [&source, &packed]);
    maker::genisoimage(&image, &packed, &["-R", "-z"]);
    compare_unpacked(&source, &image);
    maker::xorriso(&image, &packed, &["-R", "-z"]);
    compare_unpacked(&source, &image);
}

#[test]
fn the_last_session_from_genisoimage() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    const SECTOR: u64 = 2048;
    let workshop = Workshop::new();
    let (first, second) = (workshop.path("first"), workshop.path("second"));
    for (directory, names) in [(&first, ["one", "changed"]), (&second, ["two", "changed"])] {
        fs::create_dir(directory).unwrap();
        for name in names {
            fs::write(directory.join(name), format!("{name} of {}", directory.display())).unwrap();
            maker::set_time(&directory.join(name), maker::SOME_TIME);
        }
    }
    let (image, session) = (workshop.image(), workshop.path("session.iso"));
    maker::genisoimage(&image, &first, &["-R"]);
    // The next session begins where a disc would have it: behind a gap, at a whole number of 16 sectors.
    let start = (fs::metadata(&image).unwrap().len().div_ceil(SECTOR) + 150).next_multiple_of(16);
    let place = format!("0,{start}");
    let before = image.to_str().unwrap();
    maker::genisoimage(&session, &second, &["-R", "-C", &place, "-M", before]);
    let file = File::options().write(true).open(&image).unwrap();
    file.write_all_at(&fs::read(&session).unwrap(), start * SECTOR).unwrap();

    let mounted = Mounted::new(&image, "");
    assert_eq!(mounted::names(mounted.path()), BTreeSet::from(["one", "two", "changed"].map(OsString::from)));
    for (name, from) in [("one", &first), ("two", &second), ("changed", &second)] {
        assert_eq!(fs::read(mounted.join(name)).unwrap(), fs::read(from.join(name)).unwrap(), "{name}");
    }
}

#[test]
fn the_last_session_from_xorriso() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    fs::create_dir(source.join("directory")).unwrap();
    for name in ["stays", "goes", "directory/changes"] {
        fs::write(source.join(name), name).unwrap();
    }
    maker::settle(&source, maker::SOME_TIME);
    maker::native_xorriso(&["-dev", "{}", "-map", "{}", "/"], &[&image, &source]);
    for session in 2..5 {
        fs::write(source.join("directory/changes"), format!("in session {session}")).unwrap();
        fs::write(source.join(format!("new in {session}")), maker::bytes(session, 50_000)).unwrap();
        let _ = fs::remove_file(source.join("goes"));
        maker::settle(&source, maker::SOME_TIME + session as i64);
        maker::native_xorriso(&["-dev", "{}", "-update_r", "{}", "/"], &[&image, &source]);
        let mounted = Mounted::new(&image, "");
        assert_same(&mounted::on_disk(&source), &mounted::on_disk(mounted.path()));
    }
}

#[test]
fn hidden_files() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    for name in ["shown", "hidden"] {
        fs::write(source.join(name), name).unwrap();
    }
    maker::genisoimage(&image, &source, &["-R", "-hidden", "hidden"]);
    let both = BTreeSet::from(["shown", "hidden"].map(OsString::from));
    for options in ["", "unhide", "norock"] {
        let mounted = Mounted::new(&image, options);
        assert_eq!(mounted::names(mounted.path()), both, "{options}");
        assert_eq!(fs::read(mounted.join("hidden")).unwrap(), b"hidden");
    }
    let mounted = Mounted::new(&image, "hide");
    assert_eq!(mounted::names(mounted.path()), BTreeSet::from(["shown".into()]));
    assert_eq!(fs::metadata(mounted.join("hidden")).unwrap_err().kind(), ErrorKind::NotFound);
}

/// A small image that the other tests mount.
fn small(workshop: &Workshop) -> PathBuf {
    let source = workshop.source();
    fs::create_dir_all(source.join("directory/below")).unwrap();
    fs::write(source.join("file"), b"content").unwrap();
    fs::write(source.join("private"), b"private").unwrap();
    maker::set_mode(&source.join("private"), 0o600);
    fs::write(source.join("directory/below/large"), maker::bytes(5, 3_000_000)).unwrap();
    symlink("file", source.join("link")).unwrap();
    maker::set_mode(&source, 0o755);
    maker::xorriso(&workshop.image(), &source, &["-R"]);
    workshop.image()
}

#[test]
fn sizes_of_the_whole() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = small(&workshop);
    let mut blocks = [0; 4];
    File::open(&image).unwrap().read_exact_at(&mut blocks, 16 * 2048 + 80).unwrap();
    let mounted = Mounted::new(&image, "");
    let found = statfs(mounted.path()).unwrap();
    assert_eq!(found.block_size(), 2048);
    assert_eq!(found.blocks(), u64::from(u32::from_le_bytes(blocks)));
    assert_eq!((found.blocks_free(), found.blocks_available()), (0, 0));
    let found = statvfs(mounted.path()).unwrap();
    assert_eq!((found.name_max(), found.block_size(), found.fragment_size()), (255, 2048, 2048));
}

#[test]
fn nothing_can_be_changed() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let mounted = Mounted::new(&small(&workshop), "");
    let (file, new) = (mounted.join("file"), mounted.join("new"));
    let expect = |what: &str, result: io::Result<()>| {
        assert_eq!(result.map_err(|e| e.raw_os_error()), Err(Some(libc::EROFS)), "{what}");
    };
    expect("create", File::create(&new).map(|_| ()));
    expect("make a directory", fs::create_dir(&new));
    expect("make a link", symlink("x", &new));
    expect("link", fs::hard_link(&file, &new));
    expect("rename", fs::rename(&file, &new));
    expect("remove", fs::remove_file(&file));
    expect("remove a directory", fs::remove_dir(mounted.join("directory/below")));
    expect("open for writing", File::options().write(true).open(&file).map(|_| ()));
    expect("open for appending", File::options().append(true).open(&file).map(|_| ()));
    expect("truncate", File::options().write(true).truncate(true).open(&file).map(|_| ()));
    expect("change permissions", fs::set_permissions(&file, fs::Permissions::from_mode(0o777)));
    expect("change the owner", chown(&file, Some(1), Some(1)));
    expect("change times", File::open(&file).and_then(|f| f.set_modified(std::time::UNIX_EPOCH)));
    expect("write an extended attribute", raw::set_attribute(&file, c"user.x"));
    assert_eq!(fs::read(&file).unwrap(), b"content");
}

/// The process of a mount that has ended must not take the next one on the same place, which may get the same number, for its own.
#[test]
fn a_mount_made_right_after_another_ended_stays() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = small(&workshop);
    let place = workshop.path("place");
    fs::create_dir(&place).unwrap();
    for number in 0..150 {
        let mounted = mounted::mount_command(&image, &place, "").output().unwrap();
        assert!(mounted.status.success(), "{number}: {}", mounted::said(&mounted));
        assert!(!mounted::names(&place).is_empty(), "{number}");
        // Another test's thread that starts a program can keep it busy for a moment.
        let is_unmounted = mounted::eventually(|| {
            let output = maker::output("umount", [&place]);
            assert!(!mounted::said(&output).contains("not mounted"), "{number}: it is gone");
            output.status.success()
        });
        assert!(is_unmounted, "{number}");
    }
}

#[test]
fn there_are_no_extended_attributes() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let mounted = Mounted::new(&small(&workshop), "");
    for name in ["file", "directory", "."] {
        let path = mounted.join(name);
        // The first request is answered by the program, the second by the kernel.
        for _ in 0..2 {
            let found = raw::attribute(&path, c"user.x").map_err(|e| e.raw_os_error());
            assert_eq!(found, Err(Some(libc::EOPNOTSUPP)), "{name}");
            let found = raw::attributes(&path).map_err(|e| e.raw_os_error());
            assert_eq!(found, Err(Some(libc::EOPNOTSUPP)), "{name}");
        }
    }
}

/// The numbers of `.` and `..` that `readdir` gives are those that `stat` gives.
fn assert_dots(directory: &Path) {
    let entries = raw::entries(directory, 4096);
    let listed = |name: &str| entries.iter().find(|(n, _)| n == name).unwrap().1;
    assert_eq!(listed("."), fs::metadata(directory).unwrap().ino(), "{}", directory.display());
    assert_eq!(listed(".."), fs::metadata(directory.join("..")).unwrap().ino(), "{}", directory.display());
}

#[test]
fn numbers_are_the_same_in_every_mount() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    maker::everything(&workshop.source(), XORRISO);
    let commands = ["-outdev", "{}", "-hardlinks", "on", "-map", "{}", "/"];
    maker::native_xorriso(&commands, &[&workshop.image(), &workshop.source()]);
    let [first, second] = [(); 2].map(|()| Mounted::new(&workshop.image(), ""));
    let numbers = mounted::numbers(first.path());
    assert_eq!(numbers, mounted::numbers(second.path()));
    assert_eq!(numbers["."], 1);
    for directory in ["deep", "deep/level1/level2", "hard/below", "names"] {
        assert_dots(&first.join(directory));
    }
    // The root is above itself as far as the mount knows; the kernel leads out of it.
    let dots = raw::entries(first.path(), 4096);
    assert_eq!(
        dots.iter().filter(|(name, _)| name == "." || name == "..").map(|(_, n)| *n).collect::<Vec<_>>(),
        [1, 1]
    );
}

/// Runs a program as a user who is not root.
fn as_user(uid: u32, program: impl AsRef<Path>) -> Command {
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={uid}"), format!("--regid={uid}"), "--clear-groups".into()]);
    command.arg(program.as_ref());
    command
}

/// A user who may do nothing special; has no entry in the list of users.
const STRANGER: u32 = 54_321;

#[test]
fn only_the_one_who_mounted_may_look_in() {
    if lacks(&["root", FUSE, "xorriso", "setpriv"]) {
        return;
    }
    let workshop = Workshop::new();
    let mounted = Mounted::new(&small(&workshop), "");
    mounted.open_the_way();
    let output = as_user(STRANGER, "ls").arg(mounted.path()).output().unwrap();
    assert!(!output.status.success());
    assert!(mounted::said(&output).contains("Permission denied"), "{}", mounted::said(&output));
}

#[test]
fn others_may_look_in_where_that_is_allowed() {
    if lacks(&["root", FUSE, "xorriso", "setpriv"]) {
        return;
    }
    let workshop = Workshop::new();
    let mounted = Mounted::new(&small(&workshop), "allow_other");
    mounted.open_the_way();
    let read = |name: &str| as_user(STRANGER, "cat").arg(mounted.join(name)).output().unwrap();
    assert_eq!(read("file").stdout, b"content");
    assert_eq!(read("link").stdout, b"content");
    let output = read("private");
    assert!(!output.status.success());
    assert!(mounted::said(&output).contains("Permission denied"), "{}", mounted::said(&output));
    assert_eq!(fs::read(mounted.join("private")).unwrap(), b"private", "root may");
}

/// A mount by the user `nobody`; `None` when there is no such user.
fn mounted_by_a_user(workshop: &Workshop) -> Option<(u32, Mounted)> {
    let Some(user) = nix::unistd::User::from_name("nobody").unwrap() else {
        eprintln!("skipped: no user nobody");
        return None;
    };
    let uid = user.uid.as_raw();
    if fs::metadata(FUSE).unwrap().mode() & 0o006 != 0o006 {
        maker::set_mode(Path::new(FUSE), 0o666);
    }
    let image = small(workshop);
    let directory = tempfile::tempdir().unwrap();
    // The program and the image where the user can reach them.
    maker::set_mode(directory.path(), 0o755);
    let (program, reachable) = (directory.path().join("isomount"), directory.path().join("image.iso"));
    maker::copy_program(mounted::PROGRAM, &program);
    fs::copy(image, &reachable).unwrap();
    maker::set_mode(&reachable, 0o644);
    let place = directory.path().canonicalize().unwrap().join("mount");
    fs::create_dir(&place).unwrap();
    chown(&place, Some(uid), Some(uid)).unwrap();
    let output = as_user(uid, program).arg(reachable).arg(&place).output().unwrap();
    assert!(output.status.success(), "{}: {}", output.status, mounted::said(&output));
    Some((uid, Mounted::adopt(directory, place)))
}

fn assert_done(output: &Output) {
    assert!(output.status.success(), "{}: {}", output.status, mounted::said(output));
}

#[test]
fn a_user_mounts_and_unmounts() {
    if lacks(&["root", FUSE, "xorriso", "setpriv", "fusermount3"]) {
        return;
    }
    let workshop = Workshop::new();
    let Some((uid, mounted)) = mounted_by_a_user(&workshop) else { return };
    assert_eq!(fs::metadata(format!("/proc/{}", mounted.process())).unwrap().uid(), uid);
    let output = as_user(uid, "cat").arg(mounted.join("file")).output().unwrap();
    assert_eq!(output.stdout, b"content", "{}", mounted::said(&output));
    let output = as_user(STRANGER, "cat").arg(mounted.join("file")).output().unwrap();
    assert!(mounted::said(&output).contains("Permission denied"), "{}", mounted::said(&output));
    let error = fs::read(mounted.join("file")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "not even root");
    let output = as_user(STRANGER, "fusermount3").arg("-u").arg(mounted.path()).output().unwrap();
    assert!(!output.status.success(), "a stranger may not unmount");
    assert_done(&as_user(uid, "fusermount3").arg("-u").arg(mounted.path()).output().unwrap());
    assert!(mounted.has_ended());
}

#[test]
fn a_signal_ends_the_mount_of_a_user() {
    if lacks(&["root", FUSE, "xorriso", "setpriv", "fusermount3"]) {
        return;
    }
    let workshop = Workshop::new();
    let Some((uid, mounted)) = mounted_by_a_user(&workshop) else { return };
    // Somebody reads a file meanwhile.
    let script = format!("exec 3< {}/file; echo opened; exec sleep 600", mounted.path().display());
    let mut reader = as_user(uid, "sh").args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
    reader.stdout.as_mut().unwrap().read_exact(&mut [0; 7]).unwrap();
    mounted.signal(Signal::SIGTERM);
    let has_ended = mounted.has_ended();
    reader.kill().unwrap();
    reader.wait().unwrap();
    assert!(has_ended);
}

/// Mounts, ends the mount and waits for the process.
fn ended_by(image: &Path, what: &str, end: impl FnOnce(&Mounted)) {
    let mounted = Mounted::new(image, "");
    assert_eq!(fs::read(mounted.join("file")).unwrap(), b"content");
    end(&mounted);
    assert!(mounted.has_ended(), "{what}");
    assert!(mounted::names(mounted.path()).is_empty(), "{what}");
}

#[test]
fn every_way_to_end_a_mount() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = small(&workshop);
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        ended_by(&image, signal.as_str(), |mounted| mounted.signal(signal));
    }
    for (program, option) in [("fusermount3", "-u"), ("fusermount", "-u"), ("umount", "-v"), ("umount", "-l")]
    {
        if !lacks(&[program]) {
            ended_by(&image, program, |mounted| mounted.unmount_with(program, &[option]));
        }
    }
}

#[test]
fn a_signal_ends_a_mount_with_open_files() {
    if lacks(&["root", FUSE, "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = small(&workshop);
    let mut open = Vec::new();
    ended_by(&image, "with open files", |mounted| {
        open.push(File::open(mounted.join("directory/below/large")).unwrap());
        open.push(File::open(mounted.join("directory")).unwrap());
        mounted.signal(Signal::SIGTERM);
    });
    // What was not read before is gone.
    let error = open[0].read_at(&mut [0; 10], 2_000_000).unwrap_err();
    assert!(matches!(error.raw_os_error(), Some(libc::ENOTCONN | libc::ECONNABORTED | libc::EIO)), "{error}");
}

#[test]
fn an_unmount_is_refused_while_a_file_is_open() {
    if lacks(&["root", FUSE, "xorriso", "umount"]) {
        return;
    }
    let workshop = Workshop::new();
    let mounted = Mounted::new(&small(&workshop), "");
    let file = File::open(mounted.join("file")).unwrap();
    assert!(!maker::output("umount", [mounted.path()]).status.success());
    assert_eq!(fs::read(mounted.join("file")).unwrap(), b"content");
    drop(file);
    mounted.unmount_with("umount", &[]);
    assert!(mounted.has_ended());
}

#[test]
fn in_the_foreground() {
    if lacks(&["root", FUSE, "xorriso", "umount"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = small(&workshop);
    for signal in [Some(Signal::SIGTERM), Some(Signal::SIGINT), None] {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().canonicalize().unwrap().join("mount");
        fs::create_dir(&place).unwrap();
        let mut command = mounted::mount_command(&image, &place, "");
        let mut child = command.arg("-f").spawn().unwrap();
        assert!(mounted::eventually(|| mounted::is_mounted(&place)));
        assert_eq!(fs::read(place.join("file")).unwrap(), b"content");
        match signal {
            Some(signal) => {
                nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id().cast_signed()), signal).unwrap();
            }
            // Another test that starts a program may hold what was read open for a moment.
            None => assert!(mounted::eventually(|| {
                Command::new("umount").arg(&place).output().unwrap().status.success()
            })),
        }
        let ended = mounted::eventually(|| child.try_wait().unwrap().is_some());
        if !ended {
            child.kill().unwrap();
        }
        assert!(ended, "not after {PATIENCE:?} with {signal:?}");
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal:?}");
        assert!(!mounted::is_mounted(&place));
    }
}

/// System calls that the standard library has not.
#[allow(unsafe_code)]
mod raw {
    use super::*;
    use std::{
        ffi::{CStr, CString, OsStr},
        os::fd::AsRawFd,
    };

    /// The names in a directory with their numbers, read through a buffer of `size` bytes.
    pub(super) fn entries(directory: &Path, size: usize) -> Vec<(OsString, u64)> {
        let file = File::open(directory).unwrap();
        let mut buf = vec![0u8; size];
        let mut all = Vec::new();
        loop {
            // SAFETY: the buffer is as long as is said.
            let n =
                unsafe { libc::syscall(libc::SYS_getdents64, file.as_raw_fd(), buf.as_mut_ptr(), buf.len()) };
            if n < 0 {
                panic!("{}: {}", directory.display(), io::Error::last_os_error());
            }
            let mut rest = &buf[..n as usize];
            if rest.is_empty() {
                return all;
            }
            // getdents(2): number, offset, length of the entry (2 bytes), type, name that ends with NUL.
            while !rest.is_empty() {
                let number = u64::from_ne_bytes(rest[..8].try_into().unwrap());
                let length = u16::from_ne_bytes(rest[16..18].try_into().unwrap());
                let name = CStr::from_bytes_until_nul(&rest[19..]).unwrap();
                all.push((OsStr::from_bytes(name.to_bytes()).to_owned(), number));
                rest = &rest[length.into()..];
            }
        }
    }

    fn c_path(path: &Path) -> CString {
        CString::new(path.as_os_str().as_bytes()).unwrap()
    }

    fn checked(result: isize) -> io::Result<()> {
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    pub(super) fn attribute(path: &Path, name: &CStr) -> io::Result<()> {
        // SAFETY: both strings end with NUL; with size 0 nothing is written.
        checked(unsafe { libc::getxattr(c_path(path).as_ptr(), name.as_ptr(), std::ptr::null_mut(), 0) })
    }

    pub(super) fn attributes(path: &Path) -> io::Result<()> {
        // SAFETY: the string ends with NUL; with size 0 nothing is written.
        checked(unsafe { libc::listxattr(c_path(path).as_ptr(), std::ptr::null_mut(), 0) })
    }

    pub(super) fn set_attribute(path: &Path, name: &CStr) -> io::Result<()> {
        // SAFETY: both strings end with NUL, and the value has one byte.
        let result =
            unsafe { libc::setxattr(c_path(path).as_ptr(), name.as_ptr(), b"x".as_ptr().cast(), 1, 0) };
        checked(result as isize)
    }
}
