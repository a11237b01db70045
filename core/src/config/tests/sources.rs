//! Where settings come from besides documents, which of them win, and what is detected.

#[cfg(all(feature = "env", unix))]
use super::super::Collected;
use super::*;

/// One setting from every origin that a process can state without a real environment; each must beat those below it.
#[test]
fn an_origin_that_comes_first_wins_whatever_the_order_of_the_calls() {
    let place = Place::new();
    let dotenv = place.file(".env", "SIDESEAT_SECRETS_CACHE_ENTRIES=3\n");
    let explicit = place.file("explicit.toml", "[secrets]\ncache_entries = 4\n");
    let project = place.file("project.toml", "[secrets]\ncache_entries = 5\n");
    let steps: [(&str, &dyn Fn(Builder) -> Builder); 5] = [
        ("1", &|builder| builder.option("cache_entries", "1")),
        ("2", &|builder| builder.flag("cache_entries", "2")),
        ("3", &|builder| builder.option("dotenv", dotenv.to_str().unwrap())),
        ("4", &|builder| builder.config_file(&explicit)),
        ("5", &|builder| builder.project_file(&project, |_, _| true)),
    ];
    for mask in 1..1_u32 << steps.len() {
        let chosen: Vec<_> = (0..steps.len()).filter(|step| mask & (1 << step) != 0).collect();
        for order in [chosen.clone(), chosen.iter().rev().copied().collect()] {
            let built = order.iter().fold(builder(), |builder, step| steps[*step].1(builder));
            let found = built.inspect();
            assert_eq!(found.problems.len(), 0, "{:?}", found.problems);
            assert_eq!(
                found.settings.text("cache_entries"),
                Some(steps[chosen[0]].0),
                "{chosen:?}"
            );
        }
    }
    let origins = [
        Origin::Builder,
        Origin::Flag,
        Origin::Environment("Z".into()),
        Origin::EnvironmentFile {
            path: "z".into(),
            variable: "Z".into(),
        },
        Origin::File("z".into()),
        Origin::ProjectEnvironmentFile {
            path: "z".into(),
            variable: "Z".into(),
        },
        Origin::ProjectFile("z".into()),
        Origin::UserFile("z".into()),
        Origin::SeedVariable(None),
        Origin::Detected("z".into()),
        Origin::Default,
    ];
    assert!(origins.is_sorted_by(|one, other| one < other && one.level() < other.level()));
}

#[test]
fn two_documents_that_are_named_the_later_wins() {
    let text = |entries: u32| format!("[secrets]\ncache_entries = {entries}\n");
    let built = builder()
        .config_text(ConfigFormat::Toml, &text(1))
        .config_text(ConfigFormat::Toml, &text(2));
    assert_eq!(built.inspect().settings.integer("cache_entries"), Some(2));
}

#[test]
fn a_file_of_variables_counts_like_the_environment() {
    let place = Place::new();
    let with = |text: &str| {
        let path = place.file(".env", text);
        builder().option("dotenv", path.to_str().unwrap()).inspect()
    };
    let found = with("OTHER='x\ny'\nexport SIDESEAT_SECRETS_BACKEND=memory\nSIDESEAT_SECRETS_CACHE=\"off\"\n");
    assert_eq!(found.problems.len(), 0, "{:?}", found.problems);
    assert_eq!(found.settings.text("backend"), Some("memory"));
    let named = "SIDESEAT_SECRETS_BACKEND of `";
    assert!(found.settings.origin("backend").to_string().contains(named));
    // Seed 001 says it in the singular.
    let found = with("SIDESEAT_SECRET_BACKEND=memory\n");
    assert_eq!(found.settings.text("backend"), Some("memory"));
    assert_eq!(
        with("SIDESEAT_SECRETS_BACKEND=memory\nSIDESEAT_SECRET_BACKEND=memory\n")
            .problems
            .len(),
        0
    );
    let found = with("SIDESEAT_SECRETS_BACKEND=memory\nSIDESEAT_SECRET_BACKEND=encrypted\n");
    refused(
        found,
        &["SIDESEAT_SECRETS_BACKEND", "SIDESEAT_SECRET_BACKEND", "differ"],
    );
    refused(
        with("SIDESEAT_SECRETS_CACHE=c4nary-value\n"),
        &["SIDESEAT_SECRETS_CACHE"],
    );
    refused(
        with("SIDESEAT_SECRETS_BACKND=memory\n"),
        &["did you mean SIDESEAT_SECRETS_BACKEND"],
    );
    assert_eq!(
        with("SIDESEAT_SECRETS_SERVICE_HOST=10.0.0.1\nSIDESEAT_SECRETS_PORT=x\n")
            .problems
            .len(),
        0
    );
    refused(with("A=1\nc4nary-value\n"), &["line 2", ".env"]);
    refused(
        builder()
            .option("dotenv", place.path("none").to_str().unwrap())
            .inspect(),
        &["no file"],
    );
    // An empty variable counts as unset.
    let found = with("SIDESEAT_SECRETS_CACHE=\n");
    assert_eq!((found.problems.len(), found.settings.is_set("cache")), (0, false));
}

