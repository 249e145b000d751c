//! What the descriptors of UDF say of a disc.

use super::{
    Udf, anchor, integrity,
    integrity::Integrity,
    name,
    open::{Candidate, candidates},
    partition::{self, Partition},
    raw::{self, EntityIdentifier},
    sequence::VolumeDescriptors,
    session,
};
use crate::{
    fs::{
        Options, Session, View,
        description::{DescribedSession, DescribedTree, Description, Detail, Identity, Text, Value},
        maker::made_by,
        session::{SECTOR, first},
    },
    limits, text,
    time::Recorded,
    volume::Volume,
};

/// Access types of partitions, ECMA-167 3/10.5.7; the first is that of media that can be overwritten in parts.
const ACCESS: [&str; 5] = ["pseudo-overwritable", "read-only", "write-once", "rewritable", "overwritable"];

/// What is known of a volume.
struct Known<'a> {
    volume: &'a Volume,
    block_size: u64,
    descriptors: &'a VolumeDescriptors,
    integrity: &'a Integrity,
    /// The tree, where it could be opened.
    udf: Option<&'a Udf>,
}

impl Udf {
    /// What the volume says of itself, and which other sessions there are.
    pub(in crate::fs) fn describe(&self, options: &Options) -> Description {
        let known = Known {
            volume: &self.space.volume,
            block_size: self.space.block_size,
            descriptors: &self.descriptors,
            integrity: &self.integrity,
            udf: Some(self),
        };
        known.description(options)
    }
}

/// What a volume says of itself that cannot be opened; `None` when not even its descriptors can be read.
pub(in crate::fs) fn describe_unopened(volume: &Volume, options: &Options) -> Option<Description> {
    let Candidate { block_size, descriptors, .. } =
        candidates(volume, options, &mut None).into_iter().next()?;
    let logical: &raw::LogicalVolume = descriptors.logical.as_ref("logical volume descriptor").ok()?;
    let integrity = integrity::read(volume, block_size, anchor::Extent::of(logical.integrity, block_size));
    let integrity = integrity.unwrap_or_default();
    let known = Known { volume, block_size, descriptors: &descriptors, integrity: &integrity, udf: None };
    Some(known.description(options))
}

