//! Paths inside an image, as they are typed: `/` is the root of the image, and nothing leads out of it.

use crate::{
    error::{Error, Result},
    tree::{Kind, NodeId, Stat, Tree},
};

/// Symbolic links that are followed on the way to one path, as on Linux.
const LINKS: usize = 40;

/// What is at a path.
#[derive(Debug)]
pub(super) struct Found {
    /// The path from the root without links, `.` and `..`, names as the disc has them, with a `/` between each two; empty for the
    /// root.
    pub(super) path: Vec<u8>,
    pub(super) stat: Stat,
}

/// A path at which there is nothing.
#[derive(Debug)]
pub(super) struct Lost {
    /// What is wrong at the place where it ends: [`Error::NotFound`], [`Error::NotADirectory`], [`Error::Loop`], or damage.
    pub(super) error: Error,
    /// The last directory (or what stands in the place of one) that is there, as [`Found::path`].
    pub(super) reached: Vec<u8>,
}

/// Where one stands on the way down from the root.
struct Way<'a> {
    tree: &'a Tree,
    /// What was gone through; the root is not in it.
    steps: Vec<(Box<[u8]>, Stat)>,
    root: Stat,
}

/// Finds what is at a path. Links on the way are followed inside the image: one that is absolute begins at its root, and `..` stays
/// there. A link at the end is followed when `follows` says so, or a `/` is behind it.
///
/// # Errors
/// There is nothing; more than 40 links; a directory or link on the way is damaged.
pub(super) fn resolve(tree: &Tree, path: &[u8], follows: bool) -> Result<Found, Lost> {
    let root = tree.stat(tree.root()).map_err(|error| Lost { error, reached: Vec::new() })?;
    let mut way = Way { tree, steps: Vec::new(), root };
    match way.go(path, follows) {
        Ok(()) => Ok(Found { path: way.path(), stat: way.here().clone() }),
        Err(error) => Err(Lost { error, reached: way.path() }),
    }
}

