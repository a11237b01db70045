//! The services, and what a test asks them past Strongroom.

use std::sync::LazyLock;

use serde_json::{Value, json};
use strongroom::{Builder, SecretManager};
use strongroom_fakes::http::{Reply, Request};
use strongroom_fakes::{Moto, OpenBao};

/// One server of each kind for the whole process.
static BAO: LazyLock<OpenBao> = LazyLock::new(OpenBao::dev);
static MOTO: LazyLock<Moto> = LazyLock::new(Moto::start);

/// A service that keeps secrets on another machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Vault, or OpenBao.
    Vault,
    /// AWS Secrets Manager.
    Aws,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 2] = [Self::Vault, Self::Aws];

    /// The backend's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Aws => "aws",
        }
    }

    /// `127.0.0.1:port` of the server that all tests share.
    pub fn host(self) -> &'static str {
        match self {
            Self::Vault => BAO.host(),
            Self::Aws => MOTO.host(),
        }
    }

    /// The OpenBao that all tests share.
    pub fn bao() -> &'static OpenBao {
        &BAO
    }

    /// The moto that all tests share.
    pub fn moto() -> &'static Moto {
        &MOTO
    }

    /// A builder for this service at an address, with the names of its secrets below a prefix.
    pub fn builder(self, address: &str, prefix: &str) -> Builder {
        let builder = self.builder_without_token(address, prefix);
        match self {
            Self::Vault => builder.secret_option("vault.token", BAO.root_token()),
            Self::Aws => builder,
        }
    }

    /// The same without the token of Vault.
    pub fn builder_without_token(self, address: &str, prefix: &str) -> Builder {
        let builder = SecretManager::builder().app("remote").without_environment();
        match self {
            Self::Vault => builder
                .backend("vault")
                .option("vault.address", address)
                .option("vault.prefix", prefix),
            Self::Aws => builder
                .backend("aws")
                .option("aws.region", Moto::REGION)
                .option("aws.endpoint", address)
                .option("aws.prefix", prefix),
        }
    }

    /// The name of what is asked for: the service's own word for it.
    pub fn call(self, request: &Request) -> String {
        match self {
            Self::Vault => format!("{} {}", request.method, request.path),
            Self::Aws => request.action().unwrap_or_default().to_owned(),
        }
    }

    /// How many versions of a secret were written, as the server tells it.
    pub fn versions(self, name: &str) -> usize {
        match self {
            Self::Vault => usize::try_from(BAO.versions("secret", name)).unwrap(),
            Self::Aws => {
                let asked = json!({"SecretId": name, "IncludeDeprecated": true});
                let told = MOTO.call("ListSecretVersionIds", &asked).parsed();
                told["Versions"].as_array().map_or(0, Vec::len)
            }
        }
    }

    /// The text that is stored, as the server tells it: for Vault the JSON text of the data.
    pub fn stored(self, name: &str) -> Option<String> {
        match self {
            Self::Vault => {
                let reply = BAO.request("GET", &format!("secret/data/{name}"), Some(BAO.root_token()), None);
                let data = reply.parsed()["data"]["data"].take();
                (!data.is_null()).then(|| data.to_string())
            }
            Self::Aws => {
                let told = MOTO.call("GetSecretValue", &json!({"SecretId": name})).parsed();
                Some(told["SecretString"].as_str()?.to_owned())
            }
        }
    }

    /// Writes a text past Strongroom, as another program would: for Vault JSON of an object.
    pub fn store(self, name: &str, text: &str) {
        match self {
            Self::Vault => {
                let data: Value = serde_json::from_str(text).unwrap();
                BAO.write(&format!("secret/data/{name}"), &json!({ "data": data }));
            }
            Self::Aws => {
                let value = json!({"SecretId": name, "SecretString": text});
                if MOTO.call("PutSecretValue", &value).status != 200 {
                    MOTO.ask("CreateSecret", &json!({"Name": name, "SecretString": text}));
                }
            }
        }
    }

    /// What the service says when it is asked too often.
    pub fn too_many(self) -> Reply {
        match self {
            Self::Vault => Reply::vault_errors(429, &["request path \"secret/x\": rate limit quota exceeded"]),
            Self::Aws => Reply::aws_error(400, "ThrottlingException", "Rate exceeded"),
        }
    }

    /// What the service says when it does not work for a while.
    pub fn down(self) -> Reply {
        match self {
            Self::Vault => Reply::vault_errors(503, &["upstream is restarting"]),
            Self::Aws => Reply::aws_error(503, "ServiceUnavailable", "try again"),
        }
    }
}
