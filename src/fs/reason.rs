//! Why one of a disc's trees is shown rather than another.

use std::fmt;

use crate::{error::Error, text};

/// Why a tree is shown. As text it is the end of a sentence that begins with "because".
#[derive(Debug, Clone)]
pub enum Reason {
    /// There is no other.
    Only,
    /// Options ask for it, or leave no other.
    Asked,
    /// The first comes before the second, and lacks nothing that could be seen at once.
    Before(&'static str, &'static str),
    /// The root of this one, which comes before it, is empty.
    Empty(&'static str),
    /// This one, which comes before it, cannot be read.
    Damaged(&'static str, Error),
    /// The root of this one cannot be read.
    RootDamaged(&'static str, Error),
    /// Rock Ridge records no names, and the Joliet tree has its attributes too.
    NamesOfJoliet,
    /// UDF has not what the options ask for.
    NotInUdf(Error),
    /// The options speak of ISO 9660.
    OptionsOfIso9660,
    /// The disc has several sessions, and ISO 9660 joins them.
    Sessions,
    /// UDF has this name in its root, ISO 9660 has not.
    NameMissing(Vec<u8>),
    /// The roots of ISO 9660 and UDF have no name in common.
    NothingInCommon,
    /// UDF has a file of so many bytes that is shorter in ISO 9660.
    LargerFile(u64),
    /// Rock Ridge comes before UDF, and lacks nothing.
    RockRidgeLacksNothing,
}

impl Reason {
    /// Every word that [`word`](Self::word) can return.
    pub const WORDS: [&'static str; 13] = [
        "only",
        "asked",
        "before",
        "empty",
        "damaged",
        "names-of-joliet",
        "not-in-udf",
        "options-of-iso9660",
        "sessions",
        "name-missing",
        "nothing-in-common",
        "larger-file",
        "lacks-nothing",
    ];

    /// A word for it, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Only => "only",
            Self::Asked => "asked",
            Self::Before(..) => "before",
            Self::Empty(_) => "empty",
            Self::Damaged(..) | Self::RootDamaged(..) => "damaged",
            Self::NamesOfJoliet => "names-of-joliet",
            Self::NotInUdf(_) => "not-in-udf",
            Self::OptionsOfIso9660 => "options-of-iso9660",
            Self::Sessions => "sessions",
            Self::NameMissing(_) => "name-missing",
            Self::NothingInCommon => "nothing-in-common",
            Self::LargerFile(_) => "larger-file",
            Self::RockRidgeLacksNothing => "lacks-nothing",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only => f.write_str("the disc has no other"),
            Self::Asked => f.write_str("the options ask for it"),
            Self::Before(shown, other) => write!(f, "{shown} comes before {other}"),
            Self::Empty(other) => write!(f, "the root of {other} is empty"),
            Self::Damaged(other, error) => write!(f, "{other} cannot be read ({error})"),
            Self::RootDamaged(other, error) => write!(f, "the root of {other} cannot be read ({error})"),
            Self::NamesOfJoliet => f.write_str("Rock Ridge has no names, and Joliet has its attributes too"),
            Self::NotInUdf(error) => write!(f, "UDF has not what was asked for ({error})"),
            Self::OptionsOfIso9660 => f.write_str("norock and nojoliet are of ISO 9660"),
            Self::Sessions => f.write_str("the disc has several sessions, which ISO 9660 joins"),
            Self::NameMissing(name) => {
                let name = text::escape(name);
                write!(f, "the root of ISO 9660 has no {name}, which UDF has")
            }
            Self::NothingInCommon => f.write_str("the roots of ISO 9660 and UDF have nothing in common"),
            Self::LargerFile(size) => {
                write!(f, "UDF knows a file of {size} bytes that ISO 9660 shows shorter")
            }
            Self::RockRidgeLacksNothing => {
                f.write_str("Rock Ridge comes before UDF, and its root lacks no name of UDF")
            }
        }
    }
}
