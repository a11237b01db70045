//! Documents that cannot be read: the kind, the line, and never a value.

use crate::error::{Error, ErrorKind};
use crate::transfer::{Format, ImportOptions, MAX_DOCUMENT, entries};

const CANARY: &str = "CANARY";

#[track_caller]
fn refused(format: Format, document: &[u8]) -> Error {
    let shown = String::from_utf8_lossy(document).into_owned();
    let error = entries(document, &ImportOptions::new(format)).expect_err(&shown);
    let told = format!("{error} {error:?} {}", error.help());
    assert!(!told.contains(CANARY), "{shown}: {told}");
    error
}

#[test]
fn malformed_documents_are_refused_with_their_line() {
    for (format, document, line) in [
        (Format::Env, "CANARY", 1),
        (Format::Env, "A=1\n\nexport CANARY", 3),
        (Format::Env, "A='CANARY", 1),
        (Format::Env, "A=1\nB=\"CANARY\n\n", 2),
        (Format::Env, "A=1\nB=2 CANARY", 2),
        (Format::Env, "A='x\ny' CANARY", 2),
        (Format::Env, "A=CANARY&CANARY", 1),
        (Format::Env, "A=$(CANARY)", 1),
        (Format::Env, "A=CANARY\\", 1),
        (Format::Env, "=CANARY", 1),
        (Format::Env, "if A=CANARY", 1),
        (Format::Json, "", 1),
        (Format::Json, "CANARY", 1),
        (Format::Json, "[\"CANARY\"]", 1),
        (Format::Json, "{\"A\": \"CANARY\"", 1),
        (Format::Json, "{\n\"A\": \"CANARY\",\n}", 3),
        (Format::Json, "{\n\"A\":\n {\"b\": \"CANARY\"}}", 3),
        (Format::Json, "{\"A\": [\"CANARY\"]}", 1),
        (Format::Json, "{\n\"A\": 12}", 2),
        (Format::Json, "{\"A\": null}", 1),
        (Format::Json, "{\"A\": true}", 1),
        (Format::Json, "{\n\n\"A\": \"CANARY\nCANARY\"}", 3),
        (Format::Json, "{\"A\": \"CANARY\\x\"}", 1),
        (Format::Json, "{\"A\": \"\\ud800CANARY\"}", 1),
        (Format::Json, "{\"A\": \"\\ud800\\u0041CANARY\"}", 1),
        (Format::Json, "{\"A\": \"\\u+123CANARY\"}", 1),
        (Format::Json, "{\"A\" \"CANARY\"}", 1),
        (Format::Json, "{\"A\": \"1\"}\nCANARY", 2),
        (Format::Json, "{CANARY: \"1\"}", 1),
        (Format::Yaml, "CANARY", 1),
        (Format::Yaml, "- CANARY", 1),
        (Format::Yaml, "A: 1\nB:\n  C: CANARY", 3),
        (Format::Yaml, "A: 1\nB: [CANARY]", 2),
        (Format::Yaml, "A: &x CANARY\nB: 1", 1),
        (Format::Yaml, "A: 1\nB: *CANARY", 2),
        (Format::Yaml, "A: !!str CANARY", 1),
        (Format::Yaml, "A: 1\n---\nB: CANARY", 2),
        (Format::Yaml, "A: \"CANARY", 1),
        (Format::Yaml, "A: CANARY\n B: 1", 2),
        (Format::Yaml, "A: 1\nB:\nC: CANARY", 2),
        (Format::Yaml, "A: 1\n? [CANARY]\n: 2", 2),
        (Format::Yaml, "A: @CANARY", 1),
    ] {
        let error = refused(format, document.as_bytes());
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{document:?}: {error}");
        let told = error
            .message()
            .strip_prefix("line ")
            .and_then(|rest| rest.split(' ').next()?.parse().ok());
        // Where a quote is never closed, a parser may tell the end instead of the beginning.
        let last = document.lines().count().max(1);
        assert!(
            told == Some(line) || (format == Format::Yaml && told == Some(last)),
            "{document:?}: {error}"
        );
    }
}

#[test]
fn what_is_no_text_is_refused_in_every_format() {
    for &format in Format::ALL {
        for document in [&b"A: 1\n\xffCANARY"[..], b"A=1\nCANARY\0", b"\n\xc3\x28"] {
            let error = refused(format, document);
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.message().starts_with("line 2 "), "{error}");
        }
    }
}

#[test]
fn names_that_are_there_twice_are_refused_with_both_lines() {
    for (format, document) in [
        (Format::Env, "A=CANARY\nB=1\nA='CANARY'"),
        (Format::Dotenv, "A=CANARY\nB=1\nA='CANARY'"),
        (
            Format::Json,
            "{\"A\": \"CANARY\",\n\"B\": \"1\",\n\"\\u0041\": \"CANARY\"}",
        ),
        (Format::Yaml, "A: CANARY\nB: 1\n\"A\": CANARY"),
    ] {
        let error = refused(format, document.as_bytes());
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains("`A` (lines 1 and 3)"), "{format:?}: {error}");
    }
}

