//! Secret keys: `[kind/id/]name[@target]`. One parser, one canonical text form.

mod as_key;
mod variable;

use std::fmt;
use std::hash::{Hash, Hasher};

pub use as_key::AsKey;
pub use variable::VariableMapping;

use crate::error::{Error, ErrorKind, Result};
use crate::scope::{ScopeKind, SecretScope};

/// The longest segment of a key (an id, a name, a target) in bytes, escapes counted.
pub const MAX_SEGMENT: usize = 1024;

/// The name under which a secret is kept: a scope, a name and, where one name has several secrets, a target.
///
/// The text form is `[kind/id/]name[@target]`; a bare name is global. Segments are 1 to [`MAX_SEGMENT`] bytes of
/// `[A-Za-z0-9._=-]`, not `.` or `..`. Any other byte is written `=HH` (see [`SecretKey::escape`]), so that text and
/// key are one to one: escaping a byte that needs none is refused.
///
/// Constructors never fail; a key that breaks the rules answers [`ErrorKind::InvalidKey`] at its first use, or from
/// [`SecretKey::check`]. [`SecretKey::parse`] answers at once.
///
/// ```
/// use strongroom::{SecretKey, SecretScope};
/// assert_eq!(SecretKey::new("MY_API_KEY").as_str(), "global/MY_API_KEY");
/// assert_eq!(SecretKey::with_target("API_KEY", "production").as_str(), "global/API_KEY@production");
/// let key = SecretKey::parse("org/acme/api_key").unwrap();
/// assert_eq!((key.scope(), key.name(), key.target()), (SecretScope::org("acme"), "api_key", None));
/// assert!(SecretKey::parse("org/acme").is_err());
/// ```
#[derive(Clone)]
pub struct SecretKey {
    text: Box<str>,
    kind: ScopeKind,
    /// Where the name begins in `text`.
    name: u32,
    /// Where the target begins in `text`, after the `@`; 0 where there is none.
    target: u32,
    invalid: Option<InvalidKey>,
}

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum InvalidKey {
    Empty,
    TooLong,
    Dots,
    Byte,
    Escape,
    NeedlessEscape,
    Kind,
    Segments,
    GlobalId,
    Target,
}

impl InvalidKey {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Empty => "a segment of the key is empty (write `==` for the empty word)",
            Self::TooLong => "a segment of the key is longer than 1024 bytes",
            Self::Dots => "a segment of the key is `.` or `..` (write `=2E` or `=2E=2E`)",
            Self::Byte => {
                "a segment of the key has a byte outside [A-Za-z0-9._=-] (escape it as `=HH`, see SecretKey::escape)"
            }
            Self::Escape => {
                "an `=` in the key is not followed by two upper-case hexadecimal digits (`=3D` is the sign)"
            }
            Self::NeedlessEscape => "the key escapes a byte that needs no escape, so it would have two spellings",
            Self::Kind => {
                "the key's scope is none of global, org, team, workspace, project, env, node, app, component, user"
            }
            Self::Segments => "the key has the wrong number of segments (`name`, `global/name` or `kind/id/name`)",
            Self::GlobalId => "`global` takes no id (`global/name`)",
            Self::Target => "the key has more than one `@` (write `=40` for the sign itself)",
        }
    }
}

impl SecretKey {
    /// The global secret called `name`. Never fails: see [`SecretKey::check`].
    pub fn new(name: impl AsRef<str>) -> Self {
        Self::in_scope(SecretScope::global(), name)
    }

    /// The global secret called `name` for one `target`, written `name@target`.
    pub fn with_target(name: impl AsRef<str>, target: impl AsRef<str>) -> Self {
        Self::build(&SecretScope::global(), name.as_ref(), Some(target.as_ref()))
    }

    /// The secret called `name` in `scope`.
    pub fn in_scope(scope: SecretScope, name: impl AsRef<str>) -> Self {
        Self::build(&scope, name.as_ref(), None)
    }

    /// The same secret for one `target`.
    #[must_use]
    pub fn target_of(&self, target: impl AsRef<str>) -> Self {
        Self::build(&self.scope(), self.name(), Some(target.as_ref()))
    }

