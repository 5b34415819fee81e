//! Rules in TOML files.
//!
//! ```toml
//! name = "squared"
//! feedback = "fixed"            # fixed, direct, symmetric, symmetric-exact, mixed, sign
//! terms = ["F0", "-e ⊗ (e- - b)", "G"]   # the paper's F0..F9, texts, names from below
//! # layers = [["F0"], ["F0", "G"], …]   instead of `terms`: one list a layer
//! back = ["F0", "-W"]           # terms of the feedback matrices B; none: B stays
//! populations = [0.8, 0.2]      # groups of units with coefficients of their own
//!
//! [constants]                   # names of the texts, and where they start
//! b = 0.0
//!
//! [[term]]                      # a term with a name
//! name = "G"
//! formula = "−e ⊗ (y⁻)²"        # for people; optional
//! text = "-e ⊗ (y-)^2"          # or, the same as a table:
//! # products = [{ coefficient = -1, post = ["e"], pre = ["y-", "y-"] }]
//! ```

use std::path::Path;

use serde::Deserialize;

use crate::language::{Expr, Name};
use crate::{Constant, Feedback, Lists, PAPER_TERMS, Parts, Rule, RuleError, Term};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Option<String>,
    feedback: Option<String>,
    terms: Option<Vec<String>>,
    layers: Option<Vec<Vec<String>>>,
    #[serde(default)]
    back: Vec<String>,
    #[serde(default)]
    populations: Vec<f64>,
    #[serde(default)]
    constants: toml::Table,
    #[serde(default, rename = "term")]
    own: Vec<OwnTerm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnTerm {
    name: String,
    formula: Option<String>,
    text: Option<String>,
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

/// A factor of a table.
#[derive(Clone, Copy, Deserialize)]
enum Scalar {
    #[serde(rename = "sum(y)")]
    SumPost,
    #[serde(rename = "v.e-")]
    BackActivityDotPreError,
    #[serde(rename = "z.e")]
    InputDotError,
}

/// A factor of a table.
#[derive(Clone, Copy, Deserialize)]
enum Post {
    #[serde(rename = "e")]
    Error,
    #[serde(rename = "y")]
    Activity,
}

/// A factor of a table.
#[derive(Clone, Copy, Deserialize)]
enum Pre {
    #[serde(rename = "y-")]
    Activity,
    #[serde(rename = "e-")]
    Error,
    #[serde(rename = "v")]
    BackActivity,
}

impl OwnProduct {
    /// As the tree that a text would give.
    fn expression(&self) -> Expr {
        let name = |name| Expr::Name(name);
        let times = |a: Expr, b: Expr| Expr::Multiply(Box::new(a), Box::new(b));
        let dot = |a, b| Expr::Sum(Box::new(times(name(a), name(b))));
        let scalars = self.scalars.iter().map(|scalar| match scalar {
            Scalar::SumPost => Expr::Sum(Box::new(name(Name::Activity))),
            Scalar::BackActivityDotPreError => dot(Name::BackActivity, Name::PreError),
            Scalar::InputDotError => dot(Name::Input, Name::Error),
        });
        let posts = self.post.iter().map(|post| match post {
            Post::Error => name(Name::Error),
            Post::Activity => name(Name::Activity),
        });
        let pres = self.pre.iter().map(|pre| match pre {
            Pre::Activity => name(Name::PreActivity),
            Pre::Error => name(Name::PreError),
            Pre::BackActivity => name(Name::BackActivity),
        });
        let size = self.coefficient.abs();
        let number = (size != 1.0).then_some(Expr::Number(size));
        let left = number.into_iter().chain(scalars).chain(posts).reduce(times);
        let right = pres.reduce(times);
        let [left, right] = [left, right].map(|side| Box::new(side.unwrap_or(Expr::Number(1.0))));
        signed(self.coefficient, Expr::Outer(left, right))
    }
}

fn signed(coefficient: f64, expression: Expr) -> Expr {
    if coefficient < 0.0 {
        Expr::Negative(Box::new(expression))
    } else {
        expression
    }
}

/// A rule file is a few lines; anything near this is something else.
const LARGEST: u64 = 1 << 20;

pub(crate) fn read(path: &Path) -> Result<Rule, RuleError> {
    let shown = path.display().to_string();
    let unreadable = |source| RuleError::Unreadable {
        path: shown.clone(),
        source,
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST {
        return Err(invalid(
            path,
            "larger than 1 MiB, so no rule file".to_owned(),
        ));
    }
    of_text(path, &std::fs::read_to_string(path).map_err(unreadable)?)
}

fn invalid(path: &Path, reason: String) -> RuleError {
    RuleError::Invalid {
        path: path.display().to_string(),
        reason,
    }
}

/// The rule that the text of the file at `path` describes.
pub(crate) fn of_text(path: &Path, text: &str) -> Result<Rule, RuleError> {
    let stem = path
        .file_stem()
        .map_or_else(String::new, |s| s.to_string_lossy().into_owned());
    parse(text, &stem).map_err(|reason| invalid(path, reason))
}

/// The rule a text describes; `name` is used if it names none.
pub(crate) fn parse(text: &str, name: &str) -> Result<Rule, String> {
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
    let constants = constants(&file.constants)?;
    let names: Vec<&str> = constants.iter().map(|c| c.name.as_str()).collect();
    let mut own = Vec::new();
    for term in file.own {
        own.push(own_term(term, &own, &names)?);
    }
    let name = file.name.unwrap_or_else(|| name.to_owned());
    let lists = match (file.terms, file.layers) {
        (Some(terms), None) => Lists::All(terms),
        (None, Some(layers)) => Lists::ByLayer(layers),
        _ => return Err("needs either `terms` or `layers`, a list of terms".to_owned()),
    };
    let parts = Parts {
        lists,
        own,
        back: file.back,
        constants,
        populations: file.populations,
    };
    let rule = Rule::from_parts(&name, feedback, parts).map_err(|error| error.to_string())?;
    let mut terms = rule.terms.iter().chain(&rule.back);
    let unused = |constant: &&Constant| !terms.any(|term| term.names_constant(&constant.name));
    let mut unused = unused;
    match rule.constants.iter().find(|constant| unused(constant)) {
        Some(constant) => Err(format!("constant '{}' is used by no term", constant.name)),
        None => Ok(rule),
    }
}

fn constants(table: &toml::Table) -> Result<Vec<Constant>, String> {
    table
        .iter()
        .map(|(name, start)| {
            let start = match start {
                toml::Value::Integer(start) => Some(*start as f64),
                toml::Value::Float(start) => Some(*start).filter(|start| start.is_finite()),
                _ => None,
            };
            let start = start
                .ok_or_else(|| format!("constant '{name}' needs a finite number to start from"))?;
            Ok(Constant {
                name: name.clone(),
                start,
            })
        })
        .collect()
}

fn own_term(own: OwnTerm, known: &[Term], constants: &[&str]) -> Result<Term, String> {
    let name = own.name;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(format!(
            "term name '{name}' needs letters, digits and _ only"
        ));
    }
    let taken = known.iter().map(|t| t.name.as_str());
    let mut taken = taken.chain(PAPER_TERMS.iter().map(|(known, ..)| *known));
    if taken.any(|known| known == name) {
        return Err(format!("term '{name}' is defined twice"));
    }
    let formula = own.formula.unwrap_or_default();
    let in_term = |error: crate::TermError| format!("term '{name}': {error}");
    let table = !own.products.is_empty() || own.decay != 0.0;
    if let Some(text) = own.text {
        if table {
            return Err(format!(
                "term '{name}' has both a text and a table; one of them is enough"
            ));
        }
        return Term::named(&name, &formula, &text, constants).map_err(in_term);
    }
    if !table {
        return Err(format!(
            "term '{name}' needs `text`, or `products` or `decay`"
        ));
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
    let decay = (own.decay != 0.0).then(|| {
        let size = own.decay.abs();
        let w = Expr::Name(Name::Weight);
        let w = match size {
            1.0 => w,
            _ => Expr::Multiply(Box::new(Expr::Number(size)), Box::new(w)),
        };
        signed(own.decay, w)
    });
    let products = own.products.iter().map(OwnProduct::expression);
    let sum = products
        .chain(decay)
        .reduce(|a, b| Expr::Add(Box::new(a), Box::new(b)));
    let expression = sum.expect("there is a product or decay");
    Term::of(&name, &formula, expression).map_err(in_term)
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
        let same = Term::named("G", "", "-sum(z * e) * e ⊗ y-^2", &[]).unwrap();
        assert_eq!(rule.terms[1].normal(), same.normal());
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
                "needs `text`, or `products` or `decay`",
            ),
            (
                "terms = ['F0']\n[[term]]\nname = 'F0'\ndecay = 1",
                "defined twice",
            ),
            ("terms = ['e ⊗ y']", "'e ⊗ y', column 5: a post-synaptic"),
            ("terms = ['F0', '-e ⊗ y-']", "listed twice"),
            (
                "terms = ['F0']\nback = ['W ⊗ e']",
                "back: 'W ⊗ e', column 1",
            ),
            ("terms = ['F0']\npopulations = [0.8, 0.3]", "are no shares"),
            (
                "terms = ['-W']\npopulations = [0.8, 0.2]",
                "cannot shrink by groups",
            ),
            ("terms = ['F0']\n[constants]\nb = 1", "used by no term"),
            (
                "terms = ['e ⊗ b']\n[constants]\nb = nan",
                "finite number to start from",
            ),
            ("terms = ['F0']\n[constants]\ny = 1", "means something else"),
            (
                "terms = ['G']\n[[term]]\nname = 'G'\ntext = 'W'\ndecay = 1",
                "both a text and a table",
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
