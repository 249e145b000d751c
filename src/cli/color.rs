//! The colours of names on a terminal, as `LS_COLORS` has them.

use std::env;

use lscolors::{Indicator, LsColors, Style};

use crate::tree::Kind;

const SET_USER_ID: u16 = 0o4000;
const SET_GROUP_ID: u16 = 0o2000;
const STICKY: u16 = 0o1000;
const WRITABLE_BY_OTHERS: u16 = 0o002;
const EXECUTABLE: u16 = 0o111;

/// How names are coloured; not at all where they do not go to a terminal.
pub(super) struct Colors(Option<LsColors>);

impl Colors {
    /// The colours of the user, or those of ls; none with `NO_COLOR`, and on a terminal that has none.
    pub(super) fn new(is_terminal: bool) -> Self {
        Self(are_wanted(is_terminal).then(|| LsColors::from_env().unwrap_or_default()))
    }

    /// Whether a name may have another colour when its permissions are known.
    pub(super) fn need_permissions(&self) -> bool {
        self.0.is_some()
    }

    /// A name as it is shown, with its colour around it.
    pub(super) fn painted(
        &self,
        kind: Kind,
        permissions: Option<u16>,
        name: &[u8],
        shown: Vec<u8>,
    ) -> Vec<u8> {
        let style = self.0.as_ref().and_then(|colors| style(colors, kind, permissions, name));
        let Some(style) = style else { return shown };
        let style = style.to_nu_ansi_term_style();
        [style.prefix().to_string().as_bytes(), &shown, style.suffix().to_string().as_bytes()].concat()
    }
}

/// Whether what goes to a terminal has colours; not with `NO_COLOR`, and not where it has none.
pub(super) fn are_wanted(is_terminal: bool) -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
    is_terminal && !is_dumb && !is_set("NO_COLOR")
}

fn style<'a>(colors: &'a LsColors, kind: Kind, permissions: Option<u16>, name: &[u8]) -> Option<&'a Style> {
    let has = |bits: u16| permissions.is_some_and(|permissions| permissions & bits != 0);
    let indicator = match kind {
        Kind::Symlink => Indicator::SymbolicLink,
        Kind::CharDevice => Indicator::CharacterDevice,
        Kind::BlockDevice => Indicator::BlockDevice,
        Kind::Fifo => Indicator::FIFO,
        Kind::Socket => Indicator::Socket,
        Kind::Directory if has(STICKY) && has(WRITABLE_BY_OTHERS) => Indicator::StickyAndOtherWritable,
        Kind::Directory if has(WRITABLE_BY_OTHERS) => Indicator::OtherWritable,
        Kind::Directory if has(STICKY) => Indicator::Sticky,
        Kind::Directory => Indicator::Directory,
        Kind::File if has(SET_USER_ID) => Indicator::Setuid,
        Kind::File if has(SET_GROUP_ID) => Indicator::Setgid,
        Kind::File if has(EXECUTABLE) => Indicator::ExecutableFile,
        Kind::File => {
            let by_name = std::str::from_utf8(name).ok().and_then(|name| colors.style_for_str(name));
            return by_name.or_else(|| colors.style_for_indicator(Indicator::RegularFile));
        }
    };
    colors.style_for_indicator(indicator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_permissions_and_endings_have_colours() {
        let colors = Colors(Some(LsColors::from_string("di=01;34:ex=32:*.gz=31:fi=0:su=41")));
        let painted = |kind, permissions, name: &str| {
            let bytes = colors.painted(kind, Some(permissions), name.as_bytes(), name.into());
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(painted(Kind::Directory, 0o755, "d.gz"), "\x1b[1;34md.gz\x1b[0m");
        assert_eq!(painted(Kind::File, 0o755, "a.gz"), "\x1b[32ma.gz\x1b[0m");
        assert_eq!(painted(Kind::File, 0o644, "a.gz"), "\x1b[31ma.gz\x1b[0m");
        assert_eq!(painted(Kind::File, 0o4755, "a"), "\x1b[41ma\x1b[0m");
        assert_eq!(painted(Kind::File, 0o644, "a"), "a");
        assert_eq!(Colors(None).painted(Kind::Directory, None, b"d", b"d".to_vec()), b"d");
    }
}
