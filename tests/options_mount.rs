//! Options that change how names are looked up and decoded, by real mounts of images that other programs make.
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
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::ErrorKind,
    os::{
        fd::AsRawFd,
        unix::{
            ffi::OsStringExt,
            fs::{MetadataExt, symlink},
        },
    },
    path::{Path, PathBuf},
    thread,
};

use isomount::{
    charset::Charset,
    open::{Image, OpenOptions, TreeOptions},
};
use support::{
    listing,
    maker::{self, Workshop, lacks},
    mounted::{self, Mounted},
    requests::Watched,
};

const FUSE: &str = "/dev/fuse";

/// Spellings of the path to one file, of which the first is the true one.
const SPELLINGS: [&str; 5] =
    ["Dir/Sub/File.Txt", "DIR/SUB/FILE.TXT", "dir/sub/file.txt", "Dir/sUB/file.TXT", "dIR./Sub/File.Txt;1"];

/// Images with a file of [`SPELLINGS`], and with what options they are mounted.
fn spelled(workshop: &Workshop) -> Vec<(PathBuf, &'static str)> {
    let source = workshop.source();
    fs::create_dir_all(source.join("Dir/Sub")).unwrap();
    for path in ["Dir/Sub/File.Txt", "Dir/Other", "Last"] {
        fs::write(source.join(path), path).unwrap();
    }
    let (iso, udf) = (workshop.path("iso"), workshop.path("udf"));
    maker::genisoimage(&iso, &source, &["-R", "-J"]);
    maker::genisoimage(&udf, &source, &["-R", "-udf"]);
    vec![
        (iso.clone(), "check=relaxed"),
        (iso.clone(), "check=relaxed,view=joliet"),
        (iso, "check=r,view=iso9660"),
        (udf, "check=relaxed,view=udf"),
    ]
}

fn number(path: &Path) -> u64 {
    fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).ino()
}

#[test]
fn the_kernel_takes_all_spellings_for_one_node() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    for (image, options) in spelled(&workshop) {
        let mounted = Mounted::new(&image, options);
        // Names that are not there come first: nothing is known of them afterwards that is wrong.
        for name in ["nothing", "Nothing", "dir/nothing", "DIR/nothing", "Dir/Sub/File.Tx", "last;2"] {
            let error = fs::metadata(mounted.join(name)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{options}: {name}");
        }
        let listed = |path: &str| mounted::names(&mounted.join(path));
        let (root, sub) = (listed(""), listed("Dir/Sub"));
        let of_file = number(&mounted.join(SPELLINGS[0]));
        let open = File::open(mounted.join("Dir/Sub")).unwrap();
        for _ in 0..3 {
            for spelling in SPELLINGS {
                let path = mounted.join(spelling);
                assert_eq!(number(&path), of_file, "{options}: {spelling}");
                assert_eq!(fs::read(&path).unwrap(), SPELLINGS[0].as_bytes(), "{options}: {spelling}");
                for (above, truly) in path.ancestors().skip(1).zip(["Dir/Sub", "Dir"]) {
                    assert_eq!(number(above), number(&mounted.join(truly)), "{options}: {spelling}");
                }
                // An open directory is called as it was called last.
                let called = fs::read_link(format!("/proc/self/fd/{}", open.as_raw_fd())).unwrap();
                let called = called.strip_prefix(mounted.path()).unwrap().to_str().unwrap().to_owned();
                assert!(called.replace('.', "").eq_ignore_ascii_case("dir/sub"), "{options}: {called}");
            }
            assert_eq!(listed("dIr/suB"), sub, "{options}: names are listed as they are");
            assert_eq!(listed(""), root, "{options}");
        }
        assert!(fs::metadata(mounted.join("Dir/other")).is_ok());
        assert!(fs::metadata(mounted.join("nothing")).is_err());
    }
    let strict = Mounted::new(&workshop.path("iso"), "check=strict");
    assert!(fs::metadata(strict.join("Last")).is_ok() && fs::metadata(strict.join("last")).is_err());
}

