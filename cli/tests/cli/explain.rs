//! `explain`, and a chain through the command.

use serde_json::Value;

use crate::home::Home;

/// A home whose command uses a chain: a memory, which begins empty with every run, before the store.
fn chained() -> Home {
    let home = Home::with_store();
    home.set("A", b"canary-a");
    home.run_with(&["set", "org/acme/N", "--provider", "openai"], b"canary-n")
        .ok();
    home.variable("STRONGROOM_SECRETS_BACKEND", "chain")
        .variable("STRONGROOM_SECRETS_CHAIN_MEMBERS", "memory,encrypted")
        .variable("STRONGROOM_SECRETS_CHAIN_WRITER", "encrypted")
}

fn document(home: &Home, args: &[&str]) -> (i32, Value) {
    let run = home.run(args);
    assert!(!run.text().contains("canary"));
    let document: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(document["schema"], 1);
    (run.code, document["explanation"].clone())
}

#[test]
fn a_chain_reads_and_writes_as_its_settings_say() {
    let home = chained();
    assert_eq!(home.get("A"), b"canary-a");
    home.set("NEW", b"new");
    assert_eq!(home.get("NEW"), b"new");
    home.run(&["delete", "NEW"]).ok();
    home.run(&["get", "NEW"]).fails("not_found", 10);
    let run = home
        .variable("STRONGROOM_SECRETS_CHAIN_MEMBERS", "memory,encryptde")
        .run(&["list"]);
    let run = run.fails("invalid_config", 55);
    assert!(run.stderr.contains("did you mean `encrypted`?"), "{}", run.stderr);
    assert!(
        run.stderr.contains("STRONGROOM_SECRETS_CHAIN_MEMBERS"),
        "{}",
        run.stderr
    );
}

#[test]
fn each_place_is_a_row_with_its_answer() {
    let home = chained();
    let run = home.run(&["explain", "A", "-o", "plain"]).ok();
    let rows: Vec<Vec<&str>> = run.text().lines().map(|line| line.split('\t').collect()).collect();
    let [memory, store] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(
        (memory[0], memory[1], memory[3], memory[5]),
        ("global/A", "memory", "absent", "-")
    );
    assert_eq!((store[1], store[3], store[5]), ("encrypted", "found", "the answer"));
    assert!(store[4].ends_with("us") || store[4].ends_with("ms"), "{store:?}");
    let table = home.run(&["explain", "A", "-o", "table"]).ok();
    assert!(table.text().starts_with("KEY"), "{}", table.text());
    assert!(!table.text().contains("canary"));
}

#[test]
fn scopes_are_tried_in_their_order() {
    let home = chained();
    home.set("N", b"canary-global");
    let args = [
        "explain", "N", "--scope", "user/ann", "--scope", "org/acme", "--scope", "global", "-o", "json",
    ];
    let (code, told) = document(&home, &args);
    assert_eq!(
        (code, &told["answer"], &told["error"]),
        (0, &Value::from(3), &Value::Null)
    );
    let steps = told["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 6);
    assert_eq!(
        (&steps[3]["scope"], &steps[3]["answer"]),
        (&"org/acme".into(), &"found".into())
    );
    assert_eq!(steps[3]["metadata"]["provider"], "openai");
    assert_eq!(
        (&steps[5]["shadowed"], &steps[4]["shadowed"], &steps[2]["shadowed"]),
        (&true.into(), &false.into(), &false.into()),
        "only what is there"
    );
    assert_eq!(told["cache"], "not asked");
    home.run(&["explain", "org/acme/N", "--scope", "global"])
        .fails("invalid_key", 50);
    home.run(&["explain", "N", "--scope", "org"]).fails("invalid_key", 50);
}

#[test]
fn the_exit_code_is_that_of_get() {
    let home = chained();
    home.run_with(&["set", "OLD", "--expires-at", "2001-01-01T00:00:00Z"], b"old")
        .ok();
    for (key, token) in [("OLD", "expired"), ("MISSING", "not_found")] {
        let read = home.run(&["get", key]);
        let told = home.run(&["explain", key, "-o", "plain"]);
        assert_eq!(told.code, read.code, "{key}");
        assert!(
            told.stderr.starts_with(&format!("strongroom: {token}: ")),
            "{}",
            told.stderr
        );
        assert_eq!(told.text().lines().count(), 2, "the places are told all the same");
    }
}

#[test]
fn what_a_place_fails_with_is_told() {
    let home = Home::new()
        .variable("STRONGROOM_SECRETS_BACKEND", "chain")
        .variable("STRONGROOM_SECRETS_CHAIN_MEMBERS", "fault,memory")
        .variable("STRONGROOM_SECRETS_FAULT_SCRIPT", "explain:unavailable");
    let (code, told) = document(&home, &["explain", "K", "-o", "json"]);
    assert_eq!((code, &told["error"]["kind"]), (30, &"unavailable".into()));
    assert_eq!(told["steps"][0]["error"]["backend"], "fault");
    assert_eq!(told["steps"][1]["shadowed"], false, "it is absent");
    let home = home.variable("STRONGROOM_SECRETS_CHAIN_ALLOW_UNAVAILABLE", "on");
    let (_, told) = document(&home, &["explain", "K", "-o", "json"]);
    assert_eq!(
        (&told["steps"][0]["passed_over"], &told["steps"][1]["shadowed"]),
        (&true.into(), &false.into())
    );
}
