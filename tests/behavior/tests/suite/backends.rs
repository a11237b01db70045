//! Which backends are tested, how they are opened, and what they must be able to do.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use strongroom::backend::{Backend, Capabilities, Persistence};
use strongroom::testing::{self, FaultBackend, LimitedBackend};
use strongroom::{
    Builder, CallContext, Face, Origin, SecretKey, SecretManager, SecretScope, SecretValue, Settings, VariableMapping,
};
use strongroom_fakes::{Moto, OpenBao};
use tempfile::TempDir;

use super::client::Client;
use super::harness::block_on;
use super::minimal::Minimal;

/// A backend under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Memory,
    Encrypted,
    /// The plain file.
    File,
    /// The encrypted store with Fernet keys, opened with a newer one before the one that made it.
    LocalEncrypted,
    /// With an empty script, which must change nothing; and without the cache, so that both ways are tested.
    FaultMemory,
    FaultEncrypted,
    /// Keeps bytes of text by name and nothing else, as a directory of files or a set of variables does.
    Plain,
    /// Implements what the trait demands and nothing more: the default bodies.
    Minimal,
    /// Variables of this process, which `main` has started itself with.
    Env,
    /// The same with names that can be read back.
    EnvEscaped,
    Directory,
    /// Two memories, of which the first one is written to.
    Chain,
    /// The store before a memory, opened by their words.
    ChainEncrypted,
    /// OpenBao, one server for all tests, each with a prefix of its own.
    Vault,
    /// moto in place of AWS, in the same way.
    Aws,
}

static BAO: LazyLock<OpenBao> = LazyLock::new(OpenBao::dev);
static MOTO: LazyLock<Moto> = LazyLock::new(Moto::start);

const MIB: usize = 1 << 20;
/// The limits of [`Subject::Plain`].
pub(crate) const PLAIN_VALUE: usize = 4096;
pub(crate) const PLAIN_KEY: usize = 200;

