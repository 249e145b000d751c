//! Real images, made by others, and how a stock kernel lists them: `../shared/images` or `$ISOMOUNT_CORPUS/images`, and `expected` beside
//! them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where the kernel shows less than there is: image, how the entry that it does not show begins, and why we show it.
const SHOWN_BY_US_ONLY: [(&str, &str, &str); 2] = [
    (
        "libarchive/test_read_format_iso_joliet_long.iso.iso9660-plain.tsv",
        "extra ./12345678~2",
        "a directory and a file of one name: the kernel lists the name twice and opens the directory for both",
    ),
    (
        "libarchive/test_read_format_iso_rockridge_ce_loop.iso.iso9660.tsv",
        "extra ./aaaaaaaaaaaaaaaaaaaa",
        "the file whose continuation area points to itself: the kernel drops it from the directory",
    ),
];

/// The folder with `images` and `expected`; without one `None`, and a word on stderr.
pub fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = std::env::var_os("ISOMOUNT_CORPUS").map_or(beside, PathBuf::from);
    if root.join("images").is_dir() && root.join("expected").is_dir() {
        return Some(root);
    }
    eprintln!(
        "skipped: no images in {} (set ISOMOUNT_CORPUS to a folder with images/ and expected/)",
        root.display()
    );
    None
}

/// The files below a directory whose names end so.
pub fn files_below(directory: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.to_string_lossy().ends_with(suffix) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Takes what is shown by us only out of the differences from a listing.
pub fn leave_out_ours(differences: &mut Vec<String>, listing: &str) {
    for (_, entry, _) in SHOWN_BY_US_ONLY.iter().filter(|(of, ..)| *of == listing) {
        let before = differences.len();
        differences.retain(|difference| !difference.starts_with(entry));
        assert_eq!(before, differences.len() + 1, "{listing}: {entry}");
    }
}
