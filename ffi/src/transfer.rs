//! Options of exports, imports and copies.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};
use std::sync::Arc;

use strongroom::transfer::{
    CopyOptions, CopyProgress, Dialect, ExportOptions, Format, IfExists, ImportOptions, NamePolicy,
};
use strongroom::{Error, ErrorKind, Result, SecretKey, SecretScope, SecretValue};

use crate::arguments::{self, Out, text};
use crate::builder::Shared;
use crate::error::ErrorObject;
use crate::guard::{calling_out, guard, guard_free, refuse_in_callback};
use crate::handle::{hand_out, object, pin, pin_optional};
use crate::options::Destroy;
use crate::status::{Status, fault};
use crate::words::c_text;

/// Options of exports, imports and copies. One object may serve many calls; whoever changes it must be alone.
pub struct Transfer(Shared<Stated>);

object!(Transfer, "transfer", 13, stripes 1);

/// What was stated for a transfer.
#[derive(Clone, Default)]
pub(crate) struct Stated {
    own: BTreeMap<&'static str, String>,
    keys: Vec<String>,
    fernet_keys: Option<Arc<SecretValue>>,
    progress: Option<Arc<Progress>>,
}

/// Is told how far a copy is: what it is doing (`planning`, `copying`, `deleting`), how many secrets of that are done of
/// how many, and the key that was done last. Called on the thread that drives the copy, after each secret.
pub type ProgressCallback = Option<
    unsafe extern "C" fn(context: *mut c_void, phase: *const c_char, done: usize, total: usize, key: *const c_char),
>;

/// The function of the program that is told how far a copy is.
struct Progress {
    tell: unsafe extern "C" fn(*mut c_void, *const c_char, usize, usize, *const c_char),
    context: *mut c_void,
    destroy: Destroy,
}

// SAFETY: the header tells the program that its functions are called on any thread.
unsafe impl Send for Progress {}
// SAFETY: as above.
unsafe impl Sync for Progress {}

impl Progress {
    fn tell(&self, progress: &CopyProgress<'_>) {
        let (phase, key) = (c_text(progress.phase.word()), c_text(progress.key.as_str()));
        // SAFETY: the header's conventions.
        calling_out(|| unsafe {
            (self.tell)(
                self.context,
                phase.as_ptr(),
                progress.done,
                progress.total,
                key.as_ptr(),
            )
        });
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the header's conventions; the function is never called again.
            calling_out(|| unsafe { destroy(self.context) });
        }
    }
}

#[derive(Clone, Copy)]
enum Form {
    Flag,
    Text,
    /// A word that this function knows, and what is wanted.
    Word(fn(&str) -> bool, &'static str),
}

const FORMAT: Form = Form::Word(
    |word| Format::from_word(word).is_some(),
    "must be `env`, `dotenv`, `json`, `yaml` or `fernet`",
);
const DIALECT: Form = Form::Word(
    |word| Dialect::from_word(word).is_some(),
    "must be `common`, `python`, `node` or `compose`",
);
const IF_EXISTS: Form = Form::Word(
    |word| IfExists::from_word(word).is_some(),
    "must be `refuse`, `replace` or `skip`",
);
const NAMES: Form = Form::Word(
    |word| NamePolicy::from_word(word).is_some(),
    "must be `refuse`, `escape` or `skip`",
);

const OWN: &[(&str, Form)] = &[
    ("allow_loss", Form::Flag),
    ("delete_source", Form::Flag),
    ("dialect", DIALECT),
    ("dry_run", Form::Flag),
    ("format", FORMAT),
    ("full_names", Form::Flag),
    ("if_exists", IF_EXISTS),
    ("include_expired", Form::Flag),
    ("journal", Form::Text),
    ("names", NAMES),
    ("prefix", Form::Text),
    ("provider", Form::Text),
    ("scope", Form::Text),
    ("skip_unfit", Form::Flag),
    ("strict", Form::Flag),
];

/// What has a function of its own, by its name in errors.
const KEYS: &str = "key";
const FERNET_KEYS: &str = "fernet_keys";
const PROGRESS: &str = "progress";

const EXPORT: &[&str] = &[
    "dialect",
    FERNET_KEYS,
    "format",
    "full_names",
    "include_expired",
    KEYS,
    "prefix",
    "scope",
    "strict",
];
const IMPORT: &[&str] = &[
    "dialect",
    "dry_run",
    FERNET_KEYS,
    "format",
    "if_exists",
    "names",
    "provider",
    "scope",
];
const COPY: &[&str] = &[
    "allow_loss",
    "delete_source",
    "if_exists",
    "journal",
    KEYS,
    "prefix",
    PROGRESS,
    "scope",
    "skip_unfit",
];

impl Form {
    fn check(self, name: &str, text: &str) -> Result<()> {
        let (fits, wanted) = match self {
            Self::Flag => (matches!(text, "true" | "false"), "must be `true` or `false`"),
            Self::Text => (!text.is_empty(), "is empty"),
            Self::Word(knows, wanted) => (knows(text), wanted),
        };
        if fits {
            Ok(())
        } else {
            Err(fault(ErrorKind::InvalidArgument, name, wanted))
        }
    }
}

impl Stated {
    /// What was stated for a verb that takes these; nothing where `transfer` is NULL.
    fn of(transfer: *const Transfer, takes: &[&str]) -> Result<Self> {
        let Some(transfer) = pin_optional(transfer)? else {
            return Ok(Self::default());
        };
        let stated = Self::clone(&transfer.0.read());
        let further = [
            (KEYS, !stated.keys.is_empty()),
            (FERNET_KEYS, stated.fernet_keys.is_some()),
            (PROGRESS, stated.progress.is_some()),
        ];
        let further = further.iter().filter(|(_, is_stated)| *is_stated).map(|(name, _)| name);
        match stated.own.keys().chain(further).find(|name| !takes.contains(name)) {
            Some(name) => Err(fault(
                ErrorKind::InvalidArgument,
                name,
                "is an option that this verb does not take",
            )),
            None => Ok(stated),
        }
    }