impl Subject {
    pub(crate) const ALL: &'static [Self] = &[
        Self::Memory,
        Self::Encrypted,
        Self::File,
        Self::LocalEncrypted,
        Self::FaultMemory,
        Self::FaultEncrypted,
        Self::Plain,
        Self::Minimal,
        Self::Env,
        Self::EnvEscaped,
        Self::Directory,
        Self::Chain,
        Self::ChainEncrypted,
        Self::Vault,
        Self::Aws,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Encrypted => "encrypted",
            Self::File => "file",
            Self::LocalEncrypted => "local_encrypted",
            Self::FaultMemory => "fault+memory",
            Self::FaultEncrypted => "fault+encrypted",
            Self::Plain => "plain",
            Self::Minimal => "minimal",
            Self::Env => "env",
            Self::EnvEscaped => "env+escaped",
            Self::Directory => "directory",
            Self::Chain => "chain+memory",
            Self::ChainEncrypted => "chain+encrypted",
            Self::Vault => "vault",
            Self::Aws => "aws",
        }
    }

    /// The name that the opened backend must say.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Encrypted => "encrypted",
            Self::File => "file",
            Self::LocalEncrypted => "local_encrypted",
            Self::FaultMemory | Self::FaultEncrypted => "fault",
            Self::Plain => "limited",
            Self::Minimal => "minimal",
            Self::Env | Self::EnvEscaped => "env",
            Self::Directory => "directory",
            Self::Chain | Self::ChainEncrypted => "chain",
            Self::Vault => "vault",
            Self::Aws => "aws",
        }
    }

    /// The table of capabilities. An opened backend must say exactly this.
    pub(crate) fn expected(self) -> Capabilities {
        match self {
            Self::Memory | Self::FaultMemory | Self::Chain => Capabilities::complete(Persistence::Process, 8 * MIB),
            Self::Encrypted | Self::LocalEncrypted | Self::FaultEncrypted | Self::ChainEncrypted => {
                Capabilities::complete(Persistence::Disk, 8 * MIB)
            }
            Self::File => {
                let mut can = Capabilities::complete(Persistence::Disk, 8 * MIB);
                can.versions = false;
                can.binary = false;
                can
            }
            Self::Plain => {
                let mut can = Capabilities::minimal(Persistence::Process, PLAIN_VALUE);
                can.read_only = false;
                can.empty_value = false;
                can.max_key = PLAIN_KEY;
                can
            }
            Self::Minimal | Self::Env => Capabilities::minimal(Persistence::Process, MIB),
            Self::EnvEscaped => {
                let mut can = Capabilities::minimal(Persistence::Process, MIB);
                can.list = true;
                can
            }
            Self::Vault => {
                // Raft, the usual storage, holds 1 MiB in an entry; 4096 bytes are a path with its prefix.
                let mut can = Capabilities::complete(Persistence::Remote, MIB - (16 << 10));
                (can.atomic_batch, can.verify, can.restore) = (false, false, true);
                can.max_key = 4096 - (PREFIX + 1);
                can
            }
            Self::Aws => {
                let mut can = Capabilities::complete(Persistence::Remote, 65_536);
                (can.atomic_batch, can.verify, can.restore) = (false, false, true);
                can.max_key = 512 - (PREFIX + 1);
                can
            }
            Self::Directory => {
                let mut can = Capabilities::minimal(Persistence::Boot, MIB);
                (can.list, can.binary) = (true, true);
                can
            }
        }
    }

    /// Whether it holds [`PREPARED`] from the beginning: those that cannot be written to.
    pub(crate) fn is_prepared(self) -> bool {
        matches!(self, Self::Env | Self::EnvEscaped | Self::Directory)
    }

    /// Whether a server must be there for it.
    pub(crate) fn needs_server(self) -> bool {
        self.expected().persistence == Persistence::Remote
    }

    /// Whether times are kept as text, which begins with the year 0.
    pub(crate) fn writes_times_as_text(self) -> bool {
        matches!(self, Self::File | Self::Vault | Self::Aws)
    }

    /// Whether a test can have a hand on its script: only real backends, each under a fault of its own.
    pub(crate) fn has_script(self) -> bool {
        matches!(self, Self::Memory | Self::Encrypted | Self::File)
    }

    /// Whether what was written is there after closing and opening.
    pub(crate) fn persists(self) -> bool {
        self.expected().persistence.survives_reboot()
    }

    /// A builder for this backend with its files in `dir`.
    pub(crate) fn builder(self, dir: &Path) -> Builder {
        let builder = SecretManager::builder().app("behavior").without_environment();
        match self {
            Self::Memory => builder.backend("memory"),
            Self::Encrypted => encrypted(builder.backend("encrypted"), dir),
            Self::File => builder
                .backend("file")
                .option("file.path", dir.join(FILE).to_str().unwrap()),
            Self::LocalEncrypted => {
                let path = dir.join(STORE);
                let builder = builder
                    .backend("local_encrypted")
                    .option("encrypted.path", path.to_str().unwrap());
                // An older key made what is there; a newer one stands before it.
                let keys = if path.exists() { FERNET_KEYS } else { FERNET_KEY };
                builder.secret_option("local_encrypted.key", keys)
            }
            Self::FaultMemory => builder
                .backend("fault")
                .option("fault.inner", "memory")
                .option("cache", "off"),
            Self::FaultEncrypted => {
                let builder = builder
                    .backend("fault")
                    .option("fault.inner", "encrypted")
                    .option("cache", "off");
                encrypted(builder, dir)
            }
            Self::Plain => builder.backend_instance(LimitedBackend::new(testing::memory(), self.expected())),
            Self::Minimal => builder.backend_instance(Minimal::new(self.expected())),
            Self::Env => builder.backend("env"),
            Self::EnvEscaped => builder
                .backend("env")
                .option("env.mapping", "escaped")
                .option("env.prefix", ESCAPED),
            Self::Directory => {
                prepare(dir);
                builder
                    .backend("directory")
                    .option("directory.path", dir.to_str().unwrap())
            }
            Self::Chain => {
                let members = vec![testing::memory(), testing::memory()];
                builder.backend_instance(testing::chain(members, Some(0), false))
            }
            Self::ChainEncrypted => {
                let builder = builder.backend("chain").option("chain.members", "encrypted, memory");
                encrypted(builder.option("chain.writer", "encrypted"), dir)
            }
            Self::Vault => builder
                .backend("vault")
                .option("vault.address", BAO.address())
                .option("vault.prefix", prefix(dir))
                .secret_option("vault.token", BAO.root_token()),
            Self::Aws => builder
                .backend("aws")
                .option("aws.region", Moto::REGION)
                .option("aws.endpoint", MOTO.address())
                .option("aws.prefix", prefix(dir)),
        }
    }

    /// The backend itself, for a wrapper with a script.
    fn inner(self, dir: &Path) -> Arc<dyn Backend> {
        let mut settings = Settings::new();
        if self == Self::Encrypted {
            let (path, key) = (dir.join(STORE), SecretValue::from(KEY));
            settings
                .set("encrypted.path", path.to_str().unwrap(), Origin::Builder)
                .unwrap();
            settings.set_secret("encrypted.key", key, Origin::Builder).unwrap();
        }
        if self == Self::File {
            let path = dir.join(FILE);
            settings
                .set("file.path", path.to_str().unwrap(), Origin::Builder)
                .unwrap();
        }
        let cx = CallContext::new(Face::Blocking, Duration::from_secs(10));
        testing::open_backend(self.word(), "behavior", &settings, &cx).unwrap()
    }
}

/// What backends hold that cannot be written to.
pub(crate) const PREPARED: &[(&str, &str)] = &[
    ("global/EMPTY", ""),
    ("global/ONE", "one"),
    ("global/ONE@production", "targeted"),
    ("org/acme/api_key", "scoped zwölf\tx "),
    ("org/acme/two", "2"),
];
/// The prefix of the variables of [`Subject::EnvEscaped`].
const ESCAPED: &str = "BEHAVIOR_ESCAPED_";

