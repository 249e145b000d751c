//! What partitions are for, as far as it is well known.

use super::Guid;

/// What a partition is for, as its table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionType {
    /// The byte of an MBR.
    Mbr(u8),
    /// The number of a GPT.
    Gpt(Guid),
    /// The word of an Apple partition map: `Apple_HFS`.
    Apple(String),
}

/// What a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// What firmware of EFI starts from: a FAT file system.
    EfiSystem,
    /// A file system of Apple's: HFS or HFS+.
    Hfs,
    /// What firmware of PowerPC machines (PReP, CHRP) starts from.
    Prep,
    /// Other partitions: an extended one.
    Partitions,
    /// Nothing of its own: it stands there so that programs that know only an MBR do not take the disk for a blank one.
    Protection,
    /// A partition table.
    Table,
    /// Nothing: it is free.
    Nothing,
    /// Anything.
    Data,
}

impl PartitionType {
    /// What it is called, where it is well known. An Apple type is its own name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Mbr(kind) => MBR_NAMES.iter().find(|(known, _)| known == kind).map(|(_, name)| *name),
            Self::Gpt(guid) => GPT_NAMES.iter().find(|(known, _)| *known == guid.0).map(|(_, name)| *name),
            Self::Apple(word) => Some(word),
        }
    }

    /// What such a partition holds.
    pub fn holds(&self) -> Holds {
        match self {
            Self::Mbr(mbr::EFI_SYSTEM) => Holds::EfiSystem,
            Self::Mbr(mbr::HFS) => Holds::Hfs,
            Self::Mbr(mbr::PREP) => Holds::Prep,
            Self::Mbr(kind) if mbr::is_extended(*kind) => Holds::Partitions,
            Self::Mbr(mbr::PROTECTION) => Holds::Protection,
            Self::Gpt(Guid(gpt::EFI_SYSTEM)) => Holds::EfiSystem,
            Self::Gpt(Guid(gpt::HFS)) => Holds::Hfs,
            Self::Gpt(Guid(gpt::PREP)) => Holds::Prep,
            Self::Apple(word) => match word.as_str() {
                "Apple_HFS" | "Apple_HFSX" => Holds::Hfs,
                "Apple_partition_map" => Holds::Table,
                "Apple_Free" | "Apple_Void" => Holds::Nothing,
                _ => Holds::Data,
            },
            Self::Mbr(_) | Self::Gpt(_) => Holds::Data,
        }
    }
}

/// Types of an MBR.
pub(super) mod mbr {
    pub(super) const PREP: u8 = 0x41;
    pub(super) const HFS: u8 = 0xaf;
    pub(in super::super) const PROTECTION: u8 = 0xee;
    pub(super) const EFI_SYSTEM: u8 = 0xef;

    /// Whether a partition of this type leads to others.
    pub(in super::super) fn is_extended(kind: u8) -> bool {
        matches!(kind, 0x05 | 0x0f | 0x85)
    }
}

/// Types of a GPT.
mod gpt {
    pub(super) const EFI_SYSTEM: u128 = 0xc12a7328_f81f_11d2_ba4b_00a0c93ec93b;
    pub(super) const HFS: u128 = 0x48465300_0000_11aa_aa11_00306543ecac;
    pub(super) const PREP: u128 = 0x9e1a2d38_c612_4316_aa26_8b49521e5a8b;
}

