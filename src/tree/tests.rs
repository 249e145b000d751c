//! A tree over a small file system that is none of a disc's.

use super::{
    fake::{Fake, Named},
    *,
};
use crate::limits;

const ROOT: NodeId = NodeId(2);
const FILE: NodeId = NodeId(3);

fn tree(attributes: Option<Vec<Named>>, data: Data) -> Tree {
    let volume = Arc::new(Volume::new(Arc::new((0..=255).collect::<Vec<u8>>()), 1 << 20));
    let fake = Fake { directories: vec![(ROOT.0, vec![FILE.0])], attributes, data, ..Fake::default() };
    Tree::new(Box::new(fake), volume, Policy::of_user(0, 0), 1 << 20)
}

fn attribute(name: &[u8], value: &[u8]) -> Named {
    let mut data = Data::default();
    data.push(Place::Inline(value.into()), value.len() as u64);
    Named { name: name.into(), value: data }
}

fn with(attributes: Vec<Named>) -> Tree {
    tree(Some(attributes), Data::default())
}

fn is_missing(tree: &Tree, name: &[u8]) -> bool {
    matches!(tree.attribute(FILE, name), Err(Error::NoAttribute))
}

#[test]
fn a_tree_without_extended_attributes_says_so() {
    let tree = tree(None, Data::default());
    assert!(!tree.has_extended_attributes());
    assert!(tree.attribute_names(FILE).unwrap().is_empty());
    assert!(is_missing(&tree, b"user.x"));
}

#[test]
fn extended_attributes_are_found_by_their_names() {
    let mut scattered = Data::default();
    scattered.push(Place::Run { at: 10 }, 2);
    scattered.push(Place::Hole, 2);
    scattered.push(Place::Run { at: 254 }, 2);
    let scattered = Named { name: (*b"user.scattered").into(), value: scattered };
    let tree = with(vec![attribute(b"user.b", b"1"), scattered, attribute(b"user.a", b"")]);
    assert!(tree.has_extended_attributes());
    for id in [ROOT, FILE] {
        let names = tree.attribute_names(id).unwrap();
        assert_eq!(names, [&b"user.b"[..], b"user.scattered", b"user.a"].map(Box::from));
        assert_eq!(tree.attribute(id, b"user.b").unwrap(), b"1");
        assert_eq!(tree.attribute(id, b"user.a").unwrap(), b"");
        assert_eq!(tree.attribute(id, b"user.scattered").unwrap(), [10, 11, 0, 0, 254, 255]);
    }
    for name in [&b"user.c"[..], b"user.", b"b", b"USER.B", b""] {
        assert!(is_missing(&tree, name), "{name:?}");
    }
    assert!(matches!(tree.attribute(NodeId(9), b"user.b"), Err(Error::NotFound)));
    assert!(matches!(tree.attribute_names(NodeId(9)), Err(Error::NotFound)));
}

#[test]
fn names_of_apple_are_names_of_users_too() {
    let tree = with(vec![
        attribute(b"com.apple.FinderInfo", b"info"),
        attribute(b"com.apple.both", b"apple"),
        attribute(b"user.com.apple.both", b"user"),
        attribute(b"com.example.x", b"other"),
    ]);
    assert_eq!(tree.attribute_names(FILE).unwrap().len(), 4, "the other names are not listed");
    assert_eq!(tree.attribute(FILE, b"com.apple.FinderInfo").unwrap(), b"info");
    assert_eq!(tree.attribute(FILE, b"user.com.apple.FinderInfo").unwrap(), b"info");
    assert_eq!(tree.attribute(FILE, b"com.apple.both").unwrap(), b"apple");
    assert_eq!(tree.attribute(FILE, b"user.com.apple.both").unwrap(), b"user");
    assert!(is_missing(&tree, b"user.com.example.x"));
    assert!(is_missing(&tree, b"user.user.com.apple.FinderInfo"));
    assert!(is_missing(&tree, b"user.com.apple."));
}

#[test]
fn extended_attributes_that_the_kernel_cannot_be_told_are_not_there() {
    let longest = [b'x'; limits::EXTENDED_ATTRIBUTE_NAME];
    let largest = vec![7; usize::try_from(limits::EXTENDED_ATTRIBUTE).unwrap()];
    let mut endless = Data::default();
    endless.push(Place::Hole, u64::MAX);
    let tree = with(vec![
        attribute(b"", b"1"),
        attribute(b"user.a\0b", b"2"),
        attribute(&[b'x'; limits::EXTENDED_ATTRIBUTE_NAME + 1], b"3"),
        attribute(&longest, b"4"),
        attribute(b"user.largest", &largest),
        attribute(b"user.too large", &[&largest[..], b"7"].concat()),
        Named { name: (*b"user.endless").into(), value: endless },
        attribute(b"user.twice", b"first"),
        attribute(b"user.twice", b"second"),
    ]);
    let names = tree.attribute_names(FILE).unwrap();
    assert_eq!(names, [&longest[..], b"user.largest", b"user.twice"].map(Box::from));
    assert_eq!(tree.attribute(FILE, &longest).unwrap(), b"4");
    assert_eq!(tree.attribute(FILE, b"user.largest").unwrap(), largest);
    assert_eq!(tree.attribute(FILE, b"user.twice").unwrap(), b"first");
    for name in [
        &b""[..],
        b"user.a\0b",
        &[b'x'; limits::EXTENDED_ATTRIBUTE_NAME + 1],
        b"user.too large",
        b"user.endless",
    ] {
        assert!(is_missing(&tree, name), "{name:?}");
    }
}

#[test]
fn the_list_of_names_fits_into_what_the_kernel_takes() {
    let named = |i: usize| attribute(format!("user.{i:010}").as_bytes(), b"");
    let tree = with((0..10_000).map(named).collect());
    let names = tree.attribute_names(FILE).unwrap();
    assert_eq!(names.len(), limits::EXTENDED_ATTRIBUTES / 16);
    assert_eq!(&*names[4095], b"user.0000004095");
}

#[test]
fn a_value_that_cannot_be_read_is_an_error_of_its_own() {
    let mut outside = Data::default();
    outside.push(Place::Run { at: 250 }, 10);
    let outside = Named { name: (*b"user.outside").into(), value: outside };
    let tree = with(vec![outside, attribute(b"user.x", b"1")]);
    assert_eq!(tree.attribute_names(FILE).unwrap().len(), 2);
    assert!(matches!(tree.attribute(FILE, b"user.outside"), Err(Error::Corrupt(_))));
    assert_eq!(tree.attribute(FILE, b"user.x").unwrap(), b"1");
}

#[test]
fn holes_are_found_in_files_only() {
    let mut data = Data::default();
    data.push(Place::Hole, 10);
    data.push(Place::Run { at: 0 }, 10);
    data.push(Place::Hole, 10);
    let tree = tree(None, data);
    assert_eq!(tree.seek_data(FILE, 0).unwrap(), 10);
    assert_eq!(tree.seek_hole(FILE, 10).unwrap(), 20);
    assert!(matches!(tree.seek_data(FILE, 20), Err(Error::NoOffset)));
    assert_eq!(tree.seek_hole(FILE, 29).unwrap(), 29);
    assert!(matches!(tree.seek_hole(FILE, 30), Err(Error::NoOffset)));
    assert!(matches!(tree.seek_hole(ROOT, 0), Err(Error::IsADirectory)));
}
