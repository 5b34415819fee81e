use autodiff::{Real, Rewind, Tape};
use datasets::Dataset;

use super::schedule::{Job, Product, Task};
use super::{EpisodeRecord, Status};
use crate::episode::Recorded;
use crate::term_size::term_sizes;
use crate::{
    Divergence, Drawn, Episode, Evidence, MetaGradient, Precision, Settings, SettingsError, Wants,
};

/// What a thread needs for episodes, kept between them.
pub(crate) struct Worker<T> {
    tape: Tape<T>,
    episode: Episode,
}

/// The derivatives of an episode's meta-loss, as far as they were wanted.
struct Derivatives {
    gradient: MetaGradient,
    /// Row by row.
    hessian: Vec<f64>,
}

impl<T: Real> Worker<T> {
    /// For settings that were checked.
    pub(crate) fn new(settings: &Settings) -> Self {
        Worker {
            tape: Tape::new(),
            episode: Episode::of(settings).expect("the settings were checked"),
        }
    }

    /// Carries out a job of a trial.
    pub(crate) fn carry_out(
        &mut self,
        settings: &Settings,
        data: &Dataset,
        trial: u64,
        job: &Job,
    ) -> Product {
        match &job.task {
            Task::Sizes(theta) => {
                let start = Drawn::new(settings, data, (trial, job.episode), theta);
                Product::Sizes(term_sizes(&mut self.episode, &mut self.tape, &start))
            }
            Task::Evaluate(parameters) => {
                let place = (trial, job.episode);
                let (record, evidence) = self.evaluate(settings, data, place, parameters);
                Product::Episode(Box::new(record), evidence)
            }
        }
    }

    /// Bytes that it holds.
    pub(crate) fn footprint(&self) -> usize {
        self.tape.footprint()
    }

    /// Runs one episode with given parameters: what a training records for it, and what it
    /// tells its optimiser.
    pub(crate) fn evaluate(
        &mut self,
        settings: &Settings,
        data: &Dataset,
        (trial, episode): (u64, u64),
        parameters: &[f64],
    ) -> (EpisodeRecord, Evidence) {
        let place = settings.outer.place(episode);
        let start = Drawn::new(settings, data, (trial, place.task), parameters);
        let (recorded, measured) =
            self.episode
                .record_measured(&mut self.tape, &start, &settings.measures);
        // To differentiate takes the weights back to where they started from.
        let scores = self.episode.score(&mut self.tape, &start, &recorded);
        let Derivatives { gradient, hessian } = self.differentiate(&recorded, place.wants);
        let loss = self.tape.scalar(recorded.meta_loss).to_f64();
        let all_finite = |numbers: &[f64]| numbers.iter().all(|x| x.is_finite());
        let finite = loss.is_finite() && all_finite(&gradient.theta);
        let divergence = (!finite).then(|| {
            Divergence::locate(
                &mut self.episode,
                &mut self.tape,
                &start,
                &settings.learner.parameters(),
                &gradient.theta,
            )
        });
        let evidence = Evidence {
            finite: finite && all_finite(&hessian),
            loss,
            cross_entropy: scores.cross_entropy,
            gradient: gradient.theta,
            hessian,
        };
        let record = EpisodeRecord {
            trial,
            episode,
            status: if finite { Status::Ok } else { Status::Diverged },
            theta: parameters.to_vec(),
            loss,
            scores,
            measured,
            residual: gradient.residual,
            replayed: gradient.replayed,
            divergence,
        };
        (record, evidence)
    }

    /// The derivatives of an episode that was just recorded.
    fn differentiate(&mut self, recorded: &Recorded, wants: Wants) -> Derivatives {
        let mut derivatives = Derivatives {
            gradient: MetaGradient {
                theta: Vec::new(),
                residual: 0.0,
                replayed: false,
            },
            hessian: Vec::new(),
        };
        match wants {
            Wants::Loss => {}
            Wants::Gradient => {
                derivatives.gradient = self.episode.differentiate(&mut self.tape, recorded);
            }
            Wants::Hessian => {
                let (tape, theta) = (&mut self.tape, &recorded.theta);
                let n = theta.len();
                let slopes = tape.gradient_taped(recorded.meta_loss, theta);
                let gradient = &mut derivatives.gradient;
                for slope in slopes {
                    gradient.theta.push(tape.scalar(slope).to_f64());
                    let row = tape.gradient(slope, theta);
                    let numbers = (0..n).map(|r| row.scalar(r).to_f64());
                    derivatives.hessian.extend(numbers);
                    gradient.residual = gradient.residual.max(row.residual.to_f64());
                    gradient.replayed |= row.rewind == Rewind::Replay;
                }
                make_symmetric(&mut derivatives.hessian, n);
            }
        }
        derivatives
    }
}

/// Takes the mean of what stands on both sides of the diagonal, which differs by rounding.
fn make_symmetric(matrix: &mut [f64], n: usize) {
    for i in 0..n {
        for j in i + 1..n {
            let mean = 0.5 * (matrix[i * n + j] + matrix[j * n + i]);
            matrix[i * n + j] = mean;
            matrix[j * n + i] = mean;
        }
    }
}

/// Runs one episode alone, with given coefficients, and no optimiser step: what a
/// training records for it.
///
/// # Errors
/// If the settings do not fit the data.
///
/// # Panics
/// If `theta` has another length than the rule has terms.
pub fn measure_episode(
    settings: &Settings,
    data: &Dataset,
    trial: u64,
    episode: u64,
    theta: &[f64],
) -> Result<EpisodeRecord, SettingsError> {
    settings.check(data)?;
    let place = (trial, episode);
    let (record, _) = match settings.numerics.precision {
        Precision::F32 => Worker::<f32>::new(settings).evaluate(settings, data, place, theta),
        Precision::F64 => Worker::<f64>::new(settings).evaluate(settings, data, place, theta),
    };
    Ok(record)
}
