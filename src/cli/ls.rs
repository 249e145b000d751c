//! `isomount ls`.

use std::{ffi::OsString, io, os::unix::ffi::OsStrExt, rc::Rc};

use clap::ArgAction;
use jiff::tz::TimeZone;

use super::{
    answer::{self, Answer, ImageArgs, joined, number},
    attribute,
    color::Colors,
    columns,
    exit::Failure,
    inside::{Found, resolve},
    json,
    long::{Dates, Table},
};
use crate::{
    limits,
    tree::{Kind, Node, NodeId, Route, Stat, Tree},
};

/// What is listed, and how.
#[derive(Debug, Clone, clap::Args)]
pub struct LsArgs {
    /// The image.
    #[command(flatten)]
    pub of: ImageArgs,

    /// A line for each with type and permissions, links, owner, group, size, date
    #[arg(short, long)]
    pub long: bool,

    /// Names that begin with a period too
    #[arg(short, long)]
    pub all: bool,

    /// All directories below too
    #[arg(short = 'R', long)]
    pub recursive: bool,

    /// Sizes in K, M, G
    #[arg(short, long)]
    pub human_readable: bool,

    /// One name a line
    #[arg(short = '1')]
    pub one: bool,

    /// Directories themselves, not what is in them
    #[arg(short, long)]
    pub directory: bool,

    /// The number of each file in front
    #[arg(short, long)]
    pub inode: bool,

    /// As JSON: an array of objects, hidden names too
    #[arg(long)]
    pub json: bool,

    /// Names and sizes of extended attributes; with --json their values
    #[arg(long)]
    pub xattr: bool,

    /// Print help
    #[arg(long, action = ArgAction::Help)]
    pub help: Option<bool>,

    /// Paths inside the image; without one its root
    #[arg(value_name = "PATH")]
    pub paths: Vec<OsString>,
}

/// A name that is listed.
struct Row {
    name: Vec<u8>,
    /// From the root of the image: where it is, or the directory that it is in.
    place: Rc<[u8]>,
    /// Whether `place` is a directory that it is in.
    is_in: bool,
    node: NodeId,
    kind: Kind,
    /// Where it is needed, and can be read.
    stat: Option<Stat>,
}

impl Row {
    /// From the root of the image.
    fn path(&self) -> Vec<u8> {
        if self.is_in { joined(&self.place, &self.name) } else { self.place.to_vec() }
    }
}

/// Lists in the form that was asked for.
struct Lister<'a> {
    tree: &'a Tree,
    args: &'a LsArgs,
    answer: &'a mut Answer,
    colors: Colors,
    dates: Dates,
    /// Whether something was listed already, so that a blank line comes before the next heading.
    is_begun: bool,
}

/// Lists what is at each path, sorted by name.
pub(super) fn run(args: &LsArgs) -> Result<(), Failure> {
    let (image, mut answer) = answer::open(&args.of)?;
    let colors = Colors::new(answer.is_terminal);
    let (tree, dates) = (image.tree(), Dates::in_zone(TimeZone::system()));
    let mut lister = Lister { tree, args, answer: &mut answer, colors, dates, is_begun: false };
    let root = [OsString::from("/")];
    let paths = if args.paths.is_empty() { &root[..] } else { &args.paths };
    let done = if args.json { lister.as_json(paths) } else { lister.as_text(paths) };
    answer.end(done)
}

