//! What must hold for what `check` asks of any image: the inventory agrees with itself, and the same is found each time.

use std::sync::Arc;

use isomount::{
    Error,
    open::{Compared, Examination, Image, Medium, OpenOptions, Reach},
    source::Source,
    tree::{Inventory, inventory::Role},
};

/// Paths that are put together: each can be long.
const PATHS: usize = 1000;

/// Examines an image, twice.
pub fn examine(source: Arc<dyn Source>, options: &OpenOptions) {
    let medium = Medium::from_source(source, options);
    let image = match medium.image() {
        Ok(image) => Some(image),
        Err(Error::Corrupt(_)) => None,
        // `check` ends there.
        Err(_) => return,
    };
    let inventory = image.as_ref().map(|image| Inventory::of(image.tree(), &|| true)).unwrap_or_default();
    consistent(&inventory);
    let shown = |image: &'_ Option<Image>| image.as_ref().map(|image| image.tree().view());
    let ask = || medium.examine(image.as_ref().map(|image| (image.tree(), &inventory)), &|| true);
    let found = ask();
    for finding in &found.findings {
        assert!(!finding.text.is_empty() && !finding.text.contains('\n') && finding.count > 0, "{finding:?}");
        let _ = (finding.flaw.word(), finding.flaw.meaning(), finding.flaw.is_damage());
    }
    for sum in &found.sums {
        assert!(sum.marks.is_sorted_by_key(|mark| mark.end), "{sum:?}");
        assert!(sum.marks.iter().all(|mark| mark.end >= sum.start), "{sum:?}");
    }
    for other in &found.others {
        assert_ne!(Some(other.view), shown(&image));
        consistent(&other.inventory);
        assert!(other.only_here.iter().all(|number| other.inventory.member(*number).is_some()));
    }
    assert_eq!(told(&found), told(&ask()));
    if let Some(image) = &image {
        let (near, all) = (image.disagreements(Reach::Near), image.disagreements(Reach::Everything));
        let words =
            |compared: Compared| compared.findings.iter().map(|found| found.flaw.word()).collect::<Vec<_>>();
        assert!(near.is_none() || near.map(words) == all.map(words));
        // Somebody who does not want to wait.
        let _ = medium.examine(Some((image.tree(), &Inventory::of(image.tree(), &|| false))), &|| false);
    }
}

fn told(found: &Examination) -> (Vec<String>, usize, usize, u64) {
    let findings = found.findings.iter().map(|finding| format!("{finding:?}")).collect();
    (findings, found.regions.len(), found.sums.len(), found.end)
}

fn consistent(inventory: &Inventory) {
    for (number, member) in (0..).zip(inventory.members()) {
        assert_eq!(inventory.number_of(member.id), Some(number));
        for name in inventory.names_of(member) {
            assert_eq!(inventory.member_of(name), Some(number));
        }
        for span in inventory.content_of(member) {
            assert_eq!((span.owner, span.role), (number, Role::Content));
            assert!(span.offset.saturating_add(span.extent.len) <= member.stored, "{member:?} {span:?}");
        }
    }
    for span in inventory.spans() {
        let owner = match span.role {
            Role::Record => span.owner < inventory.name_count() as u32,
            _ => inventory.member(span.owner).is_some(),
        };
        assert!(
            owner && span.extent.len > 0 && span.extent.at.checked_add(span.extent.len).is_some(),
            "{span:?}"
        );
    }
    for name in (1..inventory.name_count() as u32).take(PATHS) {
        assert!(inventory.parent_of(name).is_some_and(|parent| parent < name));
        assert!(
            !inventory.text_of(name).is_empty() && inventory.path(name).ends_with(inventory.text_of(name))
        );
    }
    let (failures, _) = inventory.failures();
    assert!(failures.iter().all(|failure| inventory.kind_of(failure.name).is_some()));
}
