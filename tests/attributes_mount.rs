//! Extended attributes of ISO 9660 from end to end: what programs that make images record is what the library, a mount and
//! `isomount extract` show.
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
    collections::BTreeMap,
    fs,
    os::unix::{
        fs::{chown, symlink},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Output},
};

use isomount::open::{Image, OpenOptions};
use nix::sys::stat::SFlag;
use support::{
    attributes::{aa, finder_info},
    forge::*,
    maker::{self, Workshop, lacks, set_mode},
    mounted::{Mounted, PROGRAM, said},
};

const FUSE: &str = "/dev/fuse";
const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";

/// Names and values of the attributes of each path, those of no path left out.
type All = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

/// Tags and permissions of an access control list, as the kernel has it.
fn acl(entries: &[(u8, u8, u32)]) -> Vec<u8> {
    let entry = |(tag, permissions, id): &(u8, u8, u32)| {
        [&[*tag, 0, *permissions, 0][..], &id.to_le_bytes()].concat()
    };
    [vec![2, 0, 0, 0], entries.iter().flat_map(entry).collect()].concat()
}

/// A list that lets user 7 read (and search) what owner and group may read and write.
fn list(others: u8) -> Vec<u8> {
    const NOBODY: u32 = u32::MAX;
    acl(&[
        (0x01, 7, NOBODY),
        (0x02, 5, 7),
        (0x04, 4, NOBODY),
        (0x08, 1, 9),
        (0x10, 5, NOBODY),
        (0x20, others, NOBODY),
    ])
}

/// Whether files in a directory cannot have the attributes that are needed, which is said on stderr.
fn lacks_attributes(directory: &Path) -> bool {
    let probe = directory.join("probe");
    fs::write(&probe, "").unwrap();
    let has_all = [("user.probe", b"x".to_vec()), ("trusted.probe", b"x".to_vec()), (ACCESS, list(0))]
        .iter()
        .all(|(name, value)| xattr::set(&probe, name, value).is_ok());
    fs::remove_file(probe).unwrap();
    if !has_all {
        eprintln!("skipped: no extended attributes or access control lists in {}", directory.display());
    }
    !has_all
}

/// The attributes of what is in a directory of the system.
fn on_disk(root: &Path) -> All {
    let mut found = All::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(path) = pending.pop() {
        let place = root.join(&path);
        let own: BTreeMap<String, Vec<u8>> = xattr::list(&place)
            .map(|names| names.map(|name| name.into_string().unwrap()).collect())
            .unwrap_or_else(|_| Vec::new())
            .into_iter()
            .map(|name| (name.clone(), xattr::get(&place, &name).unwrap().unwrap()))
            .collect();
        if !own.is_empty() {
            found.insert(path.to_str().unwrap().to_owned(), own);
        }
        if fs::symlink_metadata(&place).unwrap().is_dir() {
            pending.extend(fs::read_dir(&place).unwrap().map(|entry| path.join(entry.unwrap().file_name())));
        }
    }
    found
}

/// The attributes that the library knows.
fn in_image(image: &Path) -> All {
    let image = Image::open(image, &OpenOptions::default()).unwrap();
    let tree = image.tree();
    let mut found = All::new();
    for walked in tree.walk() {
        let id = walked.stat.unwrap().id;
        let names = tree.attribute_names(id).unwrap();
        let own: BTreeMap<String, Vec<u8>> = names
            .into_iter()
            .map(|name| (String::from_utf8(name.to_vec()).unwrap(), tree.attribute(id, &name).unwrap()))
            .collect();
        if !own.is_empty() {
            found.insert(String::from_utf8(walked.path).unwrap(), own);
        }
    }
    found
}

fn extracted(image: &Path, to: &Path) -> (All, Output) {
    let output = Command::new(PROGRAM).arg("extract").arg("-C").arg(to).arg(image).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    (on_disk(to), output)
}

/// Runs a program as a user.
fn by(user: u32, group: u32, program: &str, arguments: &[&Path]) -> Output {
    Command::new(program).args(arguments).uid(user).gid(group).output().unwrap()
}

