//! A rule with one set of coefficients: given ones, or what a run arrived at.

use std::path::Path;

use meta::ImageStream;
use runs::{Config, Metrics, OnlineConfig, RunError};

use crate::frozen::final_theta;
use crate::tested::coefficients;

/// What learns with frozen coefficients, and these.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The rule and the network.
    pub config: Config,
    /// A number for each of the rule's coefficients.
    pub theta: Vec<f64>,
}

impl Learned {
    /// The rule that `config` configures, with `theta`, or if there are none, with about
    /// what training finds.
    ///
    /// # Errors
    /// If `theta` does not fit the rule.
    pub fn of_rule(config: Config, theta: Option<Vec<f64>>) -> Result<Self, RunError> {
        let theta = coefficients(theta, &config.settings.learner)?;
        Ok(Learned { config, theta })
    }

    /// Whatever `what` names: a rule or its file, or the run directory of a training, whose
    /// coefficients are the mean over its trials unless `theta` are given. `options` and
    /// `assignments` are as for [`Config::new`].
    ///
    /// # Errors
    /// If there is no such rule or run, a setting makes no sense, or `theta` does not fit.
    pub fn of(
        what: &str,
        theta: Option<Vec<f64>>,
        mut options: Vec<(&str, Option<String>)>,
        assignments: &[String],
    ) -> Result<Self, RunError> {
        let folder = Path::new(what);
        if !folder.is_dir() {
            options.push(("rule", Some(what.to_owned())));
            return Learned::of_rule(Config::new(None, options, assignments)?, theta);
        }
        let config = Config::of_run(folder, options, assignments)?;
        let theta = match theta {
            Some(theta) => theta,
            None => {
                let metrics = Metrics::read(&folder.join("metrics.csv"))?;
                mean_theta(&final_theta(&metrics, &config.settings.outer))
            }
        };
        Learned::of_rule(config, Some(theta))
    }

    /// Learning a stream of images online, of all classes that the network has outputs for
    /// unless `classes` are given.
    ///
    /// # Errors
    /// If a count is 0.
    pub fn online(
        self,
        classes: Option<usize>,
        (images, every, tests): (usize, usize, usize),
    ) -> Result<OnlineConfig, RunError> {
        let network = &self.config.settings.learner.network;
        let outputs = network.sizes[network.layers()];
        let stream = ImageStream {
            classes: classes.unwrap_or(outputs),
            images,
            every,
            tests,
        };
        Ok(OnlineConfig::new(self.config, self.theta, stream)?)
    }
}

/// The mean over trials of each coefficient.
pub(crate) fn mean_theta(trials: &[Vec<f64>]) -> Vec<f64> {
    let terms = trials.first().map_or(0, Vec::len);
    let sum = |r: usize| trials.iter().map(|theta| theta[r]).sum::<f64>();
    (0..terms).map(|r| sum(r) / trials.len() as f64).collect()
}
