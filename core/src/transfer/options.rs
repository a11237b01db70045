//! What an import and an export take.

use crate::scope::SecretScope;
use crate::value::SecretValue;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$doc:meta])+ $word:literal => $variant:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])+ $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            #[doc = concat!("The ", $what, " that a word stands for.")]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
            }
        }
    };
}

words! {
    /// The form of a document.
    Format, "format" {
        /// `NAME='value'` lines that a POSIX shell can source.
        "env" => Env,
        /// A `.env` file, in one of the [`Dialect`]s.
        "dotenv" => Dotenv,
        /// A JSON object, name to text.
        "json" => Json,
        /// A YAML mapping, name to text.
        "yaml" => Yaml,
        /// A JSON object, name to Fernet token of the value.
        "fernet" => Fernet,
    }
}

impl Format {
    /// The format that the end of a file's name tells: `.env` and `.env.local`, `.sh`, `.json`, `.yaml` and `.yml`.
    pub fn of_file_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        if ends(&[".json"]) {
            Some(Self::Json)
        } else if ends(&[".yaml", ".yml"]) {
            Some(Self::Yaml)
        } else if ends(&[".sh"]) {
            Some(Self::Env)
        } else if ends(&[".env", ".dotenv"]) || name.starts_with(".env.") {
            Some(Self::Dotenv)
        } else {
            None
        }
    }

    /// Whether names are those of variables.
    pub(crate) const fn has_variables(self) -> bool {
        matches!(self, Self::Env | Self::Dotenv)
    }
}

words! {
    /// Whose rules a `dotenv` document keeps: the readers of such files disagree about quotes and escapes.
    #[derive(Default)]
    Dialect, "dialect" {
        /// What python-dotenv, Node's `dotenv` and a shell all read back to the same bytes.
        #[default]
        "common" => Common,
        /// python-dotenv.
        "python" => Python,
        /// Node's `dotenv`.
        "node" => Node,
        /// Docker Compose.
        "compose" => Compose,
    }
}

words! {
    /// What an import does with a name that is no key.
    #[derive(Default)]
    NamePolicy, "policy" {
        /// All are named with their lines and nothing is written.
        #[default]
        "refuse" => Refuse,
        /// They are written as [`SecretKey::escape`](crate::SecretKey::escape) has them.
        "escape" => Escape,
        /// They are left out.
        "skip" => Skip,
    }
}

words! {
    /// What an import does with a secret that is already there.
    #[derive(Default)]
    IfExists, "policy" {
        /// All are named with their lines and nothing is written.
        #[default]
        "refuse" => Refuse,
        /// It is replaced, its metadata too.
        "replace" => Replace,
        /// It stays as it is.
        "skip" => Skip,
    }
}

/// Options of `import`.
#[derive(Debug)]
#[non_exhaustive]
pub struct ImportOptions {
    /// The form of the document.
    pub format: Format,
    /// Whose rules a `dotenv` document keeps.
    pub dialect: Dialect,
    /// Where bare names go; by default the scope of the manager's view, else `global`.
    pub scope: Option<SecretScope>,
    /// What becomes of names that are no keys.
    pub names: NamePolicy,
    /// What becomes of secrets that are already there.
    pub if_exists: IfExists,
    /// Who issued the secrets.
    pub provider: Option<String>,
    /// Whether nothing is written: the report tells what would be.
    pub dry_run: bool,
    /// The keys of a `fernet` document, the newest first, separated by commas.
    pub fernet_keys: Option<SecretValue>,
}

impl ImportOptions {
    /// An import that changes nothing that is already there.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            dialect: Dialect::default(),
            scope: None,
            names: NamePolicy::default(),
            if_exists: IfExists::default(),
            provider: None,
            dry_run: false,
            fernet_keys: None,
        }
    }

    /// Reads a `dotenv` document by these rules.
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Puts bare names there.
    #[must_use]
    pub fn scope(mut self, scope: SecretScope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Does this with names that are no keys.
    #[must_use]
    pub fn names(mut self, names: NamePolicy) -> Self {
        self.names = names;
        self
    }

    /// Does this with secrets that are already there.
    #[must_use]
    pub fn if_exists(mut self, if_exists: IfExists) -> Self {
        self.if_exists = if_exists;
        self
    }

    /// Notes who issued the secrets.
    #[must_use]
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// Only tells what would be written.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Opens the tokens of a `fernet` document.
    #[must_use]
    pub fn fernet_keys(mut self, keys: impl Into<SecretValue>) -> Self {
        self.fernet_keys = Some(keys.into());
        self
    }
}

/// Options of `export`.
#[derive(Debug)]
#[non_exhaustive]
pub struct ExportOptions {
    /// The form of the document.
    pub format: Format,
    /// Whose rules a `dotenv` document keeps.
    pub dialect: Dialect,
    /// Only secrets of this scope; by default that of the manager's view, else all.
    pub scope: Option<SecretScope>,
    /// Only keys whose text begins so, as in [`ListOptions::prefix`](crate::ListOptions::prefix).
    pub prefix: Option<String>,
    /// Exactly these secrets, each a key's text; `scope` and `prefix` do not count then. The only way for a backend
    /// that cannot list, and for `env` and `dotenv` names that steer a shell (`PATH`).
    pub keys: Vec<String>,
    /// Whether names tell the whole key: for `env` and `dotenv` the plain variable
    /// ([`VariableMapping::Plain`](crate::VariableMapping::Plain)), else the key's text.
    pub full_names: bool,
    /// Whether expired secrets are exported too; they are skipped otherwise.
    pub include_expired: bool,
    /// Whether something that would be skipped, or that the document does not hold (metadata, a name that is
    /// escaped), is an error.
    pub strict: bool,
    /// The keys of a `fernet` document, separated by commas; the first one writes.
    pub fernet_keys: Option<SecretValue>,
}

impl ExportOptions {
    /// An export of all that there is.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            dialect: Dialect::default(),
            scope: None,
            prefix: None,
            keys: Vec::new(),
            full_names: false,
            include_expired: false,
            strict: false,
            fernet_keys: None,
        }
    }

    /// Writes a `dotenv` document by these rules.
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Only secrets of this scope.
    #[must_use]
    pub fn scope(mut self, scope: SecretScope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Only keys whose text begins so.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// This secret, and the others that are named so.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// Names that tell the whole key.
    #[must_use]
    pub fn full_names(mut self) -> Self {
        self.full_names = true;
        self
    }

    /// Exports expired secrets too.
    #[must_use]
    pub fn include_expired(mut self) -> Self {
        self.include_expired = true;
        self
    }

    /// Fails where something would be skipped or would not be held.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Makes the tokens of a `fernet` document.
    #[must_use]
    pub fn fernet_keys(mut self, keys: impl Into<SecretValue>) -> Self {
        self.fernet_keys = Some(keys.into());
        self
    }
}
