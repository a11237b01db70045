//! What the readers of `.env` files make of what people write. That they agree with the readers whose dialects they
//! read is checked in `tests/transfer`.

use super::{parse, read};
use crate::error::ErrorKind;
use crate::transfer::Dialect;

fn value(text: &str, dialect: Dialect) -> String {
    let parsed = parse(text, dialect).unwrap();
    assert_eq!(parsed.entries.len(), 1, "{text:?}");
    parsed.entries[0].value.expose_str().unwrap().to_owned()
}

#[test]
fn names_comments_quotes_and_line_ends_are_read() {
    let text = "\u{feff}# head\r\n\r\nexport A=1\r\n  B = two words  # comment\r\nC='it is # no comment' # one\r\n\
                D=\"a\r\nb\"\r\nE=\r\nF=''\r\nexport=x\r\nG=# none\r\nH= # none\r\nI='last'";
    let read: Vec<_> = read(text)
        .unwrap()
        .into_iter()
        .map(|entry| (entry.name, entry.value.expose_str().unwrap().to_owned(), entry.line))
        .collect();
    let wanted = [
        ("A", "1", 3),
        ("B", "two words", 4),
        ("C", "it is # no comment", 5),
        ("D", "a\nb", 6),
        ("E", "", 8),
        ("F", "", 9),
        ("export", "x", 10),
        ("G", "# none", 11),
        ("H", "", 12),
        ("I", "last", 13),
    ];
    let wanted = wanted.map(|(name, value, line)| (name.to_owned(), value.to_owned(), line));
    assert_eq!(read, wanted);
    assert!(parse("", Dialect::Common).unwrap().entries.is_empty());
    assert!(
        parse("\n \n# only a comment", Dialect::Common)
            .unwrap()
            .entries
            .is_empty()
    );
}

#[test]
fn each_dialect_has_its_own_quotes_and_escapes() {
    // The text, and what Common, Python, Node and Compose make of it.
    for (text, wanted) in [
        (r"A='a\nb\\c'", [r"a\nb\\c", r"a\nb\c", r"a\nb\\c", r"a\nb\\c"]),
        (r#"A="a\nb\tc""#, ["a\nb\tc", "a\nb\tc", "a\nb\\tc", "a\nb\tc"]),
        (r#"A="a\"b""#, [r#"a"b"#, r#"a"b"#, r#"a\"b"#, r#"a"b"#]),
        (r#"A="a\\b\$c""#, [r"a\b$c", r"a\b\$c", r"a\\b\$c", r"a\b$c"]),
        (r"A=a#b", ["a#b", "a#b", "a", "a#b"]),
        (r"A=a\nb", [r"a\nb", r"a\nb", r"a\nb", r"a\nb"]),
        (r"A=a$$b", ["a$$b", "a$$b", "a$$b", "a$b"]),
        (r"A=$2a$10$x", ["$2a$10$x", "$2a$10$x", "$2a$10$x", "$2a$10$x"]),
        (r#"A="a${:-$}{b}""#, ["a${:-$}{b}", "a${b}", "a${:-$}{b}", "a${:-$}{b}"]),
    ] {
        for (dialect, wanted) in Dialect::ALL.iter().copied().zip(wanted) {
            assert_eq!(value(text, dialect), wanted, "{text} {dialect:?}");
        }
    }
    for dialect in [Dialect::Python, Dialect::Compose] {
        assert_eq!(value(r"A='it\'s'", dialect), "it's");
    }
    assert_eq!(value(r"A='it\'s'", Dialect::Node), r"it\'s");
    assert_eq!(value("A=`it's \"`", Dialect::Node), "it's \"");
    assert_eq!(value("'my key'=1", Dialect::Python), "1");
}

#[test]
fn what_others_read_differently_is_noted_with_its_line() {
    let notes = |text| parse(text, Dialect::Common).unwrap().notes;
    assert_eq!(
        notes("A=$HOME/x\nB=\"${HOME}\"\nC='$HOME'\nD=$2a$10$\nE=\"\\$HOME\"")[0],
        "lines 1, 2: `$` is taken as it stands; some readers expand it"
    );
    assert!(notes("A=1\nB=a#b")[0].starts_with("line 2: `#`"));
    assert!(notes("A=\"a\\\\b\"")[0].starts_with("line 1: readers disagree"));
    assert!(notes("A='a\\b'\nB=\"a\\nb\"\nC=plain").is_empty());
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line_and_without_its_text() {
    for (text, line) in [
        ("CANARY", 1),
        ("A=1\nexport CANARY", 2),
        ("A=1\n\n=CANARY", 3),
        ("A='CANARY", 1),
        ("A=\"a\nb\"\nB=\"CANARY\n\n", 3),
        ("A='CANARY'CANARY", 1),
        ("A=\"a\nb\" CANARY", 2),
        ("A='it\\'s CANARY'", 1),
        ("A=`CANARY`", 1),
        ("A=-----BEGIN KEY-----\nCANARY/+x\n", 2),
    ] {
        let error = parse(text, Dialect::Common).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text:?}");
        assert!(
            error.message().starts_with(&format!("line {line} ")),
            "{text:?}: {error}"
        );
        assert!(!format!("{error} {error:?}").contains("CANARY"), "{error:?}");
    }
}

#[test]
fn a_name_that_is_there_twice_is_refused_with_both_lines() {
    let error = read("A=CANARY\nB=2\nexport A='CANARY'\nB=3").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(
        error.message().contains("`A` (lines 1 and 3), `B` (lines 2 and 4)"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("CANARY"));
}