impl Way<'_> {
    fn here(&self) -> &Stat {
        self.steps.last().map_or(&self.root, |(_, stat)| stat)
    }

    fn path(&self) -> Vec<u8> {
        let names: Vec<&[u8]> = self.steps.iter().map(|(name, _)| &**name).collect();
        names.join(&b'/')
    }

    fn go(&mut self, path: &[u8], follows: bool) -> Result<()> {
        // The next name is the last of these.
        let mut names = parts(path);
        let mut links: usize = 0;
        while let Some(name) = names.pop() {
            if self.here().kind != Kind::Directory {
                return Err(Error::NotADirectory);
            }
            match &*name {
                b"" | b"." => {}
                b".." => drop(self.steps.pop()),
                _ => {
                    self.step(&name)?;
                    let is_on_the_way = !names.is_empty() || follows;
                    if self.here().kind == Kind::Symlink && is_on_the_way {
                        links = links.saturating_add(1);
                        self.follow(&mut names, links)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, name: &[u8]) -> Result<()> {
        let listing = self.tree.listing(self.here().id)?;
        let entry = listing.lookup(name).ok_or(Error::NotFound)?;
        let stat = self.tree.stat(entry.node)?;
        self.steps.push((entry.name.into(), stat));
        Ok(())
    }

    /// Goes back from the link that was arrived at, with the names of its target in front of those that are left.
    fn follow(&mut self, names: &mut Vec<Box<[u8]>>, links: usize) -> Result<()> {
        let link: NodeId = self.here().id;
        self.steps.pop();
        if links > LINKS {
            return Err(Error::Loop);
        }
        let target = self.tree.read_link(link)?;
        if target.is_empty() {
            return Err(Error::NotFound);
        }
        if target.starts_with(b"/") {
            self.steps.clear();
        }
        names.extend(parts(&target));
        Ok(())
    }
}

/// The names of a path, the first one last; one that ends with `/` has an empty one at its end.
fn parts(path: &[u8]) -> Vec<Box<[u8]>> {
    path.split(|b| *b == b'/').rev().map(Box::from).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        tree::{
            Policy,
            fake::{Fake, Named},
        },
        volume::Volume,
    };

    /// `/3/4/5` with 5 a file, and links in the root by their numbers.
    fn tree(links: &[(u64, &str)]) -> Tree {
        let mut names = vec![3];
        names.extend(links.iter().map(|(id, _)| *id));
        let directories = vec![(2, names), (3, vec![4]), (4, vec![5])];
        let links = links.iter().map(|(id, target)| (*id, target.as_bytes().into())).collect();
        let volume = Arc::new(Volume::new(Arc::new(Vec::<u8>::new()), 0));
        let fake = Fake { directories, links, attributes: None::<Vec<Named>>, ..Fake::default() };
        Tree::new(Box::new(fake), volume, Policy::of_user(0, 0), 0)
    }

    fn at(tree: &Tree, path: &str) -> Result<String, (String, String)> {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let found = resolve(tree, path.as_bytes(), true);
        found.map(|found| text(found.path)).map_err(|lost| (lost.error.to_string(), text(lost.reached)))
    }

    #[test]
    fn paths_are_typed_in_many_ways() {
        let tree = tree(&[]);
        for path in ["3/4", "/3/4", "//3//4/", "./3/./4/.", "3/4/../4", "../../3/4", "3/../../3/4"] {
            assert_eq!(at(&tree, path), Ok("3/4".to_owned()), "{path}");
        }
        for path in ["", "/", ".", "..", "3/..", "/3/4/../../../.."] {
            assert_eq!(at(&tree, path), Ok(String::new()), "{path}");
        }
        assert_eq!(at(&tree, "3/4/5"), Ok("3/4/5".to_owned()));
        let lost = |text: &str, reached: &str| Err((text.to_owned(), reached.to_owned()));
        assert_eq!(at(&tree, "3/9/5"), lost("no such file or directory", "3"));
        for path in ["3/4/5/", "3/4/5/.", "3/4/5/..", "3/4/5/6"] {
            assert_eq!(at(&tree, path), lost("not a directory", "3/4/5"), "{path}");
        }
    }

    #[test]
    fn links_are_followed_inside_the_image_only() {
        let links = [
            (10, "/3/4"),
            (11, "3/4/5"),
            (12, "../../../../3"),
            (13, "12/4/"),
            (14, "/"),
            (15, "nowhere"),
            (16, ""),
        ];
        let tree = tree(&links);
        for (path, found) in [
            ("10", "3/4"),
            ("10/5", "3/4/5"),
            ("11", "3/4/5"),
            ("12", "3"),
            ("13/5", "3/4/5"),
            ("12/..", ""),
            ("14/14/14/3", "3"),
        ] {
            assert_eq!(at(&tree, path), Ok(found.to_owned()), "{path}");
        }
        assert_eq!(at(&tree, "15").unwrap_err().0, "no such file or directory");
        assert_eq!(at(&tree, "16").unwrap_err().0, "no such file or directory");
        assert_eq!(at(&tree, "11/").unwrap_err().0, "not a directory");
        let stays = |path: &[u8]| resolve(&tree, path, false).unwrap().stat.kind;
        assert_eq!(
            (stays(b"10"), stays(b"10/"), stays(b"15")),
            (Kind::Symlink, Kind::Directory, Kind::Symlink)
        );
    }

    #[test]
    fn circles_of_links_end() {
        let looped = tree(&[(10, "11"), (11, "10"), (12, "12/12")]);
        for path in ["10", "12", "10/3"] {
            assert!(at(&looped, path).unwrap_err().0.contains("too many levels"), "{path}");
        }
        let chain: Vec<(u64, String)> = (10..51).map(|id| (id, (id + 1).to_string())).collect();
        let mut links: Vec<(u64, &str)> = chain.iter().map(|(id, target)| (*id, target.as_str())).collect();
        links.push((51, "3"));
        let tree = tree(&links);
        assert_eq!(at(&tree, "12"), Ok("3".to_owned()), "40 links");
        assert!(at(&tree, "11").is_err(), "41 links");
    }
}