const MBR_NAMES: [(u8, &str); 43] = [
    (0x00, "no type"),
    (0x01, "FAT12"),
    (0x04, "FAT16 below 32M"),
    (0x05, "extended"),
    (0x06, "FAT16"),
    (0x07, "NTFS or exFAT"),
    (0x0b, "FAT32"),
    (0x0c, "FAT32 (LBA)"),
    (0x0e, "FAT16 (LBA)"),
    (0x0f, "extended (LBA)"),
    (0x11, "hidden FAT12"),
    (0x14, "hidden FAT16 below 32M"),
    (0x16, "hidden FAT16"),
    (0x17, "hidden NTFS"),
    (0x1b, "hidden FAT32"),
    (0x1c, "hidden FAT32 (LBA)"),
    (0x1e, "hidden FAT16 (LBA)"),
    (0x27, "Windows recovery"),
    (0x39, "Plan 9"),
    (0x3c, "PartitionMagic"),
    (0x41, "PReP boot"),
    (0x42, "Windows dynamic disk"),
    (0x63, "GNU Hurd"),
    (0x82, "Linux swap"),
    (0x83, "Linux"),
    (0x85, "Linux extended"),
    (0x8e, "Linux LVM"),
    (0x96, "ISO 9660"),
    (0xa5, "FreeBSD"),
    (0xa6, "OpenBSD"),
    (0xa8, "macOS UFS"),
    (0xa9, "NetBSD"),
    (0xab, "macOS boot"),
    (0xaf, "HFS or HFS+"),
    (0xbe, "Solaris boot"),
    (0xbf, "Solaris"),
    (0xcd, "ISO 9660 image (xorriso)"),
    (0xeb, "BeOS"),
    (0xee, "protects a GPT"),
    (0xef, "EFI system"),
    (0xfb, "VMware VMFS"),
    (0xfc, "VMware VMKCORE"),
    (0xfd, "Linux RAID"),
];

const GPT_NAMES: [(u128, &str); 20] = [
    (gpt::EFI_SYSTEM, "EFI system"),
    (gpt::HFS, "HFS or HFS+"),
    (gpt::PREP, "PReP boot"),
    (0x024dee41_33e7_11d3_9d69_0008c781f39f, "MBR partition scheme"),
    (0x21686148_6449_6e6f_744e_656564454649, "BIOS boot"),
    (0xebd0a0a2_b9e5_4433_87c0_68b6b72699c7, "Windows basic data"),
    (0xe3c9e316_0b5c_4db8_817d_f92df00215ae, "Windows reserved"),
    (0xde94bba4_06d1_4d40_a16a_bfd50179d6ac, "Windows recovery"),
    (0x0fc63daf_8483_4772_8e79_3d69d8477de4, "Linux"),
    (0x0657fd6d_a4ab_43c4_84e5_0933c84b4f4f, "Linux swap"),
    (0xe6d6d379_f507_44c2_a23c_238f2a3df928, "Linux LVM"),
    (0xa19d880f_05fc_4d3b_a006_743f0f84911e, "Linux RAID"),
    (0xbc13c2ff_59e6_4262_a352_b275fd6f7172, "Linux extended boot"),
    (0x7c3457ef_0000_11aa_aa11_00306543ecac, "APFS"),
    (0x426f6f74_0000_11aa_aa11_00306543ecac, "macOS boot"),
    (0x83bd6b9d_7f41_11dc_be0b_001560b84f0f, "FreeBSD boot"),
    (0x516e7cb4_6ecf_11d6_8ff8_00022d09712b, "FreeBSD"),
    (0x516e7cb6_6ecf_11d6_8ff8_00022d09712b, "FreeBSD UFS"),
    (0xfe3a2a5d_4f32_41a7_b725_accc3285a309, "ChromeOS kernel"),
    (0x3cb8e202_3b7e_47dd_8a3c_7ff2a13cfcec, "ChromeOS root"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_types_have_a_name_and_no_type_has_two() {
        assert_eq!(PartitionType::Mbr(0xef).name(), Some("EFI system"));
        assert_eq!(PartitionType::Mbr(0x99).name(), None);
        assert_eq!(PartitionType::Apple("Apple_HFS".into()).name(), Some("Apple_HFS"));
        assert_eq!(PartitionType::Gpt(Guid(1)).name(), None);
        assert!(MBR_NAMES.is_sorted_by(|a, b| a.0 < b.0));
        let mut guids = GPT_NAMES.map(|(guid, _)| guid);
        guids.sort_unstable();
        assert!(guids.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn what_a_partition_holds_follows_from_its_type() {
        let apple = |word: &str| PartitionType::Apple(word.into()).holds();
        assert_eq!(
            [0xef, 0xaf, 0x41, 0x0f, 0xee, 0x83].map(|kind| PartitionType::Mbr(kind).holds()),
            [Holds::EfiSystem, Holds::Hfs, Holds::Prep, Holds::Partitions, Holds::Protection, Holds::Data]
        );
        assert_eq!(apple("Apple_partition_map"), Holds::Table);
        assert_eq!((apple("Apple_Free"), apple("ISO9660_data")), (Holds::Nothing, Holds::Data));
    }
}
