//! What references lead to besides the manager's own secrets. Their grammar and stored references are vectors.

use std::fmt;
use std::sync::{Arc, Mutex};

use strongroom::backend::{
    Backend, BoxFuture, Capabilities, GetRequest, Health, Operation, Persistence, ResolveRequest,
};
use strongroom::{AuditRecord, AuditSink, CallContext, Error, ErrorKind, REFERENCE_LABEL, Result, Secret};

use super::{builder, kind};

#[test]
fn a_file_is_read_as_far_as_the_settings_allow() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db.json");
    std::fs::write(&path, "{\"user\": \"sam\", \"port\": 5432}\r\n").unwrap();
    let file = format!("file:{}", path.display());
    let open = |allowed: &str| {
        let builder = builder()
            .backend("memory")
            .option("references", allowed)
            .option("max_value", "64");
        builder.open_blocking()
    };
    let secrets = open("file").unwrap();
    let text = |reference: &str| {
        let secret = secrets.resolve(reference).unwrap();
        secret.map(|secret| secret.value.expose_str().unwrap().to_owned())
    };
    assert_eq!(
        text(&file).as_deref(),
        Some("{\"user\": \"sam\", \"port\": 5432}"),
        "without its line end"
    );
    assert_eq!(text(&format!("{file}#/user")).as_deref(), Some("sam"));
    assert_eq!(text(&format!("{file}#/port")).as_deref(), Some("5432"));
    assert_eq!(text(&format!("{file}#/none")), None);
    // It is read each time.
    std::fs::write(&path, "{\"user\": \"kim\"}").unwrap();
    assert_eq!(text(&format!("{file}#/user")).as_deref(), Some("kim"));
    secrets
        .set("R", &Secret::reference(&format!("{file}#/user")).unwrap())
        .unwrap();
    assert_eq!(text("secret://R").as_deref(), Some("kim"));
    assert_eq!(
        secrets.get("R").unwrap().unwrap().metadata.labels[REFERENCE_LABEL],
        "file"
    );

    std::fs::write(&path, [0xff]).unwrap();
    assert_eq!(
        kind(secrets.resolve(&format!("{file}#/user"))),
        Some(ErrorKind::InvalidValue)
    );
    std::fs::write(&path, "x".repeat(65)).unwrap();
    let error = secrets.resolve(&file).unwrap_err();
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::TooLarge, Some("max_value"))
    );
    let folder = format!("file:{}", dir.path().display());
    assert_eq!(kind(secrets.resolve(&folder)), Some(ErrorKind::InsecurePath));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(kind(secrets.resolve(&file)), Some(ErrorKind::InsecurePath));
    }

    let error = open("env").unwrap().resolve(&file).unwrap_err();
    assert_eq!(
        (error.kind(), error.setting(), error.operation()),
        (ErrorKind::PolicyDenied, Some("references"), Some(Operation::Resolve))
    );
    assert!(error.to_string().contains("`file`"), "{error}");
    let error = open("file,op").unwrap_err();
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::InvalidConfig, Some("references"))
    );
    secrets.close().unwrap();
    assert_eq!(kind(secrets.resolve(&file)), Some(ErrorKind::Closed));
}

#[test]
fn a_variable_is_one_of_the_process() {
    let secrets = builder()
        .backend("memory")
        .option("references", "env")
        .open_blocking()
        .unwrap();
    let found = secrets.resolve("env:PATH").unwrap().expect("a test has a search path");
    #[expect(clippy::disallowed_methods, reason = "what the library is compared with")]
    let expected = std::env::var("PATH").unwrap();
    assert_eq!(found.value.expose_str().unwrap(), expected);
    assert!(secrets.resolve("env:STRONGROOM_NOT_SET").unwrap().is_none());
}

/// A server of a kind that references have a scheme for.
#[derive(Debug)]
struct Server(Capabilities);

impl Backend for Server {
    fn name(&self) -> &'static str {
        "vault"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.0
    }

    fn get<'a>(&'a self, _: &'a CallContext, _: GetRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        Box::pin(async { Ok(None) })
    }

    fn resolve<'a>(&'a self, _: &'a CallContext, req: ResolveRequest<'a>) -> BoxFuture<'a, Result<Option<Secret>>> {
        Box::pin(async move { Ok(Some(Secret::new(format!("{req:?}")))) })
    }

    fn health<'a>(&'a self, _: &'a CallContext) -> BoxFuture<'a, Result<Health>> {
        Box::pin(async { Ok(Health::ok()) })
    }

    fn lock<'a>(&'a self, _: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn close<'a>(&'a self, _: &'a CallContext) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

#[test]
fn the_managers_own_backend_answers_its_scheme() {
    let open = |allowed: &str| {
        let server = Arc::new(Server(Capabilities::minimal(Persistence::Remote, 1 << 20)));
        builder()
            .backend_instance(server)
            .option("references", allowed)
            .open_blocking()
            .unwrap()
    };
    let secrets = open("vault");
    let found = secrets.resolve("vault:team/db?version=2#password").unwrap().unwrap();
    let expected = ResolveRequest::new("team/db").version(Some("2")).part(Some("password"));
    assert_eq!(found.value.expose_str().unwrap(), format!("{expected:?}"));
    assert_eq!(kind(secrets.resolve("aws:name")), Some(ErrorKind::PolicyDenied));
    assert_eq!(kind(open("").resolve("vault:team/db")), Some(ErrorKind::PolicyDenied));
}

/// Takes what it is told, until it is full.
#[derive(Default)]
struct Sink(Mutex<Vec<(Operation, &'static str)>>);

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sink")
    }
}

impl AuditSink for Sink {
    fn record(&self, record: &AuditRecord<'_>) -> Result<()> {
        let mut records = self.0.lock().unwrap();
        if records.len() == 1 {
            return Err(Error::new(ErrorKind::StorageFull, "the sink is full"));
        }
        records.push((record.operation, record.backend));
        Ok(())
    }
}

#[test]
fn a_required_sink_is_told_before_anything_is_released() {
    let sink = Arc::new(Sink::default());
    let builder = builder().backend("memory").option("references", "env");
    let secrets = builder.required_audit_sink(sink.clone()).open_blocking().unwrap();
    assert!(secrets.resolve("env:PATH").unwrap().is_some());
    assert_eq!(*sink.0.lock().unwrap(), [(Operation::Resolve, "env")]);
    assert_eq!(kind(secrets.resolve("env:PATH")), Some(ErrorKind::AuditUnavailable));
}
