//! Source trees on disk, and the programs that make images of them.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, lchown, symlink},
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use nix::{
    fcntl::AT_FDCWD,
    sys::{
        stat::{Mode, SFlag, UtimensatFlags, makedev, mknod, utimensat},
        statvfs::statvfs,
        time::TimeSpec,
    },
};
use tempfile::TempDir;

/// Whether one of `needs` is not there, which is said on stderr. A need is the name of a program, `root` (who may mount
/// and make devices), or a path that can be opened for reading and writing.
pub fn lacks(needs: &[&str]) -> bool {
    let missing = needs.iter().find(|need| match **need {
        "root" => !may_do_everything(),
        path if path.starts_with('/') => fs::File::options().read(true).write(true).open(path).is_err(),
        tool => program(tool).is_none(),
    });
    if let Some(missing) = missing {
        eprintln!("skipped: no {missing}");
    }
    missing.is_some()
}

/// Root may have given up rights, in a container for one.
fn may_do_everything() -> bool {
    const MKNOD_AND_SYS_ADMIN: u64 = 1 << 27 | 1 << 21;
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let rights = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
    let rights = u64::from_str_radix(rights.trim(), 16).unwrap();
    nix::unistd::geteuid().is_root() && rights & MKNOD_AND_SYS_ADMIN == MKNOD_AND_SYS_ADMIN
}

/// Where a program lies.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    places.map(|place| place.join(name)).find(|file| file.is_file())
}

/// A directory for what one test needs, with an empty directory `source` in it.
pub struct Workshop(TempDir);

impl Workshop {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("source")).unwrap();
        Self(directory)
    }

    pub fn source(&self) -> PathBuf {
        self.path("source")
    }

    pub fn image(&self) -> PathBuf {
        self.path("image.iso")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Whether fewer than this many GiB are free, which is said on stderr.
    pub fn lacks_room(&self, gib: u64) -> bool {
        let disk = statvfs(self.0.path()).unwrap();
        let lacks_room = disk.blocks_available() * disk.fragment_size() < gib << 30;
        if lacks_room {
            eprintln!("skipped: less than {gib} GiB are free in {}", self.0.path().display());
        }
        lacks_room
    }
}

/// A program that runs for two minutes at most.
fn timed(name: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args(["-k", "5", "120"]).arg(program(name).unwrap());
    // A zone that has a half hour, west of Greenwich, so that a lost sign or quarter shows.
    command.env("LC_ALL", "C.UTF-8").env("TZ", "XXX+3:30");
    command
}

/// Runs a program, for two minutes at most.
pub fn output<A: AsRef<OsStr>>(name: &str, args: impl IntoIterator<Item = A>) -> Output {
    timed(name).args(args).output().unwrap()
}

/// Runs a program that must not fail.
pub fn run<A: AsRef<OsStr>>(name: &str, args: impl IntoIterator<Item = A>) {
    let args: Vec<OsString> = args.into_iter().map(|a| a.as_ref().to_owned()).collect();
    let output = output(name, &args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {args:?}: {}\n{said}", output.status);
}

/// The arguments of a program: words, and paths where a word is `{}`.
fn filled(words: &[&str], paths: &[&Path]) -> Vec<OsString> {
    let mut paths = paths.iter();
    let fill = |word: &&str| match *word {
        "{}" => paths.next().unwrap().as_os_str().to_owned(),
        word => word.into(),
    };
    words.iter().map(fill).collect()
}

/// `xorriso -as mkisofs`.
pub fn xorriso(image: &Path, source: &Path, options: &[&str]) {
    let start = ["-no_rc", "-as", "mkisofs", "-quiet"];
    run("xorriso", filled(&[&start, options, &["-o", "{}", "{}"]].concat(), &[image, source]));
}

/// xorriso's own commands; each `{}` stands for the next one of `paths`.
pub fn native_xorriso(commands: &[&str], paths: &[&Path]) {
    run("xorriso", filled(&[&["-no_rc", "-report_about", "WARNING"], commands].concat(), paths));
}

pub fn genisoimage(image: &Path, source: &Path, options: &[&str]) {
    run("genisoimage", genisoimage_words(&[options, &["-o", "{}", "{}"]].concat(), &[image, source]));
}

/// As [`genisoimage`], with holes in the image where it has zeros.
pub fn sparse_genisoimage(image: &Path, source: &Path, options: &[&str]) {
    let mut command = timed("genisoimage");
    command.args(genisoimage_words(&[options, &["{}"]].concat(), &[source]));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    write_sparsely(child.stdout.take().unwrap(), image);
    let status = child.wait().unwrap();
    assert!(status.success(), "genisoimage {options:?}: {status}");
}

fn genisoimage_words(options: &[&str], paths: &[&Path]) -> Vec<OsString> {
    // Only for Joliet and UDF it translates names; else it passes them on.
    let translates = options.iter().any(|option| matches!(*option, "-J" | "-udf"));
    let charset = if translates { "utf-8" } else { "iso8859-1" };
    filled(&[&["-quiet", "-input-charset", charset], options].concat(), paths)
}

/// Makes an empty UDF volume in a new file of `len` bytes. Returns what `mkudffs` says of it (`key=value`), `None` when it
/// refuses these options.
pub fn mkudffs(image: &Path, len: u64, options: &[&str]) -> Option<BTreeMap<String, String>> {
    File::create(image).unwrap().set_len(len).unwrap();
    let output = output("mkudffs", filled(&[&["--utf8"], options, &["{}"]].concat(), &[image]));
    if output.status.success() {
        return Some(values(&output.stdout));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "mkudffs {options:?}: {said}");
    assert!(said.starts_with("mkudffs: Error: "), "mkudffs {options:?}: {said}");
    None
}

/// What `udfinfo` says of an image.
pub fn udfinfo(image: &Path) -> BTreeMap<String, String> {
    let output = output("udfinfo", filled(&["--utf8", "{}"], &[image]));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "udfinfo {}: {}\n{said}", image.display(), output.status);
    values(&output.stdout)
}

