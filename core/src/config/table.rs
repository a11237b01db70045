//! The one table of settings. Builder, key/value options, environment, flags, schema and docs derive from it.

use crate::manager::check::MAX_VALUE;

/// What a setting's text may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingKind {
    /// Any text.
    Text,
    /// A path.
    Path,
    /// Words separated by commas; spaces round them do not count, empty ones are none.
    List,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number in this range, ends included.
    Integer {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A number of bytes in this range, as `4096`, `64KiB` or `1MiB`.
    Size {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A time span of at least a millisecond and at most 24 hours, as `250ms`, `10s`, `5m` or `1h`.
    Duration,
}

/// One row of the table.
#[derive(Debug)]
#[non_exhaustive]
pub struct Setting {
    /// The name in builder, options and files; a backend's settings begin with its word.
    pub key: &'static str,
    /// What its text may be.
    pub kind: SettingKind,
    /// The default's text; `None` where the default is worked out at opening, as `help` says.
    pub default: Option<&'static str>,
    /// The environment variable is `<APP>_SECRETS_` and this.
    pub env: &'static str,
    /// Other variables that state it too, by their full names; `{APP}` stands for the application's name in upper case.
    pub aliases: &'static [&'static str],
    /// Whether the value is a secret: it never travels as ordinary text and is never shown.
    pub secret: bool,
    /// One sentence.
    pub help: &'static str,
}

