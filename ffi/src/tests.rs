//! The exported functions as C calls them, so that Miri can look at what they do with pointers. What they mean is
//! tested from C.

use std::ffi::CStr;
use std::ptr::{null, null_mut};

use crate::arguments::AUTO_LENGTH;
use crate::batch::*;
use crate::call::*;
use crate::error::*;
use crate::handle::Object;
use crate::list::*;
use crate::manager::batch::*;
use crate::manager::read::*;
use crate::manager::write::*;
use crate::manager::*;
use crate::metadata::*;
use crate::options::*;
use crate::secret::*;
use crate::status::Status;
use crate::written::*;

/// Calls a function whose last parameter is the error; what it answers.
macro_rules! call {
    ($function:ident($($argument:expr),* $(,)?)) => {{
        let mut error: *mut ErrorObject = null_mut();
        // SAFETY: every pointer is one of this test's own.
        let status = unsafe { $function($($argument,)* &raw mut error) };
        assert_eq!(status == Status::Ok, error.is_null());
        // SAFETY: a message ends with a NUL and lives as long as its error.
        let message = unsafe { CStr::from_ptr(strongroom_error_message(error)) }.to_owned();
        strongroom_error_free(error);
        (status, message)
    }};
}

/// Calls a function that must succeed.
macro_rules! good {
    ($($call:tt)+) => {{
        let (status, message) = call!($($call)+);
        assert_eq!(status, Status::Ok, "{message:?}");
    }};
}

fn open() -> *mut Manager {
    let (mut options, mut manager) = (null_mut(), null_mut());
    good!(strongroom_options_new(&raw mut options));
    good!(strongroom_options_ignore_environment(options));
    good!(strongroom_options_set(
        options,
        c"backend".as_ptr(),
        AUTO_LENGTH,
        c"memory".as_ptr(),
        AUTO_LENGTH
    ));
    good!(strongroom_manager_open(options, null(), &raw mut manager));
    assert_eq!(strongroom_options_free(options), Status::Ok);
    manager
}

