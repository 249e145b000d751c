//! What only a look into the directories of an image tells: lists of checksums, and what its trees disagree about.

use super::super::{
    answer::joined,
    list_name::{Form, form},
    log::quietly,
};
use crate::{
    limits,
    open::{Compared, Image, Reach},
    tree::{Algorithm, Kind, Tree},
};

/// What was found.
pub(super) struct Look {
    pub(super) lists: Vec<List>,
    /// Whether there can be no further list: every directory that can be read was looked into.
    pub(super) is_complete: bool,
    /// `None` where comparing the trees takes more than a look.
    pub(super) compared: Option<Compared>,
}

/// A list of checksums in an image, known by its name.
pub(super) struct List {
    /// From the root, without a `/` in front.
    pub(super) path: Vec<u8>,
    /// How its checksums are made, where the name says so.
    pub(super) algorithm: Option<Algorithm>,
}

impl Look {
    /// Looks into the directories nearest to the root, or into all of them.
    pub(super) fn into(image: &Image, reach: Reach) -> Self {
        // What is damaged is for a check to tell.
        quietly(|| {
            let (lists, is_complete) = match reach {
                Reach::Near => near(image.tree()),
                Reach::Everything => all(image.tree()),
            };
            Self { lists, is_complete, compared: image.disagreements(reach) }
        })
    }
}

/// The list that a file is, by its name; `None` for any other.
fn list(path: &[u8]) -> Option<List> {
    let name = path.rsplit(|byte| *byte == b'/').next()?;
    let algorithm = match form(name)? {
        Form::Lines(algorithm) => algorithm,
        Form::TreeInfo => None,
    };
    Some(List { path: path.to_vec(), algorithm })
}

/// The lists in the directories nearest to the root, and whether those are all directories.
fn near(tree: &Tree) -> (Vec<List>, bool) {
    let mut lists = Vec::new();
    let is_complete = tree.look_around(|directory, listing| {
        for entry in listing.sorted().filter(|entry| entry.kind == Kind::File) {
            let found = list(&joined(directory, entry.name));
            lists.extend(found.filter(|_| tree.stat(entry.node).is_ok_and(|stat| stat.size > 0)));
        }
    });
    (lists, is_complete)
}

/// All lists, and whether there are not more than [`limits`] allow.
fn all(tree: &Tree) -> (Vec<List>, bool) {
    let files = tree.walk().filter(|met| met.stat.as_ref().is_ok_and(|s| s.kind == Kind::File && s.size > 0));
    let lists: Vec<List> = files.filter_map(|met| list(&met.path)).take(limits::LIST_COUNT).collect();
    let is_complete = lists.len() < limits::LIST_COUNT;
    (lists, is_complete)
}
