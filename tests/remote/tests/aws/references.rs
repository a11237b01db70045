//! References into the account.

use serde_json::json;
use strongroom::{ErrorKind, Secret};
use strongroom_fakes::Stub;
use strongroom_fakes::http::Request;

use crate::place::{REGION, answer, fails, of, place, with};

crate::trials_of!(
    a_reference_leads_to_names_arns_versions_and_parts,
    a_stored_reference_is_followed,
    what_names_no_secret_is_refused,
    an_arn_of_another_region_is_asked_there,
);

const ALLOWED: (&str, &str) = ("references", "aws");

fn a_reference_leads_to_names_arns_versions_and_parts() {
    let place = place();
    let manager = of(&place, &[ALLOWED]);
    let name = place.name(&place.key("foreign"));
    place.service.store(&name, r#"{"user":{"name":"u"},"n":1.50}"#);
    place.service.store(&name, r#"{"user":{"name":"new"},"n":1.50}"#);
    let known = strongroom_remote::Service::moto().ask("DescribeSecret", &json!({"SecretId": name}));
    let arn = known["ARN"].as_str().unwrap();
    let read = |reference: &str| {
        let secret = manager.resolve(reference).unwrap();
        secret.map(|secret| secret.value.expose_str().unwrap().to_owned())
    };
    assert_eq!(read(&format!("aws:{name}#/user/name")).as_deref(), Some("new"));
    assert_eq!(read(&format!("aws:{arn}#/n")).as_deref(), Some("1.50"));
    assert_eq!(
        read(&format!("aws:{}#/n", &arn[..arn.len() - 7])).as_deref(),
        Some("1.50")
    );
    assert_eq!(
        read(&format!("aws:{name}?version=AWSPREVIOUS#/user/name")).as_deref(),
        Some("u")
    );
    assert_eq!(read(&format!("aws:{name}#/user")).as_deref(), Some(r#"{"name":"new"}"#));
    assert_eq!(read(&format!("aws:{name}#/none")), None);
    assert_eq!(read("aws:none/such"), None);
    fails(of(&place, &[]).resolve(&format!("aws:{name}")), ErrorKind::PolicyDenied);
}

fn a_stored_reference_is_followed() {
    let place = place();
    let manager = of(&place, &[ALLOWED]);
    let name = place.name(&place.key("target"));
    place.service.store(&name, "the value");
    let key = place.key("pointer");
    let reference = Secret::new(format!("aws:{name}")).with_label(strongroom::REFERENCE_LABEL, "aws");
    manager.set(&key, &reference).unwrap();
    let read = manager.resolve(&format!("secret://{}", key.as_str())).unwrap().unwrap();
    assert_eq!(read.value.expose(), b"the value");
}

fn what_names_no_secret_is_refused() {
    let stub = Stub::start([]);
    let manager = with(&stub, &[ALLOWED]);
    for reference in [
        "aws:",
        "aws:a b",
        "aws:arn:aws:iam::123456789012:role/x",
        "aws:arn:aws:s3:::bucket",
        "aws:name#pointer",
    ] {
        let error = manager.resolve(reference).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{reference}: {error}");
    }
    assert_eq!(stub.requests().len(), 0);
}

fn an_arn_of_another_region_is_asked_there() {
    let stub = Stub::with(|request: &Request| {
        let signed = request.value("Authorization").unwrap().to_owned();
        answer(&json!({"Name": "x", "VersionId": "v", "SecretString": json!({"value": signed}).to_string()}))
    });
    let manager = with(&stub, &[ALLOWED]);
    let signed = |region: &str| {
        let arn = format!("aws:arn:aws:secretsmanager:{region}:123456789012:secret:x-1b2c3d");
        manager.resolve(&arn).unwrap().unwrap()
    };
    let told = |region: &str| {
        signed(region)
            .value
            .expose_str()
            .unwrap()
            .contains(&format!("/{region}/"))
    };
    assert!(told("us-west-2") && told(REGION));
}
