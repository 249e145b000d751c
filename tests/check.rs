//! `isomount check` says of an image which files are hit, and no others; and of checksums whether they are right.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use isomount::open::View;
use support::{
    checked::{self, Dice, changed, check, hashes, lines},
    maker::{self, Workshop, lacks},
    udf::Udf,
};

const SECTOR: u64 = 2048;

/// Findings that name files whose bytes are gone.
const GONE: [&str; 5] = ["file-bytes", "file-lost", "file-checksum", "listed-missing", "node"];

/// The directories of all images here, which are no files.
const DIRECTORIES: [&str; 3] = ["a", "a/b", "c"];

/// An image with its bytes, a directory for what becomes of it, and the tree that is looked at.
struct Whole {
    workshop: Workshop,
    image: PathBuf,
    bytes: Vec<u8>,
    view: View,
}

impl Whole {
    fn of(workshop: Workshop, image: PathBuf, view: View) -> Self {
        let bytes = fs::read(&image).unwrap();
        Self { workshop, image, bytes, view }
    }

    fn options(&self) -> String {
        format!("view={}", self.view.word())
    }

    fn write(&self, bytes: &[u8]) -> PathBuf {
        let path = self.workshop.path("other.iso");
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// ISO 9660 with Rock Ridge, and the same files on UDF, with lists of checksums; nothing where no program makes them.
fn images() -> Vec<Whole> {
    let mut all = Vec::new();
    if !lacks(&["xorriso", "md5sum", "sha256sum"]) {
        let workshop = Workshop::new();
        let (source, image) = (workshop.source(), workshop.image());
        let paths = checked::fill(&source, 60);
        checked::add_lists(&source, &paths);
        maker::xorriso(&image, &source, &["-R", "-J"]);
        all.push(Whole::of(workshop, image, View::RockRidge));
    }
    if !lacks(&["genisoimage", "md5sum", "sha256sum"]) {
        let workshop = Workshop::new();
        let (source, image) = (workshop.source(), workshop.image());
        let paths = checked::fill(&source, 60);
        checked::add_lists(&source, &paths);
        maker::genisoimage(&image, &source, &["-R", "-udf"]);
        all.push(Whole::of(workshop, image, View::Udf));
    }
    // Without ISO 9660 beside it.
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    let mut udf = Udf::default();
    for path in checked::fill(&source, 40) {
        udf = match path.as_str() {
            "c/linked" => udf.link("c/linked", "file000"),
            path => udf.file(path, fs::read(source.join(path)).unwrap()),
        };
    }
    fs::write(&image, udf.build().bytes).unwrap();
    all.push(Whole::of(workshop, image, View::Udf));
    all
}

/// The files that a check names, and those that reading has found changed.
fn assert_named(said: &checked::Said, expected: &BTreeSet<String>, what: &str) {
    let mut named: BTreeSet<String> = said.paths(&GONE);
    named.retain(|path| !DIRECTORIES.contains(&path.as_str()));
    let missed: Vec<&String> = expected.difference(&named).collect();
    let too_many: Vec<&String> = named.difference(expected).collect();
    let text = serde_json::to_string_pretty(&said.json).unwrap();
    assert!(
        missed.is_empty() && too_many.is_empty(),
        "{what}: missed {missed:?}, wrongly {too_many:?}\n{text}"
    );
}

#[test]
fn a_cut_image_costs_exactly_the_files_that_check_names() {
    for whole in images() {
        let before = hashes(&whole.bytes, whole.view).unwrap();
        let mut dice = Dice::new(40);
        let mut exact = 0;
        for _ in 0..40 {
            let len = dice.below(whole.bytes.len() as u64);
            let cut = &whole.bytes[..len as usize];
            let image = whole.write(cut);
            let what = format!("{} of {} bytes, {}", len, whole.bytes.len(), whole.options());
            let Some(now) = hashes(cut, whole.view) else {
                // Nothing can be shown.
                let code = checked::run(&image, &["-o", &whole.options()]).status.code().unwrap();
                assert!(matches!(code, 4..=6), "{what}: {code}");
                continue;
            };
            let said = check(&image, &["-o", &whole.options()]);
            let expected = changed(&before, &now);
            if now.len() == before.len() {
                assert_named(&said, &expected, &what);
                exact += 1;
            } else {
                // Names are gone with their directories: those that are there are told.
                let still: BTreeSet<String> =
                    expected.iter().filter(|path| now.contains_key(*path)).cloned().collect();
                assert!(said.paths(&GONE).is_superset(&still), "{what}");
            }
            let missing = whole.bytes.len() as u64 - len;
            assert!(said.json["missing"].as_u64().unwrap() <= missing, "{what}");
            if expected.is_empty() {
                assert!(said.paths(&GONE).is_empty(), "{what}");
            } else {
                said.assert_damaged();
                assert_eq!(said.of("cut").len(), 1, "{what}");
            }
        }
        // A third of the smaller ones are structures.
        assert!(exact > 20, "{exact} of 40");
    }
}

#[test]
fn a_map_names_exactly_the_files_that_its_sectors_hit() {
    for whole in images() {
        let before = hashes(&whole.bytes, whole.view).unwrap();
        let sectors = whole.bytes.len() as u64 / SECTOR;
        let mut exact = 0;
        for seed in 0..12 {
            let mut dice = Dice::new(1000 + seed);
            let bad: BTreeSet<u64> = (0..10).map(|_| dice.below(sectors)).collect();
            let mut bytes = whole.bytes.clone();
            for sector in &bad {
                let at = (sector * SECTOR) as usize;
                bytes[at..at + SECTOR as usize].fill(0xb5);
            }
            let ddrescue = bad.iter().map(|sector| format!("{:#x} {SECTOR:#x} -\n", sector * SECTOR));
            let ddrescue = format!("# Mapfile\n0x0 + 1\n{}", ddrescue.collect::<String>());
            let plain: String = bad
                .iter()
                .map(|sector| format!("{}-{} # bad\n", sector * SECTOR, sector * SECTOR + SECTOR - 1))
                .collect();
            let what = format!("sectors {bad:?}, {}", whole.options());
            let Some(now) = hashes(&bytes, whole.view) else { continue };
            // Without its first record the tree is another one.
            let is_whole_tree = now.keys().any(|path| path.starts_with("file"));
            if !is_whole_tree {
                continue;
            }
            for map in [&ddrescue, &plain] {
                let path = whole.workshop.path("map");
                fs::write(&path, map).unwrap();
                let words = ["-o", &whole.options(), "--quick", "--map", path.to_str().unwrap()];
                let said = check(&whole.image, &words);
                assert_named(&said, &changed(&before, &now), &what);
                assert!(said.findings().iter().all(|finding| finding["cause"] == "map"), "{what}");
                assert_eq!(said.json["is_read"], false);
            }
            exact += 1;
        }
        assert!(exact >= 8, "{exact} of 12, {}", whole.options());
    }
}

#[test]
fn overwritten_sectors_are_found_by_the_lists_of_checksums() {
    for whole in images() {
        let before = hashes(&whole.bytes, whole.view).unwrap();
        if !before.contains_key("md5sum.txt") {
            continue;
        }
        let clean = check(&whole.image, &["-o", &whole.options()]);
        clean.assert_whole();
        let [sums, right, wrong, open] = clean.checksums("/md5sum.txt").unwrap();
        assert_eq!((sums > 25, right, wrong, open), (true, sums, 0, 0));
        assert!(clean.checksums("/SHA256SUMS").unwrap()[1] > 25);
        let sectors = whole.bytes.len() as u64 / SECTOR;
        let mut exact = 0;
        for seed in 0..12 {
            let mut dice = Dice::new(2000 + seed);
            let bad: BTreeSet<u64> = (0..10).map(|_| dice.below(sectors)).collect();
            let mut bytes = whole.bytes.clone();
            for sector in &bad {
                let at = (sector * SECTOR) as usize;
                bytes[at..at + SECTOR as usize].fill(0xb5);
            }
            let Some(now) = hashes(&bytes, whole.view) else { continue };
            let lists = ["md5sum.txt", "SHA256SUMS"];
            let expected = changed(&before, &now);
            // What the lists say must be there.
            if lists.iter().any(|list| expected.contains(*list)) || !now.contains_key("file000") {
                continue;
            }
            let said = check(&whole.write(&bytes), &["-o", &whole.options()]);
            assert_named(&said, &expected, &format!("sectors {bad:?}, {}", whole.options()));
            exact += 1;
        }
        assert!(exact >= 6, "{exact} of 12, {}", whole.options());
    }
}

/// Changes a byte of a copy.
fn with_byte_changed(whole: &Whole, at: u64) -> PathBuf {
    let mut bytes = whole.bytes.clone();
    bytes[at as usize] ^= 0x20;
    whole.write(&bytes)
}

/// Where the bytes of a file lie in an image that holds them once.
fn place_of(bytes: &[u8], content: &[u8]) -> u64 {
    let start = &content[..64];
    bytes.chunks(SECTOR as usize).position(|sector| sector.starts_with(start)).unwrap() as u64 * SECTOR
}

#[test]
fn an_implanted_md5_says_whether_an_image_is_right_and_where_it_is_not() {
    if lacks(&["genisoimage", "implantisomd5", "checkisomd5"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    checked::fill(&source, 100);
    maker::genisoimage(&image, &source, &["-R", "-J"]);
    maker::run("implantisomd5", [image.as_os_str()]);
    let others = |image: &Path| maker::output("checkisomd5", [image]).status.code();
    assert_eq!(others(&image), Some(0));
    let whole = Whole::of(workshop, image, View::RockRidge);
    let said = check(&whole.image, &[]);
    said.assert_whole();
    assert_eq!(said.checksums("implanted-md5"), Some([1, 1, 0, 0]));
    let covered = whole.bytes.len() as u64 - 15 * SECTOR;
    assert_eq!(said.json["verified"], covered - 512);
    // The last bytes are in no sum.
    let changed = with_byte_changed(&whole, whole.bytes.len() as u64 - 5);
    check(&changed, &[]).assert_whole();
    assert_eq!(others(&changed), Some(0));
    let names = ["file008", "a/file041", "c/file099"];
    let in_files =
        names.map(|name| place_of(&whole.bytes, &fs::read(whole.workshop.source().join(name)).unwrap()));
    let mut dice = Dice::new(5);
    let anywhere: Vec<u64> = (0..5).map(|_| dice.below(covered)).collect();
    for (n, at) in in_files.into_iter().chain(anywhere).chain([0, covered - 1]).enumerate() {
        let field = 16 * SECTOR + 883;
        if (field..field + 512).contains(&at) {
            continue;
        }
        let changed = with_byte_changed(&whole, at);
        let said = check(&changed, &[]);
        said.assert_damaged();
        assert_eq!(others(&changed), Some(1), "byte {at}");
        let found = said.of("image-checksum");
        assert_eq!(found.len(), 1, "byte {at}");
        let (from, len) = (found[0]["at"].as_u64().unwrap(), found[0]["length"].as_u64().unwrap());
        assert!((from..from + len).contains(&at), "byte {at} in {from} and {len}");
        // A fragment is a part of twenty-one, and ends with a read of 32 KiB.
        assert!(len < covered / 21 + 2 * 32 * 1024, "{len} of {covered}");
        if let Some(name) = names.get(n) {
            assert!(said.paths(&["image-checksum"]).contains(*name), "{name}");
        }
    }
    // Where a list says which file it is, that one alone is named.
    assert_eq!(said.json["damaged_files"], 0);
}

#[test]
fn a_small_image_with_an_implanted_md5_is_whole() {
    if lacks(&["genisoimage", "implantisomd5"]) {
        return;
    }
    // Its fragments are shorter than a read; checkisomd5 1.2.3 takes such an image for damaged.
    let workshop = Workshop::new();
    let image = workshop.image();
    fs::write(workshop.source().join("file"), maker::bytes(1, 3000)).unwrap();
    maker::genisoimage(&image, &workshop.source(), &["-R"]);
    maker::run("implantisomd5", [image.as_os_str()]);
    let said = check(&image, &[]);
    said.assert_whole();
    assert_eq!(said.checksums("implanted-md5"), Some([1, 1, 0, 0]));
    let whole = Whole::of(workshop, image, View::RockRidge);
    check(&with_byte_changed(&whole, 100_000), &[]).assert_damaged();
}

/// Puts into an image what `tagmedia --digest sha256 --pad PAD --fragments 20` does, as it is described: in blocks of 512 bytes a partition
/// and where a signature is to be.
fn tag(bytes: &mut [u8], pad: usize, partition: (usize, usize), signature: usize) {
    use sha2::{Digest, Sha256};
    const STEP: usize = 32 * 1024;
    let hex = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let field = 16 * SECTOR as usize + 883;
    let mut counted = bytes.to_vec();
    counted[..512].fill(0);
    counted[field..field + 512].fill(b' ');
    counted[signature * 512 + 64..signature * 512 + 2048].fill(0);
    let size = u32::from_be_bytes(bytes[16 * SECTOR as usize + 84..][..4].try_into().unwrap());
    let size = (u64::from(size) * SECTOR) as usize;
    let content = size - pad * SECTOR as usize;
    let mut volume = Sha256::new();
    let (mut fragments, mut last) = (String::new(), 0);
    for (number, step) in counted[..content].chunks(STEP).enumerate() {
        volume.update(step);
        let fragment = number * STEP / (content / 21);
        if fragment != last && fragment <= 20 {
            for byte in &volume.clone().finalize()[..3] {
                fragments.push(format!("{byte:x}").chars().next().unwrap());
            }
            last = fragment;
        }
    }
    volume.update(vec![0; size - content]);
    let of_partition = Sha256::digest(&counted[partition.0 * 512..(partition.0 + partition.1) * 512]);
    let text = format!(
        "check=1;pad={pad};sha256sum={};fragment sums={fragments};fragment count=20;partition={},{},{};signature={signature}",
        hex(&volume.finalize()),
        partition.0,
        partition.1,
        hex(&of_partition)
    );
    bytes[field..field + 512].fill(b' ');
    bytes[field..field + text.len()].copy_from_slice(text.as_bytes());
}

#[test]
fn the_checksums_of_tagmedia_say_whether_volume_and_partition_are_right() {
    if lacks(&["genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    checked::fill(&source, 100);
    let block = [&b"7984fc91-a43f-4e45-bf27-6d3aa08b24cf"[..], &[0; 2012]].concat();
    fs::write(source.join("signature"), &block).unwrap();
    maker::genisoimage(&image, &source, &["-R", "-J", "-pad"]);
    let mut bytes = fs::read(&image).unwrap();
    let signature = place_of(&bytes, &block) as usize / 512;
    let partition = (100, bytes.len() / 512 - 100);
    tag(&mut bytes, 150, partition, signature);
    fs::write(&image, &bytes).unwrap();
    let whole = Whole::of(workshop, image, View::RockRidge);
    let said = check(&whole.image, &[]);
    said.assert_whole();
    assert_eq!(said.checksums("tagmedia"), Some([2, 2, 0, 0]));
    // What is written later: boot code, a signature.
    let mut later = bytes.clone();
    later[..446].fill(7);
    later[signature * 512 + 64..][..500].fill(b'S');
    let path = whole.workshop.path("later");
    fs::write(&path, &later).unwrap();
    let said = check(&path, &[]);
    said.assert_whole();
    assert_eq!(said.checksums("tagmedia"), Some([2, 2, 0, 0]));
    let content = bytes.len() as u64 - 150 * SECTOR;
    for name in ["file008", "a/file041", "c/file099"] {
        let at = place_of(&whole.bytes, &fs::read(whole.workshop.source().join(name)).unwrap());
        let said = check(&with_byte_changed(&whole, at), &[]);
        said.assert_damaged();
        assert_eq!(said.checksums("tagmedia"), Some([2, 0, 2, 0]));
        let of_volume = &said.of("image-checksum")[0];
        let (from, len) = (of_volume["at"].as_u64().unwrap(), of_volume["length"].as_u64().unwrap());
        assert!((from..from + len).contains(&at) && len < content / 21 + 2 * 32 * 1024, "{from} {len} {at}");
        assert!(said.paths(&["image-checksum"]).contains(name), "{name}");
    }
    // In front of the partition.
    let said = check(&with_byte_changed(&whole, 33 * 1024 + 1500), &[]);
    assert_eq!(said.checksums("tagmedia"), Some([2, 1, 1, 0]));
    // Padding counts in the partition alone.
    let said = check(&with_byte_changed(&whole, content + 5000), &[]);
    assert_eq!(said.checksums("tagmedia"), Some([2, 1, 1, 0]));
    // Less digits than the checksum has.
    let mut cut = bytes;
    let field = 16 * SECTOR as usize + 883;
    let short = b"sha256sum=00ff".to_vec();
    cut[field..field + 512].fill(b' ');
    cut[field..field + short.len()].copy_from_slice(&short);
    fs::write(&path, &cut).unwrap();
    let said = check(&path, &[]);
    said.assert_whole();
    assert_eq!(said.of("unverified").len(), 1);
}

#[test]
fn the_md5_of_libisofs_says_which_file_or_part_is_wrong() {
    if lacks(&["xorriso"]) {
        return;
    }
    for is_native in [true, false] {
        let workshop = Workshop::new();
        let (source, image) = (workshop.source(), workshop.image());
        checked::fill(&source, 40);
        fs::write(source.join("packed"), maker::prose(50_000)).unwrap();
        if is_native {
            let commands = ["-md5", "on", "-outdev", "{}", "-map", "{}", "/"];
            maker::native_xorriso(&commands, &[&image, &source]);
        } else {
            maker::xorriso(&image, &source, &["-R", "--md5", "-J"]);
        }
        let whole = Whole::of(workshop, image, View::RockRidge);
        let said = check(&whole.image, &[]);
        said.assert_whole();
        // The 40 files, the packed one, the empty one, and a second name that is a file of its own without -hardlinks.
        let [sums, right, ..] = said.checksums("file-md5").unwrap();
        assert!(sums == right && (42..=43).contains(&sums), "{sums} {right}");
        let [sums, right, ..] = said.checksums("session-md5").unwrap();
        assert!(sums == right && sums >= 3, "{sums} {right}");
        for name in ["file004", "a/file013", "a/b/file030", "packed"] {
            let content = fs::read(whole.workshop.source().join(name)).unwrap();
            let at = place_of(&whole.bytes, &content) + content.len() as u64 - 1;
            let said = check(&with_byte_changed(&whole, at), &[]);
            said.assert_damaged();
            assert_eq!(said.paths(&["file-checksum"]), BTreeSet::from([name.to_owned()]));
            assert_eq!(
                said.paths(&["image-checksum"]),
                BTreeSet::from([name.to_owned()]),
                "and in the session"
            );
            assert_eq!(said.json["damaged_files"], 1);
        }
        // The date of a record in a directory.
        let record = whole.bytes.windows(7).position(|window| window == b"FILE037").unwrap() as u64;
        let said = check(&with_byte_changed(&whole, record - 33 + 20), &[]);
        said.assert_damaged();
        let found = said.of("image-checksum");
        let (from, len) = (found[0]["at"].as_u64().unwrap(), found[0]["length"].as_u64().unwrap());
        assert!(
            (from..from + len).contains(&record)
                && found[0]["message"].as_str().unwrap().contains("directories")
        );
        assert!(said.paths(&["image-checksum"]).contains("a"), "{found:?}");
        assert!(said.of("file-checksum").is_empty());
    }
}

#[test]
fn sessions_that_were_added_are_all_verified() {
    if lacks(&["xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    checked::fill(&source, 10);
    maker::native_xorriso(&["-md5", "on", "-outdev", "{}", "-map", "{}", "/first"], &[&image, &source]);
    maker::native_xorriso(&["-md5", "on", "-dev", "{}", "-map", "{}", "/second"], &[&image, &source]);
    maker::native_xorriso(&["-md5", "on", "-dev", "{}", "-map", "{}", "/third"], &[&image, &source]);
    let whole = Whole::of(workshop, image, View::RockRidge);
    let said = check(&whole.image, &[]);
    said.assert_whole();
    // Three sums of each of three sessions, and that of the copy of the newest descriptors.
    assert_eq!(said.checksums("session-md5"), Some([10, 10, 0, 0]));
    let content = fs::read(whole.workshop.source().join("file004")).unwrap();
    let said = check(&with_byte_changed(&whole, place_of(&whole.bytes, &content) + 3), &[]);
    said.assert_damaged();
    assert_eq!(said.paths(&["file-checksum"]), BTreeSet::from(["first/file004".to_owned()]));
}

#[test]
fn packed_files_are_unpacked_to_see_whether_they_can_be() {
    let content = maker::prose(100_000);
    let forge = support::large::zisofs(&content);
    let directory = tempfile::tempdir().unwrap();
    let image = checked::write(directory.path(), "a.iso", &forge.bytes);
    let said = check(&image, &[]);
    assert_eq!(said.checksums("packed-blocks"), Some([1, 1, 0, 0]));
    let mut damaged = forge.bytes.clone();
    let at = damaged.len() - 2048 - 100;
    damaged[at] ^= 1;
    let said = check(&checked::write(directory.path(), "b.iso", &damaged), &[]);
    assert_eq!(said.paths(&["packed"]).len(), 1, "{}", said.json);
    assert_eq!(said.checksums("packed-blocks"), Some([1, 0, 1, 0]));
    assert!(said.of("packed")[0]["offset"].as_u64().unwrap() >= 32_768, "the first block is right");
}

#[test]
fn what_a_map_hits_beside_files_has_its_name() {
    if lacks(&["xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    checked::fill(&source, 8);
    fs::write(source.join("boot.img"), vec![0x90; 4096]).unwrap();
    let boot = ["-R", "-b", "boot.img", "-no-emul-boot", "-boot-load-size", "4", "-c", "boot.cat"];
    maker::xorriso(&image, &source, &boot);
    let bytes = fs::read(&image).unwrap();
    let last = bytes.len() as u64 - SECTOR;
    let map = workshop.path("map");
    fs::write(&map, format!("0 512\n{} 10\n{} 1\n{last} {SECTOR}\n", 16 * SECTOR, 17 * SECTOR)).unwrap();
    let (code, told) = lines(&image, &["--quick", "--map", map.to_str().unwrap()]);
    assert_eq!(code, 5);
    let expected = [
        "remark: 512 bytes of the system area are lost, at byte 0: bad by the map".to_owned(),
        format!(
            "damaged: 11 bytes of the volume descriptors are lost, at byte {}: bad by the map",
            16 * SECTOR
        ),
        format!("remark: {SECTOR} bytes at byte {last}, in which nothing is known to lie: bad by the map"),
    ];
    for line in &expected {
        assert!(told.contains(line), "{line}\n{}", told.join("\n"));
    }
    let boot = place_of(&bytes, &[0x90; 4096]);
    fs::write(&map, format!("{:#x} 0x1\n", boot + 10)).unwrap();
    let said = check(&image, &["--quick", "--map", map.to_str().unwrap()]);
    assert_eq!(said.damage(), ["file-bytes", "structure-bytes"].map(str::to_owned).into());
    assert!(said.of("structure-bytes")[0]["message"].as_str().unwrap().contains("boot image 1 (x86)"));
    assert_eq!(
        (said.of("file-bytes")[0]["offset"].as_u64(), said.of("file-bytes")[0]["bytes"].as_u64()),
        (Some(10), Some(1))
    );
    // Bytes behind the end of a file are nobody's.
    let content = fs::read(source.join("file000")).unwrap();
    let end = place_of(&bytes, &content) + content.len() as u64;
    fs::write(&map, format!("{end}-{}\n", end.next_multiple_of(SECTOR) - 1)).unwrap();
    let said = check(&image, &["--quick", "--map", map.to_str().unwrap()]);
    said.assert_whole();
    assert!(said.findings().is_empty());
}

#[test]
fn an_md5_that_was_implanted_into_an_image_with_others_leaves_it_whole() {
    if lacks(&["xorriso", "implantisomd5"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    checked::fill(&source, 60);
    maker::xorriso(&image, &source, &["-R", "--md5"]);
    maker::run("implantisomd5", [image.as_os_str()]);
    let said = check(&image, &[]);
    said.assert_whole();
    assert_eq!(said.remarks(), BTreeSet::from(["listed-otherwise".to_owned()]), "{}", said.json);
    assert_eq!(said.checksums("session-md5"), Some([3, 0, 3, 0]));
    let whole = Whole::of(workshop, image, View::RockRidge);
    let content = fs::read(whole.workshop.source().join("file004")).unwrap();
    let said = check(&with_byte_changed(&whole, place_of(&whole.bytes, &content)), &[]);
    said.assert_damaged();
    assert_eq!(said.paths(&["file-checksum"]), BTreeSet::from(["file004".to_owned()]));
}
