//! Where a secret is looked for, and what each place answered.

use std::ffi::{CString, c_char};

use strongroom::backend::{ExplainStep, Explanation as CoreExplanation};
use strongroom::{Error, ErrorKind, Result, SecretMetadata};

use crate::arguments::Out;
use crate::error::ErrorObject;
use crate::guard::{guard, guard_free, guard_value};
use crate::handle::{object, pin};
use crate::metadata::Metadata;
use crate::status::{Status, fault};
use crate::words::{c_text, pointer};

/// A read never comes to what the step found or why it failed, because an earlier one decides. What is absent is never
/// shadowed.
pub const STEP_SHADOWED: u32 = 1;
/// The step failed, and a read passes over it, as the settings allow.
pub const STEP_PASSED_OVER: u32 = 2;

/// Every place where a secret was looked for, in the order of a read, and how that read ends. Several threads may read
/// it at once.
pub struct Explanation {
    steps: Vec<Step>,
    answer: Option<usize>,
    error: Option<Error>,
}

object!(Explanation, "explanation", 12, stripes 1);

struct Step {
    key: CString,
    scope: CString,
    backend: CString,
    answer: CString,
    detail: Option<CString>,
    flags: u32,
    took: u64,
    error: Option<Error>,
    metadata: SecretMetadata,
}

impl Step {
    fn of(step: ExplainStep) -> Self {
        let mut flags = 0;
        if step.shadowed {
            flags |= STEP_SHADOWED;
        }
        if step.passed_over {
            flags |= STEP_PASSED_OVER;
        }
        Self {
            key: c_text(step.key.as_str()),
            scope: c_text(&step.scope().to_string()),
            backend: c_text(step.backend),
            answer: c_text(step.answer.word()),
            detail: step.detail.as_deref().map(c_text),
            flags,
            took: u64::try_from(step.took.as_micros()).unwrap_or(u64::MAX),
            error: step.answer.error().cloned(),
            metadata: step.metadata.unwrap_or_default(),
        }
    }
}

impl Explanation {
    pub(crate) fn of(explanation: CoreExplanation) -> Self {
        Self {
            steps: explanation.steps.into_iter().map(Step::of).collect(),
            answer: explanation.answer,
            error: explanation.error,
        }
    }

    fn step(&self, index: usize) -> Result<&Step> {
        let beyond = || fault(ErrorKind::InvalidArgument, "index", "lies beyond the last step");
        self.steps.get(index).ok_or_else(beyond)
    }
}

/// How many steps there are.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_explanation_len(explanation: *const Explanation) -> usize {
    guard_value(0, || Ok(pin(explanation)?.steps.len()))
}

/// The key that a step looked for, counted from 0; NULL beyond the last. Texts of an explanation live as long as it.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_explanation_key(explanation: *const Explanation, index: usize) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pin(explanation)?.step(index)?.key.as_ptr()))
}

/// The text of the scope that a step looked in; NULL beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_explanation_scope(explanation: *const Explanation, index: usize) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pin(explanation)?.step(index)?.scope.as_ptr()))
}

/// The word of the backend that was asked; NULL beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_explanation_backend(explanation: *const Explanation, index: usize) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pin(explanation)?.step(index)?.backend.as_ptr()))
}

/// What it answered: `found`, `expired`, `absent`, `failed`, `not_asked`; NULL beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_explanation_word(explanation: *const Explanation, index: usize) -> *const c_char {
    guard_value(std::ptr::null(), || Ok(pin(explanation)?.step(index)?.answer.as_ptr()))
}

/// Where exactly it looked, such as the name of a variable or the path of a file; NULL where it does not say, and beyond
/// the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_explanation_detail(explanation: *const Explanation, index: usize) -> *const c_char {
    guard_value(std::ptr::null(), || {
        Ok(pointer(pin(explanation)?.step(index)?.detail.as_deref()))
    })
}

/// What is so of a step: a sum of `STRONGROOM_STEP_…`; 0 beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_explanation_flags(explanation: *const Explanation, index: usize) -> u32 {
    guard_value(0, || Ok(pin(explanation)?.step(index)?.flags))
}

/// How many microseconds the answer took; 0 beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_explanation_took(explanation: *const Explanation, index: usize) -> u64 {
    guard_value(0, || Ok(pin(explanation)?.step(index)?.took))
}

/// Why a step failed; success where it did not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_explanation_outcome(
    explanation: *const Explanation,
    index: usize,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || match &pin(explanation)?.step(index)?.error {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        })
    }
}

/// A copy of what is known about the secret that a step found, which the caller frees; empty where it found none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_explanation_metadata(
    explanation: *const Explanation,
    index: usize,
    metadata: *mut *mut Metadata,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || {
            let out = Out::object(metadata, "metadata")?;
            out.give(Metadata::of(pin(explanation)?.step(index)?.metadata.clone()))
        })
    }
}

/// The index of the step whose secret a read comes to, also of an expired one; `not_found` where it comes to none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_explanation_answer(explanation: *const Explanation, index: *mut usize) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(std::ptr::null_mut(), || {
            let out = Out::new(index, 0, "index")?;
            out.fill(pin(explanation)?.answer.ok_or(ErrorKind::NotFound)?);
            Ok(())
        })
    }
}

/// What a read fails with; success where it does not. Without an answer and without a failure there is no such secret.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strongroom_explanation_failure(
    explanation: *const Explanation,
    error: *mut *mut ErrorObject,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        guard(error, || match &pin(explanation)?.error {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        })
    }
}

/// Gives an explanation back.
#[unsafe(no_mangle)]
pub extern "C" fn strongroom_explanation_free(explanation: *mut Explanation) -> Status {
    guard_free(explanation)
}