    fn set(&mut self, name: &str, text: &str) -> Result<()> {
        let &(known, form) = OWN
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| unknown(name))?;
        form.check(known, text)?;
        self.own.insert(known, text.to_owned());
        Ok(())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.own.get(name).map(String::as_str)
    }

    fn is_on(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    fn scope(&self) -> Result<Option<SecretScope>> {
        self.text("scope").map(SecretScope::parse).transpose()
    }

    fn fernet_keys(&self) -> Option<SecretValue> {
        self.fernet_keys
            .as_ref()
            .map(|keys| SecretValue::copy_of(keys.expose()))
    }

    fn format(&self) -> Result<Format> {
        let format = self.text("format").and_then(Format::from_word);
        format.ok_or_else(|| {
            fault(
                ErrorKind::InvalidArgument,
                "format",
                "is an option that this verb needs",
            )
        })
    }

    fn dialect(&self) -> Dialect {
        self.text("dialect").and_then(Dialect::from_word).unwrap_or_default()
    }

    fn if_exists(&self) -> IfExists {
        self.text("if_exists").and_then(IfExists::from_word).unwrap_or_default()
    }
}

/// The options of an export.
pub(crate) fn export(transfer: *const Transfer) -> Result<ExportOptions> {
    pin(transfer)?;
    let stated = Stated::of(transfer, EXPORT)?;
    let mut options = ExportOptions::new(stated.format()?).dialect(stated.dialect());
    options.scope = stated.scope()?;
    options.prefix = stated.text("prefix").map(str::to_owned);
    options.full_names = stated.is_on("full_names");
    options.include_expired = stated.is_on("include_expired");
    options.strict = stated.is_on("strict");
    options.fernet_keys = stated.fernet_keys();
    options.keys = stated.keys;
    Ok(options)
}

/// The options of an import.
pub(crate) fn import(transfer: *const Transfer) -> Result<ImportOptions> {
    pin(transfer)?;
    let stated = Stated::of(transfer, IMPORT)?;
    let mut options = ImportOptions::new(stated.format()?).dialect(stated.dialect());
    options.scope = stated.scope()?;
    options.names = stated.text("names").and_then(NamePolicy::from_word).unwrap_or_default();
    options.if_exists = stated.if_exists();
    options.provider = stated.text("provider").map(str::to_owned);
    options.dry_run = stated.is_on("dry_run");
    options.fernet_keys = stated.fernet_keys();
    Ok(options)
}

/// The options of a copy, whose keys `key_of` reads.
pub(crate) fn copy(transfer: *const Transfer, key_of: impl Fn(&str) -> Result<SecretKey>) -> Result<CopyOptions> {
    let stated = Stated::of(transfer, COPY)?;
    let mut options = CopyOptions::new().if_exists(stated.if_exists());
    options.keys = stated.keys.iter().map(|key| key_of(key)).collect::<Result<_>>()?;
    options.scope = stated.scope()?;
    options.prefix = stated.text("prefix").map(str::to_owned);
    options.allow_loss = stated.is_on("allow_loss");
    options.skip_unfit = stated.is_on("skip_unfit");
    options.delete_source = stated.is_on("delete_source");
    options.journal = stated.text("journal").map(Into::into);
    if let Some(progress) = stated.progress {
        options = options.progress(move |how_far| progress.tell(how_far));
    }
    Ok(options)
}

#[cold]
fn unknown(name: &str) -> Error {
    let name: String = name.chars().flat_map(char::escape_debug).take(64).collect();
    fault(ErrorKind::InvalidArgument, &name, "is no option of a transfer")
}

/// Makes options of which none is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_transfer_new(transfer: *mut *mut Transfer, error: *mut *mut ErrorObject) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(transfer, "transfer")?;
            refuse_in_callback()?;
            out.fill(hand_out(Transfer(Shared::new(Stated::default())))?);
            Ok(())
        })
    }
}