/// Directories, files, links and a FIFO with attributes of all kinds, and others without.
fn attributed(root: &Path) {
    let long: Vec<u8> = (0..1500u32).map(|i| (i / 3) as u8).collect();
    let set = |path: &Path, name: &str, value: &[u8]| xattr::set(path, name, value).unwrap();
    fs::create_dir(root.join("directory")).unwrap();
    fs::create_dir(root.join("plain directory")).unwrap();
    let mut deep = root.join("directory");
    for level in 0..10 {
        deep.push(format!("level{level}"));
        fs::create_dir(&deep).unwrap();
        set(&deep, "user.level", level.to_string().as_bytes());
    }
    for name in ["file", "listed", "binary", "plain", "directory/in", "first name"] {
        fs::write(root.join(name), name).unwrap();
    }
    set(root, "user.of the root", b"root");
    set(&root.join("file"), "user.one", b"1");
    set(&root.join("file"), "user.empty", b"");
    set(&root.join("file"), "trusted.t", b"2");
    set(&root.join("file"), "security.s", b"3");
    set(&root.join("binary"), "user.binary", &long);
    set(&root.join("binary"), "user.\u{fc}mlaut", b"\0\x01\xff");
    set(&root.join("listed"), ACCESS, &list(0));
    set(&root.join("listed"), "user.and", b"more");
    set(&root.join("directory"), ACCESS, &list(1));
    set(&root.join("directory"), DEFAULT, &list(4));
    set(&root.join("directory/in"), "user.in", b"in");
    set(&root.join("first name"), "user.name", b"both");
    fs::hard_link(root.join("first name"), root.join("second name")).unwrap();
    symlink("file", root.join("link")).unwrap();
    set(&root.join("link"), "trusted.link", b"on the link");
    maker::node(&root.join("fifo"), SFlag::S_IFIFO, 0, 0);
    set(&root.join("fifo"), "trusted.fifo", b"on the fifo");
}

#[test]
fn what_xorriso_records_is_what_library_mount_and_extract_show() {
    let workshop = Workshop::new();
    let source = workshop.source();
    if lacks(&["root", FUSE, "xorriso"]) || lacks_attributes(&source) {
        return;
    }
    attributed(&source);
    let expected = on_disk(&source);
    assert!(expected.len() > 15 && expected["file"].len() == 4, "{expected:?}");
    for (i, compliance) in ["default", "aaip_susp_1_10", "deep_paths_off"].into_iter().enumerate() {
        let image = workshop.path(&format!("image{i}.iso"));
        let commands =
            ["-xattr", "any", "-acl", "on", "-md5", "on", "-hardlinks", "on", "-compliance", compliance];
        let commands = [&commands[..], &["-outdev", "{}", "-map", "{}", "/"]].concat();
        maker::native_xorriso(&commands, &[&image, &source]);
        assert_eq!(in_image(&image), expected, "{compliance}");
        let mounted = Mounted::new(&image, "");
        assert_eq!(on_disk(mounted.path()), expected, "{compliance}");
        let (found, output) = extracted(&image, &workshop.path(&format!("to{i}")));
        let mut without_root = expected.clone();
        without_root.remove("").unwrap();
        assert_eq!(found, without_root, "{compliance}");
        assert_eq!(said(&output).lines().count(), 1, "{}", said(&output));
        // What libisofs keeps for itself is there for whoever knows it.
        let image = Image::open(&image, &OpenOptions::default()).unwrap();
        let private = |path, name: &str| {
            image.tree().private_attribute(stat(&image, path).unwrap().id, name.as_bytes())
        };
        assert!(private("", "isofs.ca").unwrap().unwrap().ends_with(b"MD5"));
        assert!(private("file", "isofs.cx").unwrap().is_some());
    }
}

#[test]
fn users_extract_what_they_may() {
    let workshop = Workshop::new();
    let source = workshop.source();
    if lacks(&["root", "xorriso"]) || lacks_attributes(&source) {
        return;
    }
    attributed(&source);
    let image = workshop.image();
    maker::native_xorriso(
        &["-xattr", "any", "-acl", "on", "-outdev", "{}", "-map", "{}", "/"],
        &[&image, &source],
    );
    let to = workshop.path("to");
    fs::create_dir(&to).unwrap();
    chown(&to, Some(7), Some(7)).unwrap();
    set_mode(workshop.path("").as_path(), 0o755);
    // The program may lie where others cannot go. Copied by another one: what this one has open for writing, a test that starts a program
    // hands on for a moment, and nobody can start it then.
    let program = workshop.path("isomount");
    maker::run("cp", [Path::new(PROGRAM), &program]);
    let words = ["extract", "-C", to.to_str().unwrap(), image.to_str().unwrap()].map(Path::new);
    let output = by(7, 7, program.to_str().unwrap(), &words);
    assert!(output.status.success(), "{}", said(&output));
    let mut expected = on_disk(&source);
    for own in expected.values_mut() {
        own.retain(|name, _| name.starts_with("user.") || name.starts_with("system."));
    }
    expected.retain(|path, own| !path.is_empty() && !own.is_empty());
    assert_eq!(on_disk(&to), expected);
    assert_eq!(said(&output).lines().count(), 1, "what others may not have is no failure: {}", said(&output));
}

