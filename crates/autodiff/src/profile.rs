//! What recording and sweeping cost, operation by operation.

use std::time::{Duration, Instant};

use crate::program::{Action, Node};
use crate::{Real, Tape};

/// What an operation cost since [`Tape::start_profile`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The operation, by the name that errors use; or "matrices" for the copies that a
    /// sweep starts from and the comparison it ends with.
    pub operation: &'static str,
    /// How often it was recorded; sweeps, for "matrices".
    pub calls: u64,
    /// The time it took to record, with what led to it since the operation before.
    pub recording: Duration,
    /// The time of its derivative rules in sweeps.
    pub sweeping: Duration,
    /// Memory that was recorded for it: its values and its place in the program.
    pub bytes: usize,
}

impl Cost {
    /// Recording and sweeping together.
    pub fn time(&self) -> Duration {
        self.recording + self.sweeping
    }
}

/// Adds up costs. The time between two operations goes to the second, so that none is
/// lost.
#[derive(Debug)]
pub(crate) struct Profile {
    costs: Vec<Cost>,
    last: Instant,
}

/// The operation to which a sweep's copies of matrices are charged.
const MATRICES: &str = "matrices";

impl Profile {
    fn new() -> Self {
        Profile {
            costs: Vec::new(),
            last: Instant::now(),
        }
    }

    /// Leaves out what happened since the last operation.
    pub(crate) fn resume(&mut self) {
        self.last = Instant::now();
    }

    pub(crate) fn recorded(&mut self, action: Action, bytes: usize) {
        let time = self.lap();
        let cost = self.cost(action.name());
        cost.calls += 1;
        cost.recording += time;
        cost.bytes += bytes;
    }

    pub(crate) fn swept(&mut self, action: Action) {
        let time = self.lap();
        self.cost(action.name()).sweeping += time;
    }

    /// A sweep has its copies of matrices.
    pub(crate) fn prepared(&mut self) {
        self.cost(MATRICES).calls += 1;
        self.finished();
    }

    /// A sweep has compared its matrices and handed them back.
    pub(crate) fn finished(&mut self) {
        let time = self.lap();
        self.cost(MATRICES).sweeping += time;
    }

    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let time = now - self.last;
        self.last = now;
        time
    }

    fn cost(&mut self, operation: &'static str) -> &mut Cost {
        let known = self.costs.iter().position(|c| c.operation == operation);
        let index = known.unwrap_or_else(|| {
            self.costs.push(Cost {
                operation,
                calls: 0,
                recording: Duration::ZERO,
                sweeping: Duration::ZERO,
                bytes: 0,
            });
            self.costs.len() - 1
        });
        &mut self.costs[index]
    }
}

/// # Where the time goes
impl<T: Real> Tape<T> {
    /// Measures from now on what each operation costs, until [`Tape::take_profile`].
    /// While nothing is measured this costs a branch an operation; measuring costs two
    /// looks at the clock.
    pub fn start_profile(&mut self) {
        self.profile = Some(Profile::new());
    }

    /// What was measured since [`Tape::start_profile`], the most time first; nothing if
    /// it was not called. Sweeps that are recorded themselves count as recording.
    pub fn take_profile(&mut self) -> Vec<Cost> {
        let mut costs = self.profile.take().map_or_else(Vec::new, |p| p.costs);
        costs.sort_by_key(|cost| std::cmp::Reverse(cost.time()));
        costs
    }

    /// Charges the newest node.
    pub(crate) fn charge_recording(&mut self) {
        if let Some(profile) = &mut self.profile
            && let Some(node) = self.program.nodes.last()
        {
            let bytes = node.shape.len() * size_of::<T>()
                + size_of::<Node>()
                + node.inputs as usize * size_of::<u32>();
            profile.recorded(node.action, bytes);
        }
    }
}
