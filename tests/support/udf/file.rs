//! A file, a directory, a link or a device, with everything that its file entry, its name and its data may have.

use super::descriptor::{Fields, Time, cs0};

/// The types of files, ECMA-167 4/14.6.6 and UDF 2.3.5.2.
pub const UNSPECIFIED: u8 = 0;
pub const DIRECTORY: u8 = 4;
pub const REGULAR: u8 = 5;
pub const BLOCK_DEVICE: u8 = 6;
pub const CHARACTER_DEVICE: u8 = 7;
pub const ATTRIBUTE_FILE: u8 = 8;
pub const FIFO: u8 = 9;
pub const SOCKET: u8 = 10;
pub const SYMLINK: u8 = 12;
pub const STREAM_DIRECTORY: u8 = 13;
pub const VIRTUAL_TABLE: u8 = 248;
pub const REAL_TIME: u8 = 249;
pub const METADATA_FILE: u8 = 250;
pub const METADATA_MIRROR: u8 = 251;
pub const METADATA_BITMAP: u8 = 252;

/// The characteristics of a name, ECMA-167 4/14.4.3.
pub const HIDDEN: u8 = 1;
pub const IS_DIRECTORY: u8 = 2;
pub const DELETED: u8 = 4;
pub const PARENT: u8 = 8;
pub const METADATA_STREAM: u8 = 16;

/// Flags of an ICB tag, ECMA-167 4/14.6.8. The lowest three bits are the [`Allocation`].
pub const ARCHIVE: u16 = 0x20;
pub const SET_UID: u16 = 0x40;
pub const SET_GID: u16 = 0x80;
pub const STICKY: u16 = 0x100;
pub const SYSTEM: u16 = 0x400;
pub const STREAM: u16 = 0x2000;

/// How a file entry says where the data is; the number is that of the ICB tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocation {
    Short = 0,
    Long = 1,
    Extended = 2,
    Inline = 3,
}

/// A part of a file. All but the last have to be whole blocks.
#[derive(Clone, Debug)]
pub enum Extent {
    Recorded(Vec<u8>),
    /// Allocated and not recorded: so many bytes, whose blocks hold garbage and which read as zeros.
    Allocated(u64),
    /// Not allocated: so many zeros, in as many descriptors as it takes.
    Hole(u64),
}

impl Extent {
    pub fn len(&self) -> u64 {
        match self {
            Self::Recorded(bytes) => bytes.len() as u64,
            Self::Allocated(len) | Self::Hole(len) => *len,
        }
    }
}

/// A part of the path in a symbolic link, ECMA-167 4/14.16.1.
#[derive(Clone, Debug)]
pub struct Component {
    pub kind: u8,
    pub identifier: Vec<u8>,
}

impl Component {
    /// 1 and 2: a root, 3: the parent, 4: here.
    pub fn of_kind(kind: u8) -> Self {
        Self { kind, identifier: Vec::new() }
    }

    pub fn name(name: &str) -> Self {
        Self { kind: 5, identifier: cs0(name) }
    }

    fn bytes(&self) -> Vec<u8> {
        Fields::default().u8(self.kind).u8(self.identifier.len() as u8).u16(0).bytes(&self.identifier).0
    }
}

/// An extended attribute in the space of the file entry.
#[derive(Clone, Debug)]
pub enum Attribute {
    /// Any type, with what follows its header.
    Plain(u32, Vec<u8>),
    /// By the identifier of an implementation.
    Implementation(String, Vec<u8>),
    /// By the identifier of an application.
    Application(String, Vec<u8>),
}

/// What is put into an image under a name. Bytes and strings turn into one, so that mostly it need not be named.
#[derive(Clone, Debug)]
pub struct File {
    pub kind: u8,
    pub extents: Vec<Extent>,
    pub allocation: Option<Allocation>,
    pub extended: Option<bool>,
    pub split: Option<usize>,
    pub chain: Option<usize>,
    pub data_partition: Option<u16>,
    pub icb_partition: Option<u16>,
    pub tail: u64,
    pub size: Option<u64>,
    pub permissions: u32,
    pub flags: u16,
    pub uid: u32,
    pub gid: u32,
    pub links: Option<u16>,
    pub accessed: Time,
    pub modified: Time,
    pub changed: Time,
    pub created: Option<Time>,
    pub device: Option<(u32, u32)>,
    pub older: Vec<File>,
    pub streams: Vec<(String, File)>,
    pub attributes: Vec<Attribute>,
    pub attributes_apart: bool,
    pub characteristics: u8,
    pub raw_name: Option<Vec<u8>>,
    pub wide_name: bool,
    pub name_use: Vec<u8>,
    pub version: u16,
}

