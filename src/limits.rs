//! Every cap on what an image may claim, each with its reason.
//!
//! Nothing is allocated from a claim and no loop over data of the image is without a bound
//! (`docs/ARCHITECTURE.md`); the bounds are all here.

/// Volume descriptors in one set, ECMA-119 6.7.1 has no limit. The kernel's isofs looks at 84, libarchive
/// at 100 at most; real discs have two to five.
pub const VOLUME_DESCRIPTORS: u64 = 100;

/// Sessions of a multi-session image. A compact disc holds at most 99 tracks, hence at most 99 sessions.
pub const SESSIONS: usize = 99;

/// Sectors behind the end of a volume in which the descriptors of a further session are looked for one by
/// one: writers align sessions to 16 or 32 sectors, and pad by 150.
pub const SESSION_GAP: u64 = 512;

/// Distances in sectors from the end of one session to the next on a compact disc, which an image of the whole disc keeps:
/// lead-out, lead-in and pre-gap behind a later session, and behind the first.
pub const DISC_SESSION_GAPS: [u64; 2] = [6_900, 11_400];

/// Sectors from each of these on in which the next session is looked for: writers pad by 150 behind the end that they state, and a
/// drive adds up to two of run-out.
pub const DISC_SESSION_SLACK: u64 = 160;

/// Sectors from the volume descriptors on in which path table and root of an image are looked for that was cut out of a disc: one of
/// them comes right behind the descriptors.
pub const ORIGIN_SEARCH: u64 = 1024;

/// Bytes of a root directory that are looked at to describe a tree: about five hundred names.
pub const DESCRIBED_ROOT: u64 = 64 * 1024;

/// Extensions (`ER`) of a tree that are told. Real discs announce two or three.
pub const EXTENSIONS: usize = 16;

/// Kinds of system use entries of a tree that are told. About twenty are known.
pub const FIELDS: usize = 64;

/// Bytes at each end of what is behind a volume that are looked at whether they are zeros.
pub const TRAILING_LOOK: u64 = 64 * 1024;

/// Bytes of the directories that are looked into to describe an image, those nearest to the root first: lists of checksums, and what
/// trees disagree about. So are 128 directories of one sector.
pub const LOOK: u64 = 256 * 1024;

/// Bytes that a name counts for at least there: what it stands for is read too where trees are compared, of UDF a block for each.
pub const LOOK_NAME: u64 = 256;

/// Bytes of small files that are read to compare trees for a description, as [`COMPARED_BYTES`].
pub const LOOK_COMPARED: u64 = 256 * 1024;

/// Continuation areas (`CE`) of one directory record. One is usual, long links and access control lists
/// take a few; the kernel stops at 32 as well.
pub const CONTINUATION_AREAS: usize = 32;

/// Bytes of one continuation area. SUSP 5.1 lets it be as long as 32 bits say; writers stay in one sector, but for attributes.
pub const CONTINUATION_AREA: u64 = 32 * 1024;

/// Bytes of all continuation areas of one record. The longest name and the longest link take five KiB together.
pub const CONTINUATION_AREAS_OF_RECORD: u64 = 16 * 1024;

/// Continuation areas of one record that are read for its attributes (`AL`): libisofs puts as much as one block holds into each,
/// and so many hold [`ATTRIBUTE_AREAS_OF_RECORD`].
pub const ATTRIBUTE_AREAS: usize = 256;

/// Bytes of all the continuation areas of one record, and of one of them, that are read for its attributes: several values as
/// long as they can be ([`EXTENDED_ATTRIBUTE`]).
pub const ATTRIBUTE_AREAS_OF_RECORD: u64 = 512 * 1024;

/// Bytes of all the continuation areas that are read in other directories to decode one, for each byte of the directory
/// itself: areas that many records share cannot multiply the work.
pub const CONTINUATION_PER_BYTE: u64 = 16;

/// Bytes of one name in a directory, `NAME_MAX` of Linux.
pub const NAME: usize = 255;

/// Bytes in the target of a symbolic link, `PATH_MAX` of Linux without its NUL.
pub const LINK_TARGET: usize = 4095;

/// Sections (extents) of one file. 16 384 sections of 4 GiB are more than the 8 TiB of a volume of 2 048-byte
/// blocks; the kernel stops at 100.
pub const FILE_SECTIONS: usize = 16 * 1024;

