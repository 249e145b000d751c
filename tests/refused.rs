//! When it cannot be done: the cause and the next step in one line, the exit code of `docs/CLI.md`, as root and as a user; and
//! nothing is left behind.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{fs, os::unix::fs::chown, path::Path, process::Output};

use support::{
    maker::{self, lacks, set_mode},
    site::{CONTENT, Site, done, failed},
};

const FUSE: &str = "/dev/fuse";

/// A site with a mount point that belongs to the user; `None` where root may not mount.
fn site() -> Option<Site> {
    if lacks(&["root", FUSE, "xorriso", "unshare", "setpriv", "fusermount3"]) {
        return None;
    }
    let site = Site::new()?;
    set_mode(Path::new(FUSE), 0o666);
    let place = site.path("users/m");
    fs::create_dir(&place).unwrap();
    chown(&place, Some(site.uid), Some(site.uid)).unwrap();
    Some(site)
}

#[track_caller]
fn assert_said(output: &Output, code: i32, words: &[&str]) {
    let (found, line) = failed(output);
    assert_eq!(found, code, "{line}");
    for word in words {
        assert!(line.contains(word), "{word:?} is not in {line:?}");
    }
    assert!(output.stdout.is_empty());
}

#[test]
fn images() {
    let Some(site) = site() else { return };
    fs::write(site.path("empty"), b"").unwrap();
    fs::write(site.path("text"), b"hello\n").unwrap();
    fs::copy(site.image(), site.path("closed.iso")).unwrap();
    set_mode(&site.path("closed.iso"), 0o600);
    for (image, code, words) in [
        ("none.iso", 3, ["cannot open the image: No such file", "; check the path"]),
        ("empty", 4, ["not a disc image", "empty (0 bytes)"]),
        ("text", 4, ["not a disc image", "text"]),
        ("source", 4, ["not a disc image", "a directory"]),
    ] {
        for place in ["$D/users/m", ""] {
            let script = format!("exec isomount $D/{image} {place}");
            assert_said(&site.sh(&script), code, &words);
            assert_said(&site.as_user(&script), code, &words);
        }
    }
    let output = site.as_user("exec isomount $D/closed.iso $D/users/m");
    assert_said(&output, 3, &["Permission denied", "ask its owner to let you read it"]);
    site.assert_clean();
}

