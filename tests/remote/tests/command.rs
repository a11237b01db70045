//! The command over OpenBao and AWS: what is new with them, and the first examples of the guide as they stand there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader};
use std::path::Path;

use libtest_mimic::Trial;
use serde_json::json;
use strongroom_fakes::{Moto, Proxy};
use strongroom_remote::command::Home;
use strongroom_remote::{Service, guide};

/// A home whose secrets are on a server, below a prefix of its own.
fn home(service: Service, prefix: &str) -> Home {
    at(service, &format!("http://{}", service.host()), prefix)
}

fn at(service: Service, address: &str, prefix: &str) -> Home {
    let home = Home::new().variable("STRONGROOM_SECRETS_BACKEND", service.word());
    match service {
        Service::Vault => home
            .variable("VAULT_ADDR", address)
            .variable("VAULT_TOKEN", Service::bao().root_token())
            .variable("STRONGROOM_SECRETS_VAULT_PREFIX", prefix),
        Service::Aws => home
            .variables(Service::moto().environment())
            .variable("AWS_ENDPOINT_URL", address)
            .variable("STRONGROOM_SECRETS_AWS_PREFIX", prefix),
    }
}

/// The lines of the guide's block, with what is true here in place of its examples.
fn the_guides_first_example(service: Service) {
    let home = Home::new();
    let bao = Service::bao();
    let script = guide::block("sh", service.word())
        .replace("https://vault.example.com:8200", &bao.address())
        .replace("hvs.example", bao.root_token());
    let home = match service {
        Service::Vault => home,
        Service::Aws => home.variable("AWS_ENDPOINT_URL", Service::moto().address()),
    };
    let output = home
        .command(Path::new("/bin/sh"))
        .args(["-euc", &script])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "sk-123", "{output:?}");
    let stored = service.stored("strongroom/org/acme/api_key").unwrap();
    assert!(stored.contains("sk-123"), "it is where the guide says");
}

fn a_removed_secret_comes_back(service: Service) {
    let home = home(service, "command_removed");
    home.set("A", "one");
    home.run(&["delete", "--soft", "A"]).ok();
    home.run(&["get", "A"]).fails("not_found");
    let run = home.run(&["restore", "A"]).ok();
    assert!(run.stderr.contains("restored global/A"), "{}", run.stderr);
    assert_eq!(home.run(&["get", "A"]).ok().stdout, "one");
    home.run(&["restore", "A"]).fails("conflict");
}

fn what_is_removed_by_force_is_gone(service: Service) {
    let home = home(service, "command_forced");
    home.set("A", "one");
    home.run(&["delete", "--force", "A"]).ok();
    home.run(&["get", "A"]).fails("not_found");
    home.run(&["restore", "A"]).fails("not_found");
}

fn one_version_is_removed_where_the_service_can(service: Service) {
    let home = home(service, "command_version");
    home.set("A", "one");
    home.set("A", "two");
    let run = home.run(&["delete", "--version", "1", "A"]);
    match service {
        Service::Vault => {
            run.ok();
            home.run(&["rollback", "A", "1"]).fails("not_found");
        }
        Service::Aws => drop(run.fails("unsupported")),
    }
    assert_eq!(home.run(&["get", "A"]).ok().stdout, "two");
}

fn a_secret_of_another_program_is_resolved(service: Service) {
    let home = home(service, "command_resolved");
    service.store("others/db", &json!({"user": "app", "password": "s3cret"}).to_string());
    let reference = match service {
        Service::Vault => "vault:others/db#password",
        Service::Aws => "aws:others/db#/password",
    };
    home.run(&["resolve", reference]).fails("policy_denied");
    let home = home.variable("STRONGROOM_SECRETS_REFERENCES", service.word());
    assert_eq!(home.run(&["resolve", reference]).ok().stdout, "s3cret");
    home.run(&["resolve", &reference.replace("password", "none")])
        .fails("not_found");
}

fn the_last_known_value_is_answered_offline(service: Service) {
    let proxy = Proxy::before(service.host());
    let home = at(service, &proxy.address(), "command_offline");
    // Without a file there is nothing that could be answered.
    home.run(&["--offline", "get", "A"]).fails("unavailable");
    let file = home.path().join("last-known.strongroom");
    let home = home.variable("STRONGROOM_SECRETS_CACHE_FILE", file.to_str().unwrap());
    home.set("A", "c4nary-value");
    assert_eq!(home.run(&["get", "A"]).ok().stdout, "c4nary-value");
    let before = proxy.requests().len();
    assert_eq!(home.run(&["--offline", "get", "A"]).ok().stdout, "c4nary-value");
    home.run(&["--offline", "get", "B"]).fails("unavailable");
    assert_eq!(proxy.requests().len(), before, "nobody is asked");
    for entry in std::fs::read_dir(home.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(12).any(|part| part == b"c4nary-value"),
                "{}",
                path.display()
            );
        }
    }
    // Another program writes, and this one reads past what it knows.
    let other = self::home(service, "command_offline");
    other.set("A", "newer");
    assert_eq!(home.run(&["get", "--fresh", "A"]).ok().stdout, "newer");
}