/// Bytes of one directory that are looked at. A million names with Rock Ridge need about 200 MiB.
pub const DIRECTORY: u64 = 512 * 1024 * 1024;

/// Names of one directory. With [`DIRECTORY`] it bounds the memory for one decoded directory.
pub const DIRECTORY_ENTRIES: usize = 4 * 1024 * 1024;

/// Sectors without a record after which a directory is taken to have ended: a hole of gigabytes that
/// calls itself a directory is not read to its end. 8 MiB.
pub const EMPTY_DIRECTORY_SECTORS: u64 = 4096;

/// Records that are looked at in other directories to place the relocated ones (`RE`) of one directory.
pub const RELOCATION_RECORDS: usize = 1 << 20;

/// Other directories that are looked into to place the relocated ones (`RE`) of one directory.
pub const RELOCATION_PARENTS: usize = 4096;

/// Bytes of a path below which a walk does not go: sixteen times `PATH_MAX` of Linux.
pub const WALKED_PATH: usize = 64 * 1024;

/// Directories that a search through the whole tree visits, for one purpose (hard links by number).
pub const SEARCHED_DIRECTORIES: usize = 1 << 20;

/// Records that the search for hard links looks at: directories that overlap can have many more than there are bytes.
pub const SEARCHED_RECORDS: usize = 16 << 20;

/// Bytes of decoded directories on the way down that a walk keeps, so that none is decoded again for each of its
/// subdirectories.
pub const WALK_KEPT: usize = 16 << 20;

/// Hard-linked records that the index of them holds, 16 bytes each.
pub const HARD_LINKS: usize = 4 * 1024 * 1024;

/// Binary logarithm of the smallest and the largest zisofs block. Writers use 15 to 17 (version 1) and up to 20
/// (version 2); the kernel reads 12 to 17. One unpacked block is one allocation: at most 1 MiB.
pub const ZISOFS_BLOCK_LOG2: std::ops::RangeInclusive<u8> = 12..=20;

/// Levels of tables in a sparse file (`SF`), RRIP 4.1.7: each level adds a factor of 256, seven reach 2^64.
pub const SPARSE_TABLE_DEPTH: u8 = 7;

/// Bytes in the value of an extended attribute, `XATTR_SIZE_MAX` of Linux: nobody can be given more, so that larger ones
/// are neither listed nor read.
pub const EXTENDED_ATTRIBUTE: u64 = 64 * 1024;

/// Bytes in the name of an extended attribute, `XATTR_NAME_MAX` of Linux.
pub const EXTENDED_ATTRIBUTE_NAME: usize = 255;

/// Bytes of all the names of the extended attributes of one node, each with a NUL, `XATTR_LIST_MAX` of Linux: the list
/// ends before the first that does not fit.
pub const EXTENDED_ATTRIBUTES: usize = 64 * 1024;

/// Attributes of one node that are looked at: as many as have room in [`EXTENDED_ATTRIBUTES`].
pub const ATTRIBUTES: usize = 8 * 1024;

/// Directories of which the record that describes them is remembered: of an image with attributes it lies among the records of the
/// directory above.
pub const DESCRIBED_DIRECTORIES: usize = 64 * 1024;

/// Bytes that the kernel may ask for in one request, which a buffer of each thread may have to hold. An answer must be whole:
/// the kernel takes a shorter one for the end of the file. Larger requests leave the processor's cache before the reader comes.
pub const REQUEST: u32 = 256 * 1024;

/// Different damaged places that are told in the log; later ones are only counted.
pub const REPORTED_DAMAGE: usize = 1000;

/// Blocks of volume descriptors that are read, over all extents and pointers of one sequence. Writers use 16.
pub const VOLUME_SEQUENCE_BLOCKS: u32 = 512;

/// Volume descriptor pointers that are followed from one extent of a sequence to the next; the kernel stops at 64 as well.
pub const VOLUME_POINTERS: u32 = 64;

/// Partitions of a volume, and partition maps of a logical volume. UDF uses up to three.
pub const PARTITIONS: usize = 64;

/// Integrity descriptors that are read to find the newest: write-once media collect one for each time they were closed.
pub const INTEGRITY_DESCRIPTORS: u32 = 1024;

