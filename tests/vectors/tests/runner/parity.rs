//! Which vector ran which operation through which language, for `cargo xtask parity`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{array, text};

/// What every script does before its steps.
const OPEN: &str = "open";
/// What opens a script's other manager, which is `open` once more.
const OTHER: &str = "other";
const LANGUAGES: [&str; 2] = ["rust", "rust-blocking"];

#[allow(
    clippy::disallowed_methods,
    reason = "the rule that one module reads the environment is the core's; this is a test"
)]
fn folder() -> PathBuf {
    let stated = std::env::var_os("STRONGROOM_PARITY_DIR").map(PathBuf::from);
    stated.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/parity"))
}

/// Names for each operation the first script in which it did its work, and not only failed as it should. Only for
/// scripts that have all been run through both faces.
pub(crate) fn write_verbs(scripts: &[Value]) {
    let mut operations = BTreeMap::new();
    for script in scripts {
        let worked = array(&script["steps"]).iter().filter(|step| step["error"].is_null());
        let named = worked.map(|step| text(&step["op"])).filter(|&op| op != OTHER);
        for operation in named.chain([OPEN]) {
            operations.entry(operation).or_insert(text(&script["name"]));
        }
    }
    write("verbs", &operations);
}

/// The vectors of keys have no names; each of their lists stands for one operation. Only for lists that have been run.
pub(crate) fn write_keys() {
    let lists = [
        ("key_parse", "valid"),
        ("key_escape", "escape"),
        ("key_unescape", "escape"),
    ];
    write("keys", &lists.into());
}

fn write(part: &str, operations: &BTreeMap<&str, &str>) {
    let folder = folder();
    std::fs::create_dir_all(&folder).unwrap();
    for language in LANGUAGES {
        let file = json!({ "language": language, "ops": operations });
        std::fs::write(folder.join(format!("{language}.{part}.json")), format!("{file:#}\n")).unwrap();
    }
}
