//! Other programs read what we wrote, and we read what they wrote.

use libtest_mimic::Trial;
use strongroom::{Secret, SecretMetadata};
use strongroom_fakes::Script;
use strongroom_remote::{Place, Service, trials};

pub(crate) fn trials() -> Vec<Trial> {
    trials! {
        the_services_own_clients_read_what_we_wrote,
        we_read_what_the_services_own_clients_wrote,
    }
}

/// Text that nobody may change on the way.
const VALUE: &str = "zwölf \"quoted\" \\ 12345678901234567890\n<&>\u{1F511} ";

/// Prints the stored text: of Vault the JSON of its data.
const HVAC_GET: &str = "
import hvac, json, os, sys
kv = hvac.Client(url=os.environ['VAULT_ADDR'], token=os.environ['VAULT_TOKEN']).secrets.kv.v2
sys.stdout.buffer.write(json.dumps(kv.read_secret_version(path=sys.argv[1], raise_on_deleted_version=True)['data']['data']).encode())
";
const BOTO_GET: &str = "
import boto3, sys
told = boto3.client('secretsmanager').get_secret_value(SecretId=sys.argv[1])
sys.stdout.buffer.write(told['SecretString'].encode())
";
const HVAC_SET: &str = "
import hvac, json, os, sys
kv = hvac.Client(url=os.environ['VAULT_ADDR'], token=os.environ['VAULT_TOKEN']).secrets.kv.v2
kv.create_or_update_secret(path=sys.argv[1], secret=json.loads(sys.argv[2]))
";
const BOTO_SET: &str = "
import boto3, sys
boto3.client('secretsmanager').create_secret(Name=sys.argv[1], SecretString=sys.argv[2])
";

fn script(service: Service, vault: &str, aws: &str) -> Script {
    match service {
        Service::Vault => {
            let bao = Service::bao();
            Script::new(vault).environment(bao.environment(bao.root_token()))
        }
        Service::Aws => Script::new(aws).environment(Service::moto().environment()),
    }
}

fn the_services_own_clients_read_what_we_wrote(service: Service) {
    let place = Place::of(service);
    let manager = place.open();
    let key = place.key("READ");
    let metadata = SecretMetadata::new().with_label("team", "web");
    manager
        .set(&key, &Secret::with_provider(VALUE, "openai").with_metadata(metadata))
        .unwrap();
    let text = script(service, HVAC_GET, BOTO_GET).arg(&place.name(&key)).output();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["value"], VALUE);
    assert_eq!(document["metadata"]["labels"]["team"], "web");
    assert!(document["metadata"]["created_at"].is_string(), "{document}");
    if service == Service::Vault {
        let path = format!("secret/{}", place.name(&key));
        let said = Service::bao().command(&["kv", "get", "-field=value", &path]);
        assert_eq!(String::from_utf8(said.stdout).unwrap(), VALUE);
    }
}

fn we_read_what_the_services_own_clients_wrote(service: Service) {
    let place = Place::of(service);
    let manager = place.open();
    let ours = serde_json::json!({ "value": VALUE }).to_string();
    let theirs = r#"{"password": "p", "user": "u"}"#;
    for (name, text, value) in [("OURS", ours.as_str(), VALUE), ("THEIRS", theirs, theirs)] {
        let key = place.key(name);
        script(service, HVAC_SET, BOTO_SET)
            .arg(&place.name(&key))
            .arg(text)
            .output();
        let secret = manager.get(&key).unwrap().unwrap();
        let read = secret.value.expose_str().unwrap();
        if name == "THEIRS" {
            // Vault keeps no spaces of its JSON.
            let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            assert_eq!(parsed(read), parsed(value), "raw: the whole text");
        } else {
            assert_eq!(read, value);
        }
        assert!(manager.list(strongroom::ListOptions::new()).unwrap().entries.len() <= 2);
    }
}
