//! The crate's errors as the exceptions of `tmrx.errors`.

use crate::error::Error;
use pyo3::import_exception;
use pyo3::prelude::*;

import_exception!(tmrx.errors, UsageError);
import_exception!(tmrx.errors, InputError);
import_exception!(tmrx.errors, OutputError);
import_exception!(tmrx.errors, ConfigError);
import_exception!(tmrx.errors, InternalError);

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Usage(f) => UsageError::new_err((f.what, f.why, f.hint)),
            Error::Input(f) => InputError::new_err((f.what, f.why, f.hint)),
            Error::Output(f) => OutputError::new_err((f.what, f.why, f.hint)),
            Error::Config(f) => ConfigError::new_err((f.what, f.why, f.hint)),
            Error::Internal(f) => InternalError::new_err((f.what, f.why, f.hint)),
        }
    }
}
