//! The words behind `-o`: parsing validates, and does nothing else.

use std::time::Duration;

use super::{
    duration,
    exit::{Exit, Failure},
};
use crate::{
    fuse::Access,
    open::{NameMap, OpenOptions, View},
};

/// What `-o` asked for.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) open: OpenOptions,
    pub(super) access: Access,
    pub(super) checks_permissions: bool,
    pub(super) auto_unmount: bool,
    pub(super) suid: bool,
    pub(super) dev: bool,
    pub(super) noexec: bool,
    /// Whether a mount point may have something in it.
    pub(super) nonempty: bool,
    /// Whether writing was asked for.
    pub(super) rw: bool,
    pub(super) source: Option<String>,
    pub(super) subtype: Option<String>,
    pub(super) idle_timeout: Option<Duration>,
}

/// Who asks for a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// Somebody who types, or mount.fuse3.
    User,
    /// mount(8), which always says `rw` or `ro`.
    Mount {
        /// Whether unknown words are passed over.
        is_sloppy: bool,
    },
}

/// A word behind `-o`.
#[derive(Debug, Clone, Copy)]
pub struct OptionWord {
    /// The word.
    pub name: &'static str,
    /// What stands behind its `=`; empty when nothing does.
    pub value: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
}

impl OptionWord {
    /// As it is written: with its value.
    pub fn written(&self) -> String {
        if self.value.is_empty() { self.name.to_owned() } else { format!("{}={}", self.name, self.value) }
    }
}

const fn word(name: &'static str, value: &'static str, help: &'static str) -> OptionWord {
    OptionWord { name, value, help }
}

/// Every option that does something, in the order of the help.
pub const OPTIONS: &[OptionWord] = &[
    word("ro", "", "the mount is always read-only; accepted for fstab"),
    word("rw", "", "accepted with a notice: it stays read-only"),
    word("allow_other", "", "other users may look in; permissions are then checked"),
    word("allow_root", "", "root may look in too; permissions are then checked"),
    word("default_permissions", "", "permissions are checked for whoever mounts too"),
    word("auto_unmount", "", "unmount also when the process is killed"),
    word("suid", "", "programs change user as their mode says (nosuid by default)"),
    word("dev", "", "device nodes are devices (nodev by default)"),
    word("noexec", "", "no program can be started"),
    word("nonempty", "", "the mount point may have something in it, or on it"),
    word("fsname", "TEXT", "the source in the list of mounts, instead of the image"),
    word("subtype", "TEXT", "the word behind fuse. in the list of mounts"),
    word("idle_timeout", "TIME", "as --idle-timeout"),
    word("uid", "N", "owner of everything (ignore: recorded ones do not count)"),
    word("gid", "N", "group of everything (ignore: recorded ones do not count)"),
    word("umask", "OCTAL", "permissions that nothing has"),
    word("mode", "OCTAL", "permissions of files that have none recorded (default 555)"),
    word("dmode", "OCTAL", "permissions of directories that have none recorded (555)"),
    word("view", "WORD", "auto, rockridge, udf, joliet or iso9660: which of the trees"),
    word("norock", "", "do not use Rock Ridge"),
    word("nojoliet", "", "do not use Joliet"),
    word("noudf", "", "do not use UDF"),
    word("map", "WORD", "names without Rock Ridge: normal (lower case, no ;1), off, acorn"),
    word("hide", "", "leave out files marked hidden (UDF does by itself)"),
    word("unhide", "", "show files marked hidden"),
    word("showassoc", "", "show associated files"),
    word("undelete", "", "UDF: show deleted files whose place is still known"),
    word("session", "N", "the Nth session (over 99: its first sector), not the last"),
    word("bs", "BYTES", "UDF: bytes of a block"),
    word("anchor", "BLOCK", "UDF: an anchor that comes before all others"),
    word("lastblock", "BLOCK", "UDF: the block that counts as the last"),
    word("novrs", "", "UDF: look for it also where nothing announces it"),
    word("nostrict", "", "accepted; reading is never strict"),
    word("iocharset", "NAME", "accepted"),
    word("utf8", "", "accepted"),
];

/// Words of mount(8), fstab(5) and FUSE that say nothing to a mount that is always read-only.
const IGNORED: [&str; 36] = [
    "defaults",
    "nosuid",
    "nodev",
    "exec",
    "auto",
    "noauto",
    "user",
    "nouser",
    "users",
    "owner",
    "group",
    "nofail",
    "_netdev",
    "_rnetdev",
    "loop",
    "sync",
    "async",
    "dirsync",
    "atime",
    "noatime",
    "relatime",
    "norelatime",
    "strictatime",
    "nostrictatime",
    "lazytime",
    "nolazytime",
    "diratime",
    "nodiratime",
    "mand",
    "nomand",
    "silent",
    "loud",
    // Of the kernel's udf, for writers.
    "shortad",
    "longad",
    "adinicb",
    "noadinicb",
];

/// Likewise with a value, which may be missing of the first two: mount(8) tells its helpers who mounts, the kernel's udf knows
/// the others and does nothing for them.
const IGNORED_WITH_VALUE: [&str; 7] =
    ["user", "comment", "loop", "volume", "partition", "fileset", "rootdir"];