/// The length of every [`prefix`].
const PREFIX: usize = 12;

/// Where a test's secrets are on a server that others use as well: a name made of the folder's random one.
fn prefix(dir: &Path) -> String {
    let name = dir.file_name().unwrap().to_str().unwrap().trim_start_matches('.');
    format!("{name:0<PREFIX$}")
}

/// Why the servers cannot be started, where they cannot.
pub(crate) fn without_servers() -> Option<String> {
    strongroom_fakes::missing()
}

/// The variables that this process must have been started with.
pub(crate) fn variables() -> Vec<(String, &'static str)> {
    let mappings = [
        (VariableMapping::Plain, "BEHAVIOR_SECRET_"),
        (VariableMapping::Escaped, ESCAPED),
    ];
    let variables = mappings.into_iter().flat_map(|(mapping, prefix)| {
        let variable = move |key: &str| mapping.variable(prefix, &SecretKey::parse(key).unwrap());
        PREPARED.iter().map(move |(key, value)| (variable(key), *value))
    });
    // The AWS SDK looks for credentials there.
    let aws = [
        ("AWS_ACCESS_KEY_ID", Moto::ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", Moto::SECRET_KEY),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/nonexistent"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
    ];
    variables
        .chain(aws.map(|(name, value)| (name.to_owned(), value)))
        .collect()
}

/// Writes the files of [`Subject::Directory`].
fn prepare(dir: &Path) {
    for (key, value) in PREPARED {
        let path = dir.join(key.strip_prefix("global/").unwrap_or(key));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, value).unwrap();
    }
}

const STORE: &str = "secrets.strongroom";
const FILE: &str = "secrets.json";
/// 32 bytes in hexadecimal.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

const FERNET_KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const FERNET_KEYS: &str = "VGhpcyBpcyBhbm90aGVyIGtleSBvZiAzMiBieXRlcyE=,cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

fn encrypted(builder: Builder, dir: &Path) -> Builder {
    builder
        .option("encrypted.path", dir.join(STORE).to_str().unwrap())
        .secret_option("encrypted.key", KEY)
}

/// An opened backend, a scope that no other test uses, and a folder.
pub(crate) struct Env {
    pub(crate) subject: Subject,
    pub(crate) face: Face,
    pub(crate) client: Client,
    dir: TempDir,
    scope: SecretScope,
    script: Option<Arc<FaultBackend>>,
}

impl Env {
    pub(crate) fn open(subject: Subject, face: Face) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let client = open(subject.builder(dir.path()), face);
        Self {
            subject,
            face,
            client,
            scope: fresh_scope(&dir),
            dir,
            script: None,
        }
    }

    /// The same backend under a fault whose script the test writes.
    pub(crate) fn scripted(subject: Subject, face: Face) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let fault = FaultBackend::new(subject.inner(dir.path()));
        let builder = SecretManager::builder().app("behavior").without_environment();
        let client = open(builder.backend_instance(Arc::clone(&fault) as Arc<dyn Backend>), face);
        Self {
            subject,
            face,
            client,
            scope: fresh_scope(&dir),
            dir,
            script: Some(fault),
        }
    }

    /// The script of a scripted environment.
    pub(crate) fn fault(&self) -> &FaultBackend {
        self.script.as_ref().unwrap()
    }

    /// What the backend can do.
    pub(crate) fn can(&self) -> Capabilities {
        self.subject.expected()
    }

    /// A builder for the same files.
    pub(crate) fn builder(&self) -> Builder {
        self.subject.builder(self.dir.path())
    }

    /// A second manager over the same files; only for backends that keep something.
    pub(crate) fn reopen(&self) -> Client {
        open(self.builder(), self.face)
    }

    /// Opens any builder through this environment's face.
    pub(crate) fn open_with(&self, builder: Builder) -> Client {
        open(builder, self.face)
    }

    /// The scope of this test.
    pub(crate) fn scope(&self) -> SecretScope {
        self.scope.clone()
    }

    /// A key of this test.
    pub(crate) fn key(&self, name: &str) -> SecretKey {
        SecretKey::in_scope(self.scope(), name)
    }
}

fn open(builder: Builder, face: Face) -> Client {
    try_open(builder, face).unwrap()
}

/// Opens through a face.
pub(crate) fn try_open(builder: Builder, face: Face) -> strongroom::Result<Client> {
    Ok(match face {
        Face::Async | Face::Watched => Client::Async(block_on(strongroom::face::open(builder, face))?),
        Face::Blocking => Client::Blocking(builder.open_blocking()?),
    })
}

/// A scope that no other test and no former run uses: the folder's random name.
fn fresh_scope(dir: &TempDir) -> SecretScope {
    let name = dir.path().file_name().unwrap().to_str().unwrap();
    SecretScope::project(SecretKey::escape(name))
}
