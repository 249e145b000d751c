//! Which driver reads a volume, and which of a disc's trees is shown.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use super::{
    Options, View,
    iso9660::{self, Iso9660},
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

/// Finds the file system of a volume: the tree that `options` want, by default Rock Ridge, then UDF, then Joliet, then plain
/// ISO 9660. Where the ISO side cannot be the whole truth (its root lacks names that UDF has, UDF knows larger files), UDF
/// comes first; where UDF is empty or damaged, or `norock` or `nojoliet` say something of ISO 9660, that.
///
/// # Errors
/// [`Error::NotADisc`] when no driver knows it, [`Error::Unsupported`] when the wanted tree is not there (the text lists
/// those that are), what the driver says when its structures are damaged.
pub fn open(volume: Arc<Volume>, options: &Options) -> Result<Box<dyn FileSystem>> {
    match options.view {
        View::Auto => choose(&volume, options),
        View::Udf if !options.udf => Err(missing(&volume, options, Error::unsupported("UDF is turned off"))),
        View::Udf => {
            Udf::open(volume.clone(), options).map(boxed).map_err(|error| missing(&volume, options, error))
        }
        View::RockRidge | View::Joliet | View::Iso9660 => Iso9660::open(volume.clone(), options)
            .map(boxed)
            .map_err(|error| missing(&volume, options, error)),
    }
}

fn boxed(file_system: impl FileSystem + 'static) -> Box<dyn FileSystem> {
    Box::new(file_system)
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

fn choose(volume: &Arc<Volume>, options: &Options) -> Result<Box<dyn FileSystem>> {
    let iso = Iso9660::open(volume.clone(), options);
    // Next to ISO 9660 the anchors are looked for only where UDF is announced: discs without it are opened at once.
    let may_be_udf =
        options.udf && (iso.is_err() || options.ignores_recognition || udf::is_announced(volume));
    let udf = may_be_udf.then(|| Udf::open(volume.clone(), options));
    let has_udf = matches!(udf, Some(Ok(_)));
    let (shown, why): (Box<dyn FileSystem>, _) = match (iso, udf) {
        (Ok(iso), None | Some(Err(Error::NotADisc(_)))) => (boxed(iso), None),
        // An option that UDF cannot fulfil, as a session that it does not have, is no damage.
        (Ok(iso), Some(Err(Error::Unsupported(_))))
            if options.session.is_some() || options.block_size.is_some() =>
        {
            (boxed(iso), None)
        }
        (Ok(iso), Some(Err(error))) => {
            log::warn!("UDF cannot be read, ISO 9660 is shown instead: {error}");
            (boxed(iso), None)
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
        (Err(Error::NotADisc(_)), Some(udf)) => (boxed(udf?), None),
        (Err(error), Some(Err(_))) => return Err(error),
        (Err(error), Some(Ok(udf))) => {
            log::warn!("ISO 9660 cannot be read, UDF is shown instead: {error}");
            (boxed(udf), None)
        }
        (Ok(iso), Some(Ok(_))) if !(options.rock_ridge && options.joliet) => {
            (boxed(iso), Some("norock and nojoliet are of ISO 9660".to_owned()))
        }
        (Ok(iso), Some(Ok(udf))) => match better(volume, &iso, &udf) {
            (true, why) => (boxed(udf), Some(why)),
            (false, why) => (boxed(iso), Some(why)),
        },
    };
    let why = why.map(|why| format!(", because {why}")).unwrap_or_default();
    if log::log_enabled!(log::Level::Info) {
        let there = views(volume, options, has_udf).join(", ");
        log::info!("showing the {} tree ({}){why}; the disc has: {there}", shown.view(), shown.format());
    }
    Ok(shown)
}

/// Whether UDF is shown rather than the best tree of ISO 9660, and why or why not.
fn better(volume: &Volume, iso: &Iso9660, udf: &Udf) -> (bool, String) {
    let (in_iso, in_udf) = match (iso.listing(iso.root()), udf.root_names()) {
        (Ok(in_iso), Ok(in_udf)) => (in_iso, in_udf),
        (_, Err(error)) => return (false, format!("the root of UDF cannot be read ({error})")),
        (Err(error), _) => return (true, format!("the root of ISO 9660 cannot be read ({error})")),
    };
    if in_udf.is_empty() && !in_iso.is_empty() {
        return (false, "the root of UDF is empty".to_owned());
    }
    // Writers that add a session to a bridge disc join the trees of all sessions in ISO 9660, and not always in UDF.
    if iso.session() > 0 {
        return (false, "the disc has several sessions, which ISO 9660 joins".to_owned());
    }
    if iso.view() != View::RockRidge.word() {
        return (true, format!("UDF comes before {}", iso.view()));
    }
    if let Some(name) = name_without(&in_udf, &in_iso) {
        let name = crate::text::escape(&name);
        return (true, format!("the root of ISO 9660 has no {name}, which UDF has"));
    }
    if have_nothing_in_common(&in_udf, &in_iso) {
        return (true, "the roots of ISO 9660 and UDF have nothing in common".to_owned());
    }
    if volume.len() > LARGE
        && let Some(size) = larger_file(udf, iso)
    {
        return (true, format!("UDF knows a file of {size} bytes that ISO 9660 shows shorter"));
    }
    (false, "Rock Ridge comes before UDF, and its root lacks no name of UDF".to_owned())
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