fn values(text: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(text);
    text.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// Writes what a program sends, with holes where it sends zeros.
pub fn write_sparsely(mut from: impl Read, to: &Path) {
    let mut file = File::create(to).unwrap();
    let zeros = vec![0; 1 << 16];
    let mut buf = vec![0; 1 << 16];
    let mut len = 0;
    loop {
        let n = match from.read(&mut buf).unwrap() {
            0 => break,
            n => n,
        };
        if buf[..n] == zeros[..n] {
            file.seek(SeekFrom::Current(n as i64)).unwrap();
        } else {
            file.write_all(&buf[..n]).unwrap();
        }
        len += n as u64;
    }
    file.set_len(len).unwrap();
}

/// Bytes that look random and are the same for the same seed.
pub fn bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut all: Vec<u8> = std::iter::repeat_with(next).take(len.div_ceil(8)).flatten().collect();
    all.truncate(len);
    all
}

/// Text that packs well.
pub fn prose(len: usize) -> Vec<u8> {
    (0..).flat_map(|line: u32| format!("This is line {line} of many.\n").into_bytes()).take(len).collect()
}

pub fn set_time(path: &Path, seconds: i64) {
    let time = TimeSpec::new(seconds, 0);
    utimensat(AT_FDCWD, path, &time, &time, UtimensatFlags::NoFollowSymlink).unwrap();
}

/// Copies a program, by another: no thread of this process has it open for writing while another starts a program, which would hold it
/// open for a moment, and nobody can run it until then (ETXTBSY).
pub fn copy_program(program: impl AsRef<OsStr>, to: &Path) {
    run("cp", [program.as_ref(), to.as_os_str()]);
}

/// Writes a script that can be run at once, as [`copy_program`].
pub fn write_script(to: &Path, text: &str) {
    let mut command = timed("sh");
    command.args(["-c", "cat > \"$0\" && chmod 755 \"$0\""]).arg(to).stdin(Stdio::piped());
    let mut shell = command.spawn().unwrap();
    shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success(), "{}", to.display());
}

pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A moment that no program chooses by itself: 2003-03-30 01:02:03 UTC.
pub const SOME_TIME: i64 = 1_048_986_123;

/// Sets the times of a directory and of all directories below, which change while they are filled.
pub fn settle(directory: &Path, seconds: i64) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            settle(&entry.path(), seconds + 1);
        }
    }
    set_time(directory, seconds);
}

/// What a program can put into an image.
#[derive(Clone, Copy)]
pub struct Abilities {
    /// Bytes in a name.
    pub name: usize,
    /// Bytes in the target of a symbolic link.
    pub link: usize,
    /// Whether names may have characters beyond 16 bits.
    pub all_characters: bool,
    /// The latest time.
    pub time: i64,
}

pub const XORRISO: Abilities = Abilities { name: 255, link: 4095, all_characters: true, time: i64::MAX };

/// genisoimage 1.1.11 cuts links that need more than two fields, takes no character beyond 16 bits into a Joliet tree, and
/// records a time zone that is a day off behind 2027.
pub const GENISOIMAGE: Abilities =
    Abilities { name: 255, link: 400, all_characters: false, time: 1_830_000_000 };

