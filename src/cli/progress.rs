//! Progress bars.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on stderr that counts bytes, `total` of them where that is known; nothing is seen of it where stderr is no terminal, or
/// `is_hidden` says so.
pub(super) fn bar(total: Option<u64>, is_hidden: bool) -> ProgressBar {
    let styled = |bar: ProgressBar, template: &str| match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        // The templates are those below.
        Err(_) => bar,
    };
    match total {
        _ if is_hidden || !io::stderr().is_terminal() => ProgressBar::hidden(),
        Some(total) => {
            let template = "{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
            styled(ProgressBar::new(total), template)
        }
        None => styled(ProgressBar::no_length(), "{spinner} {bytes}, {bytes_per_sec}"),
    }
}
