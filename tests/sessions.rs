//! Sessions, and images whose addresses count from elsewhere: made by programs, forged, mounted.
//!
//! What is missing is said on stderr, and the test passes.
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
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use isomount::open::{Image, OpenOptions, Session, TreeOptions};
use serde_json::{Value, json};
use support::{
    forge::{self, *},
    maker::{self, Workshop, lacks},
    mounted::{self, Mounted, PROGRAM, said},
};

const FUSE: &str = "/dev/fuse";

fn ask(command: &str, options: &str, image: &Path, rest: &[&str]) -> Output {
    let mut program = Command::new(PROGRAM);
    program.arg(command);
    if !options.is_empty() {
        program.args(["-o", options]);
    }
    program.arg(image).args(rest).output().unwrap()
}

fn told(image: &Path, options: &str) -> Value {
    let output = ask("info", options, image, &["--json"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{options}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The names in the root.
fn listed(image: &Path, options: &str) -> BTreeSet<String> {
    let output = ask("ls", options, image, &[]);
    assert!(output.status.success(), "{options}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Start and label of each session, and the numbers of those that are shown.
fn sessions(told: &Value) -> (Vec<(u64, String)>, Vec<u64>) {
    let all = told["sessions"].as_array().unwrap();
    let text = |session: &Value| session["label"].as_str().unwrap().to_owned();
    let places = all.iter().map(|session| (session["start"].as_u64().unwrap(), text(session)));
    let shown = all.iter().filter(|session| session["shown"] == true);
    (places.collect(), shown.map(|session| session["number"].as_u64().unwrap()).collect())
}

/// An image of three sessions, which xorriso has added one to the other.
fn imitated(workshop: &Workshop) -> PathBuf {
    let (source, image) = (workshop.source(), workshop.image());
    for (number, label) in [(1_u8, "FIRST"), (2, "SECOND"), (3, "THIRD")] {
        let name = format!("in{number}");
        fs::write(source.join(&name), maker::bytes(number.into(), 30_000)).unwrap();
        let to = format!("/{name}");
        let commands = ["-dev", "{}", "-volid", label, "-map", "{}", &to];
        maker::native_xorriso(&commands, &[&image, &source.join(&name)]);
    }
    image
}

#[test]
fn sessions_that_xorriso_imitates_are_counted() {
    if lacks(&["xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let image = imitated(&workshop);
    let table = maker::output("xorriso", ["-no_rc", "-indev", image.to_str().unwrap(), "-toc"]);
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    let theirs: Vec<(u64, String)> = table
        .lines()
        .filter_map(|line| line.strip_prefix("ISO session  :"))
        .map(|line| {
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            (fields[1].parse().unwrap(), fields[3].to_owned())
        })
        .collect();
    assert_eq!(theirs.len(), 3, "{table}");
    let object = told(&image, "");
    assert_eq!(sessions(&object), (theirs.clone(), vec![3]));
    assert_eq!((&object["volume"]["name"], &object["missing"]), (&json!("THIRD"), &json!(0)));
    assert_eq!(listed(&image, ""), set(&["in1", "in2", "in3"]));
    for (number, (start, label)) in (1..).zip(&theirs) {
        let names: BTreeSet<String> = (1..=number).map(|n| format!("in{n}")).collect();
        for options in [format!("session={number}"), format!("sbsector={start}")] {
            assert_eq!(listed(&image, &options), names, "{options}");
            let object = told(&image, &options);
            assert_eq!(sessions(&object), (theirs.clone(), vec![number]), "{options}");
            assert_eq!(object["volume"]["name"].as_str(), Some(label.as_str()), "{options}");
        }
    }
    let output = ask("info", "session=4", &image, &["--json"]);
    assert_eq!(output.status.code(), Some(6));
    let starts: Vec<String> = theirs.iter().map(|(start, _)| start.to_string()).collect();
    let expected = format!("no such session; sessions begin at sectors {}", starts.join(", "));
    assert!(said(&output).contains(&expected), "{}", said(&output));
}

#[test]
fn an_image_cut_out_of_a_disc_is_read_where_it_lies() {
    if lacks(&["genisoimage", "xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (start, cut, both) = maker::second_session(&workshop, true);
    let whole = told(&both, "");
    assert_eq!(sessions(&whole), (vec![(0, "Old".into()), (start, "New".into())], vec![2]));
    assert_eq!(whole["first_sector"], 0);
    let object = told(&cut, "");
    assert_eq!(sessions(&object), (vec![(start, "New".into())], vec![1]));
    assert_eq!(
        (&object["first_sector"], &object["missing"], &object["trailing"]),
        (&json!(start), &json!(0), &json!(0))
    );
    let note =
        format!("the image begins at sector {start} of its disc; what lies in front of that cannot be read");
    assert_eq!(object["notes"], json!([note]));
    assert_eq!((&object["trees"], &object["volume"]), (&whole["trees"], &whole["volume"]));

    // All that `ls` says is the same as of the whole disc, numbers of inodes too.
    let all = |image: &Path, options: &str| ask("ls", options, image, &["-R", "--json"]).stdout;
    assert_eq!(all(&cut, ""), all(&both, ""));
    for options in ["view=joliet", "norock,nojoliet"] {
        assert_eq!(all(&cut, options), all(&both, options), "{options}");
    }
    assert_eq!(ask("cat", "", &cut, &["new"]).stdout, maker::bytes(2, 50_000));
    let output = ask("cat", "", &cut, &["old"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(5), 0));
    assert!(said(&output).contains("start is in front of the image"), "{}", said(&output));
    assert_eq!(ask("cat", "", &both, &["old"]).stdout, maker::bytes(1, 50_000));

    // The same said by hand; wrongly said, and not at all.
    for options in [format!("firstsector={start}"), format!("sbsector={start}"), "session=1".to_owned()] {
        assert_eq!(listed(&cut, &options), set(&["new", "old"]), "{options}");
    }
    for options in ["firstsector=0", "firstsector=1", "session=2", "sbsector=0"] {
        let output = ask("ls", options, &cut, &[]);
        assert!(matches!(output.status.code(), Some(4..=6)), "{options}: {}", said(&output));
    }

    // From the second session of three on, and from the last one on, with what trails.
    let image = imitated(&workshop);
    let bytes = fs::read(&image).unwrap();
    let (places, _) = sessions(&told(&image, ""));
    for from in [1, 2] {
        let (first, _) = places[from];
        let cut = workshop.path("cut.iso");
        fs::write(&cut, &bytes[first as usize * SECTOR..]).unwrap();
        let object = told(&cut, "");
        assert_eq!(sessions(&object), (places[from..].to_vec(), vec![3 - from as u64]));
        assert_eq!((&object["first_sector"], &object["volume"]["name"]), (&json!(first), &json!("THIRD")));
        assert_eq!(ask("cat", "", &cut, &["in3"]).stdout, maker::bytes(3, 30_000));
        assert_eq!(ask("cat", "", &cut, &["in1"]).status.code(), Some(5));
        let earlier = ask("cat", "session=1", &cut, &["in2"]);
        assert_eq!(earlier.stdout.len(), if from == 1 { 30_000 } else { 0 });
    }
}

#[test]
fn an_image_cut_out_of_a_disc_is_mounted() {
    if lacks(&["root", FUSE, "genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (start, cut, both) = maker::second_session(&workshop, true);
    let (cut, both) = (Mounted::new(&cut, ""), Mounted::new(&both, ""));
    assert_eq!(mounted::numbers(cut.path()), mounted::numbers(both.path()));
    assert_eq!(fs::read(cut.join("new")).unwrap(), fs::read(both.join("new")).unwrap());
    let lost = fs::read(cut.join("old")).unwrap_err();
    assert_eq!(lost.raw_os_error(), Some(5), "{lost}");
    assert_ne!(lost.kind(), ErrorKind::NotFound);
    drop(cut);
    let place = workshop.path("place");
    fs::create_dir(&place).unwrap();
    let output =
        mounted::mount_command(&workshop.path("second.iso"), &place, "firstsector=0").output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    let _ = start;
}

#[test]
fn udf_cut_out_of_a_disc_is_read_where_it_lies() {
    if lacks(&["mkudffs"]) {
        return;
    }
    let workshop = Workshop::new();
    let (image, cut) = (workshop.image(), workshop.path("cut.udf"));
    File::create(&image).unwrap().set_len(24 << 20).unwrap();
    for options in
        [&["--label=First", "4000"][..], &["--label=Second", "--startblock=4096", "--mode=0702", "12288"]]
    {
        let common = ["-b", "2048", "--bootarea=preserve"].map(OsStr::new);
        let (blocks, options) = options.split_last().unwrap();
        let options = options.iter().map(OsStr::new).chain([image.as_os_str(), OsStr::new(blocks)]);
        let all: Vec<OsString> = common.into_iter().chain(options).map(OsStr::to_owned).collect();
        maker::run("mkudffs", all);
    }
    let whole = told(&image, "");
    assert_eq!(sessions(&whole), (vec![(0, "First".into()), (4096, "Second".into())], vec![2]));
    fs::write(&cut, &fs::read(&image).unwrap()[4096 * SECTOR..]).unwrap();
    let object = told(&cut, "");
    assert_eq!(sessions(&object), (vec![(4096, "Second".into())], vec![1]));
    assert_eq!((&object["first_sector"], &object["trees"]), (&json!(4096), &whole["trees"]));
    assert_eq!(listed(&cut, ""), listed(&image, ""));
    for options in ["firstsector=4096", "sbsector=4096", "session=1"] {
        assert_eq!(listed(&cut, options), listed(&image, ""), "{options}");
    }
    assert!(!ask("ls", "firstsector=0", &cut, &[]).status.success());
}

/// A session that begins at sector `start` of its disc, with one file in its root; its path table lies behind its descriptors.
fn session(start: u32, name: &str) -> Vec<u8> {
    let (root, table) = (start + ROOT, start + 18);
    let mut forge = Forge { bytes: vec![0; start as usize * SECTOR], block: SECTOR };
    forge.descriptor(start as usize + 16, 1, &[0; 32], root).terminator(start as usize + 17);
    forge.put((start as usize + 16) * SECTOR + 140, &table.to_le_bytes());
    forge.block(table, &[&[1, 0][..], &root.to_le_bytes(), &[1, 0, 0, 0]].concat());
    forge.directory(root, root, &[file(name, start + 22, 4)]).block(start + 22, &name.as_bytes()[..4]);
    forge.block(start + 23, &[]);
    forge.bytes.resize((start as usize + 24) * SECTOR, 0);
    forge.bytes.split_off(start as usize * SECTOR)
}

fn opened(bytes: &[u8], tree: TreeOptions) -> isomount::Result<Image> {
    Image::from_source(Arc::new(bytes.to_vec()), &OpenOptions { tree, ..OpenOptions::default() })
}

fn first_sector(sector: u64) -> TreeOptions {
    TreeOptions { first_sector: Some(sector), ..TreeOptions::default() }
}

#[test]
fn a_part_of_a_disc_is_known_by_its_root_and_its_path_table() {
    for start in [1, 32, 300, 200_000, 2_000_000] {
        // Not written: a disc of 4 GB.
        let bytes =
            if start < 1000 { session(start, "TWO2.;1") } else { moved(session(300, "TWO2.;1"), start) };
        let image = opened(&bytes, TreeOptions::default()).unwrap();
        assert_eq!(names(&image), ["two2"], "{start}");
        assert_eq!(forge::content(&image, "two2").unwrap(), b"TWO2");
        assert_eq!(names(&opened(&bytes, first_sector(start.into())).unwrap()), ["two2"]);
        let unshifted = opened(&bytes, first_sector(0));
        assert!(unshifted.is_err() || names(&unshifted.unwrap()).is_empty(), "{start}");
    }
    let good = session(300, "TWO2.;1");
    let root = ROOT as usize * SECTOR;
    for (what, at, bytes) in [
        ("another root in the path table", 18 * SECTOR + 2, &[0, 0, 0, 0][..]),
        ("a path table elsewhere", 16 * SECTOR + 140, &[1, 0, 0, 0]),
        ("a root that says to be elsewhere", root + 2, &[7, 0, 0, 0]),
        ("a root that is a file", root + 25, &[0]),
    ] {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        let error = opened(&bad, TreeOptions::default()).err().unwrap_or_else(|| panic!("{what}"));
        assert!(error.to_string().contains("past the end"), "{what}: {error}");
    }
    // One that says so by hand is believed as far as it can be read.
    let mut bad = good.clone();
    bad[18 * SECTOR + 2] = 0;
    assert_eq!(names(&opened(&bad, first_sector(300)).unwrap()), ["two2"]);
    for wrong in [301, u64::MAX] {
        let image = opened(&good, first_sector(wrong));
        assert!(image.is_err() || names(&image.unwrap()).is_empty(), "{wrong}");
    }
    // An image whose root is in its place is whole, whatever looks like another root.
    let mut whole = session(0, "ONE1.;1");
    let mut other = session(300, "TWO2.;1");
    whole.append(&mut other);
    assert_eq!(names(&opened(&whole, TreeOptions::default()).unwrap()), ["one1"]);
}

/// The session that began at sector 300, as if at another.
fn moved(mut bytes: Vec<u8>, start: u32) -> Vec<u8> {
    let table = start + 18;
    let root = start + ROOT;
    let mut put = |at: usize, value: u32| {
        bytes[at..at + 8].copy_from_slice(&both32(value));
    };
    put(16 * SECTOR + 158, root);
    put(ROOT as usize * SECTOR + 2, root);
    put(ROOT as usize * SECTOR + 34 + 2, root);
    put(ROOT as usize * SECTOR + 68 + 2, start + 22);
    bytes[16 * SECTOR + 140..16 * SECTOR + 144].copy_from_slice(&table.to_le_bytes());
    bytes[18 * SECTOR + 2..18 * SECTOR + 6].copy_from_slice(&root.to_le_bytes());
    bytes
}

#[test]
fn looking_for_the_beginning_is_bounded() {
    // Each sector looks like the root that is not there.
    let mut bytes = session(300, "TWO2.;1");
    bytes[16 * SECTOR + 140..16 * SECTOR + 144].copy_from_slice(&u32::MAX.to_le_bytes());
    let root = bytes[ROOT as usize * SECTOR..][..SECTOR].to_vec();
    bytes.truncate(19 * SECTOR);
    for _ in 0..4000 {
        bytes.extend(&root);
    }
    let counted = Arc::new(Counted::new(bytes));
    let image = Image::from_source(counted.clone(), &OpenOptions::default());
    assert!(image.is_err() || forge::exercise(&image.unwrap()) < 100);
    assert!(counted.bytes_read() < 4 << 20, "{}", counted.bytes_read());
}

#[test]
fn an_image_appended_to_another_is_read_by_its_sector() {
    let one = session(0, "ONE1.;1");
    let sector = (one.len() / SECTOR) as u64;
    let bytes = [one.clone(), session(0, "TWO2.;1")].concat();
    let options = |session| TreeOptions { session: Some(session), ..TreeOptions::default() };
    assert_eq!(names(&opened(&bytes, TreeOptions::default()).unwrap()), ["one1"]);
    let image = opened(&bytes, options(Session::Start(sector))).unwrap();
    assert_eq!(names(&image), ["two2"]);
    assert_eq!(forge::content(&image, "two2").unwrap(), b"TWO2");
    assert!(image.tree().notes().is_empty());
    // A session of the same disc counts from its start.
    let bytes = [one, session(sector as u32, "TWO2.;1")].concat();
    let image = opened(&bytes, options(Session::Start(sector))).unwrap();
    assert_eq!(
        (names(&image), forge::content(&image, "two2").unwrap()),
        (vec!["two2".to_owned()], b"TWO2".to_vec())
    );
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("two.iso");
    fs::write(&path, [session(0, "ONE1.;1"), session(0, "TWO2.;1")].concat()).unwrap();
    let object = told(&path, &format!("sbsector={sector}"));
    assert_eq!((&object["first_sector"], &object["trailing"]), (&json!(-(sector as i64)), &json!(0)));
    assert_eq!(told(&path, "")["trailing"], sector * SECTOR as u64);
}

#[test]
fn short_sessions_of_a_disc_are_found_behind_their_gaps() {
    // As on a compact disc: 11 400 sectors behind the first session, 6 900 behind a later one, a few more by run-out.
    let mut disc = session(0, "ONE1.;1");
    let mut starts = vec![0];
    for (name, gap) in [("TWO2.;1", 11_400), ("TRE3.;1", 6_902), ("FOR4.;1", 6_900)] {
        let start = (disc.len() / SECTOR) as u32 + gap;
        disc.resize(start as usize * SECTOR, 0);
        disc.extend(session(start, name));
        starts.push(start.into());
    }
    assert_eq!(names(&opened(&disc, TreeOptions::default()).unwrap()), ["for4"]);
    for (number, name) in [(1, "one1"), (2, "two2"), (3, "tre3"), (4, "for4")] {
        let session = Some(Session::Number(number));
        assert_eq!(names(&opened(&disc, TreeOptions { session, ..TreeOptions::default() }).unwrap()), [name]);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disc.iso");
    fs::write(&path, &disc).unwrap();
    let (found, shown) = sessions(&told(&path, ""));
    assert_eq!((found.iter().map(|(start, _)| *start).collect::<Vec<u64>>(), shown), (starts, vec![4]));
}
