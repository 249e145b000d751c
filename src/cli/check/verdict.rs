//! What stands at the end of an answer: how many files are hit, how much was read, and how much of that somebody vouches for.

use indicatif::HumanBytes;
use serde::Serialize;

use crate::text;

/// Sources of checksums that are named in a line of text.
const SOURCES: usize = 5;

/// A checksum that was compared, as JSON.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Compared {
    /// Whose it is: `implanted-md5`, `tagmedia`, `session-md5`, `file-md5`, `packed-blocks`, or the path of a list.
    pub(super) source: String,
    /// How many checksums there are.
    pub(super) sums: u64,
    pub(super) right: u64,
    pub(super) wrong: u64,
    /// Those that could not be made, or whose file is not there.
    pub(super) open: u64,
}

impl Compared {
    /// Counts a checksum that is right or wrong, or could not be made.
    pub(super) fn add(&mut self, result: Option<bool>) {
        self.sums = self.sums.saturating_add(1);
        let counter = match result {
            Some(true) => &mut self.right,
            Some(false) => &mut self.wrong,
            None => &mut self.open,
        };
        *counter = counter.saturating_add(1);
    }
}

/// What stands at the end of the answer.
#[derive(Debug, Default, Serialize)]
pub(super) struct Verdict {
    pub(super) image: String,
    pub(super) image_hex: Option<String>,
    /// Bytes of the image.
    pub(super) size: u64,
    /// Bytes that it should have at least, where somebody says.
    pub(super) expected_size: Option<u64>,
    /// Bytes that are missing at the end.
    pub(super) missing: u64,
    pub(super) view: Option<&'static str>,
    pub(super) files: u64,
    pub(super) directories: u64,
    pub(super) damaged_files: u64,
    /// Files that should be there and are not in the tree any more.
    #[serde(skip)]
    pub(super) lost_files: u64,
    /// Whether all bytes were read.
    pub(super) is_read: bool,
    /// Bytes that were read.
    pub(super) read: u64,
    /// Bytes of the image that are right by a checksum.
    pub(super) verified: u64,
    pub(super) checksums: Vec<Compared>,
    pub(super) damage: u64,
    pub(super) remarks: u64,
    pub(super) whole: bool,
}

/// A number of things, in words.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

impl Verdict {
    /// The last line.
    pub(super) fn line(&self) -> String {
        let all = self.files.saturating_add(self.lost_files);
        let files = counted(all, "file", "files");
        let directories = counted(self.directories, "directory", "directories");
        let what = match (self.whole, self.damaged_files) {
            (true, _) => format!("whole: {files} in {directories}"),
            (false, 0) => format!("damaged: {files} in {directories}, none of them known to be hit"),
            (false, hit) => format!("damaged: {hit} of {files} hit, in {directories}"),
        };
        format!("{}: {what}; {}\n", self.image_shown(), self.coverage())
    }

    fn image_shown(&self) -> String {
        match &self.image_hex {
            Some(_) => self.image.clone(),
            None => text::escape(self.image.as_bytes()),
        }
    }

    /// How much was read, and how much of that somebody vouches for.
    fn coverage(&self) -> String {
        if !self.is_read {
            return "no file was read".to_owned();
        }
        let read = HumanBytes(self.read);
        let used: Vec<&str> =
            self.checksums.iter().filter(|c| c.right > 0).map(|c| c.source.as_str()).collect();
        let open = self.read.saturating_sub(self.verified);
        match (self.verified, used.is_empty()) {
            (0, _) | (_, true) => {
                format!("{read} read, and none of it verified: no checksum vouches for it")
            }
            _ if open == 0 => format!("{read} read, all of it right by {}", listed(&used)),
            _ => format!(
                "{read} read, {} of it right by {}; no checksum vouches for the other {}",
                HumanBytes(self.verified),
                listed(&used),
                HumanBytes(open)
            ),
        }
    }
}

/// Sources of checksums, for people; of many the first.
fn listed(sources: &[&str]) -> String {
    let shown: Vec<String> =
        sources.iter().take(SOURCES).map(|source| text::escape(source.as_bytes())).collect();
    let more = sources.len().saturating_sub(shown.len());
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}
