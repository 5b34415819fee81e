//! An episode's time and memory by operation.

use std::fmt;
use std::time::Duration;

use autodiff::Cost;
use serde::Serialize;

/// The cost of an episode, operation by operation, the most time first.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Breakdown(Vec<Row>);

#[derive(Serialize)]
struct Row {
    operation: &'static str,
    calls: f64,
    recording_ms: f64,
    sweeping_ms: f64,
    /// Of the time of all operations.
    share: f64,
    bytes: f64,
}

impl Breakdown {
    /// The mean over `episodes` of what they cost together.
    pub(super) fn new(costs: &[Cost], episodes: u32) -> Self {
        let each = f64::from(episodes);
        let ms = |time: Duration| time.as_secs_f64() * 1e3 / each;
        let total: f64 = costs.iter().map(|cost| ms(cost.time())).sum();
        let row = |cost: &Cost| Row {
            operation: cost.operation,
            calls: cost.calls as f64 / each,
            recording_ms: ms(cost.recording),
            sweeping_ms: ms(cost.sweeping),
            share: ms(cost.time()) / total,
            bytes: cost.bytes as f64 / each,
        };
        Breakdown(costs.iter().map(row).collect())
    }
}

impl fmt::Display for Breakdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<16}{:>8}{:>14}{:>14}{:>8}{:>12}",
            "operation", "calls", "recording ms", "gradient ms", "share", "tape KB"
        )?;
        let mut sum = Row {
            operation: "all",
            calls: 0.0,
            recording_ms: 0.0,
            sweeping_ms: 0.0,
            share: 0.0,
            bytes: 0.0,
        };
        for row in &self.0 {
            row.write(f)?;
            sum.calls += row.calls;
            sum.recording_ms += row.recording_ms;
            sum.sweeping_ms += row.sweeping_ms;
            sum.share += row.share;
            sum.bytes += row.bytes;
        }
        sum.write(f)
    }
}

impl Row {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<16}{:>8.0}{:>14.3}{:>14.3}{:>7.1}%{:>12.0}",
            self.operation,
            self.calls,
            self.recording_ms,
            self.sweeping_ms,
            100.0 * self.share,
            self.bytes / 1e3
        )
    }
}
