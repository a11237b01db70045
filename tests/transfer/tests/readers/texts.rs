//! Values and documents that are made of what trips readers up.

use proptest::prelude::*;

/// Values that somebody has lost before.
pub(crate) fn known() -> Vec<String> {
    [
        "",
        " ",
        "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
        "${HOME}",
        "${X:-y}",
        "$HOME",
        "$$",
        "`id`",
        "$(id)",
        "it's",
        "\"quoted\"",
        "it's \"both\"",
        "'\"`",
        "a\\",
        "a\\\\",
        "\\'",
        "\\\"",
        "\\n",
        "a\nb\n",
        "\n",
        "a\r\nb",
        "\r",
        "# no comment",
        "a #b",
        "a#b",
        " both ends ",
        "\t",
        "=",
        "a=b",
        "export A=1",
        "!x",
        "~",
        "*",
        "-----BEGIN KEY-----\nabc/+==\n-----END KEY-----\n",
        "{\"json\": \"it's\"}",
        "clé 🔑",
        "\u{2028}",
        "\u{feff}",
        "\u{85}",
        "\u{1}\u{7f}",
        "${",
        "${a\\",
        "${a:b}",
        "a${:-$}b",
    ]
    .map(str::to_owned)
    .to_vec()
}

const PIECES: [&str; 38] = [
    "'", "\"", "`", "\\", "\\\\", "$", "${", "}", "${X}", "${X:-y}", ":-", ":", "$X", "$$", "$2a$", "#", " #", " ",
    "\t", "\n", "\r", "\r\n", "=", "a", "b", "\\n", "\\r", "\\t", "n", "é", "🔑", "\u{2028}", "\u{85}", "~", "!", "*",
    "\u{a0}", "\u{c}",
];

/// Any text, and oftener one of those pieces.
pub(crate) fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..7).prop_map(|pieces| pieces.concat()),
        1 => "[^\0]{0,24}",
        1 => "[ -~]{0,16}",
    ]
}

/// A document as somebody may have written it. Nothing in it does harm where a shell takes it for commands.
pub(crate) fn document() -> impl Strategy<Value = String> {
    let pieces = vec![
        "'",
        "\"",
        "\\",
        "\\\\",
        "\\'",
        "\\\"",
        "#",
        " #",
        " ",
        "\t",
        "\n",
        "\r\n",
        "a",
        "b",
        "\\n",
        "\\r",
        "\\t",
        "\\a",
        "\\x",
        "é",
        "$",
        "$$",
        "`",
        "'a b'",
        "\"a b\"",
        "\"a\\nb\"",
        "=",
    ];
    let value = prop::collection::vec(prop::sample::select(pieces), 0..6).prop_map(|pieces| pieces.concat());
    let head = prop::sample::select(vec!["", "", "", "# c\n", "\n", "export ", "  ", "\u{feff}"]);
    let tail = prop::sample::select(vec!["", "\n", "\n\n", " # c\n", "\r\n", "\nB=2\n"]);
    (head, value, tail).prop_map(|(head, value, tail)| format!("{head}A={value}{tail}"))
}
