//! `copy` and `migrate`: the plan, what is refused, and what is where afterwards.

use crate::home::{Home, Run};
use crate::prompt::on_a_terminal;

/// A store with three secrets, of which one has metadata that not every place can hold.
fn home() -> Home {
    let home = Home::with_store();
    home.set("A", b"value-a");
    home.set("org/acme/b", b"value-b");
    home.run_with(&["set", "C", "--provider", "acme", "--label", "team=x"], b"value-c")
        .ok();
    home
}

/// Runs it to a second store in the home.
fn to_store(home: &Home, verb: &[&str], more: &[&str]) -> Run {
    let path = format!("encrypted.path={}", home.path().join("new.strongroom").display());
    home.run(&[verb, &["--to", "encrypted", "--to-option", &path], more].concat())
}

/// The copy did not begin: the plan on stdout, and why on stderr.
#[track_caller]
fn refused(run: Run, token: &str, code: i32) -> Run {
    assert_eq!(run.code, code, "{}", run.stderr);
    assert!(
        run.stderr.starts_with(&format!("strongroom: {token}: ")),
        "{}",
        run.stderr
    );
    assert!(run.text().contains("\trefuse\t"), "{}", run.text());
    run
}

/// The value that the second store has.
fn there(home: &Home, key: &str) -> Run {
    let mut command = home.command(&["get", key]);
    command.env("STRONGROOM_SECRETS_ENCRYPTED_PATH", home.path().join("new.strongroom"));
    crate::home::feed(command, b"")
}

#[test]
fn a_dry_run_shows_the_plan_and_makes_nothing() {
    let home = home();
    let before = home.files().len();
    let run = to_store(&home, &["migrate"], &["--dry-run"]).ok();
    assert_eq!(
        run.text(),
        "global/A\tcreate\t-\nglobal/C\tcreate\t-\norg/acme/b\tcreate\t-\n"
    );
    assert!(
        run.stderr.contains("3 create") && run.stderr.contains("to be made"),
        "{}",
        run.stderr
    );
    assert_eq!(home.files().len(), before);
    let run = to_store(&home, &["migrate"], &["-n", "-o", "json"]).ok();
    let plan: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(plan["schema"], 1);
    assert_eq!(plan["plan"]["secrets"][1]["key"], "global/C");
    assert_eq!(plan["plan"]["secrets"][1]["action"], "create");
    assert!(!run.text().contains("value-"));
}

#[test]
fn a_migration_copies_everything_and_says_how_to_switch_over() {
    let home = home();
    let run = to_store(&home, &["migrate"], &[]).ok();
    for part in [
        "3 copied and read back",
        "STRONGROOM_SECRETS_BACKEND=encrypted",
        "are as they were",
    ] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    for (key, value) in [("A", "value-a"), ("org/acme/b", "value-b"), ("C", "value-c")] {
        assert_eq!(there(&home, key).ok().text(), value);
        assert_eq!(home.get(key), value.as_bytes());
    }
    let again = to_store(&home, &["migrate"], &["-o", "json"]).ok();
    let report: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(report["report"]["secrets"][0]["outcome"], "same");
    assert_eq!(report["report"]["secrets"][0]["deleted"], false);
    let left = home.path().join(".local/state/strongroom/migrations");
    assert_eq!(std::fs::read_dir(left).unwrap().count(), 0, "no journal is left");
}

