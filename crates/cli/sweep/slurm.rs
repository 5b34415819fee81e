//! A grid as a job array of Slurm.

use std::path::Path;

use meta::{Estimate, Threads};
use runs::{Job, Shard, Sweep};

use super::work::{DataSets, open, threads_of};
use crate::failure::Failure;

/// How much more time and memory is asked for than was estimated here: other nodes are
/// slower, and share their caches.
const MARGIN: f64 = 3.0;

/// Jobs whose time is estimated, spread over the grid; the longest is asked for.
const SAMPLED: usize = 8;

/// Seconds before its time is up at which a task is told to stop.
const NOTICE: u64 = 120;

/// The most tasks, unless asked for otherwise: Slurm allows 1001 unless told otherwise.
pub(super) const TASKS: u64 = 1000;

/// Bytes of the program itself, and of what the system counts with it.
const PROGRAM: f64 = 200e6;

/// Rows of metrics.csv that are put together in a minute, at least.
const ROWS_A_MINUTE: f64 = 1e6;

/// A script for sbatch with a task for each run that is not finished, or for several where
/// there are more runs than tasks.
///
/// A task that is told to stop saves its run and puts itself back into the queue; one
/// that is started again goes on, and one whose runs are finished ends at once. Started by
/// hand, the script submits itself and a job that collects.
pub(super) fn script(sweep: &Sweep, file: &Path, tasks: u64) -> Result<String, Failure> {
    let jobs: Vec<Job<'_>> = sweep.jobs().collect();
    let left: Vec<usize> = (0..jobs.len())
        .filter(|k| !jobs[*k].is_finished())
        .collect();
    let grid = words::command([file.to_string_lossy()]);
    if left.is_empty() {
        return Err(Failure::Input(format!(
            "{}: every run is finished; collect them with: metaplast sweep {grid} --collect",
            sweep.out.display(),
        )));
    }
    let tasks = tasks.min(jobs.len() as u64);
    // A task keeps its number, and so its runs, whatever is finished.
    let mut numbers: Vec<u64> = left.iter().map(|k| *k as u64 % tasks + 1).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let most = numbers.iter().map(|number| {
        let own = Shard::new(*number, tasks).map(|share| share.trials(jobs.len() as u64));
        let own = own.into_iter().flatten();
        own.filter(|k| left.binary_search(&(*k as usize)).is_ok())
            .count()
    });
    let most = most.max().unwrap_or(1);
    let needs = Needs::of(&left.iter().map(|k| &jobs[*k]).collect::<Vec<_>>())?;
    let seconds = needs.seconds * most as f64;
    let name = words::command([format!("metaplast-{}", sweep.name)]);
    let collect = format!("metaplast sweep {grid} --collect");
    let rows = needs.episodes as f64 * jobs.len() as f64;
    Ok(format!(
        "\
#!/bin/bash
# {runs} of {shown} as {count} of Slurm. From the folder in which it was made,
#   bash THIS_FILE      submits them, and a job that collects what came out at the end
#   sbatch THIS_FILE    submits them alone
# Leave {shown} as it is until all are done.
#SBATCH --job-name={name}
#SBATCH --array={array}
#SBATCH --cpus-per-task={threads}
#SBATCH --time={minutes}
#SBATCH --mem={megabytes}M
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@{NOTICE}

if [ -z \"$SLURM_ARRAY_TASK_ID\" ]; then
  job=$(sbatch --parsable \"$0\") || exit
  job=${{job%%;*}}
  echo \"submitted $job, and to collect what comes out of it\" >&2
  # Also when a task has failed: what there is makes a table, and what is missing is named.
  exec sbatch --parsable --dependency=afterany:\"$job\" --job-name={name}-collect \\
    --time={collecting} --mem={program}M --wrap {wrap}
fi

# The shell is told to stop, and tells the runs, which save themselves and end with 130.
metaplast sweep {grid} --shard \"$SLURM_ARRAY_TASK_ID/{tasks}\" --threads \"${{SLURM_CPUS_PER_TASK:-1}}\" &
runs=$! told=1
trap 'told=1; kill -TERM \"$runs\" 2>/dev/null' TERM INT
# A signal ends a wait before the runs have ended.
while [ \"$told\" ]; do told=; wait \"$runs\"; code=$?; done
if [ \"$code\" = 130 ] || [ \"$code\" = 75 ]; then
  task=${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID
  # Told to stop while it may run: it goes on later. Who cancels it wants no more of it.
  [ \"$(squeue --noheader --jobs=\"$task\" --format=%T)\" = RUNNING ] &&
    scontrol requeue \"$task\" && exit 0
fi
exit \"$code\"
",
        runs = words::count(left.len() as u64, if sweep.parts == 1 { "run" } else { "part" }),
        shown = file.display(),
        count = words::count(numbers.len() as u64, "task"),
        array = ranges(&numbers),
        threads = needs.threads,
        minutes = minutes(seconds * MARGIN + NOTICE as f64),
        megabytes = ((needs.bytes as f64 * MARGIN + PROGRAM) / 1e6).ceil() as u64,
        collecting = minutes(600.0 + 60.0 * rows / ROWS_A_MINUTE),
        program = (PROGRAM * MARGIN / 1e6) as u64,
        wrap = words::command([&collect]),
    ))
}

fn minutes(seconds: f64) -> u64 {
    (seconds / 60.0).ceil().max(5.0) as u64
}

/// Numbers in order as Slurm writes them, as in `1-3,7`.
fn ranges(numbers: &[u64]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b);
    let shown = runs.map(|run| match run {
        [one] => one.to_string(),
        _ => format!("{}-{}", run[0], run[run.len() - 1]),
    });
    shown.collect::<Vec<_>>().join(",")
}

/// What one of the jobs takes, at most.
#[derive(Default)]
struct Needs {
    seconds: f64,
    bytes: usize,
    threads: u64,
    episodes: u64,
}

impl Needs {
    /// The most of a few.
    fn of(jobs: &[&Job<'_>]) -> Result<Needs, Failure> {
        let (mut most, mut opened) = (Needs::default(), DataSets::new());
        for job in jobs.iter().step_by(jobs.len().div_ceil(SAMPLED)) {
            let config = job.config()?;
            let data = open(&config, &mut opened)?;
            config.check(&data)?;
            let settings = config.settings_of_part();
            let threads = threads_of(&config);
            let episodes = settings.outer.episodes * settings.outer.trials;
            let estimate = Estimate::of(&settings, &data, &Threads::new(threads)?, episodes)?;
            most.seconds = most.seconds.max(estimate.seconds);
            most.bytes = most.bytes.max(estimate.bytes);
            most.threads = most.threads.max(threads as u64);
            most.episodes = most.episodes.max(episodes);
        }
        Ok(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_that_follow_each_other_are_written_as_ranges() {
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), "1-3,7,9-10");
        assert_eq!(ranges(&[4]), "4");
    }
}
