//! What the kernel asks a mount for: requests that reach the daemon, counted. No figure depends on the clock.
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
    fs::{self, File},
    io::{ErrorKind, Read},
    os::unix::fs::symlink,
    path::Path,
    process::Command,
    thread,
    time::Duration,
};

use nix::sys::statvfs::statvfs;
use support::{
    maker::{self, Workshop, lacks},
    requests::Watched,
};

const FUSE: &str = "/dev/fuse";

/// Requests that a tree the kernel knows needs no more.
const KNOWN: [&str; 6] = ["LOOKUP", "GETATTR", "READ", "READDIR", "READDIRPLUS", "READLINK"];

/// Requests about what is open: none is needed once `open` and `opendir` are known to be for nothing.
const OPENING: [&str; 5] = ["OPEN", "OPENDIR", "FLUSH", "RELEASE", "RELEASEDIR"];

/// Attempts to see a mount whose caches nobody needs the memory of.
const ATTEMPTS: usize = 3;

/// Bytes that the kernel asks for in one request.
const REQUEST: usize = 256 << 10;

/// Makes an image with Rock Ridge of a tree.
fn rock_ridge(workshop: &Workshop) {
    maker::genisoimage(&workshop.image(), &workshop.source(), &["-R"]);
}

/// A mount with one file that was read, so that the kernel knows all that it asks once.
fn settled(workshop: &Workshop, options: &str) -> Watched {
    let mount = Watched::new(&workshop.image(), options);
    assert_eq!(fs::read(mount.join("settle")).unwrap(), b"settle");
    fs::read_dir(mount.path()).unwrap().for_each(|entry| drop(entry.unwrap()));
    mount
}

/// Directories in each other with files of several sizes, and links where they have a place.
fn nested(root: &Path, has_links: bool) {
    let mut place = root.to_owned();
    for level in 0..4 {
        for (i, size) in [0usize, 1, 2048, 12_000, 200_000].into_iter().enumerate() {
            fs::write(place.join(format!("file{size}")), maker::bytes(i as u64, size)).unwrap();
        }
        for i in 0..30 {
            fs::write(place.join(format!("small{i}")), format!("{level} {i}")).unwrap();
        }
        if has_links {
            symlink("../file1", place.join("link")).unwrap();
            symlink("nowhere", place.join("dangling")).unwrap();
        }
        fs::create_dir(place.join("empty")).unwrap();
        place.push(format!("level{level}"));
        fs::create_dir(&place).unwrap();
    }
    fs::write(root.join("large"), maker::bytes(9, 3_000_000)).unwrap();
}

