//! The examples of the requirements for SideSeat's users, as they type them: `--secrets-backend`, the variables, the
//! configuration's file and the files of the application `sideseat`. Where the command does something else on purpose,
//! the test shows what it does and says so.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::home::{Home, Run};

/// What must never be shown unasked.
const CANARY: &str = "c4nary-value";

fn sideseat(home: &Home, args: &[&str]) -> Run {
    home.run(&[&["--app", "sideseat"], args].concat())
}

/// With the backend `file` by the flag.
fn plain(home: &Home, args: &[&str]) -> Run {
    sideseat(home, &[&["--secrets-backend", "file"], args].concat())
}

fn plain_set(home: &Home, key: &str, value: &str) {
    let args = ["--app", "sideseat", "--secrets-backend", "file", "set", key];
    home.run_with(&args, value.as_bytes()).ok();
}

/// Where SideSeat keeps its secrets.
fn vault(home: &Home) -> PathBuf {
    home.path().join(".local/share/sideseat/secrets.json")
}

fn plant(home: &Home, text: &str) {
    fs::create_dir_all(vault(home).parent().unwrap()).unwrap();
    fs::write(vault(home), text).unwrap();
}

fn document(home: &Home) -> Value {
    serde_json::from_slice(&fs::read(vault(home)).unwrap()).unwrap()
}

/// The files beside the vault whose names go on so.
fn beside(home: &Home, what: &str) -> Vec<PathBuf> {
    let begin = format!("{}.{what}.", vault(home).display());
    let mut found = home.files();
    found.retain(|path| path.to_str().unwrap().starts_with(&begin));
    found
}

/// The table "Backends", column "CLI Value". Those of operating systems and of other machines come with a later
/// version, and are told apart from slips.
#[test]
fn seed_000_backends_cli_value() {
    let home = Home::new().variable("SIDESEAT_SECRET_GLOBAL_A", "from env");
    plain_set(&home, "A", "from file");
    for (word, persistence) in [("file", "disk"), ("env", "process")] {
        let run = sideseat(&home, &["--secrets-backend", word, "get", "A"]).ok();
        assert_eq!(run.text(), format!("from {word}"));
        let run = sideseat(&home, &["--secrets-backend", word, "status", "-o", "json"]).ok();
        let status: Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(status["status"]["backend"], word);
        assert_eq!(status["status"]["persistence"], persistence);
        assert_eq!(status["status"]["chosen_by"], "a flag");
    }
    for word in [
        "data-protection-keychain",
        "keychain",
        "credential-manager",
        "secret-service",
        "keyutils",
    ] {
        let run = sideseat(&home, &["--secrets-backend", word, "get", "A"]).fails("invalid_config", 55);
        let told = format!("`{word}`, a backend that this version does not have");
        assert!(run.stderr.contains(&told), "{}", run.stderr);
    }
    let run = sideseat(&home, &["--secrets-backend", "fiel", "get", "A"]).fails("invalid_config", 55);
    assert!(run.stderr.contains("did you mean `file`?"), "{}", run.stderr);
}

/// "File: INSECURE - development only", wherever it shows.
#[test]
fn seed_000_backends_file_is_named_insecure() {
    let home = Home::new();
    let set = ["--app", "sideseat", "--secrets-backend", "file", "set", "A"];
    let run = home.run_with(&set, b"v").ok();
    assert!(run.stderr.contains("`file` is INSECURE"), "{}", run.stderr);
    assert_eq!(home.run_with(&[&set[..], &["-q"]].concat(), b"v").ok().stderr, "");
    for verb in ["status", "doctor"] {
        let run = plain(&home, &[verb]).ok();
        assert!(
            run.text().contains("plain text") && run.text().contains("development"),
            "{}",
            run.text()
        );
    }
    let run = sideseat(&home, &["config", "schema"]).ok();
    assert!(run.text().contains("The INSECURE plain JSON file"));
    home.run(&["init"]).ok();
    home.set("A", b"v");
    let run = home
        .run(&[
            "migrate",
            "--to",
            "file",
            "--to-option",
            "file.path=plain.json",
            "--dry-run",
        ])
        .ok();
    assert!(run.stderr.contains("`file` is INSECURE"), "{}", run.stderr);
}