#[test]
fn the_source_is_emptied_only_with_a_yes() {
    let home = home();
    let run = to_store(&home, &["migrate"], &["--delete-source"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("--yes"), "{}", run.stderr);
    assert_eq!(home.get("A"), b"value-a");
    let run = to_store(&home, &["migrate"], &["--delete-source", "--yes"]).ok();
    assert!(run.stderr.contains("3 removed at the source"), "{}", run.stderr);
    assert_eq!(home.run(&["list"]).ok().text(), "");
    assert_eq!(there(&home, "org/acme/b").ok().text(), "value-b");
}

#[test]
fn only_the_keys_that_are_named_are_copied() {
    let home = home();
    to_store(&home, &["copy", "A"], &[]).ok();
    assert_eq!(there(&home, "A").ok().text(), "value-a");
    there(&home, "C").fails("not_found", 10);
    refused(to_store(&home, &["-q", "copy", "MISSING"], &[]), "not_found", 10);
    let run = to_store(&home, &["copy", "K=hunter2"], &[]);
    assert!(run.code != 0 && !run.stderr.contains("hunter2"), "{}", run.stderr);
    to_store(&home, &["migrate"], &["--scope", "org/acme"]).ok();
    assert_eq!(there(&home, "org/acme/b").ok().text(), "value-b");
    there(&home, "C").fails("not_found", 10);
}

#[test]
fn what_is_in_the_way_is_shown_and_stays() {
    let home = home();
    to_store(&home, &["copy", "A"], &[]).ok();
    home.set("A", b"newer");
    let run = refused(to_store(&home, &["-q", "migrate"], &[]), "conflict", 40);
    assert!(run.stderr.contains("--replace"), "{}", run.stderr);
    assert!(run.text().contains("global/A\trefuse\tconflict: "), "{}", run.text());
    assert!(!run.text().contains("newer") && !run.stderr.contains("newer"));
    there(&home, "C").fails("not_found", 10);
    to_store(&home, &["migrate"], &["--skip-existing"]).ok();
    assert_eq!(there(&home, "A").ok().text(), "value-a");
    to_store(&home, &["migrate"], &["--replace"]).ok();
    assert_eq!(there(&home, "A").ok().text(), "newer");
    let run = to_store(&home, &["migrate"], &["--skip-existing", "--delete-source", "--yes"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
}

#[test]
fn losses_are_refused_unless_they_are_allowed() {
    let home = home();
    let mut init = home.command(&["init"]);
    init.env("STRONGROOM_SECRETS_ENCRYPTED_PATH", "lacking.strongroom");
    crate::home::feed(init, b"").ok();
    let lacking = [
        "--to",
        "fault",
        "--to-option",
        "fault.inner=encrypted",
        "--to-option",
        "fault.lacks=metadata",
        "--to-option",
        "encrypted.path=lacking.strongroom",
    ];
    let run = |more: &[&str]| home.run(&[&["-q", "migrate"][..], &lacking, more].concat());
    let answer = refused(run(&[]), "unsupported", 43);
    assert!(answer.text().contains("provider, labels"), "{}", answer.text());
    assert!(answer.stderr.contains("--allow-loss"), "{}", answer.stderr);
    let allowed = run(&["--allow-loss"]).ok();
    assert!(
        allowed.text().contains("without provider, labels"),
        "{}",
        allowed.text()
    );
}

#[test]
fn one_place_is_not_migrated_onto_itself() {
    let home = home();
    let run = home
        .run(&["migrate", "--to", "encrypted"])
        .fails("invalid_argument", 52);
    assert!(run.stderr.contains("one and the same place"), "{}", run.stderr);
}

#[test]
fn ends_that_are_misstated_are_told_without_what_may_be_a_value() {
    let home = home();
    home.run(&["migrate", "--to", "nonsense"]).fails("invalid_config", 55);
    home.run(&["migrate", "--to", "encrypted", "--to-option", "encrypted.pahth=x"])
        .fails("invalid_config", 55);
    for option in ["encrypted.key=hunter2", "hunter2"] {
        for flag in ["--from-option", "--to-option"] {
            let run = home.run(&["migrate", "--to", "encrypted", flag, option]);
            assert_eq!(run.code, 2, "{}", run.stderr);
            assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
        }
    }
    let run = home.run(&["migrate"]);
    assert_eq!(run.code, 2, "a target must be named: {}", run.stderr);
}

#[test]
fn a_target_may_be_stated_by_a_file_of_settings() {
    let home = home();
    let path = home.path().join("new.strongroom");
    let text = format!(
        "[secrets]\nbackend = \"encrypted\"\n[secrets.encrypted]\npath = \"{}\"\n",
        path.display()
    );
    std::fs::write(home.path().join("new.toml"), text).unwrap();
    home.run(&["migrate", "--to-config", "new.toml"]).ok();
    assert_eq!(there(&home, "A").ok().text(), "value-a");
}

#[test]
fn secrets_go_to_a_plain_file_and_back() {
    let home = home();
    let file = ["--to", "file", "--to-option", "file.path=plain.json"];
    let plan = home.run(&[&["migrate", "-n"][..], &file].concat()).ok();
    assert!(!home.path().join("plain.json").exists(), "{}", plan.stderr);
    home.run(&[&["migrate", "--delete-source", "--yes"][..], &file].concat())
        .ok();
    assert_eq!(home.run(&["list"]).ok().text(), "");
    let back = [
        "--from",
        "file",
        "--from-option",
        "file.path=plain.json",
        "--to",
        "encrypted",
    ];
    home.run(&[&["migrate"][..], &back].concat()).ok();
    assert_eq!(home.get("C"), b"value-c");
    assert!(home.run(&["list", "--long"]).ok().text().contains("team=x"));
}

#[test]
fn a_person_is_asked_first_and_sees_how_far_it_is() {
    let home = home().variable("TERM", "xterm");
    let option = format!("encrypted.path={}", home.path().join("new.strongroom").display());
    let args = [
        "migrate",
        "--to",
        "encrypted",
        "--to-option",
        &option,
        "--delete-source",
    ];
    let Some((code, screen)) = on_a_terminal(&home, "n", &args) else {
        return;
    };
    assert_eq!(code, 34, "{screen}");
    assert!(
        screen.contains("KEY") && screen.contains("then remove 3 at the old place? [y/N]"),
        "{screen}"
    );
    assert!(!home.path().join("new.strongroom").exists());
    assert_eq!(home.get("A"), b"value-a");
    let (code, screen) = on_a_terminal(&home, "y", &args).unwrap();
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains("] 1/3 ") && screen.contains("3 removed at the source"),
        "{screen}"
    );
    assert!(!screen.contains("value-"));
    assert_eq!(there(&home, "C").ok().text(), "value-c");
    // Nobody is asked where there is nothing to do, and nothing moves where it is to be quiet.
    let (code, screen) = on_a_terminal(
        &home,
        "",
        &["-q", "migrate", "--to", "encrypted", "--to-option", &option],
    )
    .unwrap();
    assert_eq!((code, screen.as_str()), (0, ""), "{screen}");
}

/// A process's memory ends with the command: what is moved there is nowhere afterwards. A plan of it says the same, and
/// so does a chain whose other member is a store that is not there yet, and is not made for it.
#[test]
fn nothing_goes_to_a_place_that_ends_with_the_command() {
    let home = home();
    let chain = |members: &'static str| {
        let path = "--to-option=encrypted.path=new.strongroom";
        let writer = "--to-option=chain.writer=memory";
        ["--to=chain", members, writer, path]
    };
    let before = home.files().len();
    for to in [
        &["--to", "memory"][..],
        &chain("--to-option=chain.members=memory"),
        &chain("--to-option=chain.members=encrypted,memory"),
    ] {
        for more in [
            &["--delete-source", "--yes", "--allow-loss"][..],
            &["--yes"],
            &[],
            &["--dry-run"],
            &["--dry-run", "--delete-source"],
        ] {
            home.run(&[&["migrate"][..], to, more].concat())
                .fails("invalid_argument", 52);
        }
        home.run(&[&["copy", "A"][..], to].concat())
            .fails("invalid_argument", 52);
        assert_eq!(home.get("A"), b"value-a");
    }
    assert_eq!(home.files().len(), before);
}

#[test]
fn a_chain_that_is_made_for_a_copy_tells_where_it_writes() {
    let home = home();
    let run = home.run(&[
        "copy",
        "A",
        "--allow-loss",
        "--to=chain",
        "--to-option=chain.members=encrypted,file",
        "--to-option=chain.writer=file",
        "--to-option=encrypted.path=new.strongroom",
    ]);
    let run = run.ok();
    assert!(run.stderr.contains("the backend `file` is INSECURE"), "{}", run.stderr);
    let dry = home.run(&[
        "copy",
        "A",
        "--dry-run",
        "--to=chain",
        "--to-option=chain.members=env,encrypted",
        "--to-option=chain.writer=encrypted",
        "--to-option=encrypted.path=newer.strongroom",
    ]);
    assert!(dry.ok().text().contains("global/A\tcreate"));
}

#[test]
fn a_chain_is_not_emptied_into_its_own_member() {
    let home = home();

    let ends = [
        ["--from", "encrypted", "--to", "chain", "--to-option"],
        ["--from", "chain", "--to", "encrypted", "--from-option"],
    ];
    for [from, source, to, target, option] in ends {
        let mut args = vec!["migrate", "--delete-source", "--yes", from, source, to, target];
        for setting in [
            "chain.members=env,encrypted",
            "chain.writer=encrypted",
            "env.mapping=escaped",
        ] {
            args.extend([option, setting]);
        }
        let run = home.run(&args);
        assert!(run.stderr.contains("`encrypted` in the "), "{}", run.stderr);
        assert_eq!(run.code, 52, "{}", run.stderr);
        assert_eq!(home.get("A"), b"value-a");
    }
}
