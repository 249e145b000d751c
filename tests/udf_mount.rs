//! UDF through the front door: real mounts of images that mkudffs and genisoimage make.
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
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    fs::{self, File},
    os::unix::fs::{FileExt, FileTypeExt, MetadataExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use isomount::{
    open::{Image, OpenOptions, Session, TreeOptions},
    tree::Statistics,
};
use nix::{
    sys::{statfs::statfs, statvfs::statvfs},
    unistd::Whence,
};
use support::{
    listing::{self, Lines},
    maker::{self, Workshop, lacks},
    mounted::{self, Mounted},
};

const FUSE: &str = "/dev/fuse";

/// Mounts an image with the text behind `-o`, or none.
fn mount(image: &Path, options: &str) -> Mounted {
    let (mounted, said) = mount_telling(image, options);
    assert_eq!(said, "", "{options}");
    mounted.unwrap_or_else(|code| panic!("{options}: exit code {code}"))
}

/// Mounts an image. Returns the mount or the exit code, and what was said on stderr.
fn mount_telling(image: &Path, options: &str) -> (Result<Mounted, i32>, String) {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().canonicalize().unwrap().join("mount");
    fs::create_dir(&place).unwrap();
    let arguments = [OsStr::new("-o"), OsStr::new(options), image.as_os_str(), place.as_os_str()];
    let output = maker::output(mounted::PROGRAM, arguments);
    let said = mounted::said(&output);
    if mounted::is_mounted(&place) {
        return (Ok(Mounted::adopt(directory, place)), said);
    }
    (Err(output.status.code().unwrap()), said)
}

/// What is said of an image that is not mounted: the exit code, and the only line without the names in front of the cause.
fn refusal(image: &Path, options: &str) -> (i32, String) {
    let (mounted, said) = mount_telling(image, options);
    let Err(code) = mounted else { panic!("{options}: mounted: {said}") };
    let start = format!("isomount: {}: ", image.display());
    let cause = said.strip_prefix(&start).and_then(|rest| rest.strip_suffix('\n'));
    let cause = cause.unwrap_or_else(|| panic!("{options}: {said:?}"));
    assert!(!cause.contains('\n'), "{options}: {said}");
    (code, cause.to_owned())
}

/// Mounts an image in the foreground and looks at it. Returns what was seen, and in which words the log names the tree that is
/// shown and why that one.
fn shown<T>(image: &Path, options: &str, look: impl FnOnce(&Path) -> T) -> (T, String) {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().canonicalize().unwrap().join("mount");
    let log = directory.path().join("log");
    fs::create_dir(&place).unwrap();
    let mut command = Command::new(mounted::PROGRAM);
    command.args(["-f", "-v", "-o", options]).arg(image).arg(&place);
    let mut child = command.stderr(File::create(&log).unwrap()).spawn().unwrap();
    mounted::eventually(|| mounted::is_mounted(&place) || child.try_wait().unwrap().is_some());
    let said = fs::read_to_string(&log).unwrap();
    if !mounted::is_mounted(&place) {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("{options}: not mounted: {said}");
    }
    let mounted = Mounted::adopt(directory, place);
    let seen = look(mounted.path());
    drop(mounted);
    child.wait().unwrap();
    let line = said.lines().find_map(|line| line.strip_prefix("isomount: showing the "));
    (seen, line.unwrap_or_else(|| panic!("{options}: {said}")).to_owned())
}

fn named<const N: usize>(names: [&str; N]) -> BTreeSet<OsString> {
    names.map(OsString::from).into()
}

fn assert_same(expected: &Lines, found: &Lines) {
    let differences = listing::differences(expected, found);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

// Empty volumes of every kind.

const MIB: u64 = 1 << 20;

const REVISIONS: [&str; 7] = ["1.01", "1.02", "1.50", "2.00", "2.01", "2.50", "2.60"];
const BLOCK_SIZES: [u64; 7] = [512, 1024, 2048, 4096, 8192, 16384, 32768];

/// Media, and how many revisions mkudffs 2.3 makes for them: 1.50 is the first for those that are packed or written once, 2.50
/// for Blu-ray; it makes no metadata partitions.
const MEDIA: [(&str, usize); 8] =
    [("hd", 5), ("dvd", 5), ("dvdram", 5), ("dvdrw", 3), ("cdrw", 3), ("cdr", 5), ("dvdr", 5), ("bdr", 2)];

/// In Latin-1 and beyond.
const LABEL: &str = "Größe ☃ 1";

fn number(info: &BTreeMap<String, String>, key: &str) -> u64 {
    info.get(key).and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no number {key}: {info:?}"))
}

/// What `udfinfo` says of the sizes of the whole.
fn statistics(info: &BTreeMap<String, String>) -> Statistics {
    let number = |key| number(info, key);
    Statistics {
        block_size: number("blocksize").try_into().unwrap(),
        blocks: number("usedblocks") + number("freeblocks"),
        free_blocks: number("freeblocks"),
        nodes: number("numfiles") + number("numdirs"),
    }
}

/// What of a volume can be compared with what `udfinfo` says of it.
#[derive(Debug, PartialEq)]
struct Volume {
    label: String,
    format: String,
    statistics: Statistics,
}

/// An empty volume, in the root of which nothing is out of the ordinary.
fn empty_volume(image: &Path, what: &str) -> Volume {
    let image = Image::open(image, &OpenOptions::default()).unwrap_or_else(|error| panic!("{what}: {error}"));
    let tree = image.tree();
    assert_eq!(tree.notes(), <[String; 0]>::default(), "{what}");
    assert!(tree.listing(tree.root()).unwrap().is_empty(), "{what}");
    let root = tree.stat(tree.root()).unwrap();
    assert_eq!((root.permissions, root.uid, root.gid, root.links), (0o755, 0, 0, 2), "{what}");
    Volume { label: tree.label(), format: tree.format(), statistics: tree.statistics() }
}

fn volume_by_udfinfo(image: &Path) -> Volume {
    let info = maker::udfinfo(image);
    let format = format!("UDF {}", info["udfrev"]);
    Volume { label: info["label"].clone(), format, statistics: statistics(&info) }
}

/// Cuts an image behind the table that a medium that is written once has in the last block that was written.
fn cut_behind_table(image: &Path, layout: &BTreeMap<String, String>) {
    let len = (number(layout, "vatblock") + 1) * number(layout, "blocksize");
    File::options().write(true).open(image).unwrap().set_len(len).unwrap();
}

#[test]
fn every_kind_of_empty_volume() {
    if lacks(&["mkudffs", "udfinfo"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = workshop.image();
    for (medium, revisions) in MEDIA {
        let mut made = BTreeSet::new();
        for (revision, size) in REVISIONS.iter().flat_map(|r| BLOCK_SIZES.map(|size| (*r, size))) {
            let what = format!("{medium}, UDF {revision}, blocks of {size}");
            // Media that are packed need 2048 blocks at least.
            let len = (2048 * size).max(24 * MIB);
            let size = size.to_string();
            let options = ["-m", medium, "-r", revision, "-b", &size, "-l", LABEL];
            let Some(layout) = maker::mkudffs(&image, len, &options) else { continue };
            made.insert((revision, size));
            let volume = empty_volume(&image, &what);
            assert_eq!(volume.label, LABEL, "{what}");
            assert_eq!(volume, volume_by_udfinfo(&image), "{what}");
            if layout.contains_key("vatblock") {
                // udfinfo looks for the table in the last block of the image only.
                cut_behind_table(&image, &layout);
                assert_eq!(empty_volume(&image, &what), volume_by_udfinfo(&image), "{what}, cut");
            }
        }
        assert!(made.len() >= revisions * BLOCK_SIZES.len(), "{medium}: only {made:?}");
    }
}

#[test]
fn mounts_of_empty_volumes() {
    if lacks(&["root", FUSE, "mkudffs", "udfinfo"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = workshop.image();
    let kinds = [
        ("hd", "2.01", "512"),
        ("hd", "1.02", "32768"),
        ("dvd", "1.02", "2048"),
        ("dvdrw", "2.00", "4096"),
        ("cdrw", "1.50", "2048"),
        ("cdr", "1.50", "2048"),
        ("dvdr", "2.01", "1024"),
        ("bdr", "2.60", "2048"),
    ];
    for (medium, revision, size) in kinds {
        let owner = ["--uid=1234", "--gid=5678", "--mode=0751"];
        let options = [&["-m", medium, "-r", revision, "-b", size], &owner[..]].concat();
        let layout = maker::mkudffs(&image, 64 * MIB, &options).unwrap();
        if layout.contains_key("vatblock") {
            cut_behind_table(&image, &layout);
        }
        let expected = statistics(&maker::udfinfo(&image));
        let mounted = mount(&image, "");
        let found = statfs(mounted.path()).unwrap();
        assert_eq!(u64::try_from(found.block_size()).unwrap(), u64::from(expected.block_size), "{options:?}");
        assert_eq!(found.blocks(), expected.blocks, "{options:?}");
        assert_eq!(
            (found.blocks_free(), found.files()),
            (expected.free_blocks, expected.nodes),
            "{options:?}"
        );
        let found = statvfs(mounted.path()).unwrap();
        assert_eq!(
            (found.name_max(), found.fragment_size()),
            (255, expected.block_size.into()),
            "{options:?}"
        );
        let root = fs::metadata(mounted.path()).unwrap();
        assert_eq!((root.mode(), root.uid(), root.gid()), (0o40751, 1234, 5678), "{options:?}");
        assert_eq!((root.nlink(), mounted::names(mounted.path())), (2, BTreeSet::new()), "{options:?}");
    }
}

#[test]
fn hidden_files_are_shown_where_that_is_asked_for() {
    if lacks(&["root", FUSE, "mkudffs"]) {
        return;
    }
    // For media that are packed, UDF 1.50 keeps what is not to be used in a hidden file.
    let workshop = Workshop::new();
    let options = ["-m", "cdrw", "-r", "1.50", "-b", "2048"];
    maker::mkudffs(&workshop.image(), 24 * MIB, &options).unwrap();
    for (options, names) in
        [("", named([])), ("hide", named([])), ("unhide", named(["Non-Allocatable Space"]))]
    {
        assert_eq!(mounted::names(mount(&workshop.image(), options).path()), names, "{options}");
    }
}

// Trees of genisoimage.

/// What genisoimage's UDF has of a source: no owners, no permissions, no numbers of links.
fn in_udf(mut source: Lines) -> Lines {
    for fields in source.values_mut() {
        fields[1] = if fields[0] == "d" { "555" } else { "444" }.into();
        if fields[0] == "f" {
            fields[2] = "1".into();
        }
        (fields[3], fields[4]) = ("65534".into(), "65534".into());
    }
    source
}

/// Names that genisoimage takes into UDF as they are, sizes around those of blocks, and directories, settled. Returns the
/// directory with the names.
fn fill(source: &Path) {
    let names = [
        "a",
        "UPPER and lower.Text",
        "Ünïcödé ☃ 日本.txt",
        "ÿ is in Latin-1",
        "Ā is not",
        ".dot",
        "trailing.",
        "no.version.here",
        "#~%=$",
        &"x".repeat(254),
        &"é".repeat(127),
        &"日".repeat(85),
    ];
    fs::create_dir_all(source.join("directory/Below it")).unwrap();
    for (i, name) in names.iter().enumerate() {
        fs::write(source.join("directory").join(name), name).unwrap();
        maker::set_time(&source.join("directory").join(name), maker::SOME_TIME + i as i64);
    }
    for size in [0, 1, 2047, 2048, 2049, 4096, 65_536, 1_048_576, 1_048_577] {
        fs::write(source.join(format!("size{size}")), maker::bytes(size, size as usize)).unwrap();
    }
    fs::hard_link(source.join("size4096"), source.join("directory/Below it/linked")).unwrap();
    maker::deep(&source.join("deep"), 12);
    fs::create_dir(source.join("many")).unwrap();
    for i in 0..2000 {
        fs::write(source.join(format!("many/file number {i}")), format!("{i}")).unwrap();
    }
    maker::settle(source, maker::SOME_TIME);
}

/// The listing of a tree on disk. The time of the root is that at which genisoimage ran.
fn without_time_of_root(mut lines: Lines) -> Lines {
    lines.get_mut(".").unwrap()[6] = "-".into();
    lines
}

#[test]
fn a_tree_of_genisoimage() {
    if lacks(&["root", FUSE, "genisoimage", "udfinfo"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    fill(&source);
    let expected = without_time_of_root(in_udf(mounted::on_disk(&source)));
    for options in [&["-udf", "-D"][..], &["-udf", "-R"]] {
        maker::genisoimage(&image, &source, options);
        let mounted = mount(&image, "view=udf");
        assert_same(&expected, &without_time_of_root(mounted::on_disk(mounted.path())));
        // Every name has an extent of its own.
        assert_eq!(mounted::hard_links(mounted.path()), BTreeSet::new());
        assert_eq!(mounted::numbers(mounted.path()), mounted::numbers(mount(&image, "view=udf").path()));
        let info = statistics(&maker::udfinfo(&image));
        let found = statfs(mounted.path()).unwrap();
        assert_eq!((found.blocks(), found.blocks_free(), found.files()), (info.blocks, 0, info.nodes));
        assert_eq!(info.nodes as usize, expected.len());
        let below = mounted.join("directory/Below it");
        let up = fs::metadata(below.join("..")).unwrap();
        assert_eq!(up.ino(), fs::metadata(mounted.join("directory")).unwrap().ino());
    }
}

#[test]
fn names_that_genisoimage_changes() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    // It counts the length of the longest name modulo 256: the entry has none and is left out; what follows it is found again.
    let too_long = "l".repeat(255);
    let names = [("a:b", "a_b"), ("semi;1", "semi_1"), ("back\\slash", "back_slash"), ("*?[]", "__[]")];
    for (name, _) in names.iter().chain(&[("first", ""), ("~last", ""), (&*too_long, "")]) {
        fs::write(source.join(name), name).unwrap();
    }
    maker::genisoimage(&image, &source, &["-udf", "-R"]);
    let mounted = mount(&image, "view=udf");
    let expected = names.iter().map(|(_, shown)| *shown).chain(["first", "~last"]);
    assert_eq!(mounted::names(mounted.path()), expected.map(OsString::from).collect());
    for (name, shown) in names.iter().chain(&[("first", "first"), ("~last", "~last")]) {
        assert_eq!(fs::read_to_string(mounted.join(shown)).unwrap(), *name);
    }
    drop(mounted);
    // Rock Ridge has them as they are: as many names as UDF, and they differ only because UDF cannot have them.
    let all = names.iter().map(|(name, _)| *name).chain(["first", "~last", &too_long]);
    let (found, _) = shown(&image, "", mounted::names);
    assert_eq!(found, all.map(OsString::from).collect());
}

// Which tree is shown.

const ROCK_RIDGE_FIRST: &str = "rockridge tree (ISO 9660 with Rock Ridge), \
    because Rock Ridge comes before UDF, and its root lacks no name of UDF; the disc has: ";

#[test]
fn a_file_of_more_than_4_gib_is_shown_whole() {
    if lacks(&["root", FUSE, "genisoimage", "cmp"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    if workshop.lacks_room(10) {
        return;
    }
    const SIZE: u64 = 4_400_000_000;
    const ISLAND: usize = 100_000;
    // UDF has extents of at most 1 GiB; ISO 9660 has the size modulo 4 GiB.
    let islands = [0, 1_234_567, (1 << 30) - 50_000, (1 << 32) - 50_000, SIZE - ISLAND as u64];
    let file = File::create(source.join("huge")).unwrap();
    file.set_len(SIZE).unwrap();
    for (seed, at) in islands.into_iter().enumerate() {
        file.write_all_at(&maker::bytes(seed as u64, ISLAND), at).unwrap();
    }
    let file = File::open(source.join("huge")).unwrap();
    fs::write(source.join("small"), b"small").unwrap();

    maker::sparse_genisoimage(&image, &source, &["-udf", "-allow-limited-size"]);
    let ((), line) = shown(&image, "", |place| {
        let found = File::open(place.join("huge")).unwrap();
        assert_eq!(found.metadata().unwrap().len(), SIZE);
        for at in islands {
            let [expected, bytes] = [&file, &found].map(|file| {
                let mut bytes = vec![0; ISLAND + 100];
                let n = file.read_at(&mut bytes, at).unwrap();
                bytes.truncate(n);
                bytes
            });
            assert!(expected.len() >= ISLAND && expected == bytes, "at {at}");
        }
    });
    assert_eq!(line, "udf tree (UDF 1.02), because UDF comes before iso9660; the disc has: udf, iso9660");

    maker::sparse_genisoimage(&image, &source, &["-udf", "-allow-limited-size", "-R", "-J"]);
    let ((), line) = shown(&image, "", |place| {
        maker::run("cmp", [source.join("huge"), place.join("huge")]);
        assert_eq!(fs::read(place.join("small")).unwrap(), b"small");
    });
    let why = "UDF knows a file of 4400000000 bytes that ISO 9660 shows shorter";
    let there = "rockridge, udf, joliet, iso9660";
    assert_eq!(line, format!("udf tree (UDF 1.02), because {why}; the disc has: {there}"));
    let found = fs::metadata(mount(&image, "noudf").join("huge")).unwrap();
    assert_eq!(found.len(), SIZE % (1 << 32));
}

/// A small tree that looks different in every view.
fn telling(source: &Path) {
    fs::create_dir(source.join("folder")).unwrap();
    fs::write(source.join("folder/file"), b"content").unwrap();
    fs::write(source.join("Mixed Case.Text"), b"content").unwrap();
    symlink("folder/file", source.join("link")).unwrap();
    maker::set_mode(&source.join("folder"), 0o700);
    maker::settle(source, maker::SOME_TIME);
}

/// Which view of a `telling` tree this is.
fn view_of(place: &Path) -> &'static str {
    let names = mounted::names(place);
    let folder = fs::metadata(place.join("folder")).unwrap();
    let is_link = fs::symlink_metadata(place.join("link")).is_ok_and(|link| link.is_symlink());
    if !names.contains(OsStr::new("Mixed Case.Text")) {
        assert!(names.iter().any(|name| name.to_string_lossy().starts_with("mixed_ca.")), "{names:?}");
        "iso9660"
    } else if folder.uid() == 65534 {
        "udf"
    } else if is_link && folder.mode() == 0o40700 {
        "rockridge"
    } else {
        "joliet"
    }
}

#[test]
fn the_tree_that_says_most_is_shown() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    telling(&source);
    let expect = |options: &[&str], view: &'static str, log: &str| {
        maker::genisoimage(&image, &source, options);
        assert_eq!(shown(&image, "", view_of), (view, log.to_owned()), "{options:?}");
    };
    let before =
        |other: &str| format!("udf tree (UDF 1.02), because UDF comes before {other}; the disc has: ");
    expect(&["-udf"], "udf", &(before("iso9660") + "udf, iso9660"));
    expect(&["-udf", "-J"], "udf", &(before("joliet") + "udf, joliet, iso9660"));
    expect(&["-udf", "-R"], "rockridge", &(ROCK_RIDGE_FIRST.to_owned() + "rockridge, udf, iso9660"));
    let all = "rockridge, udf, joliet, iso9660";
    expect(&["-udf", "-R", "-J"], "rockridge", &(ROCK_RIDGE_FIRST.to_owned() + all));
    let plain = "joliet tree (ISO 9660 with Joliet), because Joliet comes before plain ISO 9660; \
                 the disc has: joliet, iso9660";
    expect(&["-J"], "joliet", plain);
    // Deep directories are moved in ISO 9660 only.
    maker::deep(&source.join("deep"), 12);
    expect(&["-udf", "-R"], "rockridge", &(ROCK_RIDGE_FIRST.to_owned() + "rockridge, udf, iso9660"));
}

/// The disc of an installer: whoever reads only ISO 9660 is told to read UDF.
#[test]
fn a_disc_that_hides_its_files_from_iso_9660() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    fs::create_dir_all(source.join("sources")).unwrap();
    fs::write(source.join("README.TXT"), b"This disc contains a UDF file system.").unwrap();
    for name in ["setup.exe", "bootmgr", "sources/install.wim"] {
        fs::write(source.join(name), name).unwrap();
    }
    let all = named(["README.TXT", "setup.exe", "bootmgr", "sources"]);
    let hidden = ["-udf", "-hide", "setup.exe", "-hide", "bootmgr", "-hide", "sources"];
    let no_name = "the root of ISO 9660 has no bootmgr, which UDF has";
    for (options, why, there) in [
        (&[][..], "UDF comes before iso9660", "udf, iso9660"),
        (&["-J"], "UDF comes before joliet", "udf, joliet, iso9660"),
        (&["-R"], no_name, "rockridge, udf, iso9660"),
        (&["-R", "-J"], no_name, "rockridge, udf, joliet, iso9660"),
    ] {
        maker::genisoimage(&image, &source, &[&hidden, options].concat());
        let (names, line) = shown(&image, "", |place| {
            let content = fs::read(place.join("sources/install.wim")).unwrap();
            assert_eq!(content, b"sources/install.wim");
            mounted::names(place)
        });
        assert_eq!(names, all, "{options:?}");
        assert_eq!(line, format!("udf tree (UDF 1.02), because {why}; the disc has: {there}"));
        let (names, _) = shown(&image, "noudf,nojoliet", mounted::names);
        assert_eq!(names.len(), 1, "{options:?}: {names:?}");
    }
}

#[test]
fn views_are_turned_off_and_forced() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    telling(&source);
    maker::genisoimage(&image, &source, &["-udf", "-R", "-J"]);
    for (options, view) in [
        ("", "rockridge"),
        ("noudf", "rockridge"),
        ("nojoliet", "rockridge"),
        ("norock", "joliet"),
        ("norock,nojoliet", "iso9660"),
        ("norock,noudf", "joliet"),
        ("norock,noudf,nojoliet", "iso9660"),
        ("view=auto", "rockridge"),
        ("view=rockridge", "rockridge"),
        ("view=udf", "udf"),
        ("view=joliet", "joliet"),
        ("view=iso9660", "iso9660"),
        ("novrs,norock,view=udf", "udf"),
    ] {
        assert_eq!(view_of(mount(&image, options).path()), view, "{options}");
    }
}

#[test]
fn a_view_that_is_not_there_is_refused_with_those_that_are() {
    if lacks(&["root", FUSE, "genisoimage", "mkudffs"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    telling(&source);
    let expect = |options: &str, cause: &str| {
        assert_eq!(refusal(&image, options), (6, cause.to_owned()), "{options}");
    };
    let lacking = |view: &str, there: &str| {
        expect(&format!("view={view}"), &format!("the disc has no {view} tree; it has: {there}"));
    };
    maker::genisoimage(&image, &source, &["-udf"]);
    lacking("rockridge", "udf, iso9660");
    lacking("joliet", "udf, iso9660");
    maker::genisoimage(&image, &source, &["-udf", "-R"]);
    lacking("joliet", "rockridge, udf, iso9660");
    maker::genisoimage(&image, &source, &["-udf", "-J"]);
    lacking("rockridge", "udf, joliet, iso9660");
    maker::genisoimage(&image, &source, &["-R", "-J"]);
    lacking("udf", "rockridge, joliet, iso9660");
    maker::mkudffs(&image, 24 * MIB, &["-b", "2048"]).unwrap();
    for view in ["rockridge", "joliet", "iso9660"] {
        lacking(view, "udf");
    }
    expect("noudf", "noudf leaves nothing to show; the disc has: udf");
    expect("session=2", "the image has no session 2");
    expect("session=1000", "no session of UDF begins at sector 1000");
    expect("bs=512", "UDF has no anchor for blocks of 512 bytes");
}

/// The least that genisoimage takes for a DVD-Video: one title set of one title, with a video object that nobody can play.
fn dvd_video(source: &Path) {
    const SECTOR: usize = 2048;
    const OBJECT: u8 = 10;
    let information = |kind: &str, sectors: u8, table: u8| {
        let mut bytes = vec![0; 2 * SECTOR];
        bytes[..12].copy_from_slice(kind.as_bytes());
        // The last sector of the set and of the information, version 1.1, one volume.
        (bytes[0x0f], bytes[0x1f], bytes[0x21], bytes[0x27], bytes[0x29]) = (sectors - 1, 1, 0x11, 1, 1);
        // The last byte of the first table, and the sector of the next: titles here, video objects of a title set.
        (bytes[0x82], bytes[0x83], bytes[0xc7]) = (1, 0xff, table);
        bytes
    };
    let mut manager = information("DVDVIDEO-VMG", 4, 1);
    // One title set; in the table of titles one of one angle and one chapter, the first of the first set, in sector 4.
    manager[0x3f] = 1;
    manager[SECTOR..SECTOR + 20]
        .copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 19, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 4]);
    let titles = information("DVDVIDEO-VTS", 4 + OBJECT, 2);
    fs::create_dir(source.join("AUDIO_TS")).unwrap();
    fs::create_dir(source.join("VIDEO_TS")).unwrap();
    let object = maker::bytes(1, usize::from(OBJECT) * SECTOR);
    for (name, content) in [
        ("VIDEO_TS.IFO", &manager),
        ("VIDEO_TS.BUP", &manager),
        ("VTS_01_0.IFO", &titles),
        ("VTS_01_0.BUP", &titles),
        ("VTS_01_1.VOB", &object),
    ] {
        fs::write(source.join("VIDEO_TS").join(name), content).unwrap();
    }
    maker::settle(source, maker::SOME_TIME);
}

#[test]
fn a_dvd_video() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    dvd_video(&source);
    let expected = without_time_of_root(in_udf(mounted::on_disk(&source)));
    for options in [&["-dvd-video"][..], &["-dvd-video", "-udf", "-J"]] {
        maker::genisoimage(&image, &source, options);
        let (found, line) = shown(&image, "", mounted::on_disk);
        assert_same(&expected, &without_time_of_root(found));
        assert!(line.starts_with("udf tree (UDF 1.02), because UDF comes before "), "{line}");
    }
}

// What tells that there is UDF, and where.

const SECTOR: u64 = 2048;

/// Writes zeros over sectors.
fn wipe(image: &Path, first: u64, count: u64) {
    let file = File::options().write(true).open(image).unwrap();
    file.write_all_at(&vec![0; (count * SECTOR) as usize], first * SECTOR).unwrap();
}

#[test]
fn without_a_recognition_sequence_and_with_one_anchor() {
    if lacks(&["root", FUSE, "mkudffs", "udfinfo"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = workshop.image();
    let sectors = 24 * MIB / SECTOR;
    let make = || maker::mkudffs(&image, 24 * MIB, &["-b", "2048", "--mode=0711"]).unwrap();
    let opens = |options: &str| {
        let root = fs::metadata(mount(&image, options).path()).unwrap();
        assert_eq!(root.mode(), 0o40711, "{options}");
    };
    // The anchors are in block 256, 256 before the last one, and in the last one.
    for (left, gone) in [(256, [sectors - 257, sectors - 1]), (sectors - 257, [256, sectors - 1])] {
        make();
        gone.iter().for_each(|sector| wipe(&image, *sector, 1));
        opens("");
        wipe(&image, 16, 6);
        opens("");
        opens("novrs");
        opens(&format!("anchor={left}"));
        // A wrong one does not hide the others.
        opens("anchor=300");
    }
    make();
    wipe(&image, 256, 1);
    opens("");
    wipe(&image, 16, 6);
    opens("");
    wipe(&image, sectors - 257, 1);
    opens("");
    // With more behind it the last block is another.
    File::options().write(true).open(&image).unwrap().set_len(32 * MIB).unwrap();
    assert_eq!(refusal(&image, "").0, 4);
    assert_eq!(refusal(&image, &format!("lastblock={}", sectors - 2000)).0, 4);
    opens(&format!("lastblock={}", sectors - 1));
    opens(&format!("anchor={}", sectors - 1));
    wipe(&image, sectors - 1, 1);
    assert_eq!(refusal(&image, "novrs").0, 4);
}

#[test]
fn a_damaged_sequence_is_told_in_one_line() {
    if lacks(&["root", FUSE, "mkudffs"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = workshop.image();
    maker::mkudffs(&image, 24 * MIB, &["-b", "2048"]).unwrap();
    let garble = |first: u64| {
        let file = File::options().write(true).open(&image).unwrap();
        file.write_all_at(&maker::bytes(first, 16 * SECTOR as usize), first * SECTOR).unwrap();
    };
    garble(96);
    let (mounted, said) = mount_telling(&image, "");
    assert!(mounted.is_ok(), "{said}");
    let told = "the main volume descriptor sequence is damaged; its copy is used";
    assert_eq!(said, format!("isomount: {}: {told}\n", image.display()));
    drop(mounted);
    // The copy is 160 blocks before the end.
    garble(24 * MIB / SECTOR - 160);
    assert_eq!(refusal(&image, "").0, 5);
    // An anchor of which the image has no more than the tag.
    File::options().write(true).open(&image).unwrap().set_len(256 * SECTOR + 76).unwrap();
    assert_eq!(refusal(&image, "").0, 5);
}

#[test]
fn next_to_iso_9660_only_announced_udf_is_looked_for() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    telling(&source);
    maker::genisoimage(&image, &source, &["-udf"]);
    let (view, _) = shown(&image, "", view_of);
    assert_eq!(view, "udf");
    // Of ISO 9660 there are two descriptors; behind them is what announces UDF.
    wipe(&image, 18, 4);
    for (options, view) in [("", "iso9660"), ("novrs", "udf"), ("view=udf", "udf")] {
        assert_eq!(view_of(mount(&image, options).path()), view, "{options}");
    }
}

#[test]
fn a_table_in_front_of_garbage_is_found_from_the_last_block() {
    if lacks(&["root", FUSE, "mkudffs"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = workshop.image();
    let layout = maker::mkudffs(&image, 64 * MIB, &["-m", "cdr", "-b", "2048", "--mode=0711"]).unwrap();
    let last = number(&layout, "vatblock");
    cut_behind_table(&image, &layout);
    // Further than it is looked for from the end of the image.
    let garbage = maker::bytes(1, 16 << 20);
    File::options().write(true).open(&image).unwrap().write_all_at(&garbage, (last + 1) * SECTOR).unwrap();
    assert_eq!(refusal(&image, "").0, 5);
    let root = fs::metadata(mount(&image, &format!("lastblock={last}")).path()).unwrap();
    assert_eq!(root.mode(), 0o40711);
}

// Options of the kernel's udf.

#[test]
fn the_options_of_an_fstab_line() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    telling(&source);
    maker::genisoimage(&image, &source, &["-udf"]);
    let expect = |options: &str, uid: u32, gid: u32, mode: u32, directory_mode: u32| {
        let mounted = mount(&image, options);
        assert_eq!(mounted::names(mounted.path()), named(["Mixed Case.Text", "folder"]), "{options}");
        assert_eq!(fs::read(mounted.join("folder/file")).unwrap(), b"content");
        for (path, mode) in [
            ("Mixed Case.Text", 0o100_000 | mode),
            ("folder/file", 0o100_000 | mode),
            ("folder", 0o40_000 | directory_mode),
            (".", 0o40_000 | directory_mode),
        ] {
            let found = fs::metadata(mounted.join(path)).unwrap();
            assert_eq!((found.uid(), found.gid()), (uid, gid), "{options}: {path}");
            assert_eq!(format!("{:o}", found.mode()), format!("{mode:o}"), "{options}: {path}");
        }
    };
    expect("", 65534, 65534, 0o444, 0o555);
    let line = "uid=1000,gid=1001,umask=022,mode=0640,dmode=0750,bs=2048,novrs,nostrict,undelete,unhide,\
                iocharset=utf8,utf8,shortad,longad,adinicb,noadinicb";
    expect(line, 1000, 1001, 0o640, 0o750);
    expect(&format!("ro,noauto,user,{line},x-systemd.automount"), 1000, 1001, 0o640, 0o750);
    expect("umask=027", 65534, 65534, 0o440, 0o550);
    expect("mode=0777", 65534, 65534, 0o777, 0o555);
    expect("dmode=0777,umask=022", 65534, 65534, 0o444, 0o755);
    expect("uid=7", 7, 65534, 0o444, 0o555);
    // Recorded is no owner; who mounts is root.
    expect("uid=ignore,gid=forget", 0, 65534, 0o444, 0o555);
    expect("uid=forget,gid=ignore", 65534, 0, 0o444, 0o555);
    expect("uid=ignore,uid=8,gid=9,gid=ignore", 8, 9, 0o444, 0o555);
}

#[test]
fn recorded_owners_are_kept_or_ignored() {
    if lacks(&["root", FUSE, "mkudffs"]) {
        return;
    }
    let workshop = Workshop::new();
    let options = ["-b", "4096", "--uid=1234", "--gid=5678", "--mode=0711"];
    maker::mkudffs(&workshop.image(), 24 * MIB, &options).unwrap();
    for (options, uid, gid, mode) in [
        ("bs=4096", 1234, 5678, 0o711),
        ("uid=ignore,gid=forget", 0, 5678, 0o711),
        ("gid=ignore,mode=0600", 1234, 0, 0o711),
        ("uid=99,dmode=0500", 99, 5678, 0o500),
        ("umask=0077", 1234, 5678, 0o700),
    ] {
        let root = fs::metadata(mount(&workshop.image(), options).path()).unwrap();
        assert_eq!((root.uid(), root.gid(), root.mode() & 0o7777), (uid, gid, mode), "{options}");
    }
}

#[test]
fn sessions_of_udf_by_number_and_by_sector() {
    if lacks(&["root", FUSE, "mkudffs"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = workshop.image();
    File::create(&image).unwrap().set_len(24 * MIB).unwrap();
    let add = |options: &[&str], blocks: &str| {
        let common = ["-b", "2048", "--bootarea=preserve"].map(OsStr::new);
        let options = options.iter().map(OsStr::new).chain([image.as_os_str(), OsStr::new(blocks)]);
        maker::run("mkudffs", common.into_iter().chain(options));
    };
    add(&["--mode=0701"], "4000");
    add(&["--startblock=4096", "--mode=0702"], "12288");
    let sessions = [("", 0o702), ("session=1", 0o701), ("session=2", 0o702), ("session=4096", 0o702)];
    for (options, mode) in sessions {
        let root = fs::metadata(mount(&image, options).path()).unwrap();
        assert_eq!(root.mode() & 0o7777, mode, "{options}");
    }
    assert_eq!(refusal(&image, "session=3"), (6, "the image has no session 3".to_owned()));
    assert_eq!(refusal(&image, "session=4000").0, 6);
}

#[test]
fn sessions_by_number_and_by_sector() {
    if lacks(&["root", FUSE]) {
        return;
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let corpus = std::env::var_os("ISOMOUNT_CORPUS").map_or(beside, PathBuf::from);
    let image = corpus.join("images/util-linux-blkid/iso-multi-0-174-348-genisoimage.img");
    if !image.is_file() {
        eprintln!("skipped: no {} (set ISOMOUNT_CORPUS to a folder with images/)", image.display());
        return;
    }
    let opened = |session: Option<Session>| {
        let tree = TreeOptions { session, ..TreeOptions::default() };
        Image::open(&image, &OpenOptions { tree, ..OpenOptions::default() }).unwrap().into_tree()
    };
    let label = |session| opened(session).label().trim_end().to_owned();
    assert_eq!(label(None), "third session");
    for (number, start, name) in
        [(1, 0, "first session"), (2, 174, "second session"), (3, 348, "third session")]
    {
        assert_eq!(label(Some(Session::from(number))), name);
        assert_eq!(label(Some(Session::Start(start))), name);
        for option in [number, start as u32].into_iter().filter(|number| *number > 0) {
            let (found, line) = shown(&image, &format!("session={option}"), |place| statfs(place).unwrap());
            assert_eq!(line, "iso9660 tree (ISO 9660); the disc has: iso9660");
            let tree = opened(Some(option.into()));
            assert_eq!((tree.label().trim_end(), found.blocks()), (name, tree.statistics().blocks));
        }
    }
    for session in ["4", "99", "100", "349", "100000"] {
        let expected = (6, "no such session; sessions begin at sectors 0, 174, 348".to_owned());
        assert_eq!(refusal(&image, &format!("session={session}")), expected, "{session}");
    }
}

// Images written in code.

#[test]
fn holes_streams_links_and_devices_through_a_mount() {
    use support::udf::{Extent, File as Forged, Udf};
    if lacks(&["root", FUSE]) {
        return;
    }
    let workshop = Workshop::new();
    let noise: Vec<u8> = maker::bytes(7, 6000);
    let holes = vec![Extent::Hole(8192), Extent::Recorded(noise[..4096].to_vec()), Extent::Hole(5 << 30)];
    let udf = Udf::default()
        .file("holes", Forged::of_extents(holes))
        .file(
            "streams",
            Forged::from(&noise)
                .stream("Zone.Identifier", b"[ZoneTransfer]")
                .stream("*UDF Macintosh Resource Fork", &noise),
        )
        .link("again", "streams")
        .symlink("link", "streams")
        .file("null", Forged::character_device(1, 3))
        .file("fifo", Forged::fifo());
    fs::write(workshop.image(), udf.build().bytes).unwrap();
    let mounted = mount(&workshop.image(), "");

    let file = File::open(mounted.join("holes")).unwrap();
    let seek = |at, whence| nix::unistd::lseek(&file, at, whence);
    assert_eq!(file.metadata().unwrap().len(), 8192 + 4096 + (5 << 30));
    assert_eq!(seek(0, Whence::SeekData), Ok(8192));
    assert_eq!(seek(8192, Whence::SeekHole), Ok(12288));
    assert_eq!(seek(12288, Whence::SeekData), Err(nix::errno::Errno::ENXIO));
    let mut buf = vec![0; 4096];
    file.read_exact_at(&mut buf, 8192).unwrap();
    assert_eq!(buf, noise[..4096]);

    let streams = mounted.join("streams");
    let listed: BTreeSet<OsString> = xattr::list(&streams).unwrap().collect();
    assert_eq!(listed, named(["com.apple.ResourceFork", "user.Zone.Identifier"]));
    let value = |name: &str| xattr::get(&streams, name).unwrap();
    assert_eq!(value("user.Zone.Identifier").unwrap(), b"[ZoneTransfer]");
    assert_eq!(value("com.apple.ResourceFork").unwrap(), noise);
    assert_eq!(value("user.com.apple.ResourceFork").unwrap(), noise);
    assert_eq!(value("user.other"), None);
    assert_eq!(xattr::list(mounted.join("holes")).unwrap().count(), 0);

    let metadata = |name: &str| fs::symlink_metadata(mounted.join(name)).unwrap();
    assert_eq!(metadata("streams").ino(), metadata("again").ino());
    assert_eq!(metadata("streams").nlink(), 2);
    assert_eq!(fs::read_link(mounted.join("link")).unwrap(), Path::new("streams"));
    assert_eq!(metadata("null").rdev(), nix::sys::stat::makedev(1, 3));
    assert!(metadata("fifo").file_type().is_fifo());
}