/// "Platform Auto-Detection". Changed on purpose: a Linux without D-Bus gets the encrypted file, and nothing makes the
/// plain one the choice, not even one that is there.
#[test]
fn seed_000_platform_auto_detection() {
    let home = Home::new();
    plain_set(&home, "A", "plain");
    home.run_with(&["--app", "sideseat", "set", "A"], CANARY.as_bytes())
        .ok();
    let status = sideseat(&home, &["status"]).ok();
    assert!(
        status.text().contains("encrypted") && status.text().contains("detection: "),
        "{}",
        status.text()
    );
    assert_eq!(sideseat(&home, &["get", "A"]).ok().text(), CANARY);
    assert_eq!(plain(&home, &["get", "A"]).ok().text(), "plain");
    let folder = home.path().join(".local/share/sideseat");
    assert!(folder.join("secrets.strongroom").is_file());
    for file in home.files() {
        let bytes = fs::read(&file).unwrap();
        assert!(
            !bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()),
            "{}",
            file.display()
        );
    }
}

/// "Priority: CLI args > env vars > config file > platform auto-detect", by which value is read.
#[test]
fn seed_000_configuration_priority() {
    let home = Home::new();
    plain_set(&home, "A", "the plain file");
    home.run_with(&["--app", "sideseat", "set", "A"], b"auto-detect").ok();
    let text = r#"{"server": {"port": 5388}, "secrets": {"backend": "file"}}"#;
    fs::write(home.path().join("sideseat.json"), text).unwrap();
    let read = |home: &Home, args: &[&str]| {
        let run = sideseat(home, &[args, &["get", "A"]].concat()).ok();
        run.text().to_owned()
    };
    let file = ["--config", "sideseat.json"];
    assert_eq!(read(&home, &[]), "auto-detect");
    assert_eq!(read(&home, &file), "the plain file");
    let home = home
        .variable("SIDESEAT_SECRETS_BACKEND", "env")
        .variable("SIDESEAT_SECRET_GLOBAL_A", "the environment");
    assert_eq!(read(&home, &file), "the environment");
    let flag = [&file[..], &["--secrets-backend", "file"]].concat();
    assert_eq!(read(&home, &flag), "the plain file");
    // The variables of another application are another application's.
    assert_eq!(
        home.run(&["config", "show"])
            .ok()
            .text()
            .lines()
            .next()
            .unwrap()
            .split('\t')
            .nth(1),
        Some("encrypted")
    );
}

/// The table of the section "Environment Variables Backend": secret key and environment variable.
#[test]
fn seed_000_environment_variable_names() {
    let table = [
        ("global/jwt_signing_key", "SIDESEAT_SECRET_GLOBAL_JWT_SIGNING_KEY"),
        ("org/acme/api_key", "SIDESEAT_SECRET_ORG_ACME_API_KEY"),
        ("project/p1/token", "SIDESEAT_SECRET_PROJECT_P1_TOKEN"),
        ("user/u1/personal_token", "SIDESEAT_SECRET_USER_U1_PERSONAL_TOKEN"),
    ];
    for (key, variable) in table {
        let home = Home::new()
            .variable("SIDESEAT_SECRETS_BACKEND", "env")
            .variable(variable, key);
        for (other, _) in table {
            let run = sideseat(&home, &["get", other]);
            match other == key {
                true => assert_eq!(run.ok().text(), key),
                false => drop(run.fails("not_found", 10)),
            }
        }
        // The default prefix is the application's.
        home.run(&["--secrets-backend", "env", "get", key])
            .fails("not_found", 10);
    }
}

