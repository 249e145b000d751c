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
pub const KNOWN: [(&str, bool); 24] = [
    ("ro", false),
    ("allow_other", false),
    ("uid", true),
    ("gid", true),
    ("umask", true),
    ("mode", true),
    ("dmode", true),
    ("norock", false),
    ("nojoliet", false),
    ("noudf", false),
    ("map", true),
    ("hide", false),
    ("unhide", false),
    ("showassoc", false),
    ("undelete", false),
    ("session", true),
    ("bs", true),
    ("anchor", true),
    ("lastblock", true),
    ("novrs", false),
    ("nostrict", false),
    ("iocharset", true),
    ("utf8", false),
    ("view", true),
];

/// Words of mount(8) and fstab(5) that say nothing to a read-only mount that is always `nosuid,nodev`.
const IGNORED: [&str; 32] = [
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
    // Of the kernel's udf, for writers.
    "shortad",
    "longad",
    "adinicb",
    "noadinicb",
];

/// Words with a value that the kernel's udf knows and does nothing for.
const IGNORED_WITH_VALUE: [&str; 4] = ["volume", "partition", "fileset", "rootdir"];

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
        let is_ignored = IGNORED.contains(&option) || name.starts_with("x-") || name == "comment";
        if is_ignored || (IGNORED_WITH_VALUE.contains(&name) && given.is_some()) {
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
            "uid" => owner(value, &mut policy.uid, &mut policy.ignores_uid)?,
            "gid" => owner(value, &mut policy.gid, &mut policy.ignores_gid)?,
            "umask" => policy.umask = permissions(value)?,
            "mode" => {
                policy.mode = Some(permissions(value)?);
                tree.overrides_mode = true;
            }
            "dmode" => {
                policy.directory_mode = Some(permissions(value)?);
                tree.overrides_directory_mode = true;
            }
            "norock" => tree.rock_ridge = false,
            "nojoliet" => tree.joliet = false,
            "noudf" => tree.udf = false,
            "map" => tree.map = name_map(value)?,
            "hide" => tree.hide = Some(true),
            "unhide" => tree.hide = Some(false),
            "showassoc" => tree.show_associated = true,
            "undelete" => tree.undelete = true,
            "session" => tree.session = Some(number(value)?.into()),
            "bs" => tree.block_size = Some(block_size(value)?),
            "anchor" => tree.anchor = Some(number(value)?),
            "lastblock" => tree.last_block = Some(number(value)?),
            "novrs" => tree.ignores_recognition = true,
            "view" => tree.view = view(value)?,
            // `ro`: it is read-only in any case. `nostrict`: it is never strict. `iocharset`, `utf8`: names that are recorded in
            // Unicode are shown in UTF-8.
            _ => {}
        }
        Ok(())
    }
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "a number".into())
}

/// An owner: a number, `ignore` (recorded owners do not count), or `forget`, which is for writers.
fn owner(text: &str, number: &mut Option<u32>, is_ignored: &mut bool) -> Result<(), String> {
    match text {
        "ignore" => *is_ignored = true,
        "forget" => {}
        text => *number = Some(text.parse().map_err(|_| "a number, ignore or forget")?),
    }
    Ok(())
}

fn block_size(text: &str) -> Result<u32, String> {
    let size = text.parse().ok().filter(|size: &u32| size.is_power_of_two() && (512..=32768).contains(size));
    size.ok_or_else(|| "a power of two from 512 to 32768".into())
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
    use crate::open::Session;

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
        let wishes =
            parse("uid=ignore,gid=forget,umask=022,hide,session=2,bs=4096,novrs,utf8,noadinicb").unwrap();
        assert!(wishes.open.policy.ignores_uid && !wishes.open.policy.ignores_gid);
        assert_eq!((wishes.open.policy.uid, wishes.open.policy.umask), (None, 0o22));
        assert_eq!(wishes.open.tree.hide, Some(true));
        assert_eq!(wishes.open.tree.session, Some(Session::Number(2)));
        assert_eq!(parse("session=300").unwrap().open.tree.session, Some(Session::Start(300)));
        assert!(parse("bs=1000").unwrap_err().ends_with("a power of two from 512 to 32768"));
        assert!(parse("").is_ok());
        assert!(
            parse("rw,dev,suid,noauto,x-systemd.automount,comment=a,volume=0").is_ok(),
            "what mount(8) adds"
        );
    }

    #[test]
    fn wrong_words_name_the_right_one() {
        assert_eq!(parse("nojoilet").unwrap_err(), "unknown mount option nojoilet; did you mean nojoliet?");
        assert_eq!(
            parse("x\x1by").unwrap_err(),
            "unknown mount option x\\x1by; isomount --help lists the options"
        );
        assert_eq!(
            parse("uid=root").unwrap_err(),
            "mount option uid=root: must be a number, ignore or forget"
        );
        assert_eq!(parse("mode=9").unwrap_err(), "mount option mode=9: must be an octal number up to 777");
        assert_eq!(parse("uid").unwrap_err(), "mount option uid needs a value: uid=...");
        assert_eq!(parse("ro=1").unwrap_err(), "mount option ro takes no value");
        assert!(parse("view=x").unwrap_err().ends_with("one of auto, rockridge, udf, joliet, iso9660"));
    }
}