/// With `-iso-level 4` it loses what follows a long name: its second continuation area lies nowhere.
pub const GENISOIMAGE_LEVEL_4: Abilities = Abilities { name: 190, ..GENISOIMAGE };

/// A tree with one of everything. Only root can make it.
pub fn everything(root: &Path, can: Abilities) {
    set_mode(root, 0o755);
    names(&root.join("names"), can);
    links(&root.join("links"), can);
    hard_links(&root.join("hard"));
    special(&root.join("special"));
    for size in [0usize, 1, 2047, 2048, 2049, 100_000, 1_000_007] {
        fs::write(root.join(format!("size{size}")), bytes(size as u64, size)).unwrap();
    }
    for (name, mode) in
        [("setuid", 0o4755), ("setgid", 0o2711), ("sticky", 0o1644), ("none", 0), ("all", 0o7777)]
    {
        fs::write(root.join(name), name).unwrap();
        set_mode(&root.join(name), mode);
    }
    for (name, mode) in [("sticky.dir", 0o1777), ("setgid.dir", 0o2750), ("closed.dir", 0)] {
        fs::create_dir(root.join(name)).unwrap();
        set_mode(&root.join(name), mode);
    }
    for (name, uid, gid) in
        [("owner1", 70_000, 100_001), ("owner2", 1, 65_535), ("owner3", 4_294_967_294, 3_000_000_000)]
    {
        fs::write(root.join(name), name).unwrap();
        lchown(root.join(name), Some(uid), Some(gid)).unwrap();
    }
    // 1901-12-31 (what ext4 can have), 1905, one second before 1970, 1970 itself, leap days, one second behind 2^31, 2106
    // behind 2^32, the end of 2155.
    let moments = [
        -2_145_960_000,
        -2_051_222_400,
        -1,
        0,
        951_825_600,
        1_709_208_000,
        2_147_483_647,
        2_147_483_648,
        4_300_000_000,
        5_869_500_000,
    ];
    for moment in moments.into_iter().filter(|moment| *moment <= can.time) {
        let path = root.join(format!("time{moment}"));
        fs::write(&path, b"").unwrap();
        set_time(&path, moment);
    }
    deep(&root.join("deep"), 12);
    settle(root, SOME_TIME);
}

fn names(directory: &Path, can: Abilities) {
    fs::create_dir(directory).unwrap();
    let long = "n".repeat(255);
    let long_umlauts = format!("{}x", "ü".repeat(127));
    let names = [
        "Ünïcödé ☃ 日本.txt",
        "with space",
        " leading",
        "trailing ",
        "it's",
        "\"quoted\"",
        "a\x01\x1f\x7f",
        "new\nline",
        "tab\t",
        "back\\slash",
        ".hidden",
        "..two",
        "...",
        "trailing.",
        "a.b.c.d",
        "semi;1",
        "UPPER",
        "upper",
        "Upper",
        "-dash",
        "*?[]",
        "a:b",
        "=",
        "#",
        "~",
        "a~",
        "%",
        "$HOME",
        "rr_moved",
        &long,
        &long_umlauts,
    ];
    for (i, name) in names.iter().filter(|name| name.len() <= can.name).enumerate() {
        fs::write(directory.join(name), name).unwrap();
        set_time(&directory.join(name), SOME_TIME + i as i64);
    }
    if can.all_characters {
        fs::write(directory.join("😀"), b"beyond 16 bits").unwrap();
        fs::write(directory.join(OsStr::from_bytes(b"no UTF-8 \xff\xe9")), b"any bytes").unwrap();
    }
}

fn links(directory: &Path, can: Abilities) {
    fs::create_dir(directory).unwrap();
    let component = |len: usize| "c".repeat(len);
    let path = |parts: usize, len: usize| vec![component(len); parts].join("/");
    let targets = [
        ("relative", "../size1".to_owned()),
        ("absolute", "/usr/bin/env".to_owned()),
        ("root", "/".to_owned()),
        ("up", "../..".to_owned()),
        ("one-up", "..".to_owned()),
        ("here", ".".to_owned()),
        ("mixed", "./a/../b/./..c/.d".to_owned()),
        ("dangling", "no such file".to_owned()),
        ("umlauts", "Ünïcödé ☃ 日本.txt".to_owned()),
        ("component249", component(249)),
        ("component250", component(250)),
        ("component251", component(251)),
        ("component255", component(255)),
        ("absolute255", format!("/{}/{}", component(255), component(255))),
        ("total300", path(10, 29)),
        ("total500", format!("{}/x", path(2, 248))),
        ("total1000", format!("/{}", path(37, 26))),
        ("total1019", path(4, 254)),
        ("many-ups", vec![".."; 300].join("/")),
    ];
    for (name, target) in targets {
        if target.len() > can.link {
            continue;
        }
        // A directory for each long one: xorriso 1.5.4 miscounts where several continuation areas meet in a directory.
        let place = if target.len() > 200 { directory.join(name) } else { directory.to_owned() };
        fs::create_dir_all(&place).unwrap();
        let link = place.join(name);
        symlink(target, &link).unwrap();
        set_time(&link, SOME_TIME);
        lchown(&link, Some(1234), Some(5678)).unwrap();
    }
}

