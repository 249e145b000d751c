//! A manual page: prose in a small part of Markdown, with sections made from definitions in between, becomes roff.
//!
//! Of Markdown there are `# SECTION` and `## Part`, paragraphs, examples indented by four spaces, and a term on one line with its
//! meaning on the next ones, behind `: `; inside of text, `` `bold` `` and `*italic*`. Blank lines part them. A line `@word` stands for
//! what is made from a definition.

use roff::{Inline, Roff, bold, italic, roman};

/// A page that is being written.
pub(super) struct Page {
    roff: Roff,
    /// Whether the last thing on it is a heading, behind which no space is left.
    is_headed: bool,
}

impl Page {
    /// A page with nothing but what stands at its top and bottom.
    pub(super) fn new(title: &str, section: &str, manual: &str) -> Self {
        let mut roff = Roff::new();
        // There is no date: the same source makes the same page. An argument that is empty has to be quoted here.
        let version = concat!("isomount ", env!("CARGO_PKG_VERSION"));
        roff.control("TH", [title, section, "\"\"", version, manual]);
        // Names and options are not hyphenated (the macros of groff reset `nh`), and lines not filled up with spaces.
        roff.control("nr", ["HY", "0"]).control("nh", []).control("ad", ["l"]);
        Self { roff, is_headed: false }
    }

    /// Adds prose; `insert` adds what a line `@word` stands for.
    pub(super) fn prose(&mut self, text: &str, insert: impl Fn(&mut Self, &str)) {
        for block in
            text.split("\n\n").map(|block| block.trim_matches('\n')).filter(|block| !block.is_empty())
        {
            let heading = block.strip_prefix("# ").map(|heading| ("SH", heading));
            let heading = heading.or_else(|| block.strip_prefix("## ").map(|heading| ("SS", heading)));
            if let Some((level, heading)) = heading {
                self.roff.control(level, [heading]);
                self.is_headed = true;
                continue;
            }
            if let Some(word) = block.strip_prefix('@') {
                insert(self, word);
            } else if block.starts_with("    ") {
                self.example(block);
            } else if let Some((term, meaning)) = block.split_once("\n: ") {
                self.item(inlines(term), &folded(meaning));
            } else {
                self.paragraph();
                self.roff.text(inlines(&folded(block)));
            }
            self.is_headed = false;
        }
    }

    fn paragraph(&mut self) {
        if !self.is_headed {
            self.roff.control("PP", []);
        }
    }

    fn example(&mut self, block: &str) {
        self.paragraph();
        self.roff.control("RS", ["4"]).control("EX", []);
        for line in block.lines() {
            self.roff.text([roman(line.strip_prefix("    ").unwrap_or(line))]);
        }
        self.roff.control("EE", []).control("RE", []);
    }

    /// Lines that are not joined to one.
    pub(super) fn lines(&mut self, lines: impl IntoIterator<Item = Vec<Inline>>) {
        for (n, line) in lines.into_iter().enumerate() {
            if n > 0 {
                self.roff.control("br", []);
            }
            self.roff.text(line);
        }
    }

    /// A term, and its meaning with words in bold and italic.
    pub(super) fn item(&mut self, term: Vec<Inline>, meaning: &str) {
        self.roff.control("TP", []).text(term).text(inlines(meaning));
    }

    /// What belongs to the item before, indented.
    pub(super) fn inside(&mut self, add: impl FnOnce(&mut Self)) {
        self.roff.control("RS", []);
        add(self);
        self.roff.control("RE", []);
    }

    /// The page as roff.
    pub(super) fn render(&self) -> String {
        self.roff.render()
    }
}

/// A paragraph on one line.
fn folded(block: &str) -> String {
    block.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Text with words in bold and italic.
fn inlines(text: &str) -> Vec<Inline> {
    let mut all = Vec::new();
    for (n, part) in text.split('`').enumerate() {
        if !n.is_multiple_of(2) {
            all.push(bold(part));
            continue;
        }
        let parts = part.split('*').enumerate().filter(|(_, part)| !part.is_empty());
        all.extend(parts.map(|(n, part)| if n.is_multiple_of(2) { roman(part) } else { italic(part) }));
    }
    all
}

/// Text in which stars are typed, and begin nothing in italics.
pub(super) fn with_stars(text: &str) -> String {
    text.replace('*', "`*`")
}

/// A line of usage as clap writes it: what is typed is bold, what stands for something is italic.
pub(super) fn usage(line: &str) -> Vec<Inline> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '=');
    let line = line.replace(['<', '>'], "");
    let mut all = Vec::new();
    let mut rest = line.as_str();
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_word(c) != is_word(first)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        all.push(match word {
            _ if !is_word(first) => roman(word),
            _ if word.contains(char::is_lowercase) => bold(word),
            _ => italic(word),
        });
        rest = after;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_becomes_roff() {
        let mut page = Page::new("X", "1", "User Commands");
        let text = "# NAME\n\nx - `does` it\nto *A*\n\n@here\n\n`-a`\n: one\n  two\n\n    $ x  -a\n    .y\n";
        page.prose(text, |page, word| page.item(vec![roman(word)], "made"));
        let (_, body) =
            page.render().split_once(".ad l\n").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let expected = ".SH NAME\nx \\- \\fBdoes\\fR it to \\fIA\\fR\n.TP\nhere\nmade\n.TP\n\\fB\\-a\\fR\none two\n\
            .PP\n.RS 4\n.EX\n$ x  \\-a\n\\&.y\n.EE\n.RE\n";
        assert_eq!(body, expected);
    }

    #[test]
    fn usage_has_fonts() {
        let expected = [
            bold("x"),
            roman(" "),
            bold("rm"),
            roman(" ["),
            bold("-l"),
            roman("] "),
            italic("PATH"),
            roman("..."),
        ];
        assert_eq!(usage("x rm [-l] <PATH>..."), expected);
    }
}