impl Setting {
    /// The row with this key.
    pub fn find(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    /// The environment variable that states it for an application: `<APP>_SECRETS_` and [`env`](Self::env).
    pub fn variable(&self, app: &str) -> String {
        variable(app, self.env)
    }

    /// Every environment variable that states it for an application: [`variable`](Self::variable), then the
    /// [`aliases`](Self::aliases).
    pub fn variables(&self, app: &str) -> Vec<String> {
        let mut names = vec![self.variable(app)];
        names.extend(
            self.aliases
                .iter()
                .map(|alias| alias.replace("{APP}", &in_variables(app))),
        );
        names
    }

    /// Whether a variable that states it is this application's alone.
    pub(super) fn is_own(&self, variable: &str, app: &str) -> bool {
        variable.starts_with(&in_variables(app)) && !self.aliases.contains(&variable)
    }

    /// Whether a project's file may state it only once a person trusts that file, which is done by `strongroom config
    /// trust`: every setting but those that only name keys. Any other could send secrets elsewhere, show more of them,
    /// shorten what is kept of them or take back what the user chose.
    pub fn needs_trust(&self) -> bool {
        !matches!(self.key, "env.required" | "env.known")
    }
}

macro_rules! settings {
    ($($(#[$meta:meta])* $key:literal: $kind:expr, default $default:expr, env $env:literal, $secret:ident
       $(, also $alias:literal)*, $help:literal;)+) => {
        &[$($(#[$meta])* Setting {
            key: $key,
            kind: $kind,
            default: $default,
            env: $env,
            aliases: &[$($alias),*],
            secret: settings!(@$secret),
            help: $help,
        }),+]
    };
    (@plain) => { false };
    (@secret) => { true };
}

const ON_OFF: SettingKind = SettingKind::Choice(&["on", "off"]);

/// Every setting.
pub static SETTINGS: &[Setting] = settings! {
    "backend": SettingKind::Text, default None, env "BACKEND", plain, also "{APP}_SECRET_BACKEND",
        "The backend, by its word; by default the best that this machine and build have, and `status` says why.";
    "deadline": SettingKind::Duration, default Some("10s"), env "DEADLINE", plain,
        "How long a call may take in all.";
    "prompt": SettingKind::Choice(&["never", "allow"]), default Some("never"), env "PROMPT", plain,
        "Whether a keystore may ask a person; the backends of this version never do.";
    "max_value": SettingKind::Size { min: 1, max: MAX_VALUE as u64 }, default Some("1MiB"), env "MAX_VALUE", plain,
        "The longest value that is accepted.";
    "cache": ON_OFF, default Some("on"), env "CACHE", plain,
        "Whether values that were read stay in memory.";
    "cache_entries": SettingKind::Integer { min: 1, max: 1 << 24 }, default Some("10000"), env "CACHE_ENTRIES", plain,
        "The most values that the cache keeps.";
    "cache_bytes": SettingKind::Size { min: 1, max: 1 << 40 }, default Some("64MiB"), env "CACHE_BYTES", plain,
        "The most bytes that the cache keeps.";
    "cache_ttl": SettingKind::Duration, default Some("300s"), env "CACHE_TTL", plain,
        "How long a value is trusted where the backend cannot tell that something changed.";
    "cache_refresh_ahead": ON_OFF, default Some("on"), env "CACHE_REFRESH_AHEAD", plain,
        "Whether a value of a remote backend is read again shortly before its time ends, while calls still get the old one.";
    "cache_negative_ttl": SettingKind::Duration, default Some("5s"), env "CACHE_NEGATIVE_TTL", plain,
        "How long it is remembered that a remote backend has no such secret.";
    "cache_max_stale": SettingKind::Duration, default None, env "CACHE_MAX_STALE", plain,
        "How long beyond its time a value is still answered while the backend is out of reach; by default not at all.";
    "cache_file": SettingKind::Path, default None, env "CACHE_FILE", plain,
        "An encrypted store that keeps the last known values of a remote backend; by default they stay in memory only.";
    "cache_key": SettingKind::Text, default None, env "CACHE_KEY", secret,
        "The 32-byte key of `cache_file`, as `encrypted.key`.";
    "cache_key_file": SettingKind::Path, default None, env "CACHE_KEY_FILE", plain,
        "The file that holds the key of `cache_file`; by default `<state folder>/<app>/cache.key`, made with it.";
    "offline": ON_OFF, default Some("off"), env "OFFLINE", plain,
        "Whether a remote backend is never asked: what the cache has is answered, however old, and all else is `unavailable`.";
    "retries": SettingKind::Integer { min: 0, max: 20 }, default Some("2"), env "RETRIES", plain,
        "How often a call of a remote backend is made again where it failed in passing and that is safe.";
    "concurrency": SettingKind::Integer { min: 1, max: 1024 }, default Some("16"), env "CONCURRENCY", plain,
        "The most requests that are under way to a remote backend at once; further ones wait their turn.";
    "breaker_failures": SettingKind::Integer { min: 1, max: 1000 }, default Some("5"), env "BREAKER_FAILURES", plain,
        "After how many failures in a row a remote backend is left alone for a while.";
    "breaker_wait": SettingKind::Duration, default Some("10s"), env "BREAKER_WAIT", plain,
        "How long a remote backend that failed is left alone before one call tries it again.";
    "health_interval": SettingKind::Duration, default Some("60s"), env "HEALTH_INTERVAL", plain,
        "How often a remote backend that is in use is asked how it is.";
    "references": SettingKind::List, default None, env "REFERENCES", plain,
        "The schemes that `resolve` follows besides `secret`, separated by commas: aws, vault, env, file; by default none.";
    "telemetry_names": ON_OFF, default Some("on"), env "TELEMETRY_NAMES", plain,
        "Whether events for logs and traces name the secrets that they are about.";
    "dotenv": SettingKind::Path, default None, env "DOTENV", plain,
        "A file of variables (`.env`) that count as if they stood in the environment, which wins over them.";
    "encrypted.path": SettingKind::Path, default None, env "ENCRYPTED_PATH", plain,
        "The store's file; by default `<data folder>/<app>/secrets.strongroom`.";
    "encrypted.create": SettingKind::Choice(&["auto", "never"]), default Some("auto"), env "ENCRYPTED_CREATE", plain,
        "Whether a store (and a default key file) that is not there is made.";
    "encrypted.key": SettingKind::Text, default None, env "KEY", secret,
        "The store's 32-byte key: url-safe base64, hexadecimal or raw.";
    "encrypted.key_file": SettingKind::Path, default None, env "KEY_FILE", plain,
        "The file that holds the key; by default `<state folder>/<app>/secrets.key`, made with the store.";
    "encrypted.key_fd": SettingKind::Integer { min: 0, max: i32::MAX as u64 }, default None, env "KEY_FD", plain,
        "The open file descriptor from which the key is read once.";
    "encrypted.versions": SettingKind::Integer { min: 1, max: 1000 }, default Some("10"), env "ENCRYPTED_VERSIONS", plain,
        "How many versions of a secret are kept, the current one counted.";
    "encrypted.journal_limit": SettingKind::Integer { min: 100, max: 10_000_000 }, default Some("100000"),
        env "ENCRYPTED_JOURNAL_LIMIT", plain,
        "The most journal records that are kept; a write that exceeds it drops the oldest, a little more than needed.";
    "local_encrypted.key": SettingKind::Text, default None, env "LOCAL_ENCRYPTED_KEY", secret, also "FERNET_SECRET_KEY",
        "The Fernet keys that open the store, `new,old`: the first makes it; keep the one that made it, for nothing adds another.";
    "file.path": SettingKind::Path, default None, env "FILE_PATH", plain,
        "The INSECURE plain JSON file of the backend `file`; by default `<data folder>/<app>/secrets.json`.";
    "file.on_corrupt": SettingKind::Choice(&["fresh", "stop"]), default Some("fresh"), env "FILE_ON_CORRUPT", plain,
        "What the backend `file` does with a corrupt file: sets it aside and makes a fresh one, or refuses.";
    "env.prefix": SettingKind::Text, default None, env "ENV_PREFIX", plain,
        "What the names of the variables begin with; by default `<APP>_SECRET_`.";
    "env.mapping": SettingKind::Choice(&["plain", "escaped"]), default Some("plain"), env "ENV_MAPPING", plain,
        "How a key becomes a variable's name: as people expect it, or so that no two keys share one.";
    "env.required": SettingKind::List, default None, env "ENV_REQUIRED", plain,
        "The keys, separated by commas, whose variables must be set when the manager is opened; an empty one is set.";
    "env.known": SettingKind::List, default None, env "ENV_KNOWN", plain,
        "Further keys, separated by commas, that may be set: they are listed, and none may share its variable.";
    "env.files": ON_OFF, default Some("on"), env "ENV_FILES", plain,
        "Whether `<VARIABLE>_FILE` (`escaped`: `<VARIABLE>__FILE`) names a file that holds the value.";
    "directory.path": SettingKind::Path, default None, env "DIRECTORY_PATH", plain,
        "The folder of files, one a secret; by default `$CREDENTIALS_DIRECTORY`, else `/run/secrets`.";
    "directory.newline": SettingKind::Choice(&["strip", "keep"]), default Some("strip"), env "DIRECTORY_NEWLINE", plain,
        "Whether one line end at the end of a file belongs to the value.";
    "chain.members": SettingKind::List, default None, env "CHAIN_MEMBERS", plain,
        "The backends that a chain asks, in this order, separated by commas.";
    "chain.writer": SettingKind::Text, default None, env "CHAIN_WRITER", plain,
        "The member that a chain writes to; without it the chain is read-only.";
    "chain.allow_unavailable": ON_OFF, default Some("off"), env "CHAIN_ALLOW_UNAVAILABLE", plain,
        "Whether a chain that reads passes over a member that is out of reach; at the start every member must open.";
    "vault.address": SettingKind::Text, default None, env "VAULT_ADDR", plain, also "BAO_ADDR", also "VAULT_ADDR",
        "The server's address, as `https://vault.example.com:8200`; `http` only on loopback or with `vault.allow_http`.";
    "vault.allow_http": ON_OFF, default Some("off"), env "VAULT_ALLOW_HTTP", plain,
        "Whether tokens and secrets may travel unencrypted to a server on another machine.";
    "vault.redirect_hosts": SettingKind::List, default None, env "VAULT_REDIRECT_HOSTS", plain,
        "Other hosts of the cluster, separated by commas, to which a standby node may redirect a request with its token.";
    "vault.namespace": SettingKind::Text, default None, env "VAULT_NAMESPACE", plain, also "BAO_NAMESPACE", also "VAULT_NAMESPACE",
        "The namespace that everything is in.";
    "vault.mount": SettingKind::Text, default Some("secret"), env "VAULT_MOUNT", plain,
        "Where the KV v2 secrets engine is mounted.";
    "vault.prefix": SettingKind::Text, default None, env "VAULT_PREFIX", plain,
        "The folder of the mount that holds the secrets; by default the application's name. Empty: the mount itself.";
    "vault.custom_metadata": ON_OFF, default Some("off"), env "VAULT_CUSTOM_METADATA", plain,
        "Whether provider, labels and expiry are also written to the secret's custom metadata, where whoever may list can read them; one more request a write.";
    "vault.auth": SettingKind::Choice(&["token", "approle", "kubernetes", "jwt", "userpass"]), default Some("token"),
        env "VAULT_AUTH", plain,
        "How to log in.";
    "vault.auth_mount": SettingKind::Text, default None, env "VAULT_AUTH_MOUNT", plain,
        "Where the auth method is mounted; by default its own name.";
    "vault.token": SettingKind::Text, default None, env "VAULT_TOKEN", secret, also "BAO_TOKEN", also "VAULT_TOKEN",
        "The token, where one is given; it goes before the token file.";
    "vault.token_file": SettingKind::Path, default None, env "VAULT_TOKEN_FILE", plain,
        "The file that holds the token and is read again when the token is refused; by default `~/.vault-token`.";
    "vault.role": SettingKind::Text, default None, env "VAULT_ROLE", plain,
        "The role for `kubernetes` and `jwt`.";
    "vault.role_id": SettingKind::Text, default None, env "VAULT_ROLE_ID", plain,
        "The role id for `approle`.";
    "vault.secret_id": SettingKind::Text, default None, env "VAULT_SECRET_ID", secret,
        "The secret id for `approle`, or with `vault.secret_id_wrapped` the token that wraps it.";
    "vault.secret_id_file": SettingKind::Path, default None, env "VAULT_SECRET_ID_FILE", plain,
        "The file that holds the secret id; read at every login.";
    "vault.secret_id_wrapped": ON_OFF, default Some("off"), env "VAULT_SECRET_ID_WRAPPED", plain,
        "Whether the secret id is a wrapping token, which is unwrapped once.";
    "vault.jwt": SettingKind::Text, default None, env "VAULT_JWT", secret,
        "The signed token for `jwt`.";
    "vault.jwt_file": SettingKind::Path, default None, env "VAULT_JWT_FILE", plain,
        "The file that holds the signed token for `jwt` and `kubernetes`; read at every login. By default, for `kubernetes`, the pod's own.";
    "vault.username": SettingKind::Text, default None, env "VAULT_USERNAME", plain,
        "The name for `userpass`.";
    "vault.password": SettingKind::Text, default None, env "VAULT_PASSWORD", secret,
        "The password for `userpass`.";
    "vault.ca_file": SettingKind::Path, default None, env "VAULT_CA_FILE", plain, also "BAO_CACERT", also "VAULT_CACERT",
        "The certificates (PEM) that are trusted instead of the system's.";
    "vault.ca_pem": SettingKind::Text, default None, env "VAULT_CA_PEM", plain, also "BAO_CACERT_BYTES", also "VAULT_CACERT_BYTES",
        "The same as text.";
    "vault.ca_folder": SettingKind::Path, default None, env "VAULT_CA_FOLDER", plain, also "BAO_CAPATH", also "VAULT_CAPATH",
        "A folder of such files.";
    "vault.client_cert": SettingKind::Path, default None, env "VAULT_CLIENT_CERT", plain, also "BAO_CLIENT_CERT", also "VAULT_CLIENT_CERT",
        "The client's certificate (PEM), with `vault.client_key`.";
    "vault.client_key": SettingKind::Path, default None, env "VAULT_CLIENT_KEY", plain, also "BAO_CLIENT_KEY", also "VAULT_CLIENT_KEY",
        "The key of the client's certificate (PEM).";
    "vault.server_name": SettingKind::Text, default None, env "VAULT_SERVER_NAME", plain, also "BAO_TLS_SERVER_NAME", also "VAULT_TLS_SERVER_NAME",
        "The name that the server's certificate must have, where that is not the address's.";
    "vault.proxy": SettingKind::Text, default None, env "VAULT_PROXY", plain, also "BAO_PROXY_ADDR", also "VAULT_PROXY_ADDR", also "VAULT_HTTP_PROXY",
        "The HTTP proxy to go through; other proxy variables do not count.";
    "vault.max_retries": SettingKind::Text, default None, env "VAULT_MAX_RETRIES", plain, also "BAO_MAX_RETRIES", also "VAULT_MAX_RETRIES",
        "For this backend, in place of `retries`.";
    "vault.timeout": SettingKind::Text, default None, env "VAULT_TIMEOUT", plain, also "BAO_CLIENT_TIMEOUT", also "VAULT_CLIENT_TIMEOUT",
        "For this backend, the longest that one request may take: seconds, or a time span as `30s`; the deadline counts all the same.";
    "aws.region": SettingKind::Text, default None, env "AWS_REGION", plain,
        "The region; by default what the AWS SDK finds (`AWS_REGION`, the profile, the instance).";
    "aws.profile": SettingKind::Text, default None, env "AWS_PROFILE", plain,
        "The profile of the shared AWS configuration; by default what the AWS SDK finds.";
    "aws.prefix": SettingKind::Text, default None, env "AWS_PREFIX", plain,
        "What the names of the secrets begin with, before a `/`; by default the application's name.";
    "aws.endpoint": SettingKind::Text, default None, env "AWS_ENDPOINT", plain,
        "Another address of the service; by default what the AWS SDK finds.";
    "aws.allow_http": ON_OFF, default Some("off"), env "AWS_ALLOW_HTTP", plain,
        "Whether secrets may travel unencrypted to an endpoint on another machine.";
    "aws.format": SettingKind::Choice(&["document", "raw"]), default Some("document"), env "AWS_FORMAT", plain,
        "What is written: a JSON document of value and metadata, or the value alone with metadata as tags. Both are read.";
    "aws.kms_key": SettingKind::Text, default None, env "AWS_KMS_KEY", plain,
        "The KMS key that new secrets are encrypted with; by default the account's own for the service.";
    "aws.recovery_days": SettingKind::Integer { min: 7, max: 30 }, default Some("30"), env "AWS_RECOVERY_DAYS", plain,
        "How long a deleted secret can be brought back.";
    "aws.max_attempts": SettingKind::Text, default None, env "AWS_MAX_ATTEMPTS", plain, also "AWS_MAX_ATTEMPTS",
        "For this backend, one more than `retries` would say.";
    #[cfg(feature = "testing")]
    "fault.remote": ON_OFF, default Some("off"), env "FAULT_REMOTE", plain,
        "Whether `fault` says that it is on another machine, so that it gets the layers of one.";
    #[cfg(feature = "testing")]
    "fault.inner": SettingKind::Text, default Some("memory"), env "FAULT_INNER", plain,
        "The backend that `fault` wraps.";
    #[cfg(feature = "testing")]
    "fault.lacks": SettingKind::Text, default Some(""), env "FAULT_LACKS", plain,
        "The capabilities, separated by commas, that `fault` takes away from the backend that it wraps.";
    #[cfg(feature = "testing")]
    "fault.restore": ON_OFF, default Some("off"), env "FAULT_RESTORE", plain,
        "Whether `fault` keeps what was removed, so that it can be brought back.";
    #[cfg(feature = "testing")]
    "fault.script": SettingKind::Text, default Some(""), env "FAULT_SCRIPT", plain,
        "What `fault` does to which calls.";
};

/// The variable of a setting for an application: `<APP>_SECRETS_<suffix>`.
pub(super) fn variable(app: &str, suffix: &str) -> String {
    app_variable(app, &format!("SECRETS_{suffix}"))
}

/// A variable of an application: `<APP>_<suffix>`.
pub(super) fn app_variable(app: &str, suffix: &str) -> String {
    format!("{}_{suffix}", in_variables(app))
}

/// An application's name as its variables begin: in upper case, what is no letter and no digit as `_`.
pub(super) fn in_variables(app: &str) -> String {
    app.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect()
}
