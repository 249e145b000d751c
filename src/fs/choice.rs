//! Which driver reads a volume, and which of a disc's trees is shown.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use super::{
    Options, Reason, View,
    description::{DescribedSession, Description, Shown},
    iso9660::{self, Iso9660},
    session,
    udf::{self, Udf},
};
use crate::{
    error::{Error, Result},
    limits,
    tree::{FileSystem, Kind, Listing, NodeId},
    volume::Volume,
};

/// Files from this size on do not fit into one extent of ISO 9660.
const LARGE: u64 = 1 << 32;

/// Bytes of a directory that count as a name when trees are compared, as many as a long one has.
const BYTES_PER_NAME: u64 = 64;

/// Bytes from which on writers may have cut a name in UDF, to the 64 characters of Joliet.
const CUT: usize = 60;

/// Where Rock Ridge keeps directories whose true place is elsewhere: the other tree may show them there.
const RELOCATED: [&[u8]; 2] = [b"rr_moved", b".rr_moved"];

/// The tree of a disc that is shown.
struct Choice {
    file_system: Box<dyn FileSystem>,
    view: View,
    /// What tells it from another tree of the same word.
    place: u64,
    reason: Reason,
}

/// What a disc says of itself, and its tree, or why none can be shown.
pub struct Described {
    /// What it says.
    pub description: Description,
    /// The tree that is shown.
    pub file_system: Result<Box<dyn FileSystem>>,
}

/// The trees of a disc that were opened.
struct Opened {
    iso: Option<Result<Iso9660>>,
    udf: Option<Result<Udf>>,
}

/// Finds the file system of a volume: the tree that `options` want, by default Rock Ridge, then UDF, then Joliet, then plain
/// ISO 9660. Where the ISO side cannot be the whole truth (its root lacks names that UDF has, UDF knows larger files), UDF
/// comes first; where UDF is empty or damaged, or `norock` or `nojoliet` say something of ISO 9660, that.
///
/// # Errors
/// [`Error::NotADisc`] when no driver knows it, [`Error::Unsupported`] when the wanted tree is not there (the text lists
/// those that are), what the driver says when its structures are damaged.
pub fn open(volume: Arc<Volume>, options: &Options) -> Result<Box<dyn FileSystem>> {
    choose(&volume, options, Opened::of(&volume, options)).map(|choice| choice.file_system)
}

/// As [`open`], with what the descriptors say of all trees and sessions, also where no tree can be shown.
///
/// # Errors
/// As [`open`], when there is not even a descriptor.
pub fn describe(volume: &Arc<Volume>, options: &Options) -> Result<Described> {
    let opened = Opened::of(volume, options);
    let iso = iso9660::describe(volume, options);
    let is_iso = matches!(iso, Ok(Some(_)) | Err(Error::Corrupt(_)));
    // Also where another view was asked for, so that it was not opened.
    let every = Options { udf: true, ..options.clone() };
    let udf = match &opened.udf {
        Some(Ok(udf)) => Some(udf.describe(options)),
        Some(Err(error)) => unopened(volume, options, error),
        None if is_iso && !udf::is_announced(volume) => None,
        None => match Udf::open(volume.clone(), &every) {
            Ok(udf) => Some(udf.describe(options)),
            Err(error) => unopened(volume, options, &error),
        },
    };
    let choice = choose(volume, options, opened);
    let iso = match (iso, &choice) {
        (Ok(iso), _) => iso,
        (Err(_), Ok(_)) => None,
        (Err(_), Err(error)) if udf.is_none() => return Err(error.clone()),
        (Err(_), Err(_)) => None,
    };
    let mut description = match (iso, udf, &choice) {
        (Some(iso), Some(udf), choice) => {
            joined(iso, udf, choice.as_ref().is_ok_and(|choice| choice.view == View::Udf))
        }
        (Some(one), None, _) | (None, Some(one), _) => one,
        (None, None, Err(error)) => return Err(error.clone()),
        (None, None, Ok(_)) => Description::default(),
    };
    let file_system = choice.map(|choice| {
        description.show(choice.view, choice.place);
        description.notes = choice.file_system.notes().to_vec();
        description.shown = Some(Shown {
            view: choice.view,
            format: choice.file_system.format(),
            label: choice.file_system.label(),
            reason: choice.reason,
        });
        choice.file_system
    });
    description.sum_up();
    Ok(Described { description, file_system })
}

