//! The files of an image and their names, before they have a place in it.

use super::{
    descriptor::{cs0, cs0_wide},
    file::*,
};

/// A name in a directory.
#[derive(Clone)]
pub struct Name {
    /// What the test calls it.
    pub path: String,
    pub recorded: Vec<u8>,
    pub characteristics: u8,
    pub version: u16,
    pub implementation_use: Vec<u8>,
    /// The number of its node.
    pub node: usize,
}

/// A file, whatever its kind, under whatever names.
#[derive(Clone)]
pub struct Node {
    pub path: String,
    pub file: File,
    pub parent: usize,
    pub names: Vec<Name>,
    pub streams: Option<usize>,
    pub attributes: Option<usize>,
}

#[derive(Clone)]
pub struct Tree {
    /// The root comes first.
    pub nodes: Vec<Node>,
    pub system_streams: Option<usize>,
}

impl Default for Tree {
    fn default() -> Self {
        let mut tree = Self { nodes: Vec::new(), system_streams: None };
        tree.insert("", File::directory(), 0);
        tree
    }
}

impl Tree {
    /// A file under a path; directories on the way that are not there are made.
    pub fn add(&mut self, path: &str, file: File) {
        let (parent, name) = self.parent(path);
        let node = self.insert(path, file.clone(), parent);
        self.name(parent, path, name, &file, node);
    }

    /// One more name of the file at `target`.
    pub fn link(&mut self, path: &str, target: &str) {
        let node = self.find(target).unwrap_or_else(|| panic!("no {target} to link to"));
        let (parent, name) = self.parent(path);
        self.name(parent, path, name, &File::from(b""), node);
    }

    pub fn directory(&mut self, path: &str) -> usize {
        if let Some(found) = self.find(path) {
            return found;
        }
        self.add(path, File::directory());
        self.nodes.len() - 1
    }

    /// Other attributes of the root, before or after it is filled.
    pub fn root(&mut self, file: File) {
        let mut tree = Self { nodes: Vec::new(), system_streams: None };
        tree.insert("", file, 0);
        let names = std::mem::take(&mut self.nodes[0].names);
        let mut root = tree.nodes.swap_remove(0);
        assert!(root.streams.is_none() && root.attributes.is_none(), "the root has neither");
        root.names = names;
        self.nodes[0] = root;
    }

    pub fn system_stream(&mut self, name: &str, stream: File) {
        let node = match self.system_streams {
            Some(node) => node,
            None => {
                let number = self.nodes.len();
                self.insert(":", File::of_kind(STREAM_DIRECTORY, b"").flags(STREAM), number)
            }
        };
        self.system_streams = Some(node);
        self.add_stream(node, ":", name, stream);
    }

    /// How many names of files there are, and how many directories with the root; streams do not count, UDF 2.2.6.2.
    pub fn counts(&self) -> (u32, u32) {
        let directories = self.nodes.iter().filter(|node| node.file.kind == DIRECTORY);
        let names = directories.clone().flat_map(|node| &node.names);
        let files = names.filter(|name| name.characteristics & (IS_DIRECTORY | DELETED) == 0);
        (files.count() as u32, directories.count() as u32)
    }

    /// The names of a node and, of a directory, those that lead back to it.
    pub fn links(&self, number: usize) -> u16 {
        let names = self.nodes.iter().flat_map(|node| &node.names);
        let names = names.filter(|name| name.node == number && name.characteristics & DELETED == 0).count();
        let back = self.nodes.iter().filter(|node| node.file.is_directory() && node.parent == number).count();
        let back = if self.nodes[number].file.is_directory() { back } else { 0 };
        (names + back).max(1) as u16
    }

    fn parent<'a>(&mut self, path: &'a str) -> (usize, &'a str) {
        match path.rsplit_once('/') {
            Some((directory, name)) => (self.directory(directory), name),
            None => (0, path),
        }
    }

    fn find(&self, path: &str) -> Option<usize> {
        let mut names = self.nodes.iter().flat_map(|node| &node.names);
        if path.is_empty() { Some(0) } else { names.find(|name| name.path == path).map(|name| name.node) }
    }

    fn name(&mut self, parent: usize, path: &str, name: &str, file: &File, node: usize) {
        let plain = if file.wide_name { cs0_wide(name) } else { cs0(name) };
        let directory = if self.nodes[node].file.kind == DIRECTORY { IS_DIRECTORY } else { 0 };
        self.nodes[parent].names.push(Name {
            path: path.to_owned(),
            recorded: file.raw_name.clone().unwrap_or(plain),
            characteristics: file.characteristics | directory,
            version: file.version,
            implementation_use: file.name_use.clone(),
            node,
        });
    }

    /// Its streams are files in a directory of their own, its attributes may be a file of their own.
    fn insert(&mut self, path: &str, mut file: File, parent: usize) -> usize {
        let number = self.nodes.len();
        let streams = std::mem::take(&mut file.streams);
        let apart = if file.attributes_apart { std::mem::take(&mut file.attributes) } else { Vec::new() };
        let path = path.to_owned();
        self.nodes.push(Node {
            path: path.clone(),
            file,
            parent,
            names: Vec::new(),
            streams: None,
            attributes: None,
        });
        if !apart.is_empty() {
            let file = File { attributes: apart, ..File::of_kind(ATTRIBUTE_FILE, b"") };
            self.nodes[number].attributes = Some(self.insert(&format!("{path}#"), file, number));
        }
        if !streams.is_empty() {
            self.nodes[number].file.extended = Some(true);
            let directory = File::of_kind(STREAM_DIRECTORY, b"").flags(STREAM).extended(true);
            let node = self.insert(&format!("{path}:"), directory, number);
            self.nodes[number].streams = Some(node);
            for (name, stream) in streams {
                self.add_stream(node, &format!("{path}:"), &name, stream);
            }
        }
        number
    }

    fn add_stream(&mut self, directory: usize, before: &str, name: &str, stream: File) {
        let path = format!("{before}{name}");
        let stream = stream.flags(STREAM).extended(true);
        let node = self.insert(&path, stream.clone(), directory);
        self.name(directory, &path, name, &stream, node);
    }
}