/// Blocks from the last one back in which a virtual allocation table is looked for. It is in the last block that was written;
/// images have padding behind it.
pub const VIRTUAL_TABLE_SEARCH: u32 = 4096;

/// Bytes of zeros at the end of an image that are read, once, to find what is in front of them: a DVD of two layers. Holes of
/// the file are not read.
pub const BLANK_TAIL: u64 = 9 << 30;

/// Entries of a sparing table: as many as its 16-bit length can say.
pub const SPARED_PACKETS: usize = 65_535;

/// Indirect entries on the way from an ICB to its newest file entry; the kernel stops at 1024 as well.
pub const INDIRECT_ENTRIES: u32 = 1024;

/// Indirect entries that are followed to list one directory, over all its files.
pub const LISTED_INDIRECT_ENTRIES: u32 = 8 * 1024;

/// Steps, as for [`ALLOCATION_DESCRIPTORS`], to find the bytes of a file that may be a virtual allocation table: writers put it into
/// one extent.
pub const VIRTUAL_TABLE_STEPS: u32 = 1024;

/// Such steps for all the files that are looked into to find it.
pub const VIRTUAL_TABLE_SEARCH_STEPS: u32 = 64 * 1024;

/// Named streams of one file that are looked at: as many as have room in [`EXTENDED_ATTRIBUTES`].
pub const STREAMS: usize = 8 * 1024;

/// Entries of a directory among which the one that names its parent is looked for. It is the first.
pub const PARENT_ENTRIES: usize = 64;

/// Steps that it may take to find the bytes of one file: its allocation descriptors, and the runs that they fall into in a
/// partition whose blocks are scattered. 262 144 packets of 64 KiB are 16 GiB in the worst order.
pub const ALLOCATION_DESCRIPTORS: u32 = 256 * 1024;

/// Such steps for a file that is only listed, so that its node is decoded at once.
pub const LISTED_ALLOCATION_DESCRIPTORS: u32 = 32;

/// Such steps for a run that cannot be found: the error that says why takes up memory.
pub const LOST_STEPS: u32 = 32;

/// Allocation extents (blocks full of allocation descriptors) of one file; larger blocks than 2 KiB count for several.
pub const ALLOCATION_EXTENTS: u32 = 16 * 1024;

/// Allocation extents one behind the other without a byte of the file; the kernel stops at 16 as well.
pub const EMPTY_ALLOCATION_EXTENTS: u32 = 16;

/// Bytes of a directory without an entry after which it is taken to have ended, as [`EMPTY_DIRECTORY_SECTORS`]: 8 MiB.
pub const EMPTY_DIRECTORY: u64 = 8 * 1024 * 1024;

/// Bytes of a directory that are verified to find the next entry behind a damaged one: what looks like entries can overlap.
pub const SEARCHED_ENTRIES: u64 = 64 * 1024 * 1024;

/// Bytes of path components in a symbolic link: the longest target, each of its letters in a component of its own.
pub const LINK_COMPONENTS: u64 = 32 * 1024;

/// Bytes of the extended attributes of one file that are looked at.
pub const EXTENDED_ATTRIBUTE_SPACE: u64 = 128 * 1024;

/// Nodes of a disc of more than 4 GiB that are looked at to find out whether ISO 9660 cuts a large file that UDF knows
/// whole: as many as a DVD of small files has.
pub const COMPARED_NODES: u32 = 1 << 20;

/// Names that a directory may have, in bytes of its decoded listing, so that a walk through it is followed: about three
/// thousand.
pub const AHEAD_LISTING: usize = 128 * 1024;

/// Directories on the way down of a walk that is followed, each at most [`AHEAD_LISTING`].
pub const AHEAD_DEPTH: usize = 32;

/// Entries of a directory whose nodes are decoded together with its names, before they are asked for.
pub const LISTED_NODES: usize = 1024;

/// Bytes of such a node: those of most files have 300. With [`LISTED_NODES`] it bounds what a dozen directories take to 6 MiB.
pub const LISTED_NODE: usize = 512;

/// Records of 32 bytes in a boot catalog. El Torito sets no limit; libisofs writes 32 images at most.
pub const BOOT_CATALOG_RECORDS: u32 = 256;