    fn build(scope: &SecretScope, name: &str, target: Option<&str>) -> Self {
        let mut text = String::with_capacity(name.len() + 16);
        text.push_str(scope.kind().word());
        text.push('/');
        if let Some(id) = scope.id() {
            text.push_str(id);
            text.push('/');
        }
        let start = text.len();
        text.push_str(name);
        let target_start = target.map(|target| {
            text.push('@');
            let start = text.len();
            text.push_str(target);
            start
        });
        let invalid = [scope.id(), Some(name), target]
            .into_iter()
            .flatten()
            .find_map(|segment| check_segment(segment).err());
        Self {
            text: text.into_boxed_str(),
            kind: scope.kind(),
            name: offset(start),
            target: target_start.map_or(0, offset),
            invalid,
        }
    }

    /// Reads the text form `[kind/id/]name[@target]`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`], saying which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self> {
        let key = Self::parse_lossless(text);
        key.check()?;
        Ok(key)
    }

    /// Reads a valid text without escapes in one pass; `None` for all others, valid or not.
    fn read_plain(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (mut slashes, mut count, mut at) = ([0; 2], 0, None);
        for (place, &byte) in bytes.iter().enumerate() {
            if PLAIN[usize::from(byte)] {
                continue;
            }
            match byte {
                b'/' if at.is_none() => {
                    *slashes.get_mut(count)? = place;
                    count += 1;
                }
                b'@' if at.is_none() => at = Some(place),
                _ => return None,
            }
        }
        let (kind, start) = match count {
            0 => (ScopeKind::Global, 0),
            1 if &text[..slashes[0]] == "global" => (ScopeKind::Global, slashes[0] + 1),
            2 => (ScopeKind::from_word(&text[..slashes[0]])?, slashes[1] + 1),
            _ => return None,
        };
        if count == 2 && (kind == ScopeKind::Global || !is_plain_word(&bytes[slashes[0] + 1..slashes[1]])) {
            return None;
        }
        if !is_plain_word(&bytes[start..at.unwrap_or(bytes.len())])
            || !at.is_none_or(|at| is_plain_word(&bytes[at + 1..]))
        {
            return None;
        }
        let added = if count == 0 { "global/" } else { "" };
        Some(Self {
            text: if added.is_empty() {
                text.into()
            } else {
                [added, text].concat().into()
            },
            kind,
            name: offset(added.len() + start),
            target: at.map_or(0, |at| offset(added.len() + at + 1)),
            invalid: None,
        })
    }

    /// The key for a text that may be wrong; what is wrong is kept and answered by [`SecretKey::check`].
    pub(crate) fn parse_lossless(text: &str) -> Self {
        if let Some(key) = Self::read_plain(text) {
            return key;
        }
        match split(text) {
            Ok((scope, name, target)) => Self::build(&scope, name, target),
            Err(reason) => Self {
                text: text.into(),
                kind: ScopeKind::Global,
                name: 0,
                target: 0,
                invalid: Some(reason),
            },
        }
    }

    /// Whether the key keeps the rules.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`], saying which rule it breaks.
    pub fn check(&self) -> Result<()> {
        match self.invalid {
            None => Ok(()),
            Some(reason) => Err(Error::new(ErrorKind::InvalidKey, reason.text()).with_key(&self.text)),
        }
    }

    /// The canonical text, `kind/id/name[@target]` or `global/name[@target]`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scope's kind.
    pub fn kind(&self) -> ScopeKind {
        self.kind
    }

    /// The scope's id; `None` for a global key.
    pub fn id(&self) -> Option<&str> {
        let prefix = self.kind.word().len() + 1;
        let end = (self.name as usize).checked_sub(1)?;
        (self.kind != ScopeKind::Global).then(|| &self.text[prefix..end])
    }

    /// The scope.
    pub fn scope(&self) -> SecretScope {
        scope_of(self.kind, self.id().unwrap_or_default())
    }

    /// The name, without scope and target.
    pub fn name(&self) -> &str {
        match self.target {
            0 => &self.text[self.name as usize..],
            target => &self.text[self.name as usize..target as usize - 1],
        }
    }

    /// The target, where there is one.
    pub fn target(&self) -> Option<&str> {
        (self.target != 0).then(|| &self.text[self.target as usize..])
    }

    /// Turns any bytes into one segment: bytes outside `[A-Za-z0-9._-]` become `=HH`, the empty word becomes `==`,
    /// and the words `.` and `..` become `=2E` and `=2E=2E`. Reversed by [`SecretKey::unescape`].
    ///
    /// ```
    /// use strongroom::SecretKey;
    /// assert_eq!(SecretKey::escape("me@example.org"), "me=40example.org");
    /// assert_eq!(SecretKey::unescape("me=40example.org").unwrap(), b"me@example.org");
    /// ```
    pub fn escape(word: impl AsRef<[u8]>) -> String {
        let word = word.as_ref();
        match word {
            b"" => return "==".to_owned(),
            b"." | b".." => return "=2E".repeat(word.len()),
            _ => {}
        }
        word.iter().fold(String::with_capacity(word.len()), |mut text, &byte| {
            if is_plain(byte) {
                text.push(byte as char);
            } else {
                text.push('=');
                text.push(HEX[usize::from(byte >> 4)] as char);
                text.push(HEX[usize::from(byte & 15)] as char);
            }
            text
        })
    }

    /// The bytes that a segment stands for; the reverse of [`SecretKey::escape`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`] where the text is not what `escape` writes.
    pub fn unescape(segment: &str) -> Result<Vec<u8>> {
        check_segment(segment).map_err(|reason| Error::new(ErrorKind::InvalidKey, reason.text()))?;
        if segment == "==" {
            return Ok(Vec::new());
        }
        let bytes = segment.as_bytes();
        let mut word = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if byte == b'=' {
                // `check_segment` has seen two digits here.
                word.push(hex_digit(bytes[at + 1]).unwrap_or(0) << 4 | hex_digit(bytes[at + 2]).unwrap_or(0));
                at += 3;
            } else {
                word.push(byte);
                at += 1;
            }
        }
        Ok(word)
    }
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn scope_of(kind: ScopeKind, id: &str) -> SecretScope {
    match kind {
        ScopeKind::Global => SecretScope::global(),
        ScopeKind::Org => SecretScope::org(id),
        ScopeKind::Team => SecretScope::team(id),
        ScopeKind::Workspace => SecretScope::workspace(id),
        ScopeKind::Project => SecretScope::project(id),
        ScopeKind::Env => SecretScope::env(id),
        ScopeKind::Node => SecretScope::node(id),
        ScopeKind::App => SecretScope::app(id),
        ScopeKind::Component => SecretScope::component(id),
        ScopeKind::User => SecretScope::user(id),
    }
}

