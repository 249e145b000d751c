//! Extended attribute records, ECMA-119 9.5: what a writer kept of a file in the blocks in front of it.

use zerocopy::FromBytes;

use super::raw;
use crate::text;

/// Bytes of the part of a record that every one has.
pub(super) const FIXED: usize = size_of::<raw::ExtendedAttributeRecord>();

/// The version of records, 9.5.13.
const VERSION: u8 = 1;

/// What a record says of its file.
pub(super) struct ExtendedAttributeRecord<'a>(&'a raw::ExtendedAttributeRecord);

impl<'a> ExtendedAttributeRecord<'a> {
    /// The record whose fixed part is `bytes`.
    ///
    /// # Errors
    /// The version that it says it has, when it is none.
    pub(super) fn parse(bytes: &'a [u8; FIXED]) -> Result<Self, u8> {
        let Ok(record) = raw::ExtendedAttributeRecord::ref_from_bytes(bytes) else { return Err(0) };
        if record.version == VERSION { Ok(Self(record)) } else { Err(record.version) }
    }

    /// Bytes for the use of programs, which lie behind the fixed part.
    pub(super) fn application_use(&self) -> u16 {
        self.0.application_use_length.get()
    }

    /// Names and values of the attributes that show it, but for the use of programs. What is not specified is left out.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'static [u8], Vec<u8>)> {
        let record = self.0;
        let number = |number: u16| (number != 0).then(|| number.to_string());
        let system = text::trimmed(&record.system_identifier);
        let texts = [
            (&b"user.iso9660.owner"[..], number(record.owner.get())),
            (b"user.iso9660.group", number(record.group.get())),
            (b"user.iso9660.permissions", Some(permissions(record.permissions.get()))),
            (b"user.iso9660.created", date(&record.created)),
            (b"user.iso9660.modified", date(&record.modified)),
            (b"user.iso9660.expires", date(&record.expires)),
            (b"user.iso9660.effective", date(&record.effective)),
            (b"user.iso9660.record_format", self.record_format()),
        ];
        let system: Option<(&[u8], _)> =
            (!system.is_empty()).then(|| (&b"user.iso9660.system"[..], system.to_vec()));
        texts.into_iter().filter_map(|(name, text)| Some((name, text?.into_bytes()))).chain(system)
    }

    /// How the bytes of the file fall into records, 9.5.8 to 9.5.10: form, bytes of a record, what controls a printer. `None` for a
    /// file that is just bytes.
    fn record_format(&self) -> Option<String> {
        let form = match self.0.record_format {
            0 => return None,
            1 => "fixed".to_owned(),
            2 => "variable-le".to_owned(),
            3 => "variable-be".to_owned(),
            other => format!("{other}"),
        };
        let control = match self.0.record_attributes {
            0 => "lines".to_owned(),
            1 => "fortran".to_owned(),
            2 => "own".to_owned(),
            other => format!("{other}"),
        };
        Some(format!("{form} {} {control}", self.0.record_length.get()))
    }
}

/// Who may read and execute, 9.5.3, where a bit that is set forbids. System stands for owners who belong to the groups of the system.
fn permissions(bits: u16) -> String {
    const CLASSES: [(&str, u16, u16); 4] = [
        ("system", 1 << 0, 1 << 2),
        ("owner", 1 << 4, 1 << 6),
        ("group", 1 << 8, 1 << 10),
        ("others", 1 << 12, 1 << 14),
    ];
    let classes = CLASSES.map(|(class, read, execute)| {
        let letter = |bit, letter| if bits & bit == 0 { letter } else { '-' };
        format!("{class}:{}{}", letter(read, 'r'), letter(execute, 'x'))
    });
    classes.join(" ")
}

/// A date as it is recorded, 8.4.26.1, in the form of RFC 3339; `None` where none is specified, or it is none.
fn date(field: &[u8; 17]) -> Option<String> {
    let [digits @ .., zone] = field;
    let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
    if digits.bytes().all(|digit| digit == b'0') {
        return None;
    }
    let part = |at: usize, len: usize| digits.get(at..at.saturating_add(len)).unwrap_or_default();
    let quarters = i16::from(zone.cast_signed());
    let sign = if quarters < 0 { '-' } else { '+' };
    let (hours, minutes) = (quarters.unsigned_abs() / 4, (quarters.unsigned_abs() % 4).saturating_mul(15));
    Some(format!(
        "{}-{}-{}T{}:{}:{}.{}{sign}{hours:02}:{minutes:02}",
        part(0, 4),
        part(4, 2),
        part(6, 2),
        part(8, 2),
        part(10, 2),
        part(12, 2),
        part(14, 2),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8; FIXED]) -> Vec<String> {
        let record = ExtendedAttributeRecord::parse(bytes).ok().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        record
            .attributes()
            .map(|(name, value)| text(name.strip_prefix(b"user.iso9660.").unwrap()) + "=" + &text(&value))
            .collect()
    }

    fn empty() -> [u8; FIXED] {
        let mut bytes = [0; FIXED];
        for date in 0..4 {
            bytes[10 + 17 * date..26 + 17 * date].fill(b'0');
        }
        bytes[84..116].fill(b' ');
        bytes[180] = 1;
        bytes
    }

    #[test]
    fn every_field_is_told_and_none_that_is_not_specified() {
        assert_eq!(shown(&empty()), ["permissions=system:rx owner:rx group:rx others:rx"]);
        let mut full = empty();
        full[0] = 7;
        full[4] = 9;
        full[8..10].copy_from_slice(&[0xfb, 0xba]);
        full[10..27].copy_from_slice(b"1996030112593045\x04");
        full[27..44].copy_from_slice(b"2004022923595999\xd1");
        full[78..80].copy_from_slice(&[2, 1]);
        full[80] = 132;
        full[84..87].copy_from_slice(b"VMS");
        assert_eq!(
            shown(&full),
            [
                "owner=7",
                "group=9",
                "permissions=system:rx owner:-x group:-x others:--",
                "created=1996-03-01T12:59:30.45+01:00",
                "modified=2004-02-29T23:59:59.99-11:45",
                "record_format=variable-le 132 fortran",
                "system=VMS",
            ]
        );
    }

    #[test]
    fn a_record_of_another_version_is_none() {
        let mut other = empty();
        other[180] = 2;
        assert_eq!(ExtendedAttributeRecord::parse(&other).err(), Some(2));
        assert_eq!(ExtendedAttributeRecord::parse(&[0; FIXED]).err(), Some(0));
    }

    #[test]
    fn what_is_no_date_is_left_out() {
        assert_eq!(date(b"19960301125930\xff5\0"), None);
        assert_eq!(date(&[0; 17]), None);
    }
}
