//! The grammar of references.

use std::fmt;
use std::path::Path;

use super::pointer;
use crate::error::{Error, ErrorKind, Result};
use crate::key::SecretKey;

/// Where a reference leads: the word before its colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ReferenceScheme {
    /// `secret://[scope/]name[?version=V][#/json/pointer]`: a secret of the manager itself.
    Secret,
    /// `vault:path[?version=N][#field]`: what Vault has under this path below the mount, or one of its fields.
    Vault,
    /// `aws:name-or-ARN[?version=V][#/json/pointer]`: a secret of AWS Secrets Manager, at a version's id or stage.
    Aws,
    /// `env:NAME`: a variable of the process's environment.
    Env,
    /// `file:/absolute/path[#/json/pointer]`: the contents of a file.
    File,
}

impl ReferenceScheme {
    /// Every scheme.
    pub const ALL: &'static [Self] = &[Self::Secret, Self::Vault, Self::Aws, Self::Env, Self::File];

    /// The word before the colon.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Vault => "vault",
            Self::Aws => "aws",
            Self::Env => "env",
            Self::File => "file",
        }
    }

    /// The scheme with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scheme| scheme.word() == word)
    }
}

impl fmt::Display for ReferenceScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A text that says where a secret is, in its parts. Nothing in it is percent-encoded: what stands there is meant.
/// [`resolve`](crate::SecretManager::resolve) follows it. Shown, it is its canonical text, which is read as the same one.
///
/// ```
/// use strongroom::{Reference, ReferenceScheme};
/// let reference: Reference = "secret://org/acme/db?version=3#/user".parse()?;
/// assert_eq!(reference.scheme(), ReferenceScheme::Secret);
/// assert_eq!((reference.path(), reference.version(), reference.part()), ("org/acme/db", Some("3"), Some("/user")));
/// assert_eq!(reference.to_string(), "secret://org/acme/db?version=3#/user");
/// # Ok::<(), strongroom::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    scheme: ReferenceScheme,
    path: String,
    version: Option<String>,
    part: Option<String>,
}

impl Reference {
    /// Reads a reference.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] saying what is wrong; [`ErrorKind::InvalidKey`] where `secret://` is followed by
    /// what is no key.
    pub fn parse(text: &str) -> Result<Self> {
        let words = "secret://, vault:, aws:, env: or file:";
        let Some((word, rest)) = text.split_once(':') else {
            return Err(wrong(format!("the text is no reference: that begins with {words}")));
        };
        let Some(scheme) = ReferenceScheme::from_word(word) else {
            return Err(wrong(format!(
                "there is no such scheme; a reference begins with {words}"
            )));
        };
        match scheme {
            ReferenceScheme::Secret => Self::secret(rest),
            ReferenceScheme::Vault | ReferenceScheme::Aws => Self::remote(scheme, rest),
            ReferenceScheme::Env => Self::variable(rest),
            ReferenceScheme::File => Self::file(rest),
        }
    }

    fn secret(rest: &str) -> Result<Self> {
        let Some(rest) = rest.strip_prefix("//") else {
            return Err(wrong("`secret:` is followed by `//` and a key"));
        };
        let (rest, part) = split_part(rest)?;
        part.map_or(Ok(()), pointer::check)?;
        let (path, version) = split_version(rest)?;
        SecretKey::parse(path)?;
        Ok(Self::of(ReferenceScheme::Secret, path, version, part))
    }

    fn remote(scheme: ReferenceScheme, rest: &str) -> Result<Self> {
        let (rest, part) = split_part(rest)?;
        if scheme == ReferenceScheme::Aws {
            part.map_or(Ok(()), pointer::check)?;
        }
        let (path, version) = split_version(rest)?;
        if path.is_empty() {
            return Err(wrong(format!(
                "`{scheme}:` is followed by what the service calls the secret"
            )));
        }
        Ok(Self::of(scheme, path, version, part))
    }

