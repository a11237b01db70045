//! The requirements for SideSeat's users about servers, as they type them (`--app sideseat` stands for its command), and
//! those of the agents' controller: every row of their tables about AWS, Vault and health checks.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader};

use libtest_mimic::Trial;
use serde_json::{Value, json};
use strongroom_fakes::Proxy;
use strongroom_remote::Service;
use strongroom_remote::command::{Home, Run};

fn sideseat(home: &Home, args: &[&str]) -> Run {
    home.run(&[&["--app", "sideseat"], args].concat())
}

fn sideseat_set(home: &Home, key: &str, value: &str) {
    home.run_with(&["--app", "sideseat", "set", key], value).ok();
}

/// A home with this document as the configuration of the user.
fn configured(document: &Value) -> Home {
    let home = Home::new();
    let file = home.path().join("config.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).unwrap();
    home
}

/// `--app sideseat --config` and the document.
fn with_config(home: &Home, args: &[&str]) -> Run {
    let file = home.path().join("config.json");
    let config = ["--app", "sideseat", "--config", file.to_str().unwrap()];
    home.run(&[&config[..], args].concat())
}

fn on_vault() -> Home {
    let bao = Service::bao();
    Home::new()
        .variable("SIDESEAT_SECRETS_BACKEND", "vault")
        .variable("SIDESEAT_SECRETS_VAULT_ADDR", bao.address())
        .variable("SIDESEAT_SECRETS_VAULT_TOKEN", bao.root_token())
}

fn on_aws() -> Home {
    let home = Home::new().variables(Service::moto().environment());
    home.variable("SIDESEAT_SECRETS_BACKEND", "aws")
}

/// A token that may read and write what is SideSeat's.
fn token() -> String {
    let bao = Service::bao();
    bao.policy(
        "sideseat",
        "path \"secret/*\" { capabilities = [\"read\", \"create\", \"update\"] }",
    );
    bao.token(&json!({"policies": ["sideseat"]}))
}

/// "aws | Persistent | Cloud-native", "vault | Persistent | KV v2 engine": the values of `--secrets-backend`.
fn seed_000_backends() {
    for (word, home) in [("vault", on_vault()), ("aws", on_aws())] {
        let home = home.variable("SIDESEAT_SECRETS_BACKEND", "memory");
        let args = ["--app", "sideseat", "--secrets-backend", word];
        home.run_with(&[&args[..], &["set", "seed_backends"]].concat(), word)
            .ok();
        let run = home.run(&[&args[..], &["get", "seed_backends"]].concat()).ok();
        assert_eq!(run.stdout, word);
        let status = home.run(&[&args[..], &["status", "-o", "json"]].concat()).ok();
        let status: Value = serde_json::from_str(&status.stdout).unwrap();
        assert_eq!(status["status"]["persistence"], "remote");
    }
}

/// The document of "Configuration, Config File", and of "HashiCorp Vault Backend": address, mount, prefix.
fn seed_000_vault_config_file() {
    let bao = Service::bao();
    bao.mount_kv("team-kv", 2);
    for (mount, prefix) in [("secret", "sideseat"), ("team-kv", "elsewhere")] {
        let home = configured(&json!({
            "secrets": {
                "backend": "vault",
                "vault": { "address": bao.address(), "mount": mount, "prefix": prefix }
            }
        }));
        let home = home.variable("VAULT_TOKEN", bao.root_token());
        bao.write(
            &format!("{mount}/data/{prefix}/global/seed_config"),
            &json!({"data": {"value": "from the file"}}),
        );
        let run = with_config(&home, &["get", "seed_config"]).ok();
        assert_eq!(run.stdout, "from the file");
    }
}

/// "Priority: SIDESEAT_SECRETS_VAULT_TOKEN > VAULT_TOKEN > secrets.vault.token in config file".
fn seed_000_vault_priority_of_tokens() {
    let bao = Service::bao();
    let good = token();
    let (ours, theirs, file) = ("SIDESEAT_SECRETS_VAULT_TOKEN", "VAULT_TOKEN", "the config file");
    for (states, winner) in [
        (&[ours, theirs, file][..], ours),
        (&[theirs, file][..], theirs),
        (&[file][..], file),
    ] {
        // The token that counts is the good one, and then the only bad one.
        for is_good in [true, false] {
            let word = |origin: &str| {
                if (origin == winner) == is_good {
                    good.clone()
                } else {
                    "bad".to_owned()
                }
            };
            let mut vault = json!({ "address": bao.address() });
            if states.contains(&file) {
                vault["token"] = json!(word(file));
            }
            let mut home = configured(&json!({"secrets": {"backend": "vault", "vault": vault}}));
            for variable in [ours, theirs] {
                if states.contains(&variable) {
                    home = home.variable(variable, word(variable));
                }
            }
            let run = with_config(&home, &["get", "seed_priority"]);
            match is_good {
                true => drop(run.fails("not_found")),
                false => drop(run.fails("unauthenticated")),
            }
        }
    }
}

/// The table of variables: address, token, mount, prefix; "default: secret", "default: sideseat".
fn seed_000_vault_variables() {
    let bao = Service::bao();
    let home = on_vault();
    sideseat_set(&home, "org/acme/seed_variables", "v1");
    let stored = Service::Vault.stored("sideseat/org/acme/seed_variables").unwrap();
    assert!(stored.contains("\"value\":\"v1\""), "{stored}");
    bao.mount_kv("seed-mount", 2);
    let home = home
        .variable("SIDESEAT_SECRETS_VAULT_MOUNT", "seed-mount")
        .variable("SIDESEAT_SECRETS_VAULT_PREFIX", "seed/prefix");
    sideseat(&home, &["get", "org/acme/seed_variables"]).fails("not_found");
    sideseat_set(&home, "org/acme/seed_variables", "v2");
    assert_eq!(bao.versions("seed-mount", "seed/prefix/org/acme/seed_variables"), 1);
    // The address and the token are required.
    let home = Home::new().variable("SIDESEAT_SECRETS_BACKEND", "vault");
    sideseat(&home, &["get", "A"]).fails("invalid_config");
    let home = home.variable("SIDESEAT_SECRETS_VAULT_ADDR", bao.address());
    sideseat(&home, &["get", "A"]).fails("unauthenticated");
}

/// "Each secret is stored as an individual AWS Secrets Manager secret", and the document with region and prefix.
fn seed_000_aws_config_file() {
    let home = configured(&json!({
        "secrets": {
            "backend": "aws",
            "aws": { "region": "us-east-1", "prefix": "sideseat" }
        }
    }));
    let mut home = home.variables(Service::moto().environment());
    let proxy = Proxy::before(Service::moto().host());
    home = home.variable("AWS_ENDPOINT_URL", proxy.address());
    // The region is the file's.
    home = home
        .variable("AWS_REGION", "eu-west-3")
        .variable("AWS_DEFAULT_REGION", "eu-west-3");
    let file = home.path().join("config.json");
    let args = [
        "--app",
        "sideseat",
        "--config",
        file.to_str().unwrap(),
        "set",
        "org/acme/seed_aws",
    ];
    home.run_with(&args, "v").ok();
    assert_eq!(with_config(&home, &["get", "org/acme/seed_aws"]).ok().stdout, "v");
    let asked = proxy.requests();
    for request in &asked {
        let signed = request.value("authorization").unwrap();
        assert!(signed.contains("/us-east-1/secretsmanager/"), "{signed}");
    }
    let created = asked
        .iter()
        .find(|request| request.action() == Some("CreateSecret"))
        .unwrap();
    let created: Value = serde_json::from_slice(&created.body).unwrap();
    assert_eq!(created["Name"], "sideseat/org/acme/seed_aws");
}

/// `SIDESEAT_SECRETS_AWS_REGION`, `SIDESEAT_SECRETS_AWS_PREFIX` "(default: `sideseat`)", and "the standard AWS SDK
/// credential chain".
fn seed_000_aws_variables() {
    let home = on_aws();
    sideseat_set(&home, "seed_aws_variables", "v1");
    assert!(Service::Aws.stored("sideseat/global/seed_aws_variables").is_some());
    let home = home.variable("SIDESEAT_SECRETS_AWS_PREFIX", "seed-prefix");
    sideseat_set(&home, "seed_aws_variables", "v2");
    assert!(Service::Aws.stored("seed-prefix/global/seed_aws_variables").is_some());
    let proxy = Proxy::before(Service::moto().host());
    let home = home
        .variable("AWS_ENDPOINT_URL", proxy.address())
        .variable("SIDESEAT_SECRETS_AWS_REGION", "ap-south-1");
    let _ = sideseat(&home, &["get", "seed_aws_variables"]);
    let asked = proxy.requests();
    let signed = asked
        .first()
        .and_then(|request| request.value("authorization"))
        .unwrap();
    assert!(signed.contains("/ap-south-1/secretsmanager/"), "{signed}");
    // Credentials of a profile, which is a part of that chain.
    let file = home.path().join("credentials");
    std::fs::write(
        &file,
        "[default]\naws_access_key_id = AKIAOFTHEPROFILE\naws_secret_access_key = x\n",
    )
    .unwrap();
    let home = Home::new()
        .variable("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap())
        .variable("AWS_ENDPOINT_URL", proxy.address())
        .variable("SIDESEAT_SECRETS_BACKEND", "aws")
        .variable("SIDESEAT_SECRETS_AWS_REGION", "us-east-1");
    let _ = sideseat(&home, &["get", "seed_aws_variables"]);
    let asked = proxy.requests();
    let signed = asked.last().and_then(|request| request.value("authorization")).unwrap();
    assert!(signed.contains("AKIAOFTHEPROFILE"), "{signed}");
}

/// "CLI args > env vars > config file".
fn seed_000_priority() {
    let home = configured(&json!({"secrets": {"backend": "vault", "vault": {"mount": "of-the-file", "prefix": "f"}}}));
    let mount = |home: &Home, args: &[&str]| {
        let run = with_config(home, &[args, &["config", "show", "-o", "plain"]].concat()).ok();
        let mut lines = run.stdout.lines();
        let line = lines.find(|line| line.starts_with("vault.mount\t")).unwrap();
        line.split('\t').nth(1).unwrap().to_owned()
    };
    assert_eq!(mount(&home, &[]), "of-the-file");
    let home = home.variable("SIDESEAT_SECRETS_VAULT_MOUNT", "of-the-variable");
    assert_eq!(mount(&home, &[]), "of-the-variable");
    let flag = ["--secrets-set", "vault.mount=of-the-flag"];
    assert_eq!(mount(&home, &flag), "of-the-flag");
}

/// "Cloud backends run periodic health checks every 60 seconds … Failed health checks are logged as warnings but do not
/// stop the server." The interval is the setting's, and shortened here.
fn seed_000_health_checks() {
    for service in Service::ALL {
        let proxy = Proxy::before(service.host());
        let home = match service {
            Service::Vault => on_vault().variable("SIDESEAT_SECRETS_VAULT_ADDR", proxy.address()),
            Service::Aws => on_aws().variable("AWS_ENDPOINT_URL", proxy.address()),
        };
        let shown = sideseat(&home, &["config", "show", "-o", "plain"]).ok().stdout;
        assert!(
            shown.lines().any(|line| line.starts_with("health_interval\t60s\t")),
            "{shown}"
        );
        let home = home.variable("SIDESEAT_SECRETS_HEALTH_INTERVAL", "100ms");
        sideseat_set(&home, "seed_health", "one");
        // A server of SideSeat's, which lives on while its secrets are out of reach.
        let mut server = home.start(&["--app", "sideseat", "watch", "seed_health", "--every", "100ms"]);
        let mut said = BufReader::new(server.stderr.take().unwrap()).lines();
        let mut told = BufReader::new(server.stdout.take().unwrap()).lines();
        proxy.wait_for(3, |_| true);
        proxy.refuse();
        let warning = said
            .find(|line| line.as_ref().unwrap().contains("warning: health"))
            .unwrap();
        assert!(warning.unwrap().contains("unavailable"), "it is a warning and says so");
        assert!(server.try_wait().unwrap().is_none(), "it is not stopped");
        proxy.heal();
        let healthy = told
            .find(|line| line.as_ref().unwrap().starts_with("health\tok"))
            .unwrap();
        assert!(healthy.is_ok());
        server.kill().unwrap();
        server.wait().unwrap();
    }
}

/// "`aws_sm` | Production (AWS) | IAM role", "`vault` | Vault address + token", chosen by `SECRET_BACKEND`.
fn seed_002_backends() {
    let bao = Service::bao();
    let of_aws = Home::new().variables(Service::moto().environment());
    let of_vault = Home::new()
        .variable("VAULT_ADDR", bao.address())
        .variable("VAULT_TOKEN", bao.root_token());
    for (word, home, service) in [("aws_sm", of_aws, Service::Aws), ("vault", of_vault, Service::Vault)] {
        let home = home.variable("SECRET_BACKEND", word);
        home.set("org/acme/SEED_002", word);
        assert_eq!(home.run(&["get", "org/acme/SEED_002"]).ok().stdout, word);
        assert!(service.stored("strongroom/org/acme/SEED_002").unwrap().contains(word));
    }
}

/// "Controller holds references (ARNs) and fetches values at brief assembly time."
fn seed_002_references() {
    let made = Service::moto().ask(
        "CreateSecret",
        &json!({"Name": "of-the-team/db", "SecretString": "s3cret"}),
    );
    let arn = made["ARN"].as_str().unwrap();
    let home = Home::new().variables(Service::moto().environment());
    let home = home.variable("STRONGROOM_SECRETS_REFERENCES", "aws");
    home.run(&["init"]).ok();
    let label = ["set", "team/a/DB", "--label", "strongroom.reference=aws"];
    home.run_with(&label, &format!("aws:{arn}")).ok();
    assert_eq!(home.run(&["get", "team/a/DB"]).ok().stdout, format!("aws:{arn}"));
    assert_eq!(home.run(&["resolve", "secret://team/a/DB"]).ok().stdout, "s3cret");
    // "rotate in the backend and the Controller picks up the new value on the next fetch".
    Service::moto().ask("PutSecretValue", &json!({"SecretId": arn, "SecretString": "rotated"}));
    assert_eq!(home.run(&["resolve", "secret://team/a/DB"]).ok().stdout, "rotated");
}

/// "For backend-managed secrets, rotate in the backend and the Controller picks up the new value on the next fetch."
fn seed_002_rotation() {
    for service in Service::ALL {
        let address = format!("http://{}", service.host());
        let manager = service.builder(&address, "seed_rotation").open_blocking().unwrap();
        manager.set("org/acme/TOKEN", &strongroom::Secret::new("old")).unwrap();
        assert_eq!(manager.get_value("org/acme/TOKEN").unwrap().as_deref(), Some("old"));
        service.store("seed_rotation/org/acme/TOKEN", r#"{"value":"new"}"#);
        // The next assembly of a brief.
        manager.refresh().unwrap();
        assert_eq!(manager.get_value("org/acme/TOKEN").unwrap().as_deref(), Some("new"));
    }
}

fn main() {
    macro_rules! trials {
        ($($name:ident),+ $(,)?) => {
            vec![$(Trial::test(stringify!($name), || { $name(); Ok(()) })),+]
        };
    }
    strongroom_remote::run(|| {
        trials![
            seed_000_backends,
            seed_000_vault_config_file,
            seed_000_vault_priority_of_tokens,
            seed_000_vault_variables,
            seed_000_aws_config_file,
            seed_000_aws_variables,
            seed_000_priority,
            seed_000_health_checks,
            seed_002_backends,
            seed_002_references,
            seed_002_rotation,
        ]
    });
}