#[test]
fn the_backend_of_seed_002_counts_only_where_nothing_else_states_one() {
    let place = Place::new();
    let with = |text: &str| {
        let path = place.file(".env", text);
        builder().option("dotenv", path.to_str().unwrap())
    };
    for word in ["local", "local_encrypted", "aws_sm", "vault"] {
        let found = with(&format!("SECRET_BACKEND={word}\n")).inspect();
        assert_eq!(found.settings.text("backend"), Some(word));
        assert!(matches!(
            found.settings.origin("backend"),
            Origin::SeedVariable(Some(_))
        ));
        let found = with(&format!("SECRET_BACKEND={word}\n"))
            .config_text(ConfigFormat::Toml, "[secrets]\nbackend = \"memory\"")
            .inspect();
        assert_eq!(found.settings.text("backend"), Some("memory"));
    }
    refused(with("SECRET_BACKEND=locl\n").inspect(), &["did you mean `local`"]);
    refused(
        with("SECRET_BACKEND=memory\n").inspect(),
        &["local, local_encrypted, aws_sm, vault"],
    );
    assert_eq!(
        with("SECRET_BACKEND=something\n")
            .backend("memory")
            .inspect()
            .problems
            .len(),
        0
    );
}

#[cfg(unix)]
#[test]
fn a_file_of_variables_that_states_a_secret_must_be_private() {
    let place = Place::new();
    let path = place.file(".env", format!("SIDESEAT_SECRETS_KEY={CANARY}\n"));
    let with = || builder().option("dotenv", path.to_str().unwrap());
    assert_eq!(with().inspect().problems.len(), 0);
    mode(&path, 0o644);
    let error = problem(with().inspect());
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InsecurePath, Some("encrypted.key"))
    );
}

#[cfg(feature = "encrypted")]
#[test]
fn settings_that_exclude_each_other_are_refused_at_one_place_and_ranked_across_places() {
    let both = toml("[secrets.encrypted]\nkey_file = \"/a\"\nkey_fd = 3\n");
    let error = both
        .settings
        .exclusive(&["encrypted.key", "encrypted.key_file", "encrypted.key_fd"])
        .unwrap_err();
    assert!(error.to_string().contains("encrypted.key_file") && error.to_string().contains("encrypted.key_fd"));
    let ranked = builder()
        .config_text(ConfigFormat::Toml, "[secrets.encrypted]\nkey_file = \"/a\"\n")
        .option("encrypted.key_fd", "3");
    let ranked = ranked.inspect();
    let keys = ["encrypted.key", "encrypted.key_file", "encrypted.key_fd"];
    assert_eq!(ranked.settings.exclusive(&keys).unwrap(), Some("encrypted.key_fd"));
    assert_eq!(ranked.settings.exclusive(&["encrypted.key"]).unwrap(), None);
}

#[cfg(feature = "encrypted")]
#[test]
fn detection_says_which_backend_and_why_and_never_one_in_the_clear() {
    let place = Place::new();
    let store = place.path("s.strongroom");
    let secrets = builder()
        .option("encrypted.path", store.to_str().unwrap())
        .secret_option("encrypted.key", SecretValue::copy_of(&[7; 32]))
        .open_blocking()
        .unwrap();
    assert_eq!(secrets.backend().name(), "encrypted");
    let Origin::Detected(reason) = secrets.backend().chosen_by() else {
        panic!("{:?}", secrets.backend().chosen_by());
    };
    assert!(reason.contains("no keystore") && reason.contains("is to be made") && reason.contains("encrypted.key"));
    assert_eq!(secrets.settings().origin("backend"), *secrets.backend().chosen_by());
    let found = builder().option("encrypted.path", store.to_str().unwrap()).inspect();
    assert!(
        found.settings.origin("backend").to_string().contains("is there"),
        "{found:?}"
    );
    let stated = builder().backend("memory").open_blocking().unwrap();
    assert_eq!(stated.backend().chosen_by(), &Origin::Builder);
}

