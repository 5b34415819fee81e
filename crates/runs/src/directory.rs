//! The directory that a run leaves behind.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::RunError;

/// A run directory being filled.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Makes `path`, which may exist if it is empty, or the next free `runs/RULE-DATA-1`,
    /// `runs/RULE-DATA-2`, …
    ///
    /// # Errors
    /// If it is occupied or cannot be made.
    pub fn create(path: Option<&Path>, rule: &str, data: &str) -> Result<RunDir, RunError> {
        let path = match path {
            Some(path) => {
                let occupied = match fs::read_dir(path) {
                    Ok(mut entries) => entries.next().is_some(),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                    Err(error) => return Err(input(path, &error)),
                };
                if occupied {
                    return Err(RunError::Input(format!(
                        "{} is not empty; name a new directory with --out, or empty this one",
                        path.display()
                    )));
                }
                fs::create_dir_all(path).map_err(|error| input(path, &error))?;
                path.to_owned()
            }
            None => next_free(Path::new("runs"), &format!("{}-{}", tame(rule), tame(data)))?,
        };
        Ok(RunDir { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a whole file: to a temporary name first, so that a reader never sees half.
    ///
    /// # Errors
    /// If it cannot be written; nothing of it is left then.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        let path = self.path.join(name);
        let draft = self.path.join(format!(".{name}.part"));
        let written = File::create(&draft).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        });
        written.map_err(|error| {
            // The draft is worthless; if it cannot be removed either, so be it.
            let _ = fs::remove_file(&draft);
            failed(&path, &error)
        })
    }
}

/// A name as part of a path: what is neither letter nor digit of any script, nor one of
/// `-_.`, becomes `_`, and it stays far below the 255 bytes a name may have.
fn tame(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let name: String = name
        .trim_start_matches('.')
        .chars()
        .take(48)
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    if name.is_empty() {
        "_".to_owned()
    } else {
        name
    }
}

fn next_free(parent: &Path, name: &str) -> Result<PathBuf, RunError> {
    fs::create_dir_all(parent).map_err(|error| input(parent, &error))?;
    for n in 1_u32.. {
        let path = parent.join(format!("{name}-{n}"));
        // Creating it, not looking for it, decides between two runs that start at once.
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(input(&path, &error)),
        }
    }
    Err(RunError::Failed(format!(
        "{} holds 2³² runs of {name}",
        parent.display()
    )))
}

fn input(path: &Path, error: &io::Error) -> RunError {
    RunError::Input(format!(
        "{}: {error}; name a writable directory with --out",
        path.display()
    ))
}

fn failed(path: &Path, error: &io::Error) -> RunError {
    RunError::Failed(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_rule_becomes_one_harmless_part_of_a_path() {
        assert_eq!(tame("bp-exact"), "bp-exact");
        assert_eq!(tame("../a/b c"), "_a_b_c");
        assert_eq!(tame("Регель \u{3b8}\n"), "Регель_θ_");
        assert_eq!(tame(".."), "_");
        assert!(tame(&"語".repeat(400)).len() < 200);
    }
}
