//! `isomount check` on images that are a part of a disc, or have a disc in them: places are those of the image file.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};
use support::{
    checked::{Said, check, lines},
    forge::SECTOR,
    maker::{self, Workshop, lacks},
};

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn len(image: &Path) -> u64 {
    fs::metadata(image).unwrap().len()
}

/// Where the bytes of a file lie in an image that holds them once.
fn place_of(image: &Path, content: &[u8]) -> u64 {
    let bytes = fs::read(image).unwrap();
    bytes.chunks(SECTOR).position(|sector| sector.starts_with(&content[..64])).unwrap() as u64 * SECTOR as u64
}

/// What of a finding does not depend on where the disc begins.
fn told(said: &Said, shift: u64) -> Vec<Value> {
    let of = |finding: &Value| {
        json!([
            finding["kind"],
            finding["paths"],
            finding["at"].as_u64().map(|at| at - shift),
            finding["length"],
            finding["offset"],
            finding["bytes"]
        ])
    };
    said.findings().iter().filter(|finding| finding["cause"] == "map").map(of).collect()
}

#[test]
fn a_session_that_has_all_of_its_files_is_whole() {
    if lacks(&["genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (start, alone, both) = maker::second_session(&workshop, false);
    let said = check(&alone, &[]);
    said.assert_whole();
    assert_eq!(said.remarks(), set(&["part"]), "{}", said.json);
    let image = len(&alone);
    assert_eq!(
        (&said.json["size"], &said.json["read"], &said.json["missing"], &said.json["expected_size"]),
        (&json!(image), &json!(image), &json!(0), &json!(image))
    );
    let part = said.of("part")[0];
    let text = format!(
        "the image is a part of a disc: {} bytes of that lie in front of it, which are not there",
        start * 2048
    );
    assert_eq!(
        (&part["message"], &part["at"], &part["cause"]),
        (&json!(text), &Value::Null, &json!("front"))
    );
    let whole = check(&both, &[]);
    whole.assert_whole();
    assert_eq!((whole.remarks(), &whole.json["files"]), (set(&[]), &said.json["files"]));

    // Cut at its end: as many bytes are missing, and the same file is hit.
    let cut = workshop.path("cut.iso");
    let new = place_of(&alone, &maker::bytes(2, 64));
    let left = new + 30_000;
    fs::write(&cut, &fs::read(&alone).unwrap()[..left as usize]).unwrap();
    let said = check(&cut, &[]);
    said.assert_damaged();
    assert_eq!(said.paths(&["file-bytes"]), set(&["new"]));
    let hit = said.of("file-bytes")[0];
    assert_eq!((&hit["offset"], &hit["bytes"], &hit["at"]), (&json!(30_000), &json!(20_000), &json!(left)));
    let missing = said.json["missing"].as_u64().unwrap();
    assert_eq!((left + missing, &said.json["expected_size"]), (image, &json!(image)));
    assert_eq!(said.of("cut")[0]["at"], left);
    assert_eq!(said.json["read"], left);
    let expected = format!("the image has {left}, and should have {image}");
    assert!(said.of("cut")[0]["message"].as_str().unwrap().contains(&expected), "{}", said.json);
}

#[test]
fn files_in_front_of_an_image_are_told_and_no_others() {
    if lacks(&["genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (start, alone, both) = maker::second_session(&workshop, true);
    check(&both, &[]).assert_whole();
    let said = check(&alone, &[]);
    said.assert_damaged();
    assert_eq!(said.paths(&["file-bytes", "file-lost", "node"]), set(&["old"]));
    assert_eq!(said.json["damaged_files"], 1);
    let old = said.of("file-bytes")[0];
    assert_eq!((&old["cause"], &old["at"], &old["length"]), (&json!("front"), &Value::Null, &Value::Null));
    assert_eq!((&old["offset"], &old["bytes"]), (&json!(0), &json!(50_000)));
    let (code, told_lines) = lines(&alone, &[]);
    let expected =
        "damaged: /old: 50000 of 50000 bytes are lost, from byte 0 on: the image begins behind them";
    assert!(code == 5 && told_lines.iter().any(|line| line == expected), "{told_lines:?}");

    // What a map hits is the same as in the whole disc, as far in front.
    let shift = start * SECTOR as u64;
    let new = place_of(&alone, &maker::bytes(2, 64));
    let map = workshop.path("map");
    for (at, bytes) in [(new + 100, 7), (0, 40_000), (new + 4096, 100_000), (20 * 2048, 30 * 2048)] {
        fs::write(&map, format!("{at} {bytes}\n")).unwrap();
        let of_part = check(&alone, &["--quick", "--map", map.to_str().unwrap()]);
        fs::write(&map, format!("{} {bytes}\n", at + shift)).unwrap();
        let of_disc = check(&both, &["--quick", "--map", map.to_str().unwrap()]);
        let (of_part, of_disc) = (told(&of_part, 0), told(&of_disc, shift));
        assert_eq!(of_part, of_disc, "{at} {bytes}");
        assert!(!of_part.is_empty());
    }
    let picture = workshop.path("p.svg");
    fs::write(&map, format!("{new} 2048\n")).unwrap();
    check(&alone, &["--quick", "--map", map.to_str().unwrap(), "--picture", picture.to_str().unwrap()]);
    let text = fs::read_to_string(&picture).unwrap();
    let parts = [
        format!(">/new&#10;byte {new} to {}: ", new + 2047),
        format!(">damaged: /new&#10;byte {new} to {}: ", new + 2047),
    ];
    for part in &parts {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("/old&#10;"), "{text}");
}

#[test]
fn places_in_messages_are_those_of_the_file() {
    if lacks(&["genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (_, alone, both) = maker::second_session(&workshop, false);
    let mut bytes = fs::read(&alone).unwrap();
    // The second half of the length of the file, in the tree of Rock Ridge.
    let name = bytes.windows(4).position(|window| window == b"NEW.").unwrap();
    bytes[name - 33 + 17] ^= 1;
    let record = name - 33;
    let changed = workshop.path("changed.iso");
    fs::write(&changed, &bytes).unwrap();
    let said = check(&changed, &[]);
    let found = said.of("both-endian")[0];
    assert_eq!(found["at"], record);
    let text = found["message"].as_str().unwrap();
    assert!(text.contains(&format!("the directory record at byte {record} ")), "{text}");
    // A record that is damaged.
    bytes[record] = 3;
    fs::write(&changed, &bytes).unwrap();
    let said = check(&changed, &[]);
    let found = said.of("structure")[0];
    let text = found["message"].as_str().unwrap();
    assert!(found["at"] == record && text.contains(&format!(" at byte {record}: ")), "{}", said.json);
    drop(both);
}

#[test]
fn sessions_that_carry_checksums_are_verified_wherever_the_image_begins() {
    if lacks(&["xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    for (number, label) in [(1_u8, "FIRST"), (2, "SECOND"), (3, "THIRD")] {
        let name = format!("in{number}");
        fs::write(source.join(&name), maker::bytes(number.into(), 30_000)).unwrap();
        let to = format!("/{name}");
        let commands = ["-md5", "on", "-dev", "{}", "-volid", label, "-map", "{}", &to];
        maker::native_xorriso(&commands, &[&image, &source.join(&name)]);
    }
    check(&image, &[]).assert_whole();
    let whole = fs::read(&image).unwrap();
    // The last session begins 32 sectors behind a multiple of 64 KiB at the most: where its volume descriptor lies.
    let descriptors: Vec<usize> = (0..whole.len() / SECTOR)
        .filter(|sector| whole[sector * SECTOR..].starts_with(b"\x01CD001\x01"))
        .map(|sector| sector - 16)
        .collect();
    let last = *descriptors.last().unwrap();
    let cut = workshop.path("cut.iso");
    fs::write(&cut, &whole[last * SECTOR..]).unwrap();
    let said = check(&cut, &[]);
    let [sums, right, wrong, _] = said.checksums("session-md5").unwrap();
    assert_eq!((sums, right, wrong), (3, 3, 0), "{}", said.json);
    let [sums, right, wrong, open] = said.checksums("file-md5").unwrap();
    assert_eq!((sums, right, wrong, open), (3, 1, 0, 2), "{}", said.json);
    assert_eq!(said.paths(&["file-bytes"]), set(&["in1", "in2"]));
    assert!(said.json["verified"].as_u64().unwrap() <= len(&cut));
    let at = place_of(&cut, &maker::bytes(3, 64)) as usize + 5000;
    let mut bytes = whole[last * SECTOR..].to_vec();
    bytes[at] ^= 1;
    fs::write(&cut, &bytes).unwrap();
    let said = check(&cut, &[]);
    assert_eq!(said.paths(&["file-checksum"]), set(&["in3"]));
    let found = said.of("image-checksum")[0];
    let (from, length) = (found["at"].as_u64().unwrap(), found["length"].as_u64().unwrap());
    assert!((from..from + length).contains(&(at as u64)), "{}", said.json);
    let text = format!("between byte {from} and byte {}", from + length);
    assert!(found["message"].as_str().unwrap().contains(&text), "{}", said.json);
}

#[test]
fn a_disc_in_an_image_is_told_in_bytes_of_the_image() {
    if lacks(&["genisoimage"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, first, other) = (workshop.source(), workshop.path("first.iso"), workshop.path("other.iso"));
    fs::write(source.join("one"), maker::bytes(1, 50_000)).unwrap();
    maker::genisoimage(&first, &source, &["-R"]);
    fs::rename(source.join("one"), source.join("two")).unwrap();
    fs::write(source.join("two"), maker::bytes(2, 50_000)).unwrap();
    maker::genisoimage(&other, &source, &["-R"]);
    let sector = len(&first) / SECTOR as u64;
    let both = workshop.path("both.iso");
    fs::write(&both, [fs::read(&first).unwrap(), fs::read(&other).unwrap()].concat()).unwrap();
    let options = format!("sbsector={sector}");
    let said = check(&both, &["-o", &options]);
    said.assert_whole();
    assert_eq!((&said.json["size"], &said.json["read"]), (&json!(len(&both)), &json!(len(&other))));
    let two = place_of(&both, &maker::bytes(2, 64));
    let (map, picture) = (workshop.path("map"), workshop.path("p.svg"));
    fs::write(&map, format!("0 2048\n{} 5\n", two + 10)).unwrap();
    let words = ["-o", &options, "--map", map.to_str().unwrap(), "--picture", picture.to_str().unwrap()];
    let said = check(&both, &words);
    let hit = said.of("file-bytes")[0];
    assert_eq!(said.paths(&["file-bytes"]), set(&["two"]));
    assert_eq!((&hit["at"], &hit["offset"], &hit["bytes"]), (&json!(two + 10), &json!(10), &json!(5)));
    assert_eq!(said.findings().len(), 1, "{}", said.json);
    let text = fs::read_to_string(&picture).unwrap();
    assert!(text.contains(&format!(">damaged: /two&#10;byte {} to {}: ", two + 10, two + 14)), "{text}");
    let mut bytes = fs::read(&both).unwrap();
    bytes.truncate(two as usize + 20_000);
    fs::write(&both, bytes).unwrap();
    let said = check(&both, &["-o", &options]);
    let hit = said.of("file-bytes")[0];
    assert_eq!((&hit["at"], &hit["bytes"]), (&json!(two + 20_000), &json!(30_000)), "{}", said.json);
    let expected = sector * SECTOR as u64 + len(&other);
    assert_eq!((&said.json["size"], &said.json["expected_size"]), (&json!(two + 20_000), &json!(expected)));
}

#[test]
fn the_record_of_scdbackup_is_compared() {
    if lacks(&["xorriso"]) {
        return;
    }
    let workshop = Workshop::new();
    let (source, image) = (workshop.source(), workshop.image());
    fs::write(source.join("file"), maker::bytes(1, 100_000)).unwrap();
    maker::xorriso(&image, &source, &["-R", "--md5", "--scdbackup_tag", "", "a record"]);
    let mut bytes = fs::read(&image).unwrap();
    let word = b"scdbackup_checksum_tag_v0.1 ";
    let Some(line) = bytes.windows(word.len()).position(|window| window == word) else {
        eprintln!("skipped: this xorriso writes no record of scdbackup");
        return;
    };
    let said = check(&image, &[]);
    said.assert_whole();
    assert_eq!(said.checksums("session-md5"), Some([4, 4, 0, 0]), "{}", said.json);
    let (_, told_lines) = lines(&image, &["-v"]);
    let expected = format!("right: bytes 0 to {line}, all that scdbackup has summed (session-md5)");
    assert!(told_lines.contains(&expected), "{told_lines:?}");
    // Its own line, and a byte between the sum of the session and it, which only it covers.
    bytes[line + word.len() + 1] ^= 1;
    let changed = workshop.path("changed.iso");
    fs::write(&changed, &bytes).unwrap();
    let said = check(&changed, &[]);
    assert_eq!(said.damage(), set(&["image-checksum"]));
    assert!(
        said.of("image-checksum")[0]["message"].as_str().unwrap().contains("the MD5 of scdbackup"),
        "{}",
        said.json
    );
}