#[test]
fn a_backend_that_is_none_one_to_come_and_one_left_out_are_told_apart() {
    // Who only looks is told the same.
    let refusal = |word: &str| {
        let told = problem(builder().backend(word).inspect()).to_string();
        assert_eq!(builder().backend(word).open_blocking().unwrap_err().to_string(), told);
        told
    };
    assert!(refusal("memroy").contains("did you mean `memory`"));
    assert!(refusal("nothing-like-it").contains("names no backend"));
    for word in ["keychain", "secret-service", "keyutils"] {
        assert!(refusal(word).contains("this version does not have"), "{word}");
    }
    #[cfg(not(feature = "encrypted"))]
    assert!(refusal("encrypted").contains("a backend that needs the cargo feature `encrypted`"));
}

/// The documents of seed 000.
#[test]
fn seed_000_config_file() {
    let vault = r#"{"secrets": {"backend": "vault", "vault": {"address": "https://vault.internal:8200",
        "mount": "secret", "prefix": "sideseat"}}}"#;
    let found = json(vault);
    assert_eq!(
        found.problems.is_empty(),
        cfg!(feature = "vault"),
        "{:?}",
        found.problems
    );
    for (setting, value) in [
        ("vault.address", "https://vault.internal:8200"),
        ("vault.mount", "secret"),
        ("vault.prefix", "sideseat"),
    ] {
        assert_eq!(found.settings.text(setting), Some(value));
    }
    // What another backend needs may stand beside the one that is chosen.
    let other = r#"{"secrets": {"backend": "memory", "vault": {"address": "https://vault.internal:8200"}}}"#;
    assert_eq!(json(other).problems.len(), 0);
    let keychain = r#"{"secrets": {"backend": "memory", "keychain": {"x": "y"}}}"#;
    refused(
        json(keychain),
        &["`keychain` is a backend that this version does not have", "line 1"],
    );
    let env = json(r#"{"secrets": {"backend": "env", "env": {"prefix": "SIDESEAT_SECRET_"}}}"#);
    assert_eq!(env.problems.is_empty(), cfg!(feature = "env"), "{:?}", env.problems);
    assert_eq!(env.settings.text("backend"), Some("env"));
    assert_eq!(env.settings.text("env.prefix"), Some("SIDESEAT_SECRET_"));
    let aws = r#"{"secrets": {"backend": "aws", "aws": {"region": "us-east-1", "prefix": "sideseat"}}}"#;
    let found = json(aws);
    assert_eq!(found.problems.is_empty(), cfg!(feature = "aws"), "{:?}", found.problems);
    assert_eq!(found.settings.text("aws.region"), Some("us-east-1"));
    assert_eq!(found.settings.text("aws.prefix"), Some("sideseat"));
}

/// Set in `.env`, as seed 002 says.
#[cfg(feature = "encrypted")]
#[test]
fn seed_002_local_encrypted() {
    let place = Place::new();
    let key = data_encoding::BASE64URL.encode(&[7; 32]);
    let path = place.file(".env", format!("SECRET_BACKEND=local\nFERNET_SECRET_KEY={key}\n"));
    let store = place.path("s.strongroom");
    let secrets = builder()
        .option("dotenv", path.to_str().unwrap())
        .option("encrypted.path", store.to_str().unwrap())
        .open_blocking()
        .unwrap();
    assert_eq!(secrets.backend().name(), "local_encrypted");
    let origin = secrets.backend().chosen_by();
    assert!(
        matches!(origin, Origin::SeedVariable(Some(file)) if *file == path),
        "{origin}"
    );
    assert!(
        secrets
            .settings()
            .origin("local_encrypted.key")
            .to_string()
            .contains("FERNET_SECRET_KEY")
    );
    // Both names of the key, and they differ: the application's own wins over the one that every program reads.
    let both = format!("SIDESEAT_SECRETS_LOCAL_ENCRYPTED_KEY={CANARY}\nFERNET_SECRET_KEY={key}\n");
    let path = place.file(".env", both);
    let found = builder()
        .backend("local")
        .option("dotenv", path.to_str().unwrap())
        .inspect();
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let origin = found.settings.origin("local_encrypted.key").to_string();
    assert!(
        origin.contains("SIDESEAT_SECRETS_LOCAL_ENCRYPTED_KEY") && !origin.contains("FERNET_SECRET_KEY"),
        "{origin}"
    );
}