impl<T: AsRef<[u8]>> From<T> for File {
    fn from(content: T) -> Self {
        Self::of_kind(REGULAR, content)
    }
}

/// The five bits of UDF for each of owner, group and others, from the mode of Unix.
fn permissions(mode: u32) -> u32 {
    (mode & 0o700) << 4 | (mode & 0o70) << 2 | mode & 7
}

/// What a file is.
impl File {
    pub fn of_kind(kind: u8, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        Self {
            kind,
            extents: if content.is_empty() { vec![] } else { vec![Extent::Recorded(content.to_vec())] },
            allocation: None,
            extended: None,
            split: None,
            chain: None,
            data_partition: None,
            icb_partition: None,
            tail: 0,
            size: None,
            permissions: permissions(0o644),
            flags: 0,
            uid: 0,
            gid: 0,
            links: None,
            accessed: Time::default(),
            modified: Time::default(),
            changed: Time::default(),
            created: None,
            device: None,
            older: Vec::new(),
            streams: Vec::new(),
            attributes: Vec::new(),
            attributes_apart: false,
            characteristics: 0,
            raw_name: None,
            wide_name: false,
            name_use: Vec::new(),
            version: 1,
        }
    }

    pub fn of_extents(extents: Vec<Extent>) -> Self {
        Self { extents, ..Self::from(b"") }
    }

    pub fn directory() -> Self {
        Self::of_kind(DIRECTORY, b"").mode(0o755)
    }

    pub fn real_time(content: impl AsRef<[u8]>) -> Self {
        Self::of_kind(REAL_TIME, content)
    }

    /// A symbolic link as a path is written.
    pub fn symlink(target: &str) -> Self {
        let root = target.starts_with('/').then(|| Component::of_kind(2));
        let names = target.split('/').filter(|name| !name.is_empty()).map(|name| match name {
            ".." => Component::of_kind(3),
            "." => Component::of_kind(4),
            name => Component::name(name),
        });
        Self::symlink_of(&root.into_iter().chain(names).collect::<Vec<_>>())
    }

    pub fn symlink_of(components: &[Component]) -> Self {
        let bytes: Vec<u8> = components.iter().flat_map(Component::bytes).collect();
        Self::of_kind(SYMLINK, bytes).mode(0o777)
    }

    pub fn character_device(major: u32, minor: u32) -> Self {
        Self { device: Some((major, minor)), ..Self::of_kind(CHARACTER_DEVICE, b"") }
    }

    pub fn block_device(major: u32, minor: u32) -> Self {
        Self { device: Some((major, minor)), ..Self::of_kind(BLOCK_DEVICE, b"") }
    }

    pub fn fifo() -> Self {
        Self::of_kind(FIFO, b"")
    }

    pub fn socket() -> Self {
        Self::of_kind(SOCKET, b"")
    }

    pub fn is_directory(&self) -> bool {
        matches!(self.kind, DIRECTORY | STREAM_DIRECTORY)
    }
}

/// Where the data is and how the file entry says it.
impl File {
    pub fn inline(self) -> Self {
        Self { allocation: Some(Allocation::Inline), ..self }
    }

    pub fn short(self) -> Self {
        Self { allocation: Some(Allocation::Short), ..self }
    }

    pub fn long(self) -> Self {
        Self { allocation: Some(Allocation::Long), ..self }
    }

    /// Extended allocation descriptors, which ECMA-167 has and UDF forbids.
    pub fn extended_descriptors(self) -> Self {
        Self { allocation: Some(Allocation::Extended), ..self }
    }

    /// Whether its entry is an extended file entry.
    pub fn extended(self, extended: bool) -> Self {
        Self { extended: Some(extended), ..self }
    }

    /// Recorded bytes lie in runs of so many bytes, with a block of garbage between them.
    pub fn split(self, bytes: usize) -> Self {
        Self { split: Some(bytes), ..self }
    }

    /// At most so many allocation descriptors in one place, the one that leads to the next place among them.
    pub fn chain(self, descriptors: usize) -> Self {
        assert!(descriptors >= 2);
        Self { chain: Some(descriptors), ..self }
    }