#[test]
fn a_document_beyond_the_limit_is_refused_and_one_below_is_read() {
    let error = refused(Format::Dotenv, &vec![b'#'; MAX_DOCUMENT + 1]);
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.message().contains("more than 128 MiB"), "{error}");
}

/// 100,000 entries, quotes over many lines and long values, in every format: what is worse than linear would take
/// minutes here.
#[test]
fn long_documents_are_read_in_one_pass() {
    let start = std::time::Instant::now();
    for (format, head, between, quote, tail) in [
        (Format::Env, "", "\n", '\'', "\n"),
        (Format::Dotenv, "", "\n", '\'', "\n"),
        (Format::Dotenv, "", "\n", '"', "\n"),
        (Format::Json, "{", ",\n", '"', "}"),
        (Format::Yaml, "", "\n", '"', "\n"),
    ] {
        let sign = if matches!(format, Format::Json | Format::Yaml) {
            "\"NAME\": "
        } else {
            "NAME="
        };
        let members: Vec<_> = (0..100_000)
            .map(|number| {
                format!(
                    "{}{quote}${{a\\\\{}{quote}",
                    sign.replace("NAME", &format!("N{number}")),
                    "x".repeat(20)
                )
            })
            .collect();
        let document = format!("{head}{}{tail}", members.join(between));
        let parsed = entries(document.as_bytes(), &ImportOptions::new(format)).unwrap();
        assert_eq!(parsed.entries.len(), 100_000);
        let long = format!("{head}{sign}{quote}{}{quote}{tail}", "${:a\\\\".repeat(1 << 17));
        let parsed = entries(long.as_bytes(), &ImportOptions::new(format)).unwrap();
        assert_eq!(parsed.entries.len(), 1);
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(60));
}

#[test]
fn scalars_of_yaml_are_text_whatever_they_look_like() {
    let text = "# head\n---\nA: 0123\nB: yes # no\nC: 1e3\nD: 'it''s'\nE: |\n  two\n  lines\nF: >-\n  one\n  line\nG: '~'\nH: \"\"\n{}";
    let text = text.strip_suffix("{}").unwrap();
    let read = entries(text.as_bytes(), &ImportOptions::new(Format::Yaml))
        .unwrap()
        .entries;
    let read: Vec<_> = read
        .iter()
        .map(|entry| (entry.name.as_str(), entry.value.expose_str().unwrap(), entry.line))
        .collect();
    let wanted = [
        ("A", "0123", 3),
        ("B", "yes", 4),
        ("C", "1e3", 5),
        ("D", "it's", 6),
        ("E", "two\nlines\n", 7),
        ("F", "one line", 10),
        ("G", "~", 13),
        ("H", "", 14),
    ];
    assert_eq!(read, wanted);
    for null in ["~", "null", "Null", "NULL", "~ # none", ""] {
        let document = format!("A: a\nB: {null}\nC: c\n");
        let error = refused(Format::Yaml, document.as_bytes());
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().starts_with("line 2 "), "{null}: {error}");
    }
    for empty in ["", "# nothing\n", "---\n", "{}"] {
        assert!(
            entries(empty.as_bytes(), &ImportOptions::new(Format::Yaml))
                .unwrap()
                .entries
                .is_empty(),
            "{empty:?}"
        );
    }
}

#[test]
fn assignments_are_read_as_a_shell_reads_them() {
    let text = "# head\nexport A=1; B=two\\ words\nC='it'\\''s'\"\\$5 \\x\"end # tail\nD=\"a\\\nb\"\nE=\nF=a#b\nG=é\\é\"é\"é\n";
    let parsed = entries(text.as_bytes(), &ImportOptions::new(Format::Env)).unwrap();
    let read: Vec<_> = parsed
        .entries
        .iter()
        .map(|entry| (entry.name.as_str(), entry.value.expose_str().unwrap(), entry.line))
        .collect();
    let wanted = [
        ("A", "1", 2),
        ("B", "two words", 2),
        ("C", "it's$5 \\xend", 3),
        ("D", "ab", 4),
        ("E", "", 6),
        ("F", "a#b", 7),
        ("G", "éééé", 8),
    ];
    assert_eq!(read, wanted);
    assert!(parsed.notes.is_empty());
    let notes = |text: &str| {
        entries(text.as_bytes(), &ImportOptions::new(Format::Env))
            .unwrap()
            .notes
    };
    let windows = entries(b"A=1\r\nB='2'\r\n", &ImportOptions::new(Format::Env)).unwrap();
    assert!(
        windows
            .entries
            .iter()
            .map(|entry| entry.value.expose())
            .eq([b"1", b"2"])
    );
    assert!(windows.notes[0].starts_with("lines 1, 2: "));
    let told = notes("A=1\nB=$HOME\nC=\"`date`\"\nD=~/x\nE='$X'\nF=$$x\nG=$'a'\nH=a$");
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("lines 2, 3, 4, 6, 7: "), "{told:?}");
}
