//! Real images say the same to whoever asks: `ls -R --json`, `cat`, a mount that is walked, what `extract` has written, and a stock
//! kernel.
//!
//! The images lie where those of `tests/corpus.rs` do; without them, root or FUSE the tests say so and pass.
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
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use support::{
    corpus::{self, corpus, files_below},
    json,
    listing::{self, Lines},
    maker::lacks,
    mounted::{self, Mounted, PROGRAM, said},
};

const FUSE: &str = "/dev/fuse";

/// Fields of a listing.
const KIND: usize = 0;
const MODE: usize = 1;
const LINKS: usize = 2;
const HASH: usize = 8;

/// What is at a path of a tree on disk, in the order of paths.
fn each<T>(root: &Path, of: impl Fn(&Path) -> T) -> BTreeMap<String, T> {
    mounted::paths(root).iter().map(|path| (mounted::shown(path), of(&root.join(path)))).collect()
}

/// Everything that disagrees about an image, read with these options.
fn disagreements(image: &Path, options: &str) -> (Vec<String>, Lines) {
    let mounted = Mounted::new(image, options);
    let in_mount = mounted::on_disk(mounted.path());
    let objects = json::objects(image, options);
    let listed = objects.iter().map(json::line).collect();
    let mut all = told("ls", listing::differences(&listing::without_hashes(in_mount.clone()), &listed));

    let numbers = mounted::numbers(mounted.path());
    for object in &objects {
        let ((path, _), number) = (json::line(object), object["inode"].as_u64());
        if number != numbers.get(&path).copied() {
            all.push(format!("ls: {path}: number {number:?}, in the mount {:?}", numbers.get(&path)));
        }
    }

    all.extend(told("cat", cat_differences(image, options, mounted.path())));
    all.extend(told("extract", extract_differences(image, options, &mounted, &in_mount)));
    (all, in_mount)
}

fn told(who: &str, differences: Vec<String>) -> Vec<String> {
    differences.into_iter().map(|difference| format!("{who}: {difference}")).collect()
}

/// `cat` of all files that can be read, one behind the other.
fn cat_differences(image: &Path, options: &str, place: &Path) -> Vec<String> {
    let readable = |path: &PathBuf| {
        let path = place.join(path);
        fs::symlink_metadata(&path).unwrap().is_file().then(|| fs::read(path).ok()).flatten()
    };
    let (mut paths, mut bytes) = (Vec::new(), Vec::new());
    for path in mounted::paths(place) {
        if let Some(content) = readable(&path) {
            bytes.extend(content);
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Vec::new();
    }
    let output = Command::new(PROGRAM)
        .args(["cat", "-o", options])
        .arg(image)
        .arg("--")
        .args(&paths)
        .output()
        .unwrap();
    let mut differences = Vec::new();
    if !output.status.success() {
        differences.push(format!("{}: {}", output.status, said(&output)));
    }
    if output.stdout != bytes {
        differences.push(format!("{} bytes, in the mount {}", output.stdout.len(), bytes.len()));
    }
    differences
}

/// What is on disk after `extract`, against a mount.
fn extract_differences(image: &Path, options: &str, mounted: &Mounted, in_mount: &Lines) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let to = directory.path().join("to");
    let mut command = Command::new(PROGRAM);
    let output = command.args(["extract", "-o", options, "-C"]).arg(&to).arg(image).output().unwrap();
    let is_lost = |fields: &Vec<String>| fields[HASH].starts_with('!');
    let mut differences = Vec::new();
    let code = output.status.code();
    if code != Some(if in_mount.values().any(is_lost) { 5 } else { 0 }) {
        differences.push(format!("{}: {}", output.status, said(&output)));
    }
    // The directory itself is not the image's, a link on disk has no mode, and how many names there are says which are one file.
    let comparable = |mut lines: Lines| {
        lines.remove(".");
        lines.retain(|_, fields| !is_lost(fields));
        for fields in lines.values_mut() {
            fields[LINKS] = "-".into();
            if fields[KIND] == "l" {
                fields[MODE] = "-".into();
            }
        }
        lines
    };
    let extracted = comparable(mounted::on_disk(&to));
    let expected = comparable(in_mount.clone());
    differences.extend(listing::differences(&expected, &extracted));
    let nanoseconds = |root: &Path| each(root, |path| fs::symlink_metadata(path).unwrap().mtime_nsec());
    let [of_mount, on_disk] = [mounted.path(), &to].map(nanoseconds);
    for path in extracted.keys().filter(|path| of_mount.get(*path) != on_disk.get(*path)) {
        differences
            .push(format!("{path}: nanoseconds {:?}, in the mount {:?}", on_disk[path], of_mount[path]));
    }
    let [of_mount, on_disk] = [mounted.path(), &to].map(mounted::hard_links);
    if of_mount != on_disk {
        differences.push(format!("one file: {on_disk:?}, in the mount {of_mount:?}"));
    }
    differences
}

/// Asks about every image that has a listing of this kind.
fn compare(suffix: &str, options: &str, has_hashes: bool) {
    let Some(corpus) = corpus().filter(|_| !lacks(&["root", FUSE])) else { return };
    let expected_root = corpus.join("expected");
    let mut failures = Vec::new();
    let listings = files_below(&expected_root, suffix);
    for path in &listings {
        let relative = path.strip_prefix(&expected_root).unwrap().to_string_lossy().into_owned();
        let image = corpus.join("images").join(relative.strip_suffix(suffix).unwrap());
        let (mut all, mut in_mount) = disagreements(&image, options);
        if !has_hashes {
            in_mount = listing::without_hashes(in_mount);
        }
        let expected = listing::parse(&fs::read(path).unwrap());
        let mut differences = listing::differences(&expected, &in_mount);
        corpus::leave_out_ours(&mut differences, &relative);
        all.extend(told("the kernel", differences));
        failures.extend(all.into_iter().take(5).map(|line| format!("{relative}: {line}")));
    }
    assert!(failures.is_empty(), "of {} listings:\n{}", listings.len(), failures.join("\n"));
}

#[test]
fn all_answers_about_iso_9660_agree_with_the_kernel() {
    compare(".iso9660.tsv", "noudf", true);
}

#[test]
fn all_answers_about_udf_agree_with_the_kernel() {
    compare(".udf.tsv", "view=udf", true);
}

#[test]
fn all_answers_about_joliet_agree_with_the_kernel() {
    compare(".iso9660-joliet.tsv", "norock", false);
}

#[test]
fn all_answers_about_plain_iso_9660_agree_with_the_kernel() {
    compare(".iso9660-plain.tsv", "norock,nojoliet", false);
}

#[test]
fn all_answers_agree_about_what_is_shown_by_default() {
    let Some(corpus) = corpus().filter(|_| !lacks(&["root", FUSE])) else { return };
    let images = corpus.join("images");
    let (mut failures, mut count) = (Vec::new(), 0);
    for image in files_below(&images, "") {
        let output = Command::new(PROGRAM).args(["ls", "-d"]).arg(&image).output().unwrap();
        if !output.status.success() {
            continue;
        }
        count += 1;
        let relative = image.strip_prefix(&images).unwrap().display().to_string();
        let (all, _) = disagreements(&image, "");
        failures.extend(all.into_iter().take(5).map(|line| format!("{relative}: {line}")));
    }
    assert!(failures.is_empty(), "of {count} images:\n{}", failures.join("\n"));
    assert!(count > 40, "{count} images can be shown");
}
