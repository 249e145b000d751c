//! The words behind `-o`: parsing validates, and does nothing else.

use super::exit::{Exit, Failure};
use crate::open::{NameMap, OpenOptions, View};

/// What `-o` asked for.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) open: OpenOptions,
    pub(super) allow_other: bool,
}

/// Every option, and whether it has a value.
pub const KNOWN: [(&str, bool); 13] = [
    ("ro", false),
    ("allow_other", false),
    ("uid", true),
    ("gid", true),
    ("mode", true),
    ("dmode", true),
    ("norock", false),
    ("nojoliet", false),
    ("map", true),
    ("hide", false),
    ("unhide", false),
    ("showassoc", false),
    ("view", true),
];

/// Words of mount(8) and fstab(5) that say nothing to a read-only mount that is always `nosuid,nodev`.
const IGNORED: [&str; 28] = [
    "defaults",
    "rw",
    "suid",
    "nosuid",
    "dev",
    "nodev",
    "exec",
    "noexec",
    "auto",
    "noauto",
    "user",
    "nouser",
    "users",
    "owner",
    "group",
    "nofail",
    "_netdev",
    "loop",
    "sync",
    "async",
    "dirsync",
    "atime",
    "noatime",
    "relatime",
    "norelatime",
    "strictatime",
    "diratime",
    "nodiratime",
];

impl Wishes {
    /// Reads all that was given behind `-o`.
    ///
    /// # Errors
    /// An unknown option, with the nearest known one; a value that is missing, not wanted or bad.
    pub(super) fn parse(lists: &[String]) -> Result<Self, Failure> {
        let mut wishes = Self::default();
        for option in lists.iter().flat_map(|list| list.split(',')).filter(|option| !option.is_empty()) {
            wishes.take(option).map_err(|message| Failure::new(Exit::Usage, message))?;
        }
        Ok(wishes)
    }

    fn take(&mut self, option: &str) -> Result<(), String> {
        let (name, given) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        if IGNORED.contains(&option) || name.starts_with("x-") || name == "comment" {
            return Ok(());
        }
        let shown = crate::text::escape(name.as_bytes());
        let distance = |known: &str| strsim::damerau_levenshtein(known, name);
        let Some((_, has_value)) = KNOWN.iter().find(|(known, _)| *known == name) else {
            let nearest = KNOWN.iter().map(|(known, _)| *known).min_by_key(|known| distance(known));
            // A third of its letters may be wrong.
            let near = name.len().div_ceil(3);
            let hint = match nearest.filter(|known| distance(known) <= near) {
                Some(known) => format!("did you mean {known}?"),
                None => "isomount --help lists the options".to_owned(),
            };
            return Err(format!("unknown mount option {shown}; {hint}"));
        };
        match (has_value, given) {
            (true, None | Some("")) => Err(format!("mount option {shown} needs a value: {shown}=...")),
            (false, Some(_)) => Err(format!("mount option {shown} takes no value")),
            (_, given) => {
                let value = given.unwrap_or_default();
                let told = |allowed| {
                    format!(
                        "mount option {shown}={}: must be {allowed}",
                        crate::text::escape(value.as_bytes())
                    )
                };
                self.apply(name, value).map_err(told)
            }
        }
    }

    /// Does what a known option says; the error names the values that are allowed.
    fn apply(&mut self, name: &str, value: &str) -> Result<(), String> {
        let (tree, policy) = (&mut self.open.tree, &mut self.open.policy);
        match name {
            "allow_other" => self.allow_other = true,
            "uid" => policy.uid = Some(number(value)?),
            "gid" => policy.gid = Some(number(value)?),
            "mode" => policy.mode = Some(permissions(value)?),
            "dmode" => policy.directory_mode = Some(permissions(value)?),
            "norock" => tree.rock_ridge = false,
            "nojoliet" => tree.joliet = false,
            "map" => tree.map = name_map(value)?,
            "hide" => tree.hide = true,
            "unhide" => tree.hide = false,
            "showassoc" => tree.show_associated = true,
            "view" => tree.view = view(value)?,
            // `ro`: it is read-only in any case.
            _ => {}
        }
        Ok(())
    }
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "a number".into())
}

fn permissions(text: &str) -> Result<u16, String> {
    u16::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o777)
        .ok_or_else(|| "an octal number up to 777".into())
}

fn name_map(text: &str) -> Result<NameMap, String> {
    match text {
        "off" | "o" => Ok(NameMap::Off),
        "normal" | "n" => Ok(NameMap::Normal),
        "acorn" | "a" => Ok(NameMap::Acorn),
        _ => Err("off, normal or acorn".into()),
    }
}

fn view(text: &str) -> Result<View, String> {
    let found = View::ALL.iter().find(|(word, _)| *word == text).map(|(_, view)| *view);
    found.ok_or_else(|| {
        let words: Vec<&str> = View::ALL.iter().map(|(word, _)| *word).collect();
        format!("one of {}", words.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(list: &str) -> Result<Wishes, String> {
        Wishes::parse(&[list.to_owned()]).map_err(|failure| {
            assert_eq!(failure.exit, Exit::Usage);
            failure.message.unwrap()
        })
    }

    #[test]
    fn options_do_what_they_say() {
        let wishes = parse("ro,uid=7,mode=640,norock,map=off,view=joliet,allow_other").unwrap();
        assert_eq!(wishes.open.policy.uid, Some(7));
        assert_eq!(wishes.open.policy.mode, Some(0o640));
        assert!(!wishes.open.tree.rock_ridge);
        assert!(wishes.allow_other);
        assert_eq!(wishes.open.tree.view, View::Joliet);
        assert!(parse("").is_ok());
        assert!(parse("rw,dev,suid,noauto,x-systemd.automount,comment=a").is_ok(), "what mount(8) adds");
    }

    #[test]
    fn wrong_words_name_the_right_one() {
        assert_eq!(parse("nojoilet").unwrap_err(), "unknown mount option nojoilet; did you mean nojoliet?");
        assert_eq!(
            parse("x\x1by").unwrap_err(),
            "unknown mount option x\\x1by; isomount --help lists the options"
        );
        assert_eq!(parse("uid=root").unwrap_err(), "mount option uid=root: must be a number");
        assert_eq!(parse("mode=9").unwrap_err(), "mount option mode=9: must be an octal number up to 777");
        assert_eq!(parse("uid").unwrap_err(), "mount option uid needs a value: uid=...");
        assert_eq!(parse("ro=1").unwrap_err(), "mount option ro takes no value");
        assert!(parse("view=x").unwrap_err().ends_with("one of auto, rockridge, joliet, iso9660"));
    }
}
