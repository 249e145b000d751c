//! `--picture`: the disc as a picture. Each row is a part of the disc, each field in it what lies there.
//!
//! It is one SVG file without script: whoever points at a field is told what it is. Its size is bounded whatever the disc has, because
//! what is too narrow to be seen is drawn as one with its neighbours.

mod layout;
mod svg;
mod topic;

use std::{cmp::Reverse, fs, path::Path};

use indicatif::HumanBytes;

use self::{
    layout::{Item, Layout, Owner},
    topic::Topics,
};
use super::{
    super::{
        exit::{Exit, Failure},
        shown,
    },
    Check, Reading,
    ranges::Ranges,
    report::from_root,
    verdict::counted,
};
use crate::{
    bytes::as_u64,
    open::Image,
    text,
    tree::{
        Extent, Inventory, Kind,
        inventory::{Role, Span},
    },
};

/// What is drawn over the fields.
pub(super) struct Marks {
    /// Bytes that are not there, or wrong.
    pub(super) damaged: Ranges,
    /// Bytes among which some are wrong.
    pub(super) suspect: Ranges,
}

/// All that is drawn.
pub(super) struct Picture<'a> {
    title: String,
    verdict: String,
    /// Bytes of the disc, with those that are missing at its end.
    total: u64,
    /// Bytes of the disc that are there.
    len: u64,
    /// Bytes of the image file in front of the first that is drawn.
    front: u64,
    layout: Layout,
    topics: &'a Topics,
    marks: Marks,
    /// What is damaged, for whoever points at it.
    damage_titles: Vec<(Extent, String)>,
    free: u64,
}

