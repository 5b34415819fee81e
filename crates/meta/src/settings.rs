use datasets::Dataset;
use model::{Circuit, Feedback, Misfit, Network, Parameter, Rule};
use serde::{Deserialize, Serialize};

use crate::{Initial, Measure, OptimiserKind, Penalty, TaskStyle, Wants};

/// The number type of a run.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Precision {
    /// For runs.
    #[default]
    F32,
    /// For checks.
    F64,
}

/// How the meta-gradient is taken. The ways agree to rounding.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum GradientMode {
    /// One sweep back through the episode, whatever the number of coefficients.
    Reverse,
    /// One sweep forward through the episode for each coefficient.
    Forward,
    /// The reverse sweep: it was measured to be the faster one for any number of
    /// coefficients, so that the choice is left to the program.
    #[default]
    Auto,
}

/// All that determines a meta-training. The defaults are the paper's.
///
/// Read and written by serde it is one flat table with the keys of a configuration (`K`
/// for [`TaskSettings::shots`], and so on). Of a table without `activation` nothing can be
/// read; what else is missing keeps its default. The rule is not in the table: a
/// configuration names where it is to be found.
///
/// ```
/// use meta::Settings;
/// use model::Rule;
///
/// let settings = Settings::of(Rule::built_in("bp").unwrap());
/// assert_eq!(settings.tasks.shots, 50);
/// assert_eq!(serde_json::to_value(&settings).unwrap()["K"], 50);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// What learns.
    #[serde(flatten)]
    pub learner: Learner,
    /// What it learns.
    #[serde(flatten)]
    pub tasks: TaskSettings,
    /// How the rule is learned.
    #[serde(flatten)]
    pub outer: OuterSettings,
    /// How it is computed.
    #[serde(flatten)]
    pub numerics: Numerics,
    /// What is measured in every episode besides its scores; each measure once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<Measure>,
    /// From which every random number follows.
    pub seed: u64,
}

/// What learns: a network with a plasticity rule, and what brings it errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Learner {
    /// The network.
    #[serde(flatten)]
    pub network: Network,
    /// The feedback pathway, usually the rule's own.
    pub feedback: Feedback,
    /// What W starts from.
    #[serde(flatten)]
    pub initial: Initial,
    /// The plasticity rule.
    #[serde(skip)]
    pub rule: Rule,
}

/// What tasks are like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskSettings {
    /// M, classes of a task.
    #[serde(rename = "M")]
    pub ways: usize,
    /// K, training images a class.
    #[serde(rename = "K")]
    pub shots: usize,
    /// Q, query images a class.
    #[serde(rename = "Q")]
    pub queries: usize,
    /// How tasks are drawn.
    #[serde(rename = "tasks")]
    pub style: TaskStyle,
}

/// The outer loop, which learns the rule's coefficients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OuterSettings {
    /// Episodes of a trial.
    pub episodes: u64,
    /// Independent repetitions.
    pub trials: u64,
    /// η of the outer optimiser.
    pub eta: f64,
    /// What the meta-loss adds to keep coefficients small.
    #[serde(flatten)]
    pub penalty: Penalty,
    /// What learns the coefficients.
    pub optimiser: OptimiserKind,
    /// Tasks of a step, each with a network of its own: their losses and derivatives are
    /// averaged.
    pub batch: usize,
    /// Parameters that `es` and `cma` try on each task of a step.
    pub population: usize,
    /// How far `es` and `cma` look around, a standard deviation, and the first trust radius
    /// of `newton`; in units of the first coefficient.
    pub sigma: f64,
    /// The initial value of the first coefficient (θ_0, the pseudo-gradient's); all
    /// others start at 0.
    pub theta0: f64,
}

/// How the numbers are computed; none of it changes what they mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Numerics {
    /// The number type of the inner loop.
    pub precision: Precision,
    /// How the meta-gradient is taken.
    pub gradient: GradientMode,
}

impl Default for Learner {
    /// The paper's network with the rule "bio".
    fn default() -> Self {
        Learner::of(Rule::built_in("bio").expect("bio is built in"))
    }
}

impl Learner {
    /// The paper's network with a rule, and the feedback pathway that the rule is for.
    pub fn of(rule: Rule) -> Self {
        Learner {
            network: Network::default(),
            feedback: rule.feedback,
            initial: Initial::default(),
            rule,
        }
    }

    /// All that is meta-learned: θ, φ, gains and constants.
    pub fn parameters(&self) -> Vec<Parameter> {
        self.rule.parameters(self.feedback)
    }
}

