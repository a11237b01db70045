//! How a manager is opened.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

use strongroom::{
    Builder, ConfigFormat, Error, ErrorKind, Origin, Result, SecretManager, SecretProvider, SecretValue, Settings,
};
use zeroize::Zeroizing;

use crate::arguments::{self, Out, text};
use crate::builder::Shared;
use crate::error::ErrorObject;
use crate::guard::{calling_out, guard, guard_free, refuse_in_callback};
use crate::handle::{hand_out, object, pin};
use crate::status::{Status, fault, kind_of};
use crate::words::c_text;

/// How a manager is opened. It may open several managers; whoever changes it must be alone.
#[derive(Default)]
pub struct Options(Shared<State>);

object!(Options, "options", 10, stripes 1);

#[derive(Clone, Default)]
struct State {
    app: Option<String>,
    ignore_environment: bool,
    /// In the order in which they were stated: the later wins.
    documents: Vec<Document>,
    plain: Vec<(String, String)>,
    secret: Vec<(String, Stated)>,
}

/// Settings that were stated together.
#[derive(Clone)]
enum Document {
    File(String),
    /// It may hold secrets, so it is wiped.
    Text(ConfigFormat, Arc<Zeroizing<String>>),
}

/// How a secret setting was stated.
#[derive(Clone)]
enum Stated {
    Value(Arc<SecretValue>),
    Provider(Arc<ForeignProvider>),
}

impl Options {
    /// What opens a manager so.
    pub(crate) fn builder(&self) -> Builder {
        let state = self.0.read();
        let mut builder = SecretManager::builder();
        if let Some(app) = &state.app {
            builder = builder.app(app);
        }
        if state.ignore_environment {
            builder = builder.without_environment();
        }
        for document in &state.documents {
            builder = match document {
                Document::File(path) => builder.config_file(path),
                Document::Text(format, text) => builder.config_text(*format, text),
            };
        }
        for (name, value) in &state.plain {
            builder = builder.option(name, value);
        }
        for (name, secret) in &state.secret {
            builder = match secret {
                Stated::Value(value) => builder.secret_option(name, value.expose()),
                Stated::Provider(provider) => {
                    builder.secret_provider(name, Arc::clone(provider) as Arc<dyn SecretProvider>)
                }
            };
        }
        builder
    }
}

impl State {
    fn set_secret(&mut self, name: &str, secret: Stated) {
        self.secret.retain(|(known, _)| known != name);
        self.secret.push((name.to_owned(), secret));
    }
}

/// Writes a secret, such as the key of the store, into `buffer`, which has room for `capacity` bytes and is wiped
/// afterwards, and their number into `length`. `setting` names what is asked for. Answers `STRONGROOM_STATUS_OK`, or
/// the kind of error that the call which needed the secret is to answer, such as `locked`, `key_missing`, `cancelled` or
/// `unavailable`. It is called on whatever thread needs the secret, also on two at once; no lock is held meanwhile, and a
/// deadline does not interrupt it.
pub type Provider = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        setting: *const c_char,
        buffer: *mut u8,
        capacity: usize,
        length: *mut usize,
    ) -> i32,
>;

/// Ends a context that was given with a function: called once, when that function is never called again.
pub type Destroy = Option<unsafe extern "C" fn(context: *mut c_void)>;

/// The room that a provider gets.
const CAPACITY: usize = 64 * 1024;

/// The function of the program that knows a secret.
struct ForeignProvider {
    provide: unsafe extern "C" fn(*mut c_void, *const c_char, *mut u8, usize, *mut usize) -> i32,
    context: *mut c_void,
    destroy: Destroy,
}

// SAFETY: the header tells the program that its functions are called on any thread.
unsafe impl Send for ForeignProvider {}
// SAFETY: as above.
unsafe impl Sync for ForeignProvider {}

impl SecretProvider for ForeignProvider {
    fn secret(&self, setting: &str) -> Result<SecretValue> {
        let name: CString = c_text(setting);
        let mut buffer = Zeroizing::new(vec![0_u8; CAPACITY]);
        let mut length = 0;
        // SAFETY: the header's conventions, and `buffer` has this room.
        let status = calling_out(|| unsafe {
            (self.provide)(
                self.context,
                name.as_ptr(),
                buffer.as_mut_ptr(),
                CAPACITY,
                &raw mut length,
            )
        });
        if status != Status::Ok as i32 {
            let kind = kind_of(status).unwrap_or(ErrorKind::Internal);
            return Err(Error::new(kind, "the provider of the secret refused").with_setting(setting.to_owned()));
        }
        let given = buffer.get(..length).ok_or_else(|| {
            Error::new(
                ErrorKind::TooLarge,
                format!("the provider says that it wrote more than {CAPACITY} bytes"),
            )
            .with_setting(setting.to_owned())
        })?;
        Ok(SecretValue::copy_of(given))
    }
}

impl Drop for ForeignProvider {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the header's conventions; the function is never called again.
            calling_out(|| unsafe { destroy(self.context) });
        }
    }
}