fn split(text: &str) -> Result<(SecretScope, &str, Option<&str>), InvalidKey> {
    let segments: Vec<&str> = text.split('/').collect();
    let (scope, last) = match segments[..] {
        [last] => (SecretScope::global(), last),
        ["global", last] => (SecretScope::global(), last),
        ["global", _, _] => return Err(InvalidKey::GlobalId),
        [kind, id, last] => (scope_of(ScopeKind::from_word(kind).ok_or(InvalidKey::Kind)?, id), last),
        _ => return Err(InvalidKey::Segments),
    };
    let (name, target) = match last.split_once('@') {
        Some((_, target)) if target.contains('@') => return Err(InvalidKey::Target),
        Some((name, target)) => (name, Some(target)),
        None => (last, None),
    };
    Ok((scope, name, target))
}

/// The bytes that stand for themselves.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        plain[byte] = is_plain(byte as u8);
        byte += 1;
    }
    plain
};

/// Whether plain bytes are one segment of a key.
fn is_plain_word(word: &[u8]) -> bool {
    (1..=MAX_SEGMENT).contains(&word.len()) && word != b"." && word != b".."
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

fn hex_digit(byte: u8) -> Option<u8> {
    HEX.iter().position(|&digit| digit == byte).map(|value| value as u8)
}

/// Whether `segment` is one segment of a key.
pub(crate) fn check_segment(segment: &str) -> Result<(), InvalidKey> {
    let bytes = segment.as_bytes();
    match bytes {
        b"" => return Err(InvalidKey::Empty),
        b"==" | b"=2E" | b"=2E=2E" => return Ok(()),
        b"." | b".." => return Err(InvalidKey::Dots),
        _ if bytes.len() > MAX_SEGMENT => return Err(InvalidKey::TooLong),
        _ => {}
    }
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if is_plain(byte) {
            at += 1;
            continue;
        }
        if byte != b'=' {
            return Err(InvalidKey::Byte);
        }
        let digit = |at: usize| bytes.get(at).copied().and_then(hex_digit).ok_or(InvalidKey::Escape);
        if is_plain(digit(at + 1)? << 4 | digit(at + 2)?) {
            return Err(InvalidKey::NeedlessEscape);
        }
        at += 3;
    }
    Ok(())
}

impl AsRef<str> for SecretKey {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({:?})", self.text)
    }
}

impl PartialEq for SecretKey {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.invalid == other.invalid
    }
}

impl Eq for SecretKey {}

impl Hash for SecretKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialOrd for SecretKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SecretKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text
            .cmp(&other.text)
            .then_with(|| self.invalid.cmp(&other.invalid))
    }
}