    fn variable(name: &str) -> Result<Self> {
        if name.is_empty() || name.contains(['=', '#', '?', '/', '\0']) {
            return Err(wrong("`env:` is followed by the name of a variable and nothing else"));
        }
        Ok(Self::of(ReferenceScheme::Env, name, None, None))
    }

    fn file(rest: &str) -> Result<Self> {
        let (path, part) = split_part(rest)?;
        part.map_or(Ok(()), pointer::check)?;
        if !Path::new(path).is_absolute() || path.contains('\0') {
            return Err(wrong("`file:` is followed by an absolute path"));
        }
        Ok(Self::of(ReferenceScheme::File, path, None, part))
    }

    fn of(scheme: ReferenceScheme, path: &str, version: Option<&str>, part: Option<&str>) -> Self {
        Self {
            scheme,
            path: path.to_owned(),
            version: version.map(str::to_owned),
            part: part.map(str::to_owned),
        }
    }

    /// Where it leads.
    pub fn scheme(&self) -> ReferenceScheme {
        self.scheme
    }

    /// The key, the path, the name: what stands after the scheme.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The version; `None` means the current one.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// What of the value: a JSON pointer, for `vault` the name of a field. `None` means the whole.
    pub fn part(&self) -> Option<&str> {
        self.part.as_deref()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slashes = if self.scheme == ReferenceScheme::Secret {
            "//"
        } else {
            ""
        };
        write!(f, "{}:{slashes}{}", self.scheme, self.path)?;
        if let Some(version) = &self.version {
            write!(f, "?version={version}")?;
        }
        if let Some(part) = &self.part {
            write!(f, "#{part}")?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

/// What stands before the first `#`, and after it.
fn split_part(text: &str) -> Result<(&str, Option<&str>)> {
    match text.split_once('#') {
        None => Ok((text, None)),
        Some((_, "")) => Err(wrong("`#` is followed by nothing; leave it away for the whole value")),
        Some((before, part)) => Ok((before, Some(part))),
    }
}

/// What stands before the first `?`, and the version after it.
fn split_version(text: &str) -> Result<(&str, Option<&str>)> {
    let Some((before, query)) = text.split_once('?') else {
        return Ok((text, None));
    };
    match query.strip_prefix("version=") {
        Some(version) if !version.is_empty() => Ok((before, Some(version))),
        _ => Err(wrong("`?` is followed by `version=` and a version")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_of_references() {
        for (text, path, version, part) in [
            ("secret://A", "A", None, None),
            ("secret://global/A", "global/A", None, None),
            (
                "secret://org/acme/A@prod?version=7#/a/b",
                "org/acme/A@prod",
                Some("7"),
                Some("/a/b"),
            ),
            (
                "vault:team/db?version=2#password",
                "team/db",
                Some("2"),
                Some("password"),
            ),
            ("vault:team/db", "team/db", None, None),
            (
                "aws:arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf?version=AWSPREVIOUS#/user",
                "arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf",
                Some("AWSPREVIOUS"),
                Some("/user"),
            ),
            ("env:PATH", "PATH", None, None),
            ("file:/run/secrets/a?b#/c", "/run/secrets/a?b", None, Some("/c")),
        ] {
            let read = Reference::parse(text).unwrap();
            assert_eq!(
                (read.path(), read.version(), read.part()),
                (path, version, part),
                "{text}"
            );
            assert_eq!(read.to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_comes_back(text in "(secret://|vault:|aws:|env:|file:/)[a-cA@/?#~0=.: ]{0,12}(\\?version=[a#/?]{0,3})?(#[/~0a]{0,4})?") {
            if let Ok(read) = Reference::parse(&text) {
                prop_assert_eq!(Reference::parse(&read.to_string()).unwrap(), read.clone());
                prop_assert_eq!(read.to_string(), text);
            }
        }
    }
}
