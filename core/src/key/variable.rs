//! Keys as names of environment variables.

use super::SecretKey;

/// How a key becomes the name of an environment variable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum VariableMapping {
    /// Kind, id, name and, behind `__`, the target in upper case, joined by `_`, every other character `_`:
    /// `org/acme/api_key` is `ORG_ACME_API_KEY`. What people expect; several keys may share a name.
    #[default]
    Plain,
    /// The canonical text, each key under a name of its own: `/` is `__`, `_` is `_1`, `-` `_2`, `.` `_3`, `=` `_4`,
    /// `@` `_5`, an upper-case letter `X` is `_X`, all others in upper case: `org/acme/api_key` is
    /// `ORG__ACME__API_1KEY`.
    Escaped,
}

/// What stands behind the `_` of an escape, and for what. An upper-case letter stands for itself.
const ESCAPES: [(char, char); 6] = [('/', '_'), ('_', '1'), ('-', '2'), ('.', '3'), ('=', '4'), ('@', '5')];

impl VariableMapping {
    /// The name of the variable of `key`, behind `prefix`.
    ///
    /// ```
    /// use strongroom::{SecretKey, VariableMapping};
    /// let key = SecretKey::parse("org/acme/api-key@eu")?;
    /// assert_eq!(VariableMapping::Plain.variable("APP_", &key), "APP_ORG_ACME_API_KEY__EU");
    /// assert_eq!(VariableMapping::Escaped.variable("APP_", &key), "APP_ORG__ACME__API_2KEY_5EU");
    /// # Ok::<(), strongroom::Error>(())
    /// ```
    pub fn variable(self, prefix: &str, key: &SecretKey) -> String {
        let mut name = prefix.to_owned();
        match self {
            Self::Plain => {
                let mut word = |word: &str| {
                    name.extend(word.chars().map(|c| match c.is_ascii_alphanumeric() {
                        true => c.to_ascii_uppercase(),
                        false => '_',
                    }));
                };
                word(key.kind().word());
                for part in key.id().into_iter().chain([key.name()]) {
                    word("_");
                    word(part);
                }
                if let Some(target) = key.target() {
                    word("__");
                    word(target);
                }
            }
            Self::Escaped => {
                for c in key.as_str().chars() {
                    if let Some((_, code)) = ESCAPES.iter().find(|(plain, _)| *plain == c) {
                        name.extend(['_', *code]);
                    } else if c.is_ascii_uppercase() {
                        name.extend(['_', c]);
                    } else {
                        name.push(c.to_ascii_uppercase());
                    }
                }
            }
        }
        name
    }

    /// The key whose variable this is, behind `prefix`: only [`Escaped`](Self::Escaped) can be read back. `None` where
    /// the name is no key's.
    pub fn key(self, prefix: &str, name: &str) -> Option<SecretKey> {
        if self == Self::Plain {
            return None;
        }
        let mut text = String::new();
        let mut chars = name.strip_prefix(prefix)?.chars();
        while let Some(c) = chars.next() {
            text.push(match c {
                '_' => match chars.next()? {
                    c if c.is_ascii_uppercase() => c,
                    code => ESCAPES.iter().find(|(_, known)| *known == code)?.0,
                },
                c if c.is_ascii_uppercase() || c.is_ascii_digit() => c.to_ascii_lowercase(),
                _ => return None,
            });
        }
        // One key, one name: `NAME` would be read as `global/name`, whose variable is `GLOBAL__NAME`.
        let key = SecretKey::parse(&text).ok()?;
        (key.as_str() == text).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_escaped_form_is_read_back_and_the_plain_one_collides() {
        let texts = [
            "global/a-b",
            "global/a_b",
            "global/A.b=20",
            "org/a_b/c",
            "org/a/b_c",
            "user/U1/k@T_1",
            "global/a_1",
        ];
        let keys: Vec<_> = texts.iter().map(|text| SecretKey::parse(text).unwrap()).collect();
        let mut names = std::collections::BTreeSet::new();
        for key in &keys {
            let name = VariableMapping::Escaped.variable("X_", key);
            assert_eq!(VariableMapping::Escaped.key("X_", &name).as_ref(), Some(key), "{name}");
            assert!(names.insert(name));
        }
        assert_eq!(
            VariableMapping::Plain.variable("", &keys[3]),
            VariableMapping::Plain.variable("", &keys[4])
        );
        for wrong in [
            "NAME",
            "X_",
            "X_NAME",
            "X_GLOBAL__a",
            "X_GLOBAL___",
            "X_GLOBAL___9",
            "X_NOKIND__ID__A",
        ] {
            assert_eq!(VariableMapping::Escaped.key("X_", wrong), None, "{wrong}");
        }
        assert_eq!(VariableMapping::Plain.key("X_", "X_GLOBAL_A"), None);
    }
}