#[test]
fn mount_points() {
    let Some(site) = site() else { return };
    fs::write(site.path("text"), b"hello\n").unwrap();
    let full = site.path("users/full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("file"), b"").unwrap();
    chown(&full, Some(site.uid), None).unwrap();
    for (place, words) in [
        ("$D/none", ["not there; make it first: mkdir ", "--mkdir"]),
        ("$D/none/below", ["neither is the directory that it would be in", "mkdir -p "]),
        ("$D/text", ["not a directory", "name a directory"]),
        ("$D/users/full", ["not empty", "-o nonempty"]),
        ("$D", ["the image lies in it and would be out of sight", "name another directory"]),
    ] {
        let script = format!("exec isomount $D/image.iso {place}");
        assert_said(&site.sh(&script), 7, &words);
        assert_said(&site.as_user(&script), 7, &words);
    }
    for place in ["link", "users/link"] {
        std::os::unix::fs::symlink("/none", site.path(place)).unwrap();
        for words in ["", "--mkdir "] {
            let output = site.sh(&format!("exec isomount {words}$D/image.iso $D/{place}"));
            assert_said(&output, 7, &["a link to nothing"]);
        }
        fs::remove_file(site.path(place)).unwrap();
    }
    let output = site.sh("exec isomount --mkdir $D/image.iso /proc/none");
    assert_said(&output, 7, &["/proc/none: cannot make it: ", "name another mount point"]);
    let script = "isomount -o nonempty $D/image.iso $D/users/full; cat $D/users/full/file; isomount umount $D/users/full";
    assert_eq!(done(&site.sh(script)), CONTENT);
    assert_eq!(done(&site.as_user(script)), CONTENT);
    // Somebody else's directory.
    let output = site.as_user("exec isomount $D/image.iso $D/mnt");
    assert_said(
        &output,
        8,
        &["fusermount3: user has no write access to mountpoint", "name a directory that is yours"],
    );
    site.assert_clean();
}

#[test]
fn what_is_mounted_there_already() {
    let Some(site) = site() else { return };
    let again =
        "isomount $D/image.iso $D/users/m; code=0; isomount -o nonempty $D/image.iso $D/users/m || code=$?
        isomount umount $D/users/m; exit $code";
    for output in [site.sh(again), site.as_user(again)] {
        assert_said(&output, 7, &["is mounted there already; unmount it first: isomount umount "]);
    }
    let busy = "mount -t tmpfs here $D/mnt";
    let output = site.apart(&format!("{busy}; exec isomount $D/image.iso $D/mnt"));
    assert_said(&output, 7, &["busy: tmpfs (here) is mounted there", "-o nonempty"]);
    let over =
        "isomount -o nonempty $D/image.iso $D/mnt; cat $D/mnt/file; isomount umount $D/mnt; umount $D/mnt";
    assert_eq!(done(&site.apart(&format!("{busy}; {over}"))), CONTENT);
    let killed = "isomount $D/image.iso $D/users/m; pkill -KILL -f $D/users/m$; sleep 0.2; code=0
        isomount $D/image.iso $D/users/m || code=$?; isomount umount $D/users/m; exit $code";
    for output in [site.sh(killed), site.as_user(killed)] {
        assert_said(&output, 7, &["a mount of isomount whose process is gone", "isomount umount "]);
    }
    site.assert_clean();
}

#[test]
fn the_device() {
    let Some(site) = site() else { return };
    let mount = "exec isomount $D/image.iso $D/users/m";
    let missing = "mount -t tmpfs none /dev";
    let words = ["cannot open /dev/fuse: No such file", "modprobe fuse"];
    assert_said(&site.apart(&format!("{missing}; {mount}")), 8, &words);
    assert_said(&site.apart_as_user(missing, mount), 8, &words);
    // Without a mount point, none is made.
    assert_said(&site.apart(&format!("{missing}; exec isomount $D/image.iso")), 8, &words);
    let closed = "touch $D/closed; chmod 600 $D/closed; mount --bind $D/closed /dev/fuse";
    let words = ["cannot open /dev/fuse: Permission denied", "chmod 666 /dev/fuse"];
    assert_said(&site.apart_as_user(closed, mount), 8, &words);
    fs::remove_file(site.path("closed")).unwrap();
    site.assert_clean();
}

#[test]
fn the_helper_of_users() {
    let Some(site) = site() else { return };
    let words = ["need fusermount3", "apt-get install fuse3"];
    let output = site.as_user("FUSERMOUNT_PATH=/none exec isomount $D/image.iso $D/users/m");
    assert_said(&output, 8, &words);
    let script = "cp $(command -v fusermount3) $D/fusermount3; chmod 755 $D/fusermount3";
    done(&site.sh(script));
    let output = site.as_user("FUSERMOUNT_PATH=$D/fusermount3 exec isomount $D/image.iso $D/users/m");
    assert_said(&output, 8, &["Operation not permitted", "setuid"]);
    let output = site.as_user("FUSERMOUNT_PATH=$D/fusermount3 exec isomount $D/image.iso");
    assert_said(&output, 8, &["Operation not permitted", "setuid"]);
    site.assert_clean();
}

#[test]
fn what_apparmor_denies() {
    let Some(site) = site() else { return };
    // What fusermount3 says where the rules of AppArmor leave the directory out.
    let helper = "#!/bin/sh\necho 'fusermount3: mount failed: Permission denied' >&2\nexit 1\n";
    maker::write_script(&site.path("denied"), helper);
    let mount = "FUSERMOUNT_PATH=$D/denied exec isomount $D/image.iso $D/users/m";
    let etc = "cp -a /etc $D/etc; mount --bind $D/etc /etc; rm -rf /etc/apparmor.d";
    let rules = "mkdir /etc/apparmor.d; touch /etc/apparmor.d/fusermount3";
    let words = ["mount failed: Permission denied; AppArmor lets users mount below their home, "];
    assert_said(&site.apart_as_user(&format!("{etc}; {rules}"), mount), 8, &words);
    done(&site.sh("rm -rf $D/etc"));
    let output = site.apart_as_user(etc, mount);
    assert_said(&output, 8, &["mount failed: Permission denied"]);
    assert!(!failed(&output).1.contains("AppArmor"), "{output:?}");
    site.assert_clean();
}

#[test]
fn the_rules_of_fuse() {
    let Some(site) = site() else { return };
    let rules = |text: &str| format!("echo '{text}' >$D/rules; mount --bind $D/rules /etc/fuse.conf");
    let refused = "exec isomount -o allow_other $D/image.iso $D/users/m";
    let words = ["user_allow_other", "let root add a line user_allow_other to /etc/fuse.conf"];
    assert_said(&site.apart_as_user(&rules(""), refused), 8, &words);
    assert_said(&site.apart_as_user(&rules(""), &refused.replace("other", "root")), 8, &words);
    let words = ["too many FUSE filesystems mounted", "raise mount_max in /etc/fuse.conf"];
    let one = format!("{}; isomount $D/image.iso $D/mnt", rules("mount_max = 1"));
    assert_said(&site.apart_as_user(&one, "exec isomount $D/image.iso $D/users/m"), 8, &words);
    done(&site.sh("pkill -TERM -f $D/mnt$"));
    site.assert_clean();
}

#[test]
fn a_signal_while_starting() {
    let Some(site) = site() else { return };
    // The shell lets what runs beside it ignore SIGINT; `env` takes that back. A helper that takes its time, so that the signal comes before the mount, and one behind it.
    let slow = "#!/bin/sh\n[ $1 != -u ] || exec fusermount3 \"$@\"\nsleep 1\nfusermount3 \"$@\"\ncode=$?\nsleep 1\nexit $code\n";
    maker::write_script(&site.path("slow"), slow);
    for (signal, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        for delay in ["0.3", "1.5"] {
            for place in ["$D/users/m", ""] {
                let script = format!(
                    "export FUSERMOUNT_PATH=$D/slow; env --default-signal isomount $D/image.iso {place} & sleep {delay}
                    kill -{signal} $!; wait $! || echo $?"
                );
                let output = site.as_user(&script);
                let said = String::from_utf8_lossy(&output.stdout);
                assert_eq!(said, format!("{}\n", 128 + number), "{signal} {delay}: {output:?}");
                site.assert_clean();
            }
        }
    }
}