/// Changes options.
///
/// # Safety
/// `error` as the header's conventions say.
unsafe fn change(
    options: *mut Options,
    error: *mut *mut ErrorObject,
    change: impl Fn(&mut State) -> Result<()>,
) -> Status {
    // SAFETY: as this function.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            pin(options)?.0.change(change)
        })
    }
}

/// Makes options of which none is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_options_new(options: *mut *mut Options, error: *mut *mut ErrorObject) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(options, "options")?;
            refuse_in_callback()?;
            out.fill(hand_out(Options::default())?);
            Ok(())
        })
    }
}

/// Names the application, which sets every default: variables (`<APP>_SECRETS_…`), folders, names in keystores. One
/// segment of letters, digits, `.`, `_` and `-`; `strongroom` unless set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_options_set_app(
    options: *mut Options,
    app: *const c_char,
    length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        change(options, error, |state| {
            state.app = Some(text(app, length, "app")?.to_owned());
            Ok(())
        })
    }
}

/// Sets a setting of the table in `docs/settings.md`, such as `backend`; once more replaces it. An unknown name, a
/// secret setting and a malformed value are `invalid_config` here.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_options_set(
    options: *mut Options,
    name: *const c_char,
    name_length: usize,
    value: *const c_char,
    value_length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        change(options, error, |state| {
            let name = text(name, name_length, "name")?;
            let value = text(value, value_length, "value")?;
            Settings::new().set(name, value.to_owned(), Origin::Builder)?;
            state.plain.retain(|(known, _)| known != name);
            state.plain.push((name.to_owned(), value.to_owned()));
            Ok(())
        })
    }
}

/// Sets a secret setting, such as `encrypted.key`; once more replaces it. The bytes are copied; the copy is wiped when
/// the options are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_options_set_secret(
    options: *mut Options,
    name: *const c_char,
    name_length: usize,
    value: *const c_void,
    value_length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        change(options, error, |state| {
            let name = text(name, name_length, "name")?;
            let value = arguments::value(value, value_length)?;
            check_secret(name)?;
            state.set_secret(name, Stated::Value(Arc::new(value)));
            Ok(())
        })
    }
}

/// States a secret setting by a function, which is asked when the setting is needed: at opening, and again after
/// `strongroom_manager_lock`. `destroy` (may be NULL) is called once, when neither these options nor a manager that was
/// opened with them needs `context`; where this function fails, it is not called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_options_set_provider(
    options: *mut Options,
    name: *const c_char,
    name_length: usize,
    provider: Provider,
    context: *mut c_void,
    destroy: Destroy,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            let options = pin(options)?;
            let name = text(name, name_length, "name")?;
            let provide = provider.ok_or_else(|| fault(ErrorKind::InvalidArgument, "provider", "is NULL"))?;
            check_secret(name)?;
            let provider = Arc::new(ForeignProvider {
                provide,
                context,
                destroy,
            });
            // Nothing fails from here on, so the context is taken.
            options.0.change(|state| {
                state.set_secret(name, Stated::Provider(Arc::clone(&provider)));
                Ok(())
            })
        })
    }
}

/// Takes the settings of a document: JSON or TOML by the name's ending, else by its text. They stand in its table
/// `secrets`; all else in it belongs to the application. Relative paths in it start from its folder. Settings that are
/// stated one by one, and variables, win over it; of several documents the later wins. It is read when a manager is
/// opened, which then answers `invalid_config` (naming line and setting) or `insecure_path`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_options_set_config_file(
    options: *mut Options,
    path: *const c_char,
    length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        change(options, error, |state| {
            let path = text(path, length, "path")?;
            if path.is_empty() {
                return Err(fault(ErrorKind::InvalidArgument, "path", "is empty"));
            }
            state.documents.push(Document::File(path.to_owned()));
            Ok(())
        })
    }
}

/// Takes the settings of a document that the program has at hand, as `strongroom_options_set_config_file`; `format` is
/// `json` or `toml`. Relative paths in it start from the working directory. The copy is wiped when the options are
/// freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_options_set_config_text(
    options: *mut Options,
    format: *const c_char,
    format_length: usize,
    document: *const c_char,
    document_length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        change(options, error, |state| {
            let format = match text(format, format_length, "format")? {
                "json" => ConfigFormat::Json,
                "toml" => ConfigFormat::Toml,
                _ => return Err(fault(ErrorKind::InvalidArgument, "format", "must be `json` or `toml`")),
            };
            let document = text(document, document_length, "document")?;
            let document = Arc::new(Zeroizing::new(document.to_owned()));
            state.documents.push(Document::Text(format, document));
            Ok(())
        })
    }
}

/// Leaves the environment's variables and the user's own file alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_options_ignore_environment(
    options: *mut Options,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        change(options, error, |state| {
            state.ignore_environment = true;
            Ok(())
        })
    }
}

/// Wipes options and gives them back. Managers that were opened with them go on.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_options_free(options: *mut Options) -> Status {
    guard_free(options)
}

/// Whether the name is one of a secret setting.
fn check_secret(name: &str) -> Result<()> {
    Settings::new().set_secret(name, SecretValue::copy_of(&[]), Origin::Builder)
}
