//! The drivers. Each answers what there is and where its bytes are; none opens a file.
//!
//! A file system is a folder here, a word in [`View`] and a few lines in `choice.rs`.

pub mod boot;
mod boot_directory;
pub mod check;
mod choice;
pub mod description;
pub mod iso9660;
mod maker;
mod origin;
mod reason;
mod session;
pub mod udf;

pub use boot_directory::{BootDirectory, BootFile};
pub use choice::{Described, describe, open};
pub use iso9660::NameMap;
pub use origin::Origin;
pub use reason::Reason;
pub use session::Session;

use crate::charset::Charset;

/// What programs of macOS call the finder's information and the resource fork.
const FINDER_INFO: &[u8] = b"com.apple.FinderInfo";
const RESOURCE_FORK: &[u8] = b"com.apple.ResourceFork";

/// Which of the disc's trees is wanted (`view=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// The one that says most: Rock Ridge, then UDF, then Joliet, then plain ISO 9660; another where that one is not the
    /// whole truth.
    #[default]
    Auto,
    /// ISO 9660 with Rock Ridge.
    RockRidge,
    /// The UDF tree.
    Udf,
    /// The Joliet tree.
    Joliet,
    /// ISO 9660 as it is: the enhanced descriptor's tree where there is one.
    Iso9660,
}

impl View {
    /// Every view with its word.
    pub const ALL: [(&'static str, View); 5] = [
        ("auto", View::Auto),
        ("rockridge", View::RockRidge),
        ("udf", View::Udf),
        ("joliet", View::Joliet),
        ("iso9660", View::Iso9660),
    ];

    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "any tree",
            Self::RockRidge => "Rock Ridge",
            Self::Udf => "UDF",
            Self::Joliet => "Joliet",
            Self::Iso9660 => "plain ISO 9660",
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, view)| *view == self).map_or("auto", |(word, _)| word)
    }
}

/// What a driver is asked to do otherwise than by default.
#[derive(Debug, Clone)]
pub struct Options {
    /// The tree that is wanted.
    pub view: View,
    /// Whether Rock Ridge is looked for (`norock` turns it off).
    pub rock_ridge: bool,
    /// Whether Joliet is looked for (`nojoliet` turns it off).
    pub joliet: bool,
    /// Whether UDF is looked for (`noudf` turns it off).
    pub udf: bool,
    /// How names without Rock Ridge are shown (`map=`).
    pub map: NameMap,
    /// Whether names are looked up in any case (`check=relaxed`).
    pub relaxed: bool,
    /// The encoding of names that are not recorded in Unicode (`iocharset=`). Without it they keep their bytes.
    pub charset: Option<Charset>,
    /// Whether files marked hidden are left out (`hide`, `unhide`). Where it is not said, ISO 9660 shows them and UDF does
    /// not, as in the kernel.
    pub hide: Option<bool>,
    /// Whether associated files are shown (`showassoc`).
    pub show_associated: bool,
    /// Whether deleted files are shown where their place is still known (`undelete`).
    pub undelete: bool,
    /// Whether recorded permissions of files are left out in favour of `mode=`, as the kernel's udf does.
    pub overrides_mode: bool,
    /// Likewise of directories, `dmode=`.
    pub overrides_directory_mode: bool,
    /// Whether both do so to permissions of Rock Ridge too (`overriderockperm`).
    pub overrides_rock_ridge: bool,
    /// Whether the highest byte of the length of a file on ISO 9660 is something else (`cruft`).
    pub cruft: bool,
    /// Whether packed files are shown as they are stored (`nocompress`).
    pub keeps_packed: bool,
    /// Which session (`session=`); without it the last.
    pub session: Option<Session>,
    /// The sector of its disc at which the image begins (`firstsector=`), where that should not be found out.
    pub first_sector: Option<u64>,
    /// Bytes of a block (`bs=`), where it should not be found by trying.
    pub block_size: Option<u32>,
    /// The block of an anchor that comes before all others (`anchor=`).
    pub anchor: Option<u32>,
    /// The block that counts as the last one of the image (`lastblock=`).
    pub last_block: Option<u32>,
    /// Whether UDF is looked for also where no recognition sequence announces it, even next to ISO 9660 (`novrs`).
    pub ignores_recognition: bool,
    /// Bytes that decoded directories and nodes may take.
    pub cache_size: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            view: View::Auto,
            rock_ridge: true,
            joliet: true,
            udf: true,
            map: NameMap::default(),
            relaxed: false,
            charset: None,
            hide: None,
            show_associated: false,
            undelete: false,
            overrides_mode: false,
            overrides_directory_mode: false,
            overrides_rock_ridge: false,
            cruft: false,
            keeps_packed: false,
            session: None,
            first_sector: None,
            block_size: None,
            anchor: None,
            last_block: None,
            ignores_recognition: false,
            cache_size: 8 << 20,
        }
    }
}
