//! Where a secret is looked for, as objects.

use napi::JsValue;
use napi::bindgen_prelude::*;
use strongroom::backend::{ExplainStep, Explanation};

use crate::call::Answer;
use crate::error::Outcome;
use crate::results::{self, count, milliseconds};
use crate::transferred::{each, set_error};

impl Answer for Explanation {
    fn into_js(self, env: &Env) -> Outcome<Unknown<'_>> {
        let mut fields = Object::new(env)?;
        fields.set("steps", each(env, &self.steps, step)?)?;
        fields.set("answer", self.answer.map(count))?;
        set_error(env, &mut fields, "error", self.error.as_ref())?;
        Ok(fields.to_unknown())
    }
}

fn step<'a>(env: &'a Env, step: &ExplainStep) -> Outcome<Object<'a>> {
    let mut fields = Object::new(env)?;
    fields.set("key", step.key.as_str())?;
    fields.set("backend", step.backend)?;
    fields.set("answer", step.answer.word())?;
    set_error(env, &mut fields, "error", step.answer.error())?;
    fields.set("passedOver", step.passed_over)?;
    fields.set("shadowed", step.shadowed)?;
    fields.set("tookMs", milliseconds(step.took))?;
    fields.set("detail", step.detail.as_deref())?;
    let metadata = step.metadata.as_ref().map(|known| results::metadata(env, known));
    fields.set("metadata", metadata.transpose()?)?;
    Ok(fields)
}