    /// The partition of the data.
    pub fn data_in(self, partition: u16) -> Self {
        Self { data_partition: Some(partition), ..self }
    }

    /// The partition of the file entry.
    pub fn entry_in(self, partition: u16) -> Self {
        Self { icb_partition: Some(partition), ..self }
    }

    /// So many bytes behind the end, allocated and not recorded.
    pub fn tail(self, bytes: u64) -> Self {
        Self { tail: bytes, ..self }
    }

    /// A size other than that of the extents.
    pub fn size(self, size: u64) -> Self {
        Self { size: Some(size), ..self }
    }
}

/// What its file entry says.
impl File {
    /// Permissions and the bits for set-user-id, set-group-id and sticky, as Unix has them.
    pub fn mode(self, mode: u32) -> Self {
        let bits = [(0o4000, SET_UID), (0o2000, SET_GID), (0o1000, STICKY)];
        let set = bits.iter().filter(|(bit, _)| mode & bit != 0).map(|(_, flag)| flag);
        let flags = set.fold(self.flags & !(SET_UID | SET_GID | STICKY), |flags, flag| flags | flag);
        Self { permissions: permissions(mode), flags, ..self }
    }

    /// The 15 bits as UDF has them.
    pub fn permissions(self, bits: u32) -> Self {
        Self { permissions: bits, ..self }
    }

    /// More flags of the ICB tag.
    pub fn flags(self, flags: u16) -> Self {
        Self { flags: self.flags | flags, ..self }
    }

    /// `u32::MAX` is nobody.
    pub fn owner(self, uid: u32, gid: u32) -> Self {
        Self { uid, gid, ..self }
    }

    /// A link count other than the number of names.
    pub fn links(self, links: u16) -> Self {
        Self { links: Some(links), ..self }
    }

    pub fn accessed(self, accessed: Time) -> Self {
        Self { accessed, ..self }
    }

    pub fn modified(self, modified: Time) -> Self {
        Self { modified, ..self }
    }

    /// When its attributes were changed.
    pub fn changed(self, changed: Time) -> Self {
        Self { changed, ..self }
    }

    /// When it was made: in a file entry that is not extended, an attribute of its own.
    pub fn created(self, created: Time) -> Self {
        Self { created: Some(created), ..self }
    }

    /// What the file was before: its ICB has strategy 4096 and comes to this file last. The oldest is added first.
    pub fn older(mut self, older: impl Into<File>) -> Self {
        self.older.push(older.into());
        self
    }

    pub fn stream(mut self, name: &str, stream: impl Into<File>) -> Self {
        self.streams.push((name.to_owned(), stream.into()));
        self
    }

    /// An implementation's extended attribute (type 2048). Its data begins behind the header checksum.
    pub fn implementation_attribute(self, identifier: &str, data: &[u8]) -> Self {
        self.attribute(Attribute::Implementation(identifier.to_owned(), data.to_vec()))
    }

    /// An application's extended attribute (type 65536). Its data begins behind the header checksum.
    pub fn application_attribute(self, identifier: &str, data: &[u8]) -> Self {
        self.attribute(Attribute::Application(identifier.to_owned(), data.to_vec()))
    }

    pub fn attribute(mut self, attribute: Attribute) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// The extended attributes are in a file of their own.
    pub fn attributes_apart(self) -> Self {
        Self { attributes_apart: true, ..self }
    }
}

/// What its file identifier descriptor says.
impl File {
    pub fn hidden(self) -> Self {
        Self { characteristics: self.characteristics | HIDDEN, ..self }
    }

    pub fn deleted(self) -> Self {
        Self { characteristics: self.characteristics | DELETED, ..self }
    }

    /// Any bytes as the recorded name.
    pub fn raw_name(self, name: &[u8]) -> Self {
        Self { raw_name: Some(name.to_vec()), ..self }
    }

    /// 16 bits a character, even where 8 would do.
    pub fn wide_name(self) -> Self {
        Self { wide_name: true, ..self }
    }

    /// Implementation use, between the fixed fields and the name.
    pub fn name_use(self, bytes: &[u8]) -> Self {
        Self { name_use: bytes.to_vec(), ..self }
    }

    /// The file version number, 1 in UDF.
    pub fn version(self, version: u16) -> Self {
        Self { version, ..self }
    }
}
