//! `strongroom init`

use strongroom::ErrorKind;

use crate::args::Global;
use crate::commands::status::{Place, place};
use crate::failure::Failure;
use crate::output;
use crate::session::{self, Create};

/// Makes the store and its key, and says where. What is there already is opened and left as it is.
pub(crate) fn run(global: &Global) -> Result<(), Failure> {
    let (manager, made) = match session::open(global, Create::Never) {
        Ok(manager) => (manager, false),
        // No store there. Where something else is in the way, opening again says so again.
        Err(error) if error.kind() == ErrorKind::Unavailable && error.setting() == Some("encrypted.path") => {
            (session::open(global, Create::IfAbsent)?, true)
        }
        Err(error) => return Err(error.into()),
    };
    let Place { store, key } = place(&manager)?;
    let what = match (&store, made) {
        (Some(store), true) => format!("made the store {}", store.display()),
        (Some(store), false) => format!("the store is there already: {}", store.display()),
        (None, _) => format!("the backend `{}` needs no preparation", manager.backend().name()),
    };
    output::notice(global, &what);
    if let Some(key) = key {
        output::notice(global, &format!("its key is in {key}"));
    }
    Ok(())
}
