//! Kinds of what a check finds: words that stay, and whether they are damage.

/// What can be wrong with an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the table says what each is")]
pub enum Flaw {
    Unopenable,
    Cut,
    FileBytes,
    FileLost,
    DirectoryBytes,
    AttributeBytes,
    StructureBytes,
    FileChecksum,
    ImageChecksum,
    ListedMissing,
    Packed,
    Node,
    Directory,
    DirectoryLoop,
    DirectoryGap,
    Structure,
    SharedStructures,
    VolumeDescriptor,
    PathTable,
    BootImage,
    BootCatalog,
    PartitionTable,
    Anchor,
    MainSequence,
    Metadata,
    TreeSize,
    TreePlace,
    CutPadding,
    Part,
    SpareBytes,
    FreeBytes,
    Unverified,
    ListedElsewhere,
    ListedOtherwise,
    BothEndian,
    Terminator,
    PathTableCopy,
    DirectorySelf,
    DirectoryParent,
    DirectoryTwice,
    RockRidge,
    BootCatalogMark,
    PartitionTableCopy,
    TreeMissing,
    TreeStub,
    TreeLimited,
    Recognition,
    AnchorCopy,
    ReserveSequence,
    MetadataCopy,
    Integrity,
    SpaceBitmap,
}

impl Flaw {
    /// Every one: its word, whether it is damage (it costs somebody a byte or a name) or only a remark, and what it means.
    pub const ALL: [(Self, &'static str, bool, &'static str); 52] = [
        (Self::Unopenable, "unopenable", true, "nothing of the image can be shown"),
        (Self::Cut, "cut", true, "bytes are missing at the end, and something lies in them"),
        (Self::FileBytes, "file-bytes", true, "bytes of a file are not there, or cannot be read"),
        (
            Self::FileLost,
            "file-lost",
            true,
            "what leads to a file or directory is not there, or cannot be read",
        ),
        (
            Self::DirectoryBytes,
            "directory-bytes",
            true,
            "names in a directory are not there, or cannot be read",
        ),
        (
            Self::AttributeBytes,
            "attribute-bytes",
            true,
            "attributes of files, or parts of names, are not there",
        ),
        (
            Self::StructureBytes,
            "structure-bytes",
            true,
            "bytes of another structure that is needed are not there",
        ),
        (Self::FileChecksum, "file-checksum", true, "a file is not what its checksum says"),
        (Self::ImageChecksum, "image-checksum", true, "a part of the image is not what its checksum says"),
        (Self::ListedMissing, "listed-missing", true, "a list of checksums names a file that is not there"),
        (Self::Packed, "packed", true, "a packed file cannot be unpacked"),
        (Self::Node, "node", true, "what a name stands for cannot be read"),
        (Self::Directory, "directory", true, "the names in a directory cannot be read"),
        (Self::DirectoryLoop, "directory-loop", true, "a directory is in itself"),
        (Self::DirectoryGap, "directory-gap", true, "a sector of a directory has no name in it"),
        (Self::Structure, "structure", true, "a structure says what it may not"),
        (
            Self::SharedStructures,
            "shared-structures",
            true,
            "structures lie in each other, or there are too many; not all was looked at",
        ),
        (Self::VolumeDescriptor, "volume-descriptor", true, "a volume descriptor says what it may not"),
        (
            Self::PathTable,
            "path-table",
            true,
            "the path table of type L, which Windows reads, is not that of the tree",
        ),
        (Self::BootImage, "boot-image", true, "a boot image, or the boot catalog, lies outside of the image"),
        (Self::BootCatalog, "boot-catalog", true, "the boot catalog is damaged"),
        (
            Self::PartitionTable,
            "partition-table",
            true,
            "a partition table is damaged, or a part of it; a GPT also where its copy is in order",
        ),
        (Self::Anchor, "anchor", true, "UDF: the anchor at block 256 is damaged"),
        (Self::MainSequence, "main-sequence", true, "UDF: the main volume descriptor sequence is damaged"),
        (
            Self::Metadata,
            "metadata",
            true,
            "UDF: the metadata is damaged; its mirror, which not everybody reads, is not",
        ),
        (Self::TreeSize, "tree-size", true, "a file has another size in another tree"),
        (Self::TreePlace, "tree-place", true, "a file has other bytes in another tree"),
        (Self::CutPadding, "cut-padding", false, "bytes are missing at the end, and nothing lies in them"),
        (Self::Part, "part", false, "the image is a part of a disc, which begins in front of it"),
        (
            Self::SpareBytes,
            "spare-bytes",
            false,
            "bytes are not there of something that has a copy, or that nobody needs to read files",
        ),
        (Self::FreeBytes, "free-bytes", false, "bytes are not there in which nothing is known to lie"),
        (Self::Unverified, "unverified", false, "a checksum could not be compared"),
        (
            Self::ListedElsewhere,
            "listed-elsewhere",
            false,
            "a list of checksums names mostly files that are not there",
        ),
        (
            Self::ListedOtherwise,
            "listed-otherwise",
            false,
            "a list says something else of a file, which is right by another checksum",
        ),
        (
            Self::BothEndian,
            "both-endian",
            false,
            "a number that is recorded in both byte orders is not the same in both",
        ),
        (Self::Terminator, "terminator", false, "the volume descriptors have no terminator"),
        (
            Self::PathTableCopy,
            "path-table-copy",
            false,
            "a path table of type M, or an optional one, is not that of the tree",
        ),
        (
            Self::DirectorySelf,
            "directory-self",
            false,
            "a directory says something else of itself than the directory above",
        ),
        (Self::DirectoryParent, "directory-parent", false, "a directory names another one as the one above"),
        (Self::DirectoryTwice, "directory-twice", false, "a directory has two names"),
        (
            Self::RockRidge,
            "rock-ridge",
            false,
            "fields of Rock Ridge are not as they should be, and nothing is lost",
        ),
        (
            Self::BootCatalogMark,
            "boot-catalog-mark",
            false,
            "the boot catalog lacks one of its marks, and nothing is lost",
        ),
        (
            Self::PartitionTableCopy,
            "partition-table-copy",
            false,
            "the copy of a GPT, which stands at the end, is damaged or not there",
        ),
        (Self::TreeMissing, "tree-missing", false, "a file is in one tree and not in another"),
        (Self::TreeStub, "tree-stub", false, "a tree has less than half of the files of another"),
        (
            Self::TreeLimited,
            "tree-limited",
            false,
            "a file of 4 GiB or more is cut in a tree that cannot have it",
        ),
        (Self::Recognition, "recognition", false, "UDF: the recognition sequence is not whole"),
        (
            Self::AnchorCopy,
            "anchor-copy",
            false,
            "UDF: an anchor other than that at block 256 is damaged, or leads elsewhere",
        ),
        (
            Self::ReserveSequence,
            "reserve-sequence",
            false,
            "UDF: the reserve volume descriptor sequence is damaged, or not that of the main one",
        ),
        (Self::MetadataCopy, "metadata-copy", false, "UDF: the mirror of the metadata is damaged"),
        (
            Self::Integrity,
            "integrity",
            false,
            "UDF: the integrity descriptor is damaged, or says something else than the tree, or that the volume was not closed",
        ),
        (
            Self::SpaceBitmap,
            "space-bitmap",
            false,
            "UDF: the bitmap of free space is damaged, or says something else than the tree",
        ),
    ];

    fn row(self) -> Option<&'static (Self, &'static str, bool, &'static str)> {
        Self::ALL.iter().find(|(flaw, ..)| *flaw == self)
    }

    /// The word for it, which stays.
    pub fn word(self) -> &'static str {
        self.row().map_or("", |(_, word, ..)| word)
    }

    /// Whether it costs somebody a byte or a name; what does not is a remark.
    pub fn is_damage(self) -> bool {
        self.row().is_some_and(|(.., is_damage, _)| *is_damage)
    }

    /// What it means, for people.
    pub fn meaning(self) -> &'static str {
        self.row().map_or("", |(.., meaning)| meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flaw_has_one_word_of_its_own() {
        let mut words: Vec<&str> = Flaw::ALL.iter().map(|(flaw, ..)| flaw.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Flaw::ALL.len());
        assert!(Flaw::Cut.is_damage() && !Flaw::CutPadding.is_damage());
    }
}
