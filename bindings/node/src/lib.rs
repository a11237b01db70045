//! The native half of the package `strongroom`. It translates and decides nothing: what a verb means stands in the core,
//! what JavaScript sees of it in `lib/`.
//!
//! A verb is a function that either waits on JavaScript's thread or gives a promise ([`call`]). A promise's work is begun
//! on JavaScript's thread, which answers at once what is at hand (but see [`turn`]), and goes on on the core's runtime:
//! never on libuv's pool, which files and names share. What comes back is left with [`notes`], which wake the event loop.

#![allow(unsafe_code, reason = "this crate faces Node-API")]
#![cfg_attr(
    test,
    allow(
        dead_code,
        unused_imports,
        reason = "napi-rs registers nothing in a build for tests, of which there are none"
    )
)]

mod arguments;
mod asking;
mod cached;
mod call;
mod callback;
mod entry;
mod environment;
mod error;
mod explanation;
mod fernet;
mod following;
mod inspect;
mod keys;
mod kinds;
mod log;
mod manager;
mod notes;
mod objects;
mod open;
mod options;
mod results;
mod secret;
#[cfg(feature = "testing")]
mod testing;
mod transferred;
mod turn;

use napi::bindgen_prelude::*;

/// Every block is wiped when it is freed, also those of libraries that know nothing of secrets. JavaScript's own objects
/// lie in its memory.
#[global_allocator]
static ALLOCATOR: strongroom::WipingAllocator = strongroom::WipingAllocator;

/// Runs once in each JavaScript thread that loads the module. What it exports is what `lib/` is written with; not for
/// programs.
#[napi_derive::napi(module_exports)]
fn begin(exports: Object<'_>, env: Env) -> napi::Result<()> {
    // Texts of panics, which may hold a secret, stay off the program's standard error. This module has a copy of Rust's
    // standard library of its own: no other library's hook is replaced.
    std::panic::set_hook(Box::new(|_| ()));
    // Node.js takes a module out of memory with the last worker that loaded it, and the core's threads go on.
    retain_current_module_for_unload_safety();
    environment::begin(&env)?;
    entry::export(&env, &exports, FUNCTIONS)?;
    #[cfg(feature = "testing")]
    entry::export(&env, &exports, testing::FUNCTIONS)?;
    Ok(())
}

const FUNCTIONS: &[entry::Export] = entry::exports! {
    c"cachedSecret" => cached::secret,
    c"cachedText" => cached::text,
    c"open" => open::open,
    c"inspect" => inspect::inspect,
    c"settingsTable" => inspect::settings_table,
    c"configSchema" => inspect::config_schema,
    c"onQuestion" => asking::on_question,
    c"answerQuestion" => asking::answer,
    c"failQuestion" => asking::fail,
    c"needs" => asking::needs,
    c"onEvents" => log::on_events,
    c"hear" => log::hear,
    c"takeEvents" => log::take_events,
    c"told" => log::told,
    c"onTurn" => turn::on_turn,
    c"turned" => turn::turned,
    c"token" => options::token,
    c"cancel" => options::cancel,
    c"isSaid" => error::is_said,
    c"get" => manager::read::get,
    c"getValue" => manager::read::get_value,
    c"getInto" => manager::read::get_into,
    c"cachedInto" => manager::read::cached_into,
    c"getVersion" => manager::read::get_version,
    c"getMany" => manager::read::get_many,
    c"getWithFallback" => manager::read::get_with_fallback,
    c"exists" => manager::read::exists,
    c"describe" => manager::read::describe,
    c"list" => manager::read::list,
    c"versions" => manager::read::versions,
    c"set" => manager::write::set,
    c"setMany" => manager::write::set_many,
    c"setApiKey" => manager::write::set_api_key,
    c"updateValue" => manager::write::update_value,
    c"updateMetadata" => manager::write::update_metadata,
    c"rollback" => manager::write::rollback,
    c"delete" => manager::write::delete,
    c"restore" => manager::write::restore,
    c"generate" => manager::generate::generate,
    c"getOrGenerate" => manager::generate::get_or_generate,
    c"rotate" => manager::generate::rotate,
    c"health" => manager::admin::health,
    c"verify" => manager::admin::verify,
    c"refresh" => manager::admin::refresh,
    c"lock" => manager::admin::lock,
    c"close" => manager::admin::close,
    c"metrics" => manager::admin::metrics,
    c"resolve" => manager::read::resolve,
    c"subscribe" => manager::watch::subscribe,
    c"nextChange" => manager::watch::next_change,
    c"unsubscribe" => manager::watch::unsubscribe,
    c"holdLoop" => manager::watch::hold_loop,
    c"explain" => manager::transfer::explain,
    c"export" => manager::transfer::export,
    c"import" => manager::transfer::import,
    c"copyPlan" => manager::copy::copy_plan,
    c"copyTo" => manager::copy::copy_to,
    c"copyJournal" => manager::copy::copy_journal,
    c"fernetGenerate" => fernet::generate,
    c"fernetEncrypt" => fernet::encrypt,
    c"fernetDecrypt" => fernet::decrypt,
    c"fernetRotate" => fernet::rotate,
    c"fernetTimestamp" => fernet::timestamp,
    c"keyParse" => keys::parse,
    c"keyOf" => keys::of,
    c"keyEscape" => keys::escape,
    c"keyUnescape" => keys::unescape,
    c"keyVariable" => keys::variable,
    c"wrongType" => kinds::wrong_type,
    c"checkNamed" => kinds::check_named,
    c"withOptions" => manager::admin::with_options,
    c"scoped" => manager::admin::scoped,
    c"app" => manager::admin::app,
    c"backend" => manager::admin::backend,
    c"isPersistent" => manager::admin::is_persistent,
    c"scope" => manager::admin::scope,
    c"settings" => manager::admin::settings,
    c"secret" => secret::new,
    c"secretText" => secret::text,
    c"secretBytes" => secret::bytes,
    c"secretInto" => secret::into,
    c"secretMetadata" => secret::metadata,
    c"secretIsExpired" => secret::is_expired,
    c"secretEquals" => secret::equals,
    c"secretWipe" => secret::wipe,
    c"wipeBytes" => secret::wipe_bytes,
};
