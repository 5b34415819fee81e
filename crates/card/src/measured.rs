use std::sync::atomic::AtomicBool;

use datasets::Dataset;
use meta::{Estimate, Frozen, Probes, Settings, Threads};
use paper::{FrozenMetrics, try_frozen};
use runs::RunError;

use crate::page::Card;
use crate::plan::Plan;
use crate::tables;

/// What came out of the tests of a plan.
pub(crate) struct Results {
    /// Accuracy by trial, for each data set and K; none where a set has too few images.
    pub(crate) accuracy: Vec<Vec<Option<Vec<f64>>>>,
    /// Accuracy by trial without each part of the rule.
    pub(crate) without: Vec<Vec<f64>>,
    /// Tasks that diverged, of the whole rule.
    pub(crate) lost: usize,
    /// What an episode takes.
    pub(crate) cost: Estimate,
}

impl Plan {
    /// Tries the rule, its coefficients frozen, on fresh tasks: on every data set with every
    /// K, and without each of its parts on its own data; and times an episode. `watch` is
    /// called after each trial, see [`Plan::work`].
    ///
    /// # Errors
    /// [`RunError::Stopped`] once `stop` is set; if a network and data do not go together.
    pub fn measure(
        &self,
        threads: &Threads,
        stop: &AtomicBool,
        watch: impl Fn() + Sync,
    ) -> Result<Card, RunError> {
        let run = |settings: &Settings, data: &Dataset, theta: &[Vec<f64>]| {
            let frozen = Frozen {
                settings,
                data,
                tasks: self.ask.tasks,
                probes: Probes::default(),
            };
            let found = threads.install(|| try_frozen(&frozen, theta, stop, &watch))?;
            found.ok_or_else(|| RunError::Stopped(self.ask.run.clone()))
        };
        let mut lost = 0;
        let mut accuracy = Vec::new();
        for set in &self.sets {
            let mut of_set = Vec::new();
            for shots in &self.shots {
                let settings = self.settings(*shots);
                let found: Option<FrozenMetrics> = match settings.check(set) {
                    Ok(()) => Some(run(&settings, set, &self.theta)?),
                    Err(_) => {
                        self.theta.iter().for_each(|_| watch());
                        None
                    }
                };
                lost += found.as_ref().map_or(0, FrozenMetrics::lost);
                of_set.push(found.map(|found| found.accuracy()));
            }
            accuracy.push(of_set);
        }
        let settings = &self.finished.config.settings;
        let own = &self.sets[0];
        let mut without = Vec::new();
        for part in &self.parts {
            let mut theta = self.theta.clone();
            for trial in &mut theta {
                part.parameters.iter().for_each(|i| trial[*i] = 0.0);
            }
            without.push(run(settings, own, &theta)?.accuracy());
        }
        let mut alone = settings.clone();
        alone.outer.trials = 1;
        let episodes = alone.outer.episodes_of_step();
        let cost = Estimate::of(&alone, own, &Threads::new(1)?, episodes)?;
        let results = Results {
            accuracy,
            without,
            lost,
            cost: Estimate {
                seconds: cost.seconds / episodes as f64,
                ..cost
            },
        };
        Ok(Card::new(self, &results, tables::all(self, &results)))
    }
}
