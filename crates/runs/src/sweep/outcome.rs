use std::fs;

use meta::Summary;

use super::{Point, Sweep};
use crate::RunError;
use crate::files::failed;

/// What a run of a grid came to.
pub struct Outcome<'s> {
    /// The run.
    pub point: &'s Point,
    /// Its summary, if it is finished.
    pub summary: Option<Summary>,
}

impl Sweep {
    /// What the runs came to, in the order of the grid.
    ///
    /// # Errors
    /// If the summary of a finished run cannot be read.
    pub fn outcomes(&self) -> Result<Vec<Outcome<'_>>, RunError> {
        self.points.iter().map(Outcome::read).collect()
    }
}

impl Outcome<'_> {
    fn read(point: &Point) -> Result<Outcome<'_>, RunError> {
        let mut summary = None;
        if point.is_finished() {
            let path = point.directory.join("summary.json");
            let text = fs::read(&path).map_err(|error| failed(&path, error))?;
            let read = serde_json::from_slice(&text).map_err(|error| RunError::Damaged {
                path,
                reason: error.to_string(),
            })?;
            summary = Some(read);
        }
        Ok(Outcome { point, summary })
    }
}

/// The columns of the table after the name of the run and the keys that vary.
const NUMBERS: [&str; 9] = [
    "trials",
    "diverged_episodes",
    "accuracy",
    "accuracy_sd",
    "accuracy_trials",
    "loss",
    "loss_sd",
    "cross_entropy",
    "theta",
];

/// The table of what the finished runs of a sweep came to, as CSV: the keys that vary, then
/// the numbers of the summary, empty where a run has none.
pub fn table(sweep: &Sweep, outcomes: &[Outcome<'_>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let to_memory = "writing to memory succeeds";
    let varied = sweep.varied.iter().map(String::as_str);
    let header = ["run"].into_iter().chain(varied).chain(NUMBERS);
    writer.write_record(header).expect(to_memory);
    for Outcome { point, summary } in outcomes {
        let Some(summary) = summary else { continue };
        let varied = point.varied.iter().map(|(_, value)| value.clone());
        let start = std::iter::once(point.name.clone()).chain(varied);
        let row = start.chain(numbers(summary));
        writer.write_record(row).expect(to_memory);
    }
    writer.into_inner().expect(to_memory)
}

fn numbers(summary: &Summary) -> [String; 9] {
    let shown = |number: Option<f64>| number.map_or_else(String::new, |x| x.to_string());
    let (accuracy, loss) = (summary.accuracy, summary.loss);
    let theta = summary.theta.iter().map(|(name, spread)| {
        let mean = spread.map_or_else(|| "none".to_owned(), |s| s.mean.to_string());
        format!("{name}={mean}")
    });
    [
        summary.trials.to_string(),
        summary.diverged_episodes.to_string(),
        shown(accuracy.map(|s| s.mean)),
        shown(accuracy.and_then(|s| s.sd)),
        accuracy.map_or(0, |s| s.trials).to_string(),
        shown(loss.map(|s| s.mean)),
        shown(loss.and_then(|s| s.sd)),
        shown(summary.cross_entropy.map(|s| s.mean)),
        theta.collect::<Vec<_>>().join(" "),
    ]
}