#[test]
fn access_control_lists_are_enforced_where_permissions_are_checked() {
    let workshop = Workshop::new();
    let source = workshop.source();
    if lacks(&["root", FUSE, "xorriso"]) || lacks_attributes(&source) {
        return;
    }
    const NOBODY: u32 = u32::MAX;
    let make = |name: &str, mode: u32, group: u32| {
        let path = source.join(name);
        fs::write(&path, name).unwrap();
        set_mode(&path, mode);
        chown(&path, Some(0), Some(group)).unwrap();
        path
    };
    let user = make("user", 0o600, 0);
    xattr::set(
        &user,
        ACCESS,
        &acl(&[(1, 6, NOBODY), (2, 4, 7), (4, 0, NOBODY), (0x10, 4, NOBODY), (0x20, 0, NOBODY)]),
    )
    .unwrap();
    // The group that owns it may do less than the bits of the group say, which are those of the mask.
    let group = make("group", 0o640, 8);
    xattr::set(
        &group,
        ACCESS,
        &acl(&[(1, 6, NOBODY), (4, 0, NOBODY), (8, 4, 9), (0x10, 4, NOBODY), (0x20, 0, NOBODY)]),
    )
    .unwrap();
    make("plain", 0o640, 8);
    let image = workshop.image();
    maker::native_xorriso(&["-acl", "on", "-outdev", "{}", "-map", "{}", "/"], &[&image, &source]);
    let mounted = Mounted::new(&image, "allow_other");
    mounted.open_the_way();
    let may = |uid, gid, name: &str| by(uid, gid, "cat", &[&mounted.join(name)]).status.success();
    assert!(may(7, 10, "user") && !may(10, 7, "user") && !may(10, 8, "user"));
    assert!(may(10, 9, "group") && !may(10, 8, "group") && !may(7, 10, "group"));
    assert!(may(10, 8, "plain") && !may(7, 9, "plain"));
    assert!(may(0, 0, "user") && may(0, 0, "group"));
    // Whoever mounts alone may read everything, as without lists.
    let mounted = Mounted::new(&image, "");
    assert_eq!(fs::read(mounted.join("user")).unwrap(), b"user");
    assert_eq!(xattr::get(mounted.join("user"), ACCESS).unwrap(), xattr::get(&user, ACCESS).unwrap());
}

#[test]
fn lists_deep_in_a_tree_are_marked_by_ls() {
    let workshop = Workshop::new();
    let source = workshop.source();
    if lacks(&["root", FUSE, "xorriso"]) || lacks_attributes(&source) {
        return;
    }
    let deep = source.join("a/b");
    fs::create_dir_all(&deep).unwrap();
    fs::write(source.join("plain"), "").unwrap();
    fs::write(deep.join("listed"), "").unwrap();
    xattr::set(deep.join("listed"), ACCESS, &list(0)).unwrap();
    let image = workshop.image();
    maker::native_xorriso(&["-acl", "on", "-outdev", "{}", "-map", "{}", "/"], &[&image, &source]);
    let mounted = Mounted::new(&image, "");
    let output = by(0, 0, "ls", &[Path::new("-lR"), mounted.path()]);
    let text = String::from_utf8(output.stdout).unwrap();
    let marked: Vec<&str> =
        text.lines().filter(|line| line.split(' ').next().unwrap().ends_with('+')).collect();
    assert!(marked.len() == 1 && marked[0].ends_with(" listed"), "{text}");
}

#[test]
fn attributes_for_root_are_listed_for_root() {
    if lacks(&["root", FUSE, "getfattr"]) {
        return;
    }
    let list = support::attributes::attributes(&[(b"\x03shown", b"1"), (b"\x05hidden", b"2")]);
    let mut forge = Forge::new();
    forge.rock_ridge_root(&[file("F.;1", 23, 4).with(&[&px(0o100_644, 1, 0, 0), &nm(0, "f"), &list])]);
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image.iso");
    fs::write(&image, &forge.bytes).unwrap();
    let mounted = Mounted::new(&image, "allow_other");
    mounted.open_the_way();
    let file = mounted.join("f");
    let words = [Path::new("-m"), Path::new("-"), &file];
    for (user, names) in [(0, &["trusted.hidden", "user.shown"][..]), (7, &["user.shown"])] {
        let output = by(user, user, "getfattr", &words);
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let found: Vec<&str> =
            text.lines().filter(|line| line.contains('.') && !line.starts_with('#')).collect();
        assert_eq!(found, names, "{user}: {}", said(&output));
    }
}

