//! The examples of the requirements for those who keep the secrets of components: `component list|set|delete`, which
//! are their `secret list|set|delete`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::home::{Home, Run};
use crate::prompt::on_a_terminal;

/// With nothing on stdin, as a shell in a terminal would have it.
fn run(home: &Home, args: &[&str]) -> Run {
    let args = [&["component"], args].concat();
    Run::from(home.command(&args).stdin(Stdio::null()).output().unwrap())
}

fn time_component() -> Home {
    let home = Home::with_store();
    let values = [
        "API_KEY=sk_live_abc123...",
        "DATABASE_URL=postgresql://user:pass@localhost/db",
        "SECRET_TOKEN=token_xyz789...",
    ];
    run(&home, &[&["set", "time-component"], &values[..]].concat()).ok();
    home
}

/// The document of the example, besides the number of its form.
fn document(run: Run) -> Value {
    let mut document: Value = serde_json::from_slice(&run.ok().stdout).unwrap();
    assert_eq!(document.as_object_mut().unwrap().remove("schema"), Some(json!(1)));
    document
}

/// "Example output (keys only)" and "Example output (with values)".
#[test]
fn seed_003_list_example_output() {
    let home = time_component();
    assert_eq!(
        document(run(&home, &["list", "time-component", "-o", "json"])),
        json!({
            "status": "success",
            "component_id": "time-component",
            "secret_keys": ["API_KEY", "DATABASE_URL", "SECRET_TOKEN"],
        })
    );
    assert_eq!(
        document(run(
            &home,
            &["list", "time-component", "--show-values", "--yes", "-o", "json"]
        )),
        json!({
            "status": "success",
            "component_id": "time-component",
            "secrets": {
                "API_KEY": "sk_live_abc123...",
                "DATABASE_URL": "postgresql://user:pass@localhost/db",
                "SECRET_TOKEN": "token_xyz789...",
            },
        })
    );
}

/// "List Secrets": without values by default, in each format.
#[test]
fn seed_003_list_output_formats() {
    let home = time_component();
    for format in [&[][..], &["-o", "json"], &["-o", "yaml"], &["-o", "table"]] {
        let keys = run(&home, &[&["list", "time-component"], format].concat()).ok();
        assert!(
            keys.text().contains("SECRET_TOKEN") && !keys.text().contains("token_xyz789"),
            "{}",
            keys.text()
        );
        let values = run(
            &home,
            &[&["list", "time-component", "--show-values", "--yes"], format].concat(),
        )
        .ok();
        assert!(values.text().contains("token_xyz789..."), "{}", values.text());
    }
}

/// "List with values (prompts for confirmation)".
#[test]
fn seed_003_list_with_values_prompts_for_confirmation() {
    let home = time_component();
    let args = ["component", "list", "time-component", "--show-values"];
    let Some((code, screen)) = on_a_terminal(&home, "n", &args) else {
        return;
    };
    assert_ne!(code, 0, "{screen}");
    assert!(screen.contains("[y/N]") && !screen.contains("sk_live"), "{screen}");
    let (code, screen) = on_a_terminal(&home, "y", &args).unwrap();
    assert!(code == 0 && screen.contains("sk_live_abc123..."), "{screen}");
    // Skip confirmation prompt
    let (code, screen) = on_a_terminal(&home, "", &[&args[..], &["--yes"]].concat()).unwrap();
    assert!(
        code == 0 && screen.contains("sk_live_abc123...") && !screen.contains("[y/N]"),
        "{screen}"
    );
}

/// "Set Secrets": a single one, several at once, and one that is there is updated. One notice about arguments.
#[test]
fn seed_003_set() {
    let home = Home::with_store();
    let notices = |run: &Run| run.stderr.matches("process listings").count();
    let set = run(&home, &["set", "c", "API_KEY=sk_live_abc123"]).ok();
    assert_eq!(notices(&set), 1, "{}", set.stderr);
    let set = run(
        &home,
        &["set", "c", "API_KEY=new", "DATABASE_URL=postgresql://localhost/db"],
    )
    .ok();
    assert_eq!(notices(&set), 1, "{}", set.stderr);
    assert!(!set.stderr.contains("postgresql"), "{}", set.stderr);
    // Written immediately to disk: this is another process.
    assert_eq!(home.get("component/c/API_KEY"), b"new");
    assert_eq!(home.get("component/c/DATABASE_URL"), b"postgresql://localhost/db");
}

/// "Delete Secrets": one, several, only those that are named; what is missing is ignored, and the store stays when it is
/// empty.
#[test]
fn seed_003_delete() {
    let home = time_component();
    run(&home, &["delete", "time-component", "API_KEY"]).ok();
    assert_eq!(
        run(&home, &["list", "time-component"]).ok().text(),
        "DATABASE_URL\nSECRET_TOKEN\n"
    );
    run(
        &home,
        &["delete", "time-component", "API_KEY", "DATABASE_URL", "SECRET_TOKEN"],
    )
    .ok();
    assert_eq!(run(&home, &["list", "time-component"]).ok().text(), "");
    assert!(home.store().is_file());
    run(&home, &["set", "time-component", "API_KEY=again"]).ok();
}

