//! `isomount check` and what it says; images that are whole, and what of them can be read when they are not.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use isomount::{
    open::{Image, OpenOptions, TreeOptions, View},
    tree::{Kind, Policy},
};
use serde_json::Value;

use super::{listing, maker, mounted::PROGRAM};

/// What a check has said, as JSON.
pub struct Said {
    pub code: i32,
    pub json: Value,
    pub stderr: String,
}

/// Checks an image; the words stand in front.
pub fn check(image: &Path, words: &[&str]) -> Said {
    let output = run(image, &[&["--json"], words].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{stderr}"));
    Said { code: output.status.code().unwrap(), json, stderr }
}

pub fn run(image: &Path, words: &[&str]) -> Output {
    Command::new(PROGRAM).arg("check").args(words).arg("--").arg(image).output().unwrap()
}

/// The lines of a check as people see it, and its exit code.
pub fn lines(image: &Path, words: &[&str]) -> (i32, Vec<String>) {
    let output = run(image, words);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text.lines().map(str::to_owned).collect())
}

impl Said {
    pub fn findings(&self) -> &[Value] {
        self.json["findings"].as_array().unwrap()
    }

    /// The findings of a kind.
    pub fn of(&self, kind: &str) -> Vec<&Value> {
        self.findings().iter().filter(|finding| finding["kind"] == kind).collect()
    }

    /// The kinds of what is damage, each once.
    pub fn damage(&self) -> BTreeSet<String> {
        self.kinds("damage")
    }

    pub fn remarks(&self) -> BTreeSet<String> {
        self.kinds("remark")
    }

    fn kinds(&self, severity: &str) -> BTreeSet<String> {
        let all = self.findings().iter().filter(|finding| finding["severity"] == severity);
        all.map(|finding| finding["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// The paths in findings of these kinds, without a `/` in front.
    pub fn paths(&self, kinds: &[&str]) -> BTreeSet<String> {
        let is_one = |finding: &&Value| kinds.contains(&finding["kind"].as_str().unwrap());
        let paths =
            self.findings().iter().filter(is_one).flat_map(|finding| finding["paths"].as_array().unwrap());
        paths.map(|path| path.as_str().unwrap()[1..].to_owned()).collect()
    }

    pub fn assert_whole(&self) {
        let text = serde_json::to_string_pretty(&self.json).unwrap();
        assert!(self.code == 0 && self.json["whole"] == true && self.json["damage"] == 0, "{text}");
        assert!(self.stderr.is_empty(), "{}", self.stderr);
    }

    pub fn assert_damaged(&self) {
        let text = serde_json::to_string_pretty(&self.json).unwrap();
        assert!(self.code == 5 && self.json["whole"] == false && self.json["damage"] != 0, "{text}");
    }

    /// The checksums of a source: how many there are, how many are right, wrong and open.
    pub fn checksums(&self, source: &str) -> Option<[u64; 4]> {
        let all = self.json["checksums"].as_array().unwrap();
        let found = all.iter().find(|one| one["source"] == source)?;
        Some(["sums", "right", "wrong", "open"].map(|key| found[key].as_u64().unwrap()))
    }
}

/// The hash of each file of a tree by its path; all names of one file have it.
pub fn hashes(bytes: &[u8], view: View) -> Option<BTreeMap<String, String>> {
    let tree = TreeOptions { view, ..TreeOptions::default() };
    let options = OpenOptions { tree, policy: Policy::of_user(0, 0), ..OpenOptions::default() };
    let image = Image::from_source(Arc::new(bytes.to_vec()), &options).ok()?;
    let mut all = BTreeMap::new();
    for entry in image.tree().walk() {
        if let Ok(stat) = entry.stat
            && stat.kind == Kind::File
        {
            let path = String::from_utf8(entry.path).unwrap();
            all.insert(path, listing::sha256(image.tree(), &stat));
        }
    }
    Some(all)
}

/// The files of a whole image that are not what they were.
pub fn changed(whole: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> BTreeSet<String> {
    whole.iter().filter(|(path, hash)| now.get(*path) != Some(hash)).map(|(path, _)| path.clone()).collect()
}

/// Numbers that look random and are the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Files of many sizes in some directories, with hard links; their paths.
pub fn fill(source: &Path, files: usize) -> Vec<String> {
    let mut dice = Dice::new(7);
    let mut paths = Vec::new();
    for n in 0..files {
        let directory = ["", "a/", "a/b/", "c/"][n % 4];
        let path = format!("{directory}file{n:03}");
        let place = source.join(&path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, maker::bytes(n as u64 + 1, dice.below(60_000) as usize + 1)).unwrap();
        paths.push(path);
    }
    fs::write(source.join("empty"), b"").unwrap();
    paths.push("empty".to_owned());
    fs::hard_link(source.join("file000"), source.join("c/linked")).unwrap();
    paths.push("c/linked".to_owned());
    paths
}

/// Writes lists of the checksums of these files into the tree: half of them as md5sum does, half as BSD's sha256 does.
pub fn add_lists(source: &Path, paths: &[String]) {
    let (first, second) = paths.split_at(paths.len() / 2);
    let sum = |tool: &str, tag: &[&str], paths: &[String]| {
        let mut command = Command::new(tool);
        let output = command.args(tag).arg("--").args(paths).current_dir(source).output().unwrap();
        assert!(output.status.success(), "{tool}");
        output.stdout
    };
    fs::write(source.join("md5sum.txt"), sum("md5sum", &[], first)).unwrap();
    fs::write(source.join("SHA256SUMS"), sum("sha256sum", &["--tag"], second)).unwrap();
}

/// An image in a file beside others.
pub fn write(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, bytes).unwrap();
    path
}