fn a_change_by_another_is_told(service: Service) {
    let home = home(service, "command_watched");
    home.set("A", "one");
    let mut child = home.start(&["watch", "A", "--every", "100ms", "--count", "1", "-o", "json"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // It may begin to look after the first of these.
    let (done, is_done) = std::sync::mpsc::channel();
    let line = std::thread::scope(|scope| {
        let home = &home;
        scope.spawn(move || {
            for count in 0.. {
                home.set("A", &format!("changed {count}"));
                if is_done.recv_timeout(std::time::Duration::from_millis(200)).is_ok() {
                    return;
                }
            }
        });
        let line = lines.next();
        done.send(()).unwrap();
        line.unwrap().unwrap()
    });
    assert!(child.wait().unwrap().success());
    let change: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&change["kind"], &change["key"]), (&json!("set"), &json!("global/A")));
    assert!(!line.contains("changed"), "never a value");
}

fn status_and_doctor_say_where_and_how_and_no_token(service: Service) {
    let home = home(service, "command_told");
    home.set("A", "c4nary-value");
    let host = service.host();
    let told = match service {
        Service::Vault => ["secret/command_told/*", "VAULT_TOKEN", host],
        Service::Aws => ["command_told/*", "AWS SDK", "1 secrets"],
    };
    let status = home.run(&["status"]).ok();
    let doctor = home.run(&["doctor"]).ok();
    assert!(doctor.stdout.contains("1 secrets"), "{}", doctor.stdout);
    for told in told {
        let is_counted = told == "1 secrets";
        assert!(is_counted || status.stdout.contains(told), "{told}: {}", status.stdout);
        assert!(doctor.stdout.contains(told), "{told}: {}", doctor.stdout);
    }
    for run in [status, doctor] {
        let all = format!("{}{}", run.stdout, run.stderr);
        for secret in [Service::bao().root_token(), Moto::SECRET_KEY, "c4nary-value"] {
            let shown = all.replace("--", "");
            assert!(!shown.split_whitespace().any(|word| word == secret), "{all}");
        }
    }
}

fn doctor_names_what_is_wrong(service: Service) {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let down = at(service, &format!("http://{nobody}"), "x");
    let run = down.variable("STRONGROOM_SECRETS_RETRIES", "0").run(&["doctor"]);
    assert_ne!(run.code, 0);
    assert!(run.stdout.contains("unavailable"), "{}", run.stdout);
    let far = at(service, "http://192.0.2.1:8200", "x");
    let (setting, far) = match service {
        Service::Vault => ("vault.allow_http", far),
        Service::Aws => (
            "aws.allow_http",
            far.variable("STRONGROOM_SECRETS_AWS_ENDPOINT", "http://192.0.2.1:8200"),
        ),
    };
    let run = far.run(&["doctor"]);
    assert_ne!(run.code, 0);
    assert!(run.stdout.contains(setting), "{}", run.stdout);
}

fn a_login_ends_with_the_command() {
    let bao = Service::bao();
    let (role_id, secret_id) = bao.approle("of_the_command", &json!({"token_policies": ["root-like"]}));
    bao.policy(
        "root-like",
        "path \"secret/*\" { capabilities = [\"read\", \"create\", \"update\"] }",
    );
    let proxy = Proxy::before(Service::Vault.host());
    let home = Home::new()
        .variable("STRONGROOM_SECRETS_BACKEND", "vault")
        .variable("VAULT_ADDR", proxy.address())
        .variable("STRONGROOM_SECRETS_VAULT_AUTH", "approle")
        .variable("STRONGROOM_SECRETS_VAULT_ROLE_ID", role_id)
        .variable("STRONGROOM_SECRETS_VAULT_SECRET_ID", secret_id);
    home.set("A", "one");
    assert_eq!(proxy.count(|request| request.path.ends_with("/login")), 1);
    assert_eq!(proxy.count(|request| request.path.ends_with("/revoke-self")), 1);
}

fn main() {
    strongroom_remote::run(|| {
        let mut trials = strongroom_remote::trials! {
            the_guides_first_example,
            a_removed_secret_comes_back,
            what_is_removed_by_force_is_gone,
            one_version_is_removed_where_the_service_can,
            a_secret_of_another_program_is_resolved,
            the_last_known_value_is_answered_offline,
            a_change_by_another_is_told,
            status_and_doctor_say_where_and_how_and_no_token,
            doctor_names_what_is_wrong,
        };
        trials.push(Trial::test("a_login_ends_with_the_command", || {
            a_login_ends_with_the_command();
            Ok(())
        }));
        trials
    });
}