/// The words that somebody has asked for, of those that mount.fuse3 passes on: behind `rw` or `ro` and the words of fstab it puts
/// `dev` and `suid`, unless they were forbidden. `None` for a list that is none of its.
fn of_mount_fuse<'a, 'b>(words: &'a [&'b str]) -> Option<&'a [&'b str]> {
    match words {
        ["rw" | "ro", .., "dev", "suid"] => words.get(..words.len().saturating_sub(2)),
        ["rw" | "ro", rest @ .., "dev"] if rest.contains(&"nosuid") => {
            words.split_last().map(|(_, asked)| asked)
        }
        ["rw" | "ro", rest @ .., "suid"] if rest.contains(&"nodev") => {
            words.split_last().map(|(_, asked)| asked)
        }
        _ => None,
    }
}

/// What is wrong with a word, for people.
enum Wrong {
    Unknown(String),
    Value(String),
}

impl Wishes {
    /// Reads all that was given behind `-o`.
    ///
    /// # Errors
    /// An unknown option, with the nearest known one; a value that is missing, not wanted or bad.
    pub(super) fn parse(lists: &[String], asker: Asker) -> Result<Self, Failure> {
        let mut wishes = Self::default();
        let words: Vec<&str> =
            lists.iter().flat_map(|list| list.split(',')).filter(|option| !option.is_empty()).collect();
        let of_mount_fuse = of_mount_fuse(&words).filter(|_| asker == Asker::User);
        for option in of_mount_fuse.unwrap_or(&words) {
            match wishes.take(option) {
                Err(Wrong::Unknown(_)) if asker == (Asker::Mount { is_sloppy: true }) => {}
                Err(Wrong::Unknown(message) | Wrong::Value(message)) => {
                    return Err(Failure::new(Exit::Usage, message));
                }
                Ok(()) => {}
            }
        }
        wishes.rw &= asker == Asker::User && of_mount_fuse.is_none();
        Ok(wishes)
    }

    fn take(&mut self, option: &str) -> Result<(), Wrong> {
        let (name, given) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        let is_comment = name.starts_with("x-") || name.starts_with("X-") || name == "comment";
        let is_ignored = IGNORED.contains(&option) || is_comment;
        if is_ignored || (IGNORED_WITH_VALUE.contains(&name) && given.is_some()) {
            self.take_back(option);
            return Ok(());
        }
        let shown = crate::text::escape(name.as_bytes());
        let distance = |known: &str| strsim::damerau_levenshtein(known, name);
        let Some(known) = OPTIONS.iter().find(|known| known.name == name) else {
            let words = OPTIONS.iter().map(|known| known.name).chain(IGNORED);
            let nearest = words.min_by_key(|known| distance(known));
            // A third of its letters may be wrong.
            let near = name.len().div_ceil(3);
            let hint = match nearest.filter(|known| distance(known) <= near) {
                Some(known) => format!("did you mean {known}?"),
                None => "isomount --help lists the options".to_owned(),
            };
            return Err(Wrong::Unknown(format!("unknown mount option {shown}; {hint}")));
        };
        match (!known.value.is_empty(), given) {
            (true, None | Some("")) => {
                Err(Wrong::Value(format!("mount option {shown} needs a value: {shown}=...")))
            }
            (false, Some(_)) => Err(Wrong::Value(format!("mount option {shown} takes no value"))),
            (_, given) => {
                let value = given.unwrap_or_default();
                let told = |allowed: String| {
                    let value = crate::text::escape(value.as_bytes());
                    Wrong::Value(format!("mount option {shown}={value}: must be {allowed}"))
                };
                self.apply(name, value).map_err(told)
            }
        }
    }

    /// The later word counts.
    fn take_back(&mut self, option: &str) {
        match option {
            "nosuid" => self.suid = false,
            "nodev" => self.dev = false,
            "exec" => self.noexec = false,
            _ => {}
        }
    }

    /// Does what a known option says; the error names the values that are allowed.
    fn apply(&mut self, name: &str, value: &str) -> Result<(), String> {
        let (tree, policy) = (&mut self.open.tree, &mut self.open.policy);
        match name {
            "rw" => self.rw = true,
            "ro" => self.rw = false,
            "allow_other" => (self.access, policy.has_private_root) = (Access::All, false),
            "allow_root" => (self.access, policy.has_private_root) = (Access::OwnerAndRoot, true),
            "default_permissions" => self.checks_permissions = true,
            "auto_unmount" => self.auto_unmount = true,
            "suid" => self.suid = true,
            "dev" => self.dev = true,
            "noexec" => self.noexec = true,
            "nonempty" => self.nonempty = true,
            "fsname" => self.source = Some(value.to_owned()),
            "subtype" => self.subtype = Some(value.to_owned()),
            "idle_timeout" => self.idle_timeout = Some(duration::parse(value)?),
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
            // `nostrict`: it is never strict. `iocharset`, `utf8`: names that are recorded in
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
        Wishes::parse(&[list.to_owned()], Asker::User).map_err(|failure| {
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
        assert_eq!(wishes.access, Access::All);
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
