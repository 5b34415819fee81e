//! What a training is going to cost, told before it starts.

use std::fmt;
use std::time::{Duration, Instant};

use autodiff::{Real, Tape};
use datasets::Dataset;

use crate::{Drawn, Episode, Precision, Settings, SettingsError, Threads};

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
    let trials = usize::try_from(settings.outer.trials).unwrap_or(usize::MAX);
    let workers = threads.count().min(trials).max(1);
    let samples = threads.each(|thread| {
        (thread < workers).then(|| sample::<T>(settings, data, thread as u64, episodes))
    });
    let samples: Vec<Sample> = samples.into_iter().flatten().collect();
    let seconds = samples.iter().map(|s| s.seconds).sum::<f64>() / workers as f64;
    // Trials run side by side, whole: the last to start keep fewer threads busy.
    let turns = trials.div_ceil(workers) as f64;
    // One byte a pixel and a label, and four for an image's place among its class.
    let images = data.len() * (data.pixels() + 5);
    Estimate {
        seconds: seconds * turns * episodes as f64 / trials as f64,
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
    let mut episode = Episode::of(settings).expect("the settings were checked");
    let mut tape = Tape::<T>::new();
    let mut bytes = 0;
    let mut run = |number| {
        let start = Drawn::new(settings, data, (trial, number), &theta);
        episode.run(&mut tape, &start);
        bytes = tape.footprint();
    };
    // The first one makes room, which the others find.
    run(0);
    let last = TIMED.min(usize::try_from(episodes).unwrap_or(TIMED)).max(1);
    let start = Instant::now();
    let mut times = Vec::with_capacity(last);
    for number in 0..last as u64 {
        let clock = Instant::now();
        run(number % settings.outer.episodes);
        times.push(clock.elapsed().as_secs_f64());
        if start.elapsed() > PATIENCE {
            break;
        }
    }
    Sample {
        seconds: times.iter().sum::<f64>() / times.len() as f64,
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
