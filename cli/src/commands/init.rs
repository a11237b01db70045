//! `strongroom init`

use crate::args::Global;
use crate::commands::status::{Place, place};
use crate::failure::Failure;
use crate::output;
use crate::session;

/// Makes the store and its key, and says where. What is there already is opened and left as it is.
pub(crate) fn run(global: &Global) -> Result<(), Failure> {
    let (manager, made) = session::open_or_make(global)?;
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
