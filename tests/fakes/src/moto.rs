//! moto: a server that answers as AWS Secrets Manager does, mostly.

use serde_json::Value;

use crate::http::{Reply, Request};
use crate::process::Process;
use crate::python::python;

/// A running `moto_server`.
#[derive(Debug)]
pub struct Moto {
    host: String,
    _process: Process,
}

/// moto, with what AWS does where the current stage is moved: moto goes on reading the version that had it, unless the
/// stage is asked for by name, and its next write takes the stage from that one only. One request at a time: its threads
/// go through the secrets while others add to them.
const CORRECTED: &str = r#"
import sys
import threading
from moto.core.responses import BaseResponse
from moto.secretsmanager.models import SecretsManagerBackend as Backend
from moto.server import main

moves = Backend.update_secret_version_stage

def update_secret_version_stage(self, secret_id, version_stage, remove_from_version_id, move_to_version_id):
    answer = moves(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)
    if version_stage == "AWSCURRENT" and move_to_version_id:
        self.secrets[secret_id].set_default_version_id(move_to_version_id)
    return answer

Backend.update_secret_version_stage = update_secret_version_stage
answers = BaseResponse.call_action
one = threading.RLock()

def call_action(self):
    with one:
        return answers(self)

BaseResponse.call_action = call_action
main(sys.argv[1:])
"#;

impl Moto {
    /// The region that it is asked in.
    pub const REGION: &'static str = "eu-central-1";
    /// Credentials that it takes: any.
    pub const ACCESS_KEY: &'static str = "AKIAIOSFODNN7EXAMPLE";
    /// The other half of them.
    pub const SECRET_KEY: &'static str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    /// Starts one and waits until it answers.
    pub fn start() -> Self {
        let mut process = Process::start(&python(), |command| {
            command.args(["-c", CORRECTED, "-H", "127.0.0.1", "-p", "0"]);
        });
        let host = process.until("moto listens", |process| {
            let port = *process.ports().first()?;
            let host = format!("127.0.0.1:{port}");
            let reply = Request::new("GET", "/moto-api/data.json").send(&host).ok()?;
            (reply.status == 200).then_some(host)
        });
        Self {
            host,
            _process: process,
        }
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `http://127.0.0.1:port`.
    pub fn address(&self) -> String {
        format!("http://{}", self.host)
    }

    /// Forgets everything that it holds.
    pub fn reset(&self) {
        let reply = Request::new("POST", "/moto-api/reset").send(&self.host).unwrap();
        assert_eq!(reply.status, 200);
    }

    /// The variables that AWS clients are led here by.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        environment(&self.address())
    }

    /// Calls an action of the service, past every client.
    pub fn call(&self, action: &str, body: &Value) -> Reply {
        let scope = format!(
            "{}/20260101/{}/secretsmanager/aws4_request",
            Self::ACCESS_KEY,
            Self::REGION
        );
        let request = Request::new("POST", "/")
            .header("X-Amz-Target", &format!("secretsmanager.{action}"))
            .header("Content-Type", "application/x-amz-json-1.1")
            .header(
                "Authorization",
                &format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
            );
        request.json(body).send(&self.host).unwrap()
    }

    /// The same, of what must succeed: its answer.
    pub fn ask(&self, action: &str, body: &Value) -> Value {
        let reply = self.call(action, body);
        assert_eq!(reply.status, 200, "{action}: {}", String::from_utf8_lossy(&reply.body));
        reply.parsed()
    }
}

/// The variables that AWS clients are led to `address` by.
pub(crate) fn environment(address: &str) -> Vec<(&'static str, String)> {
    [
        ("AWS_ENDPOINT_URL", address),
        ("AWS_ACCESS_KEY_ID", Moto::ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", Moto::SECRET_KEY),
        ("AWS_REGION", Moto::REGION),
        ("AWS_DEFAULT_REGION", Moto::REGION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        // Not those of whoever runs the tests.
        ("AWS_CONFIG_FILE", "/nonexistent"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}