impl Default for TaskSettings {
    fn default() -> Self {
        TaskSettings {
            ways: 5,
            shots: 50,
            queries: 10,
            style: TaskStyle::default(),
        }
    }
}

impl Default for OuterSettings {
    fn default() -> Self {
        OuterSettings {
            episodes: 600,
            trials: 20,
            eta: 1e-3,
            penalty: Penalty::default(),
            optimiser: OptimiserKind::default(),
            batch: 1,
            population: 8,
            sigma: 1e-3,
            theta0: 1e-3,
        }
    }
}

/// Where an episode stands in its trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The task, counted through the trial: the key of the episode's random streams.
    /// Episodes of one task have the same images and the same initial network.
    pub task: u64,
    /// What the outer optimiser wants of it.
    pub wants: Wants,
}

impl OuterSettings {
    /// How often a step evaluates each of its tasks.
    fn evaluations(&self) -> u64 {
        self.optimiser.evaluations(self.population)
    }

    /// Episodes of one step: all evaluations of all tasks of its batch. The last step of a
    /// trial has as many as are left.
    pub fn episodes_of_step(&self) -> u64 {
        self.evaluations() * self.batch as u64
    }

    /// Episodes that can run side by side in one trial: all that the optimiser asks for
    /// before it is told anything.
    pub(crate) fn at_once(&self) -> u64 {
        match self.optimiser {
            OptimiserKind::Newton => self.batch as u64,
            _ => self.episodes_of_step(),
        }
    }

    /// The kinds of episodes in a step that differ in what is wanted of them: the first of
    /// each, and how many there are.
    pub(crate) fn kinds(&self) -> Vec<(u64, u64)> {
        let batch = self.batch as u64;
        match self.optimiser {
            OptimiserKind::Newton => vec![(0, batch), (batch, batch)],
            _ => vec![(0, self.episodes_of_step())],
        }
    }

    /// Where an episode stands. A step's episodes lie one after the other, evaluation by
    /// evaluation, each with the tasks of the batch in their order.
    pub fn place(&self, episode: u64) -> Place {
        let batch = self.batch as u64;
        let (step, within) = (
            episode / self.episodes_of_step(),
            episode % self.episodes_of_step(),
        );
        Place {
            task: step * batch + within % batch,
            wants: self.optimiser.wants(within / batch),
        }
    }
}

/// Settings that do not fit the data or one another.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// The input layer does not take the data set's images.
    #[error(
        "sizes: the first layer has {inputs} units, but '{data}' has images of {pixels} pixels; start sizes with {pixels}"
    )]
    Inputs {
        /// n_0.
        inputs: usize,
        /// The data set.
        data: String,
        /// Pixels of its images.
        pixels: usize,
    },
    /// A label has no output unit.
    #[error("sizes: the last layer has {outputs} units, but '{data}' has labels up to {largest}; end sizes with at least {}", largest + 1)]
    Outputs {
        /// n_L.
        outputs: usize,
        /// The data set.
        data: String,
        /// Its largest label.
        largest: usize,
    },
    /// A class has too few images.
    #[error(
        "K + Q: {shots} + {queries} images a class are asked for, but class {class} of '{data}' has {available}; lower K or Q"
    )]
    Images {
        /// K.
        shots: usize,
        /// Q.
        queries: usize,
        /// The class.
        class: usize,
        /// The data set.
        data: String,
        /// How many images the class has.
        available: usize,
    },
    /// There are too few classes for distinct ones.
    #[error(
        "M: {ways} different classes are asked for, but '{data}' has {available}; lower M or set tasks = \"code\""
    )]
    Ways {
        /// M.
        ways: usize,
        /// The data set.
        data: String,
        /// How many classes it has.
        available: usize,
    },
    /// The outer optimiser can do nothing with a population of this size.
    #[error("population: {population} is not {wanted}, which optimiser={optimiser} needs")]
    Population {
        /// What was asked for.
        population: usize,
        /// The optimiser.
        optimiser: OptimiserKind,
        /// What would be right.
        wanted: &'static str,
    },
    /// The worker threads cannot be started.
    #[error("threads: {threads} cannot be started ({reason}); ask for fewer")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// Why.
        reason: String,
    },
    /// The rule does not fit the network.
    #[error(transparent)]
    Rule(#[from] Misfit),
}

