//! Whole numbers as they are given to options.

use runs::Key;

use crate::failure::Failure;

/// The whole number that an option gives to a key.
pub(crate) fn count(key: &'static str, text: Option<String>) -> Result<Option<u64>, Failure> {
    let Some(value) = text else {
        return Ok(None);
    };
    let kind = Key::named(key).expect("a key").kind;
    match kind.read(&value) {
        Ok(number) => Ok(number.as_integer().map(|n| n as u64)),
        Err(wanted) => Err(Failure::Input(format!(
            "--{key}: '{value}' is not {wanted}"
        ))),
    }
}
