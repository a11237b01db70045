//! The flags that say how secrets are kept, for the command line of a program that embeds us. With the feature `clap`.

use std::path::PathBuf;

use clap::Args;

use crate::{Builder, Error, ErrorKind, Result, Setting};

/// The flags of this crate's own command, for any other: flatten them into the program's arguments, apply them to its
/// builder.
///
/// ```
/// use clap::Parser;
/// use strongroom::{SecretManager, flags::SecretsArgs};
///
/// #[derive(Parser)]
/// struct Arguments {
///     #[command(flatten)]
///     secrets: SecretsArgs,
/// }
///
/// let line = ["sideseat", "--secrets-backend", "memory", "--secrets-set", "deadline=5s"];
/// let arguments = Arguments::parse_from(line);
/// let builder = SecretManager::builder().app("sideseat");
/// let secrets = arguments.secrets.apply(builder)?.open_blocking()?;
/// assert_eq!(secrets.backend().name(), "memory");
/// assert_eq!(secrets.settings().text("deadline"), Some("5s"));
/// # Ok::<(), strongroom::Error>(())
/// ```
#[derive(Args, Clone, Debug, Default)]
#[non_exhaustive]
pub struct SecretsArgs {
    /// Where the secrets live, such as `encrypted`
    #[arg(long, global = true, value_name = "BACKEND")]
    pub secrets_backend: Option<String>,
    /// The configuration, JSON or TOML; its table `secrets` says how secrets are kept
    #[arg(long, global = true, value_name = "FILE")]
    pub secrets_config: Option<PathBuf>,
    /// A setting by its name, such as `cache=off`; may be given again
    #[arg(long, global = true, value_name = "SETTING=VALUE")]
    pub secrets_set: Vec<String>,
}

impl SecretsArgs {
    /// Gives the flags to a builder, which answers at `open` what is wrong with a value.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] where `--secrets-set` is given no `SETTING=VALUE`, or a secret setting: every
    /// process of the machine can read a command line.
    ///
    /// ```
    /// # use strongroom::{SecretManager, flags::SecretsArgs};
    /// let mut flags = SecretsArgs::default();
    /// flags.secrets_set.push("encrypted.key=0123".to_owned());
    /// let error = flags.apply(SecretManager::builder()).unwrap_err();
    /// assert_eq!(error.setting(), Some("encrypted.key"));
    /// assert!(!error.to_string().contains("0123"));
    /// ```
    pub fn apply(&self, mut builder: Builder) -> Result<Builder> {
        if let Some(path) = &self.secrets_config {
            builder = builder.config_file(path);
        }
        for stated in &self.secrets_set {
            let Some((key, value)) = stated.split_once('=') else {
                let text = "`--secrets-set` takes `SETTING=VALUE` (what it was given is not shown: it may be a secret)";
                return Err(Error::new(ErrorKind::InvalidConfig, text));
            };
            if Setting::find(key).is_some_and(|setting| setting.secret) {
                let text = format!("`{key}` is secret, and every process of the machine can read a command line");
                return Err(Error::new(ErrorKind::InvalidConfig, text)
                    .with_setting(key.to_owned())
                    .with_help("give it by its environment variable (docs/settings.md), a file or a descriptor"));
            }
            builder = builder.flag(key, value);
        }
        if let Some(backend) = &self.secrets_backend {
            builder = builder.flag("backend", backend);
        }
        Ok(builder)
    }
}
