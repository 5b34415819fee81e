use std::sync::Arc;

use datasets::Dataset;
use meta::{Settings, SettingsError};
use model::{Constant, Feedback, Lists, PAPER_TERMS, Parameter, ParameterKind, Parts, Rule, Term};
use serde::{Deserialize, Serialize};

use crate::Images;

/// What a user has set up: the keys of a configuration, and beside them the images, the
/// hidden layers and a rule as text.
#[derive(Clone, Debug, Deserialize)]
pub struct Setup {
    /// What is learned from.
    pub images: Images,
    /// n_1..n_{L−1}; the ends of the network follow from the images.
    pub hidden: Vec<usize>,
    /// The terms of W, each a text or the name of one of the paper's.
    pub terms: Vec<String>,
    /// The terms of B.
    #[serde(default)]
    pub back: Vec<String>,
    /// Names of learned constants, with what they start from.
    #[serde(default)]
    pub constants: Vec<(String, f64)>,
    /// All else; its sizes are not looked at.
    #[serde(flatten)]
    pub settings: Settings,
}

/// What is wrong with a request, and with which part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// The part: "terms", "back", "constants", "network", "task" or "images".
    pub at: &'static str,
    /// Which of the part's lines, from 0.
    pub line: Option<usize>,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// Units of a layer, and synapses of a network, that a page can take.
const MOST_UNITS: usize = 1000;
const MOST_SYNAPSES: usize = 500_000;
/// Images of a task that a page can take.
const MOST_IMAGES: usize = 2000;

impl Trouble {
    pub(crate) fn new(at: &'static str, message: impl Into<String>) -> Trouble {
        Trouble {
            at,
            line: None,
            message: message.into(),
        }
    }
}

impl From<SettingsError> for Trouble {
    fn from(error: SettingsError) -> Trouble {
        let at = match error {
            SettingsError::Images { .. } | SettingsError::Ways { .. } => "task",
            SettingsError::Rule(_) => "back",
            _ => "network",
        };
        Trouble::new(at, error.to_string())
    }
}

impl Setup {
    /// Images of a character that tasks need.
    pub fn per_class(&self) -> usize {
        self.settings.tasks.shots + self.settings.tasks.queries
    }

    /// The settings of the program for learning from `data`.
    ///
    /// # Errors
    /// What does not fit.
    pub fn settings(&self, data: &Dataset) -> Result<Settings, Trouble> {
        let mut settings = self.settings.clone();
        let tasks = &settings.tasks;
        if tasks.ways == 0 || tasks.shots == 0 || tasks.queries == 0 {
            let message = "a task needs at least one class, and one image of each to learn from and one to be asked about";
            return Err(Trouble::new("task", message));
        }
        if tasks.ways * self.per_class() > MOST_IMAGES {
            let message = format!("a page can take {MOST_IMAGES} images; ask for fewer");
            return Err(Trouble::new("task", message));
        }
        if self.hidden.is_empty() || self.hidden.iter().any(|n| !(1..=MOST_UNITS).contains(n)) {
            let message =
                format!("needs one hidden layer or more, each of 1 to {MOST_UNITS} units");
            return Err(Trouble::new("network", message));
        }
        let ends = (data.pixels(), (data.largest_label() + 1).max(10));
        let sizes = std::iter::once(ends.0).chain(self.hidden.iter().copied());
        let network = &mut settings.learner.network;
        network.sizes = sizes.chain([ends.1]).collect();
        if network.weights() > MOST_SYNAPSES {
            let message = format!(
                "{} synapses are more than a page can take ({MOST_SYNAPSES}); use smaller layers",
                network.weights()
            );
            return Err(Trouble::new("network", message));
        }
        settings.learner.rule = self.rule(settings.learner.feedback)?;
        settings.check(data)?;
        Ok(settings)
    }

    /// The rule of the texts.
    fn rule(&self, feedback: Feedback) -> Result<Rule, Trouble> {
        let parts = |terms: &[String], back: &[String]| Parts {
            lists: Lists::All(terms.to_vec()),
            own: Vec::new(),
            back: back.to_vec(),
            constants: self.constants().collect(),
            populations: Vec::new(),
        };
        let rule = |terms: &[String], back: &[String]| {
            let rule = Rule::from_parts("playground", feedback, parts(terms, back));
            rule.map_err(|error| error.to_string())
        };
        let usable = ["F0".to_owned()];
        rule(&usable, &[]).map_err(|message| Trouble::new("constants", message))?;
        for (at, lines) in [("terms", &self.terms), ("back", &self.back)] {
            // Line by line, to tell which one is wrong.
            for (line, text) in lines.iter().enumerate() {
                rule(std::slice::from_ref(text), &[]).map_err(|message| Trouble {
                    at,
                    line: Some(line),
                    message,
                })?;
            }
        }
        rule(&usable, &self.back).map_err(|message| Trouble::new("back", message))?;
        rule(&self.terms, &self.back).map_err(|message| Trouble::new("terms", message))
    }

    fn constants(&self) -> impl Iterator<Item = Constant> {
        let finite = |start: f64| if start.is_finite() { start } else { 0.0 };
        self.constants.iter().map(move |(name, start)| Constant {
            name: name.clone(),
            start: finite(*start),
        })
    }
}

/// A meta-learned number, as the page shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    /// "theta", "phi", "gain" or "constant".
    kind: &'static str,
    name: String,
    /// Its term as text and as MathML.
    text: Option<String>,
    mathml: Option<String>,
    /// What a synapse has to know for it.
    needs: Option<String>,
    /// The number of its term's equation in the paper.
    equation: Option<usize>,
    start: f64,
    /// A number of about the size that meta-learning finds.
    example: f64,
}

/// All that is meta-learned.
pub(crate) fn shown(settings: &Settings) -> Vec<Shown> {
    let learner = &settings.learner;
    let rule = &learner.rule;
    let starts = settings.start();
    let examples = rule.example(learner.feedback);
    let terms: Vec<(&Term, char)> = (rule.terms.iter().map(|term| (term, 'W')))
        .chain(rule.back.iter().map(|term| (term, 'B')))
        .collect();
    let of = |(i, parameter): (usize, Parameter)| {
        let term = terms.get(i);
        let paper = |term: &Term| PAPER_TERMS.iter().position(|(name, ..)| *name == term.name);
        Shown {
            kind: match parameter.kind {
                ParameterKind::Theta => "theta",
                ParameterKind::Phi => "phi",
                ParameterKind::Gain => "gain",
                ParameterKind::Constant => "constant",
            },
            name: parameter.name,
            text: term.map(|(term, _)| term.to_string()),
            mathml: term.map(|(term, matrix)| term.expression().to_mathml(*matrix)),
            needs: term.map(|(term, _)| term.needs().to_string()),
            equation: term.and_then(|(term, _)| paper(term)).map(|r| 14 + r),
            start: starts[i],
            example: examples[i],
        }
    };
    learner
        .parameters()
        .into_iter()
        .enumerate()
        .map(of)
        .collect()
}

/// Settings that fit their data.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) settings: Settings,
    pub(crate) data: Arc<Dataset>,
}