/// "Use custom plugin directory": secrets in a place of one's own.
#[test]
fn seed_003_a_directory_of_ones_own() {
    let home = time_component();
    let custom = ["--secrets-set", "encrypted.path=custom/components/secrets.strongroom"];
    run(&home, &[&["set", "c", "API_KEY=v"], &custom[..]].concat()).ok();
    assert!(home.path().join("custom/components/secrets.strongroom").is_file());
    assert_eq!(
        run(&home, &[&["list", "c"], &custom[..]].concat()).ok().text(),
        "API_KEY\n"
    );
    assert_eq!(run(&home, &["list", "c"]).ok().text(), "", "not in the usual place");
    run(&home, &[&["delete", "c", "API_KEY"], &custom[..]].concat()).ok();
    assert_eq!(run(&home, &[&["list", "c"], &custom[..]].concat()).ok().text(), "");
}

/// "File Permissions", and "Secrets are per-component".
#[test]
fn seed_003_file_permissions_and_access_control() {
    let home = time_component();
    for file in home.files() {
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        assert_eq!(mode(file.parent().unwrap()), 0o700, "{}", file.display());
    }
    run(&home, &["set", "other", "API_KEY=other"]).ok();
    assert_eq!(home.get("component/time-component/API_KEY"), b"sk_live_abc123...");
    assert_eq!(
        run(&home, &["list", "other", "--show-values", "--yes"]).ok().text(),
        "API_KEY\tother\n"
    );
}

/// The section "File Format": the flat document, comments and all, is brought in for a component.
#[test]
fn seed_003_file_format() {
    let home = Home::with_store();
    let text = "# Example: time-component.secrets.yaml\n\
        API_KEY: \"sk_live_abc123...\"\n\
        DATABASE_URL: \"postgresql://user:pass@localhost/db\"\n\
        SECRET_TOKEN: \"token_xyz789...\"\n\
        DEBUG_MODE: \"false\"\n";
    fs::write(home.path().join("time-component.secrets.yaml"), text).unwrap();
    home.run(&[
        "import",
        "time-component.secrets.yaml",
        "--scope",
        "component/time-component",
    ])
    .ok();
    assert_eq!(
        home.get("component/time-component/DATABASE_URL"),
        b"postgresql://user:pass@localhost/db"
    );
    assert_eq!(home.get("component/time-component/DEBUG_MODE"), b"false");
    assert_eq!(run(&home, &["list", "time-component"]).ok().text().lines().count(), 4);
}

/// "Example 2: Rotating an API Key". Beyond it, the value before is kept.
#[test]
fn seed_003_example_2_rotating_an_api_key() {
    let home = Home::with_store();
    run(&home, &["set", "weather-component", "API_KEY=sk_live_old"]).ok();
    assert_eq!(run(&home, &["list", "weather-component"]).ok().text(), "API_KEY\n");
    run(&home, &["set", "weather-component", "API_KEY=sk_live_new_key_xyz"]).ok();
    let shown = run(&home, &["list", "weather-component", "--show-values", "--yes"]).ok();
    assert_eq!(shown.text(), "API_KEY\tsk_live_new_key_xyz\n");
    home.run(&["rollback", "component/weather-component/API_KEY", "--back", "1"])
        .ok();
    assert_eq!(home.get("component/weather-component/API_KEY"), b"sk_live_old");
}

/// "Example 4: Migrating Secrets Between Environments". The backup is the flat document, so that the other side reads it
/// in one go.
#[test]
fn seed_003_example_4_migrating_between_environments() {
    let (dev, production) = (time_component(), Home::with_store());
    let shown = run(
        &dev,
        &["list", "time-component", "--show-values", "--yes", "-o", "yaml"],
    )
    .ok();
    let backup = dev
        .run(&["export", "--format", "yaml", "--scope", "component/time-component"])
        .ok();
    let words = ["import", "--format", "yaml", "--scope", "component/time-component"];
    production.run_with(&words, &backup.stdout).ok();
    let there = run(
        &production,
        &["list", "time-component", "--show-values", "--yes", "-o", "yaml"],
    )
    .ok();
    assert_eq!(there.text(), shown.text());
}

/// "Secrets File Corruption", with the commonest slips: told with the line and without a value, and nothing is brought
/// in.
#[test]
fn seed_003_a_corrupt_document_is_told_by_its_line() {
    let home = Home::with_store();
    let words = ["import", "--format", "yaml", "--scope", "component/c"];
    for (wrong, told) in [
        ("GOOD: \"a\"\n  BAD: \"c4nary\"\n", "line 2"),
        ("GOOD: a\nBAD: c4nary: x\n", "line 2"),
        (
            "GOOD: \"a\"\nBAD \"c4nary\"\n",
            "line 3 of the document: a name has no `:` after it, here or on the line before",
        ),
        ("GOOD: a\nBAD c4nary\nMORE: b\n", "a name has no `:` after it"),
    ] {
        let run = home.run_with(&words, wrong.as_bytes()).fails("invalid_argument", 52);
        assert!(
            run.stderr.contains(told) && !run.stderr.contains("c4nary"),
            "{}",
            run.stderr
        );
        assert_eq!(home.run(&["list"]).ok().text(), "");
    }
}