#[test]
fn values_and_metadata_cross_in_both_directions() {
    let manager = open();
    let key = "org/acme/api_key";
    let (mut metadata, mut written, mut secret) = (null_mut(), null_mut(), null_mut());
    good!(strongroom_metadata_new(&raw mut metadata));
    good!(strongroom_metadata_set_provider(
        metadata,
        c"openai".as_ptr(),
        AUTO_LENGTH
    ));
    good!(strongroom_metadata_set_label(
        metadata,
        c"team".as_ptr(),
        4,
        c"platform".as_ptr(),
        4
    ));
    let value = b"sk-123";
    good!(strongroom_manager_set(
        manager,
        key.as_ptr().cast(),
        key.len(),
        value.as_ptr().cast(),
        value.len(),
        metadata,
        null(),
        &raw mut written,
    ));
    assert!(strongroom_written_created(written));
    assert_eq!(strongroom_written_free(written), Status::Ok);
    assert_eq!(strongroom_metadata_free(metadata), Status::Ok);
    // From the backend, then from the cache.
    for _ in 0..2 {
        good!(strongroom_manager_get(
            manager,
            key.as_ptr().cast(),
            key.len(),
            null(),
            &raw mut secret
        ));
        // SAFETY: the data lives as long as the secret.
        let data = unsafe { std::slice::from_raw_parts(strongroom_secret_data(secret), strongroom_secret_len(secret)) };
        assert_eq!(data, value);
        good!(strongroom_secret_metadata(secret, &raw mut metadata));
        assert_eq!(strongroom_secret_free(secret), Status::Ok);
        assert_eq!(strongroom_secret_free(secret), Status::InvalidHandle);
        // SAFETY: there is a provider and a label, and both live as long as the metadata.
        let (provider, label) = unsafe {
            let label = strongroom_metadata_label(metadata, c"team".as_ptr(), AUTO_LENGTH);
            (
                CStr::from_ptr(strongroom_metadata_provider(metadata)),
                CStr::from_ptr(label),
            )
        };
        assert_eq!((provider, label), (c"openai", c"plat"));
        assert_eq!(strongroom_metadata_free(metadata), Status::Ok);
        let (mut buffer, mut length) = ([0_u8; 8], 0);
        good!(strongroom_manager_get_into(
            manager,
            key.as_ptr().cast(),
            key.len(),
            null(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            &raw mut length,
        ));
        assert_eq!((&buffer[..length], buffer[6]), (value.as_slice(), 0));
        let (status, _) = call!(strongroom_manager_get_value(
            manager,
            key.as_ptr().cast(),
            key.len(),
            null(),
            buffer.as_mut_ptr().cast(),
            value.len(),
            &raw mut length,
        ));
        assert_eq!((status, length), (Status::BufferTooSmall, 6));
    }
    assert_eq!(strongroom_manager_free(manager), Status::Ok);
}

#[test]
fn lists_and_batches_cross() {
    let manager = open();
    let (mut batch, mut list, mut secret, mut options) = (null_mut(), null_mut(), null_mut(), null_mut());
    good!(strongroom_batch_new(&raw mut batch));
    for key in [c"a", c"b"] {
        good!(strongroom_batch_add(
            batch,
            key.as_ptr(),
            1,
            c"v".as_ptr().cast(),
            AUTO_LENGTH,
            null()
        ));
    }
    good!(strongroom_manager_set_many(manager, batch, null(), &raw mut list));
    assert_eq!(
        (strongroom_list_len(list), strongroom_list_flags(list, 1)),
        (2, ITEM_CREATED)
    );
    strongroom_list_free(list);
    strongroom_batch_free(batch);
    let keys = [c"b".as_ptr(), c"absent".as_ptr()];
    good!(strongroom_manager_get_many(
        manager,
        keys.as_ptr(),
        null(),
        2,
        null(),
        &raw mut list
    ));
    good!(strongroom_list_secret(list, 0, &raw mut secret));
    assert_eq!(strongroom_secret_len(secret), 1);
    strongroom_secret_free(secret);
    assert_eq!(call!(strongroom_list_outcome(list, 1)).0, Status::NotFound);
    strongroom_list_free(list);
    good!(strongroom_call_new(&raw mut options));
    good!(strongroom_call_set(
        options,
        c"limit".as_ptr(),
        AUTO_LENGTH,
        c"1".as_ptr(),
        AUTO_LENGTH
    ));
    good!(strongroom_manager_list(manager, options, &raw mut list));
    // SAFETY: both texts live as long as the list.
    let (name, next) = unsafe {
        (
            CStr::from_ptr(strongroom_list_key(list, 0)),
            CStr::from_ptr(strongroom_list_next(list)),
        )
    };
    assert_eq!((name, next), (c"global/a", c"global/a"));
    assert!(strongroom_list_key(list, 1).is_null());
    strongroom_list_free(list);
    strongroom_call_free(options);
    strongroom_manager_free(manager);
}

#[test]
fn arguments_that_are_none_are_refused() {
    let manager = open();
    let mut secret = std::ptr::dangling_mut();
    let refused = |status: (Status, _)| status.0;
    let get =
        |key: *const _, length, secret| refused(call!(strongroom_manager_get(manager, key, length, null(), secret)));
    assert_eq!(get(null(), 3, &raw mut secret), Status::InvalidArgument);
    assert!(secret.is_null(), "an answer is emptied first");
    assert_eq!(get(c"k".as_ptr(), 1, null_mut()), Status::InvalidArgument);
    assert_eq!(get(c"\xff".as_ptr(), AUTO_LENGTH, &raw mut secret), Status::InvalidKey);
    assert_eq!(get(c"k".as_ptr(), usize::MAX / 2, &raw mut secret), Status::InvalidKey);
    assert_eq!(strongroom_manager_free(manager), Status::Ok);
    assert_eq!(get(c"k".as_ptr(), 1, &raw mut secret), Status::InvalidHandle);
    assert_eq!(Manager::NAME, "manager");
}
