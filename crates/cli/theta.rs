//! A rule's coefficients as they are given on the command line.

use meta::Learner;
use model::Parameter;

use crate::failure::Failure;

/// One finite number for each term: those that were given, or about what training finds.
pub(crate) fn coefficients(
    given: Option<Vec<f64>>,
    learner: &Learner,
) -> Result<Vec<f64>, Failure> {
    let rule = &learner.rule;
    let theta = given.unwrap_or_else(|| rule.example(learner.feedback));
    let parameters = learner.parameters();
    if theta.len() != parameters.len() {
        let names: Vec<String> = parameters.iter().map(Parameter::shown).collect();
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
