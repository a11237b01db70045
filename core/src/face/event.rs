//! The library's events, for faces that give them to another language's log.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata};

/// Whether an event is the library's own. Libraries below have events too, of which nobody knows what they carry.
pub fn is_ours(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    target == "strongroom" || target.starts_with("strongroom::")
}

/// An event on one line: its text, then its fields. What a program gave can begin no line of its own and reach no
/// control of a terminal.
pub fn event_line(event: &Event<'_>) -> String {
    let mut line = Line::default();
    event.record(&mut line);
    line.0
}

#[derive(Default)]
struct Line(String);

impl Line {
    fn part(&mut self, field: &Field, value: &str) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        if field.name() != "message" {
            self.0.push_str(field.name());
            self.0.push('=');
        }
        for character in value.chars() {
            if character.is_control() {
                self.0.extend(character.escape_debug());
            } else {
                self.0.push(character);
            }
        }
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.part(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.part(field, &format!("{value:?}"));
    }
}
