use std::collections::BTreeSet;
use std::path::Path;

use crate::{Feedback, Term};

/// A plasticity rule: terms, where they act, and the feedback pathway it was made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name, as in the paper's figures.
    pub name: String,
    /// The pathway that brings it errors, unless the user asks for another.
    pub feedback: Feedback,
    /// The terms, each with its own coefficient θ.
    pub terms: Vec<Term>,
    /// Which terms (indices into `terms`) act on which layer. `None`: all on all.
    pub layers: Option<Vec<Vec<usize>>>,
    /// Terms that act on the feedback matrices B, each with its own coefficient φ; none
    /// if B stays as it is drawn.
    pub back: Vec<Term>,
    /// The learned constants of the terms' texts.
    pub constants: Vec<Constant>,
    /// The shares of the groups into which the units of every layer are divided, one
    /// after the other; each pair of groups has coefficients of its own. Empty, or a
    /// single 1, if units are not told apart.
    pub populations: Vec<f64>,
}

/// A constant that is meta-learned beside θ, and not penalised.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Its name in the terms' texts.
    pub name: String,
    /// What it starts from.
    pub start: f64,
}

/// What is wrong with a rule a user asked for.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// Neither a built-in rule nor a file.
    #[error("unknown rule '{name}': it is neither a built-in rule ({known}) nor a file{hint}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The built-in names.
        known: String,
        /// "; did you mean '…'?", or nothing.
        hint: String,
    },
    /// The file cannot be read.
    #[error("rule file {path}: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file does not describe a rule.
    #[error("rule file {path}: {reason}")]
    Invalid {
        /// The file.
        path: String,
        /// What is wrong, and where.
        reason: String,
    },
}

/// The built-in rules: name, pathway, the paper's terms (PAPER, "Rules of the paper").
pub const RULES: [(&str, Feedback, &[usize]); 8] = [
    ("bp", Feedback::Symmetric, &[0]),
    ("bp-exact", Feedback::SymmetricExact, &[0]),
    ("fa", Feedback::Fixed, &[0]),
    ("dfa", Feedback::Direct, &[0]),
    ("ehebb", Feedback::Fixed, &[0, 2]),
    ("oja", Feedback::Fixed, &[0, 9]),
    ("bio", Feedback::Fixed, &[0, 2, 9]),
    ("pool", Feedback::Fixed, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
];

impl Rule {
    /// A rule of the paper's terms F^r for r in `terms`, the same on all layers.
    ///
    /// # Panics
    /// If a term is above 9.
    pub fn of_paper_terms(name: &str, feedback: Feedback, terms: &[usize]) -> Rule {
        Rule {
            name: name.to_owned(),
            feedback,
            terms: terms.iter().map(|r| Term::paper(*r)).collect(),
            layers: None,
            back: Vec::new(),
            constants: Vec::new(),
            populations: Vec::new(),
        }
    }

    /// A rule of the paper's terms with a list of terms for each layer.
    ///
    /// # Panics
    /// If a term is above 9.
    pub fn of_paper_terms_by_layer(name: &str, feedback: Feedback, layers: &[Vec<usize>]) -> Rule {
        let used: Vec<usize> = layers
            .iter()
            .flatten()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let local = |r: &usize| {
            used.iter()
                .position(|u| u == r)
                .expect("used holds every term")
        };
        Rule {
            layers: Some(
                layers
                    .iter()
                    .map(|layer| layer.iter().map(local).collect())
                    .collect(),
            ),
            ..Rule::of_paper_terms(name, feedback, &used)
        }
    }

    /// The built-in rule of a name.
    pub fn built_in(name: &str) -> Option<Rule> {
        let (name, feedback, terms) = RULES.iter().find(|(known, ..)| *known == name)?;
        Some(Rule::of_paper_terms(name, *feedback, terms))
    }

    /// The built-in rule of a name, or the rule in a file.
    ///
    /// # Errors
    /// If it is neither, or the file does not hold a rule.
    pub fn load(name_or_path: &str) -> Result<Rule, RuleError> {
        if let Some(rule) = Rule::built_in(name_or_path) {
            return Ok(rule);
        }
        let path = Path::new(name_or_path);
        if path.is_file() {
            return crate::rule_file::read(path);
        }
        let known: Vec<&str> = RULES.iter().map(|(name, ..)| *name).collect();
        Err(RuleError::Unknown {
            name: name_or_path.to_owned(),
            known: known.join(", "),
            hint: words::did_you_mean(name_or_path, known),
        })
    }

    /// The rule that the text of a rule file describes, the file being called `name`.
    ///
    /// # Errors
    /// If it describes none.
    pub fn of_text(name: &str, text: &str) -> Result<Rule, RuleError> {
        crate::rule_file::of_text(Path::new(name), text)
    }

    /// Numbers for [`Rule::parameters`] of about the size that meta-training finds: large
    /// enough for a network to learn by, small enough not to diverge. Terms that
    /// training is found to switch off (PAPER, claim C5), and terms of rule files, get a
    /// very small coefficient; gains and constants stay where they start.
    pub fn example(&self, feedback: Feedback) -> Vec<f64> {
        let of = |term: &Term| match term.name.as_str() {
            "F0" => 0.01,
            "F2" => -0.02,
            "F9" => 0.002,
            _ => 1e-7,
        };
        let mut example = self.start(feedback, 0.0);
        let coefficients = self.terms.iter().chain(&self.back).map(of);
        for (own, x) in example.chunks_exact_mut(self.pairs()).zip(coefficients) {
            own.fill(x);
        }
        example
    }

    /// The same terms, but with coefficients of its own for each of `layers` layers
    /// instead of shared ones: first those of layer 1, in the order of
    /// [`Rule::on_layer`], then those of layer 2, and so on.
    ///
    /// # Panics
    /// If the rule lists terms for fewer layers.
    pub fn untied(&self, layers: usize) -> Rule {
        let mut terms = Vec::new();
        let lists = (0..layers).map(|l| {
            let first = terms.len();
            terms.extend(self.on_layer(l).into_iter().map(|r| self.terms[r].clone()));
            (first..terms.len()).collect()
        });
        let lists = lists.collect();
        Rule {
            name: self.name.clone(),
            feedback: self.feedback,
            terms,
            layers: Some(lists),
            ..self.clone()
        }
    }

    /// The indices of the terms that act on layer l = 1..L, given as l − 1.
    pub fn on_layer(&self, layer: usize) -> Vec<usize> {
        match &self.layers {
            Some(layers) => layers[layer].clone(),
            None => (0..self.terms.len()).collect(),
        }
    }
}