fn hard_links(directory: &Path) {
    fs::create_dir_all(directory.join("below")).unwrap();
    fs::write(directory.join("first"), bytes(7, 5000)).unwrap();
    fs::hard_link(directory.join("first"), directory.join("second")).unwrap();
    fs::hard_link(directory.join("first"), directory.join("below/third")).unwrap();
    fs::write(directory.join("twin"), bytes(7, 5000)).unwrap();
    fs::write(directory.join("empty1"), b"").unwrap();
    fs::hard_link(directory.join("empty1"), directory.join("empty2")).unwrap();
    fs::write(directory.join("other-empty1"), b"").unwrap();
    fs::hard_link(directory.join("other-empty1"), directory.join("below/other-empty2")).unwrap();
    symlink("first", directory.join("link1")).unwrap();
    fs::hard_link(directory.join("link1"), directory.join("link2")).unwrap();
    node(&directory.join("fifo1"), SFlag::S_IFIFO, 0, 0);
    fs::hard_link(directory.join("fifo1"), directory.join("below/fifo2")).unwrap();
}

fn special(directory: &Path) {
    fs::create_dir(directory).unwrap();
    node(&directory.join("fifo"), SFlag::S_IFIFO, 0, 0);
    for (major, minor) in [(0, 0), (1, 3), (5, 1), (240, 255), (240, 256), (511, 1_048_575)] {
        node(&directory.join(format!("c{major}.{minor}")), SFlag::S_IFCHR, major, minor);
    }
    for (major, minor) in [(8, 1), (8, 4000), (259, 300), (259, 65_536)] {
        node(&directory.join(format!("b{major}.{minor}")), SFlag::S_IFBLK, major, minor);
    }
}

pub fn node(path: &Path, kind: SFlag, major: u64, minor: u64) {
    mknod(path, kind, Mode::from_bits_truncate(0o640), makedev(major, minor)).unwrap();
    set_time(path, SOME_TIME);
}

/// `levels` directories in each other, with a file in each, and a second branch from the middle on.
pub fn deep(directory: &Path, levels: usize) {
    let mut place = directory.to_owned();
    for level in 1..=levels {
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("file"), format!("on level {level}")).unwrap();
        if level == levels / 2 {
            fs::create_dir_all(place.join("branch/e/f/g/h/i")).unwrap();
            fs::write(place.join("branch/e/f/g/h/i/file"), b"in the branch").unwrap();
        }
        place.push(format!("level{level}"));
    }
}

/// Whether these bytes are in a file.
pub fn contains(file: &Path, bytes: &[u8]) -> bool {
    fs::read(file).unwrap().windows(bytes.len()).any(|window| window == bytes)
}

/// A second session as genisoimage makes it for a disc, of which it begins at the sector that is returned, alone and behind the first;
/// a file of the first is in it too, if it is to be `joined`.
pub fn second_session(workshop: &Workshop, joined: bool) -> (u64, PathBuf, PathBuf) {
    let (source, first) = (workshop.source(), workshop.path("first.iso"));
    fs::write(source.join("old"), bytes(1, 50_000)).unwrap();
    genisoimage(&first, &source, &["-R", "-J", "-V", "Old"]);
    let start = (fs::metadata(&first).unwrap().len() / 2048 + 150).next_multiple_of(16);
    fs::remove_file(source.join("old")).unwrap();
    fs::write(source.join("new"), bytes(2, 50_000)).unwrap();
    let (alone, both) = (workshop.path("second.iso"), workshop.path("both.iso"));
    let place = format!("0,{start}");
    let mut words = vec!["-R", "-J", "-V", "New", "-C", &place];
    if joined {
        words.extend(["-M", first.to_str().unwrap()]);
    }
    genisoimage(&alone, &source, &words);
    let mut disc = fs::read(&first).unwrap();
    disc.resize(start as usize * 2048, 0);
    disc.extend(fs::read(&alone).unwrap());
    fs::write(&both, disc).unwrap();
    (start, alone, both)
}