impl SettingsError {
    /// The keys of the settings that do not fit.
    pub fn keys(&self) -> &'static [&'static str] {
        match self {
            SettingsError::Inputs { .. } | SettingsError::Outputs { .. } => &["sizes"],
            SettingsError::Images { .. } => &["K", "Q"],
            SettingsError::Ways { .. } => &["M"],
            SettingsError::Population { .. } => &["population", "optimiser"],
            SettingsError::Threads { .. } => &["threads"],
            SettingsError::Rule(_) => &["rule", "sizes"],
        }
    }
}

impl Settings {
    /// The names of the numbers that [`Settings::measures`] bring, in their order.
    pub fn measured(&self) -> Vec<String> {
        let measures = self.measures.iter();
        measures.flat_map(|m| m.columns(&self.learner)).collect()
    }

    /// The paper's settings for a rule, with the feedback pathway that it is for.
    pub fn of(rule: Rule) -> Self {
        Settings {
            learner: Learner::of(rule),
            ..Settings::default()
        }
    }

    /// All that is meta-learned, before its first step.
    pub fn start(&self) -> Vec<f64> {
        let Learner { rule, feedback, .. } = &self.learner;
        rule.start(*feedback, self.outer.theta0)
    }

    /// Checks that the settings fit `data`.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn check(&self, data: &Dataset) -> Result<(), SettingsError> {
        let name = data.name().to_owned();
        let (Learner { network, rule, .. }, tasks) = (&self.learner, &self.tasks);
        let (inputs, outputs) = (network.sizes[0], network.sizes[network.layers()]);
        if inputs != data.pixels() {
            return Err(SettingsError::Inputs {
                inputs,
                data: name,
                pixels: data.pixels(),
            });
        }
        let largest = data.largest_label();
        if outputs <= largest {
            return Err(SettingsError::Outputs {
                outputs,
                data: name,
                largest,
            });
        }
        for class in data.labels_in_use() {
            let available = data.of_class(class).len();
            if available < tasks.shots + tasks.queries {
                return Err(SettingsError::Images {
                    shots: tasks.shots,
                    queries: tasks.queries,
                    class,
                    data: name,
                    available,
                });
            }
        }
        let filled = data.classes();
        if tasks.style == TaskStyle::Text && filled < tasks.ways {
            return Err(SettingsError::Ways {
                ways: tasks.ways,
                data: name,
                available: filled,
            });
        }
        let (optimiser, population) = (self.outer.optimiser, self.outer.population);
        let (fits, wanted) = optimiser.populations();
        if !fits(population) {
            return Err(SettingsError::Population {
                population,
                optimiser,
                wanted,
            });
        }
        Circuit::new(network, self.learner.feedback, rule)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_of_a_batch_is_met_by_every_evaluation_of_its_step() {
        let outer = |optimiser, batch, population| OuterSettings {
            optimiser,
            batch,
            population,
            ..OuterSettings::default()
        };
        let tasks = |outer: OuterSettings, episodes: u64| -> Vec<u64> {
            (0..episodes).map(|e| outer.place(e).task).collect()
        };
        // As if there were no steps.
        assert_eq!(
            tasks(outer(OptimiserKind::Adam, 3, 8), 7),
            [0, 1, 2, 3, 4, 5, 6]
        );
        assert_eq!(
            tasks(outer(OptimiserKind::Es, 2, 4), 10),
            [0, 1, 0, 1, 0, 1, 0, 1, 2, 3]
        );
        let newton = outer(OptimiserKind::Newton, 2, 8);
        assert_eq!(newton.episodes_of_step(), 4);
        let wants: Vec<Wants> = (0..5).map(|e| newton.place(e).wants).collect();
        assert_eq!(
            wants,
            [
                Wants::Hessian,
                Wants::Hessian,
                Wants::Loss,
                Wants::Loss,
                Wants::Hessian
            ]
        );
        assert_eq!(tasks(newton, 6), [0, 1, 0, 1, 2, 3]);
    }

    #[test]
    fn a_population_that_an_optimiser_cannot_use_is_named() {
        let data = datasets::glyphs(datasets::Split::Test, 0);
        let mut settings = Settings::default();
        (settings.outer.optimiser, settings.outer.population) = (OptimiserKind::Es, 5);
        let message = settings.check(&data).unwrap_err().to_string();
        assert_eq!(
            message,
            "population: 5 is not an even number, which optimiser=es needs"
        );
        settings.outer.optimiser = OptimiserKind::Adam;
        assert_eq!(settings.check(&data), Ok(()));
    }
}
