//! CD-ROM XA information of a file: who owns it, and the form of its sectors.

use super::raw::ExtendedArchitecture;

/// Words for the upper bits of the attributes, "CD-ROM XA" II 2.7.
const WORDS: [(u16, &str); 5] =
    [(0x0800, "form1"), (0x1000, "form2"), (0x2000, "interleaved"), (0x4000, "cdda"), (0x8000, "directory")];

/// Read and execute for owner, group and others.
const PERMISSIONS: [(u16, u16); 3] = [(0x0001, 0x0004), (0x0010, 0x0040), (0x0100, 0x0400)];

/// Names and values of the attributes that show it: what is 0 is left out.
pub(super) fn attributes(xa: &ExtendedArchitecture) -> Vec<(&'static [u8], Vec<u8>)> {
    let mut all: Vec<(&[u8], _)> = vec![(b"user.xa.attributes", text(xa.attributes.get()))];
    if xa.file_number != 0 {
        all.push((b"user.xa.file_number", xa.file_number.to_string()));
    }
    if xa.user.get() != 0 || xa.group.get() != 0 {
        all.push((b"user.xa.owner", format!("{}:{}", xa.user, xa.group)));
    }
    all.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

/// Four hexadecimal digits, permissions (`r-xr-xr-x`), words.
fn text(attributes: u16) -> String {
    let mut text = format!("{attributes:04x} ");
    for (read, execute) in PERMISSIONS {
        text.push(if attributes & read != 0 { 'r' } else { '-' });
        text.push('-');
        text.push(if attributes & execute != 0 { 'x' } else { '-' });
    }
    for (_, word) in WORDS.iter().filter(|(bit, _)| attributes & bit != 0) {
        text.push(' ');
        text.push_str(word);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_told_in_words() {
        assert_eq!(text(0x0d55), "0d55 r-xr-xr-x form1");
        assert_eq!(text(0x3111), "3111 r--r--r-- form2 interleaved");
        assert_eq!(text(0x4000), "4000 --------- cdda");
        assert_eq!(text(0x8d44), "8d44 --x--xr-x form1 directory");
    }
}
