//! What a disc says of itself, in a form that has no trace of any format: drivers fill it in, and whoever shows it knows none of them.

use super::{Reason, View};
use crate::{error::Error, time::Recorded, tree::Algorithm};

/// A text of a disc: in UTF-8 where the disc or `iocharset=` says how to read it, else the bytes that are recorded, without what fills
/// them up. Empty when nothing is recorded.
pub type Text = Vec<u8>;

/// What a disc says of itself.
#[derive(Debug, Clone, Default)]
pub struct Description {
    /// What the descriptors of the tree that is shown say of the volume, and those of the others where these say nothing.
    pub volume: Identity,
    /// The trees of the session that is shown, best first.
    pub trees: Vec<DescribedTree>,
    /// The sessions, first to last.
    pub sessions: Vec<DescribedSession>,
    /// The checksums that the session keeps of itself.
    pub checksums: Vec<DescribedChecksums>,
    /// Bytes from the start of the disc to the end that its descriptors state, of the session that is shown; 0 when they state none.
    pub end: u64,
    /// Which tree is shown, and why.
    pub shown: Option<Shown>,
    /// What is wrong with the disc as a whole, a sentence each.
    pub notes: Vec<String>,
}

/// Which tree of a disc is shown, and why.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The tree.
    pub view: View,
    /// Name and version of its format.
    pub format: String,
    /// The name of the volume.
    pub label: String,
    /// Why it is this one.
    pub reason: Reason,
}

/// What volume descriptors say of a volume.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the standards have these names")]
pub struct Identity {
    pub name: Text,
    pub volume_set: Text,
    /// Volumes of the set; 0 when that is not said.
    pub set_size: u32,
    /// Number of this volume in its set.
    pub set_number: u32,
    pub system: Text,
    pub publisher: Text,
    pub preparer: Text,
    pub application: Text,
    pub copyright_file: Text,
    pub abstract_file: Text,
    pub bibliographic_file: Text,
    pub created: Recorded,
    pub modified: Recorded,
    pub expires: Recorded,
    pub effective: Recorded,
    /// The program that has made it, by name and version, as far as one of its texts says so.
    pub made_by: Option<String>,
    /// The words after which it made it.
    pub command: Text,
}

/// A tree of a disc.
#[derive(Debug, Clone)]
pub struct DescribedTree {
    /// The word by which it can be asked for.
    pub view: View,
    /// The name of its format.
    pub format: &'static str,
    /// Version or level of the format, where that is recorded.
    pub version: Option<String>,
    /// Both, for people.
    pub title: String,
    /// What the descriptors of this tree say of the volume.
    pub identity: Identity,
    /// Bytes of a logical block; 0 when they are not known.
    pub block_size: u64,
    /// Bytes of the volume that the descriptor of the tree states.
    pub size: u64,
    /// Whether it is the one that is shown.
    pub is_shown: bool,
    /// What only its format has.
    pub details: Vec<Detail>,
    /// Why it cannot be shown.
    pub error: Option<Error>,
    /// Byte offset that tells it from another of the same word.
    pub(super) place: u64,
}

/// A session of a disc.
#[derive(Debug, Clone, Default)]
pub struct DescribedSession {
    /// The sector of 2 048 bytes at which it begins; `None` where only its end is known.
    pub start: Option<u64>,
    /// Bytes from there to the end that its descriptors state.
    pub size: u64,
    /// The name of the volume.
    pub label: Text,
    /// When its volume was made.
    pub created: Recorded,
    /// Whether it is the one that is shown.
    pub is_shown: bool,
}

/// Checksums that a disc keeps of itself.
#[derive(Debug, Clone)]
pub struct DescribedChecksums {
    /// Whose they are: a word that stays, the same that a check has for them.
    pub source: &'static str,
    /// How they are made.
    pub algorithm: Algorithm,
    /// What they are of, for people.
    pub of: &'static str,
    /// Byte offset where they are recorded.
    pub at: u64,
    /// How many there are, with those of the parts of what they are of.
    pub count: u64,
    /// The first byte of what they are of and the first behind it, where that is one run of the disc.
    pub range: Option<(u64, u64)>,
    /// The checksum, where it is one of the whole run.
    pub digest: Option<Box<[u8]>>,
    /// Whether its maker says that it supports the disc; `None` where it says nothing of that.
    pub is_supported: Option<bool>,
}

/// Something that only one format has. Every tree of a format has the same ones.
#[derive(Debug, Clone)]
pub struct Detail {
    /// Its name, words in lower case with `_` between them.
    pub name: &'static str,
    /// What it is.
    pub value: Value,
    /// What people have to be told to understand it; may be empty.
    pub remark: &'static str,
}

