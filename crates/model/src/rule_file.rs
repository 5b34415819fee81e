//! Rules in TOML files.
//!
//! ```toml
//! name = "squared"
//! feedback = "fixed"            # fixed, direct, symmetric or symmetric-exact
//! terms = ["F0", "F2", "G"]     # the paper's F0..F9, and terms defined below
//! # layers = [["F0"], ["F0", "G"], …]   instead of `terms`: one list a layer
//!
//! [[term]]                      # F = Σ coefficient · scalars · post ⊗ pre
//! name = "G"
//! formula = "−e ⊗ (y⁻)²"        # for people; optional
//! products = [{ coefficient = -1, post = ["e"], pre = ["y-", "y-"] }]
//! ```

use std::path::Path;

use serde::Deserialize;

use crate::{Feedback, PAPER_TERMS, Post, Pre, Product, Rule, RuleError, Scalar, Term};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Option<String>,
    feedback: Option<String>,
    terms: Option<Vec<String>>,
    layers: Option<Vec<Vec<String>>>,
    #[serde(default, rename = "term")]
    own: Vec<OwnTerm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnTerm {
    name: String,
    formula: Option<String>,
    #[serde(default)]
    products: Vec<OwnProduct>,
    #[serde(default)]
    decay: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnProduct {
    #[serde(default = "one")]
    coefficient: f64,
    #[serde(default)]
    scalars: Vec<Scalar>,
    #[serde(default)]
    post: Vec<Post>,
    #[serde(default)]
    pre: Vec<Pre>,
}

fn one() -> f64 {
    1.0
}

/// A rule file is a few lines; anything near this is something else.
const LARGEST: u64 = 1 << 20;

pub(crate) fn read(path: &Path) -> Result<Rule, RuleError> {
    let shown = path.display().to_string();
    let unreadable = |source| RuleError::Unreadable {
        path: shown.clone(),
        source,
    };
    let invalid = |reason| RuleError::Invalid {
        path: shown.clone(),
        reason,
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST {
        return Err(invalid("larger than 1 MiB, so no rule file".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let stem = path
        .file_stem()
        .map_or_else(String::new, |s| s.to_string_lossy().into_owned());
    parse(&text, &stem).map_err(invalid)
}

/// The rule a text describes; `name` is used if it names none.
fn parse(text: &str, name: &str) -> Result<Rule, String> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error
            .span()
            .map(|span| text[..span.start].matches('\n').count() + 1);
        let line = line.map_or(String::new(), |line| format!("line {line}: "));
        format!("{line}{}", error.message().replace('\n', " "))
    })?;
    let feedback = file.feedback.as_deref().unwrap_or("fixed");
    let feedback = Feedback::from_name(feedback).ok_or_else(|| {
        let known = Feedback::ALL.map(Feedback::name).join(", ");
        format!("feedback '{feedback}' is not one of {known}")
    })?;
    let mut known: Vec<Term> = (0..PAPER_TERMS.len()).map(Term::paper).collect();
    for own in file.own {
        known.push(own_term(own, &known)?);
    }
    let lists = match (&file.terms, &file.layers) {
        (Some(terms), None) => std::slice::from_ref(terms),
        (None, Some(layers)) => layers,
        _ => return Err("needs either `terms` or `layers`, a list of terms".to_owned()),
    };
    let mut terms: Vec<Term> = Vec::new();
    let mut indices = Vec::new();
    for list in lists {
        let mut layer = Vec::new();
        for wanted in list {
            let term = known.iter().find(|t| t.name == *wanted).ok_or_else(|| {
                let names: Vec<_> = known.iter().map(|t| t.name.as_str()).collect();
                format!("term '{wanted}' is not one of {}", names.join(", "))
            })?;
            let index = terms
                .iter()
                .position(|t| t.name == *wanted)
                .unwrap_or_else(|| {
                    terms.push(term.clone());
                    terms.len() - 1
                });
            if layer.contains(&index) {
                return Err(format!("term '{wanted}' is listed twice"));
            }
            layer.push(index);
        }
        indices.push(layer);
    }
    if terms.is_empty() {
        return Err("lists no terms, so nothing would be learned".to_owned());
    }
    let name = file.name.unwrap_or_else(|| name.to_owned());
    Ok(Rule {
        name,
        feedback,
        terms,
        layers: file.layers.is_some().then_some(indices),
    })
}

fn own_term(own: OwnTerm, known: &[Term]) -> Result<Term, String> {
    let name = own.name;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(format!(
            "term name '{name}' needs letters, digits and _ only"
        ));
    }
    if known.iter().any(|t| t.name == name) {
        return Err(format!("term '{name}' is defined twice"));
    }
    if own.products.is_empty() && own.decay == 0.0 {
        return Err(format!("term '{name}' needs `products` or `decay`"));
    }
    let numbers = own
        .products
        .iter()
        .map(|p| p.coefficient)
        .chain([own.decay]);
    if !numbers.into_iter().all(f64::is_finite) {
        return Err(format!(
            "term '{name}' has a coefficient that is not a finite number"
        ));
    }
    let products = own
        .products
        .into_iter()
        .map(|p| Product {
            coefficient: p.coefficient,
            scalars: p.scalars,
            post: p.post,
            pre: p.pre,
        })
        .collect();
    Ok(Term {
        formula: own.formula.unwrap_or_default(),
        name,
        products,
        decay: own.decay,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_file_may_mix_the_papers_terms_with_its_own() {
        let text = r#"
            feedback = "direct"
            terms = ["F0", "G"]
            [[term]]
            name = "G"
            products = [{ coefficient = -1, scalars = ["z.e"], post = ["e"], pre = ["y-", "y-"] }]
        "#;
        let rule = parse(text, "squared").unwrap();
        assert_eq!(
            (rule.name.as_str(), rule.feedback),
            ("squared", Feedback::Direct)
        );
        assert_eq!(rule.terms[0], Term::paper(0));
        assert_eq!(
            rule.terms[1].products[0].pre,
            [Pre::Activity, Pre::Activity]
        );
        assert_eq!(rule.terms[1].products[0].scalars, [Scalar::InputDotError]);
    }

    #[test]
    fn layers_may_have_different_terms_that_share_their_coefficients() {
        let rule = parse("layers = [['F0'], ['F2', 'F0']]", "x").unwrap();
        assert_eq!(rule.terms.len(), 2);
        assert_eq!((rule.on_layer(0), rule.on_layer(1)), (vec![0], vec![1, 0]));
    }

    #[test]
    fn what_is_wrong_with_a_rule_file_is_named() {
        for (text, want) in [
            ("terms = ['F10']", "term 'F10' is not one of F0, F1"),
            ("terms = []", "lists no terms"),
            ("terms = ['F0', 'F0']", "listed twice"),
            (
                "feedback = 'none'\nterms = ['F0']",
                "feedback 'none' is not one of fixed",
            ),
            ("name = 'x'", "needs either `terms` or `layers`"),
            ("terms = ['F0']\nspeed = 3", "line 2: unknown field `speed`"),
            (
                "terms = ['G']\n[[term]]\nname = 'G'",
                "needs `products` or `decay`",
            ),
            (
                "terms = ['F0']\n[[term]]\nname = 'F0'\ndecay = 1",
                "defined twice",
            ),
            (
                "terms = ['G']\n[[term]]\nname = 'G'\ndecay = nan",
                "not a finite number",
            ),
        ] {
            let message = parse(text, "x").unwrap_err();
            assert!(message.contains(want), "{text}: {message}");
        }
    }
}
