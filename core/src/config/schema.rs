//! The JSON Schema of a configuration document, from the table.

use serde_json::{Map, Value, json};

use super::table::{SETTINGS, Setting, SettingKind};
use crate::registry;

/// The JSON Schema (draft 2020-12) of a configuration document: what an editor completes and checks a file with.
pub fn config_schema() -> String {
    // Without the backend that only test builds have: the schema must not depend on how this program was built.
    let mut groups: Map<String, Value> = Map::new();
    let mut members = Map::new();
    for setting in SETTINGS.iter().filter(|setting| !setting.key.starts_with("fault.")) {
        match setting.key.split_once('.') {
            None => {
                members.insert(setting.key.to_owned(), schema_of(setting));
            }
            Some((group, name)) => {
                let group = groups.entry(group).or_insert_with(|| json!({}));
                group[name] = schema_of(setting);
            }
        }
    }
    for (name, properties) in groups {
        let table = json!({
            "type": "object",
            "description": format!("Settings of `{name}`."),
            "additionalProperties": false,
            "properties": properties,
        });
        members.insert(name, table);
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Strongroom configuration",
        "description": "The settings stand in the table `secrets`; everything beside it belongs to the application.",
        "type": "object",
        "required": ["secrets"],
        "properties": {
            "secrets": {
                "type": "object",
                "additionalProperties": false,
                "properties": members,
            },
        },
    });
    format!("{schema:#}\n")
}

fn schema_of(setting: &Setting) -> Value {
    let mut schema = if setting.key == "backend" {
        let words: Vec<_> = registry::words().into_iter().filter(|word| *word != "fault").collect();
        json!({ "type": "string", "enum": words })
    } else {
        kind(setting.kind)
    };
    schema["description"] = json!(setting.help);
    if let Some(default) = setting.default {
        schema["default"] = json!(default);
    }
    schema
}

fn kind(kind: SettingKind) -> Value {
    match kind {
        SettingKind::Text => json!({ "type": "string" }),
        SettingKind::Path => json!({ "type": "string", "minLength": 1, "pattern": "^[^~]" }),
        SettingKind::List => json!({
            "oneOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string", "pattern": "^[^,]*$" } },
            ],
        }),
        SettingKind::Choice(words) if words.contains(&"on") && words.contains(&"off") => {
            json!({ "oneOf": [{ "type": "string", "enum": words }, { "type": "boolean" }] })
        }
        SettingKind::Choice(words) => json!({ "type": "string", "enum": words }),
        SettingKind::Integer { min, max } => number(min, max, "^[0-9]+$"),
        SettingKind::Size { min, max } => number(min, max, "^[0-9]+(B|KiB|MiB|GiB)?$"),
        SettingKind::Duration => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h)$" }),
    }
}

fn number(min: u64, max: u64, pattern: &str) -> Value {
    json!({
        "oneOf": [
            { "type": "integer", "minimum": min, "maximum": max },
            { "type": "string", "pattern": pattern },
        ],
    })
}