/// What the descriptors say of a UDF volume that cannot be opened.
fn unopened(volume: &Volume, options: &Options, error: &Error) -> Option<Description> {
    let mut description = udf::describe_unopened(volume, options)?;
    description.trees.iter_mut().for_each(|tree| tree.error = Some(error.clone()));
    Some(description)
}

/// What ISO 9660 and UDF say of a bridge disc, of which one is shown.
fn joined(mut iso: Description, udf: Description, is_udf_shown: bool) -> Description {
    let place = usize::from(iso.trees.first().is_some_and(|tree| tree.view == View::RockRidge));
    iso.trees.splice(place..place, udf.trees);
    for session in udf.sessions {
        match iso.sessions.iter_mut().find(|known| known.start == session.start) {
            Some(known) if is_udf_shown => known.is_shown = session.is_shown,
            Some(_) => {}
            None => {
                let is_shown = session.is_shown && is_udf_shown;
                iso.sessions.push(DescribedSession { is_shown, ..session });
            }
        }
    }
    // One whose start is not known is the last.
    iso.sessions.sort_by_key(|session| session.start.unwrap_or(u64::MAX));
    iso.end = iso.end.max(udf.end);
    iso
}

impl Opened {
    /// Opens what may be shown: both where nothing is asked for, and next to ISO 9660 UDF only where it is announced: discs without it are
    /// opened at once.
    fn of(volume: &Arc<Volume>, options: &Options) -> Self {
        let iso = (options.view != View::Udf).then(|| Iso9660::open(volume.clone(), options));
        let may_be_udf = options.udf
            && match options.view {
                View::Auto => {
                    iso.as_ref().is_some_and(Result::is_err)
                        || options.ignores_recognition
                        || udf::is_announced(volume)
                }
                View::Udf => true,
                View::RockRidge | View::Joliet | View::Iso9660 => false,
            };
        Self { iso, udf: may_be_udf.then(|| Udf::open(volume.clone(), options)) }
    }
}

impl From<(Iso9660, Reason)> for Choice {
    fn from((iso, reason): (Iso9660, Reason)) -> Self {
        Self { view: iso.chosen_view(), place: iso.place(), reason, file_system: Box::new(iso) }
    }
}

impl From<(Udf, Reason)> for Choice {
    fn from((udf, reason): (Udf, Reason)) -> Self {
        Self { view: View::Udf, place: udf.place(), reason, file_system: Box::new(udf) }
    }
}

/// The words of the trees that the disc has.
fn views(volume: &Arc<Volume>, options: &Options, has_udf: bool) -> Vec<&'static str> {
    let mut there = iso9660::views(volume, options);
    if has_udf {
        let place = usize::from(there.first() == Some(&View::RockRidge.word()));
        there.insert(place, View::Udf.word());
    }
    there
}

/// Why the view that was asked for is not there, when there are others.
fn missing(volume: &Arc<Volume>, options: &Options, error: Error) -> Error {
    if !matches!(error, Error::NotADisc(_) | Error::Unsupported(_)) {
        return error;
    }
    let has_udf = options.view != View::Udf && options.udf && Udf::open(volume.clone(), options).is_ok();
    let there = views(volume, options, has_udf);
    let wanted = options.view.word();
    if there.is_empty() || there.contains(&wanted) {
        return error;
    }
    Error::unsupported(format!("the disc has no {wanted} tree; it has: {}", there.join(", ")))
}

