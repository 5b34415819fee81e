//! Rules and what they say.

use metaplast::model::{RULES, Rule, Term};
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::ask::{RuleGiven, input};

/// The names of the built-in rules.
#[pyfunction]
pub(crate) fn known_rules() -> Vec<&'static str> {
    RULES.iter().map(|(name, ..)| *name).collect()
}

/// A rule as JSON.
#[pyfunction]
pub(crate) fn rule(given: RuleGiven) -> PyResult<String> {
    let rule = match given {
        RuleGiven::Named(name) => Rule::load(&name),
        RuleGiven::Text(name, text) => Rule::of_text(&name, &text),
    };
    let rule = rule.map_err(|error| input(error.to_string()))?;
    Ok(describe(&rule).to_string())
}

fn describe(rule: &Rule) -> Value {
    let terms = |terms: &[Term], matrix| -> Vec<Value> {
        let term = |term: &Term| {
            json!({
                "name": term.name,
                "text": term.to_string(),
                "needs": term.needs().to_string(),
                "latex": term.expression().to_latex(matrix),
                "mathml": term.expression().to_mathml(matrix),
            })
        };
        terms.iter().map(term).collect()
    };
    let constants = rule.constants.iter();
    let constants: serde_json::Map<String, Value> = constants
        .map(|constant| (constant.name.clone(), constant.start.into()))
        .collect();
    json!({
        "name": rule.name,
        "feedback": rule.feedback.name(),
        "terms": terms(&rule.terms, 'W'),
        "back": terms(&rule.back, 'B'),
        "layers": rule.layers,
        "constants": constants,
        "populations": rule.populations,
        "latex": rule.to_latex(),
    })
}