impl Lister<'_> {
    /// What is at a path that was typed. A link to a directory stands for the directory, unless it is itself asked for.
    fn found(&mut self, path: &[u8]) -> Option<Found> {
        let found = match resolve(self.tree, path, false) {
            Ok(found) => found,
            Err(lost) => {
                self.answer.lost(path, &lost);
                return None;
            }
        };
        let is_asked_for = self.args.long || self.args.directory || self.args.json;
        if found.stat.kind != Kind::Symlink || is_asked_for {
            return Some(found);
        }
        let target = resolve(self.tree, path, true).ok();
        Some(target.filter(|target| target.stat.kind == Kind::Directory).unwrap_or(found))
    }

    fn as_json(&mut self, paths: &[OsString]) -> io::Result<()> {
        let mut before = "[\n";
        for path in paths {
            let Some(found) = self.found(path.as_bytes()) else { continue };
            let depth = match (self.args.directory, self.args.recursive) {
                (true, _) => 0,
                (false, true) => usize::MAX,
                (false, false) => 1,
            };
            // Of a directory whose names are asked for, and cannot be read, the object tells so.
            let is_names = depth == 1 && found.stat.kind == Kind::Directory;
            let route = Route { is_sorted: true, depth, ..Route::below(found.stat.id) };
            for walked in self.tree.walk_along(route) {
                for error in walked.stat.as_ref().err().into_iter().chain(&walked.unlisted) {
                    self.answer.trouble(&joined(&found.path, &walked.path), error);
                }
                if is_names && walked.depth == 0 && walked.unlisted.is_none() {
                    continue;
                }
                let object = json::object(self.tree, &found.path, &walked, self.args.xattr);
                self.answer.write([before, &object].concat().as_bytes())?;
                before = ",\n";
            }
        }
        self.answer.write(if before == "[\n" { b"[]\n" } else { b"\n]\n" })
    }

    fn as_text(&mut self, paths: &[OsString]) -> io::Result<()> {
        let (mut files, mut directories) = (Vec::new(), Vec::new());
        for path in paths {
            let path = path.as_bytes();
            let Some(found) = self.found(path) else { continue };
            if found.stat.kind == Kind::Directory && !self.args.directory {
                directories.push((path, found));
            } else {
                let (node, kind, place) = (found.stat.id, found.stat.kind, found.path.into());
                let (name, stat) = (path.to_vec(), Some(found.stat));
                files.push(Row { name, place, is_in: false, node, kind, stat });
            }
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        directories.sort_by(|a, b| a.0.cmp(b.0));
        self.is_begun = !files.is_empty();
        self.show(&files)?;
        for (typed, found) in directories {
            self.directory(typed, &found, paths.len() > 1)?;
        }
        Ok(())
    }

    /// A directory, and with `-R` all below it.
    fn directory(&mut self, typed: &[u8], found: &Found, is_one_of_many: bool) -> io::Result<()> {
        let route = Route {
            is_sorted: true,
            skips_hidden: !self.args.all,
            only_directories: true,
            depth: if self.args.recursive { usize::MAX } else { 0 },
            ..Route::below(found.stat.id)
        };
        for walked in self.tree.walk_along(route) {
            let path = joined(&found.path, &walked.path);
            if let Some(error) = walked.stat.as_ref().err().or(walked.unlisted.as_ref()) {
                self.answer.trouble(&path, error);
                continue;
            }
            let Ok(stat) = walked.stat else { continue };
            if is_one_of_many || self.args.recursive {
                let heading = self.answer.name(&joined(typed, &walked.path));
                let blank: &[u8] = if self.is_begun { b"\n" } else { b"" };
                self.answer.write(&[blank, &heading, b":\n"].concat())?;
                self.is_begun = true;
            }
            let rows = self.rows(&stat, &path);
            self.show(&rows)?;
        }
        Ok(())
    }

    /// The names in a directory.
    fn rows(&mut self, directory: &Stat, path: &[u8]) -> Vec<Row> {
        // All of them are wanted, so that they need not be looked for one by one.
        let count = if self.needs_stat() { limits::LISTED_NODES } else { 0 };
        let (listing, nodes) = match self.tree.listing_with_nodes(directory.id, count) {
            Ok(found) => found,
            Err(error) => {
                self.answer.trouble(path, &error);
                return Vec::new();
            }
        };
        let mut rows = Vec::new();
        let place: Rc<[u8]> = path.into();
        if self.args.all {
            let above = self.tree.parent(directory.id).unwrap_or(directory.id);
            rows.push(self.row(b".", directory.id, Kind::Directory, &place, false, None));
            rows.push(self.row(b"..", above, Kind::Directory, &place, false, None));
        }
        for (number, entry) in listing.sorted_with_numbers() {
            if self.args.all || !entry.name.starts_with(b".") {
                let known = nodes.get(number).and_then(Option::as_deref);
                rows.push(self.row(entry.name, entry.node, entry.kind, &place, true, known));
            }
        }
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        rows
    }

    fn needs_stat(&self) -> bool {
        self.args.long || self.colors.need_permissions()
    }

    fn row(
        &mut self,
        name: &[u8],
        node: NodeId,
        kind: Kind,
        place: &Rc<[u8]>,
        is_in: bool,
        known: Option<&Node>,
    ) -> Row {
        let mut row = Row { name: name.to_vec(), place: place.clone(), is_in, node, kind, stat: None };
        if let Some(known) = known.filter(|known| known.attributes.id == node) {
            row.stat = Some(self.tree.stat_of(known));
        } else if self.needs_stat() {
            match self.tree.stat(node) {
                Ok(known) => row.stat = Some(known),
                Err(error) => self.answer.trouble(&row.path(), &error),
            }
        }
        row
    }

    fn show(&mut self, rows: &[Row]) -> io::Result<()> {
        let numbers: Vec<String> = rows.iter().map(|row| self.number(row)).collect();
        let width = numbers.iter().map(String::len).max().unwrap_or(0);
        let numbers = numbers.iter().map(|number| format!("{number:>width$}"));
        if self.args.long {
            return self.show_long(rows, numbers);
        }
        if self.args.one || self.args.xattr || !self.answer.is_terminal {
            for (row, number) in rows.iter().zip(numbers) {
                let name = self.name(row);
                self.answer.write(&[number.as_bytes(), &name, b"\n"].concat())?;
                self.attributes(row)?;
            }
            return Ok(());
        }
        if rows.is_empty() {
            return Ok(());
        }
        let cell = |(row, number): (&Row, String)| {
            let width = number.len().saturating_add(columns::width(&self.answer.name(&row.name)));
            ([number.as_bytes(), &self.name(row)].concat(), width)
        };
        let cells: Vec<(Vec<u8>, usize)> = rows.iter().zip(numbers).map(cell).collect();
        self.answer.write(&columns::lines(&cells, columns::terminal_width()))
    }

    fn show_long(&mut self, rows: &[Row], numbers: impl Iterator<Item = String>) -> io::Result<()> {
        let mut table = Table::default();
        rows.iter().for_each(|row| table.add(row.stat.as_ref(), self.args.human_readable, &mut self.dates));
        for ((row, line), number) in rows.iter().zip(table.lines()).zip(numbers) {
            self.answer.write(number.as_bytes())?;
            self.answer.write(line.as_bytes())?;
            let name = self.name(row);
            self.answer.write(&name)?;
            if row.kind == Kind::Symlink {
                match self.tree.read_link(row.node) {
                    Ok(target) => {
                        let target = self.answer.name(&target);
                        self.answer.write(&[b" -> ", &*target].concat())?;
                    }
                    Err(error) => self.answer.trouble(&row.path(), &error),
                }
            }
            self.answer.write(b"\n")?;
            self.attributes(row)?;
        }
        Ok(())
    }

    /// What stands in front of a name with `-i`.
    fn number(&self, row: &Row) -> String {
        if self.args.inode { format!("{} ", number(self.tree, row.node)) } else { String::new() }
    }

    fn name(&self, row: &Row) -> Vec<u8> {
        let permissions = row.stat.as_ref().map(|stat| stat.permissions);
        self.colors.painted(row.kind, permissions, &row.name, self.answer.name(&row.name))
    }

    /// The extended attributes of a file, a line each behind that of the file.
    fn attributes(&mut self, row: &Row) -> io::Result<()> {
        if !self.args.xattr {
            return Ok(());
        }
        let names = attribute::names(self.tree, row.node, row.kind).unwrap_or_else(|error| {
            self.answer.trouble(&row.path(), &error);
            Vec::new()
        });
        for name in names {
            match self.tree.attribute(row.node, &name) {
                Ok(value) => {
                    let size = format!("  {}\n", value.len());
                    self.answer.write(&[b"\t", &*self.answer.name(&name), size.as_bytes()].concat())?;
                }
                Err(error) => self.answer.trouble(&row.path(), &error),
            }
        }
        Ok(())
    }
}
