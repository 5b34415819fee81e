//! What a training is going to cost, told before it starts.

use std::fmt;
use std::time::{Duration, Instant};

use autodiff::Real;
use datasets::Dataset;

use crate::training::Worker;
use crate::{Precision, Settings, SettingsError, Threads};

/// The time and the memory that a training is going to take on this machine, as it is
/// loaded now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Seconds from the first episode to the last.
    pub seconds: f64,
    /// Bytes at the peak: the data set, and each worker's tape and matrices. The
    /// program itself, a few MB, is not in it.
    pub bytes: usize,
}

/// Episodes that are timed in each thread, unless they take longer than [`PATIENCE`].
const TIMED: usize = 5;
/// When to stop timing episodes, once one was.
const PATIENCE: Duration = Duration::from_secs(1);

impl Estimate {
    /// Runs a few first episodes with the initial coefficients, as many side by side as
    /// the training will, and scales up what they take to `episodes`, the number that
    /// all trials together are going to run. Every episode has its own random streams,
    /// so this changes no result.
    ///
    /// # Errors
    /// If the settings do not fit the data.
    pub fn of(
        settings: &Settings,
        data: &Dataset,
        threads: &Threads,
        episodes: u64,
    ) -> Result<Self, SettingsError> {
        settings.check(data)?;
        Ok(match settings.numerics.precision {
            Precision::F32 => estimate::<f32>(settings, data, threads, episodes),
            Precision::F64 => estimate::<f64>(settings, data, threads, episodes),
        })
    }
}

fn estimate<T: Real>(
    settings: &Settings,
    data: &Dataset,
    threads: &Threads,
    episodes: u64,
) -> Estimate {
    // What a trial's optimiser asks for at once runs side by side, and so do trials.
    let outer = &settings.outer;
    let together = outer.at_once().saturating_mul(outer.trials);
    let together = usize::try_from(together).unwrap_or(usize::MAX);
    let workers = threads.count().min(together).max(1);
    let samples = threads.each(|thread| {
        (thread < workers).then(|| sample::<T>(settings, data, thread as u64, episodes))
    });
    let samples: Vec<Sample> = samples.into_iter().flatten().collect();
    let seconds = samples.iter().map(|s| s.seconds).sum::<f64>() / workers as f64;
    // One byte a pixel and a label, and four for an image's place among its class.
    let images = data.len() * (data.pixels() + 5);
    Estimate {
        seconds: seconds * episodes as f64 / workers as f64,
        bytes: images + samples.iter().map(|s| s.bytes).sum::<usize>(),
    }
}

/// What an episode takes in one thread.
struct Sample {
    seconds: f64,
    bytes: usize,
}

fn sample<T: Real>(settings: &Settings, data: &Dataset, trial: u64, episodes: u64) -> Sample {
    let theta = settings.start();
    let mut worker = Worker::<T>::new(settings);
    let mut bytes = 0;
    let mut run = |number| {
        worker.evaluate(settings, data, (trial, number), &theta);
        bytes = bytes.max(worker.footprint());
    };
    // One of each kind of a step's episodes, and more of the same where all are alike.
    let kinds = settings.outer.kinds();
    let whole: u64 = kinds.iter().map(|(_, count)| count).sum();
    // The first one makes room, which the others find.
    run(0);
    let rounds = TIMED.min(usize::try_from(episodes).unwrap_or(TIMED)).max(1);
    let start = Instant::now();
    let (mut seconds, mut done) = (0.0, 0.0);
    for round in 0..rounds as u64 {
        for (first, count) in &kinds {
            let clock = Instant::now();
            run(first + round * settings.outer.episodes_of_step());
            seconds += clock.elapsed().as_secs_f64() * *count as f64 / whole as f64;
        }
        done += 1.0;
        if start.elapsed() > PATIENCE {
            break;
        }
    }
    Sample {
        seconds: seconds / done,
        bytes,
    }
}

impl fmt::Display for Estimate {
    /// As in "about 3 min 20 s and 45 MB of memory".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, memory) = (words::duration(self.seconds), self.bytes as f64 / 1e6);
        write!(f, "about {time} and {memory:.0} MB of memory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_reads_as_people_write_it() {
        let shown = |seconds, bytes| Estimate { seconds, bytes }.to_string();
        assert_eq!(shown(3.12, 30_400_000), "about 3.1 s and 30 MB of memory");
        assert_eq!(shown(141_149.0, 0), "about 39 h and 0 MB of memory");
    }
}
