//! The local backend of those who know it from Python: Fernet's keys, in variables or a `.env`.

use std::fs;

use crate::home::Home;

const VALUE: &str = "c4nary-value";

/// The table "Backends". What those of other machines answer is tested against their servers.
#[test]
fn seed_002_backends() {
    let key = Home::new().run(&["fernet", "generate"]).ok();
    for word in ["local", "local_encrypted"] {
        let home = Home::new()
            .variable("SECRET_BACKEND", word)
            .variable("FERNET_SECRET_KEY", key.text().trim_end());
        home.set("A", b"v");
        assert_eq!(home.get("A"), b"v");
        let status = home.run(&["status"]).ok();
        for part in ["local_encrypted", "SECRET_BACKEND", "FERNET_SECRET_KEY"] {
            assert!(status.text().contains(part), "{}", status.text());
        }
        assert!(!home.key_file().exists(), "the key is in the environment");
    }
    for (word, known_as) in [("aws_sm", "aws"), ("vault", "vault")] {
        let home = Home::new()
            .variable("SECRET_BACKEND", word)
            .variable("VAULT_ADDR", "https://127.0.0.1:8200");
        let run = home.run(&["config", "show", "-o", "json"]).ok();
        assert!(run.text().contains(&format!("\"{word}\"")), "{}", run.text());
        let status = home.run(&["status"]);
        assert!(status.text().contains(known_as), "{} {}", status.text(), status.stderr);
    }
    let run = Home::new()
        .variable("SECRET_BACKEND", "local")
        .run_with(&["set", "A"], b"v");
    assert_ne!(run.code, 0, "there is no key");
    assert!(run.stderr.contains("FERNET_SECRET_KEY"), "{}", run.stderr);
}

/// "Generate a key" and "Set in .env", and "values encrypted before write". Changed on purpose: what is at rest is
/// AES-256-GCM, names included; Fernet's tokens are imported and exported.
#[test]
fn seed_002_local_encrypted() {
    let home = Home::new();
    let key = home.run(&["fernet", "generate"]).ok();
    let text = format!("# Set in .env\nSECRET_BACKEND=local\nFERNET_SECRET_KEY={}", key.text());
    fs::write(home.path().join(".env"), text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(home.path().join(".env"), mode).unwrap();
    let home = home.variable("STRONGROOM_SECRETS_DOTENV", ".env");
    home.set("ANTHROPIC_KEY", VALUE.as_bytes());
    assert_eq!(home.get("ANTHROPIC_KEY"), VALUE.as_bytes());
    assert!(home.run(&["status"]).ok().text().contains("local_encrypted"));
    assert!(home.store().is_file());
    for file in home.files() {
        let bytes = fs::read(&file).unwrap();
        for part in [VALUE, "ANTHROPIC_KEY"] {
            let found = bytes.windows(part.len()).any(|window| window == part.as_bytes());
            assert!(!found, "{part} in {}", file.display());
        }
    }
    let home = home.variable("FERNET_SECRET_KEY", key.text().trim_end());
    let token = home.run(&["export", "--format", "fernet", "ANTHROPIC_KEY"]).ok();
    assert!(token.text().contains("gAAAAA") && !token.text().contains(VALUE));
    // Another key opens nothing.
    let other = home.run(&["fernet", "generate"]).ok();
    let home = home.variable("FERNET_SECRET_KEY", other.text().trim_end());
    home.run(&["get", "ANTHROPIC_KEY"]).fails("wrong_key", 60);
}

/// "Resolution order: project -> workspace -> team -> organization; narrowest scope wins for name collisions".
#[test]
fn seed_002_resolution_order() {
    let home = Home::with_store();
    let scopes = ["project/p", "workspace/w", "team/t", "org/o"];
    let words = scopes.map(|scope| ["--scope", scope]).concat();
    let args = [&["explain", "TOKEN"][..], &words].concat();
    for scope in scopes.iter().rev() {
        home.set(&format!("{scope}/TOKEN"), b"v");
        let run = home.run(&args).ok();
        let answer = run.text().lines().find(|line| line.ends_with("\tthe answer")).unwrap();
        assert!(answer.starts_with(&format!("{scope}/TOKEN\t")), "{}", run.text());
    }
}
