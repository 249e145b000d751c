//! The words behind `-o`, one line each; what they do is in `wishes.rs`.

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

    /// As far as a shell can complete it: with the `=` that a value follows.
    pub fn start(&self) -> String {
        if self.value.is_empty() { self.name.to_owned() } else { format!("{}=", self.name) }
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
    word("fmask", "OCTAL", "the same for files, in the place of umask"),
    word("dmask", "OCTAL", "the same for directories, in the place of umask"),
    word("mode", "OCTAL", "permissions of files that have none recorded (default 555)"),
    word("dmode", "OCTAL", "permissions of directories that have none recorded (555)"),
    word("overriderockperm", "", "mode and dmode replace permissions of Rock Ridge too"),
    word("view", "WORD", "auto, rockridge, udf, joliet or iso9660: which of the trees"),
    word("norock", "", "do not use Rock Ridge"),
    word("nojoliet", "", "do not use Joliet"),
    word("noudf", "", "do not use UDF"),
    word("map", "WORD", "names without Rock Ridge: normal (lower case, no ;1), off, acorn"),
    word("check", "WORD", "look names up: strict (as written) or relaxed (in any case)"),
    word("iocharset", "NAME", "encoding of names not in Unicode: cp866, shift_jis, gbk ..."),
    word("utf8", "", "as iocharset=utf8: names as recorded"),
    word("hide", "", "leave out files marked hidden (UDF does by itself)"),
    word("unhide", "", "show files marked hidden"),
    word("showassoc", "", "show associated files"),
    word("boot", "", "show boot images and partitions as files in .boot"),
    word("undelete", "", "UDF: show deleted files whose place is still known"),
    word("cruft", "", "the highest byte of a file's length does not count"),
    word("nocompress", "", "show packed files (zisofs) as they are stored"),
    word("session", "N", "the Nth session (over 99: its first sector), not the last"),
    word("sbsector", "N", "the session that begins at sector N"),
    word("firstsector", "N", "the image was cut out of a disc, from sector N on"),
    word("block", "BYTES", "accepted: 512, 1024 or 2048"),
    word("bs", "BYTES", "UDF: bytes of a block"),
    word("anchor", "BLOCK", "UDF: an anchor that comes before all others"),
    word("lastblock", "BLOCK", "UDF: the block that counts as the last"),
    word("novrs", "", "UDF: look for it also where nothing announces it"),
    word("nostrict", "", "accepted; reading is never strict"),
];

/// Words of mount(8), fstab(5) and FUSE that say nothing to a mount that is always read-only.
pub(super) const IGNORED: [&str; 36] = [
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

/// Likewise with a value, which may be missing of the first two: mount(8) tells its helpers who mounts, the kernel's udf and isofs
/// (the last one) know the others and do nothing for them.
pub(super) const IGNORED_WITH_VALUE: [&str; 8] =
    ["user", "comment", "loop", "volume", "partition", "fileset", "rootdir", "conv"];

/// The words that somebody has asked for, of those that mount.fuse3 passes on: behind `rw` or `ro` and the words of fstab it puts
/// `dev` and `suid`, unless they were forbidden. `None` for a list that is none of its.
pub(super) fn of_mount_fuse<'a, 'b>(words: &'a [&'b str]) -> Option<&'a [&'b str]> {
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
