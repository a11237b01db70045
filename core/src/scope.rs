//! Scopes: whose secret it is.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::key;

/// The ten kinds of scope, widest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ScopeKind {
    /// Everyone; the only kind without an id.
    Global,
    /// An organisation.
    Org,
    /// A team of an organisation.
    Team,
    /// A workspace of a team.
    Workspace,
    /// A project.
    Project,
    /// An environment, such as `production`.
    Env,
    /// A machine.
    Node,
    /// An application.
    App,
    /// A component of an application.
    Component,
    /// A person.
    User,
}

impl ScopeKind {
    /// Every kind in the order in which "narrowest wins" looks: user first, global last.
    pub const NARROWEST_FIRST: [Self; 10] = [
        Self::User,
        Self::Component,
        Self::App,
        Self::Node,
        Self::Env,
        Self::Project,
        Self::Workspace,
        Self::Team,
        Self::Org,
        Self::Global,
    ];

    /// The word that stands for this kind in a key's text.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Org => "org",
            Self::Team => "team",
            Self::Workspace => "workspace",
            Self::Project => "project",
            Self::Env => "env",
            Self::Node => "node",
            Self::App => "app",
            Self::Component => "component",
            Self::User => "user",
        }
    }

    /// The kind that a word stands for; `None` for any other word. Case matters.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::NARROWEST_FIRST.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for ScopeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A scope: [`ScopeKind::Global`], or a kind and an id. Text form: `global`, `org/acme`.
///
/// The constructors never fail; an id that breaks the rules of a key segment answers
/// [`ErrorKind::InvalidKey`] when the scope is used.
///
/// ```
/// use strongroom::SecretScope;
/// assert_eq!(SecretScope::org("acme").to_string(), "org/acme");
/// assert_eq!(SecretScope::parse("global").unwrap(), SecretScope::global());
/// assert!(SecretScope::parse("planet/earth").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretScope {
    kind: ScopeKind,
    id: Box<str>,
}

macro_rules! scope_constructors {
    ($($name:ident => $kind:ident),+ $(,)?) => {$(
        #[doc = concat!("The scope `", stringify!($name), "/<id>`.")]
        pub fn $name(id: impl Into<Box<str>>) -> Self {
            Self { kind: ScopeKind::$kind, id: id.into() }
        }
    )+};
}

impl SecretScope {
    /// The scope `global`.
    pub fn global() -> Self {
        Self {
            kind: ScopeKind::Global,
            id: Box::default(),
        }
    }

    scope_constructors! {
        org => Org,
        team => Team,
        workspace => Workspace,
        project => Project,
        env => Env,
        node => Node,
        app => App,
        component => Component,
        user => User,
    }

    /// Reads the text form, `global` or `kind/id`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`] for an unknown kind, a missing or extra segment, or an id that is no segment.
    pub fn parse(text: &str) -> Result<Self> {
        let (word, id) = text.split_once('/').map_or((text, None), |(word, id)| (word, Some(id)));
        let scope = match (ScopeKind::from_word(word), id) {
            (Some(ScopeKind::Global), None) => Self::global(),
            (Some(kind), Some(id)) if kind != ScopeKind::Global => Self { kind, id: id.into() },
            (Some(ScopeKind::Global), Some(_)) => return Err(invalid("`global` takes no id")),
            (Some(_), _) => return Err(invalid("the scope needs an id, as in `org/acme`")),
            (None, _) => return Err(invalid("the scope's kind is none of the ten known kinds")),
        };
        scope.check()?;
        Ok(scope)
    }

    /// The kind.
    pub fn kind(&self) -> ScopeKind {
        self.kind
    }

    /// The id; `None` for `global`.
    pub fn id(&self) -> Option<&str> {
        (self.kind != ScopeKind::Global).then_some(&*self.id)
    }

    /// Whether this scope can be used.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`] when the id is no key segment.
    pub fn check(&self) -> Result<()> {
        match self.id() {
            Some(id) => key::check_segment(id).map_err(|reason| invalid(reason.text())),
            None => Ok(()),
        }
    }
}

fn invalid(reason: &'static str) -> Error {
    Error::new(ErrorKind::InvalidKey, reason)
}

impl fmt::Display for SecretScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id() {
            Some(id) => write!(f, "{}/{id}", self.kind),
            None => f.write_str("global"),
        }
    }
}
