//! The person at the terminal: what may be shown, and what is asked.

use std::io::{self, BufRead, IsTerminal, Write};

use strongroom::{Error, ErrorKind};

use crate::failure::Failure;

/// Whether someone can be asked.
pub(crate) fn is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a yes; anything else ends the command as cancelled.
pub(crate) fn confirm(question: &str) -> Result<(), Failure> {
    let _ = io::stderr().write_all(format!("{} [y/N] ", printable(question)).as_bytes());
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(
        Error::new(ErrorKind::Cancelled, "this was not confirmed, so nothing was done")
            .with_help("answer `y`, or give `--yes`")
            .into(),
    )
}

/// The text without anything that could steer a terminal or reorder what it shows.
pub(crate) fn printable(text: &str) -> String {
    let steers = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        if steers(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_escaped() {
        assert_eq!(
            printable("a\u{1b}[31mb\r\n\t\u{202e}é"),
            "a\\u{1b}[31mb\\r\\n\\t\\u{202e}é"
        );
    }
}
