//! Where people mount: by fstab, without a mount point, several at once, as users, from services; and how it ends. Nothing is left
//! behind after any of it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{
    fs::{self, File},
    io::Read,
    os::unix::net::UnixDatagram,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use support::{
    maker::lacks,
    mounted::{eventually, is_mounted, process_of},
    site::{CONTENT, Site, done, failed, is_there},
};

const FUSE: &str = "/dev/fuse";

/// A site, where root may mount.
fn site() -> Option<Site> {
    if lacks(&["root", FUSE, "xorriso", "unshare", "setpriv"]) { None } else { Site::new() }
}

/// A site, where a user may mount too.
fn site_of_user() -> Option<Site> {
    if lacks(&["fusermount3"]) {
        return None;
    }
    let site = site()?;
    support::maker::set_mode(Path::new(FUSE), 0o666);
    Some(site)
}

/// The options of the mount on `place`: those of the mount point and those of the file system.
fn options(place: &Path) -> String {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let line = mounts.lines().find(|line| line.split(' ').nth(4) == place.to_str()).unwrap();
    format!("{} {}", line.split(' ').nth(5).unwrap(), line.split(' ').next_back().unwrap())
}

#[test]
fn lines_of_fstab() {
    let Some(site) = site() else { return };
    // The helpers lie where mount(8) looks for them, for this script alone.
    let script = r#"
        mkdir $D/sbin; ln -s $D/isomount $D/sbin/mount.isomount; ln -s $D/isomount $D/sbin/mount.fuse.isomount
        mount --bind $D/sbin /usr/sbin
        i=$D/image.iso; for n in 1 2 3 4 5 6; do mkdir $D/mnt/$n; done
        {
            echo $i $D/mnt/1 fuse.isomount defaults 0 0
            echo $i $D/mnt/2 isomount ro,uid=7,view=iso9660,x-systemd.automount,nofail 0 0
            echo $i $D/mnt/3 isomount noauto 0 0
            echo $i $D/mnt/4 isomount user,noexec,_netdev,comment=a 0 0
            echo $D/missing.iso $D/mnt/5 isomount nofail 0 0
            echo $i $D/mnt/6 isomount suid,dev,sync 0 0
        } >$D/fstab
        mount -T $D/fstab -a 2>$D/said || echo code $?
        for n in 1 2 3 4 5 6; do mountpoint -q $D/mnt/$n && echo $n; done
        stat -c %u $D/mnt/2/file
        grep " $D/mnt/[46] " /proc/self/mountinfo | cut -d' ' -f6 | sort
        mount -T $D/fstab -a 2>>$D/said || echo code $?
        mount -T $D/fstab $D/mnt/3
        cat $D/mnt/3/file; echo
        mount -t isomount -o loop $i $D/mnt/5; umount $D/mnt/5
        mount -t fuse.isomount $i $D/mnt/5
        grep -c " $D/mnt/.* fuse.isomount " /proc/self/mountinfo
        umount $D/mnt/1 $D/mnt/2 $D/mnt/3 $D/mnt/4 $D/mnt/5 $D/mnt/6
        rmdir $D/mnt/*
        cat $D/said
    "#;
    let said = done(&site.apart(script));
    let expected = format!(
        "code 64\n1\n2\n4\n6\n7\nro,nosuid,nodev,noexec,relatime\nro,nosuid,nodev,relatime\ncode 32\n{CONTENT}\n6\n\
         isomount: {0}: cannot open the image: No such file or directory; check the path\n\
         isomount: {0}: cannot open the image: No such file or directory; check the path\n",
        site.path("missing.iso").display()
    );
    assert_eq!(said, expected);
    site.assert_clean();
}

#[test]
fn the_helper_of_mount() {
    let Some(site) = site() else { return };
    let script = r#"
        ln -s isomount $D/mount.isomount
        mount.isomount $D/image.iso $D/mnt -s -n -v -o rw,unheard,uid=3 -t isomount
        stat -c %u $D/mnt/file; umount $D/mnt
        mount.isomount $D/image.iso $D/mnt -f -o rw
        mountpoint -q $D/mnt || echo nothing
    "#;
    assert_eq!(done(&site.sh(script)), "3\nnothing\n");
    let said = failed(&site.sh("exec mount.isomount $D/image.iso $D/mnt -o rw,unheard"));
    assert_eq!(said, (2, "unknown mount option unheard; isomount --help lists the options".to_owned()));
    site.assert_clean();
}

#[test]
fn without_a_mount_point_one_is_made() {
    let Some(site) = site() else { return };
    let said = done(&site.sh("isomount $D/image.iso"));
    let place = Path::new(said.strip_suffix('\n').unwrap());
    assert_eq!(place.parent(), Some(Path::new("/media")));
    assert!(place.file_name().unwrap().to_str().unwrap().starts_with(&site.label));
    assert_eq!(site.content_of(&place.join("file")), CONTENT);
    let again = done(&site.sh("isomount $D/image.iso"));
    assert_ne!(again, said, "a second one beside it");
    done(&site.sh("isomount umount $D/image.iso"));
    assert!(!is_there(place));
    site.assert_clean();
    // Unmounted by others it is removed too.
    let said = done(&site.sh("isomount $D/image.iso"));
    let place = Path::new(said.trim_end());
    done(&site.sh(&format!("umount '{}'", place.display())));
    assert!(eventually(|| !is_there(place)));
    site.assert_clean();
}

#[test]
fn a_user_gets_one_at_home() {
    let Some(site) = site_of_user() else { return };
    let said =
        done(&site.as_user("isomount $D/image.iso; cat \"$HOME\"/Site*/file; isomount umount $D/image.iso"));
    assert_eq!(said, format!("{}\n{CONTENT}", site.path("home").join(&site.label).display()));
    site.assert_clean();
}