/// A value of a [`Detail`].
#[derive(Debug, Clone)]
pub enum Value {
    /// It is not recorded.
    Nothing,
    /// A number.
    Number(u64),
    /// Yes or no.
    Flag(bool),
    /// A word or a version; of what this program does not know, what the disc calls it.
    Word(String),
    /// A text of the disc.
    Text(Text),
    /// Several of a kind.
    List(Vec<Value>),
    /// Several that belong together.
    Group(Vec<Detail>),
}

impl Description {
    /// Marks the tree that is shown.
    pub(super) fn show(&mut self, view: View, place: u64) {
        let of_view = |tree: &DescribedTree| tree.view == view;
        let is_it = |tree: &DescribedTree| of_view(tree) && tree.place == place;
        let index = self.trees.iter().position(is_it).or_else(|| self.trees.iter().position(of_view));
        if let Some(tree) = index.and_then(|index| self.trees.get_mut(index)) {
            tree.is_shown = true;
        }
    }

    /// Says of the volume what the tree that is shown says of it, and where that says nothing, the others.
    pub(super) fn sum_up(&mut self) {
        let shown = self.trees.iter().filter(|tree| tree.is_shown);
        for tree in shown.chain(&self.trees) {
            self.volume.fill_from(&tree.identity);
        }
        // The names of one tree can be shown with the attributes of another.
        if let Some(shown) = &self.shown
            && String::from_utf8_lossy(&self.volume.name) != shown.label
        {
            self.volume.name = shown.label.clone().into_bytes();
        }
    }
}

impl Detail {
    pub(super) fn new(name: &'static str, value: impl Into<Value>) -> Self {
        Self { name, value: value.into(), remark: "" }
    }

    pub(super) fn remarked(self, remark: &'static str) -> Self {
        Self { remark, ..self }
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<&str> for Value {
    fn from(word: &str) -> Self {
        Self::Word(word.to_owned())
    }
}

impl From<String> for Value {
    fn from(word: String) -> Self {
        Self::Word(word)
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Self {
        Self::List(values)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

impl Identity {
    /// Takes what is not said from another.
    pub(super) fn fill_from(&mut self, other: &Self) {
        let texts = [
            (&mut self.volume_set, &other.volume_set),
            (&mut self.system, &other.system),
            (&mut self.publisher, &other.publisher),
            (&mut self.preparer, &other.preparer),
            (&mut self.application, &other.application),
            (&mut self.copyright_file, &other.copyright_file),
            (&mut self.abstract_file, &other.abstract_file),
            (&mut self.bibliographic_file, &other.bibliographic_file),
            (&mut self.command, &other.command),
        ];
        if self.name.is_empty() {
            self.name.clone_from(&other.name);
        }
        for (own, other) in texts {
            if is_cut(own, other) {
                own.clone_from(other);
            }
        }
        let dates = [
            (&mut self.created, &other.created),
            (&mut self.modified, &other.modified),
            (&mut self.expires, &other.expires),
            (&mut self.effective, &other.effective),
        ];
        for (own, other) in dates {
            if *own == Recorded::Nothing {
                own.clone_from(other);
            }
        }
        if self.set_size == 0 {
            (self.set_size, self.set_number) = (other.set_size, other.set_number);
        }
        self.made_by = self.made_by.take().or_else(|| other.made_by.clone());
    }
}

/// Whether a text is empty, or is as much of another as has room in the fields of Joliet, whose characters are fewer.
fn is_cut(text: &[u8], other: &[u8]) -> bool {
    let is_same = |(a, b): (&u8, &u8)| a.eq_ignore_ascii_case(b) || *a == b'_';
    text.len() < other.len() && text.iter().zip(other).all(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_were_cut_are_taken_from_where_they_are_whole() {
        let identity =
            |application: &str| Identity { application: application.into(), ..Identity::default() };
        for (own, other, expected) in [
            ("MKISOFS ISO9660_HFS FILE", "MKISOFS ISO9660/HFS FILESYSTEM", "MKISOFS ISO9660/HFS FILESYSTEM"),
            ("Nero Burning ROM", "NERO BURNING ROM", "Nero Burning ROM"),
            ("", "X", "X"),
            ("X", "", "X"),
            ("*ImgBurn", "IMGBURN V2.5", "*ImgBurn"),
        ] {
            let mut filled = identity(own);
            filled.fill_from(&identity(other));
            assert_eq!(filled, identity(expected));
        }
    }
}
