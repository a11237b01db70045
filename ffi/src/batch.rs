//! What is to be written together.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use strongroom::{Result, Secret as CoreSecret, SecretKey, SecretMetadata};

use crate::arguments::{self, Out};
use crate::builder::Shared;
use crate::error::ErrorObject;
use crate::guard::{guard, guard_free, refuse_in_callback};
use crate::handle::{hand_out, object, pin, pin_optional};
use crate::metadata::Metadata;
use crate::status::Status;

/// Secrets that are to be written together. Several threads may use it at once; whoever adds to it must be alone.
#[derive(Default)]
pub struct Batch(Shared<Vec<Arc<(String, CoreSecret)>>>);

object!(Batch, "batch", 7, stripes 1);

impl Batch {
    /// A copy of the entries, whose keys are read in the scope of `manager`.
    pub(crate) fn entries(&self, scope: impl Fn(&str) -> Result<SecretKey>) -> Result<Vec<(SecretKey, CoreSecret)>> {
        let copy = |entry: &Arc<(String, CoreSecret)>| {
            let (key, secret) = &**entry;
            Ok((scope(key)?, secret.duplicate()))
        };
        self.0.read().iter().map(copy).collect()
    }
}

/// Makes an empty batch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_batch_new(batch: *mut *mut Batch, error: *mut *mut ErrorObject) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(batch, "batch")?;
            refuse_in_callback()?;
            out.fill(hand_out(Batch::default())?);
            Ok(())
        })
    }
}

/// Adds a secret; without `metadata` (NULL) it has none. Value and metadata are copied. A wrong key is answered when
/// the batch is written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_batch_add(
    batch: *mut Batch,
    key: *const c_char,
    key_length: usize,
    value: *const c_void,
    value_length: usize,
    metadata: *const Metadata,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            refuse_in_callback()?;
            let batch = pin(batch)?;
            let key = arguments::key(key, key_length)?;
            let metadata = match pin_optional(metadata)? {
                Some(metadata) => metadata.to_core(),
                None => SecretMetadata::new(),
            };
            let secret = CoreSecret::new(arguments::value(value, value_length)?).with_metadata(metadata);
            let entry = Arc::new((key, secret));
            batch.0.change(|entries| {
                entries.push(Arc::clone(&entry));
                Ok(())
            })
        })
    }
}

/// Wipes a batch and gives it back.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_batch_free(batch: *mut Batch) -> Status {
    guard_free(batch)
}
