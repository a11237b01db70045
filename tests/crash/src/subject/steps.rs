use strongroom::blocking::SecretManager;
use strongroom::{Result, Secret, SecretKey};

use super::{acknowledge, open, say};

/// What is there after each step, as `name=value`, sorted; first what is there before the first one.
pub const STATES: [&[&str]; 6] = [
    &[],
    &["app/steps/a=1"],
    &["app/steps/a=1", "app/steps/b=1"],
    &["app/steps/a=2", "app/steps/b=1"],
    &["app/steps/a=2"],
    &["app/steps/a=3", "app/steps/c=1"],
];

/// Takes the steps, and acknowledges each.
pub(super) fn steps() {
    let Some(manager) = open("on") else { return };
    say("open");
    for step in 1..STATES.len() {
        if !acknowledge(take(&manager, step), format_args!("did {step}")) {
            return;
        }
    }
}

fn take(manager: &SecretManager, step: usize) -> Result<()> {
    match step {
        1 => manager.set("app/steps/a", &Secret::new("1")).map(drop),
        2 => manager.set("app/steps/b", &Secret::new("1")).map(drop),
        3 => manager.set("app/steps/a", &Secret::new("2")).map(drop),
        4 => manager.delete("app/steps/b").map(drop),
        _ => {
            let key = |name: &str| SecretKey::parse(&format!("app/steps/{name}"));
            let batch = [(key("a")?, Secret::new("3")), (key("c")?, Secret::new("1"))];
            manager.set_many(&batch).map(drop)
        }
    }
}