#[test]
fn spellings_do_not_get_into_the_way_of_each_other() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    for (image, options) in spelled(&workshop) {
        let mounted = Mounted::new(&image, options);
        // The kernel calls a directory by one name at a time: four threads that want others of it, and one that lists.
        thread::scope(|scope| {
            for first in 0..SPELLINGS.len() {
                let mounted = &mounted;
                scope.spawn(move || {
                    for i in 0..300 {
                        let path = mounted.join(SPELLINGS[(first + i) % SPELLINGS.len()]);
                        let read = fs::read(&path);
                        assert_eq!(read.expect(options), SPELLINGS[0].as_bytes(), "{}", path.display());
                    }
                });
            }
            scope.spawn(|| {
                for _ in 0..100 {
                    assert_eq!(mounted::names(&mounted.join("Dir")).len(), 2);
                }
            });
        });
    }
}

#[test]
fn each_spelling_of_a_file_is_asked_for_once() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    for (image, options) in spelled(&workshop) {
        let mount = Watched::new(&image, options);
        for name in ["last", "LAST", "lost", "LOST"] {
            let look = || fs::symlink_metadata(mount.join(name)).is_ok();
            let (is_there, first) = mount.requests(look);
            assert_eq!(is_there, name.eq_ignore_ascii_case("last"), "{options}: {name}");
            assert!(first.count(&["LOOKUP"]) == 1, "{options}: {name}, {first}");
            let (_, second) = mount.requests(look);
            assert_eq!(second.count(&["LOOKUP"]), 0, "{options}: {name}, {second}");
        }
    }
}

/// Gives other names to all in a tree, and to what its links lead to.
fn recode(directory: &Path, encode: &impl Fn(&OsStr) -> OsString) {
    let paths: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in paths {
        if path.is_symlink() {
            let target = encode(fs::read_link(&path).unwrap().as_os_str());
            fs::remove_file(&path).unwrap();
            symlink(target, &path).unwrap();
            maker::set_time(&path, maker::SOME_TIME);
        } else if path.is_dir() {
            recode(&path, encode);
        }
        fs::rename(&path, directory.join(encode(path.file_name().unwrap()))).unwrap();
    }
}

/// `text` in another encoding.
fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    let workshop = Workshop::new();
    fs::write(workshop.path("text"), text).unwrap();
    let output =
        maker::output("iconv", ["-f", "UTF-8", "-t", encoding, workshop.path("text").to_str().unwrap()]);
    assert!(output.status.success(), "iconv to {encoding}: {text}");
    output.stdout
}

/// A tree whose names are in these letters.
fn lettered(root: &Path, letters: &str) {
    let (directory, link) = (root.join(letters), root.join(format!("link {letters}")));
    fs::create_dir_all(directory.join("plain")).unwrap();
    for character in letters.chars() {
        for path in [format!("{character}.txt"), format!("plain/a {character}{character}")] {
            fs::write(directory.join(&path), letters).unwrap();
            maker::set_time(&directory.join(path), maker::SOME_TIME);
        }
    }
    symlink(format!("./{letters}/plain"), &link).unwrap();
    maker::set_time(&link, maker::SOME_TIME);
    maker::settle(root, maker::SOME_TIME);
}

#[test]
fn names_of_image_makers_in_other_encodings() {
    if lacks(&["root", FUSE, "genisoimage", "xorriso", "iconv"]) {
        return;
    }
    for (option, of_iconv, letters) in [
        ("shift_jis", "CP932", "ソフト表示能力予定ｶﾅ"),
        ("gbk", "GBK", "中文软件乗丄"),
        ("big5", "BIG5", "中文功能許蓋"),
        ("euc-kr", "EUC-KR", "한글파일"),
        ("euc-jp", "EUC-JP", "日本語ソフト"),
        ("cp866", "CP866", "ПриветЁё"),
        ("koi8-r", "KOI8-R", "ПриветЁё"),
        ("cp1251", "CP1251", "ПриветЁё"),
        ("iso8859-1", "ISO-8859-1", "Größeñé"),
        ("cp437", "CP437", "Größeñé"),
        ("cp850", "CP850", "Größeñéþ"),
        ("cp852", "CP852", "Łódźčě"),
    ] {
        let workshop = Workshop::new();
        let (source, image, raw) = (workshop.source(), workshop.image(), workshop.path("raw"));
        lettered(&source, letters);
        fs::create_dir(&raw).unwrap();
        lettered(&raw, letters);
        recode(&raw, &|name| OsString::from_vec(encoded(name.to_str().unwrap(), of_iconv)));
        maker::settle(&raw, maker::SOME_TIME);
        let compare = |what: &str| {
            let mounted = Mounted::new(&image, &format!("iocharset={option}"));
            let differences =
                listing::differences(&mounted::on_disk(&source), &mounted::on_disk(mounted.path()));
            assert!(differences.is_empty(), "{option}, {what}:\n{}", differences.join("\n"));
            let path = mounted.join(format!("link {letters}/a {0}{0}", letters.chars().next().unwrap()));
            assert_eq!(fs::read(&path).unwrap(), letters.as_bytes(), "{option}, {what}: through a link");
            let names = mounted::names(Mounted::new(&image, "").path());
            let recorded = OsString::from_vec(encoded(letters, of_iconv));
            assert!(names.contains(&recorded), "{option}, {what}: without the option names keep their bytes");
        };
        maker::genisoimage(&image, &raw, &["-R"]);
        compare("genisoimage");
        maker::xorriso(&image, &raw, &["-R"]);
        compare("xorriso");
        let charsets = ["-R", "-input-charset", "UTF-8", "-output-charset", of_iconv];
        maker::xorriso(&image, &source, &charsets);
        compare("xorriso -output-charset");
    }
}

