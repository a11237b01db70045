//! Whom a project's file needs the trust of, and what voids it.

use std::fs;

use crate::config::{file, mode, show, shown};
use crate::home::Home;

#[test]
fn a_projects_file_counts_once_it_is_trusted_and_until_it_changes() {
    let home = Home::new();
    let path = file(&home, "work/strongroom.toml", "[secrets]\nbackend = \"memory\"\n");
    let below = home.path().join("work/deep/er");
    fs::create_dir_all(&below).unwrap();
    let run = |args: &[&str]| {
        let mut command = home.command(args);
        command.current_dir(&below);
        crate::home::feed(command, b"")
    };
    let refused = run(&["status"]).fails("policy_denied", 23);
    assert!(
        refused.stderr.contains("strongroom.toml") && refused.stderr.contains("`backend`"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("strongroom config trust"), "{}", refused.stderr);
    // It is shown, and marked.
    let shown_untrusted = run(&["config", "show"]);
    assert_eq!(shown_untrusted.code, 23);
    assert!(shown(&shown_untrusted, "backend").1.ends_with("(not trusted)"));
    let told = run(&["config", "path"]).ok();
    let refused = format!("project\trefused\t{}\tthe project's file ", path.display());
    assert!(told.text().contains(&refused), "{}", told.text());
    run(&["config", "trust"]).ok();
    assert!(run(&["config", "path"]).ok().text().contains("project\tthere"));
    assert!(run(&["status"]).ok().text().contains("memory"));
    let record = home.path().join(".local/state/strongroom/trusted.json");
    let found = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&record).unwrap().permissions());
    assert_eq!(found & 0o777, 0o600);
    // A change of one byte, another place, a record that others could have written.
    fs::write(&path, "[secrets]\nbackend = \"memory\"\n\n").unwrap();
    run(&["status"]).fails("policy_denied", 23);
    fs::write(&path, "[secrets]\nbackend = \"memory\"\n").unwrap();
    run(&["status"]).ok();
    file(&home, "elsewhere/strongroom.toml", "[secrets]\nbackend = \"memory\"\n");
    let mut elsewhere = home.command(&["status"]);
    elsewhere.current_dir(home.path().join("elsewhere"));
    crate::home::feed(elsewhere, b"").fails("policy_denied", 23);
    mode(&record, 0o644);
    assert_eq!(run(&["status"]).code, 23);
    mode(&record, 0o600);
    run(&["config", "trust", "--revoke"]).ok();
    run(&["status"]).fails("policy_denied", 23);
    assert!(
        run(&["config", "trust", "--revoke"])
            .ok()
            .stderr
            .contains("was not trusted")
    );
}

#[test]
fn a_projects_file_without_what_needs_trust_counts_at_once() {
    let home = Home::new();
    file(
        &home,
        ".strongroom.json",
        r#"{"secrets": {"env": {"required": ["A"]}}}"#,
    );
    assert_eq!(show(&home, "env.required").0, "A");
    assert!(
        home.run(&["config", "trust"])
            .ok()
            .stderr
            .contains("nothing that needs trust")
    );
}

#[test]
fn an_untrusted_projects_file_shortens_no_history() {
    let home = Home::with_store();
    for value in [b"1", b"2", b"3"] {
        home.set("A", value);
    }
    file(&home, "strongroom.toml", "[secrets.encrypted]\nversions = 1\n");
    home.run_with(&["set", "A"], b"4").fails("policy_denied", 23);
    fs::remove_file(home.path().join("strongroom.toml")).unwrap();
    assert_eq!(home.run(&["versions", "A"]).ok().text().lines().count(), 3);
}