/// Lists every directory, asks for every node and for names that are not there, reads every file and link; returns how
/// many nodes there are.
fn visit(directory: &Path) -> usize {
    let mut count = 1;
    for name in ["missing", "also missing"] {
        let error = fs::symlink_metadata(directory.join(name)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    let entries: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in entries {
        let metadata = fs::symlink_metadata(&path).unwrap();
        count += if metadata.is_dir() { visit(&path) } else { 1 };
        if metadata.is_symlink() {
            fs::read_link(&path).unwrap();
        } else if metadata.is_file() {
            assert_eq!(fs::read(&path).unwrap().len() as u64, metadata.len());
        }
    }
    count
}

/// Visits a mount twice: the second time nothing may reach the daemon. The machine may have taken caches away in between;
/// then once more, on a fresh mount.
fn assert_nothing_reaches_the_daemon_twice(image: &Path, options: &str, nodes: usize) {
    let mut failures = Vec::new();
    for _ in 0..ATTEMPTS {
        let mount = Watched::new(image, options);
        let (found, first) = mount.requests(|| visit(mount.path()));
        assert_eq!(found, nodes);
        assert!(first.count(&["READDIRPLUS", "READDIR"]) > 0 && first.count(&["READ"]) > 0, "{first}");
        let (found, second) = mount.requests(|| visit(mount.path()));
        assert_eq!(found, nodes);
        if second.count(&KNOWN) == 0 {
            return;
        }
        failures.push(second.to_string());
    }
    panic!("{}", failures.join("\n"));
}

#[test]
fn a_second_time_nothing_reaches_the_daemon() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    for (has_links, maker_options, options) in [(true, &["-R"][..], ""), (false, &["-udf"], "view=udf")] {
        let workshop = Workshop::new();
        nested(&workshop.source(), has_links);
        maker::genisoimage(&workshop.image(), &workshop.source(), maker_options);
        let nodes = visit(&workshop.source());
        assert_nothing_reaches_the_daemon_twice(&workshop.image(), options, nodes);
    }
}

/// Bytes of one entry in the answer to READDIRPLUS: attributes and node (`fuse_entry_out`), the entry itself, the name.
fn bytes_in_listing(name: &str) -> usize {
    128 + 24 + name.len().next_multiple_of(8)
}

#[test]
fn a_listing_brings_the_attributes_along() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    for (maker_options, options) in [(&["-R"][..], ""), (&["-udf", "-R"], "view=udf")] {
        let workshop = Workshop::new();
        fs::write(workshop.path("source/settle"), "settle").unwrap();
        let name = |i: usize| format!("file{i:05}");
        for n in [10, 5000] {
            let directory = workshop.path(&format!("source/of{n}"));
            fs::create_dir(&directory).unwrap();
            (0..n).for_each(|i| fs::write(directory.join(name(i)), "x").unwrap());
        }
        maker::genisoimage(&workshop.image(), &workshop.source(), maker_options);
        let mount = settled(&workshop, options);
        for n in [10usize, 5000] {
            let directory = mount.join(format!("of{n}"));
            let (found, requests) = mount.requests(|| {
                // All names first: the kernel can only guess that somebody will ask for their attributes.
                let paths: Vec<_> =
                    fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
                paths.iter().filter(|path| fs::symlink_metadata(path).unwrap().len() == 1).count()
            });
            assert_eq!(found, n);
            assert!(requests.count(&["LOOKUP"]) <= 1, "{n} names, {requests}");
            assert_eq!(requests.count(&["GETATTR", "READDIR"]), 0, "{n} names, {requests}");
            assert_eq!(requests.count(&OPENING), 0, "{n} names, {requests}");
            // The smallest answer that the kernel makes room for is a page; one more request finds the end.
            let pages = n.div_ceil(4096 / bytes_in_listing(&name(0))) + 2;
            let plus = requests.count(&["READDIRPLUS"]);
            assert!((1..=pages).contains(&plus), "{n} names: {plus} of at most {pages}, {requests}");
        }
    }
}

#[test]
fn a_small_file_is_one_read() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    fs::write(workshop.path("source/settle"), "settle").unwrap();
    fs::create_dir(workshop.path("source/below")).unwrap();
    for i in 0..20 {
        fs::write(workshop.path(&format!("source/below/file{i}")), maker::bytes(i, 12_288)).unwrap();
    }
    rock_ridge(&workshop);
    let mount = settled(&workshop, "");
    // The first may bring the way to it.
    assert!(fs::metadata(mount.join("below")).unwrap().is_dir());
    for i in 0..20 {
        let path = mount.join(format!("below/file{i}"));
        let (bytes, requests) = mount.requests(|| fs::read(&path).unwrap());
        assert!(bytes == maker::bytes(i, 12_288));
        assert_eq!(requests.count(&["READ"]), 1, "{requests}");
        assert_eq!(requests.count(&["LOOKUP"]), 1, "{requests}");
        assert_eq!(requests.count(&["GETATTR"]), 0, "{requests}");
        assert_eq!(requests.count(&OPENING), 0, "{requests}");
    }
}

#[test]
fn files_read_one_after_the_other_are_there_before_they_are_asked_for() {
    const SIZES: [usize; 8] = [0, 1, 4095, 4096, 4097, 12_288, 128 << 10, (128 << 10) + 1];
    const FILES: usize = 100;
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let content = |directory: usize, i: usize| {
        let size = if i < SIZES.len() { SIZES[i] } else { 1000 + i };
        maker::bytes((directory * FILES + i) as u64, size)
    };
    let workshop = Workshop::new();
    for d in 0..3 {
        fs::create_dir(workshop.path(&format!("source/d{d}"))).unwrap();
        for i in 0..FILES {
            fs::write(workshop.path(&format!("source/d{d}/file{i:02}")), content(d, i)).unwrap();
        }
    }
    maker::genisoimage(&workshop.image(), &workshop.source(), &["-R", "-udf"]);
    for options in ["view=rockridge", "view=udf"] {
        let mut reads = (0..ATTEMPTS).map(|_| {
            let mount = Watched::new(&workshop.image(), options);
            let ((), requests) = mount.requests(|| {
                for d in 0..3 {
                    let entries = fs::read_dir(mount.join(format!("d{d}"))).unwrap();
                    let paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
                    assert_eq!(paths.len(), FILES);
                    for path in paths {
                        let name = path.to_str().unwrap();
                        let number = name.rsplit("file").next().unwrap().parse().unwrap();
                        assert!(fs::read(&path).unwrap() == content(d, number), "{name}");
                        // Time for the daemon, however busy the machine is.
                        thread::sleep(Duration::from_millis(1));
                    }
                }
            });
            assert_eq!(requests.count(&["GETATTR"]), 0, "{requests}");
            requests.count(&["READ"])
        });
        let few = reads
            .by_ref()
            .inspect(|reads| println!("{reads} reads of {} files", 3 * FILES))
            .find(|n| *n <= FILES);
        assert!(few.is_some(), "{options}: the files were asked for one by one");
    }
}

