//! What the words behind `-o` ask for: parsing validates, and does nothing else.

use std::time::Duration;

use super::{
    duration,
    exit::{Exit, Failure},
    options::{IGNORED, IGNORED_WITH_VALUE, OPTIONS, of_mount_fuse},
};
use crate::{
    charset::Charset,
    fuse::Access,
    open::{NameMap, OpenOptions, Session, View},
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
        let Some(known) = OPTIONS.iter().find(|known| known.name == name) else {
            // A third of its letters may be wrong.
            let near = name.len().div_ceil(3);
            let nearest = nearest(name, OPTIONS.iter().map(|known| known.name).chain(IGNORED));
            let hint = match nearest.filter(|known| distance(known, name) <= near) {
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
            "subtype" => self.subtype = Some(word(value)?),
            "idle_timeout" => self.idle_timeout = Some(duration::parse(value)?),
            "uid" => owner(value, &mut policy.uid, &mut policy.ignores_uid)?,
            "gid" => owner(value, &mut policy.gid, &mut policy.ignores_gid)?,
            "umask" => policy.umask = permissions(value)?,
            "fmask" => policy.file_mask = Some(permissions(value)?),
            "dmask" => policy.directory_mask = Some(permissions(value)?),
            "mode" => {
                policy.mode = Some(permissions(value)?);
                tree.overrides_mode = true;
            }
            "dmode" => {
                policy.directory_mode = Some(permissions(value)?);
                tree.overrides_directory_mode = true;
            }
            "overriderockperm" => tree.overrides_rock_ridge = true,
            "norock" => tree.rock_ridge = false,
            "nojoliet" => tree.joliet = false,
            "noudf" => tree.udf = false,
            "map" => tree.map = name_map(value)?,
            "check" => tree.relaxed = is_relaxed(value)?,
            "iocharset" => tree.charset = charset(value)?,
            "utf8" => tree.charset = None,
            "hide" => tree.hide = Some(true),
            "unhide" => tree.hide = Some(false),
            "showassoc" => tree.show_associated = true,
            "boot" => self.open.boot = true,
            "undelete" => tree.undelete = true,
            "cruft" => tree.cruft = true,
            "nocompress" => tree.keeps_packed = true,
            "session" => tree.session = Some(number(value)?.into()),
            "sbsector" => tree.session = Some(Session::Start(number(value)?.into())),
            "firstsector" => tree.first_sector = Some(number(value)?.into()),
            "block" => device_block(value)?,
            "bs" => tree.block_size = Some(block_size(value)?),
            "anchor" => tree.anchor = Some(number(value)?),
            "lastblock" => tree.last_block = Some(number(value)?),
            "novrs" => tree.ignores_recognition = true,
            "view" => tree.view = view(value)?,
            // `nostrict`: it is never strict.
            _ => {}
        }
        Ok(())
    }
}

/// How far a word is from one that is known, in wrong letters.
pub(super) fn distance(known: &str, word: &str) -> usize {
    strsim::damerau_levenshtein(known, word)
}

/// The nearest of the words that are known.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known.min_by_key(|known| distance(known, word))
}

/// A word of the list of mounts.
fn word(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_word = text.chars().all(fits);
    is_word.then(|| text.to_owned()).ok_or_else(|| "letters, digits, '.', '_' and '-'".into())
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

/// The size of a block of the device, which is none of ours: it is looked at whether it could be one.
fn device_block(text: &str) -> Result<(), String> {
    if matches!(text, "512" | "1024" | "2048") { Ok(()) } else { Err("512, 1024 or 2048".into()) }
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

fn is_relaxed(text: &str) -> Result<bool, String> {
    match text {
        "relaxed" | "r" => Ok(true),
        "strict" | "s" => Ok(false),
        _ => Err("relaxed or strict".into()),
    }
}

/// An encoding; `None` for UTF-8, in which names are shown as they are.
fn charset(text: &str) -> Result<Option<Charset>, String> {
    let found = Charset::named(text).ok_or_else(|| {
        let nearest = nearest(&text.to_ascii_lowercase(), Charset::NAMES.into_iter());
        format!("a known encoding; the nearest one is {}", nearest.unwrap_or_default())
    })?;
    Ok(Some(found).filter(|charset| !charset.is_utf8()))
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
        let wishes =
            parse("check=r,iocharset=CP866,fmask=133,dmask=0,overriderockperm,cruft,nocompress,block=512")
                .unwrap();
        let tree = &wishes.open.tree;
        assert!(tree.relaxed && tree.charset.is_some() && tree.cruft && tree.keeps_packed);
        assert!(tree.overrides_rock_ridge && !tree.overrides_mode);
        let masks = (wishes.open.policy.file_mask, wishes.open.policy.directory_mask);
        assert_eq!(masks, (Some(0o133), Some(0)));
        assert_eq!(parse("sbsector=2").unwrap().open.tree.session, Some(Session::Start(2)));
        let tree = parse("firstsector=384,session=2").unwrap().open.tree;
        assert_eq!((tree.first_sector, tree.session), (Some(384), Some(Session::Number(2))));
        for as_recorded in
            ["iocharset=utf8", "iocharset=UTF-8", "iocharset=koi8-r,utf8", "check=relaxed,check=strict"]
        {
            let tree = parse(as_recorded).unwrap().open.tree;
            assert!(tree.charset.is_none() && !tree.relaxed, "{as_recorded}");
        }
        assert!(parse("boot").unwrap().open.boot && !parse("").unwrap().open.boot);
        assert!(
            parse("rw,dev,suid,noauto,x-systemd.automount,comment=a,volume=0,conv=b").is_ok(),
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
        assert_eq!(
            parse("iocharset=koi8r").unwrap_err(),
            "mount option iocharset=koi8r: must be a known encoding; the nearest one is koi8-r"
        );
        assert!(parse("iocharset=Shift-JS").unwrap_err().ends_with("the nearest one is shift_jis"));
        assert!(parse("subtype=x\\").unwrap_err().ends_with("must be letters, digits, '.', '_' and '-'"));
        assert_eq!(parse("check=x").unwrap_err(), "mount option check=x: must be relaxed or strict");
        assert_eq!(parse("block=4096").unwrap_err(), "mount option block=4096: must be 512, 1024 or 2048");
        assert_eq!(parse("sbsector=-1").unwrap_err(), "mount option sbsector=-1: must be a number");
        assert!(parse("view=x").unwrap_err().ends_with("one of auto, rockridge, udf, joliet, iso9660"));
    }
}
