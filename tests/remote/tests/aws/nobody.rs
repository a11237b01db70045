//! Without region, without credentials, with an endpoint that the environment names: each asked by a process of its own.

use std::process::Command;
use std::time::{Duration, Instant};

use strongroom::SecretManager;
use strongroom_remote::ends_by;

crate::trials_of!(
    no_region_is_an_error_of_the_setting,
    no_credentials_are_told_at_once_with_help,
    no_instance_is_waited_for,
    an_unencrypted_endpoint_of_the_environment_is_refused,
    credentials_of_a_profile_are_found,
);

/// The word that starts a process that asks once.
pub(crate) const ASK: &str = "ask-once";

/// Asks for one secret and tells the error; every further word is a setting.
#[expect(clippy::print_stdout, reason = "the test that started it reads it")]
pub(crate) fn ask() {
    let mut builder = SecretManager::builder()
        .app("nobody")
        .without_environment()
        .backend("aws");
    for word in std::env::args().skip(2) {
        let (name, value) = word.split_once('=').unwrap();
        builder = builder.option(name, value);
    }
    let manager = builder.option("retries", "0").open_blocking().unwrap();
    let begun = Instant::now();
    match manager.get("k") {
        Ok(found) => println!("found: {}", found.is_some()),
        Err(error) => println!(
            "{} setting={:?} millis={} {} help: {}",
            error.kind(),
            error.setting(),
            begun.elapsed().as_millis(),
            error.message(),
            error.help()
        ),
    }
}

fn told(settings: &[&str], environment: &[(&str, &str)]) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(ASK).args(settings).env_clear().env("HOME", home.path());
    let output = command.envs(environment.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// How long the asking itself took.
fn millis(told: &str) -> u64 {
    let rest = told.split_once("millis=").unwrap().1;
    rest.split(' ').next().unwrap().parse().unwrap()
}

const NO_INSTANCE: (&str, &str) = ("AWS_EC2_METADATA_DISABLED", "true");

fn no_region_is_an_error_of_the_setting() {
    let told = told(&[], &[NO_INSTANCE]);
    assert!(
        told.starts_with("invalid_config setting=Some(\"aws.region\")"),
        "{told}"
    );
    assert!(told.contains("AWS_REGION"), "{told}");
}

fn no_credentials_are_told_at_once_with_help() {
    let told = told(&["aws.region=eu-central-1"], &[NO_INSTANCE]);
    assert!(told.starts_with("unauthenticated "), "{told}");
    assert!(
        told.contains("AWS_ACCESS_KEY_ID") && told.contains("aws sso login"),
        "{told}"
    );
    assert!(millis(&told) < 2000, "{told}");
}

fn no_instance_is_waited_for() {
    // A service that takes connections and says nothing, as an address that leads nowhere.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let told = ends_by(Duration::from_secs(5), || {
        told(
            &["aws.region=eu-central-1"],
            &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &address)],
        )
    });
    assert!(told.starts_with("unauthenticated "), "{told}");
    assert!(millis(&told) < 2000, "{told}");
}

fn an_unencrypted_endpoint_of_the_environment_is_refused() {
    let keys = [
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "key"),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://secrets.example.com"),
    ];
    let told = told(&["aws.region=eu-central-1"], &keys);
    assert!(
        told.starts_with("invalid_config setting=Some(\"aws.allow_http\")"),
        "{told}"
    );
}

fn credentials_of_a_profile_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    let text = "[mine]\naws_access_key_id = id\naws_secret_access_key = key\nregion = eu-central-1\n";
    std::fs::write(&file, text).unwrap();
    let endpoint = format!("aws.endpoint={}", strongroom_remote::Service::moto().address());
    let file = file.to_str().unwrap();
    let told = told(
        &["aws.profile=mine", &endpoint],
        &[NO_INSTANCE, ("AWS_SHARED_CREDENTIALS_FILE", file)],
    );
    assert_eq!(told.trim(), "found: false");
}