/// The table of the secrets that must be configured before starting.
#[test]
fn seed_000_required_secrets_that_are_set_let_it_start() {
    let home = Home::new()
        .variable("SIDESEAT_SECRETS_BACKEND", "env")
        .variable(
            "SIDESEAT_SECRETS_ENV_REQUIRED",
            "global/jwt_signing_key,global/api_key_secret",
        )
        .variable("SIDESEAT_SECRET_GLOBAL_JWT_SIGNING_KEY", "one");
    let run = sideseat(&home, &["get", "jwt_signing_key"]).fails("invalid_config", 55);
    assert!(
        run.stderr
            .contains("SIDESEAT_SECRET_GLOBAL_API_KEY_SECRET (global/api_key_secret)"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("JWT"), "what is set is not named: {}", run.stderr);
    let home = home.variable("SIDESEAT_SECRET_GLOBAL_API_KEY_SECRET", "two");
    assert_eq!(sideseat(&home, &["get", "jwt_signing_key"]).ok().text(), "one");
    assert_eq!(sideseat(&home, &["get", "api_key_secret"]).ok().text(), "two");
}

/// The table "Secret Scoping", and the names of its examples in the file.
#[test]
fn seed_000_secret_scoping() {
    let home = Home::new();
    let examples = [
        "global/jwt_signing_key",
        "org/acme/openai_api_key",
        "project/p1/webhook_secret",
        "user/u1/personal_token",
    ];
    for key in examples {
        plain_set(&home, key, key);
    }
    assert_eq!(
        plain(&home, &["list"]).ok().text(),
        examples.map(|key| format!("{key}\n")).concat()
    );
    for key in examples {
        assert_eq!(plain(&home, &["get", key]).ok().text(), key);
        assert_eq!(document(&home)["secrets"][key]["value"], key);
    }
    assert_eq!(
        plain(&home, &["get", "jwt_signing_key"]).ok().text(),
        "global/jwt_signing_key"
    );
    assert_eq!(
        plain(&home, &["list", "--scope", "org/acme"]).ok().text(),
        "org/acme/openai_api_key\n"
    );
}

/// "Fallback Chain: try org-scoped first, fall back to global".
#[test]
fn seed_000_fallback_chain() {
    let home = Home::new();
    plain_set(&home, "openai_api_key", CANARY);
    let args = ["explain", "openai_api_key", "--scope", "org/acme", "--scope", "global"];
    let rows = |run: &Run| -> Vec<(String, String, String)> {
        let row = |line: &str| {
            let cells: Vec<_> = line.split('\t').collect();
            (cells[0].to_owned(), cells[3].to_owned(), cells[5].to_owned())
        };
        run.text().lines().map(row).collect()
    };
    let row = |key: &str, answer: &str, meaning: &str| (key.to_owned(), answer.to_owned(), meaning.to_owned());
    let run = plain(&home, &args).ok();
    assert!(!run.text().contains(CANARY));
    let global = "global/openai_api_key";
    assert_eq!(
        rows(&run),
        [
            row("org/acme/openai_api_key", "absent", "-"),
            row(global, "found", "the answer")
        ]
    );
    plain_set(&home, "org/acme/openai_api_key", "acme's");
    let found = rows(&plain(&home, &args).ok());
    assert_eq!(found[0], row("org/acme/openai_api_key", "found", "the answer"));
    assert!(found[1].0 == global && found[1].2 != "the answer", "{found:?}");
}

/// "Vault Migration": happens by itself, whatever is asked first.
#[test]
fn seed_000_vault_migration() {
    let time = "2023-05-06T07:08:09Z";
    let metadata = json!({"created_at": time, "updated_at": time});
    let v1 = json!({"secrets": {
        "jwt_signing_key": {"value": "one", "metadata": metadata},
        "api_key_secret": {"value": "two", "metadata": metadata},
    }});
    for verb in [
        &["get", "jwt_signing_key"][..],
        &["list"],
        &["status"],
        &["set", "NEW=v"],
    ] {
        let home = Home::new();
        plant(&home, &v1.to_string());
        plain(&home, verb).ok();
        let mut saved = document(&home);
        assert_eq!(saved["version"], 2, "{verb:?}");
        saved["secrets"].as_object_mut().unwrap().remove("global/NEW");
        let expected = json!({
            "global/jwt_signing_key": {"value": "one", "metadata": metadata},
            "global/api_key_secret": {"value": "two", "metadata": metadata},
        });
        assert_eq!(saved["secrets"], expected, "{verb:?}");
        assert_eq!(plain(&home, &["get", "jwt_signing_key"]).ok().text(), "one");
        assert_eq!(plain(&home, &["get", "global/api_key_secret"]).ok().text(), "two");
        let kept = beside(&home, "v1");
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(fs::read_to_string(&kept[0]).unwrap(), v1.to_string());
    }
}

/// "Local and env backends use a no-op health check".
#[test]
fn seed_000_health_checks_of_local_backends() {
    let home = Home::new();
    home.run(&["--app", "sideseat", "init"]).ok();
    for word in ["file", "env", "encrypted"] {
        let run = sideseat(&home, &["--secrets-backend", word, "status", "-o", "json"]).ok();
        let status: Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(status["status"]["health"], "ok", "{word}");
    }
}

/// "Secret values are never logged — only key names appear in logs", for what the command says.
#[test]
fn seed_000_security_values_are_never_shown_unasked() {
    let home = Home::new();
    plain_set(&home, "TOKEN", CANARY);
    for args in [
        &["list"][..],
        &["list", "--long", "-o", "json"],
        &["explain", "TOKEN"],
        &["status"],
        &["doctor"],
        &["verify"],
        &["config", "show"],
        &["set", &format!("TOKEN={CANARY}")],
        &["set", &format!("no key={CANARY}")],
        &["get", "TOKEN", "--version", "7"],
        &["delete", "OTHER"],
        &["migrate", "--to", "encrypted", "--dry-run"],
    ] {
        let run = plain(&home, args);
        assert!(
            !run.text().contains(CANARY) && !run.stderr.contains(CANARY),
            "{args:?}: {}",
            run.stderr
        );
    }
    assert_eq!(
        plain(&home, &["get", "TOKEN"]).ok().text(),
        CANARY,
        "it was there all the time"
    );
}

/// "File backend stores secrets in plain text — use only for development".
#[test]
fn seed_000_security_file_backend_stores_plain_text() {
    let home = Home::new();
    plain_set(&home, "TOKEN", CANARY);
    assert_eq!(document(&home)["secrets"]["global/TOKEN"]["value"], CANARY);
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(vault(&home)).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "for its owner at least alone");
}