#[test]
fn several_images() {
    let Some(site) = site() else { return };
    fs::copy(site.image(), site.path("b.iso")).unwrap();
    let output = site.sh("isomount $D/image.iso $D/none.iso $D/b.iso");
    assert_eq!(failed(&output).0, 3, "the one that is not there");
    let places = String::from_utf8(output.stdout).unwrap();
    assert_eq!(places.lines().count(), 2, "{places}");
    for place in places.lines() {
        assert_eq!(site.content_of(&Path::new(place).join("file")), CONTENT);
    }
    done(&site.sh("isomount umount $D/image.iso $D/b.iso"));
    site.assert_clean();
    let (code, line) = failed(&site.sh("isomount $D/image.iso $D/b.iso $D/mnt"));
    assert_eq!(code, 2);
    assert!(
        line.ends_with("several images are mounted on directories made for them; leave out the directory")
    );
    let (code, line) = failed(&site.sh("isomount -f $D/image.iso $D/b.iso"));
    assert!(code == 2 && line.starts_with("in the foreground only one image"), "{line}");
    site.assert_clean();
}

#[test]
fn many_at_once_and_many_in_a_row() {
    let Some(site) = site() else { return };
    let script = r#"
        for n in $(seq 30); do cp $D/image.iso $D/$n.iso; mkdir $D/mnt/$n; done
        for n in $(seq 30); do isomount $D/$n.iso $D/mnt/$n & done; wait
        cat $D/mnt/*/file | wc -c
        isomount list | grep -c " $D/mnt/"
        for n in $(seq 30); do isomount umount $D/mnt/$n & done; wait
        rmdir $D/mnt/*
        for n in $(seq 10); do isomount $D/image.iso $D/mnt; cat $D/mnt/file; umount $D/mnt; done
        for n in $(seq 10); do isomount $D/$n.iso & done >$D/places; wait
        sort -u $D/places | wc -l
        isomount umount $D/1.iso $D/2.iso $D/3.iso $D/4.iso $D/5.iso $D/6.iso $D/7.iso $D/8.iso $D/9.iso $D/10.iso
    "#;
    assert_eq!(done(&site.sh(script)), format!("210\n30\n{}10\n", CONTENT.repeat(10)));
    site.assert_clean();
}

#[test]
fn a_missing_mount_point_is_made_on_request_and_removed() {
    let Some(site) = site() else { return };
    assert_eq!(done(&site.sh("isomount --mkdir $D/image.iso $D/made; cat $D/made/file")), CONTENT);
    done(&site.sh("isomount umount $D/made"));
    assert!(!is_there(&site.path("made")));
    let (code, line) = failed(&site.sh("isomount --mkdir $D/image.iso $D/not/there"));
    assert!(code == 7 && line.contains("neither is the directory that it would be in"), "{line}");
    // One that was there stays.
    done(&site.sh("isomount --mkdir $D/image.iso $D/mnt; isomount umount $D/mnt"));
    site.assert_clean();
}

#[test]
fn unmounting() {
    let Some(site) = site() else { return };
    fs::create_dir(site.path("mnt/a")).unwrap();
    fs::create_dir(site.path("mnt/b")).unwrap();
    let place = site.path("mnt/a");
    done(&site.sh("isomount $D/image.iso $D/mnt/a; isomount $D/image.iso $D/mnt/b"));
    let file = File::open(place.join("file")).unwrap();
    // One who stands in a copy of the mount is in nobody's way.
    let mut apart = Command::new("unshare");
    apart.args(["-m", "--propagation", "private", "sh", "-c", "cd \"$0\"; exec sleep 60"]).arg(&place);
    let mut apart = apart.spawn().unwrap();
    let stands = format!("/proc/{}/cwd", apart.id());
    assert!(eventually(|| fs::read_link(&stands).is_ok_and(|cwd| cwd == place)));
    let (code, line) = failed(&site.sh("isomount umount $D/mnt/a"));
    apart.kill().unwrap();
    apart.wait().unwrap();
    assert_eq!((code, line.matches(" (").count()), (8, 1), "{line}");
    let user =
        format!(" ({}); end that first, or isomount umount -l {}", std::process::id(), place.display());
    assert!(line.contains("busy: in use by ") && line.ends_with(&user), "{line}");
    done(&site.sh("isomount umount -l $D/mnt/a"));
    assert!(!is_mounted(&place) && is_mounted(&site.path("mnt/b")));
    assert_eq!(std::io::read_to_string(&file).unwrap(), CONTENT);
    drop(file);
    done(&site.sh("isomount $D/image.iso $D/mnt/a; isomount umount $D/image.iso; rmdir $D/mnt/a $D/mnt/b"));
    site.assert_clean();
    for (place, code, end) in [
        ("$D/mnt", 7, "isomount has mounted nothing there; isomount list shows what is mounted"),
        ("$D/none", 7, "not there; isomount list shows what is mounted"),
        ("/proc", 7, "no mount of isomount but proc; unmount it with umount or fusermount3 -u"),
    ] {
        let said = failed(&site.sh(&format!("isomount umount {place}")));
        assert!(said.0 == code && said.1.ends_with(end), "{said:?}");
    }
}

#[test]
fn the_list_of_mounts() {
    let Some(site) = site() else { return };
    done(&site.sh("isomount -o view=iso9660 $D/image.iso $D/mnt"));
    let place = site.path("mnt");
    let all: serde_json::Value = serde_json::from_str(&done(&site.sh("isomount list --json"))).unwrap();
    let row =
        all.as_array().unwrap().iter().find(|row| row["mountpoint"] == place.to_str().unwrap()).unwrap();
    assert_eq!(row["image"], site.image().to_str().unwrap());
    assert_eq!(row["view"], "iso9660");
    assert_eq!(row["process"], process_of(&place).unwrap());
    let since: jiff::Timestamp = row["since"].as_str().unwrap().parse().unwrap();
    let age = jiff::Timestamp::now().as_second() - since.as_second();
    assert!((-2..=60).contains(&age), "{age}");
    let table = done(&site.sh("isomount list"));
    let mut lines = table.lines();
    let heading: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(heading, ["IMAGE", "MOUNTPOINT", "VIEW", "SINCE", "PROCESS"]);
    let row = lines.find(|line| line.contains(place.to_str().unwrap())).unwrap();
    assert!(row.contains(" iso9660 "), "{row}");
    done(&site.sh("isomount umount $D/mnt"));
    site.assert_clean();
}

#[test]
fn options_of_the_mount() {
    let Some(site) = site() else { return };
    let place = site.path("mnt");
    for (list, has, has_not) in [
        ("ro", "ro,nosuid,nodev,relatime", "allow_other"),
        ("suid,noexec", "nodev,noexec", "nosuid"),
        ("dev", "nosuid", "nodev"),
        // mount.fuse3 adds these to every line.
        ("rw,dev,suid", "nosuid,nodev", "suid,dev"),
        ("ro,nosuid,noatime,dev", "nosuid,nodev", "suid,dev"),
        ("dev,suid,nosuid,nodev,exec", "nosuid,nodev", "noexec"),
        ("default_permissions", "default_permissions", "allow_other"),
        ("allow_other", "default_permissions,allow_other", "noexec"),
        ("allow_root", "default_permissions,allow_other", "noexec"),
    ] {
        let output = site.sh(&format!("isomount -o {list} $D/image.iso $D/mnt"));
        done(&output);
        assert!(output.stderr.is_empty(), "{list}");
        let options = options(&place);
        assert!(options.contains(has) && !options.contains(has_not), "{list}: {options}");
        done(&site.sh("umount $D/mnt"));
    }
    let output = site.sh("isomount -o rw,fsname=other,subtype=thing $D/image.iso $D/mnt");
    let line =
        format!("isomount: {}: a disc image is mounted read-only, also with rw\n", site.image().display());
    assert_eq!(String::from_utf8_lossy(&output.stderr), line);
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(mounts.contains(" - fuse.thing other "), "{mounts}");
    done(&site.sh("umount $D/mnt"));
    site.assert_clean();
}

#[test]
fn only_root_and_the_owner_look_in_with_allow_root() {
    let Some(site) = site_of_user() else { return };
    let by_root = "echo user_allow_other >$D/fuse.conf; mount --bind $D/fuse.conf /etc/fuse.conf
        mkdir $D/users/m; chmod 777 $D/users/m; chown nobody $D/users/m";
    let by_user = "isomount -o allow_root $D/image.iso $D/users/m; cat $D/users/m/file";
    let as_others = "echo; cat $D/users/m/file; echo; setpriv --reuid=54321 --regid=54321 --clear-groups \
        cat $D/users/m/file 2>&1 || echo refused; umount $D/users/m";
    // Root looks in behind the user, and then a stranger, when everything is in the caches.
    let script = format!(
        "{by_root}; setpriv --reuid={0} --regid={0} --clear-groups sh -ec '{by_user}'; {as_others}",
        site.uid
    );
    let said = done(&site.apart(&script));
    let place = site.path("users/m/file");
    assert_eq!(said, format!("{CONTENT}\n{CONTENT}\ncat: {}: Permission denied\nrefused\n", place.display()));
    site.assert_clean();
}

#[test]
fn a_process_that_is_killed_leaves_no_mount_with_auto_unmount() {
    let Some(site) = site() else { return };
    let script = "isomount --mkdir -o auto_unmount $D/image.iso $D/made; pgrep -f background.*$D/made";
    let process = done(&site.sh(script)).trim().parse().unwrap();
    assert_eq!(site.processes().len(), 2, "it and its guard");
    kill(Pid::from_raw(process), Signal::SIGKILL).unwrap();
    assert!(eventually(|| !is_there(&site.path("made"))));
    site.assert_clean();
    done(&site.sh("isomount -o auto_unmount $D/image.iso $D/mnt; isomount umount $D/mnt"));
    assert!(site.processes().is_empty(), "the guard has ended before");
    site.assert_clean();
}

#[test]
fn nobody_uses_it_and_it_ends() {
    let Some(site) = site() else { return };
    let place = site.path("mnt");
    done(&site.sh("isomount --idle-timeout 1s $D/image.iso $D/mnt"));
    let file = File::open(place.join("file")).unwrap();
    std::thread::sleep(Duration::from_millis(2500));
    assert!(is_mounted(&place), "a file is open");
    drop(file);
    assert!(eventually(|| !is_mounted(&place)));
    site.assert_clean();
    // What the kernel answers by itself counts as well.
    done(&site.sh("isomount -o idle_timeout=3s $D/image.iso $D/mnt"));
    for _ in 0..45 {
        assert_eq!(fs::read_to_string(place.join("file")).unwrap(), CONTENT);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(eventually(|| !is_mounted(&place)));
    site.assert_clean();
}

#[test]
fn a_user_in_every_place() {
    let Some(site) = site_of_user() else { return };
    fs::create_dir(site.path("home/m")).unwrap();
    std::os::unix::fs::chown(site.path("home/m"), Some(site.uid), None).unwrap();
    let script =
        "isomount --idle-timeout 1 $D/image.iso $HOME/m; cat $HOME/m/file; isomount list | grep -c $HOME/m
        isomount umount $HOME/m; isomount $D/image.iso $HOME/m; isomount umount $D/image.iso
        isomount --idle-timeout 1 $D/image.iso $HOME/m";
    assert_eq!(done(&site.as_user(script)), format!("{CONTENT}1\n"));
    assert!(eventually(|| !is_mounted(&site.path("home/m"))), "a user has no other way than fusermount3");
    // In a user namespace no helper is needed.
    let inside = "PATH=$D:/usr/bin:/bin FUSERMOUNT_PATH=/none isomount $D/image.iso $HOME/m
        cat $HOME/m/file; isomount umount $HOME/m";
    let output = site.as_user(&format!("unshare -Urm --propagation private sh -ec '{inside}'"));
    if String::from_utf8_lossy(&output.stderr).contains("unshare") {
        eprintln!("skipped: no user namespaces");
    } else {
        assert_eq!(done(&output), CONTENT);
    }
    site.assert_clean();
}

#[test]
fn root_needs_no_fusermount() {
    let Some(site) = site() else { return };
    let script =
        "export FUSERMOUNT_PATH=/none; isomount $D/image.iso $D/mnt; cat $D/mnt/file; isomount umount $D/mnt";
    assert_eq!(done(&site.sh(script)), CONTENT);
    site.assert_clean();
}

#[test]
fn a_service_is_told_when_the_mount_is_there() {
    let Some(site) = site() else { return };
    let path = site.path("socket");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut child = Command::new(site.program())
        .arg("-f")
        .args([site.image(), site.path("mnt")])
        .env("NOTIFY_SOCKET", &path)
        .spawn()
        .unwrap();
    let mut buf = [0; 4096];
    let n = socket.recv(&mut buf).unwrap();
    assert!(is_mounted(&site.path("mnt")), "told when it is there");
    let text = String::from_utf8_lossy(&buf[..n]).into_owned();
    assert!(text.contains("READY=1\n") && text.contains(&format!("MAINPID={}\n", child.id())), "{text}");
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    let n = socket.recv(&mut buf).unwrap();
    assert!(String::from_utf8_lossy(&buf[..n]).contains("STOPPING=1"));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    site.assert_clean();
}

#[test]
fn in_the_foreground_without_a_mount_point() {
    let Some(site) = site() else { return };
    let mut child =
        Command::new(site.program()).arg("-f").arg(site.image()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = Vec::new();
    let mut stdout = child.stdout.take().unwrap();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        stdout.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    let place = String::from_utf8(line).unwrap();
    assert_eq!(fs::read_to_string(Path::new(place.trim_end()).join("file")).unwrap(), CONTENT);
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    site.assert_clean();
}

#[test]
fn the_log_in_a_file() {
    let Some(site) = site() else { return };
    done(&site.sh("cd $D; isomount -v --log-file log image.iso mnt; umount mnt"));
    assert!(eventually(|| site.processes().is_empty()));
    let log = fs::read_to_string(site.path("log")).unwrap();
    let lines: Vec<&str> =
        log.lines().filter_map(|line| line.split_once(" isomount: ").map(|(_, text)| text)).collect();
    let last = "the mount ended: somebody unmounted it";
    assert!(lines.iter().any(|line| line.starts_with("mounted ")) && lines.last() == Some(&last), "{log}");
    let (code, line) = failed(&site.sh("isomount --log-file /none/log $D/image.iso $D/mnt"));
    assert!(code == 2 && line.starts_with("log file /none/log: "), "{line}");
    site.assert_clean();
}

#[test]
fn the_end_of_the_terminal() {
    let Some(site) = site() else { return };
    if lacks(&["script"]) {
        return;
    }
    // The shell and its terminal end behind the program.
    done(&site.sh("cd $D/source; script -qec 'isomount ../image.iso ../mnt' /dev/null; cat ../mnt/file"));
    let process = process_of(&site.path("mnt")).unwrap();
    assert_eq!(fs::read_link(format!("/proc/{process}/cwd")).unwrap(), Path::new("/"));
    for number in ["0", "1", "2"] {
        assert_eq!(fs::read_link(format!("/proc/{process}/fd/{number}")).unwrap(), Path::new("/dev/null"));
    }
    done(&site.sh("isomount umount $D/mnt"));
    site.assert_clean();
}

/// Mounts something on top of a mount, lets the mount be ended, and looks whether what is on top is still there.
fn with_something_on_top(site: &Site, options: &str, end: &str) -> String {
    let script = format!(
        "isomount {options} $D/image.iso $D/mnt; p=$(pgrep -f $D/mnt$)
        mount -t tmpfs over $D/mnt; echo precious >$D/mnt/data
        {end}
        cat $D/mnt/data; umount $D/mnt; kill $p 2>/dev/null || true; sleep 0.5; umount $D/mnt 2>/dev/null || true"
    );
    done(&site.apart(&script))
}

#[test]
fn what_lies_on_top_is_not_unmounted() {
    let Some(site) = site() else { return };
    assert_eq!(with_something_on_top(&site, "--idle-timeout 1s", "sleep 2.5"), "precious\n");
    site.assert_clean();
    assert_eq!(with_something_on_top(&site, "", "kill $p; sleep 0.5"), "precious\n");
    site.assert_clean();
    assert_eq!(with_something_on_top(&site, "-o auto_unmount", "kill -9 $p; sleep 0.5"), "precious\n");
    site.assert_clean();
    let busy = "isomount umount $D/image.iso 2>&1 || true";
    let said = with_something_on_top(&site, "", busy);
    assert!(said.contains(": busy: tmpfs is mounted on ") && said.ends_with("precious\n"), "{said}");
    site.assert_clean();
}

#[test]
fn what_lies_below_is_not_unmounted() {
    let Some(site) = site() else { return };
    // Nobody answers the process in the background: it undoes its mount, once.
    let script = "mount -t tmpfs under $D/mnt; echo kept >$D/mnt/data
        isomount --background-process -o nonempty,auto_unmount -- $D/image.iso $D/mnt </dev/null || echo $?
        cat $D/mnt/data; umount $D/mnt";
    assert_eq!(done(&site.apart(script)), "mounted\n1\nkept\n");
    site.assert_clean();
}

#[test]
fn a_mount_that_was_moved_is_found() {
    let Some(site) = site() else { return };
    for (options, end) in [
        ("", "kill $p"),
        ("-o auto_unmount", "kill -9 $p"),
        ("--idle-timeout 1s", "sleep 1.5"),
        ("", "isomount umount $D/mnt/b/m"),
    ] {
        let script = format!(
            "mkdir -p $D/mnt/a/m; isomount {options} $D/image.iso $D/mnt/a/m; p=$(pgrep -f background.*$D/mnt/a/m$)
            mv $D/mnt/a $D/mnt/b; {end}; n=0
            while mountpoint -q $D/mnt/b/m && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
            rmdir $D/mnt/b/m $D/mnt/b"
        );
        done(&site.sh(&script));
        site.assert_clean();
    }
}

#[test]
fn a_copy_in_another_namespace_keeps_no_directory() {
    let Some(site) = site() else { return };
    let script = "place=$(isomount $D/image.iso); unshare -m --propagation private sleep 20 & sleep 0.3
        isomount umount \"$place\"; [ ! -e \"$place\" ]; kill $!";
    let output = site.sh(script);
    done(&output);
    site.assert_clean();
}

#[test]
fn nothing_is_kept_of_whoever_starts_it() {
    let Some(site) = site() else { return };
    let script = "exec 9>$D/lock; flock 9; isomount -o auto_unmount $D/image.iso $D/mnt; exec 9>&-
        flock -n $D/lock echo free; isomount umount $D/mnt
        (isomount $D/image.iso $D/mnt 3>&1) | cat; isomount umount $D/mnt";
    assert_eq!(done(&site.sh(script)), "free\n");
    // What it is told to ignore it ignores.
    let script = "nohup isomount -f $D/image.iso $D/mnt 2>/dev/null & sleep 1; kill -HUP $!; sleep 0.5
        cat $D/mnt/file; kill -TERM $!; wait $!";
    assert_eq!(done(&site.sh(script)), CONTENT);
    site.assert_clean();
}

#[test]
fn a_helper_that_is_a_file_of_its_own() {
    let Some(site) = site() else { return };
    let script = "cp $D/isomount $D/mount.isomount; mount.isomount $D/image.iso $D/mnt -o rw,auto_unmount
        cat $D/mnt/file; isomount list | grep -c \" $D/mnt \"; isomount umount $D/mnt; rm $D/mount.isomount";
    assert_eq!(done(&site.sh(script)), format!("{CONTENT}1\n"));
    site.assert_clean();
}

#[test]
fn an_image_that_is_an_open_file() {
    let Some(site) = site() else { return };
    let script = "cp $D/image.iso $D/gone.iso; exec 7<$D/gone.iso; rm $D/gone.iso
        isomount /dev/fd/7 $D/mnt; cat $D/mnt/file; isomount umount $D/mnt";
    assert_eq!(done(&site.sh(script)), CONTENT);
    site.assert_clean();
}

#[test]
fn the_list_takes_nobody_elses_word() {
    let Some(site) = site_of_user() else { return };
    // A stranger's process with arguments that look like those of the one that serves.
    let mut stranger = Command::new("setpriv")
        .args([format!("--reuid={}", site.uid), format!("--regid={}", site.uid), "--clear-groups".into()])
        .args(["sh", "-c", "exec -a isomount sleep 60 2>/dev/null || exec sleep 60", "--background-process"])
        .args([site.image(), site.path("mnt")])
        .spawn()
        .unwrap();
    done(&site.sh("isomount $D/image.iso $D/mnt"));
    let server = process_of(&site.path("mnt")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&done(&site.sh("isomount list --json"))).unwrap();
    let place = site.path("mnt");
    let row =
        all.as_array().unwrap().iter().find(|row| row["mountpoint"] == place.to_str().unwrap()).unwrap();
    let listed = row["process"].as_i64();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert!(listed == Some(server.into()) || server == stranger.id().cast_signed(), "{row}");
    // Root does not unmount by image what somebody else says to have mounted.
    done(&site.sh("isomount umount $D/mnt"));
    fs::create_dir(site.path("home/m")).unwrap();
    std::os::unix::fs::chown(site.path("home/m"), Some(site.uid), None).unwrap();
    done(&site.as_user("isomount $D/image.iso $HOME/m"));
    assert_eq!(failed(&site.sh("isomount umount $D/image.iso")).0, 7);
    done(&site.sh("isomount umount $D/home/m"));
    let said = failed(&site.sh("exec isomount --shown-view=x $D/image.iso $D/mnt"));
    assert_eq!(said.0, 2);
    site.assert_clean();
}

#[test]
fn words_in_the_wrong_place() {
    let Some(site) = site() else { return };
    for (words, code, end) in [
        (
            "-v list",
            2,
            "list is a command, and stands in front of its options; an image of that name is ./list",
        ),
        ("umont $D/mnt", 2, "neither an image nor a command is called umont; did you mean umount?"),
    ] {
        assert_eq!(failed(&site.sh(&format!("cd $D; exec isomount {words}"))), (code, end.to_owned()));
    }
    fs::copy(site.image(), site.path("list")).unwrap();
    done(&site.sh(
        "cd $D; isomount ./list mnt; isomount umount mnt; isomount -o '' -- ./list mnt; isomount umount ./list",
    ));
    site.assert_clean();
}