#[test]
fn the_variables_that_a_projects_file_names_are_trusted_with_it() {
    let home = Home::new();
    let elsewhere = home.path().join("elsewhere.strongroom");
    file(&home, "strongroom.toml", "[secrets]\ndotenv = \".env\"\n");
    let named = file(&home, ".env", "no variable\n");
    // Nobody looks at them before.
    let run = home.run(&["config", "show"]);
    assert_eq!(run.code, 23);
    assert!(!run.stderr.contains("invalid_config"), "{}", run.stderr);
    // One that is not there yet hinders no trust; once it is there the trust is void.
    fs::remove_file(&named).unwrap();
    let told = home.run(&["config", "trust"]).ok();
    assert!(
        told.stderr.contains("or the variables that it names"),
        "{}",
        told.stderr
    );
    home.run(&["list"]).fails("invalid_config", 55);
    fs::write(&named, "STRONGROOM_SECRETS_CACHE=off\n").unwrap();
    home.run(&["list"]).fails("policy_denied", 23);
    home.run(&["config", "trust"]).ok();
    home.set("A", b"value");
    // Only they change, and would send the secret elsewhere.
    let text = format!("STRONGROOM_SECRETS_ENCRYPTED_PATH={}\n", elsewhere.display());
    fs::write(&named, text).unwrap();
    let run = home.run_with(&["set", "A"], b"value").fails("policy_denied", 23);
    assert!(
        run.stderr.contains(".env") && run.stderr.contains("strongroom config trust"),
        "{}",
        run.stderr
    );
    assert!(!elsewhere.exists());
    home.run(&["config", "trust"]).ok();
    home.run_with(&["set", "A"], b"value").ok();
    assert!(elsewhere.exists());
    // A document that is named has more say.
    let other = file(
        &home,
        "named.toml",
        "[secrets.encrypted]\npath = \"other.strongroom\"\n",
    );
    let run = home.run(&["config", "show", "--config", other.to_str().unwrap()]).ok();
    assert!(shown(&run, "encrypted.path").0.ends_with("other.strongroom"));
}

#[test]
fn a_projects_file_where_others_could_have_put_it_is_told_and_not_passed_over() {
    let home = Home::new();
    file(
        &home,
        "work/strongroom.toml",
        "[secrets.encrypted]\npath = \"s.strongroom\"\n",
    );
    let work = home.path().join("work");
    mode(&work, 0o777);
    let run = |args: &[&str]| {
        let mut command = home.command(args);
        command.current_dir(&work);
        crate::home::feed(command, b"value")
    };
    let refused = run(&["set", "A"]).fails("insecure_path", 64);
    assert!(
        refused.stderr.contains("work/strongroom.toml") && refused.stderr.contains("--no-project"),
        "{}",
        refused.stderr
    );
    assert!(!home.store().exists());
    let told = run(&["config", "path"]).ok();
    assert!(told.text().starts_with("project\trefused\t"), "{}", told.text());
    assert!(told.text().contains("everybody can write to"), "{}", told.text());
    let told = run(&["config", "path", "-o", "json"]).ok();
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["files"][0]["error"], "insecure_path");
    assert!(!run(&["config", "path", "--no-project"]).ok().text().contains("project"));
    run(&["set", "A", "--no-project"]).ok();
    assert!(home.store().exists());
}

#[test]
fn every_file_that_is_refused_is_shown_with_the_reason() {
    let home = Home::new();
    let paths = ["strongroom.toml", ".strongroom.json"].map(|name| file(&home, name, "{}"));
    let told = home.run(&["config", "path"]).ok();
    for path in &paths {
        let refused = format!("project\trefused\t{}\tthere are two ", path.display());
        assert!(told.text().contains(&refused), "{}", told.text());
    }
    fs::remove_file(&paths[1]).unwrap();
    fs::write(&paths[0], "[secrets]\nnonsense = 1\n").unwrap();
    let user = file(&home, ".config/strongroom/config.toml", "[secrets]\nbackend = 5\n");
    let dotenv = file(&home, ".env", "no variable\n");
    let mut command = home.command(&["config", "path"]);
    command.env("STRONGROOM_SECRETS_DOTENV", &dotenv);
    let told = crate::home::feed(command, b"").ok();
    for (role, path) in [("project", &paths[0]), ("user", &user), ("dotenv", &dotenv)] {
        let refused = format!("{role}\trefused\t{}\t", path.display());
        assert!(told.text().contains(&refused), "{}", told.text());
    }
}

