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
    #[cfg(feature = "testing")]
    "fault.inner": SettingKind::Text, default Some("memory"), env "FAULT_INNER", plain,
        "The backend that `fault` wraps.";
    #[cfg(feature = "testing")]
    "fault.lacks": SettingKind::Text, default Some(""), env "FAULT_LACKS", plain,
        "The capabilities, separated by commas, that `fault` takes away from the backend that it wraps.";
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
