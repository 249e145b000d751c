//! Bad UDF images, forged in code, one wrong thing each: each costs only what it describes.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing
)]
#![allow(clippy::panic, clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use isomount::{
    Error,
    open::{Image, OpenOptions, TreeOptions, View},
    tree::Kind,
};
use support::{
    forge::{Counted, Forge, content, exercise, file, link, names, stat},
    memory::peak,
    udf::*,
};

const MIB: usize = 1 << 20;

/// Offsets in structures, ECMA-167 3/10.6, 4/14.4, 4/14.6, 4/14.9, 4/14.17.
const MAP_COUNT: usize = 268;
const MAPS: usize = 440;
const FILE_SET_ROOT: usize = 400;
const IDENTIFIER_LENGTH: usize = 19;
const IDENTIFIER_ICB: usize = 20;
const ICB_FLAGS: usize = 34;
const INFORMATION_LENGTH: usize = 56;
const EXTENDED_ALLOCATION_LENGTH: usize = 212;

fn sample() -> Udf {
    Udf::default().file("a", b"first").file("b", b"second").file("d/c", b"third")
}

/// That all of the sample but these names is as it was.
fn others_are_whole(image: &Image, without: &[&str]) {
    for (path, text) in [("a", "first"), ("b", "second"), ("d/c", "third")] {
        if !without.contains(&path) {
            assert_eq!(content(image, path).unwrap(), text.as_bytes(), "{path}");
        }
    }
    exercise(image);
}

