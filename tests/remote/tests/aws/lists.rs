//! Names.

use serde_json::json;
use strongroom::{ListOptions, Secret, SecretKey, SecretScope};
use strongroom_fakes::Stub;
use strongroom_fakes::http::Request;

use crate::place::{answer, asked, calls, over, place};

crate::trials_of!(
    names_are_listed_page_by_page_and_foreign_ones_are_references,
    a_scope_and_a_provider_narrow_the_list,
    what_waits_for_its_deletion_and_what_is_elsewhere_is_left_out,
);

fn names_are_listed_page_by_page_and_foreign_ones_are_references() {
    let place = place();
    let manager = place.open();
    let keys: Vec<SecretKey> = (0..130).map(|number| place.key(&format!("k{number:03}"))).collect();
    for key in &keys {
        place.service.store(&place.name(key), "v");
    }
    let prefix = place.name(&keys[0]).replace("/org/acme/k000", "");
    place.service.store(&format!("{prefix}/no key"), "v");
    place.service.store(&format!("{prefix}/one"), "v");
    place.service.store(&format!("{prefix}er/global/other"), "v");
    let listed = manager.list(ListOptions::new()).unwrap();
    let names: Vec<String> = listed.entries.iter().map(|entry| entry.name.to_string()).collect();
    assert_eq!(names.len(), 132);
    assert_eq!(names[129], "org/acme/k129");
    assert_eq!(&names[130..], ["no key", "one"]);
    assert!(listed.entries[0].metadata.version.is_some());
    assert_eq!(calls(&place.proxy, "ListSecrets"), 2);
    assert_eq!(place.proxy.requests().len(), 2, "no value is read for it");
    let page = manager.list(ListOptions::new().limit(3)).unwrap();
    assert_eq!((page.entries.len(), page.next), (3, Some(keys[2].clone())));
    let next = manager
        .list(ListOptions::new().limit(3).after(keys[2].clone()))
        .unwrap();
    assert_eq!(next.entries[0].name.to_string(), "org/acme/k003");
}

fn a_scope_and_a_provider_narrow_the_list() {
    let place = place();
    let manager = place.open();
    let global = SecretKey::new("g");
    manager.set(&global, &Secret::with_provider("v", "openai")).unwrap();
    manager
        .set(place.key("k"), &Secret::with_provider("v", "other"))
        .unwrap();
    let names = |options: ListOptions| -> Vec<String> {
        let listed = manager.list(options).unwrap();
        listed.entries.iter().map(|entry| entry.name.to_string()).collect()
    };
    assert_eq!(
        names(ListOptions::new().scope(SecretScope::org("acme"))),
        ["org/acme/k"]
    );
    assert_eq!(names(ListOptions::new().provider("openai")), ["global/g"]);
    assert_eq!(names(ListOptions::new().prefix("g")), ["global/g"]);
    let full = manager.list(ListOptions::new().full_metadata()).unwrap();
    assert_eq!(full.entries[0].metadata.provider.as_deref(), Some("openai"));
    assert_eq!(full.entries[1].metadata.provider.as_deref(), Some("other"));
}

fn what_waits_for_its_deletion_and_what_is_elsewhere_is_left_out() {
    let stub = Stub::with(|request: &Request| {
        assert_eq!(request.action(), Some("ListSecrets"));
        let asked = asked(request);
        assert_eq!(asked["Filters"], json!([{"Key": "name", "Values": ["app/"]}]));
        match asked["NextToken"].as_str() {
            None => answer(&json!({
                "SecretList": [
                    {"Name": "app/global/b"},
                    {"Name": "app/global/gone", "DeletedDate": 1.0},
                    {"Name": "other/app/global/x"},
                    {"Name": "App/global/y"},
                ],
                "NextToken": "more",
            })),
            Some(_) => answer(&json!({"SecretList": [{"Name": "app/global/a"}]})),
        }
    });
    let listed = over(&stub).list(ListOptions::new()).unwrap();
    let names: Vec<String> = listed.entries.iter().map(|entry| entry.name.to_string()).collect();
    assert_eq!(names, ["global/a", "global/b"]);
}