impl Check<'_> {
    /// Draws the disc.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn draw(
        &self,
        path: &Path,
        image: Option<&Image>,
        missing: u64,
        map: Option<&Ranges>,
        reading: &Reading,
    ) -> Result<(), Failure> {
        let (inventory, len) = (&self.inventory, self.there());
        let total = len.saturating_add(missing);
        let topics = Topics::of(inventory);
        let block = image.map_or(2048, |image| image.tree().statistics().block_size);
        let items = self.items(&topics, block.into());
        let used = Ranges::of(items.iter().map(|item| item.extent));
        let whole = Ranges::of([Extent { at: 0, len: total }]);
        let free = whole.minus(&used).total();
        let layout = Layout::of(&items, total, &|item, count| self.title_of(item, count));
        let bad = map.into_iter().flat_map(Ranges::iter).chain(reading.unreadable.iter());
        let bad = bad.chain(reading.outcome.wrong.iter()).chain(self.teller.damaged.iter().copied());
        let bad = bad.map(|extent| self.drawn(extent)).chain([Extent { at: len, len: missing }]);
        let damaged = Ranges::of(bad);
        let outside = damaged.minus(&whole);
        let damaged = damaged.minus(&outside);
        let damage_titles = self.damage_titles(&damaged, &layout);
        let suspect = Ranges::of(reading.outcome.suspect.iter().map(|extent| self.drawn(extent)));
        let suspect = suspect.minus(&damaged);
        let name = shown(self.args.of.image.file_name().map_or(&*self.args.of.image, Path::new));
        let label = image.map(|image| text::escape(image.tree().label().as_bytes())).unwrap_or_default();
        let picture = Picture {
            title: if label.is_empty() { name } else { format!("{label} ({name})") },
            verdict: self.verdict_of_picture(total),
            total,
            len,
            front: self.medium.in_file(self.medium.start()).unwrap_or(0),
            layout,
            topics: &topics,
            marks: Marks { damaged, suspect },
            damage_titles,
            free,
        };
        fs::write(path, svg::render(&picture)).map_err(|error| {
            let text = format!("picture {}: {error}; name another file", shown(path));
            Failure::new(Exit::MountPoint, text)
        })
    }

    /// What of a run of the disc is there, counted from the first byte that is.
    fn drawn(&self, extent: Extent) -> Extent {
        let start = self.medium.start();
        Extent::between(extent.at.saturating_sub(start), extent.end().saturating_sub(start))
    }

    fn verdict_of_picture(&self, total: u64) -> String {
        let members = self.inventory.members().iter();
        let count = as_u64(members.filter(|m| m.kind != Kind::Directory).count());
        let files = counted(count, "file", "files");
        let hit = as_u64(self.teller.damaged_files.len()).saturating_add(self.teller.lost_names);
        let verdict = match (self.teller.is_whole(), hit) {
            (true, _) if self.args.quick => "structure and length are in order".to_owned(),
            (true, _) => "whole".to_owned(),
            (false, 0) => "damaged".to_owned(),
            (false, hit) => format!("damaged, {} hit", counted(hit, "file", "files")),
        };
        format!("{} \u{b7} {files} \u{b7} {verdict}", short(total))
    }

    /// Everything that has a place, by place, in whole blocks.
    fn items(&self, topics: &Topics, block: u64) -> Vec<Item> {
        let inventory = &self.inventory;
        let mut items: Vec<Item> = Vec::new();
        let spans = inventory.spans().iter().filter(|span| span.role != Role::Record);
        items.extend(spans.map(|span| Item {
            extent: span.extent,
            topic: if span.role == Role::Content { topics.of_member(span.owner) } else { topic::STRUCTURE },
            owner: Owner::Span(*span),
        }));
        let regions = self.examination.regions.iter().enumerate();
        items.extend(regions.filter(|(_, region)| !region.has_contents).map(|(number, region)| Item {
            extent: region.extent,
            topic: topic::STRUCTURE,
            owner: Owner::Region(number),
        }));
        for other in &self.examination.others {
            let is_structure =
                |span: &&Span| matches!(span.role, Role::Names | Role::Description | Role::Attributes);
            items.extend(other.inventory.spans().iter().filter(is_structure).map(|span| Item {
                extent: span.extent,
                topic: topic::STRUCTURE,
                owner: Owner::Other(other.view),
            }));
            for number in &other.only_here {
                let Some(member) = other.inventory.member(*number) else { continue };
                items.extend(other.inventory.content_of(member).map(|span| Item {
                    extent: span.extent,
                    topic: topic::OTHER_TREE,
                    owner: Owner::Other(other.view),
                }));
            }
        }
        items.retain(|item| item.extent.len > 0);
        for item in &mut items {
            item.extent = self.drawn(item.extent);
            let end = item.extent.end().checked_next_multiple_of(block).unwrap_or(u64::MAX);
            item.extent = Extent::between(item.extent.at, end);
        }
        items.extend(self.boot_items(&items));
        items.sort_by_key(|item| (item.extent.at, Reverse(item.extent.len)));
        items
    }

    /// Boot images and partitions, as far as nothing else lies there: of one that is a file too, the file is seen.
    fn boot_items(&self, items: &[Item]) -> Vec<Item> {
        let used = Ranges::of(items.iter().map(|item| item.extent));
        let regions = self.examination.regions.iter().enumerate().filter(|(_, region)| region.has_contents);
        let mut regions: Vec<(usize, Extent)> =
            regions.map(|(number, region)| (number, self.drawn(region.extent))).collect();
        regions.sort_by_key(|(_, extent)| (extent.at, Reverse(extent.len)));
        let mut found = Vec::new();
        // Each byte once, so that partitions which lie in each other are no work.
        let mut done: u64 = 0;
        for (number, extent) in regions {
            let rest = Extent::between(extent.at.max(done), extent.end().max(done));
            done = rest.end();
            found.extend(Ranges::of([rest]).minus(&used).iter().map(|extent| Item {
                extent,
                topic: topic::BOOT,
                owner: Owner::Region(number),
            }));
        }
        found
    }

    /// What a field is called that stands for `count` items, of which this is the first.
    fn title_of(&self, item: &Item, count: usize) -> String {
        let inventory = &self.inventory;
        let what = match item.owner {
            Owner::Span(span) => owner_of(inventory, &span),
            Owner::Region(number) => {
                self.examination.regions.get(number).map(|region| region.what.to_string()).unwrap_or_default()
            }
            Owner::Other(view) => format!("of the {view} tree"),
        };
        match count {
            0 | 1 => what,
            _ => format!("{what} and {} more", count.saturating_sub(1)),
        }
    }

    /// What is damaged, as many places as are drawn apart.
    fn damage_titles(&self, damaged: &Ranges, layout: &Layout) -> Vec<(Extent, String)> {
        let places = layout.joined(damaged);
        let mut names: Vec<Vec<String>> = vec![Vec::new(); places.len()];
        let mut steps: u32 = STEPS;
        for span in self.inventory.spans().iter().filter(|span| span.role != Role::Record) {
            let extent = self.drawn(span.extent);
            let Some(first) = damaged.first_within(extent) else { continue };
            let from = places.partition_point(|place| place.end() <= first);
            for (place, names) in places.iter().zip(&mut names).skip(from) {
                steps = steps.saturating_sub(1);
                if place.at >= extent.end() || steps == 0 {
                    break;
                }
                if names.len() <= NAMED {
                    let name = owner_of(&self.inventory, span);
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
        }
        let title = |names: &[String]| match names {
            [] => "damaged: nothing is known to lie there".to_owned(),
            names => {
                let dots = if names.len() > NAMED { " ..." } else { "" };
                let named: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
                format!("damaged: {}{dots}", named.join(", "))
            }
        };
        places.iter().zip(&names).map(|(place, names)| (*place, title(names))).collect()
    }
}

/// Looks at what lies in damaged places, over all of them: files that lie in each other could make them many.
const STEPS: u32 = 16 << 20;

/// Names in the title of a damaged place.
const NAMED: usize = 6;

fn owner_of(inventory: &Inventory, span: &Span) -> String {
    let Some(member) = inventory.member(span.owner) else { return String::new() };
    let path = from_root(&inventory.path_of(member));
    match span.role {
        Role::Content => path,
        Role::Names => format!("directory {path}"),
        Role::Description => format!("what leads to {path}"),
        Role::Attributes | Role::Record => format!("attributes in {path}"),
    }
}

/// A number of bytes in a few words.
fn short(bytes: u64) -> String {
    HumanBytes(bytes).to_string().replace(".00 ", " ")
}
