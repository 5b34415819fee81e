//! What `metaplast` for Python is made of: the library's functions, with Python's values
//! going in and coming out. All that users see is in `package/metaplast`.

mod ask;
mod engine;
mod episode;
mod failure;
mod fetch;
mod read;
mod rules;
mod run;
mod tries;
mod watch;

use pyo3::prelude::*;

/// The functions and classes that the package is written on; `_native.pyi` has their types.
#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::engine::{Engine, Handle, Matrix};
    #[pymodule_export]
    use crate::episode::{episode, episode_of_file};
    #[pymodule_export]
    use crate::fetch::fetch;
    #[pymodule_export]
    use crate::read::{columns, config, dataset, final_theta};
    #[pymodule_export]
    use crate::rules::{known_rules, rule};
    #[pymodule_export]
    use crate::run::{merge, online, resume, train, verify};
    #[pymodule_export]
    use crate::tries::{card, reproduce, test};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        crate::failure::keep_contracts_quiet();
        Ok(())
    }
}
