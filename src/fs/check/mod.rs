//! What is wrong with an image: its structures, tree by tree, and where its trees say different things.
//!
//! Nothing here reads the bytes of files, and nothing here knows of users: what is found comes back as a list, with the checksums
//! that the image keeps of parts of itself for whoever reads it all.

mod compare;
mod finding;
mod flaw;

use std::sync::Arc;

pub use finding::{Examination, Expected, Finding, Mark, Mask, OtherTree, RangeSum, Region};
pub use flaw::Flaw;

use super::{Options, View, iso9660, udf};
use crate::{
    error::{Error, Result},
    limits,
    tree::{FileSystem, Inventory, Policy, Tree},
    volume::Volume,
};

/// Bytes of unpacked blocks that the other trees keep, of which nobody reads one.
const NO_CACHE: usize = 0;

/// Examines the structures of an image, of which `shown` is the tree that is shown, as long as `goes_on` says so.
pub fn check(
    volume: &Arc<Volume>,
    options: &Options,
    shown: Option<(&Tree, &Inventory)>,
    goes_on: &dyn Fn() -> bool,
) -> Examination {
    let mut found = Examination::default();
    let udf_options = everything(options, View::Udf);
    iso9660::check(volume, options, &mut found);
    let views = trees(volume, options);
    let Some((tree, inventory)) = shown else {
        if views.contains(&View::Udf) {
            udf::check(volume, &udf_options, None, &mut found);
        }
        return found;
    };
    found.add_tree(volume, Some(tree.view()), tree, inventory);
    if tree.view() == View::Udf.word() {
        udf::check(volume, &udf_options, Some(inventory), &mut found);
    }
    for view in views {
        if view.word() == tree.view() || !goes_on() {
            continue;
        }
        match open(volume, options, view) {
            Ok(other) => {
                let other_inventory = Inventory::of(&other, goes_on);
                if view == View::Udf {
                    udf::check(volume, &udf_options, Some(&other_inventory), &mut found);
                }
                found.add_tree(volume, Some(view.word()), &other, &other_inventory);
                let only_here = compare::compare((tree, inventory), (&other, &other_inventory), &mut found);
                found.others.push(OtherTree { view: view.word(), inventory: other_inventory, only_here });
            }
            Err(Error::NotADisc(_) | Error::Unsupported(_)) => {}
            Err(error) => {
                let text = format!("the tree cannot be read: {}", volume.said(&error));
                found.add(Finding::new(Flaw::Structure, text).of(Some(view.word())));
                if view == View::Udf {
                    udf::check(volume, &udf_options, None, &mut found);
                }
            }
        }
    }
    found
}

/// How far trees are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only when all of them are so small that little has to be read ([`limits::LOOK`]).
    Near,
    /// However large they are.
    Everything,
}

/// What has come of comparing the tree that is shown with the others.
#[derive(Debug, Default)]
pub struct Compared {
    /// The others, by the words that `view=` knows.
    pub views: Vec<&'static str>,
    /// Where they say something else.
    pub findings: Vec<Finding>,
}

/// Where the trees of an image say different things; `shown` is the one that is shown. `None` when they reach further than `reach`. For
/// whoever tells what an image is.
pub fn disagreements(
    volume: &Arc<Volume>,
    options: &Options,
    shown: &Tree,
    reach: Reach,
) -> Option<Compared> {
    let views = trees(volume, options).into_iter().filter(|view| view.word() != shown.view());
    let others: Vec<Tree> = views.filter_map(|view| open(volume, options, view).ok()).collect();
    if others.is_empty() {
        return Some(Compared::default());
    }
    let is_small = |tree: &Tree| tree.look_around(|_, _| ());
    if reach == Reach::Near && !(is_small(shown) && others.iter().all(is_small)) {
        return None;
    }
    let bytes = match reach {
        Reach::Near => limits::LOOK_COMPARED,
        Reach::Everything => limits::COMPARED_BYTES,
    };
    let mut found = Examination::default();
    let inventory = Inventory::of(shown, &|| true);
    let views = others.iter().map(Tree::view).collect();
    for other in others {
        let other_inventory = Inventory::of(&other, &|| true);
        let (shown, other) = ((shown, &inventory), (&other, &other_inventory));
        let (_, is_enough) = compare::compare_reading(bytes, shown, other, &mut found);
        if !is_enough && reach == Reach::Near {
            return None;
        }
    }
    Some(Compared { views, findings: found.findings })
}

/// The views that are a tree of their own each, of those that the disc has.
fn trees(volume: &Arc<Volume>, options: &Options) -> Vec<View> {
    let options = everything(options, View::Auto);
    let mut views = iso9660::trees(volume, &options);
    if views.is_empty() || options.ignores_recognition || udf::is_announced(volume) {
        views.push(View::Udf);
    }
    views
}

fn open(volume: &Arc<Volume>, options: &Options, view: View) -> Result<Tree> {
    let options = everything(options, view);
    let opened: Box<dyn FileSystem> = super::open(volume.clone(), &options)?;
    Ok(Tree::new(opened, volume.clone(), Policy::of_user(0, 0), NO_CACHE))
}

/// The same, with every tree turned on.
fn everything(options: &Options, view: View) -> Options {
    Options { view, rock_ridge: true, joliet: true, udf: true, ..options.clone() }
}
