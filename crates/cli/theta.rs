//! A rule's coefficients as they are given on the command line.

use model::Rule;

use crate::failure::Failure;

/// One finite number for each term: those that were given, or about what training finds.
pub(crate) fn coefficients(given: Option<Vec<f64>>, rule: &Rule) -> Result<Vec<f64>, Failure> {
    let theta = given.unwrap_or_else(|| rule.example_theta());
    if theta.len() != rule.terms.len() {
        let names: Vec<&str> = rule.terms.iter().map(|term| term.name.as_str()).collect();
        return Err(Failure::Input(format!(
            "--theta: {} numbers, but rule '{}' has the terms {}; give one for each",
            theta.len(),
            rule.name,
            names.join(", ")
        )));
    }
    match theta.iter().find(|x| !x.is_finite()) {
        Some(wrong) => Err(Failure::Input(format!(
            "--theta: {wrong} is not a finite number"
        ))),
        None => Ok(theta),
    }
}
