//! Opening an image, as all commands do it.

use std::path::Path;

use super::{complain, exit::Failure, shown};
use crate::open::{Image, OpenOptions};

/// Opens the image at a path.
///
/// # Errors
/// What is wrong with it, and what to do.
pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<Image, Failure> {
    Image::open(path, options).map_err(|error| Failure::of_image(&shown(path), &error))
}

/// Tells what is wrong with an image as a whole, although it can be shown.
pub(super) fn tell_notes(path: &Path, image: &Image) {
    for note in image.tree().notes() {
        complain(&format!("{}: {note}", shown(path)));
    }
}