impl Known<'_> {
    fn description(&self, options: &Options) -> Description {
        let version = self.revision().map(decimal);
        let tree = DescribedTree {
            view: View::Udf,
            format: "UDF",
            title: version.as_ref().map_or_else(|| "UDF".to_owned(), |version| format!("UDF {version}")),
            version,
            identity: self.identity(),
            block_size: self.block_size,
            size: self.blocks().saturating_mul(self.block_size),
            is_shown: false,
            details: self.details(),
            error: None,
            place: self.descriptors.logical.at,
        };
        let end = self.end(options).saturating_mul(self.block_size);
        let mut sessions = self.sessions(options);
        for session in sessions.iter_mut().filter(|session| session.is_shown) {
            let start = session.start.map_or(end, |start| start.saturating_mul(SECTOR));
            session.size = end.saturating_sub(start);
        }
        Description { end, trees: vec![tree], sessions, ..Description::default() }
    }

    fn logical(&self) -> Option<&raw::LogicalVolume> {
        self.descriptors.logical.as_ref("logical volume descriptor").ok()
    }

    fn revision(&self) -> Option<u16> {
        let of_domain = || self.logical().map(|logical| revision_of(&logical.domain));
        self.udf.map(|udf| udf.revision).or_else(of_domain).filter(|revision| *revision != 0)
    }

    fn identity(&self) -> Identity {
        let mut identity = Identity::default();
        if let Some(logical) = self.logical() {
            identity.name = name::dstring(&logical.identifier).into_bytes();
        }
        if let Some(udf) = self.udf {
            identity.name = udf.label.clone().into_bytes();
            identity.copyright_file = udf.file_set.copyright_file.clone().into_bytes();
            identity.abstract_file = udf.file_set.abstract_file.clone().into_bytes();
        }
        identity.modified = self.integrity.recorded.clone();
        let Some(primary) = self.descriptors.primary() else { return identity };
        identity.volume_set = name::dstring(&primary.volume_set_identifier).into_bytes();
        identity.set_size = primary.max_volume_sequence_number.get().into();
        identity.set_number = primary.volume_sequence_number.get().into();
        identity.application = identifier(&primary.application);
        identity.created = Recorded::of_timestamp(&primary.recorded);
        // mkudffs puts its name where that of the owner belongs, if nobody tells it one.
        let [owner, ..] = self.informed();
        let owner = Some(owner).filter(|owner| owner.starts_with("Linux mkudffs ")).unwrap_or_default();
        let implementation = identifier(&primary.implementation);
        identity.made_by = made_by([owner.as_bytes(), &identity.application, &implementation]);
        identity
    }

    /// Owner, organization and contact.
    fn informed(&self) -> [String; 3] {
        const STRUCTURE: &str = "implementation use volume descriptor";
        let information = self.descriptors.information.as_ref();
        let information = information
            .and_then(|descriptor| descriptor.as_ref::<raw::ImplementationUseVolume>(STRUCTURE).ok());
        information.map(|of| of.information.map(|field| name::dstring(&field))).unwrap_or_default()
    }

    /// What UDF alone has.
    fn details(&self) -> Vec<Detail> {
        let integrity = self.integrity;
        let logical = self.logical();
        let recorded = |revision: u16| Some(revision).filter(|revision| *revision != 0).map(decimal);
        let revision = |name, text: Option<String>| Detail::new(name, text.map(String::into_bytes));
        let text = |name, text: Option<String>| Detail::new(name, text.unwrap_or_default().into_bytes());
        let [owner, organization, contact] = self.informed();
        let volume = self.descriptors.primary().map(|primary| name::dstring(&primary.identifier));
        let file_set = self.udf.map(|udf| udf.file_set.identifier.clone());
        let counts = self.counts();
        // There the descriptor cannot be recorded anew.
        let is_write_once = self.udf.is_some_and(|udf| udf.virtual_table().is_some());
        vec![
            Detail::new(
                "revisions",
                Value::Group(vec![
                    revision("domain", logical.map(|logical| decimal(revision_of(&logical.domain)))),
                    revision("min_read", recorded(integrity.revision)),
                    revision("min_write", recorded(integrity.min_write_revision)),
                    revision("max_write", recorded(integrity.max_write_revision)),
                ]),
            ),
            Detail::new(
                "integrity",
                Value::Group(vec![
                    Detail::new(
                        "closed",
                        (integrity.is_recorded && !is_write_once).then_some(integrity.is_closed),
                    ),
                    Detail::new("files", counts.map(|(files, _)| files)),
                    Detail::new("directories", counts.map(|(_, directories)| directories)),
                ]),
            ),
            Detail::new(
                "identifiers",
                Value::Group(vec![
                    text("volume", volume),
                    text("file_set", file_set),
                    Detail::new("domain", logical.map(|logical| identifier(&logical.domain))),
                    Detail::new("implementation", logical.map(|logical| identifier(&logical.implementation))),
                ]),
            ),
            Detail::new(
                "information",
                Value::Group(vec![
                    text("owner", Some(owner)),
                    text("organization", Some(organization)),
                    text("contact", Some(contact)),
                ]),
            ),
            Detail::new("partitions", self.partitions()),
        ]
    }

    /// Files and directories, where that is recorded.
    fn counts(&self) -> Option<(u32, u32)> {
        self.udf.and_then(Udf::counts).or_else(|| {
            let integrity = self.integrity;
            // Where the revision is not recorded the counts next to it are not, either.
            (integrity.revision != 0).then_some((integrity.files, integrity.directories))
        })
    }

    fn partitions(&self) -> Vec<Value> {
        let kinds = partition::kinds(self.descriptors).unwrap_or_default();
        let partition = |(index, (kind, number)): (usize, (&str, u16))| {
            let place = self.descriptors.partitions.iter().find(|place| place.number == number);
            let own = place.filter(|_| kind == "physical" || kind == "sparable");
            let access = place.map(|place| {
                let word = usize::try_from(place.access).ok().and_then(|access| ACCESS.get(access));
                word.map_or_else(|| place.access.to_string(), |word| (*word).to_owned())
            });
            let partition = self.udf.and_then(|udf| udf.space.partitions.get(index));
            let error = match partition {
                Some(Partition::Missing(error)) => Some(error.to_string()),
                _ => None,
            };
            Value::Group(vec![
                Detail::new("type", kind),
                Detail::new("access", access),
                Detail::new("start", own.map(|place| place.start)),
                Detail::new("blocks", own.map(|place| place.length)),
                Detail::new("free", own.and_then(|_| self.integrity.free.get(index).copied().flatten())),
                Detail::new("error", error),
            ])
        };
        kinds.iter().map(|(kind, number)| (kind.as_str(), *number)).enumerate().map(partition).collect()
    }

    /// Blocks of the partitions that lie in no other.
    fn blocks(&self) -> u64 {
        self.descriptors.partitions.iter().map(|place| u64::from(place.length)).sum()
    }

    /// The block behind the last one that anything leads to. Media that are written once have their partition reach to their end, which no
    /// image does: of these it is the one behind the virtual allocation table.
    fn end(&self, options: &Options) -> u64 {
        let partitions = self.descriptors.partitions.iter();
        let ends = partitions.map(|place| u64::from(place.start).saturating_add(place.length.into()));
        let written = self.udf.and_then(Udf::virtual_end);
        let start = options.session.map_or_else(|| first(self.volume), |_| 0);
        let anchors = anchor::end(self.volume, self.block_size, start, options);
        let end = written.unwrap_or_else(|| ends.max().unwrap_or(0));
        end.max(self.descriptors.end).max(anchors)
    }

    /// The sessions, first to last.
    fn sessions(&self, options: &Options) -> Vec<DescribedSession> {
        let mut sessions: Vec<DescribedSession> = Vec::new();
        let mut start = Some(first(self.volume));
        while let Some(sector) = start.take()
            && sessions.len() < limits::SESSIONS
        {
            let options = Options { session: Some(Session::Start(sector)), ..options.clone() };
            let found = candidates(self.volume, &options, &mut None);
            let Some(candidate) = found.first() else { break };
            let (partitions, block_size) = (&candidate.descriptors.partitions, candidate.block_size);
            let integrity = Integrity::default();
            let known = Known {
                volume: self.volume,
                block_size,
                descriptors: &candidate.descriptors,
                integrity: &integrity,
                udf: None,
            };
            sessions.push(known.session(Some(sector), self.descriptors.logical.at));
            start = session::following(self.volume, sector, partitions, block_size);
        }
        // One to which only the anchors at the end lead.
        if !sessions.iter().any(|session| session.is_shown) {
            sessions.push(self.session(None, self.descriptors.logical.at));
        }
        sessions
    }

    fn session(&self, start: Option<u64>, shown: u64) -> DescribedSession {
        let partitions = self.descriptors.partitions.iter();
        let ends = partitions.map(|place| u64::from(place.start).saturating_add(place.length.into()));
        let end = ends.max().unwrap_or(0).saturating_mul(self.block_size);
        let identity = self.identity();
        DescribedSession {
            start,
            size: start.map_or(0, |start| end.saturating_sub(start.saturating_mul(SECTOR))),
            label: identity.name,
            created: identity.created,
            is_shown: self.descriptors.logical.at == shown,
        }
    }
}

/// The text of an entity identifier.
fn identifier(entity: &EntityIdentifier) -> Text {
    text::trimmed(&entity.identifier).to_vec()
}

/// The revision of UDF in the suffix of an entity identifier, UDF 2.1.5.3.
fn revision_of(entity: &EntityIdentifier) -> u16 {
    let [low, high, ..] = entity.suffix;
    u16::from_le_bytes([low, high])
}

/// A revision in binary coded decimal: 0x0201 is 2.01.
fn decimal(revision: u16) -> String {
    format!("{:x}.{:02x}", revision >> 8, revision & 0xff)
}