#[test]
fn projects_that_are_trusted_at_the_same_time_are_all_recorded() {
    const PROJECTS: usize = 12;
    let home = Home::new();
    let paths: Vec<_> = (0..PROJECTS)
        .map(|number| {
            file(
                &home,
                &format!("{number}/strongroom.toml"),
                "[secrets]\nbackend = \"memory\"\n",
            )
        })
        .collect();
    std::thread::scope(|scope| {
        for path in &paths {
            scope.spawn(|| home.run(&["config", "trust", path.to_str().unwrap()]).ok());
        }
    });
    let record = fs::read_to_string(home.path().join(".local/state/strongroom/trusted.json")).unwrap();
    assert_eq!(record.matches("strongroom.toml").count(), PROJECTS, "{record}");
}

#[test]
fn the_trust_of_a_file_that_is_gone_can_be_revoked() {
    let home = Home::new();
    let text = "[secrets]\nbackend = \"memory\"\n";
    let path = file(&home, "work/strongroom.toml", text);
    let trust = |args: &[&str]| home.run(&[&["config", "trust"], args].concat()).ok().stderr;
    for gone in ["work/strongroom.toml", path.to_str().unwrap()] {
        trust(&["work/strongroom.toml"]);
        fs::remove_file(&path).unwrap();
        assert!(trust(&["--revoke", gone]).contains("is trusted no longer"));
        assert!(trust(&["--revoke", gone]).contains("was not trusted"));
        file(&home, "work/strongroom.toml", text);
    }
    trust(&["work/strongroom.toml"]);
    fs::remove_dir_all(home.path().join("work")).unwrap();
    assert!(trust(&["--revoke", path.to_str().unwrap()]).contains("is trusted no longer"));
}

#[test]
fn a_record_of_trust_that_cannot_be_used_says_what_to_do() {
    let home = Home::new();
    file(&home, "strongroom.toml", "[secrets]\nbackend = \"memory\"\n");
    home.run(&["config", "trust"]).ok();
    let record = home.path().join(".local/state/strongroom/trusted.json");
    mode(&record, 0o644);
    let told = home.run(&["config", "trust"]).fails("insecure_path", 64);
    let chmod = format!("chmod 600 {}", record.display());
    assert!(told.stderr.contains(&chmod), "{}", told.stderr);
    let told = home.run(&["list"]);
    assert_eq!(told.code, 23);
    assert!(told.stderr.contains(&chmod), "{}", told.stderr);
    mode(&record, 0o600);
    home.run(&["list"]).ok();
    fs::write(&record, "{").unwrap();
    let told = home.run(&["config", "trust"]).fails("invalid_config", 55);
    assert!(
        told.stderr.contains("remove it") && told.stderr.contains("trusted.json"),
        "{}",
        told.stderr
    );
    fs::remove_file(&record).unwrap();
    home.run(&["config", "trust"]).ok();
}

#[test]
fn what_cannot_be_trusted_is_told() {
    let home = Home::new();
    home.run(&["config", "trust"]).fails("invalid_argument", 52);
    home.run(&["config", "trust", "nowhere.toml"])
        .fails("invalid_config", 55);
    file(&home, "strongroom.toml", "[secrets]\nbackend = 5\n");
    home.run(&["config", "trust"]).fails("invalid_config", 55);
    let link = home.path().join("link.toml");
    std::os::unix::fs::symlink(home.path().join("strongroom.toml"), link).unwrap();
    home.run(&["config", "trust", "link.toml"]).fails("insecure_path", 64);
}