#[test]
fn paths_in_a_file_of_variables_start_from_its_folder() {
    let place = Place::new();
    let absolute = place.path("there").to_str().unwrap().to_owned();
    let text = format!(
        "SIDESEAT_SECRETS_ENCRYPTED_PATH=rel/s.strongroom\nSIDESEAT_SECRETS_FILE_PATH={absolute}\n\
         SIDESEAT_SECRETS_ENV_PREFIX=REL_\n"
    );
    let path = place.file(".env", text);
    let found = builder().option("dotenv", path.to_str().unwrap()).inspect();
    assert_eq!(found.problems.len(), 0, "{:?}", found.problems);
    assert_eq!(
        found.settings.path("encrypted.path"),
        Some(place.path("rel/s.strongroom"))
    );
    assert_eq!(found.settings.text("file.path"), Some(&*absolute));
    assert_eq!(found.settings.text("env.prefix"), Some("REL_"), "no path");
}

#[test]
fn a_file_of_variables_names_no_other() {
    let place = Place::new();
    let other = place.file("second.env", "SIDESEAT_SECRETS_CACHE=off\n");
    let path = place.file(".env", format!("SIDESEAT_SECRETS_DOTENV={}\n", other.display()));
    let found = builder().option("dotenv", path.to_str().unwrap()).inspect();
    assert!(
        found.problems[0].to_string().contains("names no other"),
        "{:?}",
        found.problems
    );
    assert_eq!(found.settings.text("cache"), Some("on"));
}

/// The environment wins: `PATH` stands in it.
#[cfg(all(feature = "env", unix))]
#[test]
fn secrets_in_a_file_of_variables_are_served_by_env() {
    let place = Place::new();
    let path = place.file(
        ".env",
        "SIDESEAT_SECRET_GLOBAL_A='one two'\nOTHER=x\nPATH=c4nary-value\n",
    );
    let open = |prefix: Option<&str>| {
        let mut builder = builder().backend("env").option("dotenv", path.to_str().unwrap());
        if let Some(prefix) = prefix {
            builder = builder.option("env.prefix", prefix);
        }
        builder.open_blocking()
    };
    let secrets = open(None).unwrap();
    assert_eq!(secrets.get_value("A").unwrap().as_deref(), Some("one two"));
    assert!(secrets.get("B").unwrap().is_none());
    let mut collected = Collected::default();
    for (key, value) in [
        ("backend", "env"),
        ("env.prefix", "PATH"),
        ("dotenv", path.to_str().unwrap()),
    ] {
        collected.settings.set(key, value, Origin::Builder).unwrap();
    }
    collected.finish("sideseat", false, false);
    collected.take_variables("sideseat").unwrap();
    match collected.settings.variables.unwrap().get("PATH") {
        Some(crate::config::variables::Variable::Text(value)) => assert_ne!(value.expose(), CANARY.as_bytes()),
        other => panic!("{other:?}"),
    }
    mode(&path, 0o644);
    let error = open(None).unwrap_err();
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InsecurePath, Some("dotenv"))
    );
    assert!(error.message().contains("SIDESEAT_SECRET_GLOBAL_A"), "{error}");
    assert!(open(Some("NOBODYS_")).is_ok(), "it states no secret of ours");
}

#[test]
fn the_schema_describes_every_setting() {
    let schema: serde_json::Value = serde_json::from_str(&config_schema()).unwrap();
    let secrets = &schema["properties"]["secrets"];
    assert_eq!(secrets["additionalProperties"], false);
    for setting in SETTINGS.iter().filter(|setting| !setting.key.starts_with("fault.")) {
        let described = match setting.key.split_once('.') {
            None => &secrets["properties"][setting.key],
            Some((group, name)) => &secrets["properties"][group]["properties"][name],
        };
        assert_eq!(described["description"], setting.help, "{}", setting.key);
    }
    assert!(secrets["properties"].get("fault").is_none());
}
