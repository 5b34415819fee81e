use std::sync::Arc;

use autodiff::Real;
use datasets::Dataset;

use super::schedule::Schedule;
use super::{EpisodeRecord, TrainingState, Worker};
use crate::{Settings, SettingsError};

/// One trial of a training in the calling thread, episode by episode: for where there are
/// no threads, or where somebody looks on. Its records are those that a
/// [`Training`](super::Training) makes of the trial.
pub struct Trial<T> {
    settings: Settings,
    data: Arc<Dataset>,
    schedule: Schedule,
    worker: Worker<T>,
}

impl<T: Real> Trial<T> {
    /// Trial number `trial`, before its first episode, computed in `T` whatever precision
    /// the settings name.
    ///
    /// # Errors
    /// If the settings do not fit the data.
    pub fn new(settings: &Settings, data: Arc<Dataset>, trial: u64) -> Result<Self, SettingsError> {
        settings.check(&data)?;
        let state = TrainingState::new(settings, [trial]);
        Ok(Trial {
            settings: settings.clone(),
            data,
            schedule: Schedule::new(settings, state),
            worker: Worker::new(settings),
        })
    }

    /// All that is meta-learned, as the outer optimiser has it now.
    pub fn theta(&self) -> &[f64] {
        &self.schedule.state().trials[0].theta
    }

    /// Puts other numbers there. A step that the optimiser is in the middle of begins anew,
    /// with its episodes.
    ///
    /// # Panics
    /// If there is another number of them.
    pub fn set_theta(&mut self, theta: &[f64]) {
        let mut state = self.schedule.state().clone();
        let trial = &mut state.trials[0];
        trial.theta.copy_from_slice(theta);
        trial.found.clear();
        state.waiting.clear();
        state.handed_out = state.trials[0].episode;
        self.schedule = Schedule::new(&self.settings, state);
    }
}

impl<T: Real> Iterator for Trial<T> {
    type Item = EpisodeRecord;

    /// Runs the next episode, and lets the optimiser take its step if it ends one.
    fn next(&mut self) -> Option<EpisodeRecord> {
        loop {
            if let Some(record) = self.schedule.hand_out_one() {
                return Some(record);
            }
            let job = self.schedule.take()?;
            let trial = self.schedule.state().trials[0].trial;
            let product = self
                .worker
                .carry_out(&self.settings, &self.data, trial, &job);
            self.schedule.end(&job, product);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail where it stands")]
mod tests {
    use super::*;
    use crate::{OptimiserKind, Threads, Training};
    use datasets::Split;

    fn small(optimiser: OptimiserKind) -> Settings {
        let mut settings = Settings::default();
        settings.learner.network.sizes = vec![784, 12, 47];
        (settings.tasks.ways, settings.tasks.shots) = (3, 2);
        settings.tasks.queries = 2;
        (settings.outer.episodes, settings.outer.trials) = (7, 3);
        (settings.outer.batch, settings.outer.population) = (2, 4);
        settings.outer.optimiser = optimiser;
        settings
    }

    #[test]
    fn a_trial_alone_is_that_of_the_training_whatever_the_optimiser() {
        let data = Arc::new(datasets::glyphs(Split::Test, 0));
        let kinds = [
            OptimiserKind::Adam,
            OptimiserKind::Guarded,
            OptimiserKind::Es,
            OptimiserKind::Newton,
        ];
        for kind in kinds {
            let settings = small(kind);
            let threads = Threads::new(1).unwrap();
            let mut training = Training::new(&settings, Arc::clone(&data), &threads).unwrap();
            let mut want = training.finish();
            want.retain(|record| record.trial == 1);
            let mut trial = Trial::<f32>::new(&settings, Arc::clone(&data), 1).unwrap();
            let found: Vec<EpisodeRecord> = trial.by_ref().collect();
            assert_eq!(found, want, "{kind}");
            assert_eq!(trial.theta(), training.state().trials[1].theta, "{kind}");
        }
    }

    #[test]
    fn numbers_put_there_are_what_the_next_episode_uses() {
        let data = Arc::new(datasets::glyphs(Split::Test, 0));
        let mut trial = Trial::<f32>::new(&small(OptimiserKind::Adam), data, 0).unwrap();
        // In the middle of the second batch of two.
        let before: Vec<u64> = trial.by_ref().take(3).map(|r| r.episode).collect();
        trial.set_theta(&[0.02, -0.01, 0.0]);
        let after: Vec<EpisodeRecord> = trial.collect();
        assert!(after[..2].iter().all(|r| r.theta == [0.02, -0.01, 0.0]));
        let after: Vec<u64> = after.iter().map(|r| r.episode).collect();
        assert_eq!((before, after), (vec![0, 1, 2], vec![2, 3, 4, 5, 6]));
    }
}
