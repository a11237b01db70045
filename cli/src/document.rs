//! Documents for programs: one value tree, as JSON or as YAML.

use serde_json::{Value, json};

use crate::args::Format;
use crate::failure::Failure;
use crate::output;

/// Writes a document. `schema` grows when a reader of the former shape would be misled.
pub(crate) fn write(format: Format, name: &str, content: Value) -> Result<(), Failure> {
    write_whole(format, json!({ "schema": 1, name: content }))
}

/// Writes a document whose shape is given by someone else. It may hold values, so it goes past the standard library's
/// buffer.
pub(crate) fn write_whole(format: Format, content: Value) -> Result<(), Failure> {
    output::bytes(text(format, &content).as_bytes())
}

fn text(format: Format, content: &Value) -> String {
    let text = match format {
        Format::Yaml => {
            let mut text = String::new();
            block(content, 0, &mut text);
            text
        }
        _ => format!("{content:#}\n"),
    };
    unsteering(&text)
}

/// Both formats let through some characters that steer a terminal; YAML 1.1 takes others for line ends, and no YAML has
/// U+FFFE and U+FFFF. They can only stand inside a quoted scalar, where both know the same escape.
fn unsteering(text: &str) -> String {
    let steers = |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    if !text.contains(steers) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len()), |mut whole, c| {
        if steers(c) {
            whole.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            whole.push(c);
        }
        whole
    })
}

/// Writes a value that begins its own line.
fn block(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                text.push_str(&"  ".repeat(depth));
                field(name, value, depth, text);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for value in list {
                text.push_str(&"  ".repeat(depth));
                item(value, depth, text);
            }
        }
        scalar => {
            text.push_str(&scalar.to_string());
            text.push('\n');
        }
    }
}

/// Writes `name: value`; the line's indentation stands already.
fn field(name: &str, value: &Value, depth: usize, text: &mut String) {
    if is_plain(name) {
        text.push_str(name);
    } else {
        text.push_str(&Value::from(name).to_string());
    }
    text.push(':');
    if is_nested(value) {
        text.push('\n');
        block(value, depth + 1, text);
    } else {
        text.push(' ');
        block(value, 0, text);
    }
}

/// Writes `- value`; the fields of a map begin on the line of their dash.
fn item(value: &Value, depth: usize, text: &mut String) {
    text.push_str("- ");
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (place, (name, value)) in map.iter().enumerate() {
                if place > 0 {
                    text.push_str(&"  ".repeat(depth + 1));
                }
                field(name, value, depth + 1, text);
            }
        }
        nested if is_nested(nested) => {
            text.truncate(text.trim_end().len());
            text.push('\n');
            block(nested, depth + 1, text);
        }
        scalar => block(scalar, 0, text),
    }
}

fn is_nested(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => false,
    }
}

/// Whether a name needs no quotes: our own field names. Words that a reader takes for something else keep them.
fn is_plain(name: &str) -> bool {
    const OTHERWISE: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !OTHERWISE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_as_it_is_written() {
        let content = json!({
            "entries": [
                { "key": "org/acme/a", "labels": { "no": "yes", "A B": "" }, "versions": [1, 2] },
                { "key": "b", "labels": {}, "nested": [["x"], []] },
                "text",
            ],
            "expired": false,
            "none": null,
            "text": "a\n\"b\"\\ #: \u{85}\u{202e}é\u{fffe}\u{ffff}",
        });
        let expected = r#"entries:
  - key: "org/acme/a"
    labels:
      "A B": ""
      "no": "yes"
    versions:
      - 1
      - 2
  - key: "b"
    labels: {}
    nested:
      -
        - "x"
      - []
  - "text"
expired: false
none: null
text: "a\n\"b\"\\ #: \u0085\u202eé\ufffe\uffff"
"#;
        assert_eq!(text(Format::Yaml, &content), expected);
        assert_eq!(text(Format::Yaml, &json!([])), "[]\n");
    }

    #[test]
    fn json_does_not_steer_a_terminal() {
        let written = text(Format::Json, &json!({ "a": "\u{9b}31m\u{1b}\u{2066}" }));
        assert_eq!(written, "{\n  \"a\": \"\\u009b31m\\u001b\\u2066\"\n}\n");
        assert_eq!(
            serde_json::from_str::<Value>(&written).unwrap(),
            json!({ "a": "\u{9b}31m\u{1b}\u{2066}" })
        );
    }
}
