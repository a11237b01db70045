//! The tables of requests in `docs/remote-backends.md`: each verb is called once against OpenBao and moto, and what the
//! manager counted is what its row says.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::Trial;
use serde_json::Value;
use strongroom::Secret;
use strongroom::blocking::SecretManager;
use strongroom_remote::Service;
use strongroom_remote::guide::{self, Row};
use strongroom_remote::scenario::{self, Corner, Present, Scenario};

/// Made once by each manager, whatever is called first; the text above the table says so.
const PROBE: &str = "sys.mounts";
/// The ready-made policies, the narrowest first.
const ROLES: [&str; 3] = ["reader", "writer", "owner"];

fn requests(manager: &SecretManager) -> BTreeMap<String, u64> {
    let metrics = manager.metrics();
    let counts = metrics
        .iter()
        .filter_map(|(name, count)| Some((name.strip_prefix("requests.")?.to_owned(), count)));
    counts.filter(|(name, count)| *count > 0 && name != PROBE).collect()
}

/// The requests of one call.
fn seen(service: Service, scenario: &Scenario) -> BTreeMap<String, u64> {
    let (corner, target) = Corner::of(service, scenario);
    let manager = corner.open(scenario);
    (scenario.call)(&manager, &target).unwrap();
    let requests = requests(&manager);
    manager.close().unwrap();
    requests
}

/// A trial for each row, and one that no row and no scenario is without the other.
fn of_table(service: Service, heading: &str, scenarios: Vec<&'static Scenario>) -> Vec<Trial> {
    let rows = guide::rows(heading);
    let told: Vec<_> = rows.iter().map(|row| row.verb.clone()).collect();
    let known: Vec<_> = scenarios.iter().map(|scenario| scenario.row.to_owned()).collect();
    let mut trials = vec![trial(service, "every row is tested", move || {
        let (told, known): (BTreeSet<_>, BTreeSet<_>) = (told.into_iter().collect(), known.into_iter().collect());
        assert_eq!(told, known);
    })];
    for row in rows {
        let Some(scenario) = scenarios.iter().find(|scenario| scenario.row == row.verb).copied() else {
            continue;
        };
        let name = row.verb.clone();
        trials.push(trial(service, &name, move || {
            let seen = seen(service, scenario);
            assert_eq!(seen, row.requests, "{}", row.verb);
            if service == Service::Aws {
                check_actions(&row, scenario, seen.keys());
            }
        }));
    }
    trials
}

/// The actions of a row are the calls that were seen, and those that AWS asks for besides.
fn check_actions<'a>(row: &Row, scenario: &Scenario, seen: impl Iterator<Item = &'a String>) {
    let mut needed: BTreeSet<_> = seen.cloned().collect();
    // Each secret of a batch is looked at for this one, too.
    if needed.contains("BatchGetSecretValue") {
        needed.insert("GetSecretValue".to_owned());
    }
    // A secret that is made with tags.
    if needed.contains("CreateSecret") && scenario.options.contains(&("aws.format", "raw")) {
        needed.insert("TagResource".to_owned());
    }
    let told = row.rights.get("").cloned().unwrap_or_default();
    assert_eq!(told, needed, "{}", row.verb);
}

fn trial(service: Service, name: &str, run: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(format!("{}: {name}", service.word()), || {
        run();
        Ok(())
    })
}

/// The ready-made policy of a row allows its actions, and no narrower one does.
fn ready_made_policies_of_aws(heading: &'static str) -> Trial {
    trial(Service::Aws, "each ready-made policy allows its rows", move || {
        let allowed = ROLES.map(|role| {
            let policy: Value = serde_json::from_str(&guide::block("json", role)).unwrap();
            assert_eq!(policy["Version"], "2012-10-17");
            let statements = policy["Statement"].as_array().unwrap();
            let actions = statements.iter().flat_map(|statement| {
                assert_eq!(statement["Effect"], "Allow");
                statement["Action"].as_array().unwrap().iter()
            });
            let words = actions.map(|action| action.as_str().unwrap().strip_prefix("secretsmanager:").unwrap());
            words.map(str::to_owned).collect::<BTreeSet<_>>()
        });
        for row in guide::rows(heading) {
            let Some(needed) = row.rights.get("") else {
                assert_eq!(row.role, "", "{}", row.verb);
                continue;
            };
            let narrowest = allowed.iter().position(|allowed| needed.is_subset(allowed));
            assert_eq!(narrowest.map(|at| ROLES[at]), Some(row.role.as_str()), "{}", row.verb);
        }
    })
}

/// The look at the mount, which the text above the table tells.
fn one_look_at_the_mount() {
    let scenario = scenario::of_vault()
        .find(|scenario| scenario.present == Present::Nothing)
        .unwrap();
    let (corner, target) = Corner::of(Service::Vault, scenario);
    let manager = corner.open(scenario);
    let looks = || {
        manager
            .metrics()
            .iter()
            .find(|(name, _)| *name == "requests.sys.mounts")
            .map_or(0, |found| found.1)
    };
    manager.health().unwrap();
    assert_eq!(looks(), 0);
    for value in ["a", "b"] {
        manager.set(&target.key, &Secret::new(value)).unwrap();
        assert_eq!(looks(), 1);
    }
}

fn main() {
    const VAULT: &str = "### Vault: requests and capabilities";
    const AWS: &str = "### AWS: requests and actions";
    strongroom_remote::run(|| {
        let mut trials = of_table(Service::Vault, VAULT, scenario::of_vault().collect());
        trials.extend(of_table(Service::Aws, AWS, scenario::of_aws().collect()));
        trials.push(trial(Service::Vault, "one look at the mount", one_look_at_the_mount));
        trials.push(ready_made_policies_of_aws(AWS));
        trials
    });
}