/// "Corrupted vault files are backed up and a fresh vault is created", and whoever it happens to is told, asked for
/// quiet or not. Changed on purpose: only by what writes.
#[test]
fn seed_000_security_corrupted_vault_files_are_backed_up() {
    for args in [&["set", "A=new"][..], &["-q", "set", "A=new"], &["generate", "A"]] {
        let home = Home::new();
        plant(&home, "{\"version\": 2, \"secrets\": {\"global/jwt");
        let run = plain(&home, args);
        let kept = beside(&home, "corrupt");
        let [kept] = &kept[..] else {
            panic!("{kept:?}");
        };
        assert_eq!(
            fs::read_to_string(kept).unwrap(),
            "{\"version\": 2, \"secrets\": {\"global/jwt"
        );
        let warning = run
            .stderr
            .lines()
            .find(|line| line.starts_with("strongroom: error: "))
            .unwrap_or_default();
        assert!(
            warning.contains("corrupt") && warning.contains(kept.to_str().unwrap()),
            "{args:?}: {}",
            run.stderr
        );
        let told = run.stderr.lines().filter(|line| line.contains("corrupt")).count();
        assert_eq!((run.code, told), (0, 1), "{}", run.stderr);
        assert_eq!(document(&home)["version"], 2);
        let again = plain(&home, &["list"]).ok();
        assert_eq!(again.stderr, "", "once");
    }
    // Beyond the example: who would rather stop can say so.
    let home = Home::new().variable("SIDESEAT_SECRETS_FILE_ON_CORRUPT", "stop");
    plant(&home, "no JSON");
    plain(&home, &["-q", "get", "A"]).fails("integrity", 62);
    assert_eq!(fs::read(vault(&home)).unwrap(), b"no JSON");
}

/// Who only looks takes nothing away, and learns that there is something to save.
#[test]
fn a_corrupt_vault_is_left_alone_by_those_who_look() {
    for args in [
        &["get", "A"][..],
        &["list"],
        &["export", "--format", "json"],
        &["status"],
        &["verify"],
        &["versions", "A"],
        &["explain", "A"],
        &["component", "list", "c"],
    ] {
        let home = Home::new();
        plant(&home, "no JSON");
        let run = plain(&home, args);
        assert_eq!(run.code, 62, "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains("is corrupt"), "{args:?}: {}", run.stderr);
        assert_eq!(fs::read(vault(&home)).unwrap(), b"no JSON", "{args:?}");
        assert!(beside(&home, "corrupt").is_empty(), "{args:?}");
    }
    // Who states it gets it, and is told.
    let home = Home::new().variable("SIDESEAT_SECRETS_FILE_ON_CORRUPT", "fresh");
    plant(&home, "no JSON");
    let run = plain(&home, &["-q", "list"]).ok();
    assert!(
        run.stderr.starts_with("strongroom: error: the secrets file is corrupt"),
        "{}",
        run.stderr
    );
    assert_eq!(beside(&home, "corrupt").len(), 1);
}

/// What the library warns of reaches a person, one line each, and not those who asked for quiet.
#[test]
fn warnings_of_the_library_are_told() {
    let home = Home::new();
    plain_set(&home, "A", "v");
    let open = || {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        fs::set_permissions(vault(&home), mode).unwrap();
    };
    open();
    let run = plain(&home, &["get", "A"]).ok();
    let lines: Vec<_> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{}", run.stderr);
    assert!(
        lines[0].starts_with("strongroom: warning: the secrets file was open to others"),
        "{}",
        run.stderr
    );
    assert!(
        lines[0].contains("mode 0644") && lines[0].contains(vault(&home).to_str().unwrap()),
        "{}",
        run.stderr
    );
    open();
    assert_eq!(plain(&home, &["-q", "get", "A"]).ok().stderr, "");
    assert_eq!(
        plain(&home, &["get", "A"]).ok().stderr,
        "",
        "a plain file is not named on each read"
    );
}

/// What is set into the memory of a command is gone with it.
#[test]
fn a_secret_that_is_gone_at_once_is_told() {
    let home = Home::new();
    let set = ["--secrets-backend", "memory", "set", "A"];
    let run = home.run_with(&set, b"v").ok();
    assert!(
        run.stderr
            .contains("`memory` forgets everything when this command ends"),
        "{}",
        run.stderr
    );
    assert_eq!(home.run_with(&[&set[..], &["-q"]].concat(), b"v").ok().stderr, "");
}
