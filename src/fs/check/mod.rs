//! What is wrong with an image: its structures, tree by tree, and where its trees say different things.
//!
//! Nothing here reads the bytes of files, and nothing here knows of users: what is found comes back as a list, with the checksums
//! that the image keeps of parts of itself for whoever reads it all.

mod compare;
mod finding;
mod flaw;

use std::sync::Arc;

pub use finding::{Examination, Expected, Finding, Mark, OtherTree, RangeSum, Region};
pub use flaw::Flaw;

use super::{Options, View, iso9660, udf};
use crate::{
    error::{Error, Result},
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
    found.add_tree(Some(tree.view()), tree, inventory);
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
                found.add_tree(Some(view.word()), &other, &other_inventory);
                let only_here = compare::compare((tree, inventory), (&other, &other_inventory), &mut found);
                found.others.push(OtherTree { view: view.word(), inventory: other_inventory, only_here });
            }
            Err(Error::NotADisc(_) | Error::Unsupported(_)) => {}
            Err(error) => {
                let text = format!("the tree cannot be read: {error}");
                found.add(Finding::new(Flaw::Structure, text).of(Some(view.word())));
                if view == View::Udf {
                    udf::check(volume, &udf_options, None, &mut found);
                }
            }
        }
    }
    found
}

/// Where the trees of an image say different things; `shown` is the one that is shown. For whoever tells what an image is.
pub fn disagreements(volume: &Arc<Volume>, options: &Options, shown: &Tree) -> Vec<Finding> {
    let mut found = Examination::default();
    let views: Vec<View> =
        trees(volume, options).into_iter().filter(|view| view.word() != shown.view()).collect();
    if views.is_empty() {
        return Vec::new();
    }
    let inventory = Inventory::of(shown, &|| true);
    for view in views {
        if let Ok(other) = open(volume, options, view) {
            let other_inventory = Inventory::of(&other, &|| true);
            compare::compare((shown, &inventory), (&other, &other_inventory), &mut found);
        }
    }
    found.findings
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
