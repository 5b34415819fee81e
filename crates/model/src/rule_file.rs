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

use crate::language::{Expr, Name, is_constant_name};
use crate::{Constant, Feedback, PAPER_TERMS, Rule, RuleError, Term};

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
    let rule = Rule::from_parts(&name, feedback, parts)?;
    let mut terms = rule.terms.iter().chain(&rule.back);
    let unused = |constant: &&Constant| !terms.any(|term| term.names_constant(&constant.name));
    let mut unused = unused;
    match rule.constants.iter().find(|constant| unused(constant)) {
        Some(constant) => Err(format!("constant '{}' is used by no term", constant.name)),
        None => Ok(rule),
    }
}

/// The lists of a rule's terms, each entry a text, or the name of a term.
#[derive(Clone, Debug)]
pub enum Lists {
    /// One for all layers.
    All(Vec<String>),
    /// One a layer.
    ByLayer(Vec<Vec<String>>),
}

/// What a rule is put together from, see [`Rule::from_parts`].
#[derive(Clone, Debug)]
pub struct Parts {
    /// The terms of W.
    pub lists: Lists,
    /// Terms with names of their own.
    pub own: Vec<Term>,
    /// The terms of B.
    pub back: Vec<String>,
    /// The constants of the texts.
    pub constants: Vec<Constant>,
    /// Shares of the groups of units.
    pub populations: Vec<f64>,
}

impl Rule {
    /// A rule of texts.
    ///
    /// # Errors
    /// What is wrong with a text or a list, and where.
    pub fn from_parts(name: &str, feedback: Feedback, parts: Parts) -> Result<Rule, String> {
        for constant in &parts.constants {
            is_constant_name(&constant.name)
                .map_err(|why| format!("constant '{}' {why}", constant.name))?;
        }
        let mut known: Vec<Term> = (0..PAPER_TERMS.len()).map(Term::paper).collect();
        known.extend(parts.own);
        let names: Vec<&str> = parts.constants.iter().map(|c| c.name.as_str()).collect();
        let (lists, by_layer) = match parts.lists {
            Lists::All(list) => (vec![list], false),
            Lists::ByLayer(lists) => (lists, true),
        };
        let mut terms = Vec::new();
        let mut indices = Vec::new();
        for list in &lists {
            indices.push(listed(list, &mut terms, (&known, &names))?);
        }
        if terms.is_empty() {
            return Err("lists no terms, so nothing would be learned".to_owned());
        }
        let mut back = Vec::new();
        listed(&parts.back, &mut back, (&known, &names))
            .map_err(|error| format!("back: {error}"))?;
        let rule = Rule {
            name: name.to_owned(),
            feedback,
            terms,
            layers: by_layer.then_some(indices),
            back,
            constants: parts.constants,
            populations: parts.populations,
        };
        rule.check_populations()?;
        Ok(rule)
    }
}

/// The terms of a list, each a name or a text, as indices into `terms`, which grows.
fn listed(
    list: &[String],
    terms: &mut Vec<Term>,
    (known, constants): (&[Term], &[&str]),
) -> Result<Vec<usize>, String> {
    let mut layer = Vec::new();
    for (place, wanted) in list.iter().enumerate() {
        let term = match known.iter().find(|t| t.name == *wanted) {
            Some(term) => term.clone(),
            None if is_name(wanted) => {
                let names: Vec<_> = known.iter().map(|t| t.name.as_str()).collect();
                return Err(format!(
                    "term '{wanted}' is not one of {}; nor is it a text, as in \"-e ⊗ y-\"",
                    names.join(", ")
                ));
            }
            None => text_term(wanted, place, terms, constants)?,
        };
        let same = |t: &Term| t.name == term.name || t.normal() == term.normal();
        let index = terms.iter().position(same).unwrap_or_else(|| {
            terms.push(term);
            terms.len() - 1
        });
        if layer.contains(&index) {
            return Err(format!("term '{wanted}' is listed twice"));
        }
        layer.push(index);
    }
    Ok(layer)
}

/// Whether an entry of a list is meant as a name. `W` alone is a text.
fn is_name(wanted: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    wanted.chars().all(plain) && wanted.len() > 1
}

/// A term of a text, named by its place, from 1, unless it is one of the paper's.
fn text_term(text: &str, place: usize, taken: &[Term], constants: &[&str]) -> Result<Term, String> {
    let free = |name: &String| taken.iter().all(|term| term.name != *name);
    let name = (place + 1..).map(|n| format!("T{n}")).find(free);
    let name = name.expect("there is always another number");
    Term::from_text(&name, text, constants).map_err(|error| error.to_string())
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

impl Rule {
    /// That the populations are shares, and the terms can tell them apart.
    ///
    /// # Errors
    /// What is wrong.
    fn check_populations(&self) -> Result<(), String> {
        let shares = &self.populations;
        if shares.is_empty() {
            return Ok(());
        }
        let sum: f64 = shares.iter().sum();
        let fit = shares.iter().all(|share| *share > 0.0) && (sum - 1.0).abs() <= 1e-6;
        if !fit || shares.len() > 8 {
            return Err(format!(
                "populations {shares:?} are no shares: up to 8 numbers above 0 that add up to 1, as in [0.8, 0.2]"
            ));
        }
        let mut terms = self.terms.iter().chain(&self.back);
        if shares.len() > 1
            && let Some(term) = terms.find(|term| term.sees(Name::Weight))
        {
            return Err(format!(
                "term '{term}' has W itself, which cannot shrink by groups; leave it out, or have one population"
            ));
        }
        Ok(())
    }
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