/// The tree that `options` want of those that were opened.
fn choose(volume: &Arc<Volume>, options: &Options, opened: Opened) -> Result<Choice> {
    let asked = match (opened.iso, opened.udf) {
        (Some(iso), udf) if options.view == View::Auto => return by_itself(volume, options, iso, udf),
        (Some(iso), _) => iso.map(|iso| Choice::from((iso, Reason::Asked))),
        (None, Some(udf)) => udf.map(|udf| Choice::from((udf, Reason::Asked))),
        (None, None) => Err(Error::unsupported("UDF is turned off")),
    };
    asked.map_err(|error| missing(volume, options, error))
}

/// The tree that is shown when none is asked for.
fn by_itself(
    volume: &Arc<Volume>,
    options: &Options,
    iso: Result<Iso9660>,
    udf: Option<Result<Udf>>,
) -> Result<Choice> {
    let has_udf = matches!(udf, Some(Ok(_)));
    let of_iso = |iso: Iso9660| {
        let reason = iso.reason().clone();
        Choice::from((iso, reason))
    };
    let choice: Choice = match (iso, udf) {
        (Ok(iso), None | Some(Err(Error::NotADisc(_)))) => of_iso(iso),
        // An option that UDF cannot fulfil, as a session that it does not have, is no damage.
        (Ok(iso), Some(Err(error @ Error::Unsupported(_))))
            if options.session.is_some() || options.block_size.is_some() =>
        {
            (iso, Reason::NotInUdf(error)).into()
        }
        (Ok(iso), Some(Err(error))) => {
            log::warn!("UDF cannot be read, ISO 9660 is shown instead: {error}");
            (iso, Reason::Damaged(View::Udf.name(), error)).into()
        }
        (Err(Error::NotADisc(text)), None) => {
            let has_udf = Udf::open(volume.clone(), options).is_ok();
            return Err(if has_udf {
                Error::unsupported("noudf leaves nothing to show; the disc has: udf")
            } else {
                Error::NotADisc(text)
            });
        }
        (Err(error), None) => return Err(error),
        (Err(Error::NotADisc(_)), Some(udf)) => (udf?, Reason::Only).into(),
        (Err(error), Some(Err(_))) => return Err(error),
        (Err(error), Some(Ok(udf))) => {
            log::warn!("ISO 9660 cannot be read, UDF is shown instead: {error}");
            (udf, Reason::Damaged("ISO 9660", error)).into()
        }
        (Ok(iso), Some(Ok(_))) if !(options.rock_ridge && options.joliet) => {
            (iso, Reason::OptionsOfIso9660).into()
        }
        (Ok(iso), Some(Ok(udf))) => match better(volume, &iso, &udf) {
            (true, why) => (udf, why).into(),
            (false, why) => (iso, why).into(),
        },
    };
    let Choice { file_system, reason, .. } = &choice;
    let why = match reason {
        Reason::Only => String::new(),
        reason => format!(", because {reason}"),
    };
    if log::log_enabled!(log::Level::Info) {
        let there = views(volume, options, has_udf).join(", ");
        let (view, format) = (file_system.view(), file_system.format());
        log::info!("showing the {view} tree ({format}){why}; the disc has: {there}");
    }
    Ok(choice)
}

