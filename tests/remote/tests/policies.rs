//! The policies in `docs/remote-backends.md`, against OpenBao: with the capabilities of its row each verb works, with one
//! of them less it is denied; and so with the ready-made policies.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use libtest_mimic::Trial;
use serde_json::json;
use strongroom::blocking::SecretManager;
use strongroom::{ErrorKind, Result};
use strongroom_remote::Service;
use strongroom_remote::guide::{self, Rights, Row};
use strongroom_remote::scenario::{self, Corner, Scenario};

const HEADING: &str = "### Vault: requests and capabilities";
/// The ready-made policies, the narrowest first.
const ROLES: [&str; 3] = ["reader", "writer", "owner"];

/// The text of a policy of these rights on a corner.
fn text(rights: &Rights, prefix: &str) -> String {
    // A policy cannot be empty.
    let mut text = "path \"secret/config\" { capabilities = [\"deny\"] }\n".to_owned();
    for (part, capabilities) in rights {
        let words: Vec<_> = capabilities.iter().map(|word| format!("\"{word}\"")).collect();
        let capabilities = words.join(", ");
        text.push_str(&format!(
            "path \"secret/{part}/{prefix}/*\" {{ capabilities = [{capabilities}] }}\n"
        ));
    }
    text
}

/// A manager whose token has this policy and no other one, not even the default.
fn limited(corner: &Corner, scenario: &Scenario, policy: &str) -> SecretManager {
    let bao = Service::bao();
    let name = corner.prefix();
    bao.policy(name, policy);
    let token = bao.token(&json!({"policies": [name], "no_default_policy": true}));
    let builder = corner.builder(scenario).secret_option("vault.token", token);
    builder.open_blocking().unwrap()
}

/// Calls a verb under a policy, which is made for the prefix of its corner.
fn called(scenario: &Scenario, policy: impl FnOnce(&str) -> String) -> Result<()> {
    let (corner, target) = Corner::of(Service::Vault, scenario);
    let manager = limited(&corner, scenario, &policy(corner.prefix()));
    (scenario.call)(&manager, &target)
}

#[track_caller]
fn denied(outcome: Result<()>, without: &str) {
    match outcome {
        Ok(()) => panic!("it works without {without}"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{without}: {error:?}"),
    }
}

fn with_its_rights_and_no_fewer(row: &Row, scenario: &Scenario) {
    called(scenario, |prefix| text(&row.rights, prefix)).unwrap();
    for (part, capabilities) in &row.rights {
        for capability in capabilities {
            let mut less = row.rights.clone();
            let left = less.get_mut(part).unwrap();
            left.remove(capability);
            if left.is_empty() {
                left.insert("deny".to_owned());
            }
            let outcome = called(scenario, |prefix| text(&less, prefix));
            denied(outcome, &format!("{capability} on {part}"));
        }
    }
}

fn with_the_ready_made_one_and_no_narrower(row: &Row, scenario: &Scenario) {
    let made_for = |role: &str, prefix: &str| guide::block("hcl", role).replace("sideseat", prefix);
    let Some(at) = ROLES.iter().position(|role| *role == row.role) else {
        // Nothing has to be allowed.
        assert_eq!((row.role.as_str(), row.rights.len()), ("", 0));
        return;
    };
    called(scenario, |prefix| made_for(ROLES[at], prefix)).unwrap();
    if at > 0 {
        let narrower = ROLES[at - 1];
        denied(called(scenario, |prefix| made_for(narrower, prefix)), &row.role);
    }
}

fn main() {
    strongroom_remote::run(|| {
        let rows = guide::rows(HEADING);
        let mut trials = Vec::new();
        for scenario in scenario::of_vault() {
            let row = rows.iter().find(|row| row.verb == scenario.row).cloned();
            let row = row.unwrap_or_else(|| panic!("no row for {}", scenario.row));
            let same = row.clone();
            trials.push(Trial::test(format!("{}: its capabilities", row.verb), move || {
                with_its_rights_and_no_fewer(&same, scenario);
                Ok(())
            }));
            trials.push(Trial::test(format!("{}: its ready-made policy", row.verb), move || {
                with_the_ready_made_one_and_no_narrower(&row, scenario);
                Ok(())
            }));
        }
        trials
    });
}
