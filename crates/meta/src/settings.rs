use datasets::Dataset;
use model::{Feedback, Network, Rule};

use crate::{OptimiserKind, Penalty, TaskStyle};

/// The number type of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// For runs.
    #[default]
    F32,
    /// For checks.
    F64,
}

impl Precision {
    /// The name in configuration files: "f32" or "f64".
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::F64 => "f64",
        }
    }
}

/// How the meta-gradient is taken. The ways agree to rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GradientMode {
    /// One sweep back through the episode, whatever the number of coefficients.
    Reverse,
    /// One sweep forward through the episode for each coefficient.
    Forward,
    /// What was measured to be faster for the rule's number of coefficients: the
    /// README's table of times has both.
    #[default]
    Auto,
}

impl GradientMode {
    /// The name in configuration files.
    pub fn name(self) -> &'static str {
        match self {
            GradientMode::Reverse => "reverse",
            GradientMode::Forward => "forward",
            GradientMode::Auto => "auto",
        }
    }

    /// The mode of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [
            GradientMode::Reverse,
            GradientMode::Forward,
            GradientMode::Auto,
        ];
        all.into_iter().find(|mode| mode.name() == name)
    }
}

/// All that determines a meta-training. The defaults are the paper's.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The plasticity rule.
    pub rule: Rule,
    /// The feedback pathway, usually the rule's own.
    pub feedback: Feedback,
    /// The network.
    pub network: Network,
    /// Meta-parameter steps of a trial.
    pub episodes: u64,
    /// Independent repetitions.
    pub trials: u64,
    /// From which every random number follows.
    pub seed: u64,
    /// M, classes of a task.
    pub ways: usize,
    /// K, training images a class.
    pub shots: usize,
    /// Q, query images a class.
    pub queries: usize,
    /// How tasks are drawn.
    pub tasks: TaskStyle,
    /// η of the outer optimiser.
    pub eta: f64,
    /// What the meta-loss adds to keep coefficients small.
    pub penalty: Penalty,
    /// What turns meta-gradients into steps.
    pub optimiser: OptimiserKind,
    /// The initial value of the first coefficient (θ_0, the pseudo-gradient's); all
    /// others start at 0.
    pub theta0: f64,
    /// The number type of the inner loop.
    pub precision: Precision,
    /// How the meta-gradient is taken.
    pub gradient: GradientMode,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            rule: Rule::built_in("bio").expect("bio is built in"),
            feedback: Feedback::Fixed,
            network: Network::default(),
            episodes: 600,
            trials: 20,
            seed: 0,
            ways: 5,
            shots: 50,
            queries: 10,
            tasks: TaskStyle::default(),
            eta: 1e-3,
            penalty: Penalty::default(),
            optimiser: OptimiserKind::default(),
            theta0: 1e-3,
            precision: Precision::default(),
            gradient: GradientMode::default(),
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
    /// The worker threads cannot be started.
    #[error("threads: {threads} cannot be started ({reason}); ask for fewer")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// Why.
        reason: String,
    },
    /// The rule does not fit the network.
    #[error("{0}; list terms for each layer, or for all at once")]
    Rule(String),
}

impl Settings {
    /// Checks that the settings fit `data`.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn check(&self, data: &Dataset) -> Result<(), SettingsError> {
        let name = data.name().to_owned();
        let (inputs, outputs) = (
            self.network.sizes[0],
            self.network.sizes[self.network.layers()],
        );
        if inputs != data.pixels() {
            return Err(SettingsError::Inputs {
                inputs,
                data: name,
                pixels: data.pixels(),
            });
        }
        if outputs < data.classes() {
            let largest = data.classes() - 1;
            return Err(SettingsError::Outputs {
                outputs,
                data: name,
                largest,
            });
        }
        let mut filled = 0;
        for class in 0..data.classes() {
            let available = data.of_class(class).len();
            if available == 0 {
                continue;
            }
            filled += 1;
            if available < self.shots + self.queries {
                return Err(SettingsError::Images {
                    shots: self.shots,
                    queries: self.queries,
                    class,
                    data: name,
                    available,
                });
            }
        }
        if self.tasks == TaskStyle::Text && filled < self.ways {
            return Err(SettingsError::Ways {
                ways: self.ways,
                data: name,
                available: filled,
            });
        }
        model::CompiledRule::new(&self.rule, &self.network).map_err(SettingsError::Rule)?;
        Ok(())
    }
}
