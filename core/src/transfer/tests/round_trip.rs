//! What our writers write, our readers read back to the same bytes. That others do too is checked in `tests/transfer`.

use proptest::prelude::*;

use crate::secret::Secret;
use crate::transfer::{Dialect, ExportOptions, Format, ImportOptions, document, dotenv, entries};

/// Values that are made of what trips readers up, and any others.
fn values() -> impl Strategy<Value = String> {
    let pieces = [
        "'",
        "\"",
        "`",
        "\\",
        "\\\\",
        "$",
        "${",
        "}",
        "${X}",
        "${X:-y}",
        ":-",
        "$X",
        "$(x)",
        "$2a$10$",
        "#",
        " #",
        " ",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "=",
        "a",
        "\\n",
        "\\r",
        "n",
        "é",
        "\u{1f511}",
        "\u{2028}",
        "\u{85}",
        "\u{feff}",
        "~",
        ": ",
        "- ",
        "!",
        "&",
        "*",
        "\u{7f}",
        "\u{1}",
    ];
    prop_oneof![
        prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..8).prop_map(|pieces| pieces.concat()),
        "[^\0]{0,24}",
    ]
}

fn read_back(format: Format, dialect: Dialect, value: &str) -> Option<(String, Vec<u8>)> {
    let secret = Secret::new(value);
    let options = ExportOptions::new(format).dialect(dialect).fernet_keys(KEY);
    let secrets = [
        ("BEFORE".to_owned(), "global/BEFORE", &Secret::new("it")),
        ("NAME".to_owned(), "global/NAME", &secret),
        ("BEHIND".to_owned(), "global/BEHIND", &Secret::new("'\"`")),
    ];
    let secrets = match format {
        // The last one would close what the value leaves open; the common dialect cannot hold it.
        Format::Dotenv if dialect == Dialect::Common => &secrets[..2],
        Format::Dotenv if dialect == Dialect::Node => &secrets[..2],
        _ => &secrets[..],
    };
    let document = document(secrets, &options).ok()?;
    let options = ImportOptions::new(format).dialect(dialect).fernet_keys(KEY);
    let mut read = entries(document.expose(), &options)
        .expect("we read what we write")
        .entries;
    assert_eq!(read.len(), secrets.len());
    let entry = read.remove(1);
    Some((entry.name, entry.value.expose().to_vec()))
}

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_format_is_read_back(value in values()) {
        let formats = Format::ALL.iter().copied().filter(|&format| format != Format::Dotenv);
        for format in formats {
            let read = read_back(format, Dialect::Common, &value);
            prop_assert_eq!(read, Some(("NAME".to_owned(), value.clone().into_bytes())), "{:?}", format);
        }
    }

    #[test]
    fn every_dialect_is_read_back_or_refused(value in values()) {
        for &dialect in Dialect::ALL {
            let read = read_back(Format::Dotenv, dialect, &value);
            prop_assert_eq!(read.is_some(), dotenv::fits(&value, dialect), "{:?}", dialect);
            if let Some((_, read)) = read {
                prop_assert_eq!(read, value.clone().into_bytes(), "{:?}", dialect);
            }
        }
    }

    #[test]
    fn python_and_compose_can_say_everything(value in values()) {
        prop_assert!(dotenv::fits(&value, Dialect::Python));
        prop_assert!(dotenv::fits(&value, Dialect::Compose));
    }
}

#[test]
fn the_common_dialect_refuses_what_its_readers_read_differently() {
    for (value, fits) in [
        ("plain", true),
        ("", true),
        ("$2a$10$abc", true),
        ("two\nlines", true),
        ("it's", true),
        ("say \"hi\"", true),
        ("a # b", true),
        ("a\\b", true),
        ("${X", true),
        ("${a:b}", true),
        ("${X}", false),
        ("${X:-y}", false),
        ("a\\\\b", false),
        ("a\\", false),
        ("a\rb", false),
        ("it's \"it\"", false),
        ("it's $5", false),
    ] {
        assert_eq!(dotenv::fits(value, Dialect::Common), fits, "{value:?}");
    }
    // Nothing in Node's dialect closes or escapes all three kinds of quotes.
    assert!(!dotenv::fits("'\"`\n", Dialect::Node));
    assert!(dotenv::fits("a'\"`", Dialect::Node));
}

#[test]
fn json_and_yaml_hold_names_that_look_like_something_else() {
    let names = [
        "yes",
        "NULL",
        "1e3",
        "0123",
        "y",
        "A",
        "org/acme/api_key@eu",
        "a.b-c",
        "==",
        "~",
        &"x".repeat(1024),
        &format!("org/{}/{}", "y".repeat(1000), "x".repeat(1024)),
    ];
    let secret = Secret::new("v\u{0}\u{1f511}");
    let secrets: Vec<_> = names.iter().map(|name| ((*name).to_owned(), *name, &secret)).collect();
    for format in [Format::Json, Format::Yaml] {
        let text = document(&secrets, &ExportOptions::new(format)).unwrap();
        let read = entries(text.expose(), &ImportOptions::new(format)).unwrap().entries;
        assert!(read.iter().all(|entry| entry.value.expose() == secret.value.expose()));
        assert!(read.iter().map(|entry| entry.name.as_str()).eq(names), "{format:?}");
        let empty = document(&[], &ExportOptions::new(format)).unwrap();
        assert!(
            entries(empty.expose(), &ImportOptions::new(format))
                .unwrap()
                .entries
                .is_empty()
        );
    }
}

#[test]
fn documents_look_as_people_write_them() {
    let (a, b) = (Secret::new("it's \"1\""), Secret::new("two\nlines"));
    let secrets = [("A".to_owned(), "global/A", &a), ("no".to_owned(), "global/no", &b)];
    for (format, wanted) in [
        (Format::Env, "A='it'\\''s \"1\"'\nno='two\nlines'\n"),
        (
            Format::Json,
            "{\n  \"A\": \"it's \\\"1\\\"\",\n  \"no\": \"two\\nlines\"\n}\n",
        ),
        (Format::Yaml, "A: \"it's \\\"1\\\"\"\n\"no\": \"two\\nlines\"\n"),
    ] {
        let document = document(&secrets, &ExportOptions::new(format)).unwrap();
        assert_eq!(document.expose_str().unwrap(), wanted);
    }
    for (dialect, wanted) in [
        (Dialect::Common, "no='two\nlines'\n"),
        (Dialect::Python, "no='two\nlines'\n"),
    ] {
        let options = ExportOptions::new(Format::Dotenv).dialect(dialect);
        assert_eq!(document(&secrets[1..], &options).unwrap().expose_str().unwrap(), wanted);
    }
}
