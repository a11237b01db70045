//! What a step expects against what it was answered.

use serde_json::{Value, json};
use strongroom::Version;

use super::steps::State;
use super::{array, text, value};

/// Whether every field of `expected` is in `found`; else the field that is not.
pub(super) fn compare(state: &State, expected: &Value, found: &Value) -> Result<(), String> {
    let Value::Object(fields) = expected else {
        return if expected == found {
            Ok(())
        } else {
            Err("the answer".to_owned())
        };
    };
    for (field, expected) in fields {
        let fits = match field.as_str() {
            "value" => value(expected) == value(&found["value"]),
            "values" => entries_fit(state, expected, &found["values"], |expected, found| {
                value(expected) == value(found)
            }),
            "failures" => entries_fit(state, expected, &found["failures"], |expected, found| expected == found),
            "names" | "skipped" | "outcomes" | "losses" if expected.is_object() => {
                entries_fit(state, expected, &found[field], |expected, found| {
                    json!(state.fill(text(expected))) == *found
                })
            }
            "names" | "expired" | "imported" | "replaced" | "deleted" if expected.is_array() => {
                let filled: Vec<_> = array(expected).iter().map(|name| state.fill(text(name))).collect();
                json!(filled) == found[field]
            }
            "key" if expected.is_string() => json!(state.fill(text(expected))) == found[field],
            "next" if expected.is_string() => json!(state.fill(text(expected))) == found[field],
            "version" if expected.is_null() => found[field].is_null(),
            "version" | "current" => json!(state.version(expected).as_str()) == found[field],
            "versions" if expected.is_array() => {
                let words: Vec<_> = array(expected).iter().map(|word| state.version(word)).collect();
                json!(words.iter().map(Version::as_str).collect::<Vec<_>>()) == found[field]
            }
            "newer_than" => found["number"].as_u64() > state.version(expected).number(),
            _ => found.get(field) == Some(expected),
        };
        if !fits {
            return Err(format!("`{field}`"));
        }
    }
    Ok(())
}

/// Whether two maps by key are equal as a whole.
fn entries_fit(state: &State, expected: &Value, found: &Value, fits: impl Fn(&Value, &Value) -> bool) -> bool {
    let [expected, found] = [expected, found].map(|map| map.as_object().unwrap());
    expected.len() == found.len()
        && expected
            .iter()
            .all(|(key, expected)| found.get(&state.fill(key)).is_some_and(|found| fits(expected, found)))
}
