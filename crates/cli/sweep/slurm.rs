//! A grid as a job array of Slurm.

use std::fmt::Write as _;
use std::path::Path;

use meta::{Estimate, Threads};
use runs::{Point, Sweep};

use crate::failure::Failure;

/// How much more time and memory is asked for than was estimated here: other nodes are
/// slower, and share their caches.
const MARGIN: f64 = 3.0;

/// Points whose time is estimated, spread over the grid; the longest is asked for.
const SAMPLED: usize = 8;

/// Seconds before its time is up at which a task is told to stop.
const NOTICE: u64 = 120;

/// A script for sbatch with a task for each run that is not finished.
///
/// A task that is told to stop saves its run and puts itself back into the queue; one
/// that is started again goes on, and one whose run is finished ends at once.
pub(super) fn script(sweep: &Sweep, file: &Path) -> Result<String, Failure> {
    let left: Vec<&Point> = sweep.points.iter().filter(|p| !p.is_finished()).collect();
    if left.is_empty() {
        return Err(Failure::Input(format!(
            "{}: every run is finished; collect them with: {}",
            sweep.out.display(),
            words::command(["metaplast", "sweep", &file.to_string_lossy()])
        )));
    }
    let (seconds, bytes, threads) = needs(&left)?;
    let minutes = ((seconds * MARGIN + NOTICE as f64) / 60.0).ceil().max(5.0) as u64;
    let megabytes = (bytes as f64 * MARGIN / 1e6).ceil().max(200.0) as u64;
    let name = words::command([format!("metaplast-{}", sweep.name)]);
    let collect = words::command(["metaplast", "sweep", &file.to_string_lossy()]);
    let mut text = format!(
        "#!/bin/bash\n\
         # {runs} of {grid}. Submit it from the folder in which it was made:\n\
         #   job=$(sbatch --parsable THIS_FILE)\n\
         # and, to collect the results once all are done:\n\
         #   sbatch --dependency=afterok:$job --kill-on-invalid-dep=yes --wrap {wrap}\n\
         #SBATCH --job-name={name}\n\
         #SBATCH --array=1-{count}\n\
         #SBATCH --cpus-per-task={threads}\n\
         #SBATCH --time={minutes}\n\
         #SBATCH --mem={megabytes}M\n\
         #SBATCH --requeue\n\
         #SBATCH --open-mode=append\n\
         #SBATCH --signal=B:TERM@{NOTICE}\n\
         \n\
         directory= settings=()\n\
         case \"$SLURM_ARRAY_TASK_ID\" in\n",
        runs = words::count(left.len() as u64, "run"),
        grid = file.display(),
        wrap = words::command([&collect]),
        count = left.len(),
    );
    for (i, point) in left.iter().enumerate() {
        let out = words::command([point.directory.to_string_lossy()]);
        let settings = words::command(&point.assignments);
        let _ = writeln!(
            text,
            "  {}) directory={out} settings=({settings}) ;;",
            i + 1
        );
    }
    text += "\
esac
[ -n \"$directory\" ] || { echo \"no run for task $SLURM_ARRAY_TASK_ID\" >&2; exit 2; }
[ -f \"$directory/SHA256SUMS\" ] && exit 0

# The shell is told to stop, and tells the run, which saves itself and ends with 130.
metaplast train \"${settings[@]}\" threads=\"${SLURM_CPUS_PER_TASK:-1}\" --out \"$directory\" &
run=$!
trap 'kill -TERM \"$run\"' TERM INT
wait \"$run\"; code=$?
# A wait that a signal interrupts ends before the run does.
while kill -0 \"$run\" 2>/dev/null; do wait \"$run\"; code=$?; done
if [ \"$code\" = 130 ] || [ \"$code\" = 75 ]; then
  scontrol requeue \"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}\" && exit 0
fi
exit \"$code\"
";
    Ok(text)
}

/// Seconds, bytes and threads of the longest of a few runs.
fn needs(left: &[&Point]) -> Result<(f64, usize, u64), Failure> {
    let (mut seconds, mut bytes, mut most) = (0.0_f64, 0, 1);
    let step = left.len().div_ceil(SAMPLED);
    for point in left.iter().step_by(step) {
        let config = point.config()?;
        let data = match &config.data {
            Some(name) => datasets::open(name, config.split)?,
            None => datasets::open_default(config.split)?,
        };
        config.check(&data)?;
        let outer = &config.settings.outer;
        let threads = (config.threads as u64).min(outer.trials);
        let pool = Threads::new(threads as usize)?;
        let episodes = outer.episodes * outer.trials;
        let estimate = Estimate::of(&config.settings, &data, &pool, episodes)?;
        seconds = seconds.max(estimate.seconds);
        bytes = bytes.max(estimate.bytes);
        most = most.max(threads);
    }
    Ok((seconds, bytes, most))
}
