//! What `status` and `doctor` say of secrets on a server, where nobody answers.

use crate::home::{Home, Run};

const CANARY: &str = "c4nary-token";

fn told(home: &Home, told: &[&str]) {
    for verb in ["status", "doctor"] {
        let run: Run = home.run(&[verb]);
        assert_ne!(run.code, 0, "nobody answers");
        for told in told {
            let is_there = run.text().lines().any(|line| line.contains(told));
            assert!(is_there, "{verb}: {told}: {}{}", run.text(), run.stderr);
        }
        assert!(!format!("{}{}", run.text(), run.stderr).contains(CANARY));
    }
}

fn vault() -> Home {
    // A port of this machine on which nothing listens.
    Home::new()
        .variable("STRONGROOM_SECRETS_BACKEND", "vault")
        .variable("STRONGROOM_SECRETS_RETRIES", "0")
        .variable("VAULT_ADDR", "http://127.0.0.1:1")
}

#[test]
fn vault_with_a_token() {
    let home = vault()
        .variable("VAULT_TOKEN", CANARY)
        .variable("VAULT_NAMESPACE", "team-a/")
        .variable("STRONGROOM_SECRETS_VAULT_MOUNT", "team/kv");
    told(
        &home,
        &[
            "http://127.0.0.1:1",
            "team-a",
            "team/kv/strongroom/*",
            "VAULT_TOKEN",
            "unavailable",
        ],
    );
    told(&vault(), &["secret/strongroom/*", "~/.vault-token"]);
    let home = vault().variable("STRONGROOM_SECRETS_VAULT_TOKEN_FILE", "/run/agent/token");
    told(&home, &["/run/agent/token"]);
}

#[test]
fn vault_with_a_login() {
    let home = vault()
        .variable("STRONGROOM_SECRETS_VAULT_AUTH", "approle")
        .variable("STRONGROOM_SECRETS_VAULT_AUTH_MOUNT", "team/approle")
        .variable("STRONGROOM_SECRETS_VAULT_ROLE_ID", "role")
        .variable("STRONGROOM_SECRETS_VAULT_SECRET_ID", CANARY);
    told(&home, &["secret/strongroom/*", "by `approle` at auth/team/approle"]);
}

#[test]
fn aws() {
    let home = Home::new()
        .variable("STRONGROOM_SECRETS_BACKEND", "aws_sm")
        .variable("STRONGROOM_SECRETS_RETRIES", "0")
        .variable("AWS_EC2_METADATA_DISABLED", "true")
        .variable("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .variable("STRONGROOM_SECRETS_AWS_REGION", "eu-central-1");
    told(
        &home,
        &[
            "eu-central-1",
            "strongroom/*",
            "that the AWS SDK finds",
            "no AWS credentials",
        ],
    );
    let home = home
        .variable("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .variable("AWS_SECRET_ACCESS_KEY", CANARY)
        .variable("STRONGROOM_SECRETS_AWS_PREFIX", "team-a");
    told(&home, &["team-a/*", "unavailable"]);
}