#[test]
fn what_genisoimage_records_for_macintosh_and_xa_is_shown() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    // A file with the sidecar that macOS writes on other file systems: the information of its finder and a resource fork.
    let fork: Vec<u8> = (0..2500u32).map(|i| (i / 5) as u8).collect();
    let entry = |id: u32, at: u32, len: u32| [id, at, len].map(u32::to_be_bytes).concat();
    let info = finder_info(b"TEXT", b"ttxt", 0);
    let sidecar = [
        &0x0005_1607u32.to_be_bytes()[..],
        &0x0002_0000u32.to_be_bytes(),
        &[b' '; 16],
        &2u16.to_be_bytes(),
        &entry(9, 50, 32),
        &entry(2, 82, fork.len() as u32),
        &info,
        &fork,
    ]
    .concat();
    fs::write(workshop.source().join("doc.txt"), "text").unwrap();
    fs::write(workshop.source().join("._doc.txt"), sidecar).unwrap();
    let both = BTreeMap::from([
        ("com.apple.FinderInfo".to_owned(), info.clone()),
        ("com.apple.ResourceFork".to_owned(), fork.clone()),
    ]);
    let only_fork = BTreeMap::from([("com.apple.ResourceFork".to_owned(), fork.clone())]);
    for (i, (options, expected)) in [
        (&["-apple", "-R"][..], &both),
        (&["-apple", "-r", "-J", "-input-charset", "iso8859-1"], &both),
        (&["-hfs", "-l"], &only_fork),
    ]
    .into_iter()
    .enumerate()
    {
        let image = workshop.path(&format!("mac{i}.iso"));
        maker::genisoimage(&image, &workshop.source(), &[options, &["--osx-double"]].concat());
        let expected = All::from([("doc.txt".to_owned(), expected.clone())]);
        assert_eq!(in_image(&image), expected, "{options:?}");
        let mounted = Mounted::new(&image, "");
        assert_eq!(on_disk(mounted.path()), expected, "{options:?}");
        assert_eq!(fs::read(mounted.join("doc.txt")).unwrap(), b"text");
        if lacks_attributes(&workshop.source()) {
            continue;
        }
        // Linux keeps attributes of other systems as those of users.
        let (found, _) = extracted(&image, &workshop.path(&format!("to{i}")));
        let own = |(name, value): (&String, &Vec<u8>)| (format!("user.{name}"), value.clone());
        let kept: BTreeMap<String, Vec<u8>> = expected["doc.txt"].iter().map(own).collect();
        assert_eq!(found, All::from([("doc.txt".to_owned(), kept)]), "{options:?}");
    }
    let image = workshop.path("xa.iso");
    set_mode(&workshop.source().join("doc.txt"), 0o640);
    maker::genisoimage(&image, &workshop.source(), &["-XA", "-R"]);
    let mounted = Mounted::new(&image, "");
    let attributes = xattr::get(mounted.join("doc.txt"), "user.xa.attributes").unwrap().unwrap();
    assert_eq!(String::from_utf8(attributes).unwrap(), "0811 r--r----- form1");
}

#[test]
fn where_the_bytes_lie_is_told_and_not_copied() {
    if lacks(&["root", FUSE]) {
        return;
    }
    let mut forge = Forge::new();
    forge.block(30, b"data");
    forge.directory(
        ROOT,
        ROOT,
        &[file("A.;1", 30, 4).with(&[&aa(b"TEXT", b"ttxt", 0)]), file("B.;1", 30, 2)],
    );
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image.iso");
    fs::write(&image, &forge.bytes).unwrap();
    let mounted = Mounted::new(&image, "");
    let extents = |name: &str| xattr::get(mounted.join(name), "user.isomount.extents").unwrap();
    assert_eq!(extents("a").unwrap(), b"61440 4\n");
    assert_eq!(extents("b").unwrap(), b"61440 2\n");
    assert_eq!(extents(""), None);
    // The bytes are there in the image.
    assert_eq!(&fs::read(&image).unwrap()[61_440..][..4], b"data");
    let listed: Vec<_> = xattr::list(mounted.join("a")).unwrap().collect();
    assert_eq!(listed, ["com.apple.FinderInfo"]);
    let (found, _) = extracted(&image, &directory.path().join("to"));
    assert!(found.values().all(|own| !own.contains_key("user.isomount.extents")));
    let output = Command::new(PROGRAM).args(["ls", "--xattr"]).arg(&image).output().unwrap();
    let lines = "a\n\tcom.apple.FinderInfo  32\n\tuser.isomount.extents  8\nb\n\tuser.isomount.extents  8\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), lines);
}