/// Bytes of directories in which the files are looked for that boot images are: those nearest to the root, where writers put them.
pub const BOOT_SEARCHED: u64 = 4 << 20;

/// Directories that are looked into for that.
pub const BOOT_SEARCHED_DIRECTORIES: usize = 4096;

/// Boot records in the chain of an extended partition (MBR), each with one partition. Linux shows 256 partitions of a disk at most.
pub const EXTENDED_BOOT_RECORDS: usize = 256;

/// Bytes of the partition entries of a GPT. 128 entries of 128 bytes are usual, libisofs writes up to 248.
pub const GPT_ENTRIES: u64 = 1 << 20;

/// Entries of an Apple partition map, likewise.
pub const APPLE_PARTITIONS: u32 = 256;

/// Names that an inventory holds, about a hundred bytes each with what belongs to them: several times those of the fullest
/// dual-layer disc.
pub const INVENTORY_NAMES: usize = 4 * 1024 * 1024;

/// Bytes of all names that an inventory holds, 64 for each.
pub const INVENTORY_NAME_BYTES: usize = 256 * 1024 * 1024;

/// Runs of bytes that an inventory holds, 32 bytes each.
pub const INVENTORY_SPANS: usize = 8 * 1024 * 1024;

/// Failures that an inventory holds; more are counted.
pub const INVENTORY_FAILURES: usize = 64 * 1024;

/// How many times the bytes of the image its directories, file entries and continuation areas together may have: once is what they
/// have when none lies in another. The [`INVENTORY_SLACK`] comes on top.
pub const INVENTORY_STRUCTURES: u64 = 4;

/// See [`INVENTORY_STRUCTURES`]: for small images.
pub const INVENTORY_SLACK: u64 = 64 * 1024 * 1024;

/// Directories above one that are looked at to know whether it is in itself, over all that have several names.
pub const INVENTORY_ANCESTORS: u64 = 16 * 1024 * 1024;

/// Findings of one kind in one tree that a check keeps with all that is known of them; more are counted.
pub const FINDINGS: usize = 1000;

/// Bytes that are read to compare files which lie at different places in two trees, in all: one small file each is the rule, on discs
/// whose UDF keeps them inside of their entries.
pub const COMPARED_BYTES: u64 = 256 * 1024 * 1024;

/// Bytes of one path table that are compared: the longest that numbers of 16 bits can make sense of has 17 MiB.
pub const PATH_TABLE: u64 = 64 * 1024 * 1024;

/// Bytes of one space bitmap that is looked at: 1 TiB in blocks of 2 KiB.
pub const SPACE_BITMAP: u64 = 64 * 1024 * 1024;

/// Blocks in use that are looked up in a space bitmap: those of a disc of 128 GiB, once.
pub const BITMAP_STEPS: u64 = 64 * 1024 * 1024;

/// Bytes of all lists of checksums in an image that are read: a million lines, three times over.
pub const LISTS: u64 = 256 * 1024 * 1024;

/// Checksums of all those lists, a hundred bytes each.
pub const LISTED: usize = 2 * 1024 * 1024;

/// How many times the bytes of the image may go into checksums of files: once is what they do when no file lies in another. The
/// [`HASHED_SLACK`] comes on top.
pub const HASHED: u64 = 2;

/// See [`HASHED`]: for small images.
pub const HASHED_SLACK: u64 = 256 * 1024 * 1024;

/// How many times the bytes of the image may come out of its packed files, and of files with holes; [`HASHED_HOLES`] come on top. Text
/// packs to a tenth.
pub const UNPACKED: u64 = 16;

/// Bytes of holes that go into checksums or are unpacked from nothing: zeros without end are no work that anybody asked for.
pub const HASHED_HOLES: u64 = 4 * 1024 * 1024 * 1024;

/// Bytes of findings that a check tells; further ones are counted. A million of 256 bytes each.
pub const TOLD: u64 = 256 * 1024 * 1024;

/// Bytes of the array of checksums of one session, 16 for each file: as many files as an inventory holds.
pub const FILE_SUMS: u64 = 64 * 1024 * 1024;

/// Lists of checksums in one image that are read.
pub const LIST_COUNT: usize = 4096;

/// Bytes of all paths in the findings of drivers; of further ones each kind is counted.
pub const FINDING_PATHS: u64 = 64 * 1024 * 1024;
