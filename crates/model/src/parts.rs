//! Rules put together from texts.

use crate::language::{Name, is_constant_name};
use crate::{Constant, Feedback, PAPER_TERMS, Rule, Term, TermError};

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

/// Why parts do not make a rule.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PartsError {
    /// A constant cannot be called so.
    #[error("constant '{name}' {reason}")]
    Constant {
        /// Its name.
        name: String,
        /// Why not.
        reason: String,
    },
    /// A list names a term that there is not.
    #[error("term '{name}' is not one of {known}; nor is it a text, as in \"-e ⊗ y-\"")]
    Unknown {
        /// The name.
        name: String,
        /// Those there are.
        known: String,
    },
    /// A text is none of a term.
    #[error(transparent)]
    Text(#[from] TermError),
    /// A list has a term twice, by the same name or the same meaning.
    #[error("term '{0}' is listed twice")]
    Twice(String),
    /// There are no terms.
    #[error("lists no terms, so nothing would be learned")]
    Empty,
    /// A term of B is at fault.
    #[error("back: {0}")]
    Back(Box<PartsError>),
    /// The populations do not share out all units.
    #[error(
        "populations {0:?} are no shares: up to 8 numbers above 0 that add up to 1, as in [0.8, 0.2]"
    )]
    Shares(Vec<f64>),
    /// A term has W as a whole, and there are several populations.
    #[error(
        "term '{0}' has W itself, which cannot shrink by groups; leave it out, or have one population"
    )]
    WholeWeights(String),
}

impl Rule {
    /// A rule of texts.
    ///
    /// # Errors
    /// What is wrong with a text or a list, and where.
    pub fn from_parts(name: &str, feedback: Feedback, parts: Parts) -> Result<Rule, PartsError> {
        for Constant { name, .. } in &parts.constants {
            is_constant_name(name).map_err(|reason| PartsError::Constant {
                name: name.clone(),
                reason,
            })?;
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
            return Err(PartsError::Empty);
        }
        let mut back = Vec::new();
        listed(&parts.back, &mut back, (&known, &names))
            .map_err(|error| PartsError::Back(Box::new(error)))?;
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
) -> Result<Vec<usize>, PartsError> {
    let mut layer = Vec::new();
    for (place, wanted) in list.iter().enumerate() {
        let term = match known.iter().find(|t| t.name == *wanted) {
            Some(term) => term.clone(),
            None if is_name(wanted) => {
                let names: Vec<_> = known.iter().map(|t| t.name.as_str()).collect();
                return Err(PartsError::Unknown {
                    name: wanted.clone(),
                    known: names.join(", "),
                });
            }
            None => text_term(wanted, place, terms, constants)?,
        };
        let same = |t: &Term| t.name == term.name || t.normal() == term.normal();
        let index = terms.iter().position(same).unwrap_or_else(|| {
            terms.push(term);
            terms.len() - 1
        });
        if layer.contains(&index) {
            return Err(PartsError::Twice(wanted.clone()));
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
fn text_term(
    text: &str,
    place: usize,
    taken: &[Term],
    constants: &[&str],
) -> Result<Term, TermError> {
    let free = |name: &String| taken.iter().all(|term| term.name != *name);
    let name = (place + 1..).map(|n| format!("T{n}")).find(free);
    let name = name.expect("there is always another number");
    Term::from_text(&name, text, constants)
}

impl Rule {
    /// That the populations are shares, and the terms can tell them apart.
    fn check_populations(&self) -> Result<(), PartsError> {
        let shares = &self.populations;
        if shares.is_empty() {
            return Ok(());
        }
        let sum: f64 = shares.iter().sum();
        let fit = shares.iter().all(|share| *share > 0.0) && (sum - 1.0).abs() <= 1e-6;
        if !fit || shares.len() > 8 {
            return Err(PartsError::Shares(shares.clone()));
        }
        let mut terms = self.terms.iter().chain(&self.back);
        if shares.len() > 1
            && let Some(term) = terms.find(|term| term.sees(Name::Weight))
        {
            return Err(PartsError::WholeWeights(term.to_string()));
        }
        Ok(())
    }
}
