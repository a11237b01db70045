use std::sync::Arc;

use crate::backend::Backend;
use crate::error::{Error, ErrorKind, Result};
use crate::registry::OpenRequest;

pub(crate) fn open(_request: &OpenRequest<'_>) -> Result<Arc<dyn Backend>> {
    Err(Error::new(ErrorKind::Internal, "not built yet"))
}