#[test]
fn plain_names_of_genisoimage_in_other_encodings() {
    if lacks(&["root", FUSE, "genisoimage", "iconv"]) {
        return;
    }
    for (option, of_iconv, name, lower) in [
        ("cp932", "CP932", "ソフト表.TXT", "ソフト表.txt"),
        ("cp866", "CP866", "ФАЙЛ.TXT", "файл.txt"),
        ("cp850", "CP850", "GRÖSSE.TXT", "grösse.txt"),
    ] {
        let workshop = Workshop::new();
        let (image, source) = (workshop.image(), workshop.source());
        let recorded = OsString::from_vec(encoded(name, of_iconv));
        fs::write(source.join(&recorded), name).unwrap();
        // At level 4 alone it leaves names as they are, in the tree of an enhanced descriptor.
        let words = ["-quiet", "-input-charset", "iso8859-1", "-iso-level", "4", "-V"].map(OsStr::new);
        let rest = [&recorded, OsStr::new("-o"), image.as_os_str(), source.as_os_str()];
        maker::run("genisoimage", words.into_iter().chain(rest));
        let compare = |shown: &str| {
            let mounted = Mounted::new(&image, &format!("iocharset={option},check=relaxed"));
            assert_eq!(mounted::names(mounted.path()), BTreeSet::from([OsString::from(shown)]), "{option}");
            for spelling in [name, lower] {
                let read = fs::read(mounted.join(spelling)).unwrap();
                assert_eq!(read, name.as_bytes(), "{option}: {spelling}");
            }
            let tree = TreeOptions { charset: Charset::named(option), ..TreeOptions::default() };
            let opened = Image::open(&image, &OpenOptions { tree, ..OpenOptions::default() }).unwrap();
            assert_eq!(opened.tree().label(), name, "{option}");
        };
        compare(name);
        // The tree of the primary descriptor has the same records; it is shown where there is no other.
        let mut bytes = fs::read(&image).unwrap();
        let at = bytes.windows(6).position(|window| window == b"\x02CD001").unwrap();
        bytes[at] = 4;
        fs::write(&image, bytes).unwrap();
        compare(lower);
    }
}

#[test]
fn a_mount_takes_all_words_of_isofs() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    fs::write(workshop.path("source/File"), b"x").unwrap();
    maker::set_mode(&workshop.path("source/File"), 0o4711);
    maker::genisoimage(&workshop.image(), &workshop.source(), &["-R", "-J"]);
    let options = "ro,check=relaxed,map=normal,mode=0640,dmode=0750,overriderockperm,cruft,nocompress,sbsector=0,block=2048,\
                   conv=auto,iocharset=utf8,utf8,unhide,showassoc,uid=7,gid=8";
    let mounted = Mounted::new(&workshop.image(), options);
    let file = fs::metadata(mounted.join("FILE")).unwrap();
    assert_eq!((file.mode() & 0o7777, file.uid(), file.gid(), file.len()), (0o640, 7, 8, 1));
    assert_eq!(fs::metadata(mounted.path()).unwrap().mode() & 0o7777, 0o750);
    let mounted = Mounted::new(&workshop.image(), "fmask=0111,dmask=022,umask=077");
    assert_eq!(fs::metadata(mounted.join("File")).unwrap().mode() & 0o7777, 0o4600);
}