#[test]
fn a_sequential_read_is_a_few_large_requests() {
    const SIZE: usize = 8 * REQUEST;
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    fs::write(workshop.path("source/settle"), "settle").unwrap();
    let expected = maker::bytes(1, SIZE);
    fs::write(workshop.path("source/large"), &expected).unwrap();
    rock_ridge(&workshop);
    let mount = settled(&workshop, "");
    let (bytes, requests) = mount.requests(|| {
        let mut file = File::open(mount.join("large")).unwrap();
        let (mut bytes, mut buf) = (Vec::new(), vec![0; 128 * 1024]);
        loop {
            match file.read(&mut buf).unwrap() {
                0 => return bytes,
                n => bytes.extend_from_slice(&buf[..n]),
            }
        }
    });
    assert!(bytes == expected);
    let reads = requests.count(&["READ"]);
    // The kernel begins with small windows, which it doubles; where it reads ahead no more than by itself, each is 128 KiB.
    assert!((1..=2 * SIZE / REQUEST + 6).contains(&reads), "{reads}, {requests}");
    assert_eq!(requests.count(&OPENING), 0, "{requests}");
}

#[test]
fn a_missing_name_is_asked_for_once_and_statfs_is_one_request() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    fs::write(workshop.path("source/settle"), "settle").unwrap();
    rock_ridge(&workshop);
    let mount = settled(&workshop, "");
    let look = || assert!(fs::symlink_metadata(mount.join("missing")).is_err());
    let ((), first) = mount.requests(look);
    assert_eq!((first.count(&["LOOKUP"]), first.count(&KNOWN)), (1, 1), "{first}");
    let ((), second) = mount.requests(look);
    assert_eq!(second.count(&KNOWN), 0, "{second}");
    let (_, requests) = mount.requests(|| statvfs(mount.path()).unwrap());
    assert_eq!((requests.count(&["STATFS"]), requests.count(&KNOWN)), (1, 0), "{requests}");
}

#[test]
fn without_extended_attributes_programs_do_not_go_on_asking_for_them() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    (0..50).for_each(|i| fs::write(workshop.path(&format!("source/file{i}")), "x").unwrap());
    rock_ridge(&workshop);
    let mount = Watched::new(&workshop.image(), "");
    let asking = ["GETXATTR", "LISTXATTR"];
    let run = |program: &str, words: &[&str]| {
        let output = Command::new(program).args(words).arg(mount.path()).output().unwrap();
        assert!(output.status.success(), "{program}");
    };
    // It asks for the first file, is told that there is nothing of the kind, and believes it of the others.
    let ((), requests) = mount.requests(|| run("ls", &["-lR"]));
    assert!((1..5).contains(&requests.count(&asking)), "{requests}");
    let ((), requests) = mount.requests(|| {
        assert!(Command::new("find").arg(mount.path()).arg("-ls").output().unwrap().status.success());
        run("tar", &["-cf", "/dev/null"]);
    });
    assert_eq!(requests.count(&asking), 0, "{requests}");
    let ((), requests) = mount.requests(|| {
        for i in 0..50 {
            let path = mount.join(format!("file{i}"));
            for refused in [xattr::list(&path).map(drop), xattr::get(&path, "user.comment").map(drop)] {
                assert_eq!(refused.unwrap_err().raw_os_error(), Some(nix::libc::EOPNOTSUPP));
            }
            assert!(xattr::get(&path, "user.isomount.extents").unwrap().is_some());
        }
    });
    assert_eq!((requests.count(&asking) >= 150, requests.count(&KNOWN)), (true, 0), "{requests}");
}
