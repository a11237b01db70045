//! Which backend is used.

use std::fs;

use strongroom::backend::Persistence;
use strongroom::{Builder, ErrorKind, Origin, Secret};

use crate::{CANARY, Place, sideseat, text};

/// The table "Backends": the words, and how long what they keep lasts. Those of operating systems and of other machines
/// come with a later version, and are told apart from slips.
#[test]
fn seed_000_backends_cli_value_and_persistence() {
    let place = Place::new();
    let file = place.file().open_blocking().unwrap();
    assert_eq!(file.backend().name(), "file");
    assert!(file.is_persistent());
    let env = sideseat().backend("env").open_blocking().unwrap();
    assert_eq!(env.backend().name(), "env");
    assert!(env.backend().capabilities().read_only && !file.backend().capabilities().read_only);
    for word in [
        "data-protection-keychain",
        "keychain",
        "credential-manager",
        "secret-service",
        "keyutils",
    ] {
        let error = sideseat().backend(word).open_blocking().unwrap_err();
        assert_eq!(
            (error.kind(), error.setting()),
            (ErrorKind::InvalidConfig, Some("backend"))
        );
        assert!(
            error
                .message()
                .contains(&format!("`{word}`, a backend that this version does not have")),
            "{error}"
        );
    }
}

/// "Platform Auto-Detection". Changed on purpose: a Linux without D-Bus gets the encrypted file, not the plain one.
#[test]
fn seed_000_platform_auto_detection() {
    let place = Place::new();
    let secrets = place.encrypted().open_blocking().unwrap();
    assert_eq!(secrets.backend().name(), "encrypted");
    assert_eq!(secrets.backend().persistence(), Persistence::Disk);
    let Origin::Detected(reason) = secrets.backend().chosen_by() else {
        panic!("nobody stated it: {}", secrets.backend().chosen_by());
    };
    assert!(
        reason.contains("no keystore") && reason.contains("secrets.strongroom"),
        "{reason}"
    );
    secrets.set("jwt_signing_key", &Secret::new(CANARY)).unwrap();
    drop(secrets);
    assert!(!place.files().is_empty());
    for file in place.files() {
        let bytes = fs::read(&file).unwrap();
        for part in [CANARY, "jwt_signing_key"] {
            assert!(
                !bytes.windows(part.len()).any(|found| found == part.as_bytes()),
                "{part} in {}",
                file.display()
            );
        }
    }
}

/// "Priority: CLI args > env vars > config file > platform auto-detect", for what a program hands over. The variables
/// have their test with the command.
#[test]
fn seed_000_configuration_priority() {
    let document = r#"{"secrets": {"backend": "file", "file": {"path": "elsewhere.json"}}, "server": {"port": 5388}}"#;
    let place = Place::new();
    let configured = || place.encrypted().config_text(strongroom::ConfigFormat::Json, document);
    let found = |builder: Builder| {
        let found = builder.inspect();
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        (
            found.settings.text("backend").unwrap().to_owned(),
            found.settings.origin("backend"),
        )
    };
    let (word, origin) = found(place.encrypted());
    assert!(
        word == "encrypted" && matches!(origin, Origin::Detected(_)),
        "{word} {origin}"
    );
    let (word, origin) = found(configured());
    assert!(word == "file" && matches!(origin, Origin::File(_)), "{word} {origin}");
    assert_eq!(
        found(configured().flag("backend", "env")),
        ("env".to_owned(), Origin::Flag)
    );
    assert_eq!(
        found(configured().flag("backend", "env").backend("memory")),
        ("memory".to_owned(), Origin::Builder),
        "what the program itself states is above all"
    );
}

/// `sideseat --secrets-backend …`, among the arguments of SideSeat's own program.
#[test]
fn seed_000_cli_flag_of_a_program_of_ones_own() {
    #[derive(clap::Parser)]
    struct Arguments {
        #[command(flatten)]
        secrets: strongroom::flags::SecretsArgs,
        #[arg(long)]
        port: Option<u16>,
    }
    let place = Place::new();
    place
        .file()
        .open_blocking()
        .unwrap()
        .set("A", &Secret::new("v"))
        .unwrap();
    let path = format!("file.path={}", text(&place.vault()));
    let line = [
        "sideseat",
        "--port",
        "5388",
        "--secrets-backend",
        "file",
        "--secrets-set",
        &path,
    ];
    let arguments = <Arguments as clap::Parser>::try_parse_from(line).unwrap();
    assert_eq!(arguments.port, Some(5388));
    let secrets = arguments.secrets.apply(sideseat()).unwrap().open_blocking().unwrap();
    assert_eq!(
        (secrets.backend().name(), secrets.backend().chosen_by()),
        ("file", &Origin::Flag)
    );
    assert_eq!(secrets.get_value("A").unwrap().as_deref(), Some("v"));
    let arguments = <Arguments as clap::Parser>::try_parse_from(["sideseat", "--secrets-backend", "vault"]).unwrap();
    let error = arguments
        .secrets
        .apply(sideseat())
        .unwrap()
        .open_blocking()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InvalidConfig, Some("vault.address"))
    );
}