/// Sets an option; once more replaces it. An unknown name and a malformed value are `invalid_argument` here; an option
/// that does not fit a verb is `invalid_argument` there, and a wrong scope `invalid_key`.
///
/// Words: `format` (export, import; must be set: `env`, `dotenv`, `json`, `yaml`, `fernet`), `dialect` (export, import, of
/// `dotenv`: `common`, `python`, `node`, `compose`), `if_exists` (import, copy: `refuse`, `replace`, `skip`), `names`
/// (import, what becomes of names that are no keys: `refuse`, `escape`, `skip`). Texts: `scope` (all),
/// `prefix` (export, copy), `provider` (import), `journal` (copy: the path of the file that shows where an interrupted copy was). Flags
/// (`true`, `false`): `full_names`, `include_expired`, `strict` (export), `dry_run` (import), `allow_loss`, `skip_unfit`,
/// `delete_source` (copy).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_transfer_set(
    transfer: *mut Transfer,
    name: *const c_char,
    name_length: usize,
    value: *const c_char,
    value_length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            let transfer = pin(transfer)?;
            let name = text(name, name_length, "name")?;
            let value = text(value, value_length, "value")?;
            transfer.0.change(|stated| stated.set(name, value))
        })
    }
}

/// Sets a secret option; once more replaces it: `fernet_keys` (export, import), the keys of a `fernet` document, parted by
/// commas, the newest first. The bytes are copied; the copy is wiped when the options are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_transfer_set_secret(
    transfer: *mut Transfer,
    name: *const c_char,
    name_length: usize,
    value: *const c_void,
    value_length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            let transfer = pin(transfer)?;
            let name = text(name, name_length, "name")?;
            let value = Arc::new(arguments::value(value, value_length)?);
            if name != FERNET_KEYS {
                return Err(unknown(name));
            }
            transfer.0.change(|stated| {
                stated.fernet_keys = Some(Arc::clone(&value));
                Ok(())
            })
        })
    }
}

/// Names one of the secrets that are exported or copied; without any, all are. A wrong key is answered by the verb.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_transfer_add_key(
    transfer: *mut Transfer,
    key: *const c_char,
    key_length: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            let transfer = pin(transfer)?;
            let key = arguments::key(key, key_length)?;
            transfer.0.change(|stated| {
                stated.keys.push(key.clone());
                Ok(())
            })
        })
    }
}

/// Has `progress` told how far a copy is; it must not wait. `destroy` (may be NULL) is called once, when neither these
/// options nor a copy that was made with them needs `context`; where this function fails, it is not called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_transfer_set_progress(
    transfer: *mut Transfer,
    progress: ProgressCallback,
    context: *mut c_void,
    destroy: Destroy,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            let transfer = pin(transfer)?;
            let tell = progress.ok_or_else(|| fault(ErrorKind::InvalidArgument, "progress", "is NULL"))?;
            let progress = Arc::new(Progress { tell, context, destroy });
            transfer.0.change(|stated| {
                stated.progress = Some(Arc::clone(&progress));
                Ok(())
            })
        })
    }
}

/// Wipes options and gives them back. Calls that were made with them go on.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_transfer_free(transfer: *mut Transfer) -> Status {
    guard_free(transfer)
}
