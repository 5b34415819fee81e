//! The configuration of a run, as a page shows it.

use std::path::Path;

use runs::RunError;

/// The configuration of a run.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The run.
    pub name: String,
    /// Its config.toml.
    pub text: String,
}

impl Setting {
    /// The configuration in a file, without what tells of the machine it was made on:
    /// files are named without their folders.
    ///
    /// # Errors
    /// If the file cannot be read, or is no TOML.
    pub fn read(name: &str, path: &Path) -> Result<Setting, RunError> {
        let text = std::fs::read_to_string(path).map_err(|error| RunError::File {
            path: path.to_owned(),
            error,
        })?;
        let parsed: Result<toml::Table, toml::de::Error> = text.parse();
        let mut table = parsed.map_err(|error| RunError::Damaged {
            path: path.to_owned(),
            reason: error.message().to_owned(),
        })?;
        for key in ["rule", "data"] {
            if let Some(toml::Value::String(value)) = table.get_mut(key)
                && let Some(file) = Path::new(value.as_str()).file_name()
            {
                *value = file.to_string_lossy().into_owned();
            }
        }
        if let Some(toml::Value::Table(record)) = table.get_mut("record") {
            record.remove("data_origin");
        }
        Ok(Setting {
            name: name.to_owned(),
            text: toml::to_string(&table).expect("what was TOML still is"),
        })
    }
}