/// Whether UDF is shown rather than the best tree of ISO 9660, and why or why not.
fn better(volume: &Volume, iso: &Iso9660, udf: &Udf) -> (bool, Reason) {
    let (in_iso, in_udf) = match (iso.listing(iso.root()), udf.root_names()) {
        (Ok(in_iso), Ok(in_udf)) => (in_iso, in_udf),
        (_, Err(error)) => return (false, Reason::RootDamaged("UDF", error)),
        (Err(error), _) => return (true, Reason::RootDamaged("ISO 9660", error)),
    };
    if in_udf.is_empty() && !in_iso.is_empty() {
        return (false, Reason::Empty("UDF"));
    }
    // Writers that add a session to a bridge disc join the trees of all sessions in ISO 9660, and not always in UDF.
    if iso.session() > session::first(volume) {
        return (false, Reason::Sessions);
    }
    if iso.view() != View::RockRidge.word() {
        return (true, Reason::Before("UDF", iso.view()));
    }
    if let Some(name) = name_without(&in_udf, &in_iso) {
        return (true, Reason::NameMissing(name));
    }
    if have_nothing_in_common(&in_udf, &in_iso) {
        return (true, Reason::NothingInCommon);
    }
    if volume.len() > LARGE
        && let Some(size) = larger_file(udf, iso)
    {
        return (true, Reason::LargerFile(size));
    }
    (false, Reason::RockRidgeLacksNothing)
}

/// A name of a root that is not among the `others` under another spelling.
fn name_without(names: &Listing, others: &Listing) -> Option<Vec<u8>> {
    let true_names = |listing: &Listing| -> usize {
        listing.entries(0).filter(|entry| !RELOCATED.contains(&entry.name)).count()
    };
    let has_more = true_names(names) > true_names(others);
    let spelled: HashSet<Vec<u8>> = others.entries(0).map(|entry| spelled_in_udf(entry.name)).collect();
    let missing = names.entries(0).map(|entry| entry.name).filter(|name| {
        !RELOCATED.contains(name)
            && others.find(name).is_none()
            // Where there are as many, a name may be written otherwise: in another encoding, without what UDF cannot have,
            // or cut.
            && (has_more || (name.is_ascii() && name.len() < CUT && !spelled.contains(*name)))
    });
    missing.min_by_key(|name| !name.is_ascii()).map(<[u8]>::to_vec)
}

/// A name as writers put it into UDF next to Joliet: without the characters that Joliet does not have.
fn spelled_in_udf(name: &[u8]) -> Vec<u8> {
    name.iter().map(|byte| if b"*/:;?\\".contains(byte) { b'_' } else { *byte }).collect()
}

/// Whether no name is in both roots, and one has more directories than the other: so they do not just write the same names
/// otherwise.
fn have_nothing_in_common(names: &Listing, others: &Listing) -> bool {
    let directories =
        |listing: &Listing| listing.entries(0).filter(|entry| entry.kind == Kind::Directory).count();
    names.entries(0).all(|entry| others.find(entry.name).is_none())
        && directories(names) != directories(others)
}

/// The size of a file in `tree` that has 4 GiB or more and is shorter in `other`, where that has it. At most
/// [`limits::COMPARED_NODES`] are looked at, those nearest to the root first.
fn larger_file(tree: &dyn FileSystem, other: &dyn FileSystem) -> Option<u64> {
    let mut pending: VecDeque<(NodeId, NodeId)> = VecDeque::from([(tree.root(), other.root())]);
    let mut left = limits::COMPARED_NODES;
    while let Some((directory, counterpart)) = pending.pop_front() {
        // Long directories with few names count for their length.
        let size = tree.node(directory).map_or(0, |node| node.attributes.size);
        left = left.checked_sub(u32::try_from(size / BYTES_PER_NAME).unwrap_or(u32::MAX))?;
        let (Ok(names), Ok(others)) = (tree.listing(directory), other.listing(counterpart)) else { continue };
        for entry in names.entries(0) {
            left = left.checked_sub(1)?;
            let Some(same) = others.find(entry.name) else { continue };
            match (entry.kind, same.kind) {
                (Kind::Directory, Kind::Directory) => pending.push_back((entry.node, same.node)),
                (Kind::File, Kind::File) => {
                    let Ok(node) = tree.node(entry.node) else { continue };
                    let size = node.attributes.size;
                    if size >= LARGE && other.node(same.node).is_ok_and(|node| node.attributes.size < size) {
                        return Some(size);
                    }
                }
                _ => {}
            }
        }
    }
    None
}
