//! JSON pointers (RFC 6901) into a text that is a secret: what they lead to, in memory that is wiped.

use serde_json::value::RawValue;

use super::json;
use crate::value::SecretValue;

/// What `pointer` leads to in a JSON text: a string's characters, and the text of anything else. `None` where the text
/// is no JSON, has nothing there, or has it twice. An empty pointer is the whole text.
pub(in crate::backends) fn find(text: &str, pointer: &str) -> Option<SecretValue> {
    let mut place = text.trim();
    if !pointer.is_empty() {
        for word in pointer.strip_prefix('/')?.split('/') {
            let word = word.replace("~1", "/").replace("~0", "~");
            place = member(place, &word)?;
        }
    }
    if place.starts_with('"') {
        let mut characters = json::decode(place)?;
        return Some(SecretValue::from(std::mem::take(&mut *characters)));
    }
    Some(SecretValue::from(place))
}

fn member<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    if text.starts_with('[') {
        let is_index = word.bytes().all(|byte| byte.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
        let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
        let index = word.parse::<usize>().ok().filter(|_| is_index)?;
        return elements.get(index).map(|element| element.get());
    }
    let members = json::members(text)?;
    let mut found = members.into_iter().filter(|(name, _)| name == word);
    let first = found.next()?.1;
    found.next().is_none().then_some(first)
}

/// Whether a text can be a pointer at all.
pub(in crate::backends) fn is_pointer(text: &str) -> bool {
    let escapes_end = text
        .split('~')
        .skip(1)
        .all(|after| after.starts_with('0') || after.starts_with('1'));
    (text.is_empty() || text.starts_with('/')) && escapes_end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_to_strings_and_to_the_text_of_all_else() {
        let text = r#" {"a":{"b/c":["x", 1.50, {"d~e":"\u00e9"}]},"":"empty","n":null} "#;
        for (pointer, expected) in [
            ("/a/b~1c/0", Some("x")),
            ("/a/b~1c/1", Some("1.50")),
            ("/a/b~1c/2/d~0e", Some("é")),
            ("/a/b~1c/2", Some(r#"{"d~e":"\u00e9"}"#)),
            ("/", Some("empty")),
            ("/n", Some("null")),
            ("", Some(text.trim())),
            ("/a/b~1c/00", None),
            ("/a/b~1c/3", None),
            ("/a/b~1c/-", None),
            ("/a/missing", None),
            ("/n/x", None),
            ("a", None),
        ] {
            let found = find(text, pointer);
            let found = found.as_ref().map(|value| value.expose_str().unwrap());
            assert_eq!(found, expected, "{pointer}");
        }
        assert!(find("not json", "/a").is_none());
        assert!(find(r#"{"a":1,"a":2}"#, "/a").is_none());
    }

    #[test]
    fn what_is_no_pointer_is_known() {
        assert!(is_pointer("") && is_pointer("/a~0/~1") && is_pointer("/"));
        assert!(!is_pointer("a") && !is_pointer("/a~") && !is_pointer("/~2"));
    }
}