fn refused(udf: &Forged) -> String {
    match udf.open() {
        Err(error @ Error::Corrupt(_)) => error.to_string(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("opened"),
    }
}

/// The sample with bytes of the logical volume descriptors wrong, in both sequences.
fn with_logical_volume(offset: usize, bytes: &[u8]) -> Forged {
    let mut udf = sample().build();
    for sequence in [Sequence::Main, Sequence::Reserve] {
        let at = udf.descriptor(Descriptor::LogicalVolume, sequence);
        udf.forge(at, offset, bytes);
    }
    udf
}

#[test]
fn partition_maps_that_cannot_be_are_refused() {
    let refusal = |offset, bytes: &[u8]| refused(&with_logical_volume(offset, bytes));
    assert!(refusal(MAPS + 1, &[0]).contains("partition map length is 0"));
    assert!(refusal(MAPS + 1, &[200]).contains("partition map length is 200"));
    assert!(refusal(MAPS + 1, &[4]).contains("partition map length is 4"));
    assert!(
        refusal(MAP_COUNT, &5u32.to_le_bytes())
            .contains("number of partition maps is 5, more than the table has")
    );
    assert!(refusal(MAP_COUNT, &[0; 4]).contains("number of partition maps is 0"));
    assert!(refusal(MAP_COUNT, &[255; 4]).contains("number of partition maps is 4294967295"));
    assert!(refusal(MAP_COUNT - 4, &[255; 4]).contains("map table length is 4294967295"));
    assert!(refusal(MAPS + 4, &9u16.to_le_bytes()).contains("there is no such partition"));
}

#[test]
fn a_partition_map_of_an_unknown_type_is_told() {
    let udf = with_logical_volume(MAPS, &[3]);
    let error = udf.open().err().unwrap();
    assert!(matches!(error, Error::Unsupported(_)), "{error}");
    assert!(error.to_string().contains("partition map 3"), "{error}");
}

#[test]
fn a_partition_reference_out_of_range_costs_what_it_names() {
    let mut udf = sample().build();
    let fid = udf.fid("a");
    udf.forge(fid, IDENTIFIER_ICB + 8, &9u16.to_le_bytes());
    let image = udf.open().unwrap();
    assert_eq!(names(&image), ["a", "b", "d"]);
    let error = stat(&image, "a").unwrap_err().to_string();
    assert!(error.contains("partition reference number is 9, there are 1 partitions"), "{error}");
    others_are_whole(&image, &["a"]);

    let mut udf = Udf::default().file("a", File::from([7; 5000]).long()).build();
    let (entry, descriptors) = (udf.icb("a"), udf.descriptors_of("a"));
    udf.patch(descriptors + 8, &9u16.to_le_bytes()).seal(entry);
    let image = udf.open().unwrap();
    assert_eq!(stat(&image, "a").unwrap().size, 5000);
    assert!(content(&image, "a").unwrap_err().to_string().contains("partition reference number is 9"));

    let mut udf = sample().build();
    let fsd = udf.fsd;
    udf.forge(fsd, FILE_SET_ROOT + 8, &9u16.to_le_bytes());
    assert!(refused(&udf).contains("partition reference number is 9"));
}

#[test]
fn indirect_entries_that_lead_around_in_a_circle_end() {
    let mut udf = sample().file("x", File::from(b"new").older(b"old")).build();
    let first = udf.versions("x")[0];
    // The indirect entry behind the first entry leads back to the first.
    let back = udf.bytes[udf.fid("x") + IDENTIFIER_ICB + 4..][..6].to_vec();
    let block = udf.block;
    udf.forge(first + block, 40, &back);
    let (image, used) = peak(|| udf.open().unwrap());
    let error = stat(&image, "x").unwrap_err().to_string();
    assert!(error.contains("too many indirect entries"), "{error}");
    others_are_whole(&image, &[]);
    assert!(used < 24 * MIB, "{used}");
}

#[test]
fn allocation_extents_that_lead_around_in_a_circle_cost_the_rest_of_the_file() {
    let block = 2048;
    let data: Vec<u8> = (0..12 * block).map(|i| (i / 97) as u8).collect();
    let mut udf =
        sample().file("x", File::from(data.clone()).split(block).chain(3).short().size(1 << 40)).build();
    let last = *udf.continuations("x").last().unwrap();
    let first = udf.continuations("x")[0];
    let location = udf.bytes[first + 12..first + 16].to_vec();
    // The last extent's first descriptor leads back to the first extent: type 3, one block.
    udf.patch(last + 24, &(3u32 << 30 | block as u32).to_le_bytes()).patch(last + 28, &location).seal(last);
    let ((image, read), used) = peak(|| {
        let counted = Arc::new(Counted::new(udf.bytes.clone()));
        (Image::from_source(counted.clone(), &OpenOptions::default()).unwrap(), counted)
    });
    let x = stat(&image, "x").unwrap();
    assert_eq!(x.size, 1 << 40);
    let mut buf = vec![0; 4 * block];
    assert_eq!(image.tree().read_into(x.id, 0, &mut buf).unwrap(), 4 * block);
    assert_eq!(buf, data[..4 * block], "what comes before the circle is there");
    assert!(image.tree().read_into(x.id, 1 << 39, &mut buf).is_err());
    others_are_whole(&image, &[]);
    assert!(read.bytes_read() < 64 * MIB as u64, "{}", read.bytes_read());
    assert!(used < 64 * MIB, "{used}");
}

#[test]
fn a_size_beyond_its_extents_is_an_error_behind_them() {
    let udf = sample().file("x", File::from([7; 3000]).size(9000)).build();
    let image = udf.open().unwrap();
    let x = stat(&image, "x").unwrap();
    assert_eq!(x.size, 9000);
    let mut buf = [0; 3000];
    assert_eq!(image.tree().read_into(x.id, 0, &mut buf).unwrap(), 3000);
    assert_eq!(buf, [7; 3000]);
    let error = image.tree().read_into(x.id, 2999, &mut buf).unwrap_err().to_string();
    assert!(error.contains("bytes is 3000, less than the information length 9000"), "{error}");
    others_are_whole(&image, &[]);
}

#[test]
fn inline_data_that_does_not_fit_costs_the_file() {
    let build = || sample().file("x", File::from([7; 100]).inline()).build();
    let mut longer = build();
    let entry = longer.icb("x");
    longer.forge(entry, INFORMATION_LENGTH, &5000u64.to_le_bytes());
    let image = longer.open().unwrap();
    assert!(content(&image, "x").is_err());
    let mut buf = [0; 100];
    assert_eq!(image.tree().read_into(stat(&image, "x").unwrap().id, 0, &mut buf).unwrap(), 100);
    others_are_whole(&image, &[]);

    for (offset, length) in [(EXTENDED_ALLOCATION_LENGTH, u32::MAX), (EXTENDED_ALLOCATION_LENGTH - 4, 2000)] {
        let mut udf = build();
        let entry = udf.icb("x");
        udf.forge(entry, offset, &length.to_le_bytes());
        let image = udf.open().unwrap();
        let error = stat(&image, "x").unwrap_err().to_string();
        assert!(error.contains("longer than the block"), "{error}");
        others_are_whole(&image, &[]);
    }
}

#[test]
fn a_size_that_no_file_can_have_costs_the_file() {
    let mut udf = sample().file("x", [7; 100]).build();
    let entry = udf.icb("x");
    udf.forge(entry, INFORMATION_LENGTH, &(1u64 << 63).to_le_bytes());
    let image = udf.open().unwrap();
    assert!(stat(&image, "x").unwrap_err().to_string().contains("information length is 9223372036854775808"));
    others_are_whole(&image, &[]);
}

#[test]
fn allocation_descriptors_of_a_kind_that_does_not_exist() {
    let mut udf = sample().file("x", [7; 5000]).build();
    let entry = udf.icb("x");
    udf.forge(entry, ICB_FLAGS, &5u16.to_le_bytes());
    let image = udf.open().unwrap();
    assert!(content(&image, "x").unwrap_err().to_string().contains("kind of allocation descriptors is 5"));
    others_are_whole(&image, &[]);
}

#[test]
fn an_extent_past_the_end_of_the_image_costs_the_file() {
    let mut udf = sample().file("x", [7; 5000]).build();
    let (entry, descriptors) = (udf.icb("x"), udf.descriptors_of("x"));
    udf.patch(descriptors + 4, &0x7fff_ffffu32.to_le_bytes()).seal(entry);
    let image = udf.open().unwrap();
    assert!(content(&image, "x").unwrap_err().to_string().contains("the image ends at byte"));
    others_are_whole(&image, &[]);
}

#[test]
fn sparing_tables_that_do_not_fit_are_not_used() {
    let build = || sample().revision(0x150).partition(Partition::sparable()).build();
    let mut one = build();
    let tables = one.sparing_tables.clone();
    assert_eq!(tables.len(), 2);
    one.forge(tables[0], 48, &u16::MAX.to_le_bytes());
    others_are_whole(&one.open().unwrap(), &[]);

    let mut both = build();
    for table in tables {
        both.forge(table, 48, &u16::MAX.to_le_bytes());
    }
    // Without a table the packets are read where they were, which is garbage.
    let (opened, used) = peak(|| both.open());
    assert!(opened.is_err());
    assert!(used < 24 * MIB, "{used}");
}

#[test]
fn virtual_allocation_tables_that_lie_are_refused() {
    let build = |inline| sample().revision(0x201).partition(Partition::Virtual { inline }).build();
    for length in [0u16, 10, 151, u16::MAX] {
        let mut udf = build(true);
        let (vat, block) = (udf.vat.unwrap(), udf.block);
        let table = udf.bytes[vat..vat + block].windows(2).position(|w| w == [152, 0]).unwrap();
        udf.forge(vat, table, &length.to_le_bytes());
        assert!(refused(&udf).contains(&format!("header length is {length}")), "{length}");
    }
    let mut gone = build(true);
    let vat = gone.vat.unwrap();
    let zeros = vec![0; gone.block];
    gone.patch(vat, &zeros);
    assert!(refused(&gone).contains("virtual allocation table"));
}

#[test]
fn entries_of_a_virtual_allocation_table_that_lead_nowhere_cost_what_they_name() {
    let mut udf = sample().revision(0x201).partition(Partition::Virtual { inline: true }).build();
    let (vat, block) = (udf.vat.unwrap(), udf.block);
    let table = udf.bytes[vat..vat + block].windows(2).position(|w| w == [152, 0]).unwrap();
    let virtual_block = |udf: &Forged, path: &str| {
        let icb = udf.fid(path) + IDENTIFIER_ICB + 4;
        u32::from_le_bytes(udf.bytes[icb..icb + 4].try_into().unwrap()) as usize
    };
    let (a, b) = (virtual_block(&udf, "a"), virtual_block(&udf, "b"));
    let own = ((vat / block) as u32).to_le_bytes();
    udf.forge(vat, table + 152 + 4 * a, &u32::MAX.to_le_bytes());
    udf.forge(vat, table + 152 + 4 * b, &own);
    let image = udf.open().unwrap();
    assert_eq!(names(&image), ["a", "b", "d"]);
    assert!(stat(&image, "a").unwrap_err().to_string().contains("unused"));
    assert!(stat(&image, "b").is_err(), "the table itself is no file of this name");
    others_are_whole(&image, &["a", "b"]);
}

#[test]
fn pointers_of_the_descriptor_sequence_that_lead_around_in_a_circle_end() {
    let mut udf = sample().pointer().build();
    for sequence in [Sequence::Main, Sequence::Reserve] {
        let pointer = udf.descriptor(Descriptor::Pointer, sequence);
        let own = ((pointer / udf.block) as u32).to_le_bytes();
        udf.forge(pointer, 24, &own);
    }
    let counted = Arc::new(Counted::new(udf.bytes.clone()));
    assert!(Image::from_source(counted.clone(), &OpenOptions::default()).is_err());
    assert!(counted.bytes_read() < 8 * MIB as u64, "{}", counted.bytes_read());
}

#[test]
fn many_partition_descriptors_are_bounded() {
    let mut udf = sample().build();
    // Both sequences become one that is as long as it can be, of partition descriptors with numbers of their own.
    let partition = udf.descriptor(Descriptor::Partition, Sequence::Main);
    let template = udf.bytes[partition..partition + udf.block].to_vec();
    let block = udf.block;
    let start = udf.bytes.len();
    for number in 0..2000u32 {
        let at = start + number as usize * block;
        udf.bytes.extend_from_slice(&template);
        udf.patch(at + 22, &(number as u16).to_le_bytes());
        udf.patch(at + 12, &((at / block) as u32).to_le_bytes()).seal(at);
    }
    for anchor in udf.anchors.clone() {
        let extent = [(2000 * block as u32).to_le_bytes(), ((start / block) as u32).to_le_bytes()].concat();
        udf.forge(anchor, 16, &[extent.clone(), extent].concat());
    }
    let counted = Arc::new(Counted::new(udf.bytes.clone()));
    let (opened, used) = peak(|| Image::from_source(counted.clone(), &OpenOptions::default()));
    assert!(matches!(opened, Err(Error::Corrupt(_))));
    assert!(counted.bytes_read() < 32 * MIB as u64, "{}", counted.bytes_read());
    assert!(used < 24 * MIB, "{used}");
}

#[test]
fn file_identifiers_that_cannot_be_are_left_out_and_cost_no_others() {
    type Change = fn(&mut Forged, usize) -> &mut Forged;
    let changes: [(&str, Change); 6] = [
        ("length past the end", |udf, fid| udf.forge(fid, IDENTIFIER_LENGTH, &[255])),
        ("no name", |udf, fid| udf.forge(fid, IDENTIFIER_LENGTH, &[0])),
        ("unknown compression", |udf, fid| udf.forge(fid, 38, &[77])),
        ("implementation use past the end", |udf, fid| udf.forge(fid, 36, &60_000u16.to_le_bytes())),
        ("another tag", |udf, fid| udf.forge(fid, 0, &[9, 9])),
        ("length without a right CRC", |udf, fid| udf.patch(fid + IDENTIFIER_LENGTH, &[33])),
    ];
    for (what, change) in changes {
        let mut udf = sample().build();
        let fid = udf.fid("b");
        change(&mut udf, fid);
        let image = udf.open().unwrap();
        assert_eq!(names(&image), ["a", "d"], "{what}");
        others_are_whole(&image, &["b"]);
    }
}

#[test]
fn an_entry_of_a_directory_with_a_wrong_crc_is_shown_all_the_same() {
    let mut udf = sample().build();
    let fid = udf.fid("b");
    udf.patch(fid + 8, &[1, 2]);
    let image = udf.open().unwrap();
    assert_eq!(names(&image), ["a", "b", "d"], "as the kernel does");
    others_are_whole(&image, &[]);
}

#[test]
fn a_file_entry_with_a_wrong_tag_costs_the_file() {
    type Change = fn(&mut Forged, usize) -> &mut Forged;
    let changes: [(&str, Change); 5] = [
        ("checksum is", |udf, at| udf.patch(at + 4, &[0x5a])),
        ("version is 9", |udf, at| udf.forge(at, 2, &[9, 0])),
        ("location is", |udf, at| udf.forge(at, 12, &[1, 2, 3, 0])),
        ("CRC is", |udf, at| udf.patch(at + 40, &[1, 2, 3])),
        ("tag identifier is 260", |udf, at| udf.forge(at, 0, &260u16.to_le_bytes())),
    ];
    for (what, change) in changes {
        let mut udf = sample().build();
        let entry = udf.icb("b");
        change(&mut udf, entry);
        let image = udf.open().unwrap();
        assert_eq!(names(&image), ["a", "b", "d"], "{what}");
        let error = stat(&image, "b").unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
        others_are_whole(&image, &["b"]);
    }
}

#[test]
fn each_damaged_descriptor_of_the_main_sequence_has_its_copy() {
    use Descriptor::{LogicalVolume, Partition, Primary};
    for damaged in [Primary, Partition, LogicalVolume] {
        let mut udf = sample().build();
        let at = udf.descriptor(damaged, Sequence::Main);
        udf.patch(at + 20, &[0xff; 40]);
        let image = udf.open().unwrap();
        others_are_whole(&image, &[]);
        let notes = image.tree().notes();
        assert!(notes.iter().any(|note| note.contains("its copy is used")), "{damaged:?}: {notes:?}");
        let reserve = udf.descriptor(damaged, Sequence::Reserve);
        udf.patch(reserve + 20, &[0xff; 40]);
        assert_eq!(
            udf.open().is_ok(),
            damaged == Primary,
            "{damaged:?}: only the label of the volume is lost"
        );
    }
}

#[test]
fn one_anchor_in_order_is_enough() {
    let mut udf = sample().anchors(&[Anchor::At(256), Anchor::Last, Anchor::Before256]).build();
    for anchor in udf.anchors.clone() {
        others_are_whole(&udf.open().unwrap(), &[]);
        udf.patch(anchor + 4, &[0xee]);
    }
    assert!(refused(&udf).contains("anchor"));
}

#[test]
fn a_damaged_integrity_descriptor_costs_the_numbers_only() {
    let mut udf = sample().build();
    let lvid = udf.lvid.unwrap();
    udf.patch(lvid + 4, &[0xee]);
    let image = udf.open().unwrap();
    assert_eq!(image.tree().statistics().free_blocks, 0);
    others_are_whole(&image, &[]);
    // One whose next extent is itself.
    let mut udf = sample().build();
    let own = [2048u32.to_le_bytes(), ((lvid / udf.block) as u32).to_le_bytes()].concat();
    udf.forge(lvid, 32, &own);
    others_are_whole(&udf.open().unwrap(), &[]);
}

#[test]
fn a_parent_entry_that_names_a_child_or_a_file_is_bounded() {
    for named in ["d/e", "a"] {
        let mut udf = sample().file("d/e/f", b"x").build();
        let icb = udf.fid(named) + IDENTIFIER_ICB;
        let icb = udf.bytes[icb..icb + 16].to_vec();
        let parent = udf.parent_fid("d");
        udf.forge(parent, IDENTIFIER_ICB, &icb);
        let image = udf.open().unwrap();
        let tree = image.tree();
        let above = tree.parent(stat(&image, "d").unwrap().id).unwrap();
        assert_eq!(tree.stat(above).unwrap().kind, Kind::Directory, "{named}");
        others_are_whole(&image, &[]);
    }
}

#[test]
fn a_directory_that_contains_an_ancestor_ends_every_walk_of_udf() {
    let mut udf = sample().directory("d/e").build();
    let root = udf.bytes[udf.fsd + FILE_SET_ROOT..][..16].to_vec();
    let fid = udf.fid("d/e");
    udf.forge(fid, IDENTIFIER_ICB, &root);
    let image = udf.open().unwrap();
    assert!(exercise(&image) < 20);
    assert_eq!(content(&image, "d/e/d/e/d/e/a").unwrap(), b"first");
}

#[test]
fn a_root_that_is_no_directory_is_refused() {
    let mut udf = sample().build();
    let icb = udf.fid("a") + IDENTIFIER_ICB;
    let icb = udf.bytes[icb..icb + 16].to_vec();
    let fsd = udf.fsd;
    udf.forge(fsd, FILE_SET_ROOT, &icb);
    assert!(refused(&udf).contains("root directory"));
}

#[test]
fn a_directory_of_zeros_ends_soon() {
    let hole = |len| File { extents: vec![Extent::Hole(len)], ..File::directory().short() };
    let udf = sample().file("zeros", hole(400 << 20)).build();
    let (image, used) = peak(|| udf.open().unwrap());
    assert_eq!(support::forge::names_in(&image, "zeros").len(), 0);
    others_are_whole(&image, &[]);
    assert!(used < 24 * MIB, "{used}");
}

#[test]
fn components_of_a_link_that_do_not_fit_cost_the_link() {
    let mut udf = sample().symlink("l", "../x/y").build();
    let (entry, data) = (udf.icb("l"), udf.data("l").first().copied());
    let at = data.unwrap_or_else(|| udf.descriptors_of("l"));
    udf.patch(at + 5, &[200]).seal(entry);
    let image = udf.open().unwrap();
    assert!(matches!(link(&image, "l"), Err(Error::Corrupt(_))));
    assert_eq!(stat(&image, "l").unwrap().kind, Kind::Symlink);
    others_are_whole(&image, &[]);
}

#[test]
fn extended_attributes_that_do_not_fit_cost_no_file() {
    for length in [0u32, 3, 11, 5000, u32::MAX] {
        let file = File::from(b"data").implementation_attribute("*Maker", b"value").stream("s", b"stream");
        let mut udf = sample().file("x", file).build();
        let entry = udf.icb("x");
        // The length of the first attribute, behind the header of the space.
        udf.forge(entry, 216 + 24 + 8, &length.to_le_bytes());
        let image = udf.open().unwrap();
        assert_eq!(content(&image, "x").unwrap(), b"data");
        let names = image.tree().attribute_names(stat(&image, "x").unwrap().id).unwrap();
        assert!(names.iter().any(|name| **name == *b"user.s"), "{names:?}");
        others_are_whole(&image, &[]);
    }
    let mut udf =
        sample().file("x", File::from(b"data").stream("s", b"stream").stream("t", b"other")).build();
    let directory = udf.icb("x:s");
    udf.patch(directory + 4, &[0xee]);
    let image = udf.open().unwrap();
    let id = stat(&image, "x").unwrap().id;
    assert_eq!(image.tree().attribute(id, b"user.t").unwrap(), b"other");
    assert!(image.tree().attribute(id, b"user.s").is_err());
}

#[test]
fn a_udf_image_may_end_at_any_block() {
    let whole = sample().file("large", vec![9; 100_000]).symlink("l", "a").build();
    for blocks in 0..whole.bytes.len() / whole.block {
        for extra in [0, 1, 700] {
            let mut cut = whole.clone();
            cut.bytes.truncate(blocks * whole.block + extra);
            match cut.open() {
                Ok(image) => {
                    exercise(&image);
                    if image.tree().notes().is_empty() {
                        // Only what lies behind the partition is missing.
                        others_are_whole(&image, &[]);
                    }
                }
                Err(Error::Corrupt(_) | Error::NotADisc(_)) => {}
                Err(other) => panic!("{blocks}: {other}"),
            }
        }
    }
}

#[test]
fn one_wrong_byte_in_any_descriptor_costs_at_most_the_image() {
    let kinds = [
        Partition::Physical,
        Partition::Virtual { inline: true },
        Partition::sparable(),
        Partition::metadata(),
    ];
    for partition in kinds {
        let whole = sample().revision(0x201).partition(partition).symlink("l", "a").build();
        let mut places: Vec<usize> = (0..whole.bytes.len()).step_by(whole.block).collect();
        places.retain(|at| (1..300).contains(&u16::from_le_bytes([whole.bytes[*at], whole.bytes[at + 1]])));
        for at in places {
            for offset in (16..260).step_by(7) {
                let mut udf = whole.clone();
                let wrong = udf.bytes[at + offset] ^ 0xff;
                udf.forge(at, offset, &[wrong]);
                if let Ok(image) = udf.open() {
                    exercise(&image);
                }
            }
        }
    }
}

/// An image whose ISO side has one file and whose UDF side another tree.
fn bridge() -> Forged {
    let recognition: [&[u8; 5]; 5] = [b"CD001", b"CD001", b"BEA01", b"NSR03", b"TEA01"];
    let mut udf = sample().recognized_by(&recognition).build();
    let mut forge = Forge::new();
    forge.directory(20, 20, &[file("README.TXT;1", 22, 4)]).block(22, b"only");
    // The ISO side lies behind the UDF side, but for its descriptors.
    let behind = udf.bytes.len() / 2048;
    let root = (behind as u32).to_le_bytes();
    for at in [16 * 2048, 17 * 2048] {
        let descriptor = forge.bytes[at..at + 2048].to_vec();
        udf.patch(at, &descriptor);
    }
    udf.patch(16 * 2048 + 156 + 2, &root);
    let mut iso = Forge::new();
    iso.bytes.resize((behind + 8) * 2048, 0);
    iso.directory(behind as u32, behind as u32, &[file("README.TXT;1", behind as u32 + 1, 4)]);
    iso.block(behind as u32 + 1, b"only");
    let tail = iso.bytes[behind * 2048..].to_vec();
    udf.bytes.extend(tail);
    udf
}

#[test]
fn trees_that_say_different_things_are_each_shown_when_asked_for() {
    let udf = bridge();
    let image = udf.open().unwrap();
    assert_eq!(image.tree().view(), "udf");
    others_are_whole(&image, &[]);
    let iso = TreeOptions { view: View::Iso9660, ..TreeOptions::default() };
    let iso = udf.open_with(&OpenOptions { tree: iso, ..OpenOptions::default() }).unwrap();
    assert_eq!(names(&iso), ["readme.txt"]);
    assert_eq!(content(&iso, "readme.txt").unwrap(), b"only");
}

#[test]
fn a_damaged_udf_side_leaves_the_iso_side() {
    let mut udf = bridge();
    let fsd = udf.fsd;
    udf.patch(fsd + 4, &[0xee]);
    let image = udf.open().unwrap();
    assert_eq!(image.tree().view(), "iso9660");
    assert_eq!(content(&image, "readme.txt").unwrap(), b"only");
    assert!(
        udf.open_with(&OpenOptions {
            tree: TreeOptions { view: View::Udf, ..TreeOptions::default() },
            ..OpenOptions::default()
        })
        .is_err()
    );
}
